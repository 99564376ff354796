#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "calibration/bundle.hpp"
#include "calibration/reduced_normal.hpp"
#include "calibration/temporal_motion.hpp"
#include "core/parallel.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// When a camera exposes, against the time stamps of its frames.
struct CameraTiming {
  double offset = 0.0;     ///< seconds, at TemporalData::middle_time
  double drift = 0.0;      ///< seconds per second
  double line_time = 0.0;  ///< seconds from one row to the next; the offset is the middle row's
};
inline constexpr int kTimingSize = 3;

/// Observations of moving targets laid out for adjustment: a knot a target and instant, the knots
/// of one unbroken motion in a row.
struct TemporalData {
  BundleData bundle;                     ///< points about their target's centre
  std::vector<Eigen::Vector3d> centre;   ///< [targets] mean of its points, target frame
  std::vector<std::size_t> pose;         ///< [knots] in bundle.poses
  std::vector<double> knot_time;         ///< [knots] seconds: mean stamp of the instant's views
  std::vector<double> interval;          ///< [knots] seconds to the next; 0 where a motion ends
  std::vector<std::size_t> knot_of_view; ///< [views]
  std::vector<double> stamp;             ///< [views] seconds
  std::vector<double> middle_row;        ///< [cameras] pixels
  double middle_time = 0.0;              ///< seconds, of all views
  double median_interval = 0.0;          ///< seconds between neighbouring instants; 0 without any
};

/// @param use_view      [views] which views to lay out.
/// @param largest_gap   median intervals without a view after which a new motion begins.
/// @throws InputError where a time stamp is not finite or stamps of one instant differ by more than
///         the interval between instants.
TemporalData MakeTemporalData(const TargetObservations& observations,
                              const std::vector<std::uint8_t>& use_view, double largest_gap);

/// All unknowns.
struct TemporalState {
  RigState rig;                      ///< its target poses are not used
  std::vector<CameraTiming> timing;  ///< [cameras]
  std::vector<MotionKnot> knots;
  std::vector<double> jitter;  ///< [views] seconds: time of a frame beside its camera's offset
};

/// What is known beforehand of motion and time, estimated from the data beside the rest.
struct TemporalScales {
  double sigma = 1.0;              ///< of a standardized residual
  double rotation_power = 1.0;     ///< rad^2/s^3, of the white noise on the acceleration
  double translation_power = 1.0;  ///< m^2/s^3
  double jitter_sd = 0.0;          ///< seconds; 0: frames keep their time
  double angular_sd = 10.0;        ///< rad/s; a broad prior, for targets seen at one instant alone
  double velocity_sd = 10.0;       ///< m/s
};

/// The two knots that a view lies between, and its time after the first of them.
struct ViewPlace {
  std::size_t knot = 0;
  bool is_pair = false;  ///< false: there is one knot only
  double time = 0.0;     ///< seconds
};
ViewPlace PlaceOf(const TemporalData& data, const TemporalState& state, std::size_t view);

/// Motion at the place of a view (its middle row).
MotionSample SampleOf(const TemporalData& data, const TemporalState& state, const ViewPlace& place);

/// The pose of the target as one sighting of a view sees it, by the time of its row.
RigidTransform PoseAtRow(const MotionSample& sample, double delay);

/// Seconds from the exposure of the middle row to that of a sighting.
double RowDelay(const TemporalData& data, const TemporalState& state, const BundleView& view,
                const Sighting& sighting);

/// [sightings] seen minus predicted, pixels; NaN where a point cannot be predicted.
std::vector<Eigen::Vector2d> TemporalResiduals(const TemporalData& data,
                                               const TemporalState& state,
                                               Parallelism parallelism);

/// The quadratic model of one view, its frame's own time eliminated: numbers ordered (intrinsics,
/// camera pose, timing, first knot, second knot).
struct TemporalViewNormal {
  bool valid = false;
  ViewPlace place;
  double cost = 0.0;  ///< half the sum of the losses (standardized by the sigmas alone)
  Eigen::MatrixXd H;
  Eigen::VectorXd g;
  double jitter_H = 0.0;  ///< with its prior; 0: no jitter
  double jitter_g = 0.0;
  Eigen::VectorXd jitter_coupling;
};

/// @param use        [sightings]
/// @param has_lines  whether rows are exposed one after the other (line times free or not 0).
std::vector<TemporalViewNormal> LinearizeTemporal(const TemporalData& data,
                                                  const TemporalState& state,
                                                  const std::vector<std::uint8_t>& use,
                                                  const TemporalScales& scales, RobustLoss loss,
                                                  bool has_lines, Parallelism parallelism);

}  // namespace medius::calibration
