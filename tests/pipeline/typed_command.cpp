#include "tests/pipeline/typed_command.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace medius::testing {
namespace {

[[noreturn]] void Execute(const std::vector<std::string>& arguments,
                          const CommandSettings& settings) {
  if (chdir(settings.folder.c_str()) != 0) _exit(126);
  for (const std::string& variable : settings.environment) {
    const std::size_t equals = variable.find('=');
    setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
  }
  std::vector<std::string> words = {MEDIUS_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(MEDIUS_PROGRAM, argv.data());
  _exit(127);
}

pid_t Start(const std::vector<std::string>& arguments, const CommandSettings& settings,
            const std::string& output, const std::string& error) {
  const pid_t process = fork();
  if (process < 0) throw std::runtime_error("fork failed");
  if (process > 0) return process;
  const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err = open(error.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int in = open("/dev/null", O_RDONLY);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  Execute(arguments, settings);
}

}  // namespace

CommandResult Medius(const std::vector<std::string>& arguments, const CommandSettings& settings) {
  const TemporaryFolder folder;
  const pid_t process = Start(arguments, settings, folder / "out", folder / "err");
  CommandResult result;
  result.exit_code = WaitFor(process);
  result.output = ReadFile(folder / "out");
  result.error = ReadFile(folder / "err");
  return result;
}

pid_t StartMedius(const std::vector<std::string>& arguments, const CommandSettings& settings) {
  return Start(arguments, settings, "/dev/null", "/dev/null");
}

int WaitFor(pid_t process) {
  int status = 0;
  if (waitpid(process, &status, 0) != process) throw std::runtime_error("waitpid failed");
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "medius-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::filesystem::path& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void WriteSmallScenario(const std::filesystem::path& path, double seconds) {
  WriteFile(path, fmt::format("name = \"small\"\nseed = 7\nrate_hz = 200\n"
                              "[run]\nduration = {:.1f}\n"
                              "[effects]\nnoise_px = 0.3\ndrop_rate = 0.001\nreflections = 0.1\n",
                              seconds));
}

}  // namespace medius::testing
