#include "analysis/segment_frames.hpp"

#include <limits>

#include <Eigen/Geometry>
#include <fmt/format.h>

#include "analysis/anatomy.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const Eigen::Vector3d kForward = Eigen::Vector3d::UnitX();
const Eigen::Vector3d kUp = Eigen::Vector3d::UnitZ();

Side Other(Side side) {
  return side == Side::kLeft ? Side::kRight : Side::kLeft;
}

}  // namespace

std::string Sided(Side side, std::string_view role) {
  return fmt::format("{}_{}", ToString(side), role);
}

BodyFrames::BodyFrames() : mid_psis(Eigen::Vector3d::Constant(kNaN)) {
  for (RigidTransform& frame : lab_from_segment) {
    frame.rotation.setConstant(kNaN);
    frame.translation.setConstant(kNaN);
  }
  length.fill(kNaN);
  size = {kNaN, kNaN, {kNaN, kNaN}};
}

Eigen::Vector3d SegmentFrames::At(const Snapshot& snapshot, std::string_view role) const {
  const std::optional<std::string> label = set_.LabelOf(role);
  return label ? snapshot.Of(reference_, *label) : Eigen::Vector3d::Constant(kNaN);
}

std::vector<std::string> SegmentFrames::PelvisRoles() const {
  std::vector<std::string> roles = {"right_asis", "left_asis"};
  if (Named("right_psis") && Named("left_psis")) {
    roles.insert(roles.end(), {"right_psis", "left_psis"});
  } else {
    roles.emplace_back("sacrum");
  }
  return roles;
}

std::vector<std::string> SegmentFrames::ForefootRoles(Side side) const {
  const std::string first = Sided(side, "first_metatarsal");
  const std::string fifth = Sided(side, "fifth_metatarsal");
  if (Named(first) && Named(fifth)) return {first, fifth};
  const std::string second = Sided(side, "second_metatarsal");
  return {Named(second) ? second : Sided(side, "toe")};
}

std::vector<std::string> SegmentFrames::RolesOf(Segment segment) const {
  const bool standing_axes = options_.convention == FrameConvention::kPelvisAsStanding;
  if (segment == Segment::kPelvis) {
    return standing_axes ? std::vector<std::string>() : PelvisRoles();
  }
  if (segment == Segment::kTrunk) {
    std::vector<std::string> roles = PelvisRoles();
    if (Named("c7")) roles.emplace_back("c7");
    roles.insert(roles.end(), {"right_acromion", "left_acromion"});
    return roles;
  }
  const Side side = SideOf(segment);
  if (segment == FootOf(side)) {
    if (standing_axes) return {};
    std::vector<std::string> roles = ForefootRoles(side);
    roles.push_back(Sided(side, "heel"));
    return roles;
  }
  std::vector<std::string> roles = {Sided(side, "lateral_epicondyle"),
                                    Sided(side, "medial_epicondyle")};
  if (segment == ShankOf(side)) {
    roles.push_back(Sided(side, "lateral_malleolus"));
    roles.push_back(Sided(side, "medial_malleolus"));
    return roles;
  }
  const HipCentreMethod method = options_.hip_centre;
  if (method == HipCentreMethod::kMarker) roles.push_back(Sided(side, "hip_centre"));
  if (method == HipCentreMethod::kTrochanter) {
    for (const Side s : kSides) roles.push_back(Sided(s, "greater_trochanter"));
  }
  if (IsRegression(method) && standing_axes) {
    for (const std::string& role : PelvisRoles()) roles.push_back(role);
  }
  if (NeedsLegLength(method)) roles.push_back(Sided(side, "medial_malleolus"));
  return roles;
}

Eigen::Vector3d SegmentFrames::Centroid(const Snapshot& snapshot, Segment segment) const {
  const auto cluster = set_.clusters.find(std::string(ToString(segment)));
  if (cluster == set_.clusters.end()) return Eigen::Vector3d::Constant(kNaN);
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (const std::string& label : cluster->second) sum += snapshot.Of(reference_, label);
  return sum / static_cast<double>(cluster->second.size());
}

void SegmentFrames::SetPelvis(const Snapshot& snapshot, BodyFrames& frames) const {
  PelvisLandmarks landmarks;
  landmarks.right_asis = At(snapshot, "right_asis");
  landmarks.left_asis = At(snapshot, "left_asis");
  const bool psis = Named("right_psis") && Named("left_psis");
  landmarks.mid_psis =
      psis ? Eigen::Vector3d(0.5 * (At(snapshot, "right_psis") + At(snapshot, "left_psis")))
           : At(snapshot, "sacrum");
  frames.mid_psis = landmarks.mid_psis;
  RigidTransform pelvis = PelvisFrame(landmarks);
  frames.size.pelvis_width = (landmarks.right_asis - landmarks.left_asis).norm();
  frames.size.pelvis_depth = (pelvis.translation - landmarks.mid_psis).norm();
  for (const Side side : kSides) {
    const Eigen::Vector3d asis = side == Side::kLeft ? landmarks.left_asis : landmarks.right_asis;
    frames.size.leg_length[IndexOf(side)] =
        (asis - At(snapshot, Sided(side, "medial_malleolus"))).norm();
  }
  if (options_.convention == FrameConvention::kPelvisAsStanding) {
    pelvis.rotation << kForward, kUp, kForward.cross(kUp);
    pelvis.translation = Centroid(snapshot, Segment::kPelvis);
  }
  frames.lab_from_segment[IndexOf(Segment::kPelvis)] = pelvis;
  frames.length[IndexOf(Segment::kPelvis)] = frames.size.pelvis_width;
}

Eigen::Vector3d SegmentFrames::HipCentre(const Snapshot& snapshot, Side side,
                                         const BodyFrames& frames) const {
  const RigidTransform& pelvis = frames.lab_from_segment[IndexOf(Segment::kPelvis)];
  switch (options_.hip_centre) {
    case HipCentreMethod::kMarker:
      return At(snapshot, Sided(side, "hip_centre"));
    case HipCentreMethod::kTrochanter: {
      const Eigen::Vector3d own = At(snapshot, Sided(side, "greater_trochanter"));
      return own + 0.25 * (At(snapshot, Sided(Other(side), "greater_trochanter")) - own);
    }
    case HipCentreMethod::kFunctional:
      return pelvis * options_.functional_hip_centre[IndexOf(side)];
    default:
      break;
  }
  // The equations count in the pelvis' anatomical frame, whatever axes the method gives it.
  const PelvisLandmarks landmarks{At(snapshot, "right_asis"), At(snapshot, "left_asis"),
                                  frames.mid_psis};
  return PelvisFrame(landmarks) *
         RegressionHipCentre(options_.hip_centre, frames.size, options_.marker_offset, side);
}

void SegmentFrames::SetLeg(const Snapshot& snapshot, Side side, BodyFrames& frames) const {
  const Eigen::Vector3d lateral_knee = At(snapshot, Sided(side, "lateral_epicondyle"));
  const Eigen::Vector3d medial_knee = At(snapshot, Sided(side, "medial_epicondyle"));
  const Eigen::Vector3d knee = 0.5 * (lateral_knee + medial_knee);
  const Eigen::Vector3d hip = HipCentre(snapshot, side, frames);
  const Eigen::Vector3d lateral_ankle = At(snapshot, Sided(side, "lateral_malleolus"));
  const Eigen::Vector3d medial_ankle = At(snapshot, Sided(side, "medial_malleolus"));
  RigidTransform thigh = LongBoneFrame(hip, lateral_knee, medial_knee, side);
  const double turn = options_.knee_axis_turn[IndexOf(side)];
  if (turn != 0.0) {
    thigh.rotation =
        thigh.rotation * Eigen::AngleAxisd(turn, Eigen::Vector3d::UnitY()).toRotationMatrix();
  }
  frames.lab_from_segment[IndexOf(ThighOf(side))] = thigh;
  frames.length[IndexOf(ThighOf(side))] = (hip - knee).norm();
  frames.lab_from_segment[IndexOf(ShankOf(side))] =
      LongBoneFrame(knee, lateral_ankle, medial_ankle, side);
  frames.length[IndexOf(ShankOf(side))] = (knee - 0.5 * (lateral_ankle + medial_ankle)).norm();
}

void SegmentFrames::SetFoot(const Snapshot& snapshot, Side side, BodyFrames& frames) const {
  RigidTransform& foot = frames.lab_from_segment[IndexOf(FootOf(side))];
  if (options_.convention == FrameConvention::kPelvisAsStanding) {
    const auto cluster = set_.clusters.find(std::string(ToString(FootOf(side))));
    if (cluster == set_.clusters.end() || cluster->second.size() < 3) return;
    std::array<Eigen::Vector3d, 3> shoe;
    for (std::size_t i = 0; i < 3; ++i) shoe[i] = snapshot.Of(reference_, cluster->second[i]);
    foot = ShoeFrame(shoe, side, kForward, kUp);
    return;
  }
  Eigen::Vector3d forefoot = Eigen::Vector3d::Zero();
  const std::vector<std::string> roles = ForefootRoles(side);
  for (const std::string& role : roles) forefoot += At(snapshot, role);
  const Eigen::Vector3d heel = At(snapshot, Sided(side, "heel"));
  foot = FootFrame(heel, forefoot / static_cast<double>(roles.size()), kUp);
  frames.length[IndexOf(FootOf(side))] =
      (forefoot / static_cast<double>(roles.size()) - heel).norm();
}

void SegmentFrames::SetTrunk(const Snapshot& snapshot, BodyFrames& frames) const {
  const Eigen::Vector3d right = At(snapshot, "right_acromion");
  const Eigen::Vector3d left = At(snapshot, "left_acromion");
  const Eigen::Vector3d top =
      Named("c7") ? At(snapshot, "c7") : Eigen::Vector3d(0.5 * (right + left));
  frames.lab_from_segment[IndexOf(Segment::kTrunk)] =
      TrunkFrame(top, frames.mid_psis, right - left);
  frames.length[IndexOf(Segment::kTrunk)] = (top - frames.mid_psis).norm();
}

BodyFrames SegmentFrames::Of(const Snapshot& snapshot) const {
  BodyFrames frames;
  SetPelvis(snapshot, frames);
  for (const Side side : kSides) {
    SetLeg(snapshot, side, frames);
    SetFoot(snapshot, side, frames);
  }
  SetTrunk(snapshot, frames);
  return frames;
}

}  // namespace medius::analysis
