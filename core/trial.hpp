#pragma once

#include <string>
#include <vector>

namespace medius {

/// Who, what and when of a trial: the root attributes of its file.
struct TrialHeader {
  std::string trial;     ///< name of the trial
  std::string subject;   ///< pseudonym
  std::string session;   ///< of the subject
  std::string activity;  ///< "running", "static", "wand", ...
  std::string created;   ///< when it was recorded, ISO 8601
};

/// What a person noted about a trial: an exercise that was given, a cue, a remark.
struct TrialNote {
  std::string date;  ///< the day it is about, ISO 8601 (2026-11-03); empty where none was given
  std::string kind;  ///< "exercise", "cue" or "note"
  std::string text;
  friend bool operator==(const TrialNote&, const TrialNote&) = default;
};

/// A file that a stage read, by name (no folder) and content.
struct ProvenanceInput {
  std::string name;
  std::string sha256;  ///< lower-case hexadecimal
};

/// How a stage's results came to be: enough to do it again. Holds nothing that the number of
/// threads or the place of the output changes, so that the results stay the same bytes.
struct StageProvenance {
  std::string stage;         ///< "simulate", "reconstruct", "analyze", ...
  std::string command;       ///< the command with what decides its result
  std::string options_json;  ///< every option that changes a number, defaults included
  std::string version;       ///< of Medius
  std::vector<ProvenanceInput> inputs;
  std::string started;  ///< ISO 8601
  double seconds = 0.0;
  std::vector<std::string> warnings;
  std::string summary_json;     ///< what came of it: quality and counts; empty where it has none
  std::string marker_set_toml;  ///< the marker set used, whole; empty where there was none
  std::string subject_toml;     ///< the subject's model used, whole; empty where there was none
};

}  // namespace medius
