#include "capture/gait_curves.hpp"

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

double PelvisHeightShape(double u, double u_lowest) {
  // The second harmonic makes the push stronger than the fall, as gravity does: the times of
  // fastest rise and fall move towards the middle of the contact.
  constexpr double kSecond = 0.04;
  const double angle = 2.0 * kTwoPi * (u - u_lowest);
  return 0.5 * (1.0 - std::cos(angle) + kSecond * (1.0 - std::cos(2.0 * angle)));
}

double PelvisTiltShape(double u) { return -0.5 * std::cos(2.0 * kTwoPi * (u - 0.30)); }

double PelvisRotationShape(double u) { return 0.5 * std::cos(kTwoPi * (u - 0.88)); }

double HipRotationShape(double u) { return 0.5 * std::cos(kTwoPi * (u - 0.12)); }

double KneeAdductionShape(double u) { return -0.5 * std::cos(kTwoPi * (u - 0.15)); }

}  // namespace medius::capture
