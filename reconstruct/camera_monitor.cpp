#include "reconstruct/camera_monitor.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "core/check.hpp"
#include "reconstruct/camera_breaks.hpp"
#include "reconstruct/camera_doubt.hpp"
#include "reconstruct/median.hpp"
#include "reconstruct/rig_uncertainty.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Frames kept of a run, and windows that they are split into, of so many frames at least.
constexpr std::size_t kMostFrames = 1200;
constexpr std::size_t kMostWindows = 40;
constexpr std::size_t kFewestInWindow = 15;
// A sighting fits a point within so many standard deviations; those that state none, and those that
// state little, within these pixels, for the calibration is off too.
constexpr double kFitSigmas = 5.0;
constexpr double kFitLeast = 1.0;
constexpr double kFitUnstatedMost = 5.0;
// Where a camera shows less than this share of what the others show it needs an explanation; below
// the second it has one only where there is a delay.
constexpr double kSuspectShare = 0.5;
constexpr double kPoorShare = 0.8;
// A delay by the residuals that needs mending: seconds (2 mm of a foot in swing), and standard
// deviations.
constexpr double kLateSeconds = 0.3e-3;
constexpr double kLateSigmas = 8.0;

// Sums over sightings.
struct Sums {
  std::uint64_t sightings = 0;
  std::uint64_t used = 0;
  MatchShare match;
  double squared = 0.0;                                // of the residuals as fitted
  Eigen::Vector2d residual = Eigen::Vector2d::Zero();  // without the camera's own part
  double residual2 = 0.0;
  double along = 0.0;   // residual . image velocity
  double speed2 = 0.0;  // image velocity squared

  void Add(const Sums& other) {
    sightings += other.sightings;
    used += other.used;
    match.expected += other.match.expected;
    match.matched += other.match.matched;
    squared += other.squared;
    residual += other.residual;
    residual2 += other.residual2;
    along += other.along;
    speed2 += other.speed2;
  }
};

CameraWindow WindowOf(const Sums& sums, double begin, double end) {
  CameraWindow window;
  window.begin = begin;
  window.end = end;
  window.sightings = sums.sightings;
  window.used = sums.used;
  window.expected = sums.match.expected;
  window.matched = sums.match.matched;
  if (sums.used == 0) return window;
  const auto n = static_cast<double>(sums.used);
  window.residual_rms_px = std::sqrt(sums.squared / n);
  window.mean_residual = sums.residual / n;
  window.mean_residual_sigma =
      std::sqrt(std::max(0.0, sums.residual2 / n - window.mean_residual.squaredNorm()) / 2.0 / n);
  return window;
}

Eigen::Vector3d VelocityOf(const MonitoredFrame& frame, std::size_t marker, double frame_time) {
  constexpr std::size_t kMiddle = CameraMonitor::kReach;
  const Eigen::Vector3f& before = frame.position[kMiddle - 1][marker];
  const Eigen::Vector3f& after = frame.position[kMiddle + 1][marker];
  if (!before.allFinite() || !after.allFinite()) return Eigen::Vector3d::Constant(kNaN);
  return (after - before).cast<double>() / (2.0 * frame_time);
}

Sums SumsOf(const MonitoredFrame& frame, const Camera& camera, std::size_t c, double frame_time,
            double within) {
  Sums sums;
  sums.sightings = frame.xy[c].size();
  for (std::size_t i = 0; i < frame.xy[c].size(); ++i) {
    const int label = frame.label[c][i];
    if (label == kUnlabelled) continue;
    const auto marker = static_cast<std::size_t>(label);
    const Eigen::Vector3f& position = frame.position[CameraMonitor::kReach][marker];
    const int rays = frame.rays[marker];
    if (!position.allFinite() || rays < 3) continue;
    const Eigen::Vector3d velocity = VelocityOf(frame, marker, frame_time);
    const Eigen::Vector2d xy = frame.xy[c][i].cast<double>();
    Eigen::Vector3d at = position.cast<double>();
    if (velocity.allFinite()) at += (frame.delay[c] + RowDelay(camera, xy.y())) * velocity;
    const auto projection = camera.model.ProjectWithJacobian(camera.camera_from_lab * at);
    if (!projection) continue;
    const Eigen::Vector2d residual = xy - projection->xy;
    if (!(residual.norm() <= within)) continue;  // NaN fits nothing
    // The camera pulled the point its way: of the 2 n numbers 3 went into the point.
    const Eigen::Vector2d alone = residual * (2.0 * rays / (2.0 * rays - 3.0));
    ++sums.used;
    sums.squared += residual.squaredNorm();
    sums.residual += alone;
    sums.residual2 += alone.squaredNorm();
    if (!velocity.allFinite()) continue;
    const Eigen::Vector2d moves =
        projection->d_xy_d_point * (camera.camera_from_lab.rotation * velocity);
    sums.along += alone.dot(moves);
    sums.speed2 += moves.squaredNorm();
  }
  return sums;
}

struct Judged {
  CameraQuality quality;
  double within = 0.0;            // pixels, within which a sighting fits
  std::vector<MatchShare> match;  // a frame kept
};

Judged Measure(const std::vector<MonitoredFrame>& frames, const Camera& camera, std::size_t c,
               double frame_time, double within) {
  Judged judged;
  judged.quality.name = camera.name;
  judged.within = within;
  Sums whole;
  const std::size_t per_window =
      std::max(kFewestInWindow, (frames.size() + kMostWindows - 1) / kMostWindows);
  Sums window;
  std::size_t first = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    Sums sums = SumsOf(frames[i], camera, c, frame_time, within);
    sums.match = Match({&frames[i], 1}, camera, c, 0.0, within);
    window.Add(sums);
    whole.Add(sums);
    judged.match.push_back(sums.match);
    const bool last = i + 1 == frames.size();
    if (i + 1 - first < per_window && !last) continue;
    judged.quality.windows.push_back(WindowOf(window, frames[first].time, frames[i].time));
    window = Sums();
    first = i + 1;
  }
  judged.quality.whole = WindowOf(whole, frames.front().time, frames.back().time);
  // Pixels per second that the picture moves, rms: slower than this tells nothing of the time.
  constexpr double kStill = 20.0;
  const auto used = static_cast<double>(whole.used);
  if (whole.used > 100 && whole.speed2 / used > kStill * kStill) {
    judged.quality.sync_error = whole.along / whole.speed2;
    judged.quality.sync_error_sigma = std::sqrt(0.5 * whole.residual2 / used / whole.speed2);
  }
  return judged;
}

// What happened to a camera that fits up to frames[at] and hardly from there on.
void ExplainDrop(std::span<const MonitoredFrame> frames, const CameraRig& rig, std::size_t c,
                 double within, double frame_time, std::size_t at, CameraQuality* quality) {
  const std::span<const MonitoredFrame> after = frames.subspan(at);
  const ShiftFound found = FindShift(after, rig.cameras[c], c, within);
  if (found.Explains()) {
    quality->fault = CameraFault::kMoved;
    quality->shift_px = found.shift;
  } else {
    ExplainMisfit(after, rig, c, within, frame_time, quality);
  }
  quality->since = frames[at].time;
}

void FindFault(std::span<const MonitoredFrame> frames, const CameraRig& rig, std::size_t c,
               double usual_share, double frame_time, Judged* judged) {
  CameraQuality& quality = judged->quality;
  const double within = judged->within;
  if (quality.whole.sightings == 0) {
    quality.fault = CameraFault::kBlind;
    return;
  }
  if (const std::size_t last = StoppedAfter(frames, rig.cameras[c], c); last < frames.size()) {
    quality.fault = CameraFault::kStopped;
    quality.since = frames[last].time;
    return;
  }
  const MatchShare whole{quality.whole.expected, quality.whole.matched};
  const Drop drop = FindDrop(judged->match);
  if (drop.before > kPoorShare * usual_share && drop.after < kSuspectShare * drop.before) {
    ExplainDrop(frames, rig, c, within, frame_time, drop.at, &quality);
    return;
  }
  const bool late = std::abs(quality.sync_error) > kLateSeconds &&
                    std::abs(quality.sync_error) > kLateSigmas * quality.sync_error_sigma;
  if (whole.share() < kPoorShare * usual_share || late) {
    ExplainMisfit(frames, rig, c, within, frame_time, &quality);
    if (quality.fault == CameraFault::kDisagrees && late) {
      quality.fault = CameraFault::kLate;
      quality.delay = quality.sync_error;
    } else if (quality.fault == CameraFault::kDisagrees &&
               whole.share() >= kSuspectShare * usual_share) {
      quality.fault = CameraFault::kNone;  // it stands where less is to be seen
    }
    if (quality.fault != CameraFault::kNone) return;
  }
  if (const Bump bump = FindBump(quality.windows); bump.window > 0) {
    quality.fault = CameraFault::kMoved;
    quality.shift_px = bump.shift;
    quality.since = quality.windows[bump.window].begin;
  }
}

// Pixels within which a sighting of camera c fits a point: by what its sightings state of
// themselves, or else by the default.
double FitWithin(std::span<const MonitoredFrame> frames, std::size_t c, double default_sigma_px) {
  std::vector<double> stated;
  for (const MonitoredFrame& frame : frames) {
    stated.insert(stated.end(), frame.sigma[c].begin(), frame.sigma[c].end());
  }
  const double least = std::clamp(kFitSigmas * default_sigma_px, kFitLeast, kFitUnstatedMost);
  return stated.empty() ? least : std::max(least, kFitSigmas * Median(std::move(stated)));
}

// Cameras that have a sighting of a marker.
std::vector<CameraId> CamerasOf(const MonitoredFrame& frame, std::size_t marker) {
  std::vector<CameraId> cameras;
  for (std::size_t c = 0; c < frame.label.size(); ++c) {
    const std::vector<std::int16_t>& label = frame.label[c];
    const auto wanted = static_cast<std::int16_t>(marker);
    if (std::find(label.begin(), label.end(), wanted) != label.end()) cameras.emplace_back(c);
  }
  return cameras;
}

// A bumped camera pulls the points, and so the others seem to move a little the other way.
void ForgiveTheBumped(std::vector<Judged>* judged) {
  constexpr double kShareOfLargest = 0.5;
  double largest = 0.0;
  for (const Judged& one : *judged) {
    if (one.quality.fault == CameraFault::kMoved) {
      largest = std::max(largest, one.quality.shift_px.norm());
    }
  }
  for (Judged& one : *judged) {
    if (one.quality.fault == CameraFault::kMoved &&
        one.quality.shift_px.norm() < kShareOfLargest * largest) {
      one.quality.fault = CameraFault::kNone;
    }
  }
}

// " since 12.3 s" where the fault began in mid-run.
std::string Since(const CameraQuality& camera) {
  if (!(camera.since > camera.whole.begin)) return "";
  return fmt::format(" since {:.1f} s", camera.since);
}

}  // namespace

CameraMonitor::CameraMonitor(CameraRig rig, TimeBase time_base, std::size_t marker_count,
                             const SightingWeights& weights)
    : rig_(std::move(rig)),
      time_base_(std::move(time_base)),
      marker_count_(marker_count),
      weights_(weights),
      stride_(
          std::max<std::size_t>(1, (time_base_.frame_count() + kMostFrames - 1) / kMostFrames)) {
  for (std::size_t frame = 0; frame < time_base_.frame_count(); frame += stride_) {
    MonitoredFrame& kept = frames_.emplace_back();
    kept.frame = frame;
    kept.time = time_base_.time[frame];
    kept.frame_time = 1.0 / time_base_.rate_hz;
    kept.xy.resize(rig_.cameras.size());
    kept.label.resize(rig_.cameras.size());
    kept.sigma.resize(rig_.cameras.size());
    kept.delay.assign(rig_.cameras.size(), 0.0);
    kept.position.assign(
        2 * kReach + 1,
        std::vector<Eigen::Vector3f>(
            marker_count, Eigen::Vector3f::Constant(std::numeric_limits<float>::quiet_NaN())));
    kept.rays.assign(marker_count, 0);
  }
}

void CameraMonitor::Observe(const ObservationBlock& block) {
  const std::size_t begin = (block.frames.first + stride_ - 1) / stride_;
  for (std::size_t i = begin; i < frames_.size() && frames_[i].frame < block.frames.end(); ++i) {
    MonitoredFrame& kept = frames_[i];
    const std::size_t k = kept.frame - block.frames.first;
    for (std::size_t c = 0; c < block.cameras.size(); ++c) {
      const CameraObservations& seen = block.cameras[c];
      const Camera& camera = rig_.cameras[c];
      kept.delay[c] = ExposureDelay(camera, seen, k, kept.time, 0.5 * (camera.height - 1));
      for (std::uint64_t row = seen.frame_start[k]; row < seen.frame_start[k + 1]; ++row) {
        if (!seen.xy[row].allFinite()) continue;
        kept.xy[c].push_back(seen.xy[row]);
        kept.label[c].push_back(seen.label.empty() ? kUnlabelled : seen.label[row]);
        const double stated = seen.sigma.empty() ? kNaN : seen.sigma[row];
        if (!(stated > 0.0 && std::isfinite(stated))) continue;
        kept.sigma[c].push_back(static_cast<float>(weights_.Sigma(stated)));
      }
    }
  }
}

void CameraMonitor::Observe(const TrajectoryBlock& block) {
  MEDIUS_CHECK(block.marker_count() == marker_count_, "one marker a label");
  const std::size_t first =
      block.frames().first > kReach ? block.frames().first - kReach : std::size_t{0};
  for (std::size_t i = (first + stride_ - 1) / stride_;
       i < frames_.size() && frames_[i].frame < block.frames().end() + kReach; ++i) {
    MonitoredFrame& kept = frames_[i];
    for (std::size_t at = 0; at < kept.position.size(); ++at) {
      const std::size_t frame = kept.frame + at - kReach;  // wraps before 0, then is no frame
      if (frame < block.frames().first || frame >= block.frames().end()) continue;
      for (std::size_t m = 0; m < marker_count_; ++m) {
        const std::size_t k = frame - block.frames().first;
        if (block.Source(k, MarkerId(m)) != SampleSource::kMeasured) continue;
        kept.position[at][m] = block.Position(k, MarkerId(m)).cast<float>();
        if (at == kReach) kept.rays[m] = block.Get(k, MarkerId(m)).rays;
      }
    }
  }
}

std::vector<CameraQuality> CameraMonitor::Judge() const {
  std::vector<CameraQuality> qualities;
  if (frames_.empty()) return qualities;
  const double frame_time = 1.0 / time_base_.rate_hz;
  std::vector<Judged> judged;
  for (std::size_t c = 0; c < rig_.cameras.size(); ++c) {
    const double within = FitWithin(frames_, c, weights_.default_sigma_px);
    judged.push_back(Measure(frames_, rig_.cameras[c], c, frame_time, within));
  }
  for (std::size_t c = 0; c < judged.size(); ++c) {
    std::vector<double> others;
    for (std::size_t other = 0; other < judged.size(); ++other) {
      const CameraWindow& whole = judged[other].quality.whole;
      if (other == c || whole.expected == 0) continue;
      others.push_back(static_cast<double>(whole.matched) / static_cast<double>(whole.expected));
    }
    const double usual = Median(std::move(others));
    // Nothing was reconstructed that could be compared.
    if (std::isnan(usual) || usual == 0.0) continue;
    FindFault(frames_, rig_, c, usual, frame_time, &judged[c]);
  }
  ForgiveTheBumped(&judged);
  for (Judged& one : judged) qualities.push_back(std::move(one.quality));
  return qualities;
}

SharedCovariance CameraMonitor::RigCovariance() const {
  SharedCovariance shared;
  const RigUncertainty uncertainty(rig_);
  if (!uncertainty.known()) return shared;
  constexpr double kSpacing = 1.0;  // seconds: a runner on a belt stays where he is
  double next = -std::numeric_limits<double>::infinity();
  for (const MonitoredFrame& frame : frames_) {
    if (frame.time < next) continue;
    next = frame.time + kSpacing;
    shared.frame.push_back(frame.frame);
    for (std::size_t m = 0; m < marker_count_; ++m) {
      Eigen::Matrix3d C = Eigen::Matrix3d::Constant(kNaN);
      const Eigen::Vector3f& position = frame.position[kReach][m];
      const std::vector<CameraId> cameras = CamerasOf(frame, m);
      if (position.allFinite() && cameras.size() > 1) {
        C = uncertainty.At(position.cast<double>(), cameras);
      }
      for (const double value : {C(0, 0), C(0, 1), C(0, 2), C(1, 1), C(1, 2), C(2, 2)}) {
        shared.covariance.push_back(static_cast<float>(value));
      }
    }
  }
  return shared;
}

std::string Describe(const CameraQuality& camera, double rate_hz) {
  const std::string& name = camera.name;
  switch (camera.fault) {
    case CameraFault::kNone:
      return "";
    case CameraFault::kBlind:
      return fmt::format("camera {}: saw nothing in the whole run: was it recording?", name);
    case CameraFault::kStopped:
      return fmt::format("camera {}: saw nothing any more after {:.2f} s: did its stream stop?",
                         name, camera.since);
    case CameraFault::kLate:
      return fmt::format(
          "camera {}: shows the runner {:.1f} frames ({:.1f} ms) {} than the others do{}; mend its "
          "synchronization, or change its time_offset in the rig by {:+.4f} s",
          name, std::abs(camera.delay) * rate_hz, 1e3 * std::abs(camera.delay),
          camera.delay > 0.0 ? "later" : "earlier", Since(camera), camera.delay);
    case CameraFault::kTurned:
      return fmt::format(
          "camera {}: its sightings fit where the rig has it turned by {} degrees about its "
          "axis{}: "
          "was its picture turned between calibration and recording?",
          name, camera.turn_deg, camera.turn_deg == 180 ? " (upside down)" : "");
    case CameraFault::kMixedUp:
      return fmt::format(
          "camera {}: its sightings fit the place of {} in the rig: are the two mixed up?", name,
          camera.other);
    case CameraFault::kMoved:
      return fmt::format(
          "camera {}: its picture is shifted by ({:.1f}, {:.1f}) px since {:.1f} s: it was bumped; "
          "medius calibrate check says how far it moved",
          name, camera.shift_px.x(), camera.shift_px.y(), camera.since);
    case CameraFault::kDisagrees:
      if (camera.since > camera.whole.begin) {
        return fmt::format(
            "camera {}: hardly a point shows where the rig says it should{}: was it moved or "
            "covered? medius calibrate check says whether it stands where it did",
            name, Since(camera));
      }
      return fmt::format(
          "camera {}: hardly a point shows where the rig says it should: is its calibration that "
          "of this recording?",
          name);
  }
  return "";
}

}  // namespace medius::reconstruct
