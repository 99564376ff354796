// The parts of a trial that are small: events, kinematics, strides, summary.

#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/hdf5_attributes.hpp"
#include "storage/trial_reader_impl.hpp"

namespace medius::storage {

namespace {

using hdf5::ColumnReader;
using hdf5::ElementType;

// "1" in the file stands for none.
std::string UnitOf(const ColumnReader& column) {
  const std::string unit = column.Attribute("unit");
  return unit == "1" ? "" : unit;
}

QuantityDescription DescriptionOf(const std::string& name, const ColumnReader& column) {
  return {name, UnitOf(column), column.Attribute("definition")};
}

template <typename Code, typename Enumeration>
Enumeration CheckedCode(Code code, Enumeration last, const std::string& where) {
  if (code >= 0 && code <= static_cast<Code>(last)) return static_cast<Enumeration>(code);
  throw InputError(fmt::format("{}: holds {}, expected 0 to {}: the file is damaged", where,
                               static_cast<int>(code), static_cast<int>(last)));
}

std::vector<Side> CheckedSides(const std::vector<std::int8_t>& codes, const std::string& where) {
  std::vector<Side> sides;
  sides.reserve(codes.size());
  for (const std::int8_t code : codes) sides.push_back(CheckedCode(code, Side::kRight, where));
  return sides;
}

std::string InGroup(const std::string& group, const schema::Dataset& dataset) {
  return group + "/" + dataset.name;
}

}  // namespace

GaitEvents TrialReader::Impl::ReadEvents() const {
  Require(TrialPart::kEvents);
  const std::string group = schema::kEvents;
  ColumnReader time = Column(group, schema::kEventTime.name, schema::kEventTime.type);
  const std::size_t rows = TableRows(time);
  std::vector<double> times(rows);
  time.Read(0, rows, times.data());
  const std::string reason = fmt::format("/events/time has {} events", rows);
  const auto side = ReadTable<std::int8_t>(group, schema::kEventSide, rows, reason);
  const auto type = ReadTable<std::int8_t>(group, schema::kEventType, rows, reason);
  std::vector<std::uint8_t> detector(rows, 0);  // files of older versions do not say
  if (HasMember(group, schema::kEventDetector.name)) {
    detector = ReadTable<std::uint8_t>(group, schema::kEventDetector, rows, reason);
  }
  GaitEvents events(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    events[i] = {times[i], CheckedCode(side[i], Side::kRight, Where("events/side")),
                 CheckedCode(type[i], EventType::kToeOff, Where("events/type")),
                 CheckedCode(detector[i], kLastEventDetector, Where("events/detector"))};
  }
  return events;
}

Kinematics TrialReader::Impl::ReadKinematics(bool values) const {
  Require(TrialPart::kKinematics);
  const std::vector<hdf5::Member> members = MembersOf(schema::kKinematics);
  std::set<std::string> names;
  for (const hdf5::Member& member : members) names.insert(member.name);
  const auto is_sigma = [&names](const std::string& name) {
    const std::string suffix = schema::kSigmaSuffix;
    return name.size() > suffix.size() &&
           name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0 &&
           names.count(name.substr(0, name.size() - suffix.size())) > 0;
  };
  const std::string reason = fmt::format("/timebase/time has {} frames", frame_count());
  Kinematics kinematics;
  for (const hdf5::Member& member : members) {
    if (is_sigma(member.name) || member.name == schema::kSegments) continue;
    ColumnReader column = Column(schema::kKinematics, member.name, ElementType::kFloat64);
    column.ExpectShape({frame_count()}, reason);
    auto sigma = OptionalColumn(schema::kKinematics, member.name + schema::kSigmaSuffix,
                                ElementType::kFloat32);
    if (sigma) sigma->ExpectShape({frame_count()}, reason);
    AngleSeries angle{DescriptionOf(member.name, column), {}, {}};
    if (values) {
      angle.value.resize(frame_count());
      column.Read(0, frame_count(), angle.value.data());
      if (sigma) angle.sigma.resize(frame_count());
      if (sigma) sigma->Read(0, frame_count(), angle.sigma.data());
    }
    kinematics.angles.push_back(std::move(angle));
  }
  kinematics.method = MethodOfKinematics();
  ReadSegments(values, kinematics);
  return kinematics;
}

std::string TrialReader::Impl::MethodOfKinematics() const {
  const hdf5::Handle group = Group(schema::kKinematics);
  return hdf5::ReadText(group.get(), schema::kMethod, Where(schema::kKinematics)).value_or("");
}

void TrialReader::Impl::ReadSegments(bool values, Kinematics& kinematics) const {
  if (!HasMember(schema::kKinematics, schema::kSegments)) return;
  const std::string place = std::string(schema::kKinematics) + "/" + schema::kSegments;
  const std::string reason = fmt::format("/timebase/time has {} frames", frame_count());
  for (const hdf5::Member& member : MembersOf(place)) {
    const std::string own = place + "/" + member.name;
    ColumnReader rotation = Column(own, schema::kSegmentRotation.name, ElementType::kFloat32);
    rotation.ExpectShape({frame_count(), 4}, reason + ", 4 numbers a quaternion");
    SegmentRotations segment{member.name, {}, {}, {}};
    if (values) {
      segment.rotation.resize(frame_count() * 4);
      rotation.Read(0, frame_count(), segment.rotation.data());
      segment.residual = ReadTable<float>(own, schema::kSegmentResidual, frame_count(), reason);
      segment.flagged =
          ReadTable<std::uint8_t>(own, schema::kSegmentFlagged, frame_count(), reason);
    }
    kinematics.segments.push_back(std::move(segment));
  }
}

StrideTable TrialReader::Impl::ReadStrides(bool values) const {
  Require(TrialPart::kStrides);
  const std::string group = schema::kStrides;
  const std::size_t rows =
      TableRows(Column(group, schema::kStrideSide.name, schema::kStrideSide.type));
  const std::string reason = fmt::format("/strides/side has {} strides", rows);
  StrideTable table;
  table.side = CheckedSides(ReadTable<std::int8_t>(group, schema::kStrideSide, rows, reason),
                            Where(InGroup(group, schema::kStrideSide)));
  table.start = ReadTable<double>(group, schema::kStrideStart, rows, reason);
  table.toe_off = ReadTable<double>(group, schema::kStrideToeOff, rows, reason);
  table.end = ReadTable<double>(group, schema::kStrideEnd, rows, reason);
  table.accepted = ReadTable<std::uint8_t>(group, schema::kStrideAccepted, rows, reason);
  ColumnReader why = Column(group, schema::kStrideReason.name, ElementType::kText);
  why.ExpectShape({rows}, reason);
  table.rejection_reason = ReadTexts(why);
  const std::set<std::string> fixed{
      schema::kStrideSide.name, schema::kStrideStart.name,    schema::kStrideToeOff.name,
      schema::kStrideEnd.name,  schema::kStrideAccepted.name, schema::kStrideReason.name,
      schema::kCurves};
  for (const hdf5::Member& member : MembersOf(group)) {
    if (fixed.count(member.name) > 0) continue;
    ColumnReader column = Column(group, member.name, ElementType::kFloat64);
    column.ExpectShape({rows}, reason);
    StrideColumn metric{DescriptionOf(member.name, column), {}};
    if (values) metric.value.resize(rows);
    if (values) column.Read(0, rows, metric.value.data());
    table.metrics.push_back(std::move(metric));
  }
  if (!HasMember(group, schema::kCurves)) return table;
  const std::string curves = group + "/" + schema::kCurves;
  for (const hdf5::Member& member : MembersOf(curves)) {
    ColumnReader column = Column(curves, member.name, ElementType::kFloat32);
    column.ExpectShape({rows, kCurvePoints}, reason + ", 101 points a curve");
    StrideCurves curve{DescriptionOf(member.name, column), {}};
    if (values) curve.value.resize(rows * kCurvePoints);
    if (values) column.Read(0, rows, curve.value.data());
    table.curves.push_back(std::move(curve));
  }
  return table;
}

Summary TrialReader::Impl::ReadSummary() const {
  Require(TrialPart::kSummary);
  const std::string group = schema::kSummary;
  ColumnReader metric = Column(group, schema::kSummaryMetric.name, ElementType::kText);
  const std::size_t rows = TableRows(metric);
  const std::string reason = fmt::format("/summary/metric has {} rows", rows);
  const auto texts = [&](const schema::Dataset& dataset) {
    ColumnReader column = Column(group, dataset.name, dataset.type);
    column.ExpectShape({rows}, reason);
    return ReadTexts(column);
  };
  const auto numbers = [&](const schema::Dataset& dataset) {
    return ReadTable<double>(group, dataset, rows, reason);
  };
  const std::vector<std::string> name = ReadTexts(metric);
  const std::vector<std::string> unit = texts(schema::kSummaryUnit);
  const std::vector<std::string> definition = texts(schema::kSummaryDefinition);
  const std::vector<Side> side =
      CheckedSides(ReadTable<std::int8_t>(group, schema::kSummarySide, rows, reason),
                   Where(InGroup(group, schema::kSummarySide)));
  const auto n = ReadTable<std::uint64_t>(group, schema::kSummaryN, rows, reason);
  const auto mean = numbers(schema::kSummaryMean);
  const auto sd = numbers(schema::kSummarySd);
  const auto low = numbers(schema::kSummaryLow);
  const auto high = numbers(schema::kSummaryHigh);
  const auto trend = numbers(schema::kSummaryTrend);
  const auto sigma = numbers(schema::kSummarySigma);
  // Added later: absent in files of older versions.
  const auto later = [&](const schema::Dataset& dataset) {
    if (!HasMember(group, dataset.name)) {
      return std::vector<double>(rows, std::numeric_limits<double>::quiet_NaN());
    }
    return numbers(dataset);
  };
  const auto median = later(schema::kSummaryMedian);
  const auto error = later(schema::kSummaryError);
  const auto noise = later(schema::kSummaryNoise);
  Summary summary;
  for (std::size_t i = 0; i < rows; ++i) {
    summary.push_back({{name[i], unit[i], definition[i]},
                       side[i],
                       mean[i],
                       sd[i],
                       n[i],
                       low[i],
                       high[i],
                       trend[i],
                       sigma[i],
                       median[i],
                       error[i],
                       noise[i]});
  }
  return summary;
}

}  // namespace medius::storage
