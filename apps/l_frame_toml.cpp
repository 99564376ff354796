#include "apps/l_frame_toml.hpp"

#include <algorithm>
#include <numbers>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "storage/nearest_name.hpp"
#include "storage/toml_table.hpp"

namespace medius::apps {
namespace {

constexpr double kMetresPerMillimetre = 1e-3;

// By how much X is turned from an arm that points there.
double TurnOf(const storage::TomlTable& table) {
  constexpr std::string_view kKey = "x_arm_points";
  if (!table.Has(kKey)) return 0.0;
  const std::string word = table.Text(kKey);
  const std::vector<std::pair<std::string, double>> known{{"forward", 0.0},
                                                          {"left", -0.5 * std::numbers::pi},
                                                          {"back", std::numbers::pi},
                                                          {"right", 0.5 * std::numbers::pi}};
  for (const auto& [name, turn] : known) {
    if (word == name) return turn;
  }
  table.Fail(*table.table().get(kKey),
             fmt::format("x_arm_points is \"{}\"; forward, left, back or right is expected", word));
}

std::size_t MarkerOf(const storage::TomlTable& table, std::string_view key,
                     const std::vector<std::string>& markers) {
  const std::string word = table.Text(key);
  const auto found = std::find(markers.begin(), markers.end(), word);
  if (found != markers.end()) return static_cast<std::size_t>(found - markers.begin());
  table.Fail(*table.table().get(key),
             fmt::format("{} is \"{}\", which is none of the markers ({}){}", key, word,
                         fmt::join(markers, ", "), storage::DidYouMean(word, markers)));
}

}  // namespace

calibration::LFrame ReadLFrame(const std::filesystem::path& path) {
  const toml::table document = storage::ParseTomlFile(path);
  const storage::TomlTable top(document, path.string(), "");
  top.AllowOnly({"name", "origin", "x_arm", "x_arm_points", "marker_height_mm", "markers"});
  const toml::table* markers = document.get_as<toml::table>("markers");
  if (markers == nullptr) {
    top.Fail("has no [markers]; the place of each marker in mm is expected, as corner = [0, 0, 0]");
  }
  const storage::TomlTable places(*markers, path.string(), "[markers]");
  const double height = top.Has("marker_height_mm") ? top.Number("marker_height_mm") : 0.0;
  calibration::LFrame frame;
  frame.name = top.Has("name") ? top.Text("name") : path.stem().string();
  for (const auto& [key, node] : *markers) {
    const std::vector<double> mm = places.Numbers(key.str(), 3);
    frame.markers.emplace_back(key.str());
    frame.position.push_back(kMetresPerMillimetre * Eigen::Vector3d(mm[0], mm[1], mm[2] + height));
  }
  frame.origin = MarkerOf(top, "origin", frame.markers);
  frame.x_arm = MarkerOf(top, "x_arm", frame.markers);
  frame.turn = TurnOf(top);
  frame.Validate(path.string());
  return frame;
}

}  // namespace medius::apps
