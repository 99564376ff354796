#include "apps/body_input.hpp"

#include <map>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/marker_set_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

constexpr std::size_t kFramesAtOnce = 4096;

// Label -> mean position over the frames that have it.
std::map<std::string, Eigen::Vector3d> MeanPositions(const std::filesystem::path& path,
                                                     Parallelism parallelism) {
  const storage::TrialReader trial(path, parallelism);
  if (!trial.Has(storage::TrialPart::kTrajectories)) {
    throw InputError(
        fmt::format("{}: has no /trajectories; a standing trial with marker positions is needed",
                    path.string()));
  }
  const std::size_t markers = trial.labels().size();
  std::vector<Eigen::Vector3d> sum(markers, Eigen::Vector3d::Zero());
  std::vector<std::size_t> count(markers, 0);
  for (const FrameRange& frames : SplitFrames(trial.time_base().frame_count(), kFramesAtOnce)) {
    const TrajectoryBlock block = trial.ReadTrajectories(frames);
    for (std::size_t frame = 0; frame < frames.count; ++frame) {
      for (std::size_t m = 0; m < markers; ++m) {
        if (!block.IsPresent(frame, MarkerId(m))) continue;
        sum[m] += block.Position(frame, MarkerId(m));
        ++count[m];
      }
    }
  }
  std::map<std::string, Eigen::Vector3d> means;
  for (std::size_t m = 0; m < markers; ++m) {
    if (count[m] > 0) means[trial.labels()[m]] = sum[m] / static_cast<double>(count[m]);
  }
  return means;
}

}  // namespace

capture::BodyLimbs ReadBodyLimbs(const std::vector<std::string>& labels,
                                 const std::filesystem::path& marker_set,
                                 const std::optional<std::filesystem::path>& standing,
                                 Parallelism parallelism) {
  const MarkerSet set = storage::ReadMarkerSet(marker_set);
  std::map<std::string, Eigen::Vector3d> means;
  if (standing) means = MeanPositions(*standing, parallelism);
  return capture::BodyLimbs(labels, set, means);
}

}  // namespace medius::apps
