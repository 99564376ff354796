#include "reconstruct/tracker.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::reconstruct {
namespace {

// Frames that wait for the tracks that begin in them.
constexpr std::size_t kLag = 2;
// A step this long is too long for projection taken as linear: 0.03 mm at 4 m.
constexpr double kLongStep = 0.010;  // metres
// Squared distances from the prediction, over its variance, of a point that continues a track:
// chi-square with 3 degrees of freedom; two rays must be nearer, for they have no third to agree.
constexpr double kFarthest2 = 25.0;
constexpr double kFarthestTwoRays2 = 12.0;
// Misfit of two rays, chi-square with 1 degree of freedom.
constexpr double kMisfitTwoRays = 9.0;
// Metres, 1 sd: two rays at a narrow angle meet anywhere along them; such a point is no help.
constexpr double kUncertainTwoRays = 0.006;
// Standard deviations of start_acceleration that three first points may show.
constexpr double kStartSigmas = 3.0;

const Eigen::Vector3f kUnseen = Eigen::Vector3f::Constant(std::numeric_limits<float>::quiet_NaN());

void RequirePositive(double value, const char* name) {
  if (!(std::isfinite(value) && value > 0.0)) {
    throw InputError(fmt::format("{} is {}, a finite number > 0 expected", name, value));
  }
}

bool ChosenAreFree(const Gates& gates, const GateFit& fit, const std::vector<CameraFrame>& seen) {
  for (int k = 0; k < gates.count; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (fit.chosen[at] < 0) continue;
    const Gate& gate = gates.gate[at];
    const Candidate& chosen = gate.candidate[static_cast<std::size_t>(fit.chosen[at])];
    if (seen[gate.camera].track[chosen.sighting] != kFree) return false;
  }
  return true;
}

// Makes room by a quarter, not by doubling: an hour of forty markers is 350 MB of positions.
void Grow(std::vector<Eigen::Vector3f>* positions) {
  constexpr std::size_t kFew = 64;
  if (positions->size() + kFew / 2 < positions->capacity()) return;
  positions->reserve(positions->size() + std::max(kFew, positions->size() / 4));
}

bool IsAcceptable(const GateFit& fit, double prior_distance2) {
  if (fit.rays == 2) {
    return prior_distance2 <= kFarthestTwoRays2 && fit.chi2 <= kMisfitTwoRays &&
           fit.covariance.trace() <= kUncertainTwoRays * kUncertainTwoRays;
  }
  return prior_distance2 <= kFarthest2;
}

}  // namespace

void TrackerOptions::Validate() const {
  RequirePositive(weights.default_sigma_px, "default_sigma_px");
  RequirePositive(weights.sigma_factor, "sigma_factor");
  RequirePositive(weights.smallest_sigma_px, "smallest_sigma_px");
  RequirePositive(gates.sigmas, "gates.sigmas");
  if (!(std::isfinite(gates.rig_sigma_px) && gates.rig_sigma_px >= 0.0)) {
    throw InputError(fmt::format("rig_sigma_px is {}, a finite number >= 0 pixels expected",
                                 gates.rig_sigma_px));
  }
  RequirePositive(motion.acceleration, "motion.acceleration");
  RequirePositive(motion.acceleration_by_speed, "motion.acceleration_by_speed");
  RequirePositive(longest_coast, "longest_coast");
  RequirePositive(coast_sigma, "coast_sigma");
  RequirePositive(fastest, "fastest");
  RequirePositive(start_acceleration, "start_acceleration");
  if (cold_start.min_rays < 3) {
    throw InputError(fmt::format(
        "cold_start.min_rays is {}, at least 3 expected: two rays meet by chance far too often",
        cold_start.min_rays));
  }
}

// Points of three consecutive frames that may be one marker.
struct Tracker::Triple {
  std::array<std::size_t, 3> point;  // by frame, oldest first
  double bend;                       // m/s, change of velocity
};

Tracker::Tracker(CameraRig rig, TimeBase time_base, const TrackerOptions& options)
    : rig_(std::move(rig)),
      time_base_(std::move(time_base)),
      options_(options),
      cold_start_(rig_, options.gates, options.cold_start) {
  options_.Validate();
  if (rig_.cameras.size() > static_cast<std::size_t>(kMaxViews)) {
    throw InputError(fmt::format("the rig has {} cameras, at most {} can be used: choose some",
                                 rig_.cameras.size(), kMaxViews));
  }
}

TrackedBlock Tracker::Push(const ObservationBlock& block) {
  MEDIUS_CHECK(block.frames.first == pushed_, "frames must follow on each other");
  MEDIUS_CHECK(block.frames.end() <= time_base_.frame_count(), "more frames than instants");
  MEDIUS_CHECK(block.cameras.size() == rig_.cameras.size(), "one set of sightings a camera");
  for (std::size_t k = 0; k < block.frames.count; ++k) Step(block, k);
  return Release(kLag);
}

TrackedBlock Tracker::Finish() {
  MEDIUS_CHECK(pushed_ == time_base_.frame_count(), "frames are still to come");
  return Release(0);
}

std::vector<Fragment> Tracker::TakeFragments() {
  tracks_.clear();
  return std::move(fragments_);
}

void Tracker::Step(const ObservationBlock& block, std::size_t k) {
  const std::size_t frame = pushed_++;
  pending_.emplace_back();
  PendingFrame& now = pending_.back();
  LoadFrame(rig_, block, k, time_base_.time[frame], options_.weights, &now.seen);
  Continue(frame, &now.seen);
  for (ColdPoint& point : cold_start_.Find(rig_, &now.seen)) {
    now.loose.push_back({std::move(point), false});
  }
  EndLost(frame);
  StartNew(frame);
}

// Each track claims its sightings; those that are least surprised go first, and whoever finds a
// sighting taken looks again among what is left and waits for its turn anew: what is left may fit
// a track that comes later better.
void Tracker::Continue(std::size_t frame, std::vector<CameraFrame>* seen) {
  if (tracks_.empty()) return;
  const double dt = time_base_.time[frame] - time_base_.time[frame - 1];
  if (claims_.size() < tracks_.size()) claims_.resize(tracks_.size());
  // Distance, then index of the claim, so that ties have an order too.
  using Turn = std::pair<double, std::size_t>;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    TrackFilter& filter = tracks_[i].filter;
    filter.Predict(dt);
    Claim& claim = claims_[i];
    claim.track = i;
    claim.prediction = {filter.position(), filter.velocity(), filter.position_variance()};
    Resolve(*seen, &claim);
    if (claim.found) turns.emplace(claim.prior_distance2, i);
  }
  while (!turns.empty()) {
    Claim& claim = claims_[turns.top().second];
    turns.pop();
    if (ChosenAreFree(claim.gates, claim.fit, *seen)) {
      Take(claim, frame, seen);
      continue;
    }
    Resolve(*seen, &claim);
    if (claim.found) turns.emplace(claim.prior_distance2, claim.track);
  }
}

void Tracker::Resolve(const std::vector<CameraFrame>& seen, Claim* claim) const {
  claim->found = false;
  const double variance = claim->prediction.variance;
  OpenGates(rig_, seen, claim->prediction, options_.gates, &claim->gates);
  if (!FitGates(claim->gates, variance, true, options_.gates, &claim->fit)) return;
  Eigen::Vector3d step = claim->fit.step;
  if (step.squaredNorm() > kLongStep * kLongStep) {
    Prediction nearer = claim->prediction;
    nearer.position += step;
    nearer.variance = claim->fit.covariance.trace();
    OpenGates(rig_, seen, nearer, options_.gates, &claim->gates);
    if (!FitGates(claim->gates, nearer.variance, false, options_.gates, &claim->fit)) return;
    step += claim->fit.step;
  }
  claim->position = claim->prediction.position + step;
  const double measured = claim->fit.covariance.trace() / 3.0;
  claim->prior_distance2 = step.squaredNorm() / (variance + measured);
  claim->found = IsAcceptable(claim->fit, claim->prior_distance2);
}

void Tracker::Take(const Claim& claim, std::size_t frame, std::vector<CameraFrame>* seen) {
  Track& track = tracks_[claim.track];
  for (int k = 0; k < claim.gates.count; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (claim.fit.chosen[at] < 0) continue;
    const Gate& gate = claim.gates.gate[at];
    const Candidate& chosen = gate.candidate[static_cast<std::size_t>(claim.fit.chosen[at])];
    (*seen)[gate.camera].track[chosen.sighting] = track.id;
  }
  track.filter.Update(claim.position, claim.fit.covariance.trace() / 3.0);
  track.last_seen = frame;
  Fragment& fragment = fragments_[static_cast<std::size_t>(track.id)];
  Grow(&fragment.position);
  fragment.position.resize(frame - fragment.first_frame, kUnseen);
  fragment.position.emplace_back(claim.position.cast<float>());
}

void Tracker::EndLost(std::size_t frame) {
  std::erase_if(tracks_, [&](const Track& track) {
    if (track.last_seen == frame) return false;
    const double unseen = time_base_.time[frame] - time_base_.time[track.last_seen];
    return unseen > options_.longest_coast ||
           std::sqrt(track.filter.position_variance()) > options_.coast_sigma;
  });
}

std::vector<Tracker::Triple> Tracker::FindTriples(std::size_t frame) const {
  const std::size_t last = pending_.size() - 1;
  const double dt0 = time_base_.time[frame - 1] - time_base_.time[frame - 2];
  const double dt1 = time_base_.time[frame] - time_base_.time[frame - 1];
  const double limit = kStartSigmas * options_.start_acceleration * 0.5 * (dt0 + dt1);
  const std::vector<LoosePoint>& p0 = pending_[last - 2].loose;
  const std::vector<LoosePoint>& p1 = pending_[last - 1].loose;
  const std::vector<LoosePoint>& p2 = pending_[last].loose;
  std::vector<Triple> triples;
  for (std::size_t j = 0; j < p1.size(); ++j) {
    if (p1[j].taken) continue;
    for (std::size_t i = 0; i < p0.size(); ++i) {
      if (p0[i].taken) continue;
      const Eigen::Vector3d v0 = (p1[j].point.position - p0[i].point.position) / dt0;
      if (v0.squaredNorm() > options_.fastest * options_.fastest) continue;
      for (std::size_t k = 0; k < p2.size(); ++k) {
        const Eigen::Vector3d v1 = (p2[k].point.position - p1[j].point.position) / dt1;
        const double bend = (v1 - v0).norm();
        if (bend <= limit) triples.push_back({{i, j, k}, bend});
      }
    }
  }
  std::stable_sort(triples.begin(), triples.end(),
                   [](const Triple& a, const Triple& b) { return a.bend < b.bend; });
  return triples;
}

void Tracker::StartNew(std::size_t frame) {
  if (frame < kLag || pending_.size() <= kLag || pending_.back().loose.empty()) return;
  const std::size_t oldest = pending_.size() - 1 - kLag;
  for (const Triple& triple : FindTriples(frame)) {
    bool free = true;
    for (std::size_t i = 0; i < 3; ++i) {
      free = free && !pending_[oldest + i].loose[triple.point[i]].taken;
    }
    if (free) StartTrack(frame, triple);
  }
}

void Tracker::StartTrack(std::size_t frame, const Triple& triple) {
  const auto id = static_cast<std::int32_t>(fragments_.size());
  const std::size_t oldest = pending_.size() - 1 - kLag;
  Fragment fragment;
  fragment.first_frame = frame - kLag;
  std::array<const ColdPoint*, 3> points{};
  for (std::size_t i = 0; i < 3; ++i) {
    PendingFrame& pending = pending_[oldest + i];
    LoosePoint& loose = pending.loose[triple.point[i]];
    loose.taken = true;
    points[i] = &loose.point;
    fragment.position.emplace_back(loose.point.position.cast<float>());
    for (const auto& [camera, sighting] : loose.point.sightings) {
      pending.seen[camera].track[sighting] = id;
    }
  }
  fragments_.push_back(std::move(fragment));
  const double dt0 = time_base_.time[frame - 1] - time_base_.time[frame - 2];
  const double dt1 = time_base_.time[frame] - time_base_.time[frame - 1];
  const Eigen::Vector3d v0 = (points[1]->position - points[0]->position) / dt0;
  const Eigen::Vector3d v1 = (points[2]->position - points[1]->position) / dt1;
  const double variance = points[2]->covariance.trace() / 3.0;
  // The velocity half a frame ago, and how it went on changing; neither is known well.
  const double gained = 0.5 * dt1 * options_.start_acceleration;
  const double velocity_variance = gained * gained + 6.0 * variance / (dt1 * dt1);
  tracks_.push_back({id,
                     TrackFilter(points[2]->position, v1 + 0.5 * (v1 - v0), variance,
                                 velocity_variance, options_.motion),
                     frame});
}

TrackedBlock Tracker::Release(std::size_t keep) {
  const std::size_t count = pending_.size() > keep ? pending_.size() - keep : 0;
  TrackedBlock block{{released_, count}, {}};
  block.track.resize(rig_.cameras.size());
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t c = 0; c < rig_.cameras.size(); ++c) {
      const CameraFrame& seen = pending_[k].seen[c];
      std::vector<std::int32_t>& track = block.track[c];
      const std::size_t first = track.size();
      track.resize(first + seen.row_count, kFree);
      for (std::size_t i = 0; i < seen.size(); ++i) track[first + seen.row[i]] = seen.track[i];
    }
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  released_ += count;
  return block;
}

}  // namespace medius::reconstruct
