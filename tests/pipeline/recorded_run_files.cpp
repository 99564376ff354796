#include "tests/pipeline/recorded_run_files.hpp"

#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "storage/marker_set_toml.hpp"
#include "storage/rig_toml.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

void Type(const std::vector<std::string>& words) {
  const CommandResult result = Medius(words);
  if (result.exit_code == 0) return;
  throw std::runtime_error(fmt::format("medius {}: {}", words.front(), result.error));
}

void Import(const std::filesystem::path& file, const std::string& set, const std::string& activity,
            const std::filesystem::path& output) {
  if (std::filesystem::exists(output)) return;
  Type({"import", file.string(), "--markers", set, "--activity", activity, "-o", output.string()});
}

void Project(const RunFiles& files, const SightingConditions& conditions) {
  std::vector<std::string> words = {
      "project",   files.truth.string(), "--rig",    files.true_rig.string(), "--limbs",
      "--markers", files.marker_set,     "--static", files.standing.string(), "-o"};
  const std::vector<std::string> effects = {
      "--noise-px",    fmt::format("{}", conditions.noise_px),
      "--reflections", fmt::format("{}", conditions.reflections),
      "--drop-rate",   fmt::format("{}", conditions.drop_rate),
      "--lost-share",  fmt::format("{}", conditions.lost_share),
      "--hidden-rate", fmt::format("{}", conditions.hidden_rate),
      "--seed",        fmt::format("{}", conditions.seed)};
  words.push_back(files.labelled.string());
  words.insert(words.end(), effects.begin(), effects.end());
  Type(words);
}

void LosePlanned(const RunFiles& files, const SightingConditions& conditions, const CameraRig& rig,
                 ObservationBlock* seen) {
  const WholeTrial run = ReadPositions(files.truth);
  const MarkerSet set =
      storage::ReadMarkerSet(std::filesystem::path(MEDIUS_SOURCE_DIR) / "datasets/marker_sets" /
                             (files.marker_set + ".toml"));
  const bool of_segment = conditions.planned == SightingConditions::Planned::kThreeOfASegment;
  TakeAway(PlanLosses(run, set, of_segment, conditions.seed), run.time_base, seen);
  WriteSightings(files.truth, rig, *seen, true, files.labelled);
}

}  // namespace

std::optional<std::filesystem::path> RecordingsFolder() {
  const std::filesystem::path folder = std::filesystem::path(MEDIUS_SOURCE_DIR) / "../shared/real";
  if (!std::filesystem::exists(folder)) return std::nullopt;
  return folder;
}

RunFiles MakeRunFiles(const RecordedRun& run, const SightingConditions& conditions,
                      const std::filesystem::path& folder) {
  const std::optional<std::filesystem::path> recordings = RecordingsFolder();
  if (!recordings) throw std::runtime_error("the recordings are not on this machine");
  std::filesystem::create_directories(folder);
  RunFiles files;
  files.truth = folder / (run.name + "_truth.trial.h5");
  files.standing = folder / (run.name + "_static.trial.h5");
  files.marker_set = run.marker_set;
  files.true_rig = folder / (run.name + "_true_rig.toml");
  files.rig = folder / (run.name + "_rig.toml");
  files.labelled = folder / (run.name + "_labelled.trial.h5");
  files.seen = folder / (run.name + "_seen.trial.h5");
  Import(*recordings / run.run, run.marker_set, "running", files.truth);
  Import(*recordings / run.standing, run.marker_set, "static", files.standing);

  const TrajectoryBlock positions = ReadPositions(files.truth).positions;
  const CameraRig rig = RingRound(positions, conditions.cameras, conditions.seed);
  storage::WriteRig(files.true_rig, rig);
  storage::WriteRig(files.rig, conditions.rig_error_px > 0.0
                                   ? WithCalibrationError(rig, positions, conditions.rig_error_px,
                                                          conditions.seed)
                                   : rig);
  Project(files, conditions);
  ObservationBlock seen = ReadSightings(files.labelled, rig);
  if (conditions.planned != SightingConditions::Planned::kNothing) {
    LosePlanned(files, conditions, rig, &seen);
  }
  WriteSightings(files.truth, rig, seen, false, files.seen);
  return files;
}

}  // namespace medius::testing
