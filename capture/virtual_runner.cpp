#include "capture/virtual_runner.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/Geometry>
#include <fmt/format.h>

#include "capture/gait_curves.hpp"
#include "capture/leg_solver.hpp"
#include "capture/random.hpp"
#include "core/error.hpp"

namespace medius::capture {
namespace {

constexpr double kTwoPi = 6.283185307179586;
constexpr double kDegrees = 57.29577951308232;

// When the pelvis falls fastest after the strike (s), and rises fastest (share of the contact):
// detectors of events look for these, and real runners have them about there.
constexpr double kFastestFall = 0.046;
constexpr double kFastestRise = 0.81;
// The ankle strikes this share of the contact's way in front of the hip.
constexpr double kStrikeShare = 0.275;
constexpr double kToeOut = 0.10;               // rad, of the foot
constexpr double kPitchAtToeOff = -1.10;       // rad, of the foot
constexpr double kKneeRotation = 0.0;          // rad
constexpr double kLargestNominalReach = 1.02;  // on the ground
constexpr double kAnkleDiesAway = 0.03;        // s, of the push-off's plantarflexion
constexpr double kWanderPeriod = 37.0;         // s

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

double Sign(Side side) {
  return side == Side::kRight ? 1.0 : -1.0;
}

double Fraction(double x) {
  return x - std::floor(x);
}

Eigen::Vector3d InLab(const Eigen::Vector3d& anatomical) {
  return {anatomical.x(), -anatomical.z(), anatomical.y()};
}

Segment ThighOf(Side side) {
  return side == Side::kRight ? Segment::kRightThigh : Segment::kLeftThigh;
}
Segment ShankOf(Side side) {
  return side == Side::kRight ? Segment::kRightShank : Segment::kLeftShank;
}
Segment FootOf(Side side) {
  return side == Side::kRight ? Segment::kRightFoot : Segment::kLeftFoot;
}

// Writes pelvis, thigh, shank and foot of one side into the pose, turned into the lab frame.
void SetLeg(Side side, const SolvedLeg& leg, const Eigen::Vector3d& hip, double pitch,
            BodyPose& pose) {
  const Eigen::Matrix3d lab = LabFromAnatomical();
  const Eigen::Matrix3d foot = (Eigen::AngleAxisd(-Sign(side) * kToeOut, Eigen::Vector3d::UnitY()) *
                                Eigen::AngleAxisd(pitch, Eigen::Vector3d::UnitZ()))
                                   .toRotationMatrix();
  pose[ThighOf(side)] = {lab * leg.lab_from_thigh, InLab(hip)};
  pose[ShankOf(side)] = {lab * leg.lab_from_shank, InLab(leg.knee)};
  pose[FootOf(side)] = {lab * foot, InLab(leg.ankle)};
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

// x in [low, high] where a growing function crosses zero; the nearer end where it does not.
template <typename Function>
double Bisect(double low, double high, const Function& growing) {
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    (growing(middle) < 0.0 ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

std::array<double, 9> SwayBasis(double phase) {
  std::array<double, 9> basis{1.0};
  for (std::size_t h = 1; h <= 4; ++h) {
    basis[2 * h - 1] = std::cos(kTwoPi * static_cast<double>(h) * phase);
    basis[2 * h] = std::sin(kTwoPi * static_cast<double>(h) * phase);
  }
  return basis;
}

}  // namespace

struct VirtualRunner::Moment {
  double stride = 0.0;     // stride coordinate
  double time = 0.0;       // s, for the wander
  double minutes = 0.0;    // of drift
  double variation = 0.0;  // 1 with stride-to-stride variation, 0 without

  [[nodiscard]] double Normal(const StrideValues& values, double side_stride) const {
    return variation == 0.0 ? 0.0 : values.At(side_stride);
  }
};

struct VirtualRunner::Prescribed {
  BodyAngles angles;
  Eigen::Matrix3d pelvis;    // anatomical lab from pelvis
  Eigen::Vector3d mid_asis;  // anatomical lab axes, m
};

struct VirtualRunner::LegState {
  SolvedLeg leg;
  Eigen::Vector3d hip;
  double pitch;  // of the foot, toe up > 0
};

VirtualRunner::VirtualRunner(const BodyScenario& body, const RunScenario& run,
                             const Eigen::Vector2d& place, std::uint64_t seed)
    : run_(run), anthropometry_(body), timing_(run, seed), place_(place) {
  const double stride_time = 120.0 / run_.cadence;
  pelvis_height_ = PelvisHeight::ForTimes(
      kFastestFall, kFastestRise * run_.duty_factor * stride_time, stride_time);
  DrawVariation(seed);
  ChooseHeight();
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

double VirtualRunner::Sway(double phase) const {
  const std::array<double, kSwayCount> basis = SwayBasis(Fraction(phase));
  double sum = 0.0;
  for (std::size_t i = 0; i < kSwayCount; ++i) sum += sway_[i] * basis[i];
  return sum;
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
  plan.ankle_at_strike = kStrikeShare * run_.speed * plan.step.toe_off;
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

VirtualRunner::Moment VirtualRunner::NominalMoment(Side side, double phase) const {
  Moment moment;
  // From 1, so that a phase a little below the strike is one too.
  moment.stride = 1.0 + (side == Side::kRight ? phase : phase + 0.5);
  return moment;
}

VirtualRunner::Swing VirtualRunner::NominalSwing(Side side) const {
  const FootPlan plan = NominalPlan();
  return JoinedSwing(EndsAt(side, plan, plan.step.toe_off, true), EndsAt(side, plan, 0.0, true));
}

VirtualRunner::LegState VirtualRunner::NominalLeg(Side side, double phase) const {
  const FootPlan plan = NominalPlan();
  return LegOnGround(side, Prescribe(NominalMoment(side, phase)), plan,
                     phase * plan.step.next_strike);
}

// Highest value over both contacts.
template <typename Quantity>
double VirtualRunner::NominalStancePeak(const Quantity& quantity) const {
  constexpr int kSamples = 80;
  double peak = -1e9;
  for (int i = 0; i <= kSamples; ++i) {
    const double phase = run_.duty_factor * i / kSamples;
    for (const Side side : kSides) peak = std::max(peak, quantity(NominalLeg(side, phase)));
  }
  return peak;
}

void VirtualRunner::ChooseHeight() {
  const double leg = anthropometry_.thigh_length + anthropometry_.shank_length;
  const auto knee = [](const LegState& state) { return state.leg.knee_flexion; };
  const double low = anthropometry_.ankle_height + 0.6 * leg;
  lowest_hip_height_ = Bisect(low, low + 0.4 * leg, [&](double height) {
    lowest_hip_height_ = height;
    return run_.knee_flexion_stance - NominalStancePeak(knee);
  });
  const double reach = NominalStancePeak([](const LegState& state) { return state.leg.reach; });
  if (reach <= kLargestNominalReach) return;
  throw InputError(fmt::format(
      "run.speed {:g} m/s with run.duty_factor {:g} at run.cadence {:g} asks the leg to "
      "reach {:.1f} % of its length, at most {:.1f} % expected; lower the speed or the "
      "duty factor, or raise the cadence or run.knee_flexion_stance",
      run_.speed, run_.duty_factor, run_.cadence, 100.0 * reach, 100.0 * kLargestNominalReach));
}

void VirtualRunner::ChooseBumps() {
  const double duration = (1.0 - run_.duty_factor) * 120.0 / run_.cadence;
  const auto choose = [&](const SwingCurve& curve, double (*bump)(double), double wanted,
                          const char* field) {
    const auto excess = [&](double height) {
      double peak = -1e9;
      for (int i = 0; i <= 200; ++i) {
        const double share = i / 200.0;
        peak = std::max(peak, curve.At(share, duration) + height * bump(share));
      }
      return peak - wanted;
    };
    const double height = Bisect(-1.0, 3.0, excess);
    if (std::abs(excess(height)) < 1e-3) return height;
    throw InputError(
        fmt::format("run.{} is {:.1f} degrees, lower than the leg has at toe off or strike; raise "
                    "it, or change "
                    "run.speed, run.cadence or run.duty_factor",
                    field, wanted * kDegrees));
  };
  for (const Side side : kSides) {
    const std::size_t i = GaitTiming::Index(side);
    const Swing swing = NominalSwing(side);
    knee_bump_[i] = choose(swing.knee, KneeBump, run_.knee_flexion_swing, "knee_flexion_swing");
    hip_bump_[i] = choose(swing.hip, HipBump, run_.hip_flexion, "hip_flexion");
  }
}

// The pelvis sways so that the foot on the ground does not slide sideways: least squares over both
// contacts of four harmonics, with a little weight on small ones so that flight stays quiet.
void VirtualRunner::ChooseSway() {
  sway_.fill(0.0);
  using Vector9 = Eigen::Matrix<double, kSwayCount, 1>;
  Eigen::Matrix<double, kSwayCount, kSwayCount> normal;
  normal.setZero();
  Vector9 rhs = Vector9::Zero();
  constexpr int kSamples = 60;
  for (const Side side : kSides) {
    for (int i = 0; i <= kSamples; ++i) {
      const double phase = run_.duty_factor * i / kSamples;
      const LegState state = NominalLeg(side, phase);
      const double wanted = Sign(side) * 0.5 * run_.step_width - state.leg.ankle.z();
      const std::array<double, kSwayCount> basis =
          SwayBasis(side == Side::kRight ? phase : phase + 0.5);
      const Eigen::Map<const Vector9> b(basis.data());
      normal += b * b.transpose();
      rhs += wanted * b;
    }
  }
  for (std::size_t h = 1; h <= 4; ++h) {
    const double weight = 0.02 * kSamples * static_cast<double>(h * h);
    normal(2 * h - 1, 2 * h - 1) += weight;
    normal(2 * h, 2 * h) += weight;
  }
  const Vector9 solution = normal.ldlt().solve(rhs);
  for (std::size_t i = 0; i < kSwayCount; ++i) sway_[i] = solution[static_cast<Eigen::Index>(i)];
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

StandingState Stand(const Anthropometry& anthropometry, const StandingScenario& standing,
                    const Eigen::Vector2d& place) {
  StandingState state;
  state.angles.pelvis_obliquity = standing.pelvis_obliquity;
  state.angles.pelvis_tilt = standing.pelvis_tilt;
  const Eigen::Matrix3d pelvis =
      PelvisRotation(standing.pelvis_obliquity, standing.pelvis_tilt, 0.0);
  const Eigen::Matrix3d lab = LabFromAnatomical();
  const double bent = std::cos(0.5 * standing.knee_flexion) * std::cos(standing.hip_adduction) *
                      (anthropometry.thigh_length + anthropometry.shank_length);
  // The leg under the higher hip is as straight as asked for, the other a little less.
  const double highest_hip = std::max((pelvis * anthropometry.Hip(Side::kLeft)).y(),
                                      (pelvis * anthropometry.Hip(Side::kRight)).y());
  const Eigen::Vector3d& right_hip = anthropometry.right_hip;
  const Eigen::Vector3d mid_hip = pelvis * Eigen::Vector3d(right_hip.x(), right_hip.y(), 0.0);
  const Eigen::Vector3d mid_asis(-mid_hip.x(), anthropometry.ankle_height + bent - highest_hip,
                                 0.0);
  state.pose[Segment::kPelvis] = {lab * pelvis, InLab(mid_asis)};
  for (const Side side : kSides) {
    const std::size_t i = GaitTiming::Index(side);
    LegTask task;
    task.lab_from_pelvis = pelvis;
    task.hip = mid_asis + pelvis * anthropometry.Hip(side);
    task.ankle = {0.0, anthropometry.ankle_height};
    task.thigh_length = anthropometry.thigh_length;
    task.shank_length = anthropometry.shank_length;
    task.hip_frontal = Sign(side) * standing.hip_adduction;
    task.gives_way = false;
    const SolvedLeg leg = SolveLeg(task);
    state.angles.hip_adduction[i] = standing.hip_adduction;
    state.angles.hip_flexion[i] = leg.hip_flexion;
    state.angles.knee_flexion[i] = leg.knee_flexion;
    SetLeg(side, leg, task.hip, 0.0, state.pose);
  }
  UpperBody upper;
  upper.shoulder_abduction = 0.7;
  upper.elbow_flexion = 0.3;
  PoseUpperBody(anthropometry, upper, state.pose);
  for (RigidTransform& segment : state.pose.lab_from_segment) {
    segment.translation += Eigen::Vector3d(place.x(), place.y(), 0.0);
  }
  return state;
}

}  // namespace medius::capture
