#include "calibration/planar_pose.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <Eigen/Geometry>
#include <Eigen/LU>

#include "calibration/homography.hpp"
#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

// Error that a homography may leave where the lens is not well known, pixels.
constexpr double kTolerancePx = 3.0;
// Farther from the axis than this a point is left out of the homography (not of the refinement).
constexpr double kWidestTangent = 4.0;
// Second poses that fit this many times worse than the first are none.
constexpr double kAmbiguityRatio = 3.0;
// Least standardized scale of the robust loss of a single view.
constexpr double kLeastScale = 1.0;

// Normalized (undistorted) image point by fixed-point iteration and Newton on the model: starts
// need no guarantee, only speed; a point that does not come back to its pixel is left out.
std::optional<Eigen::Vector2d> Undistort(CameraModelKind kind, const double* intrinsics,
                                         const Eigen::Vector2d& xy) {
  Eigen::Vector3d p((xy.x() - intrinsics[2]) / intrinsics[0],
                    (xy.y() - intrinsics[3]) / intrinsics[1], 1.0);
  if (kind == CameraModelKind::kKannalaBrandt4) {
    const double radius = p.head<2>().norm();
    const double angle = std::min(radius, 1.4);
    if (radius > 1e-9) p.head<2>() *= std::tan(angle) / radius;
  }
  PixelDerivatives pixel;
  for (int i = 0; i < 12; ++i) {
    if (!ProjectWithDerivatives(kind, intrinsics, p, &pixel)) return std::nullopt;
    const Eigen::Vector2d error = pixel.xy - xy;
    if (error.squaredNorm() < 1e-6) {
      const bool is_wide = p.head<2>().norm() > kWidestTangent;
      return is_wide ? std::nullopt : std::optional<Eigen::Vector2d>(p.head<2>());
    }
    const Eigen::Matrix2d J = pixel.by_point.leftCols<2>();
    p.head<2>() -= J.inverse() * error;
    if (!p.allFinite()) return std::nullopt;
  }
  return std::nullopt;
}

// The rotation that takes the z axis to (v, 1), the shortest way.
Eigen::Matrix3d TurnTo(const Eigen::Vector2d& v) {
  return Eigen::Quaterniond::FromTwoVectors(Eigen::Vector3d::UnitZ(),
                                            Eigen::Vector3d(v.x(), v.y(), 1.0))
      .toRotationMatrix();
}

bool AreSame(const RigidTransform& a, const RigidTransform& b) {
  constexpr double kSameAngle = 2e-3;
  return RotationAngle(a.rotation * b.rotation.transpose()) < kSameAngle;
}

}  // namespace

std::optional<std::array<RigidTransform, 2>> PosesFromHomography(
    const Eigen::Matrix3d& image_from_plane, const Eigen::Vector2d& origin) {
  Eigen::Matrix3d to_origin = Eigen::Matrix3d::Identity();
  to_origin.topRightCorner<2, 1>() = origin;
  Eigen::Matrix3d H = image_from_plane * to_origin;
  if (std::abs(H(2, 2)) < 1e-12) return std::nullopt;
  H /= H(2, 2);
  const Eigen::Vector2d v = H.topRightCorner<2, 1>();
  const Eigen::Matrix2d J =
      H.topLeftCorner<2, 2>() - v * H.bottomLeftCorner<1, 2>();  // derivative at the origin
  const Eigen::Matrix3d Rv = TurnTo(v);
  const Eigen::Matrix2d B = Rv.topLeftCorner<2, 2>() - v * Rv.bottomLeftCorner<1, 2>();
  const Eigen::Matrix2d A = B.inverse() * J;
  // Largest singular value: the inverse of the depth.
  const Eigen::Matrix2d AAt = A * A.transpose();
  const double half_trace = 0.5 * AAt.trace();
  const double root = std::sqrt(std::max(0.0, half_trace * half_trace - AAt.determinant()));
  const double gamma = std::sqrt(half_trace + root);
  if (!(gamma > 0.0) || !std::isfinite(gamma)) return std::nullopt;
  const Eigen::Matrix2d R22 = A / gamma;
  const Eigen::Matrix2d rest = Eigen::Matrix2d::Identity() - R22.transpose() * R22;
  Eigen::Vector2d b(std::sqrt(std::max(0.0, rest(0, 0))), std::sqrt(std::max(0.0, rest(1, 1))));
  if (rest(0, 1) < 0.0) b.y() = -b.y();

  std::array<RigidTransform, 2> poses;
  for (std::size_t i = 0; i < 2; ++i) {
    const double sign = i == 0 ? 1.0 : -1.0;
    Eigen::Vector3d r1(R22(0, 0), R22(1, 0), sign * b.x());
    Eigen::Vector3d r2(R22(0, 1), R22(1, 1), sign * b.y());
    r1.normalize();
    r2 = (r2 - r1.dot(r2) * r1).normalized();
    Eigen::Matrix3d R;
    R << r1, r2, r1.cross(r2);
    poses[i].rotation = Rv * R;
    const Eigen::Vector3d origin_in_camera = Eigen::Vector3d(v.x(), v.y(), 1.0) / gamma;
    poses[i].translation =
        origin_in_camera - poses[i].rotation * Eigen::Vector3d(origin.x(), origin.y(), 0.0);
    if (!poses[i].rotation.allFinite()) return std::nullopt;
  }
  return poses;
}

std::vector<PoseCandidate> PlanarPoseCandidates(CameraModelKind kind, const double* intrinsics,
                                                std::span<const Sighting> sightings) {
  std::vector<Eigen::Vector2d> plane;
  std::vector<Eigen::Vector2d> image;  // in pixels of a lens without distortion
  const double focal = 0.5 * (intrinsics[0] + intrinsics[1]);
  Eigen::Vector2d middle = Eigen::Vector2d::Zero();
  for (const Sighting& sighting : sightings) {
    const auto undistorted = Undistort(kind, intrinsics, sighting.xy);
    if (!undistorted) continue;
    plane.emplace_back(sighting.x_in_target.head<2>());
    image.push_back(focal * *undistorted);
    middle += plane.back();
  }
  if (plane.size() < 4) return {};
  middle /= static_cast<double>(plane.size());
  const PlaneHomography fit = FitHomography(plane, image, kTolerancePx);
  if (!fit.valid) return {};
  Eigen::Matrix3d normalized = fit.image_from_plane;
  normalized.topRows<2>() /= focal;
  const auto poses = PosesFromHomography(normalized, middle);
  if (!poses) return {};

  std::vector<PoseCandidate> candidates;
  const PoseView view{kind, intrinsics, RigidTransform{}, sightings};
  for (const RigidTransform& pose : *poses) {
    PoseCandidate candidate{pose, 0.0};
    const PoseFit refined =
        RefineTargetPose(std::span(&view, 1), kLeastScale, 12, &candidate.camera_from_target);
    if (!refined.valid) continue;
    candidate.median_error = refined.median_error;
    candidates.push_back(candidate);
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return a.median_error < b.median_error; });
  if (candidates.size() == 2) {
    const double limit = kAmbiguityRatio * std::max(candidates[0].median_error, 1e-3);
    if (candidates[1].median_error > limit ||
        AreSame(candidates[0].camera_from_target, candidates[1].camera_from_target)) {
      candidates.pop_back();
    }
  }
  return candidates;
}

}  // namespace medius::calibration
