#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/time_base.hpp"
#include "core/trajectories.hpp"
#include "storage/input_file.hpp"
#include "storage/trajectory_import.hpp"

namespace medius::storage {

/// True where the text at the start of a file is that of a TRC file.
[[nodiscard]] bool LooksLikeTrc(std::string_view head);

/// Opens a TRC file (Motion Analysis; OpenSim), liberally: tabs or blanks, either line end, seven
/// or eight header keys, with or without the empty line, missing markers as empty cells, NaN or
/// three zeros, any numbering of the coordinates.
/// @throws InputError that names the line which is wrong.
[[nodiscard]] std::unique_ptr<TrajectorySource> OpenTrc(InputFile file,
                                                        const ImportOptions& options);

/// How a TRC file is written.
struct TrcOptions {
  bool in_metres = false;  ///< Units m; otherwise mm, which most programs expect
  /// OpenSim's axes (X forward, Y up, Z right) instead of the lab's (X forward, Y left, Z up).
  bool y_up = false;
};

/// Where text goes, piece by piece: a file, standard output.
using TextSink = std::function<void(std::string_view)>;

/// Writes a TRC file strictly as OpenSim reads it: eight keys, tabs, NaN where missing.
class TrcWriter {
 public:
  /// @param name  of the file, for its first line.
  TrcWriter(TextSink sink, std::string_view name, const TimeBase& time_base,
            const std::vector<std::string>& labels, TrcOptions options);

  /// The next frames; blocks in the order of time.
  void Append(const TrajectoryBlock& block);

 private:
  TextSink sink_;
  const TimeBase& time_base_;
  TrcOptions options_;
  std::size_t next_frame_ = 0;
};

}  // namespace medius::storage
