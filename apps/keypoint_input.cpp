#include "apps/keypoint_input.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace medius::apps {
namespace {

constexpr std::size_t kFramesPerLook = 1024;
// Of the persons found, how many are worth a line.
constexpr std::size_t kMostListed = 8;

}  // namespace

bool HasPersons(const storage::TrialReader& trial, const std::vector<std::string>& cameras) {
  for (const FrameRange& frames : SplitFrames(trial.time_base().frame_count(), kFramesPerLook)) {
    bool any = false;
    for (const CameraObservations& seen : trial.ReadObservations(frames, cameras).cameras) {
      if (!seen.instance.empty()) return true;
      any = any || seen.row_count() > 0;
    }
    if (any) return false;  // sightings without that column
  }
  return false;
}

// All parts of a person together.
struct KeypointRunner::Total {
  std::size_t frames = 0;
  std::size_t detections = 0;
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  std::vector<std::size_t> swapped_bodies;
  std::vector<std::size_t> swapped_limbs;
  std::vector<std::size_t> dropped;
};

KeypointRunner::KeypointRunner(const std::function<ObservationSource()>& blocks,
                               const std::string& trial, const TimeBase& time_base,
                               const std::vector<std::string>& labels, const CameraRig& rig,
                               const reconstruct::KeypointOptions& options, std::size_t wanted,
                               CommandContext& context)
    : blocks_(blocks),
      time_base_(time_base),
      labels_(labels),
      rig_(rig),
      options_(options),
      wanted_(wanted) {
  reconstruct::PersonTracker tracker(rig_, time_base_, labels_, options_);
  const WorkControl control = context.Work("finding persons", "frames");
  ObservationSource source = blocks_();
  while (const std::optional<ObservationBlock> block = source()) {
    (void)tracker.Push(*block);
    control.Report(block->frames.end(), time_base_.frame_count());
  }
  persons_ = tracker.persons();
  ranked_ = reconstruct::RankPersons(persons_, tracker.Middle());
  if (ranked_.empty()) {
    throw NotComputed(fmt::format(
        "{}: no person whom {} cameras saw at one place: is the rig of this recording, are the "
        "cameras synchronized, and are the scores above --smallest-score of the import?",
        trial, std::min(options_.cameras_to_start, rig_.cameras.size())));
  }
  if (wanted_ == 0 || wanted_ > ranked_.size()) {
    throw NotComputed(
        fmt::format("{}: has {} persons, there is no --person {}", trial, ranked_.size(), wanted_));
  }
}

ObservationSource KeypointRunner::Blocks() const {
  auto tracker = std::make_shared<reconstruct::PersonTracker>(rig_, time_base_, labels_, options_);
  return [tracker, source = blocks_(), chosen = ranked_[wanted_ - 1]] {
    std::optional<ObservationBlock> block = source();
    if (block) KeepPersons(tracker->Push(*block), chosen, &*block);
    return block;
  };
}

KeypointRunner::Total KeypointRunner::TotalOf(const std::vector<std::int32_t>& parts) const {
  Total total;
  const std::size_t cameras = rig_.cameras.size();
  total.swapped_bodies.assign(cameras, 0);
  total.swapped_limbs.assign(cameras, 0);
  total.dropped.assign(cameras, 0);
  for (const std::int32_t part : parts) {
    const reconstruct::PersonSummary& person = persons_[static_cast<std::size_t>(part)];
    total.mean += static_cast<double>(person.frames) * person.mean;
    total.frames += person.frames;
    total.detections += person.detections;
    for (std::size_t c = 0; c < cameras; ++c) {
      total.swapped_bodies[c] += person.swapped_bodies[c];
      total.swapped_limbs[c] += person.swapped_limbs[c];
      total.dropped[c] += person.dropped[c];
    }
  }
  if (total.frames > 0) total.mean /= static_cast<double>(total.frames);
  return total;
}

std::string KeypointRunner::SummaryText() const {
  std::string text;
  for (std::size_t i = 0; i < std::min(ranked_.size(), kMostListed); ++i) {
    const Total total = TotalOf(ranked_[i]);
    text += fmt::format(
        "person {}{}: in {} frames, {:.1f} cameras on average, near ({:.2f}, {:.2f}) m\n", i + 1,
        i + 1 == wanted_ ? " (reconstructed)" : "", total.frames,
        static_cast<double>(total.detections) / static_cast<double>(total.frames), total.mean.x(),
        total.mean.y());
  }
  const Total total = TotalOf(ranked_[wanted_ - 1]);
  for (std::size_t c = 0; c < rig_.cameras.size(); ++c) {
    text += fmt::format(
        "  {:<12} left and right exchanged: body {}, limb {} times; {} false detections left out\n",
        rig_.cameras[c].name, total.swapped_bodies[c], total.swapped_limbs[c], total.dropped[c]);
  }
  return text;
}

nlohmann::json KeypointRunner::SummaryJson() const {
  nlohmann::json persons = nlohmann::json::array();
  for (std::size_t i = 0; i < std::min(ranked_.size(), kMostListed); ++i) {
    const Total total = TotalOf(ranked_[i]);
    persons.push_back({{"person", i + 1},
                       {"reconstructed", i + 1 == wanted_},
                       {"frames", total.frames},
                       {"detections", total.detections},
                       {"mean_m", {total.mean.x(), total.mean.y(), total.mean.z()}},
                       {"swapped_bodies", total.swapped_bodies},
                       {"swapped_limbs", total.swapped_limbs},
                       {"false_detections", total.dropped}});
  }
  return persons;
}

}  // namespace medius::apps
