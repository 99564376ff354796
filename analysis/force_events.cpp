#include "analysis/force_events.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "analysis/butterworth.hpp"
#include "analysis/signal.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kShortestStance = 0.10;  // seconds
constexpr double kShortestFlight = 0.03;  // a shorter one is a bounce about the threshold
constexpr double kSameStance = 0.10;      // between the force's strike and the markers'
constexpr double kNoisy = 5.0;            // newtons
constexpr double kOtherClock = 0.03;      // seconds; docs/methods.md has errors below 15 ms

struct Crossing {
  double strike = kNaN;
  double toe_off = kNaN;
};

// 1 sd of the force while somebody stands on it, from fourth differences: a stance is smooth
// against them, sampled as fast as kFastEnough, and loading and unloading are few of the samples.
double NoiseUnderLoad(const std::vector<double>& force, double least) {
  constexpr double kOfNoise = 8.366600265340756;  // sqrt(1 + 16 + 36 + 16 + 1)
  std::vector<double> differences;
  for (std::size_t i = 2; i + 2 < force.size(); ++i) {
    if (force[i - 2] < least || force[i + 2] < least || force[i] < least) continue;
    differences.push_back(std::abs(force[i - 2] - 4.0 * force[i - 1] + 6.0 * force[i] -
                                   4.0 * force[i + 1] + force[i + 2]));
  }
  if (differences.size() < 10) return kNaN;
  return 1.4826 * Quantile(std::move(differences), 0.5) / kOfNoise;
}

// 1 sd of the force while nobody stands on it: of the samples below a tenth of what a runner
// brings, twice the quartile's distance from the median, which steps at the edges do not reach.
// Where the treadmill's program has set those to zero, of the force under load.
double NoiseOf(const ForcePlate& plate, double rate_hz) {
  constexpr double kFastEnough = 150.0;  // Hz
  const double most = Quantile(plate.vertical, 0.99);
  std::vector<double> idle;
  for (const double force : plate.vertical) {
    if (std::abs(force) < 0.1 * most) idle.push_back(force);
  }
  if (idle.size() < 10) return kNaN;
  const double middle = Quantile(idle, 0.5);
  for (double& force : idle) force = std::abs(force - middle);
  const double noise = 1.4826 * Quantile(std::move(idle), 0.5);
  if (noise > 0.0 || rate_hz < kFastEnough) return noise;
  return NoiseUnderLoad(plate.vertical, 0.2 * most);
}

std::vector<Crossing> StancesOn(const std::vector<double>& force, double rate_hz, double start,
                                double threshold) {
  std::vector<Crossing> stances;
  double strike = kNaN;
  for (std::size_t i = 1; i < force.size(); ++i) {
    const double before = force[i - 1] - threshold;
    const double after = force[i] - threshold;
    if ((before > 0.0) == (after > 0.0)) continue;
    const double time = start + (static_cast<double>(i - 1) + before / (before - after)) / rate_hz;
    if (after > 0.0) {
      const bool bounce = !stances.empty() && time - stances.back().toe_off < kShortestFlight;
      strike = bounce ? stances.back().strike : time;
      if (bounce) stances.pop_back();
    } else if (!std::isnan(strike)) {
      stances.push_back({strike, time});
    }
  }
  stances.erase(
      std::remove_if(stances.begin(), stances.end(),
                     [](const Crossing& s) { return s.toe_off - s.strike < kShortestStance; }),
      stances.end());
  return stances;
}

EventAgreement AgreementOf(const std::vector<double>& differences) {
  EventAgreement agreement{differences.size(), kNaN, kNaN, kNaN};
  if (differences.empty()) return agreement;
  const auto n = static_cast<double>(differences.size());
  double sum = 0.0, square = 0.0;
  for (const double d : differences) {
    sum += d;
    square += d * d;
  }
  agreement.mean = sum / n;
  agreement.rmse = std::sqrt(square / n);
  if (differences.size() < 2) return agreement;
  double about_mean = 0.0;
  for (const double d : differences) about_mean += (d - agreement.mean) * (d - agreement.mean);
  agreement.sd = std::sqrt(about_mean / (n - 1.0));
  return agreement;
}

// Puts the force's times in the place of the markers'.
class Replacement {
 public:
  explicit Replacement(const GaitEvents& kinematic)
      : events_(kinematic), used_(kinematic.size(), false) {}

  // @return false where the markers show no strike near.
  bool Take(const Crossing& stance) {
    const std::size_t strike = Nearest(stance.strike);
    if (strike == events_.size()) return false;
    used_[strike] = true;
    strike_differences_.push_back(events_[strike].time - stance.strike);
    replaced_.push_back(
        {stance.strike, events_[strike].side, EventType::kFootStrike, EventDetector::kForce});
    replaced_.push_back(
        {stance.toe_off, events_[strike].side, EventType::kToeOff, EventDetector::kForce});
    const std::size_t toe_off = ToeOffAfter(strike);
    if (toe_off == events_.size()) return true;
    used_[toe_off] = true;
    toe_off_differences_.push_back(events_[toe_off].time - stance.toe_off);
    return true;
  }

  void Finish(ForceEvents& result) {
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (used_[i]) continue;
      replaced_.push_back(events_[i]);
      if (events_[i].type == EventType::kFootStrike) ++result.kinematics_alone;
    }
    std::stable_sort(replaced_.begin(), replaced_.end(),
                     [](const GaitEvent& a, const GaitEvent& b) { return a.time < b.time; });
    result.events = std::move(replaced_);
    result.strike = AgreementOf(strike_differences_);
    result.toe_off = AgreementOf(toe_off_differences_);
  }

 private:
  [[nodiscard]] std::size_t Nearest(double time) const {
    std::size_t nearest = events_.size();
    const auto first = std::lower_bound(
        events_.begin(), events_.end(), time - kSameStance,
        [](const GaitEvent& event, double earliest) { return event.time < earliest; });
    for (auto i = static_cast<std::size_t>(first - events_.begin());
         i < events_.size() && events_[i].time <= time + kSameStance; ++i) {
      if (events_[i].type != EventType::kFootStrike || used_[i]) continue;
      const double distance = std::abs(events_[i].time - time);
      if (nearest == events_.size() || distance < std::abs(events_[nearest].time - time)) {
        nearest = i;
      }
    }
    return nearest;
  }
  // The toe off of the same foot before its next strike.
  [[nodiscard]] std::size_t ToeOffAfter(std::size_t strike) const {
    for (std::size_t i = strike + 1; i < events_.size(); ++i) {
      if (events_[i].side != events_[strike].side) continue;
      return events_[i].type == EventType::kToeOff ? i : events_.size();
    }
    return events_.size();
  }

  const GaitEvents& events_;
  std::vector<bool> used_;
  GaitEvents replaced_;
  std::vector<double> strike_differences_, toe_off_differences_;
};

void ChooseFilter(const ForceRecording& forces, const ForceEventOptions& options,
                  ForceEvents& result) {
  result.noise = kNaN;
  for (const ForcePlate& plate : forces.plates) {
    result.noise = std::fmax(result.noise, NoiseOf(plate, forces.rate_hz));
  }
  const bool noisy = result.noise > kNoisy;
  constexpr double kLowPass = 50.0;
  const bool fast_enough = kLowPass <= 0.4 * forces.rate_hz;
  result.threshold = options.threshold.value_or(noisy ? 50.0 : 20.0);
  result.cutoff_hz = options.cutoff_hz.value_or(noisy && fast_enough ? kLowPass : 0.0);
  if (result.cutoff_hz > 0.4 * forces.rate_hz) {
    throw InputError(fmt::format("{}: a cut-off of {:g} Hz is beyond 0.4 x its rate of {:g} Hz",
                                 forces.where, result.cutoff_hz, forces.rate_hz));
  }
}

void Judge(const ForceRecording& forces, ForceEvents& result) {
  if (result.stances == 0) {
    throw InputError(fmt::format(
        "{}: its vertical force never stays above {:g} N for 0.1 s and falls below it again: is it "
        "in newtons, and the vertical column?",
        forces.where, result.threshold));
  }
  if (result.strike.n == 0) {
    result.warnings.push_back(fmt::format(
        "{}: none of its {} stances is within 0.1 s of a foot strike of the markers; is it of this "
        "trial and on its clock? The markers' events are used",
        forces.where, result.stances));
    return;
  }
  if (result.without_kinematics > 0) {
    result.warnings.push_back(fmt::format(
        "{}: {} of its {} stances have no foot strike of the markers within 0.1 s and are left out",
        forces.where, result.without_kinematics, result.stances));
  }
  if (std::abs(result.strike.mean) > kOtherClock) {
    result.warnings.push_back(
        fmt::format("{}: its foot strikes come {:.0f} ms {} those of the markers, more than the "
                    "detectors err: is "
                    "it on the trial's clock?",
                    forces.where, 1e3 * std::abs(result.strike.mean),
                    result.strike.mean > 0.0 ? "before" : "after"));
  }
}

}  // namespace

void ForceEventOptions::Validate() const {
  const double newtons = threshold.value_or(20.0);
  const double hz = cutoff_hz.value_or(0.0);
  if (!(newtons > 0.0 && newtons <= 500.0)) {
    throw InputError(fmt::format("force threshold {}: above 0 to 500 N expected", newtons));
  }
  if (!(hz >= 0.0)) throw InputError(fmt::format("force cut-off {}: 0 Hz or more expected", hz));
}

ForceEvents EventsFromForces(const GaitEvents& kinematic, const ForceRecording& forces,
                             double trial_start, const ForceEventOptions& options) {
  options.Validate();
  ForceEvents result;
  ChooseFilter(forces, options, result);
  const double start = forces.start_unknown ? trial_start : forces.start;
  std::vector<Crossing> stances;
  for (const ForcePlate& plate : forces.plates) {
    std::vector<double> force = plate.vertical;
    if (result.cutoff_hz > 0.0) ZeroLagButterworth(result.cutoff_hz, forces.rate_hz).Apply(force);
    const auto own = StancesOn(force, forces.rate_hz, start, result.threshold);
    stances.insert(stances.end(), own.begin(), own.end());
  }
  std::stable_sort(stances.begin(), stances.end(),
                   [](const Crossing& a, const Crossing& b) { return a.strike < b.strike; });
  result.stances = stances.size();
  Replacement replacement(kinematic);
  for (const Crossing& stance : stances) {
    if (!replacement.Take(stance)) ++result.without_kinematics;
  }
  replacement.Finish(result);
  Judge(forces, result);
  return result;
}

}  // namespace medius::analysis
