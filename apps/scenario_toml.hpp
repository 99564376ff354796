#pragma once

#include <filesystem>

#include <nlohmann/json_fwd.hpp>

#include "capture/scenario.hpp"

namespace medius::apps {

/// Reads a scenario of the virtual lab (docs/virtual-lab.md). Every field may be absent and has a
/// default; angles are in degrees and skin motion in millimetres, as the key's ending says.
/// @throws InputError that names the file, the line and the field which is misspelt, of another
///         kind or out of range.
[[nodiscard]] capture::Scenario ReadScenario(const std::filesystem::path& path);

/// Every field of a scenario under the names and in the units of the file, for the provenance.
[[nodiscard]] nlohmann::json ScenarioJson(const capture::Scenario& scenario);

}  // namespace medius::apps
