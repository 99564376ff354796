#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace medius::apps {

/// One setting by which two analyses differ.
struct DifferingSetting {
  std::string setting;  ///< path in the options, e.g. "method" or "events.foot_strike_offset_s"
  std::string first;    ///< its value as JSON; "absent" where that analysis does not state it
  std::string second;

  /// "cutoff_hz: 10.0 and 12.0".
  [[nodiscard]] std::string Text() const;
};

/// By what two analyses differ that changes a number: every leaf of the options that
/// `medius analyze` keeps in its provenance (StageProvenance::options_json of the stage "analyze"),
/// in alphabetical order of the path, but `method` first. What lies under "recording" belongs to
/// the day and not to the method (names of trials, counts of events) and is not compared.
///
/// @return empty where results of the two may be compared.
[[nodiscard]] std::vector<DifferingSetting> DifferingSettings(const nlohmann::json& first,
                                                              const nlohmann::json& second);

}  // namespace medius::apps
