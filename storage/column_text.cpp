#include "storage/column_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "storage/marker_labels.hpp"
#include "storage/position_table.hpp"
#include "storage/text_lines.hpp"

namespace medius::storage {
namespace {

// A column's name taken apart: "R.ASIS" 'x' "mm" of "R.ASIS_x_mm".
struct ColumnName {
  std::string base;
  char axis = 0;
  std::string unit;
};

std::string_view WithoutSeparators(std::string_view text) {
  while (!text.empty() && std::string_view("._-: ([").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  return text;
}

// Cuts "_mm", " (m)", "[cm]" off the end of a name; empty where there is none.
std::string TakeUnit(std::string_view& name) {
  std::string_view body = name;
  while (!body.empty() && (body.back() == ')' || body.back() == ']')) body.remove_suffix(1);
  for (const std::string_view unit : {"mm", "cm", "m"}) {
    if (!body.ends_with(unit)) continue;
    const std::string_view before = body.substr(0, body.size() - unit.size());
    const std::string_view rest = WithoutSeparators(before);
    if (rest.size() == before.size() || rest.empty()) continue;
    name = rest;
    return std::string(unit);
  }
  return {};
}

ColumnName TakeApart(std::string_view name) {
  ColumnName column;
  column.unit = TakeUnit(name);
  if (name.empty()) return column;
  const char axis = static_cast<char>(std::tolower(static_cast<unsigned char>(name.back())));
  if (axis < 'x' || axis > 'z') return column;
  name.remove_suffix(1);
  column.base = WithoutSeparators(name);
  column.axis = axis;
  return column;
}

bool IsTriple(const std::vector<ColumnName>& names, std::size_t first) {
  if (first + 2 >= names.size() || names[first].base.empty()) return false;
  for (std::size_t i = 0; i < 3; ++i) {
    const ColumnName& name = names[first + i];
    if (name.axis != static_cast<char>('x' + i) || name.base != names[first].base ||
        name.unit != names[first].unit) {
      return false;
    }
  }
  return true;
}

std::string LowerLetters(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalpha(byte) != 0) letters += static_cast<char>(std::tolower(byte));
  }
  return letters;
}

bool IsAnyOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What the line of column names says.
struct NamedColumns {
  TableColumns table;
  std::vector<std::string> labels;
  std::optional<std::string> unit;
  bool time_is_in_milliseconds = false;
  std::vector<std::string> others;  // columns that are neither time, frame number nor position
};

void TakePlainColumn(const std::string& name, std::size_t index, NamedColumns& columns) {
  columns.table.slot_of_column.push_back(TableColumns::kNoPosition);
  const std::string letters = LowerLetters(name);
  const bool is_frame = IsAnyOf(letters, {"frame", "frames", "framenumber", "sample", "index"});
  const bool is_time =
      IsAnyOf(letters, {"time", "times", "timesec", "timeseconds", "timestamp", "t"});
  const bool is_milliseconds = IsAnyOf(letters, {"timems", "timemsec", "timemilliseconds"});
  if ((is_time || is_milliseconds) && !columns.table.time_column) {
    columns.table.time_column = index;
    columns.time_is_in_milliseconds = is_milliseconds;
  } else if (!is_frame && !name.empty()) {
    columns.others.push_back(name);
  }
}

NamedColumns ReadColumnNames(std::string_view line) {
  NamedColumns columns;
  columns.table.delimiter = FindDelimiter(line);
  std::vector<std::string> cells = SplitCells(line, columns.table.delimiter);
  while (!cells.empty() && cells.back().empty()) cells.pop_back();
  std::vector<ColumnName> names;
  names.reserve(cells.size());
  for (const std::string& cell : cells) names.push_back(TakeApart(cell));
  for (std::size_t i = 0; i < cells.size();) {
    if (!IsTriple(names, i)) {
      TakePlainColumn(cells[i], i, columns);
      ++i;
      continue;
    }
    for (int axis = 0; axis < 3; ++axis) {
      columns.table.slot_of_column.push_back(static_cast<int>(columns.labels.size()) * 3 + axis);
    }
    columns.labels.push_back(names[i].base);
    if (columns.unit && *columns.unit != names[i].unit) columns.unit = "mixed";
    if (!columns.unit) columns.unit = names[i].unit;
    i += 3;
  }
  columns.table.marker_count = columns.labels.size();
  return columns;
}

void RefuseForces(const InputFile& file, const NamedColumns& columns) {
  const auto is_of_force_plate = [](const std::string& label) {
    return IsAnyOf(LowerLetters(label), {"f", "cop", "force", "groundforcev", "groundforcep"});
  };
  if (!std::all_of(columns.labels.begin(), columns.labels.end(), is_of_force_plate)) return;
  throw InputError(fmt::format("{}: holds forces ({}), no marker positions", file.name(),
                               fmt::join(columns.labels, ", ")));
}

class ColumnTextSource final : public TrajectorySource {
 public:
  ColumnTextSource(NamedColumns columns, std::size_t first_line, std::uint64_t first_row,
                   InputFile file, const ImportOptions& options)
      : table_(OpenTable(columns, first_line, first_row, std::move(file), options)) {
    const std::string name = table_.file().name();
    if (table_.row_count() == 0) throw InputError(fmt::format("{}: has no frames", name));
    contents().labels = TidyLabels(columns.labels, contents().warnings);
    if (!columns.others.empty()) {
      contents().warnings.push_back(
          fmt::format("columns that are no marker's position are left out: {}",
                      CleanText(fmt::format("{}", fmt::join(columns.others, ", ")))));
    }
    SetTime(columns, name, options);
  }

  std::string_view format() const override { return "text table"; }
  void ReadPositions(FrameRange frames, Parallelism parallelism,
                     std::span<float> position) const override {
    table_.ReadPositions(frames, parallelism, position);
  }

 private:
  PositionTable OpenTable(const NamedColumns& columns, std::size_t first_line,
                          std::uint64_t first_row, InputFile file, const ImportOptions& options) {
    const std::string unit = columns.unit.value_or("");
    if (options.metres_per_unit) {
      contents().metres_per_unit = *options.metres_per_unit;
    } else if (unit == "mixed") {
      throw InputError(
          fmt::format("{}: the column names hold different units; one is expected", file.name()));
    } else if (!unit.empty()) {
      contents().metres_per_unit = MetresPerUnit(unit).value_or(0.001);
    } else {
      contents().warnings.push_back(fmt::format(
          "names no unit; millimetres are assumed (--unit mm, cm or m says otherwise)"));
    }
    TableColumns table = columns.table;
    table.metres_per_unit = contents().metres_per_unit;
    return PositionTable(std::move(file), std::move(table), first_line, first_row);
  }

  void SetTime(const NamedColumns& columns, const std::string& name, const ImportOptions& options) {
    if (!columns.table.time_column) {
      if (!options.rate_hz) {
        throw InputError(
            fmt::format("{}: has no time column; give the frame rate with --rate HZ", name));
      }
      contents().time_base = TimeBase::Uniform(*options.rate_hz, table_.row_count());
      return;
    }
    if (columns.time_is_in_milliseconds) table_.time().Scale(1e-3);
    TimeHints hints{name, std::nullopt, options.rate_hz,
                    [this](std::size_t row) { return table_.LineOfRow(row); }};
    contents().time_base = TimeBaseFromColumn(table_.time(), hints, contents().warnings);
  }

  PositionTable table_;
};

}  // namespace

bool LooksLikeColumnText(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  return !ReadColumnNames(head.substr(0, head.find_first_of("\r\n"))).labels.empty();
}

std::unique_ptr<TrajectorySource> OpenColumnText(InputFile file, const ImportOptions& options) {
  LineReader reader(file);
  TextLine line;
  if (!reader.Next(line)) throw InputError(fmt::format("{}: the file is empty", file.name()));
  NamedColumns columns = ReadColumnNames(line.text);
  if (columns.labels.empty()) {
    throw InputError(fmt::format(
        "{}: line 1 names no marker; columns LABELX LABELY LABELZ are expected", file.name()));
  }
  RefuseForces(file, columns);
  if (!reader.Next(line)) throw InputError(fmt::format("{}: has no frames", file.name()));
  return std::make_unique<ColumnTextSource>(std::move(columns), line.number, line.offset,
                                            std::move(file), options);
}

}  // namespace medius::storage
