#include "storage/marker_set_toml.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/nearest_name.hpp"
#include "storage/toml_table.hpp"

namespace medius::storage {
namespace {

// The table under a key, nullptr where it is absent.
const toml::table* SubTable(const TomlTable& top, std::string_view key) {
  const toml::node* node = top.table().get(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) top.Fail(*node, fmt::format("{}: a table [{}] is expected", key, key));
  return node->as_table();
}

void RequireKnown(const TomlTable& table, const toml::node& node, std::string_view kind,
                  std::string_view word, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return;
  table.Fail(node, fmt::format("there is no {} \"{}\"{}", kind, word, DidYouMean(word, known)));
}

std::string LabelOf(const TomlTable& table, const toml::node& node, std::string_view owner) {
  const auto label = node.value_exact<std::string>();
  if (!label || label->empty()) {
    table.Fail(node, fmt::format("{}: the label of a marker, in quotes, is expected", owner));
  }
  return *label;
}

void ReadRoles(const TomlTable& roles, MarkerSet& set) {
  for (const auto& [key, node] : roles.table()) {
    RequireKnown(roles, node, "role", key.str(), KnownRoles());
    set.roles[std::string(key.str())] = LabelOf(roles, node, key.str());
  }
}

void ReadClusters(const TomlTable& clusters, MarkerSet& set) {
  for (const auto& [key, node] : clusters.table()) {
    RequireKnown(clusters, node, "segment", key.str(), KnownSegments());
    const toml::array* array = node.as_array();
    if (array == nullptr) {
      clusters.Fail(node, fmt::format("{}: an array of labels is expected", key.str()));
    }
    std::vector<std::string>& labels = set.clusters[std::string(key.str())];
    for (const toml::node& element : *array) {
      std::string label = LabelOf(clusters, element, key.str());
      if (std::find(labels.begin(), labels.end(), label) != labels.end()) {
        clusters.Fail(element, fmt::format("{} names \"{}\" twice", key.str(), label));
      }
      labels.push_back(std::move(label));
    }
  }
}

LabAxes ReadLab(const TomlTable& lab, const std::string& file) {
  lab.AllowOnly({"forward", "up"});
  const std::string forward = lab.Text("forward");
  const std::string up = lab.Text("up");
  return LabAxesFromWords(forward, up,
                          fmt::format("{}: line {}: [lab]", file, lab.table().source().begin.line));
}

}  // namespace

std::string ReadMarkerSetText(const std::filesystem::path& path) {
  return ReadTomlText(path);
}

MarkerSet ReadMarkerSet(const std::filesystem::path& path) {
  MarkerSet set = ParseMarkerSet(ReadMarkerSetText(path), path.string());
  if (set.name.empty()) set.name = path.stem().string();
  return set;
}

MarkerSet ParseMarkerSet(const std::string& text, const std::string& file) {
  const toml::table document = ParseTomlText(text, file);
  const TomlTable top(document, file, "");
  top.AllowOnly({"name", "roles", "clusters", "lab"});
  MarkerSet set;
  if (top.Has("name")) set.name = top.Text("name");
  if (const toml::table* roles = SubTable(top, "roles")) {
    ReadRoles(TomlTable(*roles, file, "[roles]"), set);
  }
  if (const toml::table* clusters = SubTable(top, "clusters")) {
    ReadClusters(TomlTable(*clusters, file, "[clusters]"), set);
  }
  if (const toml::table* lab = SubTable(top, "lab")) {
    set.lab = ReadLab(TomlTable(*lab, file, "[lab]"), file);
  }
  if (set.roles.empty() && set.clusters.empty()) {
    throw InputError(fmt::format("{}: names no marker; [roles] and [clusters] are expected", file));
  }
  return set;
}

}  // namespace medius::storage
