#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/marker_set.hpp"
#include "core/subject_model.hpp"

namespace medius::reconstruct {

/// Labelled positions to learn a subject from.
struct LabelledPositions {
  std::vector<std::string> labels;  ///< M
  std::vector<Eigen::Vector3f>
      position;  ///< [frames * M], frame by frame: lab, metres; NaN missing

  [[nodiscard]] std::size_t frame_count() const {
    return labels.empty() ? 0 : position.size() / labels.size();
  }
  [[nodiscard]] Eigen::Vector3d At(std::size_t frame, std::size_t marker) const {
    return position[frame * labels.size() + marker].cast<double>();
  }
};

/// What is assumed of skin and joints where only a standing trial is there.
struct SubjectOptions {
  double skin_sd = 0.006;             ///< metres, of a distance on one segment while running
  double skin_sd_of_distance = 0.03;  ///< and this share of the distance

  /// @throws InputError that names the field which is out of range.
  void Validate() const;
};

/// Segment of every label of `labels` by the set's clusters, then by its roles; "" where it says
/// nothing.
/// @throws InputError where a marker is in two clusters.
[[nodiscard]] std::vector<std::string> SegmentsOf(const std::vector<std::string>& labels,
                                                  const MarkerSet& set);

/// A subject from a standing trial: distances within a segment are taken as they stand, with the
/// assumed play of the skin; those across joints get the range that the joints allow.
///
/// Every marker that is seen in some frame enters the model, also those that the set does not name.
/// @throws InputError where there is no frame, or neither pelvis nor trunk has three markers that
///         are seen together.
[[nodiscard]] SubjectModel LearnFromStanding(const LabelledPositions& standing,
                                             const MarkerSet& set, const SubjectOptions& options);

/// A subject from labelled running: every distance and place is measured. A pair is rigid where the
/// set puts both on one segment.
/// @throws InputError where there are fewer than 20 frames, and as LearnFromStanding().
[[nodiscard]] SubjectModel LearnFromMotion(const LabelledPositions& running, const MarkerSet& set);

}  // namespace medius::reconstruct
