#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "calibration/temporal.hpp"

namespace medius::calibration {

/// Target poses by (frame, target).
using PoseMap = std::map<std::pair<std::size_t, std::size_t>, RigidTransform>;

PoseMap MapPoses(const std::vector<TargetPose>& poses);

std::vector<std::uint8_t> ViewsWithPose(const TargetObservations& observations,
                                        const PoseMap& poses,
                                        const std::vector<std::size_t>& unused);

TemporalData LayOut(const TargetObservations& observations,
                    const std::vector<std::uint8_t>& use_view, const TemporalOptions& options);

/// Knots at rest at the start's poses.
void PlaceKnots(const TemporalData& data, const PoseMap& poses, TemporalState* state);

/// The rig as the adjustment holds it; cameras that share intrinsics by `group`.
RigState StateOf(const CameraRig& rig, const std::vector<std::size_t>& group);

std::vector<std::vector<Eigen::Vector2d>> EmptyResiduals(const TargetObservations& observations);

void ScatterResiduals(const TemporalData& data, const std::vector<Eigen::Vector2d>& flat,
                      std::vector<std::vector<Eigen::Vector2d>>* residuals);

}  // namespace medius::calibration
