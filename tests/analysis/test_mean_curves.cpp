#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "analysis/mean_curves.hpp"

namespace medius::analysis {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Strides of one angle, each constant over the stride but for what a test changes.
StrideTable TableOf(const std::vector<Side>& sides, const std::vector<float>& heights) {
  StrideTable table;
  table.side = sides;
  table.accepted.assign(sides.size(), 1);
  StrideCurves curves{{"pelvis_obliquity", "rad", "right side up > 0"}, {}};
  for (const float height : heights) curves.value.insert(curves.value.end(), kCurvePoints, height);
  table.curves.push_back(std::move(curves));
  return table;
}

TEST(MeanCurves, AverageTheAcceptedStridesOfEachSide) {
  const Side l = Side::kLeft;
  const Side r = Side::kRight;
  StrideTable table = TableOf({l, r, l, r, r}, {1.0F, 4.0F, 3.0F, 6.0F, 100.0F});
  table.accepted[4] = 0;
  const std::vector<MeanCurve> curves = MeanCurves(table);
  ASSERT_EQ(curves.size(), 2U);
  EXPECT_EQ(curves[0].side, l);
  EXPECT_EQ(curves[0].angle.name, "pelvis_obliquity");
  EXPECT_EQ(curves[0].n, 2U);
  EXPECT_DOUBLE_EQ(curves[0].mean[0], 2.0);
  EXPECT_DOUBLE_EQ(curves[0].sd[100], std::sqrt(2.0));
  EXPECT_EQ(curves[1].n, 2U);
  EXPECT_DOUBLE_EQ(curves[1].mean[50], 5.0);
}

TEST(MeanCurves, APointThatAStrideLacksIsThatOfTheOthers) {
  const Side l = Side::kLeft;
  StrideTable table = TableOf({l, l, l}, {1.0F, 3.0F, kNaN});
  table.curves[0].value[7] = kNaN;  // of the first stride
  for (const std::size_t row : {0U, 1U}) {
    table.curves[0].value[row * kCurvePoints + 9] = kNaN;
  }
  const MeanCurve curve = MeanCurves(table)[0];
  EXPECT_EQ(curve.n, 2U);
  EXPECT_DOUBLE_EQ(curve.mean[6], 2.0);
  EXPECT_DOUBLE_EQ(curve.mean[7], 3.0);
  EXPECT_TRUE(std::isnan(curve.sd[7]));
  EXPECT_TRUE(std::isnan(curve.mean[9]));
}

TEST(MeanCurves, ATableWithoutStridesHasNoMeans) {
  const std::vector<MeanCurve> curves = MeanCurves(TableOf({}, {}));
  ASSERT_EQ(curves.size(), 2U);
  EXPECT_EQ(curves[0].n, 0U);
  EXPECT_TRUE(std::isnan(curves[0].mean[0]));
}

}  // namespace
}  // namespace medius::analysis
