#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "capture/scenario.hpp"
#include "capture/scene.hpp"

namespace medius::capture {

/// A wand of three markers in a line, waved through the capture volume: its middle visits the box
/// of the scenario, its direction turns everywhere. Labels WAND1, WAND2, WAND3 from one end to the
/// other; WAND2 stands nearer to WAND1. The arm that waves it hides nothing.
class WandScene : public Scene {
 public:
  /// @param place  lab x and y of the middle of the volume, metres.
  WandScene(const WandScenario& wand, const Eigen::Vector2d& place, std::uint64_t seed);
  [[nodiscard]] const std::vector<std::string>& labels() const override { return labels_; }
  void At(double time, SceneState& state) const override;

 private:
  // A smooth number in [-1, 1] that wanders without repeating.
  struct Wander {
    std::array<double, 3> rate_hz{};
    std::array<double, 3> phase{};
    [[nodiscard]] double At(double time) const;
  };
  WandScenario wand_;
  Eigen::Vector3d centre_;
  std::array<Wander, 3> place_{};
  std::array<Wander, 2> direction_{};
  std::vector<std::string> labels_ = {"WAND1", "WAND2", "WAND3"};
};

}  // namespace medius::capture
