#include "reconstruct/labelled.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "reconstruct/frame_sightings.hpp"

namespace medius::reconstruct {
namespace {

[[noreturn]] void ThrowBadLabel(const std::string& camera, std::size_t frame, int label,
                                std::size_t marker_count) {
  throw InputError(fmt::format(
      "camera {}, frame {}: a sighting has label {}, but the trial names {} markers (labels 0 to "
      "{}, or -1 for none): label the sightings anew",
      camera, frame, label, marker_count, static_cast<std::int64_t>(marker_count) - 1));
}

// A marker's sightings, one a camera; those of cameras that have several apart.
struct SplitSightings {
  std::array<Sighting, kMaxViews> single;
  std::size_t single_count = 0;
  std::vector<std::span<const Sighting>> several;
};

void Split(std::span<const Sighting> sightings, SplitSightings* split) {
  std::size_t begin = 0;
  while (begin < sightings.size()) {
    std::size_t end = begin + 1;
    while (end < sightings.size() && sightings[end].camera == sightings[begin].camera) ++end;
    if (end - begin == 1) {
      split->single[split->single_count++] = sightings[begin];
    } else {
      split->several.push_back(sightings.subspan(begin, end - begin));
    }
    begin = end;
  }
}

// Of one camera's several sightings the one nearest to where the point should be seen; nullptr
// where none is near.
const Sighting* Nearest(const Triangulator& triangulator, const MarkerSample& point,
                        std::span<const Sighting> several, const PointMotion& motion) {
  const double reject_sigma = triangulator.options().reject_sigma;
  double smallest = reject_sigma * reject_sigma;
  const Sighting* nearest = nullptr;
  for (const Sighting& sighting : several) {
    const double squared = triangulator.SquaredDistance(point, sighting, motion);
    if (squared <= smallest) {
      smallest = squared;
      nearest = &sighting;
    }
  }
  return nearest;
}

// Adds to the single sightings one of each group of several, where one fits.
void ChooseOfSeveral(const Triangulator& triangulator, const PointMotion& motion,
                     SplitSightings* split, ReconstructStatistics* statistics) {
  const TriangulatedPoint point =
      triangulator.Triangulate({split->single.data(), split->single_count}, motion);
  for (const std::span<const Sighting>& several : split->several) {
    CameraStatistics& camera = statistics->cameras[several[0].camera.index()];
    camera.duplicate += several.size();
    if (point.status != PointStatus::kComputed) continue;
    if (const Sighting* chosen = Nearest(triangulator, point.sample, several, motion)) {
      split->single[split->single_count++] = *chosen;
      --camera.duplicate;
    }
  }
}

void Count(std::span<const Sighting> sightings, const TriangulatedPoint& point,
           ReconstructStatistics* statistics) {
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    CameraStatistics& camera = statistics->cameras[sightings[i].camera.index()];
    if ((point.unusable >> i & 1U) != 0) {
      ++camera.unusable;
    } else if ((point.used >> i & 1U) != 0) {
      ++camera.used;
      const double distance = point.distance_px[i];
      camera.squared_distance += distance * distance;
    } else if ((point.rejected >> i & 1U) != 0) {
      ++camera.rejected;
    } else {
      ++camera.unmatched;
    }
  }
}

MarkerSample TriangulateMarker(const Triangulator& triangulator,
                               std::span<const Sighting> sightings, const PointMotion& motion,
                               PointStatus* status, ReconstructStatistics* statistics) {
  bool one_a_camera = true;
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    ++statistics->cameras[sightings[i].camera.index()].labelled;
    if (i > 0 && sightings[i].camera == sightings[i - 1].camera) one_a_camera = false;
  }
  SplitSightings split;
  if (!one_a_camera) {
    Split(sightings, &split);
    ChooseOfSeveral(triangulator, motion, &split, statistics);
    sightings = {split.single.data(), split.single_count};
  }
  const TriangulatedPoint point = triangulator.Triangulate(sightings, motion);
  Count(sightings, point, statistics);
  if (point.status == PointStatus::kComputed) {
    statistics->chi2 += point.chi2;
    statistics->degrees_of_freedom += static_cast<std::uint64_t>(2 * point.sample.rays - 3);
  }
  *status = point.status;
  return point.sample;
}

}  // namespace

void GroupByMarker(const CameraRig& rig, const ObservationBlock& block, std::size_t frame,
                   double time, std::size_t marker_count, FrameSightings* grouped) {
  grouped->marker_start.assign(marker_count + 1, 0);
  grouped->unlabelled.assign(block.cameras.size(), 0);
  // Counts first, at the place of the next marker; then each sighting goes to its place.
  const auto for_each_labelled = [&](const auto& body) {
    for (std::size_t c = 0; c < block.cameras.size(); ++c) {
      const CameraObservations& seen = block.cameras[c];
      for (std::uint64_t row = seen.frame_start[frame]; row < seen.frame_start[frame + 1]; ++row) {
        const int label = seen.label.empty() ? kUnlabelled : seen.label[row];
        body(c, row, label);
      }
    }
  };
  for_each_labelled([&](std::size_t c, std::uint64_t, int label) {
    if (label == kUnlabelled) {
      ++grouped->unlabelled[c];
    } else if (label < 0 || static_cast<std::size_t>(label) >= marker_count) {
      ThrowBadLabel(rig.cameras[c].name, block.frames.first + frame, label, marker_count);
    } else {
      ++grouped->marker_start[static_cast<std::size_t>(label) + 1];
    }
  });
  std::vector<std::uint32_t>& start = grouped->marker_start;
  for (std::size_t m = 0; m < marker_count; ++m) start[m + 1] += start[m];
  grouped->sightings.resize(start[marker_count]);
  for_each_labelled([&](std::size_t c, std::uint64_t row, int label) {
    if (label == kUnlabelled) return;
    const CameraObservations& seen = block.cameras[c];
    Sighting& sighting = grouped->sightings[start[static_cast<std::size_t>(label)]++];
    sighting.camera = CameraId(c);
    sighting.xy = seen.xy[row].cast<double>();
    sighting.delay = ExposureDelay(rig.cameras[c], seen, frame, time, sighting.xy.y());
    sighting.sigma_px =
        seen.sigma.empty() ? std::numeric_limits<double>::quiet_NaN() : seen.sigma[row];
  });
  // Filling moved each start to the next one's place.
  for (std::size_t m = marker_count; m > 0; --m) start[m] = start[m - 1];
  start[0] = 0;
}

void TriangulateFrame(const Triangulator& triangulator, const FrameSightings& sightings,
                      std::span<const PointMotion> motions, std::span<MarkerSample> samples,
                      ReconstructStatistics* statistics) {
  MEDIUS_CHECK(sightings.marker_start.size() == samples.size() + 1, "one sample a marker");
  statistics->frames = 1;
  for (std::size_t c = 0; c < sightings.unlabelled.size(); ++c) {
    statistics->cameras[c].unlabelled = sightings.unlabelled[c];
  }
  const PointMotion still;
  for (std::size_t m = 0; m < samples.size(); ++m) {
    PointStatus status = PointStatus::kTooFewRays;
    samples[m] = TriangulateMarker(triangulator, sightings.Of(MarkerId(m)),
                                   motions.empty() ? still : motions[m], &status, statistics);
    ++statistics->points[static_cast<std::size_t>(status)];
    if (status == PointStatus::kComputed) ++statistics->computed[m];
  }
}

}  // namespace medius::reconstruct
