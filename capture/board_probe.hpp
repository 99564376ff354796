#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "capture/board.hpp"
#include "capture/grey_image.hpp"

namespace medius::capture {

/// What the images of a camera show that sees no board.
struct ProbeResult {
  bool mirrored = false;  ///< the board is seen once the images are mirrored
  std::string finding;    ///< one phrase: what was seen in place of the board, and what to do
};

/// Looks in a few images for what a board detector missed: the board mirrored, inverted, laid out
/// in another way, or with other counts; the markers of another dictionary.
[[nodiscard]] ProbeResult ProbeImages(const std::vector<GreyImage>& images, const Board& board);

/// Numbers as ranges: "0 to 4, 7, 9 to 11".
[[nodiscard]] std::string Ranges(const std::vector<int>& ascending);

/// The shortest name for a family of dictionaries that holds a marker: "DICT_4X4".
[[nodiscard]] std::string FamilyOf(const MarkerDictionary& dictionary);

}  // namespace medius::capture
