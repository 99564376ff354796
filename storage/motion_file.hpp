#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/kinematics.hpp"
#include "core/time_base.hpp"
#include "storage/csv_export.hpp"

namespace medius::storage {

/// What was written.
struct MotionFileContent {
  std::vector<TableColumn> columns;
  std::size_t rows = 0;
  std::size_t left_out = 0;  ///< frames in which a coordinate is missing: OpenSim knows no gap
};

/// In which order the pelvis' turns were taken.
enum class PelvisAngleOrder {
  kRotationFirst,  ///< rotation-obliquity-tilt
  kTiltFirst,      ///< tilt-obliquity-rotation, as OpenSim's: only the sign of obliquity differs
};

/// Writes the angles of a trial as OpenSim's coordinates, in degrees, a row a frame (MOT, or STO,
/// which is the same): pelvis_tilt, pelvis_list and pelvis_rotation (its order tilt-list-rotation,
/// computed from ours), hip_flexion_r, hip_adduction_r, hip_rotation_r, knee_angle_r (bent > 0, as
/// in the Rajagopal model), ankle_angle_r (toes up > 0), and those of the left, as far as the trial
/// has them in any frame. Signs are OpenSim's: pelvis_list > 0 right side down.
///
/// @param name  of the motion, for its first line.
/// @throws InputError where no coordinate can be had.
/// Source: OpenSim documentation, "Motion (.mot) Files"; Rajagopal et al. 2016, IEEE TBME 63:2068.
MotionFileContent WriteMotionFile(const Kinematics& kinematics, const TimeBase& time_base,
                                  PelvisAngleOrder order, std::string_view name,
                                  const TextSink& sink);

/// The pelvis by tilt, list and rotation (OpenSim, Plug-in Gait) from obliquity, tilt and rotation
/// (order rotation-obliquity-tilt). Radians.
struct PelvisCoordinates {
  double tilt = 0.0;
  double list = 0.0;
  double rotation = 0.0;
};
[[nodiscard]] PelvisCoordinates PelvisByTiltFirst(double obliquity, double tilt, double rotation);

}  // namespace medius::storage
