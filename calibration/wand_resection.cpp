#include "calibration/wand_resection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/Geometry>
#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>

#include "calibration/projection.hpp"
#include "calibration/so3.hpp"
#include "calibration/wand_random.hpp"
#include "core/camera_model.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kFewestFrames = 8;
constexpr double kLeastShare = 1.0 / 3.0;
constexpr std::size_t kSampleFrames = 4;
constexpr int kIterations = 80;
constexpr int kAmbiguousIterations = 800;  // one sample in 16 is right where all can be swapped
constexpr std::size_t kMostScored = 100;
constexpr int kRefits = 4;
// Share of the image's width within which a point agrees with the linear solution, which knows of
// no distortion.
constexpr double kThreshold = 0.02;
constexpr int kSteps = 30;

using Matrix12 = Eigen::Matrix<double, 12, 12>;
using Vector12 = Eigen::Matrix<double, 12, 1>;
using Projection = Eigen::Matrix<double, 3, 4>;

// Frames in the coordinates of the linear solution: the lab's centred, the image's centred and over
// its width, or undistorted.
struct Scaled {
  std::vector<ResectionFrame> frames;
  Eigen::Vector3d middle = Eigen::Vector3d::Zero();
  double size = 1.0;  // metres
  double unit = 1.0;  // pixels
};

Eigen::Vector2d CentreOf(const ResectionCamera& camera) {
  return {0.5 * (camera.width - 1), 0.5 * (camera.height - 1)};
}

// False where a point has no direction under the known lens.
bool ScalePixel(const ResectionCamera& camera, const std::optional<CameraModel>& lens,
                Eigen::Vector2d* xy) {
  if (!lens) {
    *xy = (*xy - CentreOf(camera)) / camera.width;
    return true;
  }
  const auto ray = lens->Unproject(*xy);
  if (!ray || ray->z() <= 0.0) return false;
  *xy = ray->hnormalized();
  return true;
}

Scaled ScaleFrames(const ResectionCamera& camera, const std::vector<ResectionFrame>& frames) {
  Scaled scaled;
  std::optional<CameraModel> lens;
  scaled.unit = camera.width;
  if (camera.intrinsics) {
    const auto count = static_cast<std::ptrdiff_t>(IntrinsicCount(camera.kind));
    lens.emplace(camera.kind, std::vector<double>(camera.intrinsics->begin(),
                                                  camera.intrinsics->begin() + count));
    scaled.unit = (*camera.intrinsics)[0];
  }
  double count = 0.0;
  double squares = 0.0;
  for (const ResectionFrame& frame : frames) {
    for (const Eigen::Vector3d& x : frame.x_in_lab) {
      scaled.middle += x;
      squares += x.squaredNorm();
      count += 1.0;
    }
  }
  scaled.middle /= count;
  scaled.size = std::sqrt(std::max(1e-12, squares / count - scaled.middle.squaredNorm()));
  for (ResectionFrame frame : frames) {
    for (Eigen::Vector3d& x : frame.x_in_lab) x = (x - scaled.middle) / scaled.size;
    std::erase_if(frame.labellings, [&](std::vector<Eigen::Vector2d>& labelling) {
      return !std::all_of(labelling.begin(), labelling.end(),
                          [&](Eigen::Vector2d& xy) { return ScalePixel(camera, lens, &xy); });
    });
    scaled.frames.push_back(std::move(frame));
  }
  return scaled;
}

void AddPoint(const Eigen::Vector3d& x, const Eigen::Vector2d& xy, Matrix12* normal) {
  const Eigen::Vector4d X = x.homogeneous();
  Vector12 row = Vector12::Zero();
  row.head<4>() = X;
  row.tail<4>() = -xy.x() * X;
  *normal += row * row.transpose();
  row.setZero();
  row.segment<4>(4) = X;
  row.tail<4>() = -xy.y() * X;
  *normal += row * row.transpose();
}

// The projection that fits, of the sign that puts most of its points before the camera.
Projection Solve(const Matrix12& normal, const Eigen::Vector3d& point) {
  const Eigen::SelfAdjointEigenSolver<Matrix12> eigen(normal);
  const Vector12 v = eigen.eigenvectors().col(0);
  Projection P;
  P.row(0) = v.segment<4>(0).transpose();
  P.row(1) = v.segment<4>(4).transpose();
  P.row(2) = v.segment<4>(8).transpose();
  if (P.row(2).dot(point.homogeneous()) < 0.0) P = -P;
  return P;
}

double Distance2(const Projection& P, const Eigen::Vector3d& x, const Eigen::Vector2d& xy) {
  const Eigen::Vector3d p = P * x.homogeneous();
  if (p.z() <= 0.0) return std::numeric_limits<double>::infinity();
  return (p.hnormalized() - xy).squaredNorm();
}

std::pair<int, double> BestLabelling(const Projection& P, const ResectionFrame& frame) {
  std::pair<int, double> best{-1, std::numeric_limits<double>::infinity()};
  for (std::size_t l = 0; l < frame.labellings.size(); ++l) {
    double worst = 0.0;
    for (std::size_t m = 0; m < frame.x_in_lab.size(); ++m) {
      worst = std::max(worst, Distance2(P, frame.x_in_lab[m], frame.labellings[l][m]));
    }
    if (worst < best.second) best = {static_cast<int>(l), worst};
  }
  return best;
}

double CostOf(const Projection& P, const std::vector<ResectionFrame>& frames, double limit2) {
  const std::size_t step = std::max<std::size_t>(1, frames.size() / kMostScored);
  double cost = 0.0;
  for (std::size_t i = 0; i < frames.size(); i += step) {
    cost += std::min(limit2, BestLabelling(P, frames[i]).second);
  }
  return cost;
}

Projection FitSample(const std::vector<ResectionFrame>& frames, SampleSequence* random) {
  Matrix12 normal = Matrix12::Zero();
  Eigen::Vector3d point = Eigen::Vector3d::Zero();
  for (std::size_t k = 0; k < kSampleFrames; ++k) {
    const ResectionFrame& frame = frames[random->Below(frames.size())];
    if (frame.labellings.empty()) continue;
    const auto& xy = frame.labellings[random->Below(frame.labellings.size())];
    for (std::size_t m = 0; m < xy.size(); ++m) AddPoint(frame.x_in_lab[m], xy[m], &normal);
    point = frame.x_in_lab[0];
  }
  return Solve(normal, point);
}

// What agrees with a linear solution, which is fitted to it in turns.
struct Consensus {
  Projection P;
  std::vector<int> labelling;  // [frames] or -1
  std::size_t inliers = 0;
};

void Refit(const std::vector<ResectionFrame>& frames, double threshold, Consensus* consensus) {
  for (int round = 0; round < kRefits; ++round) {
    Matrix12 normal = Matrix12::Zero();
    Eigen::Vector3d point = Eigen::Vector3d::Zero();
    consensus->inliers = 0;
    consensus->labelling.assign(frames.size(), -1);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const auto [labelling, worst2] = BestLabelling(consensus->P, frames[i]);
      if (worst2 > threshold * threshold) continue;
      consensus->labelling[i] = labelling;
      ++consensus->inliers;
      point = frames[i].x_in_lab[0];
      const auto& xy = frames[i].labellings[static_cast<std::size_t>(labelling)];
      for (std::size_t m = 0; m < xy.size(); ++m) AddPoint(frames[i].x_in_lab[m], xy[m], &normal);
    }
    if (consensus->inliers < kFewestFrames || round + 1 == kRefits) return;
    consensus->P = Solve(normal, point);
  }
}

// Focal length (units of the image) and place of a projection, its axis taken to be in the middle.
struct Placed {
  double focal = 1.0;
  RigidTransform camera_from_lab;
};

Placed Decompose(const Projection& P, bool known, std::optional<double> focal_guess,
                 const Scaled& scaled) {
  Eigen::Matrix3d M = P.leftCols<3>();
  const double norm = M.row(2).norm();
  M /= norm;
  Placed placed;
  if (!known) {
    // Rows of K R: |r1 x r3| and |r2 x r3| are the focal lengths, whatever the principal point.
    const double fx = M.row(0).cross(M.row(2)).norm();
    const double fy = M.row(1).cross(M.row(2)).norm();
    placed.focal = std::clamp(std::sqrt(fx * fy), 0.2, 6.0);
    if (focal_guess) {
      placed.focal = std::clamp(placed.focal, 0.7 * *focal_guess, 1.4 * *focal_guess);
    }
  }
  const Eigen::Vector3d inverse_focal(1.0 / placed.focal, 1.0 / placed.focal, 1.0);
  const Eigen::Matrix3d scaled_rotation = inverse_focal.asDiagonal() * M;
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(scaled_rotation,
                                              Eigen::ComputeFullU | Eigen::ComputeFullV);
  placed.camera_from_lab.rotation = svd.matrixU() * svd.matrixV().transpose();
  // The mean of the singular values.
  const double scale = placed.camera_from_lab.rotation.cwiseProduct(scaled_rotation).sum() / 3.0;
  const Eigen::Vector3d t = inverse_focal.asDiagonal() * P.col(3) / (norm * scale);
  placed.camera_from_lab.translation =
      scaled.size * t - placed.camera_from_lab.rotation * scaled.middle;
  return placed;
}

// The labelled points of the frames that agree, in metres and pixels.
struct KnownPoint {
  Eigen::Vector3d x_in_lab;
  Eigen::Vector2d xy;
};

using Vector8 = Eigen::Matrix<double, 8, 1>;
using Matrix8 = Eigen::Matrix<double, 8, 8>;

// Normal equations by (focal length, first distortion term, rotation, translation), Cauchy's loss.
bool Linearize(const ResectionCamera& camera, const Resection& at,
               const std::vector<KnownPoint>& points, double scale, Matrix8* H, Vector8* g,
               double* cost) {
  H->setZero();
  g->setZero();
  *cost = 0.0;
  PixelDerivatives pixel;
  for (const KnownPoint& point : points) {
    const Eigen::Vector3d turned = at.camera_from_lab.rotation * point.x_in_lab;
    if (!ProjectWithDerivatives(camera.kind, at.intrinsics.data(),
                                turned + at.camera_from_lab.translation, &pixel)) {
      *cost += 10.0 * scale * scale;
      continue;
    }
    Eigen::Matrix<double, 2, 8> J;
    J.col(0) = pixel.by_intrinsics.col(0) + pixel.by_intrinsics.col(1);
    J.col(1) = pixel.by_intrinsics.col(4);
    for (int row = 0; row < 2; ++row) {
      const Eigen::Vector3d gradient = pixel.by_point.row(row).transpose();
      J.block<1, 3>(row, 2) = turned.cross(gradient).transpose();
    }
    J.rightCols<3>() = pixel.by_point;
    if (camera.intrinsics) J.leftCols<2>().setZero();
    const Eigen::Vector2d residual = point.xy - pixel.xy;
    const double s = residual.squaredNorm() / (scale * scale);
    *H += J.transpose() * J / (1.0 + s);
    *g += J.transpose() * residual / (1.0 + s);
    *cost += 0.5 * scale * scale * std::log1p(s);
  }
  return std::isfinite(*cost);
}

Resection Moved(const Resection& at, const Vector8& step) {
  Resection moved = at;
  moved.intrinsics[0] += step[0];
  moved.intrinsics[1] += step[0];
  moved.intrinsics[4] += step[1];
  moved.camera_from_lab.rotation =
      RotationFromVector(step.segment<3>(2)) * at.camera_from_lab.rotation;
  moved.camera_from_lab.translation += step.tail<3>();
  return moved;
}

// Median distance of the points, pixels.
double MedianError(const ResectionCamera& camera, const Resection& at,
                   const std::vector<KnownPoint>& points) {
  std::vector<double> errors;
  for (const KnownPoint& point : points) {
    Eigen::Vector2d xy;
    const bool seen =
        ProjectPixel(camera.kind, at.intrinsics.data(), at.camera_from_lab * point.x_in_lab, &xy);
    errors.push_back(seen ? (xy - point.xy).norm() : std::numeric_limits<double>::infinity());
  }
  const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
  std::nth_element(errors.begin(), middle, errors.end());
  return *middle;
}

// Levenberg-Marquardt at a scale of the loss that follows the residuals.
void Refine(const ResectionCamera& camera, const std::vector<KnownPoint>& points, Resection* at) {
  Matrix8 H;
  Matrix8 ignored_H;
  Vector8 g;
  Vector8 ignored_g;
  double damping = 1e-4;
  for (int i = 0; i < kSteps; ++i) {
    const double scale = std::max(0.5, 2.0 * MedianError(camera, *at, points));
    double cost = 0.0;
    if (!std::isfinite(scale) || !Linearize(camera, *at, points, scale, &H, &g, &cost)) return;
    bool moved = false;
    double gain = 0.0;
    for (int attempt = 0; attempt < 8 && !moved; ++attempt, damping *= 10.0) {
      Matrix8 damped = H;
      damped.diagonal() *= 1.0 + damping;
      damped.diagonal().array() += 1e-12;
      const Resection next = Moved(*at, damped.ldlt().solve(g));
      double next_cost = 0.0;
      if (!(next.intrinsics[0] > 0.0)) continue;
      if (!Linearize(camera, next, points, scale, &ignored_H, &ignored_g, &next_cost)) continue;
      if (next_cost > cost) continue;
      gain = cost - next_cost;
      *at = next;
      moved = true;
    }
    if (!moved || gain < 1e-5 * cost) break;
    damping = std::max(1e-8, damping * 1e-3);
  }
  at->camera_from_lab.rotation = Renormalized(at->camera_from_lab.rotation);
  at->median_px = MedianError(camera, *at, points);
}

std::optional<Consensus> FindConsensus(const Scaled& scaled, std::uint64_t seed) {
  SampleSequence random(seed);
  const auto ambiguous =
      std::count_if(scaled.frames.begin(), scaled.frames.end(),
                    [](const ResectionFrame& frame) { return frame.labellings.size() > 1; });
  const bool is_ambiguous = static_cast<std::size_t>(ambiguous) > scaled.frames.size() / 4;
  Consensus consensus;
  double least = std::numeric_limits<double>::infinity();
  const int repeats = static_cast<int>(std::clamp<std::size_t>(100 / scaled.frames.size(), 1, 8));
  for (int i = 0; i < (is_ambiguous ? kAmbiguousIterations : repeats * kIterations); ++i) {
    const Projection P = FitSample(scaled.frames, &random);
    const double cost = CostOf(P, scaled.frames, kThreshold * kThreshold);
    if (cost >= least) continue;
    least = cost;
    consensus.P = P;
  }
  Refit(scaled.frames, kThreshold, &consensus);
  const auto count = static_cast<double>(scaled.frames.size());
  if (consensus.inliers < kFewestFrames) return std::nullopt;
  if (static_cast<double>(consensus.inliers) < kLeastShare * count) return std::nullopt;
  return consensus;
}

}  // namespace

std::optional<Resection> ResectCamera(const ResectionCamera& camera,
                                      const std::vector<ResectionFrame>& frames,
                                      std::uint64_t seed) {
  if (frames.size() < kFewestFrames) return std::nullopt;
  const Scaled scaled = ScaleFrames(camera, frames);
  const auto consensus = FindConsensus(scaled, seed);
  if (!consensus) return std::nullopt;
  Resection result;
  result.inliers = consensus->inliers;
  if (consensus->P.leftCols<3>().determinant() < 0.0) {
    result.mirrored = true;
    return result;
  }
  std::optional<double> guess;
  if (camera.focal_guess) guess = *camera.focal_guess / scaled.unit;
  const Placed placed = Decompose(consensus->P, camera.intrinsics.has_value(), guess, scaled);
  result.camera_from_lab = placed.camera_from_lab;
  if (camera.intrinsics) {
    result.intrinsics = *camera.intrinsics;
  } else {
    const Eigen::Vector2d centre = CentreOf(camera);
    const double focal = placed.focal * scaled.unit;
    result.intrinsics = {focal, focal, centre.x(), centre.y()};
  }
  std::vector<KnownPoint> points;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (consensus->labelling[i] < 0) continue;
    // Undistorting may have dropped labellings: then the numbers are those of what was kept.
    const auto& scaled_xy =
        scaled.frames[i].labellings[static_cast<std::size_t>(consensus->labelling[i])];
    for (std::size_t m = 0; m < scaled_xy.size(); ++m) {
      Eigen::Vector2d xy = scaled_xy[m] * camera.width + CentreOf(camera);
      if (camera.intrinsics) {
        ProjectPixel(camera.kind, camera.intrinsics->data(), scaled_xy[m].homogeneous(), &xy);
      }
      points.push_back({frames[i].x_in_lab[m], xy});
    }
  }
  Refine(camera, points, &result);
  return result;
}

}  // namespace medius::calibration
