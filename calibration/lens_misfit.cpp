#include "calibration/lens_misfit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

#include "calibration/projection.hpp"
#include "calibration/sign_test.hpp"
#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

constexpr int kRadialTerms = 3;
constexpr int kSmoothTerms = kRadialTerms + 14;
// A displacement of which the poses and intrinsics leave less than this share is none of its own.
constexpr double kLeastShare = 1e-4;

// [2, terms] displacements at a pixel, pixels.
Eigen::Matrix<double, 2, kSmoothTerms> DisplacementsAt(const Eigen::Vector2d& xy,
                                                       const UncalibratedCamera& image) {
  const Eigen::Vector2d middle(0.5 * (image.width - 1), 0.5 * (image.height - 1));
  const Eigen::Vector2d u = (xy - middle) / middle.norm();
  const double r2 = u.squaredNorm();
  const double x = u.x();
  const double y = u.y();
  const std::array<double, 7> terms{x * x,     x * y,     y * y,    x * x * x,
                                    x * x * y, x * y * y, y * y * y};
  Eigen::Matrix<double, 2, kSmoothTerms> displacement;
  displacement.setZero();
  displacement.col(0) = u * r2;
  displacement.col(1) = u * r2 * r2;
  displacement.col(2) = u * r2 * r2 * r2;
  for (int i = 0; i < 7; ++i) {
    displacement(0, kRadialTerms + 2 * i) = terms[static_cast<std::size_t>(i)];
    displacement(1, kRadialTerms + 2 * i + 1) = terms[static_cast<std::size_t>(i)];
  }
  return displacement;
}

// One camera's views, with everything that its pixels depend on.
class CameraProblem {
 public:
  CameraProblem(const TargetObservations& observations, const CalibrationResult& result,
                CameraId camera)
      : observations_(observations), result_(result), camera_(camera) {
    for (std::size_t i = 0; i < result.target_poses.size(); ++i) {
      pose_of_[{result.target_poses[i].frame, result.target_poses[i].target}] = i;
    }
    const CameraLayout& layout = result.covariance.layout;
    for (int i = 0; i < layout.intrinsics_count[camera.index()]; ++i) {
      const int column = layout.intrinsics_offset[camera.index()] + i;
      if (result.covariance.matrix(column, column) > 0.0) free_.push_back(i);
    }
    size_ = kSmoothTerms + static_cast<int>(free_.size());
    normal_ = Eigen::MatrixXd::Zero(size_, size_);
  }

  // Adds all views; [blocks] groups of neighbours have one score.
  void Add() {
    const auto used = UsedSightings(observations_, result_);
    std::vector<std::size_t> views;
    for (std::size_t v = 0; v < observations_.views.size(); ++v) {
      const TargetView& view = observations_.views[v];
      if (view.camera != camera_ || pose_of_.count({view.frame, view.target}) == 0) continue;
      if (std::find(used[v].begin(), used[v].end(), std::uint8_t{1}) != used[v].end()) {
        views.push_back(v);
      }
    }
    std::sort(views.begin(), views.end(), [&](std::size_t a, std::size_t b) {
      const TargetView& first = observations_.views[a];
      const TargetView& second = observations_.views[b];
      return std::tie(first.frame, first.target) < std::tie(second.frame, second.target);
    });
    const std::size_t group = ViewsOfBlock(views.size());
    score_ =
        Eigen::MatrixXd::Zero(static_cast<Eigen::Index>((views.size() + group - 1) / group), size_);
    for (std::size_t i = 0; i < views.size(); ++i) {
      AddView(views[i], used[views[i]], static_cast<Eigen::Index>(i / group));
    }
  }

  // What the first `terms` displacements explain beyond the free intrinsics.
  [[nodiscard]] PlacePattern Explained(int terms) const {
    PlacePattern pattern;
    if (sightings_ == 0) return pattern;
    const int intrinsics = size_ - kSmoothTerms;
    const Eigen::MatrixXd by_both = normal_.block(0, kSmoothTerms, terms, intrinsics);
    // Columns of very different size: scaled to 1 before anything is cut off.
    const Eigen::MatrixXd taken =
        by_both * PseudoInverse(normal_.bottomRightCorner(intrinsics, intrinsics), 1e-12);
    const Eigen::MatrixXd own = normal_.topLeftCorner(terms, terms) - taken * by_both.transpose();
    const Eigen::MatrixXd score =
        score_.leftCols(terms) - score_.rightCols(intrinsics) * taken.transpose();
    const SignTest test = TestSigns(score * InverseRoot(own, normal_.diagonal().head(terms)));
    pattern.rms = std::sqrt(std::max(0.0, test.excess) / (2.0 * static_cast<double>(sightings_)));
    pattern.p = test.p;
    return pattern;
  }

 private:
  static Eigen::MatrixXd PseudoInverse(const Eigen::MatrixXd& matrix, double least) {
    if (matrix.size() == 0) return matrix;
    const Eigen::MatrixXd root = InverseRoot(matrix, matrix.diagonal(), least);
    return root * root.transpose();
  }

  // [size, rank] W with W W^T the inverse of the matrix on the directions that keep a share of
  // `scale`, the diagonal before anything was taken off.
  static Eigen::MatrixXd InverseRoot(const Eigen::MatrixXd& matrix, const Eigen::VectorXd& scale,
                                     double least = kLeastShare) {
    const Eigen::VectorXd unit = scale.cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(unit.asDiagonal() * matrix *
                                                                unit.asDiagonal());
    const auto rank = static_cast<Eigen::Index>((solver.eigenvalues().array() > least).count());
    return unit.asDiagonal() * solver.eigenvectors().rightCols(rank) *
           solver.eigenvalues().tail(rank).cwiseSqrt().cwiseInverse().asDiagonal();
  }

  void AddView(std::size_t index, const std::vector<std::uint8_t>& used, Eigen::Index block) {
    const TargetView& view = observations_.views[index];
    const TargetPose& pose = result_.target_poses[pose_of_.at({view.frame, view.target})];
    const Camera& camera = result_.rig[camera_];
    const RigidTransform camera_from_target = camera.camera_from_lab * pose.lab_from_target;
    const auto count = std::count(used.begin(), used.end(), std::uint8_t{1});
    Eigen::MatrixXd by_pose(2 * count, 6);
    Eigen::MatrixXd columns(2 * count, size_);
    Eigen::VectorXd residual(2 * count);
    Eigen::Index row = 0;
    for (std::size_t i = 0; i < view.xy.size(); ++i) {
      if (used[i] == 0) continue;
      const Eigen::Vector3d turned =
          camera_from_target.rotation * observations_.targets[view.target].points[view.point[i]];
      PixelDerivatives pixel;
      if (!ProjectWithDerivatives(camera.model.kind(), camera.model.intrinsics().data(),
                                  turned + camera_from_target.translation, &pixel)) {
        continue;
      }
      by_pose.block<2, 3>(row, 0) = -pixel.by_point * Skew(turned);
      by_pose.block<2, 3>(row, 3) = pixel.by_point;
      // Where it should be seen: the noise of where it was would go with its residual.
      columns.block<2, kSmoothTerms>(row, 0) =
          DisplacementsAt(pixel.xy, observations_.cameras[camera_.index()]);
      for (std::size_t k = 0; k < free_.size(); ++k) {
        columns.block<2, 1>(row, kSmoothTerms + static_cast<int>(k)) =
            pixel.by_intrinsics.col(free_[k]);
      }
      residual.segment<2>(row) = result_.residuals[index][i];
      row += 2;
    }
    AddRows(by_pose.topRows(row), columns.topRows(row), residual.head(row), block);
  }

  // Takes off what the pose of the view can take over.
  void AddRows(const Eigen::MatrixXd& by_pose, const Eigen::MatrixXd& columns,
               const Eigen::VectorXd& residual, Eigen::Index block) {
    if (by_pose.rows() == 0) return;
    const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(by_pose);
    const Eigen::Index rank = qr.rank();
    if (rank >= by_pose.rows()) return;
    const Eigen::MatrixXd turned = qr.householderQ().adjoint() * columns;
    const Eigen::VectorXd turned_residual = qr.householderQ().adjoint() * residual;
    const Eigen::Index left = by_pose.rows() - rank;
    normal_ += turned.bottomRows(left).transpose() * turned.bottomRows(left);
    score_.row(block) += turned_residual.tail(left).transpose() * turned.bottomRows(left);
    sightings_ += static_cast<std::size_t>(by_pose.rows() / 2);
  }

  const TargetObservations& observations_;
  const CalibrationResult& result_;
  CameraId camera_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> pose_of_;
  std::vector<int> free_;
  int size_ = 0;
  Eigen::MatrixXd normal_;
  Eigen::MatrixXd score_;  // [blocks, size]
  std::size_t sightings_ = 0;
};

}  // namespace

LensMisfit LensMisfitOf(const TargetObservations& observations, const CalibrationResult& result,
                        CameraId camera) {
  LensMisfit misfit;
  if (result.covariance.matrix.size() == 0) return misfit;
  CameraProblem problem(observations, result, camera);
  problem.Add();
  misfit.radial = problem.Explained(kRadialTerms);
  misfit.smooth = problem.Explained(kSmoothTerms);
  return misfit;
}

}  // namespace medius::calibration
