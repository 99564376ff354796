// The parts of gap filling: body frame, autocovariance and kriging, marker groups, history.

#include <array>
#include <cmath>
#include <random>

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <gtest/gtest.h>

#include "reconstruct/body_frame.hpp"
#include "reconstruct/gap_kriging.hpp"
#include "reconstruct/gap_task.hpp"
#include "reconstruct/marker_groups.hpp"
#include "reconstruct/marker_history.hpp"

namespace medius::reconstruct {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;

Matrix3d Turn(double angle, const Vector3d& axis) {
  return Eigen::AngleAxisd(angle, axis.normalized()).toRotationMatrix();
}

TEST(BodyFrame, IsTheTurnThatTheMarkersMade) {
  // Flat, so that a mirror image would fit as well.
  const std::vector<Vector3d> shape = {
      {0.1, 0.0, 0.0}, {-0.1, 0.05, 0.0}, {0.0, -0.1, 0.0}, {0.0, 0.05, 0.0}};
  for (const double angle : {0.0, 0.3, 1.5, 3.1, 3.14159}) {
    const Matrix3d turn = Turn(angle, {0.3, -0.5, 0.9});
    std::vector<Vector3d> x;
    for (const Vector3d& p : shape) x.push_back(turn * p + Vector3d(1.0, 2.0, 3.0));
    const BodyFrame frame = FitBodyFrame(shape, x);
    EXPECT_LT((frame.lab_from_body - turn).norm(), 1e-6) << angle;
    EXPECT_NEAR(frame.lab_from_body.determinant(), 1.0, 1e-12);
    EXPECT_LT((frame.ToLab(frame.ToBody(x[0])) - x[0]).norm(), 1e-12);
    EXPECT_LT((frame.origin - Vector3d(1.0, 2.0, 3.0)).norm(), 1e-12);
  }
}

TEST(BodyFrame, KeepsTheAxesOfTheLabWithThreeMarkersOrACloudWithoutShape) {
  const std::vector<Vector3d> three = {{0.1, 0.0, 0.0}, {-0.1, 0.0, 0.0}, {0.0, 0.0, 0.0}};
  EXPECT_EQ(FitBodyFrame(three, three).lab_from_body, Matrix3d::Identity());
  const std::vector<Vector3d> same(5, Vector3d::Zero());
  EXPECT_EQ(FitBodyFrame(same, same).lab_from_body, Matrix3d::Identity());
}

TEST(MeanShape, TurnsTheInstantsOntoEachOther) {
  const std::vector<Vector3d> shape = {
      {0.1, 0.0, 0.0}, {-0.1, 0.1, 0.0}, {0.0, -0.1, 0.1}, {0.0, 0.0, -0.1}};
  std::vector<std::vector<Vector3d>> instants;
  for (int i = 0; i < 9; ++i) {
    std::vector<Vector3d>& x = instants.emplace_back();
    for (const Vector3d& p : shape) x.push_back(Turn(0.4 * i, {1, 2, 3}) * p + Vector3d(i, 0, 0));
  }
  const std::vector<Vector3d> mean = MeanShape(instants);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_NEAR((mean[i] - mean[j]).norm(), (shape[i] - shape[j]).norm(), 1e-9);
    }
  }
}

// x(t) = 0.9 x(t-1) + noise has covariance 0.9^lag; white noise of variance 0.25 on top.
std::vector<Vector3d> RedNoise(std::size_t count) {
  std::mt19937_64 random(3);
  const auto uniform = [&] { return static_cast<double>(random() % 2000001) / 1e6 - 1.0; };
  const auto unit = [&] { return (uniform() + uniform() + uniform()); };  // variance 1
  std::vector<Vector3d> series;
  double x = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    x = 0.9 * x + std::sqrt(1.0 - 0.81) * unit();
    series.emplace_back(x + 0.5 * unit(), 2.0 * x, 0.0);
  }
  return series;
}

TEST(Autocovariance, IsThatOfAKnownProcess) {
  // 1 sd of an estimate from n samples with correlation time 10: sqrt(2 * 10 / n) = 0.016.
  const Autocovariance covariance(RedNoise(80000), 2, 40);
  EXPECT_NEAR(covariance.Variance(0), 1.25, 0.06);
  EXPECT_NEAR(covariance.At(0, 2), 0.9, 0.06);
  EXPECT_NEAR(covariance.At(0, -10), std::pow(0.9, 5), 0.06);
  EXPECT_NEAR(covariance.At(0, 3), (0.9 + 0.81) / 2.0, 0.06);
  EXPECT_NEAR(covariance.At(1, 2), 4.0 * 0.9, 0.24);
  EXPECT_NEAR(covariance.Nugget(0), 1.25 - 0.9 - 0.09 / 3.0, 0.06);
  EXPECT_EQ(covariance.At(0, 1000), 0.0);
}

TEST(Autocovariance, LeavesOutWhatIsMissing) {
  std::vector<Vector3d> series = RedNoise(80000);
  for (std::size_t i = 0; i < series.size(); i += 5) series[i].setConstant(std::nan(""));
  const Autocovariance covariance(series, 2, 40);
  EXPECT_NEAR(covariance.Variance(0), 1.25, 0.07);
  EXPECT_NEAR(covariance.At(0, 2), 0.9, 0.07);
}

// A Markov process without noise: between two ends only those count, with the weights and the
// variance of a bridge (here over three steps: r = 0.9).
TEST(MatchEnds, IsTheBridgeOfAMarkovProcess) {
  std::vector<Vector3d> series = RedNoise(200000);
  const Autocovariance covariance(series, 1, 40);
  const std::vector<std::ptrdiff_t> nodes = {-1, 2};
  const EndMatching matching = MatchEnds(covariance, nodes, {0.0, 0.0}, 2);
  const double r = 0.9;
  const double det = 1.0 - std::pow(r, 6);
  const double near = (r - r * r * std::pow(r, 3)) / det;
  const double far = (r * r - r * std::pow(r, 3)) / det;
  EXPECT_NEAR(matching.weights[1](0, 0), near, 0.03);
  EXPECT_NEAR(matching.weights[1](1, 0), far, 0.03);
  EXPECT_NEAR(matching.weights[1](0, 1), far, 0.03);
  EXPECT_NEAR(matching.variance(1, 0), 4.0 * (1.0 - r * near - r * r * far), 0.08);
}

TEST(MatchEnds, HeedsAnEndLessThatIsLessCertain) {
  const Autocovariance covariance(RedNoise(20000), 1, 40);
  const EndMatching same = MatchEnds(covariance, {-1, 1}, {0.0, 0.0}, 1);
  const EndMatching worse = MatchEnds(covariance, {-1, 1}, {2.0, 0.0}, 1);
  EXPECT_LT(worse.weights[0](0, 0), 0.7 * same.weights[0](0, 0));
  EXPECT_GT(worse.weights[0](1, 0), same.weights[0](1, 0));
  EXPECT_GT(worse.variance(0, 0), same.variance(0, 0));
}

TEST(MatchEnds, GivesFiniteWeightsWhereTheResidualIsNothing) {
  const Autocovariance covariance(std::vector<Vector3d>(100, Vector3d::Zero()), 2, 40);
  const EndMatching matching = MatchEnds(covariance, {-2, -1, 5}, {0.0, 0.0, 0.0}, 5);
  EXPECT_TRUE(matching.weights[0].allFinite());
  EXPECT_GT(matching.variance.minCoeff(), 0.0);
}

TEST(MarkerGroups, ComeFromClustersAndRoles) {
  MarkerSet set;
  set.roles = {{"right_asis", "RA"},
               {"left_psis", "LP"},
               {"right_heel", "HEEL"},
               {"right_lateral_malleolus", "ANK"},
               {"left_toe", "not in the trial"}};
  set.clusters = {{"right_shank", {"S1", "S2"}}, {"right_foot", {"HEEL"}}};
  const MarkerGroups groups =
      GroupsFromMarkerSet(set, {"S1", "RA", "ANK", "HEEL", "LP", "stray", "S2"});
  EXPECT_TRUE(groups.Together(0, 6));
  EXPECT_TRUE(groups.Together(0, 2));
  EXPECT_TRUE(groups.Together(1, 4));
  EXPECT_FALSE(groups.Together(3, 0));
  EXPECT_FALSE(groups.Together(5, 5));
  EXPECT_TRUE(groups.HasGroup(3));
  EXPECT_FALSE(groups.HasGroup(5));
  EXPECT_FALSE(MarkerGroups().Together(0, 0));
}

TEST(MarkerHistory, ShowsAPassWhatEarlierOnesFilled) {
  TrajectoryBlock block({0, 3}, 2);
  MarkerSample sample = MarkerSample::Missing();
  sample.position = {1.0, 2.0, 3.0};
  sample.covariance = 4.0 * Matrix3d::Identity();
  sample.source = SampleSource::kMeasured;
  block.Set(0, MarkerId(1), sample);
  block.Set(2, MarkerId(1), sample);
  MarkerHistory history(2);
  history.Append(block);
  EXPECT_TRUE(history.IsSeen(1, 0));
  EXPECT_FALSE(history.IsKnown(1, 1, 9));
  sample.source = SampleSource::kFilledRigid;
  history.Fill(1, 1, sample, 2);
  EXPECT_FALSE(history.IsKnown(1, 1, 2));
  EXPECT_TRUE(history.IsKnown(1, 1, 3));
  EXPECT_FALSE(history.IsSeen(1, 1));
  EXPECT_TRUE(history.IsKnownAll(1, {0, 3}, 3));
  EXPECT_FALSE(history.IsKnownAll(1, {0, 3}, 2));
  EXPECT_EQ(history.Variance(1, 1), 4.0);
  EXPECT_EQ(history.Copy({1, 1}).Source(0, MarkerId(1)), SampleSource::kFilledRigid);
  history.DropBefore(2);
  EXPECT_EQ(history.begin(), 2U);
  EXPECT_EQ(history.Position(1, 2), Vector3d(1.0, 2.0, 3.0));
}

TEST(PlacesOver, AreEvenAndHoldBothEnds) {
  EXPECT_EQ(PlacesOver(1, 5), (std::vector<std::size_t>{0}));
  EXPECT_EQ(PlacesOver(3, 5), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(PlacesOver(9, 5), (std::vector<std::size_t>{0, 2, 4, 6, 8}));
}

}  // namespace
}  // namespace medius::reconstruct
