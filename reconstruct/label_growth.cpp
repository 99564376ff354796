#include "reconstruct/label_growth.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "reconstruct/label_evidence.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kBlockSeconds = 0.25;
constexpr std::size_t kSamplesPerCell = 5;
// Log odds, mean of a cell, below which a fragment loses its name.
constexpr double kKeeps = 0.0;
// Log odds that earn a name, mean of a cell's samples, and by how much the best must beat the
// second in all. So much has only a marker within 20 mm of where a sharp prediction puts it: what
// is not known well yet waits until more of the run is.
constexpr double kEarns = 8.0;
constexpr double kMargin = 4.0;
constexpr std::size_t kFewestNamed = 4;
constexpr int kRounds = 4;

}  // namespace

FragmentBlocks::FragmentBlocks(const std::vector<Fragment>& fragments, const TimeBase& time_base)
    : frames_per_block_(std::max<std::size_t>(
          1, static_cast<std::size_t>(std::lround(kBlockSeconds * time_base.rate_hz)))),
      frame_count_(time_base.frame_count()),
      members_((frame_count_ + frames_per_block_ - 1) / frames_per_block_) {
  for (std::size_t f = 0; f < fragments.size(); ++f) {
    const std::size_t end = std::min(fragments[f].end_frame(), frame_count_);
    if (fragments[f].first_frame >= end) continue;
    const std::size_t last = (end - 1) / frames_per_block_;
    for (std::size_t b = fragments[f].first_frame / frames_per_block_; b <= last; ++b) {
      members_[b].push_back(f);
    }
  }
}

FrameRange FragmentBlocks::Frames(std::size_t block) const {
  return Frames(block, 1);
}

FrameRange FragmentBlocks::Frames(std::size_t first_block, std::size_t block_count) const {
  const std::size_t first = first_block * frames_per_block_;
  return {first, std::min(frame_count_ - first, block_count * frames_per_block_)};
}

std::vector<LabelGrowth::Cell> LabelGrowth::CellsOf(std::size_t block) const {
  const FrameRange frames = blocks_->Frames(block);
  std::vector<Cell> cells;
  for (const std::size_t f : blocks_->Members(block)) {
    const Fragment& fragment = (*fragments_)[f];
    Cell cell;
    cell.fragment = f;
    const std::size_t first = std::max(frames.first, fragment.first_frame);
    cell.frames = {first, std::min(frames.end(), fragment.end_frame()) - first};
    cell.samples = SpreadFrames(fragment, cell.frames, kSamplesPerCell);
    if (!cell.samples.empty()) cells.push_back(std::move(cell));
  }
  return cells;
}

std::size_t LabelGrowth::MarkerAt(std::size_t fragment, std::size_t frame) const {
  for (std::size_t m = 0; m < timeline_->marker_count(); ++m) {
    if (timeline_->FragmentAt(m, frame) == fragment) return m;
  }
  return kNone;
}

void LabelGrowth::CarryNames(std::vector<Cell>& cells, std::size_t block, std::size_t carry_from) {
  const FrameRange frames = blocks_->Frames(block);
  // The frame next to the block, on the side that has names.
  const std::size_t look = carry_from < block ? frames.first - 1 : frames.end();
  std::vector<std::size_t> marker_of(cells.size(), kNone);
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const std::size_t frame = carry_from == block ? cells[c].samples.front() : look;
    const Fragment& fragment = (*fragments_)[cells[c].fragment];
    if (frame < fragment.first_frame || frame >= fragment.end_frame()) continue;
    marker_of[c] = MarkerAt(cells[c].fragment, frame);
  }
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (carry_from != block) {
      // What the block has of an earlier visit goes on being judged.
      const std::size_t own = MarkerAt(cells[c].fragment, cells[c].samples.front());
      if (own != kNone) {
        cells[c].marker = own;
        continue;
      }
    }
    if (marker_of[c] == kNone) continue;
    if (carry_from != block) {
      if (timeline_->Overlap(marker_of[c], cells[c].frames) > 0) continue;
      timeline_->Insert(marker_of[c], {cells[c].fragment, cells[c].frames});
    }
    cells[c].marker = marker_of[c];
  }
}

double LabelGrowth::Independent(const Cell& cell) const {
  const double seconds = static_cast<double>(cell.frames.count) / time_base_->rate_hz;
  return IndependentSamples(cell.samples.size(), seconds, options_->memory);
}

// Takes names from those that fit worst, half of them at a time: one wrong name spoils what its
// neighbours are compared with.
std::size_t LabelGrowth::DropMisfits(std::vector<Cell>& cells, const MotionModel& model) {
  const LabelEvidence evidence(*fragments_, *timeline_, model, log_any_place_);
  std::vector<std::pair<double, std::size_t>> misfits;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (cells[c].marker == kNone) continue;
    const auto sum = evidence.Over(cells[c].fragment, cells[c].samples, cells[c].marker);
    if (sum.samples > 0 && sum.mean < kKeeps) misfits.emplace_back(sum.mean, c);
  }
  std::sort(misfits.begin(), misfits.end());
  misfits.resize((misfits.size() + 1) / 2);
  for (const auto& [mean, c] : misfits) {
    timeline_->Erase(cells[c].marker, cells[c].frames);
    cells[c].refused = std::exchange(cells[c].marker, kNone);
  }
  return misfits.size();
}

std::size_t LabelGrowth::NameNewcomers(std::vector<Cell>& cells, const MotionModel& model) {
  struct Claim {
    double odds;
    std::size_t cell;
    std::size_t marker;
  };
  const LabelEvidence evidence(*fragments_, *timeline_, model, log_any_place_);
  std::vector<Claim> claims;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (cells[c].marker != kNone) continue;
    // Against every other marker, also those that have a piece in the block: where one of them fits
    // best, it is that piece's name that is doubtful.
    Claim best{-1e9, c, kNone};
    double second = 0.0;
    double mean = 0.0;
    for (std::size_t m = 0; m < timeline_->marker_count(); ++m) {
      const auto sum = evidence.Over(cells[c].fragment, cells[c].samples, m);
      if (sum.samples == 0) continue;
      const double odds = sum.mean * Independent(cells[c]);
      if (odds > best.odds) {
        second = std::max(second, best.odds);
        best = {odds, c, m};
        mean = sum.mean;
      } else {
        second = std::max(second, odds);
      }
    }
    if (best.marker == cells[c].refused) continue;
    if (mean > kEarns && best.odds - second > kMargin) claims.push_back(best);
  }
  std::stable_sort(claims.begin(), claims.end(),
                   [](const Claim& a, const Claim& b) { return a.odds > b.odds; });
  std::size_t named = 0;
  for (const Claim& claim : claims) {
    Cell& cell = cells[claim.cell];
    if (timeline_->Overlap(claim.marker, cell.frames) > 0) continue;
    timeline_->Insert(claim.marker, {cell.fragment, cell.frames});
    cell.marker = claim.marker;
    ++named;
  }
  return named;
}

std::size_t LabelGrowth::NameBlock(std::size_t block, std::size_t carry_from,
                                   const MotionModel& model) {
  std::vector<Cell> cells = CellsOf(block);
  CarryNames(cells, block, carry_from);
  for (int round = 0; round < kRounds; ++round) {
    const std::size_t dropped = DropMisfits(cells, model);
    const std::size_t named = NameNewcomers(cells, model);
    if (dropped + named == 0) break;
  }
  return static_cast<std::size_t>(std::count_if(
      cells.begin(), cells.end(), [](const Cell& cell) { return cell.marker != kNone; }));
}

std::pair<std::size_t, std::size_t> LabelGrowth::Grow(std::pair<std::size_t, std::size_t> done,
                                                      std::pair<std::size_t, std::size_t> limits,
                                                      const MotionModel& model,
                                                      const WorkControl& control) {
  // A set of a few markers cannot have four of them.
  const std::size_t fewest =
      std::min(kFewestNamed, std::max<std::size_t>(2, timeline_->marker_count() / 2));
  // What is too little to go on from is left as it was found, for another start to name.
  const auto name = [&](std::size_t block, std::size_t carry_from) {
    control.ThrowIfCancelled();
    if (NameBlock(block, carry_from, model) >= fewest) return true;
    for (std::size_t m = 0; m < timeline_->marker_count(); ++m) {
      timeline_->Erase(m, blocks_->Frames(block));
    }
    return false;
  };
  auto [first, end] = done;
  while (end < limits.second && name(end, end - 1)) ++end;
  while (first > limits.first && name(first - 1, first)) --first;
  return {first, end};
}

}  // namespace medius::reconstruct
