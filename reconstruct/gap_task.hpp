#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "core/time_base.hpp"
#include "core/trajectories.hpp"
#include "reconstruct/gap_options.hpp"
#include "reconstruct/marker_groups.hpp"
#include "reconstruct/marker_history.hpp"

namespace medius::reconstruct {

/// One gap of one marker and what may be looked at to fill it.
struct GapTask {
  const MarkerHistory* history = nullptr;
  const MarkerGroups* groups = nullptr;
  const GapFillOptions* options = nullptr;
  std::size_t marker = 0;
  FrameRange gap;         ///< hidden frames; the marker is seen just before and just after
  FrameRange window;      ///< nothing outside of it counts
  std::uint8_t pass = 1;  ///< samples of earlier passes are known
  double rate_hz = 0.0;

  [[nodiscard]] bool IsKnown(std::size_t m, std::size_t frame) const {
    return history->IsKnown(m, frame, pass);
  }
};

/// A filled gap.
struct GapFill {
  SampleSource source = SampleSource::kMissing;
  double error_m = 0.0;                     ///< rms of the same gap, hidden elsewhere and filled
  std::vector<Eigen::Vector3d> position;    ///< [gap] lab, metres
  std::vector<Eigen::Matrix3d> covariance;  ///< [gap] metres^2
};

/// Frames beside a gap that tie its filling down, as offsets from its first hidden frame: some
/// negative ones before, some >= its length after, where the marker is seen at each.
[[nodiscard]] std::vector<std::ptrdiff_t> EndNodes(const GapTask& task,
                                                   const std::vector<double>& distance_s);

/// Up to `count` places over a gap of `length` frames, evenly and with both ends.
[[nodiscard]] std::vector<std::size_t> PlacesOver(std::size_t length, std::size_t count);

}  // namespace medius::reconstruct
