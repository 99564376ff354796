#include "reconstruct/gap_regression.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <Eigen/Cholesky>

namespace medius::reconstruct {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::Vector3d;

constexpr std::size_t kFrameMarkers = 6;  // that carry the body frame
constexpr std::size_t kMinPredictors = 2;
constexpr std::size_t kMinLearned = 40;
constexpr std::size_t kSparse = 8;  // for what need not be exact: every so many grid instants
// A predictor is left out that would leave less than this share of the instants that are left, ...
constexpr double kKeptOfLeft = 0.85;
// ... or less than this share of all of them.
constexpr double kKeptOfAll = 0.4;
// An instant is not learned from whose residual is so many times the median, ...
constexpr double kOutlierRatio = 10.0;
// ... where at most this share are such.
constexpr double kMostOutliers = 0.05;

}  // namespace

struct GapRegression::Candidate {
  std::size_t marker = 0;
  double distance_sd = 0.0;
};

GapRegression::GapRegression(const GapTask& task) : task_(&task) {
  step_ = std::max<std::size_t>(
      1, static_cast<std::size_t>(std::lround(task.rate_hz / task.options->training_rate_hz)));
  // A fold must hold the gap with its ends, in several places.
  const double length = static_cast<double>(task.gap.count) + 0.12 * task.rate_hz;
  const double folds = static_cast<double>(task.window.count) / (1.5 * length);
  folds_ = static_cast<std::size_t>(std::clamp(folds, 3.0, 5.0));
}

std::optional<GapRegression> GapRegression::Learn(const GapTask& task, int count) {
  GapRegression model(task);
  model.ChoosePredictors(count);
  if (model.predictors_.size() < kMinPredictors) return std::nullopt;
  model.ChooseShape();
  if (!model.Solve()) return std::nullopt;
  if (model.DropOutliers() && !model.Solve()) return std::nullopt;
  return model;
}

// Wrong labels and ghosts are few and far off: they would bend the coefficients and swell the
// covariance. Where many are far off, that is how the marker moves.
bool GapRegression::DropOutliers() {
  std::vector<double> distance;
  for (const Vector3d& r : held_out_) {
    if (r.allFinite()) distance.push_back(r.norm());
  }
  const auto middle = distance.begin() + static_cast<std::ptrdiff_t>(distance.size() / 2);
  std::nth_element(distance.begin(), middle, distance.end());
  const double limit = kOutlierRatio * *middle;
  const auto is_far = [limit](const Vector3d& r) { return r.allFinite() && r.norm() > limit; };
  const auto far = static_cast<double>(std::count_if(held_out_.begin(), held_out_.end(), is_far));
  if (far == 0.0 || far > kMostOutliers * static_cast<double>(distance.size())) return false;
  outlier_.assign(usable_.size(), 0);
  for (std::size_t i = 0; i < usable_.size(); ++i) {
    if (!is_far(held_out_[i])) continue;
    usable_[i] = 0;
    outlier_[i] = 1;
  }
  return true;
}

bool GapRegression::IsDoubtful(std::size_t frame) const {
  if (outlier_.empty()) return false;
  const std::size_t i = (frame - task_->window.first) / step_;
  return outlier_[i] != 0 || (i + 1 < outlier_.size() && outlier_[i + 1] != 0);
}

std::size_t GapRegression::FoldOf(std::size_t frame) const {
  return std::min(folds_ - 1, (frame - task_->window.first) * folds_ / task_->window.count);
}

// How rigid the distance to another marker is; nullopt where that one is hidden in the gap.
std::optional<GapRegression::Candidate> GapRegression::Judge(std::size_t marker) const {
  const MarkerHistory& history = *task_->history;
  const FrameRange with_ends{task_->gap.first - 1, task_->gap.count + 2};
  if (marker == task_->marker || !history.IsKnownAll(marker, with_ends, task_->pass)) {
    return std::nullopt;
  }
  double sum = 0.0;
  double square = 0.0;
  std::size_t n = 0;
  for (std::size_t i = 0; i < usable_.size(); i += kSparse) {
    const std::size_t frame = GridFrame(i);
    if (usable_[i] == 0 || !task_->IsKnown(marker, frame)) continue;
    const double d =
        (history.Position(marker, frame) - history.Position(task_->marker, frame)).norm();
    sum += d;
    square += d * d;
    ++n;
  }
  if (n * kSparse < kMinLearned) return std::nullopt;
  const double mean = sum / static_cast<double>(n);
  return Candidate{marker, std::sqrt(std::max(0.0, square / static_cast<double>(n) - mean * mean))};
}

std::vector<GapRegression::Candidate> GapRegression::Candidates() const {
  std::vector<Candidate> candidates;
  for (std::size_t m = 0; m < task_->history->marker_count(); ++m) {
    if (const auto candidate = Judge(m)) candidates.push_back(*candidate);
  }
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const Candidate& a, const Candidate& b) { return a.distance_sd < b.distance_sd; });
  return candidates;
}

// [markers] in how many of the usable instants each is not known.
std::vector<std::size_t> GapRegression::HiddenInstants() const {
  std::vector<std::size_t> hidden(task_->history->marker_count(), 0);
  for (std::size_t i = 0; i < usable_.size(); ++i) {
    if (usable_[i] == 0) continue;
    const std::size_t frame = GridFrame(i);
    for (std::size_t m = 0; m < hidden.size(); ++m) hidden[m] += task_->IsKnown(m, frame) ? 0 : 1;
  }
  return hidden;
}

void GapRegression::ChoosePredictors(int count) {
  usable_.resize((task_->window.count + step_ - 1) / step_);
  for (std::size_t i = 0; i < usable_.size(); ++i) {
    usable_[i] = task_->history->IsSeen(task_->marker, GridFrame(i)) ? 1 : 0;
  }
  const auto all = static_cast<double>(std::count(usable_.begin(), usable_.end(), 1));
  const std::vector<std::size_t> hidden = HiddenInstants();
  double left = all;
  const bool known_groups = task_->groups->HasGroup(task_->marker);
  for (const Candidate& candidate : Candidates()) {
    if (predictors_.size() >= static_cast<std::size_t>(count)) break;
    if (hidden[candidate.marker] > 0) {
      std::vector<char> usable = usable_;
      for (std::size_t i = 0; i < usable.size(); ++i) {
        if (!task_->IsKnown(candidate.marker, GridFrame(i))) usable[i] = 0;
      }
      const auto kept = static_cast<double>(std::count(usable.begin(), usable.end(), 1));
      if (kept < kKeptOfLeft * left || kept < kKeptOfAll * all) continue;
      usable_ = std::move(usable);
      left = kept;
    }
    predictors_.push_back(candidate.marker);
    usual_variance_.push_back(UsualVariance(candidate.marker));
    const bool together = known_groups ? task_->groups->Together(task_->marker, candidate.marker)
                                       : candidate.distance_sd < task_->options->rigid_sd_m;
    if (together) ++own_segment_;
  }
}

// Zero where the cameras' own covariance is not known.
double GapRegression::UsualVariance(std::size_t marker) const {
  double sum = 0.0;
  std::size_t n = 0;
  for (std::size_t i = 0; i < usable_.size(); i += kSparse) {
    if (usable_[i] == 0) continue;
    sum += task_->history->Variance(marker, GridFrame(i));
    ++n;
  }
  return n > 0 && std::isfinite(sum) ? sum / static_cast<double>(n) : 0.0;
}

void GapRegression::ChooseShape() {
  const std::size_t count = std::min(kFrameMarkers, predictors_.size());
  std::vector<std::vector<Vector3d>> instants;
  for (std::size_t i = 0; i < usable_.size(); i += kSparse) {
    const std::size_t frame = GridFrame(i);
    if (!IsKnown(frame)) continue;
    std::vector<Vector3d>& x = instants.emplace_back();
    for (std::size_t j = 0; j < count; ++j) {
      x.push_back(task_->history->Position(predictors_[j], frame));
    }
  }
  if (instants.empty()) return;
  shape_ = MeanShape(instants);
}

bool GapRegression::IsKnown(std::size_t frame) const {
  return std::all_of(predictors_.begin(), predictors_.end(),
                     [&](std::size_t m) { return task_->IsKnown(m, frame); });
}

GapRegression::Instant GapRegression::At(std::size_t frame) const {
  Instant instant;
  LookAt(frame, instant);
  return instant;
}

void GapRegression::LookAt(std::size_t frame, Instant& instant) const {
  std::array<Vector3d, kFrameMarkers> carriers;
  for (std::size_t j = 0; j < shape_.size(); ++j) {
    carriers[j] = task_->history->Position(predictors_[j], frame);
  }
  instant.frame = FitBodyFrame(shape_, std::span(carriers).first(shape_.size()));
  const auto n = static_cast<Index>(predictors_.size());
  instant.features.resize(3 * n + 1);
  for (Index j = 0; j < n; ++j) {
    instant.features.segment<3>(3 * j) = instant.frame.ToBody(
        task_->history->Position(predictors_[static_cast<std::size_t>(j)], frame));
  }
  if (feature_mean_.size() > 0) instant.features.head(3 * n) -= feature_mean_;
  instant.features[3 * n] = 1.0;
}

// Features, then the marker itself; a column an instant.
MatrixXd GapRegression::Rows(const std::vector<std::size_t>& learned) {
  const auto n = static_cast<Index>(learned.size());
  const auto q = static_cast<Index>(3 * predictors_.size() + 1);
  MatrixXd rows(q + 3, n);
  feature_mean_.resize(0);
  Instant instant;
  for (Index i = 0; i < n; ++i) {
    const std::size_t frame = GridFrame(learned[static_cast<std::size_t>(i)]);
    LookAt(frame, instant);
    rows.col(i).head(q) = instant.features;
    rows.col(i).tail<3>() = instant.frame.ToBody(task_->history->Position(task_->marker, frame));
  }
  feature_mean_ = rows.topRows(q - 1).rowwise().mean();
  rows.topRows(q - 1).colwise() -= feature_mean_;
  return rows;
}

bool GapRegression::Solve() {
  std::vector<std::size_t> learned;
  for (std::size_t i = 0; i < usable_.size(); ++i) {
    if (usable_[i] != 0) learned.push_back(i);
  }
  if (learned.size() < kMinLearned || shape_.empty()) return false;
  const MatrixXd rows = Rows(learned);
  const auto n = rows.cols();
  std::vector<MatrixXd> moments(folds_, MatrixXd::Zero(rows.rows(), rows.rows()));
  MatrixXd total = MatrixXd::Zero(rows.rows(), rows.rows());
  for (Index begin = 0; begin < n;) {
    const std::size_t fold = FoldOf(GridFrame(learned[static_cast<std::size_t>(begin)]));
    Index end = begin;
    while (end < n && FoldOf(GridFrame(learned[static_cast<std::size_t>(end)])) == fold) ++end;
    moments[fold].selfadjointView<Eigen::Lower>().rankUpdate(rows.middleCols(begin, end - begin));
    total += moments[fold];
    begin = end;
  }
  coefficients_.resize(rows.rows() - 3, static_cast<Index>(3 * (folds_ + 1)));
  for (std::size_t fold = 0; fold < folds_; ++fold) {
    if (!SolveFold(total - moments[fold], fold)) return false;
  }
  if (!SolveFold(total, folds_)) return false;
  HoldOut(rows, learned);
  return coefficients_.allFinite();
}

// @param moments  of the rows, lower triangle.
bool GapRegression::SolveFold(const MatrixXd& moments, std::size_t fold) {
  const Index q = coefficients_.rows();
  const double unknown = task_->options->unknown_sigma_m * task_->options->unknown_sigma_m;
  MatrixXd gram = moments.topLeftCorner(q, q);
  const double instants = gram(q - 1, q - 1);
  if (instants < static_cast<double>(kMinLearned) / 2.0) return false;
  for (Index j = 0; j + 1 < q; ++j) {
    const double v = usual_variance_[static_cast<std::size_t>(j / 3)];
    gram(j, j) += instants * (v > 0.0 ? v : unknown);
  }
  coefficients_.middleCols<3>(static_cast<Index>(3 * fold)) =
      gram.selfadjointView<Eigen::Lower>().llt().solve(moments.bottomLeftCorner(3, q).transpose());
  return true;
}

void GapRegression::HoldOut(const MatrixXd& rows, const std::vector<std::size_t>& learned) {
  const Index q = coefficients_.rows();
  held_out_.assign(usable_.size(), Vector3d::Constant(std::numeric_limits<double>::quiet_NaN()));
  for (std::size_t i = 0; i < learned.size(); ++i) {
    const auto column = rows.col(static_cast<Index>(i));
    const auto fold = static_cast<Index>(FoldOf(GridFrame(learned[i])));
    held_out_[learned[i]] =
        column.tail<3>() - coefficients_.middleCols<3>(3 * fold).transpose() * column.head(q);
  }
}

Vector3d GapRegression::PredictInBody(const Instant& instant, std::size_t fold) const {
  return coefficients_.middleCols<3>(static_cast<Index>(3 * fold)).transpose() * instant.features;
}

Vector3d GapRegression::Residual(std::size_t frame, std::size_t fold, Instant& scratch) const {
  LookAt(frame, scratch);
  return scratch.frame.ToBody(task_->history->Position(task_->marker, frame)) -
         PredictInBody(scratch, fold);
}

Eigen::Matrix3d GapRegression::ExcessCovariance(std::size_t frame) const {
  Eigen::Matrix3d sum = Eigen::Matrix3d::Zero();
  for (std::size_t j = 0; j < predictors_.size(); ++j) {
    const double more = task_->history->Variance(predictors_[j], frame) - usual_variance_[j];
    if (!(more > 0.0)) continue;
    const Eigen::Matrix3d b =
        coefficients_.block<3, 3>(static_cast<Index>(3 * j), static_cast<Index>(3 * folds_));
    sum += more * b.transpose() * b;
  }
  return sum;
}

}  // namespace medius::reconstruct
