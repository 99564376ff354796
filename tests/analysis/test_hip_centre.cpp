#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/hip_centre.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

using ::testing::HasSubstr;

constexpr double kMillimetre = 0.001;
// Pelvis 250 mm wide, 140 mm deep, leg 900 mm.
const BodySize kSize = {0.250, 0.140, {0.900, 0.900}};

void ExpectCentre(HipCentreMethod method, double x, double y, double z) {
  const Eigen::Vector3d expected = kMillimetre * Eigen::Vector3d(x, y, z);
  const Eigen::Vector3d right = RegressionHipCentre(method, kSize, 0.0, Side::kRight);
  EXPECT_LT((right - expected).norm(), 1e-12) << ToString(method) << " " << right.transpose();
  const Eigen::Vector3d left = RegressionHipCentre(method, kSize, 0.0, Side::kLeft);
  EXPECT_LT((left - Eigen::Vector3d(expected.x(), expected.y(), -expected.z())).norm(), 1e-12)
      << ToString(method);
}

TEST(RegressionHipCentre, IsThatOfTheEquationsWorkedByHand) {
  ExpectCentre(HipCentreMethod::kHarrington, -33.6 - 9.9, -75.0 - 10.9, 82.5 + 7.3);
  ExpectCentre(HipCentreMethod::kHarringtonLeg, -33.6 - 9.9, -40.0 - 36.0 - 7.1, 39.2 + 40.0 + 7.9);
  ExpectCentre(HipCentreMethod::kHara, 11.0 - 56.7, -9.0 - 70.2, 8.0 + 77.4);
  ExpectCentre(HipCentreMethod::kBell, -47.5, -75.0, 90.0);
  ExpectCentre(HipCentreMethod::kSangeux, -34.5 - 10.4, -76.25 - 10.9, 82.5 + 7.3);
  ExpectCentre(HipCentreMethod::kSangeuxLeg, -36.9 - 6.3, -74.7 - 7.9, 78.66 + 5.4);
}

TEST(RegressionHipCentre, OfDavisIsThatWorkedByHand) {
  // C = 103.5 - 15.3 = 88.2 mm; d + r = 115.92 - 48.56 + 7 = 74.36 mm; cos and sin of 0.5:
  // 0.877583, 0.479426; of 0.314: 0.951106, 0.308866.
  const Eigen::Vector3d centre =
      RegressionHipCentre(HipCentreMethod::kDavis, kSize, 0.007, Side::kRight);
  constexpr double kSixDigits = 2e-7;  // of the cosines, times 0.1 m
  EXPECT_NEAR(centre.x(), 0.0882 * 0.877583 * 0.308866 - 0.07436 * 0.951106, kSixDigits);
  EXPECT_NEAR(centre.y(), -0.0882 * 0.877583 * 0.951106 - 0.07436 * 0.308866, kSixDigits);
  EXPECT_NEAR(centre.z(), 0.125 - 0.0882 * 0.479426, kSixDigits);
}

TEST(RegressionHipCentre, MovesBackByTheMarkersOffset) {
  for (const HipCentreName& entry : HipCentreNames()) {
    if (!IsRegression(entry.method) || entry.method == HipCentreMethod::kDavis) continue;
    const Eigen::Vector3d bare = RegressionHipCentre(entry.method, kSize, 0.0, Side::kLeft);
    const Eigen::Vector3d moved = RegressionHipCentre(entry.method, kSize, 0.009, Side::kLeft);
    EXPECT_LT((moved - bare - Eigen::Vector3d(-0.009, 0.0, 0.0)).norm(), 1e-12) << entry.name;
  }
}

TEST(RegressionHipCentre, LiesBelowBehindAndOutwardsAlikeByEveryEquation) {
  // Published differences between them are below 40 mm on one body.
  const Eigen::Vector3d harrington =
      RegressionHipCentre(HipCentreMethod::kHarrington, kSize, 0.0, Side::kRight);
  for (const HipCentreName& entry : HipCentreNames()) {
    if (!IsRegression(entry.method)) continue;
    const Eigen::Vector3d centre = RegressionHipCentre(entry.method, kSize, 0.0, Side::kRight);
    EXPECT_LT((centre - harrington).norm(), 0.040) << entry.name;
  }
}

TEST(RegressionHipCentre, IsNotKnownWithoutTheLegThatItNeeds) {
  const BodySize legless = {0.250, 0.140, {std::nan(""), std::nan("")}};
  for (const HipCentreName& entry : HipCentreNames()) {
    if (!IsRegression(entry.method)) continue;
    const Eigen::Vector3d centre = RegressionHipCentre(entry.method, legless, 0.0, Side::kRight);
    EXPECT_EQ(centre.allFinite(), !NeedsLegLength(entry.method)) << entry.name;
  }
}

TEST(HipCentreNames, AreFoundAndAMisspeltOneIsAnsweredWithThem) {
  for (const HipCentreName& entry : HipCentreNames()) {
    EXPECT_EQ(FindHipCentreMethod(entry.name), entry.method);
    EXPECT_EQ(ToString(entry.method), entry.name);
  }
  try {
    (void)FindHipCentreMethod("harington");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("hip centre \"harington\": one of harrington, "));
  }
}

}  // namespace
}  // namespace medius::analysis
