#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace medius::storage::hdf5 {

/// The filters that a trial file may use. Medius runs them itself rather than through the library:
/// several chunks at once, and with the size of the result known before anything is unpacked.
enum class Filter : std::uint8_t { kShuffle, kDeflate, kFletcher32 };

/// How the chunks of a dataset are packed.
struct ChunkCodec {
  std::size_t element_size = 1;  ///< bytes
  std::size_t chunk_bytes = 0;   ///< unpacked
  std::vector<Filter> filters;   ///< in the order of writing
};

/// What Medius writes: shuffle, deflate at level 1, Fletcher32.
[[nodiscard]] ChunkCodec StandardCodec(std::size_t element_size, std::size_t chunk_bytes);

/// Packs one chunk by all filters of the codec.
/// @param bytes  [codec.chunk_bytes]
[[nodiscard]] std::vector<std::uint8_t> EncodeChunk(const ChunkCodec& codec,
                                                    const std::vector<std::uint8_t>& bytes);

/// Unpacks one chunk.
/// @param skipped  HDF5's filter mask: bit i says that filter i was not applied to this chunk.
/// @param out      gets codec.chunk_bytes bytes; never more are unpacked.
/// @return empty, or what is wrong with the chunk.
[[nodiscard]] std::string DecodeChunk(const ChunkCodec& codec, const std::vector<std::uint8_t>& raw,
                                      std::uint32_t skipped, std::vector<std::uint8_t>& out);

/// Checks the checksum alone, where it is the outermost filter (as Medius writes it).
/// @return empty, or what is wrong with the chunk.
[[nodiscard]] std::string VerifyChunkChecksum(const ChunkCodec& codec,
                                              const std::vector<std::uint8_t>& raw,
                                              std::uint32_t skipped);

/// HDF5's Fletcher32: big-endian 16-bit words, an odd last byte in the high half.
/// Source: HDF5 File Format Specification, version 3.0, appendix of filters; Fletcher, IEEE Trans.
/// Commun. 30 (1982) 247-252.
[[nodiscard]] std::uint32_t Fletcher32(const std::uint8_t* bytes, std::size_t size);

}  // namespace medius::storage::hdf5
