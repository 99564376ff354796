#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/camera_model.hpp"
#include "core/camera_rig.hpp"
#include "core/ids.hpp"
#include "core/parallel.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// How a rig is calibrated from views of targets.
struct CalibrationOptions {
  CameraModelKind model = CameraModelKind::kBrownConrady5;  ///< of all cameras
  std::vector<CameraModelKind> model_of_camera;             ///< [cameras] instead, or empty
  /// [cameras] cameras of one number share their intrinsics; empty: each has its own.
  std::vector<std::size_t> intrinsics_group;
  /// Indices of intrinsics (order of CameraModelKind) that stay as they start, 0 for distortion.
  std::vector<int> held_intrinsics;
  /// Whether boards may bulge, each as BoardShape describes: two more numbers a target. A
  /// millimetre on a board of 0.7 m moves its points by half a pixel where it is seen from near.
  bool estimate_bend = false;
  /// [cameras] focal lengths to try beside the others, pixels; 0 or empty: none.
  std::vector<double> focal_guess;

  std::optional<CameraRig> initial;  ///< where to start; cameras are matched by name
  bool hold_intrinsics = false;      ///< keep those of `initial`
  bool hold_places = false;          ///< keep those of `initial`

  CameraId reference_camera{0};  ///< its frame is the lab frame, and its place the gauge

  bool reject_outliers = true;
  /// Sightings that a recording of Gaussian noise loses to the outlier rule, in the mean: a
  /// sighting is an outlier where its squared residual, standardized by its own predicted
  /// covariance, exceeds 2 ln(sightings / this).
  double expected_false_alarms = 0.5;

  /// Whether to refuse a rig with a lens that no camera has, which a wrong image size looks like:
  /// pixels that are not square, an optical axis far from the middle of the image.
  bool refuse_unlikely_lens = true;

  /// Whether to refuse a rig of which a camera contradicts the others at many instants: it moved,
  /// or it exposes at other times; and a rig that cannot be. False where times are to be estimated
  /// from the rig: whoever does that judges what comes of it (FindImplausible).
  bool refuse_contradictions = true;

  int max_iterations = 100;  ///< of the last adjustment
  Parallelism parallelism{1};

  /// @throws InputError that names the field that is out of range or does not fit the cameras.
  void Validate(const TargetObservations& observations) const;
};

/// @throws InputError where observations are not usable at all: sizes that differ, an index out of
///         range, a position that is not finite, a camera that saw a target twice at one instant.
void ValidateObservations(const TargetObservations& observations);

}  // namespace medius::calibration
