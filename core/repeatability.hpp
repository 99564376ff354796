#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medius {

/// How much one session's value of a metric strays from the runner's own, from day to day: markers
/// put anew, shoes, mood. In the metric's unit (SI).
struct RepeatError {
  std::string metric;  ///< as in /summary
  /// 1 sd of one session (standard error of measurement); MDC95 = 1.96 sqrt(2) sem.
  double sem = 0.0;
  /// That the sem was estimated from: subjects x (sessions - 1). None: taken as known.
  std::optional<std::size_t> degrees_of_freedom;
  /// Whether the spread of strides is already in sem, as in a published MDC.
  bool includes_strides = false;
  std::string source;  ///< citation, or which visits
};

/// The repeatability of one lab and method, or of the literature.
struct Repeatability {
  std::string name;
  std::string method;      ///< name of the method that its values were computed by; empty: any
  bool published = false;  ///< the literature's, for want of the lab's own
  std::vector<RepeatError> errors;

  [[nodiscard]] const RepeatError* Find(std::string_view metric) const {
    for (const RepeatError& error : errors) {
      if (error.metric == metric) return &error;
    }
    return nullptr;
  }
};

}  // namespace medius
