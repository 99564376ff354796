#include "storage/position_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/marker_labels.hpp"

namespace medius::storage {
namespace {

constexpr std::size_t kRowsPerRead = 128;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

bool IsBlankLine(std::string_view text) {
  return Trimmed(text).empty();
}

// "nan", "-nan(ind)", "1.#QNAN" and the like: how programs print a number that is none.
bool IsNaNWord(std::string_view cell) {
  if (cell.starts_with('-') || cell.starts_with('+')) cell.remove_prefix(1);
  for (const std::string_view word :
       {"nan", "na", "n/a", "null", "none", "nan(ind)", "1.#qnan", "1.#ind", "inf", "infinity"}) {
    if (EqualsIgnoringCase(cell, word)) return true;
  }
  return false;
}

// The number of a cell, NaN where it holds none, nullopt where it holds something else.
std::optional<double> NumberOf(std::string_view cell) {
  double value = 0.0;
  std::string_view digits = cell;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc() && end == digits.data() + digits.size() && std::isfinite(value)) {
    return value;
  }
  if (cell.empty() || IsNaNWord(cell)) return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

void BlankIncompleteMarkers(float* position, std::size_t marker_count) {
  for (std::size_t m = 0; m < marker_count; ++m, position += 3) {
    const bool zero = position[0] == 0.0F && position[1] == 0.0F && position[2] == 0.0F;
    const bool complete = std::isfinite(position[0] + position[1] + position[2]);
    if (zero || !complete) std::fill_n(position, 3, kNaN);
  }
}

// The cell as a message shows it: short, and without control characters.
std::string Shown(std::string_view cell) {
  return CleanText(cell.substr(0, 24));
}

}  // namespace

PositionTable::PositionTable(InputFile file, TableColumns columns, std::size_t first_line,
                             std::uint64_t first_row)
    : file_(std::move(file)), columns_(std::move(columns)) {
  LineReader reader(file_);
  TextLine line;
  while (reader.Next(line)) {
    if (line.number < first_line || line.offset < first_row || IsBlankLine(line.text)) continue;
    AddRow(line);
  }
  end_ = file_.size();
}

void PositionTable::AddRow(const TextLine& line) {
  const std::size_t expected = columns_.slot_of_column.size();
  std::string_view rest = line.text;
  std::string_view cell;
  std::size_t count = 0;
  std::size_t cells_of_markers = 0;
  bool last_is_empty = false;
  while (TakeCell(rest, columns_.delimiter, cell)) {
    if (count == columns_.time_column && !time_.Add(cell)) {
      throw InputError(fmt::format("{}: line {}: the time is \"{}\"; a number is expected",
                                   file_.name(), line.number, Shown(cell)));
    }
    last_is_empty = cell.empty();
    if (count >= expected && !last_is_empty) ++cells_of_markers;
    ++count;
  }
  const bool is_too_long = count > expected && cells_of_markers > 0;
  const auto first_position = static_cast<std::size_t>(
      std::find_if(columns_.slot_of_column.begin(), columns_.slot_of_column.end(),
                   [](int slot) { return slot != TableColumns::kNoPosition; }) -
      columns_.slot_of_column.begin());
  const bool is_too_short = count < expected && !last_is_empty && count > first_position;
  const bool lacks_time = columns_.time_column && count <= *columns_.time_column;
  if (is_too_long || is_too_short || lacks_time) {
    throw InputError(
        fmt::format("{}: line {} has {} cells, {} are expected ({} markers); a missing position "
                    "needs its empty cells",
                    file_.name(), line.number, count, expected, columns_.marker_count));
  }
  row_start_.push_back(line.offset);
}

std::size_t PositionTable::LineOfRow(std::size_t row) const {
  return LineNumberAt(file_, row_start_.at(row));
}

void PositionTable::ReadPositions(FrameRange rows, Parallelism parallelism,
                                  std::span<float> position) const {
  const std::size_t values = columns_.marker_count * 3;
  MEDIUS_CHECK(rows.end() <= row_count(), "rows outside the table");
  MEDIUS_CHECK(position.size() == rows.count * values, "wrong size for the positions");
  ParallelFor(parallelism, rows.count, kRowsPerRead, [&](std::size_t begin, std::size_t end) {
    ReadRows({rows.first + begin, end - begin}, position.data() + begin * values);
  });
}

void PositionTable::ReadRows(FrameRange rows, float* position) const {
  const std::uint64_t begin = row_start_[rows.first];
  const std::uint64_t end = rows.end() < row_count() ? row_start_[rows.end()] : end_;
  std::string text(static_cast<std::size_t>(end - begin), '\0');
  file_.ReadAt(begin, text.size(), text.data());
  for (std::size_t row = rows.first; row < rows.end(); ++row) {
    std::string_view line =
        std::string_view(text).substr(static_cast<std::size_t>(row_start_[row] - begin));
    ReadRow(line.substr(0, line.find_first_of("\r\n")), row, position);
    position += columns_.marker_count * 3;
  }
}

void PositionTable::ReadRow(std::string_view text, std::size_t row, float* position) const {
  std::fill_n(position, columns_.marker_count * 3, kNaN);
  std::string_view rest = text;
  std::string_view cell;
  for (std::size_t column = 0; column < columns_.slot_of_column.size(); ++column) {
    if (!TakeCell(rest, columns_.delimiter, cell)) break;
    const int slot = columns_.slot_of_column[column];
    if (slot == TableColumns::kNoPosition) continue;
    const std::optional<double> number = NumberOf(cell);
    if (!number) {
      throw InputError(
          fmt::format("{}: line {}, column {}: \"{}\" is no number (with a decimal point)",
                      file_.name(), LineOfRow(row), column + 1, Shown(cell)));
    }
    position[slot] = static_cast<float>(*number * columns_.metres_per_unit);
  }
  BlankIncompleteMarkers(position, columns_.marker_count);
}

}  // namespace medius::storage
