#include "capture/runner_truth.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/check.hpp"

namespace medius::capture {
namespace {

constexpr double kHipPeakPart = 0.60;  // of stance, as in the analysis

// Largest value of a smooth function: the best of a fine grid, then a golden section round it.
template <typename Function>
double Largest(double from, double to, const Function& function) {
  constexpr int kSamples = 100;
  int best = 0;
  double largest = function(from);
  for (int i = 1; i <= kSamples; ++i) {
    const double value = function(from + (to - from) * i / kSamples);
    if (value <= largest) continue;
    largest = value;
    best = i;
  }
  double low = from + (to - from) * std::max(0, best - 1) / kSamples;
  double high = from + (to - from) * std::min(kSamples, best + 1) / kSamples;
  constexpr double kGolden = 0.6180339887498949;
  for (int i = 0; i < 30; ++i) {
    const double a = high - kGolden * (high - low);
    const double b = low + kGolden * (high - low);
    (function(a) < function(b) ? low : high) = function(a) < function(b) ? a : b;
  }
  return std::max(largest, function(0.5 * (low + high)));
}

AngleSeries Series(const std::string& name, const std::string& definition, std::size_t frames) {
  return {{name, "rad", definition + "; exact, of the virtual runner"},
          std::vector<double>(frames, 0.0),
          {}};
}

struct SidedAngle {
  const char* name;
  const char* definition;
  std::array<double, 2> BodyAngles::*value;
};

constexpr std::array<SidedAngle, 6> kSidedAngles = {{
    {"hip_flexion", "Thigh against pelvis, Z-X-Y Cardan; flexion > 0", &BodyAngles::hip_flexion},
    {"hip_adduction", "Thigh against pelvis, Z-X-Y Cardan; adduction > 0",
     &BodyAngles::hip_adduction},
    {"hip_rotation", "Thigh against pelvis, Z-X-Y Cardan; internal rotation > 0",
     &BodyAngles::hip_rotation},
    {"knee_flexion", "Shank against thigh, Z-X-Y Cardan; flexion > 0", &BodyAngles::knee_flexion},
    {"knee_adduction", "Shank against thigh, Z-X-Y Cardan; adduction > 0, abduction (valgus) < 0",
     &BodyAngles::knee_adduction},
    {"knee_rotation", "Shank against thigh, Z-X-Y Cardan; internal rotation > 0",
     &BodyAngles::knee_rotation},
}};

struct StrideMetrics {
  double drop_peak, drop_relative, drop_excursion, adduction_peak, adduction_excursion;
};

StrideMetrics Measure(const VirtualRunner& runner, Side side, const Step& step,
                      double standing_obliquity) {
  // On the right leg the left side drops when the right side is up: obliquity > 0.
  const double sign = side == Side::kRight ? 1.0 : -1.0;
  const auto drop = [&](double t) { return sign * runner.PelvisObliquity(t); };
  const auto adduction = [&](double t) { return runner.HipAdduction(side, t); };
  const double peak = Largest(step.strike, step.toe_off, drop);
  const double hip_end = step.strike + kHipPeakPart * (step.toe_off - step.strike);
  const double hip_peak = Largest(step.strike, hip_end, adduction);
  return {peak, peak - sign * standing_obliquity, peak - drop(step.strike), hip_peak,
          hip_peak - adduction(step.strike)};
}

// Least-squares slope of y against x (seconds), by minute.
double TrendPerMinute(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0.0, mean_y = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  double xx = 0.0, xy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  return xx > 0.0 ? 60.0 * xy / xx : 0.0;
}

SummaryRow Summarize(const StrideTable& strides, const StrideColumn& metric, Side side) {
  std::vector<double> start, value;
  for (std::size_t row = 0; row < strides.stride_count(); ++row) {
    if (strides.side[row] != side) continue;
    start.push_back(strides.start[row]);
    value.push_back(metric.value[row]);
  }
  SummaryRow summary;
  summary.metric = metric.description;
  summary.side = side;
  summary.n = value.size();
  const auto n = static_cast<double>(value.size());
  for (const double v : value) summary.mean += v / n;
  for (const double v : value) summary.sd += (v - summary.mean) * (v - summary.mean);
  summary.sd = n > 1 ? std::sqrt(summary.sd / (n - 1)) : 0.0;
  summary.ci_low = summary.ci_high = summary.mean;
  summary.trend_per_minute = TrendPerMinute(start, value);
  return summary;
}

std::vector<StrideColumn> EmptyMetrics() {
  const std::string drop = "swing side of the pelvis below the stance side > 0; exact";
  return {
      {{"contralateral_pelvic_drop_peak", "rad",
        "Largest contralateral pelvic drop in stance against the horizontal: " + drop},
       {}},
      {{"contralateral_pelvic_drop_relative", "rad",
        "Largest contralateral pelvic drop in stance less that in the standing trial: " + drop},
       {}},
      {{"contralateral_pelvic_drop_excursion", "rad",
        "Largest contralateral pelvic drop in stance less that at foot strike: " + drop},
       {}},
      {{"hip_adduction_peak", "rad",
        "Largest hip adduction (> 0) of the stance leg in the first 60 % of stance; exact"},
       {}},
      {{"hip_adduction_excursion", "rad", "hip_adduction_peak less hip adduction at strike; exact"},
       {}},
      {{"stride_time", "s", "From foot strike to the next foot strike of that side; exact"}, {}},
      {{"contact_time", "s", "From foot strike to toe off; exact"}, {}},
      {{"cadence", "1/min", "Steps per minute, 120 / stride time; exact"}, {}},
      {{"duty_factor", "", "Contact time over stride time; exact"}, {}}};
}

struct StrideOf {
  Side side;
  Step step;
};

std::vector<StrideOf> StridesWithin(const VirtualRunner& runner, double last) {
  std::vector<StrideOf> strides;
  const GaitTiming& timing = runner.timing();
  for (const Side side : kSides) {
    for (std::size_t k = 0; k < timing.step_count(); ++k) {
      const Step& step = timing.StepOf(side, k);
      if (step.strike >= 0.0 && step.next_strike <= last) strides.push_back({side, step});
    }
  }
  std::sort(strides.begin(), strides.end(),
            [](const StrideOf& a, const StrideOf& b) { return a.step.strike < b.step.strike; });
  return strides;
}

}  // namespace

Kinematics DescribeTrueKinematics(std::size_t frame_count) {
  Kinematics kinematics;
  const std::string pelvis = "Pelvis against the lab, order rotation-obliquity-tilt; ";
  const auto add = [&](const std::string& name, const std::string& definition) {
    kinematics.angles.push_back(Series(name, definition, frame_count));
  };
  add("pelvis_obliquity", pelvis + "right side up > 0");
  add("pelvis_tilt", pelvis + "front up > 0, anterior tilt < 0");
  add("pelvis_rotation", pelvis + "right side in front > 0");
  add("pelvis_obliquity_relative", "Pelvis obliquity less that in the standing trial");
  for (const SidedAngle& angle : kSidedAngles) {
    for (const Side side : kSides) {
      add(std::string(ToString(side)) + "_" + angle.name, angle.definition);
    }
  }
  return kinematics;
}

void SetTrueAngles(const BodyAngles& angles, double standing_obliquity, std::size_t frame,
                   Kinematics& kinematics) {
  std::size_t next = 0;
  const auto set = [&](double value) { kinematics.angles.at(next++).value.at(frame) = value; };
  set(angles.pelvis_obliquity);
  set(angles.pelvis_tilt);
  set(angles.pelvis_rotation);
  set(angles.pelvis_obliquity - standing_obliquity);
  for (const SidedAngle& angle : kSidedAngles) {
    for (const Side side : kSides) set((angles.*angle.value)[GaitTiming::Index(side)]);
  }
  MEDIUS_CHECK(next == kinematics.angles.size(), "every described angle is set");
}

StrideTable TrueStrides(const VirtualRunner& runner, double last, double standing_obliquity) {
  StrideTable table;
  table.metrics = EmptyMetrics();
  for (const StrideOf& stride : StridesWithin(runner, last)) {
    const Step& step = stride.step;
    const StrideMetrics metrics = Measure(runner, stride.side, step, standing_obliquity);
    const double stride_time = step.next_strike - step.strike;
    const double contact = step.toe_off - step.strike;
    table.side.push_back(stride.side);
    table.start.push_back(step.strike);
    table.toe_off.push_back(step.toe_off);
    table.end.push_back(step.next_strike);
    table.accepted.push_back(1);
    table.rejection_reason.emplace_back();
    const std::array<double, 9> row = {metrics.drop_peak,
                                       metrics.drop_relative,
                                       metrics.drop_excursion,
                                       metrics.adduction_peak,
                                       metrics.adduction_excursion,
                                       stride_time,
                                       contact,
                                       120.0 / stride_time,
                                       contact / stride_time};
    for (std::size_t m = 0; m < row.size(); ++m) table.metrics[m].value.push_back(row[m]);
  }
  return table;
}

Summary TrueSummary(const StrideTable& strides) {
  Summary summary;
  for (const StrideColumn& metric : strides.metrics) {
    for (const Side side : kSides) {
      const SummaryRow row = Summarize(strides, metric, side);
      if (row.n > 0) summary.push_back(row);
    }
  }
  return summary;
}

}  // namespace medius::capture
