#include "reconstruct/keypoint_swaps.hpp"

#include <algorithm>

namespace medius::reconstruct {
namespace {

// Exchanging one detection's sides moves the points that the others are compared with.
constexpr int kMostRounds = 4;
// Sigmas from the point it has a part in, from which a sighting is compared with the point of the
// others alone; one good sighting in ninety exceeds 3.
constexpr double kDoubtfulSigma = 3.0;

bool IsThere(const MarkerSample& sample) {
  return sample.source != SampleSource::kMissing;
}

// The keypoint of a detection that bears a label once its swap is undone.
const DetectedKeypoint& PointOf(const Detection& detection, const KeypointSkeleton& skeleton,
                                const SideSwap& swap, std::size_t label) {
  return detection.points[skeleton.Repaired(label, swap)];
}

}  // namespace

SideSwap SwapSettler::ByExpectation(const Detection& detection, const BodyPoints& expected) const {
  SideSwap swap;
  for (std::size_t chain = 0; chain < kChains; ++chain) {
    swap.from[chain] = BestFrom(detection, chain, expected);
  }
  return swap;
}

MeanCost SwapSettler::CostOf(const Detection& detection, const SideSwap& swap,
                             const BodyPoints& expected) const {
  MeanCost cost;
  for (std::size_t label = 0; label < skeleton_.label_count; ++label) {
    const DetectedKeypoint& point = PointOf(detection, skeleton_, swap, label);
    if (!point.IsSeen() || !IsThere(expected.samples[label])) continue;
    // Halved: a chi-square of two degrees of freedom has the mean 2.
    const double squared =
        0.5 * triangulator_.SquaredDistance(expected.samples[label], point.sighting,
                                            expected.motions[label]);
    cost += {std::min(squared, kMostSquared), 1};
  }
  return cost;
}

// The joint from which exchanging the sides of a chain gains most, kChainDepths where nothing gains
// enough.
std::uint8_t SwapSettler::BestFrom(const Detection& detection, std::size_t chain,
                                   const BodyPoints& reference) const {
  const auto distance2 = [&](std::size_t seen_as, std::size_t is) {
    const DetectedKeypoint& point = detection.points[seen_as];
    if (!point.IsSeen()) return 0.0;
    const double squared =
        triangulator_.SquaredDistance(reference.samples[is], point.sighting, reference.motions[is]);
    return std::min(squared, kMostSquared);
  };
  std::array<double, kChainDepths> gain{};  // of exchanging the pairs of one depth
  for (const MirrorPair& pair : skeleton_.chains[chain]) {
    if (!IsThere(reference.samples[pair.left]) || !IsThere(reference.samples[pair.right])) continue;
    gain[pair.depth] += distance2(pair.left, pair.left) + distance2(pair.right, pair.right) -
                        distance2(pair.left, pair.right) - distance2(pair.right, pair.left);
  }
  std::uint8_t best = kChainDepths;
  double best_gain = kGainToSwap;
  double sum = 0.0;
  for (int depth = kChainDepths - 1; depth >= 0; --depth) {
    sum += gain[static_cast<std::size_t>(depth)];
    if (sum <= best_gain) continue;
    best_gain = sum;
    best = static_cast<std::uint8_t>(depth);
  }
  return best;
}

SwapSettler::Body SwapSettler::Triangulate(const Members& members,
                                           const std::vector<SideSwap>& swaps,
                                           const BodyPoints& expected) const {
  Body body;
  body.points.resize(skeleton_.label_count);
  body.seen_by.resize(skeleton_.label_count);
  std::vector<Sighting> sightings;
  for (std::size_t label = 0; label < skeleton_.label_count; ++label) {
    sightings.clear();
    for (std::size_t i = 0; i < members.size(); ++i) {
      const DetectedKeypoint& point = PointOf(*members[i], skeleton_, swaps[i], label);
      if (!point.IsSeen()) continue;
      sightings.push_back(point.sighting);
      body.seen_by[label].push_back(i);
    }
    body.points[label] = triangulator_.Triangulate(sightings, expected.motions[label]);
  }
  return body;
}

MarkerSample SwapSettler::Without(const Members& members, const std::vector<SideSwap>& swaps,
                                  std::size_t left_out, std::size_t label,
                                  const BodyPoints& expected) const {
  std::vector<Sighting> sightings;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const DetectedKeypoint& point = PointOf(*members[i], skeleton_, swaps[i], label);
    if (i != left_out && point.IsSeen()) sightings.push_back(point.sighting);
  }
  const TriangulatedPoint point = triangulator_.Triangulate(sightings, expected.motions[label]);
  return point.status == PointStatus::kComputed ? point.sample : expected.samples[label];
}

// True where a point that the member had a part in was not found, or not with it, or lies off what
// it saw.
bool SwapSettler::IsDoubtful(const Body& body, const Members& members,
                             const std::vector<SideSwap>& swaps, std::size_t member,
                             std::size_t chain) const {
  const auto is_doubtful = [&](std::size_t label) {
    const std::vector<std::size_t>& seen_by = body.seen_by[label];
    const auto found = std::find(seen_by.begin(), seen_by.end(), member);
    if (found == seen_by.end()) return false;
    const TriangulatedPoint& point = body.points[label];
    if (point.status != PointStatus::kComputed) return true;
    const auto view = static_cast<std::size_t>(found - seen_by.begin());
    if ((point.used >> view & 1U) == 0) return true;
    const DetectedKeypoint& seen = PointOf(*members[member], skeleton_, swaps[member], label);
    return static_cast<double>(point.distance_px[view]) > kDoubtfulSigma * seen.sighting.sigma_px;
  };
  return std::any_of(
      skeleton_.chains[chain].begin(), skeleton_.chains[chain].end(),
      [&](const MirrorPair& pair) { return is_doubtful(pair.left) || is_doubtful(pair.right); });
}

BodyPoints SwapSettler::Settle(const Members& members, const BodyPoints& expected,
                               std::vector<SideSwap>* swaps) const {
  Body body = Triangulate(members, *swaps, expected);
  for (int round = 0; round < kMostRounds; ++round) {
    bool changed = false;
    for (std::size_t i = 0; i < members.size(); ++i) {
      for (std::size_t chain = 0; chain < kChains; ++chain) {
        if (!IsDoubtful(body, members, *swaps, i, chain)) continue;
        BodyPoints others = expected;
        for (const MirrorPair& pair : skeleton_.chains[chain]) {
          others.samples[pair.left] = Without(members, *swaps, i, pair.left, expected);
          others.samples[pair.right] = Without(members, *swaps, i, pair.right, expected);
        }
        const std::uint8_t from = BestFrom(*members[i], chain, others);
        if (from == (*swaps)[i].from[chain]) continue;
        (*swaps)[i].from[chain] = from;
        changed = true;
        // The next detection is compared with what this one now says.
        body = Triangulate(members, *swaps, expected);
      }
    }
    if (!changed) break;
  }
  BodyPoints found{std::vector<MarkerSample>(skeleton_.label_count, MarkerSample::Missing()),
                   expected.motions};
  for (std::size_t label = 0; label < skeleton_.label_count; ++label) {
    const TriangulatedPoint& point = body.points[label];
    if (point.status == PointStatus::kComputed) found.samples[label] = point.sample;
  }
  return found;
}

}  // namespace medius::reconstruct
