#pragma once

#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include <Eigen/Core>

namespace medius {

/// How a point in the camera frame (x right, y down, z forward) becomes a pixel, (0, 0) being the
/// centre of the top-left pixel. Each kind stores fx, fy, cx, cy and then its distortion, in the
/// order of OpenCV:
///   kBrownConrady5  k1 k2 p1 p2 k3               (Brown 1966; "pinhole" is all five at zero)
///   kBrownConrady8  k1 k2 p1 p2 k3 k4 k5 k6      (the rational model)
///   kKannalaBrandt4 k1 k2 k3 k4                  (fisheye; Kannala & Brandt 2006, doi
///                                                 10.1109/TPAMI.2006.153, eq. 6, OpenCV's form)
enum class CameraModelKind { kBrownConrady5, kBrownConrady8, kKannalaBrandt4 };

/// Number of intrinsic parameters: 9, 12 or 8.
[[nodiscard]] int IntrinsicCount(CameraModelKind kind);

/// "brown_conrady_5", "brown_conrady_8", "kannala_brandt_4": the words of the trial file and TOML.
[[nodiscard]] std::string_view ToString(CameraModelKind kind);
[[nodiscard]] std::optional<CameraModelKind> CameraModelKindFromString(std::string_view text);

/// Projects x_in_camera [3] to distorted pixels xy [2] for any scalar type (double, ceres::Jet).
/// No check of depth or of the model's range; see CameraModel::Project for those.
template <typename Scalar>
void ProjectUnchecked(CameraModelKind kind, const Scalar* intrinsics, const Scalar* x_in_camera,
                      Scalar* xy);

/// A projected point and its derivative.
struct ProjectionWithJacobian {
  Eigen::Vector2d xy;                        ///< pixels
  Eigen::Matrix<double, 2, 3> d_xy_d_point;  ///< pixels per metre, by x_in_camera
};

/// A camera's intrinsics with the range in which they can be inverted.
class CameraModel {
 public:
  /// @param intrinsics  IntrinsicCount(kind) values, see CameraModelKind.
  /// @throws InputError where the count is wrong, a value is not finite or a focal length not > 0.
  CameraModel(CameraModelKind kind, std::vector<double> intrinsics);

  [[nodiscard]] CameraModelKind kind() const { return kind_; }
  [[nodiscard]] const std::vector<double>& intrinsics() const { return intrinsics_; }

  /// Pixel of a point; nullopt behind the camera (Kannala-Brandt sees behind itself as far as its
  /// range goes), where the distortion is no longer invertible (a polynomial folds back: such a
  /// point would seem to be in the image although it is not), at the centre of projection, and for
  /// NaN or infinity.
  [[nodiscard]] std::optional<Eigen::Vector2d> Project(const Eigen::Vector3d& x_in_camera) const;

  /// As Project, with the derivative by the point. Same cases of nullopt.
  [[nodiscard]] std::optional<ProjectionWithJacobian> ProjectWithJacobian(
      const Eigen::Vector3d& x_in_camera) const;

  /// Unit direction in the camera frame that projects to this pixel: a bracketed solution of the
  /// radial equation, then Newton on both coordinates.
  /// @return nullopt where no direction inside the model's range projects to within 1e-9 px.
  [[nodiscard]] std::optional<Eigen::Vector3d> Unproject(const Eigen::Vector2d& xy) const;

  /// Largest invertible radius: of (x/z, y/z) for Brown-Conrady, of the angle from the axis
  /// (radians) for Kannala-Brandt. Inside it no two directions share a pixel. At most tan(89.9
  /// degrees) and pi.
  [[nodiscard]] double max_radius() const { return max_radius_; }

 private:
  [[nodiscard]] bool IsInRange(const Eigen::Vector3d& x_in_camera) const;

  CameraModelKind kind_;
  std::vector<double> intrinsics_;
  double max_radius_ = 0.0;
};

namespace internal {

template <typename Scalar>
void DistortBrownConrady(CameraModelKind kind, const Scalar* k, const Scalar& x, const Scalar& y,
                         Scalar* distorted) {
  const Scalar r2 = x * x + y * y;
  Scalar radial = Scalar(1.0) + r2 * (k[0] + r2 * (k[1] + r2 * k[4]));
  if (kind == CameraModelKind::kBrownConrady8) {
    radial = radial / (Scalar(1.0) + r2 * (k[5] + r2 * (k[6] + r2 * k[7])));
  }
  distorted[0] = x * radial + Scalar(2.0) * k[2] * x * y + k[3] * (r2 + Scalar(2.0) * x * x);
  distorted[1] = y * radial + k[2] * (r2 + Scalar(2.0) * y * y) + Scalar(2.0) * k[3] * x * y;
}

template <typename Scalar>
void DistortKannalaBrandt(const Scalar* k, const Scalar* p, Scalar* distorted) {
  using std::atan2;
  using std::sqrt;
  const Scalar r2 = p[0] * p[0] + p[1] * p[1];
  // At the axis sqrt has no derivative: there the model is the pinhole to second order.
  if (p[2] > Scalar(0.0) && r2 < Scalar(1e-20) * p[2] * p[2]) {
    distorted[0] = p[0] / p[2];
    distorted[1] = p[1] / p[2];
    return;
  }
  const Scalar r = sqrt(r2);
  const Scalar theta = atan2(r, p[2]);
  const Scalar t2 = theta * theta;
  const Scalar theta_d =
      theta * (Scalar(1.0) + t2 * (k[0] + t2 * (k[1] + t2 * (k[2] + t2 * k[3]))));
  distorted[0] = p[0] * theta_d / r;
  distorted[1] = p[1] * theta_d / r;
}

}  // namespace internal

template <typename Scalar>
void ProjectUnchecked(CameraModelKind kind, const Scalar* intrinsics, const Scalar* x_in_camera,
                      Scalar* xy) {
  Scalar distorted[2];
  if (kind == CameraModelKind::kKannalaBrandt4) {
    internal::DistortKannalaBrandt(intrinsics + 4, x_in_camera, distorted);
  } else {
    internal::DistortBrownConrady(kind, intrinsics + 4, Scalar(x_in_camera[0] / x_in_camera[2]),
                                  Scalar(x_in_camera[1] / x_in_camera[2]), distorted);
  }
  xy[0] = intrinsics[0] * distorted[0] + intrinsics[2];
  xy[1] = intrinsics[1] * distorted[1] + intrinsics[3];
}

}  // namespace medius
