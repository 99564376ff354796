#include "reconstruct/label_start.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reconstruct/label_arrangement.hpp"

namespace medius::reconstruct {
namespace {

constexpr std::size_t kWindows = 8;
constexpr std::size_t kInstants = 32;
constexpr std::size_t kMostThings = 64;
// Of a window that a fragment must be seen in to take part.
constexpr double kShare = 0.5;
// What a found marker adds on average where the fragments are the subject, in log odds.
constexpr double kLeastScorePerMarker = 2.0;
constexpr double kLeastShareFound = 0.3;
constexpr double kNearBest = 0.6;  // of the best window's score: the rest is worth its time

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
  // Of windows that are worth the same, those far apart come first.
  const auto spread = [](std::size_t block) {
    constexpr double kGoldenRatio = 0.6180339887498949;
    const double turns = kGoldenRatio * static_cast<double>(block);
    return turns - std::floor(turns);
  };
  std::sort(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
    return a.worth != b.worth ? a.worth > b.worth : spread(a.block) < spread(b.block);
  });
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

bool Moves(const Fragment& fragment, FrameRange frames) {
  constexpr float kStill = 0.005F;  // m
  std::optional<Eigen::Vector3f> from;
  const std::size_t end = std::min(frames.end(), fragment.end_frame());
  for (std::size_t t = std::max(frames.first, fragment.first_frame); t < end; ++t) {
    if (!fragment.IsSeen(t)) continue;
    const Eigen::Vector3f& place = fragment.position[t - fragment.first_frame];
    if (!from) from = place;
    if ((place - *from).norm() > kStill) return true;
  }
  return false;
}

std::optional<LabelStart> StartIn(const std::vector<Fragment>& fragments,
                                  const FragmentBlocks& blocks, const SubjectModel& subject,
                                  std::size_t block, std::size_t window_blocks) {
  std::vector<std::size_t> members;
  for (const auto& [there, f] : Coverage(fragments, blocks, block, window_blocks)) {
    members.push_back(f);
  }
  if (members.size() > kMostThings) {
    // Reflections of the room are always there, markers are hidden now and then.
    const FrameRange frames = blocks.Frames(block, window_blocks);
    std::stable_partition(members.begin(), members.end(),
                          [&](std::size_t f) { return Moves(fragments[f], frames); });
    members.resize(kMostThings);
  }
  const MovingThings things = ThingsIn(fragments, blocks.Frames(block, window_blocks), members);
  const auto found = ArrangementSearch(things, subject).Find();
  if (!found) return std::nullopt;
  LabelStart start{{block, block + window_blocks},
                   std::vector<std::optional<std::size_t>>(found->thing_of.size()),
                   found->score};
  double count = 0.0;
  for (std::size_t m = 0; m < start.fragment_of.size(); ++m) {
    if (!found->thing_of[m]) continue;
    start.fragment_of[m] = members[*found->thing_of[m]];
    count += 1.0;
  }
  if (count < kLeastShareFound * static_cast<double>(subject.markers.size())) return std::nullopt;
  if (found->score < kLeastScorePerMarker * count) return std::nullopt;
  return start;
}

}  // namespace

std::vector<LabelStart> FindStarts(const std::vector<Fragment>& fragments,
                                   const FragmentBlocks& blocks, const SubjectModel& subject,
                                   std::pair<std::size_t, std::size_t> within,
                                   std::size_t window_blocks, Parallelism parallelism) {
  window_blocks = std::min(window_blocks, within.second - within.first);
  if (window_blocks == 0) return {};
  const std::vector<Candidate> windows =
      BestWindows(fragments, blocks, subject.markers.size(), within, window_blocks);
  std::vector<std::optional<LabelStart>> tried(windows.size());
  ParallelFor(parallelism, windows.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t w = begin; w < end; ++w) {
      tried[w] = StartIn(fragments, blocks, subject, windows[w].block, window_blocks);
    }
  });
  double best = 0.0;
  for (const auto& start : tried) best = std::max(best, start ? start->score : 0.0);
  std::vector<LabelStart> starts;
  for (auto& start : tried) {
    if (start && start->score > kNearBest * best) starts.push_back(*std::move(start));
  }
  std::sort(starts.begin(), starts.end(),
            [](const LabelStart& a, const LabelStart& b) { return a.blocks < b.blocks; });
  return starts;
}

}  // namespace medius::reconstruct
