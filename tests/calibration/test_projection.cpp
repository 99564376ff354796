#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <Eigen/Core>
#include <gtest/gtest.h>

#include "calibration/projection.hpp"
#include "calibration/so3.hpp"
#include "calibration/view_normal.hpp"

namespace medius::calibration {
namespace {

struct Lens {
  CameraModelKind kind;
  std::vector<double> intrinsics;
};

std::vector<Lens> Lenses() {
  return {{CameraModelKind::kBrownConrady5, {1350, 1345, 950, 545, -0.1, 0.05, 1e-3, -5e-4, 0.01}},
          {CameraModelKind::kBrownConrady8,
           {1350, 1345, 950, 545, 0.25, 0.03, 1e-3, -5e-4, 0.01, 0.35, 0.02, -0.01}},
          {CameraModelKind::kKannalaBrandt4, {700, 705, 950, 545, 0.03, -0.01, 0.002, -0.001}}};
}

const std::array<Eigen::Vector3d, 4> kPoints = {
    Eigen::Vector3d(0.0, 0.0, 2.0), Eigen::Vector3d(0.3, -0.2, 1.5),
    Eigen::Vector3d(-1.1, 0.7, 2.1), Eigen::Vector3d(1e-7, -2e-7, 1.0)};

TEST(Projection, AgreesWithTheCameraModel) {
  for (const Lens& lens : Lenses()) {
    const CameraModel model(lens.kind, lens.intrinsics);
    for (const Eigen::Vector3d& x : kPoints) {
      PixelDerivatives pixel;
      ASSERT_TRUE(ProjectWithDerivatives(lens.kind, lens.intrinsics.data(), x, &pixel));
      const auto expected = model.ProjectWithJacobian(x);
      ASSERT_TRUE(expected);
      EXPECT_LT((pixel.xy - expected->xy).norm(), 1e-9);
      EXPECT_LT((pixel.by_point - expected->d_xy_d_point).norm(), 1e-7);
    }
  }
}

TEST(Projection, DerivativeByIntrinsicsAgreesWithDifferences) {
  for (const Lens& lens : Lenses()) {
    for (const Eigen::Vector3d& x : kPoints) {
      PixelDerivatives pixel;
      ASSERT_TRUE(ProjectWithDerivatives(lens.kind, lens.intrinsics.data(), x, &pixel));
      for (std::size_t i = 0; i < lens.intrinsics.size(); ++i) {
        const double step = 1e-5 * std::max(1.0, std::abs(lens.intrinsics[i]));
        std::vector<double> high = lens.intrinsics;
        std::vector<double> low = lens.intrinsics;
        high[i] += step;
        low[i] -= step;
        Eigen::Vector2d up;
        Eigen::Vector2d down;
        ASSERT_TRUE(ProjectPixel(lens.kind, high.data(), x, &up));
        ASSERT_TRUE(ProjectPixel(lens.kind, low.data(), x, &down));
        const Eigen::Vector2d numeric = (up - down) / (2.0 * step);
        // Central differences of a smooth function: 1e-10 relative, and rounding over the step.
        const double tolerance = 1e-5 * std::max(1.0, numeric.norm());
        EXPECT_LT((pixel.by_intrinsics.col(static_cast<Eigen::Index>(i)) - numeric).norm(),
                  tolerance)
            << "parameter " << i;
      }
    }
  }
}

TEST(Projection, RefusesAPointBehindTheCameraAndNaN) {
  const Lens lens = Lenses()[0];
  PixelDerivatives pixel;
  EXPECT_FALSE(ProjectWithDerivatives(lens.kind, lens.intrinsics.data(), {0.1, 0.1, -1.0}, &pixel));
  const double nan = std::nan("");
  EXPECT_FALSE(ProjectWithDerivatives(lens.kind, lens.intrinsics.data(), {0, 0, nan}, &pixel));
}

TEST(So3, VectorAndRotationAreInverse) {
  for (const double angle : {0.0, 1e-9, 1e-3, 1.0, 3.0, std::numbers::pi - 1e-7}) {
    const Eigen::Vector3d w = angle * Eigen::Vector3d(1.0, -2.0, 0.5).normalized();
    const Eigen::Matrix3d R = RotationFromVector(w);
    EXPECT_LT((R * R.transpose() - Eigen::Matrix3d::Identity()).norm(), 1e-14);
    EXPECT_LT((VectorFromRotation(R) - w).norm(), 1e-8);
  }
}

TEST(So3, LeftJacobianAgreesWithDifferences) {
  for (const Eigen::Vector3d& w :
       {Eigen::Vector3d(0.3, -0.2, 0.9), Eigen::Vector3d(1e-6, 2e-6, 0.0)}) {
    const Eigen::Matrix3d J = LeftJacobian(w);
    constexpr double kStep = 1e-6;
    for (int i = 0; i < 3; ++i) {
      const Eigen::Matrix3d moved = RotationFromVector(w + kStep * Eigen::Vector3d::Unit(i));
      const Eigen::Vector3d turn =
          VectorFromRotation(moved * RotationFromVector(w).transpose()) / kStep;
      EXPECT_LT((turn - J.col(i)).norm(), 2e-6);
    }
  }
}

// The cost's gradient by differences of the cost itself, under each loss.
TEST(ViewNormal, GradientAgreesWithDifferencesOfTheCost) {
  for (const Lens& lens : Lenses()) {
    const RigidTransform pose{RotationFromVector({0.3, -0.4, 0.2}), {-0.2, 0.1, 2.0}};
    std::vector<Sighting> sightings;
    for (int i = 0; i < 12; ++i) {
      const Eigen::Vector3d x(0.1 * (i % 4), 0.1 * (i / 4), 0.0);
      Eigen::Vector2d xy;
      ASSERT_TRUE(ProjectPixel(lens.kind, lens.intrinsics.data(), pose * x, &xy));
      sightings.push_back({x, xy + Eigen::Vector2d(std::sin(5.0 * i), 4.0 * std::cos(3.0 * i)),
                           1.0 / (1.0 + 0.1 * i)});
    }
    std::vector<std::uint8_t> use(sightings.size(), 1);
    use[3] = 0;
    for (const double scale : {0.0, 1.5}) {
      ViewNormal normal;
      ASSERT_TRUE(LinearizeView(lens.kind, lens.intrinsics.data(), pose, sightings, use.data(),
                                RobustLoss{scale}, &normal));
      const auto cost_at = [&](Eigen::Index parameter, double step) {
        std::vector<double> intrinsics = lens.intrinsics;
        RigidTransform moved = pose;
        const auto K = static_cast<Eigen::Index>(intrinsics.size());
        if (parameter < K) {
          intrinsics[static_cast<std::size_t>(parameter)] += step;
        } else if (parameter < K + 3) {
          moved.rotation =
              RotationFromVector(step * Eigen::Vector3d::Unit(parameter - K)) * pose.rotation;
        } else {
          moved.translation += step * Eigen::Vector3d::Unit(parameter - K - 3);
        }
        double cost = 0.0;
        EXPECT_TRUE(CostOfView(lens.kind, intrinsics.data(), moved, sightings, use.data(),
                               RobustLoss{scale}, &cost));
        return cost;
      };
      EXPECT_NEAR(normal.cost, cost_at(0, 0.0), 1e-12 * normal.cost);
      for (Eigen::Index i = 0; i < normal.g.size(); ++i) {
        // A step that changes pixels by about a thousandth.
        const double step = 1e-2 / std::sqrt(normal.H(i, i) + 1e-12);
        const double numeric = (cost_at(i, step) - cost_at(i, -step)) / (2.0 * step);
        EXPECT_NEAR(numeric, normal.g[i], 1e-3 * std::abs(normal.g[i]) + 1e-3 / step * 1e-2)
            << "parameter " << i << " scale " << scale;
      }
    }
  }
}

}  // namespace
}  // namespace medius::calibration
