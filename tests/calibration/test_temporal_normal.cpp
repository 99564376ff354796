#include <cstdint>
#include <random>
#include <vector>

#include <Eigen/LU>
#include <gtest/gtest.h>

#include "calibration/temporal_normal.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kKnots = 5;
constexpr int kCameras = 4;
constexpr int kSize = static_cast<int>(kKnots) * kKnotSize + kCameras;
constexpr double kRounding = 1e-9;

// A random positive definite arrow: J^T J with rows that touch one knot and the next and the
// cameras.
struct Example {
  ArrowNormal arrow;
  Eigen::MatrixXd dense = Eigen::MatrixXd::Zero(kSize, kSize);
  Eigen::VectorXd g = Eigen::VectorXd::Zero(kSize);
};

Example MakeExample() {
  Example example;
  std::mt19937_64 random(5);
  const auto number = [&] { return static_cast<double>(random() >> 11U) * 0x1.0p-53 - 0.5; };
  for (std::size_t k = 0; k < kKnots; ++k) {
    for (int row = 0; row < 30; ++row) {
      Eigen::VectorXd J = Eigen::VectorXd::Zero(kSize);
      const int last = k + 1 < kKnots ? 2 * kKnotSize : kKnotSize;
      for (int i = 0; i < last; ++i) J[static_cast<int>(k) * kKnotSize + i] = number();
      for (int i = 0; i < kCameras; ++i) J[kSize - kCameras + i] = number();
      example.dense += J * J.transpose();
      example.g += number() * J;
    }
  }
  ArrowNormal& arrow = example.arrow;
  for (std::size_t k = 0; k < kKnots; ++k) {
    const auto at = static_cast<Eigen::Index>(k) * kKnotSize;
    arrow.diagonal.emplace_back(example.dense.block<kKnotSize, kKnotSize>(at, at));
    arrow.next.push_back(KnotMatrix::Zero());
    if (k + 1 < kKnots) {
      arrow.next.back() = example.dense.block<kKnotSize, kKnotSize>(at, at + kKnotSize);
    }
    arrow.border.emplace_back(example.dense.block(at, kSize - kCameras, kKnotSize, kCameras));
    arrow.g.emplace_back(example.g.segment<kKnotSize>(at));
  }
  arrow.cameras = example.dense.bottomRightCorner(kCameras, kCameras);
  arrow.cameras_g = example.g.tail(kCameras);
  return example;
}

TEST(SolveArrow, GivesTheStepOfTheWholeMatrix) {
  const Example example = MakeExample();
  for (const double damping : {0.0, 0.3}) {
    Eigen::MatrixXd damped = example.dense;
    damped.diagonal() *= 1.0 + damping;
    const Eigen::VectorXd expected = -damped.partialPivLu().solve(example.g);
    const ArrowStep step = SolveArrow(EliminateKnots(example.arrow, damping));
    ASSERT_TRUE(step.valid);
    EXPECT_LT((step.cameras - expected.tail(kCameras)).norm(), kRounding);
    for (std::size_t k = 0; k < kKnots; ++k) {
      const auto at = static_cast<Eigen::Index>(k) * kKnotSize;
      EXPECT_LT((step.knots[k] - expected.segment<kKnotSize>(at)).norm(), kRounding);
    }
  }
}

TEST(EliminateKnots, LeavesTheInformationOfTheCameras) {
  const Example example = MakeExample();
  const Eigen::MatrixXd inverse = example.dense.inverse();
  const Eigen::MatrixXd covariance = EliminateKnots(example.arrow, 0.0).cameras.inverse();
  EXPECT_LT((covariance - inverse.bottomRightCorner(kCameras, kCameras)).norm(), kRounding);
}

TEST(KnotCovariances, AreThoseOfTheWholeMatrixWhereTheCamerasAreKnown) {
  const Example example = MakeExample();
  const int knots = kSize - kCameras;
  const Eigen::MatrixXd inverse = example.dense.topLeftCorner(knots, knots).inverse();
  const auto pairs = KnotCovariances(EliminateKnots(example.arrow, 0.0));
  for (std::size_t k = 0; k + 1 < kKnots; ++k) {
    const auto at = static_cast<Eigen::Index>(k) * kKnotSize;
    EXPECT_LT((pairs[k] - inverse.block<24, 24>(at, at)).norm(), kRounding) << k;
  }
}

TEST(SolveArrow, SaysThatTheCamerasAreFree) {
  Example example = MakeExample();
  example.arrow.cameras.row(0).setZero();
  example.arrow.cameras.col(0).setZero();
  EXPECT_FALSE(SolveArrow(EliminateKnots(example.arrow, 0.0)).valid);
}

}  // namespace
}  // namespace medius::calibration
