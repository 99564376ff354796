#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/observations.hpp"
#include "core/trajectories.hpp"
#include "reconstruct/statistics.hpp"
#include "reconstruct/triangulation.hpp"

namespace medius::reconstruct {

/// The labelled sightings of one frame, marker by marker and in each in the order of the cameras.
struct FrameSightings {
  std::vector<Sighting> sightings;
  std::vector<std::uint32_t> marker_start;  ///< [M + 1]
  std::vector<std::uint64_t> unlabelled;    ///< [C] sightings left out

  [[nodiscard]] std::span<const Sighting> Of(MarkerId marker) const {
    const std::size_t begin = marker_start[marker.index()];
    return {sightings.data() + begin, marker_start[marker.index() + 1] - begin};
  }
};

/// Sorts what the cameras saw in one frame of a block by label.
/// @param frame  counted from the block's first.
/// @param time   seconds, of that frame.
/// @throws InputError that names camera, frame and label where a label is not that of a marker.
void GroupByMarker(const CameraRig& rig, const ObservationBlock& block, std::size_t frame,
                   double time, std::size_t marker_count, FrameSightings* grouped);

/// Triangulates the markers of one frame. Where a camera has several sightings of one label, the
/// one that fits the point of the other cameras is used, where that takes at least two others and
/// it fits; else none of them is.
/// @param motions     one a marker, or empty where every sighting was exposed at the frame's time.
/// @param samples     [M] out.
/// @param statistics  of this frame, out; made for M markers and C cameras.
void TriangulateFrame(const Triangulator& triangulator, const FrameSightings& sightings,
                      std::span<const PointMotion> motions, std::span<MarkerSample> samples,
                      ReconstructStatistics* statistics);

}  // namespace medius::reconstruct
