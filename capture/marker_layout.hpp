#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "capture/board.hpp"
#include "capture/marker_detection.hpp"
#include "capture/planar_map.hpp"

namespace medius::capture {

/// Markers of one side of a board that lie in the image as the board has them.
struct MarkerLayout {
  std::vector<PlacedMarker> placed;  ///< as on the board
  std::vector<SeenMarker> seen;      ///< the same markers in the image, corner k on corner k
  PlanarMap map;                     ///< from the side's plane to the image, over all of them
};

/// Finds the largest set of seen markers that one plane explains to a fraction of a marker's side,
/// which leaves room for the lens. Markers that are not on the board are ignored.
/// @param turns  quarter turns by which the seen corners are counted on before they are compared.
/// @return nullopt where not even one marker of the board is seen.
[[nodiscard]] std::optional<MarkerLayout> FindLayout(const std::vector<PlacedMarker>& board,
                                                     const std::vector<SeenMarker>& seen,
                                                     int turns = 0);

/// The corners of the markers whose centre is nearest to a place, as pairs for FitPlanarMap.
/// @param most  markers; @param reach  metres from the place to a marker's centre.
[[nodiscard]] std::vector<PlanarPair> NearestMarkerCorners(const MarkerLayout& layout,
                                                           const Eigen::Vector2d& place,
                                                           std::size_t most, double reach);

}  // namespace medius::capture
