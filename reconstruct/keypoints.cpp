#include "reconstruct/keypoints.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::reconstruct {
namespace {

// Share of the innovation that goes into position and velocity: keypoints are noisier than they
// are fast, yet a foot must not be lost.
constexpr double kPositionGain = 0.8;
constexpr double kVelocityGain = 0.4;
// m/s, 1 sd, of a followed keypoint's velocity; for cameras that expose off the frame's time.
constexpr double kVelocitySigma = 1.5;
constexpr double kStartSpeedSigma = 5.0;
// Seconds after which a keypoint that nobody sees is no longer expected anywhere.
constexpr double kLongestUnseen = 0.25;
// Seconds in which votes on the sides fade by e, and the share of them that turns a person round.
constexpr double kVoteMemory = 0.5;
constexpr double kVotesAgainst = -0.1;

bool IsThere(const MarkerSample& sample) {
  return sample.source != SampleSource::kMissing;
}

struct Mean {
  Eigen::Vector3d position = Eigen::Vector3d::Zero();
  std::size_t count = 0;
};

Mean MeanOf(const BodyPoints& body) {
  Mean mean;
  for (const MarkerSample& sample : body.samples) {
    if (!IsThere(sample)) continue;
    mean.position += sample.position;
    ++mean.count;
  }
  if (mean.count > 0) mean.position /= static_cast<double>(mean.count);
  return mean;
}

TriangulationOptions TriangulationOf(const KeypointOptions& options) {
  TriangulationOptions triangulation;
  triangulation.default_sigma_px = options.weights.default_sigma_px;
  triangulation.smallest_sigma_px = options.weights.smallest_sigma_px;
  return triangulation;  // the factor is in the sightings' sigmas already
}

void RequirePositive(const char* field, double value) {
  if (std::isfinite(value) && value > 0.0) return;
  throw InputError(fmt::format("{} is {}, a finite number > 0 is expected", field, value));
}

}  // namespace

void KeypointOptions::Validate() const {
  RequirePositive("grouping.most_cost", grouping.most_cost);
  RequirePositive("most_cost", most_cost);
  RequirePositive("nearest_start", nearest_start);
  RequirePositive("longest_absence", longest_absence);
  RequirePositive("expected_sigma", expected_sigma);
  RequirePositive("acceleration", acceleration);
  if (fewest_points < 1) throw InputError("fewest_points is 0, at least 1 is expected");
  if (cameras_to_start < 2) throw InputError("cameras_to_start is below 2");
}

PersonTracker::PersonTracker(CameraRig rig, TimeBase time_base,
                             const std::vector<std::string>& labels, const KeypointOptions& options)
    : triangulator_(std::move(rig), TriangulationOf(options)),
      time_base_(std::move(time_base)),
      skeleton_(SkeletonOf(labels)),
      options_(options),
      geometry_(triangulator_.rig(), options.weights),
      settler_(triangulator_, skeleton_) {
  options_.Validate();
}

PersonBlock PersonTracker::Push(const ObservationBlock& block) {
  MEDIUS_CHECK(block.frames.first == pushed_, "frames must follow on each other");
  MEDIUS_CHECK(block.frames.end() <= time_base_.frame_count(), "more frames than instants");
  MEDIUS_CHECK(block.cameras.size() == triangulator_.rig().cameras.size(),
               "one set of sightings a camera");
  PersonBlock out{block.frames, {}, {}};
  for (const CameraObservations& seen : block.cameras) {
    out.person.emplace_back(seen.row_count(), -1);
    out.label.push_back(seen.label);
    out.label.back().resize(seen.row_count(), kUnlabelled);
  }
  for (std::size_t k = 0; k < block.frames.count; ++k) Step(block, k, &out);
  pushed_ = block.frames.end();
  return out;
}

void PersonTracker::Step(const ObservationBlock& block, std::size_t k, PersonBlock* out) {
  const std::size_t frame = block.frames.first + k;
  const double time = time_base_.time[frame];
  const std::vector<Detection> detections = geometry_.Load(block, k, time, skeleton_.label_count);
  std::erase_if(people_, [&](const Person& person) {
    return time - time_base_.time[person.last_frame] > options_.longest_absence;
  });
  std::vector<BodyPoints> expected;
  for (const Person& person : people_) expected.push_back(Expect(person, time));
  std::vector<Claim> claims = ClaimDetections(detections, expected);
  std::vector<bool> free(detections.size(), true);
  for (std::size_t p = 0; p < people_.size(); ++p) {
    PersonSummary& summary = summaries_[static_cast<std::size_t>(people_[p].id)];
    const BodyPoints found = SettleClaim(detections, expected[p], &claims[p], &summary.dropped);
    if (!Take(detections, claims[p], found, frame, &people_[p])) continue;
    Write(detections, claims[p], people_[p].id, out);
    for (const std::size_t d : claims[p].detections) free[d] = false;
  }
  Start(detections, free, frame, out);
}

BodyPoints PersonTracker::Nothing() const {
  PointMotion motion;
  motion.speed_sigma = kStartSpeedSigma;
  return {std::vector<MarkerSample>(skeleton_.label_count, MarkerSample::Missing()),
          std::vector<PointMotion>(skeleton_.label_count, motion)};
}

// Every keypoint goes on with its velocity for a moment.
BodyPoints PersonTracker::Expect(const Person& person, double time) const {
  BodyPoints expected = Nothing();
  for (std::size_t label = 0; label < person.points.size(); ++label) {
    const Keypoint3d& point = person.points[label];
    const double elapsed = time - point.time;
    if (!point.known || elapsed > kLongestUnseen) continue;
    const double sigma = options_.expected_sigma + 0.5 * options_.acceleration * elapsed * elapsed;
    MarkerSample& sample = expected.samples[label];
    sample.position = point.position + elapsed * point.velocity;
    sample.covariance = sigma * sigma * Eigen::Matrix3d::Identity();
    sample.source = SampleSource::kMeasured;
    expected.motions[label].velocity = point.velocity;
    expected.motions[label].speed_sigma = kVelocitySigma;
  }
  return expected;
}

// One detection a camera and person at most, the cheapest first.
std::vector<PersonTracker::Claim> PersonTracker::ClaimDetections(
    const std::vector<Detection>& detections, const std::vector<BodyPoints>& expected) const {
  struct Offer {
    double cost;
    std::size_t detection;
    std::size_t person;
    SideSwap swap;
  };
  std::vector<Offer> offers;
  for (std::size_t d = 0; d < detections.size(); ++d) {
    for (std::size_t p = 0; p < expected.size(); ++p) {
      const SideSwap swap = settler_.ByExpectation(detections[d], expected[p]);
      const MeanCost cost = settler_.CostOf(detections[d], swap, expected[p]);
      if (cost.count < std::min<std::size_t>(3, options_.fewest_points)) continue;
      if (cost.Mean() <= options_.most_cost) offers.push_back({cost.Mean(), d, p, swap});
    }
  }
  std::sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) {
    return std::pair(a.cost, std::pair(a.detection, a.person)) <
           std::pair(b.cost, std::pair(b.detection, b.person));
  });
  std::vector<Claim> claims(expected.size());
  std::vector<bool> taken(detections.size(), false);
  for (const Offer& offer : offers) {
    Claim& claim = claims[offer.person];
    const std::size_t camera = detections[offer.detection].camera;
    const bool has_camera =
        std::any_of(claim.detections.begin(), claim.detections.end(),
                    [&](std::size_t d) { return detections[d].camera == camera; });
    if (taken[offer.detection] || has_camera) continue;
    taken[offer.detection] = true;
    claim.detections.push_back(offer.detection);
    claim.swaps.push_back(offer.swap);
  }
  return claims;
}

// The person's points; detections that do not fit them are taken out of the claim.
BodyPoints PersonTracker::SettleClaim(const std::vector<Detection>& detections,
                                      const BodyPoints& expected, Claim* claim,
                                      std::vector<std::size_t>* dropped) const {
  for (;;) {
    std::vector<const Detection*> members;
    for (const std::size_t d : claim->detections) members.push_back(&detections[d]);
    BodyPoints found = settler_.Settle(members, expected, &claim->swaps);
    if (members.size() < 3) return found;
    std::size_t worst = members.size();
    double worst_cost = options_.most_cost;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const MeanCost cost = settler_.CostOf(*members[i], claim->swaps[i], found);
      if (cost.count == 0 || cost.Mean() <= worst_cost) continue;
      worst_cost = cost.Mean();
      worst = i;
    }
    if (worst == members.size()) return found;
    if (dropped != nullptr) ++(*dropped)[members[worst]->camera];
    claim->detections.erase(claim->detections.begin() + static_cast<std::ptrdiff_t>(worst));
    claim->swaps.erase(claim->swaps.begin() + static_cast<std::ptrdiff_t>(worst));
  }
}

bool PersonTracker::Take(const std::vector<Detection>& detections, const Claim& claim,
                         const BodyPoints& found, std::size_t frame, Person* person) {
  const Mean mean = MeanOf(found);
  if (claim.detections.size() < 2 || mean.count < options_.fewest_points) return false;
  const double time = time_base_.time[frame];
  for (std::size_t label = 0; label < skeleton_.label_count; ++label) {
    if (!IsThere(found.samples[label])) continue;
    Keypoint3d& point = person->points[label];
    const double elapsed = time - point.time;
    const Eigen::Vector3d position = found.samples[label].position;
    if (!point.known || elapsed > kLongestUnseen || elapsed <= 0.0) {
      point = {position, Eigen::Vector3d::Zero(), time, true};
      continue;
    }
    const Eigen::Vector3d expected = point.position + elapsed * point.velocity;
    const Eigen::Vector3d innovation = position - expected;
    point.position = expected + kPositionGain * innovation;
    point.velocity += kVelocityGain / elapsed * innovation;
    point.time = time;
  }
  Vote(claim, time - time_base_.time[person->last_frame], person);
  PersonSummary& summary = summaries_[static_cast<std::size_t>(person->id)];
  if (summary.frames == 0) {
    summary.first_frame = frame;
    summary.first = mean.position;
  }
  summary.last_frame = frame;
  summary.last = mean.position;
  ++summary.frames;
  summary.detections += claim.detections.size();
  summary.mean += (mean.position - summary.mean) / static_cast<double>(summary.frames);
  for (std::size_t i = 0; i < claim.detections.size(); ++i) {
    const std::size_t camera = detections[claim.detections[i]].camera;
    if (claim.swaps[i].IsNone()) continue;
    ++(skeleton_.IsWholeBody(claim.swaps[i]) ? summary.swapped_bodies
                                             : summary.swapped_limbs)[camera];
  }
  person->last_frame = frame;
  return true;
}

// Once most detections contradict the sides of a chain, the person's sides are exchanged.
void PersonTracker::Vote(const Claim& claim, double elapsed, Person* person) {
  const double kept = std::exp(-elapsed / kVoteMemory);
  // As many votes as a quarter of the memory gives with two cameras.
  const double enough = 2.0 * 0.25 * kVoteMemory * time_base_.rate_hz;
  for (std::size_t chain = 0; chain < kChains; ++chain) {
    double& votes = person->votes[chain];
    double& voters = person->voters[chain];
    votes *= kept;
    voters *= kept;
    for (const SideSwap& swap : claim.swaps) {
      // A limb exchanged from a joint outward says nothing of the sides of the body.
      if (swap.from[chain] == 0) votes -= 1.0;
      if (swap.from[chain] == kChainDepths) votes += 1.0;
      voters += 1.0;
    }
    if (voters < enough || votes > kVotesAgainst * voters) continue;
    for (const MirrorPair& pair : skeleton_.chains[chain]) {
      std::swap(person->points[pair.left], person->points[pair.right]);
    }
    votes = -votes;
  }
}

// Hips and shoulders have their left sides on one side of the body; where they do not, the chain of
// more exchanged detections is wrong.
std::optional<std::size_t> PersonTracker::ChainThatContradicts(const Claim& claim,
                                                               const BodyPoints& found) const {
  constexpr std::array<KeypointChain, 2> kTrunk = {KeypointChain::kLeg, KeypointChain::kArm};
  std::array<Eigen::Vector3d, 2> to_left = {Eigen::Vector3d::Zero(), Eigen::Vector3d::Zero()};
  std::array<std::ptrdiff_t, 2> exchanged{};
  for (std::size_t i = 0; i < kTrunk.size(); ++i) {
    const auto chain = static_cast<std::size_t>(kTrunk[i]);
    for (const MirrorPair& pair : skeleton_.chains[chain]) {
      const MarkerSample& left = found.samples[pair.left];
      const MarkerSample& right = found.samples[pair.right];
      if (pair.depth == 0 && IsThere(left) && IsThere(right)) {
        to_left[i] = left.position - right.position;
      }
    }
    exchanged[i] = std::count_if(claim.swaps.begin(), claim.swaps.end(),
                                 [&](const SideSwap& swap) { return swap.from[chain] == 0; });
  }
  if (to_left[0].dot(to_left[1]) >= 0.0) return std::nullopt;
  return static_cast<std::size_t>(kTrunk[exchanged[1] > exchanged[0] ? 1 : 0]);
}

bool PersonTracker::IsNearAnyone(const BodyPoints& found) const {
  const Eigen::Vector3d place = MeanOf(found).position;
  return std::any_of(people_.begin(), people_.end(), [&](const Person& person) {
    const PersonSummary& summary = summaries_[static_cast<std::size_t>(person.id)];
    return (summary.last - place).norm() < options_.nearest_start;
  });
}

void PersonTracker::Start(const std::vector<Detection>& detections, const std::vector<bool>& free,
                          std::size_t frame, PersonBlock* out) {
  const std::size_t cameras = triangulator_.rig().cameras.size();
  const std::size_t needed = std::min(options_.cameras_to_start, cameras);
  for (DetectionGroup& group :
       GroupDetections(geometry_, skeleton_, detections, free, options_.grouping)) {
    Claim claim{std::move(group.detections), std::move(group.swaps)};
    BodyPoints found = SettleClaim(detections, Nothing(), &claim, nullptr);
    if (const auto chain = ChainThatContradicts(claim, found)) {
      for (SideSwap& swap : claim.swaps)
        swap.from[*chain] = swap.from[*chain] == 0 ? kChainDepths : 0;
      found = SettleClaim(detections, Nothing(), &claim, nullptr);
    }
    if (claim.detections.size() < needed || MeanOf(found).count < options_.fewest_points ||
        IsNearAnyone(found)) {
      continue;
    }
    PersonSummary& summary = summaries_.emplace_back();
    summary.swapped_bodies.assign(cameras, 0);
    summary.swapped_limbs.assign(cameras, 0);
    summary.dropped.assign(cameras, 0);
    Person person{static_cast<std::int32_t>(summaries_.size() - 1),
                  frame,
                  std::vector<Keypoint3d>(skeleton_.label_count),
                  {},
                  {}};
    Take(detections, claim, found, frame, &person);
    Write(detections, claim, person.id, out);
    people_.push_back(std::move(person));
  }
}

void PersonTracker::Write(const std::vector<Detection>& detections, const Claim& claim,
                          std::int32_t id, PersonBlock* out) const {
  for (std::size_t i = 0; i < claim.detections.size(); ++i) {
    const Detection& detection = detections[claim.detections[i]];
    for (std::size_t label = 0; label < detection.points.size(); ++label) {
      const DetectedKeypoint& point = detection.points[label];
      if (!point.IsSeen()) continue;
      const auto row = static_cast<std::size_t>(point.row);
      out->person[detection.camera][row] = id;
      out->label[detection.camera][row] =
          static_cast<std::int16_t>(skeleton_.Repaired(label, claim.swaps[i]));
    }
  }
}

}  // namespace medius::reconstruct
