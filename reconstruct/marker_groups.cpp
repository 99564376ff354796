#include "reconstruct/marker_groups.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace medius::reconstruct {

std::string SegmentOfRole(std::string_view role) {
  std::string side;
  for (const std::string_view prefix : {"left_", "right_"}) {
    if (role.substr(0, prefix.size()) != prefix) continue;
    side = prefix;
    role.remove_prefix(prefix.size());
    break;
  }
  static const std::vector<std::pair<std::string_view, std::string_view>> kSegments = {
      {"asis", "pelvis"},
      {"psis", "pelvis"},
      {"iliac_crest", "pelvis"},
      {"sacrum", "pelvis"},
      {"lateral_epicondyle", "thigh"},
      {"medial_epicondyle", "thigh"},
      {"tibial_tuberosity", "shank"},
      {"fibula_head", "shank"},
      {"lateral_malleolus", "shank"},
      {"medial_malleolus", "shank"},
      {"heel", "foot"},
      {"toe", "foot"},
      {"first_metatarsal", "foot"},
      {"second_metatarsal", "foot"},
      {"fifth_metatarsal", "foot"},
      {"c7", "trunk"},
      {"sternum", "trunk"},
      {"clavicle", "trunk"},
      {"acromion", "trunk"}};
  for (const auto& [name, segment] : kSegments) {
    if (name != role) continue;
    const bool middle = segment == "pelvis" || segment == "trunk";
    return middle ? std::string(segment) : side + std::string(segment);
  }
  return "";
}

MarkerGroups GroupsFromMarkerSet(const MarkerSet& set, const std::vector<std::string>& labels) {
  MarkerGroups groups;
  groups.group.assign(labels.size(), MarkerGroups::kNone);
  const auto put = [&](const std::string& label, const std::string& segment) {
    const auto found = std::find(labels.begin(), labels.end(), label);
    if (found == labels.end()) return;
    int& group = groups.group[static_cast<std::size_t>(found - labels.begin())];
    if (group != MarkerGroups::kNone) return;
    const auto name = std::find(groups.names.begin(), groups.names.end(), segment);
    group = static_cast<int>(name - groups.names.begin());
    if (name == groups.names.end()) groups.names.push_back(segment);
  };
  for (const auto& [segment, members] : set.clusters) {
    for (const std::string& label : members) put(label, segment);
  }
  for (const auto& [role, label] : set.roles) {
    const std::string segment = SegmentOfRole(role);
    if (!segment.empty()) put(label, segment);
  }
  return groups;
}

}  // namespace medius::reconstruct
