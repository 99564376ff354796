#include "core/camera_rig.hpp"

#include <cmath>
#include <set>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius {
namespace {

constexpr double kRotationTolerance = 1e-6;

void ValidateCamera(const Camera& camera, const std::string& where) {
  if (camera.width <= 0 || camera.height <= 0) {
    throw InputError(fmt::format("{}: image size {} x {} px; width and height must be positive",
                                 where, camera.width, camera.height));
  }
  if (!(RotationError(camera.camera_from_lab.rotation) < kRotationTolerance)) {
    throw InputError(fmt::format(
        "{}: camera_from_lab does not hold a rotation (R R^T differs from 1 by {:.2g}); calibrate "
        "again or convert the rig anew",
        where, RotationError(camera.camera_from_lab.rotation)));
  }
  if (!camera.camera_from_lab.translation.allFinite()) {
    throw InputError(where + ": camera_from_lab holds a translation that is not a finite number");
  }
  if (!std::isfinite(camera.time_offset)) {
    throw InputError(where + ": time_offset is not a finite number of seconds");
  }
  if (camera.covariance && !camera.covariance->allFinite()) {
    throw InputError(where + ": covariance holds a value that is not a finite number");
  }
}

}  // namespace

std::optional<CameraId> CameraRig::Find(std::string_view name) const {
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    if (cameras[i].name == name) return CameraId(i);
  }
  return std::nullopt;
}

void ValidateRig(const CameraRig& rig, std::string_view where) {
  if (rig.cameras.empty()) throw InputError(fmt::format("{}: the rig has no camera", where));
  std::set<std::string> names;
  for (const Camera& camera : rig.cameras) {
    if (camera.name.empty() || camera.name.find('/') != std::string::npos) {
      throw InputError(
          fmt::format("{}: camera name \"{}\"; a name without '/' expected", where, camera.name));
    }
    if (!names.insert(camera.name).second) {
      throw InputError(fmt::format("{}: two cameras are named \"{}\"", where, camera.name));
    }
    ValidateCamera(camera, fmt::format("{}: camera {}", where, camera.name));
  }
}

}  // namespace medius
