#pragma once

#include <string>
#include <vector>

namespace medius {

/// The force on one plate or belt.
struct ForcePlate {
  std::string name;
  std::vector<double> vertical;  ///< newtons, > 0 where the runner pushes down
};

/// Ground reaction forces of a trial.
struct ForceRecording {
  std::string where;  ///< file name, for messages
  double rate_hz = 0.0;
  /// Time of the first sample on the clock of the trial, seconds.
  double start = 0.0;
  /// The file counts samples and says no time: start is then that of the trial.
  bool start_unknown = false;
  std::vector<ForcePlate> plates;  ///< all of one length
};

}  // namespace medius
