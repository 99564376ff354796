#include "apps/wand_sightings.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/camera_images.hpp"
#include "core/error.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

constexpr std::size_t kFramesPerRead = 2048;

ImageSize SizeOf(const std::string& word) {
  const auto fail = [&]() -> ImageSize {
    throw CLI::ValidationError(
        "--size", fmt::format("\"{}\" is no image size; WIDTHxHEIGHT is expected", word));
  };
  const std::size_t cross = word.find('x');
  if (cross == std::string::npos) return fail();
  ImageSize size;
  const char* begin = word.data();
  const char* end = begin + word.size();
  const auto width = std::from_chars(begin, begin + cross, size.width);
  const auto height = std::from_chars(begin + cross + 1, end, size.height);
  const bool whole = width.ec == std::errc() && width.ptr == begin + cross &&
                     height.ec == std::errc() && height.ptr == end;
  if (!whole || size.width < 1 || size.height < 1) return fail();
  return size;
}

// What the user says of each camera; under "" what holds for the others.
std::map<std::string, ImageSize> TypedSizes(const std::vector<std::string>& words,
                                            const std::vector<std::string>& cameras) {
  std::map<std::string, ImageSize> sizes;
  for (const std::string& word : words) {
    if (word.find('=') == std::string::npos) {
      sizes[""] = SizeOf(word);
      continue;
    }
    const auto [camera, size] = SplitAssignment("--size", word);
    if (std::find(cameras.begin(), cameras.end(), camera) == cameras.end()) {
      throw CLI::ValidationError("--size", fmt::format("there is no camera \"{}\" (there are {})",
                                                       camera, fmt::join(cameras, ", ")));
    }
    sizes[camera] = SizeOf(size);
  }
  return sizes;
}

std::optional<ImageSize> SizeIn(const std::optional<CameraRig>& rig, const std::string& camera) {
  if (!rig) return std::nullopt;
  const auto id = rig->Find(camera);
  if (!id) return std::nullopt;
  return ImageSize{(*rig)[*id].width, (*rig)[*id].height};
}

std::vector<UncalibratedCamera> CamerasOf(const WandInput& input, const storage::TrialReader& trial,
                                          const std::vector<std::string>& names,
                                          const std::optional<CameraRig>& initial) {
  const auto typed = TypedSizes(input.sizes, names);
  std::optional<CameraRig> own;
  if (trial.Has(storage::TrialPart::kRig)) own = trial.ReadRig();
  const std::vector<std::string>& all = trial.observation_cameras();
  for (auto name = input.cameras.begin(); name != input.cameras.end(); ++name) {
    if (std::find(input.cameras.begin(), name, *name) == name) continue;
    throw CLI::ValidationError("--cameras", fmt::format("camera {} is named twice", *name));
  }
  std::vector<UncalibratedCamera> cameras;
  for (const std::string& name : names) {
    const auto place =
        static_cast<std::size_t>(std::find(all.begin(), all.end(), name) - all.begin());
    std::optional<ImageSize> size;
    if (const auto found = typed.find(name); found != typed.end()) size = found->second;
    if (const auto found = typed.find(""); !size && found != typed.end()) size = found->second;
    if (!size) size = SizeIn(initial, name);
    if (!size) size = trial.image_sizes()[place];
    if (!size) size = SizeIn(own, name);
    if (!size) {
      throw InputError(fmt::format(
          "{}: the trial does not say how large the images of camera {} are; give --size {}=WxH",
          input.trial, name, name));
    }
    cameras.push_back({name, size->width, size->height});
  }
  return cameras;
}

std::vector<std::string> ChosenCameras(const WandInput& input, const storage::TrialReader& trial) {
  if (!trial.Has(storage::TrialPart::kObservations)) {
    throw InputError(fmt::format(
        "{}: has no /observations; a wand is calibrated from what cameras saw", input.trial));
  }
  const std::vector<std::string>& all = trial.observation_cameras();
  for (const std::string& name : input.cameras) {
    if (std::find(all.begin(), all.end(), name) != all.end()) continue;
    throw CLI::ValidationError("--cameras", fmt::format("{} has no camera \"{}\" (there are {})",
                                                        input.trial, name, fmt::join(all, ", ")));
  }
  const std::vector<std::string> names = input.cameras.empty() ? all : input.cameras;
  if (names.size() < 2) {
    throw NotComputed(
        fmt::format("{}: one camera alone ({}) cannot be calibrated from a wand; two "
                    "or more that see it at once are needed",
                    input.trial, fmt::join(names, ", ")));
  }
  return names;
}

// [labels of the trial] the wand's marker, or -1.
std::vector<std::int32_t> MarkersOf(const WandInput& input, const storage::TrialReader& trial,
                                    const Wand& wand) {
  if (!input.labels) return {};
  if (wand.labels.empty()) {
    throw InputError(
        fmt::format("--labels: the wand file of {} names no labels; add labels = "
                    "[...], one a marker",
                    wand.target.name));
  }
  std::vector<std::int32_t> markers;
  std::size_t found = 0;
  for (const std::string& label : trial.labels()) {
    const auto at = std::find(wand.labels.begin(), wand.labels.end(), label);
    const bool known = at != wand.labels.end();
    markers.push_back(known ? static_cast<std::int32_t>(at - wand.labels.begin()) : -1);
    found += known ? 1 : 0;
  }
  if (found != wand.labels.size()) {
    throw InputError(
        fmt::format("{}: has labels {}, the wand {} has {}; correct the wand file, or "
                    "leave --labels out",
                    input.trial, fmt::join(trial.labels(), ", "), wand.target.name,
                    fmt::join(wand.labels, ", ")));
  }
  return markers;
}

calibration::DotView ViewOf(const CameraObservations& camera, std::size_t frame,
                            const std::vector<std::int32_t>& markers) {
  calibration::DotView view;
  for (std::uint64_t row = camera.frame_start[frame]; row < camera.frame_start[frame + 1]; ++row) {
    const auto i = static_cast<std::size_t>(row);
    if (!camera.xy[i].allFinite()) continue;
    view.xy.emplace_back(camera.xy[i].cast<double>());
    if (!camera.sigma.empty()) view.sigma.push_back(camera.sigma[i]);
    if (markers.empty()) continue;
    const std::int16_t label = camera.label.empty() ? kUnlabelled : camera.label[i];
    const bool known = label >= 0 && static_cast<std::size_t>(label) < markers.size();
    view.marker.push_back(known ? markers[static_cast<std::size_t>(label)] : -1);
  }
  return view;
}

}  // namespace

calibration::DotObservations ReadDots(const WandInput& input, const Wand& wand,
                                      const std::optional<CameraRig>& initial,
                                      CommandContext& context) {
  const storage::TrialReader trial(input.trial, context.parallelism());
  const std::vector<std::string> names = ChosenCameras(input, trial);
  calibration::DotObservations dots;
  dots.cameras = CamerasOf(input, trial, names, initial);
  const std::vector<std::int32_t> markers = MarkersOf(input, trial, wand);
  const WorkControl control = context.Work("reading", "frames");
  const std::size_t count = trial.time_base().frame_count();
  for (const FrameRange& range : SplitFrames(count, kFramesPerRead)) {
    const ObservationBlock block = trial.ReadObservations(range, names);
    for (std::size_t f = 0; f < range.count; ++f) {
      for (std::size_t c = 0; c < names.size(); ++c) {
        calibration::DotView view = ViewOf(block.cameras[c], f, markers);
        if (view.xy.empty()) continue;
        view.camera = CameraId(c);
        view.frame = range.first + f;
        view.time = trial.time_base().time[range.first + f];
        dots.views.push_back(std::move(view));
      }
    }
    control.Report(range.end(), count);
  }
  return dots;
}

}  // namespace medius::apps
