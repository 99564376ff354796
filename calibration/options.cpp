#include "calibration/options.hpp"

#include <cmath>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::calibration {
namespace {

void CheckSize(const char* field, std::size_t size, std::size_t cameras) {
  if (size != 0 && size != cameras) {
    throw InputError(
        fmt::format("calibration option {}: {} values for {} cameras; give one a "
                    "camera, or none",
                    field, size, cameras));
  }
}

int FewestIntrinsics(const CalibrationOptions& options) {
  int fewest = IntrinsicCount(options.model);
  for (const CameraModelKind kind : options.model_of_camera) {
    fewest = std::min(fewest, IntrinsicCount(kind));
  }
  return fewest;
}

CameraModelKind ModelOf(const CalibrationOptions& options, std::size_t camera) {
  return options.model_of_camera.empty() ? options.model : options.model_of_camera[camera];
}

void CheckGroups(const CalibrationOptions& options, const TargetObservations& observations) {
  const auto& groups = options.intrinsics_group;
  for (std::size_t a = 0; a < groups.size(); ++a) {
    for (std::size_t b = a + 1; b < groups.size(); ++b) {
      const auto& first = observations.cameras[a];
      const auto& second = observations.cameras[b];
      if (groups[a] != groups[b]) continue;
      if (first.width != second.width || first.height != second.height ||
          ModelOf(options, a) != ModelOf(options, b)) {
        throw InputError(fmt::format(
            "calibration option intrinsics_group: cameras {} and {} cannot share intrinsics, their "
            "images ({} x {} and {} x {} px) or models differ; give each its own",
            first.name, second.name, first.width, first.height, second.width, second.height));
      }
    }
  }
}

void CheckInitial(const CalibrationOptions& options, const TargetObservations& observations) {
  if (!options.initial) {
    if (!options.hold_intrinsics && !options.hold_places) return;
    throw InputError(
        "calibration: parts of the rig are to be held, but there is no initial rig to hold them "
        "at; give one");
  }
  ValidateRig(*options.initial, "initial rig");
  for (std::size_t c = 0; c < observations.cameras.size(); ++c) {
    const auto& camera = observations.cameras[c];
    const auto id = options.initial->Find(camera.name);
    if (!id) {
      throw InputError(
          fmt::format("initial rig: no camera \"{}\", which has sightings; take the "
                      "rig of these cameras or rename it",
                      camera.name));
    }
    const Camera& known = (*options.initial)[*id];
    if (known.model.kind() != ModelOf(options, c)) {
      throw InputError(
          fmt::format("initial rig: camera {} has model {}, {} asked for; take the same model",
                      camera.name, ToString(known.model.kind()), ToString(ModelOf(options, c))));
    }
    if (known.width != camera.width || known.height != camera.height) {
      throw InputError(fmt::format(
          "initial rig: camera {} has images of {} x {} px, the sightings are of {} x {} px; "
          "calibrate at the size you record",
          camera.name, known.width, known.height, camera.width, camera.height));
    }
  }
}

void CheckView(const TargetObservations& observations, const TargetView& view) {
  const std::string where = fmt::format("view of frame {}", view.frame);
  if (view.camera.index() >= observations.cameras.size()) {
    throw InputError(fmt::format("{}: camera {} of {} cameras", where, view.camera.index(),
                                 observations.cameras.size()));
  }
  const std::string& camera = observations.cameras[view.camera.index()].name;
  if (view.target >= observations.targets.size()) {
    throw InputError(fmt::format("{}, camera {}: target {} of {} targets", where, camera,
                                 view.target, observations.targets.size()));
  }
  if (view.point.size() != view.xy.size() ||
      (!view.sigma.empty() && view.sigma.size() != view.xy.size())) {
    throw InputError(
        fmt::format("{}, camera {}: {} points, {} positions and {} sigmas; one each "
                    "expected",
                    where, camera, view.point.size(), view.xy.size(), view.sigma.size()));
  }
  std::set<std::uint32_t> seen;
  for (std::size_t i = 0; i < view.xy.size(); ++i) {
    if (view.point[i] >= observations.targets[view.target].points.size()) {
      throw InputError(fmt::format("{}, camera {}: point {} of a target of {} points", where,
                                   camera, view.point[i],
                                   observations.targets[view.target].points.size()));
    }
    if (!seen.insert(view.point[i]).second) {
      throw InputError(
          fmt::format("{}, camera {}: point {} is there twice", where, camera, view.point[i]));
    }
    const bool has_sigma = !view.sigma.empty();
    if (!view.xy[i].allFinite() ||
        (has_sigma && !(view.sigma[i] > 0.0F && std::isfinite(view.sigma[i])))) {
      throw InputError(
          fmt::format("{}, camera {}: sighting {} has a position or sigma that is not "
                      "a (positive) finite number",
                      where, camera, i));
    }
  }
}

}  // namespace

void CalibrationOptions::Validate(const TargetObservations& observations) const {
  const std::size_t cameras = observations.cameras.size();
  CheckSize("model_of_camera", model_of_camera.size(), cameras);
  CheckSize("intrinsics_group", intrinsics_group.size(), cameras);
  CheckSize("focal_guess", focal_guess.size(), cameras);
  for (const int index : held_intrinsics) {
    if (index >= 0 && index < FewestIntrinsics(*this)) continue;
    throw InputError(fmt::format(
        "calibration option held_intrinsics: index {} is not one of the model's {} intrinsics",
        index, FewestIntrinsics(*this)));
  }
  for (const double guess : focal_guess) {
    if (guess >= 0.0 && std::isfinite(guess)) continue;
    throw InputError(fmt::format(
        "calibration option focal_guess: {} px; a positive number of pixels, or 0, expected",
        guess));
  }
  if (reference_camera.index() >= cameras) {
    throw InputError(fmt::format("calibration option reference_camera: camera {} of {}",
                                 reference_camera.index(), cameras));
  }
  if (!(expected_false_alarms > 0.0)) {
    throw InputError(
        fmt::format("calibration option expected_false_alarms: {}; a positive number expected",
                    expected_false_alarms));
  }
  if (max_iterations < 1) {
    throw InputError(
        fmt::format("calibration option max_iterations: {}; at least 1 expected", max_iterations));
  }
  CheckGroups(*this, observations);
  CheckInitial(*this, observations);
}

void ValidateObservations(const TargetObservations& observations) {
  if (observations.cameras.empty()) throw InputError("calibration: there is no camera");
  for (const UncalibratedCamera& camera : observations.cameras) {
    if (camera.width > 0 && camera.height > 0) continue;
    throw InputError(
        fmt::format("camera {}: image size {} x {} px; width and height must be "
                    "positive",
                    camera.name, camera.width, camera.height));
  }
  for (const CalibrationTarget& target : observations.targets) {
    for (const Eigen::Vector3d& point : target.points) {
      if (point.allFinite()) continue;
      throw InputError(fmt::format("target {}: a point that is not finite", target.name));
    }
  }
  std::set<std::tuple<std::size_t, std::size_t, std::size_t>> seen;
  for (const TargetView& view : observations.views) {
    CheckView(observations, view);
    if (seen.insert({view.frame, view.target, view.camera.index()}).second) continue;
    throw InputError(
        fmt::format("view of frame {}: camera {} saw target {} twice at one instant; "
                    "one view each expected",
                    view.frame, observations.cameras[view.camera.index()].name, view.target));
  }
}

}  // namespace medius::calibration
