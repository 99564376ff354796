#include "reconstruct/gates.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <Eigen/LU>

namespace medius::reconstruct {
namespace {

// Pairs of candidates are tried from the few gates with the least choice: one of them is right
// unless all of them are hidden.
constexpr int kSeedGates = 3;
constexpr int kPolishRounds = 3;

// Puts a candidate in its place by distance; the farthest falls out of a full gate.
void Insert(const Candidate& candidate, double squared, std::array<double, kMaxCandidates>* order,
            Gate* gate) {
  int at = gate->count;
  if (at == kMaxCandidates) {
    if (squared >= order->back()) return;
    --at;
  } else {
    ++gate->count;
  }
  while (at > 0 && (*order)[static_cast<std::size_t>(at - 1)] > squared) {
    (*order)[static_cast<std::size_t>(at)] = (*order)[static_cast<std::size_t>(at - 1)];
    gate->candidate[static_cast<std::size_t>(at)] =
        gate->candidate[static_cast<std::size_t>(at - 1)];
    --at;
  }
  (*order)[static_cast<std::size_t>(at)] = squared;
  gate->candidate[static_cast<std::size_t>(at)] = candidate;
}

void Search(const CameraFrame& seen, const Eigen::Vector2d& predicted, const Eigen::Vector2d& moves,
            double row_shift, double radius2_of_point, const GateOptions& options, Gate* gate) {
  const double rig_variance = options.rig_sigma_px * options.rig_sigma_px;
  const double sigmas2 = options.sigmas * options.sigmas;
  const auto px = static_cast<float>(predicted.x());
  const auto py = static_cast<float>(predicted.y());
  // The largest gate that any sighting of any row can have, first: most fail it and need nothing
  // else.
  constexpr float kLargestVariance = 4.0F;
  const double largest =
      std::sqrt(sigmas2 * (radius2_of_point + rig_variance + double{kLargestVariance}));
  const auto coarse = static_cast<float>((largest + row_shift) * (largest + row_shift));
  std::array<double, kMaxCandidates> order{};
  const std::size_t count = seen.size();
  for (std::size_t i = 0; i < count; ++i) {
    const float dx = seen.x[i] - px;
    const float dy = seen.y[i] - py;
    if (dx * dx + dy * dy > coarse && seen.variance[i] <= kLargestVariance) continue;
    if (seen.track[i] != kFree) continue;
    const double late = static_cast<double>(seen.delay[i]) - seen.middle_delay;
    const Eigen::Vector2d residual = seen.Xy(i) - predicted - late * moves;
    const double variance = static_cast<double>(seen.variance[i]) + rig_variance;
    const double squared = residual.squaredNorm();
    if (squared > sigmas2 * (radius2_of_point + variance)) continue;
    Insert({static_cast<std::uint32_t>(i), static_cast<float>(variance), residual}, squared, &order,
           gate);
  }
}

struct Normal {
  Eigen::Matrix3d N = Eigen::Matrix3d::Zero();
  Eigen::Vector3d g = Eigen::Vector3d::Zero();

  void Add(const Gate& gate, const Candidate& candidate) {
    const double weight = 1.0 / static_cast<double>(candidate.variance);
    N.noalias() += weight * gate.J.transpose() * gate.J;
    g.noalias() += weight * gate.J.transpose() * candidate.residual;
  }
};

const Candidate& ChosenOf(const Gate& gate, int chosen) {
  return gate.candidate[static_cast<std::size_t>(chosen)];
}

// Of each gate the candidate nearest to a step, none where the nearest is too far.
// Returns the truncated cost.
double Choose(const Gates& gates, const Eigen::Vector3d& step, const GateOptions& options,
              GateFit* fit) {
  const double limit = options.sigmas * options.sigmas;
  double cost = 0.0;
  fit->rays = 0;
  for (int k = 0; k < gates.count; ++k) {
    const Gate& gate = gates.gate[static_cast<std::size_t>(k)];
    const Eigen::Vector2d moved = gate.J * step;
    double best = limit;
    std::int8_t chosen = -1;
    for (int i = 0; i < gate.count; ++i) {
      const Candidate& candidate = ChosenOf(gate, i);
      const double squared =
          (candidate.residual - moved).squaredNorm() / static_cast<double>(candidate.variance);
      if (squared < best) {
        best = squared;
        chosen = static_cast<std::int8_t>(i);
      }
    }
    fit->chosen[static_cast<std::size_t>(k)] = chosen;
    if (chosen >= 0) ++fit->rays;
    cost += best;
  }
  return cost;
}

// Fits the chosen rays alone. False where they do not determine a point.
bool Solve(const Gates& gates, GateFit* fit) {
  Normal normal;
  for (int k = 0; k < gates.count; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (fit->chosen[at] >= 0) normal.Add(gates.gate[at], ChosenOf(gates.gate[at], fit->chosen[at]));
  }
  bool invertible = false;
  double determinant = 0.0;
  // Two parallel rays leave the depth open: the determinant is then tiny against the trace.
  const double scale = normal.N.trace() / 3.0;
  constexpr double kFlat = 1e-7;
  normal.N.computeInverseAndDetWithCheck(fit->covariance, determinant, invertible,
                                         kFlat * scale * scale * scale);
  if (!invertible) return false;
  fit->step = fit->covariance * normal.g;
  fit->chi2 = 0.0;
  fit->worst = 0.0;
  for (int k = 0; k < gates.count; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (fit->chosen[at] < 0) continue;
    const Gate& gate = gates.gate[at];
    const Candidate& candidate = ChosenOf(gate, fit->chosen[at]);
    const double squared = (candidate.residual - gate.J * fit->step).squaredNorm() /
                           static_cast<double>(candidate.variance);
    fit->chi2 += squared;
    fit->worst = std::max(fit->worst, squared);
  }
  fit->worst = std::sqrt(fit->worst);
  return true;
}

bool IsSimple(const Gates& gates) {
  for (int k = 0; k < gates.count; ++k) {
    if (gates.gate[static_cast<std::size_t>(k)].count != 1) return false;
  }
  return true;
}

// Everything that is there, where that is consistent.
bool FitAll(const Gates& gates, const GateOptions& options, GateFit* fit) {
  for (int k = 0; k < gates.count; ++k) fit->chosen[static_cast<std::size_t>(k)] = 0;
  fit->rays = gates.count;
  return Solve(gates, fit) && fit->worst < options.sigmas;
}

struct Best {
  double cost = std::numeric_limits<double>::infinity();
  Eigen::Vector3d step = Eigen::Vector3d::Zero();
};

void TryPair(const Gates& gates, int a, int i, int b, int j, double prior_variance, bool use_prior,
             const GateOptions& options, GateFit* scratch, Best* best) {
  const Gate& gate_a = gates.gate[static_cast<std::size_t>(a)];
  const Gate& gate_b = gates.gate[static_cast<std::size_t>(b)];
  Normal normal;
  normal.N.diagonal().setConstant(1.0 / prior_variance);
  normal.Add(gate_a, ChosenOf(gate_a, i));
  normal.Add(gate_b, ChosenOf(gate_b, j));
  const Eigen::Vector3d step = normal.N.inverse() * normal.g;
  double cost = Choose(gates, step, options, scratch);
  if (use_prior) cost += step.squaredNorm() / prior_variance;
  if (cost < best->cost) *best = {cost, step};
}

Best SearchPairs(const Gates& gates, double prior_variance, bool use_prior,
                 const GateOptions& options, GateFit* scratch) {
  std::array<int, kMaxViews> order{};
  for (int k = 0; k < gates.count; ++k) order[static_cast<std::size_t>(k)] = k;
  std::stable_sort(order.begin(), order.begin() + gates.count, [&](int a, int b) {
    return gates.gate[static_cast<std::size_t>(a)].count <
           gates.gate[static_cast<std::size_t>(b)].count;
  });
  Best best;
  for (int s = 0; s < std::min(kSeedGates, gates.count); ++s) {
    for (int t = s + 1; t < gates.count; ++t) {
      const int a = order[static_cast<std::size_t>(s)];
      const int b = order[static_cast<std::size_t>(t)];
      for (int i = 0; i < gates.gate[static_cast<std::size_t>(a)].count; ++i) {
        for (int j = 0; j < gates.gate[static_cast<std::size_t>(b)].count; ++j) {
          TryPair(gates, a, i, b, j, prior_variance, use_prior, options, scratch, &best);
        }
      }
    }
  }
  return best;
}

}  // namespace

void OpenGates(const CameraRig& rig, const std::vector<CameraFrame>& seen,
               const Prediction& prediction, const GateOptions& options, Gates* gates) {
  gates->count = 0;
  for (std::size_t c = 0; c < seen.size(); ++c) {
    if (seen[c].size() == 0) continue;
    const Camera& camera = rig.cameras[c];
    const Eigen::Vector3d at = prediction.position + seen[c].middle_delay * prediction.velocity;
    const std::optional<ProjectionWithJacobian> projection =
        camera.model.ProjectWithJacobian(camera.camera_from_lab * at);
    if (!projection) continue;
    Gate& gate = gates->gate[static_cast<std::size_t>(gates->count)];
    gate.camera = static_cast<std::uint32_t>(c);
    gate.count = 0;
    gate.J.noalias() = projection->d_xy_d_point * camera.camera_from_lab.rotation;
    // Half the squared norm of J is the mean square of pixels per metre across the ray.
    const double radius2 = prediction.variance * 0.5 * gate.J.squaredNorm();
    const Eigen::Vector2d moves = gate.J * prediction.velocity;
    // How far the point moves at most between the exposures of the middle row and of any other.
    const double row_shift = 0.5 * camera.height * std::abs(camera.line_time) * moves.norm();
    Search(seen[c], projection->xy, moves, row_shift, radius2, options, &gate);
    if (gate.count > 0) ++gates->count;
  }
}

bool FitGates(const Gates& gates, double prior_variance, bool use_prior, const GateOptions& options,
              GateFit* fit) {
  if (gates.count < 2) return false;
  if (IsSimple(gates) && FitAll(gates, options, fit)) return true;
  Best best = SearchPairs(gates, prior_variance, use_prior, options, fit);
  for (int round = 0; round < kPolishRounds; ++round) {
    Choose(gates, best.step, options, fit);
    const std::array<std::int8_t, kMaxViews> chosen = fit->chosen;
    if (fit->rays < 2 || !Solve(gates, fit)) return false;
    best.step = fit->step;
    GateFit again = *fit;
    Choose(gates, best.step, options, &again);
    if (std::equal(chosen.begin(), chosen.begin() + gates.count, again.chosen.begin())) return true;
  }
  Choose(gates, best.step, options, fit);
  return fit->rays >= 2 && Solve(gates, fit);
}

}  // namespace medius::reconstruct
