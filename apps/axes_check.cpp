#include "apps/axes_check.hpp"

#include <algorithm>
#include <optional>

namespace medius::apps {
namespace {

std::optional<MarkerId> MarkerOf(const MarkerSet& set, const std::vector<std::string>& labels,
                                 const std::string& role) {
  const std::optional<std::string> label = set.LabelOf(role);
  if (!label) return std::nullopt;
  const auto found = std::find(labels.begin(), labels.end(), *label);
  if (found == labels.end()) return std::nullopt;
  return MarkerId(static_cast<std::size_t>(found - labels.begin()));
}

}  // namespace

AxesCheck::AxesCheck(const MarkerSet& set, const std::vector<std::string>& labels, bool is_running)
    : is_running_(is_running) {
  const auto add = [&](std::vector<Pair>& pairs, const std::string& first,
                       const std::string& second) {
    const std::optional<MarkerId> a = MarkerOf(set, labels, first);
    const std::optional<MarkerId> b = MarkerOf(set, labels, second);
    if (a && b) pairs.push_back({*a, *b});
  };
  for (const std::string& side : {std::string("left_"), std::string("right_")}) {
    for (const std::string& pelvis : {side + "asis", side + "psis", std::string("sacrum")}) {
      add(pelvis_over_foot_, pelvis, side + "heel");
      add(pelvis_over_foot_, pelvis, side + "lateral_malleolus");
    }
    for (const char* toe : {"toe", "first_metatarsal", "second_metatarsal", "fifth_metatarsal"}) {
      add(toe_before_heel_, side + toe, side + "heel");
    }
  }
}

void AxesCheck::Add(const TrajectoryBlock& block) {
  for (std::size_t frame = 0; frame < block.frames().count; ++frame) {
    for (const Pair& pair : pelvis_over_foot_) {
      if (!block.IsPresent(frame, pair[0]) || !block.IsPresent(frame, pair[1])) continue;
      height_.Add(block.Position(frame, pair[0]).z() - block.Position(frame, pair[1]).z());
    }
    for (const Pair& pair : toe_before_heel_) {
      if (!block.IsPresent(frame, pair[0]) || !block.IsPresent(frame, pair[1])) continue;
      advance_.Add(block.Position(frame, pair[0]).x() - block.Position(frame, pair[1]).x());
    }
  }
}

std::vector<std::string> AxesCheck::Doubts() const {
  std::vector<std::string> doubts;
  if (height_.IsNegative()) {
    doubts.emplace_back(
        "the pelvis lies below the feet: the file's axis that points up is another one; see [lab] "
        "in "
        "the marker set, or --forward and --up");
  }
  if (is_running_ && advance_.IsNegative()) {
    doubts.emplace_back(
        "the toes lie behind the heels: the runner runs along another axis of the file; see [lab] "
        "in "
        "the marker set, or --forward and --up");
  }
  return doubts;
}

}  // namespace medius::apps
