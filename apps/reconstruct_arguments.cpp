#include "apps/reconstruct_arguments.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace medius::apps {
namespace {

constexpr double kDegree = 3.14159265358979323846 / 180.0;

// A number strictly between the two.
CLI::Validator Between(double low, double high) {
  return CLI::Validator(
      [low, high](std::string& text) -> std::string {
        double value = 0.0;
        if (CLI::detail::lexical_cast(text, value) && value > low && value < high) return "";
        if (std::isinf(high)) return fmt::format("{} is not a number above {}", text, low);
        return fmt::format("{} is not a number between {} and {}", text, low, high);
      },
      "");
}

CLI::Validator Positive() {
  return Between(0.0, std::numeric_limits<double>::infinity());
}

void AddSightingOptions(const std::shared_ptr<ReconstructArguments>& arguments, CLI::App* command) {
  command->add_option("trial", arguments->trial, "Trial file with sightings, labelled or not")
      ->required()
      ->option_text("TRIAL.h5");
  command
      ->add_option("--rig", arguments->rig,
                   "Calibrated cameras; without it those in the trial file. Kept in the output")
      ->option_text("RIG.toml");
  command
      ->add_option("-o,--output", arguments->output,
                   "Trial file to write; may be the input, which is then replaced once all is done")
      ->required()
      ->option_text("TRIAL.h5");
  command
      ->add_option("--cameras", arguments->cameras,
                   "Use only these cameras, which rig and trial must both have")
      ->delimiter(',')
      ->option_text("NAME,NAME,...");
  command
      ->add_option("--default-sigma-px", arguments->default_sigma_px,
                   "Standard deviation, in pixels, of sightings that do not state their own")
      ->check(Positive())
      ->capture_default_str();
  command
      ->add_option("--sigma-factor", arguments->sigma_factor,
                   "Factor on the standard deviations that sightings state")
      ->check(Positive())
      ->capture_default_str();
  command
      ->add_option("--min-angle-deg", arguments->min_angle_deg,
                   "Leave out positions whose rays all lie within this angle, in degrees, of one "
                   "line")
      ->check(Between(0.0, 90.0))
      ->capture_default_str();
  command
      ->add_option("--reject-sigma", arguments->reject_sigma,
                   "Reject a view that is this many standard deviations off what the others say")
      ->check(Positive())
      ->capture_default_str();
  command->add_flag("--ignore-labels", arguments->ignore_labels,
                    "Track the sightings as if none bore a label");
  command
      ->add_option("--block-frames", arguments->block_frames,
                   "Frames read at a time, which changes memory and never the result; 0: some "
                   "megabytes")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
}

void AddNameOptions(const std::shared_ptr<ReconstructArguments>& arguments, CLI::App* command) {
  command
      ->add_option("--markers", arguments->markers,
                   "Marker set, a file or a preset: which markers ride on one segment. Names "
                   "anonymous markers together with --static or --learn-from; helps to fill gaps")
      ->option_text("SET");
  command
      ->add_option("--static", arguments->static_trial,
                   "Labelled standing trial of the same person: names anonymous markers by its "
                   "distances")
      ->option_text("STATIC.h5");
  command
      ->add_option("--subject", arguments->subject,
                   "The subject as medius subject learned it, in place of --static")
      ->option_text("SUBJECT.toml");
  command
      ->add_option("--learn-from", arguments->learn_from,
                   "Labelled trial in which the same person moves, or a stretch of it in seconds: "
                   "names anonymous markers by how they move there")
      ->option_text("TRIAL.h5[:FROM-TO]");
  command
      ->add_option("--min-confidence", arguments->min_confidence,
                   "Leave a marker without a name below this probability")
      ->check(CLI::Range(0.5, 1.0))
      ->capture_default_str();
  command
      ->add_option("--review", arguments->review,
                   "Write the doubtful names, with times and alternatives, for a person to correct "
                   "(medius relabel)")
      ->option_text("REVIEW.csv");
}

void AddPersonOption(const std::shared_ptr<ReconstructArguments>& arguments, CLI::App* command) {
  command
      ->add_option("--person", arguments->person,
                   "Of several persons in keypoints: 1 for who is seen most and nearest to the "
                   "middle, 2 for the next, ...")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void AddGapOptions(const std::shared_ptr<ReconstructArguments>& arguments, CLI::App* command) {
  command
      ->add_option("--max-gap-s", arguments->max_gap_s,
                   "Fill gaps up to this many seconds; 0 fills none")
      ->check(CLI::Range(0.0, 5.0))
      ->capture_default_str();
  command
      ->add_option("--max-fill-error-mm", arguments->max_fill_error_mm,
                   "Leave a gap where the same gap elsewhere was filled worse than this, rms")
      ->check(CLI::Range(0.1, 200.0))
      ->capture_default_str();
  command->add_flag("--smooth", arguments->smooth,
                    "Also write smoothed positions, with covariance, beside the raw ones");
}

}  // namespace

reconstruct::ReconstructOptions ReconstructArguments::Triangulating() const {
  reconstruct::ReconstructOptions options;
  options.triangulation.default_sigma_px = default_sigma_px;
  options.triangulation.sigma_factor = sigma_factor;
  options.triangulation.min_angle = min_angle_deg * kDegree;
  options.triangulation.reject_sigma = reject_sigma;
  options.Validate();
  return options;
}

reconstruct::TrackerOptions ReconstructArguments::Tracking() const {
  reconstruct::TrackerOptions options;
  options.weights.default_sigma_px = default_sigma_px;
  options.weights.sigma_factor = sigma_factor;
  options.Validate();
  return options;
}

reconstruct::LabelOptions ReconstructArguments::Labelling() const {
  reconstruct::LabelOptions options;
  options.min_confidence = min_confidence;
  options.Validate();
  return options;
}

reconstruct::GapFillOptions ReconstructArguments::Filling() const {
  reconstruct::GapFillOptions options;
  if (fills()) options.max_gap_s = max_gap_s;
  options.max_error_m = 1e-3 * max_fill_error_mm;
  options.Validate();
  return options;
}

void AddReconstructOptions(const std::shared_ptr<ReconstructArguments>& arguments,
                           CLI::App* command) {
  AddSightingOptions(arguments, command);
  AddNameOptions(arguments, command);
  AddGapOptions(arguments, command);
  AddPersonOption(arguments, command);
}

nlohmann::json OptionsJson(const ReconstructArguments& arguments, const CameraRig& used) {
  const reconstruct::ReconstructOptions options = arguments.Triangulating();
  std::vector<std::string> cameras;
  for (const Camera& camera : used.cameras) cameras.push_back(camera.name);
  return {{"default_sigma_px", options.triangulation.default_sigma_px},
          {"sigma_factor", options.triangulation.sigma_factor},
          {"smallest_sigma_px", options.triangulation.smallest_sigma_px},
          {"min_angle_deg", arguments.min_angle_deg},
          {"reject_sigma", options.triangulation.reject_sigma},
          {"typical_speed_m_per_s", options.typical_speed},
          {"ignore_labels", arguments.ignore_labels},
          {"min_confidence", arguments.min_confidence},
          {"smooth", arguments.smooth},
          {"person", arguments.person},
          {"max_gap_s", arguments.max_gap_s},
          {"max_fill_error_mm", arguments.max_fill_error_mm},
          {"cameras", cameras}};
}

}  // namespace medius::apps
