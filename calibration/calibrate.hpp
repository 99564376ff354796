#pragma once

#include "calibration/options.hpp"
#include "calibration/result.hpp"
#include "calibration/rig_start.hpp"
#include "core/progress.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// Calibrates the cameras of a rig from views of flat targets (boards), from nothing: intrinsics,
/// places and target poses in one adjustment, outliers removed by a rule that looks at the whole
/// solution, with the joint covariance of all cameras.
///
/// Steps: intrinsics of each camera alone (StartIntrinsics); both planar poses of each view; votes
/// of camera pairs, spanning tree, averaging (VoteOnPairs, AveragePlaces); adjustment with Cauchy's
/// loss at a scale that follows the residuals; outlier rule (StandardizedSquares) and plain least
/// squares in turns until the list stands still.
///
/// @param observations  what the cameras saw; frames group what was seen at one instant.
/// @param control  steps done of all, and cancellation.
/// Targets that are wands (CalibrationTarget::is_wand) join the same adjustment, labelled (see
/// LabelWand), once boards have placed the cameras; a wand alone starts as CalibrateWand does.
///
/// @return a result with a status: a recording that cannot give a rig is named, not thrown.
/// @throws InputError where observations or options are not usable (see Validate), or a target that
///         is no wand is not flat.
CalibrationResult Calibrate(const TargetObservations& observations,
                            const CalibrationOptions& options, const WorkControl& control = {});

/// Steps that calibrations report: start, robust adjustment, outliers, numbers.
inline constexpr std::size_t kCalibrationSteps = 4;

/// The adjustment of Calibrate from a start that was found otherwise (a wand's). A start that is
/// not kConverged is handed on as the result's status.
CalibrationResult AdjustStart(const TargetObservations& observations,
                              const CalibrationOptions& options, RigStart start,
                              const WorkControl& control);

}  // namespace medius::calibration
