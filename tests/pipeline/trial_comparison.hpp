#pragma once

#include <filesystem>
#include <string>

namespace medius::testing {

/// Root mean square distance between the markers of two trials where both have one.
struct MarkerDifference {
  double rms = 0.0;          ///< metres
  std::size_t compared = 0;  ///< marker-frames that both have
  std::size_t expected = 0;  ///< marker-frames that the second has
};
MarkerDifference CompareMarkers(const std::filesystem::path& trial,
                                const std::filesystem::path& truth);

/// Root mean square difference of an angle over the frames where both trials have it.
struct AngleDifference {
  double rms = 0.0;  ///< radians
  std::size_t compared = 0;
  std::size_t expected = 0;
};
AngleDifference CompareAngle(const std::filesystem::path& trial, const std::filesystem::path& truth,
                             const std::string& angle);

/// Accepted strides of the truth, and those of them that the trial has as well: the same side, both
/// foot strikes within 20 ms, accepted.
struct StrideDifference {
  std::size_t kept = 0;
  std::size_t expected = 0;
};
StrideDifference CompareStrides(const std::filesystem::path& trial,
                                const std::filesystem::path& truth);

/// The bytes of a trial's results, provenance left out: equal where the results are.
std::string ResultBytes(const std::filesystem::path& trial);

}  // namespace medius::testing
