#include "tests/reconstruct/scene.hpp"

#include <cmath>

#include <Eigen/Geometry>

namespace medius::reconstruct {
namespace {

constexpr double kPi = 3.14159265358979323846;

std::vector<double> Intrinsics(CameraModelKind kind) {
  switch (kind) {
    case CameraModelKind::kBrownConrady5:
      return {1350, 1345, 968, 531, -0.21, 0.09, 4e-4, -3e-4, -0.01};
    case CameraModelKind::kBrownConrady8:
      return {1350, 1345, 968, 531, 0.4, 0.05, 4e-4, -3e-4, 0.002, 0.62, 0.11, 0.004};
    case CameraModelKind::kKannalaBrandt4:
      return {600, 602, 968, 531, -0.02, 0.004, -0.002, 3e-4};
  }
  return {};
}

}  // namespace

Camera CameraAt(const std::string& name, const Eigen::Vector3d& place,
                const Eigen::Vector3d& target, CameraModelKind kind) {
  const Eigen::Vector3d z = (target - place).normalized();
  const Eigen::Vector3d x = z.cross(Eigen::Vector3d::UnitZ()).normalized();
  Eigen::Matrix3d camera_from_lab;
  camera_from_lab << x.transpose(), z.cross(x).transpose(), z.transpose();
  return {name,
          1920,
          1080,
          CameraModel(kind, Intrinsics(kind)),
          {camera_from_lab, -camera_from_lab * place},
          0.0,
          std::nullopt};
}

CameraRig RingOfCameras(int count, CameraModelKind kind) {
  CameraRig rig;
  for (int i = 0; i < count; ++i) {
    // Not quite even: exactly opposite cameras are a case of its own.
    const double angle = 2.0 * kPi * (i + 0.1 * (i % 3)) / count;
    rig.cameras.push_back(CameraAt("cam" + std::to_string(i),
                                   {4.2 * std::cos(angle), 4.2 * std::sin(angle), 2.4 - 0.1 * i},
                                   {0, 0, 1.0}, kind));
  }
  return rig;
}

std::vector<Sighting> Look(const CameraRig& rig, const Eigen::Vector3d& point, double noise_px,
                           std::mt19937_64& random) {
  std::normal_distribution<double> noise(0.0, 1.0);
  std::vector<Sighting> sightings;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const auto xy = rig.cameras[c].Project(point);
    if (!xy) continue;
    const double dx = noise_px * noise(random);
    const double dy = noise_px * noise(random);
    sightings.push_back({CameraId(c), *xy + Eigen::Vector2d(dx, dy), noise_px});
  }
  return sightings;
}

Eigen::Vector3d PointInVolume(std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  const double x = 0.8 * uniform(random);
  const double y = 0.6 * uniform(random);
  return {x, y, 0.9 + 0.9 * uniform(random)};
}

// Where a marker is when the row that shows it is exposed: found by repeating, for the row moves by
// a small part of itself.
std::optional<Eigen::Vector2d> ProjectAtItsRow(const Camera& camera, const Motion& motion,
                                               std::size_t marker, double time) {
  std::optional<Eigen::Vector2d> xy = camera.Project(motion(marker, time));
  for (int round = 0; camera.line_time != 0.0 && xy && round < 6; ++round) {
    const double late = camera.line_time * (xy->y() - 0.5 * (camera.height - 1));
    xy = camera.Project(motion(marker, time + late));
  }
  return xy;
}

ObservationBlock Film(const CameraRig& rig, const Motion& motion, const SceneOptions& options) {
  std::mt19937_64 random(options.seed);
  std::normal_distribution<double> noise(0.0, options.noise_px);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  ObservationBlock block;
  block.frames = {0, options.frames};
  block.cameras.resize(rig.cameras.size());
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    CameraObservations& seen = block.cameras[c];
    for (std::size_t k = 0; k < options.frames; ++k) {
      const double time = static_cast<double>(k) / options.rate_hz + rig.cameras[c].time_offset;
      for (std::size_t m = 0; m < options.markers; ++m) {
        const auto xy = ProjectAtItsRow(rig.cameras[c], motion, m, time);
        if (!xy || uniform(random) < options.hidden_share) continue;
        const double dx = noise(random);
        const double dy = noise(random);
        const bool swapped = uniform(random) < options.swapped_share;
        seen.xy.emplace_back((*xy + Eigen::Vector2d(dx, dy)).cast<float>());
        seen.sigma.push_back(static_cast<float>(options.noise_px));
        seen.label.push_back(static_cast<std::int16_t>(swapped ? (m + 1) % options.markers : m));
      }
      seen.frame_start.push_back(seen.xy.size());
    }
  }
  return block;
}

ObservationBlock Cut(const ObservationBlock& block, FrameRange frames) {
  ObservationBlock part;
  part.frames = frames;
  for (const CameraObservations& whole : block.cameras) {
    const auto begin =
        static_cast<std::ptrdiff_t>(whole.frame_start[frames.first - block.frames.first]);
    const auto end =
        static_cast<std::ptrdiff_t>(whole.frame_start[frames.end() - block.frames.first]);
    CameraObservations& seen = part.cameras.emplace_back();
    seen.xy.assign(whole.xy.begin() + begin, whole.xy.begin() + end);
    if (!whole.sigma.empty()) {
      seen.sigma.assign(whole.sigma.begin() + begin, whole.sigma.begin() + end);
    }
    if (!whole.label.empty()) {
      seen.label.assign(whole.label.begin() + begin, whole.label.begin() + end);
    }
    for (std::size_t k = 0; k < frames.count; ++k) {
      seen.frame_start.push_back(whole.frame_start[frames.first - block.frames.first + k + 1] -
                                 static_cast<std::uint64_t>(begin));
    }
  }
  return part;
}

Eigen::Vector3d RunningMarker(std::size_t marker, double time) {
  const double phase = 2.0 * kPi * 1.4 * time + 0.7 * static_cast<double>(marker);
  const double reach = 0.4 + 0.02 * static_cast<double>(marker % 12);
  return {reach * std::sin(phase) + 0.04 * std::sin(4.0 * phase),
          -0.5 + 0.11 * static_cast<double>(marker % 10) + 0.01 * std::cos(phase),
          0.15 + 0.17 * static_cast<double>(marker % 9) + 0.1 * std::cos(phase) +
              0.02 * std::cos(4.0 * phase)};
}

}  // namespace medius::reconstruct
