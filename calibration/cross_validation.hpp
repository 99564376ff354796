#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "calibration/held_out.hpp"
#include "calibration/temporal.hpp"
#include "core/progress.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// As ScoreHeldOut, for cameras that do not expose at one time. Rig, offsets and noise stand still
/// as the other half gave them. What is fitted to the sightings that are scored is, as there, the
/// pose of each target at each instant: six numbers, no more. How fast the target moves there,
/// along which the offsets carry it, is not fitted to them: it is read from the motion through the
/// instants around, whose poses are fitted with the same rig. (Were it fitted, even offsets of the
/// wrong sign would find a motion that suits them.) Where `scales.jitter_sd` is above 0, each view
/// also has a time of its own within that sd: one number more a view, counted in `parameters`. No
/// sighting is left out.
/// @param around  the instants that the rig was made from.
HeldOutScore ScoreHeldOut(const CameraRig& rig, const TemporalScales& scales,
                          const TemporalOptions& options, const TargetObservations& observations,
                          const TargetObservations& around, Parallelism parallelism,
                          const WorkControl& control = {});

/// A way to model the cameras: the lens stands in the calibration's options.
struct ModelCandidate {
  std::string name;
  CalibrationOptions calibration;
  std::optional<TemporalOptions> timing;  ///< nullopt: all cameras expose at the time stamp
};

/// Held-out error of one model, both ways.
struct CrossValidation {
  bool valid = false;   ///< false where a half cannot be calibrated
  std::string problem;  ///< why not
  /// [0] fitted to the first, third, ... instant and scored on the others; [1] the other way.
  std::array<HeldOutScore, 2> half;
  /// Of the same rigs on the instants that they were fitted to, scored alike; pixels per axis, NaN
  /// with timing.
  std::array<double, 2> training_rms{std::numeric_limits<double>::quiet_NaN(),
                                     std::numeric_limits<double>::quiet_NaN()};
  double rms = 0.0;        ///< pixels per axis over all sightings of both
  double corrected = 0.0;  ///< pixels per axis, corrected for the numbers fitted to what is scored
  double rms_se = 0.0;     ///< standard error of rms, instants taken as independent
  /// Sum of squared residuals and number of them of each scored instant, by frame: what candidates
  /// are compared by.
  struct Instant {
    std::size_t frame = 0;
    double squares = 0.0;
    double count = 0.0;
  };
  std::vector<Instant> instants;
};

/// Fits every second instant, scores the others, and the other way round (two-fold
/// cross-validation by instants: sightings of one instant share a target pose and are never split).
CrossValidation CrossValidate(const TargetObservations& observations,
                              const ModelCandidate& candidate, const WorkControl& control = {});

/// By how much the held-out mean square (px^2 per axis) of `other` lies below that of `base`, with
/// its standard error. A sighting that only one of the two could score counts for the other as the
/// worst instant of either does: losing a view is no gain.
struct HeldOutGain {
  double gain = 0.0;
  double se = 0.0;
};
HeldOutGain GainOf(const CrossValidation& base, const CrossValidation& other);

/// Which model to take, by held-out error.
struct ModelAdvice {
  std::vector<ModelCandidate> candidates;  ///< simpler ones first
  std::vector<CrossValidation> scores;     ///< [candidates]
  std::size_t chosen = 0;
  std::vector<std::string> sentences;  ///< one a candidate, then the advice

  /// Takes in the next candidate: it is chosen where its held-out error lies below that of the one
  /// chosen so far by more than the standard error.
  void Add(ModelCandidate candidate, CrossValidation score);
  /// Puts the advice into words.
  void Conclude();
};

/// Goes through the candidates in order and changes to a later one only where the held-out error
/// falls by more than its standard error: training error always favours the larger model.
ModelAdvice AdviseModel(const TargetObservations& observations,
                        std::vector<ModelCandidate> candidates, const WorkControl& control = {});

/// Lens models (fisheye, Brown-Conrady 5 and 8) in the order of their parameters, all with the same
/// timing.
std::vector<ModelCandidate> LensCandidates(const CalibrationOptions& base,
                                           const std::optional<TemporalOptions>& timing);

/// Timing models of one lens: none; offsets; where stamps within an instant differ, offsets against
/// their mean; offsets and frames with times of their own; these and rolling shutters.
std::vector<ModelCandidate> TimingCandidates(const TargetObservations& observations,
                                             const CalibrationOptions& base);

/// Advice of TimingCandidates, all from the same two calibrations. Rolling shutters are tried where
/// some timing was better than none.
ModelAdvice AdviseTiming(const TargetObservations& observations, const CalibrationOptions& base,
                         const WorkControl& control = {});

/// What a recording says of the synchronization of its cameras.
struct TimingDiagnosis {
  /// The held-out error falls by more than twice its standard error, and by more than a hundredth,
  /// where cameras may have times of their own.
  bool unsynchronized = false;
  std::optional<TemporalResult> fit;  ///< by the advised timing; nullopt where there is none
  ModelAdvice advice;                 ///< of TimingCandidates; empty where nothing moved
  /// For a report: the verdict, then the offsets of the cameras.
  std::vector<std::string> sentences;
};

/// Estimates timing from a calibrated recording and says whether it is needed and what is wrong.
TimingDiagnosis DiagnoseTiming(const TargetObservations& observations,
                               const CalibrationResult& start, const WorkControl& control = {});

}  // namespace medius::calibration
