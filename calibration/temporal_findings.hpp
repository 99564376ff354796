#pragma once

#include "calibration/temporal.hpp"

namespace medius::calibration {

/// Fills TemporalResult::findings from its numbers.
void Describe(const TargetObservations& observations, CameraId reference,
              const TemporalOptions& options, TemporalResult* result);

}  // namespace medius::calibration
