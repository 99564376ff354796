#include "calibration/temporal.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include "calibration/displaced_views.hpp"
#include "calibration/outlier_rule.hpp"
#include "calibration/so3.hpp"
#include "calibration/temporal_findings.hpp"
#include "calibration/temporal_setup.hpp"
#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr double kCauchyScale = 2.385;  // 95 % efficient on Gaussian noise
constexpr int kRobustRounds = 8;
constexpr int kRobustIterations = 8;
constexpr int kIterations = 40;
// Rounds after which the list of outliers stands: one at the limit may come and go for ever.
constexpr int kOutlierRounds = 8;
// Scales that change by less than this share stand still.
constexpr double kSteady = 0.02;
// Broad knowledge of the timing, far beyond what any estimate is worth: intervals.
constexpr double kOffsetSd = 10.0;
constexpr double kFirstJitter = 0.05;    // intervals
constexpr double kRationalTermSd = 2.0;  // as Calibrate's
constexpr double kInfinity = std::numeric_limits<double>::infinity();
enum { kOffset, kDrift, kLine };

double ShareOfChange(const TemporalScales& a, const TemporalScales& b) {
  const auto change = [](double x, double y) {
    return x > 0.0 && y > 0.0 ? std::abs(std::log(x / y)) : 0.0;
  };
  return std::max({change(a.sigma, b.sigma), 0.25 * change(a.rotation_power, b.rotation_power),
                   0.25 * change(a.translation_power, b.translation_power),
                   change(a.jitter_sd, b.jitter_sd)});
}

// One adjustment, from the static rig to the result.
class Adjustment {
 public:
  Adjustment(const TargetObservations& observations, const CalibrationResult& start,
             const TemporalOptions& options, const WorkControl& control)
      : observations_(observations), start_(start), options_(options), control_(control) {
    const PoseMap poses = MapPoses(start.target_poses);
    data_ = LayOut(observations, ViewsWithPose(observations, poses, start.unused_views), options);
    state_.rig = StateOf(start.rig, start.options.intrinsics_group);
    for (const Camera& camera : start.rig.cameras) {
      state_.timing.push_back({camera.time_offset + camera.time_drift * data_.middle_time,
                               camera.time_drift, camera.line_time});
    }
    PlaceKnots(data_, poses, &state_);
    problem_.data = &data_;
    problem_.parallelism = start.options.parallelism;
    problem_.use.assign(data_.bundle.sightings.size(), 1);
    problem_.layout = MakeTemporalLayout(state_.rig);
    problem_.has_lines = options.line_time;
    for (const CameraTiming& timing : state_.timing) {
      if (timing.line_time != 0.0) problem_.has_lines = true;
    }
  }

  TemporalResult Run() {
    result_.interval = data_.median_interval;
    result_.middle_time = data_.middle_time;
    FreeNumbers();
    const double sigma = MedianSigma(problem_, state_);
    scales_ =
        StartMotion(data_, sigma, options_.frame_jitter ? kFirstJitter * Interval() : 0.0, &state_);
    control_.Report(1, 4);
    AdjustRobustly();
    control_.Report(2, 4);
    AdjustInliers();
    if (HoldUnobservable()) AdjustInliers();
    control_.Report(3, 4);
    Fill();
    control_.Report(4, 4);
    return std::move(result_);
  }

 private:
  [[nodiscard]] double Interval() const {
    return data_.median_interval > 0.0 ? data_.median_interval : 1.0;
  }
  [[nodiscard]] std::size_t Reference() const { return start_.options.reference_camera.index(); }
  [[nodiscard]] std::size_t TimingAt(std::size_t camera, int which) const {
    return static_cast<std::size_t>(problem_.layout.timing_offset[camera] + which);
  }

  // What is free, and how broadly the timing is known.
  void FreeNumbers() {
    const TemporalLayout& layout = problem_.layout;
    const CalibrationOptions& held = start_.options;
    free_.assign(static_cast<std::size_t>(layout.size), 0);
    problem_.known.assign(free_.size(), 0.0);
    double duration = 0.0;
    for (const double stamp : data_.stamp) {
      duration = std::max(duration, 2.0 * std::abs(stamp - data_.middle_time));
    }
    for (std::size_t c = 0; c < state_.rig.group.size(); ++c) {
      const auto intrinsics = static_cast<std::size_t>(layout.cameras.intrinsics_offset[c]);
      const auto count = static_cast<std::size_t>(layout.cameras.intrinsics_count[c]);
      if (!held.hold_intrinsics)
        std::fill_n(free_.begin() + layout.cameras.intrinsics_offset[c], count, 1);
      for (const int i : held.held_intrinsics) free_[intrinsics + static_cast<std::size_t>(i)] = 0;
      if (state_.rig.kind[state_.rig.group[c]] == CameraModelKind::kBrownConrady8) {
        for (const std::size_t term : {4, 5, 8, 9, 10, 11}) {
          problem_.known[intrinsics + term] = 1.0 / (kRationalTermSd * kRationalTermSd);
        }
      }
      if (!held.hold_places && c != Reference()) {
        std::fill_n(free_.begin() + layout.cameras.pose_offset[c], 6, 1);
      }
      FreeTiming(c, duration);
    }
    SetFree(free_, &problem_.layout);
  }

  void FreeTiming(std::size_t camera, double duration) {
    const double offset_sd = kOffsetSd * Interval();
    const double line_sd = Interval() / std::max(1.0, 2.0 * data_.middle_row[camera]);
    const auto set = [&](int which, bool is_free, double sd) {
      free_[TimingAt(camera, which)] = is_free ? 1 : 0;
      problem_.known[TimingAt(camera, which)] = 1.0 / (sd * sd);
    };
    const bool is_other = camera != Reference();
    set(kOffset, options_.offsets && is_other, offset_sd);
    set(kDrift, options_.drift && is_other && duration > 0.0, offset_sd / std::max(duration, 1e-9));
    set(kLine, options_.line_time, line_sd);
  }

  TemporalSolve Solve(double loss_scale, int iterations) {
    const TemporalSolve solve =
        SolveTemporal(problem_, scales_, RobustLoss{loss_scale}, iterations, control_, &state_);
    result_.calibration.iterations += solve.iterations;
    return solve;
  }

  // Cauchy's loss at a scale that follows the residuals down.
  void AdjustRobustly() {
    for (int round = 0; round < kRobustRounds; ++round) {
      Solve(kCauchyScale * scales_.sigma, kRobustIterations);
      TemporalScales next = WeighEvidence(problem_, state_, scales_).next;
      next.sigma = MedianSigma(problem_, state_);
      const double change = ShareOfChange(next, scales_);
      scales_ = next;
      if (change < 3.0 * kSteady) return;
    }
  }

  // Least squares on what the outlier rule leaves, and the scales, in turns.
  void AdjustInliers() {
    CalibrationStatus& status = result_.calibration.status;
    status = CalibrationStatus::kNotConverged;
    for (int round = 0; round < options_.max_rounds; ++round) {
      const bool changed = round < kOutlierRounds && start_.options.reject_outliers && ApplyRule();
      const TemporalSolve solve = Solve(0.0, kIterations);
      evidence_ = WeighEvidence(problem_, state_, scales_);
      const double change = ShareOfChange(evidence_.next, scales_);
      const bool steady = !changed && change < kSteady;
      if (steady && solve.converged) {
        status = CalibrationStatus::kConverged;
        return;
      }
      scales_ = evidence_.next;
    }
  }

  [[nodiscard]] std::vector<Eigen::Vector2d> Standardized() const {
    auto residuals = TemporalResiduals(data_, state_, problem_.parallelism);
    for (std::size_t i = 0; i < residuals.size(); ++i) {
      residuals[i] *= data_.bundle.sightings[i].inverse_sigma;
    }
    return residuals;
  }

  // Flags sightings beyond the limit; true where the list changed.
  bool ApplyRule() {
    const auto residuals = Standardized();
    const double sigma = scales_.sigma;
    const double limit = OutlierLimit(residuals.size(), start_.options.expected_false_alarms);
    result_.calibration.outlier_limit = std::sqrt(limit);
    squares_.assign(residuals.size(), kInfinity);
    for (std::size_t i = 0; i < residuals.size(); ++i) {
      if (!residuals[i].allFinite()) continue;
      squares_[i] = residuals[i].squaredNorm() / (sigma * sigma);
    }
    JudgeDisplacedViews(data_.bundle, residuals, sigma, &squares_);
    std::vector<std::uint8_t> use = UseBelow(data_.bundle, squares_, limit);
    if (use == problem_.use) return false;
    problem_.use = std::move(use);
    return true;
  }

  // [size, size] zero where held.
  [[nodiscard]] Eigen::MatrixXd FullCovariance() const {
    const TemporalLayout& layout = problem_.layout;
    Eigen::MatrixXd full = Eigen::MatrixXd::Zero(layout.size, layout.size);
    std::vector<int> index;
    for (int i = 0; i < layout.size; ++i) {
      if (layout.column[static_cast<std::size_t>(i)] >= 0) index.push_back(i);
    }
    const Eigen::MatrixXd& S = evidence_.factor.cameras;
    const Eigen::VectorXd scale = S.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
    const Eigen::LLT<Eigen::MatrixXd> llt(scale.asDiagonal() * S * scale.asDiagonal());
    if (llt.info() != Eigen::Success) return Eigen::MatrixXd();
    full(index, index) = scale.asDiagonal() *
                         llt.solve(Eigen::MatrixXd::Identity(S.rows(), S.cols())) *
                         scale.asDiagonal();
    return full;
  }

  // Holds at 0 the timing that the recording does not tell; true where there is any.
  bool HoldUnobservable() {
    const Eigen::MatrixXd covariance = FullCovariance();
    bool any = false;
    for (std::size_t c = 0; c < state_.rig.group.size(); ++c) {
      const double limits[] = {
          options_.largest_sd * Interval(), std::numeric_limits<double>::infinity(),
          options_.largest_sd * Interval() / std::max(1.0, 2.0 * data_.middle_row[c])};
      bool is_held = false;
      for (const int which : {kOffset, kLine}) {
        const auto at = static_cast<Eigen::Index>(TimingAt(c, which));
        if (free_[TimingAt(c, which)] == 0) continue;
        const bool unknown =
            covariance.size() == 0 || !(std::sqrt(covariance(at, at)) < limits[which]);
        if (!unknown) continue;
        free_[TimingAt(c, which)] = 0;
        (which == kLine ? state_.timing[c].line_time : state_.timing[c].offset) = 0.0;
        is_held = true;
        if (which != kOffset) continue;
        free_[TimingAt(c, kDrift)] = 0;
        state_.timing[c].drift = 0.0;
      }
      if (is_held) result_.unobservable.emplace_back(c);
      any = any || is_held;
    }
    SetFree(free_, &problem_.layout);
    return any;
  }

  void Fill() {
    const Eigen::MatrixXd covariance = FullCovariance();
    CalibrationResult& out = result_.calibration;
    out.options = start_.options;
    out.targets = observations_.targets;
    out.bends = start_.bends;  // held as the start has them
    result_.scales = scales_;
    out.sigma = scales_.sigma;
    out.degrees_of_freedom = evidence_.residuals - evidence_.parameters;
    if (covariance.size() == 0) {
      out.status = CalibrationStatus::kNotConverged;
      out.degeneracy.kind = DegeneracyKind::kUnobservable;
      out.degeneracy.sentence =
          "cameras and their timing cannot be told apart by this recording: move the target before "
          "all cameras, or calibrate without time offsets";
    } else if (out.status == CalibrationStatus::kNotConverged) {
      out.degeneracy.kind = DegeneracyKind::kPoorFit;
      out.degeneracy.value = out.degeneracy.limit = options_.max_rounds;
      out.degeneracy.sentence = fmt::format(
          "the adjustment with time offsets did not come to rest in {} rounds of estimating noise "
          "and motion; move the target slower and without stops, record longer, or calibrate "
          "without time offsets",
          options_.max_rounds);
    }
    FillTiming(covariance);
    FillRig(covariance);
    FillSightings();
    Describe(observations_, start_.options.reference_camera, options_, &result_);
  }

  void FillTiming(const Eigen::MatrixXd& covariance) {
    const auto cameras = static_cast<Eigen::Index>(state_.timing.size());
    const auto first = static_cast<Eigen::Index>(problem_.layout.cameras.size);
    result_.timing_covariance =
        covariance.size() == 0 ? Eigen::MatrixXd::Zero(kTimingSize * cameras, kTimingSize * cameras)
                               : Eigen::MatrixXd(covariance.bottomRightCorner(
                                     covariance.rows() - first, covariance.rows() - first));
    for (std::size_t c = 0; c < state_.timing.size(); ++c) {
      const CameraTiming& timing = state_.timing[c];
      CameraTimingEstimate& estimate = result_.timing.emplace_back();
      estimate.offset = timing.offset;
      estimate.drift = timing.drift;
      estimate.line_time = timing.line_time;
      const auto sd = [&](int which) {
        const auto at = static_cast<Eigen::Index>(c) * kTimingSize + which;
        if (free_[TimingAt(c, which)] == 0)
          return c == Reference() && which != kLine ? 0.0 : kInfinity;
        return std::sqrt(result_.timing_covariance(at, at));
      };
      estimate.offset_sd = sd(kOffset);
      estimate.drift_sd = sd(kDrift);
      estimate.line_time_sd = sd(kLine);
    }
    FillFrameTimes();
  }

  void FillFrameTimes() {
    std::vector<double> count(state_.timing.size(), 0.0);
    for (std::size_t v = 0; v < state_.jitter.size(); ++v) {
      const std::size_t c = data_.bundle.views[v].camera;
      result_.timing[c].frame_sd += state_.jitter[v] * state_.jitter[v];
      count[c] += 1.0;
    }
    for (std::size_t c = 0; c < count.size(); ++c) {
      result_.timing[c].frame_sd = std::sqrt(result_.timing[c].frame_sd / std::max(1.0, count[c]));
    }
  }

  void FillRig(const Eigen::MatrixXd& covariance) {
    CalibrationResult& out = result_.calibration;
    const CameraLayout& layout = problem_.layout.cameras;
    out.covariance.layout = layout;
    out.covariance.reference_camera = Reference();
    out.covariance.matrix =
        covariance.size() == 0
            ? Eigen::MatrixXd::Zero(layout.size, layout.size)
            : Eigen::MatrixXd(covariance.topLeftCorner(layout.size, layout.size));
    out.rig = start_.rig;
    out.rig.joint_covariance.reset();
    out.cameras = start_.cameras;
    for (std::size_t c = 0; c < out.rig.cameras.size(); ++c) {
      Camera& camera = out.rig.cameras[c];
      const std::size_t group = state_.rig.group[c];
      const Intrinsics& values = state_.rig.intrinsics[group];
      camera.model = CameraModel(state_.rig.kind[group],
                                 {values.begin(), values.begin() + layout.intrinsics_count[c]});
      camera.camera_from_lab = state_.rig.camera_from_lab[c];
      camera.camera_from_lab.rotation = Renormalized(camera.camera_from_lab.rotation);
      const CameraTiming& timing = state_.timing[c];
      camera.time_offset = timing.offset - timing.drift * data_.middle_time;
      camera.time_drift = timing.drift;
      camera.line_time = timing.line_time;
      const int focal = layout.intrinsics_offset[c];
      out.cameras[c].focal_sd = std::sqrt(out.covariance.matrix(focal, focal));
      camera.covariance.reset();
    }
    if (covariance.size() > 0) AttachCovariance(out.covariance, &out.rig);
  }

  void FillSightings() {
    CalibrationResult& out = result_.calibration;
    out.residuals = EmptyResiduals(observations_);
    const auto flat = TemporalResiduals(data_, state_, problem_.parallelism);
    ScatterResiduals(data_, flat, &out.residuals);
    out.unused_views = start_.unused_views;
    for (CameraNumbers& numbers : out.cameras) {
      numbers.views = numbers.sightings = numbers.outliers = 0;
      numbers.rms = 0.0;
    }
    double before = 0.0;
    double after = 0.0;
    double count = 0.0;
    for (const BundleView& view : data_.bundle.views) {
      CameraNumbers& numbers = out.cameras[view.camera];
      std::size_t used = 0;
      for (std::size_t i = view.begin; i < view.end; ++i) {
        const Eigen::Vector2d& was = start_.residuals[view.source][i - view.begin];
        if (flat[i].allFinite() && was.allFinite()) {
          before += was.squaredNorm();
          after += flat[i].squaredNorm();
          count += 2.0;
        }
        if (problem_.use[i] != 0) {
          numbers.rms += flat[i].squaredNorm();
          ++used;
          continue;
        }
        ++numbers.outliers;
        out.outliers.push_back({view.source, i - view.begin, flat[i],
                                squares_.empty() ? 0.0 : std::sqrt(squares_[i])});
      }
      numbers.sightings += used;
      numbers.views += used > 0 ? 1 : 0;
    }
    for (CameraNumbers& numbers : out.cameras) {
      numbers.rms = std::sqrt(0.5 * numbers.rms / static_cast<double>(numbers.sightings));
    }
    result_.static_rms = std::sqrt(before / count);
    result_.temporal_rms = std::sqrt(after / count);
    FillPoses();
  }

  void FillPoses() {
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> views;
    for (const TargetPose& pose : start_.target_poses)
      views[{pose.frame, pose.target}] = pose.views;
    for (std::size_t k = 0; k < state_.knots.size(); ++k) {
      const BundlePose& pose = data_.bundle.poses[data_.pose[k]];
      TargetPose target{pose.frame, pose.target, state_.knots[k].lab_from_target,
                        views[{pose.frame, pose.target}]};
      target.lab_from_target.rotation = Renormalized(target.lab_from_target.rotation);
      target.lab_from_target.translation -=
          target.lab_from_target.rotation * data_.centre[pose.target];
      result_.calibration.target_poses.push_back(target);
    }
    std::sort(result_.calibration.target_poses.begin(), result_.calibration.target_poses.end(),
              [](const TargetPose& a, const TargetPose& b) {
                return std::pair(a.frame, a.target) < std::pair(b.frame, b.target);
              });
  }

  const TargetObservations& observations_;
  const CalibrationResult& start_;
  const TemporalOptions& options_;
  const WorkControl& control_;
  TemporalData data_;
  TemporalState state_;
  TemporalProblem problem_;
  TemporalScales scales_;
  TemporalEvidence evidence_;
  std::vector<std::uint8_t> free_;
  std::vector<double> squares_;
  TemporalResult result_;
};

}  // namespace

void TemporalOptions::Validate() const {
  if (!(largest_gap >= 1.0 && std::isfinite(largest_gap))) {
    throw InputError(fmt::format(
        "temporal option largest_gap: {} intervals; a number of at least 1 expected", largest_gap));
  }
  if (!(largest_sd > 0.0)) {
    throw InputError(
        fmt::format("temporal option largest_sd: {}; a positive number expected", largest_sd));
  }
  if (max_rounds < 1) {
    throw InputError(
        fmt::format("temporal option max_rounds: {}; at least 1 expected", max_rounds));
  }
}

TemporalResult AdjustTemporal(const TargetObservations& observations,
                              const CalibrationResult& start, const TemporalOptions& options,
                              const WorkControl& control) {
  ValidateObservations(observations);
  options.Validate();
  if (start.status != CalibrationStatus::kConverged || start.target_poses.empty() ||
      start.rig.cameras.size() != observations.cameras.size() ||
      start.residuals.size() != observations.views.size()) {
    throw InputError(
        "time offsets: there is no converged calibration of these observations to start from; "
        "calibrate without time offsets first");
  }
  return Adjustment(observations, start, options, control).Run();
}

}  // namespace medius::calibration
