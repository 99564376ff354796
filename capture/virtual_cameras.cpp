#include "capture/virtual_cameras.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "capture/lost_markers.hpp"
#include "capture/random.hpp"

namespace medius::capture {
namespace {

constexpr double kSmallestSigma = 0.01;  // px

struct Sighting {
  Eigen::Vector2d xy;
  std::int16_t label;
  double distance;  // m from the camera
};

// One camera at work, with what does not change from frame to frame.
class Looker {
 public:
  Looker(const Scene& scene, const Camera& camera, std::uint32_t index,
         const CameraEffects& effects, std::uint64_t seed)
      : scene_(scene),
        camera_(camera),
        centre_(camera.CentreInLab()),
        index_(index),
        effects_(effects),
        lost_(effects.lost_share, effects.lost_longest, seed),
        seed_(seed) {}

  [[nodiscard]] const Camera& camera() const { return camera_; }

  // When the middle row of a frame is exposed.
  [[nodiscard]] double MiddleInstant(double time_stamp) const {
    return time_stamp + camera_.ExposureDelay(time_stamp, 0.5 * (camera_.height - 1));
  }

  // Appends the rows of one frame; `state` is that of MiddleInstant.
  void LookAt(const SceneState& state, std::size_t frame, double time_stamp,
              CameraObservations& seen) {
    sightings_.clear();
    if (!Dropped(frame)) {
      const double time = MiddleInstant(time_stamp);
      for (std::size_t m = 0; m < state.markers.size(); ++m) {
        if (lost_.IsLost(m, time)) continue;
        LookAtMarker(camera_.line_time == 0.0 ? state : StateOfRow(state, time_stamp, m), frame, m);
      }
      Merge();
      AddReflections(frame);
      Shuffle(frame);
    }
    for (const Sighting& sighting : sightings_) {
      seen.xy.emplace_back(sighting.xy.cast<float>());
      seen.sigma.push_back(static_cast<float>(std::max(kSmallestSigma, effects_.noise_px)));
      if (effects_.labels) seen.label.push_back(sighting.label);
    }
    seen.frame_start.push_back(seen.xy.size());
  }

 private:
  [[nodiscard]] Random Draw(RandomStream stream, std::size_t frame, std::size_t item) const {
    return Random(seed_, stream, frame, static_cast<std::uint32_t>(item), index_);
  }

  [[nodiscard]] bool Dropped(std::size_t frame) const {
    return effects_.drop_rate > 0.0 &&
           Draw(RandomStream::kDroppedFrame, frame, 0).Uniform() < effects_.drop_rate;
  }

  // The scene when the row is exposed in which the marker is then seen: a fixed point, since a
  // marker crosses far fewer rows in a second than the shutter.
  const SceneState& StateOfRow(const SceneState& middle, double time_stamp, std::size_t marker) {
    constexpr int kMostSteps = 20;
    constexpr double kSameInstant = 1e-9;  // s; metres a second make nothing of it
    const SceneState* state = &middle;
    double time = MiddleInstant(time_stamp);
    for (int step = 0; step < kMostSteps; ++step) {
      const Eigen::Vector3d& place = state->markers[marker];
      if (!place.allFinite()) break;
      const std::optional<Eigen::Vector2d> xy = camera_.Project(place);
      if (!xy) break;
      const double row = std::clamp(xy->y(), -0.5, camera_.height - 0.5);
      const double next = time_stamp + camera_.ExposureDelay(time_stamp, row);
      if (std::abs(next - time) < kSameInstant) break;
      time = next;
      scene_.At(time, state_of_row_);
      state = &state_of_row_;
    }
    return *state;
  }

  void LookAtMarker(const SceneState& state, std::size_t frame, std::size_t marker) {
    const Eigen::Vector3d& place = state.markers[marker];
    if (!place.allFinite()) return;
    const std::optional<Eigen::Vector2d> xy = camera_.Project(place);
    if (!xy || !camera_.IsInImage(*xy)) return;
    if (effects_.hidden_rate > 0.0 &&
        Draw(RandomStream::kHidden, frame, marker).Uniform() < effects_.hidden_rate) {
      return;
    }
    for (const Limb& limb : state.limbs) {
      if (Hides(limb, centre_, place)) return;
    }
    Random random = Draw(RandomStream::kPixelNoise, frame, marker);
    const double noise_x = random.Normal();
    const double noise_y = random.Normal();
    const Eigen::Vector2d noisy = *xy + effects_.noise_px * Eigen::Vector2d(noise_x, noise_y);
    sightings_.push_back({noisy, static_cast<std::int16_t>(marker), (place - centre_).norm()});
  }

  // Two blobs that touch are one to a detector: at the middle, with the label of the nearer marker.
  void Merge() {
    const double limit = effects_.merge_distance_px;
    if (limit <= 0.0) return;
    for (std::size_t i = 0; i < sightings_.size(); ++i) {
      for (std::size_t j = i + 1; j < sightings_.size();) {
        Sighting& a = sightings_[i];
        const Sighting& b = sightings_[j];
        if ((a.xy - b.xy).squaredNorm() >= limit * limit) {
          ++j;
          continue;
        }
        a.xy = 0.5 * (a.xy + b.xy);
        if (b.distance < a.distance) {
          a.label = b.label;
          a.distance = b.distance;
        }
        sightings_.erase(sightings_.begin() + static_cast<std::ptrdiff_t>(j));
      }
    }
  }

  void AddReflections(std::size_t frame) {
    if (effects_.reflections <= 0.0) return;
    Random random = Draw(RandomStream::kReflection, frame, 0);
    const int count = random.Poisson(effects_.reflections);
    for (int i = 0; i < count; ++i) {
      const double x = random.Uniform(0.0, camera_.width - 1.0);
      const double y = random.Uniform(0.0, camera_.height - 1.0);
      sightings_.push_back({{x, y}, kUnlabelled, 0.0});
    }
  }

  void Shuffle(std::size_t frame) {
    Random random = Draw(RandomStream::kRowOrder, frame, 0);
    for (std::size_t i = sightings_.size(); i > 1; --i) {
      std::swap(sightings_[i - 1], sightings_[random.Below(static_cast<std::uint32_t>(i))]);
    }
  }

  const Scene& scene_;
  const Camera& camera_;
  Eigen::Vector3d centre_;
  std::uint32_t index_;
  const CameraEffects& effects_;
  LostMarkers lost_;
  std::uint64_t seed_;
  std::vector<Sighting> sightings_;
  SceneState state_of_row_;
};

void Reserve(CameraObservations& seen, std::size_t rows, std::size_t frames, bool labels) {
  seen.frame_start.reserve(frames + 1);
  seen.xy.reserve(rows);
  seen.sigma.reserve(rows);
  if (labels) seen.label.reserve(rows);
}

}  // namespace

ObservationBlock Look(const Scene& scene, const CameraRig& rig, const TimeBase& time_base,
                      FrameRange frames, const CameraEffects& effects, std::uint64_t seed) {
  ObservationBlock block;
  block.frames = frames;
  block.cameras.resize(rig.cameras.size());
  std::vector<Looker> lookers;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    lookers.emplace_back(scene, rig.cameras[c], static_cast<std::uint32_t>(c), effects, seed);
    Reserve(block.cameras[c], frames.count * (scene.labels().size() + 1), frames.count,
            effects.labels);
  }
  SceneState state;
  for (std::size_t frame = frames.first; frame < frames.end(); ++frame) {
    // Cameras without an offset share one look at the world.
    std::optional<double> instant;
    for (std::size_t c = 0; c < lookers.size(); ++c) {
      const double wanted = lookers[c].MiddleInstant(time_base.time[frame]);
      if (!instant || *instant != wanted) scene.At(wanted, state);
      instant = wanted;
      lookers[c].LookAt(state, frame, time_base.time[frame], block.cameras[c]);
    }
  }
  return block;
}

}  // namespace medius::capture
