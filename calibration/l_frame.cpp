#include "calibration/l_frame.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <Eigen/Cholesky>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "calibration/so3.hpp"
#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kMissing = ShapeMatch::kMissing;
// A distance may differ from what is stated by this and this share of it.
constexpr double kDistanceTolerance = 0.005;
constexpr double kDistanceShare = 0.01;
constexpr double kSmallest = 1.0 / 3.0;
constexpr double kLargest = 3.0;
// Points that are looked at: those seen in most frames come first.
constexpr std::size_t kMostPoints = 60;
// Matches that fit nearly as well as the best are as likely.
constexpr double kLikelyRatio = 2.0;
constexpr double kLikelySlack = 0.001;
// Frames that differ by less are one.
constexpr double kSameAngle = 0.02;
constexpr double kSamePlace = 0.005;
// A shape that fits mirrored so much better, and not at all otherwise, is mirrored.
constexpr double kMirroredRatio = 0.3;
constexpr double kMisfit = 0.003;
constexpr double kLeastAcross = 0.01;
constexpr double kMillimetres = 1e3;
// Among more points than this for each marker a shape of any size is found by chance.
constexpr std::size_t kPointsOfAnySize = 2;

using Points = std::vector<Eigen::Vector3d>;

// Depth-first search for points with the distances of a shape.
class ShapeSearch {
 public:
  ShapeSearch(const Points& shape, const Points& points, bool any_size)
      : shape_(shape),
        points_(points),
        any_size_(any_size),
        used_(points.size(), false),
        chosen_(shape.size(), kMissing) {}

  /// @param left_out  a marker to do without, or kMissing.
  void Run(std::size_t left_out, std::vector<ShapeMatch>* matches) {
    left_out_ = left_out;
    matches_ = matches;
    Choose(0, std::nullopt);
  }

 private:
  // A size that fits this marker at this point, given those chosen before; nullopt where none does.
  // Until two markers stand the size is open.
  [[nodiscard]] bool Fits(std::size_t marker, std::size_t point,
                          std::optional<double>* size) const {
    for (std::size_t other = 0; other < marker; ++other) {
      if (chosen_[other] == kMissing) continue;
      const double stated = (shape_[marker] - shape_[other]).norm();
      const double found = (points_[point] - points_[chosen_[other]]).norm();
      if (!*size) {
        *size = any_size_ ? found / stated : 1.0;
        if (**size < kSmallest || **size > kLargest) return false;
      }
      const double tolerance = **size * (kDistanceTolerance + kDistanceShare * stated);
      if (std::abs(found - **size * stated) > tolerance) return false;
    }
    return true;
  }

  void Choose(std::size_t marker, std::optional<double> size) {
    if (marker == shape_.size()) {
      Keep();
      return;
    }
    if (marker == left_out_) {
      Choose(marker + 1, size);
      return;
    }
    for (std::size_t point = 0; point < points_.size(); ++point) {
      std::optional<double> with = size;
      if (used_[point] || !Fits(marker, point, &with)) continue;
      used_[point] = true;
      chosen_[marker] = point;
      Choose(marker + 1, with);
      chosen_[marker] = kMissing;
      used_[point] = false;
    }
  }

  void Keep() const {
    Points stated;
    Points found;
    for (std::size_t i = 0; i < shape_.size(); ++i) {
      if (chosen_[i] == kMissing) continue;
      stated.push_back(shape_[i]);
      found.push_back(points_[chosen_[i]]);
    }
    if (ExtentAcrossLine(stated) < kLeastAcross) return;
    matches_->push_back({chosen_, FitSimilarity(stated, found)});
  }

  const Points& shape_;
  const Points& points_;
  bool any_size_;
  std::vector<bool> used_;
  std::vector<std::size_t> chosen_;
  std::size_t left_out_ = kMissing;
  std::vector<ShapeMatch>* matches_ = nullptr;
};

// What a match leaves over in the size of the shape. A mirrored shape fits its distances too: it is
// found, to be named.
double Misfit(const ShapeMatch& match) {
  return match.fit.rms_scaled / match.fit.scale;
}

// The frame of a match and the points it rests on.
struct Placed {
  const ShapeMatch* match = nullptr;
  Points stated;  // lab
  Points found;   // old frame
  std::vector<StaticPoint> points;
  std::vector<std::string> names;
  RigidTransform lab_from_old;
  std::size_t below = 0;  // cameras
};

Placed Place(const CameraRig& rig, const LFrame& frame, std::span<const StaticPoint> points,
             const ShapeMatch& match) {
  Placed placed;
  placed.match = &match;
  const Points in_lab = PlacesInLab(frame);
  for (std::size_t i = 0; i < frame.markers.size(); ++i) {
    if (match.point[i] == kMissing) continue;
    placed.stated.push_back(in_lab[i]);
    placed.points.push_back(points[match.point[i]]);
    placed.found.push_back(placed.points.back().x_in_lab);
    placed.names.push_back(frame.markers[i]);
  }
  placed.lab_from_old = FitSimilarity(placed.stated, placed.found).shape_from_world;
  for (const Camera& camera : rig.cameras) {
    placed.below += (placed.lab_from_old * camera.CentreInLab()).z() < 0.0 ? 1 : 0;
  }
  return placed;
}

bool IsSame(const RigidTransform& a, const RigidTransform& b) {
  const RigidTransform change = a * b.Inverse();
  return RotationAngle(change.rotation) < kSameAngle && change.translation.norm() < kSamePlace;
}

// Every way that is as likely as the best and keeps most cameras above the floor; of ways that all
// put them below, the best.
std::vector<Placed> LikelyPlaces(const CameraRig& rig, const LFrame& frame,
                                 std::span<const StaticPoint> points,
                                 const std::vector<ShapeMatch>& matches) {
  std::vector<Placed> likely;
  std::optional<Placed> flipped;
  const double limit = kLikelyRatio * Misfit(matches.front()) + kLikelySlack;
  for (const ShapeMatch& match : matches) {
    if (Misfit(match) > limit) continue;
    Placed placed = Place(rig, frame, points, match);
    if (2 * placed.below > rig.cameras.size()) {
      if (!flipped) flipped = std::move(placed);
      continue;
    }
    const bool known = std::any_of(likely.begin(), likely.end(), [&](const Placed& other) {
      return IsSame(other.lab_from_old, placed.lab_from_old);
    });
    if (!known) likely.push_back(std::move(placed));
  }
  if (likely.empty() && flipped) likely.push_back(*std::move(flipped));
  return likely;
}

// Markers by the names of their labels; nullopt where fewer than three have one.
std::optional<ShapeMatch> MatchByName(const LFrame& frame, std::span<const StaticPoint> points,
                                      const std::vector<std::string>& labels) {
  ShapeMatch match;
  Points stated;
  Points found;
  for (std::size_t i = 0; i < frame.markers.size(); ++i) {
    const auto label = std::find(labels.begin(), labels.end(), frame.markers[i]);
    const std::size_t point =
        label == labels.end() ? kMissing : static_cast<std::size_t>(label - labels.begin());
    match.point.push_back(point != kMissing && points[point].frames > 0 ? point : kMissing);
    if (match.point.back() == kMissing) continue;
    stated.push_back(frame.position[i]);
    found.push_back(points[point].x_in_lab);
  }
  if (ExtentAcrossLine(stated) < kLeastAcross) return std::nullopt;
  match.fit = FitSimilarity(stated, found);
  return match;
}

std::string DistancesOf(const Points& points) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      words.push_back(fmt::format("{:.0f}", 1e3 * (points[i] - points[j]).norm()));
    }
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

FloorResult NoMatch(const LFrame& frame, const Points& points) {
  constexpr std::size_t kShown = 6;
  if (points.size() < 3) {
    return NoFloor(
        "L-frame",
        fmt::format("only {} points that stand still were seen by enough cameras, the "
                    "{} markers of {} are needed; is the L-frame in view of three cameras "
                    "(or two with --min-rays 2), and is this its trial?",
                    points.size(), frame.markers.size(), frame.name));
  }
  const Points shown(points.begin(),
                     points.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, points.size())));
  return NoFloor(
      "L-frame",
      fmt::format("none of the {} points that stand still lie as the markers of {} (distances "
                  "stated: {} mm; between {} points found: {} mm); measure the L-frame, or remove "
                  "what covers it",
                  points.size(), frame.name, DistancesOf(frame.position), shown.size(),
                  DistancesOf(shown)));
}

// Chi squared over its degrees of freedom, where it says that the noise is more than stated.
double Excess(const Placed& placed, const std::vector<Eigen::Matrix3d>& covariance,
              const RigidTransform& lab_from_old) {
  const double degrees = 3.0 * static_cast<double>(placed.found.size()) - 6.0;
  const double chi2 = ChiSquared(placed.stated, placed.found, covariance, lab_from_old);
  return std::max(1.0, chi2 / degrees);
}

void FitFrame(const CameraRig& rig, const Placed& placed, const FloorOptions& options,
              FloorResult* floor) {
  floor->sigma_px = SigmaOf(placed.points, options.least_sigma_px);
  Eigen::MatrixXd all =
      CovarianceOfPoints(rig, placed.points, floor->sigma_px, &floor->has_rig_covariance);
  all.diagonal().array() += options.point_sd * options.point_sd;
  std::vector<Eigen::Matrix3d> each;
  for (Eigen::Index i = 0; i < all.rows(); i += 3) each.push_back(all.block<3, 3>(i, i));
  floor->lab_from_old = FitRigid(placed.stated, placed.found, each, placed.lab_from_old);
  const Eigen::MatrixXd by_points = FrameByPoints(
      [&](const Points& moved) {
        return FitRigid(placed.stated, moved, each, floor->lab_from_old);
      },
      placed.found);
  floor->covariance =
      Excess(placed, each, floor->lab_from_old) * (by_points * all * by_points.transpose());
}

void Describe(const Placed& placed, FloorResult* floor) {
  double sum = 0.0;
  for (std::size_t i = 0; i < placed.found.size(); ++i) {
    const Eigen::Vector3d found = floor->lab_from_old * placed.found[i];
    floor->points.push_back({placed.names[i], found, placed.stated[i], placed.points[i].cameras,
                             placed.points[i].rms_px});
    sum += std::pow(found.z() - placed.stated[i].z(), 2);
    for (std::size_t j = 0; j < i; ++j) {
      floor->distances.push_back({placed.names[j], placed.names[i],
                                  (placed.stated[i] - placed.stated[j]).norm(),
                                  (placed.found[i] - placed.found[j]).norm()});
    }
  }
  if (placed.found.size() > 3) {
    floor->plane_rms = std::sqrt(sum / static_cast<double>(placed.found.size()));
  }
}

double SizeOf(const Points& shape) {
  Eigen::Vector3d middle = Eigen::Vector3d::Zero();
  for (const Eigen::Vector3d& point : shape) middle += point / static_cast<double>(shape.size());
  double sum = 0.0;
  for (const Eigen::Vector3d& point : shape) sum += (point - middle).squaredNorm();
  return std::sqrt(sum);
}

// After the turn and shift of the options, the stated places move with the found ones.
void MoveStated(const RigidTransform& change, FloorResult* floor) {
  for (FloorPoint& point : floor->points) {
    point.found = change * point.found;
    point.stated = change * point.stated;
  }
}

std::optional<RigDoubt> Mirrored(const LFrame& frame, const SimilarityFit& fit) {
  if (fit.rms < kMisfit || fit.rms_mirrored > kMirroredRatio * fit.rms) return std::nullopt;
  return RigDoubt{
      RigDoubtKind::kMirrored,
      true,
      {},
      1e3 * fit.rms,
      1e3 * fit.rms_mirrored,
      fmt::format("the markers lie as the mirror image of {} (residual {:.1f} mm, mirrored "
                  "{:.1f} mm): its file or the rig is left-handed; check the signs of its "
                  "coordinates, and whether images were mirrored when calibrating",
                  frame.name, 1e3 * fit.rms, 1e3 * fit.rms_mirrored)};
}

// Named markers that do not lie as stated, whatever the size.
std::optional<RigDoubt> WrongShape(const LFrame& frame, const ShapeMatch& match,
                                   const FloorResult& floor) {
  const double limit = kMisfit + kDistanceShare * ExtentAcrossLine(frame.position);
  if (Misfit(match) <= limit) return std::nullopt;
  const auto worst =
      std::max_element(floor.distances.begin(), floor.distances.end(),
                       [](const FloorDistance& a, const FloorDistance& b) {
                         return std::abs(a.found - a.stated) < std::abs(b.found - b.stated);
                       });
  return RigDoubt{
      RigDoubtKind::kShape,
      true,
      {},
      kMillimetres * Misfit(match),
      kMillimetres * limit,
      fmt::format("the markers lie {:.1f} mm rms from where {} puts them ({} to {}: {:.1f} "
                  "mm found, {:.1f} stated): labels are exchanged, or its file does not "
                  "describe it; measure it",
                  kMillimetres * Misfit(match), frame.name, worst->from, worst->to,
                  kMillimetres * worst->found, kMillimetres * worst->stated)};
}

FloorResult FloorOf(const CameraRig& rig, const LFrame& frame, const Placed& placed,
                    const FloorOptions& options) {
  FloorResult floor;
  floor.source = "L-frame";
  FitFrame(rig, placed, options, &floor);
  Describe(placed, &floor);
  const double size = SizeOf(placed.stated);
  floor.scale = ScaleCheck{fmt::format("the distances of the markers of {}", frame.name),
                           placed.match->fit.scale,
                           std::hypot(placed.match->fit.scale_sd, options.point_sd / size)};
  if (auto mirrored = Mirrored(frame, placed.match->fit)) {
    floor.findings.push_back(*mirrored);
  } else if (auto wrong = WrongShape(frame, *placed.match, floor)) {
    floor.findings.push_back(*wrong);
  }
  for (std::size_t i = 0; i < frame.markers.size(); ++i) {
    if (placed.match->point[i] != kMissing) continue;
    floor.warnings.push_back(
        fmt::format("marker {} of {} was not found; the floor rests on the others",
                    frame.markers[i], frame.name));
  }
  const RigidTransform before = floor.lab_from_old;
  FinishFloor(rig,
              fmt::format("the arms of {} are exchanged, or a coordinate has the wrong sign: its "
                          "file must give its markers in a right-handed frame with z up; mend the "
                          "file (or exchange two markers in it) and run again",
                          frame.name),
              options, &floor);
  MoveStated(floor.lab_from_old * before.Inverse(), &floor);
  return floor;
}

FloorResult Ambiguous(const LFrame& frame, std::size_t ways) {
  return NoFloor(
      "L-frame",
      fmt::format("the markers of {} can be found in {} ways that fit equally well (arms of equal "
                  "length, or other markers that lie as they do): label them, cover other markers, "
                  "or use an L-frame whose distances all differ",
                  frame.name, ways));
}

}  // namespace

void LFrame::Validate(const std::string& where) const {
  const auto refuse = [&](const std::string& what) { throw InputError(where + ": " + what); };
  if (markers.size() != position.size() || markers.size() < 3 || markers.size() > 8) {
    refuse(fmt::format("{} markers with places, 3 to 8 expected", markers.size()));
  }
  for (std::size_t i = 0; i < markers.size(); ++i) {
    if (!position[i].allFinite()) refuse("the place of marker " + markers[i] + " is not finite");
    for (std::size_t j = 0; j < i; ++j) {
      if (markers[i] == markers[j]) refuse("two markers are named " + markers[i]);
      if ((position[i] - position[j]).norm() > 2.0 * kDistanceTolerance) continue;
      refuse(
          fmt::format("markers {} and {} are at most {:.0f} mm apart; they cannot be told from "
                      "each other",
                      markers[j], markers[i], 2e3 * kDistanceTolerance));
    }
  }
  if (ExtentAcrossLine(position) < kLeastAcross) {
    refuse("all markers lie on one line; an L-frame needs one well off it to make a plane");
  }
  if (origin >= markers.size() || x_arm >= markers.size() || origin == x_arm) {
    refuse("origin and x_arm must be two different markers");
  }
  if ((position[x_arm] - position[origin]).head<2>().norm() < kLeastAcross) {
    refuse(fmt::format("{} stands above {}; no direction of running lies between them",
                       markers[x_arm], markers[origin]));
  }
}

Points PlacesInLab(const LFrame& frame) {
  const Eigen::Vector3d along = frame.position[frame.x_arm] - frame.position[frame.origin];
  const double heading = std::atan2(along.y(), along.x()) + frame.turn;
  const Eigen::Matrix3d lab_from_l = RotationFromVector({0.0, 0.0, -heading});
  Eigen::Vector3d below = frame.position[frame.origin];
  below.z() = 0.0;
  Points places;
  for (const Eigen::Vector3d& position : frame.position) {
    places.push_back(lab_from_l * (position - below));
  }
  return places;
}

std::vector<ShapeMatch> MatchShape(const Points& shape, const Points& points) {
  const Points near(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(
                                                         std::min(kMostPoints, points.size())));
  std::vector<ShapeMatch> matches;
  for (const bool any_size : {false, true}) {
    if (any_size && points.size() > kPointsOfAnySize * shape.size()) break;
    ShapeSearch search(shape, near, any_size);
    search.Run(kMissing, &matches);
    if (!matches.empty()) break;
    if (any_size || shape.size() < 4) continue;
    for (std::size_t marker = 0; marker < shape.size(); ++marker) search.Run(marker, &matches);
    if (!matches.empty()) break;
  }
  std::stable_sort(matches.begin(), matches.end(),
                   [](const ShapeMatch& a, const ShapeMatch& b) { return Misfit(a) < Misfit(b); });
  return matches;
}

FloorResult FloorFromLFrame(const CameraRig& rig, const LFrame& frame,
                            std::span<const StaticPoint> points,
                            const std::vector<std::string>& labels, const FloorOptions& options) {
  options.Validate(rig);
  frame.Validate(frame.name);
  MEDIUS_CHECK(labels.empty() || labels.size() == points.size(), "one label a point");
  if (const auto by_name = MatchByName(frame, points, labels)) {
    return FloorOf(rig, frame, Place(rig, frame, points, *by_name), options);
  }
  Points places;
  for (const StaticPoint& point : points) places.push_back(point.x_in_lab);
  const std::vector<ShapeMatch> matches = MatchShape(frame.position, places);
  if (matches.empty()) return NoMatch(frame, places);
  const std::vector<Placed> likely = LikelyPlaces(rig, frame, points, matches);
  if (likely.size() != 1) return Ambiguous(frame, likely.size());
  return FloorOf(rig, frame, likely.front(), options);
}

}  // namespace medius::calibration
