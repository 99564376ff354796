#include "calibration/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "calibration/bundle_adjustment.hpp"
#include "calibration/clustered_covariance.hpp"
#include "calibration/contradiction.hpp"
#include "calibration/degeneracy.hpp"
#include "calibration/displaced_views.hpp"
#include "calibration/implausible.hpp"
#include "calibration/outlier_rule.hpp"
#include "calibration/reduced_normal.hpp"
#include "calibration/rig_start.hpp"
#include "calibration/so3.hpp"
#include "calibration/target_pose.hpp"

namespace medius::calibration {
namespace {

constexpr int kRobustRounds = 10;
constexpr int kOutlierRounds = 8;
// Cauchy's scale in sd: 95 % efficient on Gaussian noise.
constexpr double kCauchyScale = 2.385;
// No camera sees better than this (pixels; standardized where sigmas are stated): the rounding of
// exact sightings is not judged by its own spread.
constexpr double kLeastSigma = 1e-3;
constexpr std::size_t kSteps = kCalibrationSteps;
// The terms of a rational lens can grow without end against each other and leave the image as it
// is: each is taken to be of this size (1 sd), which changes no pixel and keeps them in bounds.
constexpr double kRationalTermSd = 2.0;
// Least noise for which that is done, pixels (standardized where sigmas are stated).
constexpr double kLeastNoise = 0.02;
// A bend is taken to be 0 within this of half the board's longer side (1 sd): enough to keep that
// of a board in bounds that hardly any view shows, nothing to one that is seen.
constexpr double kBendSd = 0.05;
// A camera whose residuals are this many times what it has alone, and this long (pixels, rms per
// axis), may not fit the others.
constexpr double kSuspectRatio = 3.0;
constexpr double kSuspectRms = 1.0;

// The adjustment of one recording, from its start to its result.
class Adjustment {
 public:
  Adjustment(const TargetObservations& observations, const CalibrationOptions& options,
             const WorkControl& control, RigStart start)
      : observations_(observations),
        options_(options),
        control_(control),
        start_(std::move(start)),
        use_(start_.data.sightings.size(), 1) {
    result_.options = options;
    result_.status = CalibrationStatus::kNotConverged;
  }

  CalibrationResult Run() {
    AdjustRobustly();
    if (TurnFlippedTargets() > 0) AdjustRobustly();
    control_.Report(2, kSteps);
    AdjustInliers();
    control_.Report(3, kSteps);
    if (!inverse_.regular) {
      result_.status = CalibrationStatus::kDegenerate;
      result_.degeneracy = DescribeUnobservable(observations_, normal_.layout,
                                                inverse_.worst_parameter, inverse_.worst_inflation);
      return std::move(result_);
    }
    FillRig();
    FillSightings();
    Judge();
    control_.Report(kSteps, kSteps);
    return std::move(result_);
  }

 private:
  // Pulls on the terms of rational lenses and on bends, for the present noise.
  void Pull(double sigma) {
    const RigState& state = start_.state;
    start_.held.bend_pull.clear();
    for (const BoardShape& shape : state.shape) {
      const double sd = kBendSd * std::max(shape.half.maxCoeff(), 1e-3);
      start_.held.bend_pull.push_back(std::max(sigma, kLeastNoise) / sd);
    }
    start_.held.pull.assign(state.kind.size(), Intrinsics{});
    for (std::size_t g = 0; g < state.kind.size(); ++g) {
      if (state.kind[g] != CameraModelKind::kBrownConrady8) continue;
      for (const std::size_t term : {4, 5, 8, 9, 10, 11}) {
        start_.held.pull[g][term] = std::max(sigma, kLeastNoise) / kRationalTermSd;
      }
    }
  }

  SolveSummary Solve(double scale, const SolveLimits& limits) {
    const SolveSummary summary =
        AdjustBundle(start_.data, use_, start_.held, RobustLoss{scale}, limits,
                     options_.parallelism, control_, &start_.state);
    BendSightings(observations_, start_.state, &start_.data);
    result_.iterations += summary.iterations;
    return summary;
  }

  // Cauchy's loss at a scale that follows the residuals down, until both stand still.
  void AdjustRobustly() {
    double sigma = RobustSigma(start_.data, use_, start_.state, options_.parallelism);
    for (int round = 0; round < kRobustRounds; ++round) {
      Pull(sigma);
      const SolveSummary summary = Solve(kCauchyScale * std::max(sigma, kLeastSigma), {10, 1e-5});
      const double before = sigma;
      sigma = RobustSigma(start_.data, use_, start_.state, options_.parallelism);
      if (summary.converged && sigma > 0.95 * before) break;
    }
  }

  // A target that only weakly perspective views saw may stand in the wrong one of the two places
  // that a plane can have: tries the other, with the cameras as they are now.
  std::size_t TurnFlippedTargets() {
    const double sigma = RobustSigma(start_.data, use_, start_.state, options_.parallelism);
    const double scale = kCauchyScale * std::max(sigma, kLeastSigma);
    std::size_t turned = 0;
    for (std::size_t p = 0; p < start_.data.poses.size(); ++p) {
      if (TurnIfBetter(p, scale)) ++turned;
    }
    return turned;
  }

  bool TurnIfBetter(std::size_t index, double scale) {
    const BundleData& data = start_.data;
    const RigState& state = start_.state;
    const BundlePose& pose = data.poses[index];
    std::vector<PoseView> views;
    for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) {
      if (start_.candidates[v].size() == 1) return false;  // no doubt about it
      const BundleView& view = data.views[v];
      const std::size_t group = state.group[view.camera];
      views.push_back({state.kind[group], state.intrinsics[group].data(),
                       state.camera_from_lab[view.camera], data.SightingsOf(view)});
    }
    RigidTransform& now = start_.state.lab_from_target[index];
    const double cost = EvaluateTargetPose(views, now, scale).cost;
    bool turned = false;
    for (const PoseView& view : views) {
      for (const PoseCandidate& candidate :
           PlanarPoseCandidates(view.kind, view.intrinsics, view.sightings)) {
        RigidTransform other = view.camera_from_lab.Inverse() * candidate.camera_from_target;
        if (RotationAngle(other.rotation * now.rotation.transpose()) < 0.02) continue;
        const PoseFit fit = RefineTargetPose(views, scale, 10, &other);
        if (!fit.valid || fit.cost > 0.999 * cost) continue;
        if (EvaluateTargetPose(views, now, scale).cost <= fit.cost) continue;
        now = other;
        turned = true;
      }
    }
    return turned;
  }

  [[nodiscard]] double DegreesOfFreedom(const std::vector<std::uint8_t>& free) const {
    const auto parameters = std::count(free.begin(), free.end(), std::uint8_t{1});
    return static_cast<double>(normal_.residual_count) - static_cast<double>(parameters) -
           static_cast<double>(normal_.pose_rank);
  }

  void Linearize() {
    normal_ = ReduceNormal(start_.data, use_, start_.state, options_.parallelism);
    AddPull(start_.state, start_.held, &normal_);
    const auto free = FreeParameters(normal_.layout, start_.state, start_.held);
    inverse_ = InvertFree(normal_, free);
    result_.degrees_of_freedom = DegreesOfFreedom(free);
    result_.sigma = result_.degrees_of_freedom > 0.0
                        ? std::sqrt(normal_.squared_residual / result_.degrees_of_freedom)
                        : std::numeric_limits<double>::quiet_NaN();
  }

  // Plain least squares on what the rule leaves, in turns.
  void AdjustInliers() {
    Linearize();
    // Residuals of an adjustment are smaller than the noise, those of a wand by a fifth.
    double sigma = RobustSigma(start_.data, use_, start_.state, options_.parallelism) *
                   std::sqrt(static_cast<double>(normal_.residual_count) /
                             std::max(1.0, result_.degrees_of_freedom));
    for (int round = 0; round < kOutlierRounds && inverse_.regular; ++round) {
      const bool changed = options_.reject_outliers && ApplyRule(std::max(sigma, kLeastSigma));
      if (!changed && round > 0) return;
      const SolveSummary summary = Solve(0.0, {options_.max_iterations, 1e-11});
      result_.status =
          summary.converged ? CalibrationStatus::kConverged : CalibrationStatus::kNotConverged;
      Linearize();
      sigma = result_.sigma;
    }
  }

  // Standardized residuals, one a sighting.
  [[nodiscard]] std::vector<Eigen::Vector2d> StandardizedResiduals() const {
    std::vector<Eigen::Vector2d> residuals(start_.data.sightings.size());
    for (const BundleView& view : start_.data.views) {
      for (std::size_t i = view.begin; i < view.end; ++i) {
        const Sighting& sighting = start_.data.sightings[i];
        residuals[i] = sighting.inverse_sigma * ResidualOf(start_.state, view, sighting);
      }
    }
    return residuals;
  }

  // Applies the outlier rule to all sightings; true where the list changed.
  bool ApplyRule(double sigma) {
    squares_ = StandardizedSquares(start_.data, use_, start_.state, normal_, inverse_.matrix, sigma,
                                   options_.parallelism);
    JudgeDisplacedViews(start_.data, StandardizedResiduals(), sigma, &squares_);
    const double limit = OutlierLimit(use_.size(), options_.expected_false_alarms);
    result_.outlier_limit = std::sqrt(limit);
    std::vector<std::uint8_t> use = UseBelow(start_.data, squares_, limit);
    if (use == use_) return false;
    use_ = std::move(use);
    return true;
  }

  void FillRig() {
    const double variance = std::isfinite(result_.sigma) ? result_.sigma * result_.sigma : 0.0;
    result_.covariance.layout = normal_.layout;
    const ClusteredCovariance clustered =
        EstimateClusteredCovariance(start_.data, use_, start_.state, normal_, inverse_.matrix,
                                    result_.sigma, options_.parallelism);
    result_.covariance_inflation = clustered.inflation;
    result_.covariance.matrix = variance * clustered.matrix;
    result_.covariance.reference_camera = options_.reference_camera.index();
    const RigState& state = start_.state;
    for (std::size_t c = 0; c < observations_.cameras.size(); ++c) {
      const std::size_t group = state.group[c];
      const auto count = static_cast<std::ptrdiff_t>(IntrinsicCountOf(state, group));
      const Intrinsics& values = state.intrinsics[group];
      const UncalibratedCamera& image = observations_.cameras[c];
      Camera camera{image.name,
                    image.width,
                    image.height,
                    CameraModel(state.kind[group], {values.begin(), values.begin() + count}),
                    state.camera_from_lab[c],
                    0.0,
                    std::nullopt};
      camera.camera_from_lab.rotation = Renormalized(camera.camera_from_lab.rotation);
      result_.rig.cameras.push_back(std::move(camera));
    }
    AttachCovariance(result_.covariance, &result_.rig);
    FillTargets();
  }

  void FillTargets() {
    result_.targets = observations_.targets;
    for (std::size_t t = 0; t < start_.state.bend.size(); ++t) {
      const Eigen::Vector2d& bend = start_.state.bend[t];
      const auto at = result_.covariance.layout.bend_offset[t];
      const Eigen::Vector2d variance = result_.covariance.matrix.diagonal().segment<2>(at);
      result_.bends.push_back({t, bend, variance.cwiseSqrt()});
      result_.targets[t] = Bent(result_.targets[t], bend);
    }
  }

  void FillSightings() {
    result_.cameras.resize(observations_.cameras.size());
    result_.residuals.resize(observations_.views.size());
    std::vector<double> sum(observations_.cameras.size(), 0.0);
    for (std::size_t i = 0; i < observations_.views.size(); ++i) {
      result_.residuals[i].assign(
          observations_.views[i].xy.size(),
          Eigen::Vector2d::Constant(std::numeric_limits<double>::quiet_NaN()));
    }
    std::vector<std::uint8_t> is_used(observations_.views.size(), 0);
    for (const BundlePose& pose : start_.data.poses) FillPose(pose, &is_used, &sum);
    for (std::size_t i = 0; i < is_used.size(); ++i) {
      if (is_used[i] == 0) result_.unused_views.push_back(i);
    }
    for (std::size_t c = 0; c < result_.cameras.size(); ++c) {
      CameraNumbers& numbers = result_.cameras[c];
      numbers.rms = std::sqrt(sum[c] / (2.0 * static_cast<double>(numbers.sightings)));
      numbers.focal_sd = std::sqrt((*result_.rig.cameras[c].covariance)(0, 0));
      numbers.largest_tilt = start_.largest_tilt[c];
    }
  }

  void FillPose(const BundlePose& pose, std::vector<std::uint8_t>* is_used,
                std::vector<double>* sum) {
    TargetPose target{pose.frame, pose.target, {}, 0};
    const auto index = static_cast<std::size_t>(&pose - start_.data.poses.data());
    target.lab_from_target = start_.state.lab_from_target[index];
    for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) {
      const BundleView& view = start_.data.views[v];
      CameraNumbers& numbers = result_.cameras[view.camera];
      std::size_t used = 0;
      for (std::size_t i = view.begin; i < view.end; ++i) {
        const Eigen::Vector2d residual = ResidualOf(start_.state, view, start_.data.sightings[i]);
        result_.residuals[view.source][i - view.begin] = residual;
        if (use_[i] != 0) {
          (*sum)[view.camera] += residual.squaredNorm();
          ++used;
        } else {
          ++numbers.outliers;
          const double square =
              squares_.empty() ? std::numeric_limits<double>::quiet_NaN() : squares_[i];
          result_.outliers.push_back({view.source, i - view.begin, residual, std::sqrt(square)});
        }
      }
      numbers.sightings += used;
      if (used == 0) continue;
      (*is_used)[view.source] = 1;
      ++numbers.views;
      ++target.views;
    }
    if (target.views > 0) result_.target_poses.push_back(target);
  }

  // A rig that cannot be is none, however small its residuals.
  void Judge() {
    if (result_.status == CalibrationStatus::kNotConverged) {
      result_.degeneracy =
          DescribeNoConvergence(observations_, result_.cameras, options_.max_iterations);
    }
    std::vector<bool> is_held;
    for (const std::size_t group : start_.state.group) {
      is_held.push_back(start_.held.intrinsics[group].size() ==
                        static_cast<std::size_t>(IntrinsicCountOf(start_.state, group)));
    }
    std::optional<Degeneracy> found;
    if (options_.refuse_contradictions) found = FindContradictingCamera(observations_, result_);
    if (!found) found = FindImplausible(observations_, result_, is_held);
    // Cameras that expose at other times fit badly, and bend their lenses, until that is known.
    if (!options_.refuse_contradictions) found.reset();
    if (found) {
      result_.status = CalibrationStatus::kDegenerate;
      result_.degeneracy = *found;
      return;
    }
    FindWeakFocal();
  }

  // Nor is one whose focal lengths are guesses.
  void FindWeakFocal() {
    for (std::size_t c = 0; c < result_.rig.cameras.size(); ++c) {
      const double focal = result_.rig.cameras[c].model.intrinsics()[0];
      const double relative = result_.cameras[c].focal_sd / focal;
      if (relative < kWeakestFocal) continue;
      result_.status = CalibrationStatus::kDegenerate;
      result_.degeneracy = DescribeWeakFocal(observations_, CameraId(c), relative, kWeakestFocal);
      return;
    }
  }

  const TargetObservations& observations_;
  const CalibrationOptions& options_;
  const WorkControl& control_;
  RigStart start_;
  std::vector<std::uint8_t> use_;
  ReducedNormal normal_;
  FreeInverse inverse_;
  std::vector<double> squares_;
  CalibrationResult result_;
};

// Whether a result asks for the mistake of one camera that would explain it.
bool IsSuspect(const CalibrationResult& result, const std::vector<double>& error_alone) {
  switch (result.degeneracy.kind) {
    case DegeneracyKind::kDisconnected:
      return result.degeneracy.is_contradiction;
    case DegeneracyKind::kContradiction:
    case DegeneracyKind::kPoorFit:
    case DegeneracyKind::kImplausible:
      return true;
    default:
      break;
  }
  // Wands have no error alone: a view of one does not fix anything.
  for (std::size_t c = 0; c < std::min(result.cameras.size(), error_alone.size()); ++c) {
    // Median of a Rayleigh distribution: 1.1774 sd.
    const double alone = error_alone[c] / 1.1774;
    if (alone > 0.0 && result.cameras[c].rms > std::max(kSuspectRms, kSuspectRatio * alone)) {
      return true;
    }
  }
  return false;
}

void Explain(const TargetObservations& observations, const CalibrationOptions& options,
             const WorkControl& control, const std::vector<double>& error_alone,
             CalibrationResult* result) {
  if (observations.cameras.size() < 2 || !IsSuspect(*result, error_alone)) return;
  const bool has_rig = result->status == CalibrationStatus::kConverged;
  if (has_rig && !options.refuse_contradictions) return;
  const auto found = ExplainContradiction(observations, options, control);
  if (!found) return;
  result->status = CalibrationStatus::kDegenerate;
  result->degeneracy = *found;
}

}  // namespace

CalibrationResult Calibrate(const TargetObservations& observations,
                            const CalibrationOptions& options, const WorkControl& control) {
  ValidateObservations(observations);
  options.Validate(observations);
  control.Report(0, kSteps);
  RigStart start = StartRig(observations, options, control);
  const std::vector<double> error_alone = start.error_alone;
  CalibrationResult result = AdjustStart(observations, options, std::move(start), control);
  Explain(observations, options, control, error_alone, &result);
  return result;
}

CalibrationResult AdjustStart(const TargetObservations& observations,
                              const CalibrationOptions& options, RigStart start,
                              const WorkControl& control) {
  if (start.status != CalibrationStatus::kConverged) {
    CalibrationResult result;
    result.status = start.status;
    result.degeneracy = start.degeneracy;
    result.options = options;
    return result;
  }
  control.Report(1, kSteps);
  CalibrationResult result = Adjustment(observations, options, control, std::move(start)).Run();
  // The reference camera stands still: in its own frame, or where the initial rig has it.
  const std::string& reference = observations.cameras[options.reference_camera.index()].name;
  result.rig.lab_frame = options.initial ? options.initial->lab_frame : "camera " + reference;
  return result;
}

}  // namespace medius::calibration
