#include "apps/progress_display.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace medius::apps {
namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};
constexpr std::chrono::seconds kLineInterval{10};
constexpr int kBarWidth = 30;

std::string FormatDuration(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

ProgressDisplay::ProgressDisplay(std::string what, std::string unit)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      terminal_(isatty(STDERR_FILENO) == 1),
      begin_(Clock::now()),
      last_(begin_) {}

ProgressDisplay::~ProgressDisplay() {
  Clear();
}

void ProgressDisplay::Update(std::size_t done, std::size_t total) {
  const Clock::time_point now = Clock::now();
  if (now - last_ < (terminal_ ? Clock::duration(kRedrawInterval) : kLineInterval)) return;
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - begin_).count();
  const double rate = elapsed > 0.0 ? static_cast<double>(done) / elapsed : 0.0;
  if (terminal_) {
    DrawBar(static_cast<double>(done), static_cast<double>(total), rate);
  } else {
    PrintLine(static_cast<double>(done), static_cast<double>(total), rate);
  }
}

void ProgressDisplay::DrawBar(double done, double total, double rate) {
  const double share = total > 0.0 ? std::min(1.0, done / total) : 0.0;
  const int filled = static_cast<int>(share * kBarWidth);
  const std::string left = rate > 0.0 ? FormatDuration((total - done) / rate) : "?";
  fmt::print(stderr, "\r{} [{:#<{}}{:-<{}}] {:3.0f} %  {:.0f} {}/s  {} left \x1b[K", what_, "",
             filled, "", kBarWidth - filled, 100.0 * share, rate, unit_, left);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressDisplay::PrintLine(double done, double total, double rate) const {
  const std::string left = rate > 0.0 ? FormatDuration((total - done) / rate) : "?";
  fmt::print(stderr, "{}: {:.0f} of {:.0f} {}, {:.0f}/s, {} left\n", what_, done, total, unit_,
             rate, left);
}

void ProgressDisplay::Clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace medius::apps
