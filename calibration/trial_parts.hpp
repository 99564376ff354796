#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "calibration/free_points.hpp"
#include "calibration/move_test.hpp"
#include "calibration/rig_check.hpp"

namespace medius::calibration {

/// Runs of samples whose scatter stands for the noise.
inline constexpr std::size_t kTrialParts = 40;
/// Degrees of freedom of a noise factor: 39 differences of six numbers, of which the median uses
/// about half.
inline constexpr double kNoiseFreedom = 3.0 * (kTrialParts - 1);

/// [cameras] variance of what the sightings of consecutive parts of a trial say about the pose of
/// each camera, over the variance that their sigmas predict: the median of the squared
/// standardized differences over that of chi-square with six degrees of freedom. Noise that stays
/// for many sightings counts as what it is; one jump in the trial hardly counts.
/// @param parts  about the fitted rig, in the columns of LayoutOf(IntrinsicColumns::kZoom).
/// @param least  what is taken where the parts do not tell, and the least there is.
std::vector<double> NoiseFactors(const std::vector<RigNormal>& parts, std::size_t cameras,
                                 double least);

/// A camera that stands otherwise in the later parts than in the earlier ones.
struct ChangeInTrial {
  std::size_t camera = 0;
  std::size_t part = 0;         ///< the first of the later parts
  MoveTest::Estimate estimate;  ///< of the change of (rotation vector, translation)
};

/// The clearest of them: each place between two parts, at least an eighth of the parts on either
/// side, is tested by MoveTest::OfChange.
/// @param judged  [cameras] that may be found.
std::optional<ChangeInTrial> FindChange(const std::vector<RigNormal>& parts,
                                        const std::vector<bool>& judged,
                                        const RigCheckOptions& options);

}  // namespace medius::calibration
