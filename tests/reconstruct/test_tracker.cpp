#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "reconstruct/named_sightings.hpp"
#include "reconstruct/track_filter.hpp"
#include "reconstruct/tracker.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kRate = 200.0;
constexpr std::size_t kMarkers = 12;

SceneOptions Scene(std::size_t frames) {
  SceneOptions options;
  options.frames = frames;
  options.markers = kMarkers;
  options.rate_hz = kRate;
  options.noise_px = 0.2;
  return options;
}

struct Tracked {
  TrackedBlock block;
  std::vector<Fragment> fragments;
};

Tracked Track(const CameraRig& rig, const ObservationBlock& seen, std::size_t frames_per_block) {
  Tracker tracker(rig, TimeBase::Uniform(kRate, seen.frames.count), {});
  Tracked tracked;
  tracked.block.frames = seen.frames;
  tracked.block.track.resize(rig.cameras.size());
  const auto add = [&](const TrackedBlock& part) {
    for (std::size_t c = 0; c < part.track.size(); ++c) {
      std::vector<std::int32_t>& all = tracked.block.track[c];
      all.insert(all.end(), part.track[c].begin(), part.track[c].end());
    }
  };
  for (const FrameRange& frames : SplitFrames(seen.frames.count, frames_per_block)) {
    add(tracker.Push(Cut(seen, frames)));
  }
  add(tracker.Finish());
  tracked.fragments = tracker.TakeFragments();
  return tracked;
}

// Calls body(camera, frame, row, true label, track).
template <typename Body>
void ForEachRow(const ObservationBlock& seen, const Tracked& tracked, const Body& body) {
  for (std::size_t c = 0; c < seen.cameras.size(); ++c) {
    const CameraObservations& camera = seen.cameras[c];
    for (std::size_t k = 0; k < seen.frames.count; ++k) {
      for (std::uint64_t row = camera.frame_start[k]; row < camera.frame_start[k + 1]; ++row) {
        body(c, k, row, camera.label[row], tracked.block.track[c][row]);
      }
    }
  }
}

// The true labels that the rows of each track bear.
std::map<std::int32_t, std::set<int>> LabelsOfTracks(const ObservationBlock& seen,
                                                     const Tracked& tracked) {
  std::map<std::int32_t, std::set<int>> labels;
  ForEachRow(seen, tracked, [&](std::size_t, std::size_t, std::uint64_t, int label, int track) {
    if (track != kFree) labels[track].insert(label);
  });
  return labels;
}

// Removes the rows that `gone(camera, frame, label)` says.
template <typename Gone>
ObservationBlock Without(const ObservationBlock& seen, const Gone& gone) {
  ObservationBlock left{seen.frames, {}};
  for (std::size_t c = 0; c < seen.cameras.size(); ++c) {
    const CameraObservations& from = seen.cameras[c];
    CameraObservations& to = left.cameras.emplace_back();
    for (std::size_t k = 0; k < seen.frames.count; ++k) {
      for (std::uint64_t row = from.frame_start[k]; row < from.frame_start[k + 1]; ++row) {
        if (gone(c, k, from.label[row])) continue;
        to.xy.push_back(from.xy[row]);
        to.sigma.push_back(from.sigma[row]);
        to.label.push_back(from.label[row]);
      }
      to.frame_start.push_back(to.xy.size());
    }
  }
  return left;
}

TEST(Tracker, FollowsEveryMarkerFromTheFirstFrameToTheLast) {
  const CameraRig rig = RingOfCameras(8);
  const ObservationBlock seen = Film(rig, RunningMarker, Scene(300));
  const Tracked tracked = Track(rig, seen, 300);
  ASSERT_EQ(tracked.fragments.size(), kMarkers);
  for (const auto& [track, labels] : LabelsOfTracks(seen, tracked)) {
    EXPECT_EQ(labels.size(), 1U) << "track " << track;
  }
  for (const Fragment& fragment : tracked.fragments) {
    EXPECT_EQ(fragment.first_frame, 0U);
    EXPECT_EQ(fragment.end_frame(), 300U);
  }
}

TEST(Tracker, PlacesFragmentsWhereTheMarkersAre) {
  const CameraRig rig = RingOfCameras(8);
  const ObservationBlock seen = Film(rig, RunningMarker, Scene(200));
  const Tracked tracked = Track(rig, seen, 200);
  const auto labels = LabelsOfTracks(seen, tracked);
  double squared = 0.0;
  std::size_t count = 0;
  for (const auto& [track, label] : labels) {
    const Fragment& fragment = tracked.fragments[static_cast<std::size_t>(track)];
    for (std::size_t k = 0; k < fragment.position.size(); ++k) {
      if (!fragment.IsSeen(fragment.first_frame + k)) continue;
      const double time = static_cast<double>(fragment.first_frame + k) / kRate;
      const Eigen::Vector3d truth = RunningMarker(static_cast<std::size_t>(*label.begin()), time);
      squared += (fragment.position[k].cast<double>() - truth).squaredNorm();
      ++count;
    }
  }
  // 0.2 px at 1350 px and some 4 m is 0.6 mm a ray; eight of them determine a point to 0.4 mm rms.
  EXPECT_LT(std::sqrt(squared / static_cast<double>(count)), 0.6e-3);
}

TEST(Tracker, DoesNotDependOnHowFramesAreCut) {
  const CameraRig rig = RingOfCameras(6);
  SceneOptions options = Scene(240);
  options.hidden_share = 0.3;
  const ObservationBlock seen = Film(rig, RunningMarker, options);
  const Tracked whole = Track(rig, seen, 240);
  for (const std::size_t frames : {1U, 7U, 100U}) {
    const Tracked cut = Track(rig, seen, frames);
    EXPECT_EQ(cut.block.track, whole.block.track) << frames << " frames a block";
    ASSERT_EQ(cut.fragments.size(), whole.fragments.size());
  }
}

TEST(Tracker, NeedsThreeRaysToStartAndTwoToGoOn) {
  const CameraRig rig = RingOfCameras(6);
  const ObservationBlock all = Film(rig, RunningMarker, Scene(200));
  // Marker 0 is never seen by more than two cameras; marker 1 is from frame 100 on.
  const ObservationBlock seen = Without(all, [](std::size_t c, std::size_t k, int label) {
    return c > 1 && (label == 0 || (label == 1 && k >= 100));
  });
  const Tracked tracked = Track(rig, seen, 200);
  std::set<std::int32_t> of_one;
  std::size_t two_rays = 0;
  ForEachRow(seen, tracked, [&](std::size_t, std::size_t k, std::uint64_t, int label, int track) {
    if (label == 0) {
      EXPECT_EQ(track, kFree);
    }
    if (label != 1 || track == kFree) return;
    of_one.insert(track);
    if (k >= 100) ++two_rays;
  });
  EXPECT_EQ(of_one.size(), 1U);
  EXPECT_EQ(two_rays, 200U);
}

TEST(Tracker, EndsATrackThatIsHiddenAndStartsAnother) {
  const CameraRig rig = RingOfCameras(8);
  const ObservationBlock all = Film(rig, RunningMarker, Scene(300));
  const ObservationBlock seen = Without(
      all, [](std::size_t, std::size_t k, int label) { return label == 3 && k >= 100 && k < 200; });
  const Tracked tracked = Track(rig, seen, 300);
  EXPECT_EQ(tracked.fragments.size(), kMarkers + 1);
  for (const Fragment& fragment : tracked.fragments) {
    EXPECT_TRUE(fragment.IsSeen(fragment.first_frame));
    EXPECT_TRUE(fragment.IsSeen(fragment.end_frame() - 1));
  }
}

// 1 sd of where a marker that stood still is, metres, after so many frames unseen.
double SigmaUnseen(int frames) {
  constexpr double kMeasured = 0.5e-3;  // 0.36 px, with the rig's, of eight cameras at 4.2 m
  TrackFilter filter(Eigen::Vector3d::Zero(), Eigen::Vector3d::Zero(), kMeasured * kMeasured, 0.01,
                     MotionOptions());
  for (int k = 0; k < 60; ++k) {
    filter.Predict(1.0 / kRate);
    filter.Update(Eigen::Vector3d::Zero(), kMeasured * kMeasured);
  }
  for (int k = 0; k < frames; ++k) filter.Predict(1.0 / kRate);
  return std::sqrt(filter.position_variance() + kMeasured * kMeasured);
}

// Along a line, in sigmas: A is expected at 0 and seen at 1; B, expected at 2.7, is hidden; C is
// expected at 8.1 and seen at 5.9. B would have A's sighting (1.7 away) before it looks at C's (3.2
// away), which is C's by right (2.2 away).
TEST(Tracker, LetsATrackThatLookedAgainWaitForItsTurn) {
  constexpr std::size_t kLast = 68;
  const double sigma = SigmaUnseen(9);
  const auto motion = [&](std::size_t m, double time) -> Eigen::Vector3d {
    const std::array<double, 3> expected = {0.0, 2.7, 8.1};
    const std::array<double, 3> seen = {1.0, 2.7, 5.9};
    const bool moved = time * kRate > static_cast<double>(kLast) - 0.5;
    return {sigma * (moved ? seen : expected)[m], 0.0, 1.0};
  };
  const CameraRig rig = RingOfCameras(8);
  SceneOptions options = Scene(kLast + 1);
  options.markers = 3;
  options.noise_px = 0.01;
  ObservationBlock all = Film(rig, motion, options);
  for (CameraObservations& camera : all.cameras) {
    std::fill(camera.sigma.begin(), camera.sigma.end(), 0.2F);
  }
  const ObservationBlock seen = Without(all, [](std::size_t, std::size_t k, int label) {
    return (k >= 60 && k < kLast) || (k == kLast && label == 1);
  });
  const Tracked tracked = Track(rig, seen, kLast + 1);
  std::map<int, std::set<std::int32_t>> tracks;
  ForEachRow(seen, tracked, [&](std::size_t, std::size_t, std::uint64_t, int label, int track) {
    tracks[label].insert(track);
  });
  EXPECT_EQ(tracks[0].size(), 1U);
  EXPECT_EQ(tracks[2].size(), 1U);
  EXPECT_NE(tracks[2], tracks[1]);
  for (const Fragment& fragment : tracked.fragments) {
    EXPECT_EQ(fragment.first_frame, 0U);
  }
}

TEST(Tracker, TakesNoReflectionForAMarker) {
  const CameraRig rig = RingOfCameras(8);
  ObservationBlock seen = Film(rig, RunningMarker, Scene(100));
  std::mt19937_64 random(4);
  std::uniform_real_distribution<float> across(0.0F, 1919.0F);
  std::uniform_real_distribution<float> down(0.0F, 1079.0F);
  ObservationBlock dirty{seen.frames, {}};
  constexpr int kReflections = 60;
  for (const CameraObservations& from : seen.cameras) {
    CameraObservations& to = dirty.cameras.emplace_back();
    for (std::size_t k = 0; k < seen.frames.count; ++k) {
      for (std::uint64_t row = from.frame_start[k]; row < from.frame_start[k + 1]; ++row) {
        to.xy.push_back(from.xy[row]);
        to.sigma.push_back(from.sigma[row]);
        to.label.push_back(from.label[row]);
      }
      for (int i = 0; i < kReflections; ++i) {
        to.xy.emplace_back(across(random), down(random));
        to.sigma.push_back(0.2F);
        to.label.push_back(kUnlabelled);
      }
      to.frame_start.push_back(to.xy.size());
    }
  }
  const Tracked tracked = Track(rig, dirty, 100);
  std::size_t true_rows = 0;
  std::size_t found = 0;
  ForEachRow(dirty, tracked, [&](std::size_t, std::size_t, std::uint64_t, int label, int track) {
    if (label == kUnlabelled) return;
    ++true_rows;
    if (track != kFree) ++found;
  });
  EXPECT_GT(static_cast<double>(found), 0.999 * static_cast<double>(true_rows));
  // Ghosts last three frames; markers the whole run.
  std::size_t lasting = 0;
  for (const Fragment& fragment : tracked.fragments) {
    if (fragment.position.size() > 10) ++lasting;
  }
  EXPECT_EQ(lasting, kMarkers);
}

TEST(Tracker, UsesSightingsAtTheirOwnTimes) {
  CameraRig rig = RingOfCameras(8);
  for (std::size_t c = 0; c < 8; ++c) {
    rig.cameras[c].time_offset = 4e-3 * (static_cast<double>(c) / 7.0 - 0.5);
    rig.cameras[c].line_time = 1e-6;
  }
  const ObservationBlock seen = Film(rig, RunningMarker, Scene(200));
  const Tracked tracked = Track(rig, seen, 200);
  // A start knows no velocity yet: a marker that swings at 7 m/s may start twice.
  EXPECT_LE(tracked.fragments.size(), kMarkers + 3);
  std::size_t rows = 0;
  std::size_t used = 0;
  ForEachRow(seen, tracked, [&](std::size_t, std::size_t, std::uint64_t, int, int track) {
    ++rows;
    if (track != kFree) ++used;
  });
  EXPECT_GT(static_cast<double>(used), 0.99 * static_cast<double>(rows));
}

TEST(Tracker, RefusesOptionsOutOfRange) {
  TrackerOptions options;
  options.cold_start.min_rays = 2;
  EXPECT_THROW(Tracker(RingOfCameras(3), TimeBase::Uniform(kRate, 3), options), InputError);
  options = {};
  options.fastest = -1.0;
  EXPECT_THROW(Tracker(RingOfCameras(3), TimeBase::Uniform(kRate, 3), options), InputError);
}

TEST(Tracker, MakesNothingOfNothing) {
  const CameraRig rig = RingOfCameras(4);
  ObservationBlock empty{{0, 10}, std::vector<CameraObservations>(4)};
  for (CameraObservations& camera : empty.cameras) camera.frame_start.assign(11, 0);
  EXPECT_TRUE(Track(rig, empty, 10).fragments.empty());
}

TEST(NameSightings, NamesRowsByThePieceOfTheirFrame) {
  Labelling labelling;
  labelling.pieces.push_back({0, {0, 5}, MarkerId(2), 1.0, {}});
  labelling.pieces.push_back({0, {5, 5}, MarkerId(1), 1.0, {}});
  labelling.pieces.push_back({1, {0, 10}, std::nullopt, 0.0, {}});
  const PieceIndex pieces(labelling, 2);
  EXPECT_EQ(pieces.At(0, 4), MarkerId(2));
  EXPECT_EQ(pieces.At(0, 5), MarkerId(1));
  EXPECT_EQ(pieces.At(1, 3), std::nullopt);
  EXPECT_EQ(pieces.At(0, 10), std::nullopt);

  ObservationBlock block{{4, 2}, std::vector<CameraObservations>(1)};
  block.cameras[0].frame_start = {0, 2, 3};
  block.cameras[0].xy.resize(3);
  NameSightings({{4, 2}, {{0, 1, 0}}}, pieces, &block);
  EXPECT_EQ(block.cameras[0].label, (std::vector<std::int16_t>{2, kUnlabelled, 1}));
}

TEST(NumberFragments, GivesLastingFragmentsNamesInOrder) {
  std::vector<Fragment> fragments(3);
  for (Fragment& fragment : fragments) fragment.position.resize(10, Eigen::Vector3f::Zero());
  fragments[1].position.resize(3);
  const NumberedMarkers numbered = NumberFragments(fragments, 5);
  EXPECT_EQ(numbered.labels, (std::vector<std::string>{"unnamed_001", "unnamed_002"}));
  EXPECT_EQ(numbered.labelling.pieces[2].marker, MarkerId(1));
  EXPECT_EQ(numbered.labelling.pieces[1].marker, std::nullopt);
}

}  // namespace
}  // namespace medius::reconstruct
