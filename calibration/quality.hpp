#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "calibration/image_quality.hpp"
#include "calibration/lens_misfit.hpp"
#include "calibration/pair_quality.hpp"
#include "calibration/quality_inputs.hpp"
#include "calibration/result.hpp"
#include "calibration/volume_quality.hpp"
#include "core/parallel.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// What a calibration is worth.
enum class Grade { kGood, kUsable, kRedo };

struct Verdict {
  Grade grade = Grade::kRedo;
  std::vector<Finding> findings;  ///< the gravest first
};

/// All numbers of one camera.
struct CameraQuality {
  CameraNumbers numbers;
  double outlier_share = 0.0;  ///< of its sightings
  /// Share of its outliers that stand in views of which more than half was left out: then the view
  /// is wrong (its time, another board), not the sighting.
  double outliers_in_lost_views = 0.0;
  /// Share of the image, by the middles of the coverage's cells and the corners, that the lens
  /// model has a direction for: elsewhere its polynomial folds back.
  double invertible_share = 1.0;
  ImageCoverage coverage;
  ResidualField field;
  LensMisfit misfit;
  ResidualSpread spread;
  Eigen::Vector2d focal_sd = {0.0, 0.0};      ///< pixels, fx fy; 0 where held
  Eigen::Vector2d principal_sd = {0.0, 0.0};  ///< pixels, cx cy
  /// Metres and radians, root of the sum over the axes, against the rig as a body
  /// (RigGauge::kCameraCentres).
  double centre_sd = std::numeric_limits<double>::quiet_NaN();
  double turn_sd = std::numeric_limits<double>::quiet_NaN();
  /// Seconds by which this camera's time stamps come after those of the camera with the most views,
  /// of the instants that both share: median, and 95 % of the distances from it. NaN where no
  /// stamps differ.
  double stamp_lag = std::numeric_limits<double>::quiet_NaN();
  double stamp_jitter = std::numeric_limits<double>::quiet_NaN();
};

/// One view with much that was left out or that fits badly.
struct WorstView {
  std::size_t view = 0;  ///< index in TargetObservations::views
  std::size_t frame = 0;
  CameraId camera;
  std::size_t sightings = 0;
  std::size_t outliers = 0;
  double rms = 0.0;  ///< pixels per axis, all sightings of the view
};

/// Everything by which a calibration is judged. Without a rig (status degenerate) only the coverage
/// of each camera and the verdict are filled.
struct RigQuality {
  std::vector<CameraQuality> cameras;  ///< [cameras]
  std::vector<PairNumbers> pairs;
  std::vector<RigLink> links;                                  ///< weakest first
  std::vector<WorstView> worst_views;                          ///< at most 10, the worst first
  double rms = std::numeric_limits<double>::quiet_NaN();       ///< pixels per axis, used sightings
  double noise_px = std::numeric_limits<double>::quiet_NaN();  ///< see NoisePixels
  std::size_t sightings = 0;                                   ///< used
  std::size_t outliers = 0;
  std::size_t instants = 0;  ///< with a target that was used
  /// Histogram of used residual coordinates over noise_px: bins of 0.5 from -5, the outermost take
  /// what is beyond.
  std::vector<std::size_t> histogram;
  ViewFrame view_frame;
  std::optional<VolumePrecision> volume;
  /// What held_out.rms should be if the model were right and noise were all: training_rms grown by
  /// what the fit of the cameras' parameters takes from it and gives to the other views. Pixels per
  /// axis; NaN without held-out numbers.
  double expected_held_out = std::numeric_limits<double>::quiet_NaN();
  QualityInputs inputs;
  Verdict verdict;
};

struct QualityOptions {
  bool lab_is_on_floor = false;  ///< see MakeViewFrame
  /// Targets are boards: their coverage of the image carries the lens. False for a wand whose
  /// cameras' intrinsics are known.
  bool judge_coverage = true;
  Parallelism parallelism{1};
};

/// Judges a calibration. Same bytes for any number of threads.
RigQuality AssessQuality(const TargetObservations& observations, const CalibrationResult& result,
                         QualityInputs inputs, const QualityOptions& options = {});

}  // namespace medius::calibration
