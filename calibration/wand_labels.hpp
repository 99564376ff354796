#pragma once

#include <cstddef>
#include <vector>

#include "calibration/wand_dots.hpp"

namespace medius::calibration {

/// Which dot of one view is which marker, all markers of the wand being there.
struct Labelling {
  std::vector<std::size_t> dot;  ///< [markers] index in DotView::xy
  double misfit = 0.0;           ///< 0 for a view from far away; in units of the tolerances
};

/// All labellings that one view alone allows, the best first: no camera is known yet.
///
/// A wand of one line stays one line: dots between two others, at places between them that some
/// perspective of the wand explains (its far end at most 1.8 times as far as its near end). A
/// wand in a plane: dots that an affine map of the wand explains to within the size of perspective.
/// Two markers: every pair of dots, in both orders.
/// @return empty where markers are hidden, and where there are more than 12 dots.
std::vector<Labelling> LabellingsOf(const WandShape& shape, const DotView& view);

/// Drops labellings that are another one's with markers renamed by a symmetry of the wand.
std::vector<Labelling> UpToSymmetry(const WandShape& shape, std::vector<Labelling> labellings);

/// Places on a line through three or more dots, of views that show exactly as many dots as the wand
/// has markers (3 or more): what kind of wand the recording shows, whatever its file says.
/// @return median of (nearer end to middle) / length over views of exactly three dots on a line;
///         NaN where there are fewer than 10.
double SeenMiddlePlace(const DotObservations& dots);

/// The most frequent number of dots in a view.
std::size_t UsualDotCount(const DotObservations& dots);

/// Removes dots that stand still: a position at which a camera saw one in more than a fifth of its
/// frames, and at least 20, is a lamp or a reflection.
/// @return how many dots were removed of each camera.
std::vector<std::size_t> RemoveStandingDots(DotObservations* dots);

}  // namespace medius::calibration
