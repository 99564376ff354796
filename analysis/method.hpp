#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/hip_centre.hpp"

namespace medius::analysis {

/// In which order the turns of the pelvis against the lab are taken.
enum class PelvisOrder {
  kRotationObliquityTilt,  ///< Baker 2001: obliquity is the elevation of the line between the ASIS
  kTiltObliquityRotation,  ///< OpenSim (pelvis_tilt, pelvis_list, pelvis_rotation), Plug-in Gait
  kProjections,            ///< the clinic's (`ric`): axes projected on the planes of the lab
};

/// In which order the turns of a joint are taken (Cardan angles of distal against proximal).
enum class JointOrder {
  kFlexionAdductionRotation,  ///< Z-X-Y: the joint coordinate system of Grood & Suntay 1983
  kRotationAdductionFlexion,  ///< Y-X-Z (`ric`)
};

/// How the axes of the segments lie in the standing trial.
enum class FrameConvention {
  kAnatomical,        ///< from the landmarks of every segment (Wu et al. 2002)
  kPelvisAsStanding,  ///< `ric`: pelvis axes are the lab's while standing, the foot's by its shoe
};

/// A named way from markers to angles. Results of two methods are never compared as if they were
/// one.
struct Method {
  std::string_view name;
  std::string_view summary;  ///< one line, for people
  PelvisOrder pelvis_order = PelvisOrder::kRotationObliquityTilt;
  JointOrder joint_order = JointOrder::kFlexionAdductionRotation;
  FrameConvention frames = FrameConvention::kAnatomical;
  HipCentreMethod hip_centre = HipCentreMethod::kHarrington;  ///< unless the user names another
  double cutoff_hz = 10.0;                                    ///< likewise; 0: no filter
  double max_gap_s = 0.1;                                     ///< likewise
};

/// `medius` (the default), `ric`, `opensim-order`. The angles of all have the names and the
/// clinical signs of docs/methods.md, so that tables of two methods line up; their values do not.
[[nodiscard]] const std::vector<Method>& Methods();

/// @throws InputError that names the methods there are.
[[nodiscard]] const Method& FindMethod(std::string_view name);

[[nodiscard]] std::string_view ToString(PelvisOrder order);
[[nodiscard]] std::string_view ToString(JointOrder order);
[[nodiscard]] std::string_view ToString(FrameConvention frames);

}  // namespace medius::analysis
