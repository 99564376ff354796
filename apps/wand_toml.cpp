#include "apps/wand_toml.hpp"

#include <optional>
#include <set>

#include <fmt/format.h>

#include "calibration/wand_dots.hpp"
#include "core/error.hpp"
#include "storage/toml_table.hpp"

namespace medius::apps {
namespace {

using storage::TomlTable;

struct LengthUnit {
  const char* key;
  double metres;
};
constexpr LengthUnit kUnits[] = {{"markers_m", 1.0}, {"markers_cm", 1e-2}, {"markers_mm", 1e-3}};

std::vector<Eigen::Vector3d> ReadMarkers(const TomlTable& table) {
  std::optional<LengthUnit> unit;
  for (const LengthUnit& known : kUnits) {
    if (!table.Has(known.key)) continue;
    if (unit) table.Fail("markers are given in two units; one is expected");
    unit = known;
  }
  if (!unit) table.Fail("markers_mm is missing: the markers' positions, [[x, y, z], ...]");
  const Eigen::MatrixXd rows = table.Matrix(unit->key);
  if (rows.cols() != 3) {
    table.Fail(
        *table.table().get(unit->key),
        fmt::format("{}: {} numbers a marker; x, y and z are expected", unit->key, rows.cols()));
  }
  std::vector<Eigen::Vector3d> markers;
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    markers.emplace_back(unit->metres * rows.row(i).transpose());
  }
  return markers;
}

std::vector<std::string> ReadLabels(const TomlTable& table, std::size_t markers) {
  const toml::node* node = table.table().get("labels");
  if (node == nullptr) return {};
  std::vector<std::string> labels;
  if (const toml::array* array = node->as_array()) {
    for (const toml::node& entry : *array) {
      if (const auto text = entry.value<std::string>()) labels.push_back(*text);
    }
  }
  const std::set<std::string> different(labels.begin(), labels.end());
  if (labels.size() != markers || different.size() != markers) {
    table.Fail(*node,
               fmt::format("labels: {} different names are expected, one a marker", markers));
  }
  return labels;
}

}  // namespace

Wand ReadWand(const std::filesystem::path& path) {
  const toml::table document = storage::ParseTomlFile(path);
  const TomlTable table(document, path.string(), "");
  table.AllowOnly({"name", "markers_m", "markers_cm", "markers_mm", "labels"});
  Wand wand;
  wand.target.is_wand = true;
  wand.target.name = table.Has("name") ? table.Text("name") : path.stem().string();
  wand.target.points = ReadMarkers(table);
  wand.labels = ReadLabels(table, wand.target.points.size());
  try {
    static_cast<void>(calibration::MakeWandShape(wand.target));
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", path.string(), error.what()));
  }
  return wand;
}

}  // namespace medius::apps
