#include "apps/calibration_settings.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/camera_images.hpp"
#include "core/camera_model.hpp"
#include "storage/rig_toml.hpp"

namespace medius::apps {
namespace {

using calibration::CalibrationOptions;

constexpr const char* kAuto = "auto";

std::size_t IndexOf(const std::string& option, const std::string& camera,
                    const TargetObservations& observations) {
  const auto& cameras = observations.cameras;
  const auto found = std::find_if(cameras.begin(), cameras.end(),
                                  [&](const auto& known) { return known.name == camera; });
  if (found == cameras.end()) {
    std::vector<std::string> names;
    for (const UncalibratedCamera& known : cameras) names.push_back(known.name);
    throw CLI::ValidationError(option, fmt::format("there is no camera \"{}\" (there are {})",
                                                   camera, fmt::join(names, ", ")));
  }
  return static_cast<std::size_t>(found - cameras.begin());
}

CameraModelKind ModelOf(const std::string& text) {
  if (const auto kind = CameraModelKindFromString(text)) return *kind;
  throw CLI::ValidationError("--model",
                             fmt::format("\"{}\" is no lens model (there are brown_conrady_5, "
                                         "brown_conrady_8, kannala_brandt_4, auto)",
                                         text));
}

double FocalOf(const std::string& text) {
  double focal = 0.0;
  if (CLI::detail::lexical_cast(text, focal) && focal > 0.0 && std::isfinite(focal)) return focal;
  throw CLI::ValidationError("--focal-px", fmt::format("\"{}\" is no number of pixels", text));
}

// One value for all cameras and CAM=VALUE for single ones; `absent` for the others.
template <typename Value, typename Parse>
void TakeValues(const std::string& option, const std::vector<std::string>& words,
                const TargetObservations& observations, const Parse& parse, Value absent,
                std::vector<Value>* values) {
  for (const std::string& word : words) {
    if (word.find('=') != std::string::npos) continue;
    values->assign(observations.cameras.size(), parse(word));
  }
  for (const std::string& word : words) {
    if (word.find('=') == std::string::npos) continue;
    const auto [camera, value] = SplitAssignment(option, word);
    values->resize(observations.cameras.size(), absent);
    (*values)[IndexOf(option, camera, observations)] = parse(value);
  }
}

void TakeModels(const CalibrationSettings& settings, const TargetObservations& observations,
                CalibrationOptions* options) {
  std::vector<std::string> words = settings.models;
  std::erase(words, kAuto);
  // What is said of single cameras leaves the default, or the initial rig's model, to the others.
  if (!words.empty() || options->initial) {
    options->model_of_camera.assign(observations.cameras.size(), options->model);
  }
  for (std::size_t c = 0; options->initial && c < observations.cameras.size(); ++c) {
    const auto known = options->initial->Find(observations.cameras[c].name);
    if (known) options->model_of_camera[c] = (*options->initial)[*known].model.kind();
  }
  TakeValues("--model", words, observations, ModelOf, options->model, &options->model_of_camera);
}

// One lens: what is said of one camera's is said of all.
void ShareLens(std::size_t cameras, CalibrationOptions* options) {
  options->intrinsics_group.assign(cameras, 0);
  std::vector<double>& guesses = options->focal_guess;
  if (guesses.empty()) return;
  const double said = *std::max_element(guesses.begin(), guesses.end());
  std::replace(guesses.begin(), guesses.end(), 0.0, said);
}

}  // namespace

bool CalibrationSettings::AdvisesModel() const {
  return std::find(models.begin(), models.end(), kAuto) != models.end();
}

void AddCalibrationOptions(CLI::App& command, CalibrationSettings* settings) {
  command
      .add_option("--initial", settings->initial,
                  "Start from this rig instead of from nothing; cameras are matched by name")
      ->option_text("RIG.toml");
  command
      .add_option("--fix", settings->fix,
                  "Hold these of the initial rig: intrinsics (lenses), places (where the cameras "
                  "stand)")
      ->check(CLI::IsMember({"intrinsics", "places"}))
      ->option_text("intrinsics|places ...");
  command
      .add_option("--model", settings->models,
                  "Lens model of all cameras, or CAM=MODEL of one: brown_conrady_5 (default), "
                  "brown_conrady_8, kannala_brandt_4 (fisheye); auto takes the one that predicts "
                  "frames it was not fitted to best")
      ->option_text("MODEL ...");
  command
      .add_option("--focal-px", settings->focals,
                  "A guess of the focal length in pixels, tried beside others: of all cameras, or "
                  "CAM=PX of one")
      ->option_text("PX|CAM=PX ...");
  command.add_flag("--shared-intrinsics", settings->share_intrinsics,
                   "All cameras have one lens: same model, zoom and image size");
  command.add_flag("--keep-outliers", settings->keep_outliers,
                   "Use every sighting, also those that contradict the rest");
  command.add_flag("--allow-unusual-lens", settings->allow_unusual_lens,
                   "Images are cropped or anamorphic on purpose: accept an optical axis far from "
                   "their middle and pixels that are not square, which else mean a wrong image "
                   "size");
}

CalibrationOptions OptionsOf(const CalibrationSettings& settings,
                             const TargetObservations& observations, Parallelism parallelism) {
  CalibrationOptions options;
  options.parallelism = parallelism;
  options.reject_outliers = !settings.keep_outliers;
  options.refuse_unlikely_lens = !settings.allow_unusual_lens;
  if (!settings.initial.empty()) options.initial = storage::ReadRig(settings.initial);
  for (const std::string& what : settings.fix) {
    if (settings.initial.empty()) {
      throw CLI::ValidationError("--fix", "there is nothing to hold them at; give --initial RIG");
    }
    (what == "intrinsics" ? options.hold_intrinsics : options.hold_places) = true;
  }
  TakeModels(settings, observations, &options);
  TakeValues("--focal-px", settings.focals, observations, FocalOf, 0.0, &options.focal_guess);
  if (settings.share_intrinsics) ShareLens(observations.cameras.size(), &options);
  return options;
}

nlohmann::json CalibrationOptionsJson(const CalibrationOptions& options,
                                      const TargetObservations& observations) {
  nlohmann::json models = nlohmann::json::object();
  nlohmann::json focals = nlohmann::json::object();
  nlohmann::json sizes = nlohmann::json::object();
  for (std::size_t c = 0; c < observations.cameras.size(); ++c) {
    const UncalibratedCamera& camera = observations.cameras[c];
    const bool is_single = !options.model_of_camera.empty();
    models[camera.name] = ToString(is_single ? options.model_of_camera[c] : options.model);
    sizes[camera.name] = {camera.width, camera.height};
    const bool has_guess = !options.focal_guess.empty() && options.focal_guess[c] > 0.0;
    if (has_guess) focals[camera.name] = options.focal_guess[c];
  }
  return {{"models", models},
          {"image_sizes", sizes},
          {"focal_guess_px", focals},
          {"shared_intrinsics", !options.intrinsics_group.empty()},
          {"held_intrinsics", options.held_intrinsics},
          {"from_initial", options.initial.has_value()},
          {"hold_intrinsics", options.hold_intrinsics},
          {"hold_places", options.hold_places},
          {"estimate_bend", options.estimate_bend},
          {"reference_camera", observations.cameras[options.reference_camera.index()].name},
          {"reject_outliers", options.reject_outliers},
          {"expected_false_alarms", options.expected_false_alarms},
          {"refuse_unlikely_lens", options.refuse_unlikely_lens},
          {"refuse_contradictions", options.refuse_contradictions},
          {"max_iterations", options.max_iterations}};
}

}  // namespace medius::apps
