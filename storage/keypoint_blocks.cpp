#include "storage/keypoint_blocks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::storage {
namespace {

constexpr std::size_t kFramesAtOnce = 1024;
constexpr std::int64_t kLongestGap = 1'000'000;  // frames; hours at any rate
constexpr std::size_t kMostLabels = 32767;
// Shares at which something is worth a line.
constexpr double kShareToWarn = 0.02;
// Pixels: coordinates that are all smaller were scaled to 0..1 or -1..1.
constexpr double kSmallestImage = 2.0;

double Share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

KeypointBlocks::KeypointBlocks(const std::vector<CameraKeypoints>& cameras, const ScoreRule& rule,
                               std::optional<KeypointFormat> expected)
    : rule_(rule) {
  rule_.Validate();
  for (const CameraKeypoints& camera : cameras) {
    Input input;
    input.camera = camera;
    input.source = OpenKeypoints(camera.path, expected);
    inputs_.push_back(std::move(input));
    counts_.emplace_back().format = inputs_.back().source->format();
  }
  first_ = std::numeric_limits<std::int64_t>::max();
  for (std::size_t c = 0; c < inputs_.size(); ++c) {
    Advance(c);
    if (!inputs_[c].has_frame) continue;
    counts_[c].first_frame = inputs_[c].frame.number;
    first_ = std::min(first_, inputs_[c].frame.number);
  }
}

bool KeypointBlocks::AnyLeft() const {
  return std::any_of(inputs_.begin(), inputs_.end(),
                     [](const Input& input) { return input.has_frame; });
}

void KeypointBlocks::Advance(std::size_t camera) {
  Input& input = inputs_[camera];
  const std::int64_t before = input.has_frame ? input.frame.number : -1;
  input.has_frame = input.source->Next(&input.frame);
  if (!input.has_frame) return;
  if (before >= 0 && input.frame.number - before > kLongestGap) {
    throw InputError(
        fmt::format("{}: frame {} follows on frame {}: the numbers are no frames of "
                    "one recording",
                    input.camera.path.string(), input.frame.number, before));
  }
  counts_[camera].last_frame = input.frame.number;
}

std::optional<ObservationBlock> KeypointBlocks::Next() {
  if (!AnyLeft()) return std::nullopt;
  ObservationBlock block;
  block.frames.first = next_;
  block.cameras.resize(inputs_.size());
  while (AnyLeft() && block.frames.count < kFramesAtOnce) {
    const auto number = first_ + static_cast<std::int64_t>(next_);
    for (std::size_t c = 0; c < inputs_.size(); ++c) {
      CameraObservations& seen = block.cameras[c];
      if (inputs_[c].has_frame && inputs_[c].frame.number == number) {
        Add(c, &seen);
        Advance(c);
      }
      seen.frame_start.push_back(seen.xy.size());
    }
    ++next_;
    ++block.frames.count;
  }
  return block;
}

void KeypointBlocks::Add(std::size_t camera, CameraObservations* seen) {
  const std::vector<KeypointInstance>& instances = inputs_[camera].frame.instances;
  KeypointCounts& counts = counts_[camera];
  if (!instances.empty()) ++counts.frames_with_anyone;
  counts.most_instances = std::max(counts.most_instances, instances.size());
  for (const KeypointInstance& instance : instances) {
    for (std::size_t point = 0; point < instance.points.size(); ++point) {
      AddPoint(camera, instance, point, seen);
    }
  }
}

void KeypointBlocks::AddPoint(std::size_t camera, const KeypointInstance& instance,
                              std::size_t point, CameraObservations* seen) {
  Input& input = inputs_[camera];
  KeypointCounts& counts = counts_[camera];
  const Keypoint& keypoint = instance.points[point];
  if (!std::isfinite(keypoint.x) || !std::isfinite(keypoint.y)) return;
  if (keypoint.score < 0.0) {
    throw InputError(fmt::format("{}: frame {}: {} has score {}; scores from 0 to 1 are expected",
                                 input.camera.path.string(), input.frame.number,
                                 input.source->labels()[point], keypoint.score));
  }
  if (keypoint.score > 1.0) ++counts.above_one;
  const auto sigma = rule_.Sigma(keypoint.score);
  if (!sigma) {
    ++counts.below_threshold;
    return;
  }
  counts.largest_coordinate =
      std::max({counts.largest_coordinate, std::abs(keypoint.x), std::abs(keypoint.y)});
  const auto& image = input.camera.image;
  if (image && (keypoint.x < -0.5 || keypoint.y < -0.5 || keypoint.x >= image->width - 0.5 ||
                keypoint.y >= image->height - 0.5)) {
    ++counts.outside_image;
  }
  ++counts.sightings;
  seen->xy.emplace_back(static_cast<float>(keypoint.x), static_cast<float>(keypoint.y));
  seen->sigma.push_back(static_cast<float>(*sigma));
  seen->label.push_back(LabelOf(&input, point));
  seen->instance.push_back(instance.number);
}

std::int16_t KeypointBlocks::LabelOf(Input* input, std::size_t point) {
  if (input->label_of_point.empty()) {
    for (const std::string& label : input->source->labels()) {
      const auto [entry, is_new] =
          label_index_.try_emplace(label, static_cast<std::int16_t>(labels_.size()));
      if (is_new) labels_.push_back(label);
      if (labels_.size() > kMostLabels) {
        throw InputError(fmt::format("{}: more than {} body parts over all cameras",
                                     input->camera.path.string(), kMostLabels));
      }
      input->label_of_point.push_back(entry->second);
    }
  }
  return input->label_of_point[point];
}

std::vector<std::string> KeypointBlocks::Warnings() const {
  std::vector<std::string> warnings;
  std::int64_t last = -1;
  for (const KeypointCounts& counts : counts_) last = std::max(last, counts.last_frame);
  for (std::size_t c = 0; c < inputs_.size(); ++c) {
    const std::string& name = inputs_[c].camera.camera;
    const KeypointCounts& counts = counts_[c];
    if (counts.sightings == 0) {
      warnings.push_back(fmt::format("camera {}: nobody was seen in it", name));
      continue;
    }
    const bool short_of_frames = counts.first_frame != first_ || counts.last_frame != last;
    if (inputs_[c].source->lists_every_frame() && short_of_frames) {
      warnings.push_back(fmt::format(
          "camera {}: has frames {} to {} where the cameras together have {} to {}; the rest is "
          "empty; are the files of one synchronized recording?",
          name, counts.first_frame, counts.last_frame, first_, last));
    }
    const std::size_t read = counts.sightings + counts.below_threshold;
    if (counts.above_one > 0) {
      warnings.push_back(fmt::format("camera {}: {:.1f} % of its scores are above 1 and count as 1",
                                     name, 100.0 * Share(counts.above_one, read)));
    }
    if (Share(counts.outside_image, counts.sightings) > kShareToWarn) {
      warnings.push_back(fmt::format(
          "camera {}: {:.1f} % of its keypoints lie outside the image; were they found in images "
          "of another size?",
          name, 100.0 * Share(counts.outside_image, counts.sightings)));
    }
  }
  return warnings;
}

void KeypointBlocks::RequirePixels() const {
  std::size_t sightings = 0;
  for (std::size_t c = 0; c < inputs_.size(); ++c) {
    sightings += counts_[c].sightings;
    if (counts_[c].sightings == 0 || counts_[c].largest_coordinate > kSmallestImage) continue;
    throw InputError(fmt::format(
        "{}: no coordinate is above {:g}: they were scaled to the image; pixels are expected "
        "(OpenPose: --keypoint_scale 0)",
        inputs_[c].camera.path.string(), counts_[c].largest_coordinate));
  }
  if (sightings == 0) {
    throw InputError(fmt::format("{}: no keypoint with a score of {:g} or more in any camera",
                                 inputs_[0].camera.path.string(), rule_.smallest_score));
  }
}

}  // namespace medius::storage
