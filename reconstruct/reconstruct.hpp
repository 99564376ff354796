#pragma once

#include <vector>

#include "core/observations.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"
#include "reconstruct/labelled.hpp"
#include "reconstruct/statistics.hpp"
#include "reconstruct/triangulation.hpp"

namespace medius::reconstruct {

struct ReconstructOptions {
  TriangulationOptions triangulation;
  /// m/s: what a marker's velocity may be where its neighbouring frames do not tell it; a foot in
  /// swing reaches twice that. Matters for cameras with a time offset only.
  double typical_speed = 5.0;

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// Turns what the cameras of a rig saw of a trial into trajectories, as a stream: blocks of
/// consecutive frames go in, of any length, and blocks of consecutive frames come out, some frames
/// later where a frame's result depends on those round it. The result does not depend on how the
/// trial is cut into blocks nor on the number of threads, to the last bit.
///
/// Sightings with a label are triangulated (TriangulateFrame); those without are counted and
/// ignored. Where cameras expose at times of their own (by the rig's offsets, drifts and line
/// times, or by their time stamps) each sighting is used at its own time, by the marker's motion
/// (EstimateMotion).
class Reconstructor {
 public:
  /// @param time_base  of the whole trial.
  /// @throws InputError where the options are out of range or the rig has too many cameras.
  Reconstructor(CameraRig rig, TimeBase time_base, std::size_t marker_count,
                const ReconstructOptions& options);

  /// Takes the next frames, cameras in the order of the rig.
  /// @return the frames that are decided by now, following on those returned before; maybe none.
  /// @throws InputError where a label is not that of a marker; Cancelled.
  [[nodiscard]] TrajectoryBlock Push(const ObservationBlock& block, Parallelism parallelism,
                                     const WorkControl& control = {});

  /// The frames still missing. After the last Push, which completed the time base.
  [[nodiscard]] TrajectoryBlock Finish(Parallelism parallelism);

  /// Over the frames returned so far.
  [[nodiscard]] const ReconstructStatistics& statistics() const { return statistics_; }

 private:
  struct FrameResult {
    std::vector<MarkerSample> samples;
    ReconstructStatistics statistics;
  };
  using Results = std::vector<FrameResult>;

  void Triangulate(const FrameSightings& sightings, std::span<const PointMotion> motions,
                   FrameResult* result) const;
  Results TriangulateAtFrameTime(const ObservationBlock& block, Parallelism parallelism,
                                 const WorkControl& control) const;
  void Keep(const ObservationBlock& block, Parallelism parallelism);
  Results TriangulateAtOwnTime(std::size_t end, Parallelism parallelism) const;
  Results RunPass(int pass, FrameRange frames, const Results& last, std::size_t last_first,
                  Parallelism parallelism) const;
  TrajectoryBlock Take(const Results& results);

  Triangulator triangulator_;
  TimeBase time_base_;
  std::size_t marker_count_;
  bool own_times_ = false;  ///< some sightings were exposed at another time than their frame's
  ReconstructOptions options_;
  std::size_t pushed_ = 0;    ///< frames taken
  std::size_t returned_ = 0;  ///< frames given back
  std::size_t kept_first_ = 0;
  std::vector<FrameSightings> kept_;  ///< frames kept_first_ .. pushed_, where offsets need them
  ReconstructStatistics statistics_;
};

}  // namespace medius::reconstruct
