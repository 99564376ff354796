#include <bit>
#include <cmath>

#include <Eigen/LU>
#include <gtest/gtest.h>

#include "reconstruct/triangulation.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

// Moves a sighting by `distance` pixels in a random direction.
void Displace(Sighting* sighting, double distance, std::mt19937_64& random) {
  std::uniform_real_distribution<double> angle(0.0, 6.283185307179586);
  const double a = angle(random);
  sighting->xy += distance * Eigen::Vector2d(std::cos(a), std::sin(a));
}

struct Score {
  int exactly_found = 0;  // the bad views and no other
  int missing = 0;        // not computed
  int wrong = 0;          // computed with a bad view or without a good one
  double whitened = 0.0;  // squared error over covariance, summed over the exactly found
};

Score RejectOften(int cameras, int bad, double smallest_px, double largest_px, int points) {
  const CameraRig rig = RingOfCameras(cameras);
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(static_cast<std::uint64_t>(1000 * cameras + bad));
  std::uniform_real_distribution<double> distance(smallest_px, largest_px);
  Score score;
  for (int i = 0; i < points; ++i) {
    const Eigen::Vector3d truth = PointInVolume(random);
    std::vector<Sighting> sightings = Look(rig, truth, 0.3, random);
    ViewSet is_bad = 0;
    while (std::popcount(is_bad) < bad) {
      const auto view = static_cast<std::size_t>(random() % static_cast<std::uint64_t>(cameras));
      if ((is_bad >> view & 1U) != 0) continue;
      is_bad |= ViewSet{1} << view;
      Displace(&sightings[view], distance(random), random);
    }
    const TriangulatedPoint point = triangulator.Triangulate(sightings);
    if (point.status != PointStatus::kComputed) {
      EXPECT_EQ(point.status, PointStatus::kViewsDisagree);
      ++score.missing;
    } else if (point.rejected == is_bad) {
      ++score.exactly_found;
      const Eigen::Vector3d error = point.sample.position - truth;
      score.whitened += error.dot(point.sample.covariance.inverse() * error);
      EXPECT_EQ(point.sample.rays, cameras - bad);
    } else {
      ++score.wrong;
    }
  }
  return score;
}

constexpr int kPoints = 2000;
// Chi-square with 3 degrees of freedom.
const double kWhitenedTolerance = 4.0 * std::sqrt(6.0 / kPoints);

TEST(RejectBadViews, NamesOneBadViewOfEight) {
  const Score score = RejectOften(8, 1, 5.0, 500.0, kPoints);
  EXPECT_EQ(score.exactly_found, kPoints);
  EXPECT_NEAR(score.whitened / score.exactly_found, 3.0, kWhitenedTolerance);
}

TEST(RejectBadViews, NamesOneBadViewOfFour) {
  const Score score = RejectOften(4, 1, 10.0, 500.0, kPoints);
  EXPECT_GE(score.exactly_found, kPoints * 99 / 100);
  EXPECT_LE(score.wrong, kPoints / 1000);
}

TEST(RejectBadViews, NamesTwoAndThreeBadViewsOfEight) {
  const Score two = RejectOften(8, 2, 5.0, 500.0, kPoints);
  EXPECT_GE(two.exactly_found, kPoints * 999 / 1000);
  EXPECT_NEAR(two.whitened / two.exactly_found, 3.0, kWhitenedTolerance);
  const Score three = RejectOften(8, 3, 5.0, 500.0, kPoints);
  EXPECT_GE(three.exactly_found, kPoints * 99 / 100);
  EXPECT_LE(three.wrong, kPoints / 1000);
}

TEST(RejectBadViews, OfThreeNamesTheBadOneOrNone) {
  // A view displaced along the line on which another camera sees the point cannot be told: the
  // point is missing rather than wrong.
  const Score score = RejectOften(3, 1, 10.0, 500.0, kPoints);
  EXPECT_GE(score.exactly_found, kPoints * 9 / 10);
  EXPECT_LE(score.wrong, kPoints / 200);
}

TEST(RejectBadViews, TwoViewsThatDisagreeAreMissing) {
  const CameraRig rig = RingOfCameras(3);
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(21);
  std::vector<Sighting> sightings = Look(rig, {0.1, 0.0, 1.0}, 0.3, random);
  sightings.resize(2);
  // The cameras stand side by side, so that up and down lies across the line of the other's ray.
  sightings[1].xy.y() += 20.0;
  const TriangulatedPoint point = triangulator.Triangulate(sightings);
  EXPECT_EQ(point.status, PointStatus::kViewsDisagree);
  EXPECT_EQ(point.rejected, 0U);
  EXPECT_TRUE(point.sample.position.array().isNaN().all());
}

TEST(RejectBadViews, TwoAgainstTwoAreMissing) {
  const CameraRig rig = RingOfCameras(4);
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(22);
  std::vector<Sighting> here = Look(rig, {0.1, 0.0, 1.0}, 0.3, random);
  const std::vector<Sighting> there = Look(rig, {0.1, 0.3, 1.2}, 0.3, random);
  here[2] = there[2];
  here[3] = there[3];
  EXPECT_EQ(triangulator.Triangulate(here).status, PointStatus::kViewsDisagree);
}

TEST(RejectBadViews, AMirrorSightingFromAnotherMarkerIsNamedInAnyCamera) {
  const CameraRig rig = RingOfCameras(5);
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(23);
  const std::vector<Sighting> right = Look(rig, {0.0, -0.12, 1.0}, 0.3, random);
  const std::vector<Sighting> left = Look(rig, {0.0, 0.12, 1.0}, 0.3, random);
  for (std::size_t c = 0; c < right.size(); ++c) {
    std::vector<Sighting> swapped = right;
    swapped[c] = left[c];
    const TriangulatedPoint point = triangulator.Triangulate(swapped);
    ASSERT_EQ(point.status, PointStatus::kComputed);
    EXPECT_EQ(point.rejected, ViewSet{1} << c);
  }
}

TEST(RejectBadViews, CanBeTurnedOff) {
  const CameraRig rig = RingOfCameras(5);
  TriangulationOptions options;
  options.reject_bad_views = false;
  const Triangulator triangulator(rig, options);
  std::mt19937_64 random(24);
  std::vector<Sighting> sightings = Look(rig, {0.1, 0.0, 1.0}, 0.3, random);
  sightings[3].xy.x() += 50.0;
  const TriangulatedPoint point = triangulator.Triangulate(sightings);
  EXPECT_EQ(point.status, PointStatus::kComputed);
  EXPECT_EQ(point.sample.rays, 5);
  EXPECT_GT(point.sample.residual_px, 5.0);
}

}  // namespace
}  // namespace medius::reconstruct
