#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "core/check.hpp"
#include "core/ids.hpp"
#include "core/time_base.hpp"

namespace medius {

/// Where a position comes from; the numbers are those of the trial file.
enum class SampleSource : std::uint8_t {
  kMissing = 0,
  kMeasured = 1,
  kFilledRigid = 2,
  kFilledSkeleton = 3,
  kFilledInterpolated = 4,
  kImported = 5,
};

/// One marker at one instant, in double.
struct MarkerSample {
  Eigen::Vector3d position;    ///< lab, metres; NaN where missing
  Eigen::Matrix3d covariance;  ///< metres^2; NaN where unknown
  double residual_px = 0.0;    ///< rms over the rays used; NaN where there are none
  int rays = 0;                ///< cameras used
  SampleSource source = SampleSource::kMissing;

  [[nodiscard]] static MarkerSample Missing();
};

/// Positions of M markers over a run of frames, frame by frame, as the trial file stores them.
class TrajectoryBlock {
 public:
  TrajectoryBlock() = default;
  /// Everything missing.
  TrajectoryBlock(FrameRange frames, std::size_t marker_count);

  [[nodiscard]] const FrameRange& frames() const { return frames_; }
  [[nodiscard]] std::size_t marker_count() const { return marker_count_; }

  /// @param frame  counted from the block's first frame.
  [[nodiscard]] Eigen::Vector3d Position(std::size_t frame, MarkerId marker) const;
  [[nodiscard]] bool IsPresent(std::size_t frame, MarkerId marker) const;
  /// Metres^2; NaN where unknown.
  [[nodiscard]] Eigen::Matrix3d Covariance(std::size_t frame, MarkerId marker) const;
  [[nodiscard]] SampleSource Source(std::size_t frame, MarkerId marker) const;
  [[nodiscard]] MarkerSample Get(std::size_t frame, MarkerId marker) const;
  void Set(std::size_t frame, MarkerId marker, const MarkerSample& sample);

  /// The arrays as they lie in the file: [T,M,3], [T,M,6] (xx xy xz yy yz zz), [T,M] x 3.
  std::vector<float> position;
  std::vector<float> covariance;
  std::vector<float> residual;
  std::vector<std::uint8_t> rays;
  std::vector<std::uint8_t> source;

 private:
  [[nodiscard]] std::size_t Slot(std::size_t frame, MarkerId marker) const {
    MEDIUS_CHECK(frame < frames_.count && marker.index() < marker_count_,
                 "a sample outside its block");
    return frame * marker_count_ + marker.index();
  }
  FrameRange frames_;
  std::size_t marker_count_ = 0;
};

}  // namespace medius
