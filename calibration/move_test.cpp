#include "calibration/move_test.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

#include "calibration/rig_adjustment.hpp"

namespace medius::calibration {
namespace {

constexpr int kParts = 7;
// Directions that the sightings determine this much worse than others are not determined.
constexpr double kSmallestEigenvalue = 1e-10;
constexpr double kClearLead = 12.0;  // of chi-square, see Explanation::instead

// [P, rank] with L L^T = covariance.
Eigen::MatrixXd RootOf(const Eigen::MatrixXd& covariance) {
  const Eigen::VectorXd sd = covariance.diagonal().cwiseMax(0.0).cwiseSqrt();
  const Eigen::VectorXd inverse = sd.unaryExpr([](double s) { return s > 0.0 ? 1.0 / s : 0.0; });
  const Eigen::MatrixXd correlation =
      inverse.asDiagonal() * (0.5 * (covariance + covariance.transpose())) * inverse.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(correlation);
  const Eigen::VectorXd root = eigen.eigenvalues().cwiseMax(0.0).cwiseSqrt();
  return sd.asDiagonal() * eigen.eigenvectors() * root.asDiagonal();
}

// [P, 7 cameras] how a zoom and the pose of each camera change its parameters.
Eigen::MatrixXd PartsOf(const CameraRig& rig, const CameraLayout& layout) {
  Eigen::MatrixXd parts =
      Eigen::MatrixXd::Zero(layout.size, kParts * static_cast<int>(rig.cameras.size()));
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const int column = kParts * static_cast<int>(c);
    const std::vector<double>& k = rig.cameras[c].model.intrinsics();
    parts(layout.intrinsics_offset[c], column) = k[0];
    parts(layout.intrinsics_offset[c] + 1, column) = k[1];
    parts.block<6, 6>(layout.pose_offset[c], column + 1).setIdentity();
  }
  return parts;
}

// Inverse on what is determined, scaled so that units do not matter.
struct ScaledInverse {
  explicit ScaledInverse(const Eigen::MatrixXd& matrix) {
    scale =
        matrix.diagonal().unaryExpr([](double v) { return v > 0.0 ? 1.0 / std::sqrt(v) : 0.0; });
    eigen.compute(scale.asDiagonal() * matrix * scale.asDiagonal());
    root = eigen.eigenvalues().unaryExpr(
        [](double v) { return v > kSmallestEigenvalue ? 1.0 / std::sqrt(v) : 0.0; });
  }
  // [n, n] with the inverse W W^T.
  [[nodiscard]] Eigen::MatrixXd Factor() const {
    return scale.asDiagonal() * eigen.eigenvectors() * root.asDiagonal();
  }

  Eigen::VectorXd scale;
  Eigen::VectorXd root;
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen;
};

std::vector<Suspicion> Without(std::vector<Suspicion> freed, std::size_t i) {
  freed.erase(freed.begin() + static_cast<std::ptrdiff_t>(i));
  return freed;
}

std::vector<Suspicion> With(std::vector<Suspicion> freed, Suspicion more) {
  freed.push_back(more);
  return freed;
}

bool Contains(const std::vector<Suspicion>& freed, Suspicion one) {
  return std::find(freed.begin(), freed.end(), one) != freed.end();
}

std::size_t CamerasOf(const std::vector<Suspicion>& freed) {
  std::vector<std::size_t> cameras;
  for (const Suspicion& one : freed) cameras.push_back(one.camera);
  std::sort(cameras.begin(), cameras.end());
  return static_cast<std::size_t>(std::unique(cameras.begin(), cameras.end()) - cameras.begin());
}

// All that can be suspected beside `freed`.
std::vector<Suspicion> Candidates(const std::vector<bool>& judged, std::size_t at_most,
                                  const std::vector<Suspicion>& freed) {
  std::vector<Suspicion> candidates;
  for (std::size_t c = 0; c < judged.size(); ++c) {
    for (const Suspicion::Kind kind : {Suspicion::Kind::kMoved, Suspicion::Kind::kZoomed}) {
      const Suspicion one{c, kind};
      if (!judged[c] || Contains(freed, one) || CamerasOf(With(freed, one)) > at_most) continue;
      candidates.push_back(one);
    }
  }
  return candidates;
}

// What chance alone reaches, by kind: 6 numbers explain more of it than 1.
struct ChanceLimits {
  double moved = 0.0;
  double zoomed = 0.0;

  [[nodiscard]] double Of(Suspicion::Kind kind) const {
    return kind == Suspicion::Kind::kMoved ? moved : zoomed;
  }
};

// The reduction that chance exceeds with probability `alarm`.
double LimitOf(int freedom, double alarm, double noise_freedom) {
  double low = 0.0;
  double high = 1.0;
  for (int i = 0; i < 60 && TailProbability(high, freedom, noise_freedom) > alarm; ++i) high *= 2.0;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (TailProbability(middle, freedom, noise_freedom) > alarm ? low : high) = middle;
  }
  return high;
}

// By how much chi-square falls beyond what chance would give these: what suspicions of different
// freedom are compared by.
double Excess(const MoveTest& test, const std::vector<Suspicion>& freed,
              const ChanceLimits& limits) {
  double excess = test.Reduction(freed);
  for (const Suspicion& one : freed) excess -= limits.Of(one.kind);
  return excess;
}

struct Choice {
  Suspicion suspicion;
  double excess = 0.0;  // of all together
};

std::optional<Choice> Best(const MoveTest& test, const std::vector<Suspicion>& kept,
                           const std::vector<Suspicion>& candidates, const ChanceLimits& limits) {
  std::optional<Choice> best;
  for (const Suspicion& one : candidates) {
    const double excess = Excess(test, With(kept, one), limits);
    if (!best || excess > best->excess) best = Choice{one, excess};
  }
  return best;
}

// One round of exchanges: each suspicion for the one that explains more in its place.
bool Exchange(const MoveTest& test, const std::vector<bool>& judged, std::size_t at_most,
              const ChanceLimits& limits, std::vector<Suspicion>* freed) {
  const double present = Excess(test, *freed, limits);
  for (std::size_t i = 0; i < freed->size(); ++i) {
    const std::vector<Suspicion> kept = Without(*freed, i);
    const std::optional<Choice> best = Best(test, kept, Candidates(judged, at_most, kept), limits);
    // By more than rounding, or it would go on for ever.
    if (best && !(best->suspicion == (*freed)[i]) &&
        best->excess > present + 1e-9 * std::abs(present) + 1e-6) {
      (*freed)[i] = best->suspicion;
      return true;
    }
  }
  return false;
}

void Drop(const MoveTest& test, double alarm, double noise_freedom, std::vector<Suspicion>* freed) {
  for (std::size_t i = freed->size(); i-- > 0;) {
    const double rise = test.Reduction(*freed) - test.Reduction(Without(*freed, i));
    if (TailProbability(rise, FreedomOf((*freed)[i].kind), noise_freedom) > alarm) {
      *freed = Without(*freed, i);
    }
  }
}

Explanation Describe(const MoveTest& test, const std::vector<bool>& judged, std::size_t at_most,
                     const ChanceLimits& limits, std::vector<Suspicion> freed) {
  Explanation explanation;
  const double all = test.Reduction(freed);
  const double excess = Excess(test, freed, limits);
  for (std::size_t i = 0; i < freed.size(); ++i) {
    const std::vector<Suspicion> kept = Without(freed, i);
    explanation.reduction.push_back(all - test.Reduction(kept));
    std::vector<std::size_t> instead;
    for (const Suspicion& one : Candidates(judged, at_most, kept)) {
      if (one.camera == freed[i].camera) continue;
      if (excess - Excess(test, With(kept, one), limits) >= kClearLead) continue;
      if (instead.empty() || instead.back() != one.camera) instead.push_back(one.camera);
    }
    explanation.instead.push_back(std::move(instead));
  }
  explanation.suspicions = std::move(freed);
  return explanation;
}

}  // namespace

MoveTest::MoveTest(const CameraRig& rig, const CameraRig& present, const RigNormal& normal,
                   const Eigen::MatrixXd& covariance) {
  // Seen from the calibrated rig: b0 = b + A (present - rig).
  const Eigen::VectorXd b =
      normal.b + normal.A * DifferenceOf(rig, present, IntrinsicColumns::kAll);
  const Eigen::MatrixXd L = RootOf(covariance);
  const Eigen::MatrixXd AL = normal.A * L;
  Eigen::MatrixXd inner = L.transpose() * AL;
  inner.diagonal().array() += 1.0;
  const Eigen::LDLT<Eigen::MatrixXd> factor(inner);
  const Eigen::MatrixXd parts = PartsOf(present, LayoutOf(rig, IntrinsicColumns::kAll));
  const Eigen::MatrixXd by_parts = AL.transpose() * parts;  // [rank, 7 cameras]
  information_ =
      parts.transpose() * normal.A * parts - by_parts.transpose() * factor.solve(by_parts);
  score_ = parts.transpose() * b - by_parts.transpose() * factor.solve(L.transpose() * b);
}

MoveTest MoveTest::OfChange(const RigNormal& first, const RigNormal& second,
                            const Eigen::VectorXd& sd) {
  Eigen::MatrixXd sum = first.A + second.A;
  // The rig as a whole is not determined: far too weak a hold to matter elsewhere.
  sum.diagonal() *= 1.0 + 1e-12;
  sum.diagonal().array() += 1.0;
  // Zooms stand still here.
  for (Eigen::Index i = 0; i < sum.rows(); i += kParts) sum(i, i) = 1e30;
  const Eigen::LDLT<Eigen::MatrixXd> factor(sum);
  const Eigen::MatrixXd V = second.A - second.A * factor.solve(second.A);
  const Eigen::VectorXd s = second.b - second.A * factor.solve(first.b + second.b);
  // And the mounts taken out of it, as the calibration's error is in the other constructor.
  const Eigen::MatrixXd VL = V * sd.asDiagonal();
  Eigen::MatrixXd inner = sd.asDiagonal() * VL;
  inner.diagonal().array() += 1.0;
  const Eigen::LDLT<Eigen::MatrixXd> mounts(inner);
  MoveTest test;
  test.information_ = V - VL * mounts.solve(VL.transpose());
  test.score_ = s - VL * mounts.solve(sd.asDiagonal() * s);
  return test;
}

std::vector<int> MoveTest::ColumnsOf(const std::vector<Suspicion>& freed) {
  std::vector<int> columns;
  for (const Suspicion& one : freed) {
    const int first = kParts * static_cast<int>(one.camera);
    if (one.kind == Suspicion::Kind::kZoomed) {
      columns.push_back(first);
    } else {
      for (int i = 1; i < kParts; ++i) columns.push_back(first + i);
    }
  }
  return columns;
}

double MoveTest::Reduction(const std::vector<Suspicion>& freed) const {
  if (freed.empty()) return 0.0;
  const std::vector<int> columns = ColumnsOf(freed);
  const ScaledInverse inverse(information_(columns, columns));
  return (inverse.Factor().transpose() * score_(columns)).squaredNorm();
}

MoveTest::Estimate MoveTest::EstimateOf(const std::vector<Suspicion>& freed) const {
  const std::vector<int> columns = ColumnsOf(freed);
  const Eigen::MatrixXd W = ScaledInverse(information_(columns, columns)).Factor();
  return {W * (W.transpose() * score_(columns)), W * W.transpose()};
}

Explanation Explain(const MoveTest& test, const std::vector<bool>& judged, std::size_t at_most,
                    double alarm, double noise_freedom) {
  const ChanceLimits limits{LimitOf(FreedomOf(Suspicion::Kind::kMoved), alarm, noise_freedom),
                            LimitOf(FreedomOf(Suspicion::Kind::kZoomed), alarm, noise_freedom)};
  std::vector<Suspicion> freed;
  // Each camera can be freed in two ways; a set never returns, for the excess grows each time.
  for (std::size_t round = 0; round < 2 * judged.size(); ++round) {
    const std::optional<Choice> best =
        Best(test, freed, Candidates(judged, at_most, freed), limits);
    if (!best || best->excess < Excess(test, freed, limits)) break;
    freed.push_back(best->suspicion);
    while (Exchange(test, judged, at_most, limits, &freed)) {
    }
    const std::size_t before = freed.size();
    Drop(test, alarm, noise_freedom, &freed);
    if (freed.size() < before && round > judged.size()) break;
  }
  return Describe(test, judged, at_most, limits, std::move(freed));
}

double TailProbability(double reduction, int freedom, double noise_freedom) {
  if (!(reduction > 0.0)) return 1.0;
  if (freedom == 1) return std::erfc(std::sqrt(0.5 * reduction));
  // F = (reduction / freedom) with (freedom, noise_freedom): I_x(noise_freedom / 2, freedom / 2)
  // with x = noise_freedom / (noise_freedom + reduction), a finite sum for even freedom.
  const double a = 0.5 * noise_freedom;
  const double x = noise_freedom / (noise_freedom + reduction);
  double term = 1.0;
  double sum = 1.0;
  for (int j = 1; j < freedom / 2; ++j) {
    term *= (a + j - 1.0) / j * (1.0 - x);
    sum += term;
  }
  return std::pow(x, a) * sum;
}

}  // namespace medius::calibration
