#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/c3d_parameters.hpp"
#include "storage/input_file.hpp"

namespace medius::storage {

/// The 512 bytes at the start of a C3D file (https://www.c3d.org/HTML/headersection.htm).
struct C3dHeader {
  C3dProcessor processor = C3dProcessor::kIntel;
  std::uint64_t parameter_offset = 0;  ///< bytes
  std::size_t parameter_blocks = 0;    ///< of 512 bytes, as the parameter section says
  std::uint16_t point_count = 0;
  std::uint16_t analog_words_per_frame = 0;
  std::uint16_t first_frame = 0;
  std::uint16_t last_frame = 0;
  float scale = 0.0F;
  std::uint16_t data_block = 0;
  float rate_hz = 0.0F;
  std::string bytes;  ///< all of it, for the events

  /// @throws InputError where the file is too short or its parameter block is not one.
  static C3dHeader Read(const InputFile& file);
};

/// Where the points of a C3D file lie, after header, parameters and size of the file have been
/// weighed against each other.
struct C3dLayout {
  C3dProcessor processor = C3dProcessor::kIntel;
  bool is_real = false;
  float integer_scale = 0.0F;     ///< file units per integer step
  std::size_t point_count = 0;    ///< in the file, > 0
  std::uint64_t data_offset = 0;  ///< bytes
  std::uint64_t frame_bytes = 0;  ///< points and analog samples of one frame
  std::uint64_t frame_count = 0;
  std::uint64_t first_frame = 1;  ///< number of the first frame, from 1
  double rate_hz = 0.0;           ///< 0 where the file does not say

  /// @throws InputError that names what does not fit: a parameter, or frames that the file has not.
  static C3dLayout Derive(const InputFile& file, const C3dHeader& header,
                          const C3dParameters& parameters, std::vector<std::string>& warnings);
};

/// Reads the parameter section of a file, from its block to the data.
[[nodiscard]] C3dParameters ReadC3dParameters(const InputFile& file, const C3dHeader& header);

}  // namespace medius::storage
