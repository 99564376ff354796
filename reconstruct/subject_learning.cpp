#include "reconstruct/subject_learning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "reconstruct/heading_frame.hpp"
#include "reconstruct/marker_groups.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kAnchorMarkers = 3;

std::optional<std::size_t> IndexOf(const std::vector<std::string>& labels,
                                   const std::string& label) {
  const auto found = std::find(labels.begin(), labels.end(), label);
  if (found == labels.end()) return std::nullopt;
  return static_cast<std::size_t>(found - labels.begin());
}

bool IsFrameWithAll(const LabelledPositions& positions, std::size_t frame,
                    const std::vector<std::size_t>& markers) {
  return std::all_of(markers.begin(), markers.end(),
                     [&](std::size_t marker) { return positions.At(frame, marker).allFinite(); });
}

bool AreEverSeenTogether(const LabelledPositions& positions,
                         const std::vector<std::size_t>& markers) {
  for (std::size_t frame = 0; frame < positions.frame_count(); ++frame) {
    if (IsFrameWithAll(positions, frame, markers)) return true;
  }
  return false;
}

std::vector<std::size_t> ChooseAnchor(const LabelledPositions& positions,
                                      const std::vector<std::string>& segments) {
  for (const std::string_view segment : {"pelvis", "trunk"}) {
    std::vector<std::size_t> anchor;
    for (std::size_t m = 0; m < segments.size(); ++m) {
      if (segments[m] != segment) continue;
      anchor.push_back(m);
      if (!AreEverSeenTogether(positions, anchor)) anchor.pop_back();
    }
    if (anchor.size() >= kAnchorMarkers) return anchor;
  }
  throw InputError(
      "neither pelvis nor trunk has three markers that are seen together, which labelling starts "
      "from; give their roles (right_asis, left_asis, sacrum, c7, ...) or clusters in the marker "
      "set");
}

// The anchor's markers as they lie in the first frame that has them all, about their middle.
std::vector<Eigen::Vector3d> FirstLayout(const LabelledPositions& positions,
                                         const std::vector<std::size_t>& anchor) {
  std::size_t frame = 0;
  while (!IsFrameWithAll(positions, frame, anchor)) ++frame;
  std::vector<Eigen::Vector3d> layout;
  Eigen::Vector3d middle = Eigen::Vector3d::Zero();
  for (const std::size_t marker : anchor) {
    layout.push_back(positions.At(frame, marker));
    middle += layout.back() / static_cast<double>(anchor.size());
  }
  for (Eigen::Vector3d& point : layout) point -= middle;
  return layout;
}

// Sums over frames, per marker, in the body frame.
struct Places {
  std::vector<double> count;
  std::vector<Eigen::Vector3d> sum;
  std::vector<Eigen::Matrix3d> squares;
  [[nodiscard]] Eigen::Vector3d Mean(std::size_t m) const { return sum[m] / count[m]; }
  [[nodiscard]] Eigen::Matrix3d Covariance(std::size_t m) const {
    return squares[m] / count[m] - Mean(m) * Mean(m).transpose();
  }
};

Places PlacesInBody(const LabelledPositions& positions, const std::vector<std::size_t>& anchor,
                    const std::vector<Eigen::Vector3d>& layout) {
  const std::size_t markers = positions.labels.size();
  Places places{std::vector<double>(markers, 0.0),
                std::vector<Eigen::Vector3d>(markers, Eigen::Vector3d::Zero()),
                std::vector<Eigen::Matrix3d>(markers, Eigen::Matrix3d::Zero())};
  std::vector<Eigen::Vector3d> seen(anchor.size());
  for (std::size_t frame = 0; frame < positions.frame_count(); ++frame) {
    for (std::size_t i = 0; i < anchor.size(); ++i) seen[i] = positions.At(frame, anchor[i]);
    const auto body = FitHeadingFrame(layout, seen);
    if (!body) continue;
    for (std::size_t m = 0; m < markers; ++m) {
      const Eigen::Vector3d lab = positions.At(frame, m);
      if (!lab.allFinite()) continue;
      const Eigen::Vector3d place = body->ToBody(lab);
      places.count[m] += 1.0;
      places.sum[m] += place;
      places.squares[m] += place * place.transpose();
    }
  }
  return places;
}

Places MeasurePlaces(const LabelledPositions& positions, const std::vector<std::size_t>& anchor) {
  std::vector<Eigen::Vector3d> layout = FirstLayout(positions, anchor);
  Places places = PlacesInBody(positions, anchor, layout);
  // The first frame's layout is one instant of a moving body; its mean is a better reference.
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < anchor.size(); ++i) layout[i] = places.Mean(anchor[i]);
    places = PlacesInBody(positions, anchor, layout);
  }
  return places;
}

// Where the runner's left is, by the mean places of what the set names on both sides: over a stride
// the legs' swing cancels. Y where it names nothing of the kind.
Eigen::Vector3d LeftOf(const SubjectModel& model, const MarkerSet& set) {
  Eigen::Vector3d left = Eigen::Vector3d::Zero();
  const auto place_of = [&](const std::string& label) -> Eigen::Vector3d {
    for (const SubjectMarker& marker : model.markers) {
      if (marker.label == label) return marker.position;
    }
    return Eigen::Vector3d::Constant(kNaN);
  };
  const auto add = [&](const std::string& on_left, const std::string& on_right) {
    const Eigen::Vector3d across = place_of(on_left) - place_of(on_right);
    if (across.allFinite()) left += across;
  };
  for (const auto& [role, label] : set.roles) {
    if (role.rfind("left_", 0) != 0) continue;
    if (const auto right = set.LabelOf("right_" + role.substr(5))) add(label, *right);
  }
  for (const auto& [segment, labels] : set.clusters) {
    if (segment.rfind("left_", 0) != 0) continue;
    const auto right = set.clusters.find("right_" + segment.substr(5));
    if (right == set.clusters.end()) continue;
    for (const std::string& l : labels) {
      for (const std::string& r : right->second) add(l, r);
    }
  }
  left.z() = 0.0;
  if (left.norm() < 1e-3) return Eigen::Vector3d::UnitY();
  return left.normalized();
}

// Turns the model so that y points to the runner's left.
void TurnLeftToY(SubjectModel& model, const MarkerSet& set) {
  const Eigen::Vector3d left = LeftOf(model, set);
  Eigen::Matrix3d turn;
  turn << left.y(), -left.x(), 0.0, left.x(), left.y(), 0.0, 0.0, 0.0, 1.0;
  for (SubjectMarker& marker : model.markers) {
    marker.position = (turn * marker.position).eval();
    marker.covariance = (turn * marker.covariance * turn.transpose()).eval();
  }
}

// Mean, sd, min and max of a distance over the frames that have both markers.
PairDistance MeasurePair(const LabelledPositions& positions, std::size_t a, std::size_t b) {
  PairDistance pair{0.0, 0.0, std::numeric_limits<double>::infinity(), 0.0, false, false};
  double count = 0.0;
  double squares = 0.0;
  for (std::size_t frame = 0; frame < positions.frame_count(); ++frame) {
    const double distance = (positions.At(frame, a) - positions.At(frame, b)).norm();
    if (std::isnan(distance)) continue;
    count += 1.0;
    const double delta = distance - pair.mean;
    pair.mean += delta / count;
    squares += delta * (distance - pair.mean);
    pair.min = std::min(pair.min, distance);
    pair.max = std::max(pair.max, distance);
  }
  if (count == 0.0) return {kNaN, kNaN, kNaN, kNaN, false, false};
  pair.is_known = true;
  pair.sd = std::sqrt(squares / count);
  return pair;
}

// Over a stride, about the standing place; x forward, y left, z up. From the ranges of running in
// the real recordings' literature (thigh swings 60, shank 110 degrees), halved and rounded up.
Eigen::Vector3d AssumedSd(const std::string& segment, double from_origin) {
  struct Row {
    std::string_view segment;
    double x, y, z;
  };
  static constexpr Row kRows[] = {
      {"pelvis", 0.04, 0.04, 0.04},    {"trunk", 0.12, 0.06, 0.06},   {"head", 0.15, 0.08, 0.06},
      {"thigh", 0.20, 0.06, 0.12},     {"shank", 0.35, 0.10, 0.25},   {"foot", 0.50, 0.12, 0.35},
      {"upper_arm", 0.25, 0.15, 0.20}, {"forearm", 0.35, 0.30, 0.35}, {"hand", 0.40, 0.35, 0.40}};
  for (const Row& row : kRows) {
    if (segment.size() >= row.segment.size() &&
        segment.compare(segment.size() - row.segment.size(), std::string::npos, row.segment) == 0) {
      return {row.x, row.y, row.z};
    }
  }
  return {0.25 + 0.4 * from_origin, 0.10 + 0.15 * from_origin, 0.2 + 0.3 * from_origin};
}

// Arms hang or are held out for the standing trial, and are bent in the run.
bool IsArmOrUnknown(std::string_view segment) {
  return segment.empty() || segment.ends_with("arm") || segment.ends_with("hand");
}

// What a standing trial says of a pair while running: the length itself on one segment; across
// joints a range within which the distance can lie.
PairDistance AssumePlay(PairDistance standing, const std::string& a, const std::string& b,
                        const SubjectOptions& options) {
  const bool is_trunk = a == "trunk";
  const double length = standing.mean;
  if (standing.is_rigid) {
    // Shoulders and spine are no bone: arms held out for the standing trial bring the acromia 60 mm
    // nearer each other (Hamner et al.'s subject 2).
    const double more = is_trunk ? 2.5 : 1.0;
    standing.sd = more * std::hypot(options.skin_sd, options.skin_sd_of_distance * length);
    standing.min = std::max(0.0, length - 5.0 * standing.sd);
    standing.max = length + 5.0 * standing.sd;
    return standing;
  }
  // Joints bend most limbs shorter; a swinging arm or leg goes farther off than it hangs.
  const bool is_arm = IsArmOrUnknown(a) || IsArmOrUnknown(b);
  standing.sd = is_arm ? 0.06 + 0.35 * length : 0.03 + 0.15 * length;
  standing.min = std::max(0.0, length - 4.0 * standing.sd);
  standing.max = length + 4.0 * standing.sd;
  return standing;
}

LabelledPositions OnlySeen(const LabelledPositions& positions) {
  const std::size_t markers = positions.labels.size();
  std::vector<std::size_t> kept;
  for (std::size_t m = 0; m < markers; ++m) {
    for (std::size_t frame = 0; frame < positions.frame_count(); ++frame) {
      if (!positions.At(frame, m).allFinite()) continue;
      kept.push_back(m);
      break;
    }
  }
  LabelledPositions seen;
  for (const std::size_t m : kept) seen.labels.push_back(positions.labels[m]);
  for (std::size_t frame = 0; frame < positions.frame_count(); ++frame) {
    for (const std::size_t m : kept)
      seen.position.push_back(positions.position[frame * markers + m]);
  }
  return seen;
}

// The markers, the anchor and the measured pairs, whatever the source.
SubjectModel Measure(const LabelledPositions& positions, const MarkerSet& set) {
  SubjectModel model;
  model.marker_set = set.name;
  const std::vector<std::string> segments = SegmentsOf(positions.labels, set);
  model.anchor = ChooseAnchor(positions, segments);
  const Places places = MeasurePlaces(positions, model.anchor);
  for (std::size_t m = 0; m < positions.labels.size(); ++m) {
    // Never seen with the anchor: its place is unknown, its distances may still be known.
    const bool has_place = places.count[m] > 0.0;
    model.markers.push_back(
        {positions.labels[m], segments[m],
         has_place ? places.Mean(m) : Eigen::Vector3d::Constant(kNaN).eval(),
         has_place ? places.Covariance(m) : Eigen::Matrix3d::Constant(kNaN).eval()});
  }
  TurnLeftToY(model, set);
  for (std::size_t a = 0; a < positions.labels.size(); ++a) {
    for (std::size_t b = a + 1; b < positions.labels.size(); ++b) {
      PairDistance pair = MeasurePair(positions, a, b);
      pair.is_rigid = pair.is_known && !segments[a].empty() && segments[a] == segments[b];
      model.pairs.push_back(pair);
    }
  }
  return model;
}

}  // namespace

void SubjectOptions::Validate() const {
  if (!(skin_sd > 0.0 && skin_sd <= 0.1)) {
    throw InputError(fmt::format("skin_sd is {} m; above 0 to 0.1 expected", skin_sd));
  }
  if (!(skin_sd_of_distance >= 0.0 && skin_sd_of_distance <= 0.5)) {
    throw InputError(
        fmt::format("skin_sd_of_distance is {}; 0 to 0.5 expected", skin_sd_of_distance));
  }
}

std::vector<std::string> SegmentsOf(const std::vector<std::string>& labels, const MarkerSet& set) {
  std::vector<std::string> segments(labels.size());
  for (const auto& [role, label] : set.roles) {
    if (const auto m = IndexOf(labels, label)) segments[*m] = SegmentOfRole(role);
  }
  std::map<std::string, std::string> segment_of;
  for (const auto& [segment, cluster] : set.clusters) {
    for (const std::string& label : cluster) {
      const auto [other, is_new] = segment_of.emplace(label, segment);
      if (!is_new) {
        throw InputError(fmt::format(
            "the marker set {} has {} in the clusters of {} and {}; a marker sits on one segment",
            set.name, label, other->second, segment));
      }
      if (const auto m = IndexOf(labels, label)) segments[*m] = segment;
    }
  }
  return segments;
}

SubjectModel LearnFromStanding(const LabelledPositions& standing, const MarkerSet& set,
                               const SubjectOptions& options) {
  options.Validate();
  SubjectModel model = Measure(OnlySeen(standing), set);
  for (SubjectMarker& marker : model.markers) {
    const Eigen::Vector3d sd = AssumedSd(marker.segment, marker.position.norm());
    marker.covariance = sd.cwiseProduct(sd).asDiagonal();
  }
  for (std::size_t a = 0; a < model.markers.size(); ++a) {
    for (std::size_t b = a + 1; b < model.markers.size(); ++b) {
      PairDistance& pair = model.pairs[model.PairSlot(a, b)];
      if (pair.is_known) {
        pair = AssumePlay(pair, model.markers[a].segment, model.markers[b].segment, options);
      }
    }
  }
  return model;
}

SubjectModel LearnFromMotion(const LabelledPositions& running, const MarkerSet& set) {
  constexpr std::size_t kFewestFrames = 20;
  if (running.frame_count() < kFewestFrames) {
    throw InputError(fmt::format("{} frames of running; at least {} are needed to learn a subject",
                                 running.frame_count(), kFewestFrames));
  }
  SubjectModel model = Measure(OnlySeen(running), set);
  model.from_motion = true;
  return model;
}

}  // namespace medius::reconstruct
