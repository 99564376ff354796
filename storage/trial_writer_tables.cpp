// The parts of a trial that are small: events, kinematics, strides, summary, provenance.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/hdf5_attributes.hpp"
#include "storage/hdf5_tree.hpp"
#include "storage/trial_provenance.hpp"
#include "storage/trial_table_writer.hpp"
#include "storage/trial_writer_impl.hpp"

namespace medius::storage {

namespace {

using hdf5::ElementType;

std::int8_t Code(Side side) {
  return static_cast<std::int8_t>(side);
}

}  // namespace

void TrialWriter::Impl::WriteEvents(const GaitEvents& events) {
  const hdf5::Handle group = FreshGroup(schema::kEvents);
  const TableWriter table(group.get(), events.size(), shown);
  table.Write(schema::kEventTime, Column(events, [](const GaitEvent& e) { return e.time; }));
  table.Write(schema::kEventSide, Column(events, [](const GaitEvent& e) { return Code(e.side); }));
  table.Write(schema::kEventType,
              Column(events, [](const GaitEvent& e) { return static_cast<std::int8_t>(e.type); }));
  table.Write(schema::kEventDetector, Column(events, [](const GaitEvent& e) {
                return static_cast<std::uint8_t>(e.detector);
              }));
}

void TrialWriter::Impl::WriteKinematics(const Kinematics& kinematics) {
  MEDIUS_CHECK(frame_count, "the time base comes before the kinematics");
  const hdf5::Handle group = FreshGroup(schema::kKinematics);
  const TableWriter table(group.get(), *frame_count, shown);
  for (const AngleSeries& angle : kinematics.angles) {
    table.Write(angle.description, ElementType::kFloat64, angle.value);
    if (angle.sigma.empty()) continue;
    const QuantityDescription sigma{
        angle.description.name + schema::kSigmaSuffix, angle.description.unit,
        "standard deviation of " + angle.description.name + " from measurement"};
    table.Write(sigma, ElementType::kFloat32, angle.sigma);
  }
  if (!kinematics.method.empty()) {
    hdf5::WriteText(group.get(), schema::kMethod, kinematics.method, shown);
  }
  if (kinematics.segments.empty()) return;
  const hdf5::Handle segments = hdf5::CreateGroup(group.get(), schema::kSegments, shown);
  for (const SegmentRotations& segment : kinematics.segments) {
    const hdf5::Handle own = hdf5::CreateGroup(segments.get(), segment.segment, shown);
    const TableWriter rows(own.get(), *frame_count, shown);
    rows.WriteRows(schema::kSegmentRotation, segment.rotation, 4);
    rows.Write(schema::kSegmentResidual, segment.residual);
    rows.Write(schema::kSegmentFlagged, segment.flagged);
  }
}

void TrialWriter::Impl::WriteStrides(const StrideTable& strides) {
  const hdf5::Handle group = FreshGroup(schema::kStrides);
  const TableWriter table(group.get(), strides.stride_count(), shown);
  table.Write(schema::kStrideSide, Column(strides.side, Code));
  table.Write(schema::kStrideStart, strides.start);
  table.Write(schema::kStrideToeOff, strides.toe_off);
  table.Write(schema::kStrideEnd, strides.end);
  table.Write(schema::kStrideAccepted, strides.accepted);
  table.WriteTexts(schema::kStrideReason, strides.rejection_reason);
  for (const StrideColumn& metric : strides.metrics) {
    table.Write(metric.description, ElementType::kFloat64, metric.value);
  }
  if (strides.curves.empty()) return;
  const hdf5::Handle curves = hdf5::CreateGroup(group.get(), schema::kCurves, shown);
  const TableWriter curve_table(curves.get(), strides.stride_count(), shown);
  for (const StrideCurves& curve : strides.curves) {
    curve_table.Write(curve.description, ElementType::kFloat32, curve.value, {kCurvePoints});
  }
}

void TrialWriter::Impl::WriteSummary(const Summary& summary) {
  const hdf5::Handle group = FreshGroup(schema::kSummary);
  const TableWriter table(group.get(), summary.size(), shown);
  const auto texts = [&](const schema::Dataset& dataset, std::string QuantityDescription::*field) {
    table.WriteTexts(dataset,
                     Column(summary, [field](const SummaryRow& row) { return row.metric.*field; }));
  };
  const auto numbers = [&](const schema::Dataset& dataset, double SummaryRow::*field) {
    table.Write(dataset, Column(summary, [field](const SummaryRow& row) { return row.*field; }));
  };
  texts(schema::kSummaryMetric, &QuantityDescription::name);
  table.Write(schema::kSummarySide,
              Column(summary, [](const SummaryRow& row) { return Code(row.side); }));
  numbers(schema::kSummaryMean, &SummaryRow::mean);
  numbers(schema::kSummarySd, &SummaryRow::sd);
  table.Write(schema::kSummaryN,
              Column(summary, [](const SummaryRow& row) { return std::uint64_t{row.n}; }));
  numbers(schema::kSummaryLow, &SummaryRow::ci_low);
  numbers(schema::kSummaryHigh, &SummaryRow::ci_high);
  numbers(schema::kSummaryTrend, &SummaryRow::trend_per_minute);
  numbers(schema::kSummarySigma, &SummaryRow::measurement_sigma);
  numbers(schema::kSummaryMedian, &SummaryRow::median);
  numbers(schema::kSummaryError, &SummaryRow::standard_error);
  numbers(schema::kSummaryNoise, &SummaryRow::noise_sigma);
  texts(schema::kSummaryUnit, &QuantityDescription::unit);
  texts(schema::kSummaryDefinition, &QuantityDescription::definition);
}

void TrialWriter::Impl::WriteProvenance(const StageProvenance& provenance) {
  MEDIUS_CHECK(!provenance.stage.empty() && provenance.stage.find('/') == std::string::npos,
               "a stage has a name");
  if (!Has(schema::kProvenance)) {
    static_cast<void>(hdf5::CreateGroup(file.get(), schema::kProvenance, shown));
  }
  Remove(std::string(schema::kProvenance) + "/" + provenance.stage);
  const hdf5::Handle group = hdf5::OpenGroup(file.get(), schema::kProvenance, shown);
  WriteStage(group.get(), provenance, shown);
}

}  // namespace medius::storage
