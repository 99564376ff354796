#include "apps/analyze_options.hpp"

#include <cmath>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/json_number.hpp"

namespace medius::apps {
namespace {

constexpr double kDegree = 0.017453292519943295;
constexpr double kMillimetre = 0.001;

// One word where both sides are alike.
nlohmann::json BySide(const std::string& left, const std::string& right) {
  if (left == right) return left;
  return {{"left", left}, {"right", right}};
}

nlohmann::json HipCentreJson(const analysis::AnalysisResult& result) {
  return BySide(std::string(analysis::ToString(result.hip_centre[0])),
                std::string(analysis::ToString(result.hip_centre[1])));
}

nlohmann::json KneeAxisJson(const analysis::AnalysisResult& result) {
  const auto name = [](bool functional) { return functional ? "sara" : "epicondyles"; };
  return BySide(name(result.functional_knee_axis[0]), name(result.functional_knee_axis[1]));
}

nlohmann::json HipCentreSdJson(const analysis::AnalysisOptions& o,
                               const analysis::AnalysisResult& result) {
  const auto sd = [&](std::size_t side) {
    return o.hip_centre_sd.value_or(analysis::HipCentreSd(result.hip_centre[side]));
  };
  if (sd(0) == sd(1)) return sd(0);
  return {{"left", sd(0)}, {"right", sd(1)}};
}

void AddMethodOptions(CLI::App& command, AnalyzeArguments& arguments) {
  std::vector<std::string> methods, hip_centres;
  for (const analysis::Method& method : analysis::Methods()) methods.emplace_back(method.name);
  for (const analysis::HipCentreName& entry : analysis::HipCentreNames()) {
    hip_centres.emplace_back(entry.name);
  }
  command
      .add_option(
          "--method", arguments.method,
          "Named set of definitions: medius; ric, a running clinic's; opensim-order, as "
          "medius with the pelvis in OpenSim's order. Results of two methods do not compare")
      ->check(CLI::IsMember(methods))
      ->capture_default_str();
  command
      .add_option("--hip-centre", arguments.hip_centre,
                  "How the hip joint centre is found; default: functional where there is a trial "
                  "--functional, else the marker set's own hip-centre markers, else the method's "
                  "(medius: harrington; ric: trochanter)")
      ->check(CLI::IsMember(hip_centres));
  command
      .add_option("--knee-axis", arguments.knee_axis,
                  "Axis of the knee: epicondyles, or sara from the trial --functional")
      ->check(CLI::IsMember({"epicondyles", "sara"}))
      ->capture_default_str();
  command
      .add_option(
          "--view-direction", arguments.view_direction_deg,
          "Where the camera of the 2-D angles looks, degrees from the direction of running, "
          "to the left: 0 from straight behind, 180 from the front")
      ->capture_default_str();
  command.add_option("--cutoff-hz", arguments.cutoff_hz,
                     "Low-pass of marker positions, Hz: zero-lag Butterworth, fourth order in "
                     "effect; 0: none. Default: the method's (medius: 10; ric: none). Keep one "
                     "value for a whole lab");
  command
      .add_option("--max-gap-s", arguments.max_gap_s,
                  "Longest gap of a marker that is filled, seconds. Default: the method's (medius: "
                  "0.1; ric: none)")
      ->check(CLI::Range(0.0, 1.0));
}

void AddForceOptions(CLI::App& command, AnalyzeArguments& arguments) {
  command
      .add_option("--forces", arguments.forces,
                  "Ground reaction forces of the run: MOT, STO or a table of text. They have the "
                  "last word on foot strikes and toe offs, and how the markers' agree is reported")
      ->type_name("FILE");
  command
      .add_option("--force-rate-hz", arguments.force_rate_hz,
                  "Samples per second of the forces, Hz, where the file only counts them")
      ->check(CLI::Range(1.0, 1e6));
  command
      .add_option("--force-threshold", arguments.force_threshold,
                  "Foot on the ground above this, N. Default: 20, or 50 where the force is noisy "
                  "(above 5 N sd while nobody stands on it)")
      ->check(CLI::Range(1.0, 500.0));
  command
      .add_option(
          "--force-cutoff-hz", arguments.force_cutoff_hz,
          "Zero-lag low-pass of the force, Hz; 0: none. Default: none, or 50 where the force "
          "is noisy")
      ->check(CLI::Range(0.0, 1e4));
  command
      .add_option("--force-column", arguments.force_columns,
                  "Column of a vertical force, once a plate. Default: those that end in _vy, else "
                  "of Fx Fy Fz the one that bears the weight")
      ->type_name("NAME");
}

nlohmann::json FunctionalJson(const analysis::FunctionalJoints& joints) {
  nlohmann::json json;
  for (const Side side : kSides) {
    const analysis::FunctionalHip& hip = joints.hip[analysis::IndexOf(side)];
    const analysis::FunctionalKnee& knee = joints.knee[analysis::IndexOf(side)];
    nlohmann::json centre = nlohmann::json::array();
    for (Eigen::Index i = 0; i < 3; ++i)
      centre.push_back(NumberOrNull(hip.centre[i] / kMillimetre));
    json[std::string(ToString(side))] = {
        {"hip_centre_in_pelvis_mm", centre},
        {"hip_residual_mm", NumberOrNull(hip.residual / kMillimetre)},
        {"hip_from_sphere_fit_mm", NumberOrNull(hip.from_sphere / kMillimetre)},
        {"hip_from_harrington_mm", NumberOrNull(hip.from_regression / kMillimetre)},
        {"hip_flexion_range_deg", NumberOrNull(hip.flexion_range / kDegree)},
        {"hip_adduction_range_deg", NumberOrNull(hip.adduction_range / kDegree)},
        {"hip_refused", hip.refused},
        {"knee_axis_turn_deg", NumberOrNull(knee.axis_turn / kDegree)},
        {"knee_axis_residual_deg", NumberOrNull(knee.residual / kDegree)},
        {"knee_flexion_range_deg", NumberOrNull(knee.flexion_range / kDegree)},
        {"knee_refused", knee.refused}};
  }
  return json;
}

nlohmann::json AgreementJson(const analysis::EventAgreement& agreement) {
  return {{"n", agreement.n},
          {"mean_ms", NumberOrNull(1e3 * agreement.mean)},
          {"sd_ms", NumberOrNull(1e3 * agreement.sd)},
          {"rmse_ms", NumberOrNull(1e3 * agreement.rmse)}};
}

std::string AgreementText(const char* what, const analysis::EventAgreement& agreement) {
  return fmt::format(
      "{} of the markers less those of the force: {} of them, mean {:+.1f} ms, sd "
      "{:.1f}, rmse {:.1f}\n",
      what, agreement.n, 1e3 * agreement.mean, 1e3 * agreement.sd, 1e3 * agreement.rmse);
}

}  // namespace

analysis::AnalysisOptions OptionsOf(const AnalyzeArguments& arguments, const MarkerSet& set) {
  const analysis::Method& method = analysis::FindMethod(arguments.method);
  analysis::AnalysisOptions options = analysis::AnalysisOptionsOf(method, set);
  if (arguments.cutoff_hz) options.motion.cutoff_hz = *arguments.cutoff_hz;
  if (arguments.max_gap_s) options.motion.max_gap_s = *arguments.max_gap_s;
  if (!arguments.hip_centre.empty()) {
    options.body.hip_centre = analysis::FindHipCentreMethod(arguments.hip_centre);
  } else if (!arguments.functional.empty()) {
    options.body.hip_centre = analysis::HipCentreMethod::kFunctional;
  }
  options.functional_knee_axis = arguments.knee_axis == "sara";
  options.forces.threshold = arguments.force_threshold;
  options.forces.cutoff_hz = arguments.force_cutoff_hz;
  options.motion.view_direction = arguments.view_direction_deg * kDegree;
  options.motion.assumed_marker_sd = arguments.marker_sd_mm * kMillimetre;
  options.body.marker_offset = arguments.marker_offset_mm * kMillimetre;
  return options;
}

// chunk_frames decides none.
nlohmann::json OptionsJson(const analysis::AnalysisOptions& o, const MarkerSet& set,
                           const analysis::AnalysisResult& result) {
  const bool by_force = result.forces && result.forces->strike.n > 0;
  nlohmann::json json = {{"method", o.method},
                         {"segment_frames", analysis::ToString(o.body.convention)},
                         {"pelvis_order", analysis::ToString(o.body.pelvis_order)},
                         {"joint_order", analysis::ToString(o.body.joint_order)},
                         {"view_direction", o.motion.view_direction},
                         {"marker_set", set.name},
                         {"cutoff_hz", o.motion.cutoff_hz},
                         {"max_gap_s", o.motion.max_gap_s},
                         {"assumed_marker_sd", o.motion.assumed_marker_sd},
                         {"filled_marker_sd", o.motion.filled_marker_sd},
                         {"marker_offset", o.body.marker_offset},
                         {"hip_centre", HipCentreJson(result)},
                         {"knee_axis", KneeAxisJson(result)},
                         {"hip_centre_sd", HipCentreSdJson(o, result)},
                         {"contact_time_sd", o.contact_time_sd},
                         {"event_detector", by_force ? "force" : "markers"},
                         {"events",
                          {{"window_cutoff_hz", o.events.window_cutoff_hz},
                           {"velocity_cutoff_hz", o.events.velocity_cutoff_hz},
                           {"foot_strike_offset_s", o.events.foot_strike_offset_s},
                           {"toe_off_contact_fraction", o.events.toe_off_contact_fraction},
                           {"heel_alone_contact_fraction", o.events.heel_alone_contact_fraction},
                           {"belt_speed_fraction", o.events.belt_speed_fraction},
                           {"foot_only_offset_s", o.events.foot_only_offset_s},
                           {"pelvis_only_offset_s", o.events.pelvis_only_offset_s}}},
                         {"strides",
                          {{"min_stride_s", o.strides.min_stride_s},
                           {"max_stride_s", o.strides.max_stride_s},
                           {"min_contact_s", o.strides.min_contact_s},
                           {"max_contact_s", o.strides.max_contact_s},
                           {"stride_time_tolerance", o.strides.stride_time_tolerance},
                           {"outlier_deviations", o.strides.outlier_deviations},
                           {"outlier_floor", o.strides.outlier_floor},
                           {"max_hip_extension", o.strides.max_hip_extension},
                           {"max_frontal_angle", o.strides.max_frontal_angle},
                           {"lost_shape_residual", o.strides.lost_shape_residual},
                           {"longest_row_s", o.strides.longest_row_s}}}};
  if (by_force) {
    json["forces"] = {{"threshold", result.forces->threshold},
                      {"cutoff_hz", result.forces->cutoff_hz}};
  }
  const nlohmann::json recording = CompanionsJson(result);
  if (!recording.empty()) json["recording"] = recording;
  return json;
}

nlohmann::json CompanionsJson(const analysis::AnalysisResult& result) {
  nlohmann::json json = nlohmann::json::object();
  if (result.functional) json["functional"] = FunctionalJson(*result.functional);
  if (result.forces) {
    const analysis::ForceEvents& forces = *result.forces;
    json["force_agreement"] = {{"foot_strike", AgreementJson(forces.strike)},
                               {"toe_off", AgreementJson(forces.toe_off)},
                               {"stances", forces.stances},
                               {"stances_without_markers", forces.without_kinematics},
                               {"markers_without_stance", forces.kinematics_alone},
                               {"noise_n", NumberOrNull(forces.noise)},
                               {"threshold_n", forces.threshold},
                               {"cutoff_hz", forces.cutoff_hz}};
  }
  if (std::isfinite(result.knee_cross_talk[0]) || std::isfinite(result.knee_cross_talk[1])) {
    json["knee_cross_talk"] = {{"left", NumberOrNull(result.knee_cross_talk[0])},
                               {"right", NumberOrNull(result.knee_cross_talk[1])}};
  }
  return json;
}

std::string CompanionsText(const analysis::AnalysisResult& result) {
  std::string text;
  if (result.functional) {
    for (const Side side : kSides) {
      const analysis::FunctionalHip& hip = result.functional->hip[analysis::IndexOf(side)];
      if (!hip.refused.empty()) continue;
      text += fmt::format(
          "{} hip from the functional trial: residual {:.1f} mm, {:.1f} mm from the sphere fit, "
          "{:.1f} mm from Harrington's\n",
          ToString(side), hip.residual / kMillimetre, hip.from_sphere / kMillimetre,
          hip.from_regression / kMillimetre);
    }
  }
  if (result.forces && result.forces->strike.n > 0) {
    text += AgreementText("foot strikes", result.forces->strike);
    text += AgreementText("toe offs", result.forces->toe_off);
  }
  return text;
}

void AddAnalyzeOptions(CLI::App& command, AnalyzeArguments& arguments) {
  command.add_option("trial", arguments.trial, "Trial with trajectories (TRIAL.h5)")
      ->required()
      ->type_name("TRIAL.h5");
  command
      .add_option("--static", arguments.standing,
                  "Standing trial of the same session. Without it only the pelvis is measured, "
                  "unless the run itself has the knee and ankle markers, and nothing is given "
                  "relative to standing")
      ->type_name("STATIC.h5");
  command
      .add_option("--functional", arguments.functional,
                  "Trial of the same session in which the hips are moved (and the knees bent), for "
                  "functional hip centres (SCoRE) and, with --knee-axis sara, knee axes. Where it "
                  "does not serve, Harrington's equation and the epicondyles stand in, and it is "
                  "said")
      ->type_name("TRIAL.h5");
  command
      .add_option("--markers", arguments.markers,
                  "Marker set, which says which label is which landmark: a file or the name of a "
                  "preset (rbds, virtual_lab, ...)")
      ->required()
      ->type_name("SET");
  command.add_option("-o,--output", arguments.output, "Trial to write; may be TRIAL.h5 itself")
      ->required()
      ->type_name("OUT.h5");
  AddMethodOptions(command, arguments);
  AddForceOptions(command, arguments);
  command
      .add_option(
          "--marker-offset-mm", arguments.marker_offset_mm,
          "From the skin to the centre of a marker, mm (9 for 14 mm markers on a base), for "
          "the hip centre")
      ->check(CLI::Range(0.0, 49.9))
      ->capture_default_str();
  command
      .add_option("--marker-sd-mm", arguments.marker_sd_mm,
                  "Noise of a marker coordinate, 1 sd, mm, where the trial does not say")
      ->check(CLI::Range(0.001, 99.0))
      ->capture_default_str();
  command
      .add_option(
          "--reference", arguments.reference,
          "Trial with a summary, such as a virtual lab's truth: its means are printed beside "
          "and whether the intervals hold them")
      ->type_name("OTHER.h5");
  command
      .add_option(
          "--reference-values", arguments.reference_values,
          "Reference values of the same method to count the distance from, in their standard "
          "deviations: a file or a preset (ric_2.5_m_s)")
      ->type_name("VALUES");
}

}  // namespace medius::apps
