#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/parallel.hpp"
#include "core/subject_model.hpp"
#include "reconstruct/fragments.hpp"
#include "reconstruct/label_growth.hpp"

namespace medius::reconstruct {

/// Names that were found in one window without knowing any.
struct LabelStart {
  std::pair<std::size_t, std::size_t> blocks;  ///< first and end
  /// Fragment of each marker that was found.
  std::vector<std::optional<std::size_t>> fragment_of;
  double score = 0.0;  ///< log odds over "none of them is a marker"
};

/// Tries the windows of `within` that have the most fragments all through them, spread over it, and
/// returns the names of those that fit the subject about as well as the best does, in order of
/// time; empty where nowhere enough of the subject is found.
/// @param within        blocks, first and end.
/// @param window_blocks  length of a window.
[[nodiscard]] std::vector<LabelStart> FindStarts(const std::vector<Fragment>& fragments,
                                                 const FragmentBlocks& blocks,
                                                 const SubjectModel& subject,
                                                 std::pair<std::size_t, std::size_t> within,
                                                 std::size_t window_blocks,
                                                 Parallelism parallelism);

}  // namespace medius::reconstruct
