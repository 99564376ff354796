#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include <Eigen/Core>

#include "calibration/bundle.hpp"

namespace medius::calibration {

/// Intrinsics, a bend and a pose: the most parameters that the pixels of one view depend on, in
/// this order.
inline constexpr int kMaxLocal = kMaxIntrinsics + kBendCount + 6;
using LocalMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, kMaxLocal, kMaxLocal>;
using LocalVector = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, kMaxLocal, 1>;
using Matrix6 = Eigen::Matrix<double, 6, 6>;
using Vector6 = Eigen::Matrix<double, 6, 1>;
/// 2 x (intrinsics, bend if any, rotation, translation) of camera_from_target.
using LocalJacobian = Eigen::Matrix<double, 2, Eigen::Dynamic, 0, 2, kMaxLocal>;

/// Cauchy's loss of a squared standardized residual s: c^2 log(1 + s / c^2); plain least squares
/// where the scale c is 0.
struct RobustLoss {
  double scale = 0.0;

  [[nodiscard]] double Value(double s) const {
    return scale > 0.0 ? scale * scale * std::log(1.0 + s / (scale * scale)) : s;
  }
  [[nodiscard]] double Weight(double s) const {
    return scale > 0.0 ? 1.0 / (1.0 + s / (scale * scale)) : 1.0;
  }
};

/// Sum of losses. The logarithm of a product of several terms in place of one each: it was a tenth
/// of the time of a calibration.
class LossSum {
 public:
  explicit LossSum(RobustLoss loss)
      : square_(loss.scale * loss.scale), inverse_(loss.scale > 0.0 ? 1.0 / square_ : 0.0) {}

  void Add(double s) {
    if (inverse_ == 0.0) {
      sum_ += s;
      return;
    }
    product_ *= 1.0 + s * inverse_;
    if (product_ > 1e100) Flush();
  }
  [[nodiscard]] double Value() {
    if (inverse_ != 0.0) Flush();
    return sum_;
  }

 private:
  void Flush() {
    sum_ += square_ * std::log(product_);
    product_ = 1.0;
  }

  double square_;
  double inverse_;
  double sum_ = 0.0;
  double product_ = 1.0;
};

/// The quadratic model of the cost of one view about the present parameters,
/// cost + g^T d + d^T H d / 2, with d = (intrinsics, bend if any, rotation vector, translation).
/// The pose moves by camera_from_target: R <- exp(rotation) R, t <- t + translation. A view has 140
/// residuals and depends on some 15 parameters: this is all the solver needs of them.
struct ViewNormal {
  LocalMatrix H;
  LocalVector g;
  double cost = 0.0;  ///< half the sum of the losses
};

/// @param use    [N] 0 for a sighting to leave out.
/// @param shape  of the board where its bend is a parameter, nullptr where it is not.
/// @return false where a used point cannot be projected.
bool LinearizeView(CameraModelKind kind, const double* intrinsics,
                   const RigidTransform& camera_from_target, std::span<const Sighting> sightings,
                   const std::uint8_t* use, RobustLoss loss, ViewNormal* normal,
                   const BoardShape* shape = nullptr);

/// The quadratic model in the pose alone, the intrinsics being known.
struct PoseNormal {
  Matrix6 H;
  Vector6 g;
  double cost = 0.0;
};

/// As LinearizeView, all sightings used.
bool LinearizePose(CameraModelKind kind, const double* intrinsics,
                   const RigidTransform& camera_from_target, std::span<const Sighting> sightings,
                   RobustLoss loss, PoseNormal* normal);

/// The cost alone. @return false as LinearizeView.
bool CostOfView(CameraModelKind kind, const double* intrinsics,
                const RigidTransform& camera_from_target, std::span<const Sighting> sightings,
                const std::uint8_t* use, RobustLoss loss, double* cost);

/// Standardized residual of one sighting (seen minus predicted, over sigma) and the derivative of
/// the standardized prediction.
/// @return false where the point cannot be projected.
bool LinearizeSighting(CameraModelKind kind, const double* intrinsics,
                       const RigidTransform& camera_from_target, const Sighting& sighting,
                       Eigen::Vector2d* residual, LocalJacobian* jacobian,
                       const BoardShape* shape = nullptr);

/// How camera_from_target = camera_from_lab * lab_from_target moves with each of its two factors,
/// all three in (rotation on the left, translation).
Matrix6 ByCameraPose(const RigidTransform& camera_from_lab, const RigidTransform& lab_from_target);
Matrix6 ByTargetPose(const RigidTransform& camera_from_lab);

}  // namespace medius::calibration
