#pragma once

#include <string>
#include <vector>

#include "capture/scene.hpp"

namespace medius::capture {

/// An L-frame on the floor: four markers that stand still, L1 at the corner (above the lab's
/// origin), L2 at the end of the short arm (400 mm, the runner's left), L3 and L4 on the long arm
/// (200 and 600 mm, the direction of running), all 20 mm above the floor. The same as
/// datasets/l_frames/virtual_lab.toml.
class LFrameScene : public Scene {
 public:
  LFrameScene();
  [[nodiscard]] const std::vector<std::string>& labels() const override { return labels_; }
  void At(double time, SceneState& state) const override;

 private:
  std::vector<std::string> labels_;
  std::vector<Eigen::Vector3d> markers_;
};

}  // namespace medius::capture
