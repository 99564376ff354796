#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <Eigen/LU>
#include <gtest/gtest.h>

#include "calibration/ray_matching.hpp"
#include "core/error.hpp"
#include "tests/calibration/floor_scene.hpp"

namespace medius::calibration {
namespace {

using Pixels = std::vector<std::vector<Eigen::Vector2d>>;

std::vector<Eigen::Vector3d> RandomPoints(std::size_t count, SceneRandom* random) {
  std::vector<Eigen::Vector3d> points;
  for (std::size_t i = 0; i < count; ++i) {
    points.emplace_back(random->Uniform(-0.5, 0.5), random->Uniform(-0.5, 0.5),
                        random->Uniform(0.0, 1.4));
  }
  return points;
}

double DistanceToNearest(const Eigen::Vector3d& x, const std::vector<Eigen::Vector3d>& points) {
  double nearest = std::numeric_limits<double>::infinity();
  for (const Eigen::Vector3d& point : points) nearest = std::min(nearest, (x - point).norm());
  return nearest;
}

// Neighbours on the ring.
CameraRig FirstTwo(CameraRig rig) {
  rig.cameras.erase(rig.cameras.begin() + 2, rig.cameras.end());
  return rig;
}

TEST(MatchSightings, FindsFortyPointsAmongFalseSightingsInAnyOrder) {
  SceneRandom random(3);
  const CameraRig rig = RingRig(8);
  constexpr double kSigma = 0.3;
  std::size_t ambiguous = 0;
  for (int frame = 0; frame < 5; ++frame) {
    const std::vector<Eigen::Vector3d> points = RandomPoints(40, &random);
    Pixels xy = SightingsOf(rig, points, kSigma, &random);
    for (std::vector<Eigen::Vector2d>& seen : xy) {
      for (int ghost = 0; ghost < 4; ++ghost) {
        seen.emplace_back(random.Uniform(0.0, 1919.0), random.Uniform(0.0, 1079.0));
      }
      for (std::size_t i = seen.size(); i > 1; --i) std::swap(seen[i - 1], seen[random.Below(i)]);
    }
    const std::vector<MatchedPoint> found = MatchSightings(rig, xy, {});
    // The best forty are the forty; ghosts may meet three rays by chance, but with few rays.
    ASSERT_GE(found.size(), points.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i].sightings.size() < 5) continue;
      // 0.3 px at 4.2 m and 1350 px: 0.9 mm a ray; five sigma of the worst direction.
      EXPECT_LT(DistanceToNearest(found[i].x_in_lab, points), 5.0 * 0.9e-3) << i;
      ambiguous += found[i].ambiguous ? 1 : 0;
    }
    for (const Eigen::Vector3d& point : points) {
      std::vector<Eigen::Vector3d> all;
      for (const MatchedPoint& match : found) all.push_back(match.x_in_lab);
      EXPECT_LT(DistanceToNearest(point, all), 5.0 * 0.9e-3);
    }
  }
  // Forty points in some 300 x 450 px: two of one camera are rarely nearer than the noise.
  EXPECT_LE(ambiguous, 10U);
}

TEST(MatchSightings, GivesASightingToOnePointOnly) {
  SceneRandom random(5);
  const CameraRig rig = RingRig(6);
  const Pixels xy = SightingsOf(rig, RandomPoints(60, &random), 0.3, &random);
  std::vector<std::vector<int>> used;
  for (const auto& seen : xy) used.emplace_back(seen.size(), 0);
  for (const MatchedPoint& match : MatchSightings(rig, xy, {})) {
    EXPECT_TRUE(std::is_sorted(
        match.sightings.begin(), match.sightings.end(),
        [](const SightingId& a, const SightingId& b) { return a.camera < b.camera; }));
    for (const SightingId& id : match.sightings) {
      EXPECT_EQ(++used[id.camera.index()][id.sighting], 1);
    }
  }
}

TEST(MatchSightings, StatesCovarianceOfUnitPixels) {
  SceneRandom random(7);
  const CameraRig rig = RingRig(6);
  const Eigen::Vector3d point(0.1, -0.2, 0.5);
  constexpr double kSigma = 0.3;
  constexpr int kDraws = 400;
  double sum = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const auto found = MatchSightings(rig, SightingsOf(rig, {point}, kSigma, &random), {});
    ASSERT_EQ(found.size(), 1U);
    const Eigen::Vector3d error = found[0].x_in_lab - point;
    sum += error.dot(found[0].covariance.inverse() * error) / (kSigma * kSigma);
  }
  // Chi squared with 3 degrees of freedom, mean of 400: 3 +- sqrt(6 / 400), five sigma.
  EXPECT_NEAR(sum / kDraws, 3.0, 5.0 * std::sqrt(6.0 / kDraws));
}

TEST(MatchSightings, TwoCamerasMatchWhereTwoRaysSuffice) {
  SceneRandom random(9);
  const CameraRig pair = FirstTwo(RingRig(5));
  const std::vector<Eigen::Vector3d> points = {{0.3, 0.1, 0.0}, {0.0, 0.2, 0.9}};
  const Pixels xy = SightingsOf(pair, points, 0.1, &random);
  EXPECT_TRUE(MatchSightings(pair, xy, {}).empty());
  RayMatchOptions options;
  options.min_rays = 2;
  const auto found = MatchSightings(pair, xy, options);
  ASSERT_EQ(found.size(), 2U);
  for (const MatchedPoint& match : found) {
    EXPECT_LT(DistanceToNearest(match.x_in_lab, points), 3e-3);
  }
}

TEST(MatchSightings, SaysWhereAnotherPointWantedTheSameSighting) {
  const CameraRig pair = FirstTwo(RingRig(4));
  SceneRandom random(1);
  RayMatchOptions options;
  options.min_rays = 2;
  // Both points lie in one epipolar plane of the two cameras: either pairing meets.
  const Eigen::Vector3d a(0.2, 0.1, 0.4);
  const Eigen::Vector3d middle =
      0.5 * (pair.cameras[0].CentreInLab() + pair.cameras[1].CentreInLab());
  const Eigen::Vector3d b = a + 0.1 * (a - middle).normalized();
  const auto found = MatchSightings(pair, SightingsOf(pair, {a, b}, 0.0, &random), options);
  ASSERT_GE(found.size(), 1U);
  EXPECT_TRUE(found[0].ambiguous);
}

TEST(MatchSightings, BearsEmptyCamerasAndSightingsThatAreNoNumbers) {
  SceneRandom random(11);
  const CameraRig rig = RingRig(5);
  EXPECT_TRUE(MatchSightings(rig, Pixels(5), {}).empty());
  Pixels xy = SightingsOf(rig, {{0.0, 0.0, 0.5}}, 0.0, &random);
  xy[0].clear();
  xy[1].emplace_back(std::numeric_limits<double>::quiet_NaN(), 3.0);
  xy[2].emplace_back(1e9, 1e9);
  const auto found = MatchSightings(rig, xy, {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].sightings.size(), 4U);
  EXPECT_LT(found[0].rms_px, 1e-6);
}

TEST(MatchSightings, NamesTheOptionThatIsOutOfRange) {
  RayMatchOptions options;
  options.gate_px = 0.0;
  try {
    static_cast<void>(MatchSightings(RingRig(3), Pixels(3), options));
    FAIL() << "no complaint";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("gate_px"), std::string::npos);
  }
}

}  // namespace
}  // namespace medius::calibration
