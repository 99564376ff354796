#include <cmath>
#include <random>
#include <vector>

#include <Eigen/Geometry>
#include <Eigen/SVD>
#include <gtest/gtest.h>

#include "analysis/rigid_fit.hpp"

namespace medius::analysis {
namespace {

using Points = std::vector<Eigen::Vector3d>;

class RigidFitTest : public ::testing::Test {
 protected:
  Eigen::Vector3d RandomVector(double scale) {
    std::normal_distribution<double> normal(0.0, scale);
    return {normal(random_), normal(random_), normal(random_)};
  }
  Eigen::Matrix3d RandomRotation() {
    std::normal_distribution<double> normal(0.0, 1.0);
    Eigen::Quaterniond q(normal(random_), normal(random_), normal(random_), normal(random_));
    return q.normalized().toRotationMatrix();
  }
  Points RandomCluster(std::size_t count) {
    Points points;
    for (std::size_t i = 0; i < count; ++i) points.push_back(RandomVector(0.08));
    return points;
  }
  Points Moved(const Points& points, const RigidTransform& transform, double noise = 0.0) {
    Points moved;
    for (const auto& p : points) moved.push_back(transform * p + RandomVector(noise));
    return moved;
  }

  std::mt19937_64 random_{7};
};

// The textbook solution by SVD (Soderkvist & Wedin 1993).
Eigen::Matrix3d RotationBySvd(const Points& local, const Points& measured) {
  Eigen::Vector3d p = Eigen::Vector3d::Zero(), q = Eigen::Vector3d::Zero();
  for (std::size_t i = 0; i < local.size(); ++i) {
    p += local[i] / static_cast<double>(local.size());
    q += measured[i] / static_cast<double>(local.size());
  }
  Eigen::Matrix3d h = Eigen::Matrix3d::Zero();
  for (std::size_t i = 0; i < local.size(); ++i)
    h += (measured[i] - q) * (local[i] - p).transpose();
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(h, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const double sign = (svd.matrixU() * svd.matrixV().transpose()).determinant();
  return svd.matrixU() * Eigen::Vector3d(1, 1, sign).asDiagonal() * svd.matrixV().transpose();
}

TEST_F(RigidFitTest, RecoversAnyExactMotion) {
  for (int i = 0; i < 500; ++i) {
    const Points local = RandomCluster(3 + static_cast<std::size_t>(i % 4));
    const RigidTransform truth{RandomRotation(), RandomVector(3.0)};
    const RigidFit fit = FitRigid(local, Moved(local, truth));
    ASSERT_TRUE(fit.fitted());
    EXPECT_LT((fit.target_from_local.rotation - truth.rotation).norm(), 1e-12);
    EXPECT_LT((fit.target_from_local.translation - truth.translation).norm(), 1e-12);
    EXPECT_LT(fit.rms, 1e-12);
    EXPECT_LT(RotationError(fit.target_from_local.rotation), 1e-14);
  }
}

TEST_F(RigidFitTest, IsTheLeastSquaresRotationOfTheSvd) {
  for (int i = 0; i < 500; ++i) {
    const Points local = RandomCluster(4);
    const Points measured = Moved(local, {RandomRotation(), RandomVector(1.0)}, 0.02);
    const RigidFit fit = FitRigid(local, measured);
    ASSERT_TRUE(fit.fitted());
    EXPECT_LT((fit.target_from_local.rotation - RotationBySvd(local, measured)).norm(), 1e-10);
  }
}

TEST_F(RigidFitTest, NeverMirrors) {
  for (int i = 0; i < 200; ++i) {
    const Points local = RandomCluster(5);
    Points mirrored = local;
    for (auto& p : mirrored) p.x() = -p.x();
    const RigidFit fit = FitRigid(local, mirrored);
    if (!fit.fitted()) continue;  // a mirror can leave no best rotation
    EXPECT_LT(RotationError(fit.target_from_local.rotation), 1e-12);
    EXPECT_LT((fit.target_from_local.rotation - RotationBySvd(local, mirrored)).norm(), 1e-6);
  }
}

TEST_F(RigidFitTest, KeepsAFlatClusterTheRightWayUp) {
  const Points local = {{0, 0, 0}, {0.1, 0, 0}, {0, 0.06, 0}, {0.1, 0.06, 0}};
  const RigidTransform truth{RandomRotation(), RandomVector(1.0)};
  const RigidFit fit = FitRigid(local, Moved(local, truth, 0.0005));
  ASSERT_TRUE(fit.fitted());
  EXPECT_GT((fit.target_from_local.rotation.transpose() * truth.rotation).trace(), 2.99);
}

TEST_F(RigidFitTest, RefitsWithTheMarkersThatRemain) {
  const Points local = RandomCluster(5);
  const RigidTransform truth{RandomRotation(), RandomVector(1.0)};
  Points measured = Moved(local, truth);
  measured[1].y() = std::nan("");
  const RigidFit fit = FitRigid(local, measured);
  ASSERT_TRUE(fit.fitted());
  EXPECT_EQ(fit.marker_count, 4U);
  EXPECT_LT((fit.target_from_local.rotation - truth.rotation).norm(), 1e-12);
}

TEST_F(RigidFitTest, SaysWhenNoPoseCanBeHad) {
  Points local = RandomCluster(4);
  Points measured = local;
  measured[0].setConstant(std::nan(""));
  measured[3].setConstant(std::nan(""));
  const RigidFit two = FitRigid(local, measured);
  EXPECT_EQ(two.status, RigidFitStatus::kTooFewMarkers);
  EXPECT_TRUE(std::isnan(two.target_from_local.rotation(0, 0)));
  EXPECT_TRUE(std::isnan(two.rms));

  const Points line = {{0, 0, 0}, {0.1, 0, 0}, {0.2, 0.0001, 0}, {0.3, 0, 0}};
  EXPECT_EQ(FitRigid(line, line).status, RigidFitStatus::kCollinear);
  const Points heap(4, Eigen::Vector3d(1.0, 2.0, 3.0));
  EXPECT_EQ(FitRigid(heap, heap).status, RigidFitStatus::kCollinear);
  EXPECT_EQ(FitRigid(local, heap).status, RigidFitStatus::kCollinear);
  EXPECT_EQ(FitRigid({}, {}).status, RigidFitStatus::kTooFewMarkers);
}

TEST_F(RigidFitTest, ResidualIsRmsOverMarkers) {
  // A square whose corners are pulled out by 1 mm along x: no rotation, residual 1 mm.
  const Points local = {{-1, -1, 0}, {1, -1, 0}, {1, 1, 0}, {-1, 1, 0}};
  const Points measured = {{-1.001, -1, 0}, {1.001, -1, 0}, {1.001, 1, 0}, {-1.001, 1, 0}};
  EXPECT_NEAR(FitRigid(local, measured).rms, 0.001, 1e-12);
}

TEST_F(RigidFitTest, PredictedCovarianceIsTheSampledSpread) {
  constexpr int kSamples = 20000;
  const Points local = RandomCluster(4);
  const RigidTransform truth{RandomRotation(), RandomVector(1.0)};
  const Points exact = Moved(local, truth);
  // Each marker has an ellipsoid of its own, about a millimetre large.
  std::vector<Eigen::Matrix3d> root, covariance;
  for (std::size_t i = 0; i < local.size(); ++i) {
    Eigen::Matrix3d m;
    m << RandomVector(0.0006), RandomVector(0.0006), RandomVector(0.0006);
    root.push_back(m);
    covariance.push_back(m * m.transpose());
  }
  Eigen::Matrix3d spread = Eigen::Matrix3d::Zero();
  for (int n = 0; n < kSamples; ++n) {
    Points measured = exact;
    for (std::size_t i = 0; i < measured.size(); ++i) measured[i] += root[i] * RandomVector(1.0);
    const Eigen::AngleAxisd error(truth.rotation *
                                  FitRigid(local, measured).target_from_local.rotation.transpose());
    const Eigen::Vector3d d = error.angle() * error.axis();
    spread += d * d.transpose() / kSamples;
  }
  const Eigen::Matrix3d predicted =
      RotationCovariance(FitRigid(local, exact), local, exact, covariance);
  // A sampled variance has a relative sd of sqrt(2 / n) = 1 %; five of them, of the largest entry.
  const double tolerance = 5.0 * std::sqrt(2.0 / kSamples) * predicted.diagonal().maxCoeff();
  EXPECT_LT((spread - predicted).cwiseAbs().maxCoeff(), tolerance) << spread << "\n" << predicted;
}

}  // namespace
}  // namespace medius::analysis
