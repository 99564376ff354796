#include "calibration/reduced_normal.hpp"

#include <array>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

#include "core/check.hpp"

namespace medius::calibration {
namespace {

// Poses summed into one partial matrix: few enough to share the work, many enough that the partial
// matrices stay small beside the observations.
constexpr std::size_t kPoseGrain = 64;

// Directions of a scaled target block below this carry nothing (a wand's turn about itself).
constexpr double kRankTolerance = 1e-11;

// A parameter whose variance is this many times what it would be alone is not determined.
constexpr double kSingularInflation = 1e12;

struct Partial {
  Eigen::MatrixXd matrix;
  double squared_residual = 0.0;
  std::size_t residual_count = 0;
  std::size_t used_poses = 0;
  std::size_t pose_rank = 0;
};

// Inverse on the range of a positive semidefinite 6x6 block, and the dimension of that range.
Matrix6 PseudoInverse(const Matrix6& V, std::size_t* rank) {
  Vector6 scale;
  for (int i = 0; i < 6; ++i) scale[i] = V(i, i) > 0.0 ? 1.0 / std::sqrt(V(i, i)) : 0.0;
  const Matrix6 scaled = scale.asDiagonal() * V * scale.asDiagonal();
  const Eigen::LDLT<Matrix6> factor(scaled);
  const Vector6 d = factor.vectorD();
  if (d.minCoeff() > 1e-8) {
    *rank = 6;
    return scale.asDiagonal() * factor.solve(Matrix6::Identity()) * scale.asDiagonal();
  }
  const Eigen::SelfAdjointEigenSolver<Matrix6> eigen(scaled);
  Vector6 inverse = Vector6::Zero();
  *rank = 0;
  for (int i = 0; i < 6; ++i) {
    if (!(eigen.eigenvalues()[i] > kRankTolerance)) continue;
    inverse[i] = 1.0 / eigen.eigenvalues()[i];
    ++*rank;
  }
  const Matrix6 result =
      eigen.eigenvectors() * inverse.asDiagonal() * eigen.eigenvectors().transpose();
  return scale.asDiagonal() * result * scale.asDiagonal();
}

// d(intrinsics, bend, camera_from_target) / d(intrinsics, bend, camera_from_lab).
LocalMatrix ByCamera(const RigState& state, const BundleView& view) {
  const int bends = state.shape.empty() ? 0 : kBendCount;
  const int size = IntrinsicCountOf(state, state.group[view.camera]) + bends + 6;
  LocalMatrix by = LocalMatrix::Identity(size, size);
  by.bottomRightCorner<6, 6>() =
      ByCameraPose(state.camera_from_lab[view.camera], state.lab_from_target[view.pose]);
  return by;
}

// The parts of a view's local parameters: where they stand in it and in the whole.
struct Segment {
  int local;
  int column;
  int count;
};

struct Segments {
  std::array<Segment, 3> parts;
  std::size_t count = 0;
};

Segments SegmentsOf(const CameraLayout& layout, std::size_t camera, std::size_t target) {
  Segments segments;
  int local = 0;
  const auto add = [&](int column, int count) {
    segments.parts[segments.count++] = {local, column, count};
    local += count;
  };
  add(layout.intrinsics_offset[camera], layout.intrinsics_count[camera]);
  if (!layout.bend_offset.empty()) add(layout.bend_offset[target], kBendCount);
  add(layout.pose_offset[camera], 6);
  return segments;
}

// Adds a block of two views at their columns.
void AddBlock(const Segments& a, const Segments& b, const LocalMatrix& block, double sign,
              Eigen::MatrixXd* sum) {
  for (std::size_t i = 0; i < a.count; ++i) {
    const Segment& row = a.parts[i];
    for (std::size_t j = 0; j < b.count; ++j) {
      const Segment& column = b.parts[j];
      sum->block(row.column, column.column, row.count, column.count) +=
          sign * block.block(row.local, column.local, row.count, column.count);
    }
  }
}

// Linearizes the views of one pose, fills its slots and adds its part of the Schur complement.
void ReducePose(const BundleData& data, const std::vector<std::uint8_t>& use, const RigState& state,
                std::size_t pose_index, ReducedNormal* normal, Partial* partial) {
  const BundlePose& pose = data.poses[pose_index];
  Matrix6 V = Matrix6::Zero();
  std::size_t used = 0;
  for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) {
    const BundleView& view = data.views[v];
    const std::size_t group = state.group[view.camera];
    ViewNormal local;
    const bool projected = LinearizeView(state.kind[group], state.intrinsics[group].data(),
                                         CameraFromTarget(state, view), data.SightingsOf(view),
                                         use.data() + view.begin, RobustLoss{}, &local,
                                         ShapeOfView(state, data, view));
    MEDIUS_CHECK(projected, "a sighting that is used lies behind its camera");
    const LocalMatrix by_camera = ByCamera(state, view);
    const Matrix6 by_target = ByTargetPose(state.camera_from_lab[view.camera]);
    const LocalMatrix Hc = local.H * by_camera;
    const Segments segments = SegmentsOf(normal->layout, view.camera, pose.target);
    AddBlock(segments, segments, by_camera.transpose() * Hc, 1.0, &partial->matrix);
    normal->coupling[v] = Hc.transpose().rightCols<6>() * by_target;
    V += by_target.transpose() * local.H.bottomRightCorner<6, 6>() * by_target;
    partial->squared_residual += 2.0 * local.cost;
    for (std::size_t i = view.begin; i < view.end; ++i) used += use[i];
  }
  std::size_t rank = 0;
  const Matrix6 inverse = PseudoInverse(V, &rank);
  partial->pose_rank += rank;
  normal->pose_inverse[pose_index] = inverse;
  partial->residual_count += 2 * used;
  partial->used_poses += used > 0 ? 1 : 0;
  for (std::size_t a = pose.view_begin; a < pose.view_end; ++a) {
    const ReducedNormal::PoseCoupling WV = normal->coupling[a] * inverse;
    const Segments rows = SegmentsOf(normal->layout, data.views[a].camera, pose.target);
    for (std::size_t b = pose.view_begin; b < pose.view_end; ++b) {
      const LocalMatrix block = WV * normal->coupling[b].transpose();
      AddBlock(rows, SegmentsOf(normal->layout, data.views[b].camera, pose.target), block, -1.0,
               &partial->matrix);
    }
  }
}

}  // namespace

CameraLayout MakeLayout(const RigState& state) {
  CameraLayout layout;
  std::vector<int> group_offset;
  for (std::size_t g = 0; g < state.kind.size(); ++g) {
    group_offset.push_back(layout.size);
    layout.size += IntrinsicCountOf(state, g);
  }
  for (const std::size_t group : state.group) {
    layout.intrinsics_offset.push_back(group_offset[group]);
    layout.intrinsics_count.push_back(IntrinsicCountOf(state, group));
    layout.pose_offset.push_back(layout.size);
    layout.size += 6;
  }
  for (std::size_t t = 0; t < state.shape.size(); ++t) {
    layout.bend_offset.push_back(layout.size);
    layout.size += kBendCount;
  }
  return layout;
}

ReducedNormal ReduceNormal(const BundleData& data, const std::vector<std::uint8_t>& use,
                           const RigState& state, Parallelism parallelism) {
  ReducedNormal normal;
  normal.layout = MakeLayout(state);
  normal.pose_inverse.resize(data.poses.size());
  normal.coupling.resize(data.views.size());
  const int size = normal.layout.size;
  const auto map = [&](std::size_t begin, std::size_t end) {
    Partial partial;
    partial.matrix = Eigen::MatrixXd::Zero(size, size);
    for (std::size_t i = begin; i < end; ++i) ReducePose(data, use, state, i, &normal, &partial);
    return partial;
  };
  const auto fold = [](Partial sum, Partial part) {
    sum.matrix += part.matrix;
    sum.squared_residual += part.squared_residual;
    sum.residual_count += part.residual_count;
    sum.used_poses += part.used_poses;
    sum.pose_rank += part.pose_rank;
    return sum;
  };
  Partial initial;
  initial.matrix = Eigen::MatrixXd::Zero(size, size);
  Partial total =
      ParallelReduce(parallelism, data.poses.size(), kPoseGrain, std::move(initial), map, fold);
  normal.matrix = 0.5 * (total.matrix + total.matrix.transpose());
  normal.squared_residual = total.squared_residual;
  normal.residual_count = total.residual_count;
  normal.used_poses = total.used_poses;
  normal.pose_rank = total.pose_rank;
  return normal;
}

void AddPull(const RigState& state, const HeldParameters& held, ReducedNormal* normal) {
  std::vector<std::uint8_t> is_done(state.kind.size(), 0);
  for (std::size_t c = 0; c < state.group.size() && !held.pull.empty(); ++c) {
    const std::size_t group = state.group[c];
    if (is_done[group] != 0) continue;
    is_done[group] = 1;
    for (int i = 0; i < normal->layout.intrinsics_count[c]; ++i) {
      const double pull = held.pull[group][static_cast<std::size_t>(i)];
      const int at = normal->layout.intrinsics_offset[c] + i;
      normal->matrix(at, at) += pull * pull;
    }
  }
  for (std::size_t t = 0; t < held.bend_pull.size(); ++t) {
    const int at = normal->layout.bend_offset[t];
    const double pull = held.bend_pull[t];
    normal->matrix.diagonal().segment<kBendCount>(at).array() += pull * pull;
  }
}

std::vector<std::uint8_t> FreeParameters(const CameraLayout& layout, const RigState& state,
                                         const HeldParameters& held) {
  std::vector<std::uint8_t> free(static_cast<std::size_t>(layout.size), 1);
  for (std::size_t c = 0; c < state.group.size(); ++c) {
    if (!held.intrinsics.empty()) {
      for (const int i : held.intrinsics[state.group[c]]) {
        free[static_cast<std::size_t>(layout.intrinsics_offset[c] + i)] = 0;
      }
    }
    if (!held.pose.empty() && held.pose[c] != 0) {
      std::fill_n(free.begin() + layout.pose_offset[c], 6, std::uint8_t{0});
    }
  }
  return free;
}

FreeInverse InvertFree(const ReducedNormal& normal, const std::vector<std::uint8_t>& free) {
  std::vector<int> index;
  for (int i = 0; i < normal.layout.size; ++i) {
    if (free[static_cast<std::size_t>(i)] != 0) index.push_back(i);
  }
  FreeInverse result;
  result.matrix = Eigen::MatrixXd::Zero(normal.layout.size, normal.layout.size);
  Eigen::MatrixXd scaled = normal.matrix(index, index);
  const Eigen::VectorXd scale = scaled.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
  scaled = scale.asDiagonal() * scaled * scale.asDiagonal();
  const auto n = scaled.rows();
  const Eigen::LLT<Eigen::MatrixXd> factor(scaled);
  result.regular = factor.info() == Eigen::Success;
  if (!result.regular) {
    // Name the parameter that takes most part in the weakest direction.
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(scaled);
    Eigen::Index worst = 0;
    eigen.eigenvectors().col(0).cwiseAbs().maxCoeff(&worst);
    result.worst_parameter = index[static_cast<std::size_t>(worst)];
    result.worst_inflation = std::numeric_limits<double>::infinity();
    return result;
  }
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(n, n));
  Eigen::Index worst = 0;
  result.worst_inflation = n > 0 ? inverse.diagonal().maxCoeff(&worst) : 0.0;
  result.worst_parameter = n > 0 ? index[static_cast<std::size_t>(worst)] : -1;
  result.regular = result.worst_inflation < kSingularInflation;
  result.matrix(index, index) = scale.asDiagonal() * inverse * scale.asDiagonal();
  return result;
}

std::vector<LocalMatrix> LocalCovariances(const BundleData& data, const RigState& state,
                                          const ReducedNormal& normal,
                                          const Eigen::MatrixXd& camera_covariance,
                                          std::size_t pose_index) {
  using Cross = ReducedNormal::PoseCoupling;
  const BundlePose& pose = data.poses[pose_index];
  const Matrix6& inverse = normal.pose_inverse[pose_index];
  const std::size_t count = pose.view_end - pose.view_begin;
  std::vector<std::vector<int>> columns(count);
  for (std::size_t a = 0; a < count; ++a) {
    columns[a] = normal.layout.ColumnsOf(data.views[pose.view_begin + a].camera, pose.target);
  }
  // The target follows the cameras, d target = -V^-1 W^T d cameras, and has its own noise V^-1.
  std::vector<Cross> camera_by_target(count);  // cov(camera a, target)
  Matrix6 target = inverse;
  for (std::size_t a = 0; a < count; ++a) {
    camera_by_target[a] = Cross::Zero(static_cast<Eigen::Index>(columns[a].size()), 6);
    for (std::size_t b = 0; b < count; ++b) {
      const LocalMatrix block = camera_covariance(columns[a], columns[b]);
      camera_by_target[a] -= block * (normal.coupling[pose.view_begin + b] * inverse);
    }
    target -= inverse * normal.coupling[pose.view_begin + a].transpose() * camera_by_target[a];
  }
  std::vector<LocalMatrix> result;
  for (std::size_t a = 0; a < count; ++a) {
    const BundleView& view = data.views[pose.view_begin + a];
    const LocalMatrix by_camera = ByCamera(state, view);
    const Matrix6 by_target = ByTargetPose(state.camera_from_lab[view.camera]);
    const LocalMatrix own = camera_covariance(columns[a], columns[a]);
    LocalMatrix local = by_camera * own * by_camera.transpose();
    const Cross cross = by_camera * camera_by_target[a] * by_target.transpose();
    local.rightCols<6>() += cross;
    local.bottomRows<6>() += cross.transpose();
    local.bottomRightCorner<6, 6>() += by_target * target * by_target.transpose();
    result.push_back(local);
  }
  return result;
}

}  // namespace medius::calibration
