#include "reconstruct/keypoint_swaps.hpp"

#include <algorithm>

#include <Eigen/LU>

namespace medius::reconstruct {
namespace {

// Sigmas from the point it has a part in, from which a sighting makes its detection's sides
// doubtful; one good sighting in ninety exceeds 3.
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

// What a label's sightings cost: squared residuals over sigma, a rejected one kMostSquared, and how
// far the point is from where it was expected.
double SwapSettler::LabelCost(const Members& members, const std::vector<SideSwap>& swaps,
                              std::size_t label, const BodyPoints& expected) const {
  std::vector<Sighting> sightings;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const DetectedKeypoint& point = PointOf(*members[i], skeleton_, swaps[i], label);
    if (point.IsSeen()) sightings.push_back(point.sighting);
  }
  const MarkerSample& prior = expected.samples[label];
  const PointMotion& motion = expected.motions[label];
  const TriangulatedPoint point = triangulator_.Triangulate(sightings, motion);
  double cost = 0.0;
  if (point.status != PointStatus::kComputed) {
    for (const Sighting& sighting : sightings) {
      const bool alone = sightings.size() < 2;
      const double unknown = alone ? 0.0 : kMostSquared;
      cost += IsThere(prior)
                  ? std::min(triangulator_.SquaredDistance(prior, sighting, motion), kMostSquared)
                  : unknown;
    }
    return cost;
  }
  const auto rejected = static_cast<double>(sightings.size()) - point.sample.rays;
  cost = point.chi2 + kMostSquared * rejected;
  if (!IsThere(prior)) return cost;
  const Eigen::Vector3d off = point.sample.position - prior.position;
  const Eigen::Matrix3d covariance = point.sample.covariance + prior.covariance;
  return cost + std::min(off.dot(covariance.inverse() * off), kMostSquared);
}

double SwapSettler::ChainCost(const Members& members, const std::vector<SideSwap>& swaps,
                              std::size_t chain, const BodyPoints& expected) const {
  double cost = 0.0;
  for (const MirrorPair& pair : skeleton_.chains[chain]) {
    cost += LabelCost(members, swaps, pair.left, expected);
    cost += LabelCost(members, swaps, pair.right, expected);
  }
  for (const SideSwap& swap : swaps) {
    if (swap.from[chain] != kChainDepths) cost += kGainToSwap;
  }
  return cost;
}

// Steepest descent: of all doubtful detections the one whose sides gain most by another swap, as
// long as any gains.
void SwapSettler::SettleChain(const Members& members, std::size_t chain, const BodyPoints& expected,
                              std::vector<SideSwap>* swaps) const {
  double cost = ChainCost(members, *swaps, chain, expected);
  for (std::size_t round = 0; round <= members.size(); ++round) {
    const Body body = Triangulate(members, *swaps, expected);
    std::vector<SideSwap> best;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!IsDoubtful(body, members, *swaps, i, chain)) continue;
      for (std::uint8_t from = 0; from <= kChainDepths; ++from) {
        if (from == (*swaps)[i].from[chain]) continue;
        std::vector<SideSwap> other = *swaps;
        other[i].from[chain] = from;
        const double other_cost = ChainCost(members, other, chain, expected);
        if (other_cost >= cost) continue;
        cost = other_cost;
        best = std::move(other);
      }
    }
    if (best.empty()) return;
    *swaps = std::move(best);
  }
}

BodyPoints SwapSettler::Settle(const Members& members, const BodyPoints& expected,
                               std::vector<SideSwap>* swaps) const {
  for (std::size_t chain = 0; chain < kChains; ++chain) {
    if (!skeleton_.chains[chain].empty()) SettleChain(members, chain, expected, swaps);
  }
  const Body body = Triangulate(members, *swaps, expected);
  BodyPoints found{std::vector<MarkerSample>(skeleton_.label_count, MarkerSample::Missing()),
                   expected.motions};
  for (std::size_t label = 0; label < skeleton_.label_count; ++label) {
    const TriangulatedPoint& point = body.points[label];
    if (point.status == PointStatus::kComputed) found.samples[label] = point.sample;
  }
  return found;
}

}  // namespace medius::reconstruct
