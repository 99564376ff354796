#include "capture/gait_timing.hpp"

#include <algorithm>
#include <cmath>

#include "capture/random.hpp"
#include "core/check.hpp"

namespace medius::capture {
namespace {

// Strides kept before and after the trial, for cameras that expose late and for smooth ends.
constexpr int kMarginStrides = 3;
// The trial begins in the middle of a right swing, so that no event falls on its first frame.
constexpr double kPhaseAtStart = 0.8;

// Per-stride numbers of the timing; the runner's own start above these.
constexpr std::uint32_t kStrideTimeItem = 0;
constexpr std::uint32_t kContactItem = 1;

// From 0 to 1 with two derivatives zero at both ends (Perlin's quintic).
double SmoothStep(double x) {
  const double t = std::clamp(x, 0.0, 1.0);
  return t * t * t * (10.0 + t * (-15.0 + 6.0 * t));
}

double Variation(std::uint64_t seed, std::size_t stride, std::uint32_t item) {
  // Three standard deviations at most: a stride twice as long is a stumble, not running.
  return std::clamp(Random(seed, RandomStream::kStrideVariation, stride, item).Normal(), -3.0, 3.0);
}

}  // namespace

double StrideValues::At(double stride_coordinate) const {
  // A stride's own value holds from shortly before its strike until after toe off.
  constexpr double kHoldEnd = 0.50;
  constexpr double kNextBegins = 0.90;
  const double limit = static_cast<double>(values_.size()) - 1.000001;
  const double shifted = std::clamp(stride_coordinate, 0.0, limit);
  const auto stride = static_cast<std::size_t>(shifted);
  const double within = shifted - static_cast<double>(stride);
  const double blend = SmoothStep((within - kHoldEnd) / (kNextBegins - kHoldEnd));
  return values_[stride] + blend * (values_[stride + 1] - values_[stride]);
}

GaitTiming::GaitTiming(const RunScenario& run, std::uint64_t seed) {
  const auto stride_time = [&](double time) {
    const double minutes = std::clamp(time, 0.0, run.duration) / 60.0;
    return 120.0 / (run.cadence + run.drift_cadence * minutes);
  };
  double time = -(kMarginStrides + kPhaseAtStart) * stride_time(0.0);
  const double end = run.duration + (kMarginStrides + 1) * stride_time(run.duration);
  while (time < end) {
    knot_time_.push_back(time);
    const double variation = Variation(seed, knot_time_.size() - 1, kStrideTimeItem);
    time += stride_time(time) * (1.0 + run.sd_stride_time * variation);
  }
  FitSpline();
  for (const Side side : kSides) {
    std::vector<Step>& steps = steps_[Index(side)];
    const double phase = side == Side::kRight ? 0.0 : 0.5;
    for (std::size_t k = 0; k + 2 < knot_time_.size(); ++k) {
      const double coordinate = static_cast<double>(k) + phase;
      const std::uint32_t item = kContactItem + static_cast<std::uint32_t>(Index(side));
      Step step;
      step.strike = TimeOf(coordinate);
      step.next_strike = TimeOf(coordinate + 1.0);
      const double contact = run.duty_factor * stride_time(step.strike) *
                             (1.0 + run.sd_contact_time * Variation(seed, k, item));
      step.toe_off = step.strike + contact;
      steps.push_back(step);
    }
  }
}

// Natural cubic spline through (knot_time, 0, 1, 2, ...): the tridiagonal system of its second
// derivatives, by elimination (Press et al., Numerical Recipes, section 3.3).
void GaitTiming::FitSpline() {
  const std::size_t n = knot_time_.size();
  MEDIUS_CHECK(n >= 4, "a run has some strides");
  second_.assign(n, 0.0);
  std::vector<double> rhs(n, 0.0);
  for (std::size_t i = 1; i + 1 < n; ++i) {
    const double before = knot_time_[i] - knot_time_[i - 1];
    const double after = knot_time_[i + 1] - knot_time_[i];
    const double ratio = before / (before + after);
    const double pivot = ratio * second_[i - 1] + 2.0;
    second_[i] = (ratio - 1.0) / pivot;
    rhs[i] = (6.0 * (1.0 / after - 1.0 / before) / (before + after) - ratio * rhs[i - 1]) / pivot;
  }
  second_[n - 1] = 0.0;
  for (std::size_t i = n - 1; i-- > 0;) second_[i] = second_[i] * second_[i + 1] + rhs[i];
}

double GaitTiming::StrideCoordinate(double time) const {
  const auto above = std::upper_bound(knot_time_.begin() + 1, knot_time_.end() - 1, time);
  const auto i = static_cast<std::size_t>(above - knot_time_.begin()) - 1;
  const double h = knot_time_[i + 1] - knot_time_[i];
  const double a = (knot_time_[i + 1] - time) / h;
  const double b = 1.0 - a;
  return a * static_cast<double>(i) + b * static_cast<double>(i + 1) +
         ((a * a * a - a) * second_[i] + (b * b * b - b) * second_[i + 1]) * h * h / 6.0;
}

double GaitTiming::TimeOf(double stride_coordinate) const {
  const auto stride = std::min(static_cast<std::size_t>(stride_coordinate), knot_time_.size() - 2);
  double low = knot_time_[stride];
  double high = knot_time_[stride + 1];
  if (stride_coordinate == static_cast<double>(stride)) return low;
  while (high - low > 1e-12) {
    const double middle = 0.5 * (low + high);
    (StrideCoordinate(middle) < stride_coordinate ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

std::size_t GaitTiming::StepAt(Side side, double time) const {
  const std::vector<Step>& steps = steps_[Index(side)];
  const auto above =
      std::upper_bound(steps.begin() + 1, steps.end(), time,
                       [](double value, const Step& step) { return value < step.strike; });
  return static_cast<std::size_t>(above - steps.begin()) - 1;
}

}  // namespace medius::capture
