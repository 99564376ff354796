#include "capture/trajectory_scene.hpp"

#include <algorithm>
#include <limits>

namespace medius::capture {

TrajectoryScene::TrajectoryScene(const std::vector<std::string>& labels, const TimeBase& time_base,
                                 TrajectoryBlock block, const BodyLimbs* body)
    : labels_(labels), time_base_(time_base), block_(std::move(block)), body_(body) {}

// Lagrange's polynomial through up to four frames round the interval [frame, frame + 1].
Eigen::Vector3d TrajectoryScene::Between(std::size_t frame, double time, MarkerId marker) const {
  const std::size_t count = block_.frames().count;
  if (!block_.IsPresent(frame, marker) || !block_.IsPresent(frame + 1, marker)) {
    return Eigen::Vector3d::Constant(std::numeric_limits<double>::quiet_NaN());
  }
  const bool cubic = frame > 0 && frame + 2 < count && block_.IsPresent(frame - 1, marker) &&
                     block_.IsPresent(frame + 2, marker);
  const std::size_t first = cubic ? frame - 1 : frame;
  const std::size_t last = cubic ? frame + 2 : frame + 1;
  const double* at = time_base_.time.data() + block_.frames().first;
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (std::size_t i = first; i <= last; ++i) {
    double weight = 1.0;
    for (std::size_t j = first; j <= last; ++j) {
      if (j != i) weight *= (time - at[j]) / (at[i] - at[j]);
    }
    sum += weight * block_.Position(i, marker);
  }
  return sum;
}

void TrajectoryScene::At(double time, SceneState& state) const {
  const auto begin = time_base_.time.begin() + static_cast<std::ptrdiff_t>(block_.frames().first);
  const auto end = begin + static_cast<std::ptrdiff_t>(block_.frames().count);
  const auto above = std::upper_bound(begin, end, time);
  const std::size_t frame = above == begin ? 0 : static_cast<std::size_t>(above - begin) - 1;
  const bool between = above != begin && above != end && *(above - 1) != time;
  state.limbs.clear();
  state.markers.resize(labels_.size());
  for (std::size_t m = 0; m < labels_.size(); ++m) {
    const MarkerId marker(m);
    // Set only where present: a recording may hold any bytes at a missing sample.
    state.markers[m] = between ? Between(frame, time, marker)
                       : block_.IsPresent(frame, marker)
                           ? block_.Position(frame, marker)
                           : Eigen::Vector3d::Constant(std::numeric_limits<double>::quiet_NaN());
  }
  if (body_ != nullptr) body_->At(state.markers, state.limbs);
}

}  // namespace medius::capture
