#include "calibration/bundle.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

namespace medius::calibration {
namespace {

// A board of fewer corners is taken for a misreading.
constexpr std::size_t kFewestOfBoard = 4;
// Two sightings of one marker of a wand already say something about the cameras.
constexpr std::size_t kFewestOfWand = 2;

}  // namespace

BundleData MakeBundleData(const TargetObservations& observations,
                          const std::vector<std::uint8_t>& use_view) {
  const auto& views = observations.views;
  std::vector<std::size_t> order(views.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return use_view[i] == 0; });
  const auto key = [&](std::size_t i) {
    return std::tuple(views[i].frame, views[i].target, views[i].camera.index(), i);
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });

  BundleData data;
  for (const std::size_t i : order) {
    const TargetView& view = views[i];
    if (data.poses.empty() || data.poses.back().frame != view.frame ||
        data.poses.back().target != view.target) {
      const bool is_wand = observations.targets[view.target].is_wand;
      data.poses.push_back({view.frame, view.target, data.views.size(), data.views.size(),
                            is_wand ? kFewestOfWand : kFewestOfBoard});
    }
    data.poses.back().view_end = data.views.size() + 1;
    const std::size_t begin = data.sightings.size();
    const auto& points = observations.targets[view.target].points;
    for (std::size_t k = 0; k < view.xy.size(); ++k) {
      const double sigma = view.sigma.empty() ? 1.0 : static_cast<double>(view.sigma[k]);
      data.sightings.push_back({points[view.point[k]], view.xy[k], 1.0 / sigma});
    }
    data.views.push_back(
        {view.camera.index(), data.poses.size() - 1, i, begin, data.sightings.size()});
  }
  return data;
}

void BendSightings(const TargetObservations& observations, const RigState& state,
                   BundleData* data) {
  if (state.shape.empty()) return;
  for (const BundleView& view : data->views) {
    const TargetView& source = observations.views[view.source];
    const auto& points = observations.targets[source.target].points;
    for (std::size_t i = view.begin; i < view.end; ++i) {
      const Eigen::Vector3d& flat = points[source.point[i - view.begin]];
      data->sightings[i].x_in_target.z() =
          flat.z() + state.shape[source.target].By(flat).dot(state.bend[source.target]);
    }
  }
}

Eigen::Vector2d ResidualOf(const RigState& state, const BundleView& view,
                           const Sighting& sighting) {
  const std::size_t group = state.group[view.camera];
  Eigen::Vector2d xy;
  if (!ProjectPixel(state.kind[group], state.intrinsics[group].data(),
                    CameraFromTarget(state, view) * sighting.x_in_target, &xy)) {
    return Eigen::Vector2d::Constant(std::numeric_limits<double>::quiet_NaN());
  }
  return sighting.xy - xy;
}

}  // namespace medius::calibration
