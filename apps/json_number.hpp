#pragma once

#include <cmath>

#include <nlohmann/json.hpp>

namespace medius::apps {

/// A number, or null where it is none: JSON has neither NaN nor infinity.
[[nodiscard]] inline nlohmann::json NumberOrNull(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

}  // namespace medius::apps
