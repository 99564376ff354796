#include "capture/foot_path.hpp"

#include <cmath>

namespace medius::capture {
namespace {

// Shares of the contact at which the foot has come down flat and the heel begins to rise.
constexpr double kFlatFrom = 0.22;
constexpr double kHeelRises = 0.52;
// Shape of the heel's rise, y^3 (1 + c (1 - y)): how early it happens, and so when the foot stops
// following the belt (real runners: 56-60 ms before toe off at 15 % of the speed).
constexpr double kRiseShape = 0.7;
constexpr double kRetraction = 0.02;  // s

double StancePitch(const FootPlan& plan, double share) {
  if (share < kFlatFrom) {
    const double y = 1.0 - share / kFlatFrom;
    return plan.pitch_at_strike * y * y * y;
  }
  if (share <= kHeelRises) return 0.0;
  const double y = (share - kHeelRises) / (1.0 - kHeelRises);
  return plan.pitch_at_toe_off * y * y * y * (1.0 + kRiseShape * (1.0 - y));
}

}  // namespace

FootState FootOnGround(const FootPlan& plan, double time) {
  const double t = time - plan.step.strike;
  const double pitch = StancePitch(plan, t / (plan.step.toe_off - plan.step.strike));
  const Eigen::Vector2d& pivot = pitch > 0.0 ? plan.sole.heel : plan.sole.toes;
  const double c = std::cos(pitch);
  const double s = std::sin(pitch);
  const Eigen::Vector2d turned(c * pivot.x() - s * pivot.y(), s * pivot.x() + c * pivot.y());
  const Eigen::Vector2d flat(plan.ankle_at_strike - plan.speed * t, -plan.sole.toes.y());
  return {flat + pivot - turned, pitch};
}

double SwingCurve::At(double share, double duration) const {
  // Quintic Hermite. What the belt forces on the landing leg comes late: the rate at landing builds
  // up in the last kRetraction, so that the foot is furthest forward shortly before the strike.
  const double y = share;
  const double v0 = leaves.rate * duration;
  const double v1 = lands.rate * duration;
  const double a0 = dies_away > 0.0 ? -v0 * duration / dies_away : 0.0;
  const double a1 = v1 * duration / kRetraction;
  const double d = lands.value - leaves.value;
  const double c3 = 10.0 * d - 6.0 * v0 - 4.0 * v1 - 1.5 * a0 + 0.5 * a1;
  const double c4 = -15.0 * d + 8.0 * v0 + 7.0 * v1 + 1.5 * a0 - a1;
  const double c5 = 6.0 * d - 3.0 * (v0 + v1) - 0.5 * a0 + 0.5 * a1;
  return leaves.value + y * (v0 + y * (0.5 * a0 + y * (c3 + y * (c4 + y * c5))));
}

double KneeBump(double share) {
  const double z = 1.0 - share;
  return 16.0 * share * share * z * z;
}

double HipBump(double share) {
  const double z = 1.0 - share;
  return share * share * share * z * z / 0.03456;
}

}  // namespace medius::capture
