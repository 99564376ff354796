#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/random_field.hpp"

namespace medius::analysis {

/// Curves of the same quantity, one row an observation (a stride, or a session's mean curve).
struct CurveSet {
  std::size_t nodes = 0;
  std::vector<double> value;  ///< [observations, nodes]

  [[nodiscard]] std::size_t count() const { return nodes == 0 ? 0 : value.size() / nodes; }
  [[nodiscard]] std::span<const double> Row(std::size_t i) const {
    return std::span(value).subspan(i * nodes, nodes);
  }
};

/// Where a curve of t is beyond the threshold in one direction.
struct CurveCluster {
  double begin = 0.0;  ///< node with a fraction, where the curve crosses the threshold
  double end = 0.0;
  bool positive = true;
  double peak = 0.0;  ///< t of greatest size in it
  std::size_t peak_node = 0;
  double p_value = 1.0;  ///< of so wide a cluster anywhere, both directions
};

/// A test of curves: statistical parametric mapping with Student's t.
struct CurveTest {
  std::vector<double> t;       ///< [nodes]; NaN where all observations are the same
  std::vector<double> effect;  ///< [nodes]: mean, difference of means, or slope
  double degrees_of_freedom = 0.0;
  double fwhm = 0.0;  ///< nodes
  double resels = 0.0;
  double alpha = 0.05;     ///< both directions together
  double threshold = 0.0;  ///< |t| that the greatest exceeds by chance in alpha of all cases
  double p_maximum = 1.0;  ///< of the greatest |t|
  double p_set = 1.0;      ///< of as many clusters as there are
  std::vector<CurveCluster> clusters;
};

/// Mean of the curves against a curve (or a constant: all nodes alike).
/// @throws InputError for fewer than three observations, curves of different lengths, missing
/// values
///         or alpha outside 0..0.5. So the others.
[[nodiscard]] CurveTest TestOneSample(const CurveSet& curves, std::span<const double> against,
                                      double alpha = 0.05);
/// The i-th curve of one set against the i-th of the other: first less second.
[[nodiscard]] CurveTest TestPaired(const CurveSet& first, const CurveSet& second,
                                   double alpha = 0.05);
/// Two independent sets of equal variance: first less second.
[[nodiscard]] CurveTest TestTwoSample(const CurveSet& first, const CurveSet& second,
                                      double alpha = 0.05);
/// Slope of the curves over a covariate, with an intercept.
[[nodiscard]] CurveTest TestRegression(const CurveSet& curves, std::span<const double> covariate,
                                       double alpha = 0.05);

}  // namespace medius::analysis
