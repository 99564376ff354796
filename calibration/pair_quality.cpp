#include "calibration/pair_quality.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "calibration/image_quality.hpp"
#include "calibration/rig_covariance.hpp"
#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

// A flat board cannot be turned to two cameras whose rays are further apart than this.
constexpr double kFacingAngle = 1.75;  // radians, 100 degrees

// Points of one target pose, by camera.
using PoseSightings = std::map<std::size_t, std::set<std::uint32_t>>;

std::vector<PoseSightings> SightingsByPose(const TargetObservations& observations,
                                           const CalibrationResult& result) {
  const auto used = UsedSightings(observations, result);
  std::map<std::pair<std::size_t, std::size_t>, PoseSightings> by_pose;
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    const TargetView& view = observations.views[v];
    for (std::size_t i = 0; i < used[v].size(); ++i) {
      if (used[v][i] == 0) continue;
      by_pose[{view.frame, view.target}][view.camera.index()].insert(view.point[i]);
    }
  }
  std::vector<PoseSightings> poses;
  poses.reserve(by_pose.size());
  for (auto& [key, sightings] : by_pose) poses.push_back(std::move(sightings));
  return poses;
}

std::size_t CommonCount(const std::set<std::uint32_t>& first,
                        const std::set<std::uint32_t>& second) {
  return static_cast<std::size_t>(std::count_if(
      first.begin(), first.end(), [&](std::uint32_t point) { return second.count(point) != 0; }));
}

// [poses] places in the lab, metres, and whether each camera's image holds them.
struct SeenPlaces {
  std::vector<Eigen::Vector3d> place;
  std::vector<std::vector<bool>> in_image;  // [cameras][places]
};

SeenPlaces PlacesOf(const TargetObservations& observations, const CalibrationResult& result) {
  SeenPlaces seen;
  for (const TargetPose& pose : result.target_poses) {
    const auto& points = observations.targets[pose.target].points;
    Eigen::Vector3d mean = Eigen::Vector3d::Zero();
    for (const Eigen::Vector3d& point : points) mean += point / static_cast<double>(points.size());
    seen.place.push_back(pose.lab_from_target * mean);
  }
  for (const Camera& camera : result.rig.cameras) {
    std::vector<bool> inside;
    for (const Eigen::Vector3d& place : seen.place) {
      const auto xy = camera.Project(place);
      inside.push_back(xy && camera.IsInImage(*xy));
    }
    seen.in_image.push_back(std::move(inside));
  }
  return seen;
}

void FillPlaces(const CalibrationResult& result, const SeenPlaces& seen, PairNumbers* pair) {
  const std::size_t a = pair->a.index();
  const std::size_t b = pair->b.index();
  const Eigen::Vector3d centre_a = result.rig.cameras[a].CentreInLab();
  const Eigen::Vector3d centre_b = result.rig.cameras[b].CentreInLab();
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();  // distances to a and b, angle
  for (std::size_t i = 0; i < seen.place.size(); ++i) {
    if (!seen.in_image[a][i] || !seen.in_image[b][i]) continue;
    const Eigen::Vector3d to_a = centre_a - seen.place[i];
    const Eigen::Vector3d to_b = centre_b - seen.place[i];
    ++pair->shared_places;
    sum += Eigen::Vector3d(to_a.norm(), to_b.norm(),
                           std::atan2(to_a.cross(to_b).norm(), to_a.dot(to_b)));
  }
  if (pair->shared_places == 0) return;
  sum /= static_cast<double>(pair->shared_places);
  pair->distance_a = sum.x();
  pair->distance_b = sum.y();
  pair->angle = sum.z();
}

// Of b in the frame of a: `covariance` is in the gauge of a.
void FillRelativeSd(const CalibrationResult& result, const RigCovariance& covariance,
                    PairNumbers* pair) {
  const RigidTransform& pose = result.rig.cameras[pair->b.index()].camera_from_lab;
  const int at = covariance.layout.pose_offset[pair->b.index()];
  const Eigen::Matrix<double, 6, 6> block = covariance.matrix.block<6, 6>(at, at);
  // Centre -R^T t with R <- exp(w) R: R dC = -(dt + t x w).
  Eigen::Matrix<double, 3, 6> by_pose;
  by_pose << -Skew(pose.translation), -Eigen::Matrix3d::Identity();
  pair->relative_centre_sd = std::sqrt((by_pose * block * by_pose.transpose()).trace());
  pair->relative_turn_sd = std::sqrt(block.topLeftCorner<3, 3>().trace());
}

// The spanning tree of most common views (Kruskal), as indices of pairs.
std::vector<std::size_t> StrongestTree(const std::vector<PairNumbers>& pairs, std::size_t cameras) {
  std::vector<std::size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    return pairs[i].common_views > pairs[j].common_views;
  });
  std::vector<std::size_t> group(cameras);
  std::iota(group.begin(), group.end(), std::size_t{0});
  std::vector<std::size_t> tree;
  for (const std::size_t i : order) {
    const std::size_t from = group[pairs[i].a.index()];
    const std::size_t to = group[pairs[i].b.index()];
    if (from == to) continue;
    std::replace(group.begin(), group.end(), from, to);
    tree.push_back(i);
  }
  return tree;
}

// [cameras] true for those that hang together with `start` when one edge of the tree is cut.
std::vector<bool> PartWithout(const std::vector<PairNumbers>& pairs,
                              const std::vector<std::size_t>& tree, std::size_t cut,
                              std::size_t cameras) {
  std::vector<bool> inside(cameras, false);
  inside[pairs[cut].a.index()] = true;
  for (std::size_t round = 0; round < tree.size(); ++round) {
    for (const std::size_t i : tree) {
      if (i == cut) continue;
      const std::size_t a = pairs[i].a.index();
      const std::size_t b = pairs[i].b.index();
      const bool joined = inside[a] || inside[b];
      inside[a] = joined;
      inside[b] = joined;
    }
  }
  return inside;
}

void CountAcross(const std::vector<PoseSightings>& poses, const std::vector<bool>& inside,
                 RigLink* link) {
  for (const PoseSightings& pose : poses) {
    std::set<std::uint32_t> first;
    std::set<std::uint32_t> second;
    for (const auto& [camera, points] : pose) {
      (inside[camera] ? first : second).insert(points.begin(), points.end());
    }
    if (first.empty() || second.empty()) continue;
    ++link->common_views;
    link->common_sightings += CommonCount(first, second);
  }
}

// The pairs across the cut that hold it now and that could hold it better.
void FillPairsAcross(const std::vector<PairNumbers>& pairs, const std::vector<bool>& is_part,
                     const PairNumbers& cut, RigLink* link) {
  const bool a_is_part = is_part[cut.a.index()];
  link->a = a_is_part ? cut.a : cut.b;
  link->b = a_is_part ? cut.b : cut.a;
  link->help_a = link->a;
  link->help_b = link->b;
  double most = 0.0;
  for (const PairNumbers& pair : pairs) {
    const bool first = is_part[pair.a.index()];
    if (first == is_part[pair.b.index()] || !(pair.angle < kFacingAngle)) continue;
    // A board that faces both is seen the better, the nearer their directions are.
    const double gain = static_cast<double>(pair.shared_places) * (1.0 + std::cos(pair.angle));
    if (!(gain > most)) continue;
    most = gain;
    link->help_a = first ? pair.a : pair.b;
    link->help_b = first ? pair.b : pair.a;
  }
}

}  // namespace

std::vector<PairNumbers> PairsOf(const TargetObservations& observations,
                                 const CalibrationResult& result) {
  const std::size_t cameras = observations.cameras.size();
  const std::vector<PoseSightings> poses = SightingsByPose(observations, result);
  const bool has_rig = result.rig.cameras.size() == cameras;
  const SeenPlaces seen = has_rig ? PlacesOf(observations, result) : SeenPlaces{};
  const bool has_covariance = has_rig && result.covariance.matrix.size() > 0;
  std::vector<RigidTransform> camera_from_lab;
  for (const Camera& camera : result.rig.cameras) camera_from_lab.push_back(camera.camera_from_lab);
  std::vector<PairNumbers> pairs;
  for (std::size_t a = 0; a < cameras; ++a) {
    const RigCovariance covariance =
        has_covariance ? InGauge(result.covariance, camera_from_lab, RigGauge::kReferenceCamera, a)
                       : RigCovariance{};
    for (std::size_t b = a + 1; b < cameras; ++b) {
      PairNumbers pair;
      pair.a = CameraId(a);
      pair.b = CameraId(b);
      for (const PoseSightings& pose : poses) {
        const auto first = pose.find(a);
        const auto second = pose.find(b);
        if (first == pose.end() || second == pose.end()) continue;
        ++pair.common_views;
        pair.common_sightings += CommonCount(first->second, second->second);
      }
      if (has_rig) FillPlaces(result, seen, &pair);
      if (has_covariance) FillRelativeSd(result, covariance, &pair);
      pairs.push_back(pair);
    }
  }
  return pairs;
}

std::vector<RigLink> LinksOf(const TargetObservations& observations,
                             const CalibrationResult& result,
                             const std::vector<PairNumbers>& pairs) {
  const std::size_t cameras = observations.cameras.size();
  const std::vector<PoseSightings> poses = SightingsByPose(observations, result);
  const std::vector<std::size_t> tree = StrongestTree(pairs, cameras);
  std::vector<RigLink> links;
  for (const std::size_t cut : tree) {
    std::vector<bool> is_part = PartWithout(pairs, tree, cut, cameras);
    const auto inside = std::count(is_part.begin(), is_part.end(), true);
    if (2 * inside > static_cast<std::ptrdiff_t>(cameras)) is_part.flip();
    RigLink link;
    for (std::size_t c = 0; c < cameras; ++c) {
      (is_part[c] ? link.part : link.others).push_back(CameraId(c));
    }
    CountAcross(poses, is_part, &link);
    FillPairsAcross(pairs, is_part, pairs[cut], &link);
    links.push_back(std::move(link));
  }
  std::stable_sort(links.begin(), links.end(), [](const RigLink& first, const RigLink& second) {
    return first.common_views < second.common_views;
  });
  return links;
}

std::string FramesThatHelp(const TargetObservations& observations, const RigLink& link,
                           const std::vector<PairNumbers>& pairs) {
  const std::string& first = observations.cameras[link.help_a.index()].name;
  const std::string& second = observations.cameras[link.help_b.index()].name;
  for (const PairNumbers& pair : pairs) {
    const bool same = pair.a == link.help_a && pair.b == link.help_b;
    const bool swapped = pair.a == link.help_b && pair.b == link.help_a;
    if ((!same && !swapped) || pair.shared_places == 0) continue;
    return fmt::format("{} and {} at once, about {:.1f} m from {} and {:.1f} m from {}", first,
                       second, same ? pair.distance_a : pair.distance_b, first,
                       same ? pair.distance_b : pair.distance_a, second);
  }
  return fmt::format("{} and {} at once", first, second);
}

}  // namespace medius::calibration
