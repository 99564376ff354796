#include "calibration/bundle_adjustment.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include <Eigen/Cholesky>
#include <ceres/ceres.h>
#include <glog/logging.h>

#include "calibration/so3.hpp"
#include "core/check.hpp"

namespace medius::calibration {
namespace {

// Views a thread takes at once.
constexpr std::size_t kViewGrain = 16;

// Pivots of a scaled normal matrix below this are rounding: the view says nothing in that
// direction.
constexpr double kPivotTolerance = 1e-13;

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RootMatrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor, kMaxLocal, kMaxLocal>;

// A pose as Ceres moves it: R = exp(rotation vector) * the rotation it started from, so that the
// vector stays small.
struct PoseBlock {
  Eigen::Matrix3d start_rotation;
  double* value;  // six of Evaluator's numbers

  [[nodiscard]] Eigen::Vector3d vector() const { return Eigen::Map<const Eigen::Vector3d>(value); }
  [[nodiscard]] RigidTransform Pose() const {
    return {RotationFromVector(vector()) * start_rotation,
            Eigen::Map<const Eigen::Vector3d>(value + 3)};
  }
};

// d(rotation on the left, translation) / d(value).
Matrix6 ByValue(const Eigen::Vector3d& vector) {
  Matrix6 by = Matrix6::Identity();
  by.topLeftCorner<3, 3>() = LeftJacobian(vector);
  return by;
}

// A view as Ceres sees it.
struct ViewSlot {
  bool valid = false;
  double cost = 0.0;
  RootMatrix root;       // root^T root = H
  LocalVector residual;  // root^T residual = g
  Matrix6 by_camera;
  Matrix6 by_target;
};

// H = root^T root by a pivoted factorization of the scaled H, which may be singular: a view of few
// points does not fix all of its parameters.
void TakeRoot(const ViewNormal& normal, ViewSlot* slot) {
  const auto n = normal.g.size();
  LocalVector scale(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    scale[i] = normal.H(i, i) > 0.0 ? 1.0 / std::sqrt(normal.H(i, i)) : 0.0;
  }
  const LocalMatrix scaled = scale.asDiagonal() * normal.H * scale.asDiagonal();
  const Eigen::LDLT<LocalMatrix> factor(scaled);
  LocalVector d = factor.vectorD();
  LocalVector rhs = factor.transpositionsP() * LocalVector(scale.cwiseProduct(normal.g));
  factor.matrixL().solveInPlace(rhs);
  // P as a matrix: Eigen's product of a matrix with transpositions on its right is not U P.
  const LocalMatrix permutation = factor.transpositionsP() * LocalMatrix::Identity(n, n);
  const LocalMatrix upper = factor.matrixU();
  const LocalMatrix root = upper.lazyProduct(permutation);
  slot->root.resize(n, n);
  slot->residual.resize(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const double pivot = d[i] > kPivotTolerance ? std::sqrt(d[i]) : 0.0;
    for (Eigen::Index j = 0; j < n; ++j) {
      slot->root(i, j) = scale[j] > 0.0 ? pivot * root(i, j) / scale[j] : 0.0;
    }
    slot->residual[i] = pivot > 0.0 ? rhs[i] / pivot : 0.0;
  }
}

// A view of so few points that its Jacobian has fewer rows than columns (a wand) keeps it as it is:
// shorter than a root of H, and exact where H, which squares it, is singular to rounding.
bool KeepsRows(std::size_t sightings, int parameters) {
  return 2 * sightings < static_cast<std::size_t>(parameters);
}

// Rows that the slot of a view has, besides that of the rest of its cost.
int RowsOf(std::size_t sightings, int parameters) {
  return KeepsRows(sightings, parameters) ? static_cast<int>(2 * sightings) : parameters;
}

// The weighted Jacobian and residuals themselves; false where a used point cannot be projected.
bool TakeRows(CameraModelKind kind, const double* intrinsics,
              const RigidTransform& camera_from_target, std::span<const Sighting> sightings,
              const std::uint8_t* use, RobustLoss loss, ViewSlot* slot) {
  const auto rows = static_cast<Eigen::Index>(2 * sightings.size());
  slot->root.setZero(rows, IntrinsicCount(kind) + 6);
  slot->residual.setZero(rows);
  LossSum cost(loss);
  Eigen::Vector2d residual;
  LocalJacobian jacobian;
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    if (use[i] == 0) continue;
    if (!LinearizeSighting(kind, intrinsics, camera_from_target, sightings[i], &residual,
                           &jacobian)) {
      return false;
    }
    const double s = residual.squaredNorm();
    const double weight = std::sqrt(loss.Weight(s));
    const auto row = static_cast<Eigen::Index>(2 * i);
    slot->root.middleRows<2>(row) = weight * jacobian;
    slot->residual.segment<2>(row) = -weight * residual;
    cost.Add(s);
  }
  slot->cost = 0.5 * cost.Value();
  return true;
}

// Holds the parameter blocks and evaluates all views before Ceres asks for them one by one. All
// blocks stand in one array: Ceres orders them by address, and the order decides the rounding.
class Evaluator : public ceres::EvaluationCallback {
 public:
  Evaluator(const BundleData& data, const std::vector<std::uint8_t>& use, RobustLoss loss,
            Parallelism parallelism, const RigState& state)
      : data_(data),
        use_(use),
        loss_(loss),
        parallelism_(parallelism),
        kind_(state.kind),
        group_(state.group),
        shape_(state.shape),
        start_bend_(state.bend),
        slots_(data.views.size()) {
    const std::size_t poses = state.camera_from_lab.size() + state.lab_from_target.size();
    numbers_.resize(kMaxIntrinsics * state.intrinsics.size() + kBendCount * state.bend.size() +
                    6 * poses);
    double* next = numbers_.data();
    for (const Intrinsics& intrinsics : state.intrinsics) {
      intrinsics_.push_back(next);
      next = std::copy(intrinsics.begin(), intrinsics.end(), next);
    }
    for (const Eigen::Vector2d& bend : state.bend) {
      bends_.push_back(next);
      next = std::copy(bend.begin(), bend.end(), next);
    }
    const auto add = [&](const RigidTransform& pose) {
      Eigen::Map<Eigen::Vector3d>(next + 3) = pose.translation;
      next += 6;
      return PoseBlock{pose.rotation, next - 6};
    };
    for (const RigidTransform& pose : state.camera_from_lab) cameras_.push_back(add(pose));
    for (const RigidTransform& pose : state.lab_from_target) targets_.push_back(add(pose));
  }

  void PrepareForEvaluation(bool evaluate_jacobians, bool new_evaluation_point) override {
    if (!evaluate_jacobians && !new_evaluation_point) return;
    ParallelFor(parallelism_, slots_.size(), kViewGrain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) Evaluate(i, evaluate_jacobians);
    });
  }

  [[nodiscard]] const ViewSlot& slot(std::size_t view) const { return slots_[view]; }
  [[nodiscard]] double* intrinsics(std::size_t group) const { return intrinsics_[group]; }
  [[nodiscard]] double* bend(std::size_t target) const { return bends_[target]; }
  [[nodiscard]] double* camera(std::size_t index) const { return cameras_[index].value; }
  [[nodiscard]] double* target(std::size_t index) const { return targets_[index].value; }

  void Store(RigState* state) const {
    for (std::size_t g = 0; g < intrinsics_.size(); ++g) {
      std::copy_n(intrinsics_[g], kMaxIntrinsics, state->intrinsics[g].begin());
    }
    for (std::size_t t = 0; t < bends_.size(); ++t) {
      state->bend[t] = Eigen::Map<const Eigen::Vector2d>(bends_[t]);
    }
    for (std::size_t i = 0; i < cameras_.size(); ++i) {
      state->camera_from_lab[i] = cameras_[i].Pose();
    }
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      state->lab_from_target[i] = targets_[i].Pose();
    }
  }

 private:
  // The sightings of a view with their points where the present bend has them.
  std::span<const Sighting> SightingsOf(const BundleView& view, std::vector<Sighting>* bent) const {
    const std::span<const Sighting> sightings = data_.SightingsOf(view);
    if (shape_.empty()) return sightings;
    const std::size_t target = data_.poses[view.pose].target;
    const Eigen::Vector2d change =
        Eigen::Map<const Eigen::Vector2d>(bends_[target]) - start_bend_[target];
    if (change.isZero(0.0)) return sightings;
    bent->assign(sightings.begin(), sightings.end());
    for (Sighting& sighting : *bent) {
      sighting.x_in_target.z() += shape_[target].By(sighting.x_in_target).dot(change);
    }
    return *bent;
  }

  void Evaluate(std::size_t index, bool with_jacobians) {
    const BundleView& view = data_.views[index];
    ViewSlot& slot = slots_[index];
    const std::size_t group = group_[view.camera];
    const PoseBlock& camera = cameras_[view.camera];
    const PoseBlock& target = targets_[view.pose];
    const RigidTransform camera_from_lab = camera.Pose();
    const RigidTransform lab_from_target = target.Pose();
    const RigidTransform camera_from_target = camera_from_lab * lab_from_target;
    const std::uint8_t* use = use_.data() + view.begin;
    const double* intrinsics = intrinsics_[group];
    std::vector<Sighting> bent;
    const std::span<const Sighting> sightings = SightingsOf(view, &bent);
    if (!with_jacobians) {
      slot.valid = CostOfView(kind_[group], intrinsics, camera_from_target, sightings, use, loss_,
                              &slot.cost);
      return;
    }
    // With a bend a view's root has columns that its rows here have not.
    if (shape_.empty() && KeepsRows(view.end - view.begin, IntrinsicCount(kind_[group]) + 6)) {
      slot.valid =
          TakeRows(kind_[group], intrinsics, camera_from_target, sightings, use, loss_, &slot);
      if (!slot.valid) return;
    } else {
      ViewNormal normal;
      const BoardShape* shape = shape_.empty() ? nullptr : &shape_[data_.poses[view.pose].target];
      slot.valid = LinearizeView(kind_[group], intrinsics, camera_from_target, sightings, use,
                                 loss_, &normal, shape);
      if (!slot.valid) return;
      slot.cost = normal.cost;
      TakeRoot(normal, &slot);
    }
    slot.by_camera = ByCameraPose(camera_from_lab, lab_from_target) * ByValue(camera.vector());
    slot.by_target = ByTargetPose(camera_from_lab) * ByValue(target.vector());
  }

  const BundleData& data_;
  const std::vector<std::uint8_t>& use_;
  RobustLoss loss_;
  Parallelism parallelism_;
  std::vector<CameraModelKind> kind_;
  std::vector<std::size_t> group_;
  std::vector<BoardShape> shape_;
  std::vector<Eigen::Vector2d> start_bend_;
  std::vector<double> numbers_;
  std::vector<double*> intrinsics_;
  std::vector<double*> bends_;
  std::vector<PoseBlock> cameras_;
  std::vector<PoseBlock> targets_;
  std::vector<ViewSlot> slots_;
};

// Hands the slot of one view to Ceres. One more row than the root has carries what of the cost does
// not depend on the parameters to first order, so that Ceres sees the true cost.
class ViewCost : public ceres::CostFunction {
 public:
  ViewCost(const Evaluator* evaluator, std::size_t view, std::size_t sightings, int intrinsic_count,
           bool with_bend)
      : evaluator_(evaluator), view_(view), intrinsic_count_(intrinsic_count) {
    const int size = intrinsic_count + (with_bend ? kBendCount : 0) + 6;
    set_num_residuals((with_bend ? size : RowsOf(sightings, size)) + 1);
    *mutable_parameter_block_sizes() = {intrinsic_count, 6, 6};
    if (with_bend) mutable_parameter_block_sizes()->push_back(kBendCount);
  }

  bool Evaluate(double const* const* /*parameters*/, double* residuals,
                double** jacobians) const override {
    const ViewSlot& slot = evaluator_->slot(view_);
    if (!slot.valid) return false;
    const int n = num_residuals() - 1;
    Eigen::Map<Eigen::VectorXd> residual(residuals, n + 1);
    residual.setZero();
    if (jacobians == nullptr) {
      residual[n] = std::sqrt(2.0 * slot.cost);
      return true;
    }
    residual.head(n) = slot.residual;
    residual[n] = std::sqrt(std::max(0.0, 2.0 * slot.cost - slot.residual.squaredNorm()));
    const auto pose_root = slot.root.rightCols<6>();
    if (jacobians[0] != nullptr) {
      Eigen::Map<RowMajor> by(jacobians[0], n + 1, intrinsic_count_);
      by.topRows(n) = slot.root.leftCols(intrinsic_count_);
      by.row(n).setZero();
    }
    FillPose(pose_root, slot.by_camera, jacobians[1]);
    FillPose(pose_root, slot.by_target, jacobians[2]);
    if (parameter_block_sizes().size() > 3 && jacobians[3] != nullptr) {
      Eigen::Map<RowMajor> by(jacobians[3], n + 1, kBendCount);
      by.topRows(n) = slot.root.middleCols(intrinsic_count_, kBendCount);
      by.row(n).setZero();
    }
    return true;
  }

 private:
  template <typename Root>
  void FillPose(const Root& pose_root, const Matrix6& by, double* jacobian) const {
    if (jacobian == nullptr) return;
    const int n = num_residuals() - 1;
    Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, 6, Eigen::RowMajor>> out(jacobian, n + 1, 6);
    out.topRows(n) = pose_root.lazyProduct(by);
    out.row(n).setZero();
  }

  const Evaluator* evaluator_;
  std::size_t view_;
  int intrinsic_count_;
};

// Residuals that pull intrinsics, or a bend, to 0.
class PullCost : public ceres::CostFunction {
 public:
  PullCost(const Intrinsics& pull, int count) : pull_(pull), count_(count) {
    set_num_residuals(count);
    *mutable_parameter_block_sizes() = {count};
  }

  bool Evaluate(double const* const* parameters, double* residuals,
                double** jacobians) const override {
    for (int i = 0; i < count_; ++i) {
      residuals[i] = pull_[static_cast<std::size_t>(i)] * parameters[0][i];
    }
    if (jacobians == nullptr || jacobians[0] == nullptr) return true;
    std::fill_n(jacobians[0], count_ * count_, 0.0);
    for (int i = 0; i < count_; ++i) {
      jacobians[0][i * count_ + i] = pull_[static_cast<std::size_t>(i)];
    }
    return true;
  }

 private:
  Intrinsics pull_;
  int count_;
};

// Stops the solver where asked to.
class StopWhereAsked : public ceres::IterationCallback {
 public:
  explicit StopWhereAsked(const WorkControl& control) : control_(control) {}
  ceres::CallbackReturnType operator()(const ceres::IterationSummary& /*summary*/) override {
    const bool cancelled = control_.cancellation != nullptr && control_.cancellation->IsCancelled();
    return cancelled ? ceres::SOLVER_ABORT : ceres::SOLVER_CONTINUE;
  }

 private:
  const WorkControl& control_;
};

void HoldIntrinsics(const std::vector<int>& held, int count, double* block,
                    ceres::Problem* problem) {
  if (held.empty() || !problem->HasParameterBlock(block)) return;
  if (static_cast<int>(held.size()) == count) {
    problem->SetParameterBlockConstant(block);
  } else {
    problem->SetManifold(block, new ceres::SubsetManifold(count, held));
  }
}

void BuildProblem(const BundleData& data, const HeldParameters& held, const RigState& state,
                  const Evaluator* evaluator, ceres::Problem* problem) {
  for (std::size_t i = 0; i < data.views.size(); ++i) {
    const BundleView& view = data.views[i];
    const std::size_t group = state.group[view.camera];
    std::vector<double*> blocks = {evaluator->intrinsics(group), evaluator->camera(view.camera),
                                   evaluator->target(view.pose)};
    const bool with_bend = !state.shape.empty();
    if (with_bend) blocks.push_back(evaluator->bend(data.poses[view.pose].target));
    problem->AddResidualBlock(new ViewCost(evaluator, i, view.end - view.begin,
                                           IntrinsicCountOf(state, group), with_bend),
                              nullptr, blocks);
  }
  for (std::size_t t = 0; t < held.bend_pull.size(); ++t) {
    const Intrinsics pull = {held.bend_pull[t], held.bend_pull[t]};
    problem->AddResidualBlock(new PullCost(pull, kBendCount), nullptr, evaluator->bend(t));
  }
  for (std::size_t g = 0; g < held.pull.size(); ++g) {
    const Intrinsics& pull = held.pull[g];
    if (std::all_of(pull.begin(), pull.end(), [](double p) { return p == 0.0; })) continue;
    problem->AddResidualBlock(new PullCost(pull, IntrinsicCountOf(state, g)), nullptr,
                              evaluator->intrinsics(g));
  }
  for (std::size_t g = 0; g < state.kind.size() && !held.intrinsics.empty(); ++g) {
    HoldIntrinsics(held.intrinsics[g], IntrinsicCountOf(state, g), evaluator->intrinsics(g),
                   problem);
  }
  for (std::size_t c = 0; c < held.pose.size(); ++c) {
    double* block = evaluator->camera(c);
    if (held.pose[c] != 0 && problem->HasParameterBlock(block)) {
      problem->SetParameterBlockConstant(block);
    }
  }
}

ceres::Solver::Options SolverOptions(const SolveLimits& limits, const ceres::Problem& problem,
                                     const Evaluator* evaluator) {
  // Ceres reports each failed factorization on standard error, which is the program's; the solver
  // goes on with more damping, and its outcome is in the summary.
  FLAGS_minloglevel = google::GLOG_FATAL;
  ceres::Solver::Options options;
  options.linear_solver_type = ceres::DENSE_SCHUR;
  options.num_threads = 1;  // Ceres' own threads do not reduce in a fixed order
  options.max_num_iterations = limits.max_iterations;
  options.function_tolerance = limits.function_tolerance;
  options.gradient_tolerance = 1e-14;
  options.parameter_tolerance = 1e-13;
  options.logging_type = ceres::SILENT;
  options.linear_solver_ordering = std::make_shared<ceres::ParameterBlockOrdering>();
  std::vector<double*> blocks;
  problem.GetParameterBlocks(&blocks);
  const double* first_target = evaluator->target(0);  // the targets stand last
  for (double* block : blocks) {
    const bool is_target = block >= first_target;
    options.linear_solver_ordering->AddElementToGroup(block, is_target ? 0 : 1);
  }
  return options;
}

}  // namespace

SolveSummary AdjustBundle(const BundleData& data, const std::vector<std::uint8_t>& use,
                          const HeldParameters& held, RobustLoss loss, const SolveLimits& limits,
                          Parallelism parallelism, const WorkControl& control, RigState* state) {
  MEDIUS_CHECK(use.size() == data.sightings.size(), "one flag a sighting");
  MEDIUS_CHECK(state->lab_from_target.size() == data.poses.size(), "one pose a target and frame");
  control.ThrowIfCancelled();
  if (data.views.empty()) return {};
  Evaluator evaluator(data, use, loss, parallelism, *state);
  ceres::Problem::Options problem_options;
  problem_options.evaluation_callback = &evaluator;
  problem_options.disable_all_safety_checks = true;
  ceres::Problem problem(problem_options);
  BuildProblem(data, held, *state, &evaluator, &problem);
  ceres::Solver::Options options = SolverOptions(limits, problem, &evaluator);
  StopWhereAsked stop(control);
  options.callbacks.push_back(&stop);
  ceres::Solver::Summary summary;
  ceres::Solve(options, &problem, &summary);
  control.ThrowIfCancelled();
  SolveSummary result;
  result.converged = summary.termination_type == ceres::CONVERGENCE;
  result.iterations = static_cast<int>(summary.iterations.size());
  result.cost = summary.final_cost;
  if (summary.IsSolutionUsable()) evaluator.Store(state);
  return result;
}

}  // namespace medius::calibration
