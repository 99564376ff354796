#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "apps/frame_stream.hpp"
#include "apps/provenance.hpp"
#include "apps/scenario_toml.hpp"
#include "capture/runner_truth.hpp"
#include "capture/scene.hpp"
#include "capture/standing.hpp"
#include "capture/virtual_body.hpp"
#include "capture/virtual_cameras.hpp"
#include "capture/virtual_l_frame.hpp"
#include "capture/virtual_rig.hpp"
#include "capture/virtual_runner.hpp"
#include "capture/virtual_wand.hpp"
#include "core/error.hpp"
#include "storage/rig_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

using capture::Scenario;
using capture::VirtualRunner;

constexpr double kDegrees = 57.29577951308232;
constexpr double kFloorDuration = 2.0;  // seconds that the L-frame is looked at

struct SimulateArguments {
  std::string scenario;
  std::string output;
  std::optional<std::uint64_t> seed;
  std::optional<double> minutes;
};

Scenario ScenarioOf(const SimulateArguments& arguments) {
  Scenario scenario = ReadScenario(arguments.scenario);
  if (arguments.seed) scenario.seed = *arguments.seed;
  if (arguments.minutes) scenario.run.duration = 60.0 * *arguments.minutes;
  scenario.Validate();
  return scenario;
}

// Each trial has noise of its own: the static trial must not repeat the run's.
std::uint64_t SeedOfTrial(std::uint64_t seed, std::uint64_t trial) {
  return seed + trial * 0x9E3779B97F4A7C15ULL;
}

// One trial in the making: what the cameras saw, and beside it the truth.
class VirtualTrial {
 public:
  VirtualTrial(const std::filesystem::path& folder, const std::string& name,
               const std::string& activity, double duration, const Scenario& scenario,
               const CameraRig& rig, Parallelism parallelism)
      : scenario_(scenario),
        rig_(rig),
        parallelism_(parallelism),
        time_base_(TimeBase::Uniform(
            scenario.rate_hz, static_cast<std::size_t>(duration * scenario.rate_hz + 0.5) + 1)),
        seen_(folder / (name + ".trial.h5"), parallelism),
        truth_(folder / "truth" / (name + ".trial.h5"), parallelism) {
    for (storage::TrialWriter* writer : {&seen_, &truth_}) {
      writer->WriteHeader(scenario.Header(name, activity));
      writer->WriteTimeBase(time_base_);
    }
  }

  [[nodiscard]] const TimeBase& time_base() const { return time_base_; }
  [[nodiscard]] storage::TrialWriter& truth() { return truth_; }
  [[nodiscard]] std::uint64_t sighting_count() const { return sightings_; }

  // Looks at the scene in all frames. @param each_frame  void(frame), several at once.
  template <typename EachFrame>
  void Record(const capture::Scene& scene, std::uint64_t seed, const WorkControl& control,
              const EachFrame& each_frame) {
    std::vector<std::string> cameras;
    std::vector<std::optional<ImageSize>> sizes;
    for (const Camera& camera : rig_.cameras) {
      cameras.push_back(camera.name);
      sizes.emplace_back(ImageSize{camera.width, camera.height});
    }
    storage::TrialWriter::ObservationColumns columns;
    columns.sigma = true;
    columns.label = scenario_.effects.labels;
    seen_.WriteLabels(scene.labels());
    seen_.BeginObservations(cameras, columns, sizes);
    truth_.BeginTrajectories(scene.labels());
    truth_.WriteRig(rig_);
    struct Part {
      ObservationBlock seen;
      TrajectoryBlock truth;
    };
    StreamFrames<Part>(
        parallelism_, time_base_.frame_count(), control, [](FrameRange) {},
        [&](FrameRange frames) {
          for (std::size_t f = frames.first; f < frames.end(); ++f) each_frame(f);
          return Part{capture::Look(scene, rig_, time_base_, frames, scenario_.effects, seed),
                      capture::TrueTrajectories(scene, time_base_, frames)};
        },
        [&](Part& part) {
          for (const CameraObservations& camera : part.seen.cameras) {
            sightings_ += camera.row_count();
          }
          seen_.AppendObservations(part.seen);
          truth_.AppendTrajectories(part.truth);
        });
  }

  void WriteProvenance(const StageProvenance& provenance) {
    seen_.WriteProvenance(provenance);
    truth_.WriteProvenance(provenance);
  }
  void Commit() {
    truth_.Commit();
    seen_.Commit();
  }

 private:
  const Scenario& scenario_;
  const CameraRig& rig_;
  Parallelism parallelism_;
  TimeBase time_base_;
  storage::TrialWriter seen_;
  storage::TrialWriter truth_;
  std::uint64_t sightings_ = 0;
};

void WriteTruth(const Kinematics& kinematics, const GaitEvents& events, const StrideTable& strides,
                const Summary& summary, storage::TrialWriter& truth) {
  truth.WriteEvents(events);
  truth.WriteKinematics(kinematics);
  truth.WriteStrides(strides);
  truth.WriteSummary(summary);
}

void RecordStatic(const Scenario& scenario, const VirtualRunner& runner,
                  const capture::StandingState& standing, CommandContext& context,
                  VirtualTrial& trial) {
  const capture::StandingScene scene(standing, runner.anthropometry(), scenario.body,
                                     scenario.seed);
  Kinematics kinematics = capture::DescribeTrueKinematics(trial.time_base().frame_count());
  trial.Record(scene, SeedOfTrial(scenario.seed, 1), context.Work("standing trial", "frames"),
               [&](std::size_t frame) {
                 capture::SetTrueAngles(standing.angles, scenario.standing.pelvis_obliquity, frame,
                                        kinematics);
               });
  trial.truth().WriteKinematics(kinematics);
}

Summary RecordRun(const Scenario& scenario, const VirtualRunner& runner, CommandContext& context,
                  VirtualTrial& trial) {
  const capture::RunnerScene scene(runner, scenario.body, scenario.seed);
  const std::vector<double>& time = trial.time_base().time;
  const double standing = scenario.standing.pelvis_obliquity;
  Kinematics kinematics = capture::DescribeTrueKinematics(time.size());
  trial.Record(scene, SeedOfTrial(scenario.seed, 2), context.Work("run", "frames"),
               [&](std::size_t frame) {
                 capture::SetTrueAngles(runner.At(time[frame]).angles, standing, frame, kinematics);
               });
  const StrideTable strides = capture::TrueStrides(runner, time.back(), standing);
  Summary summary = capture::TrueSummary(strides);
  WriteTruth(kinematics, runner.Events(), strides, summary, trial.truth());
  return summary;
}

nlohmann::json SummaryJson(const Summary& summary) {
  nlohmann::json rows = nlohmann::json::array();
  for (const SummaryRow& row : summary) {
    const bool angle = row.metric.unit == "rad";
    const double scale = angle ? kDegrees : 1.0;
    rows.push_back({{"metric", row.metric.name},
                    {"unit", angle ? "deg" : row.metric.unit},
                    {"side", ToString(row.side)},
                    {"mean", row.mean * scale},
                    {"sd", row.sd * scale},
                    {"n", row.n},
                    {"trend_per_minute", row.trend_per_minute * scale}});
  }
  return rows;
}

std::string SummaryText(const Summary& summary) {
  std::string text = fmt::format("{:<42} {:>6} {:>8} {:>7} {:>6} {:>9}\n", "true metric, degrees",
                                 "side", "mean", "sd", "n", "per min");
  for (const SummaryRow& row : summary) {
    if (row.metric.unit != "rad") continue;
    text += fmt::format("{:<42} {:>6} {:>8.2f} {:>7.2f} {:>6} {:>9.3f}\n", row.metric.name,
                        ToString(row.side), row.mean * kDegrees, row.sd * kDegrees, row.n,
                        row.trend_per_minute * kDegrees);
  }
  return text;
}

const std::vector<std::string>& WrittenFiles() {
  static const std::vector<std::string> files = {"rig.toml",
                                                 "wand.trial.h5",
                                                 "floor.trial.h5",
                                                 "static.trial.h5",
                                                 "run.trial.h5",
                                                 "truth/rig.toml",
                                                 "truth/wand.trial.h5",
                                                 "truth/floor.trial.h5",
                                                 "truth/static.trial.h5",
                                                 "truth/run.trial.h5"};
  return files;
}

void CreateFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder / "truth", error);
  if (!error) return;
  throw InputError(fmt::format("{}: cannot be made a folder ({}); name one that can be written to",
                               folder.string(), error.message()));
}

void RunSimulate(const SimulateArguments& arguments, CommandContext& context) {
  ProvenanceRecorder provenance("simulate", context);
  const Scenario scenario = ScenarioOf(arguments);
  provenance.SetOptions(ScenarioJson(scenario));
  provenance.UseVirtualTime(scenario.created);
  const std::filesystem::path folder = arguments.output;
  const Eigen::Vector2d& place = scenario.rig.centre;
  const CameraRig rig = capture::BuildRing(scenario.rig, scenario.seed);
  const VirtualRunner runner(scenario.body, scenario.run, place, scenario.seed);
  const capture::StandingState standing =
      capture::Stand(runner.anthropometry(), scenario.standing, place);
  CreateFolder(folder);

  const auto begin = [&](const std::string& name, double duration) {
    return std::make_unique<VirtualTrial>(folder, name, name == "run" ? "running" : name, duration,
                                          scenario, rig, context.parallelism());
  };
  const auto wand = begin("wand", scenario.wand.duration);
  const auto floor = begin("floor", kFloorDuration);
  const auto still = begin("static", scenario.standing.duration);
  const auto run = begin("run", scenario.run.duration);
  wand->Record(capture::WandScene(scenario.wand, place, scenario.seed), scenario.seed,
               context.Work("wand", "frames"), [](std::size_t) {});
  floor->Record(capture::LFrameScene(), SeedOfTrial(scenario.seed, 3),
                context.Work("floor", "frames"), [](std::size_t) {});
  RecordStatic(scenario, runner, standing, context, *still);
  const Summary summary = RecordRun(scenario, runner, context, *run);
  const StageProvenance finished = provenance.Finish();
  // Nothing is put in its place before all of it is there.
  const auto trials = {wand.get(), floor.get(), still.get(), run.get()};
  for (VirtualTrial* trial : trials) trial->WriteProvenance(finished);
  for (VirtualTrial* trial : trials) trial->Commit();
  storage::WriteRig(folder / "truth" / "rig.toml", rig);
  storage::WriteRig(folder / "rig.toml", rig);

  const std::size_t frames = run->time_base().frame_count();
  std::string text = fmt::format("{} frames of running at {:g} Hz, {} cameras, {} sightings\n{}",
                                 frames, scenario.rate_hz, rig.cameras.size(),
                                 run->sighting_count(), SummaryText(summary));
  for (const std::string& file : WrittenFiles()) {
    text += fmt::format("written: {}\n", (folder / file).string());
  }
  context.Print(text, {{"output", arguments.output},
                       {"files", WrittenFiles()},
                       {"seed", scenario.seed},
                       {"frames", frames},
                       {"cameras", rig.cameras.size()},
                       {"sightings", run->sighting_count()},
                       {"truth", SummaryJson(summary)}});
}

}  // namespace

void AddSimulateCommand(CommandLine& commands) {
  auto arguments = std::make_shared<SimulateArguments>();
  CLI::App& command = commands.Add(
      "simulate",
      "A virtual lab: cameras round a treadmill, a wand wave, an L-frame on the floor, a standing\n"
      "trial and a run, with noise, limbs that hide markers, lost frames and reflections. DIR "
      "gets\n"
      "rig.toml, wand.trial.h5, floor.trial.h5, static.trial.h5 and run.trial.h5 (what the cameras "
      "saw) and in truth/ the\n"
      "same trials with the true marker positions, angles, events, strides and summary. The same\n"
      "scenario and seed give the same bytes. docs/virtual-lab.md lists every field of a scenario.",
      [arguments](CommandContext& context) { RunSimulate(*arguments, context); });
  command
      .add_option("scenario", arguments->scenario,
                  "What to simulate; datasets/scenarios/demo.toml is one to start from. Every "
                  "field has a default")
      ->required()
      ->option_text("SCENARIO.toml");
  command
      .add_option("-o,--output", arguments->output,
                  "Folder to write to, made if absent; files of the same name are replaced once "
                  "all is done")
      ->required()
      ->option_text("DIR");
  command
      .add_option("--seed", arguments->seed,
                  "Another draw of everything random than that of the scenario")
      ->option_text("N");
  command
      .add_option("--minutes", arguments->minutes,
                  "Length of the run in minutes, instead of the scenario's run.duration")
      ->check(CLI::PositiveNumber)
      ->option_text("M");
}

}  // namespace medius::apps
