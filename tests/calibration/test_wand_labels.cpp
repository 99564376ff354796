#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calibration/wand_labels.hpp"
#include "core/error.hpp"
#include "tests/calibration/wand_scene.hpp"

namespace medius::calibration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

DotView ViewOf(const std::vector<Eigen::Vector2d>& xy) {
  DotView view;
  view.xy = xy;
  return view;
}

std::string ErrorOf(const CalibrationTarget& wand) {
  try {
    MakeWandShape(wand);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(WandShape, KnowsLineOrderAndSymmetry) {
  const WandShape three = MakeWandShape(ThreeMarkerWand());
  EXPECT_TRUE(three.collinear);
  EXPECT_THAT(three.order, ElementsAre(0U, 1U, 2U));
  EXPECT_NEAR(three.place[1], 0.36, 1e-12);
  EXPECT_EQ(three.symmetries.size(), 1U);
  EXPECT_EQ(MakeWandShape(TwoMarkerWand()).symmetries.size(), 2U);
  const WandShape five = MakeWandShape(FiveMarkerWand());
  EXPECT_FALSE(five.collinear);
  EXPECT_EQ(five.symmetries.size(), 1U);
}

TEST(WandShape, RefusesWandsThatCannotBe) {
  EXPECT_THAT(ErrorOf({"one", {{0.0, 0.0, 0.0}}, true}), HasSubstr("wand one: 1 markers; 2 to 8"));
  EXPECT_THAT(ErrorOf({"twins", {{0.0, 0.0, 0.0}, {0.5, 0.0, 0.0}, {0.5, 0.001, 0.0}}, true}),
              HasSubstr("markers 2 and 3 are 1 mm apart"));
  EXPECT_THAT(ErrorOf({"nan", {{0.0, 0.0, 0.0}, {std::nan(""), 0.0, 0.0}}, true}),
              HasSubstr("not finite"));
}

TEST(Labellings, TellTheEndsOfAnUnevenLineApart) {
  const WandShape shape = MakeWandShape(ThreeMarkerWand());
  // Seen from afar: places as on the wand; a dot off the line is none of it.
  const auto found =
      LabellingsOf(shape, ViewOf({{600.0, 500.0}, {100.0, 500.0}, {300.0, 80.0}, {420.0, 500.0}}));
  ASSERT_EQ(found.size(), 1U);
  // The middle stands at 180 of 500 from the first marker: nearer to (600, 500).
  EXPECT_THAT(found[0].dot, ElementsAre(0U, 3U, 1U));
}

TEST(Labellings, LeaveBothEndsOfTwoMarkersOpen) {
  const WandShape shape = MakeWandShape(TwoMarkerWand());
  const auto found = LabellingsOf(shape, ViewOf({{600.0, 500.0}, {100.0, 500.0}}));
  EXPECT_EQ(found.size(), 2U);
  EXPECT_EQ(UpToSymmetry(shape, found).size(), 1U);
}

TEST(Labellings, AreRightForATInAnyView) {
  WandSceneOptions options;
  options.wand = FiveMarkerWand();
  options.frames = 100;
  options.missing_share = 0.0;
  const WandScene scene = MakeWandScene(options);
  const WandShape shape = MakeWandShape(scene.wand);
  std::size_t full = 0;
  std::size_t best_is_right = 0;
  for (std::size_t v = 0; v < scene.dots.views.size(); ++v) {
    if (scene.dots.views[v].xy.size() != 5) continue;
    const auto found = LabellingsOf(shape, scene.dots.views[v]);
    if (found.empty()) continue;
    ++full;
    bool right = true;
    for (std::size_t m = 0; m < 5; ++m) {
      right = right && scene.marker[v][found[0].dot[m]] == static_cast<std::int32_t>(m);
    }
    best_is_right += right ? 1 : 0;
  }
  // A T seen along its own plane is no T; of the rest the best labelling is nearly always right,
  // and the consensus of the cameras sees to the others.
  EXPECT_GT(full, 250U);
  EXPECT_GT(static_cast<double>(best_is_right), 0.95 * static_cast<double>(full));
}

TEST(Labellings, OfTooManyOrTooFewDotsAreNone) {
  const WandShape shape = MakeWandShape(ThreeMarkerWand());
  EXPECT_TRUE(LabellingsOf(shape, ViewOf({{0.0, 0.0}, {100.0, 0.0}})).empty());
  EXPECT_TRUE(LabellingsOf(shape, ViewOf({})).empty());
  std::vector<Eigen::Vector2d> many;
  for (int i = 0; i < 40; ++i) many.emplace_back(10.0 * i, 5.0 * i);
  EXPECT_TRUE(LabellingsOf(shape, ViewOf(many)).empty());
}

TEST(StandingDots, AreRemovedAndCounted) {
  WandSceneOptions options;
  options.frames = 100;
  options.clutter_standing = 0.9;
  WandScene scene = MakeWandScene(options);
  std::vector<std::size_t> lamps(6, 0);
  std::size_t markers = 0;
  for (std::size_t v = 0; v < scene.marker.size(); ++v) {
    for (const std::int32_t marker : scene.marker[v]) {
      if (marker < 0) ++lamps[scene.dots.views[v].camera.index()];
      markers += marker < 0 ? 0 : 1;
    }
  }
  EXPECT_EQ(RemoveStandingDots(&scene.dots), lamps);
  std::size_t left = 0;
  for (const DotView& view : scene.dots.views) left += view.xy.size();
  EXPECT_EQ(left, markers);
}

TEST(Dots, ThatAreNotUsableAreNamed) {
  DotObservations dots{{{"c1", 100, 100}}, {}};
  dots.views.push_back({CameraId(0), 7, 0.0, {{1.0, std::nan("")}}, {}, {}});
  try {
    ValidateDots(dots, 3);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("frame 7, camera c1: sighting 0"));
  }
}

}  // namespace
}  // namespace medius::calibration
