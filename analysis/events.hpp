#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "analysis/motion.hpp"
#include "core/events.hpp"
#include "core/time_base.hpp"

namespace medius::analysis {

/// How foot strikes and toe offs are found. The offsets were measured against force plates and
/// belong to these detectors; see docs/methods.md.
struct EventOptions {
  /// Low-pass of heel against pelvis, from which the windows of the stances come, Hz.
  double window_cutoff_hz = 5.0;
  /// Low-pass of the signals whose velocity is used, Hz; applied where the markers are not already
  /// smoothed as much.
  double velocity_cutoff_hz = 10.0;
  /// Foot strike: mean of (heel foremost, pelvis falling fastest) plus this, seconds.
  double foot_strike_offset_s = -0.010;
  /// Toe off: mean of (foot leaves the belt's speed, pelvis rising fastest) plus this part of the
  /// contact time; the foot is half-way from heel to forefoot.
  double toe_off_contact_fraction = 0.21;
  /// The same where there is no forefoot marker: the heel leaves earlier.
  double heel_alone_contact_fraction = 0.245;
  /// The foot has left the belt when its backward speed falls below this part of the belt's.
  double belt_speed_fraction = 0.85;
  /// Foot strike from the heel alone (pelvis lost), and from the pelvis alone (foot lost), seconds.
  double foot_only_offset_s = 0.020;
  double pelvis_only_offset_s = -0.038;

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// Events and what they rest on.
struct EventDetection {
  GaitEvents events;
  /// Backward speed of the foot in stance against the pelvis' mean motion, m/s: the belt's, or
  /// overground the runner's; the median over stances. NaN without stances.
  double belt_speed = std::numeric_limits<double>::quiet_NaN();
  std::size_t from_foot_only = 0;    ///< foot strikes found while the pelvis was lost
  std::size_t from_pelvis_only = 0;  ///< foot strikes found while that foot was lost
};

/// Foot strikes and toe offs from heel, forefoot and pelvis, on a treadmill or overground, running
/// towards the lab's +X. A stance that the recording cuts at its end has no toe off.
///
/// @param markers_cutoff_hz  to which the signals are smoothed already; 0: not at all.
/// @return no events where there is no running.
/// Source: Zeni et al. 2008, Gait Posture 27:710 (heel foremost); Milner & Paquette 2015, J Biomech
/// 48:3287 (pelvis velocity); fused and offset as in docs/methods.md.
[[nodiscard]] EventDetection DetectEvents(const EventSignals& signals, const TimeBase& time_base,
                                          const EventOptions& options, double markers_cutoff_hz);

}  // namespace medius::analysis
