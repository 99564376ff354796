#include "apps/output_guard.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::apps {
namespace {

namespace fs = std::filesystem;

// What stands behind CAM= where it is a file and the whole word is none.
fs::path PathOf(const std::string& word) {
  std::error_code error;
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || fs::exists(word, error)) return word;
  return word.substr(equals + 1);
}

bool AreOne(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (fs::equivalent(a, b, error)) return true;
  const fs::path full_a = fs::weakly_canonical(a, error);
  const fs::path full_b = fs::weakly_canonical(b, error);
  return !error && full_a == full_b;
}

// A device or a pipe can be several outputs, and is no input that could be lost.
bool IsFile(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return !fs::exists(status) || fs::is_regular_file(status);
}

void RequireFolder(const std::string& output) {
  std::error_code error;
  const fs::path folder = fs::path(output).parent_path();
  if (!folder.empty() && !fs::is_directory(folder, error)) {
    throw InputError(fmt::format("{}: there is no folder {}; make it or name another place", output,
                                 folder.string()));
  }
  if (fs::is_directory(output, error)) {
    throw InputError(fmt::format("{}: is a folder; name a file", output));
  }
}

}  // namespace

void RequireFreeOutputs(const std::vector<std::string>& outputs,
                        const std::vector<std::string>& inputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].empty() || !IsFile(outputs[i])) continue;
    RequireFolder(outputs[i]);
    for (const std::string& input : inputs) {
      if (input.empty() || !AreOne(outputs[i], PathOf(input))) continue;
      throw InputError(fmt::format(
          "{}: is an input; the result would be written over it, name another file", outputs[i]));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (outputs[j].empty() || !AreOne(outputs[i], outputs[j])) continue;
      throw InputError(fmt::format(
          "{}: is the place of two results, one would be written over the other; name two files",
          outputs[i]));
    }
  }
}

}  // namespace medius::apps
