#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medius::capture {

/// One row of a table of time stamps.
struct TimeStamp {
  std::string camera;                     ///< as the table names it
  double time = 0.0;                      ///< seconds
  std::optional<std::size_t> sync_index;  ///< instant, where the table has it
};

/// Reads a table with a header: cam_id, camera or port; frame_time or time (seconds); optionally
/// sync_index. Rows without a time (an image that was dropped) are skipped.
/// @param where  the file, for the message.
/// @throws InputError that names the line and the column.
[[nodiscard]] std::vector<TimeStamp> ParseTimeStamps(std::string_view text, std::string_view where);

}  // namespace medius::capture
