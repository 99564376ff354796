#include "calibration/plausibility.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <string_view>
#include <utility>

#include <Eigen/Eigenvalues>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;
// Images whose rows lie this level, rms over the cameras, were meant to be.
constexpr double kLevelRms = 5.0 * kDegree;
// The rows of the images must point in different directions to fix a plane.
constexpr double kLeastSpread = 0.05;
// A camera that looks along the vertical more than this has no up in its image (sine).
constexpr double kLeastUp = 0.3;
// A camera looks along a board, and sees neither side, within this of its plane (sine).
constexpr double kEdgeOn = 0.02;
constexpr double kSdOfScale = 3.0;

std::string NamesOf(const CameraRig& rig, const std::vector<CameraId>& cameras) {
  std::vector<std::string> names;
  for (const CameraId id : cameras) names.push_back(rig[id].name);
  return fmt::format("{}", fmt::join(names, ", "));
}

// Direction of the lab's up in a camera's frame.
Eigen::Vector3d UpInCamera(const Camera& camera) {
  return camera.camera_from_lab.rotation.col(2);
}

std::vector<RigDoubt> CheckUpward(const CameraRig& rig) {
  std::vector<CameraId> downward;
  std::size_t judged = 0;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const Eigen::Vector3d up = UpInCamera(rig.cameras[c]);
    if (std::hypot(up.x(), up.y()) < kLeastUp) continue;
    ++judged;
    // y points down in an image; on its side (portrait) says nothing.
    if (up.y() > std::abs(up.x())) downward.emplace_back(c);
  }
  if (2 * downward.size() <= judged) return {};
  return {
      {RigDoubtKind::kDownwardImages, false, downward, static_cast<double>(downward.size()),
       0.5 * static_cast<double>(judged),
       fmt::format("in the images of {} of {} cameras ({}) the lab's up points down: unless they "
                   "hang upside down the floor is flipped; look at one of their images",
                   downward.size(), judged, NamesOf(rig, downward))}};
}

std::vector<RigDoubt> CheckLevel(const CameraRig& rig, double limit) {
  const double count = static_cast<double>(rig.cameras.size());
  Eigen::Matrix3d spread = Eigen::Matrix3d::Zero();
  for (const Camera& camera : rig.cameras) {
    const Eigen::Vector3d row = camera.camera_from_lab.rotation.row(0).transpose();
    spread += row * row.transpose() / count;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(spread);
  const Eigen::Vector3d& size = solver.eigenvalues();
  const bool agree = size[0] < std::pow(std::sin(kLevelRms), 2) && size[1] > kLeastSpread;
  if (rig.cameras.size() < 3 || !agree) return {};
  const double angle = std::acos(std::min(1.0, std::abs(solver.eigenvectors().col(0).z())));
  if (angle <= limit) return {};
  return {
      {RigDoubtKind::kSlope,
       false,
       {},
       angle / kDegree,
       limit / kDegree,
       fmt::format("this floor slopes by {:.1f} deg against the level of the cameras' images "
                   "(which agree within {:.1f} deg): is what it rests on lying flat on the floor, "
                   "and matched to the right points?",
                   angle / kDegree, std::asin(std::sqrt(std::max(0.0, size[0]))) / kDegree)}};
}

// +1 where a view shows the front of a board to the camera that should see it, -1 where its back
// is turned to the camera, 0 where nothing can be said.
int SideOf(const Camera& camera, const CalibrationTarget& target, const TargetView& view,
           const RigidTransform& lab_from_target) {
  if (view.point.empty()) return 0;
  Eigen::Vector3d middle = Eigen::Vector3d::Zero();
  for (const std::uint32_t point : view.point) middle += target.points[point];
  middle /= static_cast<double>(view.point.size());
  const bool on_back = middle.z() > 0.0;
  for (const std::uint32_t point : view.point) {
    if ((target.points[point].z() > 0.0) != on_back) return 0;  // not a flat side
  }
  const Eigen::Vector3d to_camera =
      (lab_from_target.Inverse() * camera.CentreInLab() - middle).normalized();
  if (std::abs(to_camera.z()) < kEdgeOn) return 0;
  return (to_camera.z() > 0.0) == on_back ? 1 : -1;
}

RigDoubt BoardFromBehind(const CameraRig& rig, std::vector<CameraId> wrong, std::size_t judged,
                         std::size_t views) {
  const bool all = wrong.size() == judged;
  std::string sentence =
      all ? fmt::format(
                "all {} cameras see the boards' print from behind ({} views): the world is "
                "mirrored; are all images mirrored, or is the board described with rows and "
                "columns exchanged?",
                judged, views)
          : fmt::format(
                "{} of {} cameras ({}) see the boards' print from behind ({} views): their "
                "images are mirrored or their places are wrong; mirror them back, or record "
                "boards that they see together with others",
                wrong.size(), judged, NamesOf(rig, wrong), views);
  return {RigDoubtKind::kBoardFromBehind, true, std::move(wrong),
          static_cast<double>(views),     0.0,  std::move(sentence)};
}

}  // namespace

std::string_view ToString(RigDoubtKind kind) {
  switch (kind) {
    case RigDoubtKind::kFlippedFloor:
      return "flipped_floor";
    case RigDoubtKind::kCameraBelowFloor:
      return "camera_below_floor";
    case RigDoubtKind::kDownwardImages:
      return "downward_images";
    case RigDoubtKind::kSlope:
      return "slope";
    case RigDoubtKind::kBoardFromBehind:
      return "board_from_behind";
    case RigDoubtKind::kPointBehind:
      return "point_behind_camera";
    case RigDoubtKind::kMirrored:
      return "mirrored";
    case RigDoubtKind::kShape:
      return "shape";
    case RigDoubtKind::kScale:
      return "scale";
  }
  return "unknown";
}

void PlausibilityOptions::Validate(const CameraRig& rig) const {
  for (const std::string& name : may_be_below) {
    if (rig.Find(name)) continue;
    std::vector<std::string> names;
    for (const Camera& camera : rig.cameras) names.push_back(camera.name);
    throw InputError(fmt::format("the rig has no camera {} to stand below the floor (it has {})",
                                 name, fmt::join(names, ", ")));
  }
  if (!(slope_limit > 0.0)) {
    throw InputError(fmt::format("slope_limit is {} rad, above 0 expected", slope_limit));
  }
  if (!(scale_limit > 0.0) || !(scale_warning > 0.0)) {
    throw InputError(fmt::format("scale_limit is {} and scale_warning {}, above 0 expected",
                                 scale_limit, scale_warning));
  }
}

std::vector<RigDoubt> CheckCamerasAbove(const CameraRig& rig, const std::string& likely_cause,
                                        const PlausibilityOptions& options) {
  options.Validate(rig);
  std::vector<CameraId> below;
  CameraId lowest;
  double least = 0.0;
  std::size_t judged = 0;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const auto& allowed = options.may_be_below;
    const bool may =
        std::find(allowed.begin(), allowed.end(), rig.cameras[c].name) != allowed.end();
    if (may) continue;
    ++judged;
    const double height = rig.cameras[c].CentreInLab().z();
    if (height > 0.0) continue;
    below.emplace_back(c);
    if (height <= least) lowest = CameraId(c);
    least = std::min(least, height);
  }
  if (below.empty()) return {};
  const bool most = 2 * below.size() > judged;
  std::string sentence =
      most ? fmt::format("{} of {} cameras lie below this floor (lowest {}: {:.2f} m): {}",
                         below.size(), judged, rig[lowest].name, least, likely_cause)
           : fmt::format(
                 "{} of {} cameras ({}) below this floor (lowest {}: {:.2f} m): its place in "
                 "the rig or the floor is wrong; calibrate again, or name it with --below "
                 "where it truly stands below",
                 below.size(), judged, NamesOf(rig, below), rig[lowest].name, least);
  return {{most ? RigDoubtKind::kFlippedFloor : RigDoubtKind::kCameraBelowFloor, true,
           std::move(below), least, 0.0, std::move(sentence)}};
}

std::vector<RigDoubt> CheckImagesUpright(const CameraRig& rig, const PlausibilityOptions& options) {
  std::vector<RigDoubt> findings = CheckUpward(rig);
  for (RigDoubt& finding : CheckLevel(rig, options.slope_limit)) {
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::vector<RigDoubt> CheckBoardsFaceCameras(const CameraRig& rig,
                                             const TargetObservations& observations,
                                             std::span<const TargetPose> poses) {
  std::map<std::pair<std::size_t, std::size_t>, const TargetPose*> by_instant;
  for (const TargetPose& pose : poses) by_instant[{pose.frame, pose.target}] = &pose;
  std::vector<std::size_t> front(rig.cameras.size(), 0);
  std::vector<std::size_t> behind(rig.cameras.size(), 0);
  for (const TargetView& view : observations.views) {
    const auto pose = by_instant.find({view.frame, view.target});
    if (pose == by_instant.end()) continue;
    const int side = SideOf(rig[view.camera], observations.targets[view.target], view,
                            pose->second->lab_from_target);
    if (side > 0) ++front[view.camera.index()];
    if (side < 0) ++behind[view.camera.index()];
  }
  std::vector<CameraId> wrong;
  std::size_t judged = 0;
  std::size_t views = 0;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    judged += front[c] + behind[c] > 0 ? 1 : 0;
    if (behind[c] <= front[c]) continue;
    wrong.emplace_back(c);
    views += behind[c];
  }
  if (wrong.empty()) return {};
  return {BoardFromBehind(rig, std::move(wrong), judged, views)};
}

std::vector<RigDoubt> CheckPointsInFront(const CameraRig& rig, std::span<const SeenPoint> points) {
  std::vector<RigDoubt> findings;
  for (const SeenPoint& point : points) {
    std::vector<CameraId> behind;
    for (const CameraId id : point.cameras) {
      if (!rig[id].Project(point.x_in_lab)) behind.push_back(id);
    }
    if (behind.empty()) continue;
    std::string sentence = fmt::format(
        "{} lies behind camera {} although it saw it: the camera's place is wrong; calibrate again",
        point.name, NamesOf(rig, behind));
    findings.push_back(
        {RigDoubtKind::kPointBehind, true, std::move(behind), 0.0, 0.0, std::move(sentence)});
  }
  return findings;
}

std::vector<RigDoubt> CheckScale(const ScaleCheck& check, const PlausibilityOptions& options) {
  const double off = std::abs(check.ratio - 1.0);
  const bool refuses = off > options.scale_limit + kSdOfScale * check.sd;
  if (!refuses && off <= options.scale_warning + kSdOfScale * check.sd) return {};
  return {{RigDoubtKind::kScale,
           refuses,
           {},
           check.ratio,
           options.scale_limit,
           fmt::format("{} are {:.4f} (sd {:.4f}) of what is stated, {:.1f} % {}: either they are "
                       "not what the file says or the rig has the wrong size (the board's squares, "
                       "the wand's length); measure both",
                       check.what, check.ratio, check.sd, 100.0 * off,
                       check.ratio > 1.0 ? "too long" : "too short")}};
}

std::vector<RigDoubt> CompareScales(const ScaleCheck& a, const ScaleCheck& b,
                                    const PlausibilityOptions& options) {
  const double ratio = a.ratio / b.ratio;
  const double sd = ratio * std::hypot(a.sd / a.ratio, b.sd / b.ratio);
  const double off = std::abs(ratio - 1.0);
  const bool refuses = off > options.scale_limit + kSdOfScale * sd;
  if (!refuses && off <= options.scale_warning + kSdOfScale * sd) return {};
  return {{RigDoubtKind::kScale,
           refuses,
           {},
           ratio,
           options.scale_limit,
           fmt::format("{} and {} disagree on the size of the room: {:.4f} (sd {:.4f}) of each "
                       "other, {:.1f} % apart; measure both again",
                       a.what, b.what, ratio, sd, 100.0 * off)}};
}

std::vector<RigDoubt> CheckCalibration(const CalibrationResult& result,
                                       const TargetObservations& observations) {
  return CheckBoardsFaceCameras(result.rig, observations, result.target_poses);
}

const RigDoubt* FirstRefusal(std::span<const RigDoubt> findings) {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [](const RigDoubt& finding) { return finding.refuses; });
  return found == findings.end() ? nullptr : &*found;
}

}  // namespace medius::calibration
