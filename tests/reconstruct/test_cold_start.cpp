#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "reconstruct/cold_start.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

void Add(const Eigen::Vector2d& xy, double sigma, CameraFrame* seen) {
  seen->x.push_back(static_cast<float>(xy.x()));
  seen->y.push_back(static_cast<float>(xy.y()));
  seen->variance.push_back(static_cast<float>(sigma * sigma));
  seen->delay.push_back(0.0F);
  seen->row.push_back(static_cast<std::uint32_t>(seen->row_count++));
  seen->track.push_back(kFree);
}

bool HasPointNear(const std::vector<ColdPoint>& points, const Eigen::Vector3d& place,
                  double within) {
  return std::any_of(points.begin(), points.end(), [&](const ColdPoint& point) {
    return (point.position - place).norm() < within;
  });
}

// Reflections make more pairs of rays than are followed up; the markers are seen by the last three
// cameras only, whose pairs come last, and are the last of their sightings.
TEST(ColdStart, SharesItsPairsAmongTheCamerasOfAFrameFullOfReflections) {
  constexpr std::size_t kMarkers = 10;
  const CameraRig rig = RingOfCameras(8);
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> across(0.0, 1919.0);
  std::uniform_real_distribution<double> down(0.0, 1079.0);
  std::vector<CameraFrame> seen(8);
  for (CameraFrame& camera : seen) {
    for (int i = 0; i < 150; ++i) {
      const double x = across(random);
      Add({x, down(random)}, 0.2, &camera);
    }
  }
  std::vector<Eigen::Vector3d> markers;
  while (markers.size() < kMarkers) {
    markers.push_back(PointInVolume(random));
    for (std::size_t c = 5; c < 8; ++c) {
      Add(*rig.cameras[c].Project(markers.back()), 0.2, &seen[c]);
    }
  }
  const auto found = [&](int max_pairs) {
    ColdStartOptions options;
    options.max_pairs = max_pairs;
    const std::vector<ColdPoint> points = ColdStart(rig, {}, options).Find(rig, &seen);
    return static_cast<std::size_t>(std::count_if(
        markers.begin(), markers.end(),
        [&](const Eigen::Vector3d& marker) { return HasPointNear(points, marker, 1e-3); }));
  };
  const std::size_t all = found(1'000'000);
  EXPECT_GE(all, kMarkers - 1);  // a ghost of four rays may have one of their sightings
  // Some 2,400 pairs of rays meet.
  EXPECT_GE(found(1'600), all - 1);
  EXPECT_LT(found(100), all);
}

// Cameras at 24, 6 and 1.5 m, the far ones first: 0.8 px of the farthest are 14 mm there, or 13 px
// of the nearest; all three are within two sigmas of the point.
TEST(ColdStart, WeighsTheErrorOfARayByItsDepth) {
  const Eigen::Vector3d place(0.05, -0.03, 1.0);
  CameraRig rig;
  for (const Eigen::Vector3d& from :
       {Eigen::Vector3d(24.0, 0.0, 1.0), Eigen::Vector3d(0.0, 6.0, 1.0),
        Eigen::Vector3d(-1.06, -1.06, 1.0)}) {
    rig.cameras.push_back(CameraAt("cam", from, {0.0, 0.0, 1.0}, CameraModelKind::kBrownConrady5));
  }
  std::vector<CameraFrame> seen(3);
  for (std::size_t c = 0; c < 3; ++c) {
    const double off = c == 0 ? 0.8 : (c == 1 ? -0.8 : 0.0);
    Add(*rig.cameras[c].Project(place) + Eigen::Vector2d(0.0, off), 0.3, &seen[c]);
  }
  const std::vector<ColdPoint> points = ColdStart(rig, {}, {}).Find(rig, &seen);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].rays, 3);
  // The nearest camera places it to 1.5 m * 0.42 px / 1350 px across its ray, the next to four
  // times that along it.
  EXPECT_LT((points[0].position - place).norm(), 5e-3);
}

}  // namespace
}  // namespace medius::reconstruct
