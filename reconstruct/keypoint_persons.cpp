// What is done with the persons once all frames were seen: which of them is the runner.

#include <algorithm>
#include <numeric>

#include "core/check.hpp"
#include "reconstruct/keypoints.hpp"

namespace medius::reconstruct {
namespace {

// Metres from the middle at which a person counts half.
constexpr double kFarFromMiddle = 2.0;
// Metres between where somebody was lost and found again.
constexpr double kReach = 1.0;

// How much a person is seen, less the farther from the middle on the floor.
double WeightOf(const PersonSummary& person, const Eigen::Vector3d& middle) {
  const double distance = (person.mean - middle).head<2>().norm() / kFarFromMiddle;
  return static_cast<double>(person.detections) / (1.0 + distance * distance);
}

// Can follow on the parts so far: no frame in common, and near where the neighbouring part ends.
bool Continues(const PersonSummary& candidate, const std::vector<std::int32_t>& parts,
               const std::vector<PersonSummary>& persons) {
  const PersonSummary* before = nullptr;
  const PersonSummary* after = nullptr;
  for (const std::int32_t part : parts) {
    const PersonSummary& other = persons[static_cast<std::size_t>(part)];
    if (other.last_frame < candidate.first_frame) {
      if (before == nullptr || other.last_frame > before->last_frame) before = &other;
    } else if (other.first_frame > candidate.last_frame) {
      if (after == nullptr || other.first_frame < after->first_frame) after = &other;
    } else {
      return false;
    }
  }
  const bool follows = before == nullptr || (candidate.first - before->last).norm() < kReach;
  const bool precedes = after == nullptr || (after->first - candidate.last).norm() < kReach;
  return follows && precedes;
}

}  // namespace

std::vector<std::vector<std::int32_t>> RankPersons(const std::vector<PersonSummary>& persons,
                                                   const Eigen::Vector3d& middle) {
  std::vector<std::int32_t> order(persons.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return WeightOf(persons[static_cast<std::size_t>(a)], middle) >
           WeightOf(persons[static_cast<std::size_t>(b)], middle);
  });
  std::vector<std::vector<std::int32_t>> ranked;
  std::vector<bool> taken(persons.size(), false);
  for (const std::int32_t main : order) {
    if (taken[static_cast<std::size_t>(main)]) continue;
    taken[static_cast<std::size_t>(main)] = true;
    std::vector<std::int32_t>& parts = ranked.emplace_back(std::vector<std::int32_t>{main});
    // In the order of weight: a long part is joined before what lies between.
    for (const std::int32_t other : order) {
      const auto index = static_cast<std::size_t>(other);
      if (taken[index] || !Continues(persons[index], parts, persons)) continue;
      taken[index] = true;
      parts.push_back(other);
    }
    std::sort(parts.begin(), parts.end());
  }
  return ranked;
}

void KeepPersons(const PersonBlock& whose, const std::vector<std::int32_t>& chosen,
                 ObservationBlock* block) {
  MEDIUS_CHECK(whose.frames == block->frames, "persons and sightings of other frames");
  for (std::size_t c = 0; c < block->cameras.size(); ++c) {
    const CameraObservations& seen = block->cameras[c];
    CameraObservations kept;
    kept.time_stamp = seen.time_stamp;
    for (std::size_t k = 0; k < block->frames.count; ++k) {
      for (std::uint64_t row = seen.frame_start[k]; row < seen.frame_start[k + 1]; ++row) {
        const std::int32_t person = whose.person[c][row];
        if (!std::binary_search(chosen.begin(), chosen.end(), person)) continue;
        kept.xy.push_back(seen.xy[row]);
        kept.label.push_back(whose.label[c][row]);
        if (!seen.sigma.empty()) kept.sigma.push_back(seen.sigma[row]);
      }
      kept.frame_start.push_back(kept.xy.size());
    }
    block->cameras[c] = std::move(kept);
  }
}

}  // namespace medius::reconstruct
