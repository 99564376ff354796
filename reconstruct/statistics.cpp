#include "reconstruct/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "reconstruct/median.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// A camera is named where it is worse than this and several times worse than the others' median:
// swapped labels reach a few per cent without any fault of a camera.
constexpr double kSuspectRejectedShare = 0.1;
constexpr double kSuspectRejectedRatio = 4.0;
constexpr double kSuspectResidualRatio = 2.5;
// Below this the shares mean little.
constexpr std::uint64_t kFewestSightings = 100;

// Median over the cameras other than `camera` of what `value` says of each.
template <typename Value>
double MedianOfOthers(const std::vector<CameraStatistics>& cameras, std::size_t camera,
                      const Value& value) {
  std::vector<double> values;
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    const double of_camera = value(cameras[i]);
    if (i != camera && std::isfinite(of_camera)) values.push_back(of_camera);
  }
  return Median(std::move(values));
}

std::string WarningOf(const std::string& name, const std::vector<CameraStatistics>& cameras,
                      std::size_t i) {
  const CameraStatistics& camera = cameras[i];
  if (camera.labelled >= kFewestSightings && camera.used == 0 && camera.rejected == 0) {
    return fmt::format(
        "camera {}: none of its {} sightings could be used: is it the camera that the rig means, "
        "and does it see what the others see?",
        name, camera.labelled);
  }
  if (camera.used + camera.rejected < kFewestSightings) return "";
  const double others_share =
      MedianOfOthers(cameras, i, [](const CameraStatistics& c) { return c.RejectedShare(); });
  const double share = camera.RejectedShare();
  if (share > kSuspectRejectedShare && !(share < kSuspectRejectedRatio * others_share)) {
    return fmt::format(
        "camera {}: {:.0f} % of its sightings disagree with the others: has it moved?", name,
        100.0 * share);
  }
  const double others_rms =
      MedianOfOthers(cameras, i, [](const CameraStatistics& c) { return c.ResidualRms(); });
  if (camera.ResidualRms() > kSuspectResidualRatio * others_rms) {
    return fmt::format(
        "camera {}: its sightings lie {:.2f} px from the points, those of the others {:.2f} px: "
        "has it moved a little?",
        name, camera.ResidualRms(), others_rms);
  }
  return "";
}

}  // namespace

CameraStatistics& CameraStatistics::operator+=(const CameraStatistics& other) {
  labelled += other.labelled;
  used += other.used;
  rejected += other.rejected;
  duplicate += other.duplicate;
  unusable += other.unusable;
  unmatched += other.unmatched;
  unlabelled += other.unlabelled;
  squared_distance += other.squared_distance;
  return *this;
}

double CameraStatistics::ResidualRms() const {
  return used == 0 ? kNaN : std::sqrt(squared_distance / static_cast<double>(used));
}

double CameraStatistics::RejectedShare() const {
  const std::uint64_t compared = used + rejected;
  return compared == 0 ? kNaN : static_cast<double>(rejected) / static_cast<double>(compared);
}

ReconstructStatistics& ReconstructStatistics::operator+=(const ReconstructStatistics& other) {
  frames += other.frames;
  chi2 += other.chi2;
  degrees_of_freedom += other.degrees_of_freedom;
  for (std::size_t i = 0; i < points.size(); ++i) points[i] += other.points[i];
  for (std::size_t i = 0; i < computed.size(); ++i) computed[i] += other.computed[i];
  for (std::size_t i = 0; i < cameras.size(); ++i) cameras[i] += other.cameras[i];
  return *this;
}

CameraStatistics ReconstructStatistics::Total() const {
  CameraStatistics total;
  for (const CameraStatistics& camera : cameras) total += camera;
  return total;
}

std::uint64_t ReconstructStatistics::point_count() const {
  return std::accumulate(points.begin(), points.end(), std::uint64_t{0});
}

double ReconstructStatistics::NoiseOverSigma() const {
  if (degrees_of_freedom == 0) return kNaN;
  return std::sqrt(chi2 / static_cast<double>(degrees_of_freedom));
}

std::vector<std::string> CameraWarnings(const CameraRig& rig,
                                        const ReconstructStatistics& statistics) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < rig.cameras.size(); ++i) {
    std::string warning = WarningOf(rig.cameras[i].name, statistics.cameras, i);
    if (!warning.empty()) warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace medius::reconstruct
