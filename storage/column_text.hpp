#pragma once

#include <memory>
#include <string_view>

#include "storage/input_file.hpp"
#include "storage/trajectory_import.hpp"

namespace medius::storage {

/// True where the first line of a text names columns in threes: LABELX LABELY LABELZ.
[[nodiscard]] bool LooksLikeColumnText(std::string_view head);

/// Opens a table of text with one line of column names: a time column ("Time", "time_s") and three
/// columns for each marker, its label followed by X, Y, Z (also ".x", "_y", "-Z") and perhaps a
/// unit
/// ("_mm", "(m)"). Cells stand apart by tabs, semicolons, commas or blanks. So are the text files
/// of Fukuchi et al. 2017 (PeerJ 5:e3298) and the trajectories that Medius exports as CSV.
///
/// Without a unit in the names the positions are taken as millimetres, and a warning says so where
/// no unit is given in the options.
/// @throws InputError that names the line or column which is wrong, or asks for the rate.
[[nodiscard]] std::unique_ptr<TrajectorySource> OpenColumnText(InputFile file,
                                                               const ImportOptions& options);

}  // namespace medius::storage
