// Every format of rigs: what is written reads back as the same cameras, the numbers mean what the
// other program means by them (projected here by formulas of its own definition, without the
// reader's code), and what cannot be held is named or refused.

#include <array>
#include <cmath>

#include <Eigen/Geometry>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/rig_exchange.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr double kRoundTrip = 1e-9;  // of pixels and metres, the promise of the formats' page

Camera MakeCamera(const std::string& name, CameraModelKind kind, std::vector<double> distortion,
                  double turn) {
  std::vector<double> intrinsics = {1201.25 + turn, 1199.5, 639.5, 511.75};
  intrinsics.insert(intrinsics.end(), distortion.begin(), distortion.end());
  // Looks at the origin from some metres away.
  const Eigen::Matrix3d lab_from_camera = (Eigen::AngleAxisd(turn, Eigen::Vector3d::UnitZ()) *
                                           Eigen::AngleAxisd(-1.3, Eigen::Vector3d::UnitX()))
                                              .toRotationMatrix();
  const Eigen::Matrix3d R = lab_from_camera.transpose();
  const Eigen::Vector3d centre = lab_from_camera * Eigen::Vector3d(0.1, -0.2, -3.0 - turn);
  return {name, 1280, 1024, CameraModel(kind, intrinsics), {R, -(R * centre)}, 0.0, std::nullopt};
}

Camera BrownConrady5(const std::string& name, double turn) {
  return MakeCamera(name, CameraModelKind::kBrownConrady5, {-0.1, 0.02, 1e-4, -2e-4, 0.003}, turn);
}
Camera BrownConrady8(const std::string& name, double turn) {
  return MakeCamera(name, CameraModelKind::kBrownConrady8,
                    {0.1, 0.02, 1e-4, 2e-4, 0.003, 0.11, 0.01, 1e-3}, turn);
}
Camera Fisheye(const std::string& name, double turn) {
  return MakeCamera(name, CameraModelKind::kKannalaBrandt4, {0.01, -0.002, 1e-4, 3e-5}, turn);
}
// Without k3, which Kalibr does not have.
Camera FourCoefficients(const std::string& name, double turn) {
  return MakeCamera(name, CameraModelKind::kBrownConrady5, {-0.1, 0.02, 1e-4, -2e-4, 0.0}, turn);
}

const std::vector<Eigen::Vector3d>& Points() {
  static const std::vector<Eigen::Vector3d> kPoints = {
      {0.0, 0.0, 0.0}, {0.3, -0.2, 0.4}, {-0.5, 0.4, 0.1}, {0.2, 0.6, -0.3}, {-0.4, -0.5, 0.5}};
  return kPoints;
}

// Writes the rig, reads it back.
ImportedRig There(RigFormat format, const CameraRig& rig, const RigUnits& units) {
  const TemporaryFolder folder;
  std::vector<std::string> warnings;
  std::vector<std::filesystem::path> paths;
  for (const RigText& file : FormatRigAs(format, rig, units, warnings)) {
    paths.push_back(folder.Write(file.name.empty() ? "rig.txt" : file.name, file.text));
  }
  EXPECT_THAT(warnings, IsEmpty());
  ImportedRig back = ImportRig(paths, units);
  EXPECT_EQ(back.format, format);
  return back;
}

void ExpectSameCameras(const CameraRig& a, const CameraRig& b) {
  ASSERT_EQ(a.cameras.size(), b.cameras.size());
  for (std::size_t i = 0; i < a.cameras.size(); ++i) {
    const Camera& x = a.cameras[i];
    const Camera& y = b.cameras[i];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.width, y.width);
    EXPECT_EQ(x.height, y.height);
    EXPECT_EQ(x.model.kind(), y.model.kind());
    EXPECT_EQ(x.time_offset, y.time_offset);
    for (std::size_t k = 0; k < x.model.intrinsics().size(); ++k) {
      EXPECT_NEAR(x.model.intrinsics()[k], y.model.intrinsics()[k], kRoundTrip) << x.name << k;
    }
    EXPECT_LE((x.camera_from_lab.ToMatrix() - y.camera_from_lab.ToMatrix()).cwiseAbs().maxCoeff(),
              kRoundTrip);
    for (const Eigen::Vector3d& point : Points()) {
      const auto there = x.Project(point);
      const auto back = y.Project(point);
      ASSERT_TRUE(there && back);
      EXPECT_LE((*there - *back).norm(), kRoundTrip) << x.name;
    }
  }
}

TEST(RigExchange, GivesBackEveryCameraThatAFormatCanHold) {
  struct Case {
    RigFormat format;
    std::vector<Camera> cameras;
  };
  const std::vector<Case> cases = {
      {RigFormat::kMedius, {BrownConrady5("a", 0.1), BrownConrady8("b", 1.7), Fisheye("c", 3.1)}},
      {RigFormat::kAnipose, {BrownConrady5("a", 0.1), BrownConrady8("b", 1.7), Fisheye("c", 3.1)}},
      {RigFormat::kOpenCv, {BrownConrady5("a", 0.1), BrownConrady8("b", 1.7), Fisheye("c", 3.1)}},
      {RigFormat::kQualisys, {BrownConrady5("a", 0.1), FourCoefficients("b <&> \"c\"", 1.7)}},
      {RigFormat::kMrcal, {BrownConrady5("a", 0.1), BrownConrady8("b.2", 1.7)}},
      {RigFormat::kKalibr, {FourCoefficients("a", 0.1), Fisheye("b", 1.7)}},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(ToString(one.format));
    for (const PixelOrigin origin : {PixelOrigin::kCentre, PixelOrigin::kCorner}) {
      for (const double unit : {1.0, 0.001}) {
        const CameraRig rig{one.cameras};
        const ImportedRig back = There(one.format, rig, {unit, origin, std::nullopt});
        EXPECT_THAT(back.warnings, IsEmpty());
        ExpectSameCameras(rig, back.rig);
      }
    }
  }
}

TEST(RigExchange, KeepsTimeOffsetsInKalibrsCamchain) {
  CameraRig rig{{FourCoefficients("a", 0.1), FourCoefficients("b", 1.0)}};
  rig.cameras[1].time_offset = -0.0125;
  ExpectSameCameras(rig, There(RigFormat::kKalibr, rig, {}).rig);
}

TEST(RigExchange, ConvertsTheCornerOfAPixelToItsCentre) {
  const CameraRig rig{{BrownConrady5("a", 0.1), BrownConrady5("b", 1.0)}};
  std::vector<std::string> warnings;
  const RigUnits corner{1.0, PixelOrigin::kCorner, std::nullopt};
  const TemporaryFolder folder;
  const auto path =
      folder.Write("a.toml", FormatRigAs(RigFormat::kAnipose, rig, corner, warnings)[0].text);
  // The centre of the top-left pixel is (0.5, 0.5) where the corner is (0, 0).
  const Camera theirs = ImportRig(path, 1.0).rig.cameras[0];
  EXPECT_EQ(theirs.model.intrinsics()[2], 639.5 + 0.5);
  EXPECT_EQ(theirs.model.intrinsics()[3], 511.75 + 0.5);
}

TEST(RigExchange, NamesWhatAFormatCannotHold) {
  CameraRig rig{{FourCoefficients("a", 0.1), FourCoefficients("b", 1.0)}};
  rig.cameras[0].time_offset = 0.01;
  rig.cameras[1].time_drift = 1e-6;
  rig.cameras[1].line_time = 1e-5;
  rig.cameras[0].covariance = Eigen::MatrixXd::Identity(15, 15);
  rig.joint_covariance = Eigen::MatrixXd::Identity(30, 30);
  for (const RigFormat format : {RigFormat::kAnipose, RigFormat::kQualisys, RigFormat::kOpenCv,
                                 RigFormat::kMrcal, RigFormat::kKalibr}) {
    SCOPED_TRACE(ToString(format));
    std::vector<std::string> warnings;
    (void)FormatRigAs(format, rig, {}, warnings);
    if (format != RigFormat::kKalibr) {
      ASSERT_FALSE(warnings.empty());
      EXPECT_THAT(warnings[0], HasSubstr("time offset of a is left out"));
      warnings.erase(warnings.begin());
    }
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("time drift of b"), HasSubstr("line time"),
                                      HasSubstr("covariance of a"), HasSubstr("joint covariance")));
  }
}

std::string RefusalToWrite(RigFormat format, const Camera& camera) {
  std::vector<std::string> warnings;
  try {
    (void)FormatRigAs(format, CameraRig{{camera}}, {}, warnings);
  } catch (const InputError& error) {
    return error.what();
  }
  return "(written)";
}

TEST(RigExchange, RefusesACameraThatAFormatCannotExpressAndSaysWhatToDo) {
  EXPECT_THAT(RefusalToWrite(RigFormat::kQualisys, Fisheye("eye", 0)),
              AllOf(HasSubstr("camera eye is kannala_brandt_4"), HasSubstr("write anipose")));
  EXPECT_THAT(RefusalToWrite(RigFormat::kQualisys, BrownConrady8("eight", 0)),
              AllOf(HasSubstr("camera eight"), HasSubstr("calibrate it as brown_conrady_5")));
  EXPECT_THAT(RefusalToWrite(RigFormat::kMrcal, Fisheye("eye", 0)),
              AllOf(HasSubstr("camera eye"), HasSubstr("write anipose, opencv or kalibr")));
  EXPECT_THAT(RefusalToWrite(RigFormat::kKalibr, BrownConrady5("five", 0)),
              AllOf(HasSubstr("camera five has a k3"), HasSubstr("write opencv")));
  EXPECT_THAT(RefusalToWrite(RigFormat::kVicon, BrownConrady5("five", 0)),
              HasSubstr("read but not written"));
  EXPECT_EQ(RefusalToWrite(RigFormat::kKalibr, Fisheye("eye", 0)), "(written)");
  // The rational model with nothing in its denominator is the plain one.
  EXPECT_EQ(
      RefusalToWrite(RigFormat::kQualisys, MakeCamera("plain", CameraModelKind::kBrownConrady8,
                                                      {-0.1, 0.02, 1e-4, 2e-4, 0.003, 0, 0, 0}, 0)),
      "(written)");
}

// --- What the numbers of each program mean, worked out here. ---

// Brown's distortion of OpenCV's documentation on a point of the plane z = 1.
std::array<double, 2> Distorted(double x, double y, double k1, double k2, double p1, double p2,
                                double k3) {
  const double r2 = x * x + y * y;
  const double radial = 1 + k1 * r2 + k2 * r2 * r2 + k3 * r2 * r2 * r2;
  return {x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
          y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y};
}

void ExpectPixel(const Camera& camera, const Eigen::Vector3d& point, double x, double y,
                 double tolerance) {
  const auto pixel = camera.Project(point);
  ASSERT_TRUE(pixel) << camera.name;
  EXPECT_NEAR(pixel->x(), x, tolerance) << camera.name;
  EXPECT_NEAR(pixel->y(), y, tolerance) << camera.name;
}

// As Qualisys Track Manager exports it (syntax of the files in Pose2Sim's demo and of the test data
// of Qualisys' own C++ SDK; the numbers are a Miqus Video's).
constexpr const char* kQualisys = R"(<?xml version="1.0" encoding="UTF-8"?>
<calibration calibrated="true" source="Calib.qca" created="2021-05-06 11:12:13" qtm-version="2021.1 (build 6300)" type="regular" wandLength="601.100000" maximumFrames="1500" shortArmEnd="365.000000" longArmEnd="566.000000" longArmMiddle="200.000000">
    <results std-dev="1.959473" min-max-diff="41.064426"/>
    <cameras>
        <camera active="1" calibrated="true" message="" point-count="2241" avg-residual="0.444749" serial="26585" model="Miqus Video" viewrotation="0">
            <fov_marker left="0" top="0" right="1919" bottom="1087"/>
            <fov_marker_max left="0" top="0" right="1919" bottom="1087"/>
            <fov_video left="0" top="0" right="1919" bottom="1087"/>
            <fov_video_max left="0" top="0" right="1919" bottom="1087"/>
            <transform x="1460.232371" y="-1909.159048" z="1896.505852" r11="0.553638" r12="0.804672" r13="0.214448" r21="-0.434530" r22="0.059465" r23="0.898692" r31="0.710400" r32="-0.590734" r33="0.382576"/>
            <intrinsic focallength="9.314097" sensorMinU="0.000000" sensorMaxU="122879.000000" sensorMinV="0.000000" sensorMaxV="69631.000000" focalLengthU="107599.671875" focalLengthV="107588.828125" centerPointU="60680.792969" centerPointV="34110.316406" skew="0.000000" radialDistortion1="-0.046183" radialDistortion2="0.139983" radialDistortion3="0.010000" tangentalDistortion1="0.000608" tangentalDistortion2="-0.000690"/>
        </camera>
        <camera active="1" calibrated="true" message="" point-count="2000" avg-residual="0.4" serial="26586" model="Miqus Video" viewrotation="90">
            <fov_video left="100" top="50" right="1099" bottom="849"/>
            <fov_video_max left="0" top="0" right="1919" bottom="1087"/>
            <transform x="0.000000" y="-3000.000000" z="1000.000000" r11="1" r12="0" r13="0" r21="0" r22="0" r23="1" r31="0" r32="-1" r33="0"/>
            <intrinsic focallength="9.3" sensorMinU="0.000000" sensorMaxU="122879.000000" sensorMinV="0.000000" sensorMaxV="69631.000000" focalLengthU="102400" focalLengthV="102400" centerPointU="61440" centerPointV="34816" skew="0.000000" radialDistortion1="0" radialDistortion2="0" radialDistortion3="0" tangentalDistortion1="0" tangentalDistortion2="0"/>
        </camera>
    </cameras>
</calibration>
)";

TEST(RigQualisys, MeansWhatQualisysMeans) {
  const TemporaryFolder folder;
  const ImportedRig imported = ImportRig(folder.Write("Calib.qca.txt", kQualisys), 1.0);
  EXPECT_EQ(imported.format, RigFormat::kQualisys);
  EXPECT_THAT(imported.warnings, ElementsAre(HasSubstr("turned by 90 degrees")));
  const std::vector<Camera>& cameras = imported.rig.cameras;
  ASSERT_EQ(cameras.size(), 2U);
  EXPECT_EQ(cameras[0].name, "26585");
  EXPECT_EQ(cameras[0].width, 1920);
  EXPECT_EQ(cameras[0].height, 1088);
  // The second camera stands 3 m behind the origin at a height of 1 m and looks along +Y: what is
  // to its right is +X, up is +Z. 102400 / 64 = 1600 px; the video shows the sensor from (100, 50).
  EXPECT_EQ(cameras[1].width, 1000);
  EXPECT_EQ(cameras[1].height, 800);
  ExpectPixel(cameras[1], {0, 0, 1}, 960 - 100, 544 - 50, 1e-9);
  ExpectPixel(cameras[1], {0.3, 0, 1.6}, 860 + 160, 494 - 320, 1e-9);
  // The first in components: rows of <transform> are the camera's x (right), y (up) and z
  // (backward) in the world, x y z its place in mm. The file's six digits allow 1e-6 of an angle,
  // so 0.004 px at this focal length.
  const double d[3] = {0.1 - 1.460232371, 0.2 + 1.909159048, 0.9 - 1.896505852};
  const double right = 0.553638 * d[0] + 0.804672 * d[1] + 0.214448 * d[2];
  const double up = -0.434530 * d[0] + 0.059465 * d[1] + 0.898692 * d[2];
  const double back = 0.710400 * d[0] - 0.590734 * d[1] + 0.382576 * d[2];
  const auto [x, y] =
      Distorted(right / -back, -up / -back, -0.046183, 0.139983, 0.000608, -0.00069, 0.01);
  ExpectPixel(cameras[0], {0.1, 0.2, 0.9}, 107599.671875 / 64 * x + 60680.792969 / 64,
              107588.828125 / 64 * y + 34110.316406 / 64, 0.004);
}

// The file of Nexus 2.16 that a user of Pose2Sim posted (issue 195), with one camera shortened.
constexpr const char* kVicon = R"(<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<Cameras SOURCE="Nexus 2.16.0.150876h" VERSION="2.0">

  <Camera ACTIVE_THRESHOLD="1" DEVICEID="51433950" DISPLAY_TYPE="VideoInputDevice:Blackfly S BFS-U3-23S3C" ISDV="1" NAME="" PIXEL_ASPECT_RATIO="1" SENSOR="" SENSOR_SIZE="1920 1200" SYSTEM="DV" TYPE="VideoInputDevice:Blackfly S BFS-U3-23S3C" USERID="2">
    <ThresholdGrid BIT_DEPTH="1" DATA=" r 36000 0" GRID_SIZE="240 150" TILE_SIZE="8 8"/>
    <ControlFrames/>
    <KeyFrames>
      <KeyFrame FOCAL_LENGTH="2020.2893760912" FRAME="0" IMAGE_ERROR="0.185893518475139" ORIENTATION="0.0212356595799633 0.774555124454236 -0.632128503215528 0.00519243357047355" POSITION="-28.8969712138325 6497.81893431526 1828.97203757617" PRINCIPAL_POINT="960 600" VICON_RADIAL="3e-08 -2e-15" WORLD_ERROR="0.6"/>
    </KeyFrames>
  </Camera>
  <Camera DEVICEID="2" NAME="" PIXEL_ASPECT_RATIO="1" SENSOR_SIZE="1920 1200">
    <KeyFrames>
      <KeyFrame FOCAL_LENGTH="2000" FRAME="0" ORIENTATION="0 0 0 1" POSITION="1000 2000 -3000" PRINCIPAL_POINT="950 610" VICON_RADIAL2="ViconRadial2 955 605 0.05 0.02 0.01"/>
    </KeyFrames>
  </Camera>
  <Camera DEVICEID="3" NAME="" PIXEL_ASPECT_RATIO="1" SENSOR_SIZE="1920 1200"><KeyFrames/></Camera>
</Cameras>
)";

TEST(RigVicon, StandsWhereNexusSaysAndLooksAtTheVolume) {
  const TemporaryFolder folder;
  const ImportedRig imported = ImportRig(folder.Write("lab.xcp", kVicon), 1.0);
  EXPECT_EQ(imported.format, RigFormat::kVicon);
  ASSERT_EQ(imported.rig.cameras.size(), 2U);
  const Camera& camera = imported.rig.cameras[0];
  EXPECT_EQ(camera.name, "51433950");
  EXPECT_EQ(camera.width, 1920);
  EXPECT_LE(
      (camera.CentreInLab() - Eigen::Vector3d(-0.0288969712, 6.4978189343, 1.8289720376)).norm(),
      1e-9);
  // It stands at +Y and is 1.8 m high: it looks along -Y and down, and its image is upright.
  const Eigen::Matrix3d& R = camera.camera_from_lab.rotation;
  EXPECT_LT(R(2, 1), -0.9);
  EXPECT_LT(R(2, 2), 0.0);
  EXPECT_LT(R(1, 2), -0.9);
  EXPECT_THAT(imported.warnings, ElementsAre(HasSubstr("camera 51433950: Vicon's distortion"),
                                             HasSubstr("camera 2"), HasSubstr("camera 3 has no")));
}

// The seen pixel of an ideal one by bisection of Vicon's own polynomial, from what is seen to what
// is ideal.
double SeenRadius(double ideal, double k1, double k2, double k3) {
  double low = 0.0;
  double high = 2.0 * ideal;
  for (int i = 0; i < 200; ++i) {
    const double r = 0.5 * (low + high);
    (r * (1 + k1 * r * r + k2 * std::pow(r, 4) + k3 * std::pow(r, 6)) < ideal ? low : high) = r;
  }
  return 0.5 * (low + high);
}

TEST(RigVicon, SeesPointsWhereViconsPolynomialDoes) {
  const TemporaryFolder folder;
  const ImportedRig imported = ImportRig(folder.Write("lab.xcp", kVicon), 1.0);
  // VICON_RADIAL: pixels, about the principal point.
  const Camera& first = imported.rig.cameras[0];
  for (const double angle : {0.3, 2.0, 4.0}) {
    for (const double radius : {100.0, 500.0, 900.0}) {  // px of the ideal image
      const double seen = SeenRadius(radius, 3e-8, -2e-15, 0);
      const Eigen::Vector3d ray(radius * std::cos(angle) / 2020.2893760912,
                                radius * std::sin(angle) / 2020.2893760912, 1.0);
      const auto pixel = first.model.Project(ray);
      ASSERT_TRUE(pixel);
      EXPECT_NEAR(pixel->x(), 960 + seen * std::cos(angle), 0.01);
      EXPECT_NEAR(pixel->y(), 600 + seen * std::sin(angle), 0.01);
    }
  }
  // VICON_RADIAL2: by focal lengths, about a centre of its own.
  const Camera& second = imported.rig.cameras[1];
  for (const double angle : {0.3, 2.0, 4.0}) {
    for (const double radius : {100.0, 500.0, 900.0}) {
      const double seen = 2000 * SeenRadius(radius / 2000, 0.05, 0.02, 0.01);
      const Eigen::Vector2d ideal(955 + radius * std::cos(angle), 605 + radius * std::sin(angle));
      const auto pixel =
          second.model.Project({(ideal.x() - 950) / 2000, (ideal.y() - 610) / 2000, 1.0});
      ASSERT_TRUE(pixel);
      EXPECT_NEAR(pixel->x(), 955 + seen * std::cos(angle), 0.02);
      EXPECT_NEAR(pixel->y(), 605 + seen * std::sin(angle), 0.02);
    }
  }
}

// As Kalibr's wiki shows its output, with a third camera.
constexpr const char* kKalibr = R"(cam0:
  cam_overlaps: [1]
  camera_model: pinhole
  distortion_coeffs: [-0.27695497, 0.06712482, 0.00087538, 0.00011556]
  distortion_model: radtan
  intrinsics: [461.629, 460.152, 362.680, 246.049]
  resolution: [752, 480]
  rostopic: /cam0/image_raw
cam1:
  T_cn_cnm1:
  - [0.9996465213666637, -0.02537787899957037, 0.007924366031799834, -0.11251195025612559]
  - [0.02547649136646326, 0.9995959921960228, -0.012601617884125324, -0.0017042839059835384]
  - [-0.0076013621922192826, 0.012799048524251695, 0.9998891956860474, -0.0005072054140188229]
  - [0.0, 0.0, 0.0, 1.0]
  cam_overlaps: [0, 2]
  camera_model: pinhole
  distortion_coeffs: [0.2682739040565608, 0.7579325851647005, -2.0708675842774156,
    2.3962970091118696]
  distortion_model: equidistant
  intrinsics: [461.8506067496413, 462.2467047389745, 325.2758830849641, 247.10152372631737]
  resolution: [640, 480]
  rostopic: /right/image_raw
  timeshift_cam_imu: -8.121e-05
cam2:
  T_cn_cnm1:
  - [1.0, 0.0, 0.0, 0.5]
  - [0.0, 1.0, 0.0, 0.0]
  - [0.0, 0.0, 1.0, 0.0]
  - [0.0, 0.0, 0.0, 1.0]
  camera_model: pinhole
  distortion_model: none
  distortion_coeffs: []
  intrinsics: [400.0, 400.0, 320.0, 240.0]
  resolution: [640, 480]
)";

TEST(RigKalibr, MeansWhatKalibrMeans) {
  const TemporaryFolder folder;
  const ImportedRig imported = ImportRig(folder.Write("camchain.yaml", kKalibr), 1.0);
  EXPECT_EQ(imported.format, RigFormat::kKalibr);
  EXPECT_THAT(imported.warnings, ElementsAre(HasSubstr("frame of camera cam0")));
  const std::vector<Camera>& cameras = imported.rig.cameras;
  ASSERT_EQ(cameras.size(), 3U);
  EXPECT_EQ(cameras[1].name, "right");
  EXPECT_EQ(cameras[1].time_offset, -8.121e-05);
  const double X[3] = {0.2, -0.3, 2.0};
  const auto [x0, y0] =
      Distorted(X[0] / X[2], X[1] / X[2], -0.27695497, 0.06712482, 0.00087538, 0.00011556, 0);
  ExpectPixel(cameras[0], {X[0], X[1], X[2]}, 461.629 * x0 + 362.680, 460.152 * y0 + 246.049, 1e-9);
  // p_1 = T_1_0 p_0, then Kannala and Brandt's polynomial of the angle.
  const double x1 = 0.9996465213666637 * X[0] - 0.02537787899957037 * X[1] +
                    0.007924366031799834 * X[2] - 0.11251195025612559;
  const double y1 = 0.02547649136646326 * X[0] + 0.9995959921960228 * X[1] -
                    0.012601617884125324 * X[2] - 0.0017042839059835384;
  const double z1 = -0.0076013621922192826 * X[0] + 0.012799048524251695 * X[1] +
                    0.9998891956860474 * X[2] - 0.0005072054140188229;
  const double r = std::hypot(x1, y1);
  const double t = std::atan2(r, z1);
  const double theta =
      t * (1 + 0.2682739040565608 * t * t + 0.7579325851647005 * std::pow(t, 4) -
           2.0708675842774156 * std::pow(t, 6) + 2.3962970091118696 * std::pow(t, 8));
  ExpectPixel(cameras[1], {X[0], X[1], X[2]},
              461.8506067496413 * theta * x1 / r + 325.2758830849641,
              462.2467047389745 * theta * y1 / r + 247.10152372631737, 1e-6);
  // p_2 = T_2_1 T_1_0 p_0.
  ExpectPixel(cameras[2], {X[0], X[1], X[2]}, 400 * (x1 + 0.5) / z1 + 320, 400 * y1 / z1 + 240,
              1e-6);
}

// As mrcal writes it (test/data of its repository); cam1 with the key of mrcal 2.5.
constexpr const char* kMrcal0 = R"({
    'lens_model':  'LENSMODEL_OPENCV8',

    # intrinsics are fx,fy,cx,cy,distortion0,distortion1,....
    'intrinsics': [ 1761.181055, 1761.250444, 1965.706996, 1087.518797, -0.01266096516, 0.03590794372, -0.0002547045941, 0.0005275929652, 0.01968883397, 0.01482863541, -0.0562239888, 0.0500223357,],

    # extrinsics are rt_fromref
    'extrinsics': [ 2e-2, -3e-1, -1e-2,  1., 2, -3., ],

    'imagersize': [ 4000, 2200 ]
}
)";
constexpr const char* kMrcal1 = R"(# generated on 2025-01-01 with   mrcal-calibrate-cameras
{
    'lensmodel':  'LENSMODEL_PINHOLE',
    'intrinsics': [ 1000., 1100., 500., 300.,],
    'valid_intrinsics_region': [
    [ 9.44e+00, 1.0e+01 ],
    [ 9.44e+00, 1.0e+02 ], ],
    'rt_cam_ref': [ 0, 0, 1.5707963267948966, 0, 0, 2, ],
    'imagersize': [ 1000, 600,],
    'icam_intrinsics': 0,
    'optimization_inputs': b'P)h>@6aWAK2mo7!U\'{$T}]]}',
}
)";

TEST(RigMrcal, MeansWhatMrcalMeans) {
  const TemporaryFolder folder;
  (void)folder.Write("cam1.cameramodel", kMrcal1);
  (void)folder.Write("cam0.cameramodel", kMrcal0);
  (void)folder.Write("README", "not a camera");
  const ImportedRig imported = ImportRig(folder.path(), 1.0);
  EXPECT_EQ(imported.format, RigFormat::kMrcal);
  const std::vector<Camera>& cameras = imported.rig.cameras;
  ASSERT_EQ(cameras.size(), 2U);
  EXPECT_EQ(cameras[0].name, "cam0");
  EXPECT_EQ(cameras[0].width, 4000);
  EXPECT_EQ(cameras[0].model.kind(), CameraModelKind::kBrownConrady8);
  // A quarter turn about z: (x, y) becomes (-y, x).
  ExpectPixel(cameras[1], {0.5, 0.25, 3.0}, 1000 * (-0.25 / 5) + 500, 1100 * (0.5 / 5) + 300, 1e-9);
  // Rodrigues' formula in components, then the rational distortion of OpenCV.
  const double w[3] = {2e-2, -3e-1, -1e-2};
  const double X[3] = {0.5, -0.4, 8.0};
  const double angle = std::sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]);
  const double a[3] = {w[0] / angle, w[1] / angle, w[2] / angle};
  const double cross[3] = {a[1] * X[2] - a[2] * X[1], a[2] * X[0] - a[0] * X[2],
                           a[0] * X[1] - a[1] * X[0]};
  const double dot = a[0] * X[0] + a[1] * X[1] + a[2] * X[2];
  const double t[3] = {1, 2, -3};
  double Y[3];
  for (int i = 0; i < 3; ++i) {
    Y[i] = X[i] * std::cos(angle) + cross[i] * std::sin(angle) +
           a[i] * dot * (1 - std::cos(angle)) + t[i];
  }
  const double x = Y[0] / Y[2];
  const double y = Y[1] / Y[2];
  const double q = x * x + y * y;
  const double radial =
      (1 + -0.01266096516 * q + 0.03590794372 * q * q + 0.01968883397 * q * q * q) /
      (1 + 0.01482863541 * q - 0.0562239888 * q * q + 0.0500223357 * q * q * q);
  const double p1 = -0.0002547045941;
  const double p2 = 0.0005275929652;
  ExpectPixel(cameras[0], {X[0], X[1], X[2]},
              1761.181055 * (x * radial + 2 * p1 * x * y + p2 * (q + 2 * x * x)) + 1965.706996,
              1761.250444 * (y * radial + p1 * (q + 2 * y * y) + 2 * p2 * x * y) + 1087.518797,
              1e-9);
}

TEST(RigMrcal, RefusesALensThatMediusDoesNotHave) {
  const TemporaryFolder folder;
  std::string text = kMrcal0;
  text.replace(text.find("LENSMODEL_OPENCV8"), 17,
               "LENSMODEL_SPLINED_STEREOGRAPHIC_order=3_Nx=30_Ny=18_fov_x_deg=150");
  try {
    (void)ImportRig(folder.Write("cam0.cameramodel", text), 1.0);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("line 2"), HasSubstr("camera cam0"),
                                    HasSubstr("mrcal-convert-lensmodel")));
  }
}

TEST(RigExchange, RefusesFilesThatDoNotBelongTogether) {
  const TemporaryFolder folder;
  const auto mrcal = folder.Write("cam0.cameramodel", kMrcal0);
  const auto kalibr = folder.Write("chain.yaml", kKalibr);
  const auto message = [](const std::vector<std::filesystem::path>& paths) -> std::string {
    try {
      (void)ImportRig(paths, RigUnits{});
    } catch (const InputError& error) {
      return error.what();
    }
    return "(read)";
  };
  EXPECT_THAT(message({mrcal, kalibr}),
              AllOf(HasSubstr("is a rig of Kalibr"), HasSubstr("one of mrcal")));
  EXPECT_THAT(message({kalibr, kalibr}), HasSubstr("a rig of Kalibr is one file"));
  EXPECT_THAT(message({mrcal, mrcal}), HasSubstr("two cameras are named \"cam0\""));
  const TemporaryFolder empty;
  EXPECT_THAT(message({empty.path()}), HasSubstr("is a folder without a *.cameramodel"));
}

}  // namespace
}  // namespace medius::storage
