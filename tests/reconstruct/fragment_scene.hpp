#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/marker_set.hpp"
#include "core/subject_model.hpp"
#include "core/time_base.hpp"
#include "reconstruct/fragments.hpp"
#include "reconstruct/label_fragments.hpp"
#include "reconstruct/subject_learning.hpp"

namespace medius::reconstruct::testing {

/// A recording with its names.
struct NamedRun {
  double rate_hz = 0.0;
  LabelledPositions truth;
};

/// A real recording in the lab frame.
[[nodiscard]] NamedRun ReadRun(const std::filesystem::path& path, const MarkerSet& set);
/// The preset datasets/marker_sets/<name>.toml.
[[nodiscard]] MarkerSet MarkerSetPreset(const std::string& name);
/// The marker set of RBDS001runT35_rot.c3d and its standing trial.
[[nodiscard]] MarkerSet RicMarkerSet();
/// Folder of the real recordings, nullopt where they are not.
[[nodiscard]] std::optional<std::filesystem::path> RealData();

/// The virtual lab's runner, whose set is the preset "virtual_lab"; and the same body standing.
[[nodiscard]] NamedRun VirtualRun(double seconds, double rate_hz);
[[nodiscard]] NamedRun VirtualStanding();

/// Turned about the vertical, then shifted.
[[nodiscard]] NamedRun Turned(NamedRun run, double angle, const Eigen::Vector3d& shift);
[[nodiscard]] NamedRun Scaled(NamedRun run, double factor);
/// The first `seconds`, over and over: a long run for measuring speed.
[[nodiscard]] NamedRun Repeated(const NamedRun& run, double seconds);
[[nodiscard]] NamedRun Part(const NamedRun& run, double first_second, double end_second);

/// How tracking cuts trajectories up.
struct CutOptions {
  double lost_share = 0.0;      ///< of marker-frames, in gaps of 0.02 to 1 s
  double cuts_a_second = 0.05;  ///< of each marker, without a gap
  /// Where a marker is lost beside another (70 mm, 1.5 m/s), the odds that its track goes on as
  /// that.
  double swap_chance = 0.5;
  double ghosts_a_frame = 0.2;  ///< seen at once, on average
  double ghost_seconds = 0.1;   ///< how long one lasts at most
  double noise = 0.0003;        ///< metres
  std::uint64_t seed = 1;
};

/// Fragments in random order, and which marker each frame of each truly is: -1 for a ghost.
struct CutRun {
  TimeBase time_base;
  std::vector<Fragment> fragments;
  std::vector<std::vector<int>> truth;
  std::size_t swaps = 0;  ///< fragments that go on as another marker
};
[[nodiscard]] CutRun CutIntoFragments(const NamedRun& run, const CutOptions& options);

/// What a labelling got right, in marker-frames.
struct LabelScore {
  std::size_t seen = 0;        ///< of markers that the subject has
  std::size_t wrong = 0;       ///< named, but as another; ghosts with a name too
  std::size_t unlabelled = 0;  ///< of `seen`
  std::size_t switches = 0;    ///< times that what carries a name becomes another marker
  [[nodiscard]] double PerHundredThousand(std::size_t count) const {
    return seen == 0 ? 0.0 : 1e5 * static_cast<double>(count) / static_cast<double>(seen);
  }
};
[[nodiscard]] LabelScore ScoreLabels(const CutRun& cut, const NamedRun& run,
                                     const SubjectModel& subject, const LabelResult& result);

}  // namespace medius::reconstruct::testing
