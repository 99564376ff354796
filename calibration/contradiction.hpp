#pragma once

#include <optional>

#include "calibration/options.hpp"
#include "calibration/result.hpp"
#include "core/progress.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// Why the cameras of a recording do not fit together: looks for the one camera and the one mistake
/// that would make them fit. Each camera is calibrated alone, which no other camera can spoil; then
/// its boards, put right for each mistake in turn, are compared with those of the others:
///   - its image is mirrored and the points were numbered as they appeared (a chessboard),
///   - it numbered the points from the other end of the board (a chessboard without marks),
///   - its frames come a constant number of frames early or late,
///   - its board is larger or smaller than the file says.
/// @return what is wrong with which camera, of two cameras with either; nullopt where no mistake
///         explains it. Takes about as long as a calibration: for recordings that failed.
std::optional<Degeneracy> ExplainContradiction(const TargetObservations& observations,
                                               const CalibrationOptions& options,
                                               const WorkControl& control);

}  // namespace medius::calibration
