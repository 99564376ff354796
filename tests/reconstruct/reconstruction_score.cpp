#include "tests/reconstruct/reconstruction_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include <Eigen/Cholesky>

namespace medius::testing {
namespace {

constexpr double kPer = 1e5;

double Ratio(double part, double whole) {
  return whole > 0.0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}
double Ratio(std::uint64_t part, std::uint64_t whole) {
  return Ratio(static_cast<double>(part), static_cast<double>(whole));
}

std::size_t NearestGap(double length) {
  std::size_t nearest = 0;
  for (std::size_t i = 1; i < kGapLengths.size(); ++i) {
    if (std::abs(std::log(length / kGapLengths[i])) <
        std::abs(std::log(length / kGapLengths[nearest]))) {
      nearest = i;
    }
  }
  return nearest;
}

// Which true marker each measured point of a frame is, one to one, the nearest pairs first.
class FrameMatch {
 public:
  void Match(const RunTruth& truth, std::size_t frame, const std::vector<ResultPoint>& points) {
    marker_of.assign(points.size(), std::nullopt);
    point_of.assign(truth.labels().size(), std::nullopt);
    near_any.assign(points.size(), false);
    pairs_.clear();
    for (std::size_t p = 0; p < points.size(); ++p) {
      if (!points[p].measured) continue;
      for (std::size_t m = 0; m < point_of.size(); ++m) {
        if (!truth.IsPresent(frame, MarkerId(m))) continue;
        const double distance = (points[p].position - truth.Position(frame, MarkerId(m))).norm();
        if (distance > kMatchDistance) continue;
        near_any[p] = true;
        pairs_.emplace_back(distance, p, m);
      }
    }
    std::sort(pairs_.begin(), pairs_.end());
    for (const auto& [distance, p, m] : pairs_) {
      if (marker_of[p] || point_of[m]) continue;
      marker_of[p] = MarkerId(m);
      point_of[m] = p;
    }
  }

  std::vector<std::optional<MarkerId>> marker_of;    // by point
  std::vector<std::optional<std::size_t>> point_of;  // by marker
  std::vector<bool> near_any;                        // by point

 private:
  std::vector<std::tuple<double, std::size_t, std::size_t>> pairs_;
};

// The marker that is nearest to a point, wherever it is.
std::optional<MarkerId> NearestMarker(const RunTruth& truth, std::size_t frame,
                                      const Eigen::Vector3d& position) {
  std::optional<MarkerId> nearest;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t m = 0; m < truth.labels().size(); ++m) {
    if (!truth.IsPresent(frame, MarkerId(m))) continue;
    const double distance = (position - truth.Position(frame, MarkerId(m))).squaredNorm();
    if (distance >= least) continue;
    least = distance;
    nearest = MarkerId(m);
  }
  return nearest;
}

bool IsAtItsMarker(const RunTruth& truth, std::size_t frame, const ResultPoint& point) {
  return (point.position - truth.Position(frame, *point.marker)).norm() <= kMatchDistance;
}

// The score as it grows, frame by frame.
class Scorer {
 public:
  Scorer(const RunTruth& truth, ReconstructionScore* score) : truth_(truth), score_(*score) {}

  void Add(std::size_t frame, const std::vector<ResultPoint>& points) {
    match_.Match(truth_, frame, points);
    CountTruth(frame, points);
    for (std::size_t p = 0; p < points.size(); ++p) {
      if (points[p].measured) CountPoint(frame, p, points[p]);
      CountName(frame, p, points[p]);
    }
  }

  void Finish() { score_.tracks += last_marker_.size(); }

 private:
  void CountTruth(std::size_t frame, const std::vector<ResultPoint>& points) {
    named_.assign(truth_.labels().size(), false);
    for (const ResultPoint& point : points) {
      if (point.measured && point.marker) named_[point.marker->index()] = true;
    }
    for (std::size_t m = 0; m < named_.size(); ++m) {
      const MarkerId marker(m);
      if (!truth_.IsPresent(frame, marker)) continue;
      const bool found = match_.point_of[m].has_value();
      if (truth_.Rays(frame, marker) >= 3) {
        ++score_.three_ray;
        score_.three_ray_found += found ? 1 : 0;
        score_.unlabelled += named_[m] ? 0 : 1;
      } else if (truth_.Rays(frame, marker) == 2 && truth_.IsLive(frame, marker)) {
        ++score_.two_ray;
        score_.two_ray_found += found ? 1 : 0;
      }
    }
  }

  void CountPoint(std::size_t frame, std::size_t p, const ResultPoint& point) {
    ++score_.points;
    std::optional<MarkerId>& last = last_marker_[point.track];
    const std::optional<MarkerId>& marker = match_.marker_of[p];
    if (!marker) {
      if (match_.near_any[p]) {
        ++score_.doubles;
      } else {
        CountGhost(frame, point);
      }
      return;
    }
    ++score_.matched;
    if (last && *last != *marker) ++score_.switches;
    last = marker;
    if (point.foreign) return;
    if (!point.marker || *point.marker == *marker) CountError(frame, *marker, point);
  }

  void CountGhost(std::size_t frame, const ResultPoint& point) {
    constexpr double kFarAsStated = 16.27;  // chi-square, 3 degrees of freedom, 99.9 %
    ++score_.ghosts;
    const std::optional<MarkerId> nearest = NearestMarker(truth_, frame, point.position);
    if (!nearest || match_.point_of[nearest->index()] || !point.covariance.allFinite()) return;
    const Eigen::Vector3d error = point.position - truth_.Position(frame, *nearest);
    if (error.dot(point.covariance.ldlt().solve(error)) < kFarAsStated) ++score_.uncertain_ghosts;
  }

  void CountError(std::size_t frame, MarkerId marker, const ResultPoint& point) {
    const Eigen::Vector3d error = point.position - truth_.Position(frame, marker);
    if (truth_.Rays(frame, marker) >= 3) {
      score_.squared_error += error.squaredNorm();
      score_.bound += truth_.Bound(frame, marker);
    }
    if (!point.covariance.allFinite()) return;
    score_.chi2 += error.dot(point.covariance.ldlt().solve(error));
    ++score_.chi2_count;
  }

  void CountName(std::size_t frame, std::size_t p, const ResultPoint& point) {
    if (!point.marker && !point.foreign) return;
    // Where the recording itself lacks the marker nobody can say whether the name is right, unless
    // the sample is where another marker is.
    const bool known = point.foreign || truth_.IsPresent(frame, *point.marker);
    if (!known && !match_.marker_of[p]) return;
    ++score_.named_filled;
    const bool wrong =
        !known || point.foreign || NearestMarker(truth_, frame, point.position) != point.marker;
    score_.mislabelled_filled += wrong ? 1 : 0;
    if (!point.measured) return;
    ++score_.named;
    score_.mislabelled += wrong ? 1 : 0;
  }

  const RunTruth& truth_;
  ReconstructionScore& score_;
  FrameMatch match_;
  std::vector<bool> named_;  // by marker, in this frame
  std::map<std::size_t, std::optional<MarkerId>> last_marker_;
};

const ResultPoint* Find(const std::vector<ResultPoint>& points, MarkerId marker) {
  for (const ResultPoint& point : points) {
    if (point.marker == marker) return &point;
  }
  return nullptr;
}

// The gaps of one named marker.
class GapScorer {
 public:
  GapScorer(const RunTruth& truth, const ResultFrames& result, MarkerId marker,
            ReconstructionScore* score)
      : truth_(truth), result_(result), marker_(marker), score_(*score) {}

  void Run() {
    std::optional<std::size_t> last;
    for (std::size_t frame = 0; frame < result_.size(); ++frame) {
      const ResultPoint* point = Find(result_[frame], marker_);
      if (point == nullptr || !point->measured) continue;
      if (last && frame - *last > 1) Count(*last, frame);
      last = frame;
    }
  }

 private:
  [[nodiscard]] bool IsTrueAt(std::size_t frame) const {
    return truth_.IsPresent(frame, marker_) &&
           IsAtItsMarker(truth_, frame, *Find(result_[frame], marker_));
  }

  // Between wrong ends any filling is wrong, and counted as mislabelled.
  void Count(std::size_t before, std::size_t after) {
    if (!IsTrueAt(before) || !IsTrueAt(after)) return;
    const double length = static_cast<double>(after - before - 1) / truth_.time_base().rate_hz;
    FillScore& fill = score_.fills[NearestGap(length)];
    for (std::size_t frame = before + 1; frame < after; ++frame) {
      if (!truth_.IsPresent(frame, marker_)) continue;
      const ResultPoint* point = Find(result_[frame], marker_);
      if (point == nullptr) {
        ++fill.left_open;
        continue;
      }
      const Eigen::Vector3d error = point->position - truth_.Position(frame, marker_);
      ++fill.samples;
      fill.squared_error += error.squaredNorm();
      for (Eigen::Index i = 0; i < 3; ++i) {
        const double variance = point->covariance(i, i);
        if (!std::isfinite(variance)) continue;
        ++fill.coordinates;
        fill.within_2sigma += error[i] * error[i] <= 4.0 * variance ? 1 : 0;
      }
    }
  }

  const RunTruth& truth_;
  const ResultFrames& result_;
  MarkerId marker_;
  ReconstructionScore& score_;
};

}  // namespace

RunTruth::RunTruth(std::vector<std::string> labels, TimeBase time_base, TrajectoryBlock positions,
                   const ObservationBlock& seen, const CameraRig& rig, double noise_px)
    : labels_(std::move(labels)),
      time_base_(std::move(time_base)),
      positions_(std::move(positions)),
      rays_(frame_count() * labels_.size(), 0),
      bound_(rays_.size(), std::numeric_limits<double>::quiet_NaN()) {
  std::vector<Eigen::Matrix3d> information(labels_.size());
  for (std::size_t frame = 0; frame < frame_count(); ++frame) {
    std::fill(information.begin(), information.end(), Eigen::Matrix3d::Zero());
    for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
      const CameraObservations& camera = seen.cameras[c];
      for (std::uint64_t row = camera.frame_start[frame]; row < camera.frame_start[frame + 1];
           ++row) {
        if (camera.label[row] == kUnlabelled) continue;
        const MarkerId marker(static_cast<std::size_t>(camera.label[row]));
        const RigidTransform& place = rig.cameras[c].camera_from_lab;
        const auto projected =
            rig.cameras[c].model.ProjectWithJacobian(place * positions_.Position(frame, marker));
        if (!projected) continue;
        ++rays_[Slot(frame, marker)];
        const Eigen::Matrix<double, 2, 3> J = projected->d_xy_d_point * place.rotation;
        information[marker.index()] += J.transpose() * J / (noise_px * noise_px);
      }
    }
    for (std::size_t m = 0; m < labels_.size(); ++m) {
      const std::size_t slot = Slot(frame, MarkerId(m));
      if (rays_[slot] < 2) continue;
      bound_[slot] = information[m].ldlt().solve(Eigen::Matrix3d::Identity()).trace();
    }
  }
}

bool RunTruth::IsLive(std::size_t frame, MarkerId marker) const {
  constexpr std::size_t kBefore = 5;
  if (frame < kBefore) return false;
  int most = 0;
  for (std::size_t f = frame - kBefore; f < frame; ++f) {
    if (Rays(f, marker) < 2) return false;
    most = std::max(most, Rays(f, marker));
  }
  return most >= 3;
}

ResultFrames FramesOf(const std::vector<std::string>& labels, const TrajectoryBlock& positions,
                      const RunTruth& truth) {
  ResultFrames frames(truth.frame_count());
  std::vector<std::optional<MarkerId>> names(labels.size());
  std::vector<bool> foreign(labels.size(), false);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto found = std::find(truth.labels().begin(), truth.labels().end(), labels[i]);
    if (found == truth.labels().end()) {
      foreign[i] = labels[i].rfind("unnamed", 0) != 0;
      continue;
    }
    names[i] = MarkerId(static_cast<std::size_t>(found - truth.labels().begin()));
  }
  for (std::size_t frame = 0; frame < positions.frames().count; ++frame) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (!positions.IsPresent(frame, MarkerId(i))) continue;
      const SampleSource source = positions.Source(frame, MarkerId(i));
      frames.at(positions.frames().first + frame)
          .push_back({positions.Position(frame, MarkerId(i)),
                      positions.Covariance(frame, MarkerId(i)), i, names[i],
                      source == SampleSource::kMeasured || source == SampleSource::kImported,
                      foreign[i]});
    }
  }
  return frames;
}

ResultFrames FramesOf(const std::vector<reconstruct::Fragment>& fragments,
                      std::size_t frame_count) {
  ResultFrames frames(frame_count);
  const Eigen::Matrix3d unknown =
      Eigen::Matrix3d::Constant(std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    for (std::size_t f = fragments[i].first_frame; f < fragments[i].end_frame(); ++f) {
      if (!fragments[i].IsSeen(f)) continue;
      const Eigen::Vector3f& position = fragments[i].position[f - fragments[i].first_frame];
      frames.at(f).push_back({position.cast<double>(), unknown, i, std::nullopt, true});
    }
  }
  return frames;
}

ReconstructionScore Score(const RunTruth& truth, const ResultFrames& result) {
  ReconstructionScore score;
  Scorer scorer(truth, &score);
  for (std::size_t frame = 0; frame < truth.frame_count(); ++frame) {
    scorer.Add(frame, result.at(frame));
  }
  scorer.Finish();
  for (std::size_t m = 0; m < truth.labels().size(); ++m) {
    GapScorer(truth, result, MarkerId(m), &score).Run();
  }
  return score;
}

double FillScore::Rms() const {
  return std::sqrt(Ratio(squared_error, static_cast<double>(samples)));
}
double ReconstructionScore::Recall() const {
  return Ratio(three_ray_found, three_ray);
}
double ReconstructionScore::TwoRayRecall() const {
  return Ratio(two_ray_found, two_ray);
}
double ReconstructionScore::GhostsPer1e5() const {
  return kPer * Ratio(ghosts, points);
}
double ReconstructionScore::UncertainGhostsPer1e5() const {
  return kPer * Ratio(uncertain_ghosts, points);
}
double ReconstructionScore::SwitchesPer1e5() const {
  return kPer * Ratio(switches, matched);
}
double ReconstructionScore::MislabelledPer1e5() const {
  return kPer * Ratio(mislabelled, named);
}
double ReconstructionScore::MislabelledFilledPer1e5() const {
  return kPer * Ratio(mislabelled_filled, named_filled);
}
double ReconstructionScore::UnlabelledShare() const {
  return Ratio(unlabelled, three_ray);
}
double ReconstructionScore::ErrorOverBound() const {
  return std::sqrt(Ratio(squared_error, bound));
}
double ReconstructionScore::MeanChi2() const {
  return Ratio(chi2, static_cast<double>(chi2_count));
}
double ReconstructionScore::FillsWithin2Sigma() const {
  std::uint64_t within = 0;
  std::uint64_t all = 0;
  for (const FillScore& fill : fills) {
    within += fill.within_2sigma;
    all += fill.coordinates;
  }
  return Ratio(within, all);
}

void ReconstructionScore::Add(const ReconstructionScore& other) {
  three_ray += other.three_ray;
  three_ray_found += other.three_ray_found;
  two_ray += other.two_ray;
  two_ray_found += other.two_ray_found;
  points += other.points;
  matched += other.matched;
  doubles += other.doubles;
  ghosts += other.ghosts;
  uncertain_ghosts += other.uncertain_ghosts;
  switches += other.switches;
  tracks += other.tracks;
  named += other.named;
  mislabelled += other.mislabelled;
  named_filled += other.named_filled;
  mislabelled_filled += other.mislabelled_filled;
  unlabelled += other.unlabelled;
  squared_error += other.squared_error;
  bound += other.bound;
  chi2 += other.chi2;
  chi2_count += other.chi2_count;
  for (std::size_t i = 0; i < fills.size(); ++i) {
    fills[i].samples += other.fills[i].samples;
    fills[i].left_open += other.fills[i].left_open;
    fills[i].squared_error += other.fills[i].squared_error;
    fills[i].coordinates += other.fills[i].coordinates;
    fills[i].within_2sigma += other.fills[i].within_2sigma;
  }
}

}  // namespace medius::testing
