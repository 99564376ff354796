#include "calibration/degeneracy.hpp"

#include <algorithm>
#include <map>
#include <numbers>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace medius::calibration {
namespace {

constexpr std::size_t kFewestViews = 3;
// Boards within this of the image plane carry no focal length.
constexpr double kSmallestTilt = 5.0 / 180.0 * std::numbers::pi;
// Share of a camera's views that must show a plane at all.
constexpr double kLeastPlaneShare = 0.5;
constexpr double kDegrees = 180.0 / std::numbers::pi;

// A start that leaves more than this, pixels, has points that are not where the board has them.
double LargestStartError(const IntrinsicsStart& start) {
  return std::max(4.0, 0.12 * start.spacing_px);
}

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
  if (found > 0) {
    degeneracy.sentence = fmt::format(
        "camera {} has {} views with enough of a board (6 points), at least {} are needed and 20 "
        "are good; record the board in front of it, tilted in different ways, while a neighbour "
        "sees it too",
        NameOf(observations, camera), found, needed);
    return degeneracy;
  }
  std::set<std::size_t> frames;
  for (const TargetView& view : observations.views) {
    if (view.camera != camera && !view.xy.empty()) frames.insert(view.frame);
  }
  degeneracy.sentence = fmt::format(
      "camera {} has 0 views of a board ({} frames show it to others); check that its images are "
      "of this recording, sharp and not mirrored (a mirrored code cannot be read), and show it "
      "the board while a neighbour sees it too; or leave the camera out",
      NameOf(observations, camera), frames.size());
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

// The points of a view lie elsewhere than on the board, by a good part of their distance.
Degeneracy WrongLayout(const TargetObservations& observations, CameraId camera,
                       const IntrinsicsStart& start) {
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kWrongTarget;
  degeneracy.cameras = {camera};
  degeneracy.value = start.upper_error_px;
  degeneracy.limit = LargestStartError(start);
  degeneracy.sentence = fmt::format(
      "the points that camera {} saw do not lie as on the board: a quarter of them is more than "
      "{:.0f} px off at best, with {:.0f} px from one point to the next; check that the board file "
      "(rows, columns, dictionary) is that of the board this camera saw",
      NameOf(observations, camera), start.upper_error_px, start.spacing_px);
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
  if (start.upper_error_px > LargestStartError(start)) {
    return WrongLayout(observations, camera, start);
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
      "camera {} sees the board mirrored, unlike {}; switch off its mirroring (a mirrored image "
      "maps x to width - 1 - x) and record or convert again",
      ListOf(observations, degeneracy.cameras), ListOf(observations, others));
  return degeneracy;
}

namespace {

std::vector<std::size_t> GroupOfCamera(const std::vector<std::vector<std::size_t>>& groups,
                                       std::size_t cameras) {
  std::vector<std::size_t> group_of(cameras, 0);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const std::size_t camera : groups[g]) group_of[camera] = g;
  }
  return group_of;
}

// Two views of one target by cameras of different groups, as near in time as there are.
struct NearestViews {
  const BundleView* a = nullptr;
  const BundleView* b = nullptr;
  std::size_t frame_a = 0;
  std::size_t frame_b = 0;
};

NearestViews FindNearestViews(const BundleData& data, const std::vector<std::size_t>& group_of) {
  NearestViews nearest;
  // The last view of each target and group; poses are in the order of their frames.
  std::map<std::pair<std::size_t, std::size_t>, std::pair<std::size_t, const BundleView*>> last;
  for (const BundlePose& pose : data.poses) {
    for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) {
      const BundleView& view = data.views[v];
      const std::size_t own = group_of[view.camera];
      for (const auto& [key, other] : last) {
        if (key.first != pose.target || key.second == own) continue;
        const bool is_nearer =
            nearest.a == nullptr || pose.frame - other.first < nearest.frame_b - nearest.frame_a;
        if (is_nearer) nearest = {other.second, &view, other.first, pose.frame};
      }
      last[{pose.target, own}] = {pose.frame, &view};
    }
  }
  return nearest;
}

std::string SayNeverMeet(const TargetObservations& observations, const std::string& list,
                         const NearestViews& nearest) {
  if (nearest.a == nullptr) {
    return fmt::format(
        "the cameras {} never see the same board at the same instant; record at least 5 frames "
        "that show the board to a camera of each group at once",
        list);
  }
  return fmt::format(
      "the cameras {} never see the same board at the same instant; nearest are {} (frame {}) and "
      "{} (frame {}): record at least 5 frames that show the board, in different places, to both "
      "at once, or check how the frames are grouped if they did",
      list, observations.cameras[nearest.a->camera].name, nearest.frame_a,
      observations.cameras[nearest.b->camera].name, nearest.frame_b);
}

// Frames at which both cameras of a pair saw a target, the first few.
std::string FramesOf(const BundleData& data, const CameraPair& pair) {
  std::string list;
  for (const BundlePose& pose : data.poses) {
    bool by_a = false;
    bool by_b = false;
    for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) {
      by_a = by_a || data.views[v].camera == pair.a;
      by_b = by_b || data.views[v].camera == pair.b;
    }
    if (by_a && by_b) list += fmt::format("{}{}", list.empty() ? "" : ", ", pose.frame);
  }
  return list;
}

std::string SayTooLittleInCommon(const TargetObservations& observations, const BundleData& data,
                                 const std::string& list, const CameraPair& pair) {
  return fmt::format(
      "the cameras {} have too little in common: {} and {} see the board together only at frame "
      "{}, which cannot tell how they stand to each other; record at least 5 frames that show the "
      "board, in different places, to both at once",
      list, observations.cameras[pair.a].name, observations.cameras[pair.b].name,
      FramesOf(data, pair));
}

std::string SayContradiction(const TargetObservations& observations, const std::string& list,
                             const CameraPair& pair) {
  return fmt::format(
      "the cameras {} cannot be joined: {} and {} see the board together {} times, but only {} "
      "of these agree on how they stand to each other; check that both saw the same board, that "
      "their frames are of the same instants, and that neither moved",
      list, observations.cameras[pair.a].name, observations.cameras[pair.b].name, pair.common,
      pair.agreeing);
}

}  // namespace

std::optional<Degeneracy> FindDisconnectedCameras(const TargetObservations& observations,
                                                  const BundleData& data,
                                                  const std::vector<CameraPair>& votes,
                                                  const std::vector<CameraPair>& links) {
  const auto groups = LinkedGroups(links, observations.cameras.size());
  if (groups.size() == 1) return std::nullopt;
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kDisconnected;
  degeneracy.value = static_cast<double>(groups.size());
  degeneracy.limit = 1.0;
  std::string list;
  for (const auto& group : groups) {
    degeneracy.groups.emplace_back();
    for (const std::size_t camera : group) degeneracy.groups.back().emplace_back(camera);
    list += fmt::format("{}{{{}}}", list.empty() ? "" : " and ",
                        ListOf(observations, degeneracy.groups.back()));
  }
  // Pairs across groups that did see a board together say that something else is wrong.
  const auto group_of = GroupOfCamera(groups, observations.cameras.size());
  const CameraPair* contradiction = nullptr;
  for (const CameraPair& pair : votes) {
    if (group_of[pair.a] == group_of[pair.b]) continue;
    if (contradiction == nullptr || pair.common > contradiction->common) contradiction = &pair;
  }
  if (contradiction != nullptr) {
    degeneracy.cameras = {CameraId(contradiction->a), CameraId(contradiction->b)};
    degeneracy.is_contradiction = contradiction->common > 2;
    degeneracy.sentence = degeneracy.is_contradiction
                              ? SayContradiction(observations, list, *contradiction)
                              : SayTooLittleInCommon(observations, data, list, *contradiction);
    return degeneracy;
  }
  const NearestViews nearest = FindNearestViews(data, group_of);
  if (nearest.a != nullptr) {
    degeneracy.cameras = {CameraId(nearest.a->camera), CameraId(nearest.b->camera)};
  }
  degeneracy.sentence = SayNeverMeet(observations, list, nearest);
  return degeneracy;
}

Degeneracy DescribeNoConvergence(const TargetObservations& observations,
                                 const std::vector<CameraNumbers>& cameras, int iterations) {
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kPoorFit;
  degeneracy.value = iterations;
  degeneracy.limit = iterations;
  std::size_t worst = 0;
  for (std::size_t c = 1; c < cameras.size(); ++c) {
    if (cameras[c].rms > cameras[worst].rms) worst = c;
  }
  degeneracy.cameras = {CameraId(worst)};
  degeneracy.sentence = fmt::format(
      "the adjustment did not come to rest in {} iterations; the sightings of camera {} fit worst "
      "({:.2f} px rms): record more views of the board there, tilted in several directions and "
      "filling its image, or take a lens model of fewer terms",
      iterations, NameOf(observations, degeneracy.cameras[0]), cameras[worst].rms);
  return degeneracy;
}

Degeneracy DescribeLostBoards() {
  Degeneracy degeneracy;
  degeneracy.kind = DegeneracyKind::kPoorFit;
  degeneracy.sentence =
      "no board finds a place in front of the cameras that see it; check that the cameras saw the "
      "same board at the same instants, and the initial rig if one was given";
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
  if (degeneracy.cameras.empty()) {
    degeneracy.sentence =
        "the sightings leave the bend of a board free; record more views of it, tilted and near, "
        "or calibrate without the bend";
    return degeneracy;
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
