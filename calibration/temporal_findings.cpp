#include "calibration/temporal_findings.hpp"

#include <cmath>

#include <fmt/format.h>

namespace medius::calibration {
namespace {

// An offset this many sds from 0 is one.
constexpr double kClearly = 3.0;
constexpr double kMilli = 1e3;
constexpr double kMicro = 1e6;

// "12.3 +- 0.4 ms later than cam_0 (+0.37 +- 0.01 frames)"
std::string OffsetOf(const CameraTimingEstimate& timing, const std::string& base, double interval) {
  return fmt::format("{:.2f} +- {:.2f} ms {} than {} ({:+.4f} +- {:.4f} frames)",
                     kMilli * std::abs(timing.offset), kMilli * timing.offset_sd,
                     timing.offset < 0.0 ? "earlier" : "later", base, timing.offset / interval,
                     timing.offset_sd / interval);
}

void DescribeCamera(const std::string& name, const std::string& base, bool is_reference,
                    const TemporalOptions& options, const CameraTimingEstimate& timing,
                    TemporalResult* result) {
  std::vector<std::string>& findings = result->findings;
  if (!is_reference && std::isfinite(timing.offset_sd)) {
    const bool is_clear = std::abs(timing.offset) > kClearly * timing.offset_sd;
    findings.push_back(fmt::format("camera {} exposes {}{}", name,
                                   OffsetOf(timing, base, result->interval),
                                   is_clear ? "" : ": none that can be told from 0"));
  }
  if (!is_reference && std::isfinite(timing.drift_sd)) {
    findings.push_back(
        fmt::format("the clock of camera {} gains {:.1f} +- {:.1f} us a second on {}", name,
                    kMicro * timing.drift, kMicro * timing.drift_sd, base));
  }
  if (std::isfinite(timing.line_time_sd)) {
    findings.push_back(fmt::format(
        "camera {} exposes each row {:.2f} +- {:.2f} us after the one above it{}", name,
        kMicro * timing.line_time, kMicro * timing.line_time_sd,
        std::abs(timing.line_time) > kClearly * timing.line_time_sd ? ": a rolling shutter" : ""));
  }
  if (options.frame_jitter && timing.frame_sd > 0.0) {
    findings.push_back(fmt::format("frames of camera {} come {:.2f} ms (rms) off its own rhythm",
                                   name, kMilli * timing.frame_sd));
  }
}

}  // namespace

void Describe(const TargetObservations& observations, CameraId reference,
              const TemporalOptions& options, TemporalResult* result) {
  const std::string& base = observations.cameras[reference.index()].name;
  for (std::size_t c = 0; c < result->timing.size(); ++c) {
    DescribeCamera(observations.cameras[c].name, base, c == reference.index(), options,
                   result->timing[c], result);
  }
  for (const CameraId camera : result->unobservable) {
    result->findings.push_back(fmt::format(
        "when camera {} exposes cannot be told: the target stood still before it, or no other "
        "camera saw it move; wave the target where {} and another camera see it",
        observations.cameras[camera.index()].name, observations.cameras[camera.index()].name));
  }
  if (result->static_rms > 0.0) {
    result->findings.push_back(fmt::format(
        "timing takes {:.0f} % of the residual power away ({:.3f} to {:.3f} px per axis)",
        100.0 * std::max(0.0, result->ShareExplained()), result->static_rms, result->temporal_rms));
  }
}

}  // namespace medius::calibration
