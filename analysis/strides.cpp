#include "analysis/strides.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "analysis/signal.hpp"
#include "analysis/stride_measures.hpp"
#include "analysis/stride_rejection.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kRowsAtOnce = 64;

// Frame index with a fraction of an instant.
double PlaceOf(const std::vector<double>& time, double instant) {
  if (time.empty() || !(instant >= time.front()) || !(instant <= time.back())) return kNaN;
  const auto above = std::upper_bound(time.begin(), time.end(), instant);
  if (above == time.end()) return static_cast<double>(time.size() - 1);
  const auto i = static_cast<std::size_t>(above - time.begin()) - 1;
  return static_cast<double>(i) + (instant - time[i]) / (time[i + 1] - time[i]);
}

void AddRows(const GaitEvents& events, Side side, double longest_row_s, StrideTable& table) {
  std::optional<double> strike;
  double toe_off = kNaN;
  for (const GaitEvent& event : events) {
    if (event.side != side) continue;
    if (event.type == EventType::kToeOff) {
      if (std::isnan(toe_off)) toe_off = event.time;
      continue;
    }
    if (strike && event.time - *strike <= longest_row_s) {
      table.side.push_back(side);
      table.start.push_back(*strike);
      table.toe_off.push_back(toe_off);
      table.end.push_back(event.time);
    }
    strike = event.time;
    toe_off = kNaN;
  }
}

StrideTable Sorted(const StrideTable& table) {
  std::vector<std::size_t> order(table.stride_count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&table](std::size_t a, std::size_t b) {
    return table.start[a] < table.start[b];
  });
  StrideTable sorted;
  for (const std::size_t i : order) {
    sorted.side.push_back(table.side[i]);
    sorted.start.push_back(table.start[i]);
    sorted.toe_off.push_back(table.toe_off[i]);
    sorted.end.push_back(table.end[i]);
  }
  sorted.accepted.assign(order.size(), 1);
  sorted.rejection_reason.resize(order.size());
  return sorted;
}

void FillCurve(const std::vector<double>& angle, const StridePlaces& at, float* curve) {
  for (std::size_t i = 0; i < kCurvePoints; ++i) {
    const double u = static_cast<double>(i) / static_cast<double>(kCurvePoints - 1);
    const double place = (1.0 - u) * at.strike + u * at.next;
    curve[i] = static_cast<float>(SmoothValueAt(angle, place));
  }
}

void AddCurves(const RunData& run, const std::vector<StridePlaces>& places, Parallelism parallelism,
               StrideTable& table) {
  for (const AngleSeries& angle : run.kinematics.angles) {
    table.curves.push_back(
        {angle.description, std::vector<float>(table.stride_count() * kCurvePoints)});
  }
  ParallelFor(parallelism, table.stride_count(), kRowsAtOnce,
              [&](std::size_t begin, std::size_t end) {
                for (std::size_t a = 0; a < table.curves.size(); ++a) {
                  for (std::size_t row = begin; row < end; ++row) {
                    FillCurve(run.kinematics.angles[a].value, places[row],
                              &table.curves[a].value[row * kCurvePoints]);
                  }
                }
              });
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
  require(lost_shape_residual > 0.0, "lost_shape_residual", lost_shape_residual, "above 0 m");
  require(longest_row_s >= max_stride_s, "longest_row_s", longest_row_s, "max_stride_s or more");
}

StrideTable TabulateStrides(const RunData& run, const StrideOptions& options,
                            Parallelism parallelism) {
  options.Validate();
  StrideTable unsorted;
  for (const Side side : kSides) AddRows(run.events, side, options.longest_row_s, unsorted);
  StrideTable table = Sorted(unsorted);
  std::vector<StridePlaces> places;
  for (std::size_t row = 0; row < table.stride_count(); ++row) {
    places.push_back({PlaceOf(run.time_base.time, table.start[row]),
                      PlaceOf(run.time_base.time, table.toe_off[row]),
                      PlaceOf(run.time_base.time, table.end[row])});
  }
  MeasureStrides(run, places, parallelism, table);
  AddCurves(run, places, parallelism, table);
  RejectStrides(run, places, options, parallelism, table);
  return table;
}

}  // namespace medius::analysis
