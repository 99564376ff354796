#include <cmath>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/motion.hpp"
#include "analysis/strides.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

using ::testing::HasSubstr;

constexpr double kPi = 3.14159265358979323846;
constexpr double kDegree = kPi / 180.0;
constexpr double kRate = 200.0;
constexpr double kStride = 0.7;
constexpr double kContact = 0.25;
// Cubic interpolation of a sine of 1.4 Hz at 200 Hz, and float32 curves.
constexpr double kInterpolation = 1e-6;

// Thirty strides of known angles: obliquity = 2 + 4 sin(w t) degrees with the right foot striking
// at whole strides and the left one half-way between; hip adduction = 5 + 3 cos(w t) right, left
// alike.
class Strides : public ::testing::Test {
 protected:
  Strides() : time_(TimeBase::Uniform(kRate, static_cast<std::size_t>(21.5 * kRate))) {
    for (const QuantityDescription& description : AngleDescriptions()) {
      AngleSeries series;
      series.description = description;
      series.value.assign(time_.frame_count(), 0.0);
      kinematics_.angles.push_back(std::move(series));
    }
    for (std::size_t i = 0; i < time_.frame_count(); ++i) {
      const double phase = 2.0 * kPi * time_.time[i] / kStride;
      Angle("pelvis_obliquity")[i] = (2.0 + 4.0 * std::sin(phase)) * kDegree;
      Angle("pelvis_obliquity_relative")[i] = Angle("pelvis_obliquity")[i] - 2.0 * kDegree;
      Angle("right_hip_adduction")[i] = (5.0 + 3.0 * std::cos(phase - 0.5)) * kDegree;
      Angle("left_hip_adduction")[i] = (7.0 - 3.0 * std::cos(phase - 0.5)) * kDegree;
    }
    for (int k = 0; k <= 30; ++k) {
      AddStance(Side::kRight, k * kStride);
      AddStance(Side::kLeft, (k + 0.5) * kStride);
    }
  }

  void AddStance(Side side, double strike) {
    events_.push_back({strike, side, EventType::kFootStrike});
    events_.push_back({strike + kContact, side, EventType::kToeOff});
  }
  std::vector<double>& Angle(const std::string& name) {
    for (AngleSeries& angle : kinematics_.angles) {
      if (angle.description.name == name) return angle.value;
    }
    throw std::logic_error(name);
  }
  StrideTable Tabulate() { return TabulateStrides({kinematics_, time_, events_}, {}); }
  static double Value(const StrideTable& table, const std::string& metric, std::size_t row) {
    return table.FindMetric(metric)->value[row];
  }
  // The row of a side whose stride begins at an instant.
  static std::size_t RowAt(const StrideTable& table, Side side, double start) {
    for (std::size_t row = 0; row < table.stride_count(); ++row) {
      if (table.side[row] == side && std::abs(table.start[row] - start) < 1e-9) return row;
    }
    throw std::logic_error("no such stride");
  }

  Kinematics kinematics_;
  TimeBase time_;
  GaitEvents events_;
};

TEST_F(Strides, MeasureWhatWasWorkedByHand) {
  const StrideTable table = Tabulate();
  ASSERT_EQ(table.stride_count(), 60U);
  const std::size_t right = RowAt(table, Side::kRight, 10 * kStride);
  // Right stance, 0 to 0.25 s of 0.7: the sine tops at 0.175 s. Right side up is a drop of the
  // left.
  EXPECT_NEAR(Value(table, "contralateral_pelvic_drop_peak", right), 6.0 * kDegree, kInterpolation);
  EXPECT_NEAR(Value(table, "contralateral_pelvic_drop_relative", right), 4.0 * kDegree,
              kInterpolation);
  EXPECT_NEAR(Value(table, "contralateral_pelvic_drop_excursion", right), 4.0 * kDegree,
              kInterpolation);
  // Hip: tops 0.5 rad after strike (56 ms), within the first 60 % of stance (150 ms).
  EXPECT_NEAR(Value(table, "hip_adduction_peak", right), 8.0 * kDegree, kInterpolation);
  EXPECT_NEAR(Value(table, "hip_adduction_excursion", right), 3.0 * (1.0 - std::cos(0.5)) * kDegree,
              kInterpolation);
  EXPECT_NEAR(Value(table, "stride_time", right), kStride, 1e-9);
  EXPECT_NEAR(Value(table, "contact_time", right), kContact, 1e-9);
  EXPECT_NEAR(Value(table, "cadence", right), 120.0 / kStride, 1e-6);
  EXPECT_NEAR(Value(table, "duty_factor", right), kContact / kStride, 1e-9);

  // Left stance: the obliquity is 2 - 4 sin from strike; its lowest, -2, is a drop of the right
  // by 2.
  const std::size_t left = RowAt(table, Side::kLeft, 10.5 * kStride);
  EXPECT_NEAR(Value(table, "contralateral_pelvic_drop_peak", left), 2.0 * kDegree, kInterpolation);
  EXPECT_NEAR(Value(table, "contralateral_pelvic_drop_relative", left), 4.0 * kDegree,
              kInterpolation);
  EXPECT_NEAR(Value(table, "contralateral_pelvic_drop_excursion", left), 4.0 * kDegree,
              kInterpolation);
  EXPECT_NEAR(Value(table, "hip_adduction_peak", left), 10.0 * kDegree, kInterpolation);
}

TEST_F(Strides, AreSortedAndAllAcceptedInACleanRun) {
  const StrideTable table = Tabulate();
  for (std::size_t row = 0; row < table.stride_count(); ++row) {
    EXPECT_EQ(table.accepted[row], 1) << table.rejection_reason[row];
    EXPECT_TRUE(table.rejection_reason[row].empty());
    if (row > 0) {
      EXPECT_GT(table.start[row], table.start[row - 1]);
    }
  }
}

TEST_F(Strides, HaveCurvesFromStrikeToStrike) {
  const StrideTable table = Tabulate();
  ASSERT_EQ(table.curves.size(), AngleDescriptions().size());
  const std::size_t row = RowAt(table, Side::kRight, 3 * kStride);
  const StrideCurves& obliquity = table.curves[0];
  EXPECT_EQ(obliquity.description.name, "pelvis_obliquity");
  for (std::size_t i = 0; i < kCurvePoints; ++i) {
    const double expected =
        (2.0 + 4.0 * std::sin(2.0 * kPi * static_cast<double>(i) / 100.0)) * kDegree;
    EXPECT_NEAR(static_cast<double>(obliquity.value[row * kCurvePoints + i]), expected, 1e-5);
  }
}

TEST_F(Strides, WithAGapInStanceAreRejectedInSwingNot) {
  const auto frame = [](double t) { return static_cast<std::size_t>(t * kRate); };
  Angle("pelvis_obliquity")[frame(10 * kStride + 0.1)] = std::nan("");
  Angle("right_hip_adduction")[frame(15 * kStride + 0.2)] = std::nan("");
  Angle("right_hip_adduction")[frame(20 * kStride + 0.5)] = std::nan("");
  const StrideTable table = Tabulate();
  const std::size_t pelvis = RowAt(table, Side::kRight, 10 * kStride);
  EXPECT_EQ(table.accepted[pelvis], 0);
  EXPECT_EQ(table.rejection_reason[pelvis], "gap in stance (pelvis)");
  EXPECT_TRUE(std::isnan(Value(table, "contralateral_pelvic_drop_peak", pelvis)));
  EXPECT_EQ(table.rejection_reason[RowAt(table, Side::kRight, 15 * kStride)],
            "gap in stance (hip)");
  EXPECT_EQ(table.accepted[RowAt(table, Side::kRight, 20 * kStride)], 1);
}

TEST_F(Strides, OfImplausibleTimingAreRejectedButKept) {
  // A right foot strike is missed at stride 8, and a toe off at stride 20.
  std::erase_if(events_, [](const GaitEvent& e) {
    const bool strike = e.type == EventType::kFootStrike && std::abs(e.time - 8 * kStride) < 0.01;
    const bool toe_off =
        e.type == EventType::kToeOff && std::abs(e.time - 20 * kStride - kContact) < 0.01;
    return e.side == Side::kRight && (strike || toe_off);
  });
  const StrideTable table = Tabulate();
  EXPECT_EQ(table.stride_count(), 59U);
  EXPECT_THAT(table.rejection_reason[RowAt(table, Side::kRight, 7 * kStride)],
              HasSubstr("stride time 1.40 s is outside 0.5-1 s"));
  EXPECT_EQ(table.rejection_reason[RowAt(table, Side::kRight, 20 * kStride)], "no toe off");
}

TEST_F(Strides, FarFromTheMedianTimeAreRejected) {
  for (GaitEvent& event : events_) {
    if (event.side == Side::kLeft && event.type == EventType::kFootStrike &&
        std::abs(event.time - 12.5 * kStride) < 0.01) {
      event.time += 0.12;  // 17 % of a stride
    }
  }
  const StrideTable table = Tabulate();
  EXPECT_THAT(table.rejection_reason[RowAt(table, Side::kLeft, 11.5 * kStride)],
              HasSubstr("more than 15 % from the median 0.70 s"));
}

TEST_F(Strides, OfStrangeShapeAreRejected) {
  const auto begin = static_cast<std::size_t>(9 * kStride * kRate);
  for (std::size_t i = begin; i < begin + 100; ++i) Angle("pelvis_tilt")[i] += 5.0 * kDegree;
  const StrideTable table = Tabulate();
  const std::size_t row = RowAt(table, Side::kRight, 9 * kStride);
  EXPECT_THAT(table.rejection_reason[row], HasSubstr("pelvis_tilt is "));
  EXPECT_EQ(table.accepted[RowAt(table, Side::kRight, 7 * kStride)], 1);
}

TEST_F(Strides, BeyondWhatABodyDoesAreRejected) {
  Angle("right_hip_flexion")[static_cast<std::size_t>(5 * kStride * kRate) + 40] = -168.0 * kDegree;
  const StrideTable table = Tabulate();
  EXPECT_EQ(table.rejection_reason[RowAt(table, Side::kRight, 5 * kStride)],
            "hip extension 168 deg");
}

TEST_F(Strides, AreNotRejectedForAnglesThatTheTrialDoesNotHave) {
  for (AngleSeries& angle : kinematics_.angles) {
    if (angle.description.name.find("pelvis_obliquity") == 0) continue;
    std::fill(angle.value.begin(), angle.value.end(), std::nan(""));
  }
  std::fill(Angle("pelvis_obliquity_relative").begin(), Angle("pelvis_obliquity_relative").end(),
            std::nan(""));
  const StrideTable table = Tabulate();
  EXPECT_EQ(table.accepted[5], 1) << table.rejection_reason[5];
  EXPECT_TRUE(std::isnan(Value(table, "hip_adduction_peak", 5)));
  EXPECT_TRUE(std::isnan(Value(table, "contralateral_pelvic_drop_relative", 5)));
  EXPECT_FALSE(std::isnan(Value(table, "contralateral_pelvic_drop_excursion", 5)));
}

TEST_F(Strides, OfNoEventsAreNone) {
  events_.clear();
  const StrideTable table = Tabulate();
  EXPECT_EQ(table.stride_count(), 0U);
  EXPECT_NE(table.FindMetric("contralateral_pelvic_drop_peak"), nullptr);
  events_ = {{1e6, Side::kLeft, EventType::kFootStrike},
             {1e6 + 0.7, Side::kLeft, EventType::kFootStrike}};
  EXPECT_EQ(Tabulate().stride_count(), 1U);  // beyond the recording: no value, no harm
}

TEST(StrideOptions, NameTheFieldThatIsOutOfRange) {
  StrideOptions options;
  options.max_contact_s = 0.1;
  try {
    options.Validate();
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("max_contact_s 0.1: above min_contact_s expected"));
  }
}

}  // namespace
}  // namespace medius::analysis
