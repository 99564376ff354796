#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>

#include "core/parallel.hpp"
#include "core/progress.hpp"

namespace medius::apps {

class ProgressDisplay;

/// Exit codes of the program; docs/user-guide.md lists them for users.
inline constexpr int kExitDone = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitBadInput = 3;
inline constexpr int kExitNotComputed = 4;
inline constexpr int kExitInterrupted = 130;

/// The input is whole but the result could not be computed (too few views, no strides): exit 4.
class NotComputed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a running command needs of the program round it.
class CommandContext {
 public:
  CommandContext(Parallelism parallelism, bool json, std::string command);
  ~CommandContext();
  CommandContext(const CommandContext&) = delete;
  CommandContext& operator=(const CommandContext&) = delete;

  [[nodiscard]] Parallelism parallelism() const { return parallelism_; }
  [[nodiscard]] bool json() const { return json_; }
  /// The command with what decides its result: base names of files, no --threads, --json, -o or
  /// other file to write.
  [[nodiscard]] const std::string& command() const { return command_; }

  /// Progress (a bar on a terminal, else a line now and then) and Ctrl-C for a long piece of work.
  /// One piece at a time; the next call ends the last one's bar.
  /// @param what  e.g. "reconstructing"; @param unit  e.g. "frames".
  [[nodiscard]] WorkControl Work(std::string_view what, std::string_view unit);

  /// Says it on standard error, once a text, and keeps it for the provenance.
  void Warn(const std::string& warning);
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  /// A file that stands although the command may still end early: Ctrl-C says so.
  void Wrote(const std::string& path) { written_.push_back(path); }
  [[nodiscard]] const std::vector<std::string>& written() const { return written_; }

  /// The command's answer: the text for people, or with --json the object, on standard output.
  void Print(const std::string& text, const nlohmann::json& object) const;

 private:
  Parallelism parallelism_;
  bool json_;
  std::string command_;
  std::vector<std::string> warnings_;
  std::vector<std::string> written_;
  std::shared_ptr<ProgressDisplay> display_;
};

/// The program's commands. Each command file adds its own and says how to run it.
class CommandLine {
 public:
  CommandLine();
  using Run = std::function<void(CommandContext&)>;

  /// Adds `medius NAME` with the options that all commands share (--json, --threads).
  CLI::App& Add(const std::string& name, const std::string& description, Run run);
  /// Adds `medius GROUP NAME`, e.g. `medius rig convert`.
  CLI::App& AddToGroup(const std::string& group, const std::string& group_description,
                       const std::string& name, const std::string& description, Run run);

  /// Parses, runs, prints what went wrong as one line, and returns the exit code.
  int Main(int argc, char** argv);

 private:
  struct SharedOptions;
  void Attach(CLI::App& command, Run run);
  void RequireKnownCommand(int argc, char** argv) const;
  CLI::App app_;
  std::shared_ptr<SharedOptions> shared_;
};

// One a command file.
void AddAnalyzeCommand(CommandLine& commands);
void AddCalibrateBoardCommand(CommandLine& commands);
void AddCalibrateFloorCommand(CommandLine& commands);
void AddCalibrateCheckCommand(CommandLine& commands);
void AddCalibrateWandCommand(CommandLine& commands);
void AddExportCommand(CommandLine& commands);
void AddImportCommand(CommandLine& commands);
void AddInfoCommand(CommandLine& commands);
void AddNoteCommand(CommandLine& commands);
void AddProgressCommand(CommandLine& commands);
void AddProjectCommand(CommandLine& commands);
void AddReconstructCommand(CommandLine& commands);
void AddRelabelCommand(CommandLine& commands);
void AddReportCommand(CommandLine& commands);
void AddRepeatabilityCommand(CommandLine& commands);
void AddRigCommand(CommandLine& commands);
void AddSimulateCommand(CommandLine& commands);
void AddSpmCommand(CommandLine& commands);
void AddSubjectCommand(CommandLine& commands);

}  // namespace medius::apps
