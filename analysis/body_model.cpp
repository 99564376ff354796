#include "analysis/body_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/anatomy.hpp"
#include "analysis/joint_angles.hpp"
#include "analysis/signal.hpp"
#include "analysis/snapshot.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kRestlessStanding = 0.020;  // metres, see StandingSnapshot::spread

// The set's own word for a role and the role it is for, to be named in a message.
struct Landmark {
  std::string role;
  std::string label;
};

std::string Sided(Side side, std::string_view role) {
  return fmt::format("{}_{}", ToString(side), role);
}

InputError MissingMarker(const MarkerSet& set, const Landmark& landmark,
                         const Recording& recording) {
  return InputError(fmt::format(
      "marker set {} names {} = \"{}\", but {} has no such marker; it has: {}", set.name,
      landmark.role, landmark.label, recording.where, fmt::join(recording.labels, ", ")));
}

bool Has(const Recording& recording, std::string_view label) {
  return FindLabel(recording, label) < recording.labels.size();
}

// Anatomical frames of one snapshot; a frame whose landmarks are missing is NaN.
struct BodyFrames {
  std::array<RigidTransform, 5> lab_from_segment;
  std::array<double, 5> length = {};
};

class BodyBuilder {
 public:
  BodyBuilder(const MarkerSet& set, const Recording& run, const Recording* standing,
              double marker_offset)
      : set_(set),
        run_(run),
        reference_(standing != nullptr ? *standing : run),
        has_standing_(standing != nullptr),
        marker_offset_(marker_offset) {}

  BodyModel Build();
  void RequireUpright(double obliquity, double tilt) const;

 private:
  void RequirePelvisRoles();
  std::vector<Landmark> PelvisLandmarksOfSet() const;
  std::vector<std::string> RolesOf(Segment segment) const;
  bool HasLandmarks(Segment segment);
  std::vector<std::string> TrackingLabels(Segment segment);
  std::vector<Snapshot> ReferenceSnapshots();
  void RequireSeen(const Snapshot& snapshot, Segment segment) const;
  BodyFrames FramesOf(const Snapshot& snapshot) const;
  void AddSegment(Segment segment, const std::vector<Snapshot>& snapshots,
                  const std::vector<BodyFrames>& frames);
  void AddFeet();
  std::size_t ColumnOf(std::string_view label);

  Eigen::Vector3d At(const Snapshot& snapshot, std::string_view role) const {
    const std::optional<std::string> label = set_.LabelOf(role);
    return label ? snapshot.Of(reference_, *label) : Eigen::Vector3d::Constant(kNaN);
  }
  void Warn(std::string text) { body_.warnings.push_back(std::move(text)); }

  const MarkerSet& set_;
  const Recording& run_;
  const Recording& reference_;
  bool has_standing_;
  double marker_offset_;
  std::vector<std::string> without_landmarks_;  // segments, of a run without a standing trial
  BodyModel body_;
};

std::vector<Landmark> BodyBuilder::PelvisLandmarksOfSet() const {
  std::vector<std::string> roles = {"right_asis", "left_asis"};
  if (set_.LabelOf("right_psis") && set_.LabelOf("left_psis")) {
    roles.insert(roles.end(), {"right_psis", "left_psis"});
  } else {
    roles.emplace_back("sacrum");
  }
  std::vector<Landmark> landmarks;
  for (const std::string& role : roles) {
    if (const auto label = set_.LabelOf(role)) landmarks.push_back({role, *label});
  }
  return landmarks;
}

void BodyBuilder::RequirePelvisRoles() {
  const std::vector<Landmark> landmarks = PelvisLandmarksOfSet();
  const bool asis = set_.LabelOf("right_asis") && set_.LabelOf("left_asis");
  if (!asis || landmarks.size() < 3) {
    throw InputError(fmt::format(
        "marker set {}: the pelvis needs the roles right_asis, left_asis and either right_psis and "
        "left_psis or sacrum; name them under [roles]",
        set_.name));
  }
  for (const Landmark& landmark : landmarks) {
    if (!Has(reference_, landmark.label)) throw MissingMarker(set_, landmark, reference_);
  }
}

std::vector<std::string> BodyBuilder::RolesOf(Segment segment) const {
  if (segment == Segment::kPelvis) {
    std::vector<std::string> roles;
    for (const Landmark& landmark : PelvisLandmarksOfSet()) roles.push_back(landmark.role);
    return roles;
  }
  const Side side =
      segment == Segment::kLeftThigh || segment == Segment::kLeftShank ? Side::kLeft : Side::kRight;
  std::vector<std::string> roles = {Sided(side, "lateral_epicondyle"),
                                    Sided(side, "medial_epicondyle")};
  if (segment == ShankOf(side)) {
    roles.push_back(Sided(side, "lateral_malleolus"));
    roles.push_back(Sided(side, "medial_malleolus"));
  } else if (set_.LabelOf(Sided(side, "hip_centre"))) {
    roles.push_back(Sided(side, "hip_centre"));
  }
  return roles;
}

// A role that the set does not have is a choice of the lab, a label that the standing trial does
// not have is a mistake.
bool BodyBuilder::HasLandmarks(Segment segment) {
  for (const std::string& role : RolesOf(segment)) {
    const std::optional<std::string> label = set_.LabelOf(role);
    if (!label) {
      Warn(fmt::format("marker set {} has no {}: no angles of the {}", set_.name, role,
                       ToString(segment)));
      return false;
    }
    if (Has(reference_, *label)) continue;
    if (has_standing_) throw MissingMarker(set_, {role, *label}, reference_);
    without_landmarks_.emplace_back(ToString(segment));
    return false;
  }
  return true;
}

std::vector<std::string> BodyBuilder::TrackingLabels(Segment segment) {
  const auto cluster = set_.clusters.find(std::string(ToString(segment)));
  std::vector<std::string> named;
  if (cluster != set_.clusters.end()) {
    named = cluster->second;
  } else if (segment == Segment::kPelvis) {
    for (const Landmark& landmark : PelvisLandmarksOfSet()) {
      if (!Has(run_, landmark.label)) throw MissingMarker(set_, landmark, run_);
      named.push_back(landmark.label);
    }
  } else {
    Warn(fmt::format("marker set {} has no cluster {}: no angles of that segment", set_.name,
                     ToString(segment)));
    return {};
  }
  std::vector<std::string> labels;
  for (const std::string& label : named) {
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) continue;
    if (Has(run_, label) && Has(reference_, label)) labels.push_back(label);
  }
  for (const std::string& label : named) {
    if (Has(run_, label) && Has(reference_, label)) continue;
    const Recording& lacking = Has(run_, label) ? reference_ : run_;
    if (labels.size() < 3) {
      throw MissingMarker(set_, {fmt::format("{} in cluster", ToString(segment)), label}, lacking);
    }
    Warn(fmt::format("{} has no marker \"{}\" of cluster {}: the {} others track it", lacking.where,
                     label, ToString(segment), labels.size()));
  }
  if (labels.size() < 3) {
    throw InputError(fmt::format("marker set {}: cluster {} has {} markers; three or more needed",
                                 set_.name, ToString(segment), labels.size()));
  }
  return labels;
}

std::vector<Snapshot> BodyBuilder::ReferenceSnapshots() {
  if (!has_standing_) return SampleSnapshots(reference_);
  StandingSnapshot standing = MedianSnapshot(reference_);
  if (standing.spread > kRestlessStanding) {
    Warn(fmt::format("standing trial {}: its markers move by {:.0f} mm; is it a standing trial?",
                     reference_.where, 1000.0 * standing.spread));
  }
  std::vector<Snapshot> snapshots;
  snapshots.push_back(std::move(standing.median));
  return snapshots;
}

void BodyBuilder::RequireSeen(const Snapshot& snapshot, Segment segment) const {
  for (const std::string& role : RolesOf(segment)) {
    if (At(snapshot, role).allFinite()) continue;
    throw InputError(fmt::format("standing trial {}: marker \"{}\" ({}) is missing in every frame",
                                 reference_.where, set_.LabelOf(role).value_or("?"), role));
  }
}

BodyFrames BodyBuilder::FramesOf(const Snapshot& snapshot) const {
  PelvisLandmarks landmarks;
  landmarks.right_asis = At(snapshot, "right_asis");
  landmarks.left_asis = At(snapshot, "left_asis");
  const bool psis = set_.LabelOf("right_psis") && set_.LabelOf("left_psis");
  landmarks.mid_psis =
      psis ? Eigen::Vector3d(0.5 * (At(snapshot, "right_psis") + At(snapshot, "left_psis")))
           : At(snapshot, "sacrum");
  BodyFrames frames;
  const RigidTransform pelvis = PelvisFrame(landmarks);
  const double width = (landmarks.right_asis - landmarks.left_asis).norm();
  const double depth = (pelvis.translation - landmarks.mid_psis).norm();
  const auto set_frame = [&frames](Segment segment, const RigidTransform& frame, double length) {
    frames.lab_from_segment[static_cast<std::size_t>(segment)] = frame;
    frames.length[static_cast<std::size_t>(segment)] = length;
  };
  set_frame(Segment::kPelvis, pelvis, width);
  for (const Side side : kSides) {
    const Eigen::Vector3d lateral_knee = At(snapshot, Sided(side, "lateral_epicondyle"));
    const Eigen::Vector3d medial_knee = At(snapshot, Sided(side, "medial_epicondyle"));
    const Eigen::Vector3d knee = 0.5 * (lateral_knee + medial_knee);
    const Eigen::Vector3d hip =
        set_.LabelOf(Sided(side, "hip_centre"))
            ? At(snapshot, Sided(side, "hip_centre"))
            : Eigen::Vector3d(pelvis * HarringtonHipCentre(width, depth, marker_offset_, side));
    const Eigen::Vector3d lateral_ankle = At(snapshot, Sided(side, "lateral_malleolus"));
    const Eigen::Vector3d medial_ankle = At(snapshot, Sided(side, "medial_malleolus"));
    set_frame(ThighOf(side), LongBoneFrame(hip, lateral_knee, medial_knee, side),
              (hip - knee).norm());
    set_frame(ShankOf(side), LongBoneFrame(knee, lateral_ankle, medial_ankle, side),
              (knee - 0.5 * (lateral_ankle + medial_ankle)).norm());
  }
  return frames;
}

std::size_t BodyBuilder::ColumnOf(std::string_view label) {
  const MarkerId id(FindLabel(run_, label));
  const auto found = std::find(body_.columns.begin(), body_.columns.end(), id);
  if (found != body_.columns.end()) {
    return static_cast<std::size_t>(found - body_.columns.begin());
  }
  body_.columns.push_back(id);
  return body_.columns.size() - 1;
}

void BodyBuilder::AddSegment(Segment segment, const std::vector<Snapshot>& snapshots,
                             const std::vector<BodyFrames>& frames) {
  if (!HasLandmarks(segment)) return;
  const std::vector<std::string> labels = TrackingLabels(segment);
  if (labels.empty()) return;
  if (has_standing_) RequireSeen(snapshots.front(), segment);

  const auto index = static_cast<std::size_t>(segment);
  SegmentModel model;
  for (const std::string& label : labels) {
    std::array<std::vector<double>, 3> local;
    for (std::size_t i = 0; i < snapshots.size(); ++i) {
      const Eigen::Vector3d point =
          frames[i].lab_from_segment[index].Inverse() * snapshots[i].Of(reference_, label);
      for (std::size_t axis = 0; axis < 3; ++axis) {
        local[axis].push_back(point[static_cast<Eigen::Index>(axis)]);
      }
    }
    const Eigen::Vector3d median(Quantile(local[0], 0.5), Quantile(local[1], 0.5),
                                 Quantile(local[2], 0.5));
    if (median.allFinite()) {
      model.columns.push_back(ColumnOf(label));
      model.local.push_back(median);
    } else {
      Warn(
          fmt::format("{}: marker \"{}\" of the {} is never seen together with the landmarks: left "
                      "out",
                      reference_.where, label, ToString(segment)));
    }
  }
  std::vector<double> lengths;
  lengths.reserve(frames.size());
  for (const BodyFrames& frame : frames) lengths.push_back(frame.length[index]);
  model.length = Quantile(lengths, 0.5);
  if (!model.available()) {
    Warn(fmt::format("fewer than three markers track the {}: no angles of it", ToString(segment)));
  }
  body_.segments[index] = std::move(model);
}

void BodyBuilder::AddFeet() {
  for (const Side side : kSides) {
    const auto index = static_cast<std::size_t>(side);
    const std::string heel_role = Sided(side, "heel");
    if (const auto heel = set_.LabelOf(heel_role)) {
      if (!Has(run_, *heel)) throw MissingMarker(set_, {heel_role, *heel}, run_);
      body_.heel[index] = ColumnOf(*heel);
    } else {
      Warn(fmt::format("marker set {} has no {}: events of that foot from the pelvis alone",
                       set_.name, heel_role));
    }
    for (const char* role : {"toe", "first_metatarsal", "fifth_metatarsal"}) {
      const auto label = set_.LabelOf(Sided(side, role));
      if (label && Has(run_, *label)) body_.forefoot[index].push_back(ColumnOf(*label));
      if (label && !Has(run_, *label)) {
        Warn(fmt::format("{} has no marker \"{}\" ({}): toe off without it", run_.where, *label,
                         Sided(side, role)));
      }
      if (!body_.forefoot[index].empty() && std::string_view(role) == "toe") break;
    }
  }
}

// A standing trial with other axes than the run's would give hips and knees as they are, and a
// nonsense of a drop relative to standing.
void BodyBuilder::RequireUpright(double obliquity, double tilt) const {
  constexpr double kHalfWay = 0.7853981633974483;
  constexpr double kDegrees = 57.29577951308232;
  if (std::abs(obliquity) <= kHalfWay && std::abs(tilt) <= kHalfWay) return;
  throw InputError(fmt::format(
      "{}: the pelvis lies on its side or back while standing (obliquity {:.0f}, tilt {:.0f} deg); "
      "import it with the right forward and up, and check that left and right are not swapped",
      reference_.where, obliquity * kDegrees, tilt * kDegrees));
}

BodyModel BodyBuilder::Build() {
  RequirePelvisRoles();
  const std::vector<Snapshot> snapshots = ReferenceSnapshots();
  std::vector<BodyFrames> frames;
  frames.reserve(snapshots.size());
  for (const Snapshot& snapshot : snapshots) frames.push_back(FramesOf(snapshot));
  for (const Segment segment : kSegments) AddSegment(segment, snapshots, frames);
  AddFeet();
  if (has_standing_) {
    const Eigen::Vector3d angles =
        PelvisAngles(frames[0].lab_from_segment[0].rotation, Eigen::Matrix3d::Zero()).value;
    RequireUpright(angles[0], angles[1]);
    body_.standing = StandingPosture{angles[0], angles[1]};
  } else {
    Warn(
        "no standing trial: the shapes of the segments come from the run itself, and no angle "
        "relative to standing is given");
    if (!without_landmarks_.empty()) {
      Warn(fmt::format("no standing trial, and {} lacks the landmarks of {}: no angles of them",
                       run_.where, fmt::join(without_landmarks_, ", ")));
    }
  }
  return std::move(body_);
}

}  // namespace

std::string_view ToString(Segment segment) {
  constexpr std::array<std::string_view, 5> kNames = {"pelvis", "left_thigh", "right_thigh",
                                                      "left_shank", "right_shank"};
  return kNames[static_cast<std::size_t>(segment)];
}

BodyModel BuildBodyModel(const MarkerSet& set, const Recording& run, const Recording* standing,
                         double marker_offset) {
  return BodyBuilder(set, run, standing, marker_offset).Build();
}

}  // namespace medius::analysis
