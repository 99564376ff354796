#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "core/parallel.hpp"
#include "core/time_base.hpp"

namespace medius::storage {

/// What a file of trajectories may fail to say, or say wrongly.
struct ImportOptions {
  std::optional<double> rate_hz;          ///< instead of the file's rate and time column, Hz
  std::optional<double> metres_per_unit;  ///< instead of the file's unit, e.g. 0.001
  /// C3D: three zeros with a residual that is not negative are a place like any other, not a marker
  /// that is missing. Some programs take them so, and to repeat their numbers one must too.
  bool zeros_are_places = false;

  /// @throws InputError that names the field which is not finite or not > 0.
  void Validate() const;
};

/// Metres in one of "mm", "cm", "dm", "m", "inch", "ft" and their spellings in C3D and TRC files
/// ("mete", "millimeters", any case); nullopt for another word.
[[nodiscard]] std::optional<double> MetresPerUnit(std::string_view word);

/// Marker positions of a foreign file, in the file's own axes, metres, NaN where missing. The
/// positions are read by runs of frames: the whole file is never in memory.
class TrajectorySource {
 public:
  virtual ~TrajectorySource();
  TrajectorySource(const TrajectorySource&) = delete;
  TrajectorySource& operator=(const TrajectorySource&) = delete;

  /// "C3D", "TRC" or "text table".
  [[nodiscard]] virtual std::string_view format() const = 0;

  /// Positions of the frames given: [frames.count, M, 3] metres, NaN where missing.
  /// @param position  frames.count * M * 3 values.
  /// @throws InputError that names the file and the place of a value which is no number.
  virtual void ReadPositions(FrameRange frames, Parallelism parallelism,
                             std::span<float> position) const = 0;

  [[nodiscard]] const TimeBase& time_base() const { return contents_.time_base; }
  [[nodiscard]] std::size_t frame_count() const { return contents_.time_base.frame_count(); }
  /// Unique, not empty, UTF-8.
  [[nodiscard]] const std::vector<std::string>& labels() const { return contents_.labels; }
  /// Foot strikes and toe offs that the file holds, sorted by time.
  [[nodiscard]] const GaitEvents& events() const { return contents_.events; }
  [[nodiscard]] double metres_per_unit() const { return contents_.metres_per_unit; }
  /// What was odd but could be read, one line each, without the file's name.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return contents_.warnings; }

 protected:
  /// What a reader of a format fills in.
  struct Contents {
    TimeBase time_base;
    std::vector<std::string> labels;
    GaitEvents events;
    double metres_per_unit = 0.001;
    std::vector<std::string> warnings;
  };

  TrajectorySource() = default;
  [[nodiscard]] Contents& contents() { return contents_; }

 private:
  Contents contents_;
};

/// Opens a C3D file, a TRC file or a table of text, whichever its content says; the extension
/// counts for nothing.
/// @throws InputError where it is none of them or not whole.
[[nodiscard]] std::unique_ptr<TrajectorySource> OpenTrajectories(const std::filesystem::path& path,
                                                                 const ImportOptions& options);

/// A warning where the markers of a trial span less than a child or more than a house, which tells
/// of a wrong unit; nullopt where they do not. Looks at up to 64 frames.
[[nodiscard]] std::optional<std::string> ImplausibleUnit(const TrajectorySource& source);

}  // namespace medius::storage
