#include "tests/calibration/rig_errors.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

#include "calibration/free_points.hpp"
#include "calibration/projection.hpp"
#include "calibration/rig_covariance.hpp"
#include "calibration/so3.hpp"
#include "calibration/view_normal.hpp"

namespace medius::calibration {
namespace {

constexpr double kSigma = 0.3;         // pixels
constexpr double kFaces = 0.35;        // least cosine between the board's normal and the way to it
constexpr double kNoVariance = 1e-12;  // of the scaled information: a motion of the rig

struct Board {
  RigidTransform lab_from_board;
  std::vector<Eigen::Vector3d> points;
};

Board RandomBoard(std::mt19937_64* random) {
  std::uniform_real_distribution<double> unit(-1.0, 1.0);
  std::normal_distribution<double> normal;
  Board board;
  const Eigen::Vector3d turn(normal(*random), normal(*random), normal(*random));
  board.lab_from_board.rotation = RotationFromVector(3.0 * unit(*random) * turn.normalized());
  board.lab_from_board.translation << unit(*random), unit(*random), 1.0 + 0.8 * unit(*random);
  for (int i = 0; i < 7; ++i) {
    for (int j = 0; j < 5; ++j) board.points.emplace_back(0.08 * (i - 3), 0.08 * (j - 2), 0.0);
  }
  return board;
}

bool Sees(const Camera& camera, const Board& board) {
  const Eigen::Vector3d way =
      (camera.CentreInLab() - board.lab_from_board.translation).normalized();
  if (way.dot(board.lab_from_board.rotation.col(2)) < kFaces) return false;
  for (const Eigen::Vector3d& point : board.points) {
    const auto xy = camera.Project(board.lab_from_board * point);
    if (!xy || !camera.IsInImage(*xy)) return false;
  }
  return true;
}

// Adds what one board tells, its own place unknown.
void AddBoard(const CameraRig& rig, const CameraLayout& layout, const Board& board,
              Eigen::MatrixXd* information) {
  Matrix6 own = Matrix6::Zero();
  Eigen::MatrixXd both = Eigen::MatrixXd::Zero(layout.size, 6);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const Camera& camera = rig.cameras[c];
    if (!Sees(camera, board)) continue;
    const int count = layout.intrinsics_count[c];
    const int first = layout.intrinsics_offset[c];
    const Eigen::Matrix3d& R = camera.camera_from_lab.rotation;
    for (const Eigen::Vector3d& point : board.points) {
      const Eigen::Vector3d turned_board = board.lab_from_board.rotation * point;
      const Eigen::Vector3d turned = R * (turned_board + board.lab_from_board.translation);
      PixelDerivatives pixel;
      ProjectWithDerivatives(camera.model.kind(), camera.model.intrinsics().data(),
                             turned + camera.camera_from_lab.translation, &pixel);
      Eigen::MatrixXd J(2, count + 6);
      J << pixel.by_intrinsics.leftCols(count), -pixel.by_point * Skew(turned), pixel.by_point;
      Eigen::Matrix<double, 2, 6> by_board;
      by_board << -pixel.by_point * R * Skew(turned_board), pixel.by_point * R;
      information->block(first, first, count + 6, count + 6) += J.transpose() * J;
      both.middleRows(first, count + 6) += J.transpose() * by_board;
      own += by_board.transpose() * by_board;
    }
  }
  if (own.trace() > 0.0) *information -= both * own.ldlt().solve(both.transpose());
}

Eigen::MatrixXd InverseOnItsRange(const Eigen::MatrixXd& information) {
  const Eigen::VectorXd scale = information.diagonal().cwiseSqrt().cwiseInverse();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
      Eigen::MatrixXd(scale.asDiagonal() * information * scale.asDiagonal()));
  const double least = kNoVariance * eigen.eigenvalues().maxCoeff();
  const Eigen::VectorXd inverse =
      eigen.eigenvalues().unaryExpr([&](double v) { return v > least ? 1.0 / v : 0.0; });
  return scale.asDiagonal() * eigen.eigenvectors() * inverse.asDiagonal() *
         eigen.eigenvectors().transpose() * scale.asDiagonal();
}

Eigen::VectorXd Draw(const Eigen::MatrixXd& covariance, std::mt19937_64* random) {
  std::normal_distribution<double> normal;
  const Eigen::VectorXd sd = covariance.diagonal().cwiseSqrt();
  const Eigen::VectorXd inverse = sd.cwiseInverse();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
      Eigen::MatrixXd(inverse.asDiagonal() * covariance * inverse.asDiagonal()));
  Eigen::VectorXd drawn(sd.size());
  for (Eigen::Index i = 0; i < drawn.size(); ++i) {
    drawn(i) = normal(*random) * std::sqrt(std::max(0.0, eigen.eigenvalues()(i)));
  }
  return sd.cwiseProduct(eigen.eigenvectors() * drawn);
}

}  // namespace

CameraRig WithBoardErrors(const CameraRig& truth, std::uint64_t seed, int boards) {
  std::mt19937_64 random(seed);
  const CameraLayout layout = LayoutOf(truth, IntrinsicColumns::kAll);
  Eigen::MatrixXd information = Eigen::MatrixXd::Zero(layout.size, layout.size);
  for (int i = 0; i < boards; ++i) AddBoard(truth, layout, RandomBoard(&random), &information);
  std::vector<RigidTransform> places;
  for (const Camera& camera : truth.cameras) places.push_back(camera.camera_from_lab);
  RigCovariance covariance{layout, kSigma * kSigma * InverseOnItsRange(information)};
  covariance = InGauge(covariance, places, RigGauge::kCameraCentres);

  const Eigen::VectorXd error = Draw(covariance.matrix, &random);
  CameraRig rig = truth;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    Camera& camera = rig.cameras[c];
    const int first = layout.intrinsics_offset[c];
    const int count = layout.intrinsics_count[c];
    std::vector<double> k = camera.model.intrinsics();
    for (int i = 0; i < count; ++i) k[static_cast<std::size_t>(i)] += error(first + i);
    camera.model = CameraModel(camera.model.kind(), std::move(k));
    RigidTransform& pose = camera.camera_from_lab;
    pose.rotation =
        Renormalized(RotationFromVector(error.segment<3>(first + count)) * pose.rotation);
    pose.translation += error.segment<3>(first + count + 3);
    camera.covariance = covariance.matrix.block(first, first, count + 6, count + 6);
  }
  rig.joint_covariance = covariance.matrix;
  return rig;
}

}  // namespace medius::calibration
