#pragma once

#include <array>
#include <vector>

#include <Eigen/Core>

#include "capture/board.hpp"
#include "capture/grey_image.hpp"

namespace medius::capture {

/// A square marker as read in an image.
struct SeenMarker {
  int id = 0;
  /// Pixels, to about one pixel: top left, top right, bottom right, bottom left of the marker as it
  /// is drawn upright.
  std::array<Eigen::Vector2d, 4> corners;
};

/// Reads every marker of a dictionary. Of several with the same number all are returned.
/// @param border_bits  width of the black border in cells of the marker.
[[nodiscard]] std::vector<SeenMarker> DetectMarkers(const GreyImage& image,
                                                    const MarkerDictionary& dictionary,
                                                    int border_bits);

/// As DetectMarkers, for grids whose markers touch little black squares at their corners: the black
/// is thinned by several widths until the markers stand free.
[[nodiscard]] std::vector<SeenMarker> DetectTouchingMarkers(const GreyImage& image,
                                                            const MarkerDictionary& dictionary,
                                                            int border_bits);

}  // namespace medius::capture
