#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

namespace medius {

/// How a file's axes map to the lab frame (X running direction, Y the runner's left, Z up).
struct LabAxes {
  Eigen::Matrix3d lab_from_file = Eigen::Matrix3d::Identity();  ///< a signed permutation, det +1
};

/// The axes from two signed letters such as forward "+x", up "+y" (OpenSim's).
/// @throws InputError where a word is not [+-][xyz] or both name one axis.
[[nodiscard]] LabAxes LabAxesFromWords(std::string_view forward, std::string_view up,
                                       std::string_view where);

/// What the analysis knows of a lab's markers: which label plays which anatomical role, and which
/// labels track a segment while the runner moves.
struct MarkerSet {
  std::string name;
  std::map<std::string, std::string> roles;                  ///< role -> label
  std::map<std::string, std::vector<std::string>> clusters;  ///< segment -> labels
  std::optional<LabAxes> lab;  ///< of the files it comes with; absent: already in the lab frame

  /// Label of a role, nullopt where the set has no such role.
  [[nodiscard]] std::optional<std::string> LabelOf(std::string_view role) const;
};

/// The roles that Medius knows ("right_asis", "sacrum", "left_heel", ...) and the segments that a
/// cluster can track ("pelvis", "right_thigh", ...), for readers to name a misspelt one.
[[nodiscard]] const std::vector<std::string>& KnownRoles();
[[nodiscard]] const std::vector<std::string>& KnownSegments();

}  // namespace medius
