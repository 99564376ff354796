#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "calibration/wand_dots.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {

/// Wands, metres.
CalibrationTarget TwoMarkerWand();    ///< 500 mm
CalibrationTarget ThreeMarkerWand();  ///< 500 mm, the middle at 180
CalibrationTarget FiveMarkerWand();   ///< a T of 480 by 360 mm

/// A virtual wand wave: every number that decides it.
struct WandSceneOptions {
  BoardSceneOptions rig = {};  ///< cameras, places, lenses, sigma, seed
  CalibrationTarget wand = ThreeMarkerWand();
  std::size_t frames = 1000;
  Eigen::Vector3d volume = {1.7, 1.7, 1.0};  ///< metres, half extents about (0, 0, 1.1)
  double visible_share = 0.55;               ///< of the cameras; the others' view is blocked
  double missing_share = 0.02;               ///< of the markers in a view
  double clutter = 0.0;                      ///< false dots of a view, in the mean
  double clutter_standing = 0.0;             ///< share of views of each camera with a lamp
  bool planar = false;                       ///< all of it within 1 mm of the plane x = 0
  /// [frames] % 2 groups: even frames seen by the first half of the cameras only, odd by the rest.
  bool two_groups = false;
};

/// A scene and its truth.
struct WandScene {
  DotObservations dots;  ///< unlabelled, shuffled
  CameraRig rig;         ///< true
  CalibrationTarget wand;
  double sigma = 0.0;
  std::vector<RigidTransform> lab_from_wand;      ///< [frames] true
  std::vector<std::vector<std::int32_t>> marker;  ///< [views][dots] true, -1 for clutter
};

WandScene MakeWandScene(const WandSceneOptions& options);

/// The true labelled sightings of instants at which two or more cameras fix the wand's place (see
/// IsWandFixed): all that can be used.
TargetObservations UsableTruth(const WandScene& scene);

/// The truth as the adjustment would hold it, in the frame of camera 0.
SceneTruth TruthOf(const WandScene& scene);

}  // namespace medius::calibration
