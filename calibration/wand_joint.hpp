#pragma once

#include "calibration/options.hpp"
#include "calibration/rig_start.hpp"
#include "core/progress.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// True where there are targets and all of them are wands.
bool HasOnlyWands(const TargetObservations& observations);

/// Adds the labelled views of all wands to a start that has the cameras' places (from boards), so
/// that both go into one adjustment. Instants at which fewer than two cameras fix the wand's place
/// are left out, and are among the result's unused views.
void AddWandPoses(const TargetObservations& observations, Parallelism parallelism, RigStart* start);

/// The start of a rig from labelled views of a wand (the first target) alone.
RigStart StartLabelledWand(const TargetObservations& observations,
                           const CalibrationOptions& options, const WorkControl& control);

}  // namespace medius::calibration
