#include "core/camera_rig.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius {
namespace {

constexpr double kRotationTolerance = 1e-6;

int ParameterCount(const Camera& camera) {
  return IntrinsicCount(camera.model.kind()) + 6;
}

// The matrix of a cross product: Cross(a) b = a x b.
Eigen::Matrix3d Cross(const Eigen::Vector3d& a) {
  Eigen::Matrix3d matrix;
  matrix << 0.0, -a.z(), a.y(), a.z(), 0.0, -a.x(), -a.y(), a.x(), 0.0;
  return matrix;
}

Eigen::MatrixXd Symmetric(const Eigen::MatrixXd& matrix) {
  return 0.5 * (matrix + matrix.transpose());
}

// A name is a group of the trial file and a key of tables: one line, no path.
bool IsUsableName(std::string_view name) {
  const auto is_bad = [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/'; };
  return !name.empty() && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(), is_bad);
}

void ValidatePlace(const Camera& camera, const std::string& where) {
  const RigidTransform& camera_from_lab = camera.camera_from_lab;
  if (!camera_from_lab.rotation.allFinite() || !camera_from_lab.translation.allFinite()) {
    throw InputError(where +
                     ": camera_from_lab holds a value that is not a finite number; calibrate "
                     "again or convert the rig anew");
  }
  const double determinant = camera_from_lab.rotation.determinant();
  if (determinant <= 0.0) {
    throw InputError(fmt::format(
        "{}: the 3x3 part of camera_from_lab has determinant {:.3g}, +1 expected of a rotation "
        "(a mirrored axis?); calibrate again or convert the rig anew",
        where, determinant));
  }
  const double error = RotationError(camera_from_lab.rotation);
  if (!(error < kRotationTolerance)) {
    throw InputError(fmt::format(
        "{}: camera_from_lab does not hold a rotation (R R^T differs from 1 by {:.2g}, at most {} "
        "expected); calibrate again or convert the rig anew",
        where, error, kRotationTolerance));
  }
}

// [P,P] of the intrinsics, a rotation vector and a translation.
void ValidateCovariance(const Camera& camera, const std::string& where) {
  if (!camera.covariance) return;
  const Eigen::MatrixXd& covariance = *camera.covariance;
  const int expected = IntrinsicCount(camera.model.kind()) + 6;
  if (covariance.rows() != expected || covariance.cols() != expected) {
    throw InputError(
        fmt::format("{}: covariance is {} x {}, {} x {} expected (intrinsics, rotation, "
                    "translation)",
                    where, covariance.rows(), covariance.cols(), expected, expected));
  }
  if (!covariance.allFinite()) {
    throw InputError(where + ": covariance holds a value that is not a finite number");
  }
}

void RequireFinite(double value, const char* complaint, const std::string& where) {
  if (!std::isfinite(value)) throw InputError(where + ": " + complaint);
}

void ValidateCamera(const Camera& camera, const std::string& where) {
  if (camera.width <= 0 || camera.height <= 0) {
    throw InputError(fmt::format("{}: image size {} x {} px; width and height must be positive",
                                 where, camera.width, camera.height));
  }
  ValidatePlace(camera, where);
  RequireFinite(camera.time_offset, "time_offset is not a finite number of seconds", where);
  RequireFinite(camera.time_drift, "time_drift is not a finite number", where);
  RequireFinite(camera.line_time, "line_time is not a finite number of seconds", where);
  ValidateCovariance(camera, where);
}

}  // namespace

std::optional<CameraId> CameraRig::Find(std::string_view name) const {
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    if (cameras[i].name == name) return CameraId(i);
  }
  return std::nullopt;
}

int JointParameterCount(const CameraRig& rig) {
  int count = 0;
  for (const Camera& camera : rig.cameras) count += ParameterCount(camera);
  return count;
}

bool IsInCameraFrame(const CameraRig& rig) {
  return rig.lab_frame.starts_with("camera ");
}

CameraRig InLabFrame(CameraRig rig, const RigidTransform& new_lab_from_lab) {
  rig.lab_frame.clear();
  const RigidTransform lab_from_new = new_lab_from_lab.Inverse();
  const int size = JointParameterCount(rig);
  Eigen::MatrixXd new_by_old = Eigen::MatrixXd::Identity(size, size);
  int first = 0;
  for (Camera& camera : rig.cameras) {
    const int count = ParameterCount(camera);
    // t' = R lab_from_new.translation + t, where R moves by exp(w) R: dt' = dt + w x (R t0).
    const Eigen::Matrix3d by_rotation =
        -Cross(camera.camera_from_lab.rotation * lab_from_new.translation);
    new_by_old.block<3, 3>(first + count - 3, first + count - 6) = by_rotation;
    if (camera.covariance) {
      const auto block = new_by_old.block(first, first, count, count);
      camera.covariance = Symmetric(block * *camera.covariance * block.transpose());
    }
    camera.camera_from_lab = camera.camera_from_lab * lab_from_new;
    first += count;
  }
  if (rig.joint_covariance) {
    rig.joint_covariance = Symmetric(new_by_old * *rig.joint_covariance * new_by_old.transpose());
  }
  return rig;
}

void ValidateRig(const CameraRig& rig, std::string_view where) {
  if (rig.cameras.empty()) throw InputError(fmt::format("{}: the rig has no camera", where));
  std::set<std::string> names;
  for (const Camera& camera : rig.cameras) {
    if (!IsUsableName(camera.name)) {
      throw InputError(fmt::format(
          "{}: camera {} has an empty name or one with '/' or a control character; a name that can "
          "be a folder's expected",
          where, &camera - rig.cameras.data() + 1));
    }
    if (!names.insert(camera.name).second) {
      throw InputError(fmt::format("{}: two cameras are named \"{}\"", where, camera.name));
    }
    ValidateCamera(camera, fmt::format("{}: camera {}", where, camera.name));
  }
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(rig.lab_frame.begin(), rig.lab_frame.end(), is_control)) {
    throw InputError(fmt::format("{}: lab_frame is more than one line of text", where));
  }
  if (!rig.joint_covariance) return;
  const Eigen::MatrixXd& joint = *rig.joint_covariance;
  const int size = JointParameterCount(rig);
  if (joint.rows() != size || joint.cols() != size) {
    throw InputError(fmt::format(
        "{}: joint_covariance is {} x {}, {} x {} expected (intrinsics, rotation and translation "
        "of each camera in turn)",
        where, joint.rows(), joint.cols(), size, size));
  }
  if (!joint.allFinite()) {
    throw InputError(
        fmt::format("{}: joint_covariance holds a value that is not a finite number", where));
  }
}

}  // namespace medius
