#include "reconstruct/gap_task.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::reconstruct {

void GapFillOptions::Validate() const {
  struct Field {
    const char* name;
    double value;
    double low;
    double high;
  };
  const std::array<Field, 9> fields = {{{"max_gap_s", max_gap_s, 0.0, 10.0},
                                        {"max_error_m", max_error_m, 1e-6, 1.0},
                                        {"window_s", window_s, 0.5, 60.0},
                                        {"training_rate_hz", training_rate_hz, 10.0, 1000.0},
                                        {"own_path_max_s", own_path_max_s, 0.0, 1.0},
                                        {"neighbours", double(neighbours), 1.0, 60.0},
                                        {"body_neighbours", double(body_neighbours), 1.0, 60.0},
                                        {"rigid_sd_m", rigid_sd_m, 1e-6, 1.0},
                                        {"unknown_sigma_m", unknown_sigma_m, 1e-6, 0.1}}};
  for (const Field& field : fields) {
    if (!(field.value >= field.low && field.value <= field.high)) {
      throw InputError(fmt::format("gap filling: {} = {}; {} to {} expected", field.name,
                                   field.value, field.low, field.high));
    }
  }
}

std::vector<std::ptrdiff_t> EndNodes(const GapTask& task, const std::vector<double>& distance_s) {
  std::vector<std::ptrdiff_t> steps;
  for (const double distance : distance_s) {
    const auto step = static_cast<std::ptrdiff_t>(std::lround(distance * task.rate_hz));
    if (steps.empty() || step > steps.back()) steps.push_back(step);
  }
  const auto first = static_cast<std::ptrdiff_t>(task.gap.first);
  const auto length = static_cast<std::ptrdiff_t>(task.gap.count);
  std::vector<std::ptrdiff_t> nodes;
  const auto add = [&](std::ptrdiff_t offset) {
    const std::ptrdiff_t frame = first + offset;
    if (frame < static_cast<std::ptrdiff_t>(task.window.first) ||
        frame >= static_cast<std::ptrdiff_t>(task.window.end())) {
      return;
    }
    if (task.history->IsSeen(task.marker, static_cast<std::size_t>(frame))) nodes.push_back(offset);
  };
  for (const std::ptrdiff_t step : steps) add(-1 - step);
  for (const std::ptrdiff_t step : steps) add(length + step);
  return nodes;
}

std::vector<std::size_t> PlacesOver(std::size_t length, std::size_t count) {
  std::vector<std::size_t> places;
  const std::size_t n = std::min(length, count);
  for (std::size_t i = 0; i < n; ++i) {
    places.push_back(n == 1 ? (length - 1) / 2 : i * (length - 1) / (n - 1));
  }
  return places;
}

}  // namespace medius::reconstruct
