#include "tests/reconstruct/hostile_sightings.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <stdexcept>

#include <Eigen/Geometry>

namespace medius::testing {
namespace {

constexpr double kGravity = 9.81;        // m/s^2
constexpr double kMarkerRadius = 0.007;  // m, of a marker that lies
constexpr double kLiesFor = 1.0;         // s
constexpr float kSigma = 0.2F;           // px, of sightings that are added

// The rows of a camera, with some more in each frame.
void Insert(const std::vector<std::vector<Eigen::Vector2f>>& more, CameraObservations* camera) {
  CameraObservations result;
  for (std::size_t frame = 0; frame < camera->frame_count(); ++frame) {
    const auto begin = static_cast<std::ptrdiff_t>(camera->frame_start[frame]);
    const auto end = static_cast<std::ptrdiff_t>(camera->frame_start[frame + 1]);
    const auto append = [&](auto& to, const auto& from, auto value) {
      if (from.empty()) return;
      to.insert(to.end(), from.begin() + begin, from.begin() + end);
      to.insert(to.end(), more[frame].size(), value);
    };
    result.xy.insert(result.xy.end(), camera->xy.begin() + begin, camera->xy.begin() + end);
    result.xy.insert(result.xy.end(), more[frame].begin(), more[frame].end());
    append(result.sigma, camera->sigma, kSigma);
    append(result.radius, camera->radius, 3.0F);
    append(result.intensity, camera->intensity, 1.0F);
    append(result.label, camera->label, kUnlabelled);
    result.frame_start.push_back(result.xy.size());
  }
  result.time_stamp = camera->time_stamp;
  *camera = std::move(result);
}

// Where something is that came off at `place` with a velocity; nullopt once it is gone.
std::optional<Eigen::Vector3d> Falling(const Eigen::Vector3d& place,
                                       const Eigen::Vector3d& velocity, double time,
                                       double belt_speed) {
  const double up = velocity.z();
  const double height = place.z() - kMarkerRadius;
  const double down = (up + std::sqrt(up * up + 2.0 * kGravity * height)) / kGravity;
  if (time > down + kLiesFor) return std::nullopt;
  const double falls = std::min(time, down);
  Eigen::Vector3d now = place + falls * velocity;
  now.z() = place.z() + falls * up - 0.5 * kGravity * falls * falls;
  now.x() -= belt_speed * (time - falls);
  return now;
}

std::vector<MarkerId> Find(const std::vector<std::string>& wanted,
                           const std::vector<std::string>& labels) {
  std::vector<MarkerId> markers;
  for (const std::string& label : wanted) {
    const auto found = std::find(labels.begin(), labels.end(), label);
    if (found == labels.end()) throw std::runtime_error("no marker " + label);
    markers.emplace_back(static_cast<std::size_t>(found - labels.begin()));
  }
  return markers;
}

}  // namespace

CameraRig WithCameraUpsideDown(CameraRig rig, CameraId camera) {
  RigidTransform& place = rig.cameras.at(camera.index()).camera_from_lab;
  const RigidTransform half_turn{Eigen::Vector3d(-1.0, -1.0, 1.0).asDiagonal(),
                                 Eigen::Vector3d::Zero()};
  place = half_turn * place;
  return rig;
}

void MakeLate(std::size_t frames, CameraObservations* camera) {
  std::vector<std::uint64_t>& start = camera->frame_start;
  const std::size_t count = camera->frame_count();
  const std::uint64_t kept = frames < count ? start[count - frames] : 0;
  StopAt(count - std::min(frames, count), camera);
  for (std::size_t frame = count; frame > 0; --frame) {
    start[frame] = frame > frames ? start[frame - frames] : 0;
  }
  start[count] = kept;
}

void StopAt(std::size_t frame, CameraObservations* camera) {
  KeepRows([&](std::size_t f, std::size_t) { return f < frame; }, camera);
}

void FallOff(const WholeTrial& run, const CameraRig& rig, MarkerId marker, std::size_t frame,
             double belt_speed, ObservationBlock* seen) {
  const std::vector<double>& time = run.time_base.time;
  const Eigen::Vector3d place = run.positions.Position(frame, marker);
  const Eigen::Vector3d velocity =
      (place - run.positions.Position(frame - 1, marker)) / (time[frame] - time[frame - 1]);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    CameraObservations* camera = &seen->cameras[c];
    KeepRows(
        [&](std::size_t f, std::size_t row) {
          return f < frame || camera->label[row] != static_cast<std::int16_t>(marker.index());
        },
        camera);
    std::vector<std::vector<Eigen::Vector2f>> more(camera->frame_count());
    for (std::size_t f = frame; f < more.size(); ++f) {
      const auto now = Falling(place, velocity, time[f] - time[frame], belt_speed);
      if (!now) break;
      const auto xy = rig.cameras[c].Project(*now);
      if (xy && rig.cameras[c].IsInImage(*xy)) more[f].push_back(xy->cast<float>());
    }
    Insert(more, camera);
  }
}

void AddReflections(const CameraRig& rig, std::size_t a_frame, std::uint64_t seed,
                    ObservationBlock* seen) {
  std::mt19937_64 random(seed);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    std::uniform_real_distribution<float> x(0.0F, static_cast<float>(rig.cameras[c].width - 1));
    std::uniform_real_distribution<float> y(0.0F, static_cast<float>(rig.cameras[c].height - 1));
    std::vector<std::vector<Eigen::Vector2f>> more(seen->cameras[c].frame_count());
    for (std::vector<Eigen::Vector2f>& frame : more) {
      for (std::size_t i = 0; i < a_frame; ++i) {
        const float across = x(random);
        frame.emplace_back(across, y(random));
      }
    }
    Insert(more, &seen->cameras[c]);
  }
}

void SeeNothing(ObservationBlock* seen) {
  for (CameraObservations& camera : seen->cameras) StopAt(0, &camera);
}

void GiveShape(const std::vector<Eigen::Vector3d>& shape, const std::vector<std::string>& markers,
               WholeTrial* trial) {
  const std::vector<MarkerId> ids = Find(markers, trial->labels);
  TrajectoryBlock& positions = trial->positions;
  Eigen::Matrix3Xd from(3, shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) from.col(static_cast<Eigen::Index>(i)) = shape[i];
  for (std::size_t frame = 0; frame < positions.frames().count; ++frame) {
    Eigen::Matrix3Xd to(3, shape.size());
    for (std::size_t i = 0; i < shape.size(); ++i) {
      to.col(static_cast<Eigen::Index>(i)) = positions.Position(frame, ids[i]);
    }
    if (!to.allFinite()) continue;
    const Eigen::Matrix4d to_from = Eigen::umeyama(from, to, false);
    for (std::size_t i = 0; i < shape.size(); ++i) {
      MarkerSample sample = positions.Get(frame, ids[i]);
      sample.position = (to_from * shape[i].homogeneous()).head<3>();
      positions.Set(frame, ids[i], sample);
    }
  }
}

}  // namespace medius::testing
