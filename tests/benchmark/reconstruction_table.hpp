#pragma once

#include <string>
#include <vector>

#include "tests/benchmark/reconstruction_trials.hpp"

namespace medius::testing {

/// A cell under its heading: "lost 5 %".
struct Column {
  std::string heading;
  CellScore cell;
};

/// Points, names and accuracy beside the goals and what was found elsewhere.
/// @param wrong_rig  the goals are those of a calibration error of 0.3 px.
[[nodiscard]] std::string PointTable(const std::vector<Column>& columns, bool wrong_rig);
/// Filling by length of the gap, one marker and three of a segment.
[[nodiscard]] std::string GapTable(const CellScore& one_marker, const CellScore& three_markers);
/// Angles and strides of the whole path.
[[nodiscard]] std::string AngleTable(const std::vector<Column>& columns);
/// What failed, one line each; empty where nothing did.
[[nodiscard]] std::string Failures(const std::vector<Column>& columns);

}  // namespace medius::testing
