#include "analysis/stride_rejection.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analysis/signal.hpp"

namespace medius::analysis {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kDegrees = 180.0 / kPi;
constexpr std::size_t kRowsAtOnce = 64;

// Thighs never cross; shanks may seem to by this much where one is far ahead of the other and the
// pelvis is turned. Metres.
constexpr std::array<double, 2> kMixedUpSeparation = {0.0, -0.10};
constexpr std::array<const char*, 2> kLegParts = {"thigh", "shank"};

// Beyond these (degrees) no running body goes.
struct Gate {
  const char* angle;  // after "<side>_"
  double least, most;
};
constexpr Gate kGates[] = {
    {"hip_flexion", -180.0, 140.0},  // extension: StrideOptions
    {"knee_flexion", -30.0, 165.0},
};

bool HasAnyValue(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double v) { return !std::isnan(v); });
}

struct Frames {
  std::size_t begin, end;
};

// A series with its name, judged for one side or both.
struct JudgedAngle {
  const AngleSeries* series;
  std::size_t curve;  // index in StrideTable::curves
};

// Residuals of one segment's fit: the run's median, the largest of each stride, and its median.
struct FitOfStrides {
  double usual = 0.0;
  double usual_worst = 0.0;
  std::vector<double> worst;
};

class Judge {
 public:
  Judge(const RunData& run, std::span<const StridePlaces> places, const StrideOptions& options,
        StrideTable& table)
      : run_(run), places_(places), options_(options), table_(table) {
    for (const Side side : kSides) ListAngles(side);
    MeasureFits();
    for (const Side side : kSides) {
      std::vector<double> times;
      for (std::size_t row = 0; row < table.stride_count(); ++row) {
        if (table.side[row] == side) times.push_back(table.end[row] - table.start[row]);
      }
      usual_time_[Index(side)] = Quantile(std::move(times), 0.5);
    }
  }

  void JudgeAlone(std::size_t row);
  void JudgeAmongOthers(Side side, Parallelism parallelism);

 private:
  static std::size_t Index(Side side) { return static_cast<std::size_t>(side); }
  void ListAngles(Side side);
  void Reject(std::size_t row, std::string reason) {
    if (table_.accepted[row] == 0) return;  // the first reason stands
    table_.accepted[row] = 0;
    table_.rejection_reason[row] = std::move(reason);
  }
  [[nodiscard]] Frames FramesOf(std::size_t row) const {
    const StridePlaces& at = places_[row];
    if (std::isnan(at.strike + at.next)) return {0, 0};  // events beyond the frames
    const auto begin = static_cast<std::size_t>(std::ceil(at.strike));
    return {begin, std::min(run_.time_base.frame_count(), static_cast<std::size_t>(at.next) + 1)};
  }
  [[nodiscard]] const AngleSeries* Own(std::size_t row, const char* angle) const {
    return run_.kinematics.Find(std::string(ToString(table_.side[row])) + "_" + angle);
  }

  void RejectMixedUpSides(std::size_t row);
  // The largest residual of a segment's fit in a stride; 0 where there is none.
  [[nodiscard]] double WorstFit(const SegmentFit& fit, std::size_t row) const;
  void MeasureFits();
  void RejectLostShape(std::size_t row);
  void RejectTiming(std::size_t row);
  void RejectGaps(std::size_t row);
  void RejectJumps(std::size_t row, double limit, const char* what);
  void RejectImpossible(std::size_t row);
  std::vector<double> DistancesFromMedian(const StrideCurves& curves,
                                          const std::vector<std::size_t>& rows) const;

  const RunData& run_;
  std::span<const StridePlaces> places_;
  const StrideOptions& options_;
  StrideTable& table_;
  std::array<std::vector<JudgedAngle>, 2> angles_;  // by Side
  std::vector<FitOfStrides> fits_;                  // one a segment of the run
  std::array<double, 2> usual_time_ = {};           // by Side
};

void Judge::ListAngles(Side side) {
  const std::string own = std::string(ToString(side)) + "_";
  for (std::size_t i = 0; i < run_.kinematics.angles.size(); ++i) {
    const AngleSeries& angle = run_.kinematics.angles[i];
    const std::string& name = angle.description.name;
    // Those are the same curves moved or seen from elsewhere; feet and ankles are not what most
    // metrics are made of.
    const bool again = name.ends_with("_relative") || name.ends_with("_2d");
    const bool judged = name.starts_with("pelvis_") || name.starts_with(own + "hip") ||
                        name.starts_with(own + "knee");
    if (again || !judged) continue;
    if (HasAnyValue(angle.value)) angles_[Index(side)].push_back({&angle, i});
  }
}

void Judge::RejectMixedUpSides(std::size_t row) {
  if (run_.signals == nullptr) return;
  const Frames frames = FramesOf(row);
  for (std::size_t part = 0; part < kLegParts.size(); ++part) {
    const std::vector<float>& separation = run_.signals->leg_separation[part];
    double least = 1.0;
    for (std::size_t i = frames.begin; i < frames.end && i < separation.size(); ++i) {
      least = std::fmin(least, static_cast<double>(separation[i]));
    }
    if (least >= kMixedUpSeparation[part]) continue;
    Reject(row, fmt::format("left and right mixed up: the right {} is {:.0f} mm to the left of the "
                            "left one",
                            kLegParts[part], -1000.0 * least));
  }
}

double Judge::WorstFit(const SegmentFit& fit, std::size_t row) const {
  const Frames frames = FramesOf(row);
  double worst = 0.0;
  for (std::size_t i = frames.begin; i < frames.end; ++i) {
    worst = std::fmax(worst, static_cast<double>(fit.rms[i]));
  }
  return worst;
}

void Judge::MeasureFits() {
  for (const SegmentFit& fit : run_.fits) {
    FitOfStrides& all = fits_.emplace_back();
    all.usual = Quantile(std::vector<double>(fit.rms.begin(), fit.rms.end()), 0.5);
    for (std::size_t row = 0; row < table_.stride_count(); ++row) {
      all.worst.push_back(WorstFit(fit, row));
    }
    all.usual_worst = Quantile(all.worst, 0.5);
  }
}

// A cluster that wobbles at every impact does so in every stride, which is not what is looked for.
void Judge::RejectLostShape(std::size_t row) {
  constexpr double kFarAboveOthers = 1.5;
  const std::string own = std::string(ToString(table_.side[row])) + "_";
  for (std::size_t s = 0; s < fits_.size(); ++s) {
    const std::string_view name = run_.fits[s].segment;
    const bool sided = name.starts_with("left_") || name.starts_with("right_");
    // Feet and trunk are not what most metrics are made of.
    if (name.ends_with("_foot") || name == "trunk") continue;
    if (sided && !name.starts_with(own)) continue;
    const FitOfStrides& fit = fits_[s];
    const double limit = std::fmax(3.0 * fit.usual, kFarAboveOthers * fit.usual_worst) +
                         options_.lost_shape_residual;
    if (!(fit.worst[row] > limit)) continue;
    Reject(row, fmt::format("the markers of the {} lose their shape (residual {:.1f} mm, usually "
                            "{:.1f}): one flew off or was taken for another",
                            name, 1000.0 * fit.worst[row], 1000.0 * fit.usual));
  }
}

void Judge::RejectTiming(std::size_t row) {
  const double stride = table_.end[row] - table_.start[row];
  const double contact = table_.toe_off[row] - table_.start[row];
  const double usual = usual_time_[Index(table_.side[row])];
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

void Judge::RejectGaps(std::size_t row) {
  const StridePlaces& at = places_[row];
  // No toe off, or events beyond the frames: said elsewhere.
  if (std::isnan(at.strike + at.toe_off)) return;
  const auto missing = [&](const AngleSeries* angle) {
    return angle != nullptr && std::isnan(GreatestValue(angle->value, at.strike, at.toe_off));
  };
  if (missing(run_.kinematics.Find("pelvis_obliquity"))) Reject(row, "gap in stance (pelvis)");
  const AngleSeries* hip = Own(row, "hip_adduction");
  if (hip == nullptr || !missing(hip)) return;
  const std::vector<JudgedAngle>& judged = angles_[Index(table_.side[row])];
  const bool has_hip = std::any_of(judged.begin(), judged.end(),
                                   [hip](const JudgedAngle& a) { return a.series == hip; });
  if (has_hip) Reject(row, "gap in stance (hip)");
}

// @param limit  greatest step between two frames that is let pass, radians.
void Judge::RejectJumps(std::size_t row, double limit, const char* what) {
  const Frames frames = FramesOf(row);
  for (const JudgedAngle& angle : angles_[Index(table_.side[row])]) {
    const std::vector<double>& value = angle.series->value;
    double step = 0.0;
    for (std::size_t i = frames.begin + 1; i < frames.end; ++i) {
      step = std::fmax(step, std::abs(value[i] - value[i - 1]));
    }
    if (step <= limit) continue;
    Reject(row, fmt::format("{} jumps by {:.0f} deg between two frames{}",
                            angle.series->description.name, step * kDegrees, what));
  }
}

void Judge::RejectImpossible(std::size_t row) {
  const Frames frames = FramesOf(row);
  const auto range = [&](const AngleSeries* angle) {
    std::array<double, 2> least_most = {0.0, 0.0};
    if (angle == nullptr) return least_most;
    for (std::size_t i = frames.begin; i < frames.end; ++i) {
      least_most[0] = std::fmin(least_most[0], angle->value[i]);
      least_most[1] = std::fmax(least_most[1], angle->value[i]);
    }
    return least_most;
  };
  const double extension = -range(Own(row, "hip_flexion"))[0];
  if (extension > options_.max_hip_extension) {
    Reject(row, fmt::format("hip extension {:.0f} deg", extension * kDegrees));
  }
  const auto adduction = range(Own(row, "hip_adduction"));
  const auto obliquity = range(run_.kinematics.Find("pelvis_obliquity"));
  const double frontal = std::max({-adduction[0], adduction[1], -obliquity[0], obliquity[1]});
  if (frontal > options_.max_frontal_angle) {
    Reject(row, fmt::format("frontal angle {:.0f} deg", frontal * kDegrees));
  }
  for (const Gate& gate : kGates) {
    const auto [least, most] = range(Own(row, gate.angle));
    if (least * kDegrees >= gate.least && most * kDegrees <= gate.most) continue;
    const double beyond = least * kDegrees < gate.least ? least : most;
    Reject(row, fmt::format("{} {:.0f} deg", gate.angle, beyond * kDegrees));
  }
}

void Judge::JudgeAlone(std::size_t row) {
  RejectMixedUpSides(row);
  RejectLostShape(row);
  RejectTiming(row);
  RejectGaps(row);
  RejectJumps(row, kPi, " (wrapped)");
  RejectImpossible(row);
  RejectJumps(row, 0.5 * kPi, "");
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
  return count == 0 ? std::nan("") : std::sqrt(sum / static_cast<double>(count));
}

std::vector<double> Judge::DistancesFromMedian(const StrideCurves& curves,
                                               const std::vector<std::size_t>& rows) const {
  std::array<double, kCurvePoints> median = {};
  for (std::size_t i = 0; i < kCurvePoints; ++i) {
    std::vector<double> values;
    values.reserve(rows.size());
    for (const std::size_t row : rows) {
      values.push_back(static_cast<double>(curves.value[row * kCurvePoints + i]));
    }
    median[i] = Quantile(std::move(values), 0.5);
  }
  std::vector<double> distance;
  distance.reserve(rows.size());
  for (const std::size_t row : rows) {
    distance.push_back(Distance(&curves.value[row * kCurvePoints], median));
  }
  return distance;
}

void Judge::JudgeAmongOthers(Side side, Parallelism parallelism) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < table_.stride_count(); ++row) {
    if (table_.side[row] == side && table_.accepted[row] != 0) rows.push_back(row);
  }
  const std::vector<JudgedAngle>& judged = angles_[Index(side)];
  std::vector<std::vector<double>> distances(judged.size());
  ParallelFor(parallelism, judged.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t a = begin; a < end; ++a) {
      distances[a] = DistancesFromMedian(table_.curves[judged[a].curve], rows);
    }
  });
  for (std::size_t a = 0; a < judged.size(); ++a) {
    const double usual = Quantile(distances[a], 0.5);
    std::vector<double> deviation = distances[a];
    for (double& d : deviation) d = std::abs(d - usual);
    constexpr double kSdOfMad = 1.4826;  // of a normal distribution
    const double limit =
        usual + options_.outlier_deviations * kSdOfMad * Quantile(std::move(deviation), 0.5) +
        options_.outlier_floor;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!(distances[a][i] > limit)) continue;
      Reject(rows[i], fmt::format("{} is {:.1f} deg rms from the median curve (limit {:.1f})",
                                  judged[a].series->description.name, distances[a][i] * kDegrees,
                                  limit * kDegrees));
    }
  }
}

}  // namespace

void RejectStrides(const RunData& run, std::span<const StridePlaces> places,
                   const StrideOptions& options, Parallelism parallelism, StrideTable& table) {
  Judge judge(run, places, options, table);
  ParallelFor(parallelism, table.stride_count(), kRowsAtOnce,
              [&judge](std::size_t begin, std::size_t end) {
                for (std::size_t row = begin; row < end; ++row) judge.JudgeAlone(row);
              });
  for (const Side side : kSides) judge.JudgeAmongOthers(side, parallelism);
}

}  // namespace medius::analysis
