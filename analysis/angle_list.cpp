#include "analysis/angle_list.hpp"

#include <string>

#include "core/check.hpp"

namespace medius::analysis {
namespace {

struct PelvisWords {
  std::string obliquity, tilt, rotation;
};

PelvisWords WordsOf(PelvisOrder order) {
  switch (order) {
    case PelvisOrder::kRotationObliquityTilt: {
      const std::string how = " (order rotation-obliquity-tilt, Baker 2001)";
      return {
          "Elevation of the pelvis' rightward (inter-ASIS) axis over the horizontal, > 0 right "
          "side up" +
              how,
          "Turn of the pelvis about its rightward axis, > 0 front up (posterior tilt)" + how,
          "Heading of the pelvis' rightward axis in the horizontal, > 0 right side forward" + how};
    }
    case PelvisOrder::kTiltObliquityRotation: {
      const std::string how = " (order tilt-obliquity-rotation of OpenSim and Plug-in Gait)";
      return {
          "Minus pelvis_list: turn of the pelvis about its forward axis once it is tilted, > 0 "
          "right side up" +
              how,
          "Turn of the pelvis about the lab's rightward axis, > 0 front up (posterior tilt)" + how,
          "Turn of the pelvis about its own upward axis, > 0 right side forward" + how};
    }
    case PelvisOrder::kProjections:
      break;
  }
  const std::string how = " (method ric: axes are those of the lab while standing)";
  return {
      "Slope of the pelvis' rightward axis projected on the frontal plane, against standing, > 0 "
      "right side up" +
          how,
      "Slope of the pelvis' forward axis projected on the sagittal plane, against standing, > 0 "
      "front up (posterior tilt)" +
          how,
      "Heading of the pelvis' rightward axis in the horizontal, against standing, > 0 right "
      "side forward" +
          how};
}

void AddJoint(std::vector<QuantityDescription>& all, const std::string& side,
              const std::string& joint, const std::string& which, const std::string& how) {
  const std::string name = side + "_" + joint;
  all.push_back({name + "_flexion", "rad",
                 "Flexion of the " + side + " " + joint + ", > 0 " +
                     (joint == "hip" ? "thigh forward" : "knee bent") + "; first " + which + how});
  all.push_back({name + "_adduction", "rad",
                 "Adduction of the " + side + " " + joint + ", > 0 towards the middle" +
                     (joint == "knee" ? " (varus; abduction or valgus < 0)" : "") + "; second " +
                     which + how});
  all.push_back({name + "_rotation", "rad",
                 "Internal rotation of the " + side + " " + joint +
                     ", > 0 front towards the middle; third " + which + how});
}

void AddAnkle(std::vector<QuantityDescription>& all, const std::string& side,
              const std::string& which) {
  const std::string how = which + "foot against the shank";
  all.push_back({side + "_ankle_flexion", "rad",
                 "Dorsiflexion of the " + side +
                     " ankle, > 0 toes towards the shank; 0 where the shank's axis is square to a "
                     "foot that stands flat; first " +
                     how});
  all.push_back({side + "_ankle_inversion", "rad",
                 "Inversion of the " + side +
                     " foot, > 0 sole towards the middle (eversion < 0); second " + how});
  all.push_back(
      {side + "_ankle_rotation", "rad",
       "Internal rotation of the " + side + " foot, > 0 toes towards the middle; third " + how});
}

void AddTrunkAndFeet(std::vector<QuantityDescription>& all) {
  const std::string line = "Lean of the line from mid-PSIS (or sacrum) to C7 (or mid-acromion) ";
  all.push_back({"trunk_lateral_lean", "rad",
                 line + "from the vertical in the frontal plane of the lab, > 0 to the runner's "
                        "right"});
  all.push_back({"trunk_forward_lean", "rad",
                 line + "from the vertical in the sagittal plane of the lab, > 0 forward"});
  for (const std::string side : {"left", "right"}) {
    all.push_back({side + "_foot_progression", "rad",
                   "Heading of the " + side +
                       " foot's long axis in the horizontal against the lab's X, the direction of "
                       "running, > 0 toes out"});
  }
}

void AddProjections(std::vector<QuantityDescription>& all) {
  const std::string image = " in the image of a distant camera (2-D; option --view-direction), ";
  all.push_back({"pelvis_obliquity_2d", "rad",
                 "Slope of the pelvis' rightward axis" + image + "> 0 right side up"});
  for (const std::string side : {"left", "right"}) {
    all.push_back({side + "_hip_adduction_2d", "rad",
                   "Angle from square to the pelvis' rightward axis to the " + side +
                       " thigh's axis (hip to knee centre)" + image +
                       "> 0 knee towards the middle"});
  }
  for (const std::string side : {"left", "right"}) {
    all.push_back({side + "_knee_frontal_projection_2d", "rad",
                   "Frontal-plane projection angle: from the " + side +
                       " thigh's axis (hip to knee centre) to the shank's (knee to ankle centre)" +
                       image + "> 0 varus, knee outwards; < 0 valgus, knee inwards"});
  }
}

}  // namespace

std::vector<QuantityDescription> AngleDescriptions(PelvisOrder pelvis_order,
                                                   JointOrder joint_order) {
  const PelvisWords words = WordsOf(pelvis_order);
  std::vector<QuantityDescription> all = {
      {"pelvis_obliquity", "rad", words.obliquity},
      {"pelvis_tilt", "rad", words.tilt},
      {"pelvis_rotation", "rad", words.rotation},
      {"pelvis_obliquity_relative", "rad",
       "pelvis_obliquity less that of the standing trial, > 0 right side up"},
      {"pelvis_tilt_relative", "rad", "pelvis_tilt less that of the standing trial, > 0 front up"}};
  const std::string which =
      joint_order == JointOrder::kFlexionAdductionRotation
          ? "Cardan angle (Z-X-Y, Grood & Suntay 1983) of the "
          : "of the Cardan angles taken in the order Y-X-Z (method ric) of the ";
  for (const std::string side : {"left", "right"}) {
    AddJoint(all, side, "hip", which, "thigh against the pelvis");
  }
  for (const std::string side : {"left", "right"}) {
    AddJoint(all, side, "knee", which, "shank against the thigh");
  }
  for (const std::string side : {"left", "right"}) AddAnkle(all, side, which);
  AddTrunkAndFeet(all);
  AddProjections(all);
  MEDIUS_CHECK(all.size() == kAngleCount, "every angle has its words");
  return all;
}

}  // namespace medius::analysis
