#include "analysis/hip_centre.hpp"

#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"

namespace medius::analysis {
namespace {

// The equations are written for the right side; metres.
Eigen::Vector3d Harrington(const BodySize& s) {
  return {-0.24 * s.pelvis_depth - 0.0099, -0.30 * s.pelvis_width - 0.0109,
          0.33 * s.pelvis_width + 0.0073};
}

Eigen::Vector3d HarringtonLeg(const BodySize& s, double leg) {
  return {-0.24 * s.pelvis_depth - 0.0099, -0.16 * s.pelvis_width - 0.04 * leg - 0.0071,
          0.28 * s.pelvis_depth + 0.16 * s.pelvis_width + 0.0079};
}

Eigen::Vector3d Hara(double leg) {
  return {0.011 - 0.063 * leg, -0.009 - 0.078 * leg, 0.008 + 0.086 * leg};
}

Eigen::Vector3d Bell(const BodySize& s) {
  return {-0.19 * s.pelvis_width, -0.30 * s.pelvis_width, 0.36 * s.pelvis_width};
}

// C, d: the model's measures of the pelvis from leg length; theta, beta: its angles in radians.
Eigen::Vector3d Davis(const BodySize& s, double leg, double marker_radius) {
  constexpr double kTheta = 0.5, kBeta = 0.314;
  const double c = 0.115 * leg - 0.0153;
  const double back = 0.1288 * leg - 0.04856 + marker_radius;
  return {c * std::cos(kTheta) * std::sin(kBeta) - back * std::cos(kBeta),
          -c * std::cos(kTheta) * std::cos(kBeta) - back * std::sin(kBeta),
          0.5 * s.pelvis_width - c * std::sin(kTheta)};
}

Eigen::Vector3d Sangeux(const BodySize& s) {
  return {-0.138 * s.pelvis_width - 0.0104, -0.305 * s.pelvis_width - 0.0109,
          0.33 * s.pelvis_width + 0.0073};
}

Eigen::Vector3d SangeuxLeg(double leg) {
  return {-0.041 * leg - 0.0063, -0.083 * leg - 0.0079, 0.0874 * leg + 0.0054};
}

Eigen::Vector3d RightHipCentre(HipCentreMethod method, const BodySize& size, double leg,
                               double marker_offset) {
  switch (method) {
    case HipCentreMethod::kHarrington:
      return Harrington(size);
    case HipCentreMethod::kHarringtonLeg:
      return HarringtonLeg(size, leg);
    case HipCentreMethod::kHara:
      return Hara(leg);
    case HipCentreMethod::kBell:
      return Bell(size);
    case HipCentreMethod::kDavis:
      return Davis(size, leg, marker_offset);
    case HipCentreMethod::kSangeux:
      return Sangeux(size);
    case HipCentreMethod::kSangeuxLeg:
      return SangeuxLeg(leg);
    default:
      return Eigen::Vector3d::Constant(std::numeric_limits<double>::quiet_NaN());
  }
}

}  // namespace

const std::vector<HipCentreName>& HipCentreNames() {
  using M = HipCentreMethod;
  static const std::vector<HipCentreName> kNames = {
      {M::kHarrington, "harrington", "Harrington 2007, pelvis width and depth"},
      {M::kHarringtonLeg, "harrington-leg", "Harrington 2007 with leg length"},
      {M::kHara, "hara", "Hara 2016, leg length"},
      {M::kBell, "bell", "Bell 1989, pelvis width"},
      {M::kDavis, "davis", "Davis 1991, leg length and pelvis width"},
      {M::kSangeux, "sangeux", "Sangeux 2015, pelvis width"},
      {M::kSangeuxLeg, "sangeux-leg", "Sangeux 2015, leg length"},
      {M::kTrochanter, "trochanter", "a quarter of the way between the greater trochanters"},
      {M::kFunctional, "functional", "SCoRE, Ehrig 2006"}};
  return kNames;
}

std::string_view ToString(HipCentreMethod method) {
  for (const HipCentreName& entry : HipCentreNames()) {
    if (entry.method == method) return entry.name;
  }
  return "marker";
}

HipCentreMethod FindHipCentreMethod(std::string_view name) {
  std::vector<std::string_view> names;
  for (const HipCentreName& entry : HipCentreNames()) {
    if (entry.name == name) return entry.method;
    names.push_back(entry.name);
  }
  throw InputError(
      fmt::format("hip centre \"{}\": one of {} expected", name, fmt::join(names, ", ")));
}

bool NeedsLegLength(HipCentreMethod method) {
  return method == HipCentreMethod::kHarringtonLeg || method == HipCentreMethod::kHara ||
         method == HipCentreMethod::kDavis || method == HipCentreMethod::kSangeuxLeg;
}

bool IsRegression(HipCentreMethod method) {
  return method != HipCentreMethod::kTrochanter && method != HipCentreMethod::kFunctional &&
         method != HipCentreMethod::kMarker;
}

Eigen::Vector3d RegressionHipCentre(HipCentreMethod method, const BodySize& size,
                                    double marker_offset, Side side) {
  const double leg = size.leg_length[static_cast<std::size_t>(side)];
  Eigen::Vector3d centre = RightHipCentre(method, size, leg, marker_offset);
  if (method != HipCentreMethod::kDavis) centre.x() -= marker_offset;
  if (side == Side::kLeft) centre.z() = -centre.z();
  return centre;
}

double HipCentreSd(HipCentreMethod method) {
  switch (method) {
    case HipCentreMethod::kMarker:
      return 0.0;
    case HipCentreMethod::kFunctional:
      return 0.005;  // no published number for skin markers of our own: the two fits' difference
    case HipCentreMethod::kBell:
      return 0.0093;  // 26 mm hold 95 % in three dimensions: 2.80 sd of an axis (Bell 1989)
    case HipCentreMethod::kDavis:
    case HipCentreMethod::kTrochanter:
      // 25.0 +- 6.7 mm from CT (Mantovani 2016), sqrt((25.0^2 + 6.7^2) / 3); of the trochanters
      // nothing is published: taken as badly known.
      return 0.0149;
    default:
      // 12.3 +- 5.9 mm from CT (Mantovani 2016, of Harrington's), sqrt((12.3^2 + 5.9^2) / 3); the
      // others are regressions of the same kind on children and adults, without such a test.
      return 0.0079;
  }
}

}  // namespace medius::analysis
