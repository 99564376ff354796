#include "analysis/strides.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include <fmt/format.h>

#include "analysis/signal.hpp"
#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kDegrees = 57.29577951308232;
constexpr double kHipPeakPart = 0.60;  // of stance; later the hip abducts to push off

// Metrics in the order of the table's columns.
enum Metric : std::size_t {
  kDropPeak,
  kDropRelative,
  kDropExcursion,
  kHipAdductionPeak,
  kHipAdductionExcursion,
  kStrideTime,
  kContactTime,
  kCadence,
  kDutyFactor,
  kMetricCount
};

std::vector<QuantityDescription> DescribeMetrics() {
  const std::string drop = "how far the swing side of the pelvis is below the stance side (> 0), ";
  return {
      {"contralateral_pelvic_drop_peak", "rad",
       "Largest contralateral pelvic drop in stance: " + drop +
           "line of the ASIS to the horizontal"},
      {"contralateral_pelvic_drop_relative", "rad",
       "Largest contralateral pelvic drop in stance less that in the standing trial: " + drop +
           "from standing"},
      {"contralateral_pelvic_drop_excursion", "rad",
       "Largest contralateral pelvic drop in stance less that at foot strike"},
      {"hip_adduction_peak", "rad",
       "Largest hip adduction (> 0) of the stance leg in the first 60 % of stance"},
      {"hip_adduction_excursion", "rad", "hip_adduction_peak less hip adduction at foot strike"},
      {"stride_time", "s", "From foot strike to the next foot strike of that side"},
      {"contact_time", "s", "From foot strike to toe off"},
      {"cadence", "1/min", "Steps per minute, 120 / stride time"},
      {"duty_factor", "", "Contact time over stride time"}};
}

// Frame index with a fraction of an instant.
double PlaceOf(const std::vector<double>& time, double instant) {
  if (time.empty() || !(instant >= time.front()) || !(instant <= time.back())) return kNaN;
  const auto above = std::upper_bound(time.begin(), time.end(), instant);
  if (above == time.end()) return static_cast<double>(time.size() - 1);
  const auto i = static_cast<std::size_t>(above - time.begin()) - 1;
  return static_cast<double>(i) + (instant - time[i]) / (time[i + 1] - time[i]);
}

bool HasAnyValue(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double v) { return !std::isnan(v); });
}

// A quantity with the sign that makes the wanted extreme its greatest value.
std::vector<double> Scaled(std::span<const double> values, double factor) {
  std::vector<double> scaled(values.begin(), values.end());
  for (double& v : scaled) v *= factor;
  return scaled;
}

class Tabulator {
 public:
  Tabulator(const Kinematics& kinematics, const TimeBase& time_base, const GaitEvents& events,
            const StrideOptions& options)
      : kinematics_(kinematics), time_(time_base.time), events_(events), options_(options) {}

  StrideTable Tabulate();

 private:
  struct Places {
    double strike, toe_off, next;
  };

  void AddRows(Side side);
  void SortRows();
  void AddMetrics();
  void AddCurves();
  void MeasureStride(std::size_t row);
  void RejectByTiming();
  void RejectGapsAndImpossible();
  void RejectGaps(std::size_t row, const std::vector<double>& adduction, bool has_hip);
  void RejectImpossible(std::size_t row, const std::vector<double>& adduction,
                        const std::vector<double>& flexion);
  void RejectOutliers(Side side);
  void RejectFarFromMedian(const StrideCurves& curves, const std::vector<std::size_t>& rows);

  const std::vector<double>& Angle(const std::string& name) const {
    const AngleSeries* series = kinematics_.Find(name);
    MEDIUS_CHECK(series != nullptr, name);
    return series->value;
  }
  Places PlacesOf(std::size_t row) const {
    return {PlaceOf(time_, table_.start[row]), PlaceOf(time_, table_.toe_off[row]),
            PlaceOf(time_, table_.end[row])};
  }
  // Greatest value over a span and the value at its start, of factor x angle; cut out first so that
  // the sign can be turned.
  std::array<double, 2> PeakAndStart(const std::vector<double>& angle, double factor, double first,
                                     double last) const;
  bool IsMissingIn(const std::vector<double>& angle, double first, double last) const;
  void Reject(std::size_t row, std::string reason) {
    if (table_.accepted[row] == 0) return;  // the first reason stands
    table_.accepted[row] = 0;
    table_.rejection_reason[row] = std::move(reason);
  }
  double& At(Metric metric, std::size_t row) { return table_.metrics[metric].value[row]; }
  // Angles that a stride of this side is judged by.
  std::vector<std::string> AnglesOf(Side side) const;

  const Kinematics& kinematics_;
  const std::vector<double>& time_;
  const GaitEvents& events_;
  const StrideOptions& options_;
  StrideTable table_;
};

void Tabulator::AddRows(Side side) {
  std::optional<double> strike;
  double toe_off = kNaN;
  for (const GaitEvent& event : events_) {
    if (event.side != side) continue;
    if (event.type == EventType::kToeOff) {
      if (std::isnan(toe_off)) toe_off = event.time;
      continue;
    }
    if (strike && event.time - *strike <= options_.longest_row_s) {
      table_.side.push_back(side);
      table_.start.push_back(*strike);
      table_.toe_off.push_back(toe_off);
      table_.end.push_back(event.time);
    }
    strike = event.time;
    toe_off = kNaN;
  }
}

void Tabulator::SortRows() {
  std::vector<std::size_t> order(table_.stride_count());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [this](std::size_t a, std::size_t b) { return table_.start[a] < table_.start[b]; });
  StrideTable sorted;
  for (const std::size_t i : order) {
    sorted.side.push_back(table_.side[i]);
    sorted.start.push_back(table_.start[i]);
    sorted.toe_off.push_back(table_.toe_off[i]);
    sorted.end.push_back(table_.end[i]);
  }
  sorted.accepted.assign(order.size(), 1);
  sorted.rejection_reason.resize(order.size());
  table_ = std::move(sorted);
}

std::array<double, 2> Tabulator::PeakAndStart(const std::vector<double>& angle, double factor,
                                              double first, double last) const {
  if (std::isnan(first + last)) return {kNaN, kNaN};
  // Two frames on either side for the interpolation.
  const auto begin =
      static_cast<std::size_t>(first) - std::min<std::size_t>(2, static_cast<std::size_t>(first));
  const std::size_t end = std::min(angle.size(), static_cast<std::size_t>(last) + 4);
  const std::vector<double> part = Scaled(std::span(angle).subspan(begin, end - begin), factor);
  const auto shift = static_cast<double>(begin);
  return {GreatestValue(part, first - shift, last - shift), SmoothValueAt(part, first - shift)};
}

bool Tabulator::IsMissingIn(const std::vector<double>& angle, double first, double last) const {
  if (std::isnan(first + last)) return false;  // no toe off: said elsewhere
  return std::isnan(GreatestValue(angle, first, last));
}

void Tabulator::MeasureStride(std::size_t row) {
  const Side side = table_.side[row];
  const Places at = PlacesOf(row);
  // On the right leg the left side drops when the right side is up: obliquity > 0.
  const double sign = side == Side::kRight ? 1.0 : -1.0;
  const auto drop = PeakAndStart(Angle("pelvis_obliquity"), sign, at.strike, at.toe_off);
  const auto relative =
      PeakAndStart(Angle("pelvis_obliquity_relative"), sign, at.strike, at.toe_off);
  const auto hip = PeakAndStart(Angle(std::string(ToString(side)) + "_hip_adduction"), 1.0,
                                at.strike, at.strike + kHipPeakPart * (at.toe_off - at.strike));
  At(kDropPeak, row) = drop[0];
  At(kDropRelative, row) = relative[0];
  At(kDropExcursion, row) = drop[0] - drop[1];
  At(kHipAdductionPeak, row) = hip[0];
  At(kHipAdductionExcursion, row) = hip[0] - hip[1];
  At(kStrideTime, row) = table_.end[row] - table_.start[row];
  At(kContactTime, row) = table_.toe_off[row] - table_.start[row];
  At(kCadence, row) = 120.0 / At(kStrideTime, row);
  At(kDutyFactor, row) = At(kContactTime, row) / At(kStrideTime, row);
}

void Tabulator::AddMetrics() {
  for (const QuantityDescription& description : DescribeMetrics()) {
    table_.metrics.push_back({description, std::vector<double>(table_.stride_count(), kNaN)});
  }
  for (std::size_t row = 0; row < table_.stride_count(); ++row) MeasureStride(row);
}

void Tabulator::AddCurves() {
  for (const AngleSeries& angle : kinematics_.angles) {
    StrideCurves curves;
    curves.description = angle.description;
    curves.value.resize(table_.stride_count() * kCurvePoints);
    for (std::size_t row = 0; row < table_.stride_count(); ++row) {
      const Places at = PlacesOf(row);
      for (std::size_t i = 0; i < kCurvePoints; ++i) {
        const double u = static_cast<double>(i) / static_cast<double>(kCurvePoints - 1);
        const double place = (1.0 - u) * at.strike + u * at.next;
        curves.value[row * kCurvePoints + i] =
            static_cast<float>(SmoothValueAt(angle.value, place));
      }
    }
    table_.curves.push_back(std::move(curves));
  }
}

void Tabulator::RejectByTiming() {
  std::array<double, 2> median = {};
  for (const Side side : kSides) {
    std::vector<double> times;
    for (std::size_t row = 0; row < table_.stride_count(); ++row) {
      if (table_.side[row] == side) times.push_back(At(kStrideTime, row));
    }
    median[static_cast<std::size_t>(side)] = Quantile(times, 0.5);
  }
  for (std::size_t row = 0; row < table_.stride_count(); ++row) {
    const double stride = At(kStrideTime, row);
    const double contact = At(kContactTime, row);
    const double usual = median[static_cast<std::size_t>(table_.side[row])];
    if (stride < options_.min_stride_s || stride > options_.max_stride_s) {
      Reject(row, fmt::format("stride time {:.2f} s is outside {:g}-{:g} s", stride,
                              options_.min_stride_s, options_.max_stride_s));
    } else if (std::abs(stride - usual) > options_.stride_time_tolerance * usual) {
      Reject(row, fmt::format("stride time {:.2f} s is more than {:g} % from the median {:.2f} s",
                              stride, 100.0 * options_.stride_time_tolerance, usual));
    } else if (std::isnan(contact)) {
      Reject(row, "no toe off");
    } else if (contact < options_.min_contact_s || contact > options_.max_contact_s) {
      Reject(row, fmt::format("contact time {:.3f} s is outside {:g}-{:g} s", contact,
                              options_.min_contact_s, options_.max_contact_s));
    }
  }
}

std::vector<std::string> Tabulator::AnglesOf(Side side) const {
  const std::string own = std::string(ToString(side)) + "_";
  std::vector<std::string> names;
  for (const AngleSeries& angle : kinematics_.angles) {
    const std::string& name = angle.description.name;
    // Those are the same curves moved or seen from elsewhere; feet and ankles are not what most
    // metrics are made of.
    const bool again = name.ends_with("_relative") || name.ends_with("_2d");
    const bool judged = name.starts_with("pelvis_") || name.starts_with(own + "hip") ||
                        name.starts_with(own + "knee");
    if (again || !judged) continue;
    if (HasAnyValue(angle.value)) names.push_back(name);
  }
  return names;
}

void Tabulator::RejectGaps(std::size_t row, const std::vector<double>& adduction, bool has_hip) {
  const Places at = PlacesOf(row);
  if (IsMissingIn(Angle("pelvis_obliquity"), at.strike, at.toe_off)) {
    Reject(row, "gap in stance (pelvis)");
  }
  if (has_hip && IsMissingIn(adduction, at.strike, at.toe_off)) Reject(row, "gap in stance (hip)");
}

void Tabulator::RejectImpossible(std::size_t row, const std::vector<double>& adduction,
                                 const std::vector<double>& flexion) {
  const std::vector<double>& obliquity = Angle("pelvis_obliquity");
  const Places at = PlacesOf(row);
  const auto end = std::min(obliquity.size(), static_cast<std::size_t>(at.next) + 1);
  for (auto i = static_cast<std::size_t>(at.strike); i < end; ++i) {
    if (flexion[i] < -options_.max_hip_extension) {
      Reject(row, fmt::format("hip extension {:.0f} deg", -flexion[i] * kDegrees));
    }
    const double frontal = std::fmax(std::abs(adduction[i]), std::abs(obliquity[i]));
    if (frontal > options_.max_frontal_angle) {
      Reject(row, fmt::format("frontal angle {:.0f} deg", frontal * kDegrees));
    }
  }
}

void Tabulator::RejectGapsAndImpossible() {
  for (const Side side : kSides) {
    const std::string own(ToString(side));
    const std::vector<double>& adduction = Angle(own + "_hip_adduction");
    const std::vector<double>& flexion = Angle(own + "_hip_flexion");
    const bool has_hip = HasAnyValue(adduction);
    for (std::size_t row = 0; row < table_.stride_count(); ++row) {
      if (table_.side[row] != side) continue;
      const Places at = PlacesOf(row);
      if (std::isnan(at.strike + at.next)) continue;  // events beyond the frames
      RejectGaps(row, adduction, has_hip);
      RejectImpossible(row, adduction, flexion);
    }
  }
}

// Root mean square over the points that both curves have.
double Distance(const float* curve, const std::array<double, kCurvePoints>& median) {
  double sum = 0.0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < kCurvePoints; ++i) {
    const double difference = static_cast<double>(curve[i]) - median[i];
    if (std::isnan(difference)) continue;
    sum += difference * difference;
    ++count;
  }
  return count == 0 ? kNaN : std::sqrt(sum / static_cast<double>(count));
}

void Tabulator::RejectFarFromMedian(const StrideCurves& curves,
                                    const std::vector<std::size_t>& rows) {
  std::array<double, kCurvePoints> median = {};
  std::vector<double> values;
  for (std::size_t i = 0; i < kCurvePoints; ++i) {
    values.clear();
    for (const std::size_t row : rows) {
      values.push_back(static_cast<double>(curves.value[row * kCurvePoints + i]));
    }
    median[i] = Quantile(values, 0.5);
  }
  std::vector<double> distance;
  distance.reserve(rows.size());
  for (const std::size_t row : rows) {
    distance.push_back(Distance(&curves.value[row * kCurvePoints], median));
  }
  const double usual = Quantile(distance, 0.5);
  std::vector<double> deviation = distance;
  for (double& d : deviation) d = std::abs(d - usual);
  constexpr double kSdOfMad = 1.4826;  // of a normal distribution
  const double limit = usual + options_.outlier_deviations * kSdOfMad * Quantile(deviation, 0.5) +
                       options_.outlier_floor;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!(distance[i] > limit)) continue;
    Reject(rows[i], fmt::format("{} is {:.1f} deg rms from the median curve (limit {:.1f})",
                                curves.description.name, distance[i] * kDegrees, limit * kDegrees));
  }
}

void Tabulator::RejectOutliers(Side side) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < table_.stride_count(); ++row) {
    if (table_.side[row] == side && table_.accepted[row] != 0) rows.push_back(row);
  }
  const std::vector<std::string> judged = AnglesOf(side);
  for (const StrideCurves& curves : table_.curves) {
    if (std::find(judged.begin(), judged.end(), curves.description.name) == judged.end()) continue;
    RejectFarFromMedian(curves, rows);
  }
}

StrideTable Tabulator::Tabulate() {
  for (const Side side : kSides) AddRows(side);
  SortRows();
  AddMetrics();
  AddCurves();
  RejectByTiming();
  RejectGapsAndImpossible();
  for (const Side side : kSides) RejectOutliers(side);
  return std::move(table_);
}

}  // namespace

void StrideOptions::Validate() const {
  const auto require = [](bool ok, const char* field, double value, const char* expected) {
    if (!ok) throw InputError(fmt::format("{} {}: {} expected", field, value, expected));
  };
  require(min_stride_s > 0.0, "min_stride_s", min_stride_s, "above 0 s");
  require(max_stride_s > min_stride_s, "max_stride_s", max_stride_s, "above min_stride_s");
  require(min_contact_s > 0.0, "min_contact_s", min_contact_s, "above 0 s");
  require(max_contact_s > min_contact_s, "max_contact_s", max_contact_s, "above min_contact_s");
  require(stride_time_tolerance > 0.0 && stride_time_tolerance <= 1.0, "stride_time_tolerance",
          stride_time_tolerance, "above 0, at most 1");
  require(outlier_deviations > 0.0, "outlier_deviations", outlier_deviations, "above 0");
  require(outlier_floor >= 0.0, "outlier_floor", outlier_floor, "0 rad or more");
  require(max_hip_extension > 0.0, "max_hip_extension", max_hip_extension, "above 0 rad");
  require(max_frontal_angle > 0.0, "max_frontal_angle", max_frontal_angle, "above 0 rad");
  require(longest_row_s >= max_stride_s, "longest_row_s", longest_row_s, "max_stride_s or more");
}

StrideTable TabulateStrides(const Kinematics& kinematics, const TimeBase& time_base,
                            const GaitEvents& events, const StrideOptions& options) {
  options.Validate();
  return Tabulator(kinematics, time_base, events, options).Tabulate();
}

}  // namespace medius::analysis
