// The runner's events against what its feet and pelvis do.

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "capture/virtual_runner.hpp"

namespace medius::capture {
namespace {

constexpr double kFrame = 0.001;  // s, of the search for extremes below

Eigen::Vector3d OfFoot(const VirtualRunner& runner, Side side, double time,
                       const Eigen::Vector2d& place) {
  const RunnerState state = runner.At(time);
  const Segment foot = side == Side::kRight ? Segment::kRightFoot : Segment::kLeftFoot;
  return state.pose[foot] * Eigen::Vector3d(place.x(), place.y(), 0.0);
}

// Lowest point of the sole, metres above the floor.
double SoleHeight(const VirtualRunner& runner, Side side, double time) {
  const Sole& sole = runner.anthropometry().sole;
  return std::min(OfFoot(runner, side, time, sole.heel).z(),
                  OfFoot(runner, side, time, sole.toes).z());
}

class EventsOfRunner : public ::testing::Test {
 protected:
  Scenario scenario_;
  VirtualRunner runner_{scenario_.body, scenario_.run, {0.0, 0.0}, 2};
};

TEST_F(EventsOfRunner, AlternateAndLieWithinTheTrial) {
  const GaitEvents events = runner_.Events();
  ASSERT_GT(events.size(), 300U);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_GE(events[i].time, 0.0);
    EXPECT_LE(events[i].time, scenario_.run.duration);
    if (i == 0) continue;
    EXPECT_LT(events[i - 1].time, events[i].time);
    // A run has flight: strike and toe off of one foot, then of the other.
    EXPECT_NE(events[i - 1].type, events[i].type);
    EXPECT_EQ(events[i - 1].side == events[i].side, events[i].type == EventType::kToeOff);
  }
}

TEST_F(EventsOfRunner, TheSoleIsOnTheGroundBetweenStrikeAndToeOffAndInTheAirElse) {
  // A leg near its full length gives way by some millimetres (see SolveLeg).
  constexpr double kGround = 0.006;
  for (const Side side : kSides) {
    for (std::size_t k = 5; k < 25; ++k) {
      const Step& step = runner_.timing().StepOf(side, k);
      for (double t = step.strike; t < step.toe_off; t += 0.004) {
        ASSERT_NEAR(SoleHeight(runner_, side, t), 0.0, kGround) << t - step.strike;
      }
      for (double t = step.toe_off; t < step.next_strike; t += 0.004) {
        const double to_event = std::min(t - step.toe_off, step.next_strike - t);
        ASSERT_GT(SoleHeight(runner_, side, t), to_event > 0.04 ? 0.005 : -0.004)
            << t - step.toe_off;
      }
    }
  }
}

TEST_F(EventsOfRunner, TheFlatFootMovesBackAtTheBeltsSpeed) {
  constexpr double kSlip = 0.03;  // m/s
  for (const Side side : kSides) {
    for (std::size_t k = 5; k < 25; ++k) {
      const Step& step = runner_.timing().StepOf(side, k);
      const double contact = step.toe_off - step.strike;
      for (double share = 0.25; share < 0.5; share += 0.05) {
        const double t = step.strike + share * contact;
        const Sole& sole = runner_.anthropometry().sole;
        const double speed = (OfFoot(runner_, side, t + 1e-3, sole.toes).x() -
                              OfFoot(runner_, side, t - 1e-3, sole.toes).x()) /
                             2e-3;
        ASSERT_NEAR(speed, -scenario_.run.speed, kSlip) << share;
      }
    }
  }
}

TEST_F(EventsOfRunner, StanceFeetAreAStepWidthApartAndHardlySlideSideways) {
  double width = 0.0;
  constexpr int kSteps = 20;
  for (std::size_t k = 5; k < 5 + kSteps; ++k) {
    for (const Side side : kSides) {
      const Step& step = runner_.timing().StepOf(side, k);
      const double middle = 0.5 * (step.strike + step.toe_off);
      const double here = OfFoot(runner_, side, middle, {0.0, 0.0}).y();
      width += (side == Side::kLeft ? here : -here) / kSteps;
      const double early = OfFoot(runner_, side, step.strike + 0.03, {0.0, 0.0}).y();
      EXPECT_NEAR(here, early, 0.025);
    }
  }
  EXPECT_NEAR(width, scenario_.run.step_width, 0.015);
}

// What detectors of real runs look for must be where real runs have it (within 10 ms), for their
// stored offsets were measured on real runs: pelvis velocity least 31-47 ms after the strike and
// greatest about 0.23 of the contact before toe off, heel furthest forward 10-28 ms before.
TEST_F(EventsOfRunner, PelvisAndFootMoveRoundTheEventsAsThoseOfRealRunners) {
  const Step& step = runner_.timing().StepOf(Side::kRight, 12);
  const auto pelvis = [&](double t) { return runner_.At(t).pose[Segment::kPelvis].translation; };
  const auto climb = [&](double t) { return pelvis(t + 0.005).z() - pelvis(t - 0.005).z(); };
  const auto heel = [&](double t) {
    return OfFoot(runner_, Side::kRight, t, runner_.anthropometry().sole.heel).x() - pelvis(t).x();
  };
  double least = step.strike, greatest = step.toe_off, forward = step.strike;
  for (double t = -0.08; t < 0.1; t += kFrame) {
    if (climb(step.strike + t) < climb(least)) least = step.strike + t;
    if (climb(step.toe_off - 0.02 + t) > climb(greatest)) greatest = step.toe_off - 0.02 + t;
    if (heel(step.strike + t) > heel(forward)) forward = step.strike + t;
  }
  const double contact = step.toe_off - step.strike;
  EXPECT_NEAR(least - step.strike, 0.039, 0.010);
  EXPECT_NEAR(step.toe_off - greatest, 0.23 * contact, 0.010);
  EXPECT_NEAR(forward - step.strike, -0.020, 0.012);
}

TEST_F(EventsOfRunner, BothFeetAreInTheAirFor60To110Milliseconds) {
  for (std::size_t k = 5; k < 25; ++k) {
    const double flight = runner_.timing().StepOf(Side::kLeft, k).strike -
                          runner_.timing().StepOf(Side::kRight, k).toe_off;
    EXPECT_GT(flight, 0.06);
    EXPECT_LT(flight, 0.12);
  }
}

}  // namespace
}  // namespace medius::capture
