#pragma once

#include "calibration/quality.hpp"

namespace medius::calibration {

/// Where "usable" and "redo" begin; docs/calibration-report.md says why.
struct VerdictLimits {
  double limit = 0.0;  ///< beyond it the rig is usable within limits
  double redo = 0.0;   ///< beyond it the rig should not be used
};

/// Metres: 90th percentile over the volume of the expected error of one marker (1 sd, all axes).
inline constexpr VerdictLimits kVolumeSigma{1e-3, 3e-3};
/// Share of the image's cells with sightings (below is worse).
inline constexpr VerdictLimits kCoverageShare{0.5, 0.15};
/// Held-out residual over what it should be if noise were all.
inline constexpr VerdictLimits kHeldOutRatio{1.15, 1.5};
/// Target poses that link two parts of a rig (below is worse).
inline constexpr VerdictLimits kLinkViews{20, 5};
/// Points of them (below is worse): what counts for a wand.
inline constexpr VerdictLimits kLinkSightings{200, 30};
/// Pixels per axis: mean residual by place in the image.
inline constexpr VerdictLimits kPlacePattern{0.1, 0.5};
/// Chance under noise alone below which such a pattern is one, for all cameras together.
inline constexpr double kPatternChance = 0.02;
/// Share of a camera's sightings that were left out as outliers.
inline constexpr VerdictLimits kOutlierShare{0.05, 0.2};
/// Seconds by which a camera's exposure differs and the rig does not know it.
inline constexpr VerdictLimits kTimeOffset{0.5e-3, 5e-3};
/// Pixels: noise of a sighting.
inline constexpr double kUsualNoise = 0.7;
/// Relative difference of the wand's mean length from its nominal one.
inline constexpr VerdictLimits kWandBias{2e-3, 1e-2};
/// Relative sd of a focal length.
inline constexpr double kFocalSd = 0.01;

/// The verdict on the numbers in `quality` (its own verdict is not read).
Verdict JudgeRig(const TargetObservations& observations, const CalibrationResult& result,
                 const RigQuality& quality, bool judge_coverage);

}  // namespace medius::calibration
