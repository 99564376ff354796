#include "calibration/wand_length.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include "calibration/wand_labels.hpp"
#include "calibration/wand_match.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kFrameGrain = 16;
constexpr int kSteps = 4;
constexpr double kFarSigmas = 5.0;

struct Ray {
  const Camera* camera;
  Eigen::Vector2d xy;
  double weight;
};

// Maximum likelihood from two or more rays: the linear point, then Gauss-Newton on pixels.
std::optional<Eigen::Vector3d> PointOf(const std::vector<Ray>& rays) {
  std::vector<Eigen::Vector3d> centres;
  std::vector<Eigen::Vector3d> directions;
  for (const Ray& ray : rays) {
    const auto direction = ray.camera->model.Unproject(ray.xy);
    if (!direction) continue;
    const RigidTransform lab_from_camera = ray.camera->camera_from_lab.Inverse();
    centres.push_back(lab_from_camera.translation);
    directions.push_back(lab_from_camera.rotation * *direction);
  }
  if (centres.size() < 2) return std::nullopt;
  auto x = PointOfRays(centres, directions);
  for (int i = 0; i < kSteps && x; ++i) {
    Eigen::Matrix3d H = Eigen::Matrix3d::Zero();
    Eigen::Vector3d g = Eigen::Vector3d::Zero();
    for (const Ray& ray : rays) {
      const auto pixel = ray.camera->model.ProjectWithJacobian(ray.camera->camera_from_lab * *x);
      if (!pixel) return std::nullopt;
      const Eigen::Matrix<double, 2, 3> J =
          pixel->d_xy_d_point * ray.camera->camera_from_lab.rotation;
      H += ray.weight * J.transpose() * J;
      g += ray.weight * J.transpose() * (ray.xy - pixel->xy);
    }
    *x += H.ldlt().solve(g);
  }
  if (x && !x->allFinite()) return std::nullopt;
  return x;
}

std::vector<CameraId> MatchCameras(const CameraRig& rig,
                                   const std::vector<UncalibratedCamera>& cameras) {
  std::vector<CameraId> ids;
  for (const UncalibratedCamera& camera : cameras) {
    const auto id = rig.Find(camera.name);
    if (!id) {
      throw InputError(
          fmt::format("the rig has no camera \"{}\", which saw the wand; take the rig "
                      "of these cameras",
                      camera.name));
    }
    ids.push_back(*id);
  }
  return ids;
}

// The markers of one frame, absent where fewer than two cameras saw one.
using FramePoints = std::vector<std::optional<Eigen::Vector3d>>;

FramePoints PointsOf(const CameraRig& rig, const std::vector<CameraId>& ids,
                     const TargetObservations& observations, std::size_t target,
                     const std::vector<std::size_t>& views) {
  std::vector<std::vector<Ray>> rays(observations.targets[target].points.size());
  for (const std::size_t v : views) {
    const TargetView& view = observations.views[v];
    for (std::size_t i = 0; i < view.xy.size(); ++i) {
      const double sigma = view.sigma.empty() ? 1.0 : static_cast<double>(view.sigma[i]);
      rays[view.point[i]].push_back(
          {&rig[ids[view.camera.index()]], view.xy[i], 1.0 / (sigma * sigma)});
    }
  }
  FramePoints points;
  for (const auto& of_marker : rays) points.push_back(PointOf(of_marker));
  return points;
}

double MedianOf(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void Summarize(const std::vector<double>& lengths, WandDistance* distance) {
  if (lengths.empty()) return;
  const double median = MedianOf(lengths);
  std::vector<double> off;
  for (const double length : lengths) off.push_back(std::abs(length - median));
  const double limit = kFarSigmas * 1.4826 * MedianOf(off) + 1e-12;
  double sum = 0.0;
  for (const double length : lengths) {
    if (std::abs(length - median) > limit) continue;
    sum += length - median;
    ++distance->frames;
  }
  const auto count = static_cast<double>(distance->frames);
  distance->mean = median + sum / count;
  double squares = 0.0;
  for (const double length : lengths) {
    if (std::abs(length - median) <= limit) squares += std::pow(length - distance->mean, 2);
  }
  if (distance->frames > 1) distance->sd = std::sqrt(squares / (count - 1.0));
}

}  // namespace

std::vector<WandDistance> MeasureWand(const CameraRig& rig, const TargetObservations& observations,
                                      std::size_t target, Parallelism parallelism) {
  const std::vector<CameraId> ids = MatchCameras(rig, observations.cameras);
  std::map<std::size_t, std::vector<std::size_t>> views_of;
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    if (observations.views[v].target == target) views_of[observations.views[v].frame].push_back(v);
  }
  std::vector<const std::vector<std::size_t>*> frames;
  for (const auto& [frame, views] : views_of) frames.push_back(&views);
  std::vector<FramePoints> points(frames.size());
  ParallelFor(parallelism, frames.size(), kFrameGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t f = begin; f < end; ++f) {
      points[f] = PointsOf(rig, ids, observations, target, *frames[f]);
    }
  });
  const auto& wand = observations.targets[target].points;
  std::vector<WandDistance> distances;
  for (std::size_t a = 0; a < wand.size(); ++a) {
    for (std::size_t b = a + 1; b < wand.size(); ++b) {
      WandDistance distance{a, b, (wand[a] - wand[b]).norm()};
      std::vector<double> lengths;
      for (const FramePoints& frame : points) {
        if (frame[a] && frame[b]) lengths.push_back((*frame[a] - *frame[b]).norm());
      }
      Summarize(lengths, &distance);
      distances.push_back(distance);
    }
  }
  std::stable_sort(distances.begin(), distances.end(),
                   [](const auto& a, const auto& b) { return a.stated > b.stated; });
  return distances;
}

LabelledWand LabelWand(const CameraRig& rig, const DotObservations& dots,
                       const CalibrationTarget& wand, double gate, Parallelism parallelism) {
  const WandShape shape = MakeWandShape(wand);
  ValidateDots(dots, shape.count());
  const std::vector<CameraId> ids = MatchCameras(rig, dots.cameras);
  PlacedCameras cameras;
  for (const CameraId id : ids) {
    const Camera& camera = rig[id];
    Intrinsics intrinsics{};
    std::copy(camera.model.intrinsics().begin(), camera.model.intrinsics().end(),
              intrinsics.begin());
    cameras.emplace_back(PlacedCamera(camera.model.kind(), intrinsics, camera.camera_from_lab));
  }
  std::vector<std::vector<Labelling>> labellings(dots.views.size());
  const std::vector<DotFrame> frames = GroupFrames(dots);
  std::vector<std::optional<WandMatch>> matches(frames.size());
  ParallelFor(parallelism, frames.size(), kFrameGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t f = begin; f < end; ++f) {
      for (const std::size_t v : frames[f].views) {
        labellings[v] = LabellingsOf(shape, dots.views[v]);
      }
      matches[f] = MatchWand(shape, dots, labellings, frames[f], cameras, gate);
    }
  });
  LabelledWand labelled;
  for (const DotView& view : dots.views) labelled.dots += view.xy.size();
  for (const auto& match : matches) {
    if (!match) continue;
    ++labelled.frames;
    AppendViews(dots, *match, 0, &labelled.views);
  }
  return labelled;
}

}  // namespace medius::calibration
