#include <cmath>
#include <numbers>
#include <sstream>
#include <string>

#include <Eigen/Geometry>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/motion_file.hpp"

namespace medius::storage {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Text {
  std::string text;
  TextSink Sink() {
    return [this](std::string_view part) { text += part; };
  }
};

AngleSeries Series(const std::string& name, std::vector<double> degrees) {
  for (double& v : degrees) v *= kDegree;
  return {{name, "rad", ""}, std::move(degrees), {}};
}

Kinematics TwoFrames() {
  Kinematics kinematics;
  kinematics.angles = {
      Series("pelvis_obliquity", {4.0, 0.0}),     Series("pelvis_tilt", {0.0, -12.0}),
      Series("pelvis_rotation", {0.0, 0.0}),      Series("left_hip_adduction", {7.0, 8.0}),
      Series("right_knee_flexion", {40.0, 41.0}), Series("right_hip_flexion", {kNaN, kNaN})};
  return kinematics;
}

TEST(MotionFile, HasOpenSimsHeaderNamesAndSigns) {
  Text file;
  const MotionFileContent content =
      WriteMotionFile(TwoFrames(), TimeBase::Uniform(100, 2, 1.0), PelvisAngleOrder::kRotationFirst,
                      "run", file.Sink());
  std::istringstream lines(file.text);
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  ASSERT_EQ(all.size(), 9U);
  EXPECT_EQ(all[0], "run");
  EXPECT_EQ(all[1], "version=1");
  EXPECT_EQ(all[2], "nRows=2");
  EXPECT_EQ(all[3], "nColumns=6");
  EXPECT_EQ(all[4], "inDegrees=yes");
  EXPECT_EQ(all[5], "endheader");
  // The hip flexion that no frame has is no column.
  EXPECT_EQ(all[6],
            "time\tpelvis_tilt\tpelvis_list\tpelvis_rotation\tknee_angle_r\thip_adduction_l");
  // Right side up by 4 is a list of -4.
  double time = 0, tilt = 0, list = 0, rotation = 0, knee = 0, hip = 0;
  std::istringstream(all[7]) >> time >> tilt >> list >> rotation >> knee >> hip;
  EXPECT_EQ(time, 1.0);
  EXPECT_NEAR(tilt, 0.0, 1e-9);
  EXPECT_NEAR(list, -4.0, 1e-7);
  EXPECT_NEAR(rotation, 0.0, 1e-9);
  EXPECT_NEAR(knee, 40.0, 1e-7);
  EXPECT_NEAR(hip, 7.0, 1e-7);
  EXPECT_EQ(content.rows, 2U);
  EXPECT_EQ(content.columns[1].name, "pelvis_list");
}

TEST(MotionFile, LeavesOutFramesThatLackACoordinate) {
  Kinematics kinematics = TwoFrames();
  kinematics.angles[3].value[0] = kNaN;
  Text file;
  const MotionFileContent content = WriteMotionFile(
      kinematics, TimeBase::Uniform(100, 2), PelvisAngleOrder::kRotationFirst, "run", file.Sink());
  EXPECT_EQ(content.rows, 1U);
  EXPECT_EQ(content.left_out, 1U);
  EXPECT_THAT(file.text, ::testing::HasSubstr("nRows=1\n"));
  EXPECT_THAT(file.text, ::testing::Not(::testing::HasSubstr("nan")));
  EXPECT_THROW(WriteMotionFile({}, TimeBase::Uniform(100, 2), PelvisAngleOrder::kRotationFirst,
                               "run", file.Sink()),
               InputError);
}

TEST(MotionFile, TurnsThePelvisIntoItsOrderAsTheRotationsAreTheSame) {
  const double obliquity = 7.0 * kDegree, tilt = -18.0 * kDegree, rotation = 12.0 * kDegree;
  const PelvisCoordinates p = PelvisByTiltFirst(obliquity, tilt, rotation);
  const auto about = [](double angle, const Eigen::Vector3d& axis) {
    return Eigen::AngleAxisd(angle, axis).toRotationMatrix();
  };
  const Eigen::Vector3d x = Eigen::Vector3d::UnitX(), y = Eigen::Vector3d::UnitY(),
                        z = Eigen::Vector3d::UnitZ();
  const Eigen::Matrix3d ours = about(rotation, y) * about(-obliquity, x) * about(tilt, z);
  const Eigen::Matrix3d theirs = about(p.tilt, z) * about(p.list, x) * about(p.rotation, y);
  EXPECT_LT((ours - theirs).norm(), 1e-12);
  // Obliquity is the elevation of the rightward axis, whichever way it is written.
  EXPECT_NEAR(theirs(1, 2), std::sin(obliquity), 1e-12);
}

TEST(MotionFile, TakesAnglesOfItsOwnOrderAsTheyAre) {
  Text file;
  Kinematics kinematics = TwoFrames();
  kinematics.angles[1].value[0] = -10.0 * kDegree;
  kinematics.angles[2].value[0] = 5.0 * kDegree;
  WriteMotionFile(kinematics, TimeBase::Uniform(100, 2), PelvisAngleOrder::kTiltFirst, "run",
                  file.Sink());
  EXPECT_THAT(file.text, ::testing::HasSubstr("\n0\t-10\t-4\t5\t"));
}

}  // namespace
}  // namespace medius::storage
