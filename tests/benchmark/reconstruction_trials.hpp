#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/pipeline/recorded_run_files.hpp"
#include "tests/reconstruct/reconstruction_score.hpp"

namespace medius::testing {

/// What is known of the sightings when they are reconstructed.
enum class Knowledge {
  kLabels,    ///< every sighting says which marker it is
  kNothing,   ///< tracks without names
  kStanding,  ///< the standing trial and the marker set
  kStretch,   ///< the first two seconds of the run, labelled, and the marker set
};

/// How `medius reconstruct` is typed.
struct Method {
  Knowledge knowledge = Knowledge::kStanding;
  std::vector<std::string> words;  ///< further ones
};

/// The angles that the issue asks for.
inline const std::array<std::string, 3> kAngles = {"pelvis_obliquity", "left_hip_adduction",
                                                   "right_hip_adduction"};

/// Angles of a reconstruction against those of the recorded positions. Sums, as in
/// ReconstructionScore.
struct AngleScore {
  std::array<double, kAngles.size()> squared{};  ///< rad^2
  std::array<std::uint64_t, kAngles.size()> compared{};
  std::array<std::uint64_t, kAngles.size()> expected{};
  std::uint64_t strides_kept = 0;
  std::uint64_t strides = 0;

  [[nodiscard]] double Rms(std::size_t angle) const;  ///< rad
  void Add(const AngleScore& other);
};

/// One cell of the table: several recordings and seeds together.
struct CellScore {
  ReconstructionScore points;
  AngleScore angles;
  double seconds = 0.0;   ///< of `medius reconstruct`
  double recorded = 0.0;  ///< seconds of the runs
  std::size_t trials = 0;
  std::vector<std::string> failures;  ///< one line each
};

/// Makes the sightings of each recording and seed, types the commands and scores what they wrote.
/// @param angles  also analyzes the result and the recorded positions.
[[nodiscard]] CellScore ScoreCell(const std::vector<RecordedRun>& runs,
                                  const SightingConditions& conditions,
                                  const std::vector<std::uint64_t>& seeds, const Method& method,
                                  bool angles, const std::filesystem::path& folder);

}  // namespace medius::testing
