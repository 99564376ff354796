#include "tests/reconstruct/gap_scene.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include <Eigen/Geometry>
#include <Eigen/LU>

#include "storage/marker_set_toml.hpp"
#include "storage/trajectory_import.hpp"

namespace medius::reconstruct::testing {

void Hide(LabelledRun& run, const std::vector<std::size_t>& markers, FrameRange frames) {
  for (std::size_t f = frames.first; f < frames.end(); ++f) {
    for (const std::size_t m : markers) run.block.Set(f, MarkerId(m), MarkerSample::Missing());
  }
}

namespace {
constexpr double kTwoPi = 6.283185307179586;
}

double Normal(std::mt19937_64& random) {
  const auto uniform = [&] { return (static_cast<double>(random() >> 11U) + 0.5) * 0x1p-53; };
  const double radius = std::sqrt(-2.0 * std::log(uniform()));
  return radius * std::cos(kTwoPi * uniform());
}

namespace {

// Where a marker is, without noise.
class Body {
 public:
  explicit Body(const SyntheticOptions& options) : options_(options), random_(options.seed) {
    for (std::size_t m = 0; m < kMarkers; ++m) {
      const double turn = kTwoPi * static_cast<double>(m % 4) / 4.0 + 0.3 * Normal(random_);
      local_[m] = {0.07 * std::cos(turn), 0.06 * std::sin(turn), 0.08 * Normal(random_)};
    }
  }

  static constexpr std::size_t kMarkers = 16;

  void Place(double time, std::array<Eigen::Vector3d, kMarkers>& x) const {
    // A phase that wanders, and strides of different length.
    const double phase =
        kTwoPi * 1.4 * time + 0.5 * std::sin(0.9 * time) + 0.3 * std::sin(2.3 * time);
    const double size = 1.0 + 0.15 * std::sin(0.61 * time + 1.0);
    using Eigen::AngleAxisd;
    using Eigen::Vector3d;
    Eigen::Matrix3d turn =
        AngleAxisd(options_.turn_rad_per_s * time, Vector3d::UnitZ()).toRotationMatrix();
    Vector3d joint = turn * Vector3d(0.3, 0.0, 1.0 + 0.04 * std::cos(2.0 * phase));
    turn = turn * AngleAxisd(0.08 * size * std::sin(phase), Vector3d::UnitX());
    constexpr std::array<double, 4> kSwing = {0.1, 0.6, 0.9, 0.5};
    for (std::size_t s = 0; s < 4; ++s) {
      const double lag = 0.7 * static_cast<double>(s);
      turn = turn * AngleAxisd(kSwing[s] * size * std::sin(phase - lag), Vector3d::UnitY());
      for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t m = 4 * s + i;
        const double slide = std::sin(phase - lag + static_cast<double>(m));
        const Vector3d skin = options_.skin_m * slide * Vector3d(0.5, 0.7, -0.5);
        x[m] = joint + turn * (local_[m] + skin + Vector3d(0.0, 0.0, s == 0 ? 0.0 : -0.2));
      }
      const double own = 2.0 * std::sin(0.7 * time + static_cast<double>(s));
      const double way = std::sin((6.0 + static_cast<double>(s)) * time + own);
      joint += options_.loose_m * way * Vector3d(0.6, 0.6, 0.5);
      if (s > 0) joint += turn * Vector3d(0.0, 0.0, -0.4);
    }
  }

 private:
  SyntheticOptions options_;
  std::mt19937_64 random_;
  std::array<Eigen::Vector3d, kMarkers> local_;
};

MarkerGroups GroupsOfLabels(const std::vector<std::string>& labels) {
  MarkerSet set;
  for (const std::string& label : labels) {
    set.clusters[label.substr(0, label.rfind('_'))].push_back(label);
  }
  return GroupsFromMarkerSet(set, labels);
}

bool IsWhole(const LabelledRun& run, std::size_t marker, FrameRange frames) {
  for (std::size_t f = frames.first; f < frames.end(); ++f) {
    if (!run.block.IsPresent(f, MarkerId(marker))) return false;
  }
  return true;
}

void Hide(LabelledRun& run, const CutGap& gap) {
  Hide(run, gap.markers, gap.frames);
}

// `together` different markers of a segment that has as many.
std::vector<std::size_t> Choose(const LabelledRun& run, std::size_t together,
                                std::mt19937_64& random) {
  while (true) {
    const int group = static_cast<int>(random() % run.groups.names.size());
    std::vector<std::size_t> members;
    for (std::size_t m = 0; m < run.labels.size(); ++m) {
      if (run.groups.group[m] == group) members.push_back(m);
    }
    if (members.size() < std::max<std::size_t>(3, together)) continue;
    for (std::size_t i = members.size() - 1; i > 0; --i) {
      std::swap(members[i], members[random() % (i + 1)]);
    }
    members.resize(together);
    return members;
  }
}

}  // namespace

std::optional<std::filesystem::path> RealRunFolder() {
  const std::filesystem::path folder = MEDIUS_REAL_DATA_DIR;
  if (!std::filesystem::exists(folder)) return std::nullopt;
  return folder;
}

LabelledRun ReadRun(const std::string& name, const std::filesystem::path& path,
                    const std::string& marker_set) {
  const auto source = storage::OpenTrajectories(path, {});
  LabelledRun run{name, source->labels(), source->time_base(), {}, {}};
  const FrameRange all{0, source->frame_count()};
  const std::size_t markers = run.labels.size();
  std::vector<float> positions(all.count * markers * 3);
  source->ReadPositions(all, Parallelism(1), positions);
  run.block = TrajectoryBlock(all, markers);
  for (std::size_t i = 0; i < all.count * markers; ++i) {
    MarkerSample sample = MarkerSample::Missing();
    sample.position = Eigen::Map<const Eigen::Vector3f>(&positions[3 * i]).cast<double>();
    if (!sample.position.allFinite()) continue;
    sample.source = SampleSource::kImported;
    run.block.Set(i / markers, MarkerId(i % markers), sample);
  }
  run.groups = marker_set.empty()
                   ? GroupsOfLabels(run.labels)
                   : GroupsFromMarkerSet(
                         storage::ReadMarkerSet(std::filesystem::path(MEDIUS_SOURCE_DIR) /
                                                ("datasets/marker_sets/" + marker_set + ".toml")),
                         run.labels);
  return run;
}

SyntheticRun MakeSyntheticRun(const SyntheticOptions& options) {
  LabelledRun empty{"synthetic", {}, TimeBase::Uniform(options.rate_hz, options.frames), {}, {}};
  for (const char* segment : {"pelvis", "thigh", "shank", "foot"}) {
    for (int i = 1; i <= 4; ++i) empty.labels.push_back(segment + ("_" + std::to_string(i)));
  }
  empty.groups = GroupsOfLabels(empty.labels);
  empty.block = TrajectoryBlock({0, options.frames}, Body::kMarkers);
  SyntheticRun run{empty, empty};
  const Body body(options);
  std::mt19937_64 random(options.seed + 1000);
  std::array<Eigen::Vector3d, Body::kMarkers> x;
  for (std::size_t f = 0; f < options.frames; ++f) {
    body.Place(static_cast<double>(f) / options.rate_hz, x);
    for (std::size_t m = 0; m < Body::kMarkers; ++m) {
      MarkerSample sample = MarkerSample::Missing();
      sample.position = x[m];
      sample.source = SampleSource::kMeasured;
      run.truth.block.Set(f, MarkerId(m), sample);
      for (int i = 0; i < 3; ++i) sample.position[i] += options.noise_m * Normal(random);
      sample.covariance = options.noise_m * options.noise_m * Eigen::Matrix3d::Identity();
      run.seen.block.Set(f, MarkerId(m), sample);
    }
  }
  return run;
}

std::vector<CutGap> CutOneAtATime(LabelledRun& run, std::size_t together, double gap_s,
                                  std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const double rate = run.time_base.rate_hz;
  const auto length = std::max<std::size_t>(1, std::lround(gap_s * rate));
  const auto pause = static_cast<std::size_t>(rate);
  std::vector<CutGap> gaps;
  std::size_t at = pause / 4 + random() % pause;
  while (at + length + pause / 4 < run.block.frames().count) {
    const CutGap gap{Choose(run, together, random), {at, length}};
    const bool whole = std::all_of(gap.markers.begin(), gap.markers.end(), [&](std::size_t m) {
      return IsWhole(run, m, {at - 1, length + 2});
    });
    if (whole) gaps.push_back(gap);
    at += length + pause / 2 + random() % pause;
  }
  for (const CutGap& gap : gaps) Hide(run, gap);
  return gaps;
}

std::vector<CutGap> CutEverywhere(LabelledRun& run, double share, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::size_t frames = run.block.frames().count;
  const double rate = run.time_base.rate_hz;
  const auto goal = share * static_cast<double>(frames * run.labels.size());
  std::vector<CutGap> gaps;
  double hidden = 0.0;
  while (hidden < goal) {
    const double seconds = 0.02 * std::pow(50.0, static_cast<double>(random() % 1001) / 1000.0);
    const auto length = std::max<std::size_t>(1, std::lround(seconds * rate));
    const std::size_t marker = random() % run.labels.size();
    const std::size_t at = 2 + random() % (frames - length - 4);
    if (!IsWhole(run, marker, {at - 2, length + 4})) continue;
    gaps.push_back({{marker}, {at, length}});
    Hide(run, gaps.back());
    hidden += static_cast<double>(length);
  }
  return gaps;
}

std::vector<TrajectoryBlock> CutInBlocks(const TrajectoryBlock& whole,
                                         std::size_t frames_per_block) {
  std::vector<TrajectoryBlock> blocks;
  for (const FrameRange& frames : SplitFrames(whole.frames().count, frames_per_block)) {
    TrajectoryBlock& block = blocks.emplace_back(frames, whole.marker_count());
    for (std::size_t f = 0; f < frames.count; ++f) {
      for (std::size_t m = 0; m < whole.marker_count(); ++m) {
        block.Set(f, MarkerId(m), whole.Get(frames.first + f, MarkerId(m)));
      }
    }
  }
  return blocks;
}

TrajectoryBlock Joined(const std::vector<TrajectoryBlock>& blocks) {
  std::size_t frames = 0;
  for (const TrajectoryBlock& block : blocks) frames += block.frames().count;
  TrajectoryBlock whole({0, frames}, blocks.front().marker_count());
  for (const TrajectoryBlock& block : blocks) {
    for (std::size_t f = 0; f < block.frames().count; ++f) {
      for (std::size_t m = 0; m < block.marker_count(); ++m) {
        whole.Set(block.frames().first + f, MarkerId(m), block.Get(f, MarkerId(m)));
      }
    }
  }
  return whole;
}

Filled FillRun(const LabelledRun& run, const GapFillOptions& options, std::size_t frames_per_block,
               Parallelism parallelism) {
  const std::vector<TrajectoryBlock> blocks = CutInBlocks(run.block, frames_per_block);
  GapFiller filler(run.labels.size(), run.groups, run.time_base, options);
  std::vector<TrajectoryBlock> filled;
  filled.reserve(blocks.size() + 1);
  const std::clock_t start = std::clock();
  for (const TrajectoryBlock& block : blocks) filled.push_back(filler.Push(block, parallelism));
  filled.push_back(filler.Finish(parallelism));
  const double cpu_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  return {Joined(filled), filler.statistics(), cpu_s};
}

FillErrors& FillErrors::operator+=(const FillErrors& other) {
  filled += other.filled;
  left += other.left;
  square_sum += other.square_sum;
  within_two += other.within_two;
  chi_square += other.chi_square;
  return *this;
}

double FillErrors::RmsMm() const {
  return 1000.0 * std::sqrt(square_sum / static_cast<double>(filled));
}

double FillErrors::WithinTwo() const {
  return static_cast<double>(within_two) / static_cast<double>(3 * filled);
}

FillErrors Compare(const TrajectoryBlock& filled, const TrajectoryBlock& truth,
                   const std::vector<CutGap>& gaps) {
  FillErrors errors;
  const auto add = [&](std::size_t frame, MarkerId marker) {
    if (!filled.IsPresent(frame, marker)) {
      ++errors.left;
      return;
    }
    const Eigen::Vector3d e = filled.Position(frame, marker) - truth.Position(frame, marker);
    const Eigen::Matrix3d c = filled.Covariance(frame, marker);
    ++errors.filled;
    errors.square_sum += e.squaredNorm();
    errors.chi_square += e.dot(c.inverse() * e);
    for (int i = 0; i < 3; ++i) {
      if (std::abs(e[i]) <= 2.0 * std::sqrt(c(i, i))) ++errors.within_two;
    }
  };
  for (const CutGap& gap : gaps) {
    for (std::size_t f = gap.frames.first; f < gap.frames.end(); ++f) {
      for (const std::size_t m : gap.markers) add(f, MarkerId(m));
    }
  }
  return errors;
}

}  // namespace medius::reconstruct::testing
