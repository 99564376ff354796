#pragma once

#include <stdexcept>
#include <string>

namespace medius {

/// The world is not as it must be: a file, a device or a setting. The message is one line that says
/// where, what was found, what was expected and what to do. Caught once, in apps (exit code 3).
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The caller asked, through a CancellationToken, that the work stop (exit code 130).
class Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("interrupted") {}
};

}  // namespace medius
