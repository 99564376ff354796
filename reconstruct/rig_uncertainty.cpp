#include "reconstruct/rig_uncertainty.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Geometry>
#include <Eigen/LU>

namespace medius::reconstruct {
namespace {

constexpr int kPlaceParameters = 6;

int ParameterCount(const Camera& camera) {
  return IntrinsicCount(camera.model.kind()) + kPlaceParameters;
}

// Derivative of a pixel by (intrinsics, rotation vector, translation). Intrinsics by central
// differences: the models are smooth, and a relative step of 1e-6 leaves ten digits.
bool ByParameters(const Camera& camera, const Eigen::Vector3d& position,
                  Eigen::Matrix<double, 2, 3>* by_point, Eigen::MatrixXd* by_parameters) {
  const Eigen::Vector3d turned = camera.camera_from_lab.rotation * position;
  const Eigen::Vector3d x = turned + camera.camera_from_lab.translation;
  const auto projection = camera.model.ProjectWithJacobian(x);
  if (!projection) return false;
  *by_point = projection->d_xy_d_point * camera.camera_from_lab.rotation;
  const int count = IntrinsicCount(camera.model.kind());
  by_parameters->resize(2, count + kPlaceParameters);
  std::vector<double> k = camera.model.intrinsics();
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double value = k[at];
    const double step = 1e-6 * std::max(1.0, std::abs(value));
    Eigen::Vector2d above;
    Eigen::Vector2d below;
    k[at] = value + step;
    ProjectUnchecked(camera.model.kind(), k.data(), x.data(), above.data());
    k[at] = value - step;
    ProjectUnchecked(camera.model.kind(), k.data(), x.data(), below.data());
    k[at] = value;
    by_parameters->col(i) = (above - below) / (2.0 * step);
  }
  // exp(w) R p = R p + w x R p to first order.
  for (int axis = 0; axis < 3; ++axis) {
    const Eigen::Vector3d moved = Eigen::Vector3d::Unit(axis).cross(turned);
    by_parameters->col(count + axis) = projection->d_xy_d_point * moved;
    by_parameters->col(count + 3 + axis) = projection->d_xy_d_point.col(axis);
  }
  return true;
}

}  // namespace

RigUncertainty::RigUncertainty(const CameraRig& rig) : rig_(rig) {
  int count = 0;
  bool all = true;
  for (const Camera& camera : rig.cameras) {
    first_.push_back(count);
    count += ParameterCount(camera);
    all = all && camera.covariance.has_value();
  }
  if (rig.joint_covariance) {
    covariance_ = *rig.joint_covariance;
  } else if (all && count > 0) {
    covariance_ = Eigen::MatrixXd::Zero(count, count);
    for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
      const Eigen::MatrixXd& own = *rig.cameras[c].covariance;
      covariance_.block(first_[c], first_[c], own.rows(), own.cols()) = own;
    }
  }
}

Eigen::Matrix3d RigUncertainty::At(const Eigen::Vector3d& position,
                                   std::span<const CameraId> cameras) const {
  if (!known()) return Eigen::Matrix3d::Zero();
  Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
  Eigen::MatrixXd right = Eigen::MatrixXd::Zero(3, covariance_.cols());
  Eigen::Matrix<double, 2, 3> by_point;
  Eigen::MatrixXd by_parameters;
  for (const CameraId camera : cameras) {
    if (!ByParameters(rig_[camera], position, &by_point, &by_parameters)) continue;
    normal += by_point.transpose() * by_point;
    right.middleCols(first_[camera.index()], by_parameters.cols()) =
        by_point.transpose() * by_parameters;
  }
  Eigen::Matrix3d inverse;
  bool invertible = false;
  const double scale = normal.trace() / 3.0;
  constexpr double kFlat = 1e-9;
  double determinant = 0.0;
  normal.computeInverseAndDetWithCheck(inverse, determinant, invertible,
                                       kFlat * scale * scale * scale);
  if (!invertible) return Eigen::Matrix3d::Constant(std::numeric_limits<double>::quiet_NaN());
  const Eigen::MatrixXd G = -inverse * right;
  return G * covariance_ * G.transpose();
}

CameraRig SomeCameras(const CameraRig& rig, const std::vector<CameraId>& cameras) {
  CameraRig some;
  some.lab_frame = rig.lab_frame;
  std::vector<int> kept;
  for (const CameraId camera : cameras) {
    some.cameras.push_back(rig[camera]);
    int first = 0;
    for (std::size_t c = 0; c < camera.index(); ++c) first += ParameterCount(rig.cameras[c]);
    for (int i = 0; i < ParameterCount(rig[camera]); ++i) kept.push_back(first + i);
  }
  if (rig.joint_covariance) some.joint_covariance = (*rig.joint_covariance)(kept, kept);
  return some;
}

}  // namespace medius::reconstruct
