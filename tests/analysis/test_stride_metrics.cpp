#include <cmath>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/butterworth.hpp"
#include "analysis/motion.hpp"
#include "analysis/noise_correlation.hpp"
#include "analysis/stride_metrics.hpp"
#include "analysis/strides.hpp"

namespace medius::analysis {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kDegree = kPi / 180.0;
constexpr double kRate = 200.0;
constexpr double kStride = 0.7;
constexpr double kContact = 0.25;
// Cubic interpolation of harmonics of 1.4 Hz at 200 Hz.
constexpr double kInterpolation = 2e-6;

double Phase(double time) {
  return 2.0 * kPi * time / kStride;
}

// Thirty strides at 3 m/s whose every angle and position is known; the right foot strikes at whole
// strides, the left one half-way between.
class StrideMetricsTest : public ::testing::Test {
 protected:
  StrideMetricsTest() : time_(TimeBase::Uniform(kRate, static_cast<std::size_t>(21.5 * kRate))) {
    for (int k = 0; k <= 30; ++k) {
      for (const Side side : kSides) {
        const double strike = (k + (side == Side::kRight ? 0.0 : 0.5)) * kStride;
        events_.push_back({strike, side, EventType::kFootStrike});
        events_.push_back({strike + kContact, side, EventType::kToeOff});
      }
    }
    Add("pelvis_obliquity", [](double t) { return 2.0 + 4.0 * std::sin(Phase(t)); });
    Add("pelvis_tilt", [](double t) { return -8.0 + std::cos(2.0 * Phase(t)); });
    Add("pelvis_rotation", [](double t) { return 5.0 * std::cos(Phase(t)); });
    Add("right_hip_rotation", [](double t) { return 3.0 + 6.0 * std::sin(Phase(t)); });
    Add("right_knee_adduction", [](double t) { return 1.0 - 5.0 * std::sin(Phase(t)); });
    Add("right_knee_flexion", [](double t) { return 30.0 + 10.0 * std::sin(Phase(t)); });
    Add("trunk_lateral_lean", [](double t) { return 1.0 + 3.0 * std::sin(Phase(t)); });
    Add("trunk_forward_lean", [](double t) { return 7.0 + std::cos(Phase(t)); });
    Add("right_foot_progression", [](double t) { return 6.0 + 2.0 * std::sin(Phase(t)); });
    PutPositions();
  }

  template <typename Degrees>
  void Add(const std::string& name, const Degrees& degrees) {
    AngleSeries series{{name, "rad", ""}, {}, {}};
    for (const double t : time_.time) series.value.push_back(degrees(t) * kDegree);
    kinematics_.angles.push_back(std::move(series));
  }

  // Heels 40 mm from the midline in stance, a foot that the belt carries, a pelvis that bobs by
  // 80 mm and drifts sidewards by 1 mm/s.
  void PutPositions() {
    for (const double t : time_.time) {
      const double drift = 0.001 * t;
      signals_.pelvis_forward.push_back(0.0);
      signals_.pelvis_left.push_back(drift);
      signals_.pelvis_up.push_back(1.0 + 0.04 * std::cos(2.0 * Phase(t)));
      for (const Side side : kSides) {
        const auto i = static_cast<std::size_t>(side);
        const double cycle = std::fmod(t + (side == Side::kRight ? 0.0 : 0.5 * kStride), kStride);
        const double out = side == Side::kLeft ? 0.04 : -0.04;
        signals_.heel_left[i].push_back(drift + out);
        signals_.heel_forward[i].push_back(0.0);
        // A kink of the path at strike and toe off only.
        signals_.foot_forward[i].push_back(cycle < kContact ? 0.375 - 3.0 * cycle
                                                            : -0.375 + 0.75 * (cycle - kContact) /
                                                                           (kStride - kContact));
      }
    }
  }

  StrideTable Tabulate() { return TabulateStrides({kinematics_, time_, events_, &signals_}, {}); }
  static double Right(const StrideTable& table, const std::string& metric) {
    return At(table, metric, Side::kRight, 10.0 * kStride);
  }
  static double Left(const StrideTable& table, const std::string& metric) {
    return At(table, metric, Side::kLeft, 10.5 * kStride);
  }
  static double At(const StrideTable& table, const std::string& metric, Side side, double start) {
    const StrideColumn* column = table.FindMetric(metric);
    if (column == nullptr) throw std::logic_error("no " + metric);
    for (std::size_t row = 0; row < table.stride_count(); ++row) {
      if (table.side[row] == side && std::abs(table.start[row] - start) < 1e-9) {
        return column->value[row];
      }
    }
    throw std::logic_error("no such stride");
  }

  Kinematics kinematics_;
  TimeBase time_;
  GaitEvents events_;
  EventSignals signals_;
};

TEST_F(StrideMetricsTest, OfAnglesAreThoseWorkedByHand) {
  const StrideTable table = Tabulate();
  const auto degrees = [&](const char* metric) { return Right(table, metric) / kDegree; };
  constexpr double kTolerance = kInterpolation / kDegree;
  // The sine tops at a quarter of the stride: 0.175 of 0.25 s.
  EXPECT_NEAR(degrees("contralateral_pelvic_drop_peak"), 6.0, kTolerance);
  EXPECT_NEAR(Right(table, "contralateral_pelvic_drop_peak_time"), 70.0, 0.01);
  EXPECT_NEAR(degrees("contralateral_pelvic_drop_midstance"), 2.0 + 4.0 * std::sin(Phase(0.125)),
              kTolerance);
  EXPECT_NEAR(degrees("pelvis_tilt_mean"), -8.0, 1e-3);
  EXPECT_NEAR(degrees("pelvis_rotation_range"), 10.0, kTolerance);
  EXPECT_NEAR(degrees("hip_internal_rotation_peak"), 9.0, kTolerance);
  EXPECT_NEAR(degrees("hip_internal_rotation_excursion"), 6.0, kTolerance);
  EXPECT_NEAR(degrees("knee_abduction_peak"), 4.0, kTolerance);
  EXPECT_NEAR(degrees("knee_abduction_excursion"), 5.0, kTolerance);
  EXPECT_NEAR(degrees("knee_adduction_peak"), 1.0, kTolerance);  // at the strike
  EXPECT_NEAR(degrees("knee_flexion_peak"), 40.0, kTolerance);   // exactly at 70 %
  EXPECT_NEAR(degrees("trunk_ipsilateral_lean_peak"), 4.0, kTolerance);
  EXPECT_NEAR(degrees("trunk_forward_lean_midstance"), 7.0 + std::cos(Phase(0.125)), kTolerance);
  // The mean of a sine from a to b: (cos a - cos b) / (b - a); 10 places take it to 1e-3.
  const double a = Phase(0.05), b = Phase(0.125);
  EXPECT_NEAR(degrees("foot_progression"), 6.0 + 2.0 * (std::cos(a) - std::cos(b)) / (b - a), 2e-3);
}

TEST_F(StrideMetricsTest, OfTheOtherSideHaveTheOtherSign) {
  const StrideTable table = Tabulate();
  // In left stance the obliquity is 2 - 4 sin: the right side is down by up to 2.
  EXPECT_NEAR(Left(table, "contralateral_pelvic_drop_peak") / kDegree, 2.0, 1e-3);
  EXPECT_NEAR(Left(table, "trunk_ipsilateral_lean_peak") / kDegree, 2.0, 1e-3);
  EXPECT_NEAR(Left(table, "trunk_forward_lean_midstance") / kDegree, 7.0 - std::cos(Phase(0.125)),
              1e-3);
  EXPECT_TRUE(std::isnan(Left(table, "hip_internal_rotation_peak")));  // the run has it not
}

TEST_F(StrideMetricsTest, OfTimesAndPositionsAreThoseWorkedByHand) {
  const StrideTable table = Tabulate();
  EXPECT_NEAR(Right(table, "stride_time"), kStride, 1e-9);
  EXPECT_NEAR(Right(table, "step_time"), 0.5 * kStride, 1e-9);
  EXPECT_NEAR(Right(table, "swing_time"), kStride - kContact, 1e-9);
  EXPECT_NEAR(Right(table, "flight_time"), 0.5 * kStride - kContact, 1e-9);
  EXPECT_NEAR(Right(table, "cadence"), 120.0 / kStride, 1e-6);
  // 80 mm and what the pelvis drifts in half a stride, to the left: away from the right foot.
  EXPECT_NEAR(Right(table, "step_width"), 0.08 + 0.00035, 1e-9);
  EXPECT_NEAR(Left(table, "step_width"), 0.08 - 0.00035, 1e-9);
  EXPECT_NEAR(Right(table, "heel_to_midline"), 0.04, 1e-9);
  EXPECT_EQ(Right(table, "crossover"), 0.0);
  EXPECT_NEAR(Right(table, "vertical_oscillation"), 0.08, 1e-5);
  EXPECT_NEAR(Right(table, "belt_speed"), 3.0, 1e-6);
}

TEST_F(StrideMetricsTest, SeeACrossedStep) {
  for (double& y : signals_.heel_left[1]) y += 0.06;  // the right heel 20 mm left of the midline
  const StrideTable table = Tabulate();
  EXPECT_NEAR(Right(table, "heel_to_midline"), -0.02, 1e-9);
  EXPECT_EQ(Right(table, "crossover"), 1.0);
  EXPECT_EQ(Left(table, "crossover"), 0.0);
  EXPECT_NEAR(Left(table, "step_width"), 0.02 - 0.00035, 1e-9);
}

TEST_F(StrideMetricsTest, OvergroundSpeedIsTheRunners) {
  for (std::size_t i = 0; i < time_.frame_count(); ++i) {
    signals_.pelvis_forward[i] += 3.0 * time_.time[i];
    for (auto& foot : signals_.foot_forward) foot[i] += 3.0 * time_.time[i];
  }
  EXPECT_NEAR(Right(Tabulate(), "belt_speed"), 3.0, 1e-6);
}

TEST_F(StrideMetricsTest, AreAbsentWhereTheRunLacksWhatTheyAreOf) {
  std::erase_if(kinematics_.angles, [](const AngleSeries& angle) {
    return angle.description.name.starts_with("trunk_") ||
           angle.description.name.ends_with("foot_progression");
  });
  for (auto& heel : signals_.heel_left) heel.assign(heel.size(), std::nan(""));
  const StrideTable table = Tabulate();
  for (const char* metric :
       {"trunk_ipsilateral_lean_peak", "trunk_forward_lean_midstance", "foot_progression",
        "step_width", "heel_to_midline", "crossover", "knee_frontal_projection_2d_midstance"}) {
    EXPECT_EQ(table.FindMetric(metric), nullptr) << metric;
  }
  EXPECT_NE(table.FindMetric("vertical_oscillation"), nullptr);
  const StrideTable without = TabulateStrides({kinematics_, time_, events_}, {});
  EXPECT_EQ(without.FindMetric("belt_speed"), nullptr);
  EXPECT_NE(without.FindMetric("duty_factor"), nullptr);
}

TEST_F(StrideMetricsTest, AreTheSameForAnyNumberOfThreads) {
  const RunData run{kinematics_, time_, events_, &signals_};
  const StrideTable one = TabulateStrides(run, {}, Parallelism(1));
  for (const int threads : {2, 7}) {
    const StrideTable many = TabulateStrides(run, {}, Parallelism(threads));
    ASSERT_EQ(many.metrics.size(), one.metrics.size());
    for (std::size_t i = 0; i < one.metrics.size(); ++i) {
      for (std::size_t row = 0; row < one.stride_count(); ++row) {
        const double a = one.metrics[i].value[row], b = many.metrics[i].value[row];
        EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b)));
      }
    }
    for (std::size_t i = 0; i < one.curves.size(); ++i) {
      EXPECT_TRUE(std::equal(one.curves[i].value.begin(), one.curves[i].value.end(),
                             many.curves[i].value.begin(),
                             [](float a, float b) { return a == b || (a != a && b != b); }));
    }
  }
}

TEST_F(StrideMetricsTest, HaveTheNoiseThatSampledNoiseHas) {
  // White noise of 1 degree through the markers' filter, added to the obliquity; what the metrics
  // then scatter by is what they say.
  constexpr double kCutoff = 10.0;
  const ZeroLagButterworth filter(kCutoff, kRate);
  const double sigma = 0.3 * kDegree;
  const std::vector<double> clean = kinematics_.angles[0].value;
  const StrideTable truth = Tabulate();
  std::mt19937_64 random(17);
  std::normal_distribution<double> normal(0.0, sigma / std::sqrt(filter.white_noise_gain()));
  std::map<std::string, double> square;
  std::map<std::string, double> stated;
  int count = 0;
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<double> noise(time_.frame_count());
    for (double& v : noise) v = normal(random);
    filter.Apply(noise);
    AngleSeries& angle = kinematics_.angles[0];
    for (std::size_t i = 0; i < noise.size(); ++i) angle.value[i] = clean[i] + noise[i];
    angle.sigma.assign(noise.size(), static_cast<float>(sigma));
    const StrideTable table =
        TabulateStrides({kinematics_, time_, events_, &signals_, {}, kCutoff}, {});
    for (const char* metric :
         {"contralateral_pelvic_drop_peak", "contralateral_pelvic_drop_excursion",
          "contralateral_pelvic_drop_midstance"}) {
      const StrideColumn& column = *table.FindMetric(metric);
      for (std::size_t row = 4; row < 56; ++row) {
        const double error = column.value[row] - truth.FindMetric(metric)->value[row];
        square[metric] += error * error;
        stated[metric] += static_cast<double>(column.sigma[row]) * column.sigma[row];
      }
    }
    count += 52;
  }
  // 1,040 nearly independent strides: 2.2 % on an sd. A peak of a noisy curve finds the noise's
  // upper side: some more than first order.
  for (const auto& [metric, sum] : square) {
    EXPECT_NEAR(std::sqrt(sum / stated[metric]), 1.0, 0.10) << metric;
  }
  EXPECT_EQ(count, 1040);
}

TEST(NoiseCorrelation, IsThatOfFilteredNoise) {
  const NoiseCorrelation noise(10.0, kRate);
  const ZeroLagButterworth filter(10.0, kRate);
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  std::vector<double> sample(200000);
  for (double& v : sample) v = normal(random);
  filter.Apply(sample);
  const auto measured = [&sample](std::size_t lag) {
    double sum = 0.0, square = 0.0;
    for (std::size_t i = 0; i + lag < sample.size(); ++i) {
      sum += sample[i] * sample[i + lag];
      square += sample[i] * sample[i];
    }
    return sum / square;
  };
  // Some 20 samples hang together: sqrt(20 / 200,000) = 0.01.
  for (const std::size_t lag : {1U, 3U, 6U, 10U, 20U}) {
    EXPECT_NEAR(noise.At(static_cast<double>(lag)), measured(lag), 0.03) << lag;
  }
  EXPECT_EQ(noise.At(0.0), 1.0);
  EXPECT_NEAR(noise.VarianceOfMean(1), 1.0, 1e-15);
  EXPECT_EQ(NoiseCorrelation(0.0, kRate).At(1.0), 0.0);
  EXPECT_NEAR(NoiseCorrelation(0.0, kRate).VarianceOfMean(10), 0.1, 1e-15);
}

TEST(StrideMetrics, HaveNamesOfTheirOwnAndADefinition) {
  std::set<std::string> names;
  for (const MetricDefinition& metric : StrideMetrics()) {
    EXPECT_TRUE(names.insert(metric.description.name).second) << metric.description.name;
    EXPECT_FALSE(metric.description.definition.empty());
    EXPECT_EQ(FindStrideMetric(metric.description.name), &metric);
  }
  EXPECT_EQ(FindStrideMetric("nothing"), nullptr);
}

// docs/methods.md says of each metric what the code says.
TEST(StrideMetrics, StandInTheDocumentWordForWord) {
  std::ifstream file(std::string(MEDIUS_SOURCE_DIR) + "/docs/methods.md");
  ASSERT_TRUE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  std::string expected;
  for (const MetricDefinition& metric : StrideMetrics()) {
    const std::string& unit = metric.description.unit;
    expected += fmt::format("| `{}` | {} | {} | {} |\n", metric.description.name, unit,
                            metric.description.definition, metric.source);
  }
  EXPECT_THAT(text.str(), ::testing::HasSubstr(expected))
      << "put these rows into docs/methods.md:\n"
      << expected;
}

}  // namespace
}  // namespace medius::analysis
