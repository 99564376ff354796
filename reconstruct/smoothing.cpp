#include "reconstruct/smoothing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "reconstruct/jerk_smoother.hpp"

namespace medius::reconstruct {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;

// The errors of a fill are alike over about this time.
constexpr double kFillMemory = 0.05;
// What the likelihood of a jerk is judged by: some strides, 2.5 s, as so many steps of so many s.
constexpr std::size_t kJudgedSteps = 5;
constexpr double kJudgedStep = 0.5;
// Times between the four samples of a third difference, s: the strike of a foot shows in the
// shortest, in which the sway of a pelvis drowns in noise; that shows in the longest.
constexpr std::array<double, 3> kDifferenceSeconds = {0.025, 0.1, 0.3};
// Fewer samples in a row hold no more than their noise.
constexpr std::size_t kMinSamples = 8;

bool IsFilled(SampleSource source) {
  return source == SampleSource::kFilledRigid || source == SampleSource::kFilledSkeleton ||
         source == SampleSource::kFilledInterpolated;
}

// How lively a coordinate is, in steps of kJudgedStep from its first sample.
struct LivelyStep {
  std::size_t samples = 0;
  // Of each of kDifferenceSeconds: absolute third differences, metres; not squared, for one false
  // sample makes four large ones of any size.
  std::array<std::size_t, kDifferenceSeconds.size()> count = {};
  std::array<double, kDifferenceSeconds.size()> sum = {};

  void Add(const LivelyStep& other) {
    samples += other.samples;
    for (std::size_t k = 0; k < count.size(); ++k) {
      count[k] += other.count[k];
      sum[k] += other.sum[k];
    }
  }
  // How many times as lively as `usual`, summed over the differences that both have.
  [[nodiscard]] double Liveliness(const LivelyStep& usual) const {
    double liveliness = 0.0;
    for (std::size_t k = 0; k < count.size(); ++k) {
      const bool known = count[k] > 0 && usual.sum[k] > 0.0;
      liveliness += known ? sum[k] / static_cast<double>(count[k]) *
                                (static_cast<double>(usual.count[k]) / usual.sum[k])
                          : 1.0;
    }
    return liveliness;
  }
};

// The first of the steps of the liveliest kJudgedSteps in a row, among those in which most is
// seen: who stands before the belt starts moves no jerk, and his runs must not be judged by it.
std::size_t LiveliestFrom(const std::vector<LivelyStep>& steps) {
  std::vector<LivelyStep> windows;
  for (std::size_t first = 0; first == 0 || first + kJudgedSteps <= steps.size(); ++first) {
    LivelyStep& window = windows.emplace_back();
    for (std::size_t i = first; i < std::min(first + kJudgedSteps, steps.size()); ++i) {
      window.Add(steps[i]);
    }
  }
  std::size_t most = 0;
  for (const LivelyStep& window : windows) most = std::max(most, window.samples);
  LivelyStep usual;
  for (const LivelyStep& step : steps) usual.Add(step);
  std::size_t best = windows.size();
  double liveliest = 0.0;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (2 * windows[i].samples < most) continue;
    const double liveliness = windows[i].Liveliness(usual);
    if (best < windows.size() && liveliness <= liveliest) continue;
    best = i;
    liveliest = liveliness;
  }
  return best;
}

// One marker over a stretch and its surroundings.
class MarkerStretch {
 public:
  MarkerStretch(const TrajectoryBlock& raw, std::size_t marker, const TimeBase& time_base,
                const SmoothingOptions& options)
      : raw_(raw), marker_(marker), time_base_(time_base), options_(options) {}

  // Replaces the frames [first, first + result's) of the raw block by smoothed ones.
  void Smooth(TrajectoryBlock& result) const {
    std::vector<std::size_t> run;
    for (std::size_t f = 0; f <= raw_.frames().count; ++f) {
      const bool present = f < raw_.frames().count && raw_.IsPresent(f, marker_);
      const bool cut =
          f == raw_.frames().count ||
          (present && !run.empty() && Time(f) - Time(run.back()) > options_.max_pause_s);
      if (cut) {
        SmoothRun(run, result);
        run.clear();
      }
      if (present) run.push_back(f);
    }
  }

 private:
  double Time(std::size_t frame) const { return time_base_.time[raw_.frames().first + frame]; }

  // The mean covariance of the samples seen; nullopt where one is unknown.
  std::optional<Matrix3d> UsualCovariance(const std::vector<std::size_t>& run) const {
    Matrix3d sum = Matrix3d::Zero();
    std::size_t n = 0;
    for (const std::size_t f : run) {
      if (IsFilled(raw_.Source(f, marker_))) continue;
      const Matrix3d c = raw_.Covariance(f, marker_);
      if (!c.allFinite() || !(c.diagonal().minCoeff() > 0.0)) return std::nullopt;
      sum += c;
      ++n;
    }
    if (n == 0) return std::nullopt;
    return sum / static_cast<double>(n);
  }

  // [run] how much less a sample tells than it would alone: as part of a fill, one every 50 ms.
  std::vector<double> Repetition(const std::vector<std::size_t>& run) const {
    std::vector<double> repetition(run.size(), 1.0);
    const double most = std::max(1.0, kFillMemory * time_base_.rate_hz);
    for (std::size_t i = 0; i < run.size();) {
      std::size_t end = i;
      while (end < run.size() && IsFilled(raw_.Source(run[end], marker_))) ++end;
      for (std::size_t k = i; k < end; ++k) {
        repetition[k] = std::clamp(static_cast<double>(end - i), 1.0, most);
      }
      i = std::max(end, i + 1);
    }
    return repetition;
  }

  void SmoothRun(const std::vector<std::size_t>& run, TrajectoryBlock& result) const {
    if (run.size() < kMinSamples) return;
    const std::optional<Matrix3d> usual = UsualCovariance(run);
    Matrix3d axes = Matrix3d::Identity();
    if (usual) axes = Eigen::SelfAdjointEigenSolver<Matrix3d>(*usual).eigenvectors();
    const std::vector<double> repetition = Repetition(run);
    std::array<std::vector<SmoothedCoordinate>, 3> smoothed;
    for (int axis = 0; axis < 3; ++axis) {
      smoothed[static_cast<std::size_t>(axis)] =
          SmoothAxis(run, repetition, axes.col(axis), usual.has_value());
    }
    for (std::size_t i = 0; i < run.size(); ++i) {
      const Vector3d x(smoothed[0][i].value, smoothed[1][i].value, smoothed[2][i].value);
      const Vector3d v(smoothed[0][i].variance, smoothed[1][i].variance, smoothed[2][i].variance);
      Write(run[i], axes * x, axes * v.asDiagonal() * axes.transpose(), result);
    }
  }

  std::vector<SmoothedCoordinate> SmoothAxis(const std::vector<std::size_t>& run,
                                             const std::vector<double>& repetition,
                                             const Vector3d& axis, bool known) const {
    std::vector<CoordinateSample> samples;
    for (std::size_t i = 0; i < run.size(); ++i) {
      const std::size_t f = run[i];
      const bool filled = IsFilled(raw_.Source(f, marker_));
      // Where no sample's noise is known, that of the seen ones is the unit.
      const double variance = known || filled ? axis.dot(raw_.Covariance(f, marker_) * axis) : 1.0;
      samples.push_back({Time(f), axis.dot(raw_.Position(f, marker_)), variance});
    }
    const std::vector<CoordinateSample> judged = Judged(run, samples);
    for (std::size_t i = 0; i < run.size(); ++i) samples[i].variance *= repetition[i];
    if (judged.size() < kMinSamples) return Untouched(samples);
    const double unit_s = 1.0 / time_base_.rate_hz;
    const JerkEstimate estimate = EstimateJerk(judged, known, unit_s);
    if (!known) {
      for (std::size_t i = 0; i < run.size(); ++i) {
        if (!IsFilled(raw_.Source(run[i], marker_))) samples[i].variance *= estimate.scale;
      }
    }
    // The floor keeps a series without any noise (a drawing, a copy) from dividing by zero.
    constexpr double kFloor = 1e-14;
    for (CoordinateSample& sample : samples) sample.variance = std::max(sample.variance, kFloor);
    return SmoothCoordinate(samples, estimate.jerk * estimate.scale, unit_s);
  }

  // The seen samples of the stretch by which the jerk is judged.
  std::vector<CoordinateSample> Judged(const std::vector<std::size_t>& run,
                                       const std::vector<CoordinateSample>& samples) const {
    const auto step_of = [&](std::size_t i) {
      return static_cast<std::size_t>((samples[i].time - samples.front().time) / kJudgedStep);
    };
    std::vector<LivelyStep> steps(step_of(run.size() - 1) + 1);
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (!IsFilled(raw_.Source(run[i], marker_))) ++steps[step_of(i)].samples;
      for (std::size_t k = 0; k < kDifferenceSeconds.size(); ++k) {
        const auto apart = std::max<std::size_t>(
            1, static_cast<std::size_t>(std::lround(kDifferenceSeconds[k] * time_base_.rate_hz)));
        const std::optional<double> difference = ThirdDifference(run, samples, i, apart);
        if (!difference) continue;
        LivelyStep& middle = steps[step_of(i - 3 * apart / 2)];
        ++middle.count[k];
        middle.sum[k] += std::abs(*difference);
      }
    }
    const std::size_t first = LiveliestFrom(steps);
    std::vector<CoordinateSample> judged;
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (IsFilled(raw_.Source(run[i], marker_))) continue;
      if (step_of(i) >= first && step_of(i) < first + kJudgedSteps) judged.push_back(samples[i]);
    }
    return judged;
  }

  // Of the seen samples i, i - apart, ...; nullopt where one of them is missing or filled or the
  // time between them is not what it should be.
  std::optional<double> ThirdDifference(const std::vector<std::size_t>& run,
                                        const std::vector<CoordinateSample>& samples, std::size_t i,
                                        std::size_t apart) const {
    if (i < 3 * apart || run[i] - run[i - 3 * apart] != 3 * apart) return std::nullopt;
    const double usual = 3.0 * static_cast<double>(apart) / time_base_.rate_hz;
    if (samples[i].time - samples[i - 3 * apart].time > 1.1 * usual) return std::nullopt;
    for (std::size_t back = 0; back <= 3; ++back) {
      if (IsFilled(raw_.Source(run[i - back * apart], marker_))) return std::nullopt;
    }
    const auto value = [&](std::size_t back) { return samples[i - back * apart].value; };
    return value(0) - 3.0 * value(1) + 3.0 * value(2) - value(3);
  }

  static std::vector<SmoothedCoordinate> Untouched(const std::vector<CoordinateSample>& samples) {
    std::vector<SmoothedCoordinate> untouched;
    untouched.reserve(samples.size());
    for (const CoordinateSample& s : samples) untouched.push_back({s.value, s.variance});
    return untouched;
  }

  void Write(std::size_t frame, const Vector3d& position, const Matrix3d& covariance,
             TrajectoryBlock& result) const {
    const std::size_t in_trial = raw_.frames().first + frame;
    if (in_trial < result.frames().first || in_trial >= result.frames().end()) return;
    MarkerSample sample = raw_.Get(frame, marker_);
    sample.position = position;
    sample.covariance = covariance;
    result.Set(in_trial - result.frames().first, marker_, sample);
  }

  const TrajectoryBlock& raw_;
  MarkerId marker_;
  const TimeBase& time_base_;
  const SmoothingOptions& options_;
};

}  // namespace

void SmoothingOptions::Validate() const {
  const auto check = [](const char* name, double value, double low, double high) {
    if (value >= low && value <= high) return;
    throw InputError(fmt::format("smoothing: {} = {}; {} to {} expected", name, value, low, high));
  };
  check("stretch_s", stretch_s, 2.5, 120.0);
  check("overlap_s", overlap_s, 0.1, 10.0);
  check("max_pause_s", max_pause_s, 0.01, 10.0);
}

double MarkerSmoothing::CorrectionRms() const {
  if (samples == 0) return std::numeric_limits<double>::quiet_NaN();
  return std::sqrt(squared_correction / static_cast<double>(samples));
}

TrajectorySmoother::TrajectorySmoother(std::size_t marker_count, TimeBase time_base,
                                       SmoothingOptions options)
    : time_base_(std::move(time_base)),
      options_(options),
      history_(marker_count),
      statistics_(marker_count) {
  options_.Validate();
  const double rate = time_base_.rate_hz;
  if (!(rate > 0.0) || !std::isfinite(rate)) {
    throw InputError(fmt::format("smoothing: rate {} Hz; a number above 0 expected", rate));
  }
  stretch_ = std::max<std::size_t>(1, static_cast<std::size_t>(options_.stretch_s * rate));
  overlap_ = static_cast<std::size_t>(std::ceil(options_.overlap_s * rate));
}

TrajectoryBlock TrajectorySmoother::Push(const TrajectoryBlock& block, Parallelism parallelism,
                                         const WorkControl& control) {
  MEDIUS_CHECK(block.frames().first == history_.end(), "a stream that does not start at frame 0");
  MEDIUS_CHECK(block.frames().end() <= time_base_.frame_count(), "frames beyond the time base");
  history_.Append(block);
  return Advance(false, parallelism, control);
}

TrajectoryBlock TrajectorySmoother::Finish(Parallelism parallelism, const WorkControl& control) {
  return Advance(true, parallelism, control);
}

// Stretches lie on a fixed grid of the trial, whatever the blocks.
TrajectoryBlock TrajectorySmoother::Advance(bool at_end, Parallelism parallelism,
                                            const WorkControl& control) {
  std::vector<TrajectoryBlock> parts;
  std::size_t end = released_;
  while (end < history_.end()) {
    const std::size_t stop = std::min(end + stretch_, history_.end());
    const bool whole = stop == end + stretch_ && stop + overlap_ <= history_.end();
    if (!whole && !at_end) break;
    parts.push_back(Smooth({end, stop - end}, parallelism, control));
    end = stop;
  }
  TrajectoryBlock result({released_, end - released_}, history_.marker_count());
  const auto join = [&](auto TrajectoryBlock::*member) {
    auto to = (result.*member).begin();
    for (const TrajectoryBlock& part : parts) {
      to = std::copy((part.*member).begin(), (part.*member).end(), to);
    }
  };
  join(&TrajectoryBlock::position);
  join(&TrajectoryBlock::covariance);
  join(&TrajectoryBlock::residual);
  join(&TrajectoryBlock::rays);
  join(&TrajectoryBlock::source);
  released_ = end;
  history_.DropBefore(end > overlap_ ? end - overlap_ : 0);
  return result;
}

TrajectoryBlock TrajectorySmoother::Smooth(FrameRange stretch, Parallelism parallelism,
                                           const WorkControl& control) {
  const std::size_t first = stretch.first > overlap_ ? stretch.first - overlap_ : 0;
  const std::size_t end = std::min(stretch.end() + overlap_, history_.end());
  const TrajectoryBlock raw = history_.Copy({first, end - first});
  TrajectoryBlock result = history_.Copy(stretch);
  const TrajectoryBlock before = result;
  ParallelFor(parallelism, history_.marker_count(), 1, [&](std::size_t begin, std::size_t stop) {
    for (std::size_t m = begin; m < stop; ++m) {
      control.ThrowIfCancelled();
      MarkerStretch(raw, m, time_base_, options_).Smooth(result);
      for (std::size_t f = 0; f < stretch.count; ++f) {
        if (!before.IsPresent(f, MarkerId(m))) continue;
        ++statistics_[m].samples;
        statistics_[m].squared_correction +=
            (result.Position(f, MarkerId(m)) - before.Position(f, MarkerId(m))).squaredNorm();
      }
    }
  });
  return result;
}

}  // namespace medius::reconstruct
