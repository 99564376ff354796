#include "analysis/method.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"

namespace medius::analysis {

const std::vector<Method>& Methods() {
  static const std::vector<Method> kMethods = [] {
    Method medius;
    medius.name = "medius";
    medius.summary = "pelvis rotation-obliquity-tilt, joints by Grood & Suntay, 10 Hz";

    Method opensim = medius;
    opensim.name = "opensim-order";
    opensim.summary = "as medius, the pelvis in OpenSim's order tilt-obliquity-rotation";
    opensim.pelvis_order = PelvisOrder::kTiltObliquityRotation;

    // The formulae of the Running Injury Clinic's 3D GAIT, as its published files show them.
    Method ric;
    ric.name = "ric";
    ric.summary = "a running clinic's: pelvis against standing, hips at the trochanters, no filter";
    ric.pelvis_order = PelvisOrder::kProjections;
    ric.joint_order = JointOrder::kRotationAdductionFlexion;
    ric.frames = FrameConvention::kPelvisAsStanding;
    ric.hip_centre = HipCentreMethod::kTrochanter;
    ric.cutoff_hz = 0.0;
    ric.max_gap_s = 0.0;
    return std::vector<Method>{medius, ric, opensim};
  }();
  return kMethods;
}

const Method& FindMethod(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Method& method : Methods()) {
    if (method.name == name) return method;
    names.push_back(method.name);
  }
  throw InputError(fmt::format("method \"{}\": one of {} expected", name, fmt::join(names, ", ")));
}

std::string_view ToString(PelvisOrder order) {
  switch (order) {
    case PelvisOrder::kRotationObliquityTilt:
      return "rotation-obliquity-tilt";
    case PelvisOrder::kTiltObliquityRotation:
      return "tilt-obliquity-rotation";
    case PelvisOrder::kProjections:
      return "projections";
  }
  return "";
}

std::string_view ToString(JointOrder order) {
  return order == JointOrder::kFlexionAdductionRotation ? "flexion-adduction-rotation"
                                                        : "rotation-adduction-flexion";
}

std::string_view ToString(FrameConvention frames) {
  return frames == FrameConvention::kAnatomical ? "anatomical" : "pelvis-as-standing";
}

}  // namespace medius::analysis
