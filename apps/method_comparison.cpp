#include "apps/method_comparison.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace medius::apps {
namespace {

// A list is one setting: its entries have no names.
void CollectLeaves(const nlohmann::json& node, const std::string& path,
                   std::map<std::string, std::string>& leaves) {
  if (!node.is_object()) {
    leaves[path] = node.dump();
    return;
  }
  for (const auto& [key, value] : node.items()) {
    if (path.empty() && key == "recording") continue;
    CollectLeaves(value, path.empty() ? key : path + "." + key, leaves);
  }
}

std::string ValueOf(const std::map<std::string, std::string>& leaves, const std::string& path) {
  const auto found = leaves.find(path);
  return found == leaves.end() ? "absent" : found->second;
}

}  // namespace

std::string DifferingSetting::Text() const {
  return fmt::format("{}: {} and {}", setting, first, second);
}

std::vector<DifferingSetting> DifferingSettings(const nlohmann::json& first,
                                                const nlohmann::json& second) {
  std::map<std::string, std::string> a, b;
  CollectLeaves(first, "", a);
  CollectLeaves(second, "", b);
  std::set<std::string> paths;
  for (const auto& [path, value] : a) paths.insert(path);
  for (const auto& [path, value] : b) paths.insert(path);
  std::vector<DifferingSetting> differing;
  for (const std::string& path : paths) {
    const std::string in_a = ValueOf(a, path);
    const std::string in_b = ValueOf(b, path);
    if (in_a != in_b) differing.push_back({path, in_a, in_b});
  }
  std::stable_partition(differing.begin(), differing.end(),
                        [](const DifferingSetting& d) { return d.setting == "method"; });
  return differing;
}

}  // namespace medius::apps
