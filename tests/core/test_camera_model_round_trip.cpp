#include <cmath>
#include <numbers>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <Eigen/SVD>
#include <gtest/gtest.h>

#include "core/camera_model.hpp"
#include "tests/core/lenses.hpp"

namespace medius {
namespace {

using test::Lens;

constexpr double kRoundTripPx = 1e-9;  // what Unproject promises

// Pixels on a grid that includes the edges and corners of the sensor.
std::vector<Eigen::Vector2d> WholeImage(const Lens& lens) {
  constexpr int kSteps = 60;
  std::vector<Eigen::Vector2d> pixels;
  for (int row = 0; row <= kSteps; ++row) {
    for (int column = 0; column <= kSteps; ++column) {
      pixels.emplace_back(-0.5 + lens.width * column / static_cast<double>(kSteps),
                          -0.5 + lens.height * row / static_cast<double>(kSteps));
    }
  }
  return pixels;
}

class EveryLens : public testing::TestWithParam<Lens> {};

TEST_P(EveryLens, ProjectsBackEveryPixelOfItsImageAndTheCorners) {
  const CameraModel& model = GetParam().model;
  for (const Eigen::Vector2d& pixel : WholeImage(GetParam())) {
    const auto direction = model.Unproject(pixel);
    ASSERT_TRUE(direction.has_value()) << pixel.transpose();
    EXPECT_NEAR(direction->norm(), 1.0, 1e-14);
    const auto back = model.Project(*direction);
    ASSERT_TRUE(back.has_value()) << pixel.transpose();
    EXPECT_LT((*back - pixel).cwiseAbs().maxCoeff(), kRoundTripPx) << pixel.transpose();
  }
}

TEST_P(EveryLens, FindsTheDirectionThatWasProjected) {
  const CameraModel& model = GetParam().model;
  for (const Eigen::Vector2d& pixel : WholeImage(GetParam())) {
    const Eigen::Vector3d direction = *model.Unproject(pixel);
    const auto projected = model.ProjectWithJacobian(direction);
    ASSERT_TRUE(projected.has_value());
    // A pixel off by the tolerance moves the direction by that over the slowest scale (px a
    // radian).
    const double scale =
        Eigen::JacobiSVD<Eigen::Matrix<double, 2, 3>>(projected->d_xy_d_point).singularValues()[1];
    const auto again = model.Unproject(projected->xy);
    ASSERT_TRUE(again.has_value()) << pixel.transpose();
    EXPECT_LT((*again - direction).norm(), 4.0 * kRoundTripPx / scale + 1e-14) << pixel.transpose();
  }
}

INSTANTIATE_TEST_SUITE_P(CameraModel, EveryLens, testing::ValuesIn(test::RealisticLenses()),
                         test::LensTestName);

TEST(CameraModel, SeesBesideItselfThroughAFisheye) {
  const Lens lens = test::Fisheye180();
  const auto corner = lens.model.Unproject({0.0, 0.0});
  ASSERT_TRUE(corner.has_value());
  EXPECT_LT(corner->z(), 0.0);  // the corner of the square lies beyond 90 degrees
  const auto edge = lens.model.Unproject({1001.5, 0.0});
  ASSERT_TRUE(edge.has_value());
  EXPECT_NEAR(std::acos(edge->z()), 0.5 * std::numbers::pi, 0.05);
}

// Lenses that no maker would sell, most of which fold somewhere.
CameraModel WildLens(std::mt19937& random) {
  std::normal_distribution<double> normal;
  const double f = 400.0 + 300.0 * std::abs(normal(random));
  std::vector<double> intrinsics = {f, f * (1.0 + 0.05 * normal(random)), 600, 400};
  const int shape = static_cast<int>(random() % 3);
  if (shape == 2) {
    for (const double size : {0.1, 0.05, 0.02, 0.005}) intrinsics.push_back(size * normal(random));
    return CameraModel(CameraModelKind::kKannalaBrandt4, intrinsics);
  }
  for (const double size : {0.3, 0.2, 0.02, 0.02, 0.1}) intrinsics.push_back(size * normal(random));
  if (shape == 0) return CameraModel(CameraModelKind::kBrownConrady5, intrinsics);
  for (const double size : {0.3, 0.2, 0.1}) intrinsics.push_back(size * normal(random));
  return CameraModel(CameraModelKind::kBrownConrady8, intrinsics);
}

TEST(CameraModel, IsOneToOneInsideItsRangeForAnyLens) {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  for (int trial = 0; trial < 2000; ++trial) {
    const CameraModel model = WildLens(random);
    const bool fisheye = model.kind() == CameraModelKind::kKannalaBrandt4;
    const double largest_angle = fisheye ? model.max_radius() : std::atan(model.max_radius());
    for (int i = 0; i < 20; ++i) {
      const double angle = largest_angle * std::sqrt(uniform(random)) * 0.9999;
      const double turn = 2.0 * std::numbers::pi * uniform(random);
      const Eigen::Vector3d direction(std::sin(angle) * std::cos(turn),
                                      std::sin(angle) * std::sin(turn), std::cos(angle));
      const auto projected = model.ProjectWithJacobian(direction);
      ASSERT_TRUE(projected.has_value()) << trial;
      if (projected->xy.norm() > 1e4) continue;  // near a pole rounding alone exceeds the tolerance
      const double scale = Eigen::JacobiSVD<Eigen::Matrix<double, 2, 3>>(projected->d_xy_d_point)
                               .singularValues()[1];
      const auto found = model.Unproject(projected->xy);
      ASSERT_TRUE(found.has_value())
          << "lens " << trial << " at " << angle << " of " << largest_angle;
      EXPECT_LT((*found - direction).norm(), 4.0 * kRoundTripPx / scale + 1e-12)
          << "lens " << trial << " at " << angle << " of " << largest_angle;
    }
  }
}

// Found by drawing millions of wild lenses.
TEST(CameraModel, InvertsARadialFunctionOnWhichNewtonWouldJumpToAndFro) {
  const CameraModel model(CameraModelKind::kKannalaBrandt4,
                          {587.45616158887537, 599.25756022843927, 600, 400, 0.055303248654805306,
                           0.062329307367794073, 0.00045790983080758744, -0.003035100016239094});
  const Eigen::Vector2d pixel(-431.47431349069603, -118.65057387038172);
  const auto direction = model.Unproject(pixel);
  ASSERT_TRUE(direction.has_value());
  EXPECT_LT((*model.Project(*direction) - pixel).norm(), 2.0 * kRoundTripPx);
}

TEST(CameraModel, InvertsALensThatFoldsBesideAPole) {
  const CameraModel model(
      CameraModelKind::kBrownConrady8,
      {430.16810947124691, 442.509200841623, 600, 400, -0.43629728082263541, 0.09972252441558789,
       0.013000038883349746, 0.019795932116392707, -0.12471245190705867, 0.0051280249943021963,
       -0.029550646996928488, -0.21335128694748612});
  const Eigen::Vector2d pixel(366.0934603116475, 181.34940044958861);
  const auto direction = model.Unproject(pixel);
  ASSERT_TRUE(direction.has_value());
  EXPECT_LT((*model.Project(*direction) - pixel).norm(), 2.0 * kRoundTripPx);
}

TEST(CameraModel, NeverAnswersWithADirectionThatProjectsElsewhere) {
  std::mt19937 random(12);
  std::uniform_real_distribution<double> x(-500.0, 1700.0);
  int answers = 0;
  int refusals = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    const CameraModel model = WildLens(random);
    for (int i = 0; i < 20; ++i) {
      const Eigen::Vector2d pixel(x(random), x(random));
      const auto direction = model.Unproject(pixel);
      (direction ? answers : refusals) += 1;
      if (!direction) continue;
      const auto back = model.Project(*direction);
      ASSERT_TRUE(back.has_value()) << trial << " pixel " << pixel.transpose();
      EXPECT_LT((*back - pixel).cwiseAbs().maxCoeff(), 2.0 * kRoundTripPx) << trial;
    }
  }
  EXPECT_GT(answers, 1000);
  EXPECT_GT(refusals, 1000);
}

}  // namespace
}  // namespace medius
