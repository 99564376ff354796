#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "capture/random.hpp"
#include "capture/scene.hpp"

namespace medius::capture {
namespace {

TEST(Hides, ALimbHidesWhatIsBehindItAndNothingBeside) {
  const Limb thigh{{0, 0, 1.0}, {0, 0, 0.5}, 0.07, 0.05};
  const Eigen::Vector3d camera(4, 0, 0.8);
  EXPECT_TRUE(Hides(thigh, camera, {-0.1, 0, 0.8}));
  EXPECT_FALSE(Hides(thigh, camera, {0.1, 0, 0.8})) << "in front of the limb";
  EXPECT_FALSE(Hides(thigh, camera, {-0.1, 0.2, 0.8})) << "beside it";
  EXPECT_FALSE(Hides(thigh, camera, {-0.1, 0, 1.2})) << "above it";
  EXPECT_TRUE(Hides(thigh, camera, {-0.1, 0.06, 0.95})) << "its thick end";
  EXPECT_FALSE(Hides(thigh, camera, {-0.1, 0.06, 0.52})) << "its thin end";
}

// Against the definition: some point of the line of sight within the radius there.
TEST(Hides, AgreesWithASearchAlongTheLineOfSight) {
  int hidden = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    Random random(1, RandomStream::kHidden, i, 0);
    const auto point = [&] {
      return Eigen::Vector3d(random.Uniform(-1, 1), random.Uniform(-1, 1), random.Uniform(-1, 1));
    };
    // One radius: with two, the nearest point of the axis is only nearly the right one.
    const Limb limb{point(), point(), 0.2, 0.2};
    const Eigen::Vector3d a = point();
    const Eigen::Vector3d b = point();
    double nearest = 1e9;
    for (int s = 0; s <= 2000; ++s) {
      const Eigen::Vector3d p = a + (b - a) * (s / 2000.0);
      const Eigen::Vector3d axis = limb.to - limb.from;
      const double t = std::clamp(axis.dot(p - limb.from) / axis.squaredNorm(), 0.0, 1.0);
      nearest = std::min(nearest, (p - limb.from - t * axis).norm());
    }
    if (std::abs(nearest - 0.2) < 1e-3) continue;
    EXPECT_EQ(Hides(limb, a, b), nearest < 0.2) << i;
    hidden += nearest < 0.2 ? 1 : 0;
  }
  EXPECT_GT(hidden, 50);
  EXPECT_LT(hidden, 350);
}

}  // namespace
}  // namespace medius::capture
