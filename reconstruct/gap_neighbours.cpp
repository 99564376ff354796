#include "reconstruct/gap_neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reconstruct/gap_kriging.hpp"
#include "reconstruct/gap_regression.hpp"

namespace medius::reconstruct {
namespace {

using Eigen::Index;
using Eigen::Matrix3d;
using Eigen::Vector3d;

constexpr std::size_t kReplicas = 16;
constexpr std::size_t kMinReplicas = 6;
constexpr std::size_t kPlaces = 5;  // looked at in each replica
// Weight, in replicas, of the kriging's own opinion of its error: it counts where there are few.
constexpr double kPriorReplicas = 3.0;

// The gap hidden at other places and filled.
struct Trials {
  std::size_t count = 0;
  Matrix3d scale = Matrix3d::Zero();  // of errors over their expected sd
  double mean_square = 0.0;           // of the errors, metres^2
};

class NeighbourFill {
 public:
  NeighbourFill(const GapTask& task, const GapRegression& model)
      : task_(task), model_(model), nodes_(EndNodes(task, {0.0, 1.0 / task.rate_hz, 0.02, 0.045})) {
    std::erase_if(nodes_, [&](std::ptrdiff_t n) { return !model_.IsKnown(task_.gap.first + n); });
    std::vector<double> extra;
    const double usual = UsualVariance();
    for (const std::ptrdiff_t n : nodes_) {
      const std::size_t frame = task_.gap.first + n;
      const double more = task_.history->Variance(task_.marker, frame) - usual;
      extra.push_back((more > 0.0 ? more : 0.0) + model_.ExcessCovariance(frame).trace() / 3.0);
    }
    const auto [low, high] = std::minmax_element(nodes_.begin(), nodes_.end());
    const Autocovariance covariance(model_.held_out(), model_.step(),
                                    static_cast<std::size_t>(*high - *low));
    matching_ = MatchEnds(covariance, nodes_, extra, task_.gap.count);
    if (task_.options->match_ends) return;
    for (int axis = 0; axis < 3; ++axis) {
      matching_.weights[static_cast<std::size_t>(axis)].setZero();
      matching_.variance.row(axis).setConstant(covariance.Variance(axis));
    }
  }

  std::optional<GapFill> Fill() const {
    const Trials trials = Try();
    if (trials.count < kMinReplicas) return std::nullopt;
    GapFill fill;
    fill.source =
        model_.rests_on_own_segment() ? SampleSource::kFilledRigid : SampleSource::kFilledSkeleton;
    fill.error_m = std::sqrt(trials.mean_square);
    const std::vector<Vector3d> ends = Residuals(task_.gap.first, model_.fold_count());
    for (std::size_t u = 0; u < task_.gap.count; ++u) {
      const std::size_t frame = task_.gap.first + u;
      const GapRegression::Instant instant = model_.At(frame);
      const Vector3d x = model_.PredictInBody(instant, model_.fold_count()) + Carried(ends, u);
      const Vector3d sd = ExpectedSd(u);
      const Matrix3d& turn = instant.frame.lab_from_body;
      const Matrix3d in_body = sd.asDiagonal() * trials.scale * sd.asDiagonal();
      fill.position.push_back(instant.frame.ToLab(x));
      fill.covariance.emplace_back(turn * (in_body + model_.ExcessCovariance(frame)) *
                                   turn.transpose());
    }
    return fill;
  }

 private:
  double UsualVariance() const {
    double sum = 0.0;
    std::size_t n = 0;
    for (std::size_t f = task_.window.first; f < task_.window.end(); f += 4 * model_.step()) {
      if (!task_.history->IsSeen(task_.marker, f)) continue;
      sum += task_.history->Variance(task_.marker, f);
      ++n;
    }
    return n == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(n);
  }

  Vector3d ExpectedSd(std::size_t place) const {
    return matching_.variance.col(static_cast<Index>(place)).cwiseSqrt();
  }

  std::vector<Vector3d> Residuals(std::size_t start, std::size_t fold) const {
    std::vector<Vector3d> residuals;
    GapRegression::Instant scratch;
    for (const std::ptrdiff_t n : nodes_)
      residuals.push_back(model_.Residual(start + n, fold, scratch));
    return residuals;
  }

  Vector3d Carried(const std::vector<Vector3d>& ends, std::size_t place) const {
    Vector3d sum = Vector3d::Zero();
    for (std::size_t k = 0; k < ends.size(); ++k) {
      for (int axis = 0; axis < 3; ++axis) {
        sum[axis] += ends[k][axis] * matching_.weights[static_cast<std::size_t>(axis)](
                                         static_cast<Index>(k), static_cast<Index>(place));
      }
    }
    return sum;
  }

  bool IsWhole(std::size_t frame) const {
    return task_.history->IsSeen(task_.marker, frame) && model_.IsKnown(frame) &&
           !model_.IsDoubtful(frame);
  }

  // Fills the gap at another start, where both ends and some of the places are seen.
  void TryAt(std::size_t start, const std::vector<std::size_t>& places, Trials& trials) const {
    const bool ends_seen = std::all_of(nodes_.begin(), nodes_.end(),
                                       [&](std::ptrdiff_t n) { return IsWhole(start + n); });
    if (!ends_seen) return;
    std::vector<std::size_t> seen = places;
    std::erase_if(seen, [&](std::size_t u) { return !IsWhole(start + u); });
    if (2 * seen.size() < places.size()) return;
    const std::size_t fold = model_.FoldOf(start);
    const std::vector<Vector3d> ends = Residuals(start, fold);
    const double weight = 1.0 / static_cast<double>(seen.size());
    GapRegression::Instant scratch;
    for (const std::size_t u : seen) {
      const Vector3d error = model_.Residual(start + u, fold, scratch) - Carried(ends, u);
      const Vector3d z = error.cwiseQuotient(ExpectedSd(u));
      trials.scale += weight * z * z.transpose();
      trials.mean_square += weight * error.squaredNorm();
    }
    ++trials.count;
  }

  // Evenly over the window, then in between, until there are enough.
  Trials Try() const {
    const auto [low, high] = std::minmax_element(nodes_.begin(), nodes_.end());
    const auto before = static_cast<std::size_t>(-*low);
    const auto after = static_cast<std::size_t>(*high);
    const std::vector<std::size_t> places = PlacesOver(task_.gap.count, kPlaces);
    Trials trials;
    if (before + after + kReplicas >= task_.window.count) return trials;
    const std::size_t span = task_.window.count - before - after;
    constexpr std::size_t kRounds = 12;
    for (std::size_t i = 0; i < kRounds * kReplicas && trials.count < kReplicas; ++i) {
      const std::size_t slot = (i % kReplicas) * kRounds + i / kReplicas;
      const std::size_t start = task_.window.first + before + slot * span / (kRounds * kReplicas);
      const bool in_one_fold = model_.FoldOf(start - before) == model_.FoldOf(start + after);
      if (in_one_fold) TryAt(start, places, trials);
    }
    if (trials.count == 0) return trials;
    const auto n = static_cast<double>(trials.count);
    trials.mean_square /= n;
    trials.scale = (trials.scale + kPriorReplicas * Matrix3d::Identity()) / (n + kPriorReplicas);
    return trials;
  }

  const GapTask& task_;
  const GapRegression& model_;
  std::vector<std::ptrdiff_t> nodes_;
  EndMatching matching_;
};

}  // namespace

std::optional<GapFill> FillFromNeighbours(const GapTask& task, int count) {
  const auto model = GapRegression::Learn(task, count);
  if (!model) return std::nullopt;
  return NeighbourFill(task, *model).Fill();
}

}  // namespace medius::reconstruct
