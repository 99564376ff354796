#include "analysis/motion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <Eigen/Geometry>
#include <fmt/format.h>

#include "analysis/marker_chunk.hpp"
#include "analysis/pose_angles.hpp"
#include "analysis/rigid_fit.hpp"
#include "analysis/signal.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Residuals of one segment's markers, in the segment's axes, summed over frames.
struct ResidualSums {
  std::vector<Eigen::Vector3d> sum;
  std::vector<double> count;
  double square = 0.0;

  void Add(const SegmentModel& model, const RigidFit& fit,
           const std::vector<Eigen::Vector3d>& measured) {
    // No skin strays so far: a marker is lost or taken for another, and one such frame would
    // outweigh a run. Such frames are flagged in their own right.
    constexpr double kBroken = 0.030;  // metres
    if (fit.rms > kBroken) return;
    sum.resize(model.local.size(), Eigen::Vector3d::Zero());
    count.resize(model.local.size(), 0.0);
    const RigidTransform local_from_lab = fit.target_from_local.Inverse();
    for (std::size_t i = 0; i < model.local.size(); ++i) {
      if (!measured[i].allFinite()) continue;
      const Eigen::Vector3d residual = local_from_lab * measured[i] - model.local[i];
      sum[i] += residual;
      count[i] += 1.0;
      square += residual.squaredNorm();
    }
  }
  void Add(const ResidualSums& other) {
    sum.resize(std::max(sum.size(), other.sum.size()), Eigen::Vector3d::Zero());
    count.resize(sum.size(), 0.0);
    for (std::size_t i = 0; i < other.sum.size(); ++i) {
      sum[i] += other.sum[i];
      count[i] += other.count[i];
    }
    square += other.square;
  }
  [[nodiscard]] SegmentDeformation Deformation() const {
    double samples = 0.0;
    double of_mean = 0.0;
    for (std::size_t i = 0; i < sum.size(); ++i) {
      samples += count[i];
      if (count[i] > 0.0) of_mean += sum[i].squaredNorm() / count[i];
    }
    if (samples == 0.0) return {};
    return {std::sqrt(of_mean / samples), std::sqrt(std::max(0.0, square - of_mean) / samples)};
  }
};

std::array<AngleSeries*, kAngleCount> SeriesOf(Kinematics& kinematics) {
  const std::vector<QuantityDescription> descriptions = AngleDescriptions();
  std::array<AngleSeries*, kAngleCount> series = {};
  for (AngleSeries& angle : kinematics.angles) {
    for (std::size_t i = 0; i < kAngleCount; ++i) {
      if (descriptions[i].name == angle.description.name) series[i] = &angle;
    }
  }
  return series;
}

// One piece of the recording on its way through the pipeline.
struct Piece {
  FrameRange core;        // frames that it answers for
  TrajectoryBlock block;  // those and the ones around them
  std::array<ResidualSums, kSegmentCount> residuals;
};

// Turns pieces into results; each writes its own frames, so pieces may run at once.
class PieceWorker {
 public:
  PieceWorker(const BodyModel& body, const MotionOptions& options, double rate_hz, Motion& motion)
      : body_(body),
        options_(options),
        rate_hz_(rate_hz),
        motion_(motion),
        angles_(body, options.view_direction),
        series_(SeriesOf(motion.kinematics)) {
    if (options.cutoff_hz > 0.0) filter_.emplace(options.cutoff_hz, rate_hz);
    for (const Segment segment : kSegments) {
      const SegmentModel& model = body[segment];
      if (!model.available()) continue;
      Eigen::Vector3d sum = Eigen::Vector3d::Zero();
      for (const Eigen::Vector3d& point : model.local) sum += point;
      if (segment == Segment::kPelvis)
        pelvis_middle_ = sum / static_cast<double>(model.local.size());
    }
  }

  void Run(Piece& piece) const;

 private:
  // Room for the markers of one segment, reused from frame to frame.
  struct Scratch {
    std::vector<Eigen::Vector3d> measured;
    std::vector<Eigen::Matrix3d> covariance;
  };

  RigidFit Fit(const SegmentModel& model, const MarkerChunk& chunk, std::size_t frame,
               Scratch& scratch) const;
  Pose FitSegment(Segment segment, Piece& piece, const MarkerChunk& chunk, std::size_t frame,
                  Scratch& scratch) const;
  Eigen::Matrix3d MarkerCovariance(const Piece& piece, const MarkerChunk& chunk, std::size_t column,
                                   std::size_t frame) const;
  void WriteRotation(Segment segment, const RigidFit& fit, std::size_t t) const;
  void WriteFeet(const MarkerChunk& chunk, std::size_t frame, std::size_t t) const;
  void WriteLegSeparation(const Poses& poses, std::size_t t) const;
  void WriteAngles(const Poses& poses, std::size_t t) const {
    angles_.Write(poses, [this, t](std::size_t index, double value, double variance) {
      AngleSeries* const series = series_[index];
      if (series == nullptr) return;
      series->value[t] = value;
      series->sigma[t] = static_cast<float>(std::sqrt(variance));
    });
  }

  const BodyModel& body_;
  const MotionOptions& options_;
  double rate_hz_;
  Motion& motion_;
  PoseAngles angles_;
  std::array<AngleSeries*, kAngleCount> series_;  // nullptr: this body does not have the angle
  std::optional<ZeroLagButterworth> filter_;
  Eigen::Vector3d pelvis_middle_ = Eigen::Vector3d::Zero();
};

Eigen::Matrix3d PieceWorker::MarkerCovariance(const Piece& piece, const MarkerChunk& chunk,
                                              std::size_t column, std::size_t frame) const {
  if (chunk.IsFilled(column, frame)) {
    return Eigen::Matrix3d::Identity() * (options_.filled_marker_sd * options_.filled_marker_sd);
  }
  Eigen::Matrix3d covariance = piece.block.Covariance(frame, body_.columns[column]);
  if (!covariance.allFinite()) {
    const double sd = options_.assumed_marker_sd;
    covariance = Eigen::Matrix3d::Identity() * (sd * sd);
  }
  return covariance * chunk.VarianceScale(column, frame);
}

RigidFit PieceWorker::Fit(const SegmentModel& model, const MarkerChunk& chunk, std::size_t frame,
                          Scratch& scratch) const {
  scratch.measured.resize(model.columns.size());
  for (std::size_t i = 0; i < model.columns.size(); ++i) {
    scratch.measured[i] = chunk.Position(model.columns[i], frame);
  }
  return FitRigid(model.local, scratch.measured);
}

Pose PieceWorker::FitSegment(Segment segment, Piece& piece, const MarkerChunk& chunk,
                             std::size_t frame, Scratch& scratch) const {
  Pose pose;
  const SegmentModel& model = body_[segment];
  if (!model.available()) return pose;
  const RigidFit fit = Fit(model, chunk, frame, scratch);
  if (!fit.fitted()) return pose;
  const std::size_t t = piece.block.frames().first + frame;
  WriteRotation(segment, fit, t);
  piece.residuals[IndexOf(segment)].Add(model, fit, scratch.measured);
  if (segment == Segment::kPelvis) {
    const Eigen::Vector3d middle = fit.target_from_local * pelvis_middle_;
    motion_.signals.pelvis_forward[t] = middle.x();
    motion_.signals.pelvis_left[t] = middle.y();
    motion_.signals.pelvis_up[t] = middle.z();
  }
  scratch.covariance.resize(model.columns.size());
  pose.centroid.setZero();
  pose.centroid_covariance.setZero();
  double present = 0.0;
  for (std::size_t i = 0; i < model.columns.size(); ++i) {
    scratch.covariance[i] = MarkerCovariance(piece, chunk, model.columns[i], frame);
    if (!scratch.measured[i].allFinite()) continue;
    present += 1.0;
    pose.centroid += scratch.measured[i];
    pose.centroid_covariance += scratch.covariance[i];
  }
  pose.centroid /= present;
  pose.centroid_covariance /= present * present;
  pose.known = true;
  pose.lab_from_segment = fit.target_from_local;
  pose.rotation_covariance =
      RotationCovariance(fit, model.local, scratch.measured, scratch.covariance);
  return pose;
}

void PieceWorker::WriteRotation(Segment segment, const RigidFit& fit, std::size_t t) const {
  SegmentRotations& rotations = motion_.segments[IndexOf(segment)];
  rotations.residual[t] = static_cast<float>(fit.rms);
  Eigen::Quaterniond q(fit.target_from_local.rotation);
  if (q.w() < 0.0) q.coeffs() = -q.coeffs();
  const std::array<double, 4> wxyz = {q.w(), q.x(), q.y(), q.z()};
  for (std::size_t i = 0; i < 4; ++i) rotations.rotation[4 * t + i] = static_cast<float>(wxyz[i]);
}

void PieceWorker::WriteFeet(const MarkerChunk& chunk, std::size_t frame, std::size_t t) const {
  for (std::size_t side = 0; side < 2; ++side) {
    if (!body_.heel[side]) continue;
    const double heel = chunk.Position(*body_.heel[side], frame).x();
    motion_.signals.heel_forward[side][t] = heel;
    motion_.signals.heel_left[side][t] = chunk.Position(*body_.heel[side], frame).y();
    double forefoot = 0.0;
    for (const std::size_t column : body_.forefoot[side]) {
      forefoot += chunk.Position(column, frame).x();
    }
    const auto count = static_cast<double>(body_.forefoot[side].size());
    motion_.signals.foot_forward[side][t] =
        body_.forefoot[side].empty() ? heel : 0.5 * (heel + forefoot / count);
  }
}

void PieceWorker::WriteLegSeparation(const Poses& poses, std::size_t t) const {
  const Pose& pelvis = poses[IndexOf(Segment::kPelvis)];
  if (!pelvis.known) return;
  const auto write = [&](std::size_t index, Segment left_segment, Segment right_segment) {
    const Pose& left = poses[IndexOf(left_segment)];
    const Pose& right = poses[IndexOf(right_segment)];
    if (!left.known || !right.known) return;
    motion_.signals.leg_separation[index][t] = static_cast<float>(
        pelvis.lab_from_segment.rotation.col(2).dot(right.centroid - left.centroid));
  };
  write(0, Segment::kLeftThigh, Segment::kRightThigh);
  write(1, Segment::kLeftShank, Segment::kRightShank);
}

void PieceWorker::Run(Piece& piece) const {
  MarkerChunk chunk(piece.block, body_.columns);
  chunk.FillGaps(body_.segments,
                 static_cast<std::size_t>(std::floor(options_.max_gap_s * rate_hz_ + 1e-9)));
  if (filter_) {
    chunk.Smooth(*filter_,
                 static_cast<std::size_t>(std::ceil(0.5 * rate_hz_ / options_.cutoff_hz)));
  }
  Scratch scratch;
  for (std::size_t t = piece.core.first; t < piece.core.end(); ++t) {
    const std::size_t frame = t - piece.block.frames().first;
    Poses poses;
    for (const Segment segment : kSegments) {
      poses[IndexOf(segment)] = FitSegment(segment, piece, chunk, frame, scratch);
    }
    WriteAngles(poses, t);
    WriteFeet(chunk, frame, t);
    WriteLegSeparation(poses, t);
  }
}

Motion EmptyMotion(const BodyModel& body, std::size_t frame_count) {
  Motion motion;
  const std::vector<QuantityDescription> descriptions =
      AngleDescriptions(body.pelvis_order, body.joint_order);
  const std::array<bool, kAngleCount> available = PoseAngles(body, 0.0).Available();
  for (std::size_t i = 0; i < kAngleCount; ++i) {
    if (!available[i]) continue;
    AngleSeries series;
    series.description = descriptions[i];
    series.value.assign(frame_count, kNaN);
    series.sigma.assign(frame_count, std::numeric_limits<float>::quiet_NaN());
    motion.kinematics.angles.push_back(std::move(series));
  }
  motion.signals.pelvis_forward.assign(frame_count, kNaN);
  motion.signals.pelvis_up.assign(frame_count, kNaN);
  motion.signals.pelvis_left.assign(frame_count, kNaN);
  for (std::size_t side = 0; side < 2; ++side) {
    motion.signals.heel_forward[side].assign(frame_count, kNaN);
    motion.signals.foot_forward[side].assign(frame_count, kNaN);
    motion.signals.heel_left[side].assign(frame_count, kNaN);
    motion.signals.leg_separation[side].assign(frame_count,
                                               std::numeric_limits<float>::quiet_NaN());
  }
  for (const Segment segment : kSegments) {
    SegmentRotations& rotations = motion.segments[IndexOf(segment)];
    rotations.segment = ToString(segment);
    rotations.rotation.assign(4 * frame_count, std::numeric_limits<float>::quiet_NaN());
    rotations.residual.assign(frame_count, std::numeric_limits<float>::quiet_NaN());
    rotations.flagged.assign(frame_count, 0);
  }
  return motion;
}

void FlagPoorFits(SegmentRotations& segment) {
  constexpr double kPoor = 3.0;  // times the run's median; docs/methods.md
  const double median =
      Quantile(std::vector<double>(segment.residual.begin(), segment.residual.end()), 0.5);
  for (std::size_t t = 0; t < segment.residual.size(); ++t) {
    segment.flagged[t] = static_cast<double>(segment.residual[t]) > kPoor * median ? 1 : 0;
  }
}

// Frames to read on either side: what the filter remembers, a gap that must be seen whole, and the
// neighbours that fill it.
std::size_t OverlapFrames(const MotionOptions& options, double rate_hz) {
  const double memory =
      options.cutoff_hz > 0.0 ? ZeroLagButterworth::MemorySeconds(options.cutoff_hz) : 0.0;
  return static_cast<std::size_t>(std::ceil(std::max(1.0, memory + options.max_gap_s) * rate_hz)) +
         4;
}

}  // namespace

void MotionOptions::Validate(double rate_hz) const {
  const auto require = [](bool ok, const std::string& text) {
    if (!ok) throw InputError(text);
  };
  require(std::isfinite(rate_hz) && rate_hz > 0.0,
          fmt::format("frame rate {} Hz: a positive one expected", rate_hz));
  require(cutoff_hz == 0.0 || (cutoff_hz >= 1.0 && cutoff_hz <= 0.4 * rate_hz),
          fmt::format("cutoff_hz {}: 0 (none) or from 1 to {:.4g} (0.4 x the frame rate of {:.4g} "
                      "Hz) expected",
                      cutoff_hz, 0.4 * rate_hz, rate_hz));
  require(max_gap_s >= 0.0 && max_gap_s <= 1.0,
          fmt::format("max_gap_s {}: 0 to 1 s expected", max_gap_s));
  require(assumed_marker_sd > 0.0 && assumed_marker_sd < 0.1,
          fmt::format("assumed_marker_sd {}: above 0 and below 0.1 m expected", assumed_marker_sd));
  require(filled_marker_sd > 0.0 && filled_marker_sd < 0.1,
          fmt::format("filled_marker_sd {}: above 0 and below 0.1 m expected", filled_marker_sd));
  constexpr double kSidelong = 0.7853981633974483;  // 45 degrees: less of the frontal plane is seen
  const double off_axis = std::abs(std::remainder(view_direction, 3.14159265358979323846));
  require(off_axis <= kSidelong,
          fmt::format("view_direction {:.0f} deg: within 45 deg of 0 (from behind) or of 180 (from "
                      "the front) expected",
                      view_direction * 57.29577951308232));
  require(chunk_frames >= 1, "chunk_frames 0: at least 1 expected");
}

Motion ComputeMotion(const BodyModel& body, const Recording& run, const MotionOptions& options,
                     Parallelism parallelism, const WorkControl& control) {
  options.Validate(run.time_base.rate_hz);
  const std::size_t frame_count = run.time_base.frame_count();
  const std::size_t overlap = OverlapFrames(options, run.time_base.rate_hz);
  Motion motion = EmptyMotion(body, frame_count);
  const PieceWorker worker(body, options, run.time_base.rate_hz, motion);
  const std::vector<FrameRange> ranges = SplitFrames(frame_count, options.chunk_frames);

  std::size_t next = 0;
  const auto source = [&]() -> std::optional<Piece> {
    if (next == ranges.size()) return std::nullopt;
    const FrameRange core = ranges[next++];
    const std::size_t first = core.first - std::min(core.first, overlap);
    const std::size_t end = std::min(core.end() + overlap, frame_count);
    return Piece{core, run.read({first, end - first}), {}};
  };
  // A piece takes some 15 MB with 40 markers; the bound keeps a machine of many cores below 400 MB.
  constexpr int kMaxPieces = 24;
  const auto in_flight = static_cast<std::size_t>(std::min(parallelism.threads() + 1, kMaxPieces));
  std::array<ResidualSums, kSegmentCount> residuals;
  OrderedPipeline<Piece>(
      parallelism, in_flight, source, [&worker](Piece& piece) { worker.Run(piece); },
      [&](Piece& piece) {
        for (std::size_t i = 0; i < residuals.size(); ++i) residuals[i].Add(piece.residuals[i]);
        control.Report(piece.core.end(), frame_count);
      });
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    motion.deformation[i] = residuals[i].Deformation();
    FlagPoorFits(motion.segments[i]);
  }
  for (const Side side : kSides) {
    const auto index = static_cast<std::size_t>(side);
    motion.signals.heel_alone[index] = body.forefoot[index].empty();
  }
  return motion;
}

double SoftTissueSd(double rms, std::size_t marker_count) {
  const auto coordinates = 3.0 * static_cast<double>(marker_count);
  // rms is over markers: rms^2 / 3 is over coordinates.
  return rms / std::sqrt(3.0) * std::sqrt(coordinates / (coordinates - 6.0));
}

}  // namespace medius::analysis
