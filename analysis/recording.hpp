#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/time_base.hpp"
#include "core/trajectories.hpp"

namespace medius::analysis {

/// Gives the positions of the frames asked for, all markers. Called from one thread at a time.
using TrajectorySource = std::function<TrajectoryBlock(FrameRange)>;

/// Labelled trajectories that are read piece by piece, so that an hour is never whole in memory.
struct Recording {
  std::string where;                ///< file name, for messages
  std::vector<std::string> labels;  ///< index = MarkerId
  TimeBase time_base;
  TrajectorySource read;
};

}  // namespace medius::analysis
