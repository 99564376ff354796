#include <cmath>

#include <gtest/gtest.h>

#include "calibration/frame_sample.hpp"
#include "calibration/free_points.hpp"
#include "calibration/move_test.hpp"
#include "calibration/point_gathering.hpp"
#include "calibration/rig_adjustment.hpp"
#include "tests/calibration/running_scene.hpp"

namespace medius::calibration {
namespace {

// Percentage points of chi-square (Abramowitz & Stegun 1964, table 26.8) and of F (table 26.9).
TEST(TailProbability, AgreesWithTables) {
  const double known = 1e12;
  EXPECT_NEAR(TailProbability(12.5916, 6, known), 0.05, 1e-5);
  EXPECT_NEAR(TailProbability(22.4577, 6, known), 0.001, 1e-6);
  EXPECT_NEAR(TailProbability(3.84146, 1, known), 0.05, 1e-5);
  EXPECT_NEAR(TailProbability(6 * 2.2541, 6, 60.0), 0.05, 1e-4);   // F(6, 60)
  EXPECT_NEAR(TailProbability(6 * 2.1750, 6, 120.0), 0.05, 1e-4);  // F(6, 120)
  EXPECT_EQ(TailProbability(0.0, 6, 60.0), 1.0);
}

FreePoints SomePoints(const CameraRig& rig, double sigma) {
  RunningSceneOptions options;
  options.frames = 10;
  options.sigma = sigma;
  options.false_sightings = 0.0;
  const RunningScene scene = RecordRun(rig, options);
  FreePoints points = GatherByLabel(rig, scene.seen, scene.time, {});
  FitFreePoints(rig, 0.0, Parallelism(1), &points);
  return points;
}

double CostOf(const CameraRig& rig, FreePoints points) {
  FitFreePoints(rig, 0.0, Parallelism(1), &points);
  double cost = 0.0;
  for (const PointSighting& sighting : points.sightings) cost += 0.5 * sighting.squared;
  return cost;
}

// The gradient of the cost with the points fitted anew is -b, and its derivative A.
TEST(RigNormal, IsTheDerivativeOfTheCostWithTheBestPoints) {
  const CameraRig truth = RingOf(4, 1);
  const FreePoints points = SomePoints(truth, 0.3);
  const RigNormal normal = NormalOfPoints(truth, points, LayoutOf(truth, IntrinsicColumns::kZoom),
                                          IntrinsicColumns::kZoom, 0, points.points.size());
  for (Eigen::Index column = 0; column < normal.b.size(); ++column) {
    const double step = 1e-5;
    Eigen::VectorXd change = Eigen::VectorXd::Zero(normal.b.size());
    change(column) = step;
    const double up = CostOf(MovedRig(truth, change), points);
    const double down = CostOf(MovedRig(truth, -change), points);
    const double middle = CostOf(truth, points);
    const double scale = std::sqrt(normal.A(column, column));
    EXPECT_NEAR(-(up - down) / (2.0 * step), normal.b(column), 0.02 * scale) << column;
    // Gauss-Newton leaves out the curvature of the projection, of the order of the residuals.
    EXPECT_NEAR((up - 2.0 * middle + down) / (step * step), normal.A(column, column),
                0.02 * normal.A(column, column))
        << column;
  }
}

TEST(RigNormal, DoesNotSeeMotionsOfTheWholeRig) {
  const CameraRig truth = RingOf(4, 2);
  const FreePoints points = SomePoints(truth, 1e-3);
  const CameraLayout layout = LayoutOf(truth, IntrinsicColumns::kAll);
  const RigNormal normal =
      NormalOfPoints(truth, points, layout, IntrinsicColumns::kAll, 0, points.points.size());
  std::vector<RigidTransform> places;
  for (const Camera& camera : truth.cameras) places.push_back(camera.camera_from_lab);
  const Eigen::MatrixXd motions = LabMotions(layout, places);
  const double without_points = normal.A.diagonal().maxCoeff();
  EXPECT_LT((motions.transpose() * normal.A * motions).cwiseAbs().maxCoeff(),
            1e-9 * without_points);
}

// A zoom that a move mimics to 98 %, and five more numbers of the move that noise alone fills.
TEST(Explain, DoesNotTakeAMoveOfSixNumbersForAZoomOfOne) {
  const Eigen::VectorXd unknown = Eigen::VectorXd::Zero(7);
  RigNormal first{1e9 * Eigen::MatrixXd::Identity(7, 7), unknown};
  RigNormal second{Eigen::MatrixXd::Identity(7, 7), unknown};
  second.A(0, 1) = second.A(1, 0) = 0.98;
  const double zoom = std::sqrt(40.0);
  second.b << zoom, 0.98 * zoom, 0.9, 0.9, 0.9, 0.9, 0.9;
  const MoveTest test = MoveTest::OfChange(first, second, Eigen::VectorXd::Zero(7));
  const Suspicion zoomed{0, Suspicion::Kind::kZoomed};
  const Suspicion moved{0, Suspicion::Kind::kMoved};
  // Chi-square alone prefers the move.
  ASSERT_GT(test.Reduction({moved}), test.Reduction({zoomed}));
  const Explanation explanation = Explain(test, {true}, 1, 1e-3, 1e6);
  ASSERT_EQ(explanation.suspicions.size(), 1U);
  EXPECT_EQ(explanation.suspicions[0], zoomed);
}

TEST(FramesToCheck, AreSpreadAndDiffer) {
  const std::vector<std::size_t> frames = FramesToCheck(12001, 2000);
  ASSERT_EQ(frames.size(), 2000U);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_GE(frames[i], static_cast<std::size_t>(static_cast<double>(i) * 6.0005));
    EXPECT_LE(frames[i], static_cast<std::size_t>(static_cast<double>(i + 1) * 6.0005));
  }
  EXPECT_EQ(FramesToCheck(3, 10).size(), 3U);
  EXPECT_TRUE(FramesToCheck(0, 10).empty());
}

}  // namespace
}  // namespace medius::calibration
