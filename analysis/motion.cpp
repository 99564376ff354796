#include "analysis/motion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "analysis/joint_angles.hpp"
#include "analysis/marker_chunk.hpp"
#include "analysis/rigid_fit.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Where each angle stands in AngleDescriptions().
enum AngleIndex : std::size_t {
  kObliquity,
  kTilt,
  kRotation,
  kObliquityRelative,
  kTiltRelative,
  kFirstJoint  // then left hip, right hip, left knee, right knee: flexion, adduction, rotation each
};

constexpr std::size_t HipIndex(Side side) {
  return kFirstJoint + (side == Side::kLeft ? 0U : 3U);
}
constexpr std::size_t KneeIndex(Side side) {
  return HipIndex(side) + 6U;
}

void AddJoint(std::vector<QuantityDescription>& all, const std::string& side,
              const std::string& joint, const std::string& how) {
  const std::string name = side + "_" + joint;
  all.push_back({name + "_flexion", "rad",
                 "Flexion of the " + side + " " + joint + ", > 0 " +
                     (joint == "hip" ? "thigh forward" : "knee bent") + "; first " + how});
  all.push_back({name + "_adduction", "rad",
                 "Adduction of the " + side + " " + joint + ", > 0 towards the middle" +
                     (joint == "knee" ? " (varus; abduction or valgus < 0)" : "") + "; second " +
                     how});
  all.push_back({name + "_rotation", "rad",
                 "Internal rotation of the " + side + " " + joint +
                     ", > 0 front towards the middle; third " + how});
}

std::vector<QuantityDescription> DescribeAngles() {
  const std::string order = " (order rotation-obliquity-tilt, Baker 2001)";
  std::vector<QuantityDescription> all = {
      {"pelvis_obliquity", "rad",
       "Elevation of the pelvis' rightward (inter-ASIS) axis over the horizontal, > 0 right side "
       "up" +
           order},
      {"pelvis_tilt", "rad",
       "Turn of the pelvis about its rightward axis, > 0 front up (posterior tilt)" + order},
      {"pelvis_rotation", "rad",
       "Heading of the pelvis' rightward axis in the horizontal, > 0 right side forward" + order},
      {"pelvis_obliquity_relative", "rad",
       "pelvis_obliquity less that of the standing trial, > 0 right side up"},
      {"pelvis_tilt_relative", "rad", "pelvis_tilt less that of the standing trial, > 0 front up"}};
  const std::string cardan = "Cardan angle (Z-X-Y, Grood & Suntay 1983) of the ";
  for (const std::string side : {"left", "right"}) {
    AddJoint(all, side, "hip", cardan + "thigh against the pelvis");
  }
  for (const std::string side : {"left", "right"}) {
    AddJoint(all, side, "knee", cardan + "shank against the thigh");
  }
  return all;
}

struct Pose {
  bool known = false;
  Eigen::Matrix3d rotation;    // lab_from_segment
  Eigen::Matrix3d covariance;  // of its small rotation, lab axes
  Eigen::Vector3d middle;      // of its markers, lab, metres
};

// Residuals of one segment's markers, in the segment's axes, summed over frames.
struct ResidualSums {
  std::vector<Eigen::Vector3d> sum;
  std::vector<double> count;
  double square = 0.0;

  void Add(const SegmentModel& model, const RigidFit& fit,
           const std::vector<Eigen::Vector3d>& measured) {
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

// One piece of the recording on its way through the pipeline.
struct Piece {
  FrameRange core;        // frames that it answers for
  TrajectoryBlock block;  // those and the ones around them
  std::array<ResidualSums, 5> residuals;
};

// Turns pieces into results; each writes its own frames, so pieces may run at once.
class PieceWorker {
 public:
  PieceWorker(const BodyModel& body, const MotionOptions& options, double rate_hz, Motion& motion)
      : body_(body), options_(options), rate_hz_(rate_hz), motion_(motion) {
    if (options.cutoff_hz > 0.0) filter_.emplace(options.cutoff_hz, rate_hz);
    for (const Segment segment : kSegments) {
      const SegmentModel& model = body[segment];
      if (!model.available()) continue;
      Eigen::Vector3d sum = Eigen::Vector3d::Zero();
      for (const Eigen::Vector3d& point : model.local) sum += point;
      middle_[static_cast<std::size_t>(segment)] = sum / static_cast<double>(model.local.size());
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
  void WriteAngles(const std::array<Pose, 5>& poses, std::size_t t) const;
  void WriteFeet(const MarkerChunk& chunk, std::size_t frame, std::size_t t) const;
  void WriteLegSeparation(const std::array<Pose, 5>& poses, std::size_t t) const;
  void Put(std::size_t index, std::size_t t, double value, double variance) const {
    motion_.kinematics.angles[index].value[t] = value;
    motion_.kinematics.angles[index].sigma[t] = static_cast<float>(std::sqrt(variance));
  }

  const BodyModel& body_;
  const MotionOptions& options_;
  double rate_hz_;
  Motion& motion_;
  std::optional<ZeroLagButterworth> filter_;
  std::array<Eigen::Vector3d, 5> middle_;  // by Segment; of its markers, in its frame
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
  motion_.fit_rms[static_cast<std::size_t>(segment)][t] = static_cast<float>(fit.rms);
  piece.residuals[static_cast<std::size_t>(segment)].Add(model, fit, scratch.measured);
  pose.middle = fit.target_from_local * middle_[static_cast<std::size_t>(segment)];
  if (segment == Segment::kPelvis) {
    motion_.signals.pelvis_forward[t] = pose.middle.x();
    motion_.signals.pelvis_left[t] = pose.middle.y();
    motion_.signals.pelvis_up[t] = pose.middle.z();
  }
  scratch.covariance.resize(model.columns.size());
  for (std::size_t i = 0; i < model.columns.size(); ++i) {
    scratch.covariance[i] = MarkerCovariance(piece, chunk, model.columns[i], frame);
  }
  pose.known = true;
  pose.rotation = fit.target_from_local.rotation;
  pose.covariance = RotationCovariance(fit, model.local, scratch.measured, scratch.covariance);
  return pose;
}

void PieceWorker::WriteAngles(const std::array<Pose, 5>& poses, std::size_t t) const {
  const auto pose_of = [&poses](Segment s) -> const Pose& {
    return poses[static_cast<std::size_t>(s)];
  };
  const Pose& pelvis = pose_of(Segment::kPelvis);
  if (pelvis.known) {
    const AngleTriple angles = PelvisAngles(pelvis.rotation, pelvis.covariance);
    for (Eigen::Index i = 0; i < 3; ++i) {
      Put(kObliquity + static_cast<std::size_t>(i), t, angles.value[i], angles.covariance(i, i));
    }
    if (body_.standing) {
      Put(kObliquityRelative, t, angles.value[0] - body_.standing->obliquity,
          angles.covariance(0, 0));
      Put(kTiltRelative, t, angles.value[1] - body_.standing->tilt, angles.covariance(1, 1));
    }
  }
  const auto put_joint = [&](std::size_t first, const Pose& proximal, const Pose& distal, Side side,
                             double flexion_sign) {
    if (!proximal.known || !distal.known) return;
    const AngleTriple angles = JointAngles(proximal.rotation, distal.rotation,
                                           proximal.covariance + distal.covariance, side);
    Put(first, t, flexion_sign * angles.value[0], angles.covariance(0, 0));
    Put(first + 1, t, angles.value[1], angles.covariance(1, 1));
    Put(first + 2, t, angles.value[2], angles.covariance(2, 2));
  };
  for (const Side side : kSides) {
    put_joint(HipIndex(side), pelvis, pose_of(ThighOf(side)), side, 1.0);
    // A bent knee brings the shank backwards.
    put_joint(KneeIndex(side), pose_of(ThighOf(side)), pose_of(ShankOf(side)), side, -1.0);
  }
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

void PieceWorker::WriteLegSeparation(const std::array<Pose, 5>& poses, std::size_t t) const {
  const auto pose_of = [&poses](Segment s) -> const Pose& {
    return poses[static_cast<std::size_t>(s)];
  };
  const Pose& pelvis = pose_of(Segment::kPelvis);
  if (!pelvis.known) return;
  const auto write = [&](std::size_t index, const Pose& left, const Pose& right) {
    if (!left.known || !right.known) return;
    motion_.signals.leg_separation[index][t] =
        static_cast<float>(pelvis.rotation.col(2).dot(right.middle - left.middle));
  };
  write(0, pose_of(Segment::kLeftThigh), pose_of(Segment::kRightThigh));
  write(1, pose_of(Segment::kLeftShank), pose_of(Segment::kRightShank));
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
    std::array<Pose, 5> poses;
    for (const Segment segment : kSegments) {
      poses[static_cast<std::size_t>(segment)] = FitSegment(segment, piece, chunk, frame, scratch);
    }
    WriteAngles(poses, t);
    WriteFeet(chunk, frame, t);
    WriteLegSeparation(poses, t);
  }
}

Motion EmptyMotion(std::size_t frame_count) {
  Motion motion;
  for (const QuantityDescription& description : AngleDescriptions()) {
    AngleSeries series;
    series.description = description;
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
  for (std::vector<float>& rms : motion.fit_rms) {
    rms.assign(frame_count, std::numeric_limits<float>::quiet_NaN());
  }
  return motion;
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
  require(chunk_frames >= 1, "chunk_frames 0: at least 1 expected");
}

const std::vector<QuantityDescription>& AngleDescriptions() {
  static const std::vector<QuantityDescription> kDescriptions = DescribeAngles();
  return kDescriptions;
}

Motion ComputeMotion(const BodyModel& body, const Recording& run, const MotionOptions& options,
                     Parallelism parallelism, const WorkControl& control) {
  options.Validate(run.time_base.rate_hz);
  const std::size_t frame_count = run.time_base.frame_count();
  const std::size_t overlap = OverlapFrames(options, run.time_base.rate_hz);
  Motion motion = EmptyMotion(frame_count);
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
  std::array<ResidualSums, 5> residuals;
  OrderedPipeline<Piece>(
      parallelism, in_flight, source, [&worker](Piece& piece) { worker.Run(piece); },
      [&](Piece& piece) {
        for (std::size_t i = 0; i < residuals.size(); ++i) residuals[i].Add(piece.residuals[i]);
        control.Report(piece.core.end(), frame_count);
      });
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    motion.deformation[i] = residuals[i].Deformation();
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
