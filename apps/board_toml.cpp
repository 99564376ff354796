#include "apps/board_toml.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/nearest_name.hpp"
#include "storage/toml_table.hpp"

namespace medius::apps {
namespace {

using capture::Board;
using capture::BoardKind;
using storage::TomlTable;

struct LengthUnit {
  const char* suffix;
  double metres;
};
constexpr LengthUnit kUnits[] = {{"_m", 1.0}, {"_cm", 1e-2}, {"_mm", 1e-3}};

std::vector<std::string> WithUnits(const std::string& key) {
  std::vector<std::string> keys;
  for (const LengthUnit& unit : kUnits) keys.push_back(key + unit.suffix);
  return keys;
}

// A length under one of its keys, metres; nullopt where it has none.
std::optional<double> Length(const TomlTable& table, const std::string& key) {
  std::optional<double> length;
  for (const LengthUnit& unit : kUnits) {
    const std::string name = key + unit.suffix;
    if (!table.Has(name)) continue;
    if (length) table.Fail(fmt::format("{} is given in two units; one is expected", key));
    length = table.Number(name) * unit.metres;
  }
  return length;
}

double RequiredLength(const TomlTable& table, const std::string& key) {
  const std::optional<double> length = Length(table, key);
  if (!length) {
    table.Fail(fmt::format("{0}_mm is missing; {0}_mm, {0}_cm or {0}_m is expected", key));
  }
  return *length;
}

// A number from 0, such as that of a marker.
int Index(const TomlTable& table, std::string_view key, int absent) {
  if (!table.Has(key)) return absent;
  const double value = table.Number(key);
  if (value < 0.0 || value > 1e6 || value != std::floor(value)) {
    table.Fail(*table.table().get(key),
               fmt::format("{} is {}; a whole number from 0 is expected", key, value));
  }
  return static_cast<int>(value);
}

// A ratio given as such or by a second length.
double Ratio(const TomlTable& table, const std::string& ratio, const std::string& length,
             double pitch, double absent) {
  const std::optional<double> metres = Length(table, length);
  if (metres && table.Has(ratio)) {
    table.Fail(fmt::format("{} and {}_mm say the same; one is expected", ratio, length));
  }
  if (metres) return *metres / pitch;
  return table.Has(ratio) ? table.Number(ratio) : absent;
}

BoardKind KindOf(const TomlTable& table) {
  const std::string text = table.Text("kind");
  const std::optional<BoardKind> kind = capture::BoardKindFromString(text);
  if (kind) return *kind;
  const std::vector<std::string> known{"chessboard", "charuco", "apriltag_grid",
                                       "asymmetric_circles"};
  table.Fail(*table.table().get("kind"),
             fmt::format("there is no kind \"{}\"; chessboard, charuco, apriltag_grid and "
                         "asymmetric_circles are known{}",
                         text, storage::DidYouMean(text, known)));
}

std::string PitchKey(BoardKind kind) {
  if (kind == BoardKind::kAprilTagGrid) return "tag";
  return kind == BoardKind::kAsymmetricCircles ? "spacing" : "square";
}

std::vector<std::string> KeysOf(BoardKind kind) {
  std::vector<std::string> keys{"kind", "name", "columns", "rows", "inverted"};
  const auto add = [&keys](const std::vector<std::string>& more) {
    keys.insert(keys.end(), more.begin(), more.end());
  };
  add(WithUnits(PitchKey(kind)));
  switch (kind) {
    case BoardKind::kChessboard:
      add({"inner_columns", "inner_rows"});
      break;
    case BoardKind::kCharuco:
      add({"dictionary", "first_marker_id", "border_bits", "back", "marker_ratio",
           "legacy_layout"});
      add(WithUnits("marker"));
      break;
    case BoardKind::kAprilTagGrid:
      add({"dictionary", "first_marker_id", "border_bits", "back", "gap_ratio", "rows_upward"});
      add(WithUnits("gap"));
      break;
    case BoardKind::kAsymmetricCircles:
      add(WithUnits("circle_diameter"));
      break;
  }
  return keys;
}

// Squares, also where a chessboard is described by its inner corners.
int CountOf(const TomlTable& table, const std::string& key) {
  const std::string inner = "inner_" + key;
  if (!table.Has(inner)) return table.Count(key);
  if (table.Has(key)) {
    table.Fail(
        fmt::format("{} (squares) and {} (corners) say the same; one is expected", key, inner));
  }
  return table.Count(inner) + 1;
}

void ReadMarkers(const TomlTable& table, const std::string& file, Board& board) {
  const bool tags = board.kind == BoardKind::kAprilTagGrid;
  board.dictionary =
      tags && !table.Has("dictionary") ? "DICT_APRILTAG_36h11" : table.Text("dictionary");
  board.first_marker_id = Index(table, "first_marker_id", 0);
  board.border_bits = table.Has("border_bits") ? table.Count("border_bits") : (tags ? 2 : 1);
  const toml::node* node = table.table().get("back");
  if (node == nullptr) return;
  if (!node->is_table()) table.Fail(*node, "back: a table [back] is expected");
  const TomlTable back(*node->as_table(), file, "[back]");
  std::vector<std::string> keys = WithUnits("thickness");
  keys.emplace_back("first_marker_id");
  back.AllowOnly(keys);
  if (!back.Has("first_marker_id")) {
    back.Fail("first_marker_id is missing: the number of the first marker on the back");
  }
  board.back = capture::BoardBack{Index(back, "first_marker_id", 0),
                                  Length(back, "thickness").value_or(0.0)};
}

Board ReadBoard(const TomlTable& table, const std::string& file, const std::string& name) {
  Board board;
  board.kind = KindOf(table);
  table.AllowOnly(KeysOf(board.kind));
  board.name = table.Has("name") ? table.Text("name") : name;
  board.columns = CountOf(table, "columns");
  board.rows = CountOf(table, "rows");
  board.pitch = RequiredLength(table, PitchKey(board.kind));
  board.inverted = table.Flag("inverted", false);
  if (capture::HasMarkers(board)) ReadMarkers(table, file, board);
  if (board.kind == BoardKind::kCharuco) {
    board.marker_ratio = Ratio(table, "marker_ratio", "marker", board.pitch, board.marker_ratio);
    board.legacy_layout = table.Flag("legacy_layout", false);
  }
  if (board.kind == BoardKind::kAprilTagGrid) {
    board.gap_ratio = Ratio(table, "gap_ratio", "gap", board.pitch, board.gap_ratio);
    board.rows_upward = table.Flag("rows_upward", true);
  }
  if (board.kind == BoardKind::kAsymmetricCircles) {
    board.circle_diameter = Length(table, "circle_diameter").value_or(0.0);
  }
  capture::ValidateBoard(
      board, fmt::format("{}: line {}", file, std::max(1U, table.table().source().begin.line)));
  return board;
}

bool IsCaliscope(const toml::table& document) {
  return !document.contains("kind") &&
         (document.contains("aruco_scale") || document.contains("square_size_override_cm"));
}

// The size of a square as caliscope takes it: stated, or what the paper has room for.
double CaliscopeSquare(const TomlTable& table, const Board& board) {
  if (table.Has("square_size_override_cm")) return table.Number("square_size_override_cm") * 1e-2;
  const std::string units = table.Text("units");
  if (units != "inch" && units != "cm") {
    table.Fail(*table.table().get("units"),
               fmt::format("units is \"{}\"; \"inch\" or \"cm\" is expected", units));
  }
  const double metres = units == "inch" ? 0.0254 : 0.01;
  return metres * std::min(table.Number("board_height") / board.rows,
                           table.Number("board_width") / board.columns);
}

Board ReadCaliscope(const TomlTable& table, const std::string& file, const std::string& name) {
  table.AllowOnly({"columns", "rows", "board_height", "board_width", "dictionary", "units",
                   "aruco_scale", "square_size_override_cm", "inverted", "legacy_pattern"});
  Board board;
  board.kind = BoardKind::kCharuco;
  board.name = name;
  board.columns = table.Count("columns");
  board.rows = table.Count("rows");
  board.dictionary = table.Text("dictionary");
  board.marker_ratio = table.Number("aruco_scale");
  board.inverted = table.Flag("inverted", false);
  board.legacy_layout = table.Flag("legacy_pattern", false);
  board.pitch = CaliscopeSquare(table, board);
  capture::ValidateBoard(board, file);
  return board;
}

}  // namespace

std::vector<Board> ReadBoards(const std::filesystem::path& path) {
  const toml::table document = storage::ParseTomlFile(path);
  const std::string file = path.string();
  const std::string name = path.stem().string();
  const TomlTable top(document, file, "");
  if (IsCaliscope(document)) return {ReadCaliscope(top, file, name)};
  const toml::node* list = document.get("boards");
  if (list == nullptr) return {ReadBoard(top, file, name)};
  top.AllowOnly({"boards"});
  if (!list->is_array_of_tables()) top.Fail(*list, "boards: tables [[boards]] are expected");
  std::vector<Board> boards;
  for (const toml::node& node : *list->as_array()) {
    const std::string own = fmt::format("{}-{}", name, boards.size() + 1);
    const TomlTable table(*node.as_table(), file, fmt::format("board {}", boards.size() + 1));
    boards.push_back(ReadBoard(table, file, own));
  }
  return boards;
}

}  // namespace medius::apps
