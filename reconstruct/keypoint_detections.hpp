#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "reconstruct/direction_table.hpp"
#include "reconstruct/frame_sightings.hpp"
#include "reconstruct/keypoint_skeleton.hpp"
#include "reconstruct/triangulation.hpp"

namespace medius::reconstruct {

inline constexpr std::int32_t kNoRow = -1;

/// One keypoint of a detection, ready for geometry.
struct DetectedKeypoint {
  std::int32_t row = kNoRow;  ///< of the camera's rows in the block; kNoRow where it was not seen
  Sighting sighting;
  Eigen::Vector3d direction;  ///< unit, lab

  [[nodiscard]] bool IsSeen() const { return row != kNoRow; }
};

/// One person as one camera saw it in one frame.
struct Detection {
  std::size_t camera = 0;
  std::vector<DetectedKeypoint> points;  ///< by label as the estimator said
  std::size_t seen = 0;                  ///< of them
};

/// Mean over some keypoints of squared distances over their variance, each cut at kMostSquared.
struct MeanCost {
  double sum = 0.0;
  std::size_t count = 0;
  [[nodiscard]] double Mean() const { return count == 0 ? 0.0 : sum / static_cast<double>(count); }
  MeanCost& operator+=(const MeanCost& other) {
    sum += other.sum;
    count += other.count;
    return *this;
  }
};
/// One wrong keypoint must not decide over a person.
inline constexpr double kMostSquared = 25.0;

/// Directions, centres and focal lengths of a rig.
class DetectionGeometry {
 public:
  DetectionGeometry(const CameraRig& rig, const SightingWeights& weights);

  /// The detections of one frame of a block, camera by camera, in the order of their instances.
  /// Sightings without label or instance are in none.
  /// @param frame  counted from the block's first; @param time  seconds, of that frame.
  [[nodiscard]] std::vector<Detection> Load(const ObservationBlock& block, std::size_t frame,
                                            double time, std::size_t label_count) const;

  /// How well keypoint a of one camera and b of another can be one point: the squared distance of
  /// their rays over its variance (chi-square, 1 degree of freedom, where they are); nullopt where
  /// the rays are so nearly parallel that they tell nothing.
  [[nodiscard]] std::optional<double> RayDistance2(const DetectedKeypoint& a,
                                                   const DetectedKeypoint& b) const;

  /// The cost of a chain in two detections as it stands and with the sides of one exchanged.
  struct ChainCost {
    MeanCost same;
    MeanCost exchanged;
  };
  [[nodiscard]] ChainCost CostOf(const std::vector<MirrorPair>& pairs, const Detection& a,
                                 const Detection& b) const;
  /// Of two detections as one person, whichever sides are exchanged.
  [[nodiscard]] MeanCost PairCost(const KeypointSkeleton& skeleton, const Detection& a,
                                  const Detection& b) const;

  /// Where the cameras look: the point nearest to their axes.
  [[nodiscard]] Eigen::Vector3d Middle() const { return middle_; }

 private:
  CameraRig rig_;
  SightingWeights weights_;
  std::vector<DirectionTable> directions_;
  std::vector<Eigen::Vector3d> centres_;
  std::vector<double> focal_length_;
  Eigen::Vector3d middle_;
};

}  // namespace medius::reconstruct
