// Rig files that are damaged: each is refused in one line with the file, the line, the camera and
// the field.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/rig_exchange.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kQualisys = R"(<?xml version="1.0"?>
<calibration><cameras>
<camera serial="A1" active="1">
<transform x="0" y="-3000" z="1000" r11="1" r12="0" r13="0" r21="0" r22="0" r23="1" r31="0" r32="-1" r33="0"/>
<intrinsic sensorMinU="0" sensorMaxU="122879" sensorMinV="0" sensorMaxV="69631" focalLengthU="102400" focalLengthV="102400" centerPointU="61440" centerPointV="34816" skew="0" radialDistortion1="0" radialDistortion2="0" radialDistortion3="0" tangentalDistortion1="0" tangentalDistortion2="0"/>
</camera>
<camera serial="A2" active="1">
<transform x="0" y="-3000" z="1500" r11="1" r12="0" r13="0" r21="0" r22="0" r23="1" r31="0" r32="-1" r33="0"/>
<intrinsic sensorMinU="0" sensorMaxU="122879" sensorMinV="0" sensorMaxV="69631" focalLengthU="102400" focalLengthV="102400" centerPointU="61440" centerPointV="34816" skew="0" radialDistortion1="0" radialDistortion2="0" radialDistortion3="0" tangentalDistortion1="0" tangentalDistortion2="0"/>
</camera>
</cameras></calibration>
)";

constexpr const char* kVicon = R"(<?xml version="1.0"?>
<Cameras>
<Camera DEVICEID="7" SENSOR_SIZE="1920 1200" PIXEL_ASPECT_RATIO="1"><KeyFrames>
<KeyFrame FOCAL_LENGTH="2000" ORIENTATION="0 0 0 1" POSITION="0 0 -3000" PRINCIPAL_POINT="960 600" VICON_RADIAL="1e-8 0"/>
</KeyFrames></Camera>
</Cameras>
)";

constexpr const char* kKalibr = R"(cam0:
  camera_model: pinhole
  distortion_coeffs: [0.1, 0.0, 0.0, 0.0]
  distortion_model: radtan
  intrinsics: [461.0, 460.0, 362.0, 246.0]
  resolution: [752, 480]
  rostopic: /left/image_raw
cam1:
  T_cn_cnm1:
  - [1.0, 0.0, 0.0, -0.11]
  - [0.0, 1.0, 0.0, 0.0]
  - [0.0, 0.0, 1.0, 0.0]
  - [0.0, 0.0, 0.0, 1.0]
  camera_model: pinhole
  distortion_coeffs: [0.1, 0.0, 0.0, 0.0]
  distortion_model: radtan
  intrinsics: [461.0, 460.0, 362.0, 246.0]
  resolution: [752, 480]
  rostopic: /right/image_raw
)";

constexpr const char* kOpenCv = R"(%YAML:1.0
---
cameras:
   -
      name: "c1"
      image_width: 1280
      image_height: 720
      camera_matrix: !!opencv-matrix
         rows: 3
         cols: 3
         dt: d
         data: [ 900., 0., 640., 0., 900., 360., 0., 0., 1. ]
      distortion_coefficients: !!opencv-matrix
         rows: 1
         cols: 5
         dt: d
         data: [ 0., 0., 0., 0., 0. ]
      R: !!opencv-matrix
         rows: 3
         cols: 3
         dt: d
         data: [ 1., 0., 0., 0., 1., 0., 0., 0., 1. ]
      T: !!opencv-matrix
         rows: 3
         cols: 1
         dt: d
         data: [ 0., 0., 3. ]
)";

constexpr const char* kMrcal = R"({
    'lensmodel':  'LENSMODEL_OPENCV4',
    'intrinsics': [ 1000., 1000., 500., 300., 0., 0., 0., 0., ],
    'extrinsics': [ 0, 0, 0, 0, 0, 2, ],
    'imagersize': [ 1000, 600,],
}
)";

std::string Message(const std::string& text) {
  const TemporaryFolder folder;
  try {
    (void)ImportRig(folder.Write("cam7.cameramodel", text), 1.0);
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_THAT(message, HasSubstr("cam7.cameramodel"));
    return message;
  }
  return "(read)";
}

std::string With(std::string text, const std::string& what, const std::string& by,
                 std::size_t from = 0) {
  const std::size_t at = text.find(what, from);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(RigHostile, EachWouldBeReadUnspoiled) {
  for (const char* text : {kQualisys, kVicon, kKalibr, kOpenCv, kMrcal}) {
    EXPECT_EQ(Message(text), "(read)") << text;
  }
}

TEST(RigHostile, AFileCutAnywhereIsNotReadAsARig) {
  for (const std::string text : {kQualisys, kVicon, kMrcal}) {
    for (std::size_t length = 1; length + 2 < text.size(); length += 7) {
      EXPECT_NE(Message(text.substr(0, length)), "(read)") << text.substr(0, length);
    }
  }
  // YAML has no end: a cut that leaves whole cameras is a shorter rig, any other is refused.
  for (const std::string text : {kKalibr, kOpenCv}) {
    for (std::size_t length = 1; length + 40 < text.size(); length += 7) {
      const std::string part = text.substr(0, length);
      if (part.find("rostopic") == std::string::npos) {
        EXPECT_NE(Message(part), "(read)") << part;
      }
    }
  }
}

TEST(RigHostile, NamesWhatIsWrongInAQualisysFile) {
  EXPECT_THAT(Message(With(kQualisys, " focalLengthU=\"102400\"", "")),
              AllOf(HasSubstr("line 5"), HasSubstr("camera A1"), HasSubstr("focalLengthU")));
  EXPECT_THAT(Message(With(kQualisys, "r33=\"0\"", "r33=\"nan\"")),
              AllOf(HasSubstr("line 4"), HasSubstr("camera A1"), HasSubstr("r33 is nan")));
  EXPECT_THAT(Message(With(kQualisys, "x=\"0\"", "x=\"zero\"")),
              AllOf(HasSubstr("camera A1"), HasSubstr("x: \"zero\" is not a number")));
  EXPECT_THAT(Message(With(kQualisys, "r11=\"1\"", "r11=\"0\"")),
              AllOf(HasSubstr("line 4"), HasSubstr("camera A1"), HasSubstr("is not a rotation")));
  EXPECT_THAT(Message(With(kQualisys, "r11=\"1\"", "r11=\"-1\"")), HasSubstr("determinant -1"));
  EXPECT_THAT(Message(With(kQualisys, "A2", "A1")), HasSubstr("two cameras are named \"A1\""));
  EXPECT_THAT(Message(With(kQualisys, "focalLengthU=\"102400\"", "focalLengthU=\"-5\"")),
              AllOf(HasSubstr("line 5"), HasSubstr("camera A1")));
  EXPECT_THAT(Message(With(kQualisys, "sensorMaxU=\"122879\"", "sensorMaxU=\"1920\"")),
              AllOf(HasSubstr("sensorMaxU is 1920"), HasSubstr("Theia")));
  EXPECT_THAT(Message(With(kQualisys, "serial=\"A1\"", "")), HasSubstr("serial"));
  EXPECT_THAT(Message("<calibration><cameras/></calibration>"), HasSubstr("has no camera"));
  EXPECT_THAT(Message("<calibration/>"), HasSubstr("<cameras> is missing"));
  EXPECT_THAT(Message("<svg/>"), HasSubstr("its root is <svg>"));
}

TEST(RigHostile, NamesWhatIsWrongInAViconFile) {
  EXPECT_THAT(Message(With(kVicon, "ORIENTATION=\"0 0 0 1\"", "ORIENTATION=\"0 0 0 0\"")),
              AllOf(HasSubstr("line 4"), HasSubstr("camera 7"), HasSubstr("ORIENTATION")));
  EXPECT_THAT(Message(With(kVicon, "POSITION=\"0 0 -3000\"", "POSITION=\"0 0\"")),
              HasSubstr("POSITION has 2 numbers; 3 expected"));
  EXPECT_THAT(Message(With(kVicon, "FOCAL_LENGTH=\"2000\" ", "")), HasSubstr("FOCAL_LENGTH"));
  EXPECT_THAT(Message(With(kVicon, "1e-8 0", "inf 0")), HasSubstr("VICON_RADIAL is inf"));
  EXPECT_THAT(Message(With(kVicon, "1920 1200", "1920.5 1200")), HasSubstr("SENSOR_SIZE"));
  // -1 at 577 px from the centre: what is farther out would fold back.
  EXPECT_THAT(Message(With(kVicon, "1e-8 0", "-1e-6 0")), HasSubstr("folds back"));
}

TEST(RigHostile, NamesWhatIsWrongInACamchain) {
  EXPECT_THAT(Message(With(kKalibr, "intrinsics: [461.0, ", "intrinsics: [.nan, ")),
              AllOf(HasSubstr("line 5"), HasSubstr("camera left"), HasSubstr("intrinsics")));
  EXPECT_THAT(Message(With(kKalibr, "[1.0, 0.0, 0.0, -0.11]", "[0.0, 0.0, 0.0, -0.11]")),
              AllOf(HasSubstr("line 10"), HasSubstr("camera right"), HasSubstr("rotation")));
  EXPECT_THAT(Message(With(kKalibr, "T_cn_cnm1", "T_cam_cam")),
              AllOf(HasSubstr("camera right"), HasSubstr("T_cn_cnm1 is missing")));
  EXPECT_THAT(Message(With(kKalibr, "/right/", "/left/")), HasSubstr("named \"left\""));
  EXPECT_THAT(Message(With(kKalibr, "pinhole", "omni")), HasSubstr("pinhole is"));
  EXPECT_THAT(Message(With(kKalibr, "radtan", "fov")), HasSubstr("distortion_model"));
  EXPECT_THAT(Message(With(kKalibr, "[752, 480]", "752")), HasSubstr("resolution"));
  EXPECT_THAT(Message(With(kKalibr, "  resolution: [752, 480]\n", "")),
              AllOf(HasSubstr("camera left"), HasSubstr("resolution is missing")));
  EXPECT_THAT(Message("a: 1\nb: [1, 2\n"), HasSubstr("line"));
  EXPECT_THAT(Message("a: 1\n"), HasSubstr("is YAML but no rig"));
}

TEST(RigHostile, NamesWhatIsWrongInAnOpenCvFile) {
  EXPECT_THAT(Message(With(kOpenCv, "[ 900., 0.", "[ .Nan, 0.")),
              AllOf(HasSubstr("line 12"), HasSubstr("camera c1"), HasSubstr("camera_matrix")));
  EXPECT_THAT(Message(With(kOpenCv, "rows: 3", "rows: 2")),
              AllOf(HasSubstr("camera_matrix"), HasSubstr("has 9 numbers")));
  EXPECT_THAT(Message(With(kOpenCv, "[ 1., 0., 0., 0., 1.", "[ 0., 0., 0., 0., 1.")),
              AllOf(HasSubstr("camera c1"), HasSubstr("R: is not a rotation")));
  EXPECT_THAT(Message(With(kOpenCv, "image_width: 1280", "image_width: wide")),
              HasSubstr("image_width"));
  EXPECT_THAT(Message(With(kOpenCv, "distortion_coefficients", "distortion")),
              AllOf(HasSubstr("camera c1"), HasSubstr("distortion_coefficients is missing")));
  EXPECT_THAT(Message(With(kOpenCv, "900., 0., 640.", "900., 1., 640.")),
              HasSubstr("the camera matrix must be"));
}

TEST(RigHostile, NamesWhatIsWrongInAnMrcalFile) {
  EXPECT_THAT(Message(With(kMrcal, "1000., 1000., 500.", "1000., nan, 500.")),
              AllOf(HasSubstr("line 3"), HasSubstr("camera cam7"), HasSubstr("intrinsics")));
  EXPECT_THAT(Message(With(kMrcal, "0, 0, 0, 0, 0, 2,", "0, 0, 0, 2,")),
              HasSubstr("rt_cam_ref has 4 numbers; 6 expected"));
  EXPECT_THAT(Message(With(kMrcal, "imagersize", "imagesize")), HasSubstr("'imagersize'"));
  EXPECT_THAT(Message(With(kMrcal, "[ 1000, 600,]", "[ 0, 600,]")), HasSubstr("imagersize"));
  EXPECT_THAT(Message(With(kMrcal, "'LENSMODEL_OPENCV4'", "4")), HasSubstr("lensmodel"));
  EXPECT_THAT(Message(With(kMrcal, "'intrinsics':", "'extrinsics':")), HasSubstr("stands twice"));
  EXPECT_THAT(Message(With(kMrcal, "[ 0, 0, 0", "[ 0, print, 0")),
              AllOf(HasSubstr("line 4"), HasSubstr("\"print\" is not a number")));
  EXPECT_THAT(Message(std::string(kMrcal) + "}"), HasSubstr("text follows"));
  EXPECT_THAT(Message("{" + std::string(100, '[')), HasSubstr("name in quotes"));
  EXPECT_THAT(Message("{'a': " + std::string(100, '[')), HasSubstr("nested too deeply"));
}

TEST(RigHostile, SaysOfOtherFilesThatTheyAreNoRigs) {
  EXPECT_THAT(Message(std::string("\x89HDF\r\n\x1a\n\0\0", 10)), HasSubstr("binary data"));
  EXPECT_THAT(Message("# nothing\n\n"), HasSubstr("is empty"));
  EXPECT_THAT(Message("time,x,y\n0,1,2\n"), HasSubstr("TOML"));
}

}  // namespace
}  // namespace medius::storage
