// How fast a trial file is written, copied, checked and read. The content is like that of a run:
// markers that move smoothly, seen by eight cameras with noise and gaps, since how fast deflate is
// depends on what it packs. Megabytes are those of the unpacked columns.

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "storage/trial_file.hpp"

namespace medius::storage {
namespace {

constexpr std::size_t kCameras = 8;
constexpr std::size_t kMarkers = 40;
constexpr std::size_t kFrames = 12000;  // one minute at 200 Hz
constexpr std::size_t kBlock = 512;
constexpr double kRateHz = 200.0;

std::filesystem::path BenchmarkFile(const char* name) {
  return std::filesystem::temp_directory_path() / (std::string("medius-benchmark-") + name);
}

ObservationBlock MakeSightings(FrameRange frames) {
  ObservationBlock block;
  block.frames = frames;
  block.cameras.resize(kCameras);
  for (std::size_t c = 0; c < kCameras; ++c) {
    std::mt19937 random(static_cast<unsigned>(1000 * c + frames.first));
    std::normal_distribution<float> noise(0.0F, 0.3F);
    CameraObservations& camera = block.cameras[c];
    for (std::size_t t = frames.first; t < frames.end(); ++t) {
      for (std::size_t m = 0; m < kMarkers; ++m) {
        if (random() % 4 == 0) continue;
        const double phase = 8.8 * static_cast<double>(t) / kRateHz + static_cast<double>(m + c);
        camera.xy.emplace_back(
            960.0F + 400.0F * static_cast<float>(std::sin(phase)) + noise(random),
            540.0F + 200.0F * static_cast<float>(std::cos(phase)) + noise(random));
        camera.sigma.push_back(0.3F);
        camera.label.push_back(static_cast<std::int16_t>(m));
      }
      camera.frame_start.push_back(camera.xy.size());
    }
  }
  return block;
}

TrajectoryBlock MakePositions(FrameRange frames) {
  TrajectoryBlock block(frames, kMarkers);
  std::mt19937 random(static_cast<unsigned>(frames.first));
  std::normal_distribution<double> noise(0.0, 2e-4);
  for (std::size_t t = 0; t < frames.count; ++t) {
    for (std::size_t m = 0; m < kMarkers; ++m) {
      MarkerSample sample = MarkerSample::Missing();
      const double phase =
          8.8 * static_cast<double>(frames.first + t) / kRateHz + static_cast<double>(m);
      sample.position = {std::sin(phase) + noise(random), noise(random), std::cos(phase)};
      sample.covariance = Eigen::Matrix3d::Identity() * (4e-8 + 1e-9 * noise(random));
      sample.residual_px = 0.3 + noise(random);
      sample.rays = 5;
      sample.source = SampleSource::kMeasured;
      block.Set(t, MarkerId(m), sample);
    }
  }
  return block;
}

struct Run {
  std::vector<ObservationBlock> sightings;
  std::vector<TrajectoryBlock> positions;
  std::int64_t bytes = 0;
};

const Run& MinuteOfRunning() {
  static const Run run = [] {
    Run made;
    for (const FrameRange& frames : SplitFrames(kFrames, kBlock)) {
      made.sightings.push_back(MakeSightings(frames));
      made.positions.push_back(MakePositions(frames));
      for (const CameraObservations& camera : made.sightings.back().cameras) {
        constexpr std::size_t kRowBytes = 8 + 4 + 2;
        made.bytes += static_cast<std::int64_t>(8 * frames.count + kRowBytes * camera.row_count());
      }
      constexpr std::size_t kSampleBytes = 12 + 24 + 4 + 1 + 1;
      made.bytes += static_cast<std::int64_t>(frames.count * kMarkers * kSampleBytes);
    }
    return made;
  }();
  return run;
}

std::vector<std::string> Names(const char* prefix, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i));
  return names;
}

void WriteRun(const std::filesystem::path& path, Parallelism parallelism) {
  TrialWriter writer(path, parallelism);
  writer.WriteHeader({"benchmark", "", "", "running", ""});
  writer.WriteTimeBase(TimeBase::Uniform(kRateHz, kFrames));
  writer.BeginObservations(Names("cam", kCameras), {true, false, false, true});
  writer.BeginTrajectories(Names("M", kMarkers));
  for (const ObservationBlock& block : MinuteOfRunning().sightings)
    writer.AppendObservations(block);
  for (const TrajectoryBlock& block : MinuteOfRunning().positions) writer.AppendTrajectories(block);
  writer.Commit();
}

Parallelism Threads(const benchmark::State& state) {
  return Parallelism(static_cast<int>(state.range(0)));
}

void CountFrames(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * MinuteOfRunning().bytes);
  state.counters["frames/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(kFrames),
                         benchmark::Counter::kIsRate);
}

void WriteTrial(benchmark::State& state) {
  const auto path = BenchmarkFile("write.trial.h5");
  MinuteOfRunning();
  for (auto _ : state) WriteRun(path, Threads(state));
  CountFrames(state);
  state.counters["file_MB"] = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  std::filesystem::remove(path);
}
BENCHMARK(WriteTrial)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void ReadTrial(benchmark::State& state) {
  const auto path = BenchmarkFile("read.trial.h5");
  WriteRun(path, Parallelism(2));
  for (auto _ : state) {
    const TrialReader reader(path, Threads(state));
    for (const FrameRange& frames : SplitFrames(kFrames, kBlock)) {
      benchmark::DoNotOptimize(reader.ReadObservations(frames, reader.observation_cameras()));
      benchmark::DoNotOptimize(reader.ReadTrajectories(frames));
    }
  }
  CountFrames(state);
  std::filesystem::remove(path);
}
BENCHMARK(ReadTrial)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void CopyTrial(benchmark::State& state) {
  const auto path = BenchmarkFile("copy.trial.h5");
  WriteRun(path, Parallelism(2));
  for (auto _ : state) {
    const TrialReader source(path);
    TrialWriter writer(path);
    writer.CopyFrom(source, {TrialPart::kObservations, TrialPart::kTrajectories});
    writer.Commit();
  }
  CountFrames(state);
  std::filesystem::remove(path);
}
BENCHMARK(CopyTrial)->Unit(benchmark::kMillisecond)->UseRealTime();

void OpenTrial(benchmark::State& state) {
  const auto path = BenchmarkFile("open.trial.h5");
  WriteRun(path, Parallelism(2));
  for (auto _ : state) {
    const TrialReader reader(path);
    benchmark::DoNotOptimize(reader.ReadTrajectories({kFrames / 2, 1}));
  }
  std::filesystem::remove(path);
}
BENCHMARK(OpenTrial)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace medius::storage
