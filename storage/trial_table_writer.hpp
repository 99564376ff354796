#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/check.hpp"
#include "core/kinematics.hpp"
#include "storage/hdf5_column_writer.hpp"
#include "storage/trial_schema.hpp"

namespace medius::storage {

/// Writes the columns of one table of a trial file, all of the same number of rows.
class TableWriter {
 public:
  TableWriter(hid_t group, std::size_t rows, std::string file)
      : group_(group), rows_(rows), file_(std::move(file)) {}

  template <typename Value>
  void Write(const schema::Dataset& dataset, const std::vector<Value>& values) const {
    MEDIUS_CHECK(values.size() == rows_ && sizeof(Value) == hdf5::SizeOf(dataset.type),
                 "a column of a table has its rows");
    hdf5::WriteColumn(group_, Spec(dataset), values.data(), rows_, file_);
  }

  /// A dataset of rows of `width` values each.
  template <typename Value>
  void WriteRows(const schema::Dataset& dataset, const std::vector<Value>& values,
                 std::size_t width) const {
    Write({dataset.name, dataset.unit, dataset.definition}, dataset.type, values, {width});
  }

  void WriteTexts(const schema::Dataset& dataset, const std::vector<std::string>& texts) const {
    MEDIUS_CHECK(texts.size() == rows_, "a column of a table has its rows");
    std::size_t longest = 1;
    for (const std::string& text : texts) longest = std::max(longest, text.size());
    hdf5::ColumnSpec spec = Spec(dataset);
    spec.rows_per_chunk = schema::RowsPerChunk(spec.rows_per_chunk, longest);
    hdf5::WriteTextColumn(group_, std::move(spec), texts, file_);
  }

  template <typename Value>
  void Write(const QuantityDescription& quantity, hdf5::ElementType type,
             const std::vector<Value>& values, std::vector<std::size_t> row_shape = {}) const {
    std::size_t per_row = 1;
    for (const std::size_t size : row_shape) per_row *= size;
    MEDIUS_CHECK(values.size() == rows_ * per_row && sizeof(Value) == hdf5::SizeOf(type),
                 "a column of a table has its rows");
    MEDIUS_CHECK(!quantity.name.empty() && quantity.name.find('/') == std::string::npos,
                 "a quantity has a name that is fit for a dataset");
    hdf5::WriteColumn(group_,
                      {quantity.name, type, quantity.unit, quantity.definition,
                       std::move(row_shape), Chunk(per_row * sizeof(Value)), 0},
                      values.data(), rows_, file_);
  }

 private:
  [[nodiscard]] std::size_t Chunk(std::size_t row_bytes) const {
    const std::size_t wanted = std::clamp<std::size_t>(rows_, 1, schema::kFrameChunk);
    return schema::RowsPerChunk(wanted, row_bytes);
  }
  [[nodiscard]] hdf5::ColumnSpec Spec(const schema::Dataset& dataset) const {
    return {dataset.name, dataset.type, dataset.unit, dataset.definition, {}, Chunk(8), 0};
  }

  hid_t group_;
  std::size_t rows_;
  std::string file_;
};

/// One field of all rows, as a column.
template <typename Row, typename Field>
auto Column(const std::vector<Row>& rows, const Field& field) {
  std::vector<std::decay_t<decltype(field(rows.front()))>> values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.push_back(field(row));
  return values;
}

}  // namespace medius::storage
