#include "capture/time_stamp_table.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::capture {
namespace {

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\"";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::vector<std::string_view> Split(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t comma = line.find(',');
    cells.push_back(Trim(line.substr(0, comma)));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

// Takes the first line off the text.
std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

template <typename Value>
std::optional<Value> Parse(std::string_view cell) {
  Value value{};
  const auto result = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (result.ec != std::errc() || result.ptr != cell.data() + cell.size()) return std::nullopt;
  return value;
}

struct Columns {
  std::size_t camera = 0;
  std::size_t time = 0;
  std::optional<std::size_t> sync_index;
  std::size_t count = 0;
};

std::optional<std::size_t> FindColumn(const std::vector<std::string_view>& header,
                                      const std::vector<std::string_view>& names) {
  for (const std::string_view name : names) {
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (header[i] == name) return i;
    }
  }
  return std::nullopt;
}

Columns FindColumns(std::string_view header_line, std::string_view where) {
  const std::vector<std::string_view> header = Split(header_line);
  const auto camera = FindColumn(header, {"cam_id", "camera", "port"});
  const auto time = FindColumn(header, {"frame_time", "time"});
  if (!camera || !time) {
    throw InputError(fmt::format(
        "{}: line 1: the header \"{}\" has no column {}; cam_id, frame_time (seconds) and, where "
        "there is one, sync_index are expected",
        where, Trim(header_line), camera ? "frame_time" : "cam_id"));
  }
  return {*camera, *time, FindColumn(header, {"sync_index"}), header.size()};
}

bool IsMissing(std::string_view cell) {
  return cell.empty() || cell == "nan" || cell == "NaN" || cell == "null";
}

}  // namespace

std::vector<TimeStamp> ParseTimeStamps(std::string_view text, std::string_view where) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const Columns columns = FindColumns(TakeLine(text), where);
  std::vector<TimeStamp> stamps;
  for (std::size_t number = 2; !text.empty(); ++number) {
    const std::string_view line = TakeLine(text);
    if (Trim(line).empty()) continue;
    const std::vector<std::string_view> cells = Split(line);
    const auto fail = [&](std::string_view problem) {
      throw InputError(fmt::format("{}: line {}: {}", where, number, problem));
    };
    if (cells.size() != columns.count) {
      fail(fmt::format("{} columns; {} are expected", cells.size(), columns.count));
    }
    if (IsMissing(cells[columns.time])) continue;
    const auto time = Parse<double>(cells[columns.time]);
    if (!time || !std::isfinite(*time)) {
      fail(fmt::format("the time is \"{}\"; seconds are expected", cells[columns.time]));
    }
    TimeStamp stamp{std::string(cells[columns.camera]), *time, std::nullopt};
    if (columns.sync_index) {
      stamp.sync_index = Parse<std::size_t>(cells[*columns.sync_index]);
      if (!stamp.sync_index) {
        fail(fmt::format("sync_index is \"{}\"; a whole number is expected",
                         cells[*columns.sync_index]));
      }
    }
    stamps.push_back(std::move(stamp));
  }
  if (stamps.empty()) throw InputError(fmt::format("{}: has no row with a time", where));
  return stamps;
}

}  // namespace medius::capture
