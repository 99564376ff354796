#include "storage/c3d_frames.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace medius::storage {
namespace {

// Three coordinates and the residual word of one point, in file units.
using RawPoint = std::array<float, 4>;

struct IntelReals {
  static constexpr std::size_t kBytes = 16;
  static RawPoint Load(const char* bytes, float /*scale*/) {
    RawPoint point{};
    std::memcpy(point.data(), bytes, sizeof(point));
    return point;
  }
};

struct SgiReals {
  static constexpr std::size_t kBytes = 16;
  static RawPoint Load(const char* bytes, float /*scale*/) {
    std::array<std::uint32_t, 4> words{};
    std::memcpy(words.data(), bytes, sizeof(words));
    for (std::uint32_t& word : words) word = __builtin_bswap32(word);
    return std::bit_cast<RawPoint>(words);
  }
};

// VAX F floats: halves swapped, and an exponent two greater than that of IEEE 754. What is then
// smaller than any normal number, zero above all, becomes zero.
struct DecReals {
  static constexpr std::size_t kBytes = 16;
  static RawPoint Load(const char* bytes, float /*scale*/) {
    std::array<std::uint32_t, 4> words{};
    std::memcpy(words.data(), bytes, sizeof(words));
    for (std::uint32_t& word : words) {
      word = std::rotl(word, 16);
      constexpr std::uint32_t kTwoExponents = 2U << 23U;
      word = (word & 0x7F800000U) > kTwoExponents ? word - kTwoExponents : 0U;
    }
    return std::bit_cast<RawPoint>(words);
  }
};

template <bool kSwapBytes>
struct Integers {
  static constexpr std::size_t kBytes = 8;
  static RawPoint Load(const char* bytes, float scale) {
    std::array<std::uint16_t, 4> words{};
    std::memcpy(words.data(), bytes, sizeof(words));
    RawPoint point{};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint16_t word = kSwapBytes ? __builtin_bswap16(words[i]) : words[i];
      point[i] = static_cast<float>(static_cast<std::int16_t>(word));
    }
    for (std::size_t i = 0; i < 3; ++i) point[i] *= scale;
    return point;
  }
};

// x - x is 0 for every finite number and NaN for the rest.
bool IsMissing(const RawPoint& point, bool zeros_are_places) {
  const float difference = (point[0] - point[0]) + (point[1] - point[1]) + (point[2] - point[2]);
  const bool zero = !zeros_are_places && point[0] == 0.0F && point[1] == 0.0F && point[2] == 0.0F;
  return !(difference == 0.0F) || zero || point[3] < 0.0F;
}

template <typename Format>
void Decode(const C3dLayout& layout, const char* frames, std::size_t frame_count,
            std::span<const std::uint32_t> points, double metres_per_unit, bool zeros_are_places,
            float* position) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t frame = 0; frame < frame_count; ++frame) {
    const char* bytes = frames + frame * layout.frame_bytes;
    for (const std::uint32_t index : points) {
      const RawPoint point = Format::Load(bytes + index * Format::kBytes, layout.integer_scale);
      const bool missing = IsMissing(point, zeros_are_places);
      for (std::size_t i = 0; i < 3; ++i) {
        const auto metres = static_cast<float>(static_cast<double>(point[i]) * metres_per_unit);
        position[i] = missing ? kNaN : metres;
      }
      position += 3;
    }
  }
}

}  // namespace

static_assert(std::endian::native == std::endian::little,
              "the decoders take the processor to be little-endian");

void DecodeC3dFrames(const C3dLayout& layout, const char* frames, std::size_t frame_count,
                     std::span<const std::uint32_t> points, double metres_per_unit,
                     bool zeros_are_places, float* position) {
  const bool is_sgi = layout.processor == C3dProcessor::kSgi;
  auto* decode = layout.is_real ? &Decode<IntelReals> : &Decode<Integers<false>>;
  if (is_sgi) decode = layout.is_real ? &Decode<SgiReals> : &Decode<Integers<true>>;
  if (layout.processor == C3dProcessor::kDec && layout.is_real) decode = &Decode<DecReals>;
  decode(layout, frames, frame_count, points, metres_per_unit, zeros_are_places, position);
}

}  // namespace medius::storage
