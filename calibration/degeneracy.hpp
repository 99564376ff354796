#pragma once

#include <optional>
#include <vector>

#include "calibration/intrinsics_start.hpp"
#include "calibration/planar_pose.hpp"
#include "calibration/result.hpp"
#include "calibration/view_graph.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// What is wrong with the views of one camera, by its start; nullopt: nothing.
/// @param views           views with enough points for a plane.
/// @param intrinsics_known  that they were given: then boards need not be tilted.
std::optional<Degeneracy> FindCameraDegeneracy(const TargetObservations& observations,
                                               CameraId camera, std::size_t views,
                                               const IntrinsicsStart& start, bool intrinsics_known);

/// Cameras that see the boards from the other side than most do (a mirrored image).
/// @param candidates  [views] of the data.
std::optional<Degeneracy> FindMirroredCameras(
    const TargetObservations& observations, const BundleData& data,
    const std::vector<std::vector<PoseCandidate>>& candidates);

/// Groups of cameras that no pair links, with the pair of cameras nearest to being one.
/// @param votes  all pairs that have a target in common, also those that do not agree.
std::optional<Degeneracy> FindDisconnectedCameras(const TargetObservations& observations,
                                                  const BundleData& data,
                                                  const std::vector<CameraPair>& votes,
                                                  const std::vector<CameraPair>& links);

/// A parameter that the adjusted rig leaves free.
Degeneracy DescribeUnobservable(const TargetObservations& observations, const CameraLayout& layout,
                                int parameter, double inflation);

/// A focal length that the adjusted rig knows too badly to be used.
Degeneracy DescribeWeakFocal(const TargetObservations& observations, CameraId camera,
                             double relative_sd, double limit);

/// An adjustment that did not come to rest.
/// @param cameras  [cameras] what was reached.
Degeneracy DescribeNoConvergence(const TargetObservations& observations,
                                 const std::vector<CameraNumbers>& cameras, int iterations);

/// No board found its place in front of the cameras.
Degeneracy DescribeLostBoards();

/// Largest relative sd of a focal length that is still one.
inline constexpr double kWeakestFocal = 0.1;

}  // namespace medius::calibration
