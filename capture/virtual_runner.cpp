#include "capture/virtual_runner.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>

#include "capture/gait_curves.hpp"
#include "capture/leg_pose.hpp"
#include "capture/leg_solver.hpp"
#include "capture/random.hpp"

namespace medius::capture {
namespace {

constexpr double kTwoPi = 6.283185307179586;

// When the pelvis falls fastest after the strike (s), and rises fastest (share of the contact):
// detectors of events look for these, and real runners have them about there.
constexpr double kFastestFall = 0.046;
constexpr double kFastestRise = 0.81;
constexpr double kPitchAtToeOff = -1.10;  // rad, of the foot
constexpr double kKneeRotation = 0.0;     // rad
constexpr double kAnkleDiesAway = 0.03;   // s, of the push-off's plantarflexion
constexpr double kWanderPeriod = 37.0;    // s

// Items of the stride variation; the timing has 0 to 2.
enum VariationItem : std::uint32_t {
  kDropItem = 10,
  kAdductionItem = 12,
  kHipRotationItem = 14,
  kKneeAdductionItem = 16,
  kPlacementItem = 18,
  kTiltItem = 20,
  kRotationItem = 21,
};

double Fraction(double x) {
  return x - std::floor(x);
}

// Pitch of the shank in the sagittal plane, as good as the ankle of a runner needs it.
double ShankPitch(double pelvis_tilt, double hip_flexion, double knee_flexion) {
  return pelvis_tilt + hip_flexion - knee_flexion;
}

// A knee that would bend backwards is kept at 2 degrees and more, smoothly.
double SoftKnee(double flexion) {
  constexpr double kLeast = 0.035;
  constexpr double kSoft = 0.02;
  return kLeast + kSoft * std::log1p(std::exp((flexion - kLeast) / kSoft));
}

}  // namespace

VirtualRunner::VirtualRunner(const BodyScenario& body, const RunScenario& run,
                             const Eigen::Vector2d& place, std::uint64_t seed)
    : run_(run), anthropometry_(body), timing_(run, seed), place_(place) {
  const double stride_time = 120.0 / run_.cadence;
  pelvis_height_ = PelvisHeight::ForTimes(
      kFastestFall, kFastestRise * run_.duty_factor * stride_time, stride_time);
  DrawVariation(seed);
  ChooseStrike();
  ChooseBumps();
  ChooseSway();
  PlanSwings();
}

void VirtualRunner::DrawVariation(std::uint64_t seed) {
  const auto draw = [&](std::uint32_t item) {
    std::vector<double> values(timing_.stride_count());
    for (std::size_t k = 0; k < values.size(); ++k) {
      values[k] =
          std::clamp(Random(seed, RandomStream::kStrideVariation, k, item).Normal(), -3.0, 3.0);
    }
    return StrideValues(std::move(values));
  };
  for (std::uint32_t side = 0; side < 2; ++side) {
    variation_.drop[side] = draw(kDropItem + side);
    variation_.adduction[side] = draw(kAdductionItem + side);
    variation_.hip_rotation[side] = draw(kHipRotationItem + side);
    variation_.knee_adduction[side] = draw(kKneeAdductionItem + side);
    variation_.placement[side] = draw(kPlacementItem + side);
  }
  variation_.tilt = draw(kTiltItem);
  variation_.rotation = draw(kRotationItem);
}

VirtualRunner::Moment VirtualRunner::MomentAt(double time) const {
  return {timing_.StrideCoordinate(time), time, std::clamp(time, 0.0, run_.duration) / 60.0, 1.0};
}

double VirtualRunner::Obliquity(const Moment& moment) const {
  const auto drop = [&](Side side) {
    const std::size_t i = GaitTiming::Index(side);
    const double stride = GaitTiming::OfSide(moment.stride, side);
    const bool right = side == Side::kRight;
    return (right ? run_.pelvic_drop.right : run_.pelvic_drop.left) +
           (right ? run_.drift_pelvic_drop.right : run_.drift_pelvic_drop.left) * moment.minutes +
           run_.sd_pelvic_drop * moment.Normal(variation_.drop[i], stride);
  };
  // In right stance the left, swinging side drops: obliquity is positive there.
  const double right = drop(Side::kRight);
  const double left = drop(Side::kLeft);
  return 0.5 * (right - left) + 0.5 * (right + left) * ObliquityShape(moment.stride);
}

double VirtualRunner::Adduction(Side side, const Moment& moment) const {
  const std::size_t i = GaitTiming::Index(side);
  const double stride = GaitTiming::OfSide(moment.stride, side);
  const bool right = side == Side::kRight;
  const double peak =
      (right ? run_.hip_adduction.right : run_.hip_adduction.left) +
      (right ? run_.drift_hip_adduction.right : run_.drift_hip_adduction.left) * moment.minutes;
  const double variation = run_.sd_hip_adduction * moment.Normal(variation_.adduction[i], stride);
  // A stride differs from others where the hip is loaded, not where it swings.
  return peak - run_.hip_adduction_range +
         (run_.hip_adduction_range + variation) * HipAdductionShape(stride);
}

VirtualRunner::Prescribed VirtualRunner::Prescribe(const Moment& moment) const {
  const double u = moment.stride;
  Prescribed result;
  BodyAngles& angles = result.angles;
  angles.pelvis_obliquity = Obliquity(moment);
  angles.pelvis_tilt = run_.pelvis_tilt + run_.pelvis_tilt_range * PelvisTiltShape(u) +
                       run_.sd_pelvis_tilt * moment.Normal(variation_.tilt, u);
  angles.pelvis_rotation = run_.pelvis_rotation_range * PelvisRotationShape(u) +
                           run_.sd_pelvis_rotation * moment.Normal(variation_.rotation, u);
  for (const Side side : kSides) {
    const std::size_t i = GaitTiming::Index(side);
    const double stride = GaitTiming::OfSide(u, side);
    angles.hip_adduction[i] = Adduction(side, moment);
    angles.hip_rotation[i] =
        run_.hip_rotation + run_.hip_rotation_range * HipRotationShape(stride) +
        run_.sd_hip_rotation * moment.Normal(variation_.hip_rotation[i], stride);
    angles.knee_adduction[i] =
        run_.knee_adduction + run_.knee_adduction_range * KneeAdductionShape(stride) +
        run_.sd_knee_adduction * moment.Normal(variation_.knee_adduction[i], stride);
    angles.knee_rotation[i] = kKneeRotation;
  }
  result.pelvis =
      PelvisRotation(angles.pelvis_obliquity, angles.pelvis_tilt, angles.pelvis_rotation);
  const double height = lowest_hip_height_ + run_.vertical_oscillation * pelvis_height_.At(u);
  const Eigen::Vector3d mid_hip(WanderAt(moment.time), height, Sway(u));
  const Eigen::Vector3d& hip = anthropometry_.right_hip;
  result.mid_asis = mid_hip - result.pelvis * Eigen::Vector3d(hip.x(), hip.y(), 0.0);
  return result;
}

double VirtualRunner::WanderAt(double time) const {
  return 0.5 * run_.wander * std::sin(kTwoPi * time / kWanderPeriod);
}

FootPlan VirtualRunner::NominalPlan() const {
  const double stride_time = 120.0 / run_.cadence;
  FootPlan plan;
  plan.step = {0.0, run_.duty_factor * stride_time, stride_time};
  plan.sole = anthropometry_.sole;
  plan.speed = run_.speed;
  plan.ankle_at_strike = strike_share_ * run_.speed * plan.step.toe_off;
  plan.pitch_at_strike = run_.foot_pitch_at_strike;
  plan.pitch_at_toe_off = kPitchAtToeOff;
  return plan;
}

FootPlan VirtualRunner::PlanOf(Side side, std::size_t step) const {
  FootPlan plan = NominalPlan();
  const StrideValues& placement = variation_.placement[GaitTiming::Index(side)];
  plan.step = timing_.StepOf(side, step);
  plan.ankle_at_strike +=
      WanderAt(plan.step.strike) + run_.sd_foot_placement * placement.OfStride(step);
  return plan;
}

LegTask VirtualRunner::TaskOf(Side side, const Prescribed& prescribed) const {
  const std::size_t i = GaitTiming::Index(side);
  const double sign = Sign(side);
  LegTask task;
  task.lab_from_pelvis = prescribed.pelvis;
  task.hip = prescribed.mid_asis + prescribed.pelvis * anthropometry_.Hip(side);
  task.thigh_length = anthropometry_.thigh_length;
  task.shank_length = anthropometry_.shank_length;
  task.hip_frontal = sign * prescribed.angles.hip_adduction[i];
  task.hip_axial = sign * prescribed.angles.hip_rotation[i];
  task.knee_frontal = sign * prescribed.angles.knee_adduction[i];
  task.knee_axial = sign * prescribed.angles.knee_rotation[i];
  return task;
}

VirtualRunner::LegState VirtualRunner::LegOnGround(Side side, const Prescribed& prescribed,
                                                   const FootPlan& plan, double time) const {
  const FootState foot = FootOnGround(plan, time);
  LegTask task = TaskOf(side, prescribed);
  task.ankle = foot.ankle;
  return {SolveLeg(task), task.hip, foot.pitch};
}

VirtualRunner::LegState VirtualRunner::LegInSwing(Side side, const Prescribed& prescribed,
                                                  const Step& step, const Swing& swing,
                                                  double time) const {
  const std::size_t i = GaitTiming::Index(side);
  const double duration = step.next_strike - step.toe_off;
  const double share = std::min(1.0, (time - step.toe_off) / duration);
  const double hip = swing.hip.At(share, duration) + hip_bump_[i] * HipBump(share);
  const double knee = SoftKnee(swing.knee.At(share, duration) + knee_bump_[i] * KneeBump(share));
  const double ankle = swing.ankle.At(share, duration);
  const LegTask task = TaskOf(side, prescribed);
  return {PoseLeg(task, hip, knee), task.hip,
          ankle + ShankPitch(prescribed.angles.pelvis_tilt, hip, knee)};
}

VirtualRunner::SwingEnds VirtualRunner::EndsAt(Side side, const FootPlan& plan, double time,
                                               bool nominal) const {
  constexpr double kStep = 1e-4;  // s
  const auto angles = [&](double t) {
    const Moment moment = nominal ? NominalMoment(side, t / plan.step.next_strike) : MomentAt(t);
    const Prescribed prescribed = Prescribe(moment);
    const LegState state = LegOnGround(side, prescribed, plan, t);
    const double shank =
        ShankPitch(prescribed.angles.pelvis_tilt, state.leg.hip_flexion, state.leg.knee_flexion);
    return Eigen::Vector3d(state.leg.hip_flexion, state.leg.knee_flexion, state.pitch - shank);
  };
  const Eigen::Vector3d value = angles(time);
  const Eigen::Vector3d rate = (angles(time + kStep) - angles(time - kStep)) / (2.0 * kStep);
  return {{value[0], rate[0]}, {value[1], rate[1]}, {value[2], rate[2]}};
}

VirtualRunner::Swing VirtualRunner::JoinedSwing(const SwingEnds& leaves, const SwingEnds& lands) {
  return {{leaves.hip, lands.hip},
          {leaves.knee, lands.knee},
          {leaves.ankle, lands.ankle, kAnkleDiesAway}};
}

void VirtualRunner::PlanSwings() {
  for (const Side side : kSides) {
    std::vector<Swing>& swings = swings_[GaitTiming::Index(side)];
    for (std::size_t k = 0; k + 1 < timing_.step_count(); ++k) {
      const FootPlan plan = PlanOf(side, k);
      const FootPlan next = PlanOf(side, k + 1);
      swings.push_back(JoinedSwing(EndsAt(side, plan, plan.step.toe_off, false),
                                   EndsAt(side, next, next.step.strike, false)));
    }
  }
}

UpperBody VirtualRunner::UpperBodyAt(const Moment& moment) const {
  const double angle = kTwoPi * Fraction(moment.stride);
  UpperBody upper;
  upper.lean_forward = 0.12 + 0.02 * std::cos(2.0 * angle - 1.2);
  upper.lean_right = 0.04 * std::cos(angle - 1.0);
  upper.turn_left = -0.8 * run_.pelvis_rotation_range * PelvisRotationShape(moment.stride);
  // The arm swings against the leg of its side.
  upper.shoulder_flexion = {-0.25 + 0.45 * std::cos(angle), -0.25 - 0.45 * std::cos(angle)};
  upper.shoulder_abduction = 0.25;
  upper.elbow_flexion = 1.65;
  return upper;
}

RunnerState VirtualRunner::At(double time) const {
  const Moment moment = MomentAt(time);
  const Prescribed prescribed = Prescribe(moment);
  const Eigen::Matrix3d lab = LabFromAnatomical();
  RunnerState state;
  state.angles = prescribed.angles;
  state.stride_coordinate = moment.stride;
  state.pose[Segment::kPelvis] = {lab * prescribed.pelvis, InLab(prescribed.mid_asis)};
  for (const Side side : kSides) {
    const std::size_t i = GaitTiming::Index(side);
    const std::size_t k = timing_.StepAt(side, time);
    const Step& step = timing_.StepOf(side, k);
    const LegState leg = time < step.toe_off
                             ? LegOnGround(side, prescribed, PlanOf(side, k), time)
                             : LegInSwing(side, prescribed, step, swings_[i].at(k), time);
    state.angles.hip_flexion[i] = leg.leg.hip_flexion;
    state.angles.knee_flexion[i] = leg.leg.knee_flexion;
    state.leg_reach = std::max(state.leg_reach, leg.leg.reach);
    SetLeg(side, leg.leg, leg.hip, leg.pitch, state.pose);
  }
  PoseUpperBody(anthropometry_, UpperBodyAt(moment), state.pose);
  const Eigen::Vector3d place(place_.x(), place_.y(), 0.0);
  for (RigidTransform& segment : state.pose.lab_from_segment) segment.translation += place;
  return state;
}

double VirtualRunner::PelvisObliquity(double time) const {
  return Obliquity(MomentAt(time));
}

double VirtualRunner::HipAdduction(Side side, double time) const {
  return Adduction(side, MomentAt(time));
}

GaitEvents VirtualRunner::Events() const {
  GaitEvents events;
  const auto add = [&](double time, Side side, EventType type) {
    if (time >= 0.0 && time <= run_.duration) events.push_back({time, side, type});
  };
  for (const Side side : kSides) {
    for (std::size_t k = 0; k < timing_.step_count(); ++k) {
      add(timing_.StepOf(side, k).strike, side, EventType::kFootStrike);
      add(timing_.StepOf(side, k).toe_off, side, EventType::kToeOff);
    }
  }
  std::sort(events.begin(), events.end(),
            [](const GaitEvent& a, const GaitEvent& b) { return a.time < b.time; });
  return events;
}

}  // namespace medius::capture
