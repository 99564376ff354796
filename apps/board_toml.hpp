#pragma once

#include <filesystem>
#include <vector>

#include "capture/board.hpp"

namespace medius::apps {

/// Reads the boards of a TOML file: one at the top of the file, or several as [[boards]].
///
///     kind = "charuco"           # chessboard, charuco, apriltag_grid, asymmetric_circles
///     name = "large board"       # of the file, where absent
///     columns = 7                # squares, tags, circles in a row
///     rows = 5                   # a chessboard also takes inner_columns and inner_rows
///     square_mm = 40             # tag_mm, spacing_mm for the other kinds; also _cm and _m
///     marker_ratio = 0.75        # or marker_mm; apriltag_grid: gap_ratio or gap_mm
///     dictionary = "DICT_4X4_50" # apriltag_grid: DICT_APRILTAG_36h11 where absent
///     first_marker_id = 0
///     border_bits = 1            # apriltag_grid: 2 where absent, as Kalibr prints
///     inverted = false           # white print on black
///     legacy_layout = false      # ChArUco of OpenCV before 4.6, where rows are even
///     rows_upward = true         # apriltag_grid: numbers grow from the bottom row
///     circle_diameter_mm = 28    # asymmetric_circles; spacing is from row to row
///     [back]                     # a second printed side
///     first_marker_id = 17
///     thickness_mm = 5
///
/// caliscope's charuco.toml is known by its keys and read too.
/// @throws InputError that names the file, the line and the key.
[[nodiscard]] std::vector<capture::Board> ReadBoards(const std::filesystem::path& path);

}  // namespace medius::apps
