#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/check.hpp"
#include "storage/csv_export.hpp"
#include "storage/millimetres.hpp"

namespace medius::storage {

/// The column of a side.
[[nodiscard]] inline TableColumn SideColumn() {
  return {"side", "", "left or right"};
}

/// Rows of a table on their way to a sink, some hundred kilobytes at a time. Of the long shape each
/// row becomes one for each of its cells behind the first `keys`: the keys, then variable, unit and
/// value.
class CsvRows {
 public:
  CsvRows(const TextSink& sink, CsvShape shape, std::size_t keys)
      : sink_(sink), is_long_(shape == CsvShape::kLong), keys_(keys) {}

  void Header(const std::vector<TableColumn>& columns) {
    columns_ = columns;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!is_long_ || i < keys_) Append(CsvCell(columns[i].name));
    }
    if (is_long_) {
      for (const char* name : {"variable", "unit", "value"}) Append(name);
    }
    EndLine();
  }
  void Text(std::string_view text) { Put(CsvCell(text)); }
  template <typename Real>
  void Number(Real value) {
    if (is_long_) return Put(std::isnan(value) ? std::string() : fmt::format("{}", value));
    Separate();
    if (!std::isnan(value)) fmt::format_to(std::back_inserter(buffer_), "{}", value);
  }
  /// In a wide table only.
  void Millimetres(float metres) {
    Separate();
    if (!std::isnan(metres)) AppendMillimetres(buffer_, metres);
  }
  void Count(std::size_t value) { Put(fmt::format("{}", value)); }
  void EndRow() {
    if (!is_long_) return EndLine();
    MEDIUS_CHECK(cells_.size() == columns_.size(), "a cell for each column");
    for (std::size_t i = keys_; i < cells_.size(); ++i) {
      for (std::size_t key = 0; key < keys_; ++key) Append(cells_[key]);
      Append(CsvCell(columns_[i].name));
      Append(CsvCell(columns_[i].unit));
      Append(cells_[i]);
      EndLine();
    }
    cells_.clear();
  }
  void Flush() {
    if (buffer_.size() > 0) sink_({buffer_.data(), buffer_.size()});
    buffer_.clear();
  }

 private:
  static constexpr std::size_t kSinkBytes = std::size_t{1} << 18U;

  void Put(std::string cell) {
    if (is_long_) {
      cells_.push_back(std::move(cell));
    } else {
      Append(cell);
    }
  }
  void Separate() {
    if (!std::exchange(at_start_, false)) buffer_.push_back(',');
  }
  void Append(std::string_view cell) {
    Separate();
    buffer_.append(cell.data(), cell.data() + cell.size());
  }
  void EndLine() {
    buffer_.push_back('\n');
    at_start_ = true;
    if (buffer_.size() >= kSinkBytes) Flush();
  }

  const TextSink& sink_;
  bool is_long_;
  std::size_t keys_;
  std::vector<TableColumn> columns_;
  std::vector<std::string> cells_;
  fmt::memory_buffer buffer_;
  bool at_start_ = true;
};

}  // namespace medius::storage
