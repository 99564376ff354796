#include "tests/reconstruct/gap_scene.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>

#include <Eigen/LU>

#include "storage/marker_set_toml.hpp"
#include "storage/trajectory_import.hpp"

namespace medius::reconstruct::testing {
namespace {

MarkerGroups GroupsOfLabels(const std::vector<std::string>& labels) {
  MarkerSet set;
  for (const std::string& label : labels) {
    set.clusters[label.substr(0, label.rfind('_'))].push_back(label);
  }
  return GroupsFromMarkerSet(set, labels);
}

bool IsWhole(const Run& run, std::size_t marker, FrameRange frames) {
  for (std::size_t f = frames.first; f < frames.end(); ++f) {
    if (!run.block.IsPresent(f, MarkerId(marker))) return false;
  }
  return true;
}

void Hide(Run& run, const CutGap& gap) {
  for (std::size_t f = gap.frames.first; f < gap.frames.end(); ++f) {
    for (const std::size_t m : gap.markers) {
      run.block.Set(f, MarkerId(m), MarkerSample::Missing());
    }
  }
}

// `together` different markers of a segment that has as many.
std::vector<std::size_t> Choose(const Run& run, std::size_t together, std::mt19937_64& random) {
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

Run ReadRun(const std::string& name, const std::filesystem::path& path,
            const std::string& marker_set) {
  const auto source = storage::OpenTrajectories(path, {});
  Run run{name, source->labels(), source->time_base(), {}, {}};
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

std::vector<CutGap> CutOneAtATime(Run& run, std::size_t together, double gap_s,
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

std::vector<CutGap> CutEverywhere(Run& run, double share, std::uint64_t seed) {
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

Filled FillRun(const Run& run, const GapFillOptions& options, std::size_t frames_per_block,
               Parallelism parallelism) {
  const std::vector<TrajectoryBlock> blocks = CutInBlocks(run.block, frames_per_block);
  GapFiller filler(run.labels.size(), run.groups, run.time_base, options);
  std::vector<TrajectoryBlock> filled;
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
  for (const CutGap& gap : gaps) {
    for (std::size_t f = gap.frames.first; f < gap.frames.end(); ++f) {
      for (const std::size_t m : gap.markers) {
        if (!filled.IsPresent(f, MarkerId(m))) {
          ++errors.left;
          continue;
        }
        const Eigen::Vector3d e = filled.Position(f, MarkerId(m)) - truth.Position(f, MarkerId(m));
        const Eigen::Matrix3d c = filled.Covariance(f, MarkerId(m));
        ++errors.filled;
        errors.square_sum += e.squaredNorm();
        errors.chi_square += e.dot(c.inverse() * e);
        for (int i = 0; i < 3; ++i) {
          if (std::abs(e[i]) <= 2.0 * std::sqrt(c(i, i))) ++errors.within_two;
        }
      }
    }
  }
  return errors;
}

}  // namespace medius::reconstruct::testing
