#pragma once

#include <stdexcept>
#include <string>

namespace medius::internal {

[[noreturn]] inline void FailCheck(const char* file, int line, const char* condition,
                                   const std::string& message) {
  throw std::logic_error(std::string(file) + ":" + std::to_string(line) + ": check failed: " +
                         condition + (message.empty() ? "" : " (" + message + ")"));
}

}  // namespace medius::internal

/// A condition that only a bug in Medius can break. Always armed; throws std::logic_error rather
/// than aborting, so that a recording under way can still close its file.
#define MEDIUS_CHECK(condition, message)                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      ::medius::internal::FailCheck(__FILE__, __LINE__, #condition, (message)); \
    }                                                                           \
  } while (false)
