#include "calibration/rig_adjustment.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>

#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

constexpr int kParts = 7;  // zoom, rotation, translation
constexpr int kMaxRobustIterations = 25;
constexpr int kMaxLastIterations = 8;
constexpr double kRobustScales = 4.0;
constexpr std::size_t kRuns = 8;
// Where the sightings say nothing.
constexpr double kWeakRotation = 0.05;    // radians
constexpr double kWeakTranslation = 0.1;  // metres
constexpr double kWeakZoom = 0.01;
// Steps below these are done: a thousandth of what a check reports.
constexpr double kRotationTolerance = 1e-7;
constexpr double kTranslationTolerance = 3e-7;

std::vector<int> FreeColumns(const FreeParts& free) {
  std::vector<int> columns;
  for (std::size_t c = 0; c < free.pose.size(); ++c) {
    const int first = static_cast<int>(c) * kParts;
    if (free.zoom[c] != 0) columns.push_back(first);
    if (free.pose[c] == 0) continue;
    for (int i = 1; i < kParts; ++i) columns.push_back(first + i);
  }
  return columns;
}

double WeakInformation(int part) {
  const double sd = part == 0 ? kWeakZoom : part < 4 ? kWeakRotation : kWeakTranslation;
  return 1.0 / (sd * sd);
}

// One Gauss-Newton step of the free columns; zero elsewhere.
Eigen::VectorXd StepOf(const CameraRig& rig, const CameraRig& present, const FreePoints& points,
                       const std::vector<int>& columns, Parallelism parallelism) {
  const RigNormal normal = SumOf(NormalsOfRuns(present, points, IntrinsicColumns::kZoom,
                                               SplitBySample(points, kRuns), parallelism));
  const Eigen::VectorXd away = DifferenceOf(rig, present, IntrinsicColumns::kZoom);
  Eigen::MatrixXd A = normal.A(columns, columns);
  Eigen::VectorXd b = normal.b(columns);
  for (Eigen::Index i = 0; i < b.size(); ++i) {
    const int column = columns[static_cast<std::size_t>(i)];
    const double information = WeakInformation(column % kParts);
    A(i, i) += information;
    b(i) -= information * away(column);
  }
  Eigen::VectorXd step = Eigen::VectorXd::Zero(away.size());
  const Eigen::VectorXd solved = A.ldlt().solve(b);
  step(columns) = solved;
  return step;
}

bool IsDone(const Eigen::VectorXd& step) {
  for (Eigen::Index first = 0; first < step.size(); first += kParts) {
    if (std::abs(step(first)) > kRotationTolerance) return false;
    if (step.segment<3>(first + 1).norm() > kRotationTolerance) return false;
    if (step.segment<3>(first + 4).norm() > kTranslationTolerance) return false;
  }
  return true;
}

void SelectSightings(double scale, FreePoints* points) {
  const double limit = kRobustScales * kRobustScales * scale * scale;
  for (const FreePoint& point : points->points) {
    for (PointSighting& sighting : points->Of(point)) {
      sighting.weight = point.usable && sighting.squared <= limit ? 1.0 : 0.0;
    }
  }
}

void Iterate(const CameraRig& rig, const std::vector<int>& columns, bool robust, int iterations,
             Parallelism parallelism, const WorkControl& control, FreePoints* points,
             AdjustedRig* adjusted) {
  adjusted->converged = columns.empty();
  for (int i = 0; i < iterations && !adjusted->converged; ++i) {
    control.ThrowIfCancelled();
    const Eigen::VectorXd step = StepOf(rig, adjusted->rig, *points, columns, parallelism);
    if (!step.allFinite()) return;
    adjusted->rig = MovedRig(std::move(adjusted->rig), step);
    FitFreePoints(adjusted->rig, robust ? kRobustScales * adjusted->scale : 0.0, parallelism,
                  points);
    adjusted->scale = ResidualScale(*points);
    ++adjusted->iterations;
    adjusted->converged = IsDone(step);
  }
}

}  // namespace

AdjustedRig AdjustRigWithWeights(const CameraRig& rig, const CameraRig& start,
                                 const FreeParts& free, Parallelism parallelism,
                                 const WorkControl& control, FreePoints* points) {
  AdjustedRig adjusted{start};
  FitFreePoints(start, 0.0, parallelism, points);
  adjusted.scale = ResidualScale(*points);
  Iterate(rig, FreeColumns(free), false, kMaxLastIterations, parallelism, control, points,
          &adjusted);
  return adjusted;
}

AdjustedRig AdjustRig(const CameraRig& rig, const CameraRig& start, const FreeParts& free,
                      Parallelism parallelism, const WorkControl& control, FreePoints* points) {
  for (FreePoint& point : points->points) {
    point.usable = false;
    for (PointSighting& sighting : points->Of(point)) sighting.weight = 1.0;
  }
  AdjustedRig adjusted{start};
  FitFreePoints(start, 0.0, parallelism, points);
  adjusted.scale = ResidualScale(*points);
  FitFreePoints(start, kRobustScales * adjusted.scale, parallelism, points);
  adjusted.scale = ResidualScale(*points);
  Iterate(rig, FreeColumns(free), true, kMaxRobustIterations, parallelism, control, points,
          &adjusted);
  SelectSightings(adjusted.scale, points);
  AdjustedRig last = AdjustRigWithWeights(rig, adjusted.rig, free, parallelism, control, points);
  last.iterations += adjusted.iterations;
  return last;
}

Eigen::VectorXd DifferenceOf(const CameraRig& before, const CameraRig& after,
                             IntrinsicColumns columns) {
  const CameraLayout layout = LayoutOf(before, columns);
  Eigen::VectorXd difference(layout.size);
  for (std::size_t c = 0; c < before.cameras.size(); ++c) {
    const std::vector<double>& k0 = before.cameras[c].model.intrinsics();
    const std::vector<double>& k1 = after.cameras[c].model.intrinsics();
    const int first = layout.intrinsics_offset[c];
    if (columns == IntrinsicColumns::kZoom) {
      difference(first) = std::log(k1[0] / k0[0]);
    } else {
      for (int i = 0; i < layout.intrinsics_count[c]; ++i) {
        const auto at = static_cast<std::size_t>(i);
        difference(first + i) = k1[at] - k0[at];
      }
    }
    const RigidTransform& p0 = before.cameras[c].camera_from_lab;
    const RigidTransform& p1 = after.cameras[c].camera_from_lab;
    difference.segment<3>(layout.pose_offset[c]) =
        VectorFromRotation(p1.rotation * p0.rotation.transpose());
    difference.segment<3>(layout.pose_offset[c] + 3) = p1.translation - p0.translation;
  }
  return difference;
}

CameraRig MovedRig(CameraRig rig, const Eigen::VectorXd& change) {
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    Camera& camera = rig.cameras[c];
    const auto part = change.segment<kParts>(static_cast<Eigen::Index>(c) * kParts);
    if (part(0) != 0.0) {
      std::vector<double> k = camera.model.intrinsics();
      k[0] *= std::exp(part(0));
      k[1] *= std::exp(part(0));
      camera.model = CameraModel(camera.model.kind(), std::move(k));
    }
    RigidTransform& pose = camera.camera_from_lab;
    if (!part.tail<6>().isZero(0.0)) {
      pose.rotation = Renormalized(RotationFromVector(part.segment<3>(1)) * pose.rotation);
      pose.translation += part.tail<3>();
    }
  }
  return rig;
}

}  // namespace medius::calibration
