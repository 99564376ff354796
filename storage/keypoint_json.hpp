#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "storage/keypoint_import.hpp"

namespace medius::storage {

/// Parses one value.
/// @throws InputError "where: is no JSON: ..." in one line.
[[nodiscard]] nlohmann::json ParseJson(const std::string& text, const std::string& where);

/// The number at a place of an array, NaN for null.
/// @throws InputError where it is none or its magnitude is above 1e6.
[[nodiscard]] double NumberAt(const nlohmann::json& array, std::size_t index,
                              const std::string& where);

/// Keypoints x, y, score, x, y, score, ... A keypoint at (0, 0) is not seen: that is how these
/// formats write it.
[[nodiscard]] std::vector<Keypoint> KeypointsOfTriples(const nlohmann::json& flat,
                                                       const std::string& where);

}  // namespace medius::storage
