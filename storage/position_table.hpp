#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/input_file.hpp"
#include "storage/text_lines.hpp"
#include "storage/time_column.hpp"
#include "storage/trajectory_import.hpp"

namespace medius::storage {

/// What the columns of a table of positions hold.
struct TableColumns {
  static constexpr int kNoPosition = -1;
  Delimiter delimiter = Delimiter::kTab;
  std::optional<std::size_t> time_column;
  /// For each column: marker * 3 + axis, or kNoPosition.
  std::vector<int> slot_of_column;
  double metres_per_unit = 0.001;
  std::size_t marker_count = 0;
};

/// The rows of a table of positions in a text file: one row a frame. Finds the rows and checks
/// their shape in one pass that keeps no position, then reads any run of them.
///
/// A marker is missing where one of its cells is empty or NaN, or all three are zero. A row whose
/// last markers are missing may leave out their delimiters, if it shows with an empty last cell
/// that it does, or if it holds no position at all; any other row of another width is an error.
class PositionTable {
 public:
  /// @param first_line, first_row  where the rows begin: number and byte of the line.
  /// @throws InputError that names the line of a row of the wrong width or without a time.
  PositionTable(InputFile file, TableColumns columns, std::size_t first_line,
                std::uint64_t first_row);

  [[nodiscard]] std::size_t row_count() const { return row_start_.size(); }
  [[nodiscard]] const TimeColumn& time() const { return time_; }
  [[nodiscard]] TimeColumn& time() { return time_; }
  [[nodiscard]] const InputFile& file() const { return file_; }
  /// Line of a row, from 1. Slow; for messages.
  [[nodiscard]] std::size_t LineOfRow(std::size_t row) const;

  /// See TrajectorySource::ReadPositions.
  void ReadPositions(FrameRange rows, Parallelism parallelism, std::span<float> position) const;

 private:
  void AddRow(const TextLine& line);
  void ReadRows(FrameRange rows, float* position) const;
  void ReadRow(std::string_view text, std::size_t row, float* position) const;

  InputFile file_;
  TableColumns columns_;
  std::vector<std::uint64_t> row_start_;  // byte of each row
  std::uint64_t end_ = 0;                 // byte behind the last row
  TimeColumn time_;
};

}  // namespace medius::storage
