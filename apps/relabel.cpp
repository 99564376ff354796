#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "apps/output_guard.hpp"
#include "apps/reconstruct_arguments.hpp"
#include "apps/reconstruct_run.hpp"
#include "core/error.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

struct RelabelArguments {
  std::string trial;
  std::string corrections;
  std::string output;
  std::string review;
};

StageProvenance StageOf(const std::string& file, const storage::TrialReader& trial) {
  for (StageProvenance& stage : trial.ReadProvenance()) {
    if (stage.stage == "reconstruct") return std::move(stage);
  }
  throw InputError(fmt::format(
      "{}: was not made by medius reconstruct; corrections belong to the tracks that it made",
      file));
}

// As the trial was reconstructed: its own rig, options, marker set and subject.
ReconstructArguments AsBefore(const RelabelArguments& relabel, CommandContext& context) {
  const storage::TrialReader trial(relabel.trial, context.parallelism());
  const StageProvenance stage = StageOf(relabel.trial, trial);
  ReconstructArguments arguments;
  arguments.trial = relabel.trial;
  arguments.corrections = relabel.corrections;
  arguments.output = relabel.output;
  arguments.review = relabel.review;
  arguments.marker_set_toml = stage.marker_set_toml;
  arguments.subject_toml = stage.subject_toml;
  try {
    const nlohmann::json options = nlohmann::json::parse(stage.options_json);
    arguments.cameras = options.at("cameras").get<std::vector<std::string>>();
    arguments.default_sigma_px = options.at("default_sigma_px");
    arguments.sigma_factor = options.at("sigma_factor");
    arguments.min_angle_deg = options.at("min_angle_deg");
    arguments.reject_sigma = options.at("reject_sigma");
    arguments.ignore_labels = options.at("ignore_labels");
    arguments.min_confidence = options.at("min_confidence");
    arguments.max_gap_s = options.at("max_gap_s");
    arguments.max_fill_error_mm = options.at("max_fill_error_mm");
    arguments.smooth = options.at("smooth");
    for (const nlohmann::json& row : options.value("corrections", nlohmann::json::array())) {
      arguments.earlier_corrections.push_back(
          {row.at("track"), {row.at("first_frame"), row.at("frames")}, row.at("label")});
    }
  } catch (const nlohmann::json::exception& error) {
    throw InputError(fmt::format(
        "{}: its provenance does not say with which options it was reconstructed ({}); run medius "
        "reconstruct --review again with this version",
        relabel.trial, error.what()));
  }
  return arguments;
}

}  // namespace

void AddRelabelCommand(CommandLine& commands) {
  auto arguments = std::make_shared<RelabelArguments>();
  CLI::App& command = commands.Add(
      "relabel",
      "Names corrected by a person -> the trial as it is with them. The trial is reconstructed "
      "again\n"
      "as it was before, with its own rig, options, marker set and model of the subject; the\n"
      "corrections overrule the names of its tracks, and what depends on them (positions, gaps) "
      "is\n"
      "made anew. The file is the one that reconstruct --review wrote, with the right label, or -\n"
      "for no marker, in the last column.",
      [arguments](CommandContext& context) {
        RequireFreeOutputs({arguments->review}, {arguments->trial, arguments->corrections});
        RequireFreeOutputs({arguments->output}, {arguments->corrections, arguments->review});
        RunReconstruct(AsBefore(*arguments, context), context);
      });
  command
      .add_option("trial", arguments->trial,
                  "Trial that medius reconstruct made of anonymous sightings")
      ->required()
      ->option_text("TRIAL.h5");
  command
      .add_option("--corrections", arguments->corrections,
                  "Review file with the right labels in the last column")
      ->required()
      ->option_text("REVIEW.csv");
  command
      .add_option("-o,--output", arguments->output,
                  "Trial file to write; may be the input, which is then replaced once all is done")
      ->required()
      ->option_text("TRIAL.h5");
  command.add_option("--review", arguments->review, "Write what is still doubtful")
      ->option_text("REVIEW.csv");
}

}  // namespace medius::apps
