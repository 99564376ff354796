#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "analysis/hip_centre.hpp"
#include "analysis/method.hpp"
#include "analysis/recording.hpp"
#include "analysis/segment.hpp"
#include "analysis/snapshot.hpp"
#include "core/marker_set.hpp"
#include "core/rigid_transform.hpp"

namespace medius::analysis {

/// What decides where the axes of the segments lie and how their angles are read.
struct BodyOptions {
  FrameConvention convention = FrameConvention::kAnatomical;
  PelvisOrder pelvis_order = PelvisOrder::kRotationObliquityTilt;
  JointOrder joint_order = JointOrder::kFlexionAdductionRotation;
  HipCentreMethod hip_centre = HipCentreMethod::kHarrington;
  double marker_offset = 0.0;  ///< metres, see RegressionHipCentre
  /// Of kFunctional, by Side, in the pelvis frame, metres.
  std::array<Eigen::Vector3d, 2> functional_hip_centre = {Eigen::Vector3d::Zero(),
                                                          Eigen::Vector3d::Zero()};
  /// By Side: turn of the thigh's frame about its long axis that brings its z axis from the
  /// epicondyles' to the knee's functional axis, radians.
  std::array<double, 2> knee_axis_turn = {};
};

/// Anatomical frames of one snapshot; NaN where a landmark is missing.
struct BodyFrames {
  BodyFrames();

  std::array<RigidTransform, kSegmentCount> lab_from_segment;
  /// Between the joint centres, metres; pelvis: between the ASIS. NaN where not known.
  std::array<double, kSegmentCount> length;
  Eigen::Vector3d mid_psis;  ///< lab, metres; or the sacrum marker
  BodySize size;
};

/// Reads segments' frames from the landmarks of a recording (a standing trial, or the run itself).
class SegmentFrames {
 public:
  /// All are kept by reference.
  SegmentFrames(const MarkerSet& set, const Recording& reference, const BodyOptions& options)
      : set_(set), reference_(reference), options_(options) {}

  [[nodiscard]] BodyFrames Of(const Snapshot& snapshot) const;

  /// Roles whose labels a segment's frame is made of. Of the pelvis none where the method takes its
  /// axes from the lab.
  [[nodiscard]] std::vector<std::string> RolesOf(Segment segment) const;

  /// right_psis and left_psis, or where the set does not name both, sacrum.
  [[nodiscard]] std::vector<std::string> PelvisRoles() const;

  /// Position of a role's label; NaN where there is none.
  [[nodiscard]] Eigen::Vector3d At(const Snapshot& snapshot, std::string_view role) const;

 private:
  void SetPelvis(const Snapshot& snapshot, BodyFrames& frames) const;
  void SetLeg(const Snapshot& snapshot, Side side, BodyFrames& frames) const;
  void SetFoot(const Snapshot& snapshot, Side side, BodyFrames& frames) const;
  void SetTrunk(const Snapshot& snapshot, BodyFrames& frames) const;
  [[nodiscard]] Eigen::Vector3d HipCentre(const Snapshot& snapshot, Side side,
                                          const BodyFrames& frames) const;
  [[nodiscard]] Eigen::Vector3d Centroid(const Snapshot& snapshot, Segment segment) const;
  [[nodiscard]] std::vector<std::string> ForefootRoles(Side side) const;
  [[nodiscard]] bool Named(std::string_view role) const { return set_.LabelOf(role).has_value(); }

  const MarkerSet& set_;
  const Recording& reference_;
  const BodyOptions& options_;
};

/// "left_heel" and the like.
[[nodiscard]] std::string Sided(Side side, std::string_view role);

}  // namespace medius::analysis
