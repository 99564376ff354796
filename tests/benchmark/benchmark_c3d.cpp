// How fast the points of a C3D file are decoded, in bytes of the file a second, the file in the
// page cache: 60 markers, 60,000 frames (5 minutes at 200 Hz), read by chunks as `medius import`
// does.

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "storage/trajectory_import.hpp"

namespace medius::storage {
namespace {

constexpr std::size_t kMarkers = 60;
constexpr std::size_t kFrames = 60'000;
constexpr std::size_t kFramesPerChunk = 4096;

enum Processor : std::uint8_t { kIntel = 84, kDec = 85, kSgi = 86 };

void PutWord(std::string& bytes, std::size_t place, std::uint16_t value, Processor processor) {
  bytes[place + (processor == kSgi ? 1 : 0)] = static_cast<char>(value & 0xFFU);
  bytes[place + (processor == kSgi ? 0 : 1)] = static_cast<char>(value >> 8U);
}

void PutReal(std::string& bytes, std::size_t place, std::uint32_t ieee_bits, Processor processor) {
  // DEC: an exponent two greater; zero stays zero.
  const std::uint32_t bits =
      processor == kDec && ieee_bits != 0 ? ieee_bits + (2U << 23U) : ieee_bits;
  const auto high = static_cast<std::uint16_t>(bits >> 16U);
  const auto low = static_cast<std::uint16_t>(bits & 0xFFFFU);
  PutWord(bytes, place + (processor == kIntel ? 2 : 0), high, processor);
  PutWord(bytes, place + (processor == kIntel ? 0 : 2), low, processor);
}

// Header and an empty parameter section: counts, scale and rate stand in the header alone.
std::string MakeFile(Processor processor, bool real) {
  const std::size_t point_bytes = real ? 16 : 8;
  std::string bytes(1024 + kFrames * kMarkers * point_bytes, '\0');
  bytes[0] = 2;
  bytes[1] = 0x50;
  PutWord(bytes, 2, kMarkers, processor);
  PutWord(bytes, 6, 1, processor);
  PutWord(bytes, 8, kFrames, processor);
  PutReal(bytes, 12, real ? 0xBDCCCCCDU : 0x3DCCCCCDU, processor);  // -0.1, 0.1
  PutWord(bytes, 16, 3, processor);
  PutReal(bytes, 20, 0x43480000U, processor);  // 200
  bytes[514] = 1;
  bytes[515] = static_cast<char>(processor);
  for (std::size_t i = 0; i < kFrames * kMarkers; ++i) {
    const std::size_t place = 1024 + i * point_bytes;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (real) {  // 1024 to 2048 mm
        PutReal(bytes, place + axis * 4, 0x44800000U + static_cast<std::uint32_t>(i % 0x7FFFFF),
                processor);
      } else {
        PutWord(bytes, place + axis * 2, static_cast<std::uint16_t>(1 + i % 30'000), processor);
      }
    }
  }
  return bytes;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes) {
    path_ = (std::filesystem::temp_directory_path() / "medius-benchmark-XXXXXX").string();
    const int descriptor = mkstemp(path_.data());
    if (descriptor < 0) throw std::runtime_error("no temporary file");
    std::ofstream(path_, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void ReadC3d(benchmark::State& state, Processor processor, bool real) {
  const TemporaryFile file(MakeFile(processor, real));
  const Parallelism parallelism(static_cast<int>(state.range(0)));
  std::vector<float> position(kFramesPerChunk * kMarkers * 3);
  for (auto _ : state) {
    const std::unique_ptr<TrajectorySource> source = OpenTrajectories(file.path(), {});
    for (const FrameRange& frames : SplitFrames(source->frame_count(), kFramesPerChunk)) {
      const std::span<float> chunk(position.data(), frames.count * kMarkers * 3);
      source->ReadPositions(frames, parallelism, chunk);
      benchmark::DoNotOptimize(chunk.data());
    }
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(std::filesystem::file_size(file.path())));
}

BENCHMARK_CAPTURE(ReadC3d, intel_real, kIntel, true)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK_CAPTURE(ReadC3d, intel_integer, kIntel, false)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK_CAPTURE(ReadC3d, dec_real, kDec, true)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK_CAPTURE(ReadC3d, dec_integer, kDec, false)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK_CAPTURE(ReadC3d, sgi_real, kSgi, true)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK_CAPTURE(ReadC3d, sgi_integer, kSgi, false)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
}  // namespace medius::storage
