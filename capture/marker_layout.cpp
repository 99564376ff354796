#include "capture/marker_layout.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace medius::capture {
namespace {

constexpr double kTolerance = 0.35;  // of a marker's side in the image
constexpr double kTolerancePx = 1.5;
constexpr std::size_t kPartners = 4;  // second markers tried with each first one

struct Candidate {
  PlacedMarker placed;
  SeenMarker seen;
};

Eigen::Vector2d CentreOf(const std::array<Eigen::Vector2d, 4>& corners) {
  return 0.25 * (corners[0] + corners[1] + corners[2] + corners[3]);
}

double SideOf(const std::array<Eigen::Vector2d, 4>& corners) {
  double sum = 0.0;
  for (std::size_t k = 0; k < 4; ++k) sum += (corners[k] - corners[(k + 1) % 4]).norm();
  return 0.25 * sum;
}

std::vector<Candidate> Candidates(const std::vector<PlacedMarker>& board,
                                  const std::vector<SeenMarker>& seen, int turns) {
  std::vector<Candidate> candidates;
  for (const SeenMarker& marker : seen) {
    const auto place = std::find_if(board.begin(), board.end(), [&](const PlacedMarker& placed) {
      return placed.id == marker.id;
    });
    if (place == board.end()) continue;
    SeenMarker turned = marker;
    for (std::size_t k = 0; k < 4; ++k) {
      turned.corners[k] = marker.corners[(k + static_cast<std::size_t>(turns)) % 4];
    }
    candidates.push_back({*place, turned});
  }
  return candidates;
}

void AppendPairs(const Candidate& candidate, std::vector<PlanarPair>& pairs) {
  for (std::size_t k = 0; k < 4; ++k) {
    pairs.push_back({candidate.placed.corners[k], candidate.seen.corners[k]});
  }
}

bool Agrees(const PlanarMap& map, const Candidate& candidate) {
  const double limit = kTolerance * SideOf(candidate.seen.corners) + kTolerancePx;
  for (std::size_t k = 0; k < 4; ++k) {
    const Eigen::Vector2d xy = map.Apply(candidate.placed.corners[k]);
    if ((xy - candidate.seen.corners[k]).norm() > limit) return false;
  }
  return true;
}

std::vector<std::size_t> Agreeing(const PlanarMap& map, const std::vector<Candidate>& candidates) {
  std::vector<std::size_t> agreeing;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (Agrees(map, candidates[i])) agreeing.push_back(i);
  }
  return agreeing;
}

std::optional<PlanarMap> Fit(const std::vector<Candidate>& candidates,
                             const std::vector<std::size_t>& chosen) {
  std::vector<PlanarPair> pairs;
  for (const std::size_t i : chosen) AppendPairs(candidates[i], pairs);
  return FitPlanarMap(pairs);
}

// For each marker the ones farthest from it on the board: long bases make good maps.
std::vector<std::size_t> FarthestFrom(const std::vector<Candidate>& candidates, std::size_t i) {
  std::vector<std::pair<double, std::size_t>> order;
  const Eigen::Vector2d centre = CentreOf(candidates[i].placed.corners);
  for (std::size_t j = 0; j < candidates.size(); ++j) {
    if (j != i) order.emplace_back(-(CentreOf(candidates[j].placed.corners) - centre).norm(), j);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> far;
  const std::size_t step = std::max<std::size_t>(1, order.size() / kPartners);
  for (std::size_t k = 0; k < order.size() && far.size() < kPartners; k += step) {
    far.push_back(order[k].second);
  }
  return far;
}

std::vector<std::size_t> LargestAgreement(const std::vector<Candidate>& candidates) {
  std::vector<std::size_t> best{0};
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    for (const std::size_t j : FarthestFrom(candidates, i)) {
      const std::optional<PlanarMap> map = Fit(candidates, {i, j});
      if (!map) continue;
      std::vector<std::size_t> agreeing = Agreeing(*map, candidates);
      if (agreeing.size() > best.size()) best = std::move(agreeing);
    }
    if (best.size() == candidates.size()) break;
  }
  return best;
}

}  // namespace

std::optional<MarkerLayout> FindLayout(const std::vector<PlacedMarker>& board,
                                       const std::vector<SeenMarker>& seen, int turns) {
  const std::vector<Candidate> candidates = Candidates(board, seen, turns);
  if (candidates.empty()) return std::nullopt;
  std::vector<std::size_t> chosen = LargestAgreement(candidates);
  std::optional<PlanarMap> map = Fit(candidates, chosen);
  for (int repeat = 0; map && repeat < 2; ++repeat) {
    std::vector<std::size_t> agreeing = Agreeing(*map, candidates);
    if (agreeing.size() < chosen.size()) break;
    chosen = std::move(agreeing);
    map = Fit(candidates, chosen);
  }
  if (!map) return std::nullopt;
  MarkerLayout layout;
  layout.map = *map;
  for (const std::size_t i : chosen) {
    layout.placed.push_back(candidates[i].placed);
    layout.seen.push_back(candidates[i].seen);
  }
  return layout;
}

std::vector<PlanarPair> NearestMarkerCorners(const MarkerLayout& layout,
                                             const Eigen::Vector2d& place, std::size_t most,
                                             double reach) {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < layout.placed.size(); ++i) {
    const double distance = (CentreOf(layout.placed[i].corners) - place).norm();
    if (distance <= reach) order.emplace_back(distance, i);
  }
  std::sort(order.begin(), order.end());
  if (order.size() > most) order.resize(most);
  std::vector<PlanarPair> pairs;
  for (const auto& [distance, i] : order) {
    AppendPairs({layout.placed[i], layout.seen[i]}, pairs);
  }
  return pairs;
}

}  // namespace medius::capture
