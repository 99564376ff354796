#pragma once

#include <cstddef>
#include <vector>

#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"
#include "reconstruct/marker_history.hpp"

namespace medius::reconstruct {

/// How trajectories are smoothed.
struct SmoothingOptions {
  /// The liveliness of a marker is taken as constant over this long, s; bounds the memory.
  double stretch_s = 10.0;
  /// What lies within this of a stretch counts in its smoothing, s. A smoother forgets within a few
  /// tenths of a second, so that no seam is left.
  double overlap_s = 0.5;
  /// Where a marker is missing for longer, its path before says nothing about the one after, s.
  double max_pause_s = 0.5;

  /// @throws InputError that names the field which is out of range.
  void Validate() const;
};

/// What smoothing did to one marker.
struct MarkerSmoothing {
  std::size_t samples = 0;          ///< smoothed
  double squared_correction = 0.0;  ///< metres^2, of smoothed minus raw, summed over the samples

  /// Metres; NaN where there are none.
  [[nodiscard]] double CorrectionRms() const;
};

/// Smooths labelled trajectories, which come as a stream of blocks: for every marker the best path
/// given all samples near it, with its covariance. Frames that are missing stay missing.
///
/// A marker moves with white jerk, whose strength is that of greatest likelihood, per axis and
/// stretch, in the liveliest 2.5 s of it: standing says nothing about running. Axes are those of
/// the marker's usual covariance, which makes them independent. A sample counts by its covariance;
/// where that is unknown, its noise too is that of greatest likelihood. The errors of a filled
/// sample go with those of its neighbours, so that a gap tells as much as one sample every 50 ms.
/// The result depends neither on how the stream is cut nor on the number of threads, to the last
/// bit.
///
/// Source: Bryson & Frazier 1963 in the form of Bierman 1977, Factorization Methods for Discrete
/// Sequential Estimation, ch. 10 (fixed-interval smoother without inverses); Harvey 1989,
/// Forecasting, Structural Time Series Models and the Kalman Filter, section 3.4 (likelihood).
class TrajectorySmoother {
 public:
  /// @throws InputError where an option is out of range or the rate is not above zero.
  TrajectorySmoother(std::size_t marker_count, TimeBase time_base, SmoothingOptions options);

  /// @param block  the frames that follow those given before; the first one starts at frame 0.
  /// @return frames that are final now, smoothed; at times none. The raw ones are the caller's.
  /// @throws Cancelled
  TrajectoryBlock Push(const TrajectoryBlock& block, Parallelism parallelism,
                       const WorkControl& control = {});
  /// The frames that were still held back. Nothing can be pushed after it.
  TrajectoryBlock Finish(Parallelism parallelism, const WorkControl& control = {});

  [[nodiscard]] const std::vector<MarkerSmoothing>& statistics() const { return statistics_; }

 private:
  TrajectoryBlock Smooth(FrameRange stretch, Parallelism parallelism, const WorkControl& control);
  TrajectoryBlock Advance(bool at_end, Parallelism parallelism, const WorkControl& control);

  TimeBase time_base_;
  SmoothingOptions options_;
  MarkerHistory history_;
  std::vector<MarkerSmoothing> statistics_;
  std::size_t stretch_ = 1;  ///< frames
  std::size_t overlap_ = 0;  ///< frames
  std::size_t released_ = 0;
};

}  // namespace medius::reconstruct
