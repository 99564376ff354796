#include "apps/joint_wand.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/calibration_output.hpp"
#include "calibration/calibrate_wand.hpp"
#include "calibration/plausibility.hpp"
#include "calibration/wand_length.hpp"

namespace medius::apps {
namespace {

constexpr std::size_t kMostInstants = 1500;
constexpr std::size_t kFewestInstants = 12;
// Boards place cameras to a few pixels where the wand is; dots of two markers lie farther apart.
constexpr double kGatePx = 8.0;

}  // namespace

JointWand FindWandByRig(const WandInput& input, const Wand& wand, const CameraRig& rig,
                        CommandContext& context) {
  calibration::DotObservations dots = ReadDots(input, wand, rig, context);
  calibration::ThinFrames(kMostInstants, &dots);
  calibration::LabelledWand labelled =
      calibration::LabelWand(rig, dots, wand.target, kGatePx, context.parallelism());
  if (labelled.frames < kFewestInstants) {
    throw NotComputed(fmt::format(
        "{}: the boards' rig places wand {} in {} instants, at least {} are needed; check that "
        "the wand file is that of this wand, that both recordings have the same camera names, and "
        "that no camera moved between them",
        input.trial, wand.target.name, labelled.frames, kFewestInstants));
  }
  return {{dots.cameras, {wand.target}, std::move(labelled.views)}};
}

calibration::WandNumbers MeasureJointWand(const JointWand& joint, const CameraRig& rig,
                                          Parallelism parallelism) {
  const auto distances = calibration::MeasureWand(rig, joint.observations, 0, parallelism);
  calibration::WandNumbers numbers;
  numbers.name = joint.observations.targets.front().name;
  if (distances.empty()) return numbers;
  numbers.nominal_length = distances.front().stated;
  numbers.mean_length = distances.front().mean;
  numbers.sd_length = distances.front().sd;
  numbers.instants = distances.front().frames;
  return numbers;
}

std::vector<calibration::Finding> CompareWithBoards(const calibration::WandNumbers& by_boards) {
  calibration::ScaleCheck wand;
  wand.what = fmt::format("the length of wand {} by the boards' scale", by_boards.name);
  wand.ratio = by_boards.mean_length / by_boards.nominal_length;
  wand.sd = by_boards.sd_length / by_boards.nominal_length /
            std::sqrt(static_cast<double>(std::max<std::size_t>(by_boards.instants, 1)));
  return FindingsOf(calibration::CheckScale(wand, {}));
}

void AddToObservations(const JointWand& joint, TargetObservations* observations) {
  std::size_t first_frame = 0;
  double first_time = 0.0;
  for (const TargetView& view : observations->views) {
    first_frame = std::max(first_frame, view.frame + 1);
    first_time = std::max(first_time, view.time);
  }
  const std::size_t target = observations->targets.size();
  observations->targets.push_back(joint.observations.targets.front());
  constexpr double kPause = 60.0;  // seconds: another motion, not the same one going on
  for (TargetView view : joint.observations.views) {
    const std::string& name = joint.observations.cameras[view.camera.index()].name;
    const auto found = std::find_if(observations->cameras.begin(), observations->cameras.end(),
                                    [&](const auto& camera) { return camera.name == name; });
    if (found == observations->cameras.end()) continue;
    view.camera = CameraId(static_cast<std::size_t>(found - observations->cameras.begin()));
    view.frame += first_frame;
    view.time += first_time + kPause;
    view.target = target;
    observations->views.push_back(std::move(view));
  }
}

}  // namespace medius::apps
