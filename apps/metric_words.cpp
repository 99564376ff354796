#include "apps/metric_words.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/html_page.hpp"

namespace medius::apps {
namespace {

constexpr MetricWords kMetrics[] = {
    {"contralateral_pelvic_drop_relative", "Pelvic drop below standing",
     "swing side of the pelvis, against standing"},
    {"contralateral_pelvic_drop_peak", "Pelvic drop below level",
     "swing side of the pelvis, against the other"},
    {"contralateral_pelvic_drop_excursion", "Pelvic drop from foot strike",
     "fall of the swing side since foot strike"},
    {"hip_adduction_peak", "Hip adduction, largest", "thigh of the stance leg towards the middle"},
    {"hip_adduction_excursion", "Hip adduction from foot strike", "the same since foot strike"},
    {"knee_abduction_peak", "Knee abduction, largest", "stance knee inward (valgus)"},
    {"knee_abduction_excursion", "Knee abduction from foot strike", "the same since foot strike"},
    {"trunk_ipsilateral_lean_peak", "Trunk lean, largest", "trunk over the stance leg"},
    {"cadence", "Step rate", "steps in a minute"},
    {"contact_time", "Contact time", "how long the foot is on the ground"},
    {"stride_time", "Stride time", "from one foot strike to the next of that foot"},
    {"duty_factor", "Duty factor", "share of the stride that the foot is on the ground"},
    {"step_width", "Step width", "distance of the feet to the side"},
};

int DigitsOf(const QuantityDescription& metric) {
  if (metric.unit == "s" || metric.unit == "m") return 0;
  return metric.unit == "m/s" ? 2 : 1;
}

// A true minus sign is as wide as a plus and is read aloud as one.
std::string WithMinusSign(std::string text) {
  const bool is_zero = std::stod(text) == 0.0;
  if (is_zero) text.erase(std::remove(text.begin(), text.end(), '-'), text.end());
  if (!text.empty() && text.front() == '-') text.replace(0, 1, "\u2212");
  return text;
}

}  // namespace

const MetricWords* FindMetricWords(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kMetrics), std::end(kMetrics),
                                         [name](const MetricWords& m) { return m.name == name; });
  return found == std::end(kMetrics) ? nullptr : found;
}

std::string TitleOf(const QuantityDescription& metric) {
  if (const MetricWords* words = FindMetricWords(metric.name)) return words->title;
  std::string title = metric.name;
  std::replace(title.begin(), title.end(), '_', ' ');
  return Capitalized(std::move(title));
}

double ShownScale(const QuantityDescription& metric) {
  constexpr double kDegrees = 57.295779513082321;
  if (metric.unit == "rad") return kDegrees;
  if (metric.unit == "s" || metric.unit == "m") return 1000.0;
  return metric.name == "duty_factor" ? 100.0 : 1.0;
}

std::string ShownUnit(const QuantityDescription& metric) {
  if (metric.unit == "rad") return "deg";
  if (metric.unit == "s") return "ms";
  if (metric.unit == "m") return "mm";
  if (metric.name == "cadence") return "steps/min";
  if (metric.name == "duty_factor") return "%";
  return metric.unit;
}

std::string ShownNumber(const QuantityDescription& metric, double value) {
  if (!std::isfinite(value)) return "\u2013";
  return WithMinusSign(fmt::format("{:.{}f}", ShownScale(metric) * value, DigitsOf(metric)));
}

std::string ShownChange(const QuantityDescription& metric, double value) {
  if (!std::isfinite(value)) return "\u2013";
  const std::string text = ShownNumber(metric, value);
  return value > 0.0 && std::stod(text) != 0.0 ? "+" + text : text;
}

std::string ShownInterval(const QuantityDescription& metric, double low, double high) {
  if (!std::isfinite(low) || !std::isfinite(high)) return "\u2013";
  return ShownNumber(metric, low) + " to " + ShownNumber(metric, high);
}

}  // namespace medius::apps
