#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace medius {

/// How a metric is distributed over a group of runners, in the metric's unit (SI).
struct ReferenceValue {
  std::string metric;  ///< as in /summary
  double mean = 0.0;
  double sd = 0.0;  ///< between runners
  std::size_t n = 0;
  std::string side;                                         ///< "left", "right" or "both"
  std::string who;                                          ///< e.g. "25 healthy men"
  double speed = std::numeric_limits<double>::quiet_NaN();  ///< m/s; NaN where not stated
  std::string citation;                                     ///< with its DOI where it has one
};

/// Reference values of one method. Another method's are not comparable: two labs with the same
/// runners differ by 3 to 5 degrees.
struct ReferenceValues {
  std::string name;
  std::string method;  ///< as in the provenance of `medius analyze`
  std::vector<ReferenceValue> values;
};

}  // namespace medius
