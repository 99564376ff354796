#include "storage/deeplabcut_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::storage {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kMostNames = 32767;
constexpr std::array<const char*, 3> kCoordinates = {"x", "y", "likelihood"};

std::size_t IndexOf(std::vector<std::string>* names, const std::string& name) {
  const auto found = std::find(names->begin(), names->end(), name);
  if (found != names->end()) return static_cast<std::size_t>(found - names->begin());
  names->push_back(name);
  return names->size() - 1;
}

std::size_t CoordinateOf(const DeepLabCutColumn& column, const std::string& where) {
  const auto* found = std::find(kCoordinates.begin(), kCoordinates.end(), column.coordinate);
  if (found == kCoordinates.end()) {
    throw InputError(
        fmt::format("{}: body part {} has a column \"{}\"; x, y and likelihood are "
                    "expected",
                    where, column.bodypart, column.coordinate));
  }
  return static_cast<std::size_t>(found - kCoordinates.begin());
}

}  // namespace

DeepLabCutTable::DeepLabCutTable(const std::vector<DeepLabCutColumn>& columns,
                                 const std::string& where) {
  std::vector<std::string> individuals;
  using Places = std::array<std::size_t, 3>;
  std::map<std::pair<std::size_t, std::size_t>, Places> places;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].bodypart.empty()) {
      throw InputError(fmt::format("{}: column {} names no body part", where, i + 1));
    }
    const std::size_t individual = IndexOf(&individuals, columns[i].individual);
    const std::size_t label = IndexOf(&labels_, columns[i].bodypart);
    Places& place =
        places.try_emplace({individual, label}, Places{kNone, kNone, kNone}).first->second;
    std::size_t& slot = place[CoordinateOf(columns[i], where)];
    if (slot != kNone) {
      throw InputError(fmt::format("{}: body part {} has two columns {}", where,
                                   columns[i].bodypart, columns[i].coordinate));
    }
    slot = i;
  }
  if (labels_.empty() || labels_.size() > kMostNames || individuals.size() > kMostNames) {
    throw InputError(fmt::format("{}: names {} body parts of {} individuals; 1 to {} are expected",
                                 where, labels_.size(), individuals.size(), kMostNames));
  }
  individuals_ = individuals.size();
  for (const auto& [key, place] : places) {
    for (std::size_t i = 0; i < place.size(); ++i) {
      if (place[i] != kNone) continue;
      throw InputError(fmt::format("{}: body part {} has no column {}", where, labels_[key.second],
                                   kCoordinates[i]));
    }
    parts_.push_back({key.first, key.second, place[0], place[1], place[2]});
  }
}

std::vector<KeypointInstance> DeepLabCutTable::Row(std::span<const double> values) const {
  std::vector<KeypointInstance> all(individuals_);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].number = static_cast<std::int16_t>(i);
    all[i].points.resize(labels_.size());
  }
  std::vector<bool> seen(individuals_, false);
  for (const Part& part : parts_) {
    const Keypoint point{values[part.x], values[part.y], values[part.likelihood]};
    all[part.individual].points[part.label] = point;
    if (!std::isnan(point.x)) seen[part.individual] = true;
  }
  std::vector<KeypointInstance> found;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (seen[i]) found.push_back(std::move(all[i]));
  }
  return found;
}

}  // namespace medius::storage
