#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/ids.hpp"
#include "core/observations.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"
#include "reconstruct/fragments.hpp"

namespace medius::testing {

/// A result within this of a true marker is that marker, metres.
inline constexpr double kMatchDistance = 0.010;

/// Where the markers were, which cameras truly saw them, and how well anybody can tell from that.
class RunTruth {
 public:
  /// @param positions  of all frames.
  /// @param seen       labelled sightings of the same frames, cameras in the order of the rig.
  /// @param rig        the true one.
  /// @param noise_px   of each coordinate of a sighting.
  RunTruth(std::vector<std::string> labels, TimeBase time_base, TrajectoryBlock positions,
           const ObservationBlock& seen, const CameraRig& rig, double noise_px);

  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }
  [[nodiscard]] const TimeBase& time_base() const { return time_base_; }
  [[nodiscard]] std::size_t frame_count() const { return time_base_.frame_count(); }
  [[nodiscard]] bool IsPresent(std::size_t frame, MarkerId marker) const {
    return positions_.IsPresent(frame, marker);
  }
  [[nodiscard]] Eigen::Vector3d Position(std::size_t frame, MarkerId marker) const {
    return positions_.Position(frame, marker);
  }
  /// Cameras that saw a marker in a frame.
  [[nodiscard]] int Rays(std::size_t frame, MarkerId marker) const {
    return rays_[Slot(frame, marker)];
  }
  /// Trace of the Cramer-Rao bound of its position, m^2; NaN with fewer than two rays.
  [[nodiscard]] double Bound(std::size_t frame, MarkerId marker) const {
    return bound_[Slot(frame, marker)];
  }
  /// Seen by two cameras or more in each of the five frames before, by three in at least one: a
  /// track of it is alive, if any can be.
  [[nodiscard]] bool IsLive(std::size_t frame, MarkerId marker) const;

 private:
  [[nodiscard]] std::size_t Slot(std::size_t frame, MarkerId marker) const {
    return frame * labels_.size() + marker.index();
  }
  std::vector<std::string> labels_;
  TimeBase time_base_;
  TrajectoryBlock positions_;
  std::vector<std::uint8_t> rays_;
  std::vector<double> bound_;
};

/// One sample of a result.
struct ResultPoint {
  Eigen::Vector3d position;
  Eigen::Matrix3d covariance;      ///< m^2; NaN where unknown
  std::size_t track = 0;           ///< label or fragment that it belongs to
  std::optional<MarkerId> marker;  ///< of the truth's labels, where the result names it
  bool measured = true;            ///< and not filled
  bool foreign = false;            ///< it bears a name that the truth does not have
};
/// By frame of the trial.
using ResultFrames = std::vector<std::vector<ResultPoint>>;

/// Trajectories of a trial file. Labels that begin with "unnamed" are tracks without a name; any
/// other that the truth does not know is a foreign name, and wrong.
[[nodiscard]] ResultFrames FramesOf(const std::vector<std::string>& labels,
                                    const TrajectoryBlock& positions, const RunTruth& truth);
/// Fragments of tracks before labelling: nothing has a name, all is measured.
[[nodiscard]] ResultFrames FramesOf(const std::vector<reconstruct::Fragment>& fragments,
                                    std::size_t frame_count);

/// Gaps by their length, nearest on a scale of ratios: 50, 100, 200, 500, 1000 ms.
inline constexpr std::array<double, 5> kGapLengths = {0.05, 0.1, 0.2, 0.5, 1.0};

struct FillScore {
  std::uint64_t samples = 0;        ///< filled, of gaps between true samples of that marker
  std::uint64_t left_open = 0;      ///< of such gaps, not filled
  double squared_error = 0.0;       ///< m^2, sum
  std::uint64_t coordinates = 0;    ///< with a stated sigma
  std::uint64_t within_2sigma = 0;  ///< of those

  [[nodiscard]] double Rms() const;  ///< m
};

/// What a reconstruction is worth. Counts are sums, so that scores of several runs add up.
struct ReconstructionScore {
  // Points, whatever they are called.
  std::uint64_t three_ray = 0;        ///< true marker-frames that three cameras or more saw
  std::uint64_t three_ray_found = 0;  ///< of those, with a measured point within kMatchDistance
  std::uint64_t two_ray = 0;          ///< that two cameras saw, while a track can be alive
  std::uint64_t two_ray_found = 0;
  std::uint64_t points = 0;   ///< measured
  std::uint64_t matched = 0;  ///< to a true marker, one to one
  std::uint64_t doubles = 0;  ///< second points of a marker
  std::uint64_t ghosts = 0;   ///< further than kMatchDistance from every true marker
  /// Of the ghosts: those whose covariance says that they can be so far from the nearest marker
  /// (chi-square below its 99.9 % point), which no other point is. Two rays at a narrow angle.
  std::uint64_t uncertain_ghosts = 0;
  std::uint64_t switches = 0;  ///< a track goes on with another marker
  std::uint64_t tracks = 0;    ///< with at least one measured point
  // Names.
  std::uint64_t named = 0;               ///< measured samples with a name
  std::uint64_t mislabelled = 0;         ///< of those, foreign or nearer to another marker
  std::uint64_t named_filled = 0;        ///< samples with a name, filled ones too
  std::uint64_t mislabelled_filled = 0;  ///< of those, foreign or nearer to another marker
  std::uint64_t unlabelled = 0;          ///< of three_ray, whose name no measured sample bears
  // Accuracy of measured samples with their right name (any, where nothing is named).
  double squared_error = 0.0;    ///< m^2, of those that three cameras or more saw
  double bound = 0.0;            ///< m^2, of the same
  double chi2 = 0.0;             ///< e^T C^-1 e
  std::uint64_t chi2_count = 0;  ///< samples that state a covariance
  std::array<FillScore, kGapLengths.size()> fills;

  [[nodiscard]] double Recall() const;        ///< 0 to 1
  [[nodiscard]] double TwoRayRecall() const;  ///< 0 to 1
  [[nodiscard]] double GhostsPer1e5() const;
  [[nodiscard]] double UncertainGhostsPer1e5() const;
  [[nodiscard]] double SwitchesPer1e5() const;
  [[nodiscard]] double MislabelledPer1e5() const;
  [[nodiscard]] double MislabelledFilledPer1e5() const;
  [[nodiscard]] double UnlabelledShare() const;  ///< 0 to 1
  [[nodiscard]] double ErrorOverBound() const;   ///< root of the ratio of squares
  [[nodiscard]] double MeanChi2() const;         ///< 3 where the covariance is right
  [[nodiscard]] double FillsWithin2Sigma() const;
  void Add(const ReconstructionScore& other);
};

[[nodiscard]] ReconstructionScore Score(const RunTruth& truth, const ResultFrames& result);

}  // namespace medius::testing
