#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "calibration/bundle.hpp"
#include "calibration/view_normal.hpp"
#include "calibration/wand_dots.hpp"
#include "calibration/wand_labels.hpp"
#include "core/camera_model.hpp"
#include "core/rigid_transform.hpp"

namespace medius::calibration {

/// All views of one instant.
struct DotFrame {
  std::size_t frame = 0;
  std::vector<std::size_t> views;  ///< indices in DotObservations::views, cameras ascending
};

/// Groups views by instant, in order.
std::vector<DotFrame> GroupFrames(const DotObservations& dots);

/// A camera that is placed, as well as it is known so far.
class PlacedCamera {
 public:
  PlacedCamera(CameraModelKind kind, const Intrinsics& intrinsics,
               const RigidTransform& camera_from_lab);

  [[nodiscard]] const Eigen::Vector3d& centre() const { return lab_from_camera_.translation; }
  [[nodiscard]] double focal() const { return intrinsics_[0]; }
  [[nodiscard]] CameraModelKind kind() const { return kind_; }
  [[nodiscard]] const double* intrinsics() const { return intrinsics_.data(); }
  [[nodiscard]] const RigidTransform& camera_from_lab() const { return camera_from_lab_; }
  /// Unit direction in the lab; nullopt where the lens has none for this pixel.
  [[nodiscard]] std::optional<Eigen::Vector3d> RayOf(const Eigen::Vector2d& xy) const;
  [[nodiscard]] std::optional<Eigen::Vector2d> Project(const Eigen::Vector3d& x_in_lab) const {
    return model_.Project(camera_from_lab_ * x_in_lab);
  }

 private:
  CameraModelKind kind_;
  Intrinsics intrinsics_;
  CameraModel model_;
  RigidTransform camera_from_lab_;
  RigidTransform lab_from_camera_;
};

/// [cameras] absent where a camera has no place yet.
using PlacedCameras = std::vector<std::optional<PlacedCamera>>;

/// A dot that is a marker.
struct MarkerHit {
  std::size_t view = 0;  ///< index in DotObservations::views
  std::size_t dot = 0;
  std::size_t marker = 0;
};

/// The wand at one instant.
struct WandMatch {
  RigidTransform lab_from_wand;
  std::vector<MarkerHit> hits;  ///< ordered by view, then marker
  std::size_t cameras = 0;      ///< with a hit
};

/// Finds the wand at one instant in cameras that are placed: each way that two views allow to label
/// and triangulate it is tried, then each two points in space at a distance of two markers; the
/// pose under which most dots of all views are markers wins, is refined on them, and takes every
/// dot within `gate` of a marker, also in views that show only a part of the wand.
///
/// @param labellings  [views] of the observations.
/// @param gate        pixels.
/// @return nullopt where fewer than two cameras agree on a pose, or nothing checks it.
std::optional<WandMatch> MatchWand(const WandShape& shape, const DotObservations& dots,
                                   const std::vector<std::vector<Labelling>>& labellings,
                                   const DotFrame& frame, const PlacedCameras& cameras,
                                   double gate);

/// Whether sightings fix the place of a wand: a pixel of noise moves no part of it by more than a
/// tenth of its length (the turn of a line about itself does not count).
/// @param information  of the pose (rotation on the left, translation) for a sigma of 1 px.
bool IsWandFixed(const WandShape& shape, const RigidTransform& lab_from_wand,
                 const Matrix6& information);

/// Adds what each camera saw of a wand that was found, as labelled views of `target`.
void AppendViews(const DotObservations& dots, const WandMatch& match, std::size_t target,
                 std::vector<TargetView>* views);

/// Point nearest to rays (centre, unit direction), two or more of them.
/// @return nullopt where all are parallel.
std::optional<Eigen::Vector3d> PointOfRays(const std::vector<Eigen::Vector3d>& centres,
                                           const std::vector<Eigen::Vector3d>& directions);

/// The pose that takes markers of a wand nearest to points in the lab; the turn about a single line
/// is arbitrary.
/// Source: Umeyama, PAMI 1991.
RigidTransform PoseOfPoints(const std::vector<Eigen::Vector3d>& x_in_wand,
                            const std::vector<Eigen::Vector3d>& x_in_lab);

}  // namespace medius::calibration
