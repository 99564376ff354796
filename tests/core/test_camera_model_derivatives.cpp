// Three ways to the derivative of a projection have to agree: the written one, automatic
// differentiation through the template that calibration uses, and central differences.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <gtest/gtest.h>
#include <unsupported/Eigen/AutoDiff>

#include "core/camera_model.hpp"
#include "tests/core/lenses.hpp"

namespace medius {
namespace {

using test::Lens;

// By the point (3) and by every intrinsic (at most 12).
constexpr int kParameters = 15;
using Derivatives = Eigen::Matrix<double, kParameters, 1>;
using Dual = Eigen::AutoDiffScalar<Derivatives>;

struct Differentiated {
  Eigen::Vector2d xy;
  Eigen::Matrix<double, 2, kParameters> jacobian;
};

Differentiated ProjectDual(const CameraModel& model, const Eigen::Vector3d& point) {
  std::vector<Dual> intrinsics;
  for (std::size_t i = 0; i < model.intrinsics().size(); ++i) {
    intrinsics.emplace_back(model.intrinsics()[i], kParameters, static_cast<int>(i) + 3);
  }
  const Dual x[3] = {Dual(point[0], kParameters, 0), Dual(point[1], kParameters, 1),
                     Dual(point[2], kParameters, 2)};
  Dual xy[2];
  ProjectUnchecked(model.kind(), intrinsics.data(), x, xy);
  Differentiated result;
  result.xy << xy[0].value(), xy[1].value();
  result.jacobian.row(0) = xy[0].derivatives();
  result.jacobian.row(1) = xy[1].derivatives();
  return result;
}

// Points in front of the lens that it sees, out to a little beyond its image.
std::vector<Eigen::Vector3d> SeenPoints(const Lens& lens, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> x(-0.02 * lens.width, 1.02 * lens.width);
  std::uniform_real_distribution<double> y(-0.02 * lens.height, 1.02 * lens.height);
  std::uniform_real_distribution<double> distance(0.5, 8.0);
  std::vector<Eigen::Vector3d> points = {{0.0, 0.0, 1.5}};
  while (points.size() < 200) {
    const auto direction = lens.model.Unproject({x(random), y(random)});
    if (direction) points.emplace_back(*direction * distance(random));
  }
  return points;
}

class LensDerivatives : public testing::TestWithParam<Lens> {};

TEST_P(LensDerivatives, HasTheJacobianOfAutomaticDifferentiation) {
  // Both are exact but for rounding of terms that may be a thousand times their sum (rational).
  constexpr double kRelative = 1e-11;
  for (const Eigen::Vector3d& point : SeenPoints(GetParam(), 1)) {
    const auto written = GetParam().model.ProjectWithJacobian(point);
    ASSERT_TRUE(written.has_value()) << point.transpose();
    const Differentiated automatic = ProjectDual(GetParam().model, point);
    EXPECT_LT((written->xy - automatic.xy).norm(), 1e-9) << point.transpose();
    const Eigen::Matrix<double, 2, 3> expected = automatic.jacobian.leftCols<3>();
    EXPECT_LT((written->d_xy_d_point - expected).norm(), kRelative * expected.norm())
        << point.transpose();
    EXPECT_LT((*GetParam().model.Project(point) - written->xy).norm(), 1e-9);
  }
}

TEST_P(LensDerivatives, HasTheJacobianOfCentralDifferences) {
  const CameraModel& model = GetParam().model;
  for (const Eigen::Vector3d& point : SeenPoints(GetParam(), 2)) {
    const auto written = model.ProjectWithJacobian(point);
    ASSERT_TRUE(written.has_value());
    // Error: rounding 1e-13 * 1000 px / step and curvature * step^2; both near 1e-7 relative here.
    const double step = 1e-5 * point.norm();
    Eigen::Matrix<double, 2, 3> numeric;
    for (int axis = 0; axis < 3; ++axis) {
      const Eigen::Vector3d offset = Eigen::Vector3d::Unit(axis) * step;
      const auto after = model.Project(point + offset);
      const auto before = model.Project(point - offset);
      ASSERT_TRUE(after && before) << point.transpose();
      numeric.col(axis) = (*after - *before) / (2.0 * step);
    }
    EXPECT_LT((written->d_xy_d_point - numeric).norm(), 3e-7 * numeric.norm()) << point.transpose();
  }
}

TEST_P(LensDerivatives, HasTheDerivativesByItsIntrinsicsOfCentralDifferences) {
  const CameraModel& model = GetParam().model;
  for (const Eigen::Vector3d& point : SeenPoints(GetParam(), 3)) {
    const Differentiated automatic = ProjectDual(model, point);
    for (std::size_t i = 0; i < model.intrinsics().size(); ++i) {
      const double step = 1e-5 * std::max(1.0, std::abs(model.intrinsics()[i]));
      std::vector<double> changed = model.intrinsics();
      Eigen::Vector2d after;
      Eigen::Vector2d before;
      changed[i] += step;
      ProjectUnchecked(model.kind(), changed.data(), point.data(), after.data());
      changed[i] -= 2.0 * step;
      ProjectUnchecked(model.kind(), changed.data(), point.data(), before.data());
      const Eigen::Vector2d numeric = (after - before) / (2.0 * step);
      const Eigen::Vector2d written = automatic.jacobian.col(static_cast<Eigen::Index>(i) + 3);
      EXPECT_LT((written - numeric).norm(), 1e-6 * (1.0 + written.norm()))
          << "intrinsic " << i << " at " << point.transpose();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(CameraModel, LensDerivatives, testing::ValuesIn(test::RealisticLenses()),
                         test::LensTestName);

}  // namespace
}  // namespace medius
