#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "calibration/board_bend.hpp"
#include "calibration/projection.hpp"
#include "core/camera_model.hpp"
#include "core/rigid_transform.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// Intrinsics of any model in one array; entries past the model's count are 0.
using Intrinsics = std::array<double, kMaxIntrinsics>;

/// All unknowns of a calibration.
struct RigState {
  std::vector<CameraModelKind> kind;            ///< [groups]
  std::vector<Intrinsics> intrinsics;           ///< [groups] sets of intrinsics
  std::vector<std::size_t> group;               ///< [cameras] whose intrinsics a camera has
  std::vector<RigidTransform> camera_from_lab;  ///< [cameras]
  std::vector<RigidTransform> lab_from_target;  ///< [poses] of a BundleData
  std::vector<BoardShape> shape;                ///< [targets] empty where boards are flat
  std::vector<Eigen::Vector2d> bend;            ///< [targets] metres, of `shape`
};

/// One point seen by one camera.
struct Sighting {
  Eigen::Vector3d x_in_target;  ///< metres, bent as the state was when it was laid out
  Eigen::Vector2d xy;           ///< pixels
  double inverse_sigma = 1.0;   ///< 1 / pixels; 1 where the sigma is unknown
};

/// One view of one target pose: a range of BundleData::sightings.
struct BundleView {
  std::size_t camera = 0;
  std::size_t pose = 0;    ///< index in BundleData::poses
  std::size_t source = 0;  ///< index in TargetObservations::views
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A target at an instant, with its views.
struct BundlePose {
  std::size_t frame = 0;
  std::size_t target = 0;
  std::size_t view_begin = 0;  ///< range of BundleData::views
  std::size_t view_end = 0;
  std::size_t fewest = 4;  ///< sightings below which the outlier rule drops the pose
};

/// Observations laid out for adjustment: views ordered by (frame, target, camera), so that those of
/// one pose are neighbours.
struct BundleData {
  std::vector<BundlePose> poses;
  std::vector<BundleView> views;
  std::vector<Sighting> sightings;

  [[nodiscard]] std::span<const Sighting> SightingsOf(const BundleView& view) const {
    return std::span(sightings).subspan(view.begin, view.end - view.begin);
  }
};

/// @param use_view  [views] which views of the observations to lay out.
BundleData MakeBundleData(const TargetObservations& observations,
                          const std::vector<std::uint8_t>& use_view);

/// Puts the points of all sightings where the state's bends have them.
void BendSightings(const TargetObservations& observations, const RigState& state, BundleData* data);

/// The shape of the target of a view, nullptr where boards are flat.
inline const BoardShape* ShapeOfView(const RigState& state, const BundleData& data,
                                     const BundleView& view) {
  return state.shape.empty() ? nullptr : &state.shape[data.poses[view.pose].target];
}

/// Number of intrinsics of a group of cameras.
inline int IntrinsicCountOf(const RigState& state, std::size_t group) {
  return IntrinsicCount(state.kind[group]);
}

inline RigidTransform CameraFromTarget(const RigState& state, const BundleView& view) {
  return state.camera_from_lab[view.camera] * state.lab_from_target[view.pose];
}

/// Difference of the seen and the predicted pixel, pixels; NaN where it cannot be predicted.
Eigen::Vector2d ResidualOf(const RigState& state, const BundleView& view, const Sighting& sighting);

}  // namespace medius::calibration
