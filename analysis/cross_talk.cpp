#include "analysis/cross_talk.hpp"

#include <cmath>
#include <limits>
#include <string>

namespace medius::analysis {

double KneeCrossTalk(const Kinematics& kinematics, Side side) {
  const std::string knee = std::string(ToString(side)) + "_knee";
  const AngleSeries* flexion = kinematics.Find(knee + "_flexion");
  const AngleSeries* adduction = kinematics.Find(knee + "_adduction");
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (flexion == nullptr || adduction == nullptr) return kNaN;
  double n = 0.0, x = 0.0, y = 0.0;
  const auto each = [&](const auto& use) {
    for (std::size_t t = 0; t < flexion->value.size(); ++t) {
      const double a = flexion->value[t], b = adduction->value[t];
      if (std::isfinite(a + b)) use(a, b);
    }
  };
  each([&](double a, double b) {
    n += 1.0;
    x += a;
    y += b;
  });
  double xx = 0.0, xy = 0.0, yy = 0.0;
  each([&](double a, double b) {
    xx += (a - x / n) * (a - x / n);
    xy += (a - x / n) * (b - y / n);
    yy += (b - y / n) * (b - y / n);
  });
  return xx > 0.0 && yy > 0.0 ? xy / std::sqrt(xx * yy) : kNaN;
}

}  // namespace medius::analysis
