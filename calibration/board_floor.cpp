#include "calibration/board_floor.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <Eigen/Cholesky>
#include <Eigen/Geometry>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "calibration/bundle.hpp"
#include "calibration/median.hpp"
#include "calibration/planar_pose.hpp"
#include "calibration/ray_point.hpp"
#include "calibration/rigid_fit.hpp"
#include "calibration/so3.hpp"
#include "calibration/target_pose.hpp"
#include "calibration/view_graph.hpp"
#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kGrain = 8;
constexpr int kIterations = 30;
constexpr double kLeastScale = 0.2;  // pixels, of the robust loss
// The median of the length of a residual of unit sigma (Rayleigh): sqrt(2 ln 2).
constexpr double kMedianLength = 1.1774100225154747;
// More frames off the median than this share: the board was moved.
constexpr double kMovedShare = 0.2;
constexpr double kMinAngle = 0.035;  // radians, of the rays of a triangulated point

// The board at each instant.
struct PosesOverTime {
  std::vector<std::size_t> frame;
  std::vector<RigidTransform> lab_from_target;
};

RigState StateOf(const CameraRig& rig) {
  RigState state;
  for (const Camera& camera : rig.cameras) {
    Intrinsics intrinsics{};
    std::copy(camera.model.intrinsics().begin(), camera.model.intrinsics().end(),
              intrinsics.begin());
    state.kind.push_back(camera.model.kind());
    state.intrinsics.push_back(intrinsics);
    state.group.push_back(state.group.size());
    state.camera_from_lab.push_back(camera.camera_from_lab);
  }
  return state;
}

TargetObservations ViewsOf(const TargetObservations& observations, std::size_t target,
                           FrameRange frames) {
  TargetObservations chosen{observations.cameras, observations.targets, {}};
  for (const TargetView& view : observations.views) {
    const bool inside =
        frames.count == 0 || (view.frame >= frames.first && view.frame < frames.end());
    if (view.target == target && inside && !view.xy.empty()) chosen.views.push_back(view);
  }
  return chosen;
}

PosesOverTime FitPoses(const CameraRig& rig, const TargetObservations& observations,
                       Parallelism parallelism) {
  const RigState state = StateOf(rig);
  const BundleData data =
      MakeBundleData(observations, std::vector<std::uint8_t>(observations.views.size(), 1));
  std::vector<std::vector<PoseCandidate>> candidates(data.views.size());
  ParallelFor(parallelism, data.views.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t v = begin; v < end; ++v) {
      const std::size_t camera = data.views[v].camera;
      candidates[v] = PlanarPoseCandidates(state.kind[camera], state.intrinsics[camera].data(),
                                           data.SightingsOf(data.views[v]));
    }
  });
  const TargetStart start = StartTargets(data, state, candidates, parallelism);
  PosesOverTime poses;
  for (std::size_t p = 0; p < data.poses.size(); ++p) {
    if (start.valid[p] == 0) continue;
    poses.frame.push_back(data.poses[p].frame);
    poses.lab_from_target.push_back(start.lab_from_target[p]);
  }
  return poses;
}

Eigen::Vector3d MiddleOf(const CalibrationTarget& target) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (const Eigen::Vector3d& point : target.points) sum += point;
  return sum / static_cast<double>(target.points.size());
}

bool IsNear(const RigidTransform& a, const RigidTransform& b, const Eigen::Vector3d& middle,
            const BoardFloorOptions& options) {
  return (a * middle - b * middle).norm() <= options.still_distance &&
         RotationAngle(a.rotation * b.rotation.transpose()) <= options.still_angle;
}

// The pose with the most others near it, and which those are.
std::vector<std::uint8_t> NearTheMost(const PosesOverTime& poses, const Eigen::Vector3d& middle,
                                      const BoardFloorOptions& options, std::size_t* best) {
  std::vector<std::uint8_t> nearest;
  std::size_t most = 0;
  // Some hundred tries are as good as all.
  const std::size_t step = 1 + poses.frame.size() / 200;
  for (std::size_t i = 0; i < poses.frame.size(); i += step) {
    std::vector<std::uint8_t> near;
    std::size_t count = 0;
    for (const RigidTransform& other : poses.lab_from_target) {
      near.push_back(IsNear(poses.lab_from_target[i], other, middle, options) ? 1 : 0);
      count += near.back();
    }
    if (count <= most) continue;
    most = count;
    nearest = std::move(near);
    *best = i;
  }
  return nearest;
}

// One view a camera: the median pixel of each point over the still frames.
TargetObservations Averaged(const TargetObservations& observations,
                            const std::map<std::size_t, bool>& is_still) {
  using Key = std::pair<std::size_t, std::uint32_t>;
  std::map<Key, std::vector<Eigen::Vector2d>> seen;
  std::map<std::size_t, std::size_t> views_of_camera;
  for (const TargetView& view : observations.views) {
    const auto still = is_still.find(view.frame);
    if (still == is_still.end() || !still->second) continue;
    ++views_of_camera[view.camera.index()];
    for (std::size_t i = 0; i < view.point.size(); ++i) {
      seen[{view.camera.index(), view.point[i]}].push_back(view.xy[i]);
    }
  }
  TargetObservations averaged{observations.cameras, observations.targets, {}};
  for (const auto& [key, pixels] : seen) {
    if (2 * pixels.size() < views_of_camera[key.first]) continue;  // seen now and then
    if (averaged.views.empty() || averaged.views.back().camera.index() != key.first) {
      averaged.views.emplace_back();
      averaged.views.back().camera = CameraId(key.first);
      averaged.views.back().target = observations.views.front().target;
    }
    averaged.views.back().point.push_back(key.second);
    averaged.views.back().xy.push_back(MedianOfVectors(pixels));
  }
  return averaged;
}

// The board as it lies, with what its pose depends on.
struct LyingBoard {
  RigidTransform lab_from_target;
  double median_error = 0.0;             // pixels
  Matrix6 covariance = Matrix6::Zero();  // of the pose: rotation on the left, translation
};

LyingBoard FitLying(const CameraRig& rig, const TargetObservations& averaged,
                    const RigidTransform& start, double least_sigma) {
  const RigState state = StateOf(rig);
  const BundleData data =
      MakeBundleData(averaged, std::vector<std::uint8_t>(averaged.views.size(), 1));
  std::vector<PoseView> views;
  for (const BundleView& view : data.views) {
    views.push_back({state.kind[view.camera], state.intrinsics[view.camera].data(),
                     state.camera_from_lab[view.camera], data.SightingsOf(view)});
  }
  LyingBoard board;
  board.lab_from_target = start;
  const PoseFit fit = RefineTargetPose(views, kLeastScale, kIterations, &board.lab_from_target);
  board.median_error = std::max(least_sigma, fit.median_error / kMedianLength);
  // How the pose follows the pixels, and the cameras: d pose = -H^-1 (d g / d cameras).
  const CameraLayout layout = LayoutOf(rig);
  Matrix6 H = Matrix6::Zero();
  Eigen::MatrixXd by_rig = Eigen::MatrixXd::Zero(6, layout.size);
  const RobustLoss loss{std::max(kLeastScale, 2.0 * fit.median_error)};
  for (const BundleView& view : data.views) {
    const std::size_t c = view.camera;
    const std::vector<std::uint8_t> all(view.end - view.begin, 1);
    ViewNormal normal;
    const bool seen = LinearizeView(state.kind[c], state.intrinsics[c].data(),
                                    state.camera_from_lab[c] * board.lab_from_target,
                                    data.SightingsOf(view), all.data(), loss, &normal);
    if (!seen) continue;
    const int K = layout.intrinsics_count[c];
    const Matrix6 of_target = ByTargetPose(state.camera_from_lab[c]);
    const Matrix6 of_camera = ByCameraPose(state.camera_from_lab[c], board.lab_from_target);
    const Eigen::MatrixXd pose_rows = of_target.transpose() * normal.H.bottomRows(6);
    H += pose_rows.rightCols(6) * of_target;
    by_rig.middleCols(layout.intrinsics_offset[c], K) += pose_rows.leftCols(K);
    by_rig.middleCols<6>(layout.pose_offset[c]) += pose_rows.rightCols(6) * of_camera;
  }
  const Matrix6 inverse = H.ldlt().solve(Matrix6::Identity());
  board.covariance = board.median_error * board.median_error * inverse;
  if (rig.joint_covariance) {
    const Eigen::MatrixXd by = inverse * by_rig;
    board.covariance += by * *rig.joint_covariance * by.transpose();
  }
  return board;
}

Eigen::Vector3d Direction(BoardAxis axis) {
  switch (axis) {
    case BoardAxis::kPlusX:
      return Eigen::Vector3d::UnitX();
    case BoardAxis::kMinusX:
      return -Eigen::Vector3d::UnitX();
    case BoardAxis::kPlusY:
      return Eigen::Vector3d::UnitY();
    case BoardAxis::kMinusY:
      return -Eigen::Vector3d::UnitY();
  }
  return Eigen::Vector3d::UnitX();
}

// The lab of a board whose print lies at z = print, seen from its front (negative z) or back.
RigidTransform LabFromBoard(const BoardFloorOptions& options, double print) {
  const Eigen::Vector3d z = (print > 0.0 ? 1.0 : -1.0) * Eigen::Vector3d::UnitZ();
  const Eigen::Vector3d x = Direction(options.x_axis);
  RigidTransform lab_from_board;
  lab_from_board.rotation.row(0) = x.transpose();
  lab_from_board.rotation.row(1) = z.cross(x).transpose();
  lab_from_board.rotation.row(2) = z.transpose();
  lab_from_board.translation = {0.0, 0.0, options.thickness - z.z() * print};
  return lab_from_board;
}

// Covariance of the frame lab_from_board * board_from_old by that of old_from_board.
Matrix6 CovarianceOfFrame(const LyingBoard& board, const RigidTransform& lab_from_board) {
  const Eigen::Matrix3d turn =
      -(lab_from_board.rotation * board.lab_from_target.rotation.transpose());
  Matrix6 by = Matrix6::Zero();
  by.topLeftCorner<3, 3>() = turn;
  by.bottomRightCorner<3, 3>() = turn;
  by.bottomLeftCorner<3, 3>() = Skew(lab_from_board.translation) * turn;
  return by * board.covariance * by.transpose();
}

// Points of the board that two cameras or more saw, triangulated.
struct Triangulated {
  std::vector<Eigen::Vector3d> stated;  // board
  std::vector<Eigen::Vector3d> found;   // old frame
  std::vector<FloorPoint> points;
};

Triangulated TriangulateBoard(const CameraRig& rig, const TargetObservations& averaged) {
  std::map<std::uint32_t, std::vector<std::pair<CameraId, Eigen::Vector2d>>> seen;
  for (const TargetView& view : averaged.views) {
    for (std::size_t i = 0; i < view.point.size(); ++i) {
      seen[view.point[i]].emplace_back(view.camera, view.xy[i]);
    }
  }
  Triangulated all;
  const CalibrationTarget& target = averaged.targets[averaged.views.front().target];
  for (const auto& [point, sightings] : seen) {
    std::vector<SeenPixel> pixels;
    FloorPoint floor_point;
    for (const auto& [camera, xy] : sightings) {
      pixels.push_back({&rig[camera], xy});
      floor_point.cameras.push_back(camera);
    }
    const auto found = PointFromRays(pixels, kMinAngle);
    if (!found) continue;
    floor_point.name = fmt::format("point {}", point);
    floor_point.found = found->x_in_lab;
    floor_point.rms_px = found->rms_px;
    floor_point.stated = target.points[point];
    all.stated.push_back(target.points[point]);
    all.found.push_back(found->x_in_lab);
    all.points.push_back(std::move(floor_point));
  }
  return all;
}

double ExtentOf(const CalibrationTarget& target) {
  const Eigen::Vector3d middle = MiddleOf(target);
  double sum = 0.0;
  for (const Eigen::Vector3d& point : target.points) sum += (point - middle).squaredNorm();
  return std::sqrt(sum / static_cast<double>(target.points.size()));
}

// Scale, heights and the outermost points, where enough were seen by two cameras.
void Describe(const Triangulated& all, const CalibrationTarget& target,
              const RigidTransform& lab_from_board, const FloorOptions& options,
              FloorResult* floor) {
  if (all.stated.size() < 4 || ExtentAcrossLine(all.stated) < 0.2 * ExtentOf(target)) {
    floor->warnings.push_back(
        "too few points of the board were seen by two cameras: neither its size nor its flatness "
        "could be checked");
    return;
  }
  const SimilarityFit fit = FitSimilarity(all.stated, all.found);
  floor->scale = ScaleCheck{fmt::format("the distances on {}", target.name), fit.scale,
                            std::hypot(fit.scale_sd, options.point_sd / ExtentOf(target))};
  double sum = 0.0;
  std::vector<FloorPoint> points = all.points;
  for (FloorPoint& point : points) {
    point.stated = lab_from_board * point.stated;
    point.found = floor->lab_from_old * point.found;
    sum += std::pow(point.found.z() - point.stated.z(), 2);
  }
  floor->plane_rms = std::sqrt(sum / static_cast<double>(points.size()));
  for (const Eigen::Vector2d& corner : {Eigen::Vector2d(-1, -1), Eigen::Vector2d(1, -1),
                                        Eigen::Vector2d(1, 1), Eigen::Vector2d(-1, 1)}) {
    const auto outermost = std::max_element(
        points.begin(), points.end(), [&](const FloorPoint& a, const FloorPoint& b) {
          return corner.dot(a.stated.head<2>()) < corner.dot(b.stated.head<2>());
        });
    floor->points.push_back(*outermost);
  }
}

std::string StretchesInWords(const std::vector<StillStretch>& stretches) {
  std::vector<std::string> words;
  for (const StillStretch& stretch : stretches) {
    words.push_back(fmt::format("{}:{} ({} seen)", stretch.first, stretch.last, stretch.poses));
  }
  if (words.empty()) return "it never does for 5 frames on end";
  return fmt::format("it does in {}", fmt::join(words, ", "));
}

FloorResult Moved(const CalibrationTarget& target, std::size_t moved, std::size_t poses,
                  const std::vector<StillStretch>& stretches) {
  return NoFloor("board",
                 fmt::format("{} does not lie still: in {} of {} frames it is elsewhere; name with "
                             "--frames those in which it lies on the floor ({})",
                             target.name, moved, poses, StretchesInWords(stretches)));
}

// z of the print that was seen; nullopt where both sides were.
std::optional<double> PrintOf(const TargetObservations& averaged) {
  std::optional<double> print;
  for (const TargetView& view : averaged.views) {
    for (const std::uint32_t point : view.point) {
      const double z = averaged.targets[view.target].points[point].z();
      if (print && std::abs(*print - z) > 1e-6) return std::nullopt;
      print = z;
    }
  }
  return print;
}

FloorResult FloorOf(const CameraRig& rig, const TargetObservations& averaged,
                    const RigidTransform& start, double print, const BoardFloorOptions& options) {
  FloorResult floor;
  floor.source = "board";
  const CalibrationTarget& target = averaged.targets[averaged.views.front().target];
  const LyingBoard board = FitLying(rig, averaged, start, options.floor.least_sigma_px);
  const RigidTransform lab_from_board = LabFromBoard(options, print);
  floor.lab_from_old = lab_from_board * board.lab_from_target.Inverse();
  floor.covariance = CovarianceOfFrame(board, lab_from_board);
  const double unevenness = std::pow(options.floor.point_sd, 2);
  floor.covariance.diagonal().head<3>().array() += unevenness / std::pow(ExtentOf(target), 2);
  floor.covariance.diagonal().tail<3>().array() += unevenness;
  floor.has_rig_covariance = rig.joint_covariance.has_value();
  floor.sigma_px = board.median_error;
  const TargetPose pose{averaged.views.front().frame, averaged.views.front().target,
                        board.lab_from_target, averaged.views.size()};
  floor.findings = CheckBoardsFaceCameras(rig, averaged, {&pose, 1});
  Describe(TriangulateBoard(rig, averaged), target, lab_from_board, options.floor, &floor);
  const RigidTransform before = floor.lab_from_old;
  FinishFloor(rig,
              "the board's print faces the floor or its images are mirrored; lay it print up, and "
              "check that the video is not mirrored",
              options.floor, &floor);
  const RigidTransform change = floor.lab_from_old * before.Inverse();
  for (FloorPoint& point : floor.points) {
    point.found = change * point.found;
    point.stated = change * point.stated;
  }
  return floor;
}

}  // namespace

void BoardFloorOptions::Validate(const CameraRig& rig) const {
  floor.Validate(rig);
  if (!(thickness >= 0.0) || !std::isfinite(thickness)) {
    throw InputError(fmt::format("thickness is {} m, 0 or more expected", thickness));
  }
  if (!(still_distance > 0.0) || !(still_angle > 0.0)) {
    throw InputError(fmt::format("still_distance is {} m and still_angle {} rad, above 0 expected",
                                 still_distance, still_angle));
  }
}

std::vector<StillStretch> FindStillStretches(const CameraRig& rig,
                                             const TargetObservations& observations,
                                             std::size_t target, const BoardFloorOptions& options) {
  constexpr std::size_t kFewest = 5;
  constexpr std::size_t kMost = 5;
  const PosesOverTime poses = FitPoses(rig, ViewsOf(observations, target, {}), options.parallelism);
  const Eigen::Vector3d middle = MiddleOf(observations.targets[target]);
  std::vector<StillStretch> stretches;
  for (std::size_t i = 0; i < poses.frame.size();) {
    std::size_t end = i + 1;
    while (end < poses.frame.size() &&
           IsNear(poses.lab_from_target[i], poses.lab_from_target[end], middle, options)) {
      ++end;
    }
    if (end - i >= kFewest) stretches.push_back({poses.frame[i], poses.frame[end - 1], end - i});
    i = end;
  }
  std::stable_sort(stretches.begin(), stretches.end(),
                   [](const StillStretch& a, const StillStretch& b) { return a.poses > b.poses; });
  if (stretches.size() > kMost) stretches.resize(kMost);
  return stretches;
}

FloorResult FloorFromBoard(const CameraRig& rig, const TargetObservations& observations,
                           std::size_t target, FrameRange frames,
                           const BoardFloorOptions& options) {
  options.Validate(rig);
  MEDIUS_CHECK(target < observations.targets.size(), "a board of the observations");
  MEDIUS_CHECK(observations.cameras.size() == rig.cameras.size(), "the cameras of the rig");
  const std::string& name = observations.targets[target].name;
  const TargetObservations views = ViewsOf(observations, target, frames);
  const PosesOverTime poses = FitPoses(rig, views, options.parallelism);
  if (poses.frame.empty()) {
    return NoFloor("board",
                   fmt::format("{} was not seen well enough to be placed in any of these frames; "
                               "lay it where cameras see it at an angle of 15 degrees or more",
                               name));
  }
  std::size_t best = 0;
  const Eigen::Vector3d middle = MiddleOf(observations.targets[target]);
  const std::vector<std::uint8_t> near = NearTheMost(poses, middle, options, &best);
  std::map<std::size_t, bool> is_still;
  std::size_t moved = 0;
  for (std::size_t i = 0; i < near.size(); ++i) {
    is_still[poses.frame[i]] = near[i] != 0;
    moved += near[i] != 0 ? 0 : 1;
  }
  if (static_cast<double>(moved) > kMovedShare * static_cast<double>(near.size())) {
    return Moved(observations.targets[target], moved, near.size(),
                 FindStillStretches(rig, observations, target, options));
  }
  const TargetObservations averaged = Averaged(views, is_still);
  if (averaged.views.empty()) {
    return NoFloor("board",
                   fmt::format("no corner of {} was seen in half of the frames in which it lay "
                               "still: it is covered, or found only now and then; clear the way "
                               "to it, light it evenly, or name other frames with --frames",
                               name));
  }
  const std::optional<double> print = PrintOf(averaged);
  if (!print) {
    return NoFloor("board",
                   fmt::format("both sides of {} were seen at once: it does not lie on the "
                               "floor in these frames; name others with --frames",
                               name));
  }
  return FloorOf(rig, averaged, poses.lab_from_target[best], *print, options);
}

}  // namespace medius::calibration
