#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "core/check.hpp"

namespace medius {

/// A marker of a subject, in the body frame: x forward, y to the left, z up, origin in the middle
/// of the anchor's markers, turned about the vertical only.
struct SubjectMarker {
  std::string label;
  std::string segment;         ///< "pelvis", "right_thigh", ...; empty where nobody said
  Eigen::Vector3d position;    ///< metres, mean
  Eigen::Matrix3d covariance;  ///< metres^2, over a running stride: measured or assumed
};

/// The distance between two markers, metres.
struct PairDistance {
  double mean = 0.0;
  double sd = 0.0;   ///< of the distance while running; of skin over bone where `is_rigid`
  double min = 0.0;  ///< smallest and largest that are plausible
  double max = 0.0;
  bool is_rigid = false;  ///< both on one segment
  bool is_known = false;  ///< the two were seen together
};

/// What is known of one subject's markers: how far from each other, and where on the body.
struct SubjectModel {
  std::string source;         ///< name of the file that it was learned from
  std::string source_sha256;  ///< of that file, lower-case hexadecimal
  std::string marker_set;     ///< name of the set that named the segments
  bool from_motion = false;   ///< learned while the subject ran; otherwise while standing
  std::vector<SubjectMarker> markers;
  std::vector<std::size_t> anchor;  ///< three or more markers of one segment: the body frame's
  std::vector<PairDistance> pairs;  ///< (0,1), (0,2), ..., (1,2), ...

  /// Slot of an unordered pair in `pairs`; a != b.
  [[nodiscard]] std::size_t PairSlot(std::size_t a, std::size_t b) const {
    MEDIUS_CHECK(a != b && a < markers.size() && b < markers.size(), "a pair outside the model");
    if (a > b) std::swap(a, b);
    return a * (2 * markers.size() - a - 1) / 2 + (b - a - 1);
  }
  [[nodiscard]] const PairDistance& Pair(std::size_t a, std::size_t b) const {
    return pairs[PairSlot(a, b)];
  }
};

}  // namespace medius
