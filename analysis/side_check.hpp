#pragma once

#include "analysis/segment_frames.hpp"

namespace medius::analysis {

/// A standing trial as the check of its sides wants it.
struct StandingView {
  const MarkerSet& set;
  const Recording& recording;
  const Snapshot& snapshot;
  const SegmentFrames& segment_frames;
  const BodyFrames& frames;
};

/// Refuses a marker set whose left and right, or lateral and medial, are swapped, by where the
/// markers stand on the runner: a landmark or cluster of one side beyond its counterpart of the
/// other, seen from the pelvis; a lateral marker nearer to the middle than its medial one.
///
/// What the set or the trial does not have is not judged.
/// @throws InputError that names the roles or the cluster.
void RequireSides(const StandingView& standing);

}  // namespace medius::analysis
