#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "core/kinematics.hpp"
#include "core/run_statistics.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"

namespace medius::storage {

/// Where text goes, piece by piece: a file, standard output.
using TextSink = std::function<void(std::string_view)>;

/// What one column of a table holds, for the data dictionary.
struct TableColumn {
  std::string name;        ///< with its unit: "pelvis_obliquity_deg"
  std::string unit;        ///< "deg", "mm", "s", "1/min", "" for none
  std::string definition;  ///< one sentence
};

/// How a quantity stands in a table: angles in degrees, lengths in millimetres, the unit in the
/// name.
struct TableQuantity {
  TableColumn column;
  double factor = 1.0;  ///< number in the table per number in memory
};
[[nodiscard]] TableQuantity ForTable(const QuantityDescription& description);

/// A cell of text by RFC 4180: quoted where it holds a comma, a quote or a line end. A text that a
/// spreadsheet would take for a formula (it begins with = + - @ or a control character) gets an
/// apostrophe before it, as OWASP's "CSV injection" page advises: marker names come from files.
[[nodiscard]] std::string CsvCell(std::string_view text);

/// Wide: a column a quantity. Long: a row a quantity, with the columns variable, unit and value
/// behind those that say of what it is.
enum class CsvShape { kWide, kLong };

/// Writes a table as CSV: the first line holds the column names, the rest the numbers; commas,
/// decimal points, line feeds; an empty cell is a missing number. Numbers have as few digits as
/// read back to the same number. Each returns the columns that it wrote.
std::vector<TableColumn> WriteEventsCsv(const GaitEvents& events, const TextSink& sink,
                                        CsvShape shape = CsvShape::kWide);
std::vector<TableColumn> WriteKinematicsCsv(const Kinematics& kinematics, const TimeBase& time_base,
                                            const TextSink& sink, CsvShape shape = CsvShape::kWide);
/// One row a stride.
std::vector<TableColumn> WriteStridesCsv(const StrideTable& strides, const TextSink& sink,
                                         CsvShape shape = CsvShape::kWide);
/// One row a stride and percent of the cycle (0..100).
std::vector<TableColumn> WriteCurvesCsv(const StrideTable& strides, const TextSink& sink,
                                        CsvShape shape = CsvShape::kWide);
/// One row a metric and side.
std::vector<TableColumn> WriteSummaryCsv(const Summary& summary, const TextSink& sink,
                                         CsvShape shape = CsvShape::kWide);

/// What a run's strides come to beyond the summary; one row a metric, a metric, side and window, or
/// a metric and side.
std::vector<TableColumn> WriteAsymmetryCsv(const std::vector<AsymmetryRow>& rows,
                                           const TextSink& sink, CsvShape shape = CsvShape::kWide);
std::vector<TableColumn> WriteWindowsCsv(const std::vector<WindowRow>& rows, const TextSink& sink,
                                         CsvShape shape = CsvShape::kWide);
std::vector<TableColumn> WriteTrendsCsv(const std::vector<TrendRow>& rows, const TextSink& sink,
                                        CsvShape shape = CsvShape::kWide);

/// The table of marker positions, by blocks of frames. Wide: time_s, LABEL_x_mm, LABEL_y_mm, ...;
/// long: time_s, label, x_mm, y_mm, z_mm.
class TrajectoriesCsvWriter {
 public:
  TrajectoriesCsvWriter(TextSink sink, const TimeBase& time_base,
                        const std::vector<std::string>& labels, CsvShape shape = CsvShape::kWide);
  /// The next frames; blocks in the order of time.
  void Append(const TrajectoryBlock& block);
  [[nodiscard]] const std::vector<TableColumn>& columns() const { return columns_; }

 private:
  TextSink sink_;
  const TimeBase& time_base_;
  std::vector<std::string> labels_;
  CsvShape shape_;
  std::vector<TableColumn> columns_;
  std::size_t next_frame_ = 0;
};

/// The data dictionary of a table, itself a CSV: column, unit, definition.
[[nodiscard]] std::string DataDictionaryCsv(const std::vector<TableColumn>& columns);

}  // namespace medius::storage
