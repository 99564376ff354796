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

using PoseMap = std::map<std::pair<std::size_t, std::size_t>, RigidTransform>;

PoseMap MapPoses(const std::vector<TargetPose>& poses) {
  PoseMap map;
  for (const TargetPose& pose : poses) map[{pose.frame, pose.target}] = pose.lab_from_target;
  return map;
}

std::vector<std::uint8_t> ViewsWithPose(const TargetObservations& observations,
                                        const PoseMap& poses,
                                        const std::vector<std::size_t>& unused) {
  std::vector<std::uint8_t> use;
  for (const TargetView& view : observations.views) {
    use.push_back(!view.xy.empty() && poses.count({view.frame, view.target}) != 0 ? 1 : 0);
  }
  for (const std::size_t view : unused) use[view] = 0;
  return use;
}

TemporalData LayOut(const TargetObservations& observations,
                    const std::vector<std::uint8_t>& use_view, const TemporalOptions& options) {
  TemporalData data = MakeTemporalData(observations, use_view, options.largest_gap);
  for (std::size_t v = 0; v < data.stamp.size() && options.common_stamps; ++v) {
    data.stamp[v] = data.knot_time[data.knot_of_view[v]];
  }
  return data;
}

// Knots at rest at the start's poses.
void PlaceKnots(const TemporalData& data, const PoseMap& poses, TemporalState* state) {
  for (const std::size_t p : data.pose) {
    const BundlePose& pose = data.bundle.poses[p];
    MotionKnot knot;
    knot.lab_from_target = poses.at({pose.frame, pose.target});
    knot.lab_from_target.translation = knot.lab_from_target * data.centre[pose.target];
    state->knots.push_back(knot);
  }
  state->jitter.assign(data.bundle.views.size(), 0.0);
}

// The rig as the adjustment holds it; cameras that share intrinsics by `group`.
RigState StateOf(const CameraRig& rig, const std::vector<std::size_t>& group) {
  RigState state;
  std::map<std::size_t, std::size_t> number;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const Camera& camera = rig.cameras[c];
    state.camera_from_lab.push_back(camera.camera_from_lab);
    const auto [found, is_new] = number.emplace(group.empty() ? c : group[c], number.size());
    state.group.push_back(found->second);
    if (!is_new) continue;
    Intrinsics intrinsics{};
    std::copy(camera.model.intrinsics().begin(), camera.model.intrinsics().end(),
              intrinsics.begin());
    state.kind.push_back(camera.model.kind());
    state.intrinsics.push_back(intrinsics);
  }
  return state;
}

std::vector<std::vector<Eigen::Vector2d>> EmptyResiduals(const TargetObservations& observations) {
  std::vector<std::vector<Eigen::Vector2d>> residuals;
  for (const TargetView& view : observations.views) {
    residuals.emplace_back(view.xy.size(),
                           Eigen::Vector2d::Constant(std::numeric_limits<double>::quiet_NaN()));
  }
  return residuals;
}

void ScatterResiduals(const TemporalData& data, const std::vector<Eigen::Vector2d>& flat,
                      std::vector<std::vector<Eigen::Vector2d>>* residuals) {
  for (const BundleView& view : data.bundle.views) {
    for (std::size_t i = view.begin; i < view.end; ++i) {
      (*residuals)[view.source][i - view.begin] = flat[i];
    }
  }
}

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
    result_.scales = scales_;
    out.sigma = scales_.sigma;
    out.degrees_of_freedom = evidence_.residuals - evidence_.parameters;
    if (covariance.size() == 0) {
      out.status = CalibrationStatus::kNotConverged;
      out.degeneracy.kind = DegeneracyKind::kUnobservable;
      out.degeneracy.sentence =
          "cameras and their timing cannot be told apart by this recording: move the target before "
          "all cameras, or calibrate without time offsets";
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
      const std::vector<int> columns = layout.ColumnsOf(c);
      camera.covariance = Eigen::MatrixXd(out.covariance.matrix(columns, columns));
      out.cameras[c].focal_sd = std::sqrt((*camera.covariance)(0, 0));
    }
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

// The twist at a time of a motion, 0 outside of it.
Vector6 TwistAt(const std::vector<TrajectoryFit::Knot>& motion, std::size_t target, double time) {
  for (std::size_t k = 0; k + 1 < motion.size(); ++k) {
    const TrajectoryFit::Knot& knot = motion[k];
    const double after = time - knot.time;
    if (knot.target != target || after < 0.0 || after > knot.interval) continue;
    return SampleMotion(knot.motion, motion[k + 1].motion, knot.interval, after).twist;
  }
  // Beside its first or last instant a motion goes on for one interval.
  Vector6 twist = Vector6::Zero();
  for (std::size_t k = 0; k < motion.size(); ++k) {
    const bool starts = motion[k].interval > 0.0;
    const double reach = starts ? motion[k].interval : (k > 0 ? motion[k - 1].interval : 0.0);
    if (motion[k].target == target && std::abs(time - motion[k].time) <= reach) {
      twist = motion[k].motion.twist;
    }
  }
  return twist;
}

// Targets before cameras that stand still.
class KnownRig {
 public:
  KnownRig(const CameraRig& rig, const TargetObservations& observations,
           const std::vector<TargetPose>& poses, const TemporalOptions& options,
           Parallelism parallelism)
      : observations_(observations) {
    const PoseMap map = MapPoses(poses);
    data_ = LayOut(observations, ViewsWithPose(observations, map, {}), options);
    state_.rig = StateOf(rig, {});
    for (const Camera& camera : rig.cameras) {
      state_.timing.push_back({camera.time_offset + camera.time_drift * data_.middle_time,
                               camera.time_drift, camera.line_time});
      problem_.has_lines = problem_.has_lines || camera.line_time != 0.0;
    }
    PlaceKnots(data_, map, &state_);
    problem_.data = &data_;
    problem_.parallelism = parallelism;
    problem_.use.assign(data_.bundle.sightings.size(), 1);
    problem_.layout = MakeTemporalLayout(state_.rig);
    problem_.known.assign(static_cast<std::size_t>(problem_.layout.size), 0.0);
  }

  void TakeTwists(const std::vector<TrajectoryFit::Knot>& motion) {
    problem_.hold_twists = true;
    for (std::size_t k = 0; k < state_.knots.size(); ++k) {
      const std::size_t target = data_.bundle.poses[data_.pose[k]].target;
      state_.knots[k].twist = TwistAt(motion, target, data_.knot_time[k]);
    }
  }

  TrajectoryFit Fit(const TemporalScales& scales, const WorkControl& control) {
    if (!problem_.hold_twists) StartMotion(data_, scales.sigma, scales.jitter_sd, &state_);
    SolveTemporal(problem_, scales, RobustLoss{}, kIterations, control, &state_);
    TrajectoryFit fit;
    fit.residuals = EmptyResiduals(observations_);
    ScatterResiduals(data_, TemporalResiduals(data_, state_, problem_.parallelism), &fit.residuals);
    for (std::size_t k = 0; k < state_.knots.size(); ++k) {
      fit.knots.push_back({data_.bundle.poses[data_.pose[k]].target, data_.knot_time[k],
                           data_.interval[k], state_.knots[k]});
    }
    return fit;
  }

 private:
  const TargetObservations& observations_;
  TemporalData data_;
  TemporalState state_;
  TemporalProblem problem_;
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

TrajectoryFit FitTrajectory(const CameraRig& rig, const TargetObservations& observations,
                            const std::vector<TargetPose>& poses, const TemporalScales& scales,
                            const TemporalOptions& options, Parallelism parallelism,
                            const WorkControl& control) {
  return KnownRig(rig, observations, poses, options, parallelism).Fit(scales, control);
}

TrajectoryFit FitPosesInMotion(const CameraRig& rig, const TargetObservations& observations,
                               const std::vector<TargetPose>& poses,
                               const std::vector<TrajectoryFit::Knot>& motion,
                               const TemporalScales& scales, const TemporalOptions& options,
                               Parallelism parallelism, const WorkControl& control) {
  TemporalOptions apart = options;
  apart.largest_gap = 0.0;  // each pose by itself
  KnownRig known(rig, observations, poses, apart, parallelism);
  known.TakeTwists(motion);
  return known.Fit(scales, control);
}

}  // namespace medius::calibration
