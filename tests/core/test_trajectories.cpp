#include <cmath>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

#include "core/trajectories.hpp"

namespace medius {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

MarkerSample MeasuredSample() {
  MarkerSample sample;
  sample.position << 1.25, -0.5, 0.75;
  sample.covariance << 1, 2, 3, 2, 4, 5, 3, 5, 6;
  sample.residual_px = 0.25;
  sample.rays = 5;
  sample.source = SampleSource::kMeasured;
  return sample;
}

TEST(TrajectoryBlock, BeginsWithEverythingMissing) {
  const TrajectoryBlock block({100, 3}, 2);
  EXPECT_EQ(block.frames(), (FrameRange{100, 3}));
  EXPECT_EQ(block.position.size(), 18U);
  EXPECT_EQ(block.covariance.size(), 36U);
  for (std::size_t frame = 0; frame < 3; ++frame) {
    for (std::size_t marker = 0; marker < 2; ++marker) {
      const MarkerSample sample = block.Get(frame, MarkerId(marker));
      EXPECT_TRUE(sample.position.array().isNaN().all());
      EXPECT_TRUE(sample.covariance.array().isNaN().all());
      EXPECT_TRUE(std::isnan(sample.residual_px));
      EXPECT_EQ(sample.rays, 0);
      EXPECT_EQ(sample.source, SampleSource::kMissing);
      EXPECT_FALSE(block.IsPresent(frame, MarkerId(marker)));
    }
  }
}

TEST(TrajectoryBlock, GivesBackWhatWasSetAndLeavesTheNeighbours) {
  TrajectoryBlock block({0, 3}, 4);
  block.Set(1, MarkerId(2), MeasuredSample());
  const MarkerSample sample = block.Get(1, MarkerId(2));
  EXPECT_EQ(sample.position, MeasuredSample().position);
  EXPECT_EQ(sample.covariance, MeasuredSample().covariance);
  EXPECT_EQ(sample.residual_px, 0.25);
  EXPECT_EQ(sample.rays, 5);
  EXPECT_EQ(sample.source, SampleSource::kMeasured);
  int present = 0;
  for (std::size_t frame = 0; frame < 3; ++frame) {
    for (std::size_t marker = 0; marker < 4; ++marker) {
      present += block.IsPresent(frame, MarkerId(marker)) ? 1 : 0;
    }
  }
  EXPECT_EQ(present, 1);
}

TEST(TrajectoryBlock, LiesInMemoryAsInTheFile) {
  TrajectoryBlock block({0, 2}, 3);
  block.Set(1, MarkerId(2), MeasuredSample());
  const std::size_t slot = 1 * 3 + 2;
  EXPECT_EQ(block.position[slot * 3 + 1], -0.5F);
  const float expected[] = {1, 2, 3, 4, 5, 6};  // xx xy xz yy yz zz
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(block.covariance[slot * 6 + i], expected[i]);
  EXPECT_EQ(block.rays[slot], 5);
  EXPECT_EQ(block.source[slot], 1);
}

TEST(TrajectoryBlock, CanLoseASampleAgain) {
  TrajectoryBlock block({0, 1}, 1);
  block.Set(0, MarkerId(0), MeasuredSample());
  block.Set(0, MarkerId(0), MarkerSample::Missing());
  EXPECT_FALSE(block.IsPresent(0, MarkerId(0)));
  EXPECT_TRUE(std::isnan(block.position[0]));
  EXPECT_EQ(block.rays[0], 0);
}

TEST(TrajectoryBlock, DoesNotCallAPositionPresentThatIsNoNumber) {
  TrajectoryBlock block({0, 1}, 1);
  MarkerSample sample = MeasuredSample();
  sample.position[2] = kNaN;
  block.Set(0, MarkerId(0), sample);
  EXPECT_FALSE(block.IsPresent(0, MarkerId(0)));
}

TEST(TrajectoryBlock, CallsAPlaceOutsideItABug) {
  TrajectoryBlock block({0, 2}, 3);
  // Marker 3 of frame 0 would be marker 0 of frame 1.
  EXPECT_THROW(block.Set(0, MarkerId(3), MeasuredSample()), std::logic_error);
  EXPECT_THROW(block.Set(2, MarkerId(0), MeasuredSample()), std::logic_error);
  EXPECT_THROW((void)block.Position(0, MarkerId(3)), std::logic_error);
  EXPECT_THROW((void)block.Get(2, MarkerId(0)), std::logic_error);
  EXPECT_THROW((void)TrajectoryBlock().IsPresent(0, MarkerId(0)), std::logic_error);
  for (const int rays : {-1, 256}) {
    MarkerSample sample = MeasuredSample();
    sample.rays = rays;
    EXPECT_THROW(block.Set(0, MarkerId(0), sample), std::logic_error);
  }
}

}  // namespace
}  // namespace medius
