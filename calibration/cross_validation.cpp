#include "calibration/cross_validation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "calibration/calibrate.hpp"

namespace medius::calibration {
namespace {

using Instants = std::map<std::size_t, CrossValidation::Instant>;

void AddInstants(const TargetObservations& observations, const HeldOutScore& score,
                 Instants* instants) {
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    CrossValidation::Instant& instant = (*instants)[observations.views[v].frame];
    instant.frame = observations.views[v].frame;
    for (const Eigen::Vector2d& residual : score.residuals[v]) {
      if (!residual.allFinite()) continue;
      instant.squares += residual.squaredNorm();
      instant.count += 2.0;
    }
  }
}

// A ratio of sums over instants, and its standard error by their scatter (linearized).
struct Ratio {
  double value = 0.0;
  double se = 0.0;
};
Ratio RatioOf(const std::vector<CrossValidation::Instant>& instants) {
  double squares = 0.0;
  double count = 0.0;
  for (const auto& instant : instants) {
    squares += instant.squares;
    count += instant.count;
  }
  Ratio ratio{squares / count, 0.0};
  double scatter = 0.0;
  for (const auto& instant : instants) {
    const double error = instant.squares - ratio.value * instant.count;
    scatter += error * error;
  }
  const auto n = static_cast<double>(instants.size());
  ratio.se = n > 1.0 ? std::sqrt(scatter * n / (n - 1.0)) / count : 0.0;
  return ratio;
}

// The two halves of a recording, each calibrated as if its cameras exposed together.
struct Halves {
  std::array<TargetObservations, 2> seen;
  std::array<CalibrationResult, 2> rig;
};

Halves CalibrateHalves(const TargetObservations& observations, const CalibrationOptions& options,
                       const WorkControl& control) {
  Halves halves{{EverySecondInstant(observations, false), EverySecondInstant(observations, true)},
                {}};
  CalibrationOptions lenient = options;
  lenient.refuse_contradictions = false;  // cameras that do not expose together contradict
  for (const std::size_t i : {0U, 1U}) {
    halves.rig[i] = Calibrate(halves.seen[i], lenient, control);
  }
  return halves;
}

// Scores one half by the rig of the other; empty where it could be done, else why not.
std::string ScoreHalf(const Halves& halves, std::size_t fitted, const ModelCandidate& candidate,
                      const WorkControl& control, HeldOutScore* score, double* training_rms) {
  const CalibrationResult& rig = halves.rig[fitted];
  if (rig.status != CalibrationStatus::kConverged) {
    return rig.degeneracy.sentence.empty() ? "the adjustment of half the instants did not converge"
                                           : rig.degeneracy.sentence;
  }
  // Boards as the fitted half found them, bent where that was estimated.
  TargetObservations seen = halves.seen[fitted];
  TargetObservations scored = halves.seen[1 - fitted];
  seen.targets = rig.targets;
  scored.targets = rig.targets;
  const Parallelism parallelism = candidate.calibration.parallelism;
  if (!candidate.timing) {
    *score = ScoreHeldOut(rig.rig, scored, parallelism);
    *training_rms = ScoreHeldOut(rig.rig, seen, parallelism).rms;
    return "";
  }
  const TemporalResult timed = AdjustTemporal(seen, rig, *candidate.timing, control);
  if (timed.calibration.status != CalibrationStatus::kConverged) {
    return "the adjustment with timing of half the instants did not converge";
  }
  *score = ScoreHeldOut(timed.calibration.rig, timed.scales, *candidate.timing, scored, seen,
                        parallelism, control);
  return "";
}

CrossValidation ScoreHalves(const Halves& halves, const ModelCandidate& candidate,
                            const WorkControl& control) {
  CrossValidation result;
  Instants instants;
  double parameters = 0.0;
  double count = 0.0;
  for (const std::size_t i : {0U, 1U}) {
    result.problem =
        ScoreHalf(halves, i, candidate, control, &result.half[i], &result.training_rms[i]);
    if (!result.problem.empty()) return result;
    AddInstants(halves.seen[1 - i], result.half[i], &instants);
    parameters += result.half[i].parameters;
    count += 2.0 * static_cast<double>(result.half[i].sightings);
  }
  for (const auto& [frame, instant] : instants) {
    if (instant.count > 0.0) result.instants.push_back(instant);
  }
  if (result.instants.empty()) {
    result.problem = "no target pose could be found in the held-out instants";
    return result;
  }
  const Ratio mean_square = RatioOf(result.instants);
  result.rms = std::sqrt(mean_square.value);
  result.rms_se = 0.5 * mean_square.se / result.rms;
  result.corrected = result.rms * std::sqrt(count / std::max(1.0, count - parameters));
  result.valid = true;
  return result;
}

std::string SentenceOf(const ModelCandidate& candidate, const CrossValidation& score) {
  if (!score.valid) {
    return fmt::format("{}: cannot be judged by held-out frames: {}", candidate.name,
                       score.problem);
  }
  return fmt::format(
      "{}: {:.3f} +- {:.3f} px per axis on held-out frames ({:.3f} and {:.3f} each way; {:.3f} "
      "corrected for the {:.0f} numbers fitted to what is scored)",
      candidate.name, score.rms, score.rms_se, score.half[0].rms, score.half[1].rms,
      score.corrected, score.half[0].parameters + score.half[1].parameters);
}

// Whether views of one instant have different stamps.
bool StampsDiffer(const TargetObservations& observations) {
  std::map<std::size_t, double> stamp;
  for (const TargetView& view : observations.views) {
    if (stamp.emplace(view.frame, view.time).first->second != view.time) return true;
  }
  return false;
}

TemporalOptions Timing(bool frame_jitter, bool line_time) {
  TemporalOptions options;
  options.frame_jitter = frame_jitter;
  options.line_time = line_time;
  return options;
}

}  // namespace

HeldOutScore ScoreHeldOut(const CameraRig& rig, const TemporalScales& scales,
                          const TemporalOptions& options, const TargetObservations& observations,
                          const TargetObservations& around, Parallelism parallelism,
                          const WorkControl& control) {
  const HeldOutScore start = ScoreHeldOut(rig, around, parallelism);
  const TrajectoryFit motion =
      FitTrajectory(rig, around, start.target_poses, scales, options, parallelism, control);
  HeldOutScore score = ScoreHeldOut(rig, observations, parallelism);
  TrajectoryFit fit = FitPosesInMotion(rig, observations, score.target_poses, motion.knots, scales,
                                       options, parallelism, control);
  score.residuals = std::move(fit.residuals);
  if (scales.jitter_sd > 0.0) {
    score.parameters += static_cast<double>(observations.views.size() - score.lost_views);
  }
  SummarizeResiduals(observations, &score);
  return score;
}

CrossValidation CrossValidate(const TargetObservations& observations,
                              const ModelCandidate& candidate, const WorkControl& control) {
  return ScoreHalves(CalibrateHalves(observations, candidate.calibration, control), candidate,
                     control);
}

HeldOutGain GainOf(const CrossValidation& base, const CrossValidation& other) {
  std::map<std::size_t, std::array<CrossValidation::Instant, 2>> both;
  double worst = 0.0;  // mean square of an instant
  for (const std::size_t which : {0, 1}) {
    for (const auto& instant : (which == 0 ? base : other).instants) {
      both[instant.frame][which] = instant;
      if (instant.count > 0.0) worst = std::max(worst, instant.squares / instant.count);
    }
  }
  std::vector<CrossValidation::Instant> differences;
  for (const auto& [frame, pair] : both) {
    const double count = std::max(pair[0].count, pair[1].count);
    // What only one of them could place fits the other no better than its worst instant.
    const double lost = worst * (pair[1].count - pair[0].count);
    differences.push_back({frame, pair[0].squares - pair[1].squares + lost, count});
  }
  if (differences.empty()) return {};
  const Ratio ratio = RatioOf(differences);
  return {ratio.value, ratio.se};
}

void ModelAdvice::Add(ModelCandidate candidate, CrossValidation score) {
  sentences.push_back(SentenceOf(candidate, score));
  const bool is_first =
      std::none_of(scores.begin(), scores.end(), [](const auto& other) { return other.valid; });
  const HeldOutGain gain =
      is_first || !score.valid ? HeldOutGain{1.0, 0.0} : GainOf(scores[chosen], score);
  if (score.valid && gain.gain > gain.se) chosen = scores.size();
  candidates.push_back(std::move(candidate));
  scores.push_back(std::move(score));
}

void ModelAdvice::Conclude() {
  if (scores.empty() || !scores[chosen].valid) return;
  sentences.push_back(
      fmt::format("advised: {}, the simplest whose held-out error no larger model undercuts by "
                  "more than its standard error",
                  candidates[chosen].name));
}

ModelAdvice AdviseModel(const TargetObservations& observations,
                        std::vector<ModelCandidate> candidates, const WorkControl& control) {
  ModelAdvice advice;
  for (ModelCandidate& candidate : candidates) {
    CrossValidation score = CrossValidate(observations, candidate, control);
    advice.Add(std::move(candidate), std::move(score));
  }
  advice.Conclude();
  return advice;
}

ModelAdvice AdviseTiming(const TargetObservations& observations, const CalibrationOptions& base,
                         const WorkControl& control) {
  ModelAdvice advice;
  // All of them start from the same two rigs.
  const Halves halves = CalibrateHalves(observations, base, control);
  for (ModelCandidate& candidate : TimingCandidates(observations, base)) {
    const bool is_last = candidate.timing && candidate.timing->line_time;
    if (is_last && advice.chosen == 0) break;  // nothing speaks for any timing
    CrossValidation score = ScoreHalves(halves, candidate, control);
    advice.Add(std::move(candidate), std::move(score));
  }
  advice.Conclude();
  return advice;
}

std::vector<ModelCandidate> LensCandidates(const CalibrationOptions& base,
                                           const std::optional<TemporalOptions>& timing) {
  std::vector<ModelCandidate> candidates;
  for (const CameraModelKind kind :
       {CameraModelKind::kKannalaBrandt4, CameraModelKind::kBrownConrady5,
        CameraModelKind::kBrownConrady8}) {
    ModelCandidate candidate{std::string(ToString(kind)), base, timing};
    candidate.calibration.model = kind;
    candidate.calibration.model_of_camera.clear();
    if (kind != base.model) candidate.calibration.held_intrinsics.clear();
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

std::vector<ModelCandidate> TimingCandidates(const TargetObservations& observations,
                                             const CalibrationOptions& base) {
  std::vector<ModelCandidate> candidates{{"cameras that expose together", base, std::nullopt},
                                         {"time offsets", base, Timing(false, false)}};
  if (StampsDiffer(observations)) {
    candidates.push_back({"time offsets, one stamp an instant", base, Timing(false, false)});
    candidates.back().timing->common_stamps = true;
  }
  candidates.push_back(
      {"time offsets and frames with times of their own", base, Timing(true, false)});
  candidates.push_back(
      {"time offsets, frames with times of their own, rolling shutters", base, Timing(true, true)});
  return candidates;
}

TimingDiagnosis DiagnoseTiming(const TargetObservations& observations,
                               const CalibrationResult& start, const WorkControl& control) {
  TimingDiagnosis diagnosis;
  diagnosis.advice = AdviseTiming(observations, start.options, control);
  const ModelAdvice& advice = diagnosis.advice;
  const CrossValidation& together = advice.scores.front();
  const CrossValidation& chosen = advice.scores[advice.chosen];
  if (!together.valid || !chosen.valid) {
    diagnosis.sentences.push_back(
        fmt::format("whether the cameras expose together cannot be judged by held-out frames: {}",
                    together.problem.empty() ? chosen.problem : together.problem));
    return diagnosis;
  }
  const HeldOutGain gain = GainOf(together, chosen);
  const double share = gain.gain / (together.rms * together.rms);
  diagnosis.unsynchronized = advice.chosen > 0 && gain.gain > 2.0 * gain.se && share > 0.01;
  if (!diagnosis.unsynchronized) {
    diagnosis.sentences.push_back(fmt::format(
        "nothing speaks against cameras that expose together: with times of their own the "
        "held-out error goes from {:.3f} to {:.3f} px",
        together.rms, chosen.rms));
    return diagnosis;
  }
  diagnosis.sentences.push_back(fmt::format(
      "the cameras do not expose together: with {} the held-out error falls from {:.3f} to {:.3f} "
      "px per axis, {:.0f} % of its power; trigger the cameras together, or keep the estimated "
      "timing",
      advice.candidates[advice.chosen].name, together.rms, chosen.rms, 100.0 * share));
  TargetObservations bent = observations;
  bent.targets = start.targets;
  diagnosis.fit = AdjustTemporal(bent, start, *advice.candidates[advice.chosen].timing, control);
  for (const std::string& finding : diagnosis.fit->findings) {
    diagnosis.sentences.push_back(finding);
  }
  return diagnosis;
}

}  // namespace medius::calibration
