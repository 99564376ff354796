#include "calibration/temporal_findings.hpp"

#include <cmath>

#include <fmt/format.h>

namespace medius::calibration {

void Describe(const TargetObservations& observations, CameraId reference,
              const TemporalOptions& options, TemporalResult* result) {
  const std::string& base = observations.cameras[reference.index()].name;
  for (std::size_t c = 0; c < result->timing.size(); ++c) {
    const CameraTimingEstimate& timing = result->timing[c];
    const std::string& name = observations.cameras[c].name;
    if (c != reference.index() && std::isfinite(timing.offset_sd)) {
      result->findings.push_back(fmt::format(
          "camera {} exposes {:.2f} +- {:.2f} ms {} than {} ({:+.4f} +- {:.4f} frames)", name,
          1e3 * std::abs(timing.offset), 1e3 * timing.offset_sd,
          timing.offset < 0.0 ? "earlier" : "later", base, timing.offset / result->interval,
          timing.offset_sd / result->interval));
    }
  }
  (void)options;
}

}  // namespace medius::calibration
