#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "reconstruct/reconstruct.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

// The arrays of a trajectory, and what was said of them, for comparison by bytes.
struct Result {
  std::vector<float> values;
  std::vector<std::uint8_t> bytes;
  ReconstructStatistics statistics;
};

void Append(const TrajectoryBlock& block, std::size_t* next, Result* result) {
  EXPECT_EQ(block.frames().first, *next);
  *next = block.frames().end();
  for (const auto* column : {&block.position, &block.covariance, &block.residual}) {
    result->values.insert(result->values.end(), column->begin(), column->end());
  }
  for (const auto* column : {&block.rays, &block.source}) {
    result->bytes.insert(result->bytes.end(), column->begin(), column->end());
  }
}

// In blocks of chunk frames; the columns are laid out one frame after the other to compare.
Result RunWhole(const CameraRig& rig, const ObservationBlock& seen, std::size_t markers,
                int threads, std::size_t chunk) {
  Reconstructor reconstructor(rig, TimeBase::Uniform(200.0, seen.frames.count), markers, {});
  TrajectoryBlock all(seen.frames, markers);
  std::size_t next = 0;
  const auto add = [&](const TrajectoryBlock& part) {
    EXPECT_EQ(part.frames().first, next);
    for (std::size_t k = 0; k < part.frames().count; ++k) {
      for (std::size_t m = 0; m < markers; ++m) {
        all.Set(next + k, MarkerId(m), part.Get(k, MarkerId(m)));
      }
    }
    next = part.frames().end();
  };
  for (const FrameRange& frames : SplitFrames(seen.frames.count, chunk)) {
    add(reconstructor.Push(Cut(seen, frames), Parallelism(threads)));
  }
  add(reconstructor.Finish(Parallelism(threads)));
  EXPECT_EQ(next, seen.frames.count);
  Result result;
  std::size_t begin = 0;
  Append(all, &begin, &result);
  result.statistics = reconstructor.statistics();
  return result;
}

void ExpectSameBytes(const Result& a, const Result& b) {
  ASSERT_EQ(a.values.size(), b.values.size());
  EXPECT_EQ(std::memcmp(a.values.data(), b.values.data(), a.values.size() * sizeof(float)), 0);
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(a.statistics.points, b.statistics.points);
  for (std::size_t c = 0; c < a.statistics.cameras.size(); ++c) {
    EXPECT_EQ(a.statistics.cameras[c].squared_distance, b.statistics.cameras[c].squared_distance);
    EXPECT_EQ(a.statistics.cameras[c].rejected, b.statistics.cameras[c].rejected);
  }
}

SceneOptions RoughScene() {
  SceneOptions options;
  options.frames = 150;
  options.markers = 7;
  options.hidden_share = 0.35;
  options.swapped_share = 0.03;
  return options;
}

TEST(Reconstruct, GivesTheSameBytesForAnyThreadsAndChunks) {
  const CameraRig rig = RingOfCameras(6);
  const ObservationBlock seen = Film(rig, RunningMarker, RoughScene());
  const Result one = RunWhole(rig, seen, 7, 1, 150);
  EXPECT_GT(one.statistics.computed_count(), 500U);
  for (const int threads : {1, 2, 7}) {
    for (const std::size_t chunk : {1U, 3U, 64U, 149U, 150U}) {
      SCOPED_TRACE(testing::Message() << threads << " threads, chunks of " << chunk);
      ExpectSameBytes(RunWhole(rig, seen, 7, threads, chunk), one);
    }
  }
}

TEST(Reconstruct, GivesTheSameBytesForAnyThreadsAndChunksWithTimeOffsets) {
  CameraRig rig = RingOfCameras(6);
  rig.cameras[1].time_offset = 2e-3;
  rig.cameras[4].time_offset = -1e-3;
  const ObservationBlock seen = Film(rig, RunningMarker, RoughScene());
  const Result one = RunWhole(rig, seen, 7, 1, 150);
  EXPECT_GT(one.statistics.computed_count(), 500U);
  for (const int threads : {1, 2, 7}) {
    for (const std::size_t chunk : {1U, 2U, 3U, 5U, 64U, 149U}) {
      SCOPED_TRACE(testing::Message() << threads << " threads, chunks of " << chunk);
      ExpectSameBytes(RunWhole(rig, seen, 7, threads, chunk), one);
    }
  }
}

TEST(Reconstruct, AccountsForEverySighting) {
  const CameraRig rig = RingOfCameras(6);
  ObservationBlock seen = Film(rig, RunningMarker, RoughScene());
  seen.cameras[2].label[0] = kUnlabelled;
  seen.cameras[2].label[5] = kUnlabelled;
  seen.cameras[3].xy[4].x() = std::numeric_limits<float>::quiet_NaN();
  const Result result = RunWhole(rig, seen, 7, 2, 64);
  const CameraStatistics total = result.statistics.Total();
  std::size_t rows = 0;
  for (const CameraObservations& camera : seen.cameras) rows += camera.row_count();
  EXPECT_EQ(total.labelled + total.unlabelled, rows);
  EXPECT_EQ(total.labelled,
            total.used + total.rejected + total.duplicate + total.unusable + total.unmatched);
  EXPECT_EQ(result.statistics.cameras[2].unlabelled, 2U);
  EXPECT_EQ(result.statistics.cameras[3].unusable, 1U);
  EXPECT_EQ(result.statistics.point_count(), 150U * 7U);
  std::uint64_t rays = 0;
  for (std::size_t i = 0; i < 150U * 7U; ++i) rays += result.bytes[i];
  EXPECT_EQ(total.used, rays);
}

TEST(Reconstruct, NoPointIsWrongBySwappedLabels) {
  const CameraRig rig = RingOfCameras(8);
  SceneOptions options;
  options.markers = 10;
  options.frames = 300;
  options.swapped_share = 0.03;
  const ObservationBlock seen = Film(rig, RunningMarker, options);
  Reconstructor reconstructor(rig, TimeBase::Uniform(200.0, 300), 10, {});
  const TrajectoryBlock block = reconstructor.Push(seen, Parallelism(2));
  std::size_t missing = 0;
  for (std::size_t k = 0; k < 300; ++k) {
    for (std::size_t m = 0; m < 10; ++m) {
      if (!block.IsPresent(k, MarkerId(m))) {
        ++missing;
        continue;
      }
      const Eigen::Vector3d truth = RunningMarker(m, static_cast<double>(k) / 200.0);
      // 0.3 px at 4 m is 0.9 mm across one ray; five views and more: ten times their sigma.
      EXPECT_LT((block.Position(k, MarkerId(m)) - truth).norm(), 5e-3) << k << " " << m;
    }
  }
  EXPECT_LT(missing, 10U);
}

// A still marker seen by all cameras; camera c may see extra sightings of the same label.
ObservationBlock OneMarker(const CameraRig& rig, const Eigen::Vector3d& point) {
  SceneOptions options;
  options.frames = 1;
  options.markers = 1;
  return Film(
      rig, [&](std::size_t, double) { return point; }, options);
}

void AddSighting(ObservationBlock* block, std::size_t camera, const Eigen::Vector2f& xy) {
  CameraObservations& seen = block->cameras[camera];
  seen.xy.insert(seen.xy.begin(), xy);  // first, so that order does not decide
  seen.sigma.insert(seen.sigma.begin(), 0.3F);
  seen.label.insert(seen.label.begin(), 0);
  seen.frame_start.back() += 1;
}

TEST(Reconstruct, ChoosesAmongDuplicatesTheOneThatFitsTheOtherCameras) {
  const CameraRig rig = RingOfCameras(4);
  const Eigen::Vector3d truth(0.1, 0.2, 1.0);
  ObservationBlock seen = OneMarker(rig, truth);
  const Result alone = RunWhole(rig, seen, 1, 1, 1);
  AddSighting(&seen, 2, {300.0F, 400.0F});
  const Result result = RunWhole(rig, seen, 1, 1, 1);
  EXPECT_EQ(result.bytes[0], 4);
  // Same sightings in another order: the sums round differently.
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(result.values[i], alone.values[i], 1e-6);
  EXPECT_EQ(result.statistics.cameras[2].duplicate, 1U);
  EXPECT_EQ(result.statistics.cameras[2].used, 1U);
}

TEST(Reconstruct, RefusesDuplicatesThatNothingDecides) {
  const CameraRig rig = RingOfCameras(2);
  ObservationBlock seen = OneMarker(rig, {0.1, 0.2, 1.0});
  AddSighting(&seen, 1, {300.0F, 400.0F});
  const Result result = RunWhole(rig, seen, 1, 1, 1);
  EXPECT_EQ(result.bytes[0], 0);
  EXPECT_EQ(result.statistics.cameras[1].duplicate, 2U);
  EXPECT_EQ(result.statistics.cameras[0].unmatched, 1U);

  const CameraRig three = RingOfCameras(3);
  seen = OneMarker(three, {0.1, 0.2, 1.0});
  seen.cameras[2].xy[0] = {100.0F, 100.0F};
  AddSighting(&seen, 2, {300.0F, 400.0F});
  const Result neither_fits = RunWhole(three, seen, 1, 1, 1);
  EXPECT_EQ(neither_fits.bytes[0], 2);
  EXPECT_EQ(neither_fits.statistics.cameras[2].duplicate, 2U);
}

TEST(Reconstruct, NamesCameraFrameAndLabelWhereALabelHasNoMarker) {
  const CameraRig rig = RingOfCameras(3);
  SceneOptions options;
  options.markers = 2;
  ObservationBlock seen = Film(rig, RunningMarker, options);
  const auto message = [&]() -> std::string {
    try {
      RunWhole(rig, seen, 2, 2, 64);
    } catch (const InputError& error) {
      return error.what();
    }
    return "nothing thrown";
  };
  seen.cameras[1].label[seen.cameras[1].frame_start[70]] = 2;
  EXPECT_THAT(message(),
              testing::AllOf(testing::HasSubstr("camera cam1, frame 70"),
                             testing::HasSubstr("label 2"), testing::HasSubstr("names 2 markers")));
  seen.cameras[1].label[seen.cameras[1].frame_start[70]] = -7;
  EXPECT_THAT(message(), testing::HasSubstr("label -7"));
}

TEST(Reconstruct, SightingsWithoutAnyLabelGiveNothingButAreCounted) {
  const CameraRig rig = RingOfCameras(3);
  ObservationBlock seen = Film(rig, RunningMarker, {});
  std::size_t rows = 0;
  for (CameraObservations& camera : seen.cameras) {
    camera.label.clear();
    camera.sigma.clear();
    rows += camera.row_count();
  }
  const Result result = RunWhole(rig, seen, 5, 1, 64);
  EXPECT_EQ(result.statistics.computed_count(), 0U);
  EXPECT_EQ(result.statistics.Total().labelled, 0U);
  EXPECT_EQ(result.statistics.Total().unlabelled, rows);
}

TEST(Reconstruct, StopsWhereItIsCancelled) {
  const CameraRig rig = RingOfCameras(3);
  const ObservationBlock seen = Film(rig, RunningMarker, {});
  CancellationToken token;
  token.Cancel();
  Reconstructor reconstructor(rig, TimeBase::Uniform(200.0, 100), 5, {});
  EXPECT_THROW(static_cast<void>(reconstructor.Push(seen, Parallelism(2), {{}, &token})),
               Cancelled);
}

}  // namespace
}  // namespace medius::reconstruct
