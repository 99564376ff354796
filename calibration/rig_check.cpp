#include "calibration/rig_check.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include "calibration/check_prior.hpp"
#include "calibration/free_points.hpp"
#include "calibration/miss_distance.hpp"
#include "calibration/move_test.hpp"
#include "calibration/point_gathering.hpp"
#include "calibration/rig_adjustment.hpp"
#include "calibration/so3.hpp"
#include "calibration/trial_parts.hpp"
#include "calibration/view_normal.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr int kMaxRounds = 4;
constexpr std::size_t kRuns = 8;
constexpr std::size_t kFirstLookFrames = 160;
constexpr std::size_t kRobustFrames = 300;
constexpr double kNextGate = 8.0;  // pixels, of cameras that were turned roughly
// Residuals over sigma that a matched sighting may have once the rig fits.
constexpr double kGateOverSigma = 6.0;
constexpr double kLeastGate = 2.0;  // pixels
// Squared length of a shift over its sd that is taken for none: 1 in 100 of chi-square with 3.
constexpr double kNoShift = 11.345;
// Changes within a trial smaller than these times the smallest move are left unsaid: the runner's
// place, and with it the calibration's error there, wanders too.
constexpr double kChangeOverSmallest = 3.0;

Matrix6 CentreChange(const Camera& camera) {
  // Centre -R^T t with R <- exp(w) R: dC = -R^T (dt + t x w).
  const RigidTransform& pose = camera.camera_from_lab;
  Matrix6 change = Matrix6::Zero();
  change.topLeftCorner<3, 3>().setIdentity();
  change.block<3, 3>(3, 0) = -pose.rotation.transpose() * Skew(pose.translation);
  change.block<3, 3>(3, 3) = -pose.rotation.transpose();
  return change;
}

double SdAlong(const Eigen::Vector3d& v, const Eigen::Matrix3d& covariance) {
  const double length = v.norm();
  if (!(length > 0.0)) return std::sqrt(covariance.trace() / 3.0);
  return std::sqrt(std::max(0.0, v.dot(covariance * v))) / length;
}

// A move of a camera: its turn, and the way of its centre in the lab.
struct TurnAndShift {
  Eigen::Vector3d turn;
  Eigen::Vector3d shift;
  Eigen::Matrix3d of_turn;  // covariances
  Eigen::Matrix3d of_shift;
  bool turned_only = false;  // the turn is that without a shift
};

// From a change of (rotation vector, translation) of camera_from_lab.
TurnAndShift MoveOf(const Camera& camera, const MoveTest::Estimate& estimate) {
  const Matrix6 change = CentreChange(camera);
  const Vector6 move = change * estimate.value;
  const Matrix6 covariance = change * estimate.covariance * change.transpose();
  TurnAndShift result{move.head<3>(), move.tail<3>(), covariance.topLeftCorner<3, 3>(),
                      covariance.bottomRightCorner<3, 3>()};
  const Eigen::LDLT<Eigen::Matrix3d> shift(result.of_shift);
  result.turned_only = result.shift.dot(shift.solve(result.shift)) < kNoShift;
  return result;
}

// The same turn where it is known that there was no shift.
TurnAndShift WithoutShift(const Camera& camera, const MoveTest::Estimate& estimate) {
  TurnAndShift result = MoveOf(camera, estimate);
  const Matrix6 change = CentreChange(camera);
  const Matrix6 covariance = change * estimate.covariance * change.transpose();
  const Eigen::Matrix3d both = covariance.bottomLeftCorner<3, 3>();
  const Eigen::Matrix3d gain = result.of_shift.ldlt().solve(both).transpose();
  result.turn -= gain * result.shift;
  result.of_turn -= gain * both;
  return result;
}

// The simpler of the two that the sightings allow.
TurnAndShift LikelyMove(const Camera& camera, const MoveTest::Estimate& estimate) {
  const TurnAndShift free = MoveOf(camera, estimate);
  return free.turned_only ? WithoutShift(camera, estimate) : free;
}

bool Contains(const std::vector<Suspicion>& all, const Suspicion& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

class Checker {
 public:
  Checker(const CameraRig& rig, const ObservationBlock& seen, const std::vector<double>& time,
          const RigCheckOptions& options, const WorkControl& control)
      : rig_(rig),
        seen_(seen),
        time_(time),
        options_(options),
        control_(control),
        count_(rig.cameras.size()),
        prior_(CheckPrior(rig, options)) {
    result_.cameras.resize(count_);
    result_.mended = rig;
    result_.frames = seen.frames.count;
  }

  RigCheck Run() {
    Gather();
    CountMatched();
    if (points_.points.empty()) return std::move(result_);
    FitFreely();
    result_.residual_scale = present_.scale;
    ScaleNoise();
    Judge();
    Search();
    Describe();
    LookForChange();
    Mend();
    return std::move(result_);
  }

 private:
  [[nodiscard]] GatherOptions Gathering(double gate, std::size_t stride) const {
    return {options_.default_sigma_px, gate, options_.speed, stride, options_.parallelism};
  }
  AdjustedRig AdjustAll(const CameraRig& start, FreePoints* points) const {
    return AdjustRig(rig_, start, FreeParts::Poses(count_, PoseFreedom::kAll), options_.parallelism,
                     control_, points);
  }

  // Points of all frames, and where the cameras about are (present_).
  void Gather() {
    std::size_t labelled = 0;
    std::size_t all = 0;
    for (std::size_t c = 0; c < count_; ++c) {
      const CameraObservations& camera = seen_.cameras[c];
      result_.cameras[c].sightings = camera.row_count();
      all += camera.row_count();
      labelled += static_cast<std::size_t>(
          std::count_if(camera.label.begin(), camera.label.end(), [](int l) { return l >= 0; }));
    }
    present_.rig = rig_;
    result_.labelled = 2 * labelled > all;
    if (result_.labelled) {
      points_ = GatherByLabel(rig_, seen_, time_, Gathering(0.0, 1));
      return;
    }
    const CameraRig about = FirstLook();
    points_ = GatherByGeometry(about, seen_, time_, Gathering(gate_, 1), control_);
    present_.rig = about;
  }

  // A rig that fits well enough to match by it, from some of the frames.
  CameraRig FirstLook() {
    const std::size_t stride = std::max<std::size_t>(1, seen_.frames.count / kFirstLookFrames);
    gate_ = options_.match_gate_px;
    CameraRig about = rig_;
    FreePoints points = GatherByGeometry(about, seen_, time_, Gathering(gate_, stride), control_);
    for (int turn = 0; turn < 2; ++turn) {
      FitFreePoints(about, 0.0, options_.parallelism, &points);
      if (!TurnMissingCameras(seen_, points, options_.parallelism, &about)) break;
      gate_ = std::max(kNextGate, options_.match_gate_px);
      points = GatherByGeometry(about, seen_, time_, Gathering(gate_, stride), control_);
    }
    if (points.points.empty()) return about;
    const AdjustedRig adjusted = AdjustAll(about, &points);
    double sigma = 0.0;
    for (const PointSighting& sighting : points.sightings) {
      sigma += 1.0 / sighting.inverse_sigma / static_cast<double>(points.sightings.size());
    }
    gate_ = std::clamp(kGateOverSigma * sigma * adjusted.scale, kLeastGate, gate_);
    return adjusted.rig;
  }

  // Some of the frames by themselves bring the cameras near, all of them to the end.
  void FitFreely() {
    const std::size_t stride = std::max<std::size_t>(1, seen_.frames.count / kRobustFrames);
    FreePoints some = points_.EverySample(stride);
    const AdjustedRig about = AdjustAll(present_.rig, &some);
    present_ = AdjustRigWithWeights(rig_, about.rig, FreeParts::Poses(count_, PoseFreedom::kAll),
                                    true, options_.parallelism, control_, &points_);
  }

  void CountMatched() {
    result_.points = points_.points.size();
    for (const PointSighting& sighting : points_.sightings) {
      ++result_.cameras[sighting.camera].matched;
    }
  }

  // Sigmas become what the scatter from part to part says.
  void ScaleNoise() {
    const std::vector<std::size_t> parts = SplitBySample(points_, kTrialParts);
    const double least = present_.scale * present_.scale;
    const std::vector<double> factors = NoiseFactors(
        NormalsOfRuns(present_.rig, points_, IntrinsicColumns::kZoom, parts, options_.parallelism),
        count_, least);
    for (std::size_t c = 0; c < count_; ++c)
      result_.cameras[c].noise_factor = std::sqrt(factors[c]);
    for (PointSighting& sighting : points_.sightings) {
      sighting.inverse_sigma /= result_.cameras[sighting.camera].noise_factor;
    }
    FitFreePoints(present_.rig, 0.0, options_.parallelism, &points_);
  }

  [[nodiscard]] MoveTest TestHere() {
    const RigNormal normal =
        SumOf(NormalsOfRuns(present_.rig, points_, IntrinsicColumns::kAll,
                            SplitBySample(points_, kRuns), options_.parallelism));
    return {rig_, present_.rig, normal, prior_};
  }

  [[nodiscard]] double AlarmOfOne() const {
    return options_.false_alarm_rate / (2.0 * static_cast<double>(count_));
  }
  // Reduction of chi-square by a pose that alarms.
  [[nodiscard]] double AlarmingReduction() const {
    double low = 0.0;
    double high = 1e4;
    while (high - low > 0.01) {
      const double middle = 0.5 * (low + high);
      (TailProbability(middle, 6, kNoiseFreedom) > AlarmOfOne() ? low : high) = middle;
    }
    return high;
  }

  // Which cameras this trial can tell anything about.
  void Judge() {
    test_ = TestHere();
    const double alarming = AlarmingReduction();
    judged_.assign(count_, false);
    for (const PointSighting& sighting : points_.sightings) {
      if (sighting.weight > 0.0) ++result_.cameras[sighting.camera].used;
    }
    for (std::size_t c = 0; c < count_; ++c) {
      CameraCheck& camera = result_.cameras[c];
      const MoveTest::Estimate estimate = test_->EstimateOf({{c, Suspicion::Kind::kMoved}});
      const Eigen::Matrix3d turn = WithoutShift(present_.rig.cameras[c], estimate).of_turn;
      const double sd =
          std::sqrt(Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d>(turn).eigenvalues().maxCoeff());
      camera.seen_rotation = std::sqrt(alarming) * sd;
      // One whose turn about some axis would pass unseen can still be found by another.
      judged_[c] = camera.used >= options_.judged_sightings;
      if (judged_[c] && camera.seen_rotation <= options_.judged_rotation) {
        camera.verdict = CameraVerdict::kStill;
      }
    }
  }

  [[nodiscard]] std::size_t MostSuspects() const { return count_ > 2 ? count_ - 2 : 1; }

  // Frees what is suspected, adjusts, tests again there, until the suspicions stay.
  void Search() {
    explanation_ = Explain(*test_, judged_, MostSuspects(), AlarmOfOne(), kNoiseFreedom);
    for (int round = 0; round < kMaxRounds; ++round) {
      FreeParts free = FreeParts::Poses(count_, PoseFreedom::kHeld);
      for (const Suspicion& one : explanation_.suspicions) {
        if (one.kind == Suspicion::Kind::kMoved) free.pose[one.camera] = PoseFreedom::kAll;
        if (one.kind == Suspicion::Kind::kZoomed) free.zoom[one.camera] = 1;
      }
      present_ =
          AdjustRigWithWeights(rig_, rig_, free, false, options_.parallelism, control_, &points_);
      test_ = TestHere();
      Explanation next = Explain(*test_, judged_, MostSuspects(), AlarmOfOne(), kNoiseFreedom);
      const bool same = next.suspicions == explanation_.suspicions;
      explanation_ = std::move(next);
      if (same) break;
    }
  }

  void Describe() {
    for (std::size_t c = 0; c < count_; ++c) {
      DescribeMove(c);
      DescribeZoom(c);
    }
    for (std::size_t i = 0; i < explanation_.suspicions.size(); ++i) {
      const Suspicion& one = explanation_.suspicions[i];
      CameraCheck& camera = result_.cameras[one.camera];
      if (one.kind == Suspicion::Kind::kMoved) {
        camera.reduction = explanation_.reduction[i];
        camera.probability = TailProbability(camera.reduction, 6, kNoiseFreedom);
        if (camera.rotation.norm() < options_.smallest_rotation &&
            (camera.turned_only || camera.translation.norm() < options_.smallest_translation)) {
          continue;
        }
      } else if (std::abs(camera.zoom) < options_.smallest_zoom) {
        continue;
      }
      Accuse(one, explanation_.instead[i]);
    }
    CountTheStill();
  }

  void Accuse(const Suspicion& one, const std::vector<std::size_t>& instead) {
    CameraCheck& camera = result_.cameras[one.camera];
    if (one.kind == Suspicion::Kind::kZoomed) {
      camera.verdict = CameraVerdict::kZoomed;
    } else if (camera.verdict != CameraVerdict::kZoomed) {
      camera.verdict = instead.empty() ? CameraVerdict::kMoved : CameraVerdict::kAmbiguous;
    }
    for (const std::size_t other : instead) {
      camera.instead.push_back(other);
      CameraCheck& rival = result_.cameras[other];
      if (rival.verdict == CameraVerdict::kStill || rival.verdict == CameraVerdict::kNotJudged) {
        rival.verdict = CameraVerdict::kAmbiguous;
      }
    }
  }

  void CountTheStill() {
    const auto with = [&](CameraVerdict v) { return result_.With(v).size(); };
    const std::size_t moved = with(CameraVerdict::kMoved) + with(CameraVerdict::kZoomed);
    result_.no_majority = count_ > 2 && moved >= 2 && 2 * moved >= count_;
  }

  // The suspicions so far and one more.
  [[nodiscard]] MoveTest::Estimate EstimateOf(const Suspicion& one) const {
    std::vector<Suspicion> freed;
    for (const Suspicion& other : explanation_.suspicions) {
      if (!(other == one)) freed.push_back(other);
    }
    freed.push_back(one);
    const MoveTest::Estimate all = test_->EstimateOf(freed);
    const int n = FreedomOf(one.kind);
    return {all.value.tail(n), all.covariance.bottomRightCorner(n, n)};
  }

  void DescribeMove(std::size_t c) {
    const Suspicion one{c, Suspicion::Kind::kMoved};
    CameraCheck& camera = result_.cameras[c];
    const MoveTest::Estimate estimate = EstimateOf(one);
    const TurnAndShift move = LikelyMove(present_.rig.cameras[c], estimate);
    camera.rotation = move.turn;
    camera.rotation_sd = SdAlong(move.turn, move.of_turn);
    camera.translation = move.shift;
    camera.translation_sd = SdAlong(move.shift, move.of_shift);
    camera.turned_only = move.turned_only;
    if (Contains(explanation_.suspicions, one)) return;
    std::vector<Suspicion> with = explanation_.suspicions;
    with.push_back(one);
    camera.reduction = test_->Reduction(with) - test_->Reduction(explanation_.suspicions);
    camera.probability = TailProbability(camera.reduction, 6, kNoiseFreedom);
  }

  void DescribeZoom(std::size_t c) {
    const MoveTest::Estimate estimate = EstimateOf({c, Suspicion::Kind::kZoomed});
    result_.cameras[c].zoom = std::expm1(estimate.value(0));
    result_.cameras[c].zoom_sd = std::sqrt(estimate.covariance(0, 0));
  }

  void LookForChange() {
    const std::vector<std::size_t> runs = SplitBySample(points_, kTrialParts);
    const auto change = FindChange(
        NormalsOfRuns(present_.rig, points_, IntrinsicColumns::kZoom, runs, options_.parallelism),
        judged_, options_);
    if (!change) return;
    const TurnAndShift move = LikelyMove(present_.rig.cameras[change->camera], change->estimate);
    if (move.turn.norm() < kChangeOverSmallest * options_.smallest_rotation) return;
    const std::size_t sample = points_.points[runs[change->part]].sample;
    result_.cameras[change->camera].change = CameraCheck::Change{
        time_[sample], move.turn.norm(), move.turned_only ? 0.0 : move.shift.norm()};
  }

  // The cameras that moved as rigid bodies, fitted once more with all others as calibrated.
  void Mend() {
    FreeParts free = FreeParts::Poses(count_, PoseFreedom::kHeld);
    for (const std::size_t c : result_.With(CameraVerdict::kMoved)) {
      free.pose[c] = result_.cameras[c].turned_only ? PoseFreedom::kTurn : PoseFreedom::kAll;
    }
    const CameraRig placed = AdjustRigWithWeights(rig_, StartOfMending(free), free, false,
                                                  options_.parallelism, control_, &points_)
                                 .rig;
    result_.residual_after_px = ResidualRmsPx(placed, points_);
    if (!result_.With(CameraVerdict::kMoved).empty()) {
      const RigNormal normal =
          SumOf(NormalsOfRuns(placed, points_, IntrinsicColumns::kAll,
                              SplitBySample(points_, kRuns), options_.parallelism));
      result_.mended = WithMended(rig_, placed, free, normal.A);
    }
    const std::vector<double> before =
        MissDistances(rig_, points_, Suspects(), options_.parallelism);
    const std::vector<double> after =
        MissDistances(placed, points_, Unmended(), options_.parallelism);
    for (std::size_t c = 0; c < count_; ++c) {
      result_.cameras[c].miss_px = before[c];
      result_.cameras[c].mended_miss_px = after[c];
    }
    FitFreePoints(rig_, 0.0, options_.parallelism, &points_);
    result_.residual_before_px = ResidualRmsPx(rig_, points_);
  }

  // The moved cameras about where they are, all others as calibrated.
  [[nodiscard]] CameraRig StartOfMending(const FreeParts& free) const {
    CameraRig start = rig_;
    for (std::size_t c = 0; c < count_; ++c) {
      if (free.pose[c] == PoseFreedom::kHeld) continue;
      RigidTransform& pose = start.cameras[c].camera_from_lab;
      pose = present_.rig.cameras[c].camera_from_lab;
      if (free.pose[c] == PoseFreedom::kTurn) {
        pose.translation = -(pose.rotation * rig_.cameras[c].CentreInLab());
      }
    }
    return start;
  }

  [[nodiscard]] std::vector<bool> Suspects() const {
    std::vector<bool> suspects(count_, false);
    for (const Suspicion& one : explanation_.suspicions) suspects[one.camera] = true;
    return suspects;
  }
  [[nodiscard]] std::vector<bool> Unmended() const {
    std::vector<bool> unmended = Suspects();
    for (const std::size_t c : result_.With(CameraVerdict::kMoved)) unmended[c] = false;
    return unmended;
  }

  const CameraRig& rig_;
  const ObservationBlock& seen_;
  const std::vector<double>& time_;
  const RigCheckOptions& options_;
  const WorkControl& control_;
  std::size_t count_;
  Eigen::MatrixXd prior_;
  FreePoints points_;
  AdjustedRig present_;  // the rig about which the points are fitted
  double gate_ = 0.0;    // pixels, of matching
  std::vector<bool> judged_;
  std::optional<MoveTest> test_;
  Explanation explanation_;
  RigCheck result_;
};

void RequirePositive(double value, const char* name) {
  if (!(value > 0.0) || !std::isfinite(value)) {
    throw InputError(fmt::format("{} is {}, a number above 0 expected", name, value));
  }
}

}  // namespace

void RigCheckOptions::Validate() const {
  RequirePositive(default_sigma_px, "default_sigma_px");
  RequirePositive(match_gate_px, "match_gate_px");
  RequirePositive(mount_rotation_sd, "mount_rotation_sd");
  RequirePositive(mount_translation_sd, "mount_translation_sd");
  RequirePositive(assumed_rotation_sd, "assumed_rotation_sd");
  RequirePositive(assumed_translation_sd, "assumed_translation_sd");
  RequirePositive(judged_rotation, "judged_rotation");
  RequirePositive(speed, "speed");
  if (!(false_alarm_rate > 0.0) || !(false_alarm_rate < 1.0)) {
    throw InputError(
        fmt::format("false_alarm_rate is {}, a number between 0 and 1 expected", false_alarm_rate));
  }
}

std::vector<std::size_t> RigCheck::With(CameraVerdict verdict) const {
  std::vector<std::size_t> found;
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    if (cameras[c].verdict == verdict) found.push_back(c);
  }
  return found;
}

RigCheck CheckRig(const CameraRig& rig, const ObservationBlock& seen,
                  const std::vector<double>& time, const RigCheckOptions& options,
                  const WorkControl& control) {
  options.Validate();
  ValidateRig(rig, "the rig to check");
  if (seen.cameras.size() != rig.cameras.size() || time.size() != seen.frames.count) {
    throw InputError(
        fmt::format("the rig has {} cameras, the sightings are of {}; {} frames have {} times",
                    rig.cameras.size(), seen.cameras.size(), seen.frames.count, time.size()));
  }
  return Checker(rig, seen, time, options, control).Run();
}

}  // namespace medius::calibration
