#include "reconstruct/gap_own_path.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <Eigen/Cholesky>

namespace medius::reconstruct {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr std::size_t kMaxSamples = 300;
constexpr std::size_t kMinSamples = 24;
// Beyond this the weights learn the noise of the window: far below what cameras give.
constexpr double kFloorSigma = 0.0001;

// The gap, hidden at other places of the window: rows are coordinates, three an instant.
struct Samples {
  MatrixXd ends;    // [3 n, nodes] about the mean of the nodes
  MatrixXd hidden;  // [3 n, gap]
  Index half = 0;   // rows of the earlier half
  double end_variance = 0.0;
};

class OwnPath {
 public:
  explicit OwnPath(const GapTask& task)
      : task_(task),
        nodes_(EndNodes(task, {0.0, 1.0 / task.rate_hz, 2.0 / task.rate_hz, 0.04, 0.08, 0.15})) {}

  std::optional<GapFill> Fill() const {
    const std::optional<Samples> samples = Collect();
    if (!samples) return std::nullopt;
    const Index rows = samples->ends.rows();
    const Index half = samples->half;
    const std::array<MatrixXd, 2> gram = {Moments(samples->ends, samples->ends, 0, half),
                                          Moments(samples->ends, samples->ends, half, rows - half)};
    const std::array<MatrixXd, 2> cross = {
        Moments(samples->ends, samples->hidden, 0, half),
        Moments(samples->ends, samples->hidden, half, rows - half)};
    GapFill fill;
    fill.source = SampleSource::kFilledInterpolated;
    fill.covariance.assign(task_.gap.count, Eigen::Matrix3d::Zero());
    AddErrors(*samples, 0, half, Weights(gram[1], cross[1], rows - half), fill);
    AddErrors(*samples, half, rows - half, Weights(gram[0], cross[0], half), fill);
    double trace = 0.0;
    for (Eigen::Matrix3d& c : fill.covariance) trace += (c /= rows / 3.0).trace();
    fill.error_m = std::sqrt(trace / static_cast<double>(task_.gap.count));
    Place(Weights(gram[0] + gram[1], cross[0] + cross[1], rows), samples->end_variance, fill);
    return fill;
  }

 private:
  // Starts at which the marker is seen at every node and over the whole gap.
  std::vector<std::size_t> Starts() const {
    const auto before = static_cast<std::size_t>(-*std::min_element(nodes_.begin(), nodes_.end()));
    const auto after = static_cast<std::size_t>(*std::max_element(nodes_.begin(), nodes_.end()));
    std::vector<std::size_t> starts;
    const std::size_t first = task_.window.first + before;
    if (first + after >= task_.window.end()) return starts;
    const std::size_t span = task_.window.end() - after - first;
    const std::size_t step = std::max<std::size_t>(1, span / kMaxSamples);
    for (std::size_t s = first; s < first + span; s += step) {
      const bool whole = task_.history->IsKnownAll(task_.marker, {s, task_.gap.count}, 1) &&
                         std::all_of(nodes_.begin(), nodes_.end(), [&](std::ptrdiff_t n) {
                           return task_.history->IsSeen(task_.marker, s + n);
                         });
      if (whole) starts.push_back(s);
    }
    return starts;
  }

  std::optional<Samples> Collect() const {
    const std::vector<std::size_t> starts = Starts();
    if (starts.size() < kMinSamples) return std::nullopt;
    const auto n = static_cast<Index>(starts.size());
    Samples samples{MatrixXd(3 * n, static_cast<Index>(nodes_.size())),
                    MatrixXd(3 * n, static_cast<Index>(task_.gap.count)), 3 * (n / 2), 0.0};
    for (Index i = 0; i < n; ++i) {
      const std::size_t start = starts[static_cast<std::size_t>(i)];
      const Eigen::Vector3d mean = EndMean(start);
      for (Index k = 0; k < samples.ends.cols(); ++k) {
        samples.ends.col(k).segment<3>(3 * i) = End(start, static_cast<std::size_t>(k)) - mean;
      }
      for (Index u = 0; u < samples.hidden.cols(); ++u) {
        samples.hidden.col(u).segment<3>(3 * i) =
            task_.history->Position(task_.marker, start + static_cast<std::size_t>(u)) - mean;
      }
      samples.end_variance += task_.history->Variance(task_.marker, start) / static_cast<double>(n);
    }
    return samples;
  }

  Eigen::Vector3d End(std::size_t start, std::size_t node) const {
    return task_.history->Position(task_.marker, start + nodes_[node]);
  }
  Eigen::Vector3d EndMean(std::size_t start) const {
    Eigen::Vector3d sum = Eigen::Vector3d::Zero();
    for (std::size_t k = 0; k < nodes_.size(); ++k) sum += End(start, k);
    return sum / static_cast<double>(nodes_.size());
  }

  static MatrixXd Moments(const MatrixXd& a, const MatrixXd& b, Index first, Index count) {
    return a.middleRows(first, count).transpose() * b.middleRows(first, count);
  }

  static MatrixXd Weights(MatrixXd gram, const MatrixXd& cross, Index rows) {
    gram.diagonal().array() += kFloorSigma * kFloorSigma * static_cast<double>(rows);
    return gram.ldlt().solve(cross);
  }

  static void AddErrors(const Samples& samples, Index first, Index count, const MatrixXd& weights,
                        GapFill& fill) {
    const MatrixXd errors =
        samples.hidden.middleRows(first, count) - samples.ends.middleRows(first, count) * weights;
    for (Index u = 0; u < errors.cols(); ++u) {
      Eigen::Matrix3d& sum = fill.covariance[static_cast<std::size_t>(u)];
      for (Index i = 0; i < count; i += 3) {
        const Eigen::Vector3d e = errors.col(u).segment<3>(i);
        sum += e * e.transpose();
      }
    }
  }

  // The errors hold the usual noise of the ends already; worse ends add what they have more.
  void Place(const MatrixXd& weights, double usual_variance, GapFill& fill) const {
    const std::size_t start = task_.gap.first;
    const Eigen::Vector3d mean = EndMean(start);
    for (std::size_t u = 0; u < task_.gap.count; ++u) {
      Eigen::Vector3d x = mean;
      double excess = 0.0;
      for (std::size_t k = 0; k < nodes_.size(); ++k) {
        const double w = weights(static_cast<Index>(k), static_cast<Index>(u));
        x += w * (End(start, k) - mean);
        const double more =
            task_.history->Variance(task_.marker, start + nodes_[k]) - usual_variance;
        if (more > 0.0) excess += w * w * more;
      }
      fill.position.push_back(x);
      fill.covariance[u] += excess * Eigen::Matrix3d::Identity();
    }
  }

  const GapTask& task_;
  std::vector<std::ptrdiff_t> nodes_;
};

}  // namespace

std::optional<GapFill> FillFromOwnPath(const GapTask& task) {
  return OwnPath(task).Fill();
}

}  // namespace medius::reconstruct
