#include "apps/scenario_toml.hpp"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "storage/toml_table.hpp"

namespace medius::apps {
namespace {

using capture::Scenario;
using capture::Sided;

constexpr double kDegree = 3.14159265358979323846 / 180.0;
constexpr double kMillimetre = 1e-3;
constexpr double kOne = 1.0;

// Shows each field of a section to a visitor as (key, field, SI units in one unit of the file): the
// one list from which files are read and provenance is written.
template <typename Visitor>
void VisitBody(capture::BodyScenario& body, Visitor&& visit) {
  visit("stature", body.stature, kOne);
  visit("pelvis_width", body.pelvis_width, kOne);
  visit("pelvis_depth", body.pelvis_depth, kOne);
  visit("marker_radius_mm", body.marker_radius, kMillimetre);
  visit("limbs_hide", body.limbs_hide, kOne);
  visit("skin_pelvis_mm", body.skin_pelvis, kMillimetre);
  visit("skin_thigh_mm", body.skin_thigh, kMillimetre);
  visit("skin_shank_mm", body.skin_shank, kMillimetre);
  visit("skin_foot_mm", body.skin_foot, kMillimetre);
  visit("skin_trunk_mm", body.skin_trunk, kMillimetre);
  visit("skin_arm_mm", body.skin_arm, kMillimetre);
}

template <typename Visitor>
void VisitStanding(capture::StandingScenario& standing, Visitor&& visit) {
  visit("duration", standing.duration, kOne);
  visit("pelvis_obliquity_deg", standing.pelvis_obliquity, kDegree);
  visit("pelvis_tilt_deg", standing.pelvis_tilt, kDegree);
  visit("hip_adduction_deg", standing.hip_adduction, kDegree);
  visit("knee_flexion_deg", standing.knee_flexion, kDegree);
}

template <typename Visitor>
void VisitRunShape(capture::RunScenario& run, Visitor&& visit) {
  visit("duration", run.duration, kOne);
  visit("speed", run.speed, kOne);
  visit("cadence", run.cadence, kOne);
  visit("duty_factor", run.duty_factor, kOne);
  visit("step_width", run.step_width, kOne);
  visit("vertical_oscillation", run.vertical_oscillation, kOne);
  visit("pelvic_drop_deg", run.pelvic_drop, kDegree);
  visit("pelvis_tilt_deg", run.pelvis_tilt, kDegree);
  visit("pelvis_tilt_range_deg", run.pelvis_tilt_range, kDegree);
  visit("pelvis_rotation_range_deg", run.pelvis_rotation_range, kDegree);
  visit("hip_adduction_deg", run.hip_adduction, kDegree);
  visit("hip_adduction_range_deg", run.hip_adduction_range, kDegree);
  visit("hip_flexion_deg", run.hip_flexion, kDegree);
  visit("hip_rotation_deg", run.hip_rotation, kDegree);
  visit("hip_rotation_range_deg", run.hip_rotation_range, kDegree);
  visit("knee_flexion_stance_deg", run.knee_flexion_stance, kDegree);
  visit("knee_flexion_swing_deg", run.knee_flexion_swing, kDegree);
  visit("knee_adduction_deg", run.knee_adduction, kDegree);
  visit("knee_adduction_range_deg", run.knee_adduction_range, kDegree);
  visit("foot_pitch_at_strike_deg", run.foot_pitch_at_strike, kDegree);
}

template <typename Visitor>
void VisitRunVariation(capture::RunScenario& run, Visitor&& visit) {
  visit("sd_pelvic_drop_deg", run.sd_pelvic_drop, kDegree);
  visit("sd_hip_adduction_deg", run.sd_hip_adduction, kDegree);
  visit("sd_pelvis_tilt_deg", run.sd_pelvis_tilt, kDegree);
  visit("sd_pelvis_rotation_deg", run.sd_pelvis_rotation, kDegree);
  visit("sd_hip_rotation_deg", run.sd_hip_rotation, kDegree);
  visit("sd_knee_adduction_deg", run.sd_knee_adduction, kDegree);
  visit("sd_stride_time", run.sd_stride_time, kOne);
  visit("sd_contact_time", run.sd_contact_time, kOne);
  visit("sd_foot_placement", run.sd_foot_placement, kOne);
  visit("drift_pelvic_drop_deg_per_min", run.drift_pelvic_drop, kDegree);
  visit("drift_hip_adduction_deg_per_min", run.drift_hip_adduction, kDegree);
  visit("drift_cadence_per_min", run.drift_cadence, kOne);
  visit("wander", run.wander, kOne);
}

template <typename Visitor>
void VisitWand(capture::WandScenario& wand, Visitor&& visit) {
  visit("duration", wand.duration, kOne);
  visit("length", wand.length, kOne);
  visit("middle", wand.middle, kOne);
  visit("volume", wand.volume, kOne);
  visit("centre_height", wand.centre_height, kOne);
}

template <typename Visitor>
void VisitRig(capture::RigScenario& rig, Visitor&& visit) {
  visit("cameras", rig.cameras, kOne);
  visit("radius", rig.radius, kOne);
  visit("centre", rig.centre, kOne);
  visit("height_low", rig.height_low, kOne);
  visit("height_high", rig.height_high, kOne);
  visit("target_height", rig.target_height, kOne);
  visit("width", rig.width, kOne);
  visit("height", rig.height, kOne);
  visit("focal_length_px", rig.focal_length, kOne);
  visit("distortion", rig.distortion, kOne);
  visit("spread", rig.spread, kOne);
  visit("time_offset_spread", rig.time_offset_spread, kOne);
}

template <typename Visitor>
void VisitEffects(capture::CameraEffects& effects, Visitor&& visit) {
  visit("noise_px", effects.noise_px, kOne);
  visit("drop_rate", effects.drop_rate, kOne);
  visit("reflections", effects.reflections, kOne);
  visit("hidden_rate", effects.hidden_rate, kOne);
  visit("merge_distance_px", effects.merge_distance_px, kOne);
  visit("labels", effects.labels, kOne);
  visit("lost_share", effects.lost_share, kOne);
  visit("lost_longest", effects.lost_longest, kOne);
}

// Shows each section to a function as (name, function that visits its fields).
template <typename Section>
void VisitSections(Scenario& scenario, Section&& section) {
  section("body", [&](auto&& visit) { VisitBody(scenario.body, visit); });
  section("standing", [&](auto&& visit) { VisitStanding(scenario.standing, visit); });
  section("run", [&](auto&& visit) {
    VisitRunShape(scenario.run, visit);
    VisitRunVariation(scenario.run, visit);
  });
  section("wand", [&](auto&& visit) { VisitWand(scenario.wand, visit); });
  section("rig", [&](auto&& visit) { VisitRig(scenario.rig, visit); });
  section("effects", [&](auto&& visit) { VisitEffects(scenario.effects, visit); });
}

const std::vector<std::string>& TopKeys() {
  static const std::vector<std::string> keys = {"name",    "seed",    "subject", "session",
                                                "created", "rate_hz", "body",    "standing",
                                                "run",     "wand",    "rig",     "effects"};
  return keys;
}

// Reads the fields that a table has.
class FieldReader {
 public:
  FieldReader(const storage::TomlTable& table, std::string file, std::string section)
      : table_(table), file_(std::move(file)), section_(std::move(section)) {}

  void operator()(const char* key, double& field, double unit) const {
    if (table_.Has(key)) field = table_.Number(key) * unit;
  }
  void operator()(const char* key, bool& field, double) const { field = table_.Flag(key, field); }
  void operator()(const char* key, int& field, double) const {
    if (table_.Has(key)) field = table_.Count(key);
  }
  // One number for both sides, or { left = ..., right = ... }.
  void operator()(const char* key, Sided& field, double unit) const {
    if (!table_.Has(key)) return;
    const toml::table* sides = table_.table()[key].as_table();
    if (sides == nullptr) {
      field.left = field.right = table_.Number(key) * unit;
      return;
    }
    const storage::TomlTable both(*sides, file_, section_ + " " + key);
    both.AllowOnly({"left", "right"});
    if (both.Has("left")) field.left = both.Number("left") * unit;
    if (both.Has("right")) field.right = both.Number("right") * unit;
  }
  template <int N>
  void operator()(const char* key, Eigen::Matrix<double, N, 1>& field, double unit) const {
    if (!table_.Has(key)) return;
    const std::vector<double> values = table_.Numbers(key, N);
    for (int i = 0; i < N; ++i) field[i] = values[static_cast<std::size_t>(i)] * unit;
  }
  template <std::size_t N>
  void operator()(const char* key, std::array<double, N>& field, double unit) const {
    if (!table_.Has(key)) return;
    const std::vector<double> values = table_.Numbers(key, N);
    for (std::size_t i = 0; i < N; ++i) field[i] = values[i] * unit;
  }

 private:
  const storage::TomlTable& table_;
  std::string file_;
  std::string section_;
};

class JsonWriter {
 public:
  explicit JsonWriter(nlohmann::json& object) : object_(object) {}

  // Ten digits: 5 degrees stay 5 degrees after the way through radians.
  [[nodiscard]] static double Rounded(double value) {
    return std::stod(fmt::format("{:.10g}", value));
  }
  void operator()(const char* key, const double& field, double unit) const {
    object_[key] = Rounded(field / unit);
  }
  void operator()(const char* key, const bool& field, double) const { object_[key] = field; }
  void operator()(const char* key, const int& field, double) const { object_[key] = field; }
  void operator()(const char* key, const Sided& field, double unit) const {
    object_[key] = {{"left", Rounded(field.left / unit)}, {"right", Rounded(field.right / unit)}};
  }
  template <typename Sequence>
  void operator()(const char* key, const Sequence& field, double unit) const {
    nlohmann::json values = nlohmann::json::array();
    for (const double value : field) values.push_back(Rounded(value / unit));
    object_[key] = values;
  }

 private:
  nlohmann::json& object_;
};

void ReadTop(const storage::TomlTable& top, Scenario& scenario) {
  top.AllowOnly(TopKeys());
  const auto text = [&](const char* key, std::string& field) {
    if (top.Has(key)) field = top.Text(key);
  };
  text("name", scenario.name);
  text("subject", scenario.subject);
  text("session", scenario.session);
  text("created", scenario.created);
  if (top.Has("rate_hz")) scenario.rate_hz = top.Number("rate_hz");
  if (!top.Has("seed")) return;
  const double seed = top.Number("seed");
  if (!(seed >= 0.0 && seed <= 0x1p53) || seed != std::floor(seed)) {
    top.Fail(*top.table().get("seed"), "seed is not a whole number from 0 to 2^53");
  }
  scenario.seed = static_cast<std::uint64_t>(seed);
}

std::vector<std::string> KeysOf(Scenario& scenario, const std::string& wanted) {
  std::vector<std::string> keys;
  VisitSections(scenario, [&](const std::string& name, const auto& fields) {
    if (name != wanted) return;
    fields([&](const char* key, const auto&, double) { keys.emplace_back(key); });
  });
  return keys;
}

// ":LINE" of the field that a message of Validate() begins with ("run.pelvic_drop.left is ..."),
// empty where the file does not hold it.
std::string LineOf(const toml::table& root, const std::string& message) {
  const std::string field = message.substr(0, message.find(' '));
  const std::size_t dot = field.find('.');
  const toml::table* table = &root;
  std::string name = field;
  if (dot != std::string::npos) {
    table = root[field.substr(0, dot)].as_table();
    name = field.substr(dot + 1);
    name = name.substr(0, name.find('.'));
  }
  if (table == nullptr) return "";
  for (const char* ending : {"", "_deg", "_mm", "_px", "_deg_per_min", "_per_min"}) {
    const toml::node* node = table->get(name + ending);
    if (node != nullptr) return fmt::format("line {}: ", node->source().begin.line);
  }
  return "";
}

}  // namespace

Scenario ReadScenario(const std::filesystem::path& path) {
  const std::string file = path.string();
  const toml::table root = storage::ParseTomlFile(path);
  const storage::TomlTable top(root, file, "");
  Scenario scenario;
  ReadTop(top, scenario);
  VisitSections(scenario, [&](const std::string& name, const auto& fields) {
    if (!top.Has(name)) return;
    const toml::table* section = root[name].as_table();
    if (section == nullptr) top.Fail(*root.get(name), fmt::format("[{}] is not a table", name));
    const storage::TomlTable table(*section, file, "[" + name + "]");
    table.AllowOnly(KeysOf(scenario, name));
    fields(FieldReader(table, file, "[" + name + "]"));
  });
  try {
    scenario.Validate();
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}{}", file, LineOf(root, error.what()), error.what()));
  }
  return scenario;
}

nlohmann::json ScenarioJson(const Scenario& scenario) {
  Scenario copy = scenario;
  nlohmann::json object = {{"name", scenario.name},       {"seed", scenario.seed},
                           {"subject", scenario.subject}, {"session", scenario.session},
                           {"created", scenario.created}, {"rate_hz", scenario.rate_hz}};
  VisitSections(copy, [&](const std::string& name, const auto& fields) {
    nlohmann::json section;
    fields(JsonWriter(section));
    object[name] = section;
  });
  return object;
}

}  // namespace medius::apps
