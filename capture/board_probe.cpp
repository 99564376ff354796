#include "capture/board_probe.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "capture/board_detector.hpp"
#include "capture/marker_detection.hpp"

namespace medius::capture {
namespace {

// Views of a board in the images.
std::size_t CountViews(const std::vector<GreyImage>& images, const Board& board, bool mirrored) {
  return static_cast<std::size_t>(
      std::count_if(images.begin(), images.end(), [&](const GreyImage& image) {
        return DetectBoard(image, board, mirrored).points.size() >= 6;
      }));
}

// The same board as somebody may have described it wrongly, with what to say.
struct Variant {
  Board board;
  std::string advice;
};

void AddLayouts(const Board& board, std::vector<Variant>& variants) {
  if (board.kind == BoardKind::kCharuco && board.rows % 2 == 0) {
    Variant variant{board, ""};
    variant.board.legacy_layout = !board.legacy_layout;
    variant.advice =
        fmt::format("its layout is that of legacy_layout = {}", variant.board.legacy_layout);
    variants.push_back(variant);
  }
  if (board.kind != BoardKind::kAprilTagGrid) return;
  Variant upward{board, ""};
  upward.board.rows_upward = !board.rows_upward;
  upward.advice =
      fmt::format("its tags are numbered as with rows_upward = {}", upward.board.rows_upward);
  variants.push_back(upward);
  Variant border{board, ""};
  border.board.border_bits = board.border_bits == 1 ? 2 : 1;
  border.advice = fmt::format("its tags have a black border of {} cells", border.board.border_bits);
  variants.push_back(border);
}

void AddSizes(const Board& board, std::vector<Variant>& variants) {
  std::vector<std::pair<int, int>> sizes{{board.rows, board.columns}};
  if (board.kind == BoardKind::kChessboard) {
    // Inner corners taken for squares, and one miscounted.
    sizes = {{board.columns - 1, board.rows - 1}, {board.columns + 1, board.rows + 1},
             {board.columns + 1, board.rows},     {board.columns, board.rows + 1},
             {board.columns - 1, board.rows},     {board.columns, board.rows - 1}};
  }
  for (const auto& [columns, rows] : sizes) {
    const int least = board.kind == BoardKind::kChessboard ? 4 : 3;
    if (columns < least || rows < least || (columns == board.columns && rows == board.rows))
      continue;
    Variant variant{board, ""};
    variant.board.columns = columns;
    variant.board.rows = rows;
    variant.advice = fmt::format("the board has {} x {} {}", columns, rows,
                                 board.kind == BoardKind::kAsymmetricCircles ? "circles"
                                 : board.kind == BoardKind::kAprilTagGrid    ? "tags"
                                                                             : "squares");
    variants.push_back(variant);
  }
}

std::vector<Variant> Variants(const Board& board) {
  std::vector<Variant> variants;
  if (board.kind != BoardKind::kChessboard) {  // whose corners are found either way
    Variant inverted{board, ""};
    inverted.board.inverted = !board.inverted;
    inverted.advice = fmt::format("the board is {}: set inverted = {}",
                                  board.inverted ? "printed black on white" : "printed inverted",
                                  inverted.board.inverted);
    variants.push_back(inverted);
  }
  AddLayouts(board, variants);
  AddSizes(board, variants);
  return variants;
}

std::vector<GreyImage> Inverted(const std::vector<GreyImage>& images) {
  std::vector<GreyImage> inverted = images;
  for (GreyImage& image : inverted) {
    for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  }
  return inverted;
}

// Numbers of a dictionary that are read in two images or more: a single reading may be chance.
struct Reading {
  std::vector<int> ids;     // ascending
  std::size_t markers = 0;  // readings in all images
};

Reading Read(const std::vector<GreyImage>& images, const MarkerDictionary& dictionary,
             int border_bits) {
  std::map<int, int> count;
  for (const GreyImage& image : images) {
    for (const SeenMarker& marker : DetectMarkers(image, dictionary, border_bits)) {
      ++count[marker.id];
    }
  }
  Reading reading;
  for (const auto& [id, times] : count) {
    if (times < 2 && images.size() > 2) continue;
    reading.ids.push_back(id);
    reading.markers += static_cast<std::size_t>(times);
  }
  return reading;
}

bool IsLargestOfFamily(const MarkerDictionary& dictionary) {
  return dictionary.name.find('X') == std::string_view::npos || dictionary.size == 1000;
}

std::string DescribeMarkers(const std::vector<GreyImage>& images, const Board& board) {
  const std::vector<GreyImage> upright = board.inverted ? Inverted(images) : images;
  const MarkerDictionary* own = FindMarkerDictionary(board.dictionary);
  const std::string family = FamilyOf(*own);
  Reading best;
  std::string best_family;
  for (const MarkerDictionary& dictionary : MarkerDictionaries()) {
    if (!IsLargestOfFamily(dictionary)) continue;
    const Reading reading = Read(upright, dictionary, board.border_bits);
    const bool is_own = FamilyOf(dictionary) == family;
    // Small codes are read by chance in larger ones' clutter: another family must win clearly.
    if (reading.markers > (is_own ? best.markers : 2 * best.markers)) {
      best = reading;
      best_family = FamilyOf(dictionary);
    }
  }
  if (best.markers < 3) return {};
  return fmt::format(
      "markers {} of {} are seen, the board has {} to {} of {}: is this the right board, or the "
      "right board file?",
      Ranges(best.ids), best_family, board.first_marker_id,
      board.first_marker_id + MarkersOfSide(board) - 1, board.dictionary);
}

}  // namespace

std::string FamilyOf(const MarkerDictionary& dictionary) {
  if (dictionary.name.find('X') == std::string_view::npos) return std::string(dictionary.name);
  return std::string(dictionary.name.substr(0, dictionary.name.rfind('_')));
}

std::string Ranges(const std::vector<int>& ascending) {
  std::string text;
  for (std::size_t i = 0; i < ascending.size();) {
    std::size_t end = i;
    while (end + 1 < ascending.size() && ascending[end + 1] == ascending[end] + 1) ++end;
    if (!text.empty()) text += ", ";
    text += end == i ? fmt::format("{}", ascending[i])
                     : fmt::format("{} to {}", ascending[i], ascending[end]);
    i = end + 1;
  }
  return text;
}

ProbeResult ProbeImages(const std::vector<GreyImage>& images, const Board& board) {
  ProbeResult result;
  const std::size_t enough = images.size() > 2 ? 2 : 1;
  if (HasMarkers(board) && CountViews(images, board, true) >= enough) {
    result.mirrored = true;
    result.finding = "its images are mirrored";
    return result;
  }
  for (const Variant& variant : Variants(board)) {
    if (CountViews(images, variant.board, false) < enough) continue;
    result.finding = fmt::format("{} is seen, but {}", Describe(variant.board), variant.advice);
    return result;
  }
  if (HasMarkers(board)) result.finding = DescribeMarkers(images, board);
  return result;
}

}  // namespace medius::capture
