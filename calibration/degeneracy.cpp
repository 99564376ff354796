#include "calibration/degeneracy.hpp"

#include <algorithm>
#include <numbers>
#include <string>

#include <fmt/format.h>

namespace medius::calibration {
namespace {

constexpr std::size_t kFewestViews = 3;
// Boards within this of the image plane carry no focal length.
constexpr double kSmallestTilt = 5.0 / 180.0 * std::numbers::pi;
// Share of a camera's views that must show a plane at all.
constexpr double kLeastPlaneShare = 0.5;
constexpr double kDegrees = 180.0 / std::numbers::pi;

const std::string& NameOf(const TargetObservations& observations, CameraId camera) {
  return observations.cameras[camera.index()].name;
}

std::string ListOf(const TargetObservations& observations, const std::vector<CameraId>& cameras) {
  std::string list;
  for (const CameraId camera : cameras) {
    if (!list.empty()) list += ", ";
    list += NameOf(observations, camera);
  }
  return list;
}

Degeneracy TooFewViews(const TargetObservations& observations, CameraId camera, std::size_t found,
                       std::size_t needed) {
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kTooFewViews;
  degeneracy.cameras = {camera};
  degeneracy.value = static_cast<double>(found);
  degeneracy.limit = static_cast<double>(needed);
  degeneracy.sentence = fmt::format(
      "camera {} has {} views with enough of a board, at least {} are needed; record the board "
      "tilted in different ways in front of it",
      NameOf(observations, camera), found, needed);
  return degeneracy;
}

Degeneracy WrongTarget(const TargetObservations& observations, CameraId camera, std::size_t fit,
                       std::size_t views) {
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kWrongTarget;
  degeneracy.cameras = {camera};
  degeneracy.value = static_cast<double>(fit) / static_cast<double>(views);
  degeneracy.limit = kLeastPlaneShare;
  degeneracy.sentence = fmt::format(
      "in {} of {} views of camera {} the points do not lie as on the board; check that the board "
      "file (rows, columns, dictionary) is that of the board this camera saw",
      views - fit, views, NameOf(observations, camera));
  return degeneracy;
}

Degeneracy ParallelBoards(const TargetObservations& observations, CameraId camera, double tilt) {
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kParallelBoards;
  degeneracy.cameras = {camera};
  degeneracy.value = tilt;
  degeneracy.limit = kSmallestTilt;
  degeneracy.sentence = fmt::format(
      "in all views of camera {} the board is parallel to the image (largest tilt {:.1f} degrees): "
      "its focal length cannot be told from the distance; record the board tilted by 20 to 50 "
      "degrees, in several directions",
      NameOf(observations, camera), tilt * kDegrees);
  return degeneracy;
}

}  // namespace

Degeneracy DescribeWeakFocal(const TargetObservations& observations, CameraId camera,
                             double relative_sd, double limit) {
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kFocalUnobservable;
  degeneracy.cameras = {camera};
  degeneracy.value = relative_sd;
  degeneracy.limit = limit;
  degeneracy.sentence = fmt::format(
      "the views of camera {} fix its focal length to {:.3g} % only (1 sd; {:.3g} % is needed); "
      "record the board nearer, larger in the image and tilted by 20 to 50 degrees",
      NameOf(observations, camera), 100.0 * relative_sd, 100.0 * limit);
  return degeneracy;
}

std::optional<Degeneracy> FindCameraDegeneracy(const TargetObservations& observations,
                                               CameraId camera, std::size_t views,
                                               const IntrinsicsStart& start,
                                               bool intrinsics_known) {
  const std::size_t needed = intrinsics_known ? 1 : kFewestViews;
  if (views < needed) return TooFewViews(observations, camera, views, needed);
  if (intrinsics_known) return std::nullopt;
  // StartIntrinsics looks at no more than 80 views.
  const std::size_t looked_at = std::min<std::size_t>(views, 80);
  if (static_cast<double>(start.usable_views) < kLeastPlaneShare * static_cast<double>(looked_at)) {
    return WrongTarget(observations, camera, start.usable_views, looked_at);
  }
  if (start.usable_views < needed) {
    return TooFewViews(observations, camera, start.usable_views, needed);
  }
  if (!start.found || !(start.relative_focal_sd < kWeakestFocal)) {
    if (start.largest_tilt < kSmallestTilt) {
      return ParallelBoards(observations, camera, start.largest_tilt);
    }
    return DescribeWeakFocal(observations, camera, start.relative_focal_sd, kWeakestFocal);
  }
  if (start.largest_tilt < kSmallestTilt) {
    return ParallelBoards(observations, camera, start.largest_tilt);
  }
  return std::nullopt;
}

std::optional<Degeneracy> FindMirroredCameras(
    const TargetObservations& observations, const BundleData& data,
    const std::vector<std::vector<PoseCandidate>>& candidates) {
  // A board is printed on one side: its z axis points to all cameras, or away from all.
  const std::size_t count = observations.cameras.size();
  std::vector<int> towards(count, 0);
  std::vector<int> away(count, 0);
  for (std::size_t v = 0; v < data.views.size(); ++v) {
    if (candidates[v].empty()) continue;
    const RigidTransform& pose = candidates[v].front().camera_from_target;
    const bool is_towards = pose.rotation.col(2).dot(pose.translation) < 0.0;
    ++(is_towards ? towards : away)[data.views[v].camera];
  }
  std::vector<CameraId> sees_front;
  std::vector<CameraId> sees_back;
  for (std::size_t c = 0; c < count; ++c) {
    const int total = towards[c] + away[c];
    if (total == 0) continue;
    // One that sees both sides looks at a transparent board; nobody is mirrored then.
    if (std::min(towards[c], away[c]) * 20 > total) return std::nullopt;
    (towards[c] > away[c] ? sees_front : sees_back).emplace_back(c);
  }
  if (sees_front.empty() || sees_back.empty()) return std::nullopt;
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kMirroredCamera;
  degeneracy.cameras = sees_front.size() < sees_back.size() ? sees_front : sees_back;
  const std::vector<CameraId>& others =
      sees_front.size() < sees_back.size() ? sees_back : sees_front;
  degeneracy.value = static_cast<double>(degeneracy.cameras.size());
  degeneracy.sentence = fmt::format(
      "camera {} sees the board mirrored, camera {} does not; switch off its mirroring (a "
      "mirrored image maps x to width - 1 - x) and record or convert again",
      ListOf(observations, degeneracy.cameras), ListOf(observations, others));
  return degeneracy;
}

std::optional<Degeneracy> FindDisconnectedCameras(const TargetObservations& observations,
                                                  const std::vector<CameraPair>& votes,
                                                  const std::vector<CameraPair>& links) {
  const auto groups = LinkedGroups(links, observations.cameras.size());
  if (groups.size() == 1) return std::nullopt;
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kDisconnected;
  std::string list;
  for (const auto& group : groups) {
    degeneracy.groups.emplace_back();
    for (const std::size_t camera : group) degeneracy.groups.back().emplace_back(camera);
    list += fmt::format("{}{{{}}}", list.empty() ? "" : " and ",
                        ListOf(observations, degeneracy.groups.back()));
  }
  for (const std::size_t camera : groups.back()) degeneracy.cameras.emplace_back(camera);
  degeneracy.value = static_cast<double>(groups.size());
  degeneracy.limit = 1.0;
  // Pairs across groups that did see a board together say that something else is wrong.
  const CameraPair* contradiction = nullptr;
  const auto group_of = [&](std::size_t camera) {
    return std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return std::find(group.begin(), group.end(), camera) != group.end();
    });
  };
  for (const CameraPair& pair : votes) {
    if (group_of(pair.a) == group_of(pair.b)) continue;
    if (contradiction == nullptr || pair.common > contradiction->common) contradiction = &pair;
  }
  if (contradiction == nullptr) {
    degeneracy.sentence = fmt::format(
        "the cameras {} never see the same board at the same instant; record frames that show the "
        "board to a camera of each group at once",
        list);
  } else {
    degeneracy.sentence = fmt::format(
        "the cameras {} cannot be joined: {} and {} see the board together {} times, but only {} "
        "of these agree on how they stand to each other; check that both saw the same board, that "
        "their frames are of the same instants, and that neither moved",
        list, observations.cameras[contradiction->a].name,
        observations.cameras[contradiction->b].name, contradiction->common,
        contradiction->agreeing);
  }
  return degeneracy;
}

Degeneracy DescribeUnobservable(const TargetObservations& observations, const CameraLayout& layout,
                                int parameter, double inflation) {
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kUnobservable;
  degeneracy.value = inflation;
  std::string what = "a place";
  for (std::size_t c = 0; c < observations.cameras.size(); ++c) {
    const std::vector<int> columns = layout.ColumnsOf(c);
    const auto found = std::find(columns.begin(), columns.end(), parameter);
    if (found == columns.end()) continue;
    degeneracy.cameras = {CameraId(c)};
    if (found < columns.end() - 6) what = fmt::format("intrinsic {}", found - columns.begin());
    break;
  }
  degeneracy.sentence = fmt::format(
      "the sightings leave {} of camera {} free (its variance is {:.1e} times what it would be "
      "alone); "
      "record more views of the board, tilted in several "
      "directions and filling its image, or take a lens model of fewer terms",
      what, ListOf(observations, degeneracy.cameras), inflation);
  return degeneracy;
}

}  // namespace medius::calibration
