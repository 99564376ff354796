#include "storage/rig_toml.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/marker_labels.hpp"
#include "storage/rig_format.hpp"
#include "storage/rig_medius.hpp"
#include "storage/toml_table.hpp"

namespace medius::storage {
namespace {

constexpr std::string_view kFormatName = "medius-rig";
constexpr int kVersion = 1;

CameraModel ReadModel(const TomlTable& table) {
  const std::string name = table.Text("model");
  const std::optional<CameraModelKind> kind = CameraModelKindFromString(name);
  if (!kind) {
    table.Fail(*table.table().get("model"),
               fmt::format("model \"{}\" is not known; known are brown_conrady_5, brown_conrady_8, "
                           "kannala_brandt_4",
                           name));
  }
  std::vector<double> intrinsics =
      table.Numbers("intrinsics", static_cast<std::size_t>(IntrinsicCount(*kind)));
  try {
    return CameraModel(*kind, std::move(intrinsics));
  } catch (const InputError& error) {
    table.Fail(*table.table().get("intrinsics"), error.what());
  }
}

RigidTransform ReadPlace(const TomlTable& table) {
  const Eigen::Matrix4d matrix = table.Matrix("camera_from_lab", 4, 4);
  if (matrix.row(3) != Eigen::RowVector4d(0, 0, 0, 1)) {
    table.Fail(*table.table().get("camera_from_lab"),
               "the last row of camera_from_lab must be 0, 0, 0, 1");
  }
  return RigidTransform::FromMatrix(matrix);
}

Camera ReadCamera(const toml::table& node, const std::string& file, std::size_t number) {
  const std::string name = TomlTable(node, file, fmt::format("camera {}", number)).Text("name");
  const TomlTable table(node, file, "camera " + name);
  table.AllowOnly({"name", "model", "width", "height", "intrinsics", "camera_from_lab",
                   "time_offset", "time_drift", "line_time", "covariance"});
  const auto number_or_zero = [&table](std::string_view key) {
    return table.Has(key) ? table.Number(key) : 0.0;
  };
  Camera camera{name,
                table.Count("width"),
                table.Count("height"),
                ReadModel(table),
                ReadPlace(table),
                number_or_zero("time_offset"),
                std::nullopt,
                number_or_zero("time_drift"),
                number_or_zero("line_time")};
  if (table.Has("covariance")) camera.covariance = table.Matrix("covariance");
  return camera;
}

// What all cameras have together stands at the end, in a table of its own: with 24 cameras it is
// 360 rows long.
std::optional<Eigen::MatrixXd> ReadJointCovariance(const toml::table& document,
                                                   const std::string& file) {
  const toml::node* node = document.get("joint");
  if (node == nullptr) return std::nullopt;
  const TomlTable top(document, file, "");
  if (!node->is_table()) top.Fail(*node, "joint: a table is expected");
  const TomlTable joint(*node->as_table(), file, "[joint]");
  joint.AllowOnly({"covariance"});
  return joint.Matrix("covariance");
}

std::vector<ProvenanceInput> ReadInputs(const TomlTable& stage, const std::string& file) {
  std::vector<ProvenanceInput> inputs;
  const toml::array* nodes = stage.table().get_as<toml::array>("inputs");
  if (nodes == nullptr) stage.Fail("inputs: an array of tables is expected");
  for (const toml::node& node : *nodes) {
    if (!node.is_table()) stage.Fail(node, "inputs: tables are expected");
    const TomlTable input(*node.as_table(), file, "[[provenance]] inputs");
    input.AllowOnly({"name", "sha256"});
    inputs.push_back({input.Text("name"), input.Text("sha256")});
  }
  return inputs;
}

std::vector<StageProvenance> ReadStages(const toml::table& document, const std::string& file) {
  std::vector<StageProvenance> stages;
  const toml::node* node = document.get("provenance");
  if (node == nullptr) return stages;
  const TomlTable top(document, file, "");
  if (!node->is_array_of_tables()) top.Fail(*node, "provenance: [[provenance]] is expected");
  for (const toml::node& stage : *node->as_array()) {
    const TomlTable table(*stage.as_table(), file, "[[provenance]]");
    table.AllowOnly({"stage", "command", "version", "options", "inputs", "warnings"});
    StageProvenance read;
    read.stage = table.Text("stage");
    read.command = table.Text("command");
    read.version = table.Text("version");
    read.options_json = table.Text("options");
    read.inputs = ReadInputs(table, file);
    if (const toml::array* warnings = table.table().get_as<toml::array>("warnings")) {
      for (const toml::node& warning : *warnings) {
        if (!warning.is_string()) table.Fail(warning, "warnings: texts are expected");
        read.warnings.push_back(warning.as_string()->get());
      }
    }
    stages.push_back(std::move(read));
  }
  return stages;
}

// Names of files may hold bytes that TOML does not take.
std::string QuotedText(std::string_view text) {
  return TomlText(CleanText(text));
}

// Neither when nor how long: the same input gives the same bytes.
std::string StageText(const StageProvenance& stage) {
  std::string text = fmt::format(
      "\n[[provenance]]\nstage = {}\ncommand = {}\nversion = {}\noptions = {}\ninputs = [\n",
      QuotedText(stage.stage), QuotedText(stage.command), QuotedText(stage.version),
      QuotedText(stage.options_json));
  for (const ProvenanceInput& input : stage.inputs) {
    text += fmt::format("  {{ name = {}, sha256 = {} }},\n", QuotedText(input.name),
                        QuotedText(input.sha256));
  }
  text += "]\n";
  if (stage.warnings.empty()) return text;
  text += "warnings = [\n";
  for (const std::string& warning : stage.warnings) text += "  " + QuotedText(warning) + ",\n";
  return text + "]\n";
}

std::string MatrixText(const Eigen::MatrixXd& matrix) {
  std::string text = "[\n";
  for (Eigen::Index r = 0; r < matrix.rows(); ++r) {
    text += "  [";
    for (Eigen::Index c = 0; c < matrix.cols(); ++c) {
      text += (c == 0 ? "" : ", ") + TomlNumber(matrix(r, c));
    }
    text += "],\n";
  }
  return text + "]\n";
}

}  // namespace

CameraRig ReadMediusRig(const toml::table& document, const std::string& file) {
  const TomlTable top(document, file, "");
  if (top.Text("format") != kFormatName) {
    top.Fail(*document.get("format"), fmt::format("format \"{}\" is not known; \"{}\" is expected",
                                                  top.Text("format"), kFormatName));
  }
  if (top.Number("version") != kVersion) {
    top.Fail(*document.get("version"), fmt::format("version {} is not known; this program reads {}",
                                                   top.Number("version"), kVersion));
  }
  top.AllowOnly({"format", "version", "lab_frame", "camera", "joint", "provenance"});
  const toml::array* cameras = document.get_as<toml::array>("camera");
  if (cameras == nullptr) top.Fail("has no camera; [[camera]] tables are expected");
  CameraRig rig;
  for (const toml::node& node : *cameras) {
    if (!node.is_table()) top.Fail(node, "camera: a table is expected");
    rig.cameras.push_back(ReadCamera(*node.as_table(), file, rig.cameras.size() + 1));
  }
  rig.joint_covariance = ReadJointCovariance(document, file);
  (void)ReadStages(document, file);  // a rig is refused for what is wrong in any part of it
  if (document.contains("lab_frame")) rig.lab_frame = top.Text("lab_frame");
  ValidateRig(rig, file);
  return rig;
}

bool IsMediusRig(const toml::table& document) {
  return document.contains("format") || document.contains("camera");
}

CameraRig ReadRig(const std::filesystem::path& path) {
  if (const std::optional<RigFormat> format = ForeignFormatOf(path)) {
    throw InputError(
        fmt::format("{}: is a rig of {}; convert it first with `medius rig convert {} -o RIG.toml`",
                    path.string(), NameOfProgram(*format), path.filename().string()));
  }
  return ReadMediusRig(ParseTomlFile(path), path.string());
}

std::vector<StageProvenance> ReadRigProvenance(const std::filesystem::path& path) {
  return ReadStages(ParseTomlFile(path), path.string());
}

std::string FormatRig(const CameraRig& rig, const std::vector<StageProvenance>& provenance) {
  ValidateRig(rig, "rig");
  std::string text = fmt::format("format = \"{}\"\nversion = {}\n", kFormatName, kVersion);
  if (!rig.lab_frame.empty()) text += fmt::format("lab_frame = {}\n", TomlText(rig.lab_frame));
  for (const Camera& camera : rig.cameras) {
    text += fmt::format("\n[[camera]]\nname = {}\nmodel = \"{}\"\nwidth = {}\nheight = {}\n",
                        TomlText(camera.name), ToString(camera.model.kind()), camera.width,
                        camera.height);
    text += "intrinsics = [";
    for (std::size_t i = 0; i < camera.model.intrinsics().size(); ++i) {
      text += (i == 0 ? "" : ", ") + TomlNumber(camera.model.intrinsics()[i]);
    }
    text += "]\ncamera_from_lab = " + MatrixText(camera.camera_from_lab.ToMatrix());
    text += "time_offset = " + TomlNumber(camera.time_offset) + "\n";
    if (camera.time_drift != 0.0) text += "time_drift = " + TomlNumber(camera.time_drift) + "\n";
    if (camera.line_time != 0.0) text += "line_time = " + TomlNumber(camera.line_time) + "\n";
    if (camera.covariance) text += "covariance = " + MatrixText(*camera.covariance);
  }
  for (const StageProvenance& stage : provenance) text += StageText(stage);
  if (rig.joint_covariance) {
    text += "\n[joint]\ncovariance = " + MatrixText(*rig.joint_covariance);
  }
  return text;
}

void WriteRig(const std::filesystem::path& path, const CameraRig& rig,
              const std::vector<StageProvenance>& provenance) {
  WriteTextFile(path, FormatRig(rig, provenance));
}

}  // namespace medius::storage
