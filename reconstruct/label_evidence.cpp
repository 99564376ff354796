#include "reconstruct/label_evidence.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace medius::reconstruct {
double LogDensityOfGhosts(const std::vector<Fragment>& fragments, std::size_t frame_count,
                          std::size_t marker_count) {
  constexpr double kVolume = 4.0;
  double seen = 0.0;
  for (const Fragment& fragment : fragments) seen += static_cast<double>(fragment.position.size());
  const double a_frame = seen / std::max(1.0, static_cast<double>(frame_count));
  const double ghosts = std::max(0.0, a_frame - static_cast<double>(marker_count));
  return std::log((1.0 + ghosts) / kVolume);
}

std::optional<double> LabelEvidence::At(std::size_t fragment, std::size_t frame, std::size_t marker,
                                        std::span<const std::size_t> suspects) const {
  if (!model_->Knows(marker)) return std::nullopt;
  const std::vector<std::size_t>& neighbours = model_->Neighbours(marker);
  std::array<const Eigen::Vector3f*, MotionModel::kNeighbours> seen{};
  for (std::size_t k = 0; k < neighbours.size(); ++k) {
    if (std::find(suspects.begin(), suspects.end(), neighbours[k]) != suspects.end()) continue;
    seen[k] = timeline_->Position(neighbours[k], frame, fragment);
  }
  const auto prediction = model_->Predict(marker, seen);
  if (!prediction) return std::nullopt;
  const Fragment& piece = (*fragments_)[fragment];
  const double density =
      static_cast<double>(prediction->LogDensity(piece.position[frame - piece.first_frame]));
  return std::max(kWorst, density - log_any_place_);
}

LabelEvidence::Sum LabelEvidence::Over(std::size_t fragment, const std::vector<std::size_t>& frames,
                                       std::size_t marker,
                                       std::span<const std::size_t> suspects) const {
  Sum sum;
  for (const std::size_t frame : frames) {
    const auto odds = At(fragment, frame, marker, suspects);
    if (!odds) continue;
    sum.mean += *odds;
    ++sum.samples;
    if (*odds > 0.0) ++sum.good;
  }
  if (sum.samples > 0) sum.mean /= static_cast<double>(sum.samples);
  return sum;
}

std::vector<std::size_t> SpreadFrames(const Fragment& fragment, FrameRange range,
                                      std::size_t count) {
  const std::size_t first = std::max(range.first, fragment.first_frame);
  const std::size_t end = std::min(range.end(), fragment.end_frame());
  std::vector<std::size_t> frames;
  if (first >= end || count == 0) return frames;
  const std::size_t length = end - first;
  const std::size_t wanted = std::min(count, length);
  for (std::size_t i = 0; i < wanted; ++i) {
    // Each in its own share of the range, so that none is taken twice; the next seen one there.
    const std::size_t begin = first + i * length / wanted;
    const std::size_t stop = first + (i + 1) * length / wanted;
    for (std::size_t frame = begin; frame < stop; ++frame) {
      if (!fragment.IsSeen(frame)) continue;
      frames.push_back(frame);
      break;
    }
  }
  return frames;
}

}  // namespace medius::reconstruct
