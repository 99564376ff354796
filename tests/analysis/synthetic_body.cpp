#include "tests/analysis/synthetic_body.hpp"

#include <cmath>
#include <random>
#include <utility>

#include "analysis/hip_centre.hpp"
#include "core/rigid_transform.hpp"
#include "tests/analysis/recordings.hpp"

namespace medius::analysis::testing {
namespace {

constexpr double kPelvisWidth = 0.24;
constexpr double kPelvisDepth = 0.14;
constexpr double kThigh = 0.42;
constexpr double kShank = 0.43;

// Lab axes (x forward, y left, z up) from anatomical ones (x forward, y up, z right).
Eigen::Matrix3d LabFromAnatomical() {
  Eigen::Matrix3d m;
  m << 1, 0, 0, 0, 0, -1, 0, 1, 0;
  return m;
}

// Flexion, adduction, internal rotation with clinical signs to a Z-X-Y Cardan rotation.
Eigen::Matrix3d Joint(const Eigen::Vector3d& angles, std::size_t side, double flexion_sign) {
  const double mirror = side == 1 ? 1.0 : -1.0;
  return Turn(2, flexion_sign * angles[0]) * Turn(0, mirror * angles[1]) *
         Turn(1, mirror * angles[2]);
}

}  // namespace

Eigen::Matrix3d Turn(int axis, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  Eigen::Matrix3d m;
  if (axis == 0) m << 1, 0, 0, 0, c, -s, 0, s, c;
  if (axis == 1) m << c, 0, s, 0, 1, 0, -s, 0, c;
  if (axis == 2) m << c, -s, 0, s, c, 0, 0, 0, 1;
  return m;
}

Eigen::Matrix3d PelvisInLab(const BodyAngles& angles) {
  // About the rightward-pointing z a turn of x towards y (up) raises the front; about the forward x
  // a turn of z towards y raises the right side, which is against the right-hand rule.
  return LabFromAnatomical() * Turn(1, angles.rotation) * Turn(0, -angles.obliquity) *
         Turn(2, angles.tilt);
}

std::map<std::string, Eigen::Vector3d> PlaceMarkers(const BodyAngles& angles) {
  std::map<std::string, Eigen::Vector3d> markers;
  const RigidTransform lab_from_pelvis{PelvisInLab(angles), angles.pelvis_in_lab};
  const auto add = [&markers](const std::string& name, const RigidTransform& frame, double x,
                              double y,
                              double z) { markers[name] = frame * Eigen::Vector3d(x, y, z); };
  add("RASI", lab_from_pelvis, 0.0, 0.0, 0.5 * kPelvisWidth);
  add("LASI", lab_from_pelvis, 0.0, 0.0, -0.5 * kPelvisWidth);
  add("RPSI", lab_from_pelvis, -kPelvisDepth, 0.0, 0.05);
  add("LPSI", lab_from_pelvis, -kPelvisDepth, 0.0, -0.05);
  for (const Side side : kSides) {
    const auto s = static_cast<std::size_t>(side);
    const std::string letter = side == Side::kLeft ? "L" : "R";
    const double out = side == Side::kLeft ? -1.0 : 1.0;
    const RigidTransform pelvis_from_thigh{
        Joint(angles.hip[s], s, 1.0),
        RegressionHipCentre(HipCentreMethod::kHarrington, {kPelvisWidth, kPelvisDepth, {}}, 0.0,
                            side)};
    const RigidTransform thigh = lab_from_pelvis * pelvis_from_thigh;
    const RigidTransform shank =
        thigh * RigidTransform{Joint(angles.knee[s], s, -1.0), Eigen::Vector3d(0, -kThigh, 0)};
    add(letter + "LEP", thigh, 0.0, -kThigh, 0.05 * out);
    add(letter + "MEP", thigh, 0.0, -kThigh, -0.05 * out);
    add(letter + "TH1", thigh, 0.02, -0.12, 0.09 * out);
    add(letter + "TH2", thigh, 0.08, -0.25, 0.03 * out);
    add(letter + "TH3", thigh, -0.05, -0.28, 0.07 * out);
    add(letter + "TH4", thigh, 0.06, -0.34, 0.02 * out);
    add(letter + "LMA", shank, 0.0, -kShank, 0.04 * out);
    add(letter + "MMA", shank, 0.0, -kShank, -0.04 * out);
    add(letter + "SH1", shank, 0.05, -0.10, 0.02 * out);
    add(letter + "SH2", shank, 0.02, -0.18, 0.06 * out);
    add(letter + "SH3", shank, -0.04, -0.22, 0.05 * out);
    add(letter + "SH4", shank, 0.03, -0.31, 0.03 * out);
    add(letter + "HEE", shank, -0.06, -kShank - 0.05, 0.0);
    add(letter + "TOE", shank, 0.16, -kShank - 0.06, 0.0);
  }
  return markers;
}

MarkerSet SyntheticSet() {
  MarkerSet set;
  set.name = "synthetic";
  set.roles = {
      {"right_asis", "RASI"}, {"left_asis", "LASI"}, {"right_psis", "RPSI"}, {"left_psis", "LPSI"}};
  for (const auto& [side, letter] :
       std::map<std::string, std::string>{{"left", "L"}, {"right", "R"}}) {
    set.roles[side + "_lateral_epicondyle"] = letter + "LEP";
    set.roles[side + "_medial_epicondyle"] = letter + "MEP";
    set.roles[side + "_lateral_malleolus"] = letter + "LMA";
    set.roles[side + "_medial_malleolus"] = letter + "MMA";
    set.roles[side + "_heel"] = letter + "HEE";
    set.roles[side + "_toe"] = letter + "TOE";
    for (int i = 1; i <= 4; ++i) {
      set.clusters[side + "_thigh"].push_back(letter + "TH" + std::to_string(i));
      set.clusters[side + "_shank"].push_back(letter + "SH" + std::to_string(i));
    }
  }
  return set;
}

Recording Record(const std::string& where, double rate_hz, std::size_t frames,
                 const std::function<BodyAngles(double time)>& motion, double noise_sd) {
  std::vector<std::string> labels;
  for (const auto& [label, position] : PlaceMarkers(motion(0.0))) labels.push_back(label);
  TrajectoryBlock block(FrameRange{0, frames}, labels.size());
  std::mt19937_64 random(20261);
  std::normal_distribution<double> noise(0.0, 1.0);
  for (std::size_t frame = 0; frame < frames; ++frame) {
    std::size_t marker = 0;
    for (const auto& [label, position] :
         PlaceMarkers(motion(static_cast<double>(frame) / rate_hz))) {
      MarkerSample sample = MarkerSample::Missing();
      sample.position = position;
      for (Eigen::Index i = 0; i < 3; ++i) sample.position[i] += noise_sd * noise(random);
      sample.source = SampleSource::kImported;
      block.Set(frame, MarkerId(marker++), sample);
    }
  }
  return InMemory(where, labels, rate_hz, std::move(block));
}

BodyAngles RunningAngles(double time, double stride_time) {
  const double w = 2.0 * 3.14159265358979323846 / stride_time;
  BodyAngles a;
  a.obliquity = (1.0 + 4.0 * std::sin(w * time - 0.3)) * kDegree;
  a.tilt = (-10.0 + 2.0 * std::cos(2.0 * w * time)) * kDegree;
  a.rotation = 3.0 * std::cos(w * time) * kDegree;
  // Falls fastest 50 ms after each heel is foremost.
  a.pelvis_in_lab = {0.01 * std::sin(2.0 * w * time), 0.02 * std::sin(w * time),
                     0.95 - 0.03 * std::sin(2.0 * w * (time - 0.05))};
  for (std::size_t side = 0; side < 2; ++side) {
    const double phase = w * time + (side == 1 ? 0.0 : 3.14159265358979323846);
    a.hip[side] = Eigen::Vector3d(15.0 + 28.0 * std::cos(phase), 6.0 + 5.0 * std::sin(phase),
                                  4.0 + 3.0 * std::cos(phase)) *
                  kDegree;
    a.knee[side] =
        Eigen::Vector3d(45.0 - 30.0 * std::sin(phase), 1.0 + 2.0 * std::cos(phase), 3.0) * kDegree;
  }
  return a;
}

}  // namespace medius::analysis::testing
