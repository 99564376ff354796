#include "calibration/floor.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <Eigen/Geometry>
#include <fmt/format.h>

#include "calibration/rig_covariance.hpp"
#include "calibration/rigid_fit.hpp"
#include "calibration/so3.hpp"
#include "calibration/uncertainty.hpp"
#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

// Three points nearer to one line than this fix no plane, metres.
constexpr double kLeastAcross = 0.02;

using Points = std::vector<Eigen::Vector3d>;

// The lab whose floor lies `height` below three points: origin, forward, left.
RigidTransform LabFromThree(const Points& points, double height) {
  const Eigen::Vector3d x = (points[1] - points[0]).normalized();
  const Eigen::Vector3d z = x.cross(points[2] - points[0]).normalized();
  RigidTransform lab_from_old;
  lab_from_old.rotation.row(0) = x.transpose();
  lab_from_old.rotation.row(1) = z.cross(x).transpose();
  lab_from_old.rotation.row(2) = z.transpose();
  lab_from_old.translation = -(lab_from_old.rotation * (points[0] - height * z));
  return lab_from_old;
}

FloorResult FromThree(const CameraRig& rig, const Points& places, double height,
                      const Eigen::MatrixXd& covariance, const FloorOptions& options,
                      FloorResult floor) {
  floor.source = "three points";
  floor.lab_from_old = LabFromThree(places, height);
  const Eigen::MatrixXd by_points =
      FrameByPoints([&](const Points& moved) { return LabFromThree(moved, height); }, places);
  floor.covariance = by_points * covariance * by_points.transpose();
  FinishFloor(rig,
              "the point to the left lies to the right of the line from origin to X, or the points "
              "are named in the wrong order; name ORIGIN, X, Y so that Y is to the runner's left",
              options, &floor);
  for (std::size_t i = 0; i < places.size(); ++i) {
    floor.points[i].found = floor.lab_from_old * places[i];
  }
  return floor;
}

}  // namespace

void FloorOptions::Validate(const CameraRig& rig) const {
  plausibility.Validate(rig);
  if (!std::isfinite(turn)) throw InputError("turn is not a finite angle");
  if (!origin.allFinite()) throw InputError("origin is not a finite place");
  if (!(point_sd >= 0.0) || !std::isfinite(point_sd)) {
    throw InputError(fmt::format("point_sd is {} m, 0 or more expected", point_sd));
  }
  if (!(least_sigma_px > 0.0) || !std::isfinite(least_sigma_px)) {
    throw InputError(fmt::format("least_sigma_px is {}, above 0 expected", least_sigma_px));
  }
}

Eigen::MatrixXd CovarianceOfPoints(const CameraRig& rig, std::span<const StaticPoint> points,
                                   double sigma_px, bool* has_rig) {
  *has_rig = rig.joint_covariance.has_value();
  const auto size = 3 * static_cast<Eigen::Index>(points.size());
  const CameraLayout layout = LayoutOf(rig);
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(size, size);
  Eigen::MatrixXd by_rig = Eigen::MatrixXd::Zero(size, layout.size);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto row = 3 * static_cast<Eigen::Index>(i);
    covariance.block<3, 3>(row, row) = sigma_px * sigma_px * points[i].covariance;
    std::vector<bool> sees(rig.cameras.size(), false);
    for (const CameraId id : points[i].cameras) sees[id.index()] = true;
    const auto sensitivity = SensitivityOf(rig, layout, points[i].x_in_lab, sees);
    if (sensitivity) by_rig.middleRows<3>(row) = sensitivity->by_parameters;
    // A point that the rig's uncertainty cannot be carried to must not seem certain.
    *has_rig = *has_rig && sensitivity.has_value();
  }
  if (*has_rig) covariance += by_rig * *rig.joint_covariance * by_rig.transpose();
  return covariance;
}

void FinishFloor(const CameraRig& rig, const std::string& likely_cause, const FloorOptions& options,
                 FloorResult* floor) {
  MEDIUS_CHECK(RotationError(floor->lab_from_old.rotation) < 1e-9, "a lab frame is right-handed");
  RigidTransform lab_from_found;
  lab_from_found.rotation = RotationFromVector({0.0, 0.0, -options.turn});
  lab_from_found.translation = -(lab_from_found.rotation * options.origin);
  // x' = A (exp(w) x + t - s): the turn moves what lies at s.
  Matrix6 by = Matrix6::Zero();
  by.topLeftCorner<3, 3>() = lab_from_found.rotation;
  by.bottomRightCorner<3, 3>() = lab_from_found.rotation;
  by.bottomLeftCorner<3, 3>() = Skew(lab_from_found.translation) * lab_from_found.rotation;
  floor->covariance = by * floor->covariance * by.transpose();
  floor->lab_from_old = lab_from_found * floor->lab_from_old;
  const CameraRig moved = OnFloor(rig, *floor);
  const auto add = [&](const std::vector<RigDoubt>& findings) {
    floor->findings.insert(floor->findings.end(), findings.begin(), findings.end());
  };
  add(CheckCamerasAbove(moved, likely_cause, options.plausibility));
  if (floor->scale) add(CheckScale(*floor->scale, options.plausibility));
  add(CheckImagesUpright(moved, options.plausibility));
  floor->status = FloorStatus::kFound;
  if (const RigDoubt* refusal = FirstRefusal(floor->findings)) {
    floor->status = FloorStatus::kImplausible;
    floor->sentence = refusal->sentence;
  }
}

FloorResult NoFloor(std::string source, std::string sentence) {
  FloorResult floor;
  floor.source = std::move(source);
  floor.sentence = std::move(sentence);
  return floor;
}

FloorResult FloorFromThreePoints(const CameraRig& rig, std::span<const StaticPoint> points,
                                 const std::vector<std::string>& names, double height,
                                 const FloorOptions& options) {
  options.Validate(rig);
  MEDIUS_CHECK(points.size() == 3 && names.size() == 3, "three points with their names");
  FloorResult floor;
  Points places;
  for (std::size_t i = 0; i < 3; ++i) {
    if (points[i].frames == 0) {
      return NoFloor("three points",
                     fmt::format("point {} was not seen by two cameras often enough to be placed; "
                                 "take frames in which it is in view",
                                 names[i]));
    }
    places.push_back(points[i].x_in_lab);
    floor.points.push_back(
        {names[i], {}, FloorPoint().stated, points[i].cameras, points[i].rms_px});
  }
  if (ExtentAcrossLine(places) < kLeastAcross) {
    return NoFloor("three points",
                   fmt::format("{}, {} and {} lie on one line: take a third point well to its left",
                               names[0], names[1], names[2]));
  }
  floor.sigma_px = SigmaOf({points.begin(), points.end()}, options.least_sigma_px);
  Eigen::MatrixXd covariance =
      CovarianceOfPoints(rig, points, floor.sigma_px, &floor.has_rig_covariance);
  covariance.diagonal().array() += options.point_sd * options.point_sd;
  return FromThree(rig, places, height, covariance, options, std::move(floor));
}

FloorResult FloorFromCoordinates(const CameraRig& rig, const Points& places,
                                 const FloorOptions& options) {
  options.Validate(rig);
  MEDIUS_CHECK(places.size() == 3, "three places");
  if (ExtentAcrossLine(places) < kLeastAcross) {
    return NoFloor("three points",
                   "the three places lie on one line: take a third one well to its left");
  }
  FloorResult floor;
  for (const char* name : {"origin", "X", "Y"}) {
    floor.points.push_back({name, {}, FloorPoint().stated, {}, 0.0});
  }
  const Eigen::MatrixXd covariance =
      options.point_sd * options.point_sd * Eigen::MatrixXd::Identity(9, 9);
  return FromThree(rig, places, 0.0, covariance, options, std::move(floor));
}

CameraRig OnFloor(const CameraRig& rig, const FloorResult& floor) {
  CameraRig on_floor = InLabFrame(rig, floor.lab_from_old);
  on_floor.lab_frame = "floor (" + floor.source + ")";
  return on_floor;
}

}  // namespace medius::calibration
