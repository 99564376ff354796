#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "calibration/result.hpp"
#include "core/camera_rig.hpp"
#include "core/ids.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// What a small residual does not say: a world that is upside down, mirrored or of the wrong size
/// explains the same pixels.
enum class RigDoubtKind {
  kFlippedFloor,      ///< most cameras lie below the floor
  kCameraBelowFloor,  ///< a few do
  kDownwardImages,    ///< in most images the lab's up points down
  kSlope,             ///< the floor is not level to what the images say
  kBoardFromBehind,   ///< cameras that see a board's print from its back
  kPointBehind,       ///< a point lies behind a camera that saw it
  kMirrored,          ///< a shape fits only mirrored
  kShape,             ///< a shape does not fit what was found under its name
  kScale,             ///< lengths found differ from those stated
};

/// "flipped_floor", "camera_below_floor", ...: the words of JSON reports.
[[nodiscard]] std::string_view ToString(RigDoubtKind kind);

/// Something that is wrong with a rig or its floor.
struct RigDoubt {
  RigDoubtKind kind = RigDoubtKind::kFlippedFloor;
  bool refuses = false;  ///< the rig must not be used; else a warning
  std::vector<CameraId> cameras;
  double value = 0.0;  ///< what was found, in the unit of the sentence
  double limit = 0.0;
  std::string sentence;  ///< what, why, what to do
};

struct PlausibilityOptions {
  /// Cameras that may stand below the floor (a pit, a glass plate).
  std::vector<std::string> may_be_below;
  double slope_limit = 0.087;  ///< radians (5 degrees), floor against the level of the images
  /// Relative difference of lengths that is refused, and that is warned of.
  double scale_limit = 0.02;
  double scale_warning = 0.005;

  /// @throws InputError that names the field that is out of range, or a camera that is not there.
  void Validate(const CameraRig& rig) const;
};

/// Are the cameras above the floor z = 0 of their lab?
/// @param likely_cause  what may have gone wrong, for the sentence where most are below: "the arms
///                      of the L-frame are exchanged".
[[nodiscard]] std::vector<RigDoubt> CheckCamerasAbove(const CameraRig& rig,
                                                      const std::string& likely_cause,
                                                      const PlausibilityOptions& options);

/// Does the lab's up agree with the images? Upright in most of them, and level: cameras are mounted
/// level far more often than not, so that the lines of their pixel rows tell the horizon. Silent
/// where the images do not agree with each other.
[[nodiscard]] std::vector<RigDoubt> CheckImagesUpright(const CameraRig& rig,
                                                       const PlausibilityOptions& options);

/// Did every camera see the printed side of the boards? Points at z = 0 are printed on the side of
/// negative z, those above on the back (see TargetObservations, capture's Board).
/// @param poses  of the targets, in the lab of the rig.
[[nodiscard]] std::vector<RigDoubt> CheckBoardsFaceCameras(const CameraRig& rig,
                                                           const TargetObservations& observations,
                                                           std::span<const TargetPose> poses);

/// Does each point lie in front of the cameras that saw it?
struct SeenPoint {
  std::string name;
  Eigen::Vector3d x_in_lab;
  std::vector<CameraId> cameras;
};
[[nodiscard]] std::vector<RigDoubt> CheckPointsInFront(const CameraRig& rig,
                                                       std::span<const SeenPoint> points);

/// A ratio of lengths that should be 1, with its standard deviation.
struct ScaleCheck {
  std::string what;    ///< "the distances of the L-frame's markers"
  double ratio = 1.0;  ///< found over stated
  double sd = 0.0;
};
[[nodiscard]] std::vector<RigDoubt> CheckScale(const ScaleCheck& check,
                                               const PlausibilityOptions& options);

/// Two sources of scale that are independent of each other, a board and a wand: do they agree?
[[nodiscard]] std::vector<RigDoubt> CompareScales(const ScaleCheck& a, const ScaleCheck& b,
                                                  const PlausibilityOptions& options);

/// What CheckBoardsFaceCameras finds of a calibration, before any floor is known.
[[nodiscard]] std::vector<RigDoubt> CheckCalibration(const CalibrationResult& result,
                                                     const TargetObservations& observations);

/// The first that refuses, else nullptr.
[[nodiscard]] const RigDoubt* FirstRefusal(std::span<const RigDoubt> findings);

}  // namespace medius::calibration
