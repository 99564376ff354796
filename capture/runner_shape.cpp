// How a VirtualRunner finds the height of its pelvis, the place of its steps, the swing of its legs
// and the sway of its pelvis from a nominal stride: one without variation or drift.

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include "capture/leg_pose.hpp"
#include "capture/virtual_runner.hpp"
#include "core/error.hpp"

namespace medius::capture {
namespace {

constexpr double kTwoPi = 6.283185307179586;
constexpr double kDegrees = 57.29577951308232;

// x in [low, high] where a growing function crosses zero; the nearer end where it does not.
template <typename Function>
double Bisect(double low, double high, int iterations, const Function& growing) {
  for (int i = 0; i < iterations; ++i) {
    const double middle = 0.5 * (low + high);
    (growing(middle) < 0.0 ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

std::array<double, 9> SwayBasis(double phase) {
  std::array<double, 9> basis{1.0};
  for (std::size_t h = 1; h <= 4; ++h) {
    basis[2 * h - 1] = std::cos(kTwoPi * static_cast<double>(h) * phase);
    basis[2 * h] = std::sin(kTwoPi * static_cast<double>(h) * phase);
  }
  return basis;
}

}  // namespace

double VirtualRunner::Sway(double phase) const {
  const std::array<double, kSwayCount> basis = SwayBasis(phase - std::floor(phase));
  double sum = 0.0;
  for (std::size_t i = 0; i < kSwayCount; ++i) sum += sway_[i] * basis[i];
  return sum;
}

VirtualRunner::Moment VirtualRunner::NominalMoment(Side side, double phase) const {
  Moment moment;
  // From 1, so that a phase a little below the strike is one too.
  moment.stride = 1.0 + (side == Side::kRight ? phase : phase + 0.5);
  return moment;
}

VirtualRunner::Swing VirtualRunner::NominalSwing(Side side) const {
  const FootPlan plan = NominalPlan();
  return JoinedSwing(EndsAt(side, plan, plan.step.toe_off, true), EndsAt(side, plan, 0.0, true));
}

VirtualRunner::LegState VirtualRunner::NominalLeg(Side side, double phase) const {
  const FootPlan plan = NominalPlan();
  return LegOnGround(side, Prescribe(NominalMoment(side, phase)), plan,
                     phase * plan.step.next_strike);
}

// Highest value over a part of both contacts, given by shares of them.
template <typename Quantity>
double VirtualRunner::NominalStancePeak(double from, double to, const Quantity& quantity) const {
  constexpr int kSamples = 40;
  double peak = -1e9;
  for (int i = 0; i <= kSamples; ++i) {
    const double phase = run_.duty_factor * (from + (to - from) * i / kSamples);
    for (const Side side : kSides) peak = std::max(peak, quantity(NominalLeg(side, phase)));
  }
  return peak;
}

// Height of the pelvis at which the knee bends as asked for in stance.
void VirtualRunner::ChooseHeight() {
  const double leg = anthropometry_.thigh_length + anthropometry_.shank_length;
  const auto knee = [](const LegState& state) { return state.leg.knee_flexion; };
  const double low = anthropometry_.ankle_height + 0.6 * leg;
  lowest_hip_height_ = Bisect(low, low + 0.4 * leg, 24, [&](double height) {
    lowest_hip_height_ = height;
    return run_.knee_flexion_stance - NominalStancePeak(0.0, 1.0, knee);
  });
}

// Where the foot strikes: at the usual place, or where legs that reach far reach as far at strike
// as at toe off.
void VirtualRunner::ChooseStrike() {
  constexpr double kUsualShare = 0.275;
  constexpr double kComfortable = 0.99;  // of the leg's length
  constexpr double kLargest = 1.02;
  const auto reach = [](const LegState& state) { return state.leg.reach; };
  const auto longest = [&] { return NominalStancePeak(0.0, 1.0, reach); };
  strike_share_ = kUsualShare;
  ChooseHeight();
  if (longest() <= kComfortable) return;
  strike_share_ = Bisect(0.18, 0.36, 10, [&](double share) {
    strike_share_ = share;
    ChooseHeight();
    return NominalStancePeak(0.0, 0.3, reach) - NominalStancePeak(0.5, 1.0, reach);
  });
  ChooseHeight();
  if (longest() <= kLargest) return;
  throw InputError(
      fmt::format("run.speed {:g} m/s with run.duty_factor {:g} at run.cadence {:g} asks the leg "
                  "to reach {:.1f} "
                  "% of its length, at most {:.1f} % expected; lower the speed or the duty factor, "
                  "or raise the "
                  "cadence or run.knee_flexion_stance",
                  run_.speed, run_.duty_factor, run_.cadence, 100.0 * longest(), 100.0 * kLargest));
}

void VirtualRunner::ChooseBumps() {
  const double duration = (1.0 - run_.duty_factor) * 120.0 / run_.cadence;
  const auto choose = [&](const SwingCurve& curve, double (*bump)(double), double wanted,
                          const char* field) {
    const auto excess = [&](double height) {
      double peak = -1e9;
      for (int i = 0; i <= 200; ++i) {
        const double share = i / 200.0;
        peak = std::max(peak, curve.At(share, duration) + height * bump(share));
      }
      return peak - wanted;
    };
    const double height = Bisect(-1.0, 3.0, 40, excess);
    if (std::abs(excess(height)) < 1e-3) return height;
    throw InputError(
        fmt::format("run.{} is {:.1f} degrees, lower than the leg has at toe off or strike; raise "
                    "it, or change "
                    "run.speed, run.cadence or run.duty_factor",
                    field, wanted * kDegrees));
  };
  for (const Side side : kSides) {
    const std::size_t i = GaitTiming::Index(side);
    const Swing swing = NominalSwing(side);
    knee_bump_[i] = choose(swing.knee, KneeBump, run_.knee_flexion_swing, "knee_flexion_swing");
    hip_bump_[i] = choose(swing.hip, HipBump, run_.hip_flexion, "hip_flexion");
  }
}

// The pelvis sways so that the foot on the ground does not slide sideways: least squares over both
// contacts of four harmonics, with a little weight on small ones so that flight stays quiet.
void VirtualRunner::ChooseSway() {
  sway_.fill(0.0);
  using Vector9 = Eigen::Matrix<double, kSwayCount, 1>;
  Eigen::Matrix<double, kSwayCount, kSwayCount> normal;
  normal.setZero();
  Vector9 rhs = Vector9::Zero();
  constexpr int kSamples = 60;
  for (const Side side : kSides) {
    for (int i = 0; i <= kSamples; ++i) {
      const double phase = run_.duty_factor * i / kSamples;
      const LegState state = NominalLeg(side, phase);
      const double wanted = Sign(side) * 0.5 * run_.step_width - state.leg.ankle.z();
      const std::array<double, kSwayCount> basis =
          SwayBasis(side == Side::kRight ? phase : phase + 0.5);
      const Eigen::Map<const Vector9> b(basis.data());
      normal += b * b.transpose();
      rhs += wanted * b;
    }
  }
  for (std::size_t h = 1; h <= 4; ++h) {
    const double weight = 0.02 * kSamples * static_cast<double>(h * h);
    normal(2 * h - 1, 2 * h - 1) += weight;
    normal(2 * h, 2 * h) += weight;
  }
  const Vector9 solution = normal.ldlt().solve(rhs);
  for (std::size_t i = 0; i < kSwayCount; ++i) sway_[i] = solution[static_cast<Eigen::Index>(i)];
}

}  // namespace medius::capture
