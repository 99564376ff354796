// Rig files: ours and those of Anipose, Pose2Sim and caliscope.

#include <cmath>

#include <Eigen/Geometry>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/rig_anipose.hpp"
#include "storage/rig_exchange.hpp"
#include "storage/rig_toml.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Camera MakeCamera(const std::string& name, CameraModelKind kind, std::vector<double> intrinsics,
                  const Eigen::Vector3d& rotation_vector, const Eigen::Vector3d& translation) {
  RigidTransform place;
  const double angle = rotation_vector.norm();
  if (angle > 0) place.rotation = Eigen::AngleAxisd(angle, rotation_vector / angle).matrix();
  place.translation = translation;
  return {name, 1280, 1024, CameraModel(kind, std::move(intrinsics)), place, 0.0, std::nullopt};
}

CameraRig MakeRig() {
  CameraRig rig;
  rig.cameras.push_back(MakeCamera("front \"left\"", CameraModelKind::kBrownConrady5,
                                   {1201.25, 1199.5, 639.5, 511.75, -0.1, 0.02, 1e-4, -2e-4, 0.003},
                                   {1.2, -0.7, 0.3}, {0.1, -1.3, 4.2}));
  rig.cameras.push_back(
      MakeCamera("c2", CameraModelKind::kBrownConrady8,
                 {900, 901, 640, 512, 0.1, 0.02, 1e-4, 2e-4, 0.003, 0.11, 0.01, 1e-3},
                 {0, 3.14159265, 0}, {0, 0, 5}));  // almost half a turn
  rig.cameras.push_back(MakeCamera("c3", CameraModelKind::kKannalaBrandt4,
                                   {600, 600, 640, 512, 0.01, -0.002, 1e-4, 0}, {0, 0, 0},
                                   {1, 2, 3}));
  return rig;
}

void ExpectSameRigs(const CameraRig& a, const CameraRig& b, double tolerance) {
  ASSERT_EQ(a.cameras.size(), b.cameras.size());
  for (std::size_t i = 0; i < a.cameras.size(); ++i) {
    const Camera& x = a.cameras[i];
    const Camera& y = b.cameras[i];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.width, y.width);
    EXPECT_EQ(x.height, y.height);
    EXPECT_EQ(x.model.kind(), y.model.kind());
    EXPECT_EQ(x.model.intrinsics(), y.model.intrinsics());
    EXPECT_LE((x.camera_from_lab.ToMatrix() - y.camera_from_lab.ToMatrix()).cwiseAbs().maxCoeff(),
              tolerance);
    EXPECT_EQ(x.time_offset, y.time_offset);
  }
}

std::string RefusalOf(const std::string& text) {
  const TemporaryFolder folder;
  try {
    (void)ImportRig(folder.Write("rig.toml", text), 1.0);
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_THAT(message, HasSubstr("rig.toml"));
    return message;
  }
  ADD_FAILURE() << "not refused";
  return {};
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(RigToml, GivesBackTheSameBits) {
  CameraRig rig = MakeRig();
  rig.cameras[0].time_offset = 1.0 / 3.0;
  rig.cameras[2].covariance = Eigen::MatrixXd::Identity(14, 14) / 7.0;
  const TemporaryFolder folder;
  WriteRig(folder / "rig.toml", rig);
  const CameraRig back = ReadRig(folder / "rig.toml");
  ExpectSameRigs(rig, back, 0.0);
  ASSERT_TRUE(back.cameras[2].covariance);
  EXPECT_EQ(*back.cameras[2].covariance, *rig.cameras[2].covariance);
  EXPECT_FALSE(back.cameras[0].covariance);
}

TEST(RigToml, GivesBackTimesAndJointCovarianceToTheSameBits) {
  CameraRig rig = MakeRig();
  rig.cameras[0].time_drift = 1e-6 / 3.0;
  rig.cameras[1].line_time = -1e-5 / 7.0;
  rig.lab_frame = "floor (L-frame)";
  const Eigen::Index size = JointParameterCount(rig);
  ASSERT_EQ(size, 15 + 18 + 14);
  rig.joint_covariance = Eigen::MatrixXd(size, size);
  for (Eigen::Index i = 0; i < size * size; ++i) {
    (*rig.joint_covariance)(i) = 1e-7 / (1.0 + static_cast<double>(i));
  }
  const TemporaryFolder folder;
  WriteRig(folder / "rig.toml", rig);
  const CameraRig back = ReadRig(folder / "rig.toml");
  ExpectSameRigs(rig, back, 0.0);
  EXPECT_EQ(back.cameras[0].time_drift, rig.cameras[0].time_drift);
  EXPECT_EQ(back.cameras[1].time_drift, 0.0);
  EXPECT_EQ(back.lab_frame, rig.lab_frame);
  EXPECT_EQ(back.cameras[1].line_time, rig.cameras[1].line_time);
  ASSERT_TRUE(back.joint_covariance);
  EXPECT_EQ(*back.joint_covariance, *rig.joint_covariance);
}

TEST(RigToml, GivesBackTheProvenanceWithoutItsTimes) {
  StageProvenance stage;
  stage.stage = "calibrate wand";
  stage.command = "medius calibrate wand \"a b\\c.h5\"";
  stage.options_json = R"({"models":{"cam1":"brown_conrady_5"}})";
  stage.version = "1.2";
  stage.inputs = {{"lab\xe9.h5", "0123"}, {"wand.toml", "4567"}};
  stage.started = "2026-01-01T00:00:00Z";
  stage.seconds = 12.0;
  stage.warnings = {"one", "two"};
  StageProvenance bare;
  bare.stage = "rig convert";
  const TemporaryFolder folder;
  WriteRig(folder / "rig.toml", MakeRig(), {stage, bare});
  ExpectSameRigs(MakeRig(), ReadRig(folder / "rig.toml"), 0.0);
  const auto back = ReadRigProvenance(folder / "rig.toml");
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[0].stage, stage.stage);
  EXPECT_EQ(back[0].command, stage.command);
  EXPECT_EQ(back[0].options_json, stage.options_json);
  EXPECT_EQ(back[0].version, stage.version);
  ASSERT_EQ(back[0].inputs.size(), 2U);
  EXPECT_EQ(back[0].inputs[0].name, "lab\xc3\xa9.h5") << "a byte that is no UTF-8 is Latin-1";
  EXPECT_EQ(back[0].inputs[1].sha256, "4567");
  EXPECT_EQ(back[0].warnings, stage.warnings);
  EXPECT_EQ(back[0].started, "");
  EXPECT_TRUE(back[1].inputs.empty());
  stage.started = "2027-01-01T00:00:00Z";
  EXPECT_EQ(FormatRig(MakeRig(), {stage, bare}), FormatRig(MakeRig(), {stage, bare}));
  EXPECT_EQ(FormatRig(MakeRig(), {stage}).find("2027"), std::string::npos);
}

TEST(RigToml, NamesWhatIsWrongWithAProvenance) {
  EXPECT_THAT(RefusalOf(FormatRig(MakeRig()) + "\n[[provenance]]\nstage = 3\n"),
              HasSubstr("stage"));
  EXPECT_THAT(RefusalOf("provenance = 3\n" + FormatRig(MakeRig())),
              HasSubstr("[[provenance]] is expected"));
}

TEST(RigToml, WritesNothingOfWhatARigDoesNotHave) {
  const std::string text = FormatRig(MakeRig());
  for (const char* key : {"time_drift", "line_time", "covariance", "joint"}) {
    EXPECT_EQ(text.find(key), std::string::npos) << key;
  }
}

TEST(RigToml, NamesWhatIsWrongWithTheJointCovariance) {
  CameraRig rig = MakeRig();
  rig.joint_covariance = Eigen::MatrixXd::Identity(47, 47);
  const std::string good = FormatRig(rig);
  EXPECT_THAT(RefusalOf(Replaced(good, "[joint]\ncovariance", "[joint]\ncovarance")),
              AllOf(HasSubstr("[joint]"), HasSubstr("did you mean \"covariance\"")));
  EXPECT_THAT(RefusalOf(Replaced(good, "[joint]\ncovariance = [\n  [1.0,",
                                 "[joint]\ncovariance = [\n  [inf,")),
              AllOf(HasSubstr("[joint]"), HasSubstr("covariance is inf")));
  EXPECT_THAT(RefusalOf(Replaced(good, "[joint]\ncovariance = [\n  [1.0, ",
                                 "[joint]\ncovariance = [\n  [")),
              HasSubstr("row 2 has not the 46 numbers of the first"));
  EXPECT_THAT(RefusalOf(FormatRig(MakeRig()) + "[joint]\ncovariance = [[1.0]]\n"),
              AllOf(HasSubstr("joint_covariance is 1 x 1"), HasSubstr("47 x 47")));
  EXPECT_THAT(RefusalOf("joint = 3\n" + FormatRig(MakeRig())), HasSubstr("a table is expected"));
}

TEST(RigToml, NamesFileLineCameraAndFieldOfWhatIsWrong) {
  const std::string good = FormatRig(MakeRig());
  EXPECT_THAT(RefusalOf(Replaced(good, "[900.0,", "[nan,")),
              AllOf(HasSubstr("line "), HasSubstr("camera c2"), HasSubstr("intrinsics")));
  EXPECT_THAT(RefusalOf(Replaced(good, "width = 1280", "widht = 1280")),
              AllOf(HasSubstr("widht"), HasSubstr("did you mean \"width\"")));
  EXPECT_THAT(RefusalOf(Replaced(good, "width = 1280\n", "")), HasSubstr("width is missing"));
  EXPECT_THAT(RefusalOf(Replaced(good, "width = 1280", "width = \"1280\"")), HasSubstr("width"));
  EXPECT_THAT(RefusalOf(Replaced(good, "width = 1280", "width = -1")), HasSubstr("width"));
  EXPECT_THAT(RefusalOf(Replaced(good, "brown_conrady_8", "brown_conrady_9")),
              HasSubstr("brown_conrady_9"));
  EXPECT_THAT(RefusalOf(Replaced(good, "[900.0, ", "[")), HasSubstr("11 values"));
  EXPECT_THAT(RefusalOf(Replaced(good, "[900.0, ", "[-900.0, ")), HasSubstr("camera c2"));
  EXPECT_THAT(RefusalOf(Replaced(good, "name = \"c3\"", "name = \"c2\"")), HasSubstr("c2"));
  EXPECT_THAT(RefusalOf(Replaced(good, "[0.0, 0.0, 0.0, 1.0]", "[0.0, 0.0, 0.0, 2.0]")),
              HasSubstr("last row"));
  EXPECT_THAT(RefusalOf(Replaced(good, "version = 1", "version = 2")), HasSubstr("version 2"));
  EXPECT_THAT(RefusalOf(Replaced(good, "medius-rig", "medium-rig")), HasSubstr("medium-rig"));
  EXPECT_THAT(RefusalOf("format = \"medius-rig\"\nversion = 1\n"), HasSubstr("no camera"));
  EXPECT_THAT(RefusalOf("format = \n"), AllOf(HasSubstr("line 1"), HasSubstr("not TOML")));
  EXPECT_THAT(RefusalOf("a = 1\n"), HasSubstr("is no rig"));
}

TEST(RigToml, RefusesAMatrixThatIsNoRotation) {
  CameraRig rig = MakeRig();
  const std::string good = FormatRig(rig);
  // The identity of c3, stretched.
  EXPECT_THAT(RefusalOf(Replaced(good, "[1.0, 0.0, 0.0, 1.0]", "[1.1, 0.0, 0.0, 1.0]")),
              AllOf(HasSubstr("camera c3"), HasSubstr("rotation")));
}

TEST(RigToml, TellsHowToConvertARigOfAnotherProgram) {
  std::vector<std::string> warnings;
  const TemporaryFolder folder;
  const auto path = folder.Write("calib.toml", FormatAniposeRig(MakeRig(), 1.0, warnings));
  try {
    (void)ReadRig(path);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("medius rig convert"));
  }
}

TEST(RigAnipose, ComesBackWithinARoundingOfTheRotationVector) {
  for (const double metres_per_unit : {1.0, 0.001}) {
    const CameraRig rig = MakeRig();
    std::vector<std::string> warnings;
    const TemporaryFolder folder;
    const auto path = folder.Write("a.toml", FormatAniposeRig(rig, metres_per_unit, warnings));
    EXPECT_THAT(warnings, IsEmpty());
    const ImportedRig back = ImportRig(path, metres_per_unit);
    EXPECT_EQ(back.format, RigFormat::kAnipose);
    EXPECT_THAT(back.warnings, IsEmpty());
    ExpectSameRigs(rig, back.rig, 1e-14 * 10);  // some roundings of numbers up to 5
  }
}

TEST(RigAnipose, SaysWhatTheFormatHasNoPlaceFor) {
  CameraRig rig = MakeRig();
  rig.cameras[1].time_offset = 0.002;
  rig.cameras[2].covariance = Eigen::MatrixXd::Identity(14, 14);
  std::vector<std::string> warnings;
  (void)FormatAniposeRig(rig, 1.0, warnings);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("time offset"), HasSubstr("covariance")));
}

// As Pose2Sim writes it: sizes as floats, four distortions, a rotation vector.
constexpr const char* kPose2Sim = R"([cam_01]
name = "cam_01"
size = [ 1088.0, 1920.0]
matrix = [ [ 1681.5, 0.0, 540.25], [ 0.0, 1682.75, 965.5], [ 0.0, 0.0, 1.0]]
distortions = [ -0.052, 0.0131, 0.0004, -0.0007]
rotation = [ 0.3, -1.9, 0.8]
translation = [ -0.25, 0.5, 4.0]
fisheye = false

[cam_10]
name = "right"
size = [ 1088.0, 1920.0]
matrix = [ [ 1681.5, 0.0, 540.25], [ 0.0, 1682.75, 965.5], [ 0.0, 0.0, 1.0]]
distortions = [ 0.0, 0.0, 0.0, 0.0]
rotation = [ 0.0, 0.0, 0.0]
translation = [ 1.0, 0.0, 4.0]

[cam_02]
name = "c02"
size = [ 640, 480]
matrix = [ [ 300.0, 0.0, 320.0], [ 0.0, 300.0, 240.0], [ 0.0, 0.0, 1.0]]
distortions = [ 0.05, -0.01, 0.002, 0.0003]
rotation = [ 0.1, 0.2, 0.3]
translation = [ 0.0, 0.0, 2.0]
fisheye = true

[metadata]
adjusted = false
error = 0.0
)";

// OpenCV's formulas worked out here, step by step, without any of the reader's code:
// X' = R X + t by Rodrigues' formula in components, then radial and tangential distortion.
Eigen::Vector2d ProjectByHand(const double (&r)[3], const double (&t)[3], const double (&X)[3],
                              double fx, double fy, double cx, double cy, double k1, double k2,
                              double p1, double p2) {
  const double angle = std::sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
  const double a[3] = {r[0] / angle, r[1] / angle, r[2] / angle};
  const double cross[3] = {a[1] * X[2] - a[2] * X[1], a[2] * X[0] - a[0] * X[2],
                           a[0] * X[1] - a[1] * X[0]};
  const double dot = a[0] * X[0] + a[1] * X[1] + a[2] * X[2];
  double Y[3];
  for (int i = 0; i < 3; ++i) {
    Y[i] = X[i] * std::cos(angle) + cross[i] * std::sin(angle) +
           a[i] * dot * (1 - std::cos(angle)) + t[i];
  }
  const double x = Y[0] / Y[2];
  const double y = Y[1] / Y[2];
  const double q = x * x + y * y;
  const double radial = 1 + k1 * q + k2 * q * q;
  return {fx * (x * radial + 2 * p1 * x * y + p2 * (q + 2 * x * x)) + cx,
          fy * (y * radial + p1 * (q + 2 * y * y) + 2 * p2 * x * y) + cy};
}

TEST(RigAnipose, ProjectsAsOpenCvsFormulasDo) {
  const TemporaryFolder folder;
  const ImportedRig imported = ImportRig(folder.Write("Calib.toml", kPose2Sim), 1.0);
  const Camera& camera = imported.rig.cameras[0];
  for (const double x : {-0.4, 0.3}) {
    const double X[3] = {x, 0.2, -0.5};
    const Eigen::Vector2d expected =
        ProjectByHand({0.3, -1.9, 0.8}, {-0.25, 0.5, 4.0}, X, 1681.5, 1682.75, 540.25, 965.5,
                      -0.052, 0.0131, 0.0004, -0.0007);
    const auto projected = camera.Project({X[0], X[1], X[2]});
    ASSERT_TRUE(projected);
    EXPECT_NEAR(projected->x(), expected.x(), 1e-9);
    EXPECT_NEAR(projected->y(), expected.y(), 1e-9);
  }
}

TEST(RigAnipose, KeepsTheOrderNamesSizesAndFisheyeOfTheFile) {
  const TemporaryFolder folder;
  const CameraRig rig = ImportRig(folder.Write("Calib.toml", kPose2Sim), 1.0).rig;
  ASSERT_EQ(rig.cameras.size(), 3U);
  EXPECT_EQ(rig.cameras[0].name, "cam_01");
  EXPECT_EQ(rig.cameras[1].name, "right");
  EXPECT_EQ(rig.cameras[2].name, "c02");
  EXPECT_EQ(rig.cameras[0].width, 1088);
  EXPECT_EQ(rig.cameras[0].height, 1920);
  EXPECT_EQ(rig.cameras[2].model.kind(), CameraModelKind::kKannalaBrandt4);
}

TEST(RigAnipose, WarnsOfAUnitThatMakesNoLab) {
  const TemporaryFolder folder;
  const auto path = folder.Write("Calib.toml", kPose2Sim);
  EXPECT_THAT(ImportRig(path, 0.001).warnings, ElementsAre(HasSubstr("--unit")));
  const std::string in_mm = Replaced(kPose2Sim, "[ -0.25, 0.5, 4.0]", "[ -250, 5000, 400000]");
  EXPECT_THAT(ImportRig(folder.Write("mm.toml", in_mm), 1.0).warnings,
              ElementsAre(HasSubstr("--unit")));
}

TEST(RigAnipose, NamesWhatIsWrongInAForeignRig) {
  EXPECT_THAT(RefusalOf(Replaced(kPose2Sim, "rotation = [ 0.3, -1.9, 0.8]\n", "")),
              AllOf(HasSubstr("camera cam_01"), HasSubstr("rotation")));
  EXPECT_THAT(RefusalOf(Replaced(kPose2Sim, "0.3, -1.9, 0.8", "0.3, nan, 0.8")),
              HasSubstr("line 6"));
  EXPECT_THAT(RefusalOf(Replaced(kPose2Sim, "1681.5, 0.0, 540.25", "1681.5, 0.3, 540.25")),
              HasSubstr("matrix"));
  EXPECT_THAT(RefusalOf(Replaced(kPose2Sim, "-0.0007]", "-0.0007, 0.1, 1, 2, 3, 4]")),
              HasSubstr("distortions"));
}

TEST(RigAnipose, ReadsTheRigThatCaliscopeWrote) {
  const std::string path = MEDIUS_REAL_DATA_DIR "/charuco-4cam/camera_array.toml";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "not on this machine: " << path;
  const ImportedRig imported = ImportRig(path, 1.0);
  ASSERT_EQ(imported.rig.cameras.size(), 4U);
  EXPECT_EQ(imported.rig.cameras[3].name, "cam_3");
  EXPECT_EQ(imported.rig.cameras[3].width, 1280);
  EXPECT_EQ(imported.rig.cameras[0].camera_from_lab.rotation(0, 1), 0.5639880775931625);
  EXPECT_EQ(imported.rig.cameras[0].camera_from_lab.translation.z(), 1.208386461814154);
  EXPECT_THAT(imported.warnings, IsEmpty());
  std::vector<std::string> warnings;
  const TemporaryFolder folder;
  const auto back = folder.Write("b.toml", FormatAniposeRig(imported.rig, 1.0, warnings));
  ExpectSameRigs(imported.rig, ImportRig(back, 1.0).rig, 1e-9);
}

}  // namespace
}  // namespace medius::storage
