#pragma once

#include <string>
#include <string_view>

#include "core/kinematics.hpp"

namespace medius::apps {

/// A metric in words that need no course in biomechanics.
struct MetricWords {
  const char* name;   ///< in the file
  const char* title;  ///< a few words
  const char* plain;  ///< one line: what it is
};

/// nullptr for a metric that is not known here.
[[nodiscard]] const MetricWords* FindMetricWords(std::string_view name);
/// The title, or of an unknown metric its name with spaces; not escaped.
[[nodiscard]] std::string TitleOf(const QuantityDescription& metric);

/// From the file's unit to that which people read: degrees, else the file's own.
[[nodiscard]] double ShownScale(const QuantityDescription& metric);
/// "deg", "ms", "steps/min", "m/s", "%", or empty.
[[nodiscard]] std::string ShownUnit(const QuantityDescription& metric);

/// A number of a metric as people read it, a minus sign where it is below zero, a dash where it is
/// not known. Not escaped, has no unit.
[[nodiscard]] std::string ShownNumber(const QuantityDescription& metric, double value);
/// The same with its sign always.
[[nodiscard]] std::string ShownChange(const QuantityDescription& metric, double value);
/// "4.0 to 4.8", or a dash.
[[nodiscard]] std::string ShownInterval(const QuantityDescription& metric, double low, double high);

}  // namespace medius::apps
