// The runner's events against what its feet and pelvis do.

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "capture/virtual_runner.hpp"

namespace medius::capture {
namespace {

constexpr double kPi = 3.14159265358979323846;

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

// Zero-lag Butterworth filter of the second order, run both ways.
std::vector<double> LowPass(std::vector<double> x, double cut_off, double rate) {
  const double warped = std::tan(kPi * cut_off / std::pow(std::sqrt(2.0) - 1.0, 0.25) / rate);
  const double square = warped * warped;
  const double a0 = square / (1.0 + std::sqrt(2.0) * warped + square);
  const double b1 = 2.0 * a0 * (1.0 / square - 1.0);
  const double b2 = 1.0 - (4.0 * a0 + b1);
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<double> y = x;
    for (std::size_t i = 2; i < x.size(); ++i) {
      y[i] = a0 * (x[i] + 2.0 * x[i - 1] + x[i - 2]) + b1 * y[i - 1] + b2 * y[i - 2];
    }
    std::reverse(y.begin(), y.end());
    x = std::move(y);
  }
  return x;
}

struct DetectorErrors {
  double foot_forward, fastest_fall, belt_exit, fastest_rise;  // detection minus event, s
};

// The four detectors of strike and toe off that were measured against force plates, on a right
// step.
DetectorErrors Detect(const VirtualRunner& runner, const Step& step, double belt_speed) {
  constexpr double kRate = 1000.0;
  constexpr double kBefore = 1.5;
  std::vector<double> heel, height, foot;
  for (int i = 0; i < 3500; ++i) {
    const double t = step.strike - kBefore + i / kRate;
    const RunnerState state = runner.At(t);
    const RigidTransform& lab_from_foot = state.pose[Segment::kRightFoot];
    const Eigen::Vector3d back = lab_from_foot * Eigen::Vector3d(-0.08, -0.03, 0.0);
    const Eigen::Vector3d front = lab_from_foot * Eigen::Vector3d(0.13, 0.0, 0.0);
    const Eigen::Vector3d pelvis = state.pose[Segment::kPelvis].translation;
    heel.push_back(back.x() - pelvis.x());
    height.push_back(pelvis.z());
    foot.push_back(0.5 * (back.x() + front.x()));
  }
  heel = LowPass(heel, 5.0, kRate);
  height = LowPass(height, 10.0, kRate);
  foot = LowPass(foot, 10.0, kRate);
  const auto rate = [&](const std::vector<double>& x, int i) {
    const auto k = static_cast<std::size_t>(i);
    return 0.5 * kRate * (x[k + 1] - x[k - 1]);
  };
  const int strike = static_cast<int>(kBefore * kRate);
  const int off = strike + static_cast<int>((step.toe_off - step.strike) * kRate);
  int forward = strike, fall = strike, rise = off - 100, leave = strike + 100;
  for (int i = strike - 120; i < strike + 120; ++i) {
    if (heel[static_cast<std::size_t>(i)] > heel[static_cast<std::size_t>(forward)]) forward = i;
    if (rate(height, i) < rate(height, fall)) fall = i;
  }
  for (int i = off - 150; i < off + 60; ++i) {
    if (rate(height, i) > rate(height, rise)) rise = i;
  }
  while (rate(foot, leave) < -0.85 * belt_speed) ++leave;
  return {(forward - strike) / kRate, (fall - strike) / kRate, (leave - off) / kRate,
          (rise - off) / kRate};
}

// The analysis takes the mean of two detectors for each event and corrects it by what was measured
// on real runners: -10 ms for the strike, +0.23 contact for toe off. The virtual runner must fit.
TEST_F(EventsOfRunner, LookToDetectorsAsThoseOfRealRunners) {
  constexpr double kAgreement = 0.010;  // s; real runners differ among themselves by 5 to 13 ms
  for (const auto& [speed, cadence, duty] :
       {std::tuple(2.2, 160.0, 0.40), std::tuple(2.8, 168.0, 0.365),
        std::tuple(3.5, 172.0, 0.33)}) {
    RunScenario run = scenario_.run;
    run.speed = speed;
    run.cadence = cadence;
    run.duty_factor = duty;
    const VirtualRunner runner(scenario_.body, run, {0.0, 0.0}, 2);
    for (std::size_t k = 8; k < 14; ++k) {
      const Step& step = runner.timing().StepOf(Side::kRight, k);
      const DetectorErrors errors = Detect(runner, step, speed);
      const double contact = step.toe_off - step.strike;
      EXPECT_NEAR(0.5 * (errors.foot_forward + errors.fastest_fall), 0.010, kAgreement) << speed;
      EXPECT_NEAR(0.5 * (errors.belt_exit + errors.fastest_rise), -0.23 * contact, kAgreement)
          << speed;
    }
  }
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
