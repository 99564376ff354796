#include "calibration/belt_floor.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <Eigen/Eigenvalues>
#include <Eigen/Geometry>
#include <fmt/format.h>

#include "calibration/rigid_fit.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

using Points = std::vector<Eigen::Vector3d>;

Eigen::Vector3d StartOf(const BeltTrack& track) {
  return track.middle - 0.5 * track.duration * track.velocity;
}

Eigen::Vector3d EndOf(const BeltTrack& track) {
  return track.middle + 0.5 * track.duration * track.velocity;
}

// Both ends of each track in turn.
Points EndsOf(const std::vector<BeltTrack>& tracks) {
  Points ends;
  for (const BeltTrack& track : tracks) {
    ends.push_back(StartOf(track));
    ends.push_back(EndOf(track));
  }
  return ends;
}

// The direction of running: from the ends of the tracks to their starts.
Eigen::Vector3d RunningDirection(const Points& ends) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (std::size_t i = 0; i + 1 < ends.size(); i += 2) sum += ends[i] - ends[i + 1];
  return sum.normalized();
}

// The belt's frame of the ends of its tracks, Z on the side of `up`.
RigidTransform LabFromEnds(const Points& ends, const Eigen::Vector3d& up) {
  const Eigen::Vector3d x = RunningDirection(ends);
  Eigen::Vector3d middle = Eigen::Vector3d::Zero();
  for (const Eigen::Vector3d& end : ends) middle += end / static_cast<double>(ends.size());
  Eigen::Matrix3d spread = Eigen::Matrix3d::Zero();
  for (const Eigen::Vector3d& end : ends) {
    const Eigen::Vector3d from = end - middle;
    const Eigen::Vector3d across = from - x * x.dot(from);
    spread += across * across.transpose();
  }
  // Eigenvalues ascend: along x (0), out of the plane, across the belt.
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(spread);
  const Eigen::Vector3d across = solver.eigenvectors().col(2);
  Eigen::Vector3d z = x.cross(across).normalized();
  if (z.dot(up) < 0.0) z = -z;
  RigidTransform lab_from_old;
  lab_from_old.rotation.row(0) = x.transpose();
  lab_from_old.rotation.row(1) = z.cross(x).transpose();
  lab_from_old.rotation.row(2) = z.transpose();
  lab_from_old.translation = -(lab_from_old.rotation * middle);
  return lab_from_old;
}

// The largest group of tracks whose velocities are one.
std::vector<BeltTrack> OfOneVelocity(std::span<const BeltTrack> tracks, double share) {
  std::vector<BeltTrack> largest;
  for (const BeltTrack& centre : tracks) {
    std::vector<BeltTrack> group;
    for (const BeltTrack& track : tracks) {
      const double off = (track.velocity - centre.velocity).norm();
      if (off <= share * centre.velocity.norm()) group.push_back(track);
    }
    if (group.size() > largest.size()) largest = std::move(group);
  }
  return largest;
}

// How far a track's middle lies from the plane through two others along the running direction.
double FromPlane(const BeltTrack& a, const BeltTrack& b, const BeltTrack& track,
                 const Eigen::Vector3d& x) {
  const Eigen::Vector3d normal = x.cross(b.middle - a.middle).normalized();
  return std::abs(normal.dot(track.middle - a.middle));
}

// The largest group of them in one plane; planes through two tracks that lie well apart.
std::vector<BeltTrack> OfOnePlane(const std::vector<BeltTrack>& tracks,
                                  const BeltFloorOptions& options) {
  const Eigen::Vector3d x = RunningDirection(EndsOf(tracks));
  std::vector<BeltTrack> largest;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    for (std::size_t j = i + 1; j < tracks.size(); ++j) {
      const Eigen::Vector3d between = tracks[j].middle - tracks[i].middle;
      if ((between - x * x.dot(between)).norm() < options.least_across) continue;
      std::vector<BeltTrack> group;
      for (const BeltTrack& track : tracks) {
        if (FromPlane(tracks[i], tracks[j], track, x) <= options.plane_distance) {
          group.push_back(track);
        }
      }
      if (group.size() > largest.size()) largest = std::move(group);
    }
  }
  return largest;
}

// The side of the belt on which most cameras are.
Eigen::Vector3d SideOfCameras(const CameraRig& rig, const Points& ends) {
  const RigidTransform either = LabFromEnds(ends, rig.cameras.front().CentreInLab() - ends.front());
  int above = 0;
  for (const Camera& camera : rig.cameras) {
    above += (either * camera.CentreInLab()).z() > 0.0 ? 1 : -1;
  }
  const Eigen::Vector3d up = either.rotation.row(2).transpose();
  return above >= 0 ? up : Eigen::Vector3d(-up);
}

// Both ends of a track as points, with what their places are worth.
std::vector<StaticPoint> AsPoints(const std::vector<BeltTrack>& tracks) {
  std::vector<StaticPoint> points;
  for (const BeltTrack& track : tracks) {
    for (const double side : {-0.5, 0.5}) {
      StaticPoint point;
      point.x_in_lab = track.middle + side * track.duration * track.velocity;
      Eigen::Matrix<double, 3, 6> by;
      by << Eigen::Matrix3d::Identity(), side * track.duration * Eigen::Matrix3d::Identity();
      point.covariance = by * track.covariance * by.transpose();
      point.cameras = track.cameras;
      point.frames = track.frames;
      points.push_back(std::move(point));
    }
  }
  return points;
}

double SigmaOfTracks(const std::vector<BeltTrack>& tracks, double least) {
  double sum = 0.0;
  double degrees = 0.0;
  for (const BeltTrack& track : tracks) {
    const double count = static_cast<double>(track.sightings);
    sum += track.rms_px * track.rms_px * count;
    degrees += 2.0 * count - 6.0;
  }
  return std::max(least, std::sqrt(sum / degrees));
}

// By how much the ends lie farther off the plane, and the directions off each other, than their
// covariances say (ratio of variances, at least 1).
double ExcessOf(const std::vector<StaticPoint>& ends, const Eigen::MatrixXd& covariance,
                const RigidTransform& lab_from_old) {
  double out = 0.0;
  double aside = 0.0;
  const Eigen::Vector3d y = lab_from_old.rotation.row(1).transpose();
  const Eigen::Vector3d z = lab_from_old.rotation.row(2).transpose();
  const auto variance = [&](std::size_t i, const Eigen::Vector3d& along) {
    const auto row = 3 * static_cast<Eigen::Index>(i);
    return along.dot(covariance.block<3, 3>(row, row) * along);
  };
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const double height = (lab_from_old * ends[i].x_in_lab).z();
    out += height * height / variance(i, z);
  }
  for (std::size_t i = 0; i + 1 < ends.size(); i += 2) {
    const double drift = y.dot(ends[i].x_in_lab - ends[i + 1].x_in_lab);
    aside += drift * drift / (variance(i, y) + variance(i + 1, y));
  }
  const double count = static_cast<double>(ends.size());
  const double of_plane = count > 3.0 ? out / (count - 3.0) : 1.0;
  const double of_direction = count > 2.0 ? aside / (0.5 * count - 1.0) : 1.0;
  return std::max({1.0, of_plane, of_direction});
}

BeltMotion MotionOf(const std::vector<BeltTrack>& tracks, const RigidTransform& lab_from_old) {
  BeltMotion motion;
  motion.tracks = tracks.size();
  const double count = static_cast<double>(tracks.size());
  Eigen::Vector3d least = Eigen::Vector3d::Constant(1e9);
  Eigen::Vector3d most = -least;
  for (const BeltTrack& track : tracks) motion.speed += track.velocity.norm() / count;
  double sum = 0.0;
  for (const BeltTrack& track : tracks) {
    sum += std::pow(track.velocity.norm() - motion.speed, 2);
    for (const Eigen::Vector3d& end : {StartOf(track), EndOf(track)}) {
      least = least.cwiseMin(lab_from_old * end);
      most = most.cwiseMax(lab_from_old * end);
    }
  }
  motion.speed_sd = std::sqrt(sum / std::max(1.0, count - 1.0) / count);
  motion.extent_along = most.x() - least.x();
  motion.extent_across = most.y() - least.y();
  return motion;
}

FloorResult FloorOf(const CameraRig& rig, const std::vector<BeltTrack>& tracks,
                    const BeltFloorOptions& options) {
  FloorResult floor;
  floor.source = "belt";
  const Points ends = EndsOf(tracks);
  const Eigen::Vector3d up = SideOfCameras(rig, ends);
  floor.lab_from_old = LabFromEnds(ends, up);
  floor.sigma_px = SigmaOfTracks(tracks, options.floor.least_sigma_px);
  const std::vector<StaticPoint> points = AsPoints(tracks);
  Eigen::MatrixXd covariance =
      CovarianceOfPoints(rig, points, floor.sigma_px, &floor.has_rig_covariance);
  covariance.diagonal().array() += std::pow(options.floor.point_sd, 2);
  const Eigen::MatrixXd by_points =
      FrameByPoints([&](const Points& moved) { return LabFromEnds(moved, up); }, ends);
  floor.covariance = ExcessOf(points, covariance, floor.lab_from_old) *
                     (by_points * covariance * by_points.transpose());
  floor.belt = MotionOf(tracks, floor.lab_from_old);
  // Where marks happen to come into view decides the middle: it is known as their mean is.
  const double count = static_cast<double>(tracks.size());
  floor.covariance(3, 3) += std::pow(floor.belt->extent_along, 2) / 12.0 / count;
  floor.covariance(4, 4) += std::pow(floor.belt->extent_across, 2) / 12.0 / count;
  double sum = 0.0;
  for (const Eigen::Vector3d& end : ends) sum += std::pow((floor.lab_from_old * end).z(), 2);
  floor.plane_rms = std::sqrt(sum / static_cast<double>(ends.size()));
  if (options.stated_speed) {
    const double ratio = floor.belt->speed / *options.stated_speed;
    floor.scale = ScaleCheck{
        "the belt's travel and speed", ratio,
        std::hypot(floor.belt->speed_sd / *options.stated_speed, options.stated_speed_share)};
  }
  FinishFloor(rig, "the cameras stand on both sides of the belt's plane; calibrate again",
              options.floor, &floor);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    floor.points.push_back({fmt::format("track {}", i + 1), floor.lab_from_old * tracks[i].middle,
                            FloorPoint().stated, tracks[i].cameras, tracks[i].rms_px});
  }
  return floor;
}

}  // namespace

void BeltFloorOptions::Validate(const CameraRig& rig) const {
  floor.Validate(rig);
  if (stated_speed && !(*stated_speed > 0.0)) {
    throw InputError(fmt::format("stated_speed is {} m/s, above 0 expected", *stated_speed));
  }
  if (!(velocity_share > 0.0) || !(plane_distance > 0.0) || !(least_across > 0.0)) {
    throw InputError(
        fmt::format("velocity_share is {}, plane_distance {} m, least_across {} m; "
                    "above 0 expected",
                    velocity_share, plane_distance, least_across));
  }
}

FloorResult FloorFromBelt(const CameraRig& rig, std::span<const BeltTrack> tracks,
                          const BeltFloorOptions& options) {
  options.Validate(rig);
  const std::vector<BeltTrack> moving = OfOneVelocity(tracks, options.velocity_share);
  if (moving.size() < 2) {
    return NoFloor(
        "belt", fmt::format("{} marks that move straight and alike were seen (of {} tracks), at "
                            "least 2 are needed; stick marks along both edges of the belt, let it "
                            "run, and see that three cameras see each (two with --min-rays 2)",
                            moving.size(), tracks.size()));
  }
  const std::vector<BeltTrack> belt = OfOnePlane(moving, options);
  if (belt.size() < 2) {
    return NoFloor(
        "belt", fmt::format("all {} marks that move alike run along one line (within {:.0f} mm): "
                            "the slope of the belt to the side cannot be told; stick marks along "
                            "both edges of it",
                            moving.size(), 1e3 * options.least_across));
  }
  FloorResult floor = FloorOf(rig, belt, options);
  if (belt.size() < tracks.size()) {
    floor.warnings.push_back(
        fmt::format("{} of {} tracks move otherwise or lie off the belt's plane, and were left out",
                    tracks.size() - belt.size(), tracks.size()));
  }
  return floor;
}

}  // namespace medius::calibration
