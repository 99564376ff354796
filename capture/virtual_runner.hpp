#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "capture/anthropometry.hpp"
#include "capture/body_pose.hpp"
#include "capture/gait_curves.hpp"
#include "capture/gait_timing.hpp"
#include "capture/leg_solver.hpp"
#include "capture/scenario.hpp"
#include "core/events.hpp"

namespace medius::capture {

/// The body at one instant.
struct RunnerState {
  BodyAngles angles;
  BodyPose pose;
  /// Strides since some strike before the trial: what repeats, repeats with its fraction.
  double stride_coordinate = 0.0;
  double leg_reach = 0.0;  ///< of the longer reaching leg; at 1 the knee would be straight
};

/// A runner on a treadmill whose joint angles are known exactly at any time. Pelvis angles, hip
/// adduction and rotation and knee adduction are prescribed as periodic curves with
/// stride-to-stride variation and drift. The feet are prescribed too (on the ground they move with
/// the belt, without slip); hip and knee flexion follow from them. The prescribed angles are twice
/// differentiable in time, hip and knee flexion once.
class VirtualRunner {
 public:
  /// Finds the height of the pelvis and the swing of the feet that give the knee and hip flexion
  /// asked for.
  /// @param place  lab x and y of the runner, metres.
  /// @throws InputError where legs of this length cannot run like that.
  VirtualRunner(const BodyScenario& body, const RunScenario& run, const Eigen::Vector2d& place,
                std::uint64_t seed);

  [[nodiscard]] RunnerState At(double time) const;

  /// Angles that are prescribed, without solving the legs: quick to evaluate.
  [[nodiscard]] double PelvisObliquity(double time) const;
  [[nodiscard]] double HipAdduction(Side side, double time) const;

  [[nodiscard]] const GaitTiming& timing() const { return timing_; }
  /// Foot strikes and toe offs in [0, duration].
  [[nodiscard]] GaitEvents Events() const;
  [[nodiscard]] const Anthropometry& anthropometry() const { return anthropometry_; }
  [[nodiscard]] double duration() const { return run_.duration; }

 private:
  static constexpr std::size_t kSwayCount = 9;
  // Where in the run.
  struct Moment {
    double stride = 0.0;     // stride coordinate
    double time = 0.0;       // s, for the wander
    double minutes = 0.0;    // of drift
    double variation = 0.0;  // 1 with stride-to-stride variation, 0 without

    [[nodiscard]] double Normal(const StrideValues& values, double side_stride) const {
      return variation == 0.0 ? 0.0 : values.At(side_stride);
    }
  };

  // The angles that are given, and where the pelvis is.
  struct Prescribed {
    BodyAngles angles;
    Eigen::Matrix3d pelvis;    // anatomical lab from pelvis
    Eigen::Vector3d mid_asis;  // anatomical lab axes, m
  };

  struct LegState {
    SolvedLeg leg;
    Eigen::Vector3d hip;
    double pitch;  // of the foot, toe up > 0
  };
  struct SwingEnds {
    SwingEnd hip, knee, ankle;
  };
  struct Swing {
    SwingCurve hip, knee, ankle;
  };

  void DrawVariation(std::uint64_t seed);
  void ChooseHeight();
  void ChooseStrike();
  void ChooseBumps();
  void ChooseSway();
  [[nodiscard]] Moment MomentAt(double time) const;
  [[nodiscard]] double Obliquity(const Moment& moment) const;
  [[nodiscard]] double Adduction(Side side, const Moment& moment) const;
  [[nodiscard]] Prescribed Prescribe(const Moment& moment) const;
  [[nodiscard]] FootPlan NominalPlan() const;
  [[nodiscard]] FootPlan PlanOf(Side side, std::size_t step) const;
  void PlanSwings();
  [[nodiscard]] LegState LegOnGround(Side side, const Prescribed& prescribed, const FootPlan& plan,
                                     double time) const;
  [[nodiscard]] LegState LegInSwing(Side side, const Prescribed& prescribed, const Step& step,
                                    const Swing& swing, double time) const;
  /// How a contact begins or ends: hip, knee and ankle flexion with their rates.
  [[nodiscard]] SwingEnds EndsAt(Side side, const FootPlan& plan, double time, bool nominal) const;
  [[nodiscard]] LegState NominalLeg(Side side, double phase) const;
  [[nodiscard]] Moment NominalMoment(Side side, double phase) const;
  [[nodiscard]] Swing NominalSwing(Side side) const;
  template <typename Quantity>
  [[nodiscard]] double NominalStancePeak(double from, double to, const Quantity& quantity) const;
  [[nodiscard]] LegTask TaskOf(Side side, const Prescribed& prescribed) const;
  [[nodiscard]] static Swing JoinedSwing(const SwingEnds& leaves, const SwingEnds& lands);
  [[nodiscard]] double Sway(double phase) const;
  [[nodiscard]] double WanderAt(double time) const;
  [[nodiscard]] UpperBody UpperBodyAt(const Moment& moment) const;

  RunScenario run_;
  Anthropometry anthropometry_;
  GaitTiming timing_;
  Eigen::Vector2d place_;

  // Normal numbers a stride, one series a side where the side has its own.
  struct Variation {
    std::array<StrideValues, 2> drop, adduction, hip_rotation, knee_adduction, placement;
    StrideValues tilt, rotation;
  };
  Variation variation_;

  PelvisHeight pelvis_height_;
  double strike_share_ = 0.0;          // the ankle strikes this share of its way in front
  double lowest_hip_height_ = 0.0;     // of the middle between the hip centres
  std::array<double, 2> knee_bump_{};  // rad, of the knee's flexion in swing, [left, right]
  std::array<double, 2> hip_bump_{};   // rad, of the hip's
  std::array<std::vector<Swing>, 2> swings_;
  std::array<double, kSwayCount> sway_{};  // harmonics of the lateral place of the pelvis
};

}  // namespace medius::capture
