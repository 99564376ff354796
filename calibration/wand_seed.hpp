#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "calibration/bundle.hpp"
#include "calibration/options.hpp"
#include "calibration/wand_degeneracy.hpp"
#include "calibration/wand_dots.hpp"
#include "calibration/wand_labels.hpp"
#include "calibration/wand_match.hpp"
#include "calibration/wand_two_view.hpp"

namespace medius::calibration {

/// What the search for a first pair of cameras works on.
struct SeedInput {
  const WandShape& shape;
  const DotObservations& dots;
  const std::vector<std::vector<Labelling>>& labellings;  ///< [views]
  const std::vector<DotFrame>& frames;                    ///< those to start from
  const RigState& state;                                  ///< kinds, and intrinsics where known
  bool intrinsics_known = false;
  const std::vector<double>& focal_guess;  ///< [cameras] or empty
};

/// Two cameras to start from.
struct SeedPair {
  std::size_t a = 0;
  std::size_t b = 0;
  RigidTransform b_from_a;  ///< metres
  double focal_a = 0.0;     ///< pixels
  double focal_b = 0.0;
};

/// Instants at which both cameras of each pair see all of the wand, most first.
std::vector<CommonFrames> CountCommonFrames(const DotObservations& dots,
                                            const std::vector<std::vector<Labelling>>& labellings,
                                            const std::vector<DotFrame>& frames);

/// Of the pairs with most common instants those that can be started from, the best first; or why
/// there is none.
struct SeedSearch {
  std::vector<SeedPair> pairs;
  Degeneracy degeneracy;  ///< where there is no pair
};
SeedSearch FindSeedPairs(const SeedInput& input, const std::vector<CommonFrames>& common);

}  // namespace medius::calibration
