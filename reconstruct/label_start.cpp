#include "reconstruct/label_start.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reconstruct/label_arrangement.hpp"

namespace medius::reconstruct {
namespace {

constexpr std::size_t kWindows = 4;
constexpr std::size_t kInstants = 32;
constexpr std::size_t kMostThings = 72;
// Of a window that a fragment must be seen in to take part.
constexpr double kShare = 0.5;
// What a found marker adds on average where the fragments are the subject, in log odds.
constexpr double kLeastScorePerMarker = 2.0;
constexpr double kLeastShareFound = 0.3;

struct Candidate {
  std::size_t block;
  double worth;
};

// Frames of the window that each of its fragments is there, longest first.
std::vector<std::pair<std::size_t, std::size_t>> Coverage(const std::vector<Fragment>& fragments,
                                                          const FragmentBlocks& blocks,
                                                          std::size_t first_block,
                                                          std::size_t window_blocks) {
  const FrameRange frames = blocks.Frames(first_block, window_blocks);
  std::vector<std::pair<std::size_t, std::size_t>> coverage;
  std::size_t last = std::numeric_limits<std::size_t>::max();
  for (std::size_t b = first_block; b < first_block + window_blocks; ++b) {
    for (const std::size_t f : blocks.Members(b)) {
      // Once a fragment: in the first block of the window that it reaches into.
      if (b > first_block && fragments[f].first_frame < blocks.Frames(b).first) continue;
      const std::size_t first = std::max(frames.first, fragments[f].first_frame);
      const std::size_t there = std::min(frames.end(), fragments[f].end_frame()) - first;
      if (static_cast<double>(there) < kShare * static_cast<double>(frames.count)) continue;
      if (f != last) coverage.emplace_back(there, f);
      last = f;
    }
  }
  std::stable_sort(coverage.begin(), coverage.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  return coverage;
}

std::vector<Candidate> BestWindows(const std::vector<Fragment>& fragments,
                                   const FragmentBlocks& blocks, std::size_t marker_count,
                                   std::pair<std::size_t, std::size_t> within,
                                   std::size_t window_blocks) {
  std::vector<Candidate> candidates;
  const std::size_t length = within.second - within.first;
  // A thousand windows, evenly spread, are choice enough in a long run.
  const std::size_t step = std::max(std::max<std::size_t>(1, window_blocks / 2), length / 1000);
  for (std::size_t b = within.first; b + window_blocks <= within.second; b += step) {
    const auto coverage = Coverage(fragments, blocks, b, window_blocks);
    double worth = 0.0;
    for (std::size_t i = 0; i < std::min(coverage.size(), marker_count); ++i) {
      worth += static_cast<double>(coverage[i].first);
    }
    candidates.push_back({b, worth});
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.worth > b.worth; });
  std::vector<Candidate> chosen;
  for (const Candidate& candidate : candidates) {
    const bool is_apart = std::all_of(chosen.begin(), chosen.end(), [&](const Candidate& c) {
      return c.block + window_blocks <= candidate.block ||
             candidate.block + window_blocks <= c.block;
    });
    if (is_apart) chosen.push_back(candidate);
    if (chosen.size() == kWindows) break;
  }
  return chosen;
}

MovingThings ThingsIn(const std::vector<Fragment>& fragments, FrameRange frames,
                      const std::vector<std::size_t>& members) {
  MovingThings things;
  things.count = members.size();
  const std::size_t instants = std::min(kInstants, frames.count);
  for (std::size_t i = 0; i < instants; ++i) {
    const std::size_t frame = frames.first + (2 * i + 1) * frames.count / (2 * instants);
    for (const std::size_t f : members) {
      things.position.push_back(fragments[f].IsSeen(frame)
                                    ? fragments[f].position[frame - fragments[f].first_frame]
                                    : Eigen::Vector3f::Constant(std::nanf("")));
    }
  }
  return things;
}

}  // namespace

std::optional<LabelStart> FindStart(const std::vector<Fragment>& fragments,
                                    const FragmentBlocks& blocks, const SubjectModel& subject,
                                    std::pair<std::size_t, std::size_t> within,
                                    std::size_t window_blocks) {
  window_blocks = std::min(window_blocks, within.second - within.first);
  if (window_blocks == 0) return std::nullopt;
  std::optional<LabelStart> best;
  for (const Candidate& candidate :
       BestWindows(fragments, blocks, subject.markers.size(), within, window_blocks)) {
    std::vector<std::size_t> members;
    for (const auto& [there, f] : Coverage(fragments, blocks, candidate.block, window_blocks)) {
      if (members.size() < kMostThings) members.push_back(f);
    }
    const MovingThings things =
        ThingsIn(fragments, blocks.Frames(candidate.block, window_blocks), members);
    const auto found = ArrangementSearch(things, subject).Find();
    if (!found || (best && best->score >= found->score)) continue;
    std::vector<std::optional<std::size_t>> fragment_of(found->thing_of.size());
    std::size_t count = 0;
    for (std::size_t m = 0; m < fragment_of.size(); ++m) {
      if (!found->thing_of[m]) continue;
      fragment_of[m] = members[*found->thing_of[m]];
      ++count;
    }
    const auto markers = static_cast<double>(subject.markers.size());
    if (static_cast<double>(count) < kLeastShareFound * markers) continue;
    if (found->score < kLeastScorePerMarker * static_cast<double>(count)) continue;
    best = LabelStart{
        {candidate.block, candidate.block + window_blocks}, std::move(fragment_of), found->score};
  }
  return best;
}

}  // namespace medius::reconstruct
