#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/body_input.hpp"
#include "apps/command.hpp"
#include "apps/frame_stream.hpp"
#include "apps/preset_path.hpp"
#include "apps/provenance.hpp"
#include "capture/scenario.hpp"
#include "capture/trajectory_scene.hpp"
#include "capture/virtual_cameras.hpp"
#include "core/error.hpp"
#include "storage/rig_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

struct ProjectArguments {
  std::string trial;
  std::string rig;
  std::string output;
  bool limbs = false;
  std::string markers;
  std::string standing;
  bool no_labels = false;
  std::uint64_t seed = 1;
  capture::CameraEffects effects{0.3, 0.0, 0.0, 0.0, 0.0, true};
};

// How often markers that are there were seen, and by how many cameras at once.
struct Coverage {
  std::vector<std::uint64_t> of_camera;  // true sightings
  std::vector<std::uint64_t> rays;       // marker-frames by the number of cameras that saw them
  std::uint64_t present = 0;             // marker-frames with a position
  std::uint64_t sightings = 0;
  double largest_coordinate = 0.0;  // m, of any marker: a trial in millimetres shows by it

  [[nodiscard]] double ShareSeenBy(std::size_t cameras) const {
    std::uint64_t seen = 0;
    for (std::size_t n = cameras; n < rays.size(); ++n) seen += rays[n];
    return present == 0 ? 0.0 : static_cast<double>(seen) / static_cast<double>(present);
  }
  void Add(const Coverage& part) {
    for (std::size_t c = 0; c < of_camera.size(); ++c) of_camera[c] += part.of_camera[c];
    for (std::size_t n = 0; n < rays.size(); ++n) rays[n] += part.rays[n];
    present += part.present;
    sightings += part.sightings;
    largest_coordinate = std::max(largest_coordinate, part.largest_coordinate);
  }
};

Coverage EmptyCoverage(std::size_t cameras) {
  Coverage coverage;
  coverage.of_camera.assign(cameras, 0);
  coverage.rays.assign(cameras + 1, 0);
  return coverage;
}

Coverage Measure(const ObservationBlock& seen, const TrajectoryBlock& positions) {
  Coverage coverage = EmptyCoverage(seen.cameras.size());
  const std::size_t first = seen.frames.first - positions.frames().first;
  std::vector<std::uint32_t> rays(positions.marker_count());
  for (std::size_t frame = 0; frame < seen.frames.count; ++frame) {
    std::fill(rays.begin(), rays.end(), 0);
    for (std::size_t c = 0; c < seen.cameras.size(); ++c) {
      const CameraObservations& camera = seen.cameras[c];
      for (std::uint64_t row = camera.frame_start[frame]; row < camera.frame_start[frame + 1];
           ++row) {
        ++coverage.sightings;
        if (camera.label[row] == kUnlabelled) continue;
        ++rays[static_cast<std::size_t>(camera.label[row])];
        ++coverage.of_camera[c];
      }
    }
    for (std::size_t m = 0; m < rays.size(); ++m) {
      if (!positions.IsPresent(first + frame, MarkerId(m))) continue;
      ++coverage.present;
      ++coverage.rays[rays[m]];
      coverage.largest_coordinate =
          std::max(coverage.largest_coordinate,
                   positions.Position(first + frame, MarkerId(m)).cwiseAbs().maxCoeff());
    }
  }
  return coverage;
}

// Frames of a round with as many on either side as the cameras' clocks and the cubic need.
FrameRange WithNeighbours(FrameRange round, const CameraRig& rig, const TimeBase& time_base) {
  const std::vector<double>& time = time_base.time;
  double early = 0.0;
  double late = 0.0;
  for (const Camera& camera : rig.cameras) {
    for (const double stamp : {time[round.first], time[round.end() - 1]}) {
      for (const double row : {-0.5, camera.height - 0.5}) {
        early = std::min(early, camera.ExposureDelay(stamp, row));
        late = std::max(late, camera.ExposureDelay(stamp, row));
      }
    }
  }
  const auto index = [&](double t, bool upper) {
    const auto at = upper ? std::upper_bound(time.begin(), time.end(), t)
                          : std::lower_bound(time.begin(), time.end(), t);
    return static_cast<std::size_t>(at - time.begin());
  };
  const std::size_t first = index(time[round.first] + early, false);
  const std::size_t end = index(time[round.end() - 1] + late, true);
  constexpr std::size_t kCubic = 3;
  const std::size_t from = first > kCubic ? first - kCubic : 0;
  return {from, std::min(time.size(), end + kCubic) - from};
}

Coverage Stream(const storage::TrialReader& trial, const CameraRig& rig,
                const capture::BodyLimbs* body, const ProjectArguments& arguments,
                CommandContext& context, storage::TrialWriter& writer) {
  const TimeBase& time_base = trial.time_base();
  const WorkControl control = context.Work("projecting", "frames");
  std::optional<TrajectoryBlock> positions;
  std::optional<capture::TrajectoryScene> scene;
  Coverage coverage = EmptyCoverage(rig.cameras.size());
  struct Part {
    ObservationBlock seen;
    Coverage coverage;
  };
  StreamFrames<Part>(
      context.parallelism(), time_base.frame_count(), control,
      [&](FrameRange round) {
        positions = trial.ReadTrajectories(WithNeighbours(round, rig, time_base));
        scene.emplace(trial.labels(), time_base, *positions, body);
      },
      [&](FrameRange frames) {
        Part part;
        part.seen =
            capture::Look(*scene, rig, time_base, frames, arguments.effects, arguments.seed);
        part.coverage = Measure(part.seen, *positions);
        if (arguments.no_labels) {
          for (CameraObservations& camera : part.seen.cameras) camera.label.clear();
        }
        return part;
      },
      [&](Part& part) {
        coverage.Add(part.coverage);
        writer.AppendObservations(part.seen);
      });
  return coverage;
}

std::vector<std::string> Names(const CameraRig& rig) {
  std::vector<std::string> names;
  for (const Camera& camera : rig.cameras) names.push_back(camera.name);
  return names;
}

std::vector<std::optional<ImageSize>> Sizes(const CameraRig& rig) {
  std::vector<std::optional<ImageSize>> sizes;
  for (const Camera& camera : rig.cameras) {
    sizes.emplace_back(ImageSize{camera.width, camera.height});
  }
  return sizes;
}

// A rig that sees nothing is a mistake of units or place, never a result.
void Judge(const ProjectArguments& arguments, const CameraRig& rig, const Coverage& coverage,
           CommandContext& context) {
  if (coverage.present == 0) {
    throw NotComputed(fmt::format(
        "{}: has no marker position in any frame, so there is nothing to see", arguments.trial));
  }
  std::vector<std::string> blind;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    if (coverage.of_camera[c] == 0) blind.push_back(rig.cameras[c].name);
  }
  // What hardly any two cameras see at once can never become a position again.
  constexpr double kNothing = 0.001;
  const bool nothing = blind.size() == rig.cameras.size() ||
                       (rig.cameras.size() > 1 && coverage.ShareSeenBy(2) < kNothing);
  const bool meant = arguments.effects.drop_rate > 0.9 || arguments.effects.hidden_rate > 0.9;
  if (nothing && !meant) {
    constexpr double kLargestLab = 50.0;  // m
    throw NotComputed(fmt::format(
        "{}: hardly any of its markers is in the picture of two cameras of {}; {}", arguments.trial,
        arguments.rig,
        coverage.largest_coordinate > kLargestLab
            ? fmt::format("they lie up to {:.0f} m from the origin: were millimetres imported as "
                          "metres (import --unit)?",
                          coverage.largest_coordinate)
            : std::string("do rig and trial share one lab frame (X running direction, Y left, Z "
                          "up, metres)?")));
  }
  if (!blind.empty()) {
    context.Warn(fmt::format("no marker is ever in the picture of {}", fmt::join(blind, ", ")));
  }
  constexpr double kWellSeen = 0.9;
  if (coverage.ShareSeenBy(2) < kWellSeen * (1.0 - arguments.effects.lost_share)) {
    context.Warn(fmt::format(
        "only {:.0f} % of the marker positions are seen by two cameras or more: does the rig look "
        "at the place where the runner is?",
        100.0 * coverage.ShareSeenBy(2)));
  }
}

std::string Text(const ProjectArguments& arguments, const CameraRig& rig, std::size_t frames,
                 const Coverage& coverage) {
  std::string text = fmt::format(
      "{} frames, {} cameras, {} sightings; of the marker positions {:.2f} % are seen by 2 cameras "
      "or more, {:.2f} % by 3 or more\n",
      frames, rig.cameras.size(), coverage.sightings, 100.0 * coverage.ShareSeenBy(2),
      100.0 * coverage.ShareSeenBy(3));
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    text += fmt::format(
        "{:<12} sees {:.1f} %\n", rig.cameras[c].name,
        100.0 * static_cast<double>(coverage.of_camera[c]) / static_cast<double>(coverage.present));
  }
  return text + fmt::format("written: {}\n", arguments.output);
}

nlohmann::json Json(const ProjectArguments& arguments, const CameraRig& rig, std::size_t frames,
                    const Coverage& coverage) {
  nlohmann::json cameras = nlohmann::json::array();
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    cameras.push_back({{"name", rig.cameras[c].name}, {"sightings", coverage.of_camera[c]}});
  }
  return {{"output", arguments.output},
          {"frames", frames},
          {"sightings", coverage.sightings},
          {"marker_positions", coverage.present},
          {"seen_by_2_percent", 100.0 * coverage.ShareSeenBy(2)},
          {"seen_by_3_percent", 100.0 * coverage.ShareSeenBy(3)},
          {"cameras", cameras}};
}

nlohmann::json OptionsJson(const ProjectArguments& arguments) {
  const capture::CameraEffects& effects = arguments.effects;
  return {{"seed", arguments.seed},
          {"noise_px", effects.noise_px},
          {"drop_rate", effects.drop_rate},
          {"reflections", effects.reflections},
          {"hidden_rate", effects.hidden_rate},
          {"merge_distance_px", effects.merge_distance_px},
          {"lost_share", effects.lost_share},
          {"lost_longest_s", effects.lost_longest},
          {"limbs", arguments.limbs},
          {"labels", !arguments.no_labels}};
}

std::optional<capture::BodyLimbs> ReadBody(const storage::TrialReader& trial,
                                           const ProjectArguments& arguments,
                                           CommandContext& context,
                                           ProvenanceRecorder& provenance) {
  if (!arguments.limbs) return std::nullopt;
  const std::filesystem::path set = FindPreset(Preset::kMarkerSet, arguments.markers);
  provenance.AddInput(set);
  std::optional<std::filesystem::path> standing;
  if (!arguments.standing.empty()) {
    standing = arguments.standing;
    provenance.AddInput(arguments.standing);
  }
  return ReadBodyLimbs(trial.labels(), set, standing, context.parallelism());
}

// All that says nothing of the markers' names, where the output must not tell them.
void CopyWithoutLabels(const storage::TrialReader& trial, storage::TrialWriter& writer) {
  writer.WriteHeader(trial.header());
  writer.WriteTimeBase(trial.time_base());
  for (const StageProvenance& stage : trial.ReadProvenance()) writer.WriteProvenance(stage);
}

void RunProject(const ProjectArguments& arguments, CommandContext& context) {
  ProvenanceRecorder provenance("project", context);
  const CameraRig rig = storage::ReadRig(arguments.rig);
  const storage::TrialReader trial(arguments.trial, context.parallelism());
  if (!trial.Has(storage::TrialPart::kTrajectories)) {
    throw InputError(fmt::format(
        "{}: has no /trajectories; project needs marker positions (medius import or reconstruct)",
        arguments.trial));
  }
  std::error_code absent;
  if (std::filesystem::equivalent(arguments.trial, arguments.output, absent)) {
    throw InputError(fmt::format(
        "{}: is the trial itself, whose marker positions would be lost; name another file with -o",
        arguments.output));
  }
  provenance.SetOptions(OptionsJson(arguments));
  provenance.UseVirtualTime(trial.header().created);
  provenance.AddInput(arguments.trial);
  provenance.AddInput(arguments.rig);

  const std::optional<capture::BodyLimbs> body = ReadBody(trial, arguments, context, provenance);

  storage::TrialWriter writer(arguments.output, context.parallelism());
  if (arguments.no_labels) {
    CopyWithoutLabels(trial, writer);
  } else {
    writer.CopyFrom(trial, {});
    writer.WriteLabels(trial.labels());
  }
  storage::TrialWriter::ObservationColumns columns;
  columns.sigma = true;
  columns.label = !arguments.no_labels;
  writer.BeginObservations(Names(rig), columns, Sizes(rig));
  const Coverage coverage = Stream(trial, rig, body ? &*body : nullptr, arguments, context, writer);
  Judge(arguments, rig, coverage, context);
  writer.WriteProvenance(provenance.Finish());
  writer.Commit();
  const std::size_t frames = trial.time_base().frame_count();
  context.Print(Text(arguments, rig, frames, coverage), Json(arguments, rig, frames, coverage));
}

void AddEffectOptions(const std::shared_ptr<ProjectArguments>& arguments, CLI::App& command) {
  capture::CameraEffects& effects = arguments->effects;
  command
      .add_option("--noise-px", effects.noise_px,
                  "Standard deviation of each coordinate of a sighting, in pixels")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command.add_option("--seed", arguments->seed, "The same seed gives the same noise")
      ->capture_default_str();
  command
      .add_option("--drop-rate", effects.drop_rate,
                  "Probability that a camera loses a frame, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--reflections", effects.reflections,
                  "False sightings without a label, mean number a camera and frame")
      ->check(CLI::Range(0.0, 30.0))
      ->capture_default_str();
  command
      .add_option("--hidden-rate", effects.hidden_rate,
                  "Probability that a camera misses a marker in a frame, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--merge-px", effects.merge_distance_px,
                  "Sightings closer than this many pixels become one, as touching blobs do")
      ->check(CLI::Range(0.0, 50.0))
      ->capture_default_str();
}

void AddHidingOptions(const std::shared_ptr<ProjectArguments>& arguments, CLI::App& command) {
  capture::CameraEffects& effects = arguments->effects;
  CLI::Option* markers =
      command
          .add_option("--markers", arguments->markers,
                      "Marker set for --limbs: a file or the name of a preset (rbds, ...)")
          ->option_text("SET");
  command
      .add_flag("--limbs", arguments->limbs,
                "Trunk, thighs, shanks and feet under the markers hide those on the far side")
      ->needs(markers);
  command
      .add_option("--static", arguments->standing,
                  "Standing trial of the same person, for --limbs: knees and ankles, where the run "
                  "lacks their markers")
      ->option_text("STATIC.h5");
  command
      .add_option("--lost-share", effects.lost_share,
                  "Share of the time, 0 to 0.45, that a marker is lost by all cameras at once")
      ->check(CLI::Range(0.0, 0.45))
      ->capture_default_str();
  command
      .add_option("--lost-longest", effects.lost_longest,
                  "Longest such absence in seconds; the shortest is 0.02")
      ->check(CLI::Range(0.05, 10.0))
      ->capture_default_str();
  command.add_flag("--no-labels", arguments->no_labels,
                   "Write sightings without labels, as passive markers give them, and no names");
}

}  // namespace

void AddProjectCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ProjectArguments>();
  CLI::App& command = commands.Add(
      "project",
      "What the cameras of a rig would have seen of a trial's marker positions: labelled "
      "sightings\n"
      "with noise. The output has the labels but not the positions. A camera with a time offset,\n"
      "a clock drift or a rolling shutter sees the markers where they are at its own instant "
      "(cubic\n"
      "between frames). The rig must\n"
      "look at the place in the lab where the trial is; datasets/rigs/treadmill_8.toml covers 2.5\n"
      "m round the middle of a treadmill.",
      [arguments](CommandContext& context) { RunProject(*arguments, context); });
  command.add_option("trial", arguments->trial, "Trial file with marker positions")
      ->required()
      ->option_text("TRIAL.h5");
  command.add_option("--rig", arguments->rig, "The cameras")->required()->option_text("RIG.toml");
  command
      .add_option("-o,--output", arguments->output,
                  "Trial file to write; replaced once all is done")
      ->required()
      ->option_text("OUT.h5");
  AddEffectOptions(arguments, command);
  AddHidingOptions(arguments, command);
}

}  // namespace medius::apps
