#include <cstddef>
#include <functional>
#include <limits>
#include <string>

#include <Eigen/Geometry>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/camera_rig.hpp"
#include "core/error.hpp"

namespace medius {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Camera MakeCamera(const std::string& name) {
  const CameraModel model(CameraModelKind::kBrownConrady5, {1000, 1000, 320, 240, 0, 0, 0, 0, 0});
  RigidTransform camera_from_lab;
  camera_from_lab.rotation =
      Eigen::AngleAxisd(0.4, Eigen::Vector3d(1, 2, 3).normalized()).toRotationMatrix();
  camera_from_lab.translation << 0.1, -0.2, 3.0;
  return {name, 640, 480, model, camera_from_lab, 0.0, std::nullopt};
}

CameraRig TwoCameras() {
  return {{MakeCamera("left"), MakeCamera("right")}};
}

// What ValidateRig says of two cameras after `spoil` has had the second one; empty if it is
// content.
std::string MessageAfter(const std::function<void(Camera&)>& spoil) {
  CameraRig rig = TwoCameras();
  spoil(rig.cameras[1]);
  try {
    ValidateRig(rig, "lab.toml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(ValidateRig, AcceptsARigThatIsWhole) {
  EXPECT_NO_THROW(ValidateRig(TwoCameras(), "lab.toml"));
}

TEST(ValidateRig, NamesTheFileTheCameraAndTheField) {
  EXPECT_THAT(MessageAfter([](Camera& camera) { camera.width = 0; }),
              AllOf(HasSubstr("lab.toml: camera right"), HasSubstr("image size 0 x 480 px")));
  EXPECT_THAT(MessageAfter([](Camera& camera) { camera.height = -480; }), HasSubstr("640 x -480"));
  EXPECT_THAT(MessageAfter([](Camera& camera) { camera.camera_from_lab.translation[1] = kNaN; }),
              AllOf(HasSubstr("lab.toml: camera right"), HasSubstr("camera_from_lab"),
                    HasSubstr("not a finite number")));
  EXPECT_THAT(MessageAfter([](Camera& camera) { camera.camera_from_lab.rotation(2, 0) = kNaN; }),
              AllOf(HasSubstr("camera right: camera_from_lab"), HasSubstr("not a finite number")));
  EXPECT_THAT(MessageAfter([](Camera& camera) { camera.time_offset = kNaN; }),
              AllOf(HasSubstr("camera right"), HasSubstr("time_offset")));
}

TEST(ValidateRig, TellsAReflectionFromAMatrixThatIsNoRotation) {
  EXPECT_THAT(MessageAfter([](Camera& camera) { camera.camera_from_lab.rotation.row(0) *= -1.0; }),
              AllOf(HasSubstr("camera right"), HasSubstr("determinant -1"), HasSubstr("mirrored")));
  EXPECT_THAT(MessageAfter([](Camera& camera) { camera.camera_from_lab.rotation *= 1.001; }),
              AllOf(HasSubstr("does not hold a rotation"), Not(HasSubstr("mirrored"))));
  EXPECT_THAT(MessageAfter([](Camera& camera) { camera.camera_from_lab.rotation.setZero(); }),
              HasSubstr("determinant 0"));
  // What a text file of seven digits leaves of a rotation is good enough.
  EXPECT_EQ(MessageAfter([](Camera& camera) { camera.camera_from_lab.rotation(0, 0) += 1e-7; }),
            "");
}

TEST(ValidateRig, WantsNamesThatCanStandInAFile) {
  EXPECT_THAT(MessageAfter([](Camera& camera) { camera.name = "left"; }),
              HasSubstr("lab.toml: two cameras are named \"left\""));
  for (const char* name : {"", "a/b", ".", "..", "two\nlines", "tab\t"}) {
    EXPECT_THAT(MessageAfter([&](Camera& camera) { camera.name = name; }),
                AllOf(HasSubstr("lab.toml: camera 2"), Not(HasSubstr("\n"))))
        << name;
  }
  EXPECT_EQ(MessageAfter([](Camera& camera) { camera.name = "hinten links (Gerät 3)"; }), "");
}

TEST(ValidateRig, WantsTheCovarianceOfAllParameters) {
  EXPECT_EQ(MessageAfter([](Camera& camera) { camera.covariance = Eigen::MatrixXd::Zero(15, 15); }),
            "");
  EXPECT_THAT(
      MessageAfter([](Camera& camera) { camera.covariance = Eigen::MatrixXd::Zero(15, 14); }),
      AllOf(HasSubstr("camera right: covariance is 15 x 14"), HasSubstr("15 x 15 expected")));
  EXPECT_THAT(MessageAfter([](Camera& camera) {
                camera.covariance = Eigen::MatrixXd::Constant(15, 15, kNaN);
              }),
              HasSubstr("covariance holds a value that is not a finite number"));
}

TEST(ValidateRig, RefusesAnEmptyRig) {
  try {
    ValidateRig(CameraRig{}, "lab.toml");
    FAIL() << "an empty rig was accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "lab.toml: the rig has no camera");
  }
}

TEST(CameraRig, FindsCamerasByName) {
  const CameraRig rig = TwoCameras();
  ASSERT_TRUE(rig.Find("right").has_value());
  EXPECT_EQ(rig.Find("right")->index(), 1U);
  EXPECT_EQ(rig[*rig.Find("left")].name, "left");
  EXPECT_FALSE(rig.Find("Right").has_value());
}

TEST(Camera, ProjectsLabPointsThroughItsPlace) {
  const Camera camera = MakeCamera("only");
  // A point one metre ahead of the centre, along the axis, falls on the principal point.
  const RigidTransform lab_from_camera = camera.camera_from_lab.Inverse();
  const Eigen::Vector3d ahead = lab_from_camera * Eigen::Vector3d(0, 0, 1);
  ASSERT_TRUE(camera.Project(ahead).has_value());
  EXPECT_LT((*camera.Project(ahead) - Eigen::Vector2d(320, 240)).norm(), 1e-9);
  EXPECT_NEAR((ahead - camera.CentreInLab()).norm(), 1.0, 1e-14);
  EXPECT_FALSE(camera.Project(lab_from_camera * Eigen::Vector3d(0, 0, -1)).has_value());
}

TEST(Camera, CountsHalfAPixelRoundTheOutermostCentresAsImage) {
  const Camera camera = MakeCamera("only");
  EXPECT_TRUE(camera.IsInImage({-0.5, -0.5}));
  EXPECT_TRUE(camera.IsInImage({639.49, 479.49}));
  EXPECT_FALSE(camera.IsInImage({639.5, 0.0}));
  EXPECT_FALSE(camera.IsInImage({0.0, 479.5}));
  EXPECT_FALSE(camera.IsInImage({-0.51, 0.0}));
  EXPECT_FALSE(camera.IsInImage({kNaN, 0.0}));
}

// How far two cameras' pixels of a lab point move by a change of their parameters.
Eigen::VectorXd Pixels(const CameraRig& rig, const Eigen::Vector3d& x_in_lab) {
  Eigen::VectorXd pixels(4);
  pixels << *rig.cameras[0].Project(x_in_lab), *rig.cameras[1].Project(x_in_lab);
  return pixels;
}

// The covariance of those pixels by that of the rotations and translations.
Eigen::MatrixXd PixelCovariance(const CameraRig& rig, const Eigen::Vector3d& x_in_lab) {
  constexpr double kStep = 1e-6;
  const int size = JointParameterCount(rig);
  Eigen::MatrixXd J = Eigen::MatrixXd::Zero(4, size);
  for (std::size_t c = 0; c < 2; ++c) {
    for (int k = 0; k < 6; ++k) {
      Eigen::VectorXd column = Eigen::VectorXd::Zero(4);
      for (const double sign : {-1.0, 1.0}) {
        CameraRig moved = rig;
        RigidTransform& place = moved.cameras[c].camera_from_lab;
        if (k < 3) {
          place.rotation =
              Eigen::AngleAxisd(sign * kStep, Eigen::Vector3d::Unit(k)) * place.rotation;
        } else {
          place.translation[k - 3] += sign * kStep;
        }
        column += sign * Pixels(moved, x_in_lab) / (2.0 * kStep);
      }
      J.col(static_cast<int>(c) * size / 2 + size / 2 - 6 + k) = column;
    }
  }
  return J * *rig.joint_covariance * J.transpose();
}

TEST(InLabFrame, LeavesPixelsAndTheirCovarianceAsTheyWere) {
  CameraRig rig = TwoCameras();
  const int size = JointParameterCount(rig);
  ASSERT_EQ(size, 30);
  const Eigen::MatrixXd root = 1e-3 * Eigen::MatrixXd::Random(size, size);
  rig.joint_covariance = root * root.transpose();
  rig.cameras[0].covariance = rig.joint_covariance->topLeftCorner(15, 15);
  const RigidTransform new_from_old{
      Eigen::AngleAxisd(1.1, Eigen::Vector3d(3, -1, 2).normalized()).toRotationMatrix(),
      {0.5, -2.0, 1.0}};
  const Eigen::Vector3d x_in_lab(0.2, 0.1, 0.3);

  const CameraRig moved = InLabFrame(rig, new_from_old);

  EXPECT_TRUE(Pixels(moved, new_from_old * x_in_lab).isApprox(Pixels(rig, x_in_lab), 1e-12));
  const Eigen::MatrixXd expected = PixelCovariance(rig, x_in_lab);
  EXPECT_TRUE(PixelCovariance(moved, new_from_old * x_in_lab).isApprox(expected, 1e-6));
  EXPECT_TRUE(moved.cameras[0].covariance->isApprox(moved.joint_covariance->topLeftCorner(15, 15)));
}

TEST(ValidateRig, WantsAJointCovarianceOfAllCameras) {
  CameraRig rig = TwoCameras();
  rig.joint_covariance = Eigen::MatrixXd::Identity(15, 15);
  try {
    ValidateRig(rig, "lab.toml");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("joint_covariance is 15 x 15, 30 x 30 expected"));
  }
}

TEST(ExposureDelay, CountsFromTheMiddleRow) {
  Camera camera = MakeCamera("left");
  camera.time_offset = 0.01;
  camera.time_drift = 1e-4;
  camera.line_time = 2e-5;
  EXPECT_DOUBLE_EQ(camera.ExposureDelay(0.0, 239.5), 0.01);
  EXPECT_DOUBLE_EQ(camera.ExposureDelay(10.0, 239.5 + 100.0), 0.01 + 1e-3 + 2e-3);
}

TEST(InLabFrame, SaysNothingOfTheNewFrame) {
  CameraRig rig = TwoCameras();
  rig.lab_frame = "camera a";
  EXPECT_TRUE(IsInCameraFrame(rig));
  const CameraRig moved = InLabFrame(rig, RigidTransform{});
  EXPECT_TRUE(moved.lab_frame.empty());
  EXPECT_FALSE(IsInCameraFrame(moved));
}

}  // namespace
}  // namespace medius
