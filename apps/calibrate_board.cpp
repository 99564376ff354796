#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/board_input.hpp"
#include "apps/board_sightings.hpp"
#include "apps/calibration_settings.hpp"
#include "apps/command.hpp"
#include "apps/provenance.hpp"
#include "calibration/calibrate.hpp"
#include "calibration/held_out.hpp"
#include "core/error.hpp"
#include "storage/rig_toml.hpp"

namespace medius::apps {
namespace {

using calibration::CalibrationOptions;
using calibration::CalibrationResult;
using calibration::CalibrationStatus;

struct BoardArguments {
  BoardInput input;
  CalibrationSettings settings;
  std::string output;
  std::string save_sightings;
};

void RequireCalibrated(const CalibrationResult& result) {
  if (result.status == CalibrationStatus::kConverged) return;
  if (result.status == CalibrationStatus::kDegenerate) {
    throw NotComputed(result.degeneracy.sentence);
  }
  throw NotComputed(fmt::format(
      "the adjustment of the cameras did not converge in {} steps; check that every camera saw the "
      "board that its file describes and that images of one number are of one instant, or start "
      "from a known rig with --initial",
      result.iterations));
}

// What even instants say of odd ones: px per axis.
double HeldOut(const TargetObservations& observations, const CalibrationOptions& options) {
  const auto result = calibration::Calibrate(
      calibration::EverySecondInstant(observations, false), options);
  if (result.status != CalibrationStatus::kConverged) return std::numeric_limits<double>::quiet_NaN();
  return calibration::ScoreHeldOut(result.rig,
                                   calibration::EverySecondInstant(observations, true),
                                   options.parallelism)
      .rms;
}

void RunBoard(const BoardArguments& arguments, CommandContext& context) {
  ProvenanceRecorder provenance("calibrate board", context);
  const BoardRecording recording = ReadBoardRecording(arguments.input, context, &provenance);
  const TargetObservations& observations = recording.detection.observations;
  const CalibrationOptions options =
      OptionsOf(arguments.settings, observations, context.parallelism());
  const CalibrationResult result =
      calibration::Calibrate(observations, options, context.Work("calibrating", "steps"));
  RequireCalibrated(result);
  fmt::print("sigma {} held out {}\n", result.sigma, HeldOut(observations, options));
  storage::WriteRig(arguments.output, result.rig);
}

}  // namespace

void AddCalibrateBoardCommand(CommandLine& commands) {
  auto arguments = std::make_shared<BoardArguments>();
  CLI::App& command = commands.AddToGroup(
      "calibrate",
      "Calibration: from a board, a wand or both to a rig with covariance; the floor; has a camera "
      "moved",
      "board", "Board",
      [arguments](CommandContext& context) { RunBoard(*arguments, context); });
  AddBoardInputOptions(command, &arguments->input);
  AddCalibrationOptions(command, &arguments->settings);
  command.add_option("-o,--output", arguments->output, "The rig to write")
      ->required()
      ->option_text("RIG.toml");
}

}  // namespace medius::apps
