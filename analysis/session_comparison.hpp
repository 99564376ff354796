#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/kinematics.hpp"
#include "core/repeatability.hpp"

namespace medius::analysis {

/// One session of a subject: what its trial says of itself and the summary of its strides.
struct Session {
  std::string name;           ///< for tables and pages: session, or trial where that is empty
  std::string created;        ///< when it was recorded, ISO 8601; empty where not known
  std::string where;          ///< file name, for messages
  std::optional<double> day;  ///< days since the first session of the comparison
  Summary summary;
};

/// What decides a comparison besides the sessions.
struct ComparisonOptions {
  /// How well a metric repeats from day to day, of one lab or published; see
  /// core/repeatability.hpp.
  Repeatability repeatability;
  /// A change of this much matters; radians, for metrics in radians. One degree: each degree of
  /// drop went with 80 % more odds of being among the injured (Bramah 2018, Am J Sports Med
  /// 46:3023).
  double relevant_change = 0.017453292519943295;
  /// Speeds that differ by more than this part are warned of: drop grows with speed.
  double speed_tolerance = 0.03;

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// One metric of one side in one session.
struct SessionValue {
  std::size_t session = 0;  ///< index into SessionComparison::sessions
  double mean = 0.0;
  double sd = 0.0;              ///< stride to stride
  std::size_t n = 0;            ///< strides
  double standard_error = 0.0;  ///< of the mean by its strides alone: sd / sqrt(n)
  /// Half width of the 95 % interval of this session's true value for comparison with other
  /// sessions: between-day error and strides together; NaN where no repeatability is known.
  double half_width = std::numeric_limits<double>::quiet_NaN();
};

enum class ChangeVerdict {
  kUnknown,    ///< how well the metric repeats is not known: no verdict
  kNotShown,   ///< the difference is within what two visits without any change differ by
  kDecreased,  ///< beyond the minimal detectable change, downwards
  kIncreased,  ///< and upwards
  kNoStrides,  ///< a session lacks the metric
};
[[nodiscard]] std::string_view ToString(ChangeVerdict verdict);

/// A later session against an earlier one. In the metric's unit; NaN where it cannot be had.
struct SessionDifference {
  std::size_t from = 0;  ///< index of the earlier session
  std::size_t to = 0;
  double difference = 0.0;      ///< later less earlier
  double standard_error = 0.0;  ///< sqrt(2 SEM^2 + s1^2 / n1 + s2^2 / n2)
  double mdc95 = 0.0;           ///< minimal detectable change: t x standard_error
  double ci_low = 0.0;          ///< 95 % interval of the true change
  double ci_high = 0.0;
  double reliable_change_index = 0.0;  ///< difference / standard_error (Jacobson & Truax 1991)
  /// Posterior of the true change given both sessions (normal; Student's t where SEM was estimated
  /// from few), with a flat prior.
  double probability_decrease = 0.0;  ///< P(true change < 0)
  double probability_relevant_decrease =
      0.0;  ///< P(true change < -relevant_change); NaN unless rad
  double probability_relevant_increase = 0.0;
  ChangeVerdict verdict = ChangeVerdict::kUnknown;
};

/// From four sessions on: value = intercept + slope x day + session + error, by restricted maximum
/// likelihood.
struct SessionTrend {
  double slope_per_week = 0.0;
  double ci_low = 0.0;  ///< 95 % interval of the slope
  double ci_high = 0.0;
  double p_value = 1.0;             ///< of no slope
  double intercept = 0.0;           ///< at day 0
  double between_session_sd = 0.0;  ///< REML, about the line
};

/// Individuals control chart: sessions outside mean +- 2.66 x mean moving range stand out.
struct ControlChart {
  double centre = 0.0;
  double lower = 0.0;
  double upper = 0.0;
  std::vector<std::size_t> outside;  ///< indices of sessions
};

/// One metric of one side over all sessions.
struct MetricProgress {
  QuantityDescription metric;
  Side side = Side::kLeft;
  /// Fit for comparing sessions: does not hang on where markers were put on the pelvis.
  bool primary = false;
  std::vector<SessionValue> values;              ///< one a session, in their order
  std::optional<RepeatError> repeat_error;       ///< where the repeatability has the metric
  std::vector<SessionDifference> from_first;     ///< each later session against the first
  std::vector<SessionDifference> from_previous;  ///< each later session against the one before
  std::optional<SessionTrend> trend;             ///< four dated sessions or more
  std::optional<ControlChart> chart;             ///< four sessions or more
};

/// Everything that `medius progress` says, for tables and pages.
struct SessionComparison {
  std::vector<Session> sessions;        ///< by date; in the order given where dates are missing
  std::vector<MetricProgress> metrics;  ///< primary ones first; left and right side by side
  std::string repeatability_name;       ///< of ComparisonOptions::repeatability
  bool published_defaults = false;      ///< no lab file: the MDC is from the literature
  std::vector<std::string> warnings;
};

/// The metrics that progress is judged by: relative to standing and excursion.
/// Source: Ferber 2002, J Orthop Res 20:1139 (excursions repeat better between days than peaks).
[[nodiscard]] bool IsPrimary(std::string_view metric);

/// Compares two or more sessions of one subject by one method. Never a test over strides: with 35
/// strides a change of 0.3 degrees is "significant" while two visits differ by 3.
/// @throws InputError for fewer than two sessions, or options out of range.
[[nodiscard]] SessionComparison CompareSessions(std::vector<Session> sessions,
                                                const ComparisonOptions& options);

}  // namespace medius::analysis
