#include "storage/force_file.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "storage/input_file.hpp"
#include "storage/rig_parts.hpp"
#include "storage/text_lines.hpp"
#include "storage/time_column.hpp"

namespace medius::storage {
namespace {

struct ForceTable {
  std::vector<std::string> names;
  std::vector<std::vector<double>> columns;
  TimeColumn time;
  std::size_t first_line = 0;

  [[nodiscard]] std::size_t Find(const std::string& name) const {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  }
};

bool IsTime(const std::string& name) {
  return name == "time" || name == "Time" || name == "time_s" || name == "TIME";
}

bool IsEndOfHeader(std::string_view line) {
  return line.substr(0, 9) == "endheader";
}

void AddRow(const TextLine& line, Delimiter delimiter, const std::string& file, ForceTable& table) {
  std::string_view rest = line.text;
  std::string_view cell;
  std::size_t column = 0;
  for (; column < table.names.size() && TakeCell(rest, delimiter, cell); ++column) {
    const std::optional<double> number = ParseNumber(cell);
    const bool good = column == 0 ? table.time.Add(cell) : number.has_value();
    if (!good || !number) {
      throw InputError(fmt::format("{}: line {}: \"{}\" in column {} is no number", file,
                                   line.number, cell, table.names[column]));
    }
    table.columns[column].push_back(*number);
  }
  if (column != table.names.size()) {
    throw InputError(fmt::format("{}: line {} has {} cells, the line of names has {}", file,
                                 line.number, column, table.names.size()));
  }
}

// The first line of names: after "endheader" where the file has such a header.
bool TakeNames(LineReader& reader, TextLine& line) {
  bool header = false;
  while (reader.Next(line)) {
    if (line.text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (IsEndOfHeader(line.text)) {
      header = true;
      continue;
    }
    const std::string first = SplitCells(line.text, FindDelimiter(line.text)).front();
    if (header || IsTime(first)) return true;
  }
  return false;
}

ForceTable ReadForceTable(const InputFile& file) {
  LineReader reader(file);
  TextLine line;
  if (!TakeNames(reader, line)) {
    throw InputError(file.name() +
                     ": no line of column names that begins with a time column; a MOT, a STO or a "
                     "table of text is expected");
  }
  ForceTable table;
  const Delimiter delimiter = FindDelimiter(line.text);
  table.names = SplitCells(line.text, delimiter);
  while (!table.names.empty() && table.names.back().empty()) table.names.pop_back();
  if (!IsTime(table.names.front())) {
    throw InputError(fmt::format("{}: line {}: the first column is \"{}\", expected time",
                                 file.name(), line.number, table.names.front()));
  }
  table.columns.resize(table.names.size());
  table.first_line = line.number + 1;
  while (reader.Next(line)) {
    if (line.text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    AddRow(line, delimiter, file.name(), table);
  }
  constexpr std::size_t kFewestRows = 3;
  if (table.columns.front().size() < kFewestRows) {
    throw InputError(
        fmt::format("{}: has {} rows of forces", file.name(), table.columns.front().size()));
  }
  return table;
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::vector<std::size_t> VerticalColumns(const ForceTable& table, const std::string& file,
                                         const std::vector<std::string>& wanted) {
  std::vector<std::size_t> found;
  for (const std::string& name : wanted) {
    const std::size_t column = table.Find(name);
    if (column == table.names.size()) {
      throw InputError(
          fmt::format("{}: has no column {}; it has {}", file, name, fmt::join(table.names, ", ")));
    }
    found.push_back(column);
  }
  if (!found.empty()) return found;
  for (std::size_t i = 0; i < table.names.size(); ++i) {
    if (table.names[i].ends_with("_vy")) found.push_back(i);
  }
  if (!found.empty()) return found;
  std::optional<std::size_t> bears_most;
  for (const char* name : {"Fx", "Fy", "Fz"}) {
    const std::size_t column = table.Find(name);
    if (column == table.names.size()) continue;
    const double mean = std::abs(Mean(table.columns[column]));
    if (!bears_most || mean > std::abs(Mean(table.columns[*bears_most]))) bears_most = column;
  }
  if (bears_most) return {*bears_most};
  throw InputError(
      fmt::format("{}: no vertical force among its columns {}; name it with --force-column", file,
                  fmt::join(table.names, ", ")));
}

}  // namespace

ForceRecording ReadForces(const std::filesystem::path& path, std::optional<double> rate_hz,
                          const std::vector<std::string>& columns) {
  const InputFile file(path);
  const ForceTable table = ReadForceTable(file);
  ForceRecording forces;
  forces.where = path.filename().string();
  forces.start_unknown = table.time.IsCounter();
  if (forces.start_unknown && !rate_hz) {
    throw InputError(
        fmt::format("{}: its column {} counts samples; say how many a second with --force-rate-hz",
                    file.name(), table.names.front()));
  }
  std::vector<std::string> warnings;
  const std::size_t first_line = table.first_line;
  const TimeBase time_base =
      TimeBaseFromColumn(table.time,
                         {file.name(), std::nullopt, rate_hz,
                          [first_line](std::size_t row) { return first_line + row; }},
                         warnings);
  forces.rate_hz = time_base.rate_hz;
  forces.start = forces.start_unknown ? 0.0 : time_base.time.front();
  for (const std::size_t column : VerticalColumns(table, file.name(), columns)) {
    ForcePlate plate{table.names[column], table.columns[column]};
    if (Mean(plate.vertical) < 0.0) {
      for (double& force : plate.vertical) force = -force;
    }
    forces.plates.push_back(std::move(plate));
  }
  return forces;
}

}  // namespace medius::storage
