#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace medius::testing {

/// What a command left behind.
struct CommandResult {
  int exit_code = -1;  ///< 128 + signal where a signal ended it
  std::string output;  ///< standard output
  std::string error;   ///< standard error
};

/// How to run `medius`.
struct CommandSettings {
  std::filesystem::path folder = ".";         ///< working directory
  std::vector<std::string> environment = {};  ///< NAME=VALUE, beside the test's own
};

/// Runs `medius ARGUMENTS` to its end.
CommandResult Medius(const std::vector<std::string>& arguments,
                     const CommandSettings& settings = {});

/// Starts `medius ARGUMENTS` with its output thrown away, and returns its process.
pid_t StartMedius(const std::vector<std::string>& arguments, const CommandSettings& settings = {});

/// Waits for a process; exit code, or 128 + signal.
int WaitFor(pid_t process);

/// A folder of its own below the system's temporary one, removed with all it holds at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

std::string ReadFile(const std::filesystem::path& path);
void WriteFile(const std::filesystem::path& path, const std::string& content);

/// A scenario of the virtual lab that is small enough for a test: seconds of running at 200 Hz.
void WriteSmallScenario(const std::filesystem::path& path, double seconds);

}  // namespace medius::testing
