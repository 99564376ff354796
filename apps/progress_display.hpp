#pragma once

#include <chrono>
#include <string>

namespace medius::apps {

/// Shows on standard error how far a piece of work is. On a terminal a bar with rate and time left,
/// redrawn ten times a second at most; otherwise a line every ten seconds, so that a log stays
/// short.
class ProgressDisplay {
 public:
  /// @param what  e.g. "reconstructing"; @param unit  of what is counted, e.g. "frames".
  ProgressDisplay(std::string what, std::string unit);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void Update(std::size_t done, std::size_t total);
  /// Takes the bar off the screen, so that other text can stand there.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;
  void DrawBar(double done, double total, double rate);
  void PrintLine(double done, double total, double rate) const;

  std::string what_;
  std::string unit_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point begin_;
  Clock::time_point last_;
};

}  // namespace medius::apps
