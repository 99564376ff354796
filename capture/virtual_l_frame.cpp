#include "capture/virtual_l_frame.hpp"

namespace medius::capture {

LFrameScene::LFrameScene()
    : labels_{"L1", "L2", "L3", "L4"},
      markers_{{0.0, 0.0, 0.02}, {0.0, 0.4, 0.02}, {0.2, 0.0, 0.02}, {0.6, 0.0, 0.02}} {}

void LFrameScene::At(double /*time*/, SceneState& state) const {
  state.limbs.clear();
  state.markers = markers_;
}

}  // namespace medius::capture
