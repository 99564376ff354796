#include "storage/trc_file.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/marker_labels.hpp"
#include "storage/millimetres.hpp"
#include "storage/position_table.hpp"
#include "storage/text_lines.hpp"

namespace medius::storage {
namespace {

constexpr std::string_view kFirstKey = "PathFileType";
constexpr std::size_t kMostMarkers = 100000;

// The header lines of a TRC file and where its rows begin.
struct TrcHeader {
  std::map<std::string, std::string> values;  // lower-case key -> value
  std::vector<std::string> labels;
  Delimiter row_delimiter = Delimiter::kTab;
  std::size_t first_line = 0;
  std::uint64_t first_row = 0;

  std::string Value(const std::string& key) const {
    const auto found = values.find(key);
    return found == values.end() ? std::string() : found->second;
  }
  // A number > 0 of the header, nullopt where it is absent or none.
  std::optional<double> Number(const std::string& key) const {
    const std::string value = Value(key);
    double number = 0.0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end == value.data() || !(number > 0.0) || number > 1e9) {
      return std::nullopt;
    }
    return number;
  }
};

Delimiter TabsOrBlanks(std::string_view line) {
  return line.find('\t') == std::string_view::npos ? Delimiter::kBlanks : Delimiter::kTab;
}

std::vector<std::string> NonEmpty(std::vector<std::string> cells) {
  std::erase_if(cells, [](const std::string& cell) { return cell.empty(); });
  return cells;
}

std::map<std::string, std::string> PairKeys(std::string_view keys, std::string_view values) {
  std::vector<std::string> key_cells = SplitCells(keys, TabsOrBlanks(keys));
  std::vector<std::string> value_cells = SplitCells(values, TabsOrBlanks(values));
  if (NonEmpty(key_cells).size() == NonEmpty(value_cells).size()) {
    key_cells = NonEmpty(key_cells);
    value_cells = NonEmpty(value_cells);
  }
  std::map<std::string, std::string> pairs;
  for (std::size_t i = 0; i < std::min(key_cells.size(), value_cells.size()); ++i) {
    std::string key = key_cells[i];
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    pairs[key] = value_cells[i];
  }
  return pairs;
}

// "X1 Y1 Z1 X2 ...", numbered from anywhere.
bool IsCoordinateLine(std::string_view line) {
  const std::vector<std::string> cells = NonEmpty(SplitCells(line, TabsOrBlanks(line)));
  return !cells.empty() && std::string_view("xX").find(cells[0][0]) != std::string_view::npos;
}

// Names stand over every third column from the third; where they do not, in the order they stand.
std::vector<std::string> LabelsOfLine(std::string_view line, std::size_t expected) {
  std::vector<std::string> cells = SplitCells(line, TabsOrBlanks(line));
  while (!cells.empty() && cells.back().empty()) cells.pop_back();
  const std::size_t skipped = std::min<std::size_t>(cells.size(), 2);
  cells.erase(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(skipped));
  std::vector<std::string> labels;
  bool between = false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i % 3 == 0) {
      labels.push_back(cells[i]);
    } else if (!cells[i].empty()) {
      between = true;
    }
  }
  if (between) labels = NonEmpty(cells);
  // Names that are missing at the end of the line leave nothing there to see.
  if (labels.size() < expected && !between) labels.resize(expected);
  return labels;
}

[[noreturn]] void FailAt(const InputFile& file, std::size_t line, std::string_view problem) {
  throw InputError(fmt::format("{}: line {}: {}", file.name(), line, problem));
}

TrcHeader ReadHeader(const InputFile& file) {
  LineReader reader(file);
  TextLine line;
  TrcHeader header;
  const auto next = [&](std::string_view what) {
    if (!reader.Next(line)) {
      throw InputError(
          fmt::format("{}: ends before its {} (a TRC file has five header lines); the "
                      "copy is not complete: get the file again",
                      file.name(), what));
    }
  };
  next("first line");
  next("header keys");
  const std::string keys(line.text);
  next("header values");
  header.values = PairKeys(keys, line.text);
  next("marker names");
  if (!Trimmed(line.text).starts_with("Frame")) {
    FailAt(file, line.number, "the names of the markers (\"Frame#  Time  NAME ...\") are expected");
  }
  const std::string names(line.text);
  next("rows");
  std::size_t expected = 0;
  if (IsCoordinateLine(line.text)) {
    expected = NonEmpty(SplitCells(line.text, TabsOrBlanks(line.text))).size() / 3;
    next("rows");
  }
  const std::optional<double> stated = header.Number("nummarkers");
  if (!stated || static_cast<double>(expected) != *stated) expected = 0;
  header.labels = LabelsOfLine(names, expected);
  while (Trimmed(line.text).empty()) next("rows");
  header.row_delimiter = TabsOrBlanks(line.text);
  header.first_line = line.number;
  header.first_row = line.offset;
  return header;
}

TableColumns ColumnsOf(const InputFile& file, const TrcHeader& header, double metres_per_unit) {
  TableColumns columns;
  columns.delimiter = header.row_delimiter;
  columns.time_column = 1;
  columns.metres_per_unit = metres_per_unit;
  columns.marker_count = header.labels.size();
  if (columns.marker_count == 0 || columns.marker_count > kMostMarkers) {
    throw InputError(fmt::format("{}: names {} markers", file.name(), columns.marker_count));
  }
  columns.slot_of_column.assign(2, TableColumns::kNoPosition);
  for (std::size_t i = 0; i < columns.marker_count * 3; ++i) {
    columns.slot_of_column.push_back(static_cast<int>(i));
  }
  return columns;
}

double UnitOf(const InputFile& file, const TrcHeader& header, const ImportOptions& options,
              std::vector<std::string>& warnings) {
  if (options.metres_per_unit) return *options.metres_per_unit;
  const std::string unit = header.Value("units");
  if (unit.empty()) {
    warnings.push_back(fmt::format(
        "Units is absent; millimetres are assumed (--unit mm, cm or m says otherwise)"));
    return 0.001;
  }
  const std::optional<double> metres = MetresPerUnit(unit);
  if (!metres) {
    FailAt(file, 3,
           fmt::format("Units is \"{}\"; mm, cm or m is expected: give the unit with --unit",
                       CleanText(unit)));
  }
  return *metres;
}

class TrcSource final : public TrajectorySource {
 public:
  TrcSource(const TrcHeader& header, InputFile file, const ImportOptions& options)
      : table_(OpenTable(header, std::move(file), options)) {
    const std::string name = table_.file().name();
    if (table_.row_count() == 0) throw InputError(fmt::format("{}: has no frames", name));
    contents().labels = TidyLabels(header.labels, contents().warnings);
    WarnOfCount("NumMarkers", header.Number("nummarkers"), contents().labels.size(), "names");
    WarnOfCount("NumFrames", header.Number("numframes"), table_.row_count(), "rows");
    TimeHints hints{name, header.Number("datarate"), options.rate_hz,
                    [this](std::size_t row) { return table_.LineOfRow(row); }};
    if (!hints.declared_rate_hz) hints.declared_rate_hz = header.Number("camerarate");
    contents().time_base = TimeBaseFromColumn(table_.time(), hints, contents().warnings);
  }

  std::string_view format() const override { return "TRC"; }
  void ReadPositions(FrameRange frames, Parallelism parallelism,
                     std::span<float> position) const override {
    table_.ReadPositions(frames, parallelism, position);
  }

 private:
  // Also sets the unit, which the table needs.
  PositionTable OpenTable(const TrcHeader& header, InputFile file, const ImportOptions& options) {
    contents().metres_per_unit = UnitOf(file, header, options, contents().warnings);
    TableColumns columns = ColumnsOf(file, header, contents().metres_per_unit);
    return PositionTable(std::move(file), std::move(columns), header.first_line, header.first_row);
  }

  void WarnOfCount(std::string_view key, std::optional<double> stated, std::size_t found,
                   std::string_view what) {
    if (!stated || *stated == static_cast<double>(found)) return;
    contents().warnings.push_back(fmt::format(
        "{} says {:g}, the file has {} {}; all of these are read", key, *stated, found, what));
  }

  PositionTable table_;
};

// Tabs and line ends would break the row of names.
std::string CellOf(std::string_view label) {
  std::string cell = CleanText(label);
  std::replace(cell.begin(), cell.end(), '\t', '_');
  return cell;
}

void AppendPosition(fmt::memory_buffer& text, const float* lab, const TrcOptions& options) {
  std::array<float, 3> p = {lab[0], lab[1], lab[2]};
  if (options.y_up) p = {lab[0], lab[2], -lab[1]};
  for (const float value : p) {
    text.push_back('\t');
    if (std::isnan(value)) {
      text.append(std::string_view("NaN"));
    } else if (options.in_metres) {
      fmt::format_to(std::back_inserter(text), "{}", value);
    } else {
      AppendMillimetres(text, value);
    }
  }
}

}  // namespace

bool LooksLikeTrc(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  const std::string_view start = Trimmed(head).substr(0, kFirstKey.size());
  return EqualsIgnoringCase(start, kFirstKey);
}

std::unique_ptr<TrajectorySource> OpenTrc(InputFile file, const ImportOptions& options) {
  const TrcHeader header = ReadHeader(file);
  return std::make_unique<TrcSource>(header, std::move(file), options);
}

TrcWriter::TrcWriter(TextSink sink, std::string_view name, const TimeBase& time_base,
                     const std::vector<std::string>& labels, TrcOptions options)
    : sink_(std::move(sink)), time_base_(time_base), options_(options) {
  std::string text = fmt::format("PathFileType\t4\t(X/Y/Z)\t{}\n", CellOf(name));
  text +=
      "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t"
      "OrigNumFrames\n";
  text += fmt::format("{0}\t{0}\t{1}\t{2}\t{3}\t{0}\t1\t{1}\n", time_base.rate_hz,
                      time_base.frame_count(), labels.size(), options.in_metres ? "m" : "mm");
  text += "Frame#\tTime";
  for (const std::string& label : labels) text += fmt::format("\t{}\t\t", CellOf(label));
  text += "\n\t";
  for (std::size_t i = 1; i <= labels.size(); ++i) text += fmt::format("\tX{0}\tY{0}\tZ{0}", i);
  text += "\n\n";
  sink_(text);
}

void TrcWriter::Append(const TrajectoryBlock& block) {
  fmt::memory_buffer text;
  for (std::size_t frame = 0; frame < block.frames().count; ++frame) {
    const std::size_t index = next_frame_++;
    fmt::format_to(std::back_inserter(text), "{}\t{}", index + 1, time_base_.time.at(index));
    const float* position = block.position.data() + frame * block.marker_count() * 3;
    for (std::size_t m = 0; m < block.marker_count(); ++m, position += 3) {
      AppendPosition(text, position, options_);
    }
    text.push_back('\n');
  }
  sink_({text.data(), text.size()});
}

}  // namespace medius::storage
