#pragma once

#include <array>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "core/events.hpp"

namespace medius::analysis {

/// How the centre of the hip is found.
enum class HipCentreMethod {
  kHarrington,     ///< Harrington et al. 2007 from pelvis width and depth
  kHarringtonLeg,  ///< the same with leg length
  kHara,           ///< Hara et al. 2016 from leg length
  kBell,           ///< Bell et al. 1989, CODA pelvis
  kDavis,          ///< Davis et al. 1991, as in Plug-in Gait
  kSangeux,        ///< Sangeux 2015 from pelvis width alone
  kSangeuxLeg,     ///< the same from leg length alone
  kTrochanter,     ///< a quarter of the way from the own to the other greater trochanter
  kFunctional,     ///< from a trial in which the hip is moved (SCoRE)
  kMarker,         ///< the marker set names a marker `<side>_hip_centre`
};

struct HipCentreName {
  HipCentreMethod method;
  std::string_view name;    ///< as typed
  std::string_view source;  ///< citation
};
/// All but kMarker, which the marker set decides.
[[nodiscard]] const std::vector<HipCentreName>& HipCentreNames();
[[nodiscard]] std::string_view ToString(HipCentreMethod method);
/// @throws InputError that names those there are.
[[nodiscard]] HipCentreMethod FindHipCentreMethod(std::string_view name);

/// What the equations need of a body, metres; NaN where not known.
struct BodySize {
  double pelvis_width = 0.0;              ///< between the ASIS
  double pelvis_depth = 0.0;              ///< mid-ASIS to mid-PSIS
  std::array<double, 2> leg_length = {};  ///< by Side: ASIS to medial malleolus
};

[[nodiscard]] bool NeedsLegLength(HipCentreMethod method);
/// The equation gives the centre in the pelvis frame from BodySize alone.
[[nodiscard]] bool IsRegression(HipCentreMethod method);

/// Hip joint centre in the pelvis frame (origin mid-ASIS; x anterior, y superior, z right), metres.
///
/// @param method         one for which IsRegression.
/// @param marker_offset  from the skin to the marker's centre, metres. It moves the centre back
///                       (-x) since the equations count from the bone's landmarks; Davis' has a
///                       marker's radius of its own, which it takes the place of.
/// @return NaN where a length that it needs is.
/// Sources: Harrington et al. 2007, J Biomech 40:595; Hara et al. 2016, Sci Rep 6:37707; Bell et
/// al. 1989, Hum Mov Sci 8:3; Davis et al. 1991, Hum Mov Sci 10:575; Sangeux 2015, Gait Posture
/// 42:402.
[[nodiscard]] Eigen::Vector3d RegressionHipCentre(HipCentreMethod method, const BodySize& size,
                                                  double marker_offset, Side side);

/// 1 sd of the place that a method gives, each axis, metres: how far it was found from medical
/// images (Mantovani et al. 2016) or is left out one at a time; docs/methods.md says which.
[[nodiscard]] double HipCentreSd(HipCentreMethod method);

}  // namespace medius::analysis
