#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "calibration/floor.hpp"
#include "calibration/rigid_fit.hpp"
#include "calibration/static_points.hpp"

namespace medius::calibration {

/// An L-frame: markers at known places, laid on the floor.
struct LFrame {
  std::string name;
  std::vector<std::string> markers;
  /// [markers] metres, in the frame of the L: right-handed, z up, the floor at z = 0.
  std::vector<Eigen::Vector3d> position;
  std::size_t origin = 0;  ///< marker above the lab's origin
  std::size_t x_arm = 1;   ///< marker that the lab's X points to from there
  double turn = 0.0;       ///< radians by which X is turned from that, counter-clockwise from above

  /// @param where  the file, for the message.
  /// @throws InputError where there are fewer than three markers or more than eight, two are in one
  ///         place, all lie on one line, or origin and arm cannot give a direction.
  void Validate(const std::string& where) const;
};

/// The stated places of the markers in the lab frame that the L makes.
[[nodiscard]] std::vector<Eigen::Vector3d> PlacesInLab(const LFrame& frame);

/// Which of the points found each marker of a shape is.
struct ShapeMatch {
  static constexpr std::size_t kMissing = static_cast<std::size_t>(-1);
  std::vector<std::size_t> point;  ///< [markers] index of the point, or kMissing
  SimilarityFit fit;               ///< of the markers that are there
};

/// All ways to find a shape among points by its distances alone, best first: full matches, else,
/// for four markers or more, those that lack one. Where none has the stated size, matches of
/// another size (a third to three times) are given, unless so many points are there that chance
/// makes them.
/// @param shape  [N] stated places, metres.
[[nodiscard]] std::vector<ShapeMatch> MatchShape(const std::vector<Eigen::Vector3d>& shape,
                                                 const std::vector<Eigen::Vector3d>& points);

/// The lab frame of an L-frame among points that stand still. Markers whose labels are known are
/// taken by name.
/// @param points  points seen, other things too.
/// @param labels  [points] names, or empty where sightings bear none.
[[nodiscard]] FloorResult FloorFromLFrame(const CameraRig& rig, const LFrame& frame,
                                          std::span<const StaticPoint> points,
                                          const std::vector<std::string>& labels,
                                          const FloorOptions& options);

}  // namespace medius::calibration
