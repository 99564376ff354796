#pragma once

namespace medius::capture {

/// Periodic shapes of running, of the stride phase u (0 at the right foot's strike, 1 at its next).
/// Smooth sums of a few harmonics, so that a low-pass filter of 10 Hz leaves them as they are.

/// Pelvis obliquity between +1 (right stance, u = kDropPeak) and -1 (left stance): real runners
/// reach the peak drop 14-18 % of the stride after the strike.
[[nodiscard]] double ObliquityShape(double u);
inline constexpr double kDropPeak = 0.16;

/// Hip adduction of the side whose strike is u = 0: 1 at its peak in the first half of stance
/// (u = kAdductionPeak), 0 at its lowest in swing.
[[nodiscard]] double HipAdductionShape(double u);
inline constexpr double kAdductionPeak = 0.13;

/// Height of the pelvis over a step, 1 at its highest in flight and 0 at its lowest.
struct PelvisHeight {
  double lowest = 0.16;  ///< phase of the stride
  /// Of the second harmonic, which makes the push shorter and stronger than the fall.
  double second = 0.04;

  /// The shape whose fall is fastest and whose rise is fastest at these times after the strike, as
  /// near as two harmonics come.
  static PelvisHeight ForTimes(double fastest_fall, double fastest_rise, double stride_time);
  [[nodiscard]] double At(double u) const;
};

/// Pelvis tilt over a step, from -0.5 to 0.5: the front goes down in late stance.
[[nodiscard]] double PelvisTiltShape(double u);

/// Pelvis rotation from -0.5 to 0.5: the right side is in front in late right swing.
[[nodiscard]] double PelvisRotationShape(double u);

/// Hip rotation and knee adduction of the side whose strike is u = 0, from -0.5 to 0.5: internal
/// rotation and abduction go with the loading of the leg.
[[nodiscard]] double HipRotationShape(double u);
[[nodiscard]] double KneeAdductionShape(double u);

}  // namespace medius::capture
