#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"

namespace medius::calibration {

/// How much a finding weighs in the verdict.
enum class Severity {
  kNote,   ///< worth knowing, changes nothing
  kLimit,  ///< the rig is usable within limits that the finding states
  kRedo,   ///< the rig should not be used
};

/// One thing that was found about a calibration.
struct Finding {
  Severity severity = Severity::kNote;
  std::string key;                ///< stable word for machines: "coverage", "weak_link", ...
  std::vector<CameraId> cameras;  ///< those that it is about
  std::string text;               ///< what was found, with its number and the number needed
  std::string action;             ///< what to do; empty where nothing is to be done
};

/// Residuals of views that a rig was not made from, and of those that it was.
struct HeldOutNumbers {
  std::string method;  ///< "fitted on even instants, scored on odd", "5 folds of instants", ...
  /// Pixels per axis, of the same rig(s) on the views that they were made from, scored alike (so
  /// that outliers count in both).
  double training_rms = 0.0;
  double rms = 0.0;                   ///< pixels per axis
  std::size_t sightings = 0;          ///< scored
  std::size_t poses = 0;              ///< target poses fitted to them, six numbers each
  std::size_t lost_views = 0;         ///< no pose could be found for them
  std::vector<double> rms_of_camera;  ///< [cameras] pixels per axis
  /// Scores of other models that were tried, for the choice of the model: name and pixels per axis.
  struct Alternative {
    std::string name;
    double training_rms = std::numeric_limits<double>::quiet_NaN();
    double rms = std::numeric_limits<double>::quiet_NaN();
  };
  std::vector<Alternative> alternatives;
};

/// When the cameras exposed, as estimated from the moving target.
struct TemporalNumbers {
  struct OfCamera {
    double offset = 0.0;     ///< seconds after the time stamp (Camera::time_offset)
    double offset_sd = 0.0;  ///< seconds; 0 for the reference
    double drift = 0.0;      ///< seconds per second
    double drift_sd = 0.0;
    double line_time = 0.0;  ///< seconds a row
    double line_time_sd = 0.0;
  };
  std::vector<OfCamera> cameras;  ///< [cameras]
  CameraId reference_camera{0};   ///< its offset is 0
  double frame_interval = 0.0;    ///< seconds from one image to the next
  /// The rig is of an adjustment that had these times in it; else they were looked at beside it.
  bool in_the_rig = false;
  /// Pixels per axis with and without the times, of the same (held-out) views; NaN where unknown.
  double rms_with = std::numeric_limits<double>::quiet_NaN();
  double rms_without = std::numeric_limits<double>::quiet_NaN();
};

/// The wand as the calibrated cameras see it.
struct WandNumbers {
  std::string name;
  double nominal_length = 0.0;  ///< metres, from the wand's file
  double mean_length = 0.0;     ///< metres, triangulated
  double sd_length = 0.0;       ///< metres, of one instant
  std::size_t instants = 0;
  bool held_out = false;  ///< the instants were not used in the calibration
};

/// What the judgement of a rig takes from elsewhere; all of it may be absent.
struct QualityInputs {
  std::optional<HeldOutNumbers> held_out;
  std::optional<TemporalNumbers> temporal;
  std::vector<WandNumbers> wands;
  std::vector<Finding> findings;  ///< of the flip guard, of the detection of boards, ...
};

}  // namespace medius::calibration
