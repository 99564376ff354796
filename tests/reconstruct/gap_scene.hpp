#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/parallel.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"
#include "reconstruct/gap_filler.hpp"
#include "reconstruct/marker_groups.hpp"

namespace medius::reconstruct::testing {

/// A whole labelled run in memory.
struct LabelledRun {
  std::string name;
  std::vector<std::string> labels;
  TimeBase time_base;
  TrajectoryBlock block;
  MarkerGroups groups;
};

/// Folder of the real recordings, or nullopt where they are not.
[[nodiscard]] std::optional<std::filesystem::path> RealRunFolder();

/// A real recording in the file's own axes; its positions carry no covariance.
/// @param marker_set  preset that gives the segments; empty: those of labels such as "L_thigh_3".
[[nodiscard]] LabelledRun ReadRun(const std::string& name, const std::filesystem::path& path,
                                  const std::string& marker_set);

/// A standard normal number; the library's own distribution is not the same everywhere.
[[nodiscard]] double Normal(std::mt19937_64& random);

struct SyntheticOptions {
  std::size_t frames = 1500;
  double rate_hz = 100.0;
  double noise_m = 0.0003;      ///< of each coordinate, 1 sd; stated as covariance
  double skin_m = 0.002;        ///< how far the markers slide on their segment
  double loose_m = 0.0;         ///< how far each segment goes its own way, of which no other tells
  double turn_rad_per_s = 0.0;  ///< of the whole body, which then walks a circle
  std::uint64_t seed = 1;
};
/// A body of four segments ("pelvis", "thigh", "shank", "foot") with four markers each that runs
/// with strides which are never quite alike, and the same with noise.
struct SyntheticRun {
  LabelledRun truth;
  LabelledRun seen;
};
[[nodiscard]] SyntheticRun MakeSyntheticRun(const SyntheticOptions& options);

/// Hides markers over frames.
void Hide(LabelledRun& run, const std::vector<std::size_t>& markers, FrameRange frames);

/// A gap that was cut into a run.
struct CutGap {
  std::vector<std::size_t> markers;  ///< hidden together
  FrameRange frames;
};

/// One gap at a time, a second and more apart, each of `together` markers of one segment.
[[nodiscard]] std::vector<CutGap> CutOneAtATime(LabelledRun& run, std::size_t together,
                                                double gap_s, std::uint64_t seed);

/// Gaps of 20 ms to one second (log-uniform) in every marker, until about `share` of the
/// marker-frames are hidden.
[[nodiscard]] std::vector<CutGap> CutEverywhere(LabelledRun& run, double share, std::uint64_t seed);

/// A run in blocks of so many frames, the last one shorter, and put together again.
[[nodiscard]] std::vector<TrajectoryBlock> CutInBlocks(const TrajectoryBlock& whole,
                                                       std::size_t frames_per_block);
[[nodiscard]] TrajectoryBlock Joined(const std::vector<TrajectoryBlock>& blocks);

struct Filled {
  TrajectoryBlock block;
  GapStatistics statistics;
  double cpu_s = 0.0;  ///< of the filling alone, all threads
};
/// Fills a run that is fed in blocks of so many frames.
[[nodiscard]] Filled FillRun(const LabelledRun& run, const GapFillOptions& options,
                             std::size_t frames_per_block, Parallelism parallelism);

/// Errors of filled samples against the run they were cut from.
struct FillErrors {
  std::size_t filled = 0;      ///< samples
  std::size_t left = 0;        ///< samples that were not filled
  double square_sum = 0.0;     ///< metres^2
  std::size_t within_two = 0;  ///< coordinates within two stated sigmas
  double chi_square = 0.0;     ///< e^T C^-1 e, summed

  FillErrors& operator+=(const FillErrors& other);
  [[nodiscard]] double RmsMm() const;
  [[nodiscard]] double WithinTwo() const;
};
[[nodiscard]] FillErrors Compare(const TrajectoryBlock& filled, const TrajectoryBlock& truth,
                                 const std::vector<CutGap>& gaps);

}  // namespace medius::reconstruct::testing
