#include "calibration/volume_quality.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

#include "calibration/image_quality.hpp"
#include "calibration/so3.hpp"
#include "core/check.hpp"

namespace medius::calibration {
namespace {

constexpr int kPlacesAlongSide = 24;
constexpr int kFewestPlaces = 4;
constexpr std::size_t kPlaceGrain = 64;
constexpr std::array<double, 3> kSliceShares{1.0 / 6.0, 0.5, 5.0 / 6.0};
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

// A place of the grid and how it depends on the cameras.
struct PlacedSensitivity {
  Eigen::Vector3d x_in_lab;
  std::optional<PointSensitivity> sensitivity;
};

// [3, 6] how a place moves with a body that turns about `pivot` and shifts.
Eigen::Matrix<double, 3, 6> MotionOf(const Eigen::Vector3d& place, const Eigen::Vector3d& pivot) {
  Eigen::Matrix<double, 3, 6> motion;
  motion << -Skew(place - pivot), Eigen::Matrix3d::Identity();
  return motion;
}

// Takes the best common motion of all places off how they depend on the parameters.
void HoldAsBody(std::vector<PlacedSensitivity>* places) {
  Eigen::Vector3d pivot = Eigen::Vector3d::Zero();
  double count = 0.0;
  for (const PlacedSensitivity& place : *places) {
    if (!place.sensitivity) continue;
    pivot += place.x_in_lab;
    count += 1.0;
  }
  if (count < 3.0) return;
  pivot /= count;
  Eigen::Matrix<double, 6, 6> normal = Eigen::Matrix<double, 6, 6>::Zero();
  Eigen::MatrixXd right;
  for (const PlacedSensitivity& place : *places) {
    if (!place.sensitivity) continue;
    const Eigen::Matrix<double, 3, 6> motion = MotionOf(place.x_in_lab, pivot);
    normal += motion.transpose() * motion;
    const Eigen::MatrixXd pull = motion.transpose() * place.sensitivity->by_parameters;
    right = right.size() == 0 ? pull : Eigen::MatrixXd(right + pull);
  }
  // Places on a line leave a turn about it free: it moves none of them.
  const Eigen::MatrixXd by_parameters = normal.completeOrthogonalDecomposition().solve(right);
  for (PlacedSensitivity& place : *places) {
    if (!place.sensitivity) continue;
    place.sensitivity->by_parameters -= MotionOf(place.x_in_lab, pivot) * by_parameters;
  }
}

PlacePrecision Describe(const PlacedSensitivity& placed, const Eigen::MatrixXd& covariance,
                        double noise_px, const RigidTransform& view_from_lab) {
  PlacePrecision place;
  place.x_in_view = view_from_lab * placed.x_in_lab;
  if (!placed.sensitivity) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    place.covariance.setConstant(nan);
    place.axis_sd.setConstant(nan);
    place.axes.setConstant(nan);
    return place;
  }
  const Eigen::Matrix3d& R = view_from_lab.rotation;
  const Eigen::MatrixXd& G = placed.sensitivity->by_parameters;
  const Eigen::Matrix3d calibration = G * covariance * G.transpose();
  const Eigen::Matrix3d total = calibration + noise_px * noise_px * placed.sensitivity->by_noise;
  place.cameras = placed.sensitivity->cameras;
  place.covariance = R * total * R.transpose();
  place.sigma = std::sqrt(total.trace());
  place.sigma_calibration = std::sqrt(std::max(0.0, calibration.trace()));
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(place.covariance);
  place.axis_sd = solver.eigenvalues().reverse().cwiseMax(0.0).cwiseSqrt();
  place.axes = solver.eigenvectors().rowwise().reverse();
  return place;
}

// Places at the middle of each cell of three slices, lowest first.
std::vector<PlacedSensitivity> PlacesIn(const VolumePrecision& volume,
                                        const RigidTransform& lab_from_view) {
  std::vector<PlacedSensitivity> places;
  for (const double share : kSliceShares) {
    for (int row = 0; row < volume.rows; ++row) {
      for (int column = 0; column < volume.columns; ++column) {
        const Eigen::Vector3d at((column + 0.5) / volume.columns, (row + 0.5) / volume.rows, share);
        const Eigen::Vector3d x_in_view =
            volume.least + at.cwiseProduct(volume.most - volume.least);
        places.push_back({lab_from_view * x_in_view, std::nullopt});
      }
    }
  }
  return places;
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
  std::vector<PlacedSensitivity> places = PlacesIn(volume, frame.view_from_lab.Inverse());
  ParallelFor(parallelism, places.size(), kPlaceGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      places[i].sensitivity =
          SensitivityOf(result.rig, result.covariance.layout, places[i].x_in_lab);
    }
  });
  HoldAsBody(&places);
  std::vector<PlacePrecision> described(places.size());
  ParallelFor(parallelism, places.size(), kPlaceGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      described[i] = Describe(places[i], result.covariance.matrix, noise_px, frame.view_from_lab);
    }
  });
  const auto cells = static_cast<std::ptrdiff_t>(places.size() / kSliceShares.size());
  for (std::size_t s = 0; s < kSliceShares.size(); ++s) {
    const auto begin = described.begin() + static_cast<std::ptrdiff_t>(s) * cells;
    const double height = volume.least.z() + kSliceShares[s] * (volume.most - volume.least).z();
    volume.slices.push_back({height, {begin, begin + cells}});
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
