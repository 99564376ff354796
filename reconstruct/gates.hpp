#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "reconstruct/frame_sightings.hpp"
#include "reconstruct/point_fit.hpp"

namespace medius::reconstruct {

/// Most sightings of one camera that are weighed for one point; the nearest are kept.
inline constexpr int kMaxCandidates = 6;

/// A sighting that may be that of a point.
struct Candidate {
  std::uint32_t sighting;    ///< index into its CameraFrame
  float variance;            ///< pixels^2
  Eigen::Vector2d residual;  ///< pixels, from where the point is predicted
};

/// What one camera shows near where a point is predicted.
struct Gate {
  std::uint32_t camera;
  int count = 0;                  ///< of candidates, nearest first
  Eigen::Matrix<double, 2, 3> J;  ///< pixels per metre, by the point in the lab
  std::array<Candidate, kMaxCandidates> candidate;
};

/// A predicted point.
struct Prediction {
  Eigen::Vector3d position;  ///< lab, metres
  Eigen::Vector3d velocity;  ///< m/s, for cameras that expose at times of their own
  double variance;           ///< metres^2, of each coordinate
};

struct GateOptions {
  double sigmas = 4.0;  ///< how far a sighting may lie from its prediction
  double rig_sigma_px =
      0.3;  ///< pixels, what the calibration may be off, beside the sighting's own
};

/// The gates of a point in all cameras that show something near it, in the order of the cameras.
struct Gates {
  std::array<Gate, kMaxViews> gate;
  int count = 0;
};

/// Looks for the free sightings near where the cameras should see a point.
void OpenGates(const CameraRig& rig, const std::vector<CameraFrame>& seen,
               const Prediction& prediction, const GateOptions& options, Gates* gates);

/// A point as a choice of at most one candidate in each gate.
struct GateFit {
  std::array<std::int8_t, kMaxViews> chosen;  ///< candidate, -1 for none; by gate
  int rays = 0;
  Eigen::Vector3d step;        ///< metres from the predicted position to the point
  Eigen::Matrix3d covariance;  ///< metres^2, of the rays alone
  double chi2 = 0.0;           ///< squared residuals over variance (with that of the rig)
  /// Largest residual over its sigma of the candidates chosen.
  double worst = 0.0;
};

/// Picks the point that most candidates agree on: of each camera the sighting that fits, or none.
/// Residuals beyond options.sigmas count as that (a truncated square, as MSAC has it: Torr &
/// Zisserman 2000, doi 10.1006/cviu.1999.0832), and so does the distance from the prediction where
/// use_prior. Projection is taken as linear round the prediction: good to 0.1 mm within 20 mm at
/// 4 m; callers refine where the step is longer.
/// @return false where fewer than two rays fit.
[[nodiscard]] bool FitGates(const Gates& gates, double prior_variance, bool use_prior,
                            const GateOptions& options, GateFit* fit);

}  // namespace medius::reconstruct
