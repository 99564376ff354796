#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "apps/command.hpp"
#include "core/trial.hpp"

namespace medius::apps {

/// SHA-256 of a file's bytes, lower-case hexadecimal. @throws InputError where it cannot be read.
[[nodiscard]] std::string Sha256OfFile(const std::filesystem::path& path);

/// Now, or the instant of SOURCE_DATE_EPOCH where that is set (a build or a test that wants the
/// same bytes twice), as ISO 8601 in UTC.
[[nodiscard]] std::string NowIso8601();

/// A file's modification time as ISO 8601 in UTC: when a recording that does not say was made.
[[nodiscard]] std::string FileTimeIso8601(const std::filesystem::path& path);

/// Gathers a stage's provenance while it runs.
class ProvenanceRecorder {
 public:
  /// @param stage  "reconstruct", "analyze", ...
  ProvenanceRecorder(std::string stage, const CommandContext& context);

  /// A file, or a folder of images: of that the SHA-256 of the list of its files.
  void AddInput(const std::filesystem::path& path);
  void SetOptions(const nlohmann::json& options);
  /// For stages of a virtual lab: no wall-clock time, so that the same seed gives the same bytes.
  void UseVirtualTime(const std::string& created);

  /// What came of the stage, and the files that it must have again to be repeated.
  void SetSummary(const nlohmann::json& summary);
  void KeepMarkerSet(std::string toml) { provenance_.marker_set_toml = std::move(toml); }
  void KeepSubject(std::string toml) { provenance_.subject_toml = std::move(toml); }

  /// With the time that has passed (0 where SOURCE_DATE_EPOCH is set) and the warnings so far.
  [[nodiscard]] StageProvenance Finish() const;

 private:
  const CommandContext& context_;
  StageProvenance provenance_;
  bool virtual_time_ = false;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace medius::apps
