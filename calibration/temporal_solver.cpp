#include "calibration/temporal_solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

constexpr double kLeastPromise = 1e-3;
constexpr double kLargestDamping = 1e8;
// Powers below this are no motion at all (rad^2/s^3, m^2/s^3).
constexpr double kLeastPower = 1e-10;
constexpr double kLeastJitter = 1e-7;  // seconds
// Scales move by at most this factor at once.
constexpr double kLargestChange = 10.0;
constexpr double kLeastSigma = 1e-4;
// Standard deviations of the velocities seen, in velocities that are still expected.
constexpr double kBroad = 3.0;
constexpr double kLeastAngular = 0.1;   // rad/s
constexpr double kLeastVelocity = 0.1;  // m/s
constexpr double kRayleighMedian = 1.17741002251547;

double MotionCost(const TemporalScales& scales, const MotionResidual& motion) {
  return 0.5 * (motion.value.head<6>().squaredNorm() / scales.rotation_power +
                motion.value.tail<6>().squaredNorm() / scales.translation_power);
}

double TwistCost(const TemporalScales& scales, const MotionKnot& knot) {
  return 0.5 * (knot.twist.head<3>().squaredNorm() / (scales.angular_sd * scales.angular_sd) +
                knot.twist.tail<3>().squaredNorm() / (scales.velocity_sd * scales.velocity_sd));
}

double KnownCost(const TemporalProblem& problem, const TemporalState& state) {
  TemporalState copy = state;
  double cost = 0.0;
  for (int i = 0; i < problem.layout.size; ++i) {
    const auto index = static_cast<std::size_t>(i);
    if (problem.layout.column[index] < 0 || problem.known[index] <= 0.0) continue;
    const double value = *NumberAt(problem.layout, i, &copy);
    cost += 0.5 * problem.known[index] * value * value;
  }
  return cost;
}

double PriorCost(const TemporalProblem& problem, const TemporalState& state,
                 const TemporalScales& scales, const std::vector<MotionResidual>& motion) {
  double cost = KnownCost(problem, state);
  for (std::size_t k = 0; k < state.knots.size(); ++k) {
    cost += TwistCost(scales, state.knots[k]);
    if (problem.data->interval[k] > 0.0) cost += MotionCost(scales, motion[k]);
  }
  if (scales.jitter_sd <= 0.0) return cost;
  for (const double jitter : state.jitter) {
    cost += 0.5 * jitter * jitter / (scales.jitter_sd * scales.jitter_sd);
  }
  return cost;
}

// Cost of a state; infinite where a point cannot be predicted.
double CostOf(const TemporalProblem& problem, const TemporalState& state,
              const TemporalScales& scales, RobustLoss loss) {
  const BundleData& bundle = problem.data->bundle;
  const auto residuals = TemporalResiduals(*problem.data, state, problem.parallelism);
  LossSum sum(loss);
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    if (problem.use[i] == 0) continue;
    const double s = (bundle.sightings[i].inverse_sigma * residuals[i]).squaredNorm();
    if (!std::isfinite(s)) return std::numeric_limits<double>::infinity();
    sum.Add(s);
  }
  return 0.5 * sum.Value() / (scales.sigma * scales.sigma) +
         PriorCost(problem, state, scales, MotionResiduals(*problem.data, state));
}

// The step of a frame's own time, which follows the cameras and knots it was eliminated for.
double JitterStep(const TemporalProblem& problem, std::size_t view,
                  const TemporalViewNormal& normal, const ArrowStep& step) {
  const std::size_t camera = problem.data->bundle.views[view].camera;
  std::vector<int> columns = problem.layout.cameras.ColumnsOf(camera);
  for (int i = 0; i < kTimingSize; ++i) {
    columns.push_back(problem.layout.timing_offset[camera] + i);
  }
  double g = normal.jitter_g;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const int column = problem.layout.column[static_cast<std::size_t>(columns[i])];
    if (column < 0) continue;
    g += normal.jitter_coupling[static_cast<Eigen::Index>(i)] * step.cameras[column];
  }
  const auto first = static_cast<Eigen::Index>(columns.size());
  g += normal.jitter_coupling.segment<kKnotSize>(first).dot(step.knots[normal.place.knot]);
  if (normal.place.is_pair) {
    g += normal.jitter_coupling.segment<kKnotSize>(first + kKnotSize)
             .dot(step.knots[normal.place.knot + 1]);
  }
  return -g / normal.jitter_H;
}

TemporalState MovedState(const TemporalProblem& problem, const TemporalState& state,
                         const std::vector<TemporalViewNormal>& normals, const ArrowStep& step) {
  TemporalState moved = state;
  const TemporalLayout& layout = problem.layout;
  std::vector<std::uint8_t> is_pose(static_cast<std::size_t>(layout.size), 0);
  for (std::size_t c = 0; c < state.rig.group.size(); ++c) {
    const int at = layout.cameras.pose_offset[c];
    std::fill_n(is_pose.begin() + at, 6, std::uint8_t{1});
    const int column = layout.column[static_cast<std::size_t>(at)];
    if (column < 0) continue;
    RigidTransform& pose = moved.rig.camera_from_lab[c];
    pose.rotation = RotationFromVector(step.cameras.segment<3>(column)) * pose.rotation;
    pose.translation += step.cameras.segment<3>(column + 3);
  }
  for (int i = 0; i < layout.size; ++i) {
    const int column = layout.column[static_cast<std::size_t>(i)];
    if (column < 0 || is_pose[static_cast<std::size_t>(i)] != 0) continue;
    *NumberAt(layout, i, &moved) += step.cameras[column];
  }
  for (std::size_t k = 0; k < moved.knots.size(); ++k) {
    moved.knots[k] = Moved(state.knots[k], step.knots[k]);
  }
  for (std::size_t v = 0; v < normals.size(); ++v) {
    if (normals[v].jitter_H > 0.0) moved.jitter[v] += JitterStep(problem, v, normals[v], step);
  }
  return moved;
}

// Leaves the knots' twists as they are.
void HoldTwists(ArrowNormal* normal) {
  for (std::size_t k = 0; k < normal->diagonal.size(); ++k) {
    normal->diagonal[k].bottomRows<6>().setZero();
    normal->diagonal[k].rightCols<6>().setZero();
    normal->diagonal[k].diagonal().tail<6>().setOnes();
    normal->next[k].bottomRows<6>().setZero();
    normal->next[k].rightCols<6>().setZero();
    normal->border[k].bottomRows<6>().setZero();
    normal->g[k].tail<6>().setZero();
  }
}

bool AllValid(const std::vector<TemporalViewNormal>& normals) {
  return std::all_of(normals.begin(), normals.end(), [](const auto& n) { return n.valid; });
}

// Half of the decrease that the quadratic model promises of a step, from its gradient.
double PromiseOf(const ArrowNormal& normal, const ArrowStep& step) {
  double promise = -0.5 * normal.cameras_g.dot(step.cameras);
  for (std::size_t k = 0; k < step.knots.size(); ++k) {
    promise -= 0.5 * normal.g[k].dot(step.knots[k]);
  }
  return promise;
}

double Limited(double next, double now) {
  return std::clamp(next, now / kLargestChange, now * kLargestChange);
}

struct PriorEvidence {
  double squares = 0.0;
  double count = 0.0;
  double undecided = 0.0;  // by the data

  [[nodiscard]] double Variance() const { return squares / std::max(1e-6, count - undecided); }
};

// Trace of J covariance J^T for the rows of a motion prior.
template <typename Rows>
double SpreadOf(const Rows& rows, const PairCovariance& covariance) {
  return (rows * covariance).cwiseProduct(rows).sum();
}

}  // namespace

TemporalSolve SolveTemporal(const TemporalProblem& problem, const TemporalScales& scales,
                            RobustLoss loss, int max_iterations, const WorkControl& control,
                            TemporalState* state) {
  TemporalSolve result;
  double damping = 1e-7;
  result.cost = CostOf(problem, *state, scales, loss);
  for (; result.iterations < max_iterations && !result.converged; ++result.iterations) {
    control.ThrowIfCancelled();
    const auto views = LinearizeTemporal(*problem.data, *state, problem.use, scales, loss,
                                         problem.has_lines, problem.parallelism);
    if (!AllValid(views)) return result;
    ArrowNormal normal = BuildArrow(*problem.data, *state, problem.layout, scales, problem.known,
                                    views, MotionResiduals(*problem.data, *state));
    if (problem.hold_twists) HoldTwists(&normal);
    bool moved = false;
    while (!moved && damping < kLargestDamping) {
      const ArrowStep step = SolveArrow(EliminateKnots(normal, damping));
      const double promise = step.valid ? PromiseOf(normal, step) : 0.0;
      if (step.valid && promise < kLeastPromise) {
        result.converged = true;
        break;
      }
      TemporalState next = step.valid ? MovedState(problem, *state, views, step) : *state;
      const double cost = step.valid ? CostOf(problem, next, scales, loss)
                                     : std::numeric_limits<double>::infinity();
      moved = cost < result.cost;
      damping = moved ? std::max(1e-9, damping * 0.1) : damping * 10.0;
      if (!moved) continue;
      result.converged = result.cost - cost < kLeastPromise;
      result.cost = cost;
      *state = std::move(next);
    }
    if (!moved) break;
  }
  return result;
}

TemporalEvidence WeighEvidence(const TemporalProblem& problem, const TemporalState& state,
                               const TemporalScales& scales) {
  const TemporalData& data = *problem.data;
  const auto views = LinearizeTemporal(data, state, problem.use, scales, RobustLoss{},
                                       problem.has_lines, problem.parallelism);
  const auto motion = MotionResiduals(data, state);
  TemporalEvidence evidence;
  evidence.factor = EliminateKnots(
      BuildArrow(data, state, problem.layout, scales, problem.known, views, motion), 0.0);
  const auto covariances = KnotCovariances(evidence.factor);
  PriorEvidence turn;
  PriorEvidence shift;
  PriorEvidence jitter;
  double undecided = 0.0;
  for (std::size_t k = 0; k < state.knots.size(); ++k) {
    const auto spread = covariances[k].diagonal().segment<6>(6);
    undecided += spread.head<3>().sum() / (scales.angular_sd * scales.angular_sd) +
                 spread.tail<3>().sum() / (scales.velocity_sd * scales.velocity_sd);
    if (data.interval[k] <= 0.0) continue;
    turn.squares += motion[k].value.head<6>().squaredNorm();
    shift.squares += motion[k].value.tail<6>().squaredNorm();
    turn.count += 6.0;
    shift.count += 6.0;
    turn.undecided += SpreadOf(motion[k].by.topRows<6>(), covariances[k]) / scales.rotation_power;
    shift.undecided +=
        SpreadOf(motion[k].by.bottomRows<6>(), covariances[k]) / scales.translation_power;
  }
  for (std::size_t v = 0; v < views.size(); ++v) {
    evidence.squares += 2.0 * views[v].cost;
    if (views[v].jitter_H <= 0.0) continue;
    const Eigen::Matrix<double, 2 * kKnotSize, 1> gain =
        views[v].jitter_coupling.tail<2 * kKnotSize>() / views[v].jitter_H;
    jitter.squares += state.jitter[v] * state.jitter[v];
    jitter.count += 1.0;
    jitter.undecided +=
        (1.0 / views[v].jitter_H + gain.dot(covariances[views[v].place.knot] * gain)) /
        (scales.jitter_sd * scales.jitter_sd);
  }
  evidence.jitter_squares = jitter.squares;
  evidence.residuals = 2.0 * static_cast<double>(std::count(problem.use.begin(), problem.use.end(),
                                                            std::uint8_t{1}));
  evidence.parameters = problem.layout.free_count +
                        kKnotSize * static_cast<double>(state.knots.size()) + jitter.count -
                        turn.undecided - shift.undecided - jitter.undecided - undecided;
  TemporalScales& next = evidence.next;
  next = scales;
  next.rotation_power = std::max(kLeastPower, Limited(turn.Variance(), scales.rotation_power));
  next.translation_power =
      std::max(kLeastPower, Limited(shift.Variance(), scales.translation_power));
  if (scales.jitter_sd > 0.0) {
    next.jitter_sd =
        std::max(kLeastJitter, Limited(std::sqrt(jitter.Variance()), scales.jitter_sd));
  }
  const double freedom = std::max(1.0, evidence.residuals - evidence.parameters);
  next.sigma = std::max(kLeastSigma, std::sqrt(evidence.squares / freedom));
  return evidence;
}

double MedianSigma(const TemporalProblem& problem, const TemporalState& state) {
  const auto residuals = TemporalResiduals(*problem.data, state, problem.parallelism);
  std::vector<double> lengths;
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    const double length = problem.data->bundle.sightings[i].inverse_sigma * residuals[i].norm();
    if (problem.use[i] != 0) lengths.push_back(std::isfinite(length) ? length : 1e300);
  }
  if (lengths.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  return std::max(kLeastSigma, *middle / kRayleighMedian);
}

TemporalScales StartMotion(const TemporalData& data, double sigma, double jitter_sd,
                           TemporalState* state) {
  const std::size_t knots = state->knots.size();
  Eigen::Vector2d squares = Eigen::Vector2d::Zero();
  double moving = 0.0;
  for (std::size_t k = 0; k < knots; ++k) {
    const std::size_t first = k > 0 && data.interval[k - 1] > 0.0 ? k - 1 : k;
    const std::size_t last = data.interval[k] > 0.0 ? k + 1 : k;
    if (first == last) continue;
    const double time = data.knot_time[last] - data.knot_time[first];
    const RigidTransform& a = state->knots[first].lab_from_target;
    const RigidTransform& b = state->knots[last].lab_from_target;
    Vector6& twist = state->knots[k].twist;
    twist.head<3>() = VectorFromRotation(b.rotation * a.rotation.transpose()) / time;
    twist.tail<3>() = (b.translation - a.translation) / time;
    squares += Eigen::Vector2d(twist.head<3>().squaredNorm(), twist.tail<3>().squaredNorm());
    moving += 3.0;
  }
  TemporalScales scales;
  scales.sigma = std::max(kLeastSigma, sigma);
  scales.jitter_sd = jitter_sd;
  if (moving == 0.0) return scales;
  scales.angular_sd = std::max(kLeastAngular, kBroad * std::sqrt(squares[0] / moving));
  scales.velocity_sd = std::max(kLeastVelocity, kBroad * std::sqrt(squares[1] / moving));
  Eigen::Vector2d powers = Eigen::Vector2d::Zero();
  double count = 0.0;
  const auto motion = MotionResiduals(data, *state);
  for (std::size_t k = 0; k < knots; ++k) {
    if (data.interval[k] <= 0.0) continue;
    powers += Eigen::Vector2d(motion[k].value.head<6>().squaredNorm(),
                              motion[k].value.tail<6>().squaredNorm());
    count += 6.0;
  }
  scales.rotation_power = std::max(kLeastPower, powers[0] / count);
  scales.translation_power = std::max(kLeastPower, powers[1] / count);
  return scales;
}

}  // namespace medius::calibration
