#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "core/kinematics.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"
#include "storage/csv_export.hpp"

namespace medius::storage {

/// What goes into a C3D file besides marker positions.
struct C3dContent {
  std::vector<std::string> labels;  ///< of the markers
  Kinematics kinematics;            ///< may be empty
  GaitEvents events;                ///< may be empty
  std::string method;               ///< of the angles; kept as a parameter; may be empty
};

/// Writes a C3D file (https://www.c3d.org, user guide): Intel, real numbers, millimetres, degrees.
///
/// Angles are points as well, listed in POINT:ANGLES: one a joint (right_hip: flexion, adduction,
/// rotation), others with their value in the first coordinate. A missing point is zero with
/// residual -1. Events stand in the EVENT group (Foot Strike, Foot Off; Left, Right) in minutes and
/// seconds. Frame numbers are those of the trial's time: (number - 1) / rate. Axes are the lab's.
///
/// What needs more than a C3D word holds has the places that other programs read it from: labels
/// beyond 255 LABELS2, frames beyond 65,535 TRIAL:ACTUAL_END_FIELD and POINT:LONG_FRAMES.
class C3dWriter {
 public:
  /// Writes header and parameters. @throws InputError where they do not fit the format.
  C3dWriter(TextSink sink, const TimeBase& time_base, C3dContent content);

  /// The next frames; blocks in the order of time.
  void Append(const TrajectoryBlock& block);

  /// What other programs may not see, or was bent to fit the format.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  // A point of angles: up to three series.
  struct AnglePoint {
    std::string label;
    std::string description;
    std::vector<const AngleSeries*> series;
  };
  void GroupAngles();
  void AppendAngles(std::size_t frame, std::string& bytes) const;
  [[nodiscard]] std::string Parameters(std::uint16_t data_block) const;

  TextSink sink_;
  C3dContent content_;
  std::vector<AnglePoint> angles_;
  std::size_t frame_count_;
  std::uint64_t first_frame_ = 1;
  double rate_hz_;
  std::vector<std::string> warnings_;
  std::size_t next_frame_ = 0;
};

}  // namespace medius::storage
