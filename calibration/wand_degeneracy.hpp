#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "calibration/result.hpp"
#include "calibration/wand_dots.hpp"
#include "calibration/wand_labels.hpp"

namespace medius::calibration {

/// Fewest instants at which a camera must see the wand together with others.
inline constexpr std::size_t kFewestWandFrames = 12;

/// Common instants of two cameras.
struct CommonFrames {
  std::size_t a = 0;
  std::size_t b = 0;
  std::size_t count = 0;
};

/// What is wrong with the dots before any camera is known: a camera that sees nothing, sightings
/// outside the stated image, too few instants, dots that are not those of the wand; nullopt:
/// nothing.
std::optional<Degeneracy> FindDotDegeneracy(const DotObservations& dots, const WandShape& shape,
                                            const std::vector<std::vector<Labelling>>& labellings);

Degeneracy DescribeFewFrames(const DotObservations& dots, std::size_t frames);
Degeneracy DescribePlanarWave(const DotObservations& dots, std::size_t a, std::size_t b);

/// @param mirrored  [cameras] 1 where the image is mirrored relative to those at 0; -1 unknown.
Degeneracy DescribeMirrored(const DotObservations& dots, const std::vector<int>& mirrored);

/// Cameras that could not be placed: because they share too few instants with the others, or
/// because what they share fits nowhere.
/// @param placed  [cameras]
Degeneracy DescribeUnplaced(const DotObservations& dots, const std::vector<CommonFrames>& common,
                            const std::vector<std::uint8_t>& placed);

/// No pair of cameras gave a start.
Degeneracy DescribeNoPair(const DotObservations& dots, const std::vector<CommonFrames>& common);

/// The rig that is to be held or started from does not fit the sightings.
Degeneracy DescribeWrongInitial(std::size_t matched, std::size_t frames);

/// Puts a degeneracy that the adjustment of boards found into the words of a wand.
void ReplaceBoardWords(const DotObservations& dots, Degeneracy* degeneracy);

}  // namespace medius::calibration
