#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "calibration/displaced_views.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kViews = 20;
constexpr std::size_t kSightings = 9;

struct Example {
  BundleData data;
  std::vector<Eigen::Vector2d> residuals;
  std::vector<double> squares;
};

// Views whose sightings scatter by about 0.1, displaced as a whole by `displacement` of each.
Example MakeExample(const std::vector<double>& displacement) {
  Example example;
  for (std::size_t v = 0; v < kViews; ++v) {
    BundleView view;
    view.begin = example.residuals.size();
    for (std::size_t i = 0; i < kSightings; ++i) {
      const double scatter = 0.1 * (static_cast<double>(i % 3) - 1.0);
      example.residuals.emplace_back(displacement[v] + scatter, scatter);
    }
    view.end = example.residuals.size();
    example.data.views.push_back(view);
  }
  example.data.sightings.resize(example.residuals.size());
  for (const Eigen::Vector2d& r : example.residuals) example.squares.push_back(r.squaredNorm());
  return example;
}

TEST(JudgeDisplacedViews, LeavesAViewThatIsDisplacedAsAWhole) {
  std::vector<double> displacement(kViews, 0.5);
  displacement[4] = 6.0;
  Example example = MakeExample(displacement);
  JudgeDisplacedViews(example.data, example.residuals, 0.9, &example.squares);
  const auto at = static_cast<std::ptrdiff_t>(4 * kSightings);
  EXPECT_LT(
      *std::max_element(example.squares.begin() + at, example.squares.begin() + at + kSightings),
      0.1);
}

TEST(JudgeDisplacedViews, StillFindsABadSightingInADisplacedView) {
  std::vector<double> displacement(kViews, 0.5);
  displacement[4] = 6.0;
  Example example = MakeExample(displacement);
  example.residuals[4 * kSightings + 2] += Eigen::Vector2d(0.0, 15.0);
  JudgeDisplacedViews(example.data, example.residuals, 0.9, &example.squares);
  EXPECT_NEAR(example.squares[4 * kSightings + 2], 225.0 / 0.81, 25.0);
}

TEST(JudgeDisplacedViews, AWrongBoardIsNoScatter) {
  std::vector<double> displacement(kViews, 0.5);
  displacement[4] = 60.0;
  Example example = MakeExample(displacement);
  const std::vector<double> before = example.squares;
  JudgeDisplacedViews(example.data, example.residuals, 0.9, &example.squares);
  EXPECT_EQ(example.squares, before);
}

}  // namespace
}  // namespace medius::calibration
