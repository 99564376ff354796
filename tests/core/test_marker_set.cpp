#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/LU>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/marker_set.hpp"

namespace medius {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kWords[] = {"+x", "-x", "+y", "-y", "+z", "-z"};

Eigen::Vector3d AxisOf(std::string_view word) {
  return Eigen::Vector3d::Unit(word[1] - 'x') * (word[0] == '-' ? -1.0 : 1.0);
}

TEST(LabAxesFromWords, MapsOpenSimFilesToTheLab) {
  // OpenSim: x forward, y up, z to the right. The lab: X forward, Y left, Z up.
  const LabAxes axes = LabAxesFromWords("+x", "+y", "run.trc");
  EXPECT_EQ(axes.lab_from_file * Eigen::Vector3d(1, 2, 3), Eigen::Vector3d(1, -3, 2));
}

TEST(LabAxesFromWords, MapsARunnerAlongMinusYWithZUp) {
  // Facing -y with z up, the left hand points to +x.
  const LabAxes axes = LabAxesFromWords("-y", "+z", "run.c3d");
  EXPECT_EQ(axes.lab_from_file * Eigen::Vector3d(1, 2, 3), Eigen::Vector3d(-2, 1, 3));
}

TEST(LabAxesFromWords, IsAProperRotationForEveryLegalPair) {
  int legal = 0;
  for (const std::string_view forward : kWords) {
    for (const std::string_view up : kWords) {
      if (forward[1] == up[1]) continue;
      ++legal;
      const Eigen::Matrix3d lab_from_file = LabAxesFromWords(forward, up, "a file").lab_from_file;
      EXPECT_EQ(lab_from_file.determinant(), 1.0) << forward << ' ' << up;
      EXPECT_EQ(lab_from_file * lab_from_file.transpose(), Eigen::Matrix3d::Identity());
      EXPECT_EQ(lab_from_file * AxisOf(forward), Eigen::Vector3d::UnitX()) << forward << ' ' << up;
      EXPECT_EQ(lab_from_file * AxisOf(up), Eigen::Vector3d::UnitZ()) << forward << ' ' << up;
    }
  }
  EXPECT_EQ(legal, 24);
}

std::string MessageFor(std::string_view forward, std::string_view up) {
  try {
    (void)LabAxesFromWords(forward, up, "set.toml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(LabAxesFromWords, SaysWhichWordIsNoAxis) {
  for (const char* word : {"x", "", "+w", "++", "+xy", "x+", "+X", "forward"}) {
    const std::string quoted = std::string("\"") + word + "\"";
    EXPECT_THAT(MessageFor(word, "+z"),
                AllOf(StartsWith("set.toml: "), HasSubstr(quoted), HasSubstr("+x -x +y")));
    EXPECT_THAT(MessageFor("+x", word), AllOf(StartsWith("set.toml: "), HasSubstr(quoted)));
  }
}

TEST(LabAxesFromWords, RefusesTwoWordsForOneAxis) {
  for (const char axis : {'x', 'y', 'z'}) {
    const std::string plus = {'+', axis};
    const std::string minus = {'-', axis};
    EXPECT_THAT(MessageFor(plus, plus), HasSubstr("lie on one axis"));
    EXPECT_THAT(MessageFor(plus, minus),
                AllOf(HasSubstr('"' + plus + '"'), HasSubstr('"' + minus + '"')));
  }
}

TEST(MarkerSet, KnowsTheLabelOfARole) {
  MarkerSet set;
  set.roles["right_asis"] = "RASI";
  EXPECT_EQ(set.LabelOf("right_asis"), "RASI");
  EXPECT_EQ(set.LabelOf("left_asis"), std::nullopt);
}

TEST(MarkerSet, NamesEachRoleAndSegmentOnceOnBothSides) {
  for (const std::vector<std::string>* names : {&KnownRoles(), &KnownSegments()}) {
    EXPECT_TRUE(std::is_sorted(names->begin(), names->end()));
    EXPECT_EQ(std::adjacent_find(names->begin(), names->end()), names->end());
    for (const std::string& name : *names) {
      if (name.rfind("left_", 0) != 0) continue;
      EXPECT_THAT(*names, testing::Contains("right_" + name.substr(5)));
    }
  }
  EXPECT_THAT(KnownRoles(),
              testing::IsSupersetOf({"right_asis", "left_psis", "sacrum", "left_toe"}));
  EXPECT_THAT(KnownSegments(), testing::IsSupersetOf({"pelvis", "right_thigh", "left_shank"}));
}

}  // namespace
}  // namespace medius
