#include "calibration/implausible.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace medius::calibration {
namespace {

// Share of a camera's sightings outside its image by more than the margin: outliers near the edge
// stay below, another image size does not.
constexpr double kMostOutside = 0.05;
constexpr double kOutsideMarginPx = 3.0;
// The same for those outside by more than this share of the longer side.
constexpr double kMostFarOutside = 0.005;
constexpr double kFarOutside = 0.05;
// A difference must be this many sd to count.
constexpr double kSure = 5.0;
// An image is stated too large where the optical axis and all sightings fit into this share of it.
constexpr double kTooLargeShare = 0.85;
// An optical axis this far from the middle, in sides of the image, is not that of a whole image.
constexpr double kMostOffCentre = 0.15;
// Pixels this far from square are no camera's.
constexpr double kMostStretch = 0.08;
// Focal lengths of cameras, in longer sides of the image: from a fisheye's to a telescope's.
constexpr double kShortestFocal = 0.1;
constexpr double kLongestFocal = 50.0;
// Root mean square residual, per axis, in longer sides of the image, that is no calibration.
constexpr double kLargestRms = 0.005;
// Share of the common instants of a camera that may contradict the others.
constexpr double kMostContradiction = 0.3;
constexpr std::size_t kFewestContradictions = 3;

Degeneracy Of(DegeneracyKind kind, CameraId camera, double value, double limit,
              std::string sentence) {
  Degeneracy degeneracy;
  degeneracy.kind = kind;
  degeneracy.cameras = {camera};
  degeneracy.value = value;
  degeneracy.limit = limit;
  degeneracy.sentence = std::move(sentence);
  return degeneracy;
}

// Of what CalibrationOptions::refuse_unlikely_lens switches off.
constexpr const char* kOrAllow =
    ", or say --allow-unusual-lens where it is cropped or anamorphic on purpose";

// Where the sightings of one camera lie.
struct Extent {
  std::size_t count = 0;
  std::size_t outside = 0;
  std::size_t far_outside = 0;
  Eigen::Vector2d largest = Eigen::Vector2d::Zero();
};

bool IsInside(const UncalibratedCamera& camera, const Eigen::Vector2d& xy, double margin) {
  return xy.minCoeff() > -margin && xy.x() < camera.width - 1 + margin &&
         xy.y() < camera.height - 1 + margin;
}

std::vector<Extent> ExtentsOf(const TargetObservations& observations) {
  std::vector<Extent> extents(observations.cameras.size());
  for (const TargetView& view : observations.views) {
    const UncalibratedCamera& camera = observations.cameras[view.camera.index()];
    Extent& extent = extents[view.camera.index()];
    for (const Eigen::Vector2d& xy : view.xy) {
      ++extent.count;
      extent.largest = extent.largest.cwiseMax(xy);
      extent.outside += IsInside(camera, xy, kOutsideMarginPx) ? 0 : 1;
      const double far = kFarOutside * std::max(camera.width, camera.height);
      extent.far_outside += IsInside(camera, xy, far) ? 0 : 1;
    }
  }
  return extents;
}

// An image stated larger than it was: the optical axis is in the middle of a smaller one, which
// also holds all sightings.
std::optional<Degeneracy> FindTooLargeImage(const UncalibratedCamera& image, CameraId id,
                                            const Camera& camera, const Extent& extent) {
  const std::vector<double>& values = camera.model.intrinsics();
  const Eigen::Vector2d stated(image.width, image.height);
  for (int axis = 0; axis < 2; ++axis) {
    const double sd = std::sqrt((*camera.covariance)(2 + axis, 2 + axis));
    const double fits = 2.0 * values[static_cast<std::size_t>(2 + axis)] + 1.0;
    if (fits + 2.0 * kSure * sd > kTooLargeShare * stated[axis]) continue;
    if (extent.largest[axis] > fits + 0.05 * stated[axis]) continue;
    return Of(
        DegeneracyKind::kWrongImageSize, id, fits / stated[axis], kTooLargeShare,
        fmt::format("camera {}: the image size {} x {} px is not that of its sightings: its "
                    "optical axis is at ({:.0f}, {:.0f}) and no sighting lies beyond "
                    "({:.0f}, {:.0f}), as in an image of about {:.0f} x {:.0f} px; give the "
                    "size of the images the board was found in{}",
                    image.name, image.width, image.height, values[2], values[3], extent.largest.x(),
                    extent.largest.y(), 2.0 * values[2] + 1.0, 2.0 * values[3] + 1.0, kOrAllow));
  }
  return std::nullopt;
}

std::optional<Degeneracy> FindOffCentreAxis(const UncalibratedCamera& image, CameraId id,
                                            const Camera& camera) {
  const std::vector<double>& values = camera.model.intrinsics();
  const Eigen::Vector2d size(image.width, image.height);
  for (int axis = 0; axis < 2; ++axis) {
    const double sd = std::sqrt((*camera.covariance)(2 + axis, 2 + axis));
    const double off =
        std::abs(values[static_cast<std::size_t>(2 + axis)] - 0.5 * (size[axis] - 1.0));
    if (off < kMostOffCentre * size[axis] + kSure * sd) continue;
    return Of(DegeneracyKind::kWrongImageSize, id, off / size[axis], kMostOffCentre,
              fmt::format("camera {}: its optical axis is at ({:.0f}, {:.0f}), far from the middle "
                          "of an image of {} x {} px: the image was cut, or its size is not that "
                          "of the images the board was found in; give that size{}",
                          image.name, values[2], values[3], image.width, image.height, kOrAllow));
  }
  return std::nullopt;
}

std::optional<Degeneracy> FindStretchedPixels(const UncalibratedCamera& image, CameraId id,
                                              const Camera& camera) {
  const double fx = camera.model.intrinsics()[0];
  const double fy = camera.model.intrinsics()[1];
  const Eigen::Matrix2d covariance = camera.covariance->topLeftCorner<2, 2>();
  const Eigen::Vector2d gradient(1.0 / fy, -fx / (fy * fy));
  const double sd = std::sqrt(gradient.dot(covariance * gradient));
  const double ratio = fx / fy;
  if (std::abs(ratio - 1.0) < kMostStretch + kSure * sd) return std::nullopt;
  return Of(DegeneracyKind::kWrongImageSize, id, ratio, 1.0,
            fmt::format("camera {}: its pixels would be {:.3g} times as high as wide: the image "
                        "was stretched to {} x {} px, or the sightings are of an image of another "
                        "shape; find the board in the images as the camera gives them{}",
                        image.name, ratio, image.width, image.height, kOrAllow));
}

std::optional<Degeneracy> FindImpossibleLens(const UncalibratedCamera& image, CameraId id,
                                             const Camera& camera) {
  const std::vector<double>& values = camera.model.intrinsics();
  const double side = std::max(image.width, image.height);
  const double focal = std::sqrt(values[0] * values[1]);
  const bool is_focal = focal > kShortestFocal * side && focal < kLongestFocal * side;
  const bool is_centre = values[2] > -0.5 * image.width && values[2] < 1.5 * image.width &&
                         values[3] > -0.5 * image.height && values[3] < 1.5 * image.height;
  if (is_focal && is_centre) return std::nullopt;
  return Of(DegeneracyKind::kImplausible, id, focal, kShortestFocal * side,
            fmt::format("camera {}: the sightings lead to a lens that cannot be (focal length "
                        "{:.4g} px, optical axis at ({:.0f}, {:.0f}) of an image of {} x {} px); "
                        "check the board file and the image size, and record the board larger in "
                        "the image, tilted by 20 to 50 degrees",
                        image.name, focal, values[2], values[3], image.width, image.height));
}

std::optional<Degeneracy> FindUnlikelyLens(const TargetObservations& observations,
                                           const CalibrationResult& result,
                                           const std::vector<bool>& is_held_lens) {
  const std::vector<Extent> extents = ExtentsOf(observations);
  for (std::size_t c = 0; c < result.rig.cameras.size(); ++c) {
    const UncalibratedCamera& image = observations.cameras[c];
    const Camera& camera = result.rig.cameras[c];
    const CameraId id(c);
    if (is_held_lens[c]) continue;
    if (auto found = FindImpossibleLens(image, id, camera)) return found;
    if (!result.options.refuse_unlikely_lens) continue;
    if (auto found = FindTooLargeImage(image, id, camera, extents[c])) return found;
    if (auto found = FindOffCentreAxis(image, id, camera)) return found;
    if (auto found = FindStretchedPixels(image, id, camera)) return found;
  }
  return std::nullopt;
}

// Middle and half diagonal of a target.
std::pair<Eigen::Vector3d, double> SphereOf(const CalibrationTarget& target) {
  Eigen::Vector3d low = target.points.front();
  Eigen::Vector3d high = low;
  for (const Eigen::Vector3d& point : target.points) {
    low = low.cwiseMin(point);
    high = high.cwiseMax(point);
  }
  return {0.5 * (low + high), 0.5 * (high - low).norm()};
}

using Instant = std::pair<std::size_t, std::size_t>;  // frame and target

// A camera that would have to be within half the board of the middle of most boards it sees.
std::optional<Degeneracy> FindCameraInsideBoards(const TargetObservations& observations,
                                                 const CalibrationResult& result) {
  std::map<Instant, const TargetPose*> pose_of;
  for (const TargetPose& pose : result.target_poses) pose_of[{pose.frame, pose.target}] = &pose;
  std::vector<std::size_t> inside(observations.cameras.size(), 0);
  for (const TargetView& view : observations.views) {
    const auto found = pose_of.find({view.frame, view.target});
    if (found == pose_of.end()) continue;
    const auto [middle, radius] = SphereOf(observations.targets[view.target]);
    const Camera& camera = result.rig[view.camera];
    const double distance = (found->second->lab_from_target * middle - camera.CentreInLab()).norm();
    inside[view.camera.index()] += distance < 0.5 * radius ? 1 : 0;
  }
  for (std::size_t c = 0; c < inside.size(); ++c) {
    if (2 * inside[c] <= result.cameras[c].views) continue;
    return Of(DegeneracyKind::kImplausible, CameraId(c), static_cast<double>(inside[c]),
              0.5 * static_cast<double>(result.cameras[c].views),
              fmt::format("camera {} would stand inside the board in {} of its {} views; check the "
                          "size of the squares in the board file and the image size, and record "
                          "the board tilted by 20 to 50 degrees",
                          observations.cameras[c].name, inside[c], result.cameras[c].views));
  }
  return std::nullopt;
}

std::optional<Degeneracy> FindPoorFit(const TargetObservations& observations,
                                      const CalibrationResult& result) {
  for (std::size_t c = 0; c < observations.cameras.size(); ++c) {
    const UncalibratedCamera& image = observations.cameras[c];
    const double limit = kLargestRms * std::max(image.width, image.height);
    const double rms = result.cameras[c].rms;
    if (rms <= limit) continue;
    if (result.cameras[c].sightings == 0) {
      return Of(DegeneracyKind::kContradiction, CameraId(c), 0.0, 1.0,
                fmt::format("no sighting of camera {} fits the other cameras; check that it saw "
                            "the same board at the same instants",
                            image.name));
    }
    return Of(DegeneracyKind::kPoorFit, CameraId(c), rms, limit,
              fmt::format("camera {}: the sightings are {:.1f} px (rms per axis) from where the "
                          "best rig sees them, at most {:.1f} px is a calibration; check the board "
                          "file, that the frames of all cameras are of the same instants and that "
                          "the lens model fits the lens",
                          image.name, rms, limit));
  }
  return std::nullopt;
}

// Instants at which several cameras saw a target, and those at which a camera contradicts others.
struct Contradictions {
  std::vector<std::size_t> common;  // [cameras]
  std::vector<std::size_t> bad;     // [cameras] of these
};

Contradictions CountContradictions(const TargetObservations& observations,
                                   const CalibrationResult& result) {
  std::vector<std::size_t> outliers(observations.views.size(), 0);
  for (const OutlierSighting& outlier : result.outliers) ++outliers[outlier.view];
  std::map<Instant, std::vector<std::size_t>> views;
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    if (observations.views[v].xy.empty()) continue;
    views[{observations.views[v].frame, observations.views[v].target}].push_back(v);
  }
  Contradictions found{std::vector<std::size_t>(observations.cameras.size(), 0),
                       std::vector<std::size_t>(observations.cameras.size(), 0)};
  for (const auto& [instant, members] : views) {
    if (members.size() < 2) continue;
    const auto is_bad = [&](std::size_t v) {
      return 2 * outliers[v] > observations.views[v].xy.size();
    };
    const auto bad =
        static_cast<std::size_t>(std::count_if(members.begin(), members.end(), is_bad));
    // Where most agree, those are wrong that do not; of two, either may be.
    const bool is_open = bad > 0 && 2 * bad >= members.size();
    for (const std::size_t v : members) {
      ++found.common[observations.views[v].camera.index()];
      found.bad[observations.views[v].camera.index()] += is_open || is_bad(v) ? 1 : 0;
    }
  }
  return found;
}

}  // namespace

std::optional<Degeneracy> FindSightingsOutside(const TargetObservations& observations) {
  const std::vector<Extent> extents = ExtentsOf(observations);
  for (std::size_t c = 0; c < extents.size(); ++c) {
    const Extent& extent = extents[c];
    const auto count = static_cast<double>(extent.count);
    if (static_cast<double>(extent.outside) <= kMostOutside * count &&
        static_cast<double>(extent.far_outside) <= kMostFarOutside * count) {
      continue;
    }
    const UncalibratedCamera& image = observations.cameras[c];
    return Of(DegeneracyKind::kWrongImageSize, CameraId(c),
              static_cast<double>(extent.outside) / count, kMostOutside,
              fmt::format("camera {}: {} of {} sightings lie outside its image of {} x {} px (as "
                          "far as ({:.0f}, {:.0f})): the size is not that of the images the board "
                          "was found in; give that size",
                          image.name, extent.outside, extent.count, image.width, image.height,
                          extent.largest.x(), extent.largest.y()));
  }
  return std::nullopt;
}

std::optional<Degeneracy> FindImplausible(const TargetObservations& observations,
                                          const CalibrationResult& result,
                                          const std::vector<bool>& is_held_lens) {
  if (auto found = FindUnlikelyLens(observations, result, is_held_lens)) return found;
  if (auto found = FindCameraInsideBoards(observations, result)) return found;
  return FindPoorFit(observations, result);
}

std::optional<Degeneracy> FindContradictingCamera(const TargetObservations& observations,
                                                  const CalibrationResult& result) {
  const Contradictions found = CountContradictions(observations, result);
  std::vector<CameraId> worst;  // more than one where it cannot be told which
  double worst_share = 0.0;
  for (std::size_t c = 0; c < found.common.size(); ++c) {
    if (found.bad[c] < kFewestContradictions) continue;
    const double share = static_cast<double>(found.bad[c]) / static_cast<double>(found.common[c]);
    if (share < worst_share) continue;
    if (share > worst_share) worst.clear();
    worst_share = share;
    worst.emplace_back(c);
  }
  if (worst_share <= kMostContradiction) return std::nullopt;
  const std::size_t first = worst.front().index();
  std::string text;
  if (worst.size() == 1) {
    text = fmt::format(
        "camera {} contradicts the others at {} of the {} instants at which it sees "
        "the board together with them: it moved during the recording, its frames "
        "are of other instants, or it saw another board",
        observations.cameras[first].name, found.bad[first], found.common[first]);
  } else {
    std::vector<std::string> names;
    for (const CameraId camera : worst) names.push_back(observations.cameras[camera.index()].name);
    text = fmt::format(
        "cameras {} contradict each other at {} of the {} instants at which they "
        "see the board together: one of them moved during the recording, its frames "
        "are of other instants, or it saw another board",
        fmt::join(names, ", "), found.bad[first], found.common[first]);
  }
  Degeneracy degeneracy =
      Of(DegeneracyKind::kContradiction, worst.front(), worst_share, kMostContradiction,
         text + "; check these and record again, or estimate the cameras' time offsets");
  degeneracy.cameras = std::move(worst);
  return degeneracy;
}

}  // namespace medius::calibration
