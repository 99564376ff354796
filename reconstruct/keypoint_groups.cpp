#include "reconstruct/keypoint_groups.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace medius::reconstruct {
namespace {

// Cameras for which every combination of sides is tried; of more, the first agree and the others
// follow one by one.
constexpr std::size_t kMostTried = 10;

enum class Verdict : std::uint8_t { kUnknown, kOne, kTwo };

struct Edge {
  double cost;
  std::size_t a;
  std::size_t b;
};

class Grouping {
 public:
  Grouping(const DetectionGeometry& geometry, const KeypointSkeleton& skeleton,
           const std::vector<Detection>& detections, const GroupingOptions& options)
      : geometry_(geometry),
        skeleton_(skeleton),
        detections_(detections),
        options_(options),
        verdict_(detections.size() * detections.size(), Verdict::kTwo) {}

  std::vector<DetectionGroup> Run(const std::vector<bool>& free) {
    std::vector<Edge> edges = Compare(free);
    std::sort(edges.begin(), edges.end(), [](const Edge& x, const Edge& y) {
      return std::pair(x.cost, std::pair(x.a, x.b)) < std::pair(y.cost, std::pair(y.a, y.b));
    });
    std::vector<std::vector<std::size_t>> members(detections_.size());
    std::vector<std::size_t> group_of(detections_.size());
    std::iota(group_of.begin(), group_of.end(), 0);
    for (std::size_t i = 0; i < members.size(); ++i) members[i] = {i};
    for (const Edge& edge : edges) {
      const std::size_t into = group_of[edge.a];
      const std::size_t from = group_of[edge.b];
      if (into == from || !CanJoin(members[into], members[from])) continue;
      for (const std::size_t i : members[from]) group_of[i] = into;
      members[into].insert(members[into].end(), members[from].begin(), members[from].end());
      members[from].clear();
    }
    return Finish(&members);
  }

 private:
  std::vector<Edge> Compare(const std::vector<bool>& free) {
    std::vector<Edge> edges;
    for (std::size_t a = 0; a < detections_.size(); ++a) {
      for (std::size_t b = a + 1; free[a] && b < detections_.size(); ++b) {
        if (!free[b] || detections_[a].camera == detections_[b].camera) continue;
        const MeanCost cost = geometry_.PairCost(skeleton_, detections_[a], detections_[b]);
        Verdict verdict = Verdict::kUnknown;
        if (cost.count >= options_.fewest_shared) {
          verdict = cost.Mean() <= options_.most_cost ? Verdict::kOne : Verdict::kTwo;
        }
        verdict_[a * detections_.size() + b] = verdict;
        verdict_[b * detections_.size() + a] = verdict;
        if (verdict == Verdict::kOne) edges.push_back({cost.Mean(), a, b});
      }
    }
    return edges;
  }

  [[nodiscard]] bool CanJoin(const std::vector<std::size_t>& one,
                             const std::vector<std::size_t>& other) const {
    for (const std::size_t a : one) {
      for (const std::size_t b : other) {
        if (verdict_[a * detections_.size() + b] == Verdict::kTwo) return false;
      }
    }
    return true;
  }

  std::vector<DetectionGroup> Finish(std::vector<std::vector<std::size_t>>* members) const {
    std::vector<DetectionGroup> groups;
    for (std::vector<std::size_t>& list : *members) {
      if (list.size() < 2) continue;
      std::sort(list.begin(), list.end());
      groups.push_back({list, std::vector<SideSwap>(list.size())});
      for (std::size_t chain = 0; chain < kChains; ++chain) AgreeOnSides(chain, &groups.back());
    }
    std::stable_sort(groups.begin(), groups.end(),
                     [](const DetectionGroup& a, const DetectionGroup& b) {
                       return a.detections.size() > b.detections.size();
                     });
    return groups;
  }

  // Which detections have a whole chain exchanged: the combination of least cost; of two that only
  // differ in which side is called left, the one that believes more detections.
  void AgreeOnSides(std::size_t chain, DetectionGroup* group) const {
    const std::size_t n = group->detections.size();
    std::vector<double> gain(n * n, 0.0);  // of i and j being exchanged against each other
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = i + 1; j < n; ++j) {
        const DetectionGeometry::ChainCost cost =
            geometry_.CostOf(skeleton_.chains[chain], detections_[group->detections[i]],
                             detections_[group->detections[j]]);
        if (cost.same.count == 0 || cost.exchanged.count == 0) continue;
        gain[i * n + j] = cost.same.sum - cost.exchanged.sum;
        gain[j * n + i] = gain[i * n + j];
      }
    }
    const std::vector<bool> exchanged = BestSides(gain, n);
    for (std::size_t i = 0; i < n; ++i) {
      if (exchanged[i]) group->swaps[i].from[chain] = 0;
    }
  }

  static std::vector<bool> BestSides(const std::vector<double>& gain, std::size_t n) {
    const std::size_t tried = std::min(n, kMostTried);
    std::size_t best = 0;
    double best_gain = 0.0;
    // Half the combinations: the other half is the same with the sides renamed.
    for (std::size_t sides = 1; sides < (std::size_t{1} << (tried - 1)); ++sides) {
      double sum = 0.0;
      for (std::size_t i = 0; i < tried; ++i) {
        for (std::size_t j = i + 1; j < tried; ++j) {
          if ((sides >> i & 1U) != (sides >> j & 1U)) sum += gain[i * n + j];
        }
      }
      if (sum > best_gain) {
        best_gain = sum;
        best = sides;
      }
    }
    std::vector<bool> exchanged(n, false);
    for (std::size_t i = 0; i < tried; ++i) exchanged[i] = (best >> i & 1U) != 0;
    for (std::size_t i = tried; i < n; ++i) {
      double sum = 0.0;
      for (std::size_t j = 0; j < i; ++j) sum += exchanged[j] ? -gain[i * n + j] : gain[i * n + j];
      exchanged[i] = sum > 0.0;
    }
    if (2 * static_cast<std::size_t>(std::count(exchanged.begin(), exchanged.end(), true)) > n) {
      exchanged.flip();
    }
    return exchanged;
  }

  const DetectionGeometry& geometry_;
  const KeypointSkeleton& skeleton_;
  const std::vector<Detection>& detections_;
  const GroupingOptions& options_;
  std::vector<Verdict> verdict_;
};

}  // namespace

std::vector<DetectionGroup> GroupDetections(const DetectionGeometry& geometry,
                                            const KeypointSkeleton& skeleton,
                                            const std::vector<Detection>& detections,
                                            const std::vector<bool>& free,
                                            const GroupingOptions& options) {
  return Grouping(geometry, skeleton, detections, options).Run(free);
}

}  // namespace medius::reconstruct
