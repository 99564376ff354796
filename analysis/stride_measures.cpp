#include "analysis/stride_measures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "analysis/noise_correlation.hpp"
#include "analysis/signal.hpp"
#include "analysis/stride_metrics.hpp"
#include "core/check.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kRowsAtOnce = 64;

// A part of a signal with two frames on either side for the interpolation, its sign turned so that
// the wanted extreme is the greatest value. Places are those of the whole signal.
class Cut {
 public:
  Cut(std::span<const double> signal, double factor, double first, double last) {
    if (std::isnan(first + last)) return;
    const auto floor = static_cast<std::size_t>(first);
    const std::size_t begin = floor - std::min<std::size_t>(2, floor);
    const std::size_t end = std::min(signal.size(), static_cast<std::size_t>(last) + 4);
    shift_ = static_cast<double>(begin);
    values_.assign(signal.begin() + static_cast<std::ptrdiff_t>(begin),
                   signal.begin() + static_cast<std::ptrdiff_t>(end));
    for (double& value : values_) value *= factor;
  }
  [[nodiscard]] Extremum Greatest(double first, double last) const {
    Extremum greatest = GreatestPoint(values_, first - shift_, last - shift_);
    greatest.place += shift_;
    return greatest;
  }
  [[nodiscard]] double At(double place) const { return SmoothValueAt(values_, place - shift_); }
  // Mean of the values at so many places, evenly spread from first to last.
  [[nodiscard]] double Mean(double first, double last) const {
    const std::size_t count = FramesIn(first, last);
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
      sum += At(first + u * (last - first));
    }
    return sum / static_cast<double>(count);
  }
  static std::size_t FramesIn(double first, double last) {
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(last - first)));
  }

 private:
  std::vector<double> values_;
  double shift_ = 0.0;
};

struct Measured {
  double value = kNaN;
  double sigma = kNaN;
};

class AngleMeasurer {
 public:
  AngleMeasurer(const RunData& run) : run_(run), noise_(run.cutoff_hz, run.time_base.rate_hz) {}

  [[nodiscard]] Measured ValueOf(const MetricDefinition& metric, const AngleSeries& angle,
                                 Side side, const StridePlaces& at) const {
    const double length = metric.of_stride ? at.next - at.strike : at.toe_off - at.strike;
    const double first = at.strike + metric.from * length;
    const double last = at.strike + metric.to * length;
    if (std::isnan(length)) return {};
    switch (metric.measure) {
      case Measure::kValue:
        return {Sign(metric, side) * SmoothValueAt(angle.value, first), Sigma(angle, first)};
      case Measure::kMean:
        return Mean(angle, Sign(metric, side), first, last);
      case Measure::kRange:
        return Range(angle, first, last);
      default:
        return Peak(metric, angle, side, at, {first, last});
    }
  }

 private:
  static double Sign(const MetricDefinition& metric, Side side) {
    if (metric.sign == AngleSign::kAsIs) return 1.0;
    return metric.sign == AngleSign::kOwnSide && side == Side::kRight ? 1.0 : -1.0;
  }
  static double Sigma(const AngleSeries& angle, double place) {
    if (angle.sigma.empty() || std::isnan(place)) return kNaN;
    const auto frame = static_cast<std::size_t>(std::lround(place));
    return static_cast<double>(angle.sigma[std::min(frame, angle.sigma.size() - 1)]);
  }
  // 1 sd of the difference of an angle at two places.
  [[nodiscard]] double SigmaOfDifference(const AngleSeries& angle, double a, double b) const {
    const double sigma_a = Sigma(angle, a);
    const double sigma_b = Sigma(angle, b);
    const double variance =
        sigma_a * sigma_a + sigma_b * sigma_b - 2.0 * noise_.At(a - b) * sigma_a * sigma_b;
    return std::sqrt(std::max(0.0, variance));
  }
  [[nodiscard]] Measured Mean(const AngleSeries& angle, double sign, double first,
                              double last) const {
    const double middle = 0.5 * (first + last);
    const std::size_t frames = Cut::FramesIn(first, last);
    return {Cut(angle.value, sign, first, last).Mean(first, last),
            Sigma(angle, middle) * std::sqrt(noise_.VarianceOfMean(frames))};
  }
  [[nodiscard]] Measured Range(const AngleSeries& angle, double first, double last) const {
    const Extremum high = Cut(angle.value, 1.0, first, last).Greatest(first, last);
    const Extremum low = Cut(angle.value, -1.0, first, last).Greatest(first, last);
    return {high.value + low.value, SigmaOfDifference(angle, high.place, low.place)};
  }
  [[nodiscard]] Measured Peak(const MetricDefinition& metric, const AngleSeries& angle, Side side,
                              const StridePlaces& at, std::pair<double, double> span) const {
    const Cut cut(angle.value, Sign(metric, side), span.first, span.second);
    const Extremum peak = cut.Greatest(span.first, span.second);
    if (metric.measure == Measure::kPeakTime) {
      return {100.0 * (peak.place - at.strike) / (at.toe_off - at.strike), kNaN};
    }
    if (metric.measure == Measure::kPeak) return {peak.value, Sigma(angle, peak.place)};
    return {peak.value - cut.At(at.strike), SigmaOfDifference(angle, peak.place, at.strike)};
  }

  const RunData& run_;
  NoiseCorrelation noise_;
};

// The stance of the other foot that follows a stride's own; NaN where there is none.
class OtherStances {
 public:
  OtherStances(const RunData& run, std::span<const StridePlaces> places, const StrideTable& table)
      : places_(places), table_(table) {
    for (const GaitEvent& event : run.events) {
      if (event.type != EventType::kFootStrike) continue;
      strikes_[static_cast<std::size_t>(event.side)].push_back(event.time);
    }
    for (std::size_t row = 0; row < table.stride_count(); ++row) {
      rows_[static_cast<std::size_t>(table.side[row])].push_back(row);
    }
  }
  // Time of the other foot's strike within the stride.
  [[nodiscard]] double StrikeAfter(std::size_t row) const {
    const auto& strikes = strikes_[1U - static_cast<std::size_t>(table_.side[row])];
    const auto next = std::upper_bound(strikes.begin(), strikes.end(), table_.start[row]);
    return next == strikes.end() || *next >= table_.end[row] ? kNaN : *next;
  }
  // Middle of the other foot's stance that begins there.
  [[nodiscard]] double MidstanceAfter(std::size_t row) const {
    const double strike = StrikeAfter(row);
    const auto& rows = rows_[1U - static_cast<std::size_t>(table_.side[row])];
    const auto found =
        std::lower_bound(rows.begin(), rows.end(), strike,
                         [this](std::size_t r, double t) { return table_.start[r] < t; });
    if (std::isnan(strike) || found == rows.end() || table_.start[*found] != strike) return kNaN;
    return 0.5 * (places_[*found].strike + places_[*found].toe_off);
  }

 private:
  std::span<const StridePlaces> places_;
  const StrideTable& table_;
  std::array<std::vector<double>, 2> strikes_;
  std::array<std::vector<std::size_t>, 2> rows_;
};

class PositionMeasurer {
 public:
  PositionMeasurer(const RunData& run, std::span<const StridePlaces> places,
                   const StrideTable& table, const OtherStances& others)
      : run_(run), places_(places), table_(table), others_(others) {}

  [[nodiscard]] double ValueOf(Measure measure, std::size_t row) const {
    switch (measure) {
      case Measure::kStepWidth:
        return StepWidth(row);
      case Measure::kHeelToMidline:
        return HeelToMidline(row);
      case Measure::kCrossover: {
        const double offset = HeelToMidline(row);
        return std::isnan(offset) ? kNaN : offset < 0.0 ? 1.0 : 0.0;
      }
      case Measure::kVerticalOscillation:
        return Oscillation(row);
      default:
        return BeltSpeed(row);
    }
  }

 private:
  // Lateral offset from a place to the runner's own side, whichever it is.
  static double Outwards(Side side, double left) { return side == Side::kLeft ? left : -left; }
  [[nodiscard]] const std::vector<double>& Heel(Side side) const {
    return run_.signals->heel_left[static_cast<std::size_t>(side)];
  }
  [[nodiscard]] double Midstance(std::size_t row) const {
    return 0.5 * (places_[row].strike + places_[row].toe_off);
  }
  [[nodiscard]] double StepWidth(std::size_t row) const {
    const Side side = table_.side[row];
    const Side other = side == Side::kLeft ? Side::kRight : Side::kLeft;
    const double own = ValueAt(Heel(side), Midstance(row));
    return Outwards(side, own - ValueAt(Heel(other), others_.MidstanceAfter(row)));
  }
  [[nodiscard]] double HeelToMidline(std::size_t row) const {
    const double place = Midstance(row);
    return Outwards(table_.side[row], ValueAt(Heel(table_.side[row]), place) -
                                          ValueAt(run_.signals->pelvis_left, place));
  }
  [[nodiscard]] double Oscillation(std::size_t row) const {
    const StridePlaces& at = places_[row];
    if (std::isnan(at.strike + at.next)) return kNaN;
    const std::vector<double>& up = run_.signals->pelvis_up;
    const double high = Cut(up, 1.0, at.strike, at.next).Greatest(at.strike, at.next).value;
    return high + Cut(up, -1.0, at.strike, at.next).Greatest(at.strike, at.next).value;
  }
  // As the event detector has it: most of stance is contact, its fastest tenth is the belt.
  [[nodiscard]] double BeltSpeed(std::size_t row) const {
    const StridePlaces& at = places_[row];
    const std::vector<double>& foot =
        run_.signals->foot_forward[static_cast<std::size_t>(table_.side[row])];
    if (std::isnan(at.strike + at.toe_off + at.next)) return kNaN;
    std::vector<double> speed;
    for (auto i = static_cast<std::size_t>(at.strike) + 1;
         static_cast<double>(i) < at.toe_off && i + 1 < foot.size(); ++i) {
      speed.push_back(0.5 * (foot[i + 1] - foot[i - 1]) * run_.time_base.rate_hz);
    }
    const std::vector<double>& pelvis = run_.signals->pelvis_forward;
    const double travel = ValueAt(pelvis, at.next) - ValueAt(pelvis, at.strike);
    return travel / (table_.end[row] - table_.start[row]) - Quantile(std::move(speed), 0.10);
  }

  const RunData& run_;
  std::span<const StridePlaces> places_;
  const StrideTable& table_;
  const OtherStances& others_;
};

double MeasureTiming(Measure measure, const StrideTable& table, std::size_t row,
                     const OtherStances& others) {
  const double stride = table.end[row] - table.start[row];
  const double contact = table.toe_off[row] - table.start[row];
  switch (measure) {
    case Measure::kStrideTime:
      return stride;
    case Measure::kStepTime:
      return others.StrikeAfter(row) - table.start[row];
    case Measure::kContactTime:
      return contact;
    case Measure::kSwingTime:
      return stride - contact;
    case Measure::kFlightTime:
      return others.StrikeAfter(row) - table.toe_off[row];
    case Measure::kCadence:
      return 120.0 / stride;
    default:
      return contact / stride;
  }
}

bool IsTiming(Measure measure) {
  return measure >= Measure::kStrideTime && measure <= Measure::kDutyFactor;
}

bool HasAnyValue(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double v) { return !std::isnan(v); });
}

// Which positions a metric needs, and whether the run has them at all.
bool HasPositions(Measure measure, const EventSignals* signals) {
  if (signals == nullptr) return false;
  const bool pelvis = HasAnyValue(signals->pelvis_up);
  const auto any_foot = [](const std::array<std::vector<double>, 2>& feet) {
    return HasAnyValue(feet[0]) || HasAnyValue(feet[1]);
  };
  switch (measure) {
    case Measure::kVerticalOscillation:
      return pelvis;
    case Measure::kStepWidth:
      return HasAnyValue(signals->heel_left[0]) && HasAnyValue(signals->heel_left[1]);
    case Measure::kBeltSpeed:
      return pelvis && any_foot(signals->foot_forward);
    default:
      return pelvis && any_foot(signals->heel_left);
  }
}

// A column on its way, with the series of its angle by Side.
struct Column {
  const MetricDefinition* metric;
  std::array<const AngleSeries*, 2> angle = {};
};

std::vector<Column> ColumnsOf(const RunData& run) {
  std::vector<Column> columns;
  for (const MetricDefinition& metric : StrideMetrics()) {
    Column column{&metric, {}};
    if (metric.IsOfAngle()) {
      for (const Side side : kSides) {
        column.angle[static_cast<std::size_t>(side)] = run.kinematics.Find(metric.AngleOf(side));
      }
      if (column.angle[0] == nullptr && column.angle[1] == nullptr) continue;
    } else if (!IsTiming(metric.measure) && !HasPositions(metric.measure, run.signals)) {
      continue;
    }
    columns.push_back(column);
  }
  return columns;
}

}  // namespace

void MeasureStrides(const RunData& run, std::span<const StridePlaces> places,
                    Parallelism parallelism, StrideTable& table) {
  MEDIUS_CHECK(table.metrics.empty() && places.size() == table.stride_count(), "a fresh table");
  const std::vector<Column> columns = ColumnsOf(run);
  const OtherStances others(run, places, table);
  const AngleMeasurer angles(run);
  const PositionMeasurer positions(run, places, table, others);
  for (const Column& column : columns) {
    StrideColumn made{column.metric->description, std::vector<double>(table.stride_count(), kNaN)};
    const bool sigma = column.metric->IsOfAngle() && column.metric->measure != Measure::kPeakTime;
    if (sigma) made.sigma.assign(table.stride_count(), std::numeric_limits<float>::quiet_NaN());
    table.metrics.push_back(std::move(made));
  }
  ParallelFor(
      parallelism, table.stride_count(), kRowsAtOnce, [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row) {
          const auto side = static_cast<std::size_t>(table.side[row]);
          for (std::size_t i = 0; i < columns.size(); ++i) {
            const MetricDefinition& metric = *columns[i].metric;
            StrideColumn& out = table.metrics[i];
            if (!metric.IsOfAngle()) {
              out.value[row] = IsTiming(metric.measure)
                                   ? MeasureTiming(metric.measure, table, row, others)
                                   : positions.ValueOf(metric.measure, row);
              continue;
            }
            if (columns[i].angle[side] == nullptr) continue;
            const Measured measured =
                angles.ValueOf(metric, *columns[i].angle[side], table.side[row], places[row]);
            out.value[row] = measured.value;
            if (!out.sigma.empty()) out.sigma[row] = static_cast<float>(measured.sigma);
          }
        }
      });
}

}  // namespace medius::analysis
