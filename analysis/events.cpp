#include "analysis/events.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "analysis/butterworth.hpp"
#include "analysis/signal.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Where the pelvis falls and rises fastest, in seconds from the heel's foremost place, and the
// spans that a stance of running keeps to.
constexpr double kFallFrom = -0.05;
constexpr double kFallTo = 0.16;
constexpr double kRiseFrom = 0.05;  // after the fall
constexpr double kRiseTo = 0.45;
constexpr double kLongestWindow = 0.6;
constexpr double kShortestContact = 0.05;
constexpr double kLongestContact = 0.6;
// Smallest travel of the heel against the pelvis that is a step.
constexpr double kStepFraction = 0.25;  // of its range over the recording
constexpr double kSmallestStep = 0.10;  // metres

// One stance on its way; places are frame indices with a fraction.
struct Stance {
  Side side = Side::kLeft;
  double strike = kNaN;
  double raw_toe_off = kNaN;  // before the offset
  double belt_speed = kNaN;
  bool pelvis_lost = false;
  bool foot_lost = false;
};

// The signals as the detectors want them.
struct Prepared {
  std::array<std::vector<double>, 2> heel;        // against the pelvis, metres
  std::array<std::vector<double>, 2> foot_speed;  // against the pelvis' mean motion, m/s
  std::vector<double> pelvis_rise;                // upward velocity, m/s
  std::vector<double> pelvis_fall;                // its negative
};

std::vector<double> Smoothed(std::vector<double> signal, double cutoff_hz, double rate_hz) {
  // A recording too slow for the cut-off cannot hold more than it would let through.
  if (cutoff_hz < 0.45 * rate_hz) ZeroLagButterworth(cutoff_hz, rate_hz).ApplyBetweenGaps(signal);
  return signal;
}

// The mean motion over about a stride: zero on a treadmill, the runner's speed overground. A window
// that the recording cuts on one side moves at half the speed, so at the ends the last whole one
// stands; where there is none, the speed over the whole recording.
std::vector<double> MeanVelocity(const std::vector<double>& position, double rate_hz) {
  constexpr double kHalfStride = 0.4;
  const auto half = static_cast<std::size_t>(kHalfStride * rate_hz);
  const std::size_t count = position.size();
  std::vector<double> velocity = Derivative(MovingMean(position, half), rate_hz);
  if (count < 2 * half + 4) {
    const double mean =
        (position.back() - position.front()) * rate_hz / static_cast<double>(count - 1);
    std::fill(velocity.begin(), velocity.end(), mean);
    return velocity;
  }
  std::fill(velocity.begin(), velocity.begin() + static_cast<std::ptrdiff_t>(half + 1), kNaN);
  std::fill(velocity.end() - static_cast<std::ptrdiff_t>(half + 1), velocity.end(), kNaN);
  return FillLinearly(velocity);
}

Prepared Prepare(const EventSignals& signals, double rate_hz, const EventOptions& options,
                 double markers_cutoff_hz) {
  const bool rough = markers_cutoff_hz == 0.0 || markers_cutoff_hz > options.velocity_cutoff_hz;
  const auto velocity = [&](const std::vector<double>& signal) {
    return Derivative(rough ? Smoothed(signal, options.velocity_cutoff_hz, rate_hz) : signal,
                      rate_hz);
  };
  Prepared prepared;
  const std::vector<double> pelvis = FillLinearly(signals.pelvis_forward);
  const std::vector<double> drift = MeanVelocity(pelvis, rate_hz);
  for (std::size_t side = 0; side < 2; ++side) {
    std::vector<double> heel = signals.heel_forward[side];
    for (std::size_t i = 0; i < heel.size(); ++i) heel[i] -= pelvis[i];
    prepared.heel[side] = Smoothed(std::move(heel), options.window_cutoff_hz, rate_hz);
    prepared.foot_speed[side] = velocity(signals.foot_forward[side]);
    for (std::size_t i = 0; i < drift.size(); ++i) prepared.foot_speed[side][i] -= drift[i];
  }
  prepared.pelvis_rise = velocity(signals.pelvis_up);
  prepared.pelvis_fall = prepared.pelvis_rise;
  for (double& v : prepared.pelvis_fall) v = -v;
  return prepared;
}

// Belt speed from one stance: most of the window is contact, its fastest tenth is the belt.
double BeltSpeed(const std::vector<double>& foot_speed, double from, double to) {
  std::vector<double> speeds;
  for (auto i = static_cast<std::size_t>(from) + 1; static_cast<double>(i) < to; ++i) {
    speeds.push_back(foot_speed[i]);
  }
  return -Quantile(std::move(speeds), 0.10);
}

// The last place before `back` where the foot still went backwards faster than `limit`.
double LeavesSpeed(const std::vector<double>& foot_speed, double front, double back, double limit) {
  for (auto i = static_cast<std::size_t>(back); static_cast<double>(i) > front && i > 0; --i) {
    const double before = foot_speed[i - 1];
    const double after = foot_speed[i];
    if (!(before <= limit) || std::isnan(after)) continue;
    if (after <= limit) return static_cast<double>(i);
    return static_cast<double>(i - 1) + (limit - before) / (after - before);
  }
  return kNaN;
}

double MeanOfKnown(double a, double b) {
  if (std::isnan(a)) return b;
  if (std::isnan(b)) return a;
  return 0.5 * (a + b);
}

class Detector {
 public:
  Detector(const EventSignals& signals, const TimeBase& time_base, const EventOptions& options,
           double markers_cutoff_hz)
      : time_(time_base.time),
        rate_(time_base.rate_hz),
        options_(options),
        signals_(Prepare(signals, time_base.rate_hz, options, markers_cutoff_hz)),
        heel_alone_(signals.heel_alone) {}

  EventDetection Detect();

 private:
  struct Window {
    double front = kNaN;         // heel foremost
    std::optional<double> back;  // heel rearmost after it
  };

  void FindStances(Side side);
  std::vector<Window> WindowsOf(Side side) const;
  void SmoothBeltSpeed();
  void FindToeOffs();
  void FillLostFoot(Side side);
  void SortStances();
  std::vector<double> ContactTimes() const;
  // Part of the contact time that comes after the raw toe off.
  double LatePart(const Stance& stance) const {
    return heel_alone_[static_cast<std::size_t>(stance.side)] ? options_.heel_alone_contact_fraction
                                                              : options_.toe_off_contact_fraction;
  }

  const std::vector<double>& time_;
  double rate_;
  const EventOptions& options_;
  Prepared signals_;
  std::array<bool, 2> heel_alone_;
  std::vector<Stance> stances_;
  std::vector<Window> windows_;  // of the stances, in their order
};

std::vector<Detector::Window> Detector::WindowsOf(Side side) const {
  const std::vector<double>& heel = signals_.heel[static_cast<std::size_t>(side)];
  const double range = Quantile(heel, 0.95) - Quantile(heel, 0.05);
  if (std::isnan(range)) return {};
  const std::vector<Extremum> extrema =
      FindExtrema(heel, std::max(kStepFraction * range, kSmallestStep));
  std::vector<Window> windows;
  for (std::size_t i = 0; i < extrema.size(); ++i) {
    if (!extrema[i].is_maximum) continue;
    Window window{extrema[i].place, std::nullopt};
    const bool closed = i + 1 < extrema.size() && !extrema[i + 1].is_maximum;
    if (closed && extrema[i + 1].place - window.front < kLongestWindow * rate_) {
      window.back = extrema[i + 1].place;
    }
    windows.push_back(window);
  }
  return windows;
}

void Detector::FindStances(Side side) {
  const std::vector<double>& foot_speed = signals_.foot_speed[static_cast<std::size_t>(side)];
  for (const Window& window : WindowsOf(side)) {
    Stance stance;
    stance.side = side;
    const auto fall = GreatestPeak(signals_.pelvis_fall, window.front + kFallFrom * rate_,
                                   window.front + kFallTo * rate_);
    stance.pelvis_lost = !fall;
    stance.strike = fall
                        ? 0.5 * (window.front + fall->place) + options_.foot_strike_offset_s * rate_
                        : window.front + options_.foot_only_offset_s * rate_;
    if (window.back) stance.belt_speed = BeltSpeed(foot_speed, window.front, *window.back);
    stances_.push_back(stance);
    windows_.push_back(window);
  }
}

void Detector::SortStances() {
  std::vector<std::size_t> order(stances_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
    return stances_[a].strike < stances_[b].strike;
  });
  std::vector<Stance> stances;
  std::vector<Window> windows;
  for (const std::size_t i : order) {
    stances.push_back(stances_[i]);
    windows.push_back(windows_[i]);
  }
  stances_ = std::move(stances);
  windows_ = std::move(windows);
}

// Medians over neighbouring stances, of either side.
std::vector<double> RunningMedian(const std::vector<double>& values) {
  constexpr std::size_t kNeighbours = 10;
  std::vector<double> medians(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t begin = i - std::min(i, kNeighbours);
    const std::size_t end = std::min(values.size(), i + kNeighbours + 1);
    medians[i] = Quantile(std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(begin),
                                              values.begin() + static_cast<std::ptrdiff_t>(end)),
                          0.5);
  }
  return medians;
}

void Detector::SmoothBeltSpeed() {
  std::vector<double> speeds;
  for (const Stance& stance : stances_) speeds.push_back(stance.belt_speed);
  speeds = RunningMedian(speeds);
  for (std::size_t i = 0; i < stances_.size(); ++i) stances_[i].belt_speed = speeds[i];
}

void Detector::FindToeOffs() {
  for (std::size_t i = 0; i < stances_.size(); ++i) {
    Stance& stance = stances_[i];
    const Window& window = windows_[i];
    if (!window.back) continue;
    const double leaves =
        LeavesSpeed(signals_.foot_speed[static_cast<std::size_t>(stance.side)], stance.strike,
                    *window.back, -options_.belt_speed_fraction * stance.belt_speed);
    const auto rise =
        GreatestPeak(signals_.pelvis_rise, stance.strike + kRiseFrom * rate_,
                     std::min(stance.strike + kRiseTo * rate_, *window.back + kRiseFrom * rate_));
    stance.raw_toe_off = MeanOfKnown(leaves, rise ? rise->place : kNaN);
  }
}

// A foot that is not seen still stands between two strikes of the other one, where the pelvis falls
// fastest near the middle of them.
void Detector::FillLostFoot(Side side) {
  const std::vector<double>& heel = signals_.heel[static_cast<std::size_t>(side)];
  std::vector<Stance> found;
  for (std::size_t i = 0; i + 1 < stances_.size(); ++i) {
    const Stance& here = stances_[i];
    const Stance& next = stances_[i + 1];
    if (here.side == side || next.side == side) continue;
    const double stride = next.strike - here.strike;
    if (stride < 0.4 * rate_ || stride > 1.2 * rate_) continue;
    const double middle = here.strike + 0.5 * stride;
    const auto begin = static_cast<std::size_t>(here.strike + 0.25 * stride);
    const auto end = std::min(static_cast<std::size_t>(here.strike + 0.75 * stride), heel.size());
    const bool lost = std::any_of(heel.begin() + static_cast<std::ptrdiff_t>(begin),
                                  heel.begin() + static_cast<std::ptrdiff_t>(end),
                                  [](double v) { return std::isnan(v); });
    const auto fall =
        GreatestPeak(signals_.pelvis_fall, middle - 0.2 * stride, middle + 0.3 * stride);
    if (!lost || !fall) continue;
    Stance stance;
    stance.side = side;
    stance.strike = fall->place + options_.pelvis_only_offset_s * rate_;
    stance.foot_lost = true;
    const auto rise = GreatestPeak(signals_.pelvis_rise, stance.strike + kRiseFrom * rate_,
                                   std::min(stance.strike + kRiseTo * rate_, next.strike));
    if (rise) stance.raw_toe_off = rise->place;
    found.push_back(stance);
  }
  stances_.insert(stances_.end(), found.begin(), found.end());
  windows_.resize(stances_.size());
  SortStances();
}

// Seconds; each stance's own is noisy, the median of its neighbours of the same side is not. Each
// side by itself: a shared median would shrink the difference between the sides.
std::vector<double> Detector::ContactTimes() const {
  std::vector<double> contact(stances_.size(), kNaN);
  for (const Side side : kSides) {
    std::vector<std::size_t> own;
    std::vector<double> values;
    for (std::size_t i = 0; i < stances_.size(); ++i) {
      const Stance& stance = stances_[i];
      if (stance.side != side) continue;
      own.push_back(i);
      values.push_back((stance.raw_toe_off - stance.strike) / rate_ / (1.0 - LatePart(stance)));
    }
    values = RunningMedian(values);
    for (std::size_t k = 0; k < own.size(); ++k) contact[own[k]] = values[k];
  }
  return contact;
}

EventDetection Detector::Detect() {
  for (const Side side : kSides) FindStances(side);
  SortStances();
  SmoothBeltSpeed();
  FindToeOffs();
  for (const Side side : kSides) FillLostFoot(side);

  EventDetection detection;
  const std::vector<double> contact = ContactTimes();
  std::vector<double> belt_speeds;
  for (std::size_t i = 0; i < stances_.size(); ++i) {
    const Stance& stance = stances_[i];
    const double strike = ValueAt(time_, stance.strike);
    if (std::isnan(strike)) continue;  // before the first or after the last frame
    const EventDetector detector = stance.pelvis_lost ? EventDetector::kFootAlone
                                   : stance.foot_lost ? EventDetector::kPelvisAlone
                                                      : EventDetector::kFused;
    detection.events.push_back({strike, stance.side, EventType::kFootStrike, detector});
    detection.from_foot_only += stance.pelvis_lost ? 1 : 0;
    detection.from_pelvis_only += stance.foot_lost ? 1 : 0;
    belt_speeds.push_back(stance.belt_speed);
    const double toe_off =
        ValueAt(time_, stance.raw_toe_off + LatePart(stance) * contact[i] * rate_);
    const double duration = toe_off - strike;
    if (duration >= kShortestContact && duration <= kLongestContact) {
      detection.events.push_back({toe_off, stance.side, EventType::kToeOff, detector});
    }
  }
  detection.belt_speed = Quantile(belt_speeds, 0.5);
  std::sort(detection.events.begin(), detection.events.end(),
            [](const GaitEvent& a, const GaitEvent& b) { return a.time < b.time; });
  return detection;
}

}  // namespace

void EventOptions::Validate() const {
  const auto require = [](bool ok, const char* field, double value, const char* expected) {
    if (!ok) throw InputError(fmt::format("{} {}: {} expected", field, value, expected));
  };
  require(window_cutoff_hz > 0.0, "window_cutoff_hz", window_cutoff_hz, "above 0 Hz");
  require(velocity_cutoff_hz > 0.0, "velocity_cutoff_hz", velocity_cutoff_hz, "above 0 Hz");
  require(toe_off_contact_fraction >= 0.0 && toe_off_contact_fraction < 0.9,
          "toe_off_contact_fraction", toe_off_contact_fraction, "0 to 0.9");
  require(heel_alone_contact_fraction >= 0.0 && heel_alone_contact_fraction < 0.9,
          "heel_alone_contact_fraction", heel_alone_contact_fraction, "0 to 0.9");
  require(belt_speed_fraction > 0.0 && belt_speed_fraction < 1.0, "belt_speed_fraction",
          belt_speed_fraction, "between 0 and 1");
  for (const double offset : {foot_strike_offset_s, foot_only_offset_s, pelvis_only_offset_s}) {
    require(std::abs(offset) <= 0.2, "offset of foot strike", offset, "-0.2 to 0.2 s");
  }
}

EventDetection DetectEvents(const EventSignals& signals, const TimeBase& time_base,
                            const EventOptions& options, double markers_cutoff_hz) {
  options.Validate();
  if (time_base.frame_count() < 3) return {};
  return Detector(signals, time_base, options, markers_cutoff_hz).Detect();
}

}  // namespace medius::analysis
