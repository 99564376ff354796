#include "calibration/ray_matching.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <set>
#include <utility>

#include <Eigen/Geometry>
#include <fmt/format.h>

#include "calibration/ray_point.hpp"
#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr double kPi = std::numbers::pi;
// A start of two rays lies less well than the point of all: its search is this much wider.
constexpr double kSearchOverGate = 2.0;
// Rays within this of the base line (sine) fix no epipolar plane.
constexpr double kLeastSine = 0.02;
// A point that explains a sighting this many times worse than its owner does is no rival for it.
constexpr double kRivalOverBest = 2.0;
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

using Pixels = std::vector<std::vector<Eigen::Vector2d>>;

// A sighting seen from a pair of cameras.
struct PlaneAngle {
  double angle = 0.0;      // of its epipolar plane about the base line, radians
  double tolerance = 0.0;  // of the angle, for the gate
  std::size_t sighting = 0;
};

struct Candidate {
  std::vector<SightingId> sightings;
  RayPoint point;
  bool is_first = true;  // not yet robbed of a sighting
};

// Most rays first, then the smaller residual, then the order of the sightings.
bool IsBetter(const Candidate& a, const Candidate& b) {
  if (a.sightings.size() != b.sightings.size()) return a.sightings.size() > b.sightings.size();
  if (a.point.rms_px != b.point.rms_px) return a.point.rms_px < b.point.rms_px;
  const auto key = [](const SightingId& id) { return std::pair(id.camera.index(), id.sighting); };
  return std::lexicographical_compare(
      a.sightings.begin(), a.sightings.end(), b.sightings.begin(), b.sightings.end(),
      [&](const SightingId& x, const SightingId& y) { return key(x) < key(y); });
}

class Matcher {
 public:
  Matcher(const CameraRig& rig, const Pixels& xy, const RayMatchOptions& options)
      : rig_(rig), xy_(xy), options_(options) {
    MEDIUS_CHECK(xy.size() == rig.cameras.size(), "one list of pixels a camera");
    for (std::size_t c = 0; c < xy.size(); ++c) AddCamera(c);
  }

  std::vector<MatchedPoint> Run() {
    for (std::size_t a = 0; a < xy_.size(); ++a) {
      for (std::size_t b = a + 1; b < xy_.size(); ++b) StartPair(a, b);
    }
    return TakeBest();
  }

 private:
  using Directions = std::vector<std::optional<Eigen::Vector3d>>;
  using PairKey = std::array<std::size_t, 4>;

  void AddCamera(std::size_t c) {
    const Camera& camera = rig_.cameras[c];
    Directions directions;
    std::vector<std::size_t> by_x;
    for (const Eigen::Vector2d& xy : xy_[c]) {
      directions.push_back(xy.allFinite() ? DirectionInLab(camera, xy) : std::nullopt);
      if (directions.back()) by_x.push_back(directions.size() - 1);
    }
    std::stable_sort(by_x.begin(), by_x.end(),
                     [&](std::size_t i, std::size_t j) { return xy_[c][i].x() < xy_[c][j].x(); });
    directions_.push_back(std::move(directions));
    by_x_.push_back(std::move(by_x));
    centres_.push_back(camera.CentreInLab());
    owner_.emplace_back(xy_[c].size(), kNone);
  }

  SeenPixel Seen(const SightingId& id) const {
    return {&rig_.cameras[id.camera.index()], xy_[id.camera.index()][id.sighting]};
  }

  // All sightings of one camera by the angle of their epipolar plane.
  std::vector<PlaneAngle> PlaneAngles(std::size_t camera, const Eigen::Matrix3d& base) const {
    const std::vector<double>& f = rig_.cameras[camera].model.intrinsics();
    const double gate = options_.gate_px / std::min(f[0], f[1]);
    std::vector<PlaneAngle> angles;
    for (std::size_t i = 0; i < xy_[camera].size(); ++i) {
      if (!directions_[camera][i]) continue;
      const Eigen::Vector3d in_base = base.transpose() * *directions_[camera][i];
      const double sine = std::hypot(in_base.x(), in_base.y());
      if (sine < kLeastSine) continue;
      angles.push_back({std::atan2(in_base.y(), in_base.x()), gate / sine, i});
    }
    std::stable_sort(angles.begin(), angles.end(),
                     [](const PlaneAngle& x, const PlaneAngle& y) { return x.angle < y.angle; });
    return angles;
  }

  // Starts a point at every two sightings of a pair of cameras on one epipolar plane.
  void StartPair(std::size_t a, std::size_t b) {
    const Eigen::Vector3d along = centres_[b] - centres_[a];
    if (along.norm() < 1e-6) return;
    Eigen::Matrix3d base;
    base.col(2) = along.normalized();
    base.col(0) = base.col(2).unitOrthogonal();
    base.col(1) = base.col(2).cross(base.col(0));
    const std::vector<PlaneAngle> of_a = PlaneAngles(a, base);
    std::vector<PlaneAngle> of_b = PlaneAngles(b, base);
    double widest = 0.0;
    for (const PlaneAngle& angle : of_b) widest = std::max(widest, angle.tolerance);
    // Angles near +-pi have neighbours on the other side: those stand in the list twice.
    const std::size_t count = of_b.size();
    for (std::size_t i = 0; i < count; ++i) {
      PlaneAngle turned = of_b[i];
      turned.angle += turned.angle < 0.0 ? 2.0 * kPi : -2.0 * kPi;
      of_b.push_back(turned);
    }
    std::stable_sort(of_b.begin(), of_b.end(),
                     [](const PlaneAngle& x, const PlaneAngle& y) { return x.angle < y.angle; });
    for (const PlaneAngle& p : of_a) {
      const double reach = p.tolerance + widest;
      auto q = std::lower_bound(
          of_b.begin(), of_b.end(), p.angle - reach,
          [](const PlaneAngle& angle, double least) { return angle.angle < least; });
      for (; q != of_b.end() && q->angle <= p.angle + reach; ++q) {
        if (std::abs(q->angle - p.angle) > p.tolerance + q->tolerance) continue;
        Start({CameraId(a), p.sighting}, {CameraId(b), q->sighting});
      }
    }
  }

  void Start(const SightingId& a, const SightingId& b) {
    const PairKey key = {a.camera.index(), a.sighting, b.camera.index(), b.sighting};
    if (covered_.count(key) != 0) return;
    const std::array<SeenPixel, 2> pair = {Seen(a), Seen(b)};
    const auto start = PointFromRays(pair, options_.min_angle);
    if (!start || start->rms_px > options_.gate_px) return;
    std::optional<Candidate> candidate = Fit({a, b}, *start);
    if (!candidate) return;
    for (std::size_t i = 0; i < candidate->sightings.size(); ++i) {
      for (std::size_t j = i + 1; j < candidate->sightings.size(); ++j) {
        const SightingId& p = candidate->sightings[i];
        const SightingId& q = candidate->sightings[j];
        if (candidate->sightings.size() > 2) {
          covered_.insert({p.camera.index(), p.sighting, q.camera.index(), q.sighting});
        }
      }
    }
    queue_.push_back(*std::move(candidate));
  }

  // The sighting of a camera nearest to a pixel, within `reach`.
  std::optional<SightingId> Nearest(std::size_t camera, const Eigen::Vector2d& xy,
                                    double reach) const {
    const std::vector<Eigen::Vector2d>& seen = xy_[camera];
    auto i = std::lower_bound(by_x_[camera].begin(), by_x_[camera].end(), xy.x() - reach,
                              [&](std::size_t s, double least) { return seen[s].x() < least; });
    std::optional<SightingId> nearest;
    for (; i != by_x_[camera].end() && seen[*i].x() <= xy.x() + reach; ++i) {
      const double distance = (seen[*i] - xy).norm();
      if (distance > reach || owner_[camera][*i] != kNone) continue;
      reach = distance;
      nearest = SightingId{CameraId(camera), *i};
    }
    return nearest;
  }

  // Sightings of other cameras added where the point would be seen.
  std::vector<SightingId> Gather(const std::vector<SightingId>& has,
                                 const Eigen::Vector3d& x_in_lab, double reach) const {
    std::vector<SightingId> all;
    std::size_t next = 0;
    for (std::size_t c = 0; c < xy_.size(); ++c) {
      if (next < has.size() && has[next].camera.index() == c) {
        all.push_back(has[next++]);
        continue;
      }
      const auto xy = rig_.cameras[c].Project(x_in_lab);
      if (!xy) continue;
      if (const auto nearest = Nearest(c, *xy, reach)) all.push_back(*nearest);
    }
    return all;
  }

  // Fits a point and drops sightings outside the gate, worst first.
  std::optional<Candidate> FitWithinGate(std::vector<SightingId> sightings) const {
    while (sightings.size() >= 2) {
      std::vector<SeenPixel> seen;
      for (const SightingId& id : sightings) seen.push_back(Seen(id));
      const auto point = PointFromRays(seen, options_.min_angle);
      if (!point) return std::nullopt;
      std::size_t worst = 0;
      double most = 0.0;
      for (std::size_t i = 0; i < seen.size(); ++i) {
        const double length = PixelResidual(seen[i], point->x_in_lab).norm();
        if (length > most) {
          most = length;
          worst = i;
        }
      }
      if (most <= options_.gate_px) return Candidate{std::move(sightings), *point};
      sightings.erase(sightings.begin() + static_cast<std::ptrdiff_t>(worst));
    }
    return std::nullopt;
  }

  std::optional<Candidate> Fit(const std::vector<SightingId>& start, const RayPoint& point) const {
    const double reach = kSearchOverGate * options_.gate_px;
    std::optional<Candidate> candidate = FitWithinGate(Gather(start, point.x_in_lab, reach));
    if (!candidate) return std::nullopt;
    // Once more from the better place.
    std::vector<SightingId> more =
        Gather(candidate->sightings, candidate->point.x_in_lab, options_.gate_px);
    if (more.size() > candidate->sightings.size()) candidate = FitWithinGate(std::move(more));
    if (!candidate || candidate->sightings.size() < static_cast<std::size_t>(options_.min_rays)) {
      return std::nullopt;
    }
    return candidate;
  }

  // Those of a candidate's sightings that no point has; points that have the others hear of it.
  std::vector<SightingId> FreeOf(const Candidate& candidate, std::vector<MatchedPoint>* points) {
    std::vector<SightingId> free;
    for (const SightingId& id : candidate.sightings) {
      const std::size_t owner = owner_[id.camera.index()][id.sighting];
      if (owner == kNone) {
        free.push_back(id);
        continue;
      }
      MatchedPoint& point = (*points)[owner];
      if (candidate.is_first && point.sightings != candidate.sightings &&
          candidate.sightings.size() >= point.sightings.size() &&
          candidate.point.rms_px <= kRivalOverBest * point.rms_px) {
        point.ambiguous = true;
      }
    }
    return free;
  }

  std::vector<MatchedPoint> TakeBest() {
    std::vector<MatchedPoint> points;
    // A heap's top is its largest: the order is turned round.
    const auto is_worse = [](const Candidate& a, const Candidate& b) { return IsBetter(b, a); };
    std::make_heap(queue_.begin(), queue_.end(), is_worse);
    while (!queue_.empty()) {
      std::pop_heap(queue_.begin(), queue_.end(), is_worse);
      const Candidate best = std::move(queue_.back());
      queue_.pop_back();
      std::vector<SightingId> free = FreeOf(best, &points);
      if (free.size() == best.sightings.size()) {
        for (const SightingId& id : free) owner_[id.camera.index()][id.sighting] = points.size();
        points.push_back({best.point.x_in_lab, best.point.covariance, best.point.rms_px,
                          std::move(free), false});
        continue;
      }
      if (free.size() < static_cast<std::size_t>(options_.min_rays)) continue;
      std::optional<Candidate> rest = FitWithinGate(std::move(free));
      if (!rest || rest->sightings.size() < static_cast<std::size_t>(options_.min_rays)) continue;
      rest->is_first = false;
      queue_.push_back(*std::move(rest));
      std::push_heap(queue_.begin(), queue_.end(), is_worse);
    }
    return points;
  }

  const CameraRig& rig_;
  const Pixels& xy_;
  const RayMatchOptions& options_;
  std::vector<Directions> directions_;           // [cameras][sightings] in the lab
  std::vector<std::vector<std::size_t>> by_x_;   // [cameras] usable sightings, left to right
  std::vector<Eigen::Vector3d> centres_;         // [cameras] in the lab
  std::vector<std::vector<std::size_t>> owner_;  // [cameras][sightings] index of its point
  std::set<PairKey> covered_;                    // pairs that a candidate already has
  std::vector<Candidate> queue_;
};

}  // namespace

void RayMatchOptions::Validate() const {
  if (!(gate_px > 0.0) || !std::isfinite(gate_px)) {
    throw InputError(fmt::format("gate_px is {}, a number above 0 expected", gate_px));
  }
  if (min_rays < 2) throw InputError(fmt::format("min_rays is {}, at least 2 expected", min_rays));
  if (!(min_angle > 0.0) || !(min_angle < kPi)) {
    throw InputError(fmt::format("min_angle is {} rad, between 0 and pi expected", min_angle));
  }
}

std::vector<MatchedPoint> MatchSightings(const CameraRig& rig, const Pixels& xy,
                                         const RayMatchOptions& options) {
  options.Validate();
  return Matcher(rig, xy, options).Run();
}

}  // namespace medius::calibration
