#include "calibration/belt_tracks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr int kIterations = 8;
// Of two ways to go on that are equally straight the slower is likelier: metres of deviation that a
// metre of travel costs.
constexpr double kCostOfTravel = 0.02;

// A pixel of a track.
struct TrackPixel {
  CameraId camera;
  Eigen::Vector2d xy;
  double time = 0.0;  // at which it was exposed
};

// A place of a track in one frame.
struct TrackPlace {
  std::size_t frame = 0;
  Eigen::Vector3d x_in_lab;
  std::vector<TrackPixel> pixels;
};

using Places = std::vector<TrackPlace>;

std::vector<Places> MatchFrames(const CameraRig& rig, const ObservationBlock& block,
                                const std::vector<double>& time, const RayMatchOptions& options) {
  std::vector<Places> frames;
  for (std::size_t frame = 0; frame < block.frames.count; ++frame) {
    std::vector<std::vector<Eigen::Vector2d>> xy;
    for (const CameraObservations& camera : block.cameras) {
      std::vector<Eigen::Vector2d> seen;
      for (auto row = camera.frame_start[frame]; row < camera.frame_start[frame + 1]; ++row) {
        seen.push_back(camera.xy[row].cast<double>());
      }
      xy.push_back(std::move(seen));
    }
    Places places;
    for (const MatchedPoint& match : MatchSightings(rig, xy, options)) {
      TrackPlace place{frame, match.x_in_lab, {}};
      for (const SightingId& id : match.sightings) {
        const Eigen::Vector2d& seen = xy[id.camera.index()][id.sighting];
        const double delay = rig[id.camera].ExposureDelay(time[frame], seen.y());
        place.pixels.push_back({id.camera, seen, time[frame] + delay});
      }
      places.push_back(std::move(place));
    }
    frames.push_back(std::move(places));
  }
  return frames;
}

// A track that is still followed.
struct OpenTrack {
  Places places;

  [[nodiscard]] Eigen::Vector3d Predict(const std::vector<double>& time, std::size_t frame) const {
    // By its last half, at most 10 places: a belt's speed changes slowly.
    const std::size_t back = std::min<std::size_t>(places.size() - 1, 10);
    const TrackPlace& a = places[places.size() - 1 - back];
    const TrackPlace& b = places.back();
    const Eigen::Vector3d velocity = (b.x_in_lab - a.x_in_lab) / (time[b.frame] - time[a.frame]);
    return b.x_in_lab + velocity * (time[frame] - time[b.frame]);
  }
};

class Linker {
 public:
  Linker(std::vector<Places> frames, const std::vector<double>& time,
         const BeltTrackOptions& options)
      : frames_(std::move(frames)), time_(time), options_(options) {
    for (const Places& places : frames_) used_.emplace_back(places.size(), false);
  }

  std::vector<Places> Run() {
    for (std::size_t frame = 0; frame < frames_.size(); ++frame) {
      Continue(frame);
      if (frame + 2 < frames_.size()) Begin(frame);
    }
    for (OpenTrack& track : open_) done_.push_back(std::move(track.places));
    return std::move(done_);
  }

 private:
  // The unused place nearest to where a track should be.
  [[nodiscard]] std::optional<std::size_t> NearestFree(std::size_t frame,
                                                       const Eigen::Vector3d& x) const {
    std::optional<std::size_t> nearest;
    double reach = options_.straightness;
    for (std::size_t i = 0; i < frames_[frame].size(); ++i) {
      const double distance = (frames_[frame][i].x_in_lab - x).norm();
      if (used_[frame][i] || distance > reach) continue;
      reach = distance;
      nearest = i;
    }
    return nearest;
  }

  void Take(std::size_t frame, std::size_t i, OpenTrack* track) {
    used_[frame][i] = true;
    track->places.push_back(frames_[frame][i]);
  }

  void Continue(std::size_t frame) {
    std::vector<OpenTrack> still_open;
    for (OpenTrack& track : open_) {
      const std::size_t last = track.places.back().frame;
      if (last >= frame) {  // begun with places of the next frames
        still_open.push_back(std::move(track));
        continue;
      }
      if (const auto i = NearestFree(frame, track.Predict(time_, frame))) {
        Take(frame, *i, &track);
      } else if (frame - last > options_.largest_gap) {
        done_.push_back(std::move(track.places));
        continue;
      }
      still_open.push_back(std::move(track));
    }
    open_ = std::move(still_open);
  }

  // Three places of three frames on a straight way begin a track.
  void Begin(std::size_t frame) {
    for (std::size_t i = 0; i < frames_[frame].size(); ++i) {
      if (used_[frame][i]) continue;
      const Eigen::Vector3d& from = frames_[frame][i].x_in_lab;
      const double step = time_[frame + 1] - time_[frame];
      const double next_step = time_[frame + 2] - time_[frame + 1];
      double best = std::numeric_limits<double>::infinity();
      std::pair<std::size_t, std::size_t> way;
      for (std::size_t j = 0; j < frames_[frame + 1].size(); ++j) {
        const Eigen::Vector3d travel = frames_[frame + 1][j].x_in_lab - from;
        if (used_[frame + 1][j] || travel.norm() > options_.largest_speed * step) continue;
        const Eigen::Vector3d next = from + travel * (1.0 + next_step / step);
        const auto k = NearestFree(frame + 2, next);
        if (!k) continue;
        const double cost =
            (frames_[frame + 2][*k].x_in_lab - next).norm() + kCostOfTravel * travel.norm();
        if (cost >= best) continue;
        best = cost;
        way = {j, *k};
      }
      if (!std::isfinite(best)) continue;
      OpenTrack track;
      Take(frame, i, &track);
      Take(frame + 1, way.first, &track);
      Take(frame + 2, way.second, &track);
      open_.push_back(std::move(track));
    }
  }

  std::vector<Places> frames_;
  const std::vector<double>& time_;
  const BeltTrackOptions& options_;
  std::vector<std::vector<bool>> used_;
  std::vector<OpenTrack> open_;
  std::vector<Places> done_;
};

struct TrackNormal {
  Matrix6 H = Matrix6::Zero();
  Vector6 g = Vector6::Zero();
  double cost = 0.0;
};

bool Linearize(const CameraRig& rig, const std::vector<TrackPixel>& pixels, const BeltTrack& track,
               TrackNormal* normal) {
  *normal = TrackNormal();
  for (const TrackPixel& pixel : pixels) {
    const RigidTransform& camera_from_lab = rig[pixel.camera].camera_from_lab;
    const double after = pixel.time - track.time;
    const Eigen::Vector3d x = track.middle + after * track.velocity;
    const auto projected = rig[pixel.camera].model.ProjectWithJacobian(camera_from_lab * x);
    if (!projected) return false;
    const Eigen::Matrix<double, 2, 3> by_x = projected->d_xy_d_point * camera_from_lab.rotation;
    Eigen::Matrix<double, 2, 6> J;
    J << by_x, after * by_x;
    const Eigen::Vector2d residual = pixel.xy - projected->xy;
    normal->H += J.transpose() * J;
    normal->g += J.transpose() * residual;
    normal->cost += residual.squaredNorm();
  }
  return true;
}

// Gauss-Newton on all pixels of a track.
bool FitTrack(const CameraRig& rig, const std::vector<TrackPixel>& pixels, BeltTrack* track) {
  TrackNormal normal;
  for (int i = 0; i < kIterations; ++i) {
    if (!Linearize(rig, pixels, *track, &normal)) return false;
    const Vector6 step = normal.H.ldlt().solve(normal.g);
    if (!step.allFinite()) return false;
    track->middle += step.head<3>();
    track->velocity += step.tail<3>();
    if (step.norm() < 1e-10) break;
  }
  if (!Linearize(rig, pixels, *track, &normal)) return false;
  track->covariance = normal.H.ldlt().solve(Matrix6::Identity());
  track->rms_px = std::sqrt(normal.cost / static_cast<double>(pixels.size()));
  track->sightings = pixels.size();
  return track->covariance.allFinite();
}

std::optional<BeltTrack> MakeTrack(const CameraRig& rig, const Places& places,
                                   const std::vector<double>& time,
                                   const BeltTrackOptions& options) {
  if (places.size() < options.least_frames) return std::nullopt;
  const double first = time[places.front().frame];
  const double last = time[places.back().frame];
  BeltTrack track;
  track.time = 0.5 * (first + last);
  track.duration = last - first;
  track.frames = places.size();
  track.middle = 0.5 * (places.front().x_in_lab + places.back().x_in_lab);
  track.velocity = (places.back().x_in_lab - places.front().x_in_lab) / track.duration;
  std::vector<TrackPixel> pixels;
  std::set<std::size_t> cameras;
  for (const TrackPlace& place : places) {
    for (const TrackPixel& pixel : place.pixels) {
      pixels.push_back(pixel);
      cameras.insert(pixel.camera.index());
    }
  }
  for (const std::size_t camera : cameras) track.cameras.emplace_back(camera);
  const double travel = track.duration * track.velocity.norm();
  if (travel < options.least_travel || !FitTrack(rig, pixels, &track)) return std::nullopt;
  const double speed = track.velocity.norm();
  if (speed < options.least_speed || speed > options.largest_speed) return std::nullopt;
  return track;
}

}  // namespace

void BeltTrackOptions::Validate() const {
  matching.Validate();
  if (!(least_speed > 0.0) || !(largest_speed > least_speed)) {
    throw InputError(
        fmt::format("least_speed is {} m/s and largest_speed {}, 0 < least < largest "
                    "expected",
                    least_speed, largest_speed));
  }
  if (!(straightness > 0.0) || !(least_travel > 0.0)) {
    throw InputError(fmt::format("straightness is {} m and least_travel {}, above 0 expected",
                                 straightness, least_travel));
  }
  if (least_frames < 3) {
    throw InputError(fmt::format("least_frames is {}, at least 3 expected", least_frames));
  }
}

std::vector<BeltTrack> FindBeltTracks(const CameraRig& rig, const ObservationBlock& block,
                                      const std::vector<double>& time,
                                      const BeltTrackOptions& options) {
  options.Validate();
  MEDIUS_CHECK(block.cameras.size() == rig.cameras.size(), "cameras in the order of the rig");
  MEDIUS_CHECK(time.size() == block.frames.count, "one time a frame");
  Linker linker(MatchFrames(rig, block, time, options.matching), time, options);
  std::vector<BeltTrack> tracks;
  for (const Places& places : linker.Run()) {
    if (auto track = MakeTrack(rig, places, time, options)) tracks.push_back(*std::move(track));
  }
  return tracks;
}

}  // namespace medius::calibration
