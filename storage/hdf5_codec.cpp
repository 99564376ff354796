#include "storage/hdf5_codec.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "core/check.hpp"

namespace medius::storage::hdf5 {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kDeflateLevel = 1;
constexpr std::size_t kChecksumBytes = 4;

template <std::size_t Size>
void ShuffleFixed(const std::uint8_t* in, std::size_t count, std::uint8_t* out) {
  for (std::size_t byte = 0; byte < Size; ++byte) {
    for (std::size_t i = 0; i < count; ++i) out[byte * count + i] = in[i * Size + byte];
  }
}

template <std::size_t Size>
void UnshuffleFixed(const std::uint8_t* in, std::size_t count, std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t byte = 0; byte < Size; ++byte) out[i * Size + byte] = in[byte * count + i];
  }
}

void Shuffle(std::size_t element_size, Bytes& bytes, Bytes& scratch) {
  const std::size_t count = bytes.size() / element_size;
  scratch = bytes;
  switch (element_size) {
    case 1:
      return;
    case 2:
      ShuffleFixed<2>(bytes.data(), count, scratch.data());
      break;
    case 4:
      ShuffleFixed<4>(bytes.data(), count, scratch.data());
      break;
    case 8:
      ShuffleFixed<8>(bytes.data(), count, scratch.data());
      break;
    default:
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t byte = 0; byte < element_size; ++byte) {
          scratch[byte * count + i] = bytes[i * element_size + byte];
        }
      }
  }
  bytes.swap(scratch);
}

void Unshuffle(std::size_t element_size, Bytes& bytes, Bytes& scratch) {
  const std::size_t count = bytes.size() / element_size;
  scratch = bytes;
  switch (element_size) {
    case 1:
      return;
    case 2:
      UnshuffleFixed<2>(bytes.data(), count, scratch.data());
      break;
    case 4:
      UnshuffleFixed<4>(bytes.data(), count, scratch.data());
      break;
    case 8:
      UnshuffleFixed<8>(bytes.data(), count, scratch.data());
      break;
    default:
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t byte = 0; byte < element_size; ++byte) {
          scratch[i * element_size + byte] = bytes[byte * count + i];
        }
      }
  }
  bytes.swap(scratch);
}

void Deflate(Bytes& bytes, Bytes& scratch) {
  uLongf size = compressBound(bytes.size());
  scratch.resize(size);
  const int status = compress2(scratch.data(), &size, bytes.data(), bytes.size(), kDeflateLevel);
  MEDIUS_CHECK(status == Z_OK, "deflate into a buffer of compressBound");
  scratch.resize(size);
  bytes.swap(scratch);
}

std::string Inflate(std::size_t most, Bytes& bytes, Bytes& scratch) {
  uLongf size = most;
  scratch.resize(most);
  if (uncompress(scratch.data(), &size, bytes.data(), bytes.size()) != Z_OK) {
    return "does not inflate";
  }
  scratch.resize(size);
  bytes.swap(scratch);
  return {};
}

std::uint32_t StoredChecksum(const Bytes& bytes) {
  const std::uint8_t* last = bytes.data() + bytes.size() - kChecksumBytes;
  return std::uint32_t{last[0]} | std::uint32_t{last[1]} << 8U | std::uint32_t{last[2]} << 16U |
         std::uint32_t{last[3]} << 24U;
}

std::string CheckChecksum(const Bytes& bytes) {
  if (bytes.size() < kChecksumBytes) return "is too short for its checksum";
  const std::uint32_t found = Fletcher32(bytes.data(), bytes.size() - kChecksumBytes);
  if (found != StoredChecksum(bytes)) return "fails its checksum";
  return {};
}

void AppendChecksum(Bytes& bytes) {
  const std::uint32_t sum = Fletcher32(bytes.data(), bytes.size());
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<std::uint8_t>(sum >> shift & 0xffU));
  }
}

bool IsSkipped(std::uint32_t skipped, std::size_t filter) {
  return (skipped >> filter & 1U) != 0;
}

std::string Undo(Filter filter, const ChunkCodec& codec, Bytes& bytes, Bytes& scratch) {
  switch (filter) {
    case Filter::kShuffle:
      Unshuffle(codec.element_size, bytes, scratch);
      return {};
    // A checksum may lie inside the deflated stream in files of other programs.
    case Filter::kDeflate:
      return Inflate(codec.chunk_bytes + kChecksumBytes, bytes, scratch);
    case Filter::kFletcher32:
      break;
  }
  std::string problem = CheckChecksum(bytes);
  if (problem.empty()) bytes.resize(bytes.size() - kChecksumBytes);
  return problem;
}

}  // namespace

ChunkCodec StandardCodec(std::size_t element_size, std::size_t chunk_bytes) {
  return {element_size, chunk_bytes, {Filter::kShuffle, Filter::kDeflate, Filter::kFletcher32}};
}

std::uint32_t Fletcher32(const std::uint8_t* bytes, std::size_t size) {
  // 360 words are the most whose sums fit 32 bits before they must be folded.
  constexpr std::size_t kBlockWords = 360;
  std::uint32_t sum1 = 0;
  std::uint32_t sum2 = 0;
  for (std::size_t words = size / 2; words > 0;) {
    const std::size_t block = std::min(words, kBlockWords);
    words -= block;
    for (std::size_t i = 0; i < block; ++i, bytes += 2) {
      sum1 += std::uint32_t{bytes[0]} << 8U | std::uint32_t{bytes[1]};
      sum2 += sum1;
    }
    sum1 = (sum1 & 0xffffU) + (sum1 >> 16U);
    sum2 = (sum2 & 0xffffU) + (sum2 >> 16U);
  }
  if (size % 2 != 0) {
    sum1 += std::uint32_t{*bytes} << 8U;
    sum2 += sum1;
    sum1 = (sum1 & 0xffffU) + (sum1 >> 16U);
    sum2 = (sum2 & 0xffffU) + (sum2 >> 16U);
  }
  sum1 = (sum1 & 0xffffU) + (sum1 >> 16U);
  sum2 = (sum2 & 0xffffU) + (sum2 >> 16U);
  return sum2 << 16U | sum1;
}

std::vector<std::uint8_t> EncodeChunk(const ChunkCodec& codec,
                                      const std::vector<std::uint8_t>& bytes) {
  MEDIUS_CHECK(bytes.size() == codec.chunk_bytes, "a chunk is packed whole");
  Bytes packed = bytes;
  Bytes scratch;
  for (const Filter filter : codec.filters) {
    switch (filter) {
      case Filter::kShuffle:
        Shuffle(codec.element_size, packed, scratch);
        break;
      case Filter::kDeflate:
        Deflate(packed, scratch);
        break;
      case Filter::kFletcher32:
        AppendChecksum(packed);
        break;
    }
  }
  return packed;
}

std::string DecodeChunk(const ChunkCodec& codec, const std::vector<std::uint8_t>& raw,
                        std::uint32_t skipped, std::vector<std::uint8_t>& out) {
  out = raw;
  Bytes scratch;
  for (std::size_t i = codec.filters.size(); i-- > 0;) {
    if (IsSkipped(skipped, i)) {
      if (codec.filters[i] == Filter::kFletcher32) return "has no checksum";
      continue;
    }
    std::string problem = Undo(codec.filters[i], codec, out, scratch);
    if (!problem.empty()) return problem;
  }
  if (out.size() != codec.chunk_bytes) {
    return fmt::format("unpacks to {} bytes, expected {}", out.size(), codec.chunk_bytes);
  }
  return {};
}

std::string VerifyChunkChecksum(const ChunkCodec& codec, const std::vector<std::uint8_t>& raw,
                                std::uint32_t skipped) {
  if (codec.filters.empty() || codec.filters.back() != Filter::kFletcher32) return {};
  if (IsSkipped(skipped, codec.filters.size() - 1)) return "has no checksum";
  return CheckChecksum(raw);
}

}  // namespace medius::storage::hdf5
