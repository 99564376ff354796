#include "core/trajectories.hpp"

#include <array>
#include <limits>

namespace medius {
namespace {
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr float kNaNf = std::numeric_limits<float>::quiet_NaN();
}  // namespace

MarkerSample MarkerSample::Missing() {
  return {Eigen::Vector3d::Constant(kNaN), Eigen::Matrix3d::Constant(kNaN), kNaN, 0,
          SampleSource::kMissing};
}

TrajectoryBlock::TrajectoryBlock(FrameRange frames, std::size_t marker_count)
    : frames_(frames), marker_count_(marker_count) {
  const std::size_t slots = frames.count * marker_count;
  position.assign(slots * 3, kNaNf);
  covariance.assign(slots * 6, kNaNf);
  residual.assign(slots, kNaNf);
  rays.assign(slots, 0);
  source.assign(slots, static_cast<std::uint8_t>(SampleSource::kMissing));
}

Eigen::Vector3d TrajectoryBlock::Position(std::size_t frame, MarkerId marker) const {
  const float* p = position.data() + Slot(frame, marker) * 3;
  return {p[0], p[1], p[2]};
}

bool TrajectoryBlock::IsPresent(std::size_t frame, MarkerId marker) const {
  return Source(frame, marker) != SampleSource::kMissing && Position(frame, marker).allFinite();
}

Eigen::Matrix3d TrajectoryBlock::Covariance(std::size_t frame, MarkerId marker) const {
  const float* c = covariance.data() + Slot(frame, marker) * 6;
  Eigen::Matrix3d matrix;
  matrix << c[0], c[1], c[2], c[1], c[3], c[4], c[2], c[4], c[5];
  return matrix;
}

SampleSource TrajectoryBlock::Source(std::size_t frame, MarkerId marker) const {
  return static_cast<SampleSource>(source[Slot(frame, marker)]);
}

MarkerSample TrajectoryBlock::Get(std::size_t frame, MarkerId marker) const {
  const std::size_t slot = Slot(frame, marker);
  return {Position(frame, marker), Covariance(frame, marker), residual[slot], rays[slot],
          Source(frame, marker)};
}

void TrajectoryBlock::Set(std::size_t frame, MarkerId marker, const MarkerSample& sample) {
  const std::size_t slot = Slot(frame, marker);
  MEDIUS_CHECK(sample.rays >= 0 && sample.rays <= 255, "a count of rays that a byte cannot hold");
  const Eigen::Matrix3d& c = sample.covariance;
  const std::array<double, 6> upper = {c(0, 0), c(0, 1), c(0, 2), c(1, 1), c(1, 2), c(2, 2)};
  for (int i = 0; i < 3; ++i) position[slot * 3 + i] = static_cast<float>(sample.position[i]);
  for (std::size_t i = 0; i < 6; ++i) covariance[slot * 6 + i] = static_cast<float>(upper[i]);
  residual[slot] = static_cast<float>(sample.residual_px);
  rays[slot] = static_cast<std::uint8_t>(sample.rays);
  source[slot] = static_cast<std::uint8_t>(sample.source);
}

}  // namespace medius
