#include "storage/rig_format.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/input_file.hpp"
#include "storage/rig_anipose.hpp"
#include "storage/rig_medius.hpp"
#include "storage/rig_opencv.hpp"
#include "storage/toml_table.hpp"
#include "storage/xml_element.hpp"
#include "storage/yaml_table.hpp"

namespace medius::storage {
namespace {

constexpr std::pair<RigFormat, std::string_view> kNames[] = {
    {RigFormat::kMedius, "medius"},     {RigFormat::kAnipose, "anipose"},
    {RigFormat::kQualisys, "qualisys"}, {RigFormat::kOpenCv, "opencv"},
    {RigFormat::kMrcal, "mrcal"},       {RigFormat::kVicon, "vicon"},
    {RigFormat::kKalibr, "kalibr"}};

constexpr std::string_view kKnown =
    "known are those of Medius, Anipose, Pose2Sim and caliscope (TOML), Qualisys (.qca.txt), "
    "OpenCV and Kalibr (YAML), mrcal (.cameramodel) and Vicon (.xcp)";

// The first line that is neither empty nor a comment.
std::string_view FirstLine(std::string_view text) {
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.remove_prefix(3);
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    return line.substr(begin);
  }
  return {};
}

// "name:" or "name: value" begins YAML; TOML has '=' or '['.
bool IsYaml(std::string_view line) {
  if (line.rfind("%YAML", 0) == 0 || line.rfind("---", 0) == 0) return true;
  const std::size_t colon = line.find(':');
  const std::size_t equals = line.find('=');
  if (line.front() == '[' || colon == std::string_view::npos || colon > equals) return false;
  return colon + 1 == line.size() || line[colon + 1] == ' ' || line[colon + 1] == '\r';
}

RigFormat XmlFormat(const std::filesystem::path& path) {
  const XmlFile file(path);
  const std::string root = file.root().name();
  if (root == "calibration") return RigFormat::kQualisys;
  if (root == "Cameras") return RigFormat::kVicon;
  throw InputError(fmt::format(
      "{}: is XML but no rig: its root is <{}>, not <calibration> of Qualisys or <Cameras> of "
      "Vicon",
      path.string(), root));
}

RigFormat YamlFormat(const std::filesystem::path& path) {
  const YamlTable document(ParseYamlFile(path), path.string(), "");
  if (document.Has("cam0")) return RigFormat::kKalibr;
  if (IsOpenCvRig(document)) return RigFormat::kOpenCv;
  throw InputError(
      fmt::format("{}: is YAML but no rig: neither cam0 of Kalibr, nor a camera_matrix, M1, "
                  "cameras or names as OpenCV's programs write them",
                  path.string()));
}

RigFormat TomlFormat(const std::filesystem::path& path) {
  const toml::table document = ParseTomlFile(path);
  if (IsMediusRig(document)) return RigFormat::kMedius;
  if (IsAniposeRig(document)) return RigFormat::kAnipose;
  throw InputError(fmt::format(
      "{}: is no rig: neither format = \"medius-rig\" with [[camera]] tables, nor tables with a "
      "matrix as Anipose, Pose2Sim and caliscope write them; {}",
      path.string(), kKnown));
}

}  // namespace

std::string_view ToString(RigFormat format) {
  for (const auto& [known, name] : kNames) {
    if (known == format) return name;
  }
  return "";
}

std::optional<RigFormat> RigFormatFromString(std::string_view text) {
  for (const auto& [format, name] : kNames) {
    if (name == text) return format;
  }
  return std::nullopt;
}

std::string_view NameOfProgram(RigFormat format) {
  switch (format) {
    case RigFormat::kMedius:
      return "Medius";
    case RigFormat::kAnipose:
      return "Anipose, Pose2Sim or caliscope";
    case RigFormat::kQualisys:
      return "Qualisys";
    case RigFormat::kOpenCv:
      return "OpenCV";
    case RigFormat::kMrcal:
      return "mrcal";
    case RigFormat::kVicon:
      return "Vicon";
    case RigFormat::kKalibr:
      return "Kalibr";
  }
  return "";
}

RigFormat FormatOf(const std::filesystem::path& path) {
  constexpr std::size_t kHead = 64 << 10;
  const std::string head = InputFile(path).ReadHead(kHead);
  if (head.find('\0') != std::string::npos) {
    throw InputError(fmt::format("{}: is no rig but binary data; {}", path.string(), kKnown));
  }
  const std::string_view line = FirstLine(head);
  if (line.empty()) throw InputError(fmt::format("{}: is no rig: it is empty", path.string()));
  if (line.front() == '<') return XmlFormat(path);
  if (line.front() == '{') return RigFormat::kMrcal;
  return IsYaml(line) ? YamlFormat(path) : TomlFormat(path);
}

std::optional<RigFormat> ForeignFormatOf(const std::filesystem::path& path) {
  const RigFormat format = FormatOf(path);
  return format == RigFormat::kMedius ? std::nullopt : std::optional(format);
}

}  // namespace medius::storage
