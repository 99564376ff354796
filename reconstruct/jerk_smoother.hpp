#pragma once

#include <vector>

namespace medius::reconstruct {

/// One coordinate of a marker at one instant.
struct CoordinateSample {
  double time = 0.0;      ///< seconds, increasing
  double value = 0.0;     ///< metres
  double variance = 0.0;  ///< metres^2, > 0; in any unit where only their ratios are known
};

/// How well a strength of jerk explains a series.
struct JerkLikelihood {
  double log_likelihood = 0.0;  ///< but for a constant
  /// Greatest-likelihood factor on all variances, of the samples and of the jerk alike.
  double scale = 1.0;
};

/// @param jerk         spectral density of the white jerk, unit of variance / s^5.
/// @param known_scale  true: the factor is 1.
/// @param unit_s       time unit in which the numbers stay tame: about the time between samples.
[[nodiscard]] JerkLikelihood LikelihoodOfJerk(const std::vector<CoordinateSample>& samples,
                                              double jerk, bool known_scale, double unit_s);

/// The strength of greatest likelihood, between white noise about a parabola and hardly any
/// smoothing, to about a tenth of a decade.
struct JerkEstimate {
  double jerk = 0.0;
  double scale = 1.0;
};
[[nodiscard]] JerkEstimate EstimateJerk(const std::vector<CoordinateSample>& samples,
                                        bool known_scale, double unit_s);

struct SmoothedCoordinate {
  double value = 0.0;     ///< metres
  double variance = 0.0;  ///< in the unit of the samples'
};
/// [samples] the mean and the variance of each given all of them, for a body of white jerk.
[[nodiscard]] std::vector<SmoothedCoordinate> SmoothCoordinate(
    const std::vector<CoordinateSample>& samples, double jerk, double unit_s);

}  // namespace medius::reconstruct
