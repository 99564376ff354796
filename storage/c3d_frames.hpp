#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/c3d_layout.hpp"

namespace medius::storage {

/// Decodes the points of whole frames: file axes, metres, NaN where missing (see OpenC3d).
///
/// @param frames           frame_count * layout.frame_bytes bytes of the data section.
/// @param points           which points of the file, by place.
/// @param metres_per_unit  of the file's coordinates.
/// @param zeros_are_places see ImportOptions.
/// @param position         [frame_count, points.size(), 3].
void DecodeC3dFrames(const C3dLayout& layout, const char* frames, std::size_t frame_count,
                     std::span<const std::uint32_t> points, double metres_per_unit,
                     bool zeros_are_places, float* position);

}  // namespace medius::storage
