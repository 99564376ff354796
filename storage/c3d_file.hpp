#pragma once

#include <memory>
#include <string_view>

#include "storage/input_file.hpp"
#include "storage/trajectory_import.hpp"

namespace medius::storage {

/// True where the first bytes of a file are those of a C3D header.
[[nodiscard]] bool LooksLikeC3d(std::string_view head);

/// Opens the 3D points of a C3D file (https://www.c3d.org, user guide): Intel, DEC and SGI numbers,
/// integer and real, any number of frames and points; analog samples are stepped over.
///
/// A point is missing (NaN) where its residual is negative, a coordinate is not finite, or all
/// three coordinates are exactly zero, which is what programs write for "not seen". Points that the
/// file lists as angles, forces, moments, powers or scalars are no positions and are left out. Time
/// is (frame number - 1) / rate, so that a trial cut from a longer one keeps its place.
///
/// @throws InputError that names the group:parameter or the byte that is wrong.
[[nodiscard]] std::unique_ptr<TrajectorySource> OpenC3d(InputFile file,
                                                        const ImportOptions& options);

}  // namespace medius::storage
