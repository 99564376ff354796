#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "analysis/recording.hpp"

namespace medius::analysis {

/// Where the markers of a recording stood at one moment, or at the median of many.
struct Snapshot {
  std::vector<Eigen::Vector3d> position;  ///< by MarkerId, metres; NaN where not seen
  /// Position of a label; NaN where the recording has no such label.
  [[nodiscard]] Eigen::Vector3d Of(const Recording& recording, std::string_view label) const;
};

/// The median of each coordinate over (at most 1,024, evenly spread) frames of a standing trial.
struct StandingSnapshot {
  Snapshot median;
  /// Metres: over the markers, the median of how far the middle 80 % of a marker's positions spread
  /// along the worst axis. Above 20 mm the trial hardly stands.
  double spread = 0.0;
};
[[nodiscard]] StandingSnapshot MedianSnapshot(const Recording& recording);

/// At most 1,024 evenly spread frames of a recording.
[[nodiscard]] std::vector<Snapshot> SampleSnapshots(const Recording& recording);

/// Index of a label in a recording; labels.size() where there is none.
[[nodiscard]] std::size_t FindLabel(const Recording& recording, std::string_view label);

}  // namespace medius::analysis
