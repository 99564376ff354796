#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "capture/anthropometry.hpp"
#include "capture/body_pose.hpp"
#include "capture/scene.hpp"
#include "capture/standing.hpp"
#include "capture/virtual_runner.hpp"

namespace medius::capture {

/// A marker on the virtual body. The labels are those of datasets/marker_sets/virtual_lab.toml.
struct BodyMarker {
  std::string label;
  Segment segment = Segment::kPelvis;
  Eigen::Vector3d x_in_segment;  ///< metres, in the axes of BodyPose
  bool static_only = false;      ///< taken off before the run
  double skin = 0.0;             ///< m, rms displacement while running
};

/// The markers of the body: landmarks exactly at their bones, clusters scattered a little by the
/// seed as a hand would place them.
[[nodiscard]] std::vector<BodyMarker> PlaceMarkers(const BodyScenario& body,
                                                   const Anthropometry& anthropometry,
                                                   std::uint64_t seed);

/// The solid limbs in a pose.
void PlaceLimbs(const Anthropometry& anthropometry, const BodyPose& pose, std::vector<Limb>& limbs);

/// How a marker strays on the skin: two harmonics of the stride and two slow waves that do not
/// repeat with it, smooth in time.
class SkinMotion {
 public:
  SkinMotion() = default;
  /// @param rms  m, of the 3D displacement.
  SkinMotion(double rms, std::uint64_t seed, std::uint32_t marker);
  [[nodiscard]] Eigen::Vector3d At(double stride_coordinate) const;

 private:
  struct Wave {
    Eigen::Vector3d amplitude = Eigen::Vector3d::Zero();
    double per_stride = 0.0;
    double phase = 0.0;
  };
  std::array<Wave, 6> waves_{};
};

/// The runner of a run with its markers.
class RunnerScene : public Scene {
 public:
  RunnerScene(const VirtualRunner& runner, const BodyScenario& body, std::uint64_t seed);
  [[nodiscard]] const std::vector<std::string>& labels() const override { return labels_; }
  void At(double time, SceneState& state) const override;

 private:
  const VirtualRunner& runner_;
  bool limbs_hide_;
  std::vector<std::string> labels_;
  std::vector<BodyMarker> markers_;
  std::vector<SkinMotion> skin_;
};

/// The same body standing, with all its markers, swaying by some millimetres.
class StandingScene : public Scene {
 public:
  StandingScene(const StandingState& standing, const Anthropometry& anthropometry,
                const BodyScenario& body, std::uint64_t seed);
  [[nodiscard]] const std::vector<std::string>& labels() const override { return labels_; }
  void At(double time, SceneState& state) const override;

 private:
  std::vector<std::string> labels_;
  SceneState still_;
};

}  // namespace medius::capture
