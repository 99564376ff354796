#include "storage/reference_values_toml.hpp"

#include <cmath>
#include <numbers>
#include <string_view>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/toml_table.hpp"

namespace medius::storage {
namespace {

struct FileUnit {
  std::string_view unit;
  double factor;  ///< SI per unit of the file
};
constexpr FileUnit kUnits[] = {{"deg", std::numbers::pi / 180.0},
                               {"mm", 0.001},
                               {"m", 1.0},
                               {"m/s", 1.0},
                               {"s", 1.0},
                               {"ms", 0.001},
                               {"1/min", 1.0},
                               {"%", 1.0},
                               {"1", 1.0}};

double FactorOf(const TomlTable& table) {
  const std::string unit = table.Text("unit");
  for (const FileUnit& known : kUnits) {
    if (known.unit == unit) return known.factor;
  }
  table.Fail(*table.table().get("unit"),
             fmt::format("unit \"{}\": deg, mm, m, m/s, s, ms, 1/min, % or 1 is expected", unit));
}

std::string TextOr(const TomlTable& table, std::string_view key, std::string absent) {
  return table.Has(key) ? table.Text(key) : std::move(absent);
}

double Positive(const TomlTable& table, std::string_view key) {
  const double value = table.Number(key);
  if (value > 0.0) return value;
  table.Fail(*table.table().get(key), fmt::format("{} {}: above 0 is expected", key, value));
}

// The tables [[key]] of a file, at least one.
template <typename Entry>
void ForEachTable(const TomlTable& top, const std::string& file, std::string_view key,
                  const Entry& entry) {
  const toml::node* node = top.table().get(key);
  const toml::array* array = node == nullptr ? nullptr : node->as_array();
  if (array == nullptr || array->empty()) {
    top.Fail(fmt::format("[[{}]]: at least one is expected", key));
  }
  for (const toml::node& element : *array) {
    const toml::table* table = element.as_table();
    if (table == nullptr) top.Fail(element, fmt::format("[[{}]]: a table is expected", key));
    entry(TomlTable(*table, file, fmt::format("[[{}]]", key)));
  }
}

ReferenceValue ReadValue(const TomlTable& table) {
  table.AllowOnly({"metric", "unit", "mean", "sd", "n", "side", "who", "speed_m_s", "citation"});
  const double factor = FactorOf(table);
  ReferenceValue value;
  value.metric = table.Text("metric");
  value.mean = factor * table.Number("mean");
  value.sd = factor * Positive(table, "sd");
  value.n = static_cast<std::size_t>(table.Count("n"));
  value.side = TextOr(table, "side", "both");
  if (value.side != "left" && value.side != "right" && value.side != "both") {
    table.Fail(*table.table().get("side"),
               fmt::format("side \"{}\": left, right or both is expected", value.side));
  }
  value.who = table.Text("who");
  if (table.Has("speed_m_s")) value.speed = Positive(table, "speed_m_s");
  value.citation = table.Text("citation");
  return value;
}

RepeatError ReadError(const TomlTable& table, const std::string& file_source) {
  table.AllowOnly(
      {"metric", "unit", "sem", "mdc95", "degrees_of_freedom", "includes_strides", "source"});
  const double factor = FactorOf(table);
  RepeatError error;
  error.metric = table.Text("metric");
  if (table.Has("sem") == table.Has("mdc95")) {
    table.Fail("sem, or mdc95, is expected: one of the two");
  }
  constexpr double kMdcPerSem = 1.959963984540054 * std::numbers::sqrt2;
  error.sem = table.Has("sem") ? factor * Positive(table, "sem")
                               : factor * Positive(table, "mdc95") / kMdcPerSem;
  if (table.Has("degrees_of_freedom")) {
    error.degrees_of_freedom = static_cast<std::size_t>(table.Count("degrees_of_freedom"));
  }
  // A published minimal detectable change was found between visits, strides and all.
  error.includes_strides = table.Flag("includes_strides", table.Has("mdc95"));
  error.source = TextOr(table, "source", file_source);
  return error;
}

struct TextUnit {
  const char* unit;
  double factor;  ///< number in the file per number in memory
};
TextUnit UnitForText(const std::string& unit) {
  if (unit == "rad") return {"deg", 180.0 / std::numbers::pi};
  if (unit == "m") return {"mm", 1000.0};
  if (unit == "s") return {"s", 1.0};
  if (unit == "m/s") return {"m/s", 1.0};
  if (unit == "1/min") return {"1/min", 1.0};
  if (unit == "%") return {"%", 1.0};
  return {"1", 1.0};
}

}  // namespace

ReferenceValues ReadReferenceValues(const std::filesystem::path& path) {
  const toml::table file = ParseTomlFile(path);
  const TomlTable top(file, path.string(), "");
  top.AllowOnly({"name", "method", "value"});
  ReferenceValues values;
  values.name = top.Text("name");
  values.method = top.Text("method");
  ForEachTable(top, path.string(), "value",
               [&](const TomlTable& table) { values.values.push_back(ReadValue(table)); });
  return values;
}

Repeatability ReadRepeatability(const std::filesystem::path& path) {
  const toml::table file = ParseTomlFile(path);
  const TomlTable top(file, path.string(), "");
  top.AllowOnly({"name", "method", "published", "metric"});
  Repeatability repeatability;
  repeatability.name = top.Text("name");
  repeatability.method = TextOr(top, "method", "");
  repeatability.published = top.Flag("published", false);
  ForEachTable(top, path.string(), "metric", [&](const TomlTable& table) {
    RepeatError error = ReadError(table, repeatability.name);
    if (repeatability.Find(error.metric) != nullptr) {
      table.Fail(fmt::format("metric \"{}\" is given twice", error.metric));
    }
    repeatability.errors.push_back(std::move(error));
  });
  return repeatability;
}

std::string RepeatabilityToml(const Repeatability& repeatability,
                              const std::vector<std::string>& unit_of) {
  MEDIUS_CHECK(unit_of.size() == repeatability.errors.size(), "a unit for each metric");
  std::string text =
      "# How well the metrics of a lab repeat from day to day; see docs/methods.md.\n"
      "# sem: 1 sd of one session about the runner's own value.\n";
  text += fmt::format("name = {}\nmethod = {}\n", TomlText(repeatability.name),
                      TomlText(repeatability.method));
  if (repeatability.published) text += "published = true\n";
  for (std::size_t i = 0; i < unit_of.size(); ++i) {
    const RepeatError& error = repeatability.errors[i];
    const TextUnit unit = UnitForText(unit_of[i]);
    text += fmt::format("\n[[metric]]\nmetric = {}\nunit = {}\nsem = {}\n", TomlText(error.metric),
                        TomlText(unit.unit), TomlNumber(error.sem * unit.factor));
    if (error.degrees_of_freedom) {
      text += fmt::format("degrees_of_freedom = {}\n", *error.degrees_of_freedom);
    }
    text += fmt::format("includes_strides = {}\nsource = {}\n", error.includes_strides,
                        TomlText(error.source));
  }
  return text;
}

}  // namespace medius::storage
