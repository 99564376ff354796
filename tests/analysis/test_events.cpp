#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "analysis/events.hpp"
#include "analysis/signal.hpp"

namespace medius::analysis {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kRate = 200.0;
constexpr double kStride = 0.70;
constexpr double kAmplitude = 0.45;   // of the heel against the pelvis, metres
constexpr double kFallDelay = 0.050;  // of the pelvis' fastest fall after the heel is foremost

// Signals made of sines, so that every detector's place is known: the right heel is foremost at
// whole strides, the left one half-way between.
EventSignals Sines(double seconds, double speed = 0.0) {
  EventSignals signals;
  const auto frames = static_cast<std::size_t>(seconds * kRate);
  const double w = 2.0 * kPi / kStride;
  for (std::size_t i = 0; i < frames; ++i) {
    const double t = static_cast<double>(i) / kRate;
    const double pelvis = speed * t;
    signals.pelvis_forward.push_back(pelvis);
    signals.pelvis_up.push_back(1.0 - 0.04 * std::sin(2.0 * w * (t - kFallDelay)));
    signals.heel_forward[1].push_back(pelvis + kAmplitude * std::cos(w * t));
    signals.heel_forward[0].push_back(pelvis - kAmplitude * std::cos(w * t));
  }
  signals.foot_forward = signals.heel_forward;
  return signals;
}

// By hand, after the heel's foremost place: strike half-way to the fastest fall, less 10 ms. The
// foot's backward speed is A w sin(w t); the tenth percentile of its velocity over half a period is
// -A w cos(0.05 pi), and 85 % of that is left for good at w t = pi - asin(0.85 cos(0.05 pi)). The
// pelvis rises fastest a quarter stride after it falls fastest.
double ExpectedStrike() {
  return 0.5 * kFallDelay - 0.010;
}
double ExpectedToeOff() {
  const double leaves = (kPi - std::asin(0.85 * std::cos(0.05 * kPi))) / (2.0 * kPi) * kStride;
  const double raw = 0.5 * (leaves + kFallDelay + 0.25 * kStride);
  const double fraction = EventOptions().toe_off_contact_fraction;
  return raw + fraction * (raw - ExpectedStrike()) / (1.0 - fraction);
}
// The percentile is that of some seventy samples.
constexpr double kTolerance = 0.003;

GaitEvents Of(const GaitEvents& events, Side side, EventType type) {
  GaitEvents chosen;
  std::copy_if(events.begin(), events.end(), std::back_inserter(chosen),
               [&](const GaitEvent& e) { return e.side == side && e.type == type; });
  return chosen;
}

EventDetection Detect(const EventSignals& signals) {
  return DetectEvents(signals, TimeBase::Uniform(kRate, signals.pelvis_up.size()), {}, 10.0);
}

void ExpectEveryStride(const GaitEvents& events, double first, double tolerance,
                       std::size_t at_least) {
  ASSERT_GE(events.size(), at_least);
  for (const GaitEvent& event : events) {
    const double strides = (event.time - first) / kStride;
    EXPECT_NEAR((strides - std::round(strides)) * kStride, 0.0, tolerance) << event.time;
  }
  for (std::size_t i = 1; i < events.size(); ++i) {
    EXPECT_NEAR(events[i].time - events[i - 1].time, kStride, tolerance);
  }
}

TEST(DetectEvents, FindsStrikesAndToeOffsWhereTheDetectorsPutThem) {
  // 20 s: 28 strides; the first and last of a side may be cut.
  const EventDetection detection = Detect(Sines(20.0));
  const GaitEvents& events = detection.events;
  ExpectEveryStride(Of(events, Side::kRight, EventType::kFootStrike), ExpectedStrike(), kTolerance,
                    27);
  ExpectEveryStride(Of(events, Side::kLeft, EventType::kFootStrike),
                    ExpectedStrike() + 0.5 * kStride, kTolerance, 27);
  ExpectEveryStride(Of(events, Side::kRight, EventType::kToeOff), ExpectedToeOff(), kTolerance, 27);
  ExpectEveryStride(Of(events, Side::kLeft, EventType::kToeOff), ExpectedToeOff() + 0.5 * kStride,
                    kTolerance, 27);
  EXPECT_NEAR(detection.belt_speed, kAmplitude * 2.0 * kPi / kStride * std::cos(0.05 * kPi), 0.05);
  EXPECT_EQ(detection.from_foot_only, 0U);
  EXPECT_EQ(detection.from_pelvis_only, 0U);
}

TEST(DetectEvents, AreSortedAndAlternate) {
  const GaitEvents events = Detect(Sines(20.0)).events;
  Side last = events.front().side == Side::kLeft ? Side::kRight : Side::kLeft;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0) {
      EXPECT_GE(events[i].time, events[i - 1].time);
    }
    if (events[i].type != EventType::kFootStrike) continue;
    EXPECT_NE(events[i].side, last);
    last = events[i].side;
  }
}

TEST(DetectEvents, AreTheSameOvergroundAsOnATreadmill) {
  const GaitEvents treadmill = Detect(Sines(20.0)).events;
  const GaitEvents overground = Detect(Sines(20.0, 3.5)).events;
  ASSERT_EQ(treadmill.size(), overground.size());
  for (std::size_t i = 0; i < treadmill.size(); ++i) {
    EXPECT_NEAR(treadmill[i].time, overground[i].time, 0.004);
    EXPECT_EQ(treadmill[i].side, overground[i].side);
  }
}

TEST(DetectEvents, FallBackToTheFootWhileThePelvisIsLost) {
  EventSignals signals = Sines(20.0);
  for (std::size_t i = 1400; i < 2000; ++i) {  // 7 to 10 s
    signals.pelvis_forward[i] = kNaN;
    signals.pelvis_up[i] = kNaN;
  }
  const EventDetection detection = Detect(signals);
  const GaitEvents right = Of(detection.events, Side::kRight, EventType::kFootStrike);
  EXPECT_GE(right.size(), 27U);
  EXPECT_GE(detection.from_foot_only, 7U);
  EXPECT_LE(detection.from_foot_only, 10U);
  for (const GaitEvent& event : right) {
    const double strides = event.time / kStride;
    const double after = (strides - std::round(strides)) * kStride;
    const bool lost = event.time > 6.94 && event.time < 9.95;
    EXPECT_NEAR(after, lost ? EventOptions().foot_only_offset_s : ExpectedStrike(), kTolerance);
  }
}

TEST(DetectEvents, FallBackToThePelvisWhileAFootIsLost) {
  EventSignals signals = Sines(20.0);
  for (std::size_t i = 1400; i < 2000; ++i) {
    signals.heel_forward[0][i] = kNaN;
    signals.foot_forward[0][i] = kNaN;
  }
  const EventDetection detection = Detect(signals);
  const GaitEvents left = Of(detection.events, Side::kLeft, EventType::kFootStrike);
  EXPECT_GE(left.size(), 27U);
  EXPECT_GE(detection.from_pelvis_only, 3U);
  for (std::size_t i = 1; i < left.size(); ++i) {
    // 50 - 38 ms against 15 ms: neighbours of different detectors are 3 ms nearer or farther.
    EXPECT_NEAR(left[i].time - left[i - 1].time, kStride, 0.003 + kTolerance);
  }
}

TEST(DetectEvents, AFootThatIsNeverSeenStillSteps) {
  EventSignals signals = Sines(20.0);
  std::fill(signals.heel_forward[0].begin(), signals.heel_forward[0].end(), kNaN);
  std::fill(signals.foot_forward[0].begin(), signals.foot_forward[0].end(), kNaN);
  const EventDetection detection = Detect(signals);
  EXPECT_GE(Of(detection.events, Side::kLeft, EventType::kFootStrike).size(), 26U);
  EXPECT_GE(Of(detection.events, Side::kLeft, EventType::kToeOff).size(), 26U);
}

TEST(DetectEvents, FindNothingWhereNobodyRuns) {
  EventSignals still = Sines(10.0);
  for (auto& heel : still.heel_forward) std::fill(heel.begin(), heel.end(), 0.1);
  still.foot_forward = still.heel_forward;
  std::fill(still.pelvis_up.begin(), still.pelvis_up.end(), 1.0);
  EXPECT_TRUE(Detect(still).events.empty());
  EXPECT_TRUE(std::isnan(Detect(still).belt_speed));

  EventSignals lost = Sines(10.0);
  for (auto* signal : {&lost.pelvis_up, &lost.pelvis_forward, &lost.heel_forward[0],
                       &lost.heel_forward[1], &lost.foot_forward[0], &lost.foot_forward[1]}) {
    std::fill(signal->begin(), signal->end(), kNaN);
  }
  EXPECT_TRUE(Detect(lost).events.empty());
  EXPECT_TRUE(Detect(Sines(0.0)).events.empty());
  EXPECT_TRUE(Detect(Sines(0.015)).events.empty());
}

TEST(DetectEvents, SmoothUnfilteredSignalsThemselves) {
  EventSignals noisy = Sines(20.0);
  for (std::size_t i = 0; i < noisy.pelvis_up.size(); ++i) {
    noisy.pelvis_up[i] += i % 2 == 0 ? 0.001 : -0.001;
  }
  const TimeBase time = TimeBase::Uniform(kRate, noisy.pelvis_up.size());
  const GaitEvents events = DetectEvents(noisy, time, {}, 0.0).events;
  ExpectEveryStride(Of(events, Side::kRight, EventType::kFootStrike), ExpectedStrike(), kTolerance,
                    26);
}

TEST(FindExtrema, TakesOnlyTheProminentOnesInTurn) {
  std::vector<double> signal;
  for (int i = 0; i < 400; ++i) signal.push_back(std::sin(0.1 * i) + 0.02 * std::sin(2.0 * i));
  const std::vector<Extremum> extrema = FindExtrema(signal, 0.5);
  ASSERT_EQ(extrema.size(), 12U);  // 40 rad: tops and bottoms at pi / 2 + k pi, the last one open
  for (std::size_t i = 0; i < extrema.size(); ++i) {
    EXPECT_EQ(extrema[i].is_maximum, i % 2 == 0);
    EXPECT_NEAR(extrema[i].place, (0.5 + static_cast<double>(i)) * kPi / 0.1, 3.0);
  }
}

TEST(GreatestPeak, FindsTheTopBetweenSamples) {
  std::vector<double> parabola;
  for (int i = 0; i < 20; ++i) parabola.push_back(3.0 - (i - 7.3) * (i - 7.3));
  const auto peak = GreatestPeak(parabola, 2.0, 15.0);
  ASSERT_TRUE(peak.has_value());
  EXPECT_NEAR(peak->place, 7.3, 1e-12);
  EXPECT_NEAR(peak->value, 3.0, 1e-12);
  EXPECT_FALSE(GreatestPeak(parabola, 9.0, 15.0).has_value());
  EXPECT_FALSE(GreatestPeak(parabola, -5.0, -1.0).has_value());
  parabola[7] = kNaN;
  EXPECT_FALSE(GreatestPeak(parabola, 2.0, 15.0).has_value());
}

TEST(FillLinearly, ReachesAcrossGapsAndToTheEnds) {
  const std::vector<double> filled =
      FillLinearly(std::vector<double>{kNaN, 1.0, kNaN, kNaN, 4.0, kNaN});
  const std::vector<double> expected = {1.0, 1.0, 2.0, 3.0, 4.0, 4.0};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_DOUBLE_EQ(filled[i], expected[i]);
  EXPECT_EQ(FillLinearly(std::vector<double>{kNaN, kNaN})[1], 0.0);
}

}  // namespace
}  // namespace medius::analysis
