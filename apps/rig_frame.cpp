#include "apps/rig_frame.hpp"

#include <fmt/format.h>

#include "calibration/plausibility.hpp"

namespace medius::apps {

void RequireSensibleFloor(const CameraRig& rig, const std::string& where, CommandContext& context) {
  if (IsInCameraFrame(rig)) {
    context.Warn(fmt::format(
        "{}: the rig stands in the frame of {}, not on a floor: Z is not up and X not the "
        "direction of running; put it on the floor with `medius calibrate floor`",
        where, rig.lab_frame));
    return;
  }
  const auto doubts = calibration::CheckCamerasAbove(rig, "the floor was set upside down", {});
  const calibration::RigDoubt* refusal = calibration::FirstRefusal(doubts);
  if (refusal == nullptr) return;
  const std::string sentence = fmt::format("{}: {}", where, refusal->sentence);
  // A frame of which nothing is said may be any: that of a camera, of a board.
  if (rig.lab_frame.empty()) {
    context.Warn(sentence);
  } else {
    throw NotComputed(sentence);
  }
}

}  // namespace medius::apps
