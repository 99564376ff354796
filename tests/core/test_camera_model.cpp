// Known answers, worked by hand from the formulas of OpenCV's documentation (calib3d and fisheye),
// and the edges of what a camera model can answer.

#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/camera_model.hpp"
#include "core/error.hpp"
#include "tests/core/lenses.hpp"

namespace medius {
namespace {

using test::Lens;
using testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// A few roundings of numbers near 1000.
constexpr double kRoundingPx = 1e-12;

void ExpectPixel(const std::optional<Eigen::Vector2d>& xy, double x, double y) {
  ASSERT_TRUE(xy.has_value());
  EXPECT_NEAR(xy->x(), x, kRoundingPx);
  EXPECT_NEAR(xy->y(), y, kRoundingPx);
}

// k1 only, so negative that the image folds at r = 1 / sqrt(0.9), distorted radius 2/3 of it.
CameraModel FoldingLens() {
  return {CameraModelKind::kBrownConrady5, {800, 800, 800, 600, -0.3, 0, 0, 0, 0}};
}

// The point is (1, -0.5, 2), so x = 0.5, y = -0.25, r^2 = 0.3125, r^4 = 0.09765625,
// r^6 = 0.030517578125 without rounding.
const Eigen::Vector3d kPoint(1.0, -0.5, 2.0);

TEST(CameraModel, ProjectsAPinholeAsDoneByHand) {
  const CameraModel model(CameraModelKind::kBrownConrady5, {1000, 900, 500, 400, 0, 0, 0, 0, 0});
  ExpectPixel(model.Project(kPoint), 1000.0, 175.0);
}

TEST(CameraModel, ProjectsBrownConradyOfFiveAsDoneByHand) {
  const CameraModel model(CameraModelKind::kBrownConrady5,
                          {1000, 900, 500, 400, 0.1, 0.01, 0.001, 0.002, 0.001});
  // radial = 1 + 0.1 r^2 + 0.01 r^4 + 0.001 r^6 = 1.032257080078125
  // x' = 0.5 radial + 2 p1 x y + p2 (r^2 + 2 x^2) = 0.5161285400390625 - 0.00025 + 0.001625
  // y' = -0.25 radial + p1 (r^2 + 2 y^2) + 2 p2 x y
  //    = -0.25806427001953125 + 0.0004375 - 0.0005
  ExpectPixel(model.Project(kPoint), 1017.5035400390625, 167.685906982421875);
}

TEST(CameraModel, ProjectsTheRationalModelAsDoneByHand) {
  const CameraModel model(CameraModelKind::kBrownConrady8,
                          {1000, 900, 500, 400, 0.1, 0.01, 0.001, 0.002, 0.001, 0.2, 0.02, 0.002});
  // The denominator is 1 + 0.2 r^2 + 0.02 r^4 + 0.002 r^6 = 1.06451416015625, so that
  // radial = 1.032257080078125 / 1.06451416015625 = 0.9696978384266957...
  const double radial = 0.96969783842669571699;
  ExpectPixel(model.Project(kPoint), 500.0 + 1000.0 * (0.5 * radial - 0.00025 + 0.001625),
              400.0 + 900.0 * (-0.25 * radial + 0.0004375 - 0.0005));
}

TEST(CameraModel, ProjectsKannalaBrandtAsDoneByHand) {
  const CameraModel model(CameraModelKind::kKannalaBrandt4,
                          {300, 310, 640, 480, 0.1, -0.02, 0.003, -0.0004});
  // theta (1 + 0.1 theta^2 - 0.02 theta^4 + 0.003 theta^6 - 0.0004 theta^8), to 20 digits, at 45
  // and at 90 degrees.
  const double at_45 = 0.82837607087330355378;
  const double at_90 = 1.81461224597960717435;
  ExpectPixel(model.Project({2.0, 0.0, 2.0}), 640.0 + 300.0 * at_45, 480.0);
  ExpectPixel(model.Project({3.0, -4.0, 0.0}), 640.0 + 300.0 * 0.6 * at_90,
              480.0 - 310.0 * 0.8 * at_90);
}

TEST(CameraModel, SeesAPointOfTheAxisAtThePrincipalPoint) {
  for (const Lens& lens : test::RealisticLenses()) {
    SCOPED_TRACE(lens.name);
    const std::vector<double>& intrinsics = lens.model.intrinsics();
    const Eigen::Vector2d centre(intrinsics[2], intrinsics[3]);
    EXPECT_EQ(lens.model.Project({0.0, 0.0, 3.0}), centre);
    EXPECT_EQ(lens.model.Unproject(centre), Eigen::Vector3d(0.0, 0.0, 1.0));
  }
}

TEST(CameraModel, JoinsTheAxisOfAFisheyeWithoutAStep) {
  const Lens lens = test::Fisheye180();
  const Eigen::Vector2d centre(lens.model.intrinsics()[2], lens.model.intrinsics()[3]);
  // Around 1e-10, where the formula changes over to the pinhole.
  for (const double x : {1e-14, 0.9e-10, 1.1e-10, 1e-8, 1e-6}) {
    const auto projected = lens.model.ProjectWithJacobian({x, 0.0, 1.0});
    ASSERT_TRUE(projected.has_value());
    EXPECT_NEAR(projected->xy.x() - centre.x(), 641.0 * x, kRoundingPx);
    EXPECT_NEAR(projected->d_xy_d_point(0, 0), 641.0, 1e-8);
    EXPECT_NEAR(projected->d_xy_d_point(1, 1), 640.0, 1e-8);
    EXPECT_NEAR(projected->d_xy_d_point(0, 2), -641.0 * x, 1e-8);
  }
}

TEST(CameraModel, DoesNotSeeBehindItself) {
  for (const Lens& lens : test::RealisticLenses()) {
    SCOPED_TRACE(lens.name);
    for (const Eigen::Vector3d& point : {Eigen::Vector3d(0, 0, -2), Eigen::Vector3d(1e-13, 0, -2),
                                         Eigen::Vector3d(0, 0, 0), Eigen::Vector3d(0, 0, -0.0)}) {
      const auto xy = lens.model.Project(point);
      // A fisheye whose polynomial does not fold before 180 degrees has a pixel right up to there:
      // far outside every image, never near its middle.
      if (xy) {
        EXPECT_GT((*xy - Eigen::Vector2d(1000, 1000)).norm(), 1500.0) << point.transpose();
      }
    }
  }
  const CameraModel pinhole = test::Pinhole().model;
  EXPECT_FALSE(pinhole.Project({1.0, 0.0, 0.0}).has_value());
  EXPECT_FALSE(pinhole.Project({0.1, 0.2, -1.0}).has_value());
}

TEST(CameraModel, SaysNulloptForPointsThatAreNotNumbers) {
  for (const Lens& lens : test::RealisticLenses()) {
    SCOPED_TRACE(lens.name);
    for (const double bad : {kNaN, kInfinity, -kInfinity, 1e200}) {
      for (int axis = 0; axis < 3; ++axis) {
        Eigen::Vector3d point(0.1, 0.2, 1.0);
        point[axis] = bad;
        EXPECT_FALSE(lens.model.Project(point).has_value()) << point.transpose();
        EXPECT_FALSE(lens.model.ProjectWithJacobian(point).has_value()) << point.transpose();
      }
      EXPECT_FALSE(lens.model.Unproject({bad, 100.0}).has_value()) << bad;
      EXPECT_FALSE(lens.model.Unproject({100.0, bad}).has_value()) << bad;
    }
    const double tiny = 1e-160;  // its square is zero
    EXPECT_FALSE(lens.model.Project({tiny, tiny, tiny}).has_value());
  }
}

TEST(CameraModel, KnowsWhereALensFolds) {
  const CameraModel model = FoldingLens();
  EXPECT_NEAR(model.max_radius(), 1.0 / std::sqrt(0.9), 1e-7);
  // A fisheye of k1 only folds where 1 + 3 k1 theta^2 = 0.
  const CameraModel fisheye(CameraModelKind::kKannalaBrandt4, {300, 300, 0, 0, -0.2, 0, 0, 0});
  EXPECT_NEAR(fisheye.max_radius(), 1.0 / std::sqrt(0.6), 1e-7);
  // A pole of the rational model: 1 - r^2 = 0.
  const CameraModel pole(CameraModelKind::kBrownConrady8,
                         {300, 300, 0, 0, 0, 0, 0, 0, 0, -1.0, 0, 0});
  EXPECT_NEAR(pole.max_radius(), 1.0, 1e-7);
  EXPECT_NEAR(test::Pinhole().model.max_radius(), std::tan(89.9 / 180.0 * std::numbers::pi), 1e-9);
}

TEST(CameraModel, DoesNotProjectAPointBeyondTheFold) {
  const CameraModel model = FoldingLens();
  const double fold = 1.0 / std::sqrt(0.9);
  EXPECT_TRUE(model.Project({fold * 0.999, 0.0, 1.0}).has_value());
  EXPECT_FALSE(model.Project({fold * 1.001, 0.0, 1.0}).has_value());
  EXPECT_FALSE(model.ProjectWithJacobian({0.0, fold * 1.001, 1.0}).has_value());
  // Unchecked, this point would lie in the image, on top of one at a third of its angle.
  const Eigen::Vector3d beyond(1.7, 0.0, 1.0);
  Eigen::Vector2d xy;
  ProjectUnchecked(model.kind(), model.intrinsics().data(), beyond.data(), xy.data());
  EXPECT_LT(xy.x(), 1000.0);
  EXPECT_FALSE(model.Project(beyond).has_value());
}

TEST(CameraModel, DoesNotProjectAPointBesideTheCameraThatFoldsFarOut) {
  // 1 - 1e-9 r^6: folds at 87.5 degrees and is back in the middle of the image at 88.2.
  const CameraModel model(CameraModelKind::kBrownConrady5, {800, 800, 0, 0, 0, 0, 0, 0, -1e-9});
  const double back_in_the_middle = std::pow(1e9, 1.0 / 6.0);
  EXPECT_FALSE(model.Project({back_in_the_middle, 0.0, 1.0}).has_value());
  EXPECT_FALSE(model.Project({0.0, 30.0, 1.0}).has_value());
  EXPECT_TRUE(model.Project({10.0, 0.0, 1.0}).has_value());
}

TEST(CameraModel, SaysNulloptWhereTheCornerLiesBeyondTheFold) {
  const CameraModel model = FoldingLens();  // of 1600 x 1200: the corner lies 1000 px out
  const double reach_px = 800.0 * 2.0 / 3.0 / std::sqrt(0.9);
  int outside = 0;
  for (double y = 0.0; y < 1200.0; y += 25.0) {
    for (double x = 0.0; x < 1600.0; x += 25.0) {
      const double from_centre = std::hypot(x - 800.0, y - 600.0);
      const auto direction = model.Unproject({x, y});
      EXPECT_EQ(direction.has_value(), from_centre < reach_px) << x << ' ' << y;
      if (!direction) ++outside;
    }
  }
  EXPECT_GT(outside, 100);
  EXPECT_TRUE(model.Unproject({800.0 + reach_px - 1e-6, 600.0}).has_value());
  EXPECT_FALSE(model.Unproject({800.0 + reach_px + 1e-6, 600.0}).has_value());
}

TEST(CameraModel, ConvertsItsKindToWordsAndBack) {
  for (const CameraModelKind kind :
       {CameraModelKind::kBrownConrady5, CameraModelKind::kBrownConrady8,
        CameraModelKind::kKannalaBrandt4}) {
    EXPECT_EQ(CameraModelKindFromString(ToString(kind)), kind);
  }
  EXPECT_EQ(ToString(CameraModelKind::kKannalaBrandt4), "kannala_brandt_4");
  EXPECT_EQ(CameraModelKindFromString("pinhole"), std::nullopt);
  EXPECT_EQ(CameraModelKindFromString(""), std::nullopt);
}

std::string MessageFor(CameraModelKind kind, const std::vector<double>& intrinsics) {
  try {
    const CameraModel model(kind, intrinsics);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(CameraModel, NamesWhatIsWrongWithItsIntrinsics) {
  const CameraModelKind kind = CameraModelKind::kBrownConrady5;
  EXPECT_THAT(MessageFor(kind, {1000, 1000, 500, 400, 0}),
              HasSubstr("brown_conrady_5 has 5 intrinsics, 9 expected"));
  EXPECT_THAT(MessageFor(kind, {}), HasSubstr("has 0 intrinsics"));
  EXPECT_THAT(MessageFor(kind, {1000, 1000, 500, 400, 0, kNaN, 0, 0, 0}),
              HasSubstr("intrinsic 5 of camera model brown_conrady_5 is nan"));
  EXPECT_THAT(MessageFor(kind, {1000, kInfinity, 500, 400, 0, 0, 0, 0, 0}),
              HasSubstr("intrinsic 1"));
  EXPECT_THAT(MessageFor(kind, {0, 1000, 500, 400, 0, 0, 0, 0, 0}), HasSubstr("focal length"));
  EXPECT_THAT(MessageFor(kind, {1000, -5, 500, 400, 0, 0, 0, 0, 0}), HasSubstr("-5"));
}

}  // namespace
}  // namespace medius
