#include "capture/virtual_body.hpp"

#include <cmath>

#include "capture/random.hpp"

namespace medius::capture {
namespace {

constexpr double kTwoPi = 6.283185307179586;

// Radii of the solid limbs, metres.
constexpr double kThighTop = 0.075;
constexpr double kKnee = 0.048;
constexpr double kAnkle = 0.032;
constexpr double kFoot = 0.028;
constexpr double kPelvis = 0.060;
constexpr double kTrunk = 0.105;
constexpr double kHead = 0.085;
constexpr double kShoulder = 0.042;
constexpr double kElbow = 0.034;
constexpr double kWrist = 0.026;

// Centre of a marker over the skin: the sphere and its base.
constexpr double kBase = 0.003;
// How far a hand misses the intended place of a cluster marker, metres.
constexpr double kHandScatter = 0.006;

// Adds markers of the right side and their mirror images.
class Placer {
 public:
  Placer(const BodyScenario& body, std::uint64_t seed) : body_(body), seed_(seed) {}

  void Middle(const char* label, Segment segment, const Eigen::Vector3d& place) {
    markers_.push_back({label, segment, place, false, SkinOf(segment)});
  }
  void Both(const std::string& label, Segment right, const Eigen::Vector3d& place,
            bool static_only = false) {
    Add("R" + label, right, place, static_only);
    Add("L" + label, Left(right), Anthropometry::Mirrored(place, Side::kLeft), static_only);
  }
  // On a limb's surface: `share` of the way from the joint down, at an angle from front to side.
  void Cluster(const std::string& label, Segment right, double length, double top_radius,
               double bottom_radius, double share, double angle) {
    const double radius = top_radius + share * (bottom_radius - top_radius) + Standoff();
    for (const Side side : kSides) {
      const bool is_right = side == Side::kRight;
      Random random(seed_, RandomStream::kMarkerPlacement, 0,
                    static_cast<std::uint32_t>(markers_.size()));
      const double turned = angle + kHandScatter / radius * random.Normal();
      const Eigen::Vector3d place(radius * std::cos(turned),
                                  -share * length + kHandScatter * random.Normal(),
                                  radius * std::sin(turned));
      Add((is_right ? "R" : "L") + label, is_right ? right : Left(right),
          Anthropometry::Mirrored(place, side), false);
    }
  }
  [[nodiscard]] double Standoff() const { return body_.marker_radius + kBase; }
  [[nodiscard]] std::vector<BodyMarker> Take() { return std::move(markers_); }

 private:
  static Segment Left(Segment right) {
    if (right == Segment::kPelvis) return right;
    return static_cast<Segment>(static_cast<int>(right) - 1);
  }
  void Add(const std::string& label, Segment segment, const Eigen::Vector3d& place,
           bool static_only) {
    markers_.push_back({label, segment, place, static_only, SkinOf(segment)});
  }
  [[nodiscard]] double SkinOf(Segment segment) const {
    switch (segment) {
      case Segment::kPelvis:
        return body_.skin_pelvis;
      case Segment::kTrunk:
        return body_.skin_trunk;
      case Segment::kLeftThigh:
      case Segment::kRightThigh:
        return body_.skin_thigh;
      case Segment::kLeftShank:
      case Segment::kRightShank:
        return body_.skin_shank;
      case Segment::kLeftFoot:
      case Segment::kRightFoot:
        return body_.skin_foot;
      default:
        return body_.skin_arm;
    }
  }

  const BodyScenario& body_;
  std::uint64_t seed_;
  std::vector<BodyMarker> markers_;
};

void PlaceTrunkAndArms(const Anthropometry& a, Placer& placer) {
  const double shoulder = a.right_shoulder.y();
  placer.Middle("C7", Segment::kTrunk, {-0.085, shoulder + 0.075, 0.0});
  placer.Middle("CLAV", Segment::kTrunk, {0.098, shoulder + 0.030, 0.0});
  placer.Middle("STRN", Segment::kTrunk, {0.122, shoulder - 0.110, 0.0});
  for (const Side side : kSides) {
    const Eigen::Vector3d acromion(0.0, shoulder + 0.060, a.right_shoulder.z());
    placer.Middle(side == Side::kRight ? "RACR" : "LACR", Segment::kTrunk,
                  Anthropometry::Mirrored(acromion, side));
  }
  placer.Both("ELB", Segment::kRightUpperArm,
              {0.0, -a.upper_arm_length, kElbow + placer.Standoff()});
  placer.Both("WRI", Segment::kRightForearm,
              {0.0, 0.02 - a.forearm_length, kWrist + placer.Standoff()});
}

void PlaceLegs(const Anthropometry& a, Placer& placer) {
  constexpr double kDegree = kTwoPi / 360.0;
  const double thigh = a.thigh_length;
  placer.Cluster("TH1", Segment::kRightThigh, thigh, kThighTop, kKnee, 0.40, 60 * kDegree);
  placer.Cluster("TH2", Segment::kRightThigh, thigh, kThighTop, kKnee, 0.46, 105 * kDegree);
  placer.Cluster("TH3", Segment::kRightThigh, thigh, kThighTop, kKnee, 0.68, 65 * kDegree);
  placer.Cluster("TH4", Segment::kRightThigh, thigh, kThighTop, kKnee, 0.74, 100 * kDegree);
  const double knee = kKnee + placer.Standoff();
  placer.Both("LEC", Segment::kRightThigh, {0.0, -thigh, knee});
  placer.Both("MEC", Segment::kRightThigh, {0.0, -thigh, -knee}, true);
  const double shank = a.shank_length;
  placer.Cluster("SH1", Segment::kRightShank, shank, kKnee, kAnkle, 0.28, 45 * kDegree);
  placer.Cluster("SH2", Segment::kRightShank, shank, kKnee, kAnkle, 0.34, 95 * kDegree);
  placer.Cluster("SH3", Segment::kRightShank, shank, kKnee, kAnkle, 0.58, 40 * kDegree);
  placer.Cluster("SH4", Segment::kRightShank, shank, kKnee, kAnkle, 0.66, 100 * kDegree);
  const double ankle = kAnkle + placer.Standoff();
  placer.Both("LMA", Segment::kRightShank, {0.0, -shank, ankle});
  placer.Both("MMA", Segment::kRightShank, {0.0, -shank, -ankle}, true);
  const double axis = -a.ankle_height + kFoot;  // height of the foot's solid under the ankle
  placer.Both("HEE", Segment::kRightFoot,
              {a.sole.heel.x() + 0.01 - kFoot - placer.Standoff(), axis, 0.0});
  placer.Both("TOE", Segment::kRightFoot, {0.13, axis + kFoot + placer.Standoff(), 0.0});
  placer.Both("MT1", Segment::kRightFoot, {0.13, axis, -(kFoot + placer.Standoff())});
  placer.Both("MT5", Segment::kRightFoot, {0.11, axis, kFoot + placer.Standoff() + 0.006});
}

void AddLimb(const RigidTransform& lab_from_segment, const Eigen::Vector3d& from,
             const Eigen::Vector3d& to, double from_radius, double to_radius,
             std::vector<Limb>& limbs) {
  limbs.push_back({lab_from_segment * from, lab_from_segment * to, from_radius, to_radius});
}

std::vector<std::string> LabelsOf(const std::vector<BodyMarker>& markers) {
  std::vector<std::string> labels;
  for (const BodyMarker& marker : markers) labels.push_back(marker.label);
  return labels;
}

}  // namespace

std::vector<BodyMarker> PlaceMarkers(const BodyScenario& body, const Anthropometry& anthropometry,
                                     std::uint64_t seed) {
  Placer placer(body, seed);
  const double half = 0.5 * anthropometry.pelvis_width;
  placer.Both("ASI", Segment::kPelvis, {0.0, 0.0, half});
  placer.Both("PSI", Segment::kPelvis, {-anthropometry.pelvis_depth, 0.0, 0.375 * half});
  PlaceLegs(anthropometry, placer);
  PlaceTrunkAndArms(anthropometry, placer);
  return placer.Take();
}

void PlaceLimbs(const Anthropometry& a, const BodyPose& pose, std::vector<Limb>& limbs) {
  const Eigen::Vector3d origin = Eigen::Vector3d::Zero();
  limbs.clear();
  const double middle = -0.5 * a.pelvis_depth;
  AddLimb(pose[Segment::kPelvis], {middle, -0.02, -0.055}, {middle, -0.02, 0.055}, kPelvis, kPelvis,
          limbs);
  const double shoulder = a.right_shoulder.y();
  AddLimb(pose[Segment::kTrunk], {0, 0.14, 0}, {0, shoulder - 0.03, 0}, kTrunk, kTrunk, limbs);
  AddLimb(pose[Segment::kTrunk], {0.02, shoulder + 0.20, 0}, {0.02, shoulder + 0.30, 0}, kHead,
          kHead, limbs);
  for (const Side side : kSides) {
    const int right = side == Side::kRight ? 1 : 0;
    const auto of = [&](Segment left) -> const RigidTransform& {
      return pose[static_cast<Segment>(static_cast<int>(left) + right)];
    };
    AddLimb(of(Segment::kLeftThigh), origin, {0, -a.thigh_length, 0}, kThighTop, kKnee, limbs);
    AddLimb(of(Segment::kLeftShank), origin, {0, -a.shank_length, 0}, kKnee, kAnkle, limbs);
    const double axis = -a.ankle_height + kFoot;
    AddLimb(of(Segment::kLeftFoot), {a.sole.heel.x() + 0.01, axis, 0}, {0.16, axis, 0}, kFoot,
            kFoot, limbs);
    AddLimb(of(Segment::kLeftUpperArm), origin, {0, -a.upper_arm_length, 0}, kShoulder, kElbow,
            limbs);
    AddLimb(of(Segment::kLeftForearm), origin, {0, -a.forearm_length, 0}, kElbow, kWrist, limbs);
  }
}

SkinMotion::SkinMotion(double rms, std::uint64_t seed, std::uint32_t marker) {
  Random random(seed, RandomStream::kSkin, 0, marker);
  // Shares of the power; the first four waves repeat with the stride (two harmonics, two phases
  // each, so that the path is an ellipse and not a line).
  constexpr std::array<double, 6> kPower = {0.25, 0.25, 0.15, 0.15, 0.10, 0.10};
  for (std::size_t i = 0; i < waves_.size(); ++i) {
    Wave& wave = waves_[i];
    const Eigen::Vector3d direction(random.Normal(), random.Normal(), random.Normal());
    wave.amplitude = rms * std::sqrt(2.0 * kPower[i]) * direction.normalized();
    wave.phase = random.Uniform();
    wave.per_stride = i < 4 ? (i < 2 ? 1.0 : 2.0) : random.Uniform(0.3, 0.7);
  }
}

Eigen::Vector3d SkinMotion::At(double stride_coordinate) const {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (const Wave& wave : waves_) {
    sum += wave.amplitude * std::sin(kTwoPi * (wave.per_stride * stride_coordinate + wave.phase));
  }
  return sum;
}

RunnerScene::RunnerScene(const VirtualRunner& runner, const BodyScenario& body, std::uint64_t seed)
    : runner_(runner), limbs_hide_(body.limbs_hide) {
  const std::vector<BodyMarker> all = PlaceMarkers(body, runner.anthropometry(), seed);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].static_only) continue;
    markers_.push_back(all[i]);
    skin_.emplace_back(all[i].skin, seed, static_cast<std::uint32_t>(i));
  }
  labels_ = LabelsOf(markers_);
}

void RunnerScene::At(double time, SceneState& state) const {
  const RunnerState runner = runner_.At(time);
  state.markers.resize(markers_.size());
  for (std::size_t i = 0; i < markers_.size(); ++i) {
    state.markers[i] = runner.pose[markers_[i].segment] *
                       (markers_[i].x_in_segment + skin_[i].At(runner.stride_coordinate));
  }
  state.limbs.clear();
  if (limbs_hide_) PlaceLimbs(runner_.anthropometry(), runner.pose, state.limbs);
}

StandingScene::StandingScene(const StandingState& standing, const Anthropometry& anthropometry,
                             const BodyScenario& body, std::uint64_t seed) {
  const std::vector<BodyMarker> markers = PlaceMarkers(body, anthropometry, seed);
  labels_ = LabelsOf(markers);
  for (const BodyMarker& marker : markers) {
    still_.markers.push_back(standing.pose[marker.segment] * marker.x_in_segment);
  }
  if (body.limbs_hide) PlaceLimbs(anthropometry, standing.pose, still_.limbs);
}

void StandingScene::At(double time, SceneState& state) const {
  // Nobody stands stock-still: some millimetres, slower than a second. The angles stay.
  const Eigen::Vector3d sway(0.004 * std::sin(kTwoPi * 0.31 * time),
                             0.003 * std::sin(kTwoPi * 0.23 * time + 1.0), 0.0);
  state.markers = still_.markers;
  state.limbs = still_.limbs;
  for (Eigen::Vector3d& marker : state.markers) marker += sway;
  for (Limb& limb : state.limbs) {
    limb.from += sway;
    limb.to += sway;
  }
}

}  // namespace medius::capture
