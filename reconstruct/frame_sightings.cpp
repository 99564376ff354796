#include "reconstruct/frame_sightings.hpp"

#include <algorithm>
#include <cmath>

namespace medius::reconstruct {

double ExposureDelay(const Camera& camera, const CameraObservations& seen, std::size_t frame,
                     double time, double y) {
  double stamp = time;
  if (frame < seen.time_stamp.size() && std::isfinite(seen.time_stamp[frame])) {
    stamp = seen.time_stamp[frame];
  }
  return stamp - time + camera.ExposureDelay(stamp, y);
}

bool HasOwnTimes(const CameraRig& rig) {
  return std::any_of(rig.cameras.begin(), rig.cameras.end(), [](const Camera& camera) {
    return camera.time_offset != 0.0 || camera.time_drift != 0.0 || camera.line_time != 0.0;
  });
}

void LoadFrame(const CameraRig& rig, const ObservationBlock& block, std::size_t frame, double time,
               const SightingWeights& weights, std::vector<CameraFrame>* seen) {
  seen->resize(block.cameras.size());
  for (std::size_t c = 0; c < block.cameras.size(); ++c) {
    const CameraObservations& from = block.cameras[c];
    const Camera& camera = rig.cameras[c];
    CameraFrame& to = (*seen)[c];
    const std::uint64_t first = from.frame_start[frame];
    const std::uint64_t end = from.frame_start[frame + 1];
    to.row_count = end - first;
    to.middle_delay = ExposureDelay(camera, from, frame, time, 0.5 * (camera.height - 1));
    to.x.clear();
    to.y.clear();
    to.variance.clear();
    to.delay.clear();
    to.row.clear();
    for (std::uint64_t row = first; row < end; ++row) {
      const Eigen::Vector2f& xy = from.xy[row];
      if (!xy.allFinite()) continue;
      const double stated =
          from.sigma.empty() ? std::numeric_limits<double>::quiet_NaN() : from.sigma[row];
      const double sigma = weights.Sigma(stated);
      to.x.push_back(xy.x());
      to.y.push_back(xy.y());
      to.variance.push_back(static_cast<float>(sigma * sigma));
      const double row_delay =
          camera.line_time * (static_cast<double>(xy.y()) - 0.5 * (camera.height - 1));
      to.delay.push_back(static_cast<float>(to.middle_delay + row_delay));
      to.row.push_back(static_cast<std::uint32_t>(row - first));
    }
    to.track.assign(to.x.size(), kFree);
  }
}

}  // namespace medius::reconstruct
