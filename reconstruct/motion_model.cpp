#include "reconstruct/motion_model.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include "core/check.hpp"

namespace medius::reconstruct {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t kFewestSamples = 10;
constexpr double kGaugeVariance = 100.0;  // m^2: nothing is known of where the body is
constexpr int kRounds = 5;

// Distance statistics decide who is near: a neighbour is worth more the less its distance varies.
double Looseness(const MotionSamples& samples, std::size_t a, std::size_t b) {
  double count = 0.0;
  double mean = 0.0;
  double squares = 0.0;
  for (std::size_t s = 0; s < samples.count(); ++s) {
    const double distance = (samples.At(s, a) - samples.At(s, b)).norm();
    if (std::isnan(distance)) continue;
    count += 1.0;
    const double delta = distance - mean;
    mean += delta / count;
    squares += delta * (distance - mean);
  }
  if (count < static_cast<double>(kFewestSamples)) return 1e3;
  // Direction matters as well as distance: far off, a small turn moves the marker much.
  return std::sqrt(squares / count) + 0.04 * mean;
}

std::vector<std::size_t> NearestOf(const MatrixXd& looseness, std::size_t marker) {
  std::vector<std::size_t> others;
  for (std::size_t m = 0; m < static_cast<std::size_t>(looseness.rows()); ++m) {
    const double value = looseness(static_cast<Index>(marker), static_cast<Index>(m));
    if (m != marker && value < 1e2) others.push_back(m);
  }
  std::stable_sort(others.begin(), others.end(), [&](std::size_t a, std::size_t b) {
    return looseness(static_cast<Index>(marker), static_cast<Index>(a)) <
           looseness(static_cast<Index>(marker), static_cast<Index>(b));
  });
  if (others.size() > MotionModel::kNeighbours) others.resize(MotionModel::kNeighbours);
  return others;
}

// A Gaussian over a few markers, learned with samples of which parts are missing.
class LocalGaussian {
 public:
  LocalGaussian(const MotionSamples& samples, const std::vector<std::size_t>& markers)
      : size_(markers.size()) {
    GatherRows(samples, markers);
    const double count = std::max(1.0, static_cast<double>(rows_.size()));
    // With few samples the covariance is too narrow where nothing was seen to move.
    const double ridge = std::hypot(0.002, 0.010 * std::sqrt(40.0 / count));
    ridge_ = ridge * ridge;
    Start();
    for (int round = 0; round < kRounds; ++round) {
      Improve();
      if (round > 0 && round + 1 < kRounds) TrimTarget();
    }
  }

  [[nodiscard]] std::size_t samples() const { return rows_.size(); }
  [[nodiscard]] const VectorXd& mean() const { return mean_; }
  [[nodiscard]] double ridge() const { return ridge_; }

  // With the gauge: blind to a common shift.
  [[nodiscard]] MatrixXd GaugedCovariance() const {
    MatrixXd covariance = covariance_;
    for (Index i = 0; i < covariance.rows(); ++i) {
      for (Index j = i % 3; j < covariance.cols(); j += 3) covariance(i, j) += kGaugeVariance;
      covariance(i, i) += ridge_;
    }
    return covariance;
  }

 private:
  struct Row {
    unsigned mask = 0;
    bool has_target = false;  // also where it is trimmed
    VectorXd value;           // 0 where missing
  };

  void GatherRows(const MotionSamples& samples, const std::vector<std::size_t>& markers) {
    for (std::size_t s = 0; s < samples.count(); ++s) {
      Row row{0, false, VectorXd::Zero(static_cast<Index>(3 * size_))};
      int seen = 0;
      for (std::size_t k = 0; k < size_; ++k) {
        const Eigen::Vector3f& position = samples.At(s, markers[k]);
        if (!position.allFinite()) continue;
        row.mask |= 1U << k;
        row.value.segment<3>(static_cast<Index>(3 * k)) = position.cast<double>();
        ++seen;
      }
      row.has_target = (row.mask & TargetBit()) != 0;
      if (seen >= 3) rows_.push_back(std::move(row));
    }
  }

  // The marker that is to be predicted is the last.
  [[nodiscard]] unsigned TargetBit() const { return 1U << (size_ - 1); }

  // Leaves the target out of samples in which it is far from where the others say: a wrong name. By
  // the median, which many wrong names do not move.
  void TrimTarget() {
    constexpr double kFar = 5.0;              // standard deviations
    constexpr double kAlwaysGood = 0.012;     // m
    constexpr double kMedianOfNorm = 1.5382;  // of a 3D normal, in standard deviations
    const MatrixXd gauged = GaugedCovariance();
    std::map<unsigned, Fill> fills;
    std::vector<double> off(rows_.size(), -1.0);
    std::vector<double> sorted;
    const auto at = static_cast<Index>(3 * (size_ - 1));
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (!rows_[r].has_target) continue;
      Row without = rows_[r];
      without.mask &= ~TargetBit();
      auto found = fills.find(without.mask);
      if (found == fills.end()) {
        found = fills.emplace(without.mask, FillOf(without.mask, gauged)).first;
      }
      const Eigen::Vector3d shift = ShiftOf(without);
      VectorXd seen = without.value;
      for (Index i = 0; i < seen.size(); ++i) seen[i] -= shift[i % 3];
      const Fill& fill = found->second;
      if (fill.seen.size() < 6) continue;
      const VectorXd off_mean = seen(fill.seen) - mean_(fill.seen);
      const Eigen::Vector3d predicted = mean_.tail<3>() + fill.weights.bottomRows<3>() * off_mean;
      off[r] = (rows_[r].value.segment<3>(at) - shift - predicted).norm();
      sorted.push_back(off[r]);
    }
    if (sorted.size() < kFewestSamples) return;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    const double limit = std::max(kAlwaysGood, kFar * *middle / kMedianOfNorm);
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (off[r] < 0.0) continue;
      rows_[r].mask = off[r] > limit ? rows_[r].mask & ~TargetBit() : rows_[r].mask | TargetBit();
    }
  }

  // Means of differences to the others, from the samples that have both; then no covariance but a
  // wide one, so that the first round copies neighbours' motion.
  void Start() {
    const auto n = static_cast<Index>(3 * size_);
    mean_ = VectorXd::Zero(n);
    for (int round = 0; round < 4; ++round) {
      VectorXd sum = VectorXd::Zero(n);
      VectorXd count = VectorXd::Zero(n);
      for (Row& row : rows_) {
        const Eigen::Vector3d shift = ShiftOf(row);
        for (std::size_t k = 0; k < size_; ++k) {
          if (((row.mask >> k) & 1U) == 0) continue;
          const auto at = static_cast<Index>(3 * k);
          sum.segment<3>(at) += row.value.segment<3>(at) - shift;
          count.segment<3>(at).array() += 1.0;
        }
      }
      mean_ = sum.array() / count.array().max(1.0);
    }
    covariance_ = MatrixXd::Identity(n, n) * 0.01;
  }

  // Where the body is: mean of what is seen less where it is on average.
  [[nodiscard]] Eigen::Vector3d ShiftOf(const Row& row) const {
    Eigen::Vector3d shift = Eigen::Vector3d::Zero();
    double seen = 0.0;
    for (std::size_t k = 0; k < size_; ++k) {
      if (((row.mask >> k) & 1U) == 0) continue;
      shift += row.value.segment<3>(static_cast<Index>(3 * k)) -
               mean_.segment<3>(static_cast<Index>(3 * k));
      seen += 1.0;
    }
    return shift / std::max(1.0, seen);
  }

  // Conditional mean map and covariance of the missing given the seen of one mask.
  struct Fill {
    std::vector<Index> seen;
    std::vector<Index> missing;
    MatrixXd weights;
    MatrixXd left_over;
  };

  [[nodiscard]] Fill FillOf(unsigned mask, const MatrixXd& gauged) const {
    Fill fill;
    for (std::size_t k = 0; k < size_; ++k) {
      auto& to = ((mask >> k) & 1U) != 0 ? fill.seen : fill.missing;
      for (Index axis = 0; axis < 3; ++axis) to.push_back(static_cast<Index>(3 * k) + axis);
    }
    if (fill.missing.empty()) return fill;
    const MatrixXd seen = gauged(fill.seen, fill.seen);
    const MatrixXd cross = gauged(fill.missing, fill.seen);
    fill.weights = seen.ldlt().solve(cross.transpose()).transpose();
    fill.left_over = gauged(fill.missing, fill.missing) - fill.weights * cross.transpose();
    return fill;
  }

  void Improve() {
    const MatrixXd gauged = GaugedCovariance();
    std::map<unsigned, Fill> fills;
    const auto n = static_cast<Index>(3 * size_);
    VectorXd sum = VectorXd::Zero(n);
    MatrixXd squares = MatrixXd::Zero(n, n);
    MatrixXd left_over = MatrixXd::Zero(n, n);
    for (const Row& row : rows_) {
      const auto found = fills.find(row.mask);
      const Fill& fill = found != fills.end()
                             ? found->second
                             : fills.emplace(row.mask, FillOf(row.mask, gauged)).first->second;
      const VectorXd whole = Completed(row, fill);
      sum += whole;
      squares.selfadjointView<Eigen::Lower>().rankUpdate(whole);
      if (!fill.missing.empty()) left_over(fill.missing, fill.missing) += fill.left_over;
    }
    const double count = std::max(1.0, static_cast<double>(rows_.size()));
    squares = squares.selfadjointView<Eigen::Lower>();
    const VectorXd mean = sum / count;
    mean_ = mean;
    covariance_ = (squares + left_over) / count - mean * mean.transpose();
  }

  // The row with its missing part filled in, without where the body is.
  [[nodiscard]] VectorXd Completed(const Row& row, const Fill& fill) const {
    const Eigen::Vector3d shift = ShiftOf(row);
    VectorXd whole = row.value;
    for (Index i = 0; i < whole.size(); ++i) whole[i] -= shift[i % 3];
    if (!fill.missing.empty()) {
      const VectorXd off = whole(fill.seen) - mean_(fill.seen);
      whole(fill.missing) = mean_(fill.missing) + fill.weights * off;
    }
    Eigen::Vector3d middle = Eigen::Vector3d::Zero();
    for (Index i = 0; i < whole.size(); ++i) middle[i % 3] += whole[i];
    middle /= static_cast<double>(size_);
    for (Index i = 0; i < whole.size(); ++i) whole[i] -= middle[i % 3];
    return whole;
  }

  std::size_t size_;
  std::vector<Row> rows_;
  double ridge_ = 0.0;
  VectorXd mean_;
  MatrixXd covariance_;
};

}  // namespace

MotionModel::Local MotionModel::LearnLocal(const MotionSamples& samples, std::size_t marker,
                                           std::vector<std::size_t> neighbours) {
  Local local;
  local.neighbours = std::move(neighbours);
  const std::size_t count = local.neighbours.size();
  if (count < 2) return local;
  std::vector<std::size_t> markers = local.neighbours;
  markers.push_back(marker);
  const LocalGaussian gaussian(samples, markers);
  if (gaussian.samples() < kFewestSamples) return local;
  const MatrixXd gauged = gaussian.GaugedCovariance();
  const auto at = static_cast<Index>(3 * count);
  local.maps.resize(std::size_t{1} << count);
  for (std::size_t mask = 0; mask < local.maps.size(); ++mask) {
    std::vector<Index> seen;
    for (std::size_t k = 0; k < count; ++k) {
      if (((mask >> k) & 1U) == 0) continue;
      for (Index axis = 0; axis < 3; ++axis) seen.push_back(static_cast<Index>(3 * k) + axis);
    }
    if (seen.size() < 6) continue;
    const MatrixXd cross = gauged.block(at, 0, 3, at)(Eigen::all, seen);
    const MatrixXd weights =
        MatrixXd(gauged(seen, seen)).ldlt().solve(cross.transpose()).transpose();
    // Learned and judged on the same samples: the spread is too small by about this much.
    const double optimism =
        1.0 + static_cast<double>(seen.size()) / static_cast<double>(gaussian.samples());
    Eigen::Matrix3d left_over = gauged.block<3, 3>(at, at) - weights * cross.transpose();
    left_over = (optimism * optimism * left_over + 9e-6 * Eigen::Matrix3d::Identity()).eval();
    Map& map = local.maps[mask];
    map.is_there = true;
    map.weights = weights.cast<float>();
    map.offset = (gaussian.mean().tail<3>() - weights * gaussian.mean()(seen)).cast<float>();
    map.information = left_over.inverse().cast<float>();
    constexpr double kLogTwoPi = 1.8378770664093453;
    map.log_peak = static_cast<float>(-1.5 * kLogTwoPi - 0.5 * std::log(left_over.determinant()));
  }
  return local;
}

MotionModel MotionModel::Learn(const MotionSamples& samples, Parallelism parallelism) {
  const std::size_t markers = samples.marker_count;
  const auto n = static_cast<Index>(markers);
  MatrixXd looseness = MatrixXd::Zero(n, n);
  ParallelFor(parallelism, markers, 4, [&](std::size_t begin, std::size_t end) {
    for (std::size_t a = begin; a < end; ++a) {
      for (std::size_t b = 0; b < markers; ++b) {
        looseness(static_cast<Index>(a), static_cast<Index>(b)) = Looseness(samples, a, b);
      }
    }
  });
  MotionModel model;
  model.local_.resize(markers);
  ParallelFor(parallelism, markers, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t m = begin; m < end; ++m) {
      model.local_[m] = LearnLocal(samples, m, NearestOf(looseness, m));
    }
  });
  return model;
}

std::optional<MarkerPrediction> MotionModel::Predict(
    std::size_t marker, const std::array<const Eigen::Vector3f*, kNeighbours>& seen) const {
  const Local& local = local_[marker];
  if (local.maps.empty()) return std::nullopt;
  std::size_t mask = 0;
  for (std::size_t k = 0; k < local.neighbours.size(); ++k) {
    if (seen[k] != nullptr) mask |= std::size_t{1} << k;
  }
  const Map& map = local.maps[mask];
  if (!map.is_there) return std::nullopt;
  MarkerPrediction prediction;
  prediction.position = map.offset;
  Index column = 0;
  for (std::size_t k = 0; k < local.neighbours.size(); ++k) {
    if (seen[k] == nullptr) continue;
    prediction.position += map.weights.middleCols<3>(column) * *seen[k];
    column += 3;
  }
  prediction.information = map.information;
  prediction.log_peak = map.log_peak;
  return prediction;
}

}  // namespace medius::reconstruct
