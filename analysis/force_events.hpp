#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/events.hpp"
#include "core/forces.hpp"

namespace medius::analysis {

/// How stances are read from a vertical force.
struct ForceEventOptions {
  /// Foot on the ground above this, newtons; nullopt: 20, or 50 where the force is noisy.
  std::optional<double> threshold;
  /// Zero-lag low-pass before it, Hz, 0 none; nullopt: none, or 50 where the force is noisy.
  std::optional<double> cutoff_hz;

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// Detector less force, seconds, over the stances that both have.
struct EventAgreement {
  std::size_t n = 0;
  double mean = 0.0, sd = 0.0, rmse = 0.0;  ///< NaN for n = 0; sd for n < 2
};

/// Events where the force has the last word.
struct ForceEvents {
  GaitEvents events;
  EventAgreement strike;
  EventAgreement toe_off;
  double threshold = 0.0;              ///< newtons, as used
  double cutoff_hz = 0.0;              ///< as used; 0: none
  double noise = 0.0;                  ///< newtons, 1 sd while nobody stands on it
  std::size_t stances = 0;             ///< that the force shows whole
  std::size_t without_kinematics = 0;  ///< of those, the markers show no foot strike near
  std::size_t kinematics_alone = 0;    ///< foot strikes of the markers that no force shows
  std::vector<std::string> warnings;
};

/// Replaces the times of foot strikes and toe offs by those at which the vertical force of a plate
/// or belt crosses the threshold (between samples by a line). Which foot it was, the markers say: a
/// stance belongs to the foot whose own strike is nearest, within 0.1 s; a stance that the markers
/// do not show has no side and is left out. Stances beside the plates keep the markers' times.
///
/// Noisy: where nobody stands on it the force has an sd above 5 N, as belts have.
/// @param kinematic    events from the markers.
/// @param trial_start  time of the trial's first frame, for forces whose start is unknown, seconds.
/// @throws InputError where the force never crosses the threshold.
[[nodiscard]] ForceEvents EventsFromForces(const GaitEvents& kinematic,
                                           const ForceRecording& forces, double trial_start,
                                           const ForceEventOptions& options);

}  // namespace medius::analysis
