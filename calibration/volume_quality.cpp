#include "calibration/volume_quality.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <Eigen/Eigenvalues>

#include "calibration/image_quality.hpp"
#include "calibration/rig_covariance.hpp"
#include "core/check.hpp"

namespace medius::calibration {
namespace {

constexpr int kPlacesAlongSide = 24;
constexpr int kFewestPlaces = 4;
constexpr double kLowPercentile = 0.02;
// Directions up that cancel to less than this say nothing.
constexpr double kLeastMeanUp = 0.3;

double PercentileOf(std::vector<double> values, double share) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto last = static_cast<double>(values.size() - 1);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(std::lround(share * last));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

// All points of all targets where they were, [3, points] in the lab.
std::vector<Eigen::Vector3d> TargetPoints(const TargetObservations& observations,
                                          const CalibrationResult& result) {
  std::vector<Eigen::Vector3d> points;
  for (const TargetPose& pose : result.target_poses) {
    for (const Eigen::Vector3d& point : observations.targets[pose.target].points) {
      points.push_back(pose.lab_from_target * point);
    }
  }
  return points;
}

Eigen::Vector3d UpwardOf(const CameraRig& rig) {
  Eigen::Vector3d up = Eigen::Vector3d::Zero();
  for (const Camera& camera : rig.cameras) {
    up -= camera.camera_from_lab.rotation.row(1).transpose() /
          static_cast<double>(rig.cameras.size());
  }
  if (up.norm() < kLeastMeanUp) up = -rig.cameras.front().camera_from_lab.rotation.row(1);
  return up.normalized();
}

PlacePrecision Describe(const PointUncertainty& point, const RigidTransform& view_from_lab) {
  const Eigen::Matrix3d& R = view_from_lab.rotation;
  PlacePrecision place;
  place.x_in_view = view_from_lab * point.x_in_lab;
  place.cameras = point.cameras;
  place.covariance = R * point.total * R.transpose();
  if (point.cameras < 2) {
    place.axis_sd.setConstant(std::numeric_limits<double>::quiet_NaN());
    place.axes.setConstant(std::numeric_limits<double>::quiet_NaN());
    return place;
  }
  place.sigma = std::sqrt(point.total.trace());
  place.sigma_calibration = std::sqrt(std::max(0.0, point.calibration.trace()));
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(place.covariance);
  place.axis_sd = solver.eigenvalues().reverse().cwiseMax(0.0).cwiseSqrt();
  place.axes = solver.eigenvectors().rowwise().reverse();
  return place;
}

void Summarize(VolumePrecision* volume) {
  std::vector<double> total;
  std::vector<double> calibration;
  std::size_t places = 0;
  for (const PrecisionSlice& slice : volume->slices) {
    for (const PlacePrecision& place : slice.places) {
      ++places;
      if (!std::isfinite(place.sigma)) continue;
      total.push_back(place.sigma);
      calibration.push_back(place.sigma_calibration);
    }
  }
  volume->seen_share = static_cast<double>(total.size()) / static_cast<double>(places);
  volume->median = PercentileOf(total, 0.5);
  volume->percentile90 = PercentileOf(total, 0.9);
  volume->median_calibration = PercentileOf(calibration, 0.5);
  volume->percentile90_calibration = PercentileOf(calibration, 0.9);
}

// Size of the grid: the longer side of the box gets the most places.
void ChooseGrid(VolumePrecision* volume) {
  const Eigen::Vector3d size = volume->most - volume->least;
  const double step = std::max({size.x(), size.y(), 1e-6}) / kPlacesAlongSide;
  volume->columns = std::max(kFewestPlaces, static_cast<int>(std::lround(size.x() / step)));
  volume->rows = std::max(kFewestPlaces, static_cast<int>(std::lround(size.y() / step)));
}

}  // namespace

ViewFrame MakeViewFrame(const TargetObservations& observations, const CalibrationResult& result,
                        bool lab_is_on_floor) {
  ViewFrame frame;
  frame.is_lab = lab_is_on_floor;
  if (lab_is_on_floor) return frame;
  MEDIUS_CHECK(!result.rig.cameras.empty(), "a view frame needs cameras");
  const Eigen::Vector3d up = UpwardOf(result.rig);
  // The first camera looks up the page, or, where it looks down, its image is upright there.
  const Eigen::Matrix3d& R = result.rig.cameras.front().camera_from_lab.rotation;
  Eigen::Vector3d ahead = R.row(2).transpose();
  if (std::abs(ahead.dot(up)) > 0.95) ahead = -R.row(1).transpose();
  ahead = (ahead - ahead.dot(up) * up).normalized();
  frame.view_from_lab.rotation << ahead.cross(up).transpose(), ahead.transpose(), up.transpose();
  const std::vector<Eigen::Vector3d> points = TargetPoints(observations, result);
  if (points.empty()) return frame;
  Eigen::Vector3d least = Eigen::Vector3d::Constant(std::numeric_limits<double>::infinity());
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  for (const Eigen::Vector3d& point : points) {
    const Eigen::Vector3d turned = frame.view_from_lab.rotation * point;
    least = least.cwiseMin(turned);
    mean += turned / static_cast<double>(points.size());
  }
  frame.view_from_lab.translation = -Eigen::Vector3d(mean.x(), mean.y(), least.z());
  return frame;
}

VolumePrecision PrecisionInVolume(const TargetObservations& observations,
                                  const CalibrationResult& result, const ViewFrame& frame,
                                  double noise_px, Parallelism parallelism) {
  const std::vector<Eigen::Vector3d> points = TargetPoints(observations, result);
  MEDIUS_CHECK(!points.empty(), "a volume needs targets");
  VolumePrecision volume;
  volume.noise_px = noise_px;
  for (int axis = 0; axis < 3; ++axis) {
    std::vector<double> values;
    for (const auto& point : points) values.push_back((frame.view_from_lab * point)[axis]);
    volume.least[axis] = PercentileOf(values, kLowPercentile);
    volume.most[axis] = PercentileOf(std::move(values), 1.0 - kLowPercentile);
  }
  ChooseGrid(&volume);
  std::vector<RigidTransform> camera_from_lab;
  for (const Camera& camera : result.rig.cameras) camera_from_lab.push_back(camera.camera_from_lab);
  const RigCovariance covariance =
      InGauge(result.covariance, camera_from_lab, RigGauge::kCameraCentres);
  const RigidTransform lab_from_view = frame.view_from_lab.Inverse();
  const Eigen::Vector3d size = volume.most - volume.least;
  for (const double share : std::array{1.0 / 6.0, 0.5, 5.0 / 6.0}) {
    std::vector<Eigen::Vector3d> places;
    for (int row = 0; row < volume.rows; ++row) {
      for (int column = 0; column < volume.columns; ++column) {
        const Eigen::Vector3d at((column + 0.5) / volume.columns, (row + 0.5) / volume.rows, share);
        places.push_back(lab_from_view * (volume.least + at.cwiseProduct(size)));
      }
    }
    PrecisionSlice slice;
    slice.height = volume.least.z() + share * size.z();
    for (const PointUncertainty& point :
         MapUncertainty(result.rig, covariance, places, noise_px, parallelism)) {
      slice.places.push_back(Describe(point, frame.view_from_lab));
    }
    volume.slices.push_back(std::move(slice));
  }
  Summarize(&volume);
  return volume;
}

double NoisePixels(const TargetObservations& observations, const CalibrationResult& result) {
  const auto used = UsedSightings(observations, result);
  double sum = 0.0;
  for (std::size_t v = 0; v < result.residuals.size(); ++v) {
    for (std::size_t i = 0; i < used[v].size(); ++i) {
      if (used[v][i] != 0) sum += result.residuals[v][i].squaredNorm();
    }
  }
  if (!(result.degrees_of_freedom > 0.0)) return std::numeric_limits<double>::quiet_NaN();
  return std::sqrt(sum / result.degrees_of_freedom);
}

}  // namespace medius::calibration
