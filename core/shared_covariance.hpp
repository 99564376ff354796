#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace medius {

/// What the uncertainty of the calibration does to the positions of a run, at a sample of its
/// frames. It is kept apart from the covariance of each sample: it does not change from frame to
/// frame as noise does, no mean over frames makes it smaller, and markers near each other share it.
struct SharedCovariance {
  std::vector<std::uint64_t> frame;  ///< [K] of the trial, rising
  /// [K,M,6] metres^2 (xx xy xz yy yz zz); NaN where the marker is not measured in that frame.
  std::vector<float> covariance;

  [[nodiscard]] bool empty() const { return frame.empty(); }
};

}  // namespace medius
