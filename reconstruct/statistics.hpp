#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/camera_rig.hpp"
#include "reconstruct/triangulation.hpp"

namespace medius::reconstruct {

/// What became of one camera's sightings.
struct CameraStatistics {
  std::uint64_t labelled = 0;     ///< sightings with a label; the next five add up to it
  std::uint64_t used = 0;         ///< part of a point
  std::uint64_t rejected = 0;     ///< contradict the other cameras
  std::uint64_t duplicate = 0;    ///< refused: another sighting of this camera bears the same label
  std::uint64_t unusable = 0;     ///< not finite, or no direction has this pixel
  std::uint64_t unmatched = 0;    ///< of markers that could not be computed
  std::uint64_t unlabelled = 0;   ///< sightings without a label; ignored
  double squared_distance = 0.0;  ///< px^2, summed over those used

  CameraStatistics& operator+=(const CameraStatistics& other);
  /// Pixels, rms over the sightings used; NaN where there are none.
  [[nodiscard]] double ResidualRms() const;
  /// Of the sightings that could be compared with others: rejected / (used + rejected); NaN where
  /// there are none.
  [[nodiscard]] double RejectedShare() const;
};

/// What a reconstruction did, summed in the order of the frames.
struct ReconstructStatistics {
  std::uint64_t frames = 0;
  std::array<std::uint64_t, kPointStatusCount> points = {};  ///< by PointStatus
  std::vector<std::uint64_t> computed;                       ///< [M] frames, by marker
  double chi2 = 0.0;                                         ///< squared residuals over sigma
  std::uint64_t degrees_of_freedom = 0;                      ///< of chi2: 2 rays - 3 each point
  std::vector<CameraStatistics> cameras;                     ///< in the order of the rig

  ReconstructStatistics() = default;
  ReconstructStatistics(std::size_t marker_count, std::size_t camera_count)
      : computed(marker_count, 0), cameras(camera_count) {}
  ReconstructStatistics& operator+=(const ReconstructStatistics& other);

  /// Every camera together.
  [[nodiscard]] CameraStatistics Total() const;
  [[nodiscard]] std::uint64_t point_count() const;
  /// How many times larger the residuals are than the sightings' sigmas let expect: 1 where these
  /// and the rig are right; NaN where no point was computed.
  [[nodiscard]] double NoiseOverSigma() const;
  [[nodiscard]] std::uint64_t computed_count() const {
    return points[static_cast<std::size_t>(PointStatus::kComputed)];
  }
};

/// Sentences on cameras that stand out: one whose sightings are rejected far more often than those
/// of the others, or fit far worse, has probably moved since it was calibrated; one without any
/// sighting that fits others sees nothing that they see.
[[nodiscard]] std::vector<std::string> CameraWarnings(const CameraRig& rig,
                                                      const ReconstructStatistics& statistics);

}  // namespace medius::reconstruct
