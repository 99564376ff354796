#include "calibration/uncertainty.hpp"

#include <limits>

#include <Eigen/LU>

#include "calibration/projection.hpp"
#include "calibration/so3.hpp"
#include "core/check.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kPlaceGrain = 64;
// Rays whose information in the worst direction is this much less than in the best are parallel.
constexpr double kParallelRatio = 1e-10;

bool IsSeen(const Camera& camera, const Eigen::Vector3d& x_in_lab) {
  const auto xy = camera.Project(x_in_lab);
  return xy && camera.IsInImage(*xy);
}

}  // namespace

std::optional<PointSensitivity> SensitivityOf(const CameraRig& rig, const CameraLayout& layout,
                                              const Eigen::Vector3d& x_in_lab,
                                              const std::vector<bool>& sees) {
  MEDIUS_CHECK(sees.empty() || sees.size() == rig.cameras.size(), "one flag a camera");
  PointSensitivity result;
  Eigen::Matrix3d information = Eigen::Matrix3d::Zero();
  Eigen::MatrixXd gradient = Eigen::MatrixXd::Zero(3, layout.size);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const Camera& camera = rig.cameras[c];
    if (!sees.empty() ? !sees[c] : !IsSeen(camera, x_in_lab)) continue;
    const Eigen::Matrix3d& R = camera.camera_from_lab.rotation;
    const Eigen::Vector3d turned = R * x_in_lab;
    PixelDerivatives pixel;
    if (!ProjectWithDerivatives(camera.model.kind(), camera.model.intrinsics().data(),
                                turned + camera.camera_from_lab.translation, &pixel)) {
      continue;
    }
    ++result.cameras;
    const Eigen::Matrix<double, 2, 3> by_x = pixel.by_point * R;
    information += by_x.transpose() * by_x;
    // The pixel that a changed camera predicts pulls the point the other way.
    const int K = layout.intrinsics_count[c];
    gradient.middleCols(layout.intrinsics_offset[c], K) -=
        by_x.transpose() * pixel.by_intrinsics.leftCols(K);
    gradient.middleCols<3>(layout.pose_offset[c]) +=
        by_x.transpose() * pixel.by_point * Skew(turned);
    gradient.middleCols<3>(layout.pose_offset[c] + 3) -= by_x.transpose() * pixel.by_point;
  }
  if (result.cameras < 2) return std::nullopt;
  const double size = information.trace();
  if (!(information.determinant() > kParallelRatio * size * size * size)) return std::nullopt;
  result.by_noise = information.inverse();
  result.by_parameters = result.by_noise * gradient;
  return result;
}

std::vector<PointUncertainty> MapUncertainty(const CameraRig& rig, const RigCovariance& covariance,
                                             const std::vector<Eigen::Vector3d>& places,
                                             double sigma, Parallelism parallelism) {
  std::vector<PointUncertainty> map(places.size());
  const auto fill = [&](PointUncertainty* point) {
    point->calibration.setConstant(std::numeric_limits<double>::quiet_NaN());
    point->total = point->calibration;
    const auto sensitivity = SensitivityOf(rig, covariance.layout, point->x_in_lab);
    if (!sensitivity) return;
    point->cameras = sensitivity->cameras;
    const Eigen::MatrixXd& G = sensitivity->by_parameters;
    point->calibration = G * covariance.matrix * G.transpose();
    point->total = point->calibration + sigma * sigma * sensitivity->by_noise;
  };
  ParallelFor(parallelism, places.size(), kPlaceGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      map[i].x_in_lab = places[i];
      fill(&map[i]);
    }
  });
  return map;
}

}  // namespace medius::calibration
