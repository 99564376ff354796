#include <cmath>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/force_events.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kStep = 0.36;     // seconds from strike to strike
constexpr double kContact = 0.25;  // seconds
constexpr double kPeak = 1600.0;   // newtons
constexpr double kFirst = 0.20;    // seconds: the first strike

double StrikeTime(int step) {
  return kFirst + kStep * step;
}

// Half a sine a stance, as in running.
ForceRecording Belt(int steps, double rate_hz, double noise_sd = 0.0) {
  ForceRecording forces;
  forces.where = "belt.mot";
  forces.rate_hz = rate_hz;
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise(0.0, 1.0);
  ForcePlate plate{"Fz", {}};
  const auto count = static_cast<std::size_t>((StrikeTime(steps) + 0.2) * rate_hz);
  for (std::size_t i = 0; i < count; ++i) {
    const double t = static_cast<double>(i) / rate_hz;
    double force = noise_sd * noise(random);
    for (int step = 0; step < steps; ++step) {
      const double u = (t - StrikeTime(step)) / kContact;
      if (u > 0.0 && u < 1.0) force += kPeak * std::sin(3.14159265358979323846 * u);
    }
    plate.vertical.push_back(force);
  }
  forces.plates.push_back(plate);
  return forces;
}

// The markers' events: strikes early by 6 ms, toe offs late by 4 ms; sides in turn, left first.
GaitEvents Markers(int steps) {
  GaitEvents events;
  for (int step = 0; step < steps; ++step) {
    const Side side = step % 2 == 0 ? Side::kLeft : Side::kRight;
    events.push_back(
        {StrikeTime(step) - 0.006, side, EventType::kFootStrike, EventDetector::kFused});
    events.push_back(
        {StrikeTime(step) + kContact + 0.004, side, EventType::kToeOff, EventDetector::kFused});
  }
  return events;
}

// 20 N of half a sine of 1600 N are reached after asin(20 / 1600) / pi of the contact: 1.0 ms.
constexpr double kRise = 0.25 * 0.0125 / 3.14159265358979323846;

TEST(EventsFromForces, TakesTimesFromTheForceAndSidesFromTheMarkers) {
  const ForceEvents result = EventsFromForces(Markers(10), Belt(10, 1000.0), 0.0, {});
  EXPECT_EQ(result.threshold, 20.0);
  EXPECT_EQ(result.cutoff_hz, 0.0);
  EXPECT_EQ(result.stances, 10U);
  EXPECT_EQ(result.without_kinematics, 0U);
  EXPECT_EQ(result.kinematics_alone, 0U);
  EXPECT_THAT(result.warnings, IsEmpty());
  ASSERT_THAT(result.events, SizeIs(20));
  constexpr double kBetweenSamples = 5e-5;  // a line through a sine, 1 ms apart
  for (int step = 0; step < 10; ++step) {
    const GaitEvent& strike = result.events[2 * static_cast<std::size_t>(step)];
    const GaitEvent& toe_off = result.events[2 * static_cast<std::size_t>(step) + 1];
    EXPECT_EQ(strike.type, EventType::kFootStrike);
    EXPECT_EQ(strike.detector, EventDetector::kForce);
    EXPECT_EQ(strike.side, step % 2 == 0 ? Side::kLeft : Side::kRight);
    EXPECT_NEAR(strike.time, StrikeTime(step) + kRise, kBetweenSamples);
    EXPECT_NEAR(toe_off.time, StrikeTime(step) + kContact - kRise, kBetweenSamples);
  }
}

TEST(EventsFromForces, ReportsHowTheMarkersAgree) {
  const ForceEvents result = EventsFromForces(Markers(10), Belt(10, 1000.0), 0.0, {});
  EXPECT_EQ(result.strike.n, 10U);
  EXPECT_NEAR(result.strike.mean, -0.006 - kRise, 1e-4);
  EXPECT_NEAR(result.strike.rmse, 0.006 + kRise, 1e-4);
  EXPECT_LT(result.strike.sd, 1e-4);
  EXPECT_EQ(result.toe_off.n, 10U);
  EXPECT_NEAR(result.toe_off.mean, 0.004 + kRise, 1e-4);
}

TEST(EventsFromForces, LiftsTheThresholdAndFiltersWhereTheForceIsNoisy) {
  const ForceEvents result = EventsFromForces(Markers(10), Belt(10, 300.0, 30.0), 0.0, {});
  EXPECT_EQ(result.threshold, 50.0);
  EXPECT_EQ(result.cutoff_hz, 50.0);
  EXPECT_NEAR(result.noise, 30.0, 6.0);
  EXPECT_EQ(result.stances, 10U);
  // Noise of 30 N through 50 of 150 Hz, 17 N, on a slope of 20 N a ms, and the 50 N themselves.
  for (const GaitEvent& event : result.events) EXPECT_EQ(event.detector, EventDetector::kForce);
  EXPECT_LT(std::abs(result.strike.mean + 0.006), 0.006);
  EXPECT_LT(result.strike.sd, 0.004);
}

TEST(EventsFromForces, KeepsTheMarkersEventsBesideThePlates) {
  // Overground: the force sees four steps of ten.
  const ForceEvents result = EventsFromForces(Markers(10), Belt(4, 1000.0), 0.0, {});
  EXPECT_EQ(result.stances, 4U);
  EXPECT_EQ(result.kinematics_alone, 6U);
  EXPECT_THAT(result.events, SizeIs(20));
  EXPECT_EQ(result.events.back().detector, EventDetector::kFused);
}

TEST(EventsFromForces, LeavesOutAStanceThatTheMarkersDoNotShowAndSaysSo) {
  GaitEvents markers = Markers(10);
  markers.erase(markers.begin() + 4, markers.begin() + 6);
  const ForceEvents result = EventsFromForces(markers, Belt(10, 1000.0), 0.0, {});
  EXPECT_EQ(result.without_kinematics, 1U);
  EXPECT_THAT(result.events, SizeIs(18));
  ASSERT_THAT(result.warnings, SizeIs(1));
  EXPECT_THAT(result.warnings[0],
              HasSubstr("1 of its 10 stances have no foot strike of the markers within 0.1 s"));
}

TEST(EventsFromForces, StartsWithTheTrialWhereTheFileCountsSamples) {
  ForceRecording forces = Belt(10, 1000.0);
  forces.start_unknown = true;
  GaitEvents markers = Markers(10);
  for (GaitEvent& event : markers) event.time += 12.0;
  const ForceEvents result = EventsFromForces(markers, forces, 12.0, {});
  EXPECT_EQ(result.strike.n, 10U);
  EXPECT_NEAR(result.events.front().time, 12.0 + StrikeTime(0) + kRise, 1e-4);
}

TEST(EventsFromForces, DoubtsAForceOfAnotherClockAndDoesWithoutOne) {
  ForceRecording late = Belt(10, 1000.0);
  late.start = 0.050;
  const ForceEvents shifted = EventsFromForces(Markers(10), late, 0.0, {});
  ASSERT_THAT(shifted.warnings, SizeIs(1));
  EXPECT_THAT(shifted.warnings[0], HasSubstr("is it on the trial's clock?"));
  late.start = 500.0;
  const ForceEvents elsewhere = EventsFromForces(Markers(10), late, 0.0, {});
  EXPECT_EQ(elsewhere.events, Markers(10));
  ASSERT_THAT(elsewhere.warnings, SizeIs(1));
  EXPECT_THAT(elsewhere.warnings[0], HasSubstr("none of its 10 stances is within 0.1 s"));
}

TEST(EventsFromForces, TakesABounceAboutTheThresholdForOneStance) {
  ForceRecording forces = Belt(10, 1000.0);
  const auto bounce = static_cast<std::size_t>((StrikeTime(3) + 0.01) * 1000.0);
  for (std::size_t i = bounce; i < bounce + 8; ++i) forces.plates[0].vertical[i] = 0.0;
  const ForceEvents result = EventsFromForces(Markers(10), forces, 0.0, {});
  EXPECT_EQ(result.stances, 10U);
  EXPECT_NEAR(result.events[6].time, StrikeTime(3) + kRise, 1e-4);
}

TEST(EventsFromForces, RefusesAForceThatIsNoneAndOptionsOutOfRange) {
  ForceRecording forces = Belt(10, 1000.0);
  for (double& force : forces.plates[0].vertical) force *= 1e-3;  // kilonewtons
  try {
    (void)EventsFromForces(Markers(10), forces, 0.0, {});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("belt.mot: its vertical force never stays above 20 N"));
  }
  EXPECT_THROW((void)EventsFromForces(Markers(1), forces, 0.0, {-5.0, std::nullopt}), InputError);
  EXPECT_THROW((void)EventsFromForces(Markers(1), forces, 0.0, {std::nullopt, 450.0}), InputError);
}

}  // namespace
}  // namespace medius::analysis
