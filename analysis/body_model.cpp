#include "analysis/body_model.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/joint_angles.hpp"
#include "analysis/side_check.hpp"
#include "analysis/signal.hpp"
#include "analysis/snapshot.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kRestlessStanding = 0.020;  // metres, see StandingSnapshot::spread

// The set's own word for a role and the role it is for, to be named in a message.
struct Landmark {
  std::string role;
  std::string label;
};

InputError MissingMarker(const MarkerSet& set, const Landmark& landmark,
                         const Recording& recording) {
  return InputError(fmt::format(
      "marker set {} names {} = \"{}\", but {} has no such marker; it has: {}", set.name,
      landmark.role, landmark.label, recording.where, fmt::join(recording.labels, ", ")));
}

bool Has(const Recording& recording, std::string_view label) {
  return FindLabel(recording, label) < recording.labels.size();
}

class BodyBuilder {
 public:
  BodyBuilder(const MarkerSet& set, const Recording& run, const Recording* standing,
              const BodyOptions& options)
      : set_(set),
        run_(run),
        reference_(standing != nullptr ? *standing : run),
        has_standing_(standing != nullptr),
        options_(options),
        segment_frames_(set, reference_, options) {}

  BodyModel Build();

 private:
  void RequirePelvisRoles();
  bool HasLandmarks(Segment segment);
  bool HasOptional(Segment segment);
  std::vector<std::string> NamedTrackers(Segment segment) const;
  std::vector<std::string> TrackingLabels(Segment segment);
  std::vector<std::string> OptionalTrackingLabels(Segment segment) const;
  std::vector<Snapshot> ReferenceSnapshots();
  void RequireSeen(const Snapshot& snapshot, Segment segment) const;
  Eigen::Vector3d LocalPoint(Segment segment, const std::string& label,
                             const std::vector<Snapshot>& snapshots,
                             const std::vector<BodyFrames>& frames) const;
  void AddSegment(Segment segment, const std::vector<Snapshot>& snapshots,
                  const std::vector<BodyFrames>& frames);
  void AddFootMarkers();
  void RequireUpright(double obliquity, double tilt) const;
  void AddStanding(const Snapshot& snapshot, const BodyFrames& frames);
  void WarnOfNoStanding();
  std::size_t ColumnOf(std::string_view label);
  void Warn(std::string text) { body_.warnings.push_back(std::move(text)); }

  const MarkerSet& set_;
  const Recording& run_;
  const Recording& reference_;
  bool has_standing_;
  bool restless_ = false;  // the standing trial moves
  const BodyOptions& options_;
  SegmentFrames segment_frames_;
  std::vector<std::string> without_landmarks_;  // segments, of a run without a standing trial
  BodyModel body_;
};

void BodyBuilder::RequirePelvisRoles() {
  if (options_.convention == FrameConvention::kPelvisAsStanding) {
    if (!has_standing_) {
      throw InputError(fmt::format(
          "{}: this method measures the pelvis against a standing trial; give one with --static",
          run_.where));
    }
    if (set_.clusters.count("pelvis") == 0) {
      throw InputError(fmt::format(
          "marker set {}: this method needs the cluster pelvis; name it under [clusters]",
          set_.name));
    }
    return;
  }
  for (const std::string& role : segment_frames_.PelvisRoles()) {
    const std::optional<std::string> label = set_.LabelOf(role);
    if (!label) {
      throw InputError(fmt::format(
          "marker set {}: the pelvis needs the roles right_asis, left_asis and either right_psis "
          "and left_psis or sacrum; name them under [roles]",
          set_.name));
    }
    if (!Has(reference_, *label)) throw MissingMarker(set_, {role, *label}, reference_);
  }
}

// A role that the set does not have is a choice of the lab, a label that the standing trial does
// not have is a mistake.
bool BodyBuilder::HasLandmarks(Segment segment) {
  if (IsOptional(segment)) return HasOptional(segment);
  for (const std::string& role : segment_frames_.RolesOf(segment)) {
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

// Feet and trunk: without a standing trial they have no neutral place.
bool BodyBuilder::HasOptional(Segment segment) {
  if (!has_standing_) return false;
  std::vector<std::string> lacking;
  for (const std::string& role : segment_frames_.RolesOf(segment)) {
    const std::optional<std::string> label = set_.LabelOf(role);
    if (!label) return false;
    if (!Has(reference_, *label)) lacking.push_back(fmt::format("\"{}\" ({})", *label, role));
  }
  if (lacking.empty()) return true;
  Warn(fmt::format("{} has no marker {}: no angles of the {}", reference_.where,
                   fmt::join(lacking, ", "), ToString(segment)));
  return false;
}

// Labels that may track a segment, whether a recording has them or not.
std::vector<std::string> BodyBuilder::NamedTrackers(Segment segment) const {
  const auto cluster = set_.clusters.find(std::string(ToString(segment)));
  if (cluster != set_.clusters.end()) return cluster->second;
  std::vector<std::string> roles;
  if (segment == Segment::kPelvis) roles = segment_frames_.PelvisRoles();
  if (segment == Segment::kTrunk) {
    roles = {"c7", "clavicle", "sternum", "right_acromion", "left_acromion"};
  }
  if (segment == Segment::kLeftFoot || segment == Segment::kRightFoot) {
    for (const char* role :
         {"heel", "toe", "first_metatarsal", "second_metatarsal", "fifth_metatarsal"}) {
      roles.push_back(Sided(SideOf(segment), role));
    }
  }
  std::vector<std::string> labels;
  for (const std::string& role : roles) {
    const std::optional<std::string> label = set_.LabelOf(role);
    if (!label) continue;
    if (segment == Segment::kPelvis && !Has(run_, *label)) {
      throw MissingMarker(set_, {role, *label}, run_);
    }
    labels.push_back(*label);
  }
  return labels;
}

std::vector<std::string> BodyBuilder::OptionalTrackingLabels(Segment segment) const {
  std::vector<std::string> labels;
  for (const std::string& label : NamedTrackers(segment)) {
    const bool twice = std::find(labels.begin(), labels.end(), label) != labels.end();
    if (!twice && Has(run_, label) && Has(reference_, label)) labels.push_back(label);
  }
  if (labels.size() < 3) labels.clear();
  return labels;
}

std::vector<std::string> BodyBuilder::TrackingLabels(Segment segment) {
  if (IsOptional(segment)) return OptionalTrackingLabels(segment);
  const std::vector<std::string> named = NamedTrackers(segment);
  if (named.empty()) {
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
  restless_ = standing.spread > kRestlessStanding;
  if (restless_) {
    Warn(fmt::format("standing trial {}: its markers move by {:.0f} mm; is it a standing trial?",
                     reference_.where, 1000.0 * standing.spread));
  }
  std::vector<Snapshot> snapshots;
  snapshots.push_back(std::move(standing.median));
  return snapshots;
}

void BodyBuilder::RequireSeen(const Snapshot& snapshot, Segment segment) const {
  for (const std::string& role : segment_frames_.RolesOf(segment)) {
    if (segment_frames_.At(snapshot, role).allFinite()) continue;
    throw InputError(fmt::format("standing trial {}: marker \"{}\" ({}) is missing in every frame",
                                 reference_.where, set_.LabelOf(role).value_or("?"), role));
  }
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

// Where a marker sits on a segment: the median over the snapshots.
Eigen::Vector3d BodyBuilder::LocalPoint(Segment segment, const std::string& label,
                                        const std::vector<Snapshot>& snapshots,
                                        const std::vector<BodyFrames>& frames) const {
  std::array<std::vector<double>, 3> local;
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    const Eigen::Vector3d point =
        frames[i].lab_from_segment[IndexOf(segment)].Inverse() * snapshots[i].Of(reference_, label);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      local[axis].push_back(point[static_cast<Eigen::Index>(axis)]);
    }
  }
  return {Quantile(local[0], 0.5), Quantile(local[1], 0.5), Quantile(local[2], 0.5)};
}

void BodyBuilder::AddSegment(Segment segment, const std::vector<Snapshot>& snapshots,
                             const std::vector<BodyFrames>& frames) {
  if (!HasLandmarks(segment)) return;
  const std::vector<std::string> labels = TrackingLabels(segment);
  if (labels.empty()) return;
  if (has_standing_ && !IsOptional(segment)) RequireSeen(snapshots.front(), segment);

  SegmentModel model;
  for (const std::string& label : labels) {
    const Eigen::Vector3d local = LocalPoint(segment, label, snapshots, frames);
    if (local.allFinite()) {
      model.columns.push_back(ColumnOf(label));
      model.local.push_back(local);
    } else {
      Warn(
          fmt::format("{}: marker \"{}\" of the {} is never seen together with the landmarks: left "
                      "out",
                      reference_.where, label, ToString(segment)));
    }
  }
  std::vector<double> lengths;
  lengths.reserve(frames.size());
  for (const BodyFrames& frame : frames) lengths.push_back(frame.length[IndexOf(segment)]);
  model.length = Quantile(lengths, 0.5);
  if (!model.available()) {
    Warn(fmt::format("fewer than three markers track the {}: no angles of it", ToString(segment)));
  }
  body_.segments[IndexOf(segment)] = std::move(model);
}

void BodyBuilder::AddFootMarkers() {
  for (const Side side : kSides) {
    const std::size_t index = IndexOf(side);
    const std::string heel_role = Sided(side, "heel");
    if (const auto heel = set_.LabelOf(heel_role)) {
      if (!Has(run_, *heel)) throw MissingMarker(set_, {heel_role, *heel}, run_);
      body_.heel[index] = ColumnOf(*heel);
    } else {
      Warn(fmt::format("marker set {} has no {}: events of that foot from the pelvis alone",
                       set_.name, heel_role));
    }
    for (const char* role : {"toe", "first_metatarsal", "fifth_metatarsal", "second_metatarsal"}) {
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

void BodyBuilder::AddStanding(const Snapshot& snapshot, const BodyFrames& frames) {
  const RigidTransform& pelvis = frames.lab_from_segment[IndexOf(Segment::kPelvis)];
  const Eigen::Vector3d angles =
      PelvisAngles(pelvis.rotation, Eigen::Matrix3d::Zero(), options_.pelvis_order).value;
  RequireUpright(angles[0], angles[1]);
  // The medians of somebody who moves say nothing of sides.
  if (!restless_) RequireSides({set_, reference_, snapshot, segment_frames_, frames});
  body_.standing = StandingPosture{angles[0], angles[1]};
  body_.size = frames.size;
  if (frames.mid_psis.allFinite()) body_.mid_psis = pelvis.Inverse() * frames.mid_psis;
}

void BodyBuilder::WarnOfNoStanding() {
  Warn(
      "no standing trial: the shapes of the segments come from the run itself, and no angle "
      "relative to standing is given");
  if (without_landmarks_.empty()) return;
  Warn(fmt::format("no standing trial, and {} lacks the landmarks of {}: no angles of them",
                   run_.where, fmt::join(without_landmarks_, ", ")));
}

BodyModel BodyBuilder::Build() {
  RequirePelvisRoles();
  const std::vector<Snapshot> snapshots = ReferenceSnapshots();
  std::vector<BodyFrames> frames;
  frames.reserve(snapshots.size());
  for (const Snapshot& snapshot : snapshots) frames.push_back(segment_frames_.Of(snapshot));
  for (const Segment segment : kSegments) AddSegment(segment, snapshots, frames);
  AddFootMarkers();
  body_.pelvis_order = options_.pelvis_order;
  body_.joint_order = options_.joint_order;
  if (has_standing_) {
    AddStanding(snapshots.front(), frames.front());
  } else {
    WarnOfNoStanding();
  }
  return std::move(body_);
}

}  // namespace

BodyModel BuildBodyModel(const MarkerSet& set, const Recording& run, const Recording* standing,
                         const BodyOptions& options) {
  return BodyBuilder(set, run, standing, options).Build();
}

}  // namespace medius::analysis
