#pragma once

#include <string>
#include <vector>

#include "capture/body_limbs.hpp"
#include "capture/scene.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"

namespace medius::capture {

/// A stretch of recorded trajectories as a scene, with the limbs of the body that bears the markers
/// where one is given. Between frames a marker follows the cubic through the two frames on either
/// side, nearer the ends of the recording or a gap the line through two; where a neighbouring frame
/// lacks it, it is missing. Before the first frame and after the last it holds still.
class TrajectoryScene : public Scene {
 public:
  /// @param block  frames of the trial; instants asked for lie within its frames by two on each
  ///               side, or by all there are.
  /// @param body   of the same labels; nullptr: nothing hides a marker. Outlives the scene.
  TrajectoryScene(const std::vector<std::string>& labels, const TimeBase& time_base,
                  TrajectoryBlock block, const BodyLimbs* body = nullptr);
  [[nodiscard]] const std::vector<std::string>& labels() const override { return labels_; }
  void At(double time, SceneState& state) const override;

 private:
  [[nodiscard]] Eigen::Vector3d Between(std::size_t frame, double time, MarkerId marker) const;

  const std::vector<std::string>& labels_;
  const TimeBase& time_base_;
  TrajectoryBlock block_;
  const BodyLimbs* body_;
};

}  // namespace medius::capture
