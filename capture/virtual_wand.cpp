#include "capture/virtual_wand.hpp"

#include <cmath>

#include "capture/random.hpp"

namespace medius::capture {
namespace {
constexpr double kTwoPi = 6.283185307179586;
}

double WandScene::Wander::At(double time) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < 3; ++i) sum += std::sin(kTwoPi * (rate_hz[i] * time + phase[i]));
  return sum / 3.0;
}

WandScene::WandScene(const WandScenario& wand, const Eigen::Vector2d& place, std::uint64_t seed)
    : wand_(wand), centre_(place.x(), place.y(), wand.centre_height) {
  Random random(seed, RandomStream::kWand, 0, 0);
  // A brisk wave of the arm: up to about 2 m/s at the default volume.
  const auto draw = [&](Wander& wander, double slowest, double fastest) {
    for (std::size_t i = 0; i < 3; ++i) {
      wander.rate_hz[i] = random.Uniform(slowest, fastest);
      wander.phase[i] = random.Uniform();
    }
  };
  for (Wander& wander : place_) draw(wander, 0.08, 0.45);
  for (Wander& wander : direction_) draw(wander, 0.05, 0.35);
}

void WandScene::At(double time, SceneState& state) const {
  const Eigen::Vector3d offset(place_[0].At(time), place_[1].At(time), place_[2].At(time));
  const Eigen::Vector3d middle = centre_ + 0.5 * wand_.volume.cwiseProduct(offset);
  const double azimuth = kTwoPi * 1.5 * direction_[0].At(time);
  const double elevation = 1.4 * direction_[1].At(time);
  const Eigen::Vector3d along(std::cos(elevation) * std::cos(azimuth),
                              std::cos(elevation) * std::sin(azimuth), std::sin(elevation));
  state.limbs.clear();
  state.markers.clear();
  for (const double place : {0.0, wand_.middle, wand_.length}) {
    state.markers.push_back(middle + (place - 0.5 * wand_.length) * along);
  }
}

}  // namespace medius::capture
