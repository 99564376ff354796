#include "reconstruct/keypoint_detections.hpp"

#include <algorithm>
#include <map>

#include <Eigen/Geometry>
#include <Eigen/LU>

namespace medius::reconstruct {
namespace {

// Square of the sine of one degree: nearer to parallel, the distance of two rays says nothing.
constexpr double kSmallestSine2 = 3.0e-4;
constexpr double kNearest = 0.1;  // metres in front of a camera

Eigen::Vector3d PointNearestAxes(const CameraRig& rig) {
  Eigen::Matrix3d normal = 1e-9 * Eigen::Matrix3d::Identity();
  Eigen::Vector3d right = Eigen::Vector3d::Zero();
  for (const Camera& camera : rig.cameras) {
    const Eigen::Vector3d axis = camera.camera_from_lab.rotation.row(2).transpose();
    const Eigen::Matrix3d across = Eigen::Matrix3d::Identity() - axis * axis.transpose();
    normal += across;
    right += across * camera.CentreInLab();
  }
  return normal.inverse() * right;
}

}  // namespace

DetectionGeometry::DetectionGeometry(const CameraRig& rig, const SightingWeights& weights)
    : rig_(rig), weights_(weights), middle_(PointNearestAxes(rig)) {
  for (const Camera& camera : rig.cameras) {
    directions_.emplace_back(camera);
    centres_.push_back(camera.CentreInLab());
    focal_length_.push_back(MeanFocalLength(camera));
  }
}

std::vector<Detection> DetectionGeometry::Load(const ObservationBlock& block, std::size_t frame,
                                               double time, std::size_t label_count) const {
  std::vector<Detection> detections;
  for (std::size_t c = 0; c < block.cameras.size(); ++c) {
    const CameraObservations& seen = block.cameras[c];
    if (seen.instance.empty() || seen.label.empty()) continue;
    std::map<std::int16_t, Detection> by_instance;
    for (std::uint64_t row = seen.frame_start[frame]; row < seen.frame_start[frame + 1]; ++row) {
      const int label = seen.label[row];
      if (label < 0 || static_cast<std::size_t>(label) >= label_count) continue;
      if (seen.instance[row] == kNoInstance) continue;
      const Eigen::Vector2d xy = seen.xy[row].cast<double>();
      const auto direction = directions_[c].InLab(xy);
      if (!direction) continue;
      Detection& detection = by_instance[seen.instance[row]];
      detection.camera = c;
      detection.points.resize(label_count);
      DetectedKeypoint& point = detection.points[static_cast<std::size_t>(label)];
      if (point.IsSeen()) continue;  // the first of several with one label
      const double stated = seen.sigma.empty() ? 0.0 : static_cast<double>(seen.sigma[row]);
      point.row = static_cast<std::int32_t>(row);
      point.sighting = {CameraId(c), xy, weights_.Sigma(stated),
                        ExposureDelay(rig_.cameras[c], seen, frame, time, xy.y())};
      point.direction = *direction;
      ++detection.seen;
    }
    for (auto& [number, detection] : by_instance) detections.push_back(std::move(detection));
  }
  return detections;
}

std::optional<double> DetectionGeometry::RayDistance2(const DetectedKeypoint& a,
                                                      const DetectedKeypoint& b) const {
  const std::size_t ca = a.sighting.camera.index();
  const std::size_t cb = b.sighting.camera.index();
  const Eigen::Vector3d normal = a.direction.cross(b.direction);
  const double sine2 = normal.squaredNorm();
  if (sine2 < kSmallestSine2) return std::nullopt;
  const Eigen::Vector3d base = centres_[cb] - centres_[ca];
  // Depths of the points of closest approach along both rays.
  const double depth_a = base.cross(b.direction).dot(normal) / sine2;
  const double depth_b = base.cross(a.direction).dot(normal) / sine2;
  if (depth_a < kNearest || depth_b < kNearest) return kMostSquared;
  const double distance = base.dot(normal);
  const double sigma_a = a.sighting.sigma_px * depth_a / focal_length_[ca];
  const double sigma_b = b.sighting.sigma_px * depth_b / focal_length_[cb];
  return distance * distance / (sine2 * (sigma_a * sigma_a + sigma_b * sigma_b));
}

DetectionGeometry::ChainCost DetectionGeometry::CostOf(const std::vector<MirrorPair>& pairs,
                                                       const Detection& a,
                                                       const Detection& b) const {
  ChainCost cost;
  const auto add = [&](std::size_t i, std::size_t j, MeanCost* mean) {
    if (!a.points[i].IsSeen() || !b.points[j].IsSeen()) return;
    const auto squared = RayDistance2(a.points[i], b.points[j]);
    if (!squared) return;
    mean->sum += std::min(*squared, kMostSquared);
    ++mean->count;
  };
  for (const MirrorPair& pair : pairs) {
    add(pair.left, pair.left, &cost.same);
    add(pair.right, pair.right, &cost.same);
    add(pair.left, pair.right, &cost.exchanged);
    add(pair.right, pair.left, &cost.exchanged);
  }
  return cost;
}

MeanCost DetectionGeometry::PairCost(const KeypointSkeleton& skeleton, const Detection& a,
                                     const Detection& b) const {
  MeanCost total;
  for (const std::vector<MirrorPair>& pairs : skeleton.chains) {
    const ChainCost cost = CostOf(pairs, a, b);
    const bool exchange = cost.exchanged.count > 0 &&
                          (cost.same.count == 0 || cost.exchanged.Mean() < cost.same.Mean());
    total += exchange ? cost.exchanged : cost.same;
  }
  for (const std::size_t label : skeleton.middle) {
    if (!a.points[label].IsSeen() || !b.points[label].IsSeen()) continue;
    const auto squared = RayDistance2(a.points[label], b.points[label]);
    if (squared) total += {std::min(*squared, kMostSquared), 1};
  }
  return total;
}

}  // namespace medius::reconstruct
