#include "calibration/quality.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "calibration/rig_covariance.hpp"
#include "calibration/so3.hpp"
#include "calibration/verdict.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kWorstViews = 10;
constexpr int kHistogramBins = 20;
constexpr double kHistogramWidth = 0.5;

void FillParameterSd(const CalibrationResult& result, const RigCovariance& body, std::size_t camera,
                     CameraQuality* quality) {
  if (body.matrix.size() == 0) return;
  const auto variance = [&](int column) { return result.covariance.matrix(column, column); };
  const int lens = body.layout.intrinsics_offset[camera];
  quality->focal_sd = {std::sqrt(variance(lens)), std::sqrt(variance(lens + 1))};
  quality->principal_sd = {std::sqrt(variance(lens + 2)), std::sqrt(variance(lens + 3))};
  const int at = body.layout.pose_offset[camera];
  const Eigen::Matrix<double, 6, 6> block = body.matrix.block<6, 6>(at, at);
  Eigen::Matrix<double, 3, 6> centre_by_pose;
  centre_by_pose << -Skew(result.rig.cameras[camera].camera_from_lab.translation),
      -Eigen::Matrix3d::Identity();
  const double centre = (centre_by_pose * block * centre_by_pose.transpose()).trace();
  quality->centre_sd = std::sqrt(std::max(0.0, centre));
  quality->turn_sd = std::sqrt(std::max(0.0, block.topLeftCorner<3, 3>().trace()));
}

// [frame] of the views of one camera, the time of each.
std::map<std::size_t, double> TimesOf(const TargetObservations& observations, CameraId camera) {
  std::map<std::size_t, double> times;
  for (const TargetView& view : observations.views) {
    if (view.camera == camera) times.emplace(view.frame, view.time);
  }
  return times;
}

double Percentile(std::vector<double> values, double share) {
  const auto last = static_cast<double>(values.size() - 1);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(std::lround(share * last));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

// How the cameras' time stamps of one instant differ.
void FillStamps(const TargetObservations& observations, RigQuality* quality) {
  std::vector<std::map<std::size_t, double>> times;
  for (std::size_t c = 0; c < observations.cameras.size(); ++c) {
    times.push_back(TimesOf(observations, CameraId(c)));
  }
  const auto reference = std::max_element(
      times.begin(), times.end(),
      [](const auto& first, const auto& second) { return first.size() < second.size(); });
  std::vector<std::vector<double>> lags(times.size());
  bool differ = false;
  for (std::size_t c = 0; c < times.size(); ++c) {
    for (const auto& [frame, time] : times[c]) {
      const auto found = reference->find(frame);
      if (found == reference->end()) continue;
      lags[c].push_back(time - found->second);
      differ = differ || time != found->second;
    }
  }
  if (!differ) return;
  for (std::size_t c = 0; c < times.size(); ++c) {
    if (lags[c].empty()) continue;
    const double median = Percentile(lags[c], 0.5);
    for (double& lag : lags[c]) lag = std::abs(lag - median);
    quality->cameras[c].stamp_lag = median;
    quality->cameras[c].stamp_jitter = Percentile(lags[c], 0.95);
  }
}

void FillWorstViews(const TargetObservations& observations, const CalibrationResult& result,
                    const std::vector<std::vector<std::uint8_t>>& used, RigQuality* quality) {
  std::vector<WorstView> views;
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    const TargetView& view = observations.views[v];
    WorstView worst{v, view.frame, view.camera, view.xy.size(), 0, 0.0};
    double sum = 0.0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < view.xy.size(); ++i) {
      if (!result.residuals[v][i].allFinite()) continue;
      sum += result.residuals[v][i].squaredNorm();
      ++count;
      if (used[v][i] == 0) ++worst.outliers;
    }
    if (count == 0) continue;
    worst.rms = std::sqrt(sum / (2.0 * static_cast<double>(count)));
    views.push_back(worst);
  }
  std::stable_sort(views.begin(), views.end(), [](const WorstView& first, const WorstView& second) {
    return first.rms > second.rms;
  });
  views.resize(std::min(views.size(), kWorstViews));
  quality->worst_views = std::move(views);
}

void FillResiduals(const TargetObservations& observations, const CalibrationResult& result,
                   RigQuality* quality) {
  const auto used = UsedSightings(observations, result);
  quality->noise_px = NoisePixels(observations, result);
  quality->histogram.assign(kHistogramBins, 0);
  std::set<std::size_t> instants;
  double sum = 0.0;
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    for (std::size_t i = 0; i < used[v].size(); ++i) {
      if (used[v][i] == 0) continue;
      ++quality->sightings;
      instants.insert(observations.views[v].frame);
      sum += result.residuals[v][i].squaredNorm();
      for (const double value : result.residuals[v][i]) {
        const double place = value / quality->noise_px / kHistogramWidth + 0.5 * kHistogramBins;
        if (!std::isfinite(place)) continue;
        const double bin = std::clamp(std::floor(place), 0.0, kHistogramBins - 1.0);
        ++quality->histogram[static_cast<std::size_t>(bin)];
      }
    }
  }
  quality->rms = std::sqrt(sum / (2.0 * static_cast<double>(quality->sightings)));
  quality->outliers = result.outliers.size();
  quality->instants = instants.size();
  FillWorstViews(observations, result, used, quality);
}

double InvertibleShare(const Camera& camera, const ImageGrid& grid) {
  std::vector<Eigen::Vector2d> pixels;
  for (std::size_t cell = 0; cell < grid.size(); ++cell) pixels.push_back(grid.CentreOf(cell));
  for (const double x : {0.0, grid.width - 1.0}) {
    for (const double y : {0.0, grid.height - 1.0}) pixels.emplace_back(x, y);
  }
  const auto known = std::count_if(pixels.begin(), pixels.end(), [&](const Eigen::Vector2d& xy) {
    return camera.model.Unproject(xy).has_value();
  });
  return static_cast<double>(known) / static_cast<double>(pixels.size());
}

// Share of a camera's outliers that stand in views of which more than half was left out.
double OutliersInLostViews(const TargetObservations& observations, const CalibrationResult& result,
                           CameraId camera) {
  std::map<std::size_t, std::size_t> of_view;
  std::size_t all = 0;
  for (const OutlierSighting& outlier : result.outliers) {
    if (observations.views[outlier.view].camera != camera) continue;
    ++of_view[outlier.view];
    ++all;
  }
  std::size_t lost = 0;
  for (const auto& [view, count] : of_view) {
    if (2 * count > observations.views[view].xy.size()) lost += count;
  }
  return all == 0 ? 0.0 : static_cast<double>(lost) / static_cast<double>(all);
}

void FillCameras(const TargetObservations& observations, const CalibrationResult& result,
                 RigQuality* quality) {
  RigCovariance body;
  if (result.covariance.matrix.size() > 0) {
    std::vector<RigidTransform> camera_from_lab;
    for (const Camera& camera : result.rig.cameras) {
      camera_from_lab.push_back(camera.camera_from_lab);
    }
    body = InGauge(result.covariance, camera_from_lab, RigGauge::kCameraCentres);
  }
  for (std::size_t c = 0; c < observations.cameras.size(); ++c) {
    CameraQuality& camera = quality->cameras[c];
    if (c < result.cameras.size()) camera.numbers = result.cameras[c];
    const auto all = static_cast<double>(camera.numbers.sightings + camera.numbers.outliers);
    if (all > 0.0) camera.outlier_share = static_cast<double>(camera.numbers.outliers) / all;
    camera.outliers_in_lost_views = OutliersInLostViews(observations, result, CameraId(c));
    camera.invertible_share = InvertibleShare(result.rig.cameras[c], camera.coverage.grid);
    camera.field = ResidualFieldOf(observations, result, CameraId(c));
    camera.misfit = LensMisfitOf(observations, result, CameraId(c));
    camera.spread = ResidualSpreadOf(observations, result, CameraId(c));
    FillParameterSd(result, body, c, &camera);
  }
}

// A fit of p parameters takes p / n of the residuals' squares from the n residuals that it sees and
// adds as much to those that it does not; six numbers a pose are fitted to both.
double ExpectedHeldOut(const CalibrationResult& result, const RigQuality& quality) {
  const HeldOutNumbers& held_out = *quality.inputs.held_out;
  const auto scored = 2.0 * static_cast<double>(held_out.sightings);
  const auto all = 2.0 * static_cast<double>(quality.sightings);
  // Halves: the other half made the rig. Folds: all are scored, and nearly all made each rig.
  const double fitted = scored < 0.9 * all ? all - scored : all;
  const auto parameters =
      static_cast<double>((result.covariance.matrix.diagonal().array() > 0.0).count());
  const double poses = 6.0 * static_cast<double>(held_out.poses) / scored;
  const double training = 1.0 - poses - parameters / fitted;
  if (!(training > 0.0)) return std::numeric_limits<double>::quiet_NaN();
  return held_out.training_rms * std::sqrt((1.0 - poses + parameters / fitted) / training);
}

}  // namespace

RigQuality AssessQuality(const TargetObservations& observations, const CalibrationResult& result,
                         QualityInputs inputs, const QualityOptions& options) {
  RigQuality quality;
  quality.inputs = std::move(inputs);
  quality.cameras.resize(observations.cameras.size());
  for (std::size_t c = 0; c < observations.cameras.size(); ++c) {
    quality.cameras[c].coverage = CoverageOf(observations, result, CameraId(c));
  }
  FillStamps(observations, &quality);
  if (result.rig.cameras.size() == observations.cameras.size()) {
    FillResiduals(observations, result, &quality);
    FillCameras(observations, result, &quality);
    quality.pairs = PairsOf(observations, result);
    quality.links = LinksOf(observations, result, quality.pairs);
    quality.view_frame = MakeViewFrame(observations, result, options.lab_is_on_floor);
    if (!result.target_poses.empty() && result.covariance.matrix.size() > 0) {
      quality.volume = PrecisionInVolume(observations, result, quality.view_frame, quality.noise_px,
                                         options.parallelism);
    }
    if (quality.inputs.held_out) quality.expected_held_out = ExpectedHeldOut(result, quality);
  }
  quality.verdict = JudgeRig(observations, result, quality, options.judge_coverage);
  return quality;
}

}  // namespace medius::calibration
