#include "capture/gait_curves.hpp"

#include <algorithm>
#include <cmath>

namespace medius::capture {
namespace {
constexpr double kTwoPi = 6.283185307179586;
}

double ObliquityShape(double u) {
  constexpr double kThird = 0.25;
  const double angle = kTwoPi * (u - kDropPeak);
  return (std::cos(angle) + kThird * std::cos(3.0 * angle)) / (1.0 + kThird);
}

double HipAdductionShape(double u) {
  constexpr double kSecond = 0.25;
  constexpr double kThird = 0.12;
  const double angle = kTwoPi * (u - kAdductionPeak);
  const double sum =
      std::cos(angle) + kSecond * std::cos(2.0 * angle) + kThird * std::cos(3.0 * angle);
  return 0.5 * (1.0 + (sum - kSecond) / (1.0 + kThird));
}

PelvisHeight PelvisHeight::ForTimes(double fastest_fall, double fastest_rise, double stride_time) {
  constexpr double kStrongest = 0.15;  // the height still has one rise and one fall a step
  PelvisHeight height;
  height.lowest = 0.5 * (fastest_fall + fastest_rise) / stride_time;
  // The rate, sin a + 2 b sin 2a, is extreme where cos a + 4 b cos 2a = 0.
  const double a = kTwoPi * (fastest_rise - fastest_fall) / stride_time;
  const double second = a < 0.9 ? kStrongest : -std::cos(a) / (4.0 * std::cos(2.0 * a));
  height.second = std::clamp(second, 0.0, kStrongest);
  return height;
}

double PelvisHeight::At(double u) const {
  const double angle = 2.0 * kTwoPi * (u - lowest);
  return 0.5 * (1.0 - std::cos(angle) + second * (1.0 - std::cos(2.0 * angle)));
}

double PelvisTiltShape(double u) {
  return -0.5 * std::cos(2.0 * kTwoPi * (u - 0.30));
}

double PelvisRotationShape(double u) {
  return 0.5 * std::cos(kTwoPi * (u - 0.88));
}

double HipRotationShape(double u) {
  return 0.5 * std::cos(kTwoPi * (u - 0.12));
}

double KneeAdductionShape(double u) {
  return -0.5 * std::cos(kTwoPi * (u - 0.15));
}

}  // namespace medius::capture
