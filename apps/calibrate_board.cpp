#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/board_input.hpp"
#include "apps/board_sightings.hpp"
#include "apps/calibration_output.hpp"
#include "apps/calibration_settings.hpp"
#include "apps/command.hpp"
#include "apps/joint_wand.hpp"
#include "apps/output_guard.hpp"
#include "apps/preset_path.hpp"
#include "apps/provenance.hpp"
#include "calibration/calibrate.hpp"
#include "calibration/cross_validation.hpp"
#include "calibration/implausible.hpp"
#include "core/error.hpp"
#include "storage/rig_toml.hpp"

namespace medius::apps {
namespace {

using calibration::CalibrationOptions;
using calibration::TemporalOptions;

struct BoardArguments {
  BoardInput input;
  CalibrationSettings settings;
  CalibrationOutput output;
  std::string save_sightings;
  bool bend = false;
  TemporalOptions timing{false, false, false, false};
  bool quick = false;
  std::string wand;
  WandInput wand_input;

  [[nodiscard]] bool WantsTiming() const {
    return timing.offsets || timing.drift || timing.line_time || timing.frame_jitter;
  }
};

nlohmann::json OptionsJson(const BoardArguments& arguments, const CalibrationOptions& options,
                           const TargetObservations& observations) {
  nlohmann::json json = CalibrationOptionsJson(options, observations);
  json.update({{"advise_model", arguments.settings.AdvisesModel()},
               {"time_offsets", arguments.timing.offsets},
               {"clock_drift", arguments.timing.drift},
               {"line_time", arguments.timing.line_time},
               {"frame_jitter", arguments.timing.frame_jitter},
               {"quick", arguments.quick},
               {"rate_hz", arguments.input.timing.rate_hz},
               {"sync_tolerance_s", arguments.input.timing.tolerance},
               {"mirrored", arguments.input.mirrored},
               {"min_points", arguments.input.min_points}});
  return json;
}

// One calibration in the making.
class BoardCalibration {
 public:
  BoardCalibration(const BoardArguments& arguments, CommandContext& context)
      : arguments_(arguments),
        context_(context),
        provenance_("calibrate board", context),
        output_(arguments.output) {}

  void Run() {
    RequireOutputs();
    const BoardRecording recording = ReadBoardRecording(arguments_.input, context_, &provenance_);
    report_.observations = recording.detection.observations;
    report_.target = DescribeBoards(recording.boards);
    const TargetObservations& seen = report_.observations;
    options_ = OptionsOf(arguments_.settings, seen, context_.parallelism());
    options_.estimate_bend = arguments_.bend;
    options_.refuse_contradictions = !arguments_.WantsTiming();
    if (!arguments_.settings.initial.empty()) {
      provenance_.AddInput(arguments_.settings.initial);
      output_.earlier = storage::ReadRigProvenance(arguments_.settings.initial);
    }
    if (arguments_.settings.AdvisesModel()) ChooseLens();
    provenance_.SetOptions(OptionsJson(arguments_, options_, seen));
    SaveSightings();
    Calibrate();
    for (calibration::Finding& finding :
         FindingsOf(calibration::CheckCalibration(report_.result, seen))) {
      inputs_.findings.push_back(std::move(finding));
    }
    if (!arguments_.quick) LookAtTiming();
    if (!arguments_.wand.empty()) AddWand();
    if (arguments_.WantsTiming()) AdjustTiming();
    Finish();
  }

 private:
  void RequireOutputs() const {
    std::vector<std::string> inputs = arguments_.input.videos;
    for (const std::vector<std::string>& more :
         {arguments_.input.boards,
          {arguments_.input.sightings, arguments_.input.timing.timestamps, arguments_.wand,
           arguments_.wand_input.trial}}) {
      inputs.insert(inputs.end(), more.begin(), more.end());
    }
    RequireFreeOutputs({arguments_.output.rig, arguments_.output.report, arguments_.save_sightings},
                       inputs);
  }

  static std::string DescribeBoards(const std::vector<capture::Board>& boards) {
    std::string text;
    for (const capture::Board& board : boards) {
      text += (text.empty() ? "" : "; ") + capture::Describe(board);
    }
    return text;
  }

  void ChooseLens() {
    const WorkControl control{{}, context_.Work("comparing lens models", "fits").cancellation};
    lenses_ = calibration::AdviseModel(
        report_.observations, calibration::LensCandidates(options_, std::nullopt), control);
    options_ = lenses_.candidates[lenses_.chosen].calibration;
    for (const std::string& sentence : lenses_.sentences) Note("lens_model", sentence);
  }

  // Before the calibration: a recording that gives no rig can be looked at again too.
  void SaveSightings() {
    if (arguments_.save_sightings.empty()) return;
    const std::string name = std::filesystem::path(arguments_.save_sightings).stem().stem();
    SaveBoardSightings(arguments_.save_sightings, report_.observations,
                       {name, "", "", "board", NowIso8601()}, provenance_.Finish(),
                       context_.parallelism());
    context_.Wrote(arguments_.save_sightings);
  }

  void Calibrate() {
    const std::clock_t begin = std::clock();
    report_.result = calibration::Calibrate(report_.observations, options_,
                                            context_.Work("calibrating", "steps"));
    report_.cpu_seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    RequireCalibrated(report_.result);
    for (const calibration::TargetBend& bend : report_.result.bends) {
      if (report_.observations.targets[bend.target].is_wand) continue;
      Note("board_bend",
           fmt::format("Board {} bulges by {:+.2f} +- {:.2f} mm along x and {:+.2f} +- {:.2f} mm "
                       "along y",
                       report_.observations.targets[bend.target].name, 1e3 * bend.height.x(),
                       1e3 * bend.sd.x(), 1e3 * bend.height.y(), 1e3 * bend.sd.y()));
    }
  }

  void LookAtTiming() {
    // Many small fits: a bar for each would say nothing.
    const WorkControl control{{}, context_.Work("cross-validating", "fits").cancellation};
    calibration::TimingDiagnosis diagnosis =
        calibration::DiagnoseTiming(report_.observations, report_.result, control);
    calibration::CrossValidation own;
    if (diagnosis.advice.scores.empty()) {
      own = calibration::CrossValidate(report_.observations, {"as calibrated", options_, {}},
                                       control);
    } else {
      own = diagnosis.advice.scores.front();
    }
    if (own.valid) {
      inputs_.held_out = HeldOutOf(own, lenses_, diagnosis.advice);
    } else {
      context_.Warn("no held-out error: half of the recording does not give a rig (" + own.problem +
                    ")");
    }
    if (diagnosis.fit && diagnosis.unsynchronized) {
      inputs_.temporal = TimingOf(*diagnosis.fit, false);
    }
    // The offsets have a table of their own.
    if (!diagnosis.sentences.empty()) Note("timing", diagnosis.sentences.front());
    advised_timing_ = std::move(diagnosis.fit);
  }

  // Both together: the wand, found by the rig of the boards, joins the adjustment.
  void AddWand() {
    const Wand wand = ReadWand(FindPreset(Preset::kWand, arguments_.wand));
    provenance_.AddInput(FindPreset(Preset::kWand, arguments_.wand));
    provenance_.AddInput(arguments_.wand_input.trial);
    const JointWand joint =
        FindWandByRig(arguments_.wand_input, wand, report_.result.rig, context_);
    // By the boards' scale alone, before the wand has a say in it.
    const calibration::WandNumbers alone =
        MeasureJointWand(joint, report_.result.rig, context_.parallelism());
    for (calibration::Finding& finding : CompareWithBoards(alone)) {
      inputs_.findings.push_back(std::move(finding));
    }
    AddToObservations(joint, &report_.observations);
    std::erase_if(inputs_.findings, [](const auto& known) { return known.key == "board_bend"; });
    Calibrate();
    inputs_.wands.push_back(MeasureJointWand(joint, report_.result.rig, context_.parallelism()));
    Note("wand", fmt::format("By the boards' scale alone the wand {} measures {:.2f} mm ({:+.2f} % "
                             "of what its file states)",
                             alone.name, 1e3 * alone.mean_length,
                             100.0 * (alone.mean_length / alone.nominal_length - 1.0)));
  }

  void AdjustTiming() {
    TemporalOptions options = arguments_.timing;
    options.offsets = true;
    const bool is_advised = advised_timing_ && !options.drift && !options.line_time &&
                            !options.frame_jitter && arguments_.wand.empty();
    TargetObservations bent = report_.observations;
    bent.targets = report_.result.targets;
    calibration::TemporalResult fit =
        is_advised ? *std::move(advised_timing_)
                   : calibration::AdjustTemporal(bent, report_.result, options,
                                                 context_.Work("estimating times", "steps"));
    RequireCalibrated(fit.calibration);
    const std::vector<bool> is_held(fit.calibration.rig.cameras.size(), options_.hold_intrinsics);
    if (const auto found =
            calibration::FindImplausible(report_.observations, fit.calibration, is_held)) {
      throw NotComputed(found->sentence);
    }
    for (const CameraId camera : fit.unobservable) {
      context_.Warn(fmt::format(
          "the time offset of camera {} cannot be told: no moving board that another camera saw "
          "too; it is left at 0",
          report_.observations.cameras[camera.index()].name));
    }
    inputs_.temporal = TimingOf(fit, true);
    report_.result = std::move(fit.calibration);
  }

  void Note(const char* key, const std::string& sentence) {
    for (const calibration::Finding& known : inputs_.findings) {
      if (known.text == sentence) return;
    }
    inputs_.findings.push_back({calibration::Severity::kNote, key, {}, sentence, ""});
  }

  void Finish() {
    // The report takes the boards as they are.
    if (!report_.result.targets.empty()) report_.observations.targets = report_.result.targets;
    calibration::QualityOptions options;
    options.parallelism = context_.parallelism();
    report_.quality = calibration::AssessQuality(report_.observations, report_.result,
                                                 std::move(inputs_), options);
    report_.made = NowIso8601();
    report_.provenance = provenance_.Finish();
    FinishCalibration(std::move(report_), output_, context_);
  }

  const BoardArguments& arguments_;
  CommandContext& context_;
  ProvenanceRecorder provenance_;
  CalibrationOutput output_;
  CalibrationOptions options_;
  CalibrationReport report_;
  calibration::QualityInputs inputs_;
  calibration::ModelAdvice lenses_;
  std::optional<calibration::TemporalResult> advised_timing_;
};

void AddTimingOptions(CLI::App& command, BoardArguments* arguments) {
  TemporalOptions& timing = arguments->timing;
  command.add_flag("--time-offsets", timing.offsets,
                   "Estimate by how much each camera exposes later than the first, from the moving "
                   "board, and put it into the rig; alone it takes the timing that predicts unseen "
                   "frames best");
  command.add_flag("--clock-drift", timing.drift, "Also estimate clocks of different rates");
  command.add_flag("--line-time", timing.line_time,
                   "Also estimate rolling shutters: the time from one row to the next");
  command.add_flag("--frame-jitter", timing.frame_jitter,
                   "Also allow frames times of their own (webcams without a trigger)");
  command.add_flag("--quick", arguments->quick,
                   "Leave out the cross-validation and the look at the cameras' timing");
}

}  // namespace

void AddCalibrateBoardCommand(CommandLine& commands) {
  auto arguments = std::make_shared<BoardArguments>();
  CLI::App& command = commands.AddToGroup(
      "calibrate",
      "Calibration: from a board, a wand or both to a rig with covariance; the floor; has a camera "
      "moved",
      "board",
      "Calibrate cameras with a printed board that is moved before them: lenses and places in one\n"
      "adjustment, with covariance. Nothing needs to be known beforehand. The rig stands in the "
      "frame\n"
      "of the first camera; `medius calibrate floor` puts it on the floor.\n"
      "Example: medius calibrate board --board board.toml --video left=left.mp4 right=right.mp4 "
      "-o rig.toml --report rig.html",
      [arguments](CommandContext& context) { BoardCalibration(*arguments, context).Run(); });
  AddBoardInputOptions(command, &arguments->input);
  AddCalibrationOptions(command, &arguments->settings);
  command.add_flag("--bend", arguments->bend,
                   "Boards may bulge: estimate by how much (two numbers a board)");
  AddTimingOptions(command, arguments.get());
  CLI::Option* wand =
      command
          .add_option("--wand", arguments->wand,
                      "A wand that was waved too: board and wand go into one adjustment, and are "
                      "checked against each other first")
          ->option_text("WAND.toml");
  CLI::Option* trial = command
                           .add_option("--wand-trial", arguments->wand_input.trial,
                                       "The trial with the cameras' sightings of the wand")
                           ->option_text("TRIAL.h5");
  wand->needs(trial);
  trial->needs(wand);
  command
      .add_option("--save-sightings", arguments->save_sightings,
                  "Also write the board's points in all images, so that --sightings can calibrate "
                  "again without looking at them")
      ->option_text("TRIAL.h5");
  AddCalibrationOutputOptions(command, &arguments->output);
}

}  // namespace medius::apps
