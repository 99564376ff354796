#include "storage/c3d_layout.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::storage {
namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kLargestWord = 65535;

// A count that a parameter holds as a word or as a real; nullopt where it is no count.
std::optional<std::uint64_t> Count(std::optional<double> number) {
  constexpr double kLargest = 1e15;
  if (!number || !(*number >= 1.0) || *number > kLargest) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*number));
}

// TRIAL:ACTUAL_START_FIELD and _END_FIELD: a 32-bit frame number as two words, the low one first.
std::optional<std::uint64_t> FrameField(const C3dParameters& parameters, std::string_view name) {
  const std::vector<double> words = parameters.Numbers("TRIAL", name);
  if (words.empty()) return std::nullopt;
  const double number = words[0] + (words.size() > 1 ? words[1] * 65536.0 : 0.0);
  return Count(number);
}

// What the places that state a number of frames say, each nullopt where it says nothing.
struct FrameClaims {
  std::optional<std::uint64_t> long_frames;
  std::optional<std::uint64_t> trial;
  std::optional<std::uint64_t> trial_start;
  std::optional<std::uint64_t> frames;
  bool frames_is_real = false;
  std::optional<std::uint64_t> header;
};

FrameClaims ReadClaims(const C3dHeader& header, const C3dParameters& parameters) {
  FrameClaims claims;
  claims.long_frames = Count(parameters.Number("POINT", "LONG_FRAMES"));
  claims.trial_start = FrameField(parameters, "ACTUAL_START_FIELD");
  const std::optional<std::uint64_t> end = FrameField(parameters, "ACTUAL_END_FIELD");
  if (claims.trial_start && end && *end >= *claims.trial_start) {
    claims.trial = *end - *claims.trial_start + 1;
  }
  claims.frames = Count(parameters.Number("POINT", "FRAMES"));
  const C3dParameter* frames = parameters.Find("POINT", "FRAMES");
  claims.frames_is_real = frames != nullptr && frames->type == C3dParameter::Type::kReal;
  if (header.last_frame >= header.first_frame && header.last_frame > 0) {
    claims.header = header.last_frame - std::max<std::uint64_t>(header.first_frame, 1) + 1;
  }
  return claims;
}

// A word of 65535 stands for "as many or more"; a smaller one may have lost its upper half.
bool MayExceedWord(const FrameClaims& claims) {
  if (!claims.frames) return true;
  if (claims.frames_is_real) return false;
  return *claims.frames == kLargestWord || (claims.trial && *claims.trial > kLargestWord &&
                                            (*claims.trial - *claims.frames) % 65536 == 0);
}

// The claims by their weight. POINT:FRAMES wins over TRIAL, which programs leave as it was when
// they cut a trial, unless a word could not hold the number.
std::vector<std::uint64_t> RankClaims(const FrameClaims& claims) {
  std::vector<std::uint64_t> ranked;
  const auto add = [&](const std::optional<std::uint64_t>& claim) {
    if (claim) ranked.push_back(*claim);
  };
  add(claims.long_frames);
  if (MayExceedWord(claims)) add(claims.trial);
  if (claims.frames_is_real || claims.frames != kLargestWord) add(claims.frames);
  if (!claims.frames) add(claims.header);
  return ranked;
}

// True where so many frames fill what the file has, up to the padding of its last block.
bool Fits(std::uint64_t frames, std::uint64_t frame_bytes, std::uint64_t available) {
  if (frames > available / frame_bytes) return false;
  return available - frames * frame_bytes < kBlock;
}

std::optional<std::uint64_t> FittingClaim(const FrameClaims& claims, std::uint64_t frame_bytes,
                                          std::uint64_t available) {
  std::vector<std::uint64_t> ranked = RankClaims(claims);
  for (const auto& claim : {claims.frames, claims.trial, claims.header}) {
    if (claim) ranked.push_back(*claim);
  }
  const auto fitting = std::find_if(ranked.begin(), ranked.end(), [&](std::uint64_t frames) {
    return Fits(frames, frame_bytes, available);
  });
  if (fitting == ranked.end()) return std::nullopt;
  return *fitting;
}

std::uint64_t AnalogWords(const C3dHeader& header, const C3dParameters& parameters, double rate) {
  const double channels = parameters.Number("ANALOG", "USED").value_or(-1.0);
  const double analog_rate = parameters.Number("ANALOG", "RATE").value_or(0.0);
  if (channels == 0.0) return 0;
  if (!(channels >= 0.0 && channels <= 65535.0) || !(analog_rate > 0.0) || !(rate > 0.0) ||
      analog_rate > rate * 65535.0) {
    return header.analog_words_per_frame;
  }
  return static_cast<std::uint64_t>(channels) *
         static_cast<std::uint64_t>(std::max(1LL, std::llround(analog_rate / rate)));
}

std::uint64_t BytesAfterDataStart(const InputFile& file, std::uint64_t data_offset) {
  return file.size() > data_offset ? file.size() - data_offset : 0;
}

void SetRateAndPoints(const InputFile& file, const C3dHeader& header,
                      const C3dParameters& parameters, std::vector<std::string>& warnings,
                      C3dLayout& layout) {
  const double stated = parameters.Number("POINT", "RATE").value_or(0.0);
  const auto is_rate = [](double rate) { return rate > 1e-3 && rate < 1e6; };  // false for NaN
  layout.rate_hz = is_rate(stated) ? stated : is_rate(header.rate_hz) ? header.rate_hz : 0.0;
  constexpr double kMostPoints = 16777215.0;  // the largest whole number every REAL holds
  const double used = parameters.Number("POINT", "USED").value_or(header.point_count);
  if (!(used >= 0.0 && used <= kMostPoints)) {
    throw InputError(
        fmt::format("{}: POINT:USED is {}, which is no count of points", file.name(), used));
  }
  layout.point_count = static_cast<std::size_t>(used);
  if (layout.point_count == 0) {
    throw InputError(fmt::format("{}: POINT:USED is 0: the file has no 3D points, only analog data",
                                 file.name()));
  }
  if (layout.point_count > kLargestWord) {
    throw InputError(fmt::format("{}: POINT:USED is no count of points", file.name()));
  }
  if (header.point_count != 0 && layout.point_count != header.point_count) {
    warnings.push_back(fmt::format("POINT:USED says {} points, the header {}; taken are {}",
                                   layout.point_count, header.point_count, layout.point_count));
  }
}

void SetNumberFormat(const InputFile& file, const C3dHeader& header,
                     const C3dParameters& parameters, C3dLayout& layout) {
  const float scale =
      static_cast<float>(parameters.Number("POINT", "SCALE").value_or(header.scale));
  if (!std::isfinite(scale)) {
    throw InputError(
        fmt::format("{}: POINT:SCALE is {}; a number is expected", file.name(), scale));
  }
  layout.is_real = scale < 0.0F;
  layout.integer_scale = scale;
  if (scale == 0.0F) {
    throw InputError(fmt::format(
        "{}: POINT:SCALE is 0; a positive scale (integers) or a negative one (reals) is expected",
        file.name()));
  }
}

std::uint64_t DataOffset(const InputFile& file, const C3dHeader& header,
                         const C3dParameters& parameters, std::vector<std::string>& warnings) {
  const auto is_possible = [&](std::uint64_t block) {
    return block >= 2 && (block - 1) * kBlock < file.size();
  };
  const std::uint64_t stated = Count(parameters.Number("POINT", "DATA_START")).value_or(0);
  const std::uint64_t block = is_possible(stated) ? stated : header.data_block;
  if (!is_possible(block)) {
    throw InputError(
        fmt::format("{}: the data should begin at block {} (byte {}), where the file of {} bytes "
                    "has ended; the copy is not complete: get the file again",
                    file.name(), block, block > 0 ? (block - 1) * kBlock : 0, file.size()));
  }
  if (header.data_block != 0 && block != header.data_block) {
    warnings.push_back(fmt::format("POINT:DATA_START is {}, the header says {}; taken is {}",
                                   stated, header.data_block, block));
  }
  return (block - 1) * kBlock;
}

// The bytes of one frame. Header and ANALOG parameters may disagree: what fills the file is right.
void SetFrameBytes(const InputFile& file, const C3dHeader& header, const C3dParameters& parameters,
                   const FrameClaims& claims, std::vector<std::string>& warnings,
                   C3dLayout& layout) {
  const std::uint64_t word_bytes = layout.is_real ? 4 : 2;
  const std::uint64_t available = BytesAfterDataStart(file, layout.data_offset);
  const std::uint64_t points = layout.point_count * 4;
  layout.frame_bytes = (points + header.analog_words_per_frame) * word_bytes;
  const std::uint64_t analog = AnalogWords(header, parameters, layout.rate_hz);
  if (analog == header.analog_words_per_frame ||
      FittingClaim(claims, layout.frame_bytes, available)) {
    return;
  }
  const std::uint64_t alternative = (points + analog) * word_bytes;
  if (!FittingClaim(claims, alternative, available)) return;
  layout.frame_bytes = alternative;
  warnings.push_back(fmt::format(
      "the header says {} analog samples a frame, ANALOG:USED and RATE say {}; taken are {}, "
      "which fill the file",
      header.analog_words_per_frame, analog, analog));
}

// Nothing states the number: as many as the file holds, without the zeros that pad its last block.
std::uint64_t FramesBySize(const InputFile& file, const C3dLayout& layout) {
  std::uint64_t frames = BytesAfterDataStart(file, layout.data_offset) / layout.frame_bytes;
  std::string frame(static_cast<std::size_t>(layout.frame_bytes), '\0');
  for (std::uint64_t padding = layout.frame_bytes; frames > 0 && padding < kBlock;
       padding += layout.frame_bytes) {
    file.ReadAt(layout.data_offset + (frames - 1) * layout.frame_bytes, frame.size(), frame.data());
    if (frame.find_first_not_of('\0') != std::string::npos) break;
    --frames;
  }
  return frames;
}

void SetFrameCount(const InputFile& file, const FrameClaims& claims,
                   std::vector<std::string>& warnings, C3dLayout& layout) {
  const std::uint64_t available = BytesAfterDataStart(file, layout.data_offset);
  const std::uint64_t held = available / layout.frame_bytes;
  const std::vector<std::uint64_t> ranked = RankClaims(claims);
  if (const auto fitting = FittingClaim(claims, layout.frame_bytes, available)) {
    layout.frame_count = *fitting;
  } else {
    layout.frame_count = ranked.empty() ? FramesBySize(file, layout) : ranked.front();
  }
  if (layout.frame_count > held) {
    throw InputError(fmt::format(
        "{}: declares {} frames of {} bytes from byte {}, but the file of {} bytes holds {}; the "
        "copy is not complete: get the file again",
        file.name(), layout.frame_count, layout.frame_bytes, layout.data_offset, file.size(),
        held));
  }
  if (layout.frame_count == 0) throw InputError(fmt::format("{}: has no frames", file.name()));
  if (!ranked.empty() && ranked.front() != layout.frame_count) {
    warnings.push_back(fmt::format("states {} frames in one place and {} in another; {} fill it",
                                   ranked.front(), layout.frame_count, layout.frame_count));
  }
}

}  // namespace

C3dHeader C3dHeader::Read(const InputFile& file) {
  C3dHeader header;
  header.bytes = file.ReadHead(kBlock);
  if (header.bytes.size() < kBlock) {
    throw InputError(fmt::format(
        "{}: ends at byte {}, inside the header of 512 bytes; the copy is not complete: get the "
        "file again",
        file.name(), file.size()));
  }
  const auto block = static_cast<unsigned char>(header.bytes[0]);
  header.parameter_offset = block > 0 ? (block - 1) * kBlock : 0;
  if (block < 2 || header.parameter_offset + 4 > file.size()) {
    throw InputError(fmt::format(
        "{}: byte 1 says that the parameters begin at block {}, which the file of {} bytes does "
        "not have",
        file.name(), block, file.size()));
  }
  char section[4];
  file.ReadAt(header.parameter_offset, sizeof(section), section);
  header.parameter_blocks = static_cast<unsigned char>(section[2]);
  const int processor = static_cast<unsigned char>(section[3]);
  if (processor < 84 || processor > 86) {
    throw InputError(
        fmt::format("{}: byte {} names processor {}; 84 (Intel), 85 (DEC) or 86 (SGI) expected",
                    file.name(), header.parameter_offset + 4, processor));
  }
  header.processor = static_cast<C3dProcessor>(processor);
  const auto word = [&](std::size_t number) {  // words count from 1, as in the manual
    return C3dWord(header.processor, header.bytes.data() + (number - 1) * 2);
  };
  header.point_count = word(2);
  header.analog_words_per_frame = word(3);
  header.first_frame = word(4);
  header.last_frame = word(5);
  header.scale = C3dReal(header.processor, header.bytes.data() + 12);
  header.data_block = word(9);
  header.rate_hz = C3dReal(header.processor, header.bytes.data() + 20);
  return header;
}

C3dParameters ReadC3dParameters(const InputFile& file, const C3dHeader& header) {
  const std::uint64_t begin = header.parameter_offset;
  const std::uint64_t data = header.data_block > 0 ? (header.data_block - 1) * kBlock : 0;
  // The data mark the end better than the section's own count of blocks, which programs get wrong.
  std::uint64_t end = data > begin ? data : begin + header.parameter_blocks * kBlock;
  end = std::min(end, file.size());
  std::string section(static_cast<std::size_t>(end > begin ? end - begin : 0), '\0');
  if (!section.empty()) file.ReadAt(begin, section.size(), section.data());
  return C3dParameters::Parse(header.processor, section);
}

C3dLayout C3dLayout::Derive(const InputFile& file, const C3dHeader& header,
                            const C3dParameters& parameters, std::vector<std::string>& warnings) {
  C3dLayout layout;
  layout.processor = header.processor;
  SetRateAndPoints(file, header, parameters, warnings, layout);
  SetNumberFormat(file, header, parameters, layout);
  layout.data_offset = DataOffset(file, header, parameters, warnings);
  const FrameClaims claims = ReadClaims(header, parameters);
  SetFrameBytes(file, header, parameters, claims, warnings, layout);
  SetFrameCount(file, claims, warnings, layout);
  const bool trial_counts = claims.trial == layout.frame_count && claims.trial_start;
  layout.first_frame =
      std::max<std::uint64_t>(1, trial_counts ? *claims.trial_start : header.first_frame);
  return layout;
}

}  // namespace medius::storage
