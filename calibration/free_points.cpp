#include "calibration/free_points.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include "calibration/projection.hpp"
#include "calibration/so3.hpp"
#include "calibration/view_normal.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kPointGrain = 256;
constexpr int kMaxFitSteps = 12;
constexpr double kStepTolerance = 1e-7;  // metres
// Rays whose information in the worst direction is this much less than in the best are parallel.
constexpr double kParallelRatio = 1e-7;
// Median of a squared residual of two coordinates, with the part that three fitted numbers take
// from a point of four or five sightings.
constexpr double kMedianSquare = 2.0 * 0.6931471805599453 * 0.67;

// Residual of one sighting over sigma and its derivatives by the point and by its velocity.
template <int D>
struct PointRow {
  Eigen::Vector2d residual;
  Eigen::Matrix<double, 2, D> by_point;
};

template <int D>
bool MakeRow(const Camera& camera, const PointSighting& sighting, const FreePoint& point,
             PixelDerivatives* pixel, Eigen::Vector3d* turned, PointRow<D>* row) {
  const RigidTransform& pose = camera.camera_from_lab;
  *turned = pose.rotation * (point.x_in_lab + sighting.delay * point.velocity);
  if (!ProjectWithDerivatives(camera.model.kind(), camera.model.intrinsics().data(),
                              *turned + pose.translation, pixel)) {
    return false;
  }
  row->residual = sighting.inverse_sigma * (sighting.xy - pixel->xy);
  row->by_point.template leftCols<3>() = sighting.inverse_sigma * pixel->by_point * pose.rotation;
  if constexpr (D == 6) {
    row->by_point.template rightCols<3>() = sighting.delay * row->by_point.template leftCols<3>();
  }
  return true;
}

// The point nearest to the rays, each weighed by the square of its share.
bool MiddleOfRays(const CameraRig& rig, std::span<const PointSighting> sightings,
                  Eigen::Vector3d* x) {
  Eigen::Matrix3d H = Eigen::Matrix3d::Zero();
  Eigen::Vector3d g = Eigen::Vector3d::Zero();
  for (const PointSighting& sighting : sightings) {
    if (sighting.weight <= 0.0) continue;
    const RigidTransform& pose = rig.cameras[sighting.camera].camera_from_lab;
    const Eigen::Vector3d d = pose.rotation.transpose() * sighting.direction;
    const Eigen::Matrix3d across = Eigen::Matrix3d::Identity() - d * d.transpose();
    H += across;
    g -= across * (pose.rotation.transpose() * pose.translation);
  }
  const double size = H.trace() / 3.0;
  if (!(H.determinant() > kParallelRatio * size * size * size)) return false;
  *x = H.inverse() * g;
  return x->allFinite();
}

template <int D>
struct PointNormal {
  Eigen::Matrix<double, D, D> H = Eigen::Matrix<double, D, D>::Zero();
  Eigen::Matrix<double, D, 1> g = Eigen::Matrix<double, D, 1>::Zero();

  void AddSpeed(const FreePoint& point, double speed) {
    if constexpr (D == 6) {
      const double information = 1.0 / (speed * speed);
      H.template bottomRightCorner<3, 3>().diagonal().array() += information;
      g.template tail<3>() -= information * point.velocity;
    }
  }
};

// Normal equation of the point; renews residuals and, where robust, weights.
template <int D>
bool Accumulate(const CameraRig& rig, double robust_scale, double speed, const FreePoint& point,
                std::span<PointSighting> sightings, PointNormal<D>* normal) {
  for (PointSighting& sighting : sightings) {
    if (sighting.weight <= 0.0) continue;
    PixelDerivatives pixel;
    Eigen::Vector3d turned;
    PointRow<D> row;
    if (!MakeRow(rig.cameras[sighting.camera], sighting, point, &pixel, &turned, &row)) {
      return false;
    }
    sighting.squared = row.residual.squaredNorm();
    if (robust_scale > 0.0) sighting.weight = GemanMcClureWeight(sighting.squared, robust_scale);
    normal->H += sighting.weight * row.by_point.transpose() * row.by_point;
    normal->g += sighting.weight * row.by_point.transpose() * row.residual;
  }
  normal->AddSpeed(point, speed);
  return true;
}

template <int D>
bool FitSteps(const CameraRig& rig, double robust_scale, double speed,
              std::span<PointSighting> sightings, FreePoint* point) {
  for (int step = 0; step < kMaxFitSteps; ++step) {
    PointNormal<D> normal;
    if (!Accumulate(rig, robust_scale, speed, *point, sightings, &normal)) return false;
    const Eigen::Matrix<double, D, 1> d = normal.H.ldlt().solve(normal.g);
    if (!d.allFinite()) return false;
    point->x_in_lab += d.template head<3>();
    if constexpr (D == 6) point->velocity += d.template tail<3>();
    if (d.template head<3>().norm() < kStepTolerance) break;
  }
  // Residuals at the place itself.
  PointNormal<D> last;
  return Accumulate(rig, robust_scale, speed, *point, sightings, &last);
}

// Parameters of the sighting's camera: intrinsics as `columns` has them, then the pose.
LocalJacobian CameraRow(const Camera& camera, const PointSighting& sighting,
                        const PixelDerivatives& pixel, const Eigen::Vector3d& turned,
                        IntrinsicColumns columns) {
  const int count = columns == IntrinsicColumns::kZoom ? 1 : IntrinsicCount(camera.model.kind());
  LocalJacobian J(2, count + 6);
  if (columns == IntrinsicColumns::kZoom) {
    const std::vector<double>& k = camera.model.intrinsics();
    J.col(0) = k[0] * pixel.by_intrinsics.col(0) + k[1] * pixel.by_intrinsics.col(1);
  } else {
    J.leftCols(count) = pixel.by_intrinsics.leftCols(count);
  }
  J.middleCols<3>(count) = -pixel.by_point * Skew(turned);
  J.rightCols<3>() = pixel.by_point;
  return sighting.inverse_sigma * J;
}

// One sighting's part of the normal equation of its point and its camera. M is the number of the
// camera's parameters where it is known.
template <int D, int M>
struct Coupling {
  static constexpr int kMost = M == Eigen::Dynamic ? kMaxLocal : M;
  using Matrix = Eigen::Matrix<double, M, D, 0, kMost, D>;
  int offset;
  int count;
  Matrix by_both;  // J_camera^T J_point
};

// Takes the point out of the normal equation: A - E H^-1 E^T, b - E H^-1 g.
template <int D, int M>
void Eliminate(const PointNormal<D>& own, std::vector<Coupling<D, M>>* couplings,
               RigNormal* normal) {
  const Eigen::LLT<Eigen::Matrix<double, D, D>> factor(own.H);
  const Eigen::Matrix<double, D, 1> step = factor.solve(own.g);
  // E L^-T, of which the eliminated part is the outer product.
  const Eigen::Matrix<double, D, D> inverse =
      factor.matrixL().solve(Eigen::Matrix<double, D, D>::Identity());
  for (Coupling<D, M>& coupling : *couplings) {
    normal->b.segment<M>(coupling.offset, coupling.count) -= coupling.by_both * step;
    coupling.by_both = coupling.by_both.lazyProduct(inverse.transpose()).eval();
  }
  for (std::size_t k = 0; k < couplings->size(); ++k) {
    for (std::size_t l = 0; l <= k; ++l) {
      const Coupling<D, M>& a = (*couplings)[k];
      const Coupling<D, M>& b = (*couplings)[l];
      normal->A.block<M, M>(a.offset, b.offset, a.count, b.count) -=
          a.by_both.lazyProduct(b.by_both.transpose());
    }
  }
}

template <int D, int M>
void AddPoint(const CameraRig& rig, const FreePoints& points, const FreePoint& point,
              const CameraLayout& layout, IntrinsicColumns columns,
              std::vector<Coupling<D, M>>* couplings, RigNormal* normal) {
  PointNormal<D> own;
  couplings->clear();
  for (const PointSighting& sighting : points.Of(point)) {
    if (sighting.weight <= 0.0) continue;
    const Camera& camera = rig.cameras[sighting.camera];
    PixelDerivatives pixel;
    Eigen::Vector3d turned;
    PointRow<D> row;
    if (!MakeRow(camera, sighting, point, &pixel, &turned, &row)) continue;
    using Row = Eigen::Matrix<double, 2, M, 0, 2, Coupling<D, M>::kMost>;
    const Row J = CameraRow(camera, sighting, pixel, turned, columns);
    const Row weighted = sighting.weight * J;
    own.H += sighting.weight * row.by_point.transpose() * row.by_point;
    own.g += sighting.weight * row.by_point.transpose() * row.residual;
    const auto count = static_cast<int>(J.cols());
    const int offset = layout.intrinsics_offset[sighting.camera];
    normal->A.block<M, M>(offset, offset, count, count) += J.transpose().lazyProduct(weighted);
    normal->b.segment<M>(offset, count) += weighted.transpose() * row.residual;
    couplings->push_back({offset, count, weighted.transpose().lazyProduct(row.by_point)});
  }
  own.AddSpeed(point, points.speed);
  Eliminate(own, couplings, normal);
}

template <int D, int M>
RigNormal NormalOf(const CameraRig& rig, const FreePoints& points, const CameraLayout& layout,
                   IntrinsicColumns columns, std::size_t first, std::size_t last) {
  RigNormal normal{Eigen::MatrixXd::Zero(layout.size, layout.size),
                   Eigen::VectorXd::Zero(layout.size)};
  std::vector<Coupling<D, M>> couplings;
  for (std::size_t i = first; i < last; ++i) {
    if (!points.points[i].usable) continue;
    AddPoint(rig, points, points.points[i], layout, columns, &couplings, &normal);
  }
  // Sightings stand by ascending camera: the blocks below the diagonal are filled.
  normal.A.triangularView<Eigen::StrictlyUpper>() = normal.A.transpose();
  return normal;
}

}  // namespace

FreePoints FreePoints::EverySample(std::size_t stride) const {
  FreePoints some{{}, {}, samples, speed};
  for (FreePoint point : points) {
    if (point.sample % stride != 0) continue;
    const std::span<const PointSighting> seen = Of(point);
    point.begin = some.sightings.size();
    some.sightings.insert(some.sightings.end(), seen.begin(), seen.end());
    point.end = some.sightings.size();
    some.points.push_back(point);
  }
  return some;
}

bool FitFreePoint(const CameraRig& rig, double robust_scale, bool start, FreePoints* points,
                  std::size_t index) {
  FreePoint& point = points->points[index];
  const std::span<PointSighting> sightings = points->Of(point);
  const auto used = std::count_if(sightings.begin(), sightings.end(),
                                  [](const PointSighting& s) { return s.weight > 0.0; });
  point.usable = false;
  if (used < 2) return false;
  if (!start) {
    point.velocity.setZero();
    if (!MiddleOfRays(rig, sightings, &point.x_in_lab)) return false;
  }
  point.usable = points->speed > 0.0
                     ? FitSteps<6>(rig, robust_scale, points->speed, sightings, &point)
                     : FitSteps<3>(rig, robust_scale, points->speed, sightings, &point);
  return point.usable;
}

void FitFreePoints(const CameraRig& rig, double robust_scale, Parallelism parallelism,
                   FreePoints* points) {
  ParallelFor(parallelism, points->points.size(), kPointGrain,
              [&](std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i) {
                  const bool start = points->points[i].usable;
                  FitFreePoint(rig, robust_scale, start, points, i);
                }
              });
}

double ResidualScale(const FreePoints& points) {
  std::vector<double> squared;
  squared.reserve(points.sightings.size());
  for (const FreePoint& point : points.points) {
    if (!point.usable || point.end - point.begin < 3) continue;
    for (const PointSighting& sighting : points.Of(point)) {
      if (sighting.weight > 0.0) squared.push_back(sighting.squared);
    }
  }
  if (squared.empty()) return 1.0;
  const auto middle = squared.begin() + static_cast<std::ptrdiff_t>(squared.size() / 2);
  std::nth_element(squared.begin(), middle, squared.end());
  return std::sqrt(*middle / kMedianSquare);
}

CameraLayout LayoutOf(const CameraRig& rig, IntrinsicColumns columns) {
  CameraLayout layout;
  for (const Camera& camera : rig.cameras) {
    const int count = columns == IntrinsicColumns::kZoom ? 1 : IntrinsicCount(camera.model.kind());
    layout.intrinsics_offset.push_back(layout.size);
    layout.intrinsics_count.push_back(count);
    layout.pose_offset.push_back(layout.size + count);
    layout.size += count + 6;
  }
  return layout;
}

RigNormal NormalOfPoints(const CameraRig& rig, const FreePoints& points, const CameraLayout& layout,
                         IntrinsicColumns columns, std::size_t first, std::size_t last) {
  constexpr int kAny = Eigen::Dynamic;
  if (columns == IntrinsicColumns::kZoom) {
    return points.speed > 0.0 ? NormalOf<6, 7>(rig, points, layout, columns, first, last)
                              : NormalOf<3, 7>(rig, points, layout, columns, first, last);
  }
  return points.speed > 0.0 ? NormalOf<6, kAny>(rig, points, layout, columns, first, last)
                            : NormalOf<3, kAny>(rig, points, layout, columns, first, last);
}

std::vector<std::size_t> SplitBySample(const FreePoints& points, std::size_t count) {
  std::vector<std::size_t> runs = {0};
  std::size_t run = 0;
  for (std::size_t i = 0; i < points.points.size(); ++i) {
    const std::size_t own =
        points.points[i].sample * count / std::max<std::size_t>(points.samples, 1);
    if (own != run && i > runs.back()) runs.push_back(i);
    run = own;
  }
  runs.push_back(points.points.size());
  return runs;
}

std::vector<RigNormal> NormalsOfRuns(const CameraRig& rig, const FreePoints& points,
                                     IntrinsicColumns columns, const std::vector<std::size_t>& runs,
                                     Parallelism parallelism) {
  const CameraLayout layout = LayoutOf(rig, columns);
  std::vector<RigNormal> normals(runs.size() - 1);
  ParallelFor(parallelism, normals.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      normals[i] = NormalOfPoints(rig, points, layout, columns, runs[i], runs[i + 1]);
    }
  });
  return normals;
}

RigNormal SumOf(const std::vector<RigNormal>& normals) {
  RigNormal sum = normals.front();
  for (std::size_t i = 1; i < normals.size(); ++i) {
    sum.A += normals[i].A;
    sum.b += normals[i].b;
  }
  return sum;
}

}  // namespace medius::calibration
