#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "analysis/mean_curves.hpp"
#include "analysis/session_comparison.hpp"
#include "core/kinematics.hpp"
#include "core/progress.hpp"
#include "core/reference_values.hpp"
#include "core/repeatability.hpp"
#include "core/run_statistics.hpp"
#include "core/trial.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// Where the positions of a trial come from, over all frames and markers.
struct SampleTally {
  std::uint64_t total = 0;
  std::array<std::uint64_t, 6> by_source = {};  ///< by SampleSource
  double residual_rms_px = kUnknown;            ///< of the positions that cameras measured
  double mean_rays = kUnknown;                  ///< cameras that each of these was computed from
};

/// Counts block by block. @throws Cancelled.
[[nodiscard]] SampleTally TallySamples(const storage::TrialReader& trial,
                                       const WorkControl& control);

/// A camera as the reconstruction judged it.
struct CameraLine {
  std::string name;
  double residual_px = kUnknown;
  double rejected_percent = kUnknown;
  std::string finding;  ///< what is wrong with it; empty where nothing is
};

/// A segment as the analysis judged it.
struct SegmentLine {
  std::string name;
  std::size_t markers = 0;
  double residual_mm = kUnknown;  ///< median over the run
  std::size_t frames_fitted = 0;
  std::size_t frames_flagged = 0;
};

/// Why strides do not count, and how many of each side.
struct RejectionLine {
  std::string reason;
  std::array<std::size_t, 2> strides = {};  ///< by Side
};

/// All that the report of a trial shows. It is read, not computed: the numbers are the file's own,
/// or those of a function of the analysis.
struct TrialReport {
  std::string file;  ///< base name
  TrialHeader header;
  double rate_hz = 0.0;
  double start = 0.0;     ///< time of the first frame, seconds
  double duration = 0.0;  ///< seconds
  std::size_t frames = 0;
  SampleTally samples;
  std::vector<CameraLine> cameras;
  double noise_over_sigma = kUnknown;  ///< how much more sightings scatter than they say
  std::array<std::size_t, 2> found = {};
  std::array<std::size_t, 2> accepted = {};
  std::vector<RejectionLine> rejections;
  std::vector<SegmentLine> segments;
  double belt_speed = kUnknown;  ///< m/s
  StrideTable strides;           ///< without their curves
  Summary summary;
  RunStatistics statistics;
  std::vector<analysis::MeanCurve> curves;
  std::vector<StageProvenance> provenance;
  std::vector<TrialNote> notes;
  std::string method;         ///< of the analysis; empty where it is not known
  ReferenceValues reference;  ///< of the same method; without values where there are none
  /// This session against one like it: what two visits differ by without any change.
  analysis::SessionComparison second_visit;

  [[nodiscard]] const SummaryRow* Find(std::string_view metric, Side side) const;
  [[nodiscard]] const analysis::MeanCurve* FindCurve(std::string_view angle, Side side) const;
  [[nodiscard]] const AsymmetryRow* FindAsymmetry(std::string_view metric) const;
  [[nodiscard]] const TrendRow* FindTrend(std::string_view metric, Side side) const;
  /// The smallest change to another session that can be shown, of the side where it is larger; NaN
  /// where it is not known.
  [[nodiscard]] double DetectableChange(std::string_view metric) const;
  /// Of that side, else of both sides together; nullptr where there is none.
  [[nodiscard]] const ReferenceValue* FindReference(std::string_view metric, Side side) const;
  [[nodiscard]] const StageProvenance* FindStage(std::string_view stage) const;
  /// What the stages warned of, those of the analysis first.
  [[nodiscard]] std::vector<std::string> Warnings() const;
};

/// What the numbers of a trial are set beside.
struct ReportReferences {
  /// Shown only where its method is that of the trial.
  ReferenceValues reference;
  Repeatability repeatability;
};

/// @throws InputError where the trial was not analyzed; Cancelled.
[[nodiscard]] TrialReport ReadTrialReport(const storage::TrialReader& trial,
                                          const ReportReferences& references,
                                          const WorkControl& control);

/// The report as one HTML page that needs nothing else and prints on two pages of A4.
[[nodiscard]] std::string FormatTrialReport(const TrialReport& report);

}  // namespace medius::apps
