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
// Steps below these are done, in radians: a thousandth of what a check reports, and a hundredth
// where only a start is sought.
constexpr double kTolerance = 2e-7;
constexpr double kRobustTolerance = 2e-6;
constexpr double kMetresPerRadian = 3.0;

double WeakInformation(int part) {
  const double sd = part == 0 ? kWeakZoom : part < 4 ? kWeakRotation : kWeakTranslation;
  return 1.0 / (sd * sd);
}

// One Gauss-Newton step of the free parts; zero elsewhere.
Eigen::VectorXd StepOf(const CameraRig& rig, const CameraRig& present, const FreePoints& points,
                       const FreeParts& free, Parallelism parallelism) {
  RigNormal normal = SumOf(NormalsOfRuns(present, points, IntrinsicColumns::kZoom,
                                         SplitBySample(points, kRuns), parallelism));
  const Eigen::VectorXd away = DifferenceOf(rig, present, IntrinsicColumns::kZoom);
  for (Eigen::Index i = 0; i < away.size(); ++i) {
    const double information = WeakInformation(static_cast<int>(i) % kParts);
    normal.A(i, i) += information;
    normal.b(i) -= information * away(i);
  }
  const Eigen::MatrixXd F = FreeDirections(present, free, IntrinsicColumns::kZoom);
  return F * (F.transpose() * normal.A * F).ldlt().solve(F.transpose() * normal.b);
}

// Turned cameras keep the centre of the rig exactly, not to first order alone.
void KeepCentres(const CameraRig& rig, const FreeParts& free, CameraRig* present) {
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    if (free.pose[c] != PoseFreedom::kTurn) continue;
    RigidTransform& pose = present->cameras[c].camera_from_lab;
    pose.translation = -(pose.rotation * rig.cameras[c].CentreInLab());
  }
}

bool IsDone(const Eigen::VectorXd& step, double tolerance) {
  for (Eigen::Index first = 0; first < step.size(); first += kParts) {
    if (step.segment<4>(first).norm() > tolerance) return false;
    if (step.segment<3>(first + 4).norm() > kMetresPerRadian * tolerance) return false;
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

// How far and how to iterate.
struct Course {
  bool robust = false;
  int iterations = 0;
  double tolerance = 0.0;
};

void Iterate(const CameraRig& rig, const FreeParts& free, const Course& course,
             Parallelism parallelism, const WorkControl& control, FreePoints* points,
             AdjustedRig* adjusted) {
  adjusted->converged = FreeDirections(rig, free, IntrinsicColumns::kZoom).cols() == 0;
  for (int i = 0; i < course.iterations && !adjusted->converged; ++i) {
    control.ThrowIfCancelled();
    const Eigen::VectorXd step = StepOf(rig, adjusted->rig, *points, free, parallelism);
    if (!step.allFinite()) return;
    adjusted->rig = MovedRig(std::move(adjusted->rig), step);
    KeepCentres(rig, free, &adjusted->rig);
    FitFreePoints(adjusted->rig, course.robust ? kRobustScales * adjusted->scale : 0.0, parallelism,
                  points);
    adjusted->scale = ResidualScale(*points);
    ++adjusted->iterations;
    adjusted->converged = IsDone(step, course.tolerance);
  }
}

// All sightings with the weights that their residuals about this rig give them.
double WeighAnew(const CameraRig& rig, Parallelism parallelism, FreePoints* points) {
  for (FreePoint& point : points->points) {
    point.usable = false;
    for (PointSighting& sighting : points->Of(point)) sighting.weight = 1.0;
  }
  FitFreePoints(rig, 0.0, parallelism, points);
  FitFreePoints(rig, kRobustScales * ResidualScale(*points), parallelism, points);
  return ResidualScale(*points);
}

}  // namespace

Eigen::MatrixXd FreeDirections(const CameraRig& rig, const FreeParts& free,
                               IntrinsicColumns columns) {
  const CameraLayout layout = LayoutOf(rig, columns);
  Eigen::MatrixXd F = Eigen::MatrixXd::Zero(layout.size, layout.size);
  Eigen::Index n = 0;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const int pose = layout.pose_offset[c];
    if (free.zoom[c] != 0 && columns == IntrinsicColumns::kZoom) {
      F(layout.intrinsics_offset[c], n++) = 1.0;
    }
    if (free.pose[c] == PoseFreedom::kAll) {
      F.block<6, 6>(pose, n).setIdentity();
      n += 6;
    } else if (free.pose[c] == PoseFreedom::kTurn) {
      // The centre -R^T t stays: dt = w x t.
      F.block<3, 3>(pose, n).setIdentity();
      F.block<3, 3>(pose + 3, n) = -Skew(rig.cameras[c].camera_from_lab.translation);
      n += 3;
    }
  }
  return F.leftCols(n);
}

AdjustedRig AdjustRigWithWeights(const CameraRig& rig, const CameraRig& start,
                                 const FreeParts& free, bool choose, Parallelism parallelism,
                                 const WorkControl& control, FreePoints* points) {
  AdjustedRig adjusted{start};
  if (choose) SelectSightings(WeighAnew(start, parallelism, points), points);
  FitFreePoints(start, 0.0, parallelism, points);
  adjusted.scale = ResidualScale(*points);
  Iterate(rig, free, {false, kMaxLastIterations, kTolerance}, parallelism, control, points,
          &adjusted);
  return adjusted;
}

AdjustedRig AdjustRig(const CameraRig& rig, const CameraRig& start, const FreeParts& free,
                      Parallelism parallelism, const WorkControl& control, FreePoints* points) {
  AdjustedRig adjusted{start};
  adjusted.scale = WeighAnew(start, parallelism, points);
  Iterate(rig, free, {true, kMaxRobustIterations, kRobustTolerance}, parallelism, control, points,
          &adjusted);
  SelectSightings(adjusted.scale, points);
  AdjustedRig last =
      AdjustRigWithWeights(rig, adjusted.rig, free, false, parallelism, control, points);
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
