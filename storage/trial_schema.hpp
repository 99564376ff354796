#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "storage/hdf5_types.hpp"

namespace medius::storage::schema {

// The names, types, units and words of a trial file, in one place. docs/file-format.md says the
// same for people. Schema version 1 (kSchemaVersion): what is added later and may be absent does
// not raise it; what an older reader would misread does.

inline constexpr const char* kFormat = "medius-trial";

inline constexpr const char* kTimeBase = "timebase";
inline constexpr const char* kRig = "rig";
inline constexpr const char* kObservations = "observations";
inline constexpr const char* kTrajectories = "trajectories";
inline constexpr const char* kEvents = "events";
inline constexpr const char* kKinematics = "kinematics";
inline constexpr const char* kStrides = "strides";
inline constexpr const char* kSummary = "summary";
inline constexpr const char* kProvenance = "provenance";
inline constexpr const char* kLabels = "labels";
inline constexpr const char* kCurves = "curves";
inline constexpr const char* kSigmaSuffix = "_sigma";

/// One dataset: its name in its group, type, unit ("1" for none) and definition.
struct Dataset {
  const char* name;
  hdf5::ElementType type;
  const char* unit;
  const char* definition;
};

using Type = hdf5::ElementType;

inline constexpr Dataset kTime{
    "time", Type::kFloat64, "s",
    "time of each frame; attribute rate_hz is the nominal frame rate in frames per second"};

inline constexpr Dataset kIntrinsics{
    "intrinsics", Type::kFloat64, "px",
    "fx fy cx cy in pixels, then the distortion coefficients of the model (no unit) in the order "
    "of "
    "OpenCV; pixel (0, 0) is the centre of the top-left pixel, x right, y down"};
inline constexpr Dataset kCameraFromLab{"camera_from_lab", Type::kFloat64, "m",
                                        "4x4 matrix that takes a lab point in metres into the "
                                        "camera frame (x right, y down, z forward); "
                                        "its rotation part has no unit"};
inline constexpr Dataset kTimeOffset{
    "time_offset", Type::kFloat64, "s",
    "time by which this camera's exposure comes after the time stamp of its frame"};
inline constexpr Dataset kCameraCovariance{
    "covariance", Type::kFloat64, "px, 1, rad, m",
    "covariance of (intrinsics, rotation vector, translation), in products of their units"};

inline constexpr Dataset kTimeDrift{"time_drift", Type::kFloat64, "1",
                                    "growth of time_offset in seconds per second of time stamp"};
inline constexpr Dataset kLineTime{
    "line_time", Type::kFloat64, "s",
    "time from the exposure of one image row to that of the next (rolling shutter; above 0: the "
    "upper row first); time_offset is that of the middle row"};
inline constexpr Dataset kJointCovariance{
    "joint_covariance", Type::kFloat64, "px, 1, rad, m",
    "covariance of this camera's (intrinsics, rotation vector, translation), one a row, with those "
    "of every camera of the rig, in the order of the attribute cameras; in products of their "
    "units; "
    "the motion of the rig as a whole is left out"};
inline constexpr const char* kJointCameras = "cameras";

inline constexpr Dataset kFrameStart{
    "frame_start", Type::kUint64, "1",
    "row range of frame t is frame_start[t] to frame_start[t+1], the end not included"};
inline constexpr Dataset kXy{
    "xy", Type::kFloat32, "px",
    "x and y of each sighting, distorted as seen; (0, 0) is the centre of the top-left pixel, x "
    "right, y down"};
inline constexpr Dataset kSigma{"sigma", Type::kFloat32, "px",
                                "standard deviation of x and of y of each sighting"};
inline constexpr Dataset kRadius{"radius", Type::kFloat32, "px", "radius of each sighting"};
inline constexpr Dataset kIntensity{"intensity", Type::kFloat32, "1",
                                    "brightness of each sighting, in the camera's own units"};
inline constexpr Dataset kLabel{
    "label", Type::kInt16, "1",
    "marker of each sighting as an index into /trajectories/labels, from 0; -1 where unknown"};
inline constexpr Dataset kInstance{
    "instance", Type::kInt16, "1",
    "detection (person) that each sighting belongs to, numbered from 0 in each frame of this "
    "camera; -1 where none"};

inline constexpr Dataset kTimeStamp{
    "time_stamp", Type::kFloat64, "s",
    "time at which this camera says that it exposed each frame, where that differs from the "
    "frame's time; NaN where it does not say"};

inline constexpr Dataset kLabelNames{kLabels, Type::kText, "1", "name of each marker"};
inline constexpr Dataset kPosition{
    "position", Type::kFloat32, "m",
    "x y z of each marker in the lab: X the direction of running, Y the runner's left, Z up; NaN "
    "where missing"};
inline constexpr Dataset kPositionCovariance{
    "covariance", Type::kFloat32, "m^2",
    "covariance of each position as xx xy xz yy yz zz; NaN where unknown"};
inline constexpr Dataset kSmoothedPosition{
    "smoothed_position", Type::kFloat32, "m",
    "the best path given all positions, as x y z; NaN where position is"};
inline constexpr Dataset kSmoothedCovariance{
    "smoothed_covariance", Type::kFloat32, "m^2",
    "covariance of each smoothed position as xx xy xz yy yz zz"};
inline constexpr Dataset kRigCovarianceFrame{"rig_covariance_frame", Type::kUint64, "1",
                                             "frame of each row of rig_covariance"};
inline constexpr Dataset kRigCovariance{
    "rig_covariance", Type::kFloat32, "m^2",
    "covariance (xx xy xz yy yz zz) that the calibration's own uncertainty gives to a position, at "
    "some frames; it does not change as noise does and is shared by neighbouring markers"};
inline constexpr Dataset kResidual{
    "residual", Type::kFloat32, "px",
    "root mean square over the cameras used of the distance from sighting to reprojected position; "
    "NaN where no camera was used"};
inline constexpr Dataset kRays{"rays", Type::kUint8, "1",
                               "number of cameras that each position was computed from"};
inline constexpr Dataset kSource{
    "source", Type::kUint8, "1",
    "where each position comes from: 0 missing, 1 measured, 2 filled from its rigid segment, 3 "
    "filled by the skeleton, 4 filled by interpolation, 5 imported"};

inline constexpr Dataset kEventTime{"time", Type::kFloat64, "s", "time of each event, sub-frame"};
inline constexpr Dataset kEventSide{"side", Type::kInt8, "1", "foot: 0 left, 1 right"};
inline constexpr Dataset kEventType{"type", Type::kInt8, "1",
                                    "what happens: 0 foot strike, 1 toe off"};
inline constexpr Dataset kEventDetector{
    "detector", Type::kUint8, "1",
    "what each event was found by: 0 unknown (imported), 1 foot and pelvis, 2 foot alone, 3 pelvis "
    "alone, 4 force"};

inline constexpr const char* kSegments = "segments";
inline constexpr const char* kMethod = "method";
inline constexpr Dataset kSegmentRotation{
    "rotation", Type::kFloat32, "1",
    "lab_from_segment as a unit quaternion w x y z (w >= 0): the columns of its matrix are the "
    "segment's axes anterior, superior, right in the lab (X the direction of running, Y the "
    "runner's left, Z up); NaN where missing"};
inline constexpr Dataset kSegmentResidual{
    "residual", Type::kFloat32, "m",
    "root mean square over the markers fitted of their distance from where they sat on the segment "
    "in the standing trial; NaN where missing"};
inline constexpr Dataset kSegmentFlagged{
    "flagged", Type::kUint8, "1",
    "1 where the residual is above three times its median over the run"};

inline constexpr Dataset kStrideSide{"side", Type::kInt8, "1",
                                     "leg that the stride belongs to: 0 left, 1 right"};
inline constexpr Dataset kStrideStart{"start", Type::kFloat64, "s",
                                      "time of the foot strike that begins the stride"};
inline constexpr Dataset kStrideToeOff{"toe_off", Type::kFloat64, "s",
                                       "time of the toe off of the same foot"};
inline constexpr Dataset kStrideEnd{"end", Type::kFloat64, "s",
                                    "time of the next foot strike of the same foot"};
inline constexpr Dataset kStrideAccepted{
    "accepted", Type::kUint8, "1", "1 where the stride counts in the summary, 0 where rejected"};
inline constexpr Dataset kStrideReason{"rejection_reason", Type::kText, "1",
                                       "why a stride was rejected; empty where accepted"};

inline constexpr Dataset kSummaryMetric{"metric", Type::kText, "1", "name of the metric"};
inline constexpr Dataset kSummarySide{"side", Type::kInt8, "1",
                                      "leg that the strides belong to: 0 left, 1 right"};
inline constexpr Dataset kSummaryMean{"mean", Type::kFloat64, "of the row",
                                      "mean over the accepted strides"};
inline constexpr Dataset kSummarySd{"sd", Type::kFloat64, "of the row",
                                    "standard deviation from stride to stride"};
inline constexpr Dataset kSummaryN{"n", Type::kUint64, "1", "number of strides that count"};
inline constexpr Dataset kSummaryLow{
    "ci_low", Type::kFloat64, "of the row",
    "lower end of the 95 % interval of the mean, from stride-to-stride spread and measurement"};
inline constexpr Dataset kSummaryHigh{
    "ci_high", Type::kFloat64, "of the row",
    "upper end of the 95 % interval of the mean, from stride-to-stride spread and measurement"};
inline constexpr Dataset kSummaryTrend{"trend_per_minute", Type::kFloat64, "of the row, per minute",
                                       "slope of the metric over the run"};
inline constexpr Dataset kSummarySigma{
    "measurement_sigma", Type::kFloat64, "of the row",
    "standard deviation of the mean that more strides would not reduce"};
inline constexpr Dataset kSummaryMedian{"median", Type::kFloat64, "of the row",
                                        "median over the accepted strides"};
inline constexpr Dataset kSummaryError{"standard_error", Type::kFloat64, "of the row",
                                       "standard error of the mean by its strides: sd / sqrt(n)"};
inline constexpr Dataset kSummaryNoise{
    "noise_sigma", Type::kFloat64, "of the row",
    "standard deviation of one stride's value that the markers' noise causes; part of sd; NaN "
    "where not known"};
inline constexpr Dataset kSummaryUnit{"unit", Type::kText, "1", "unit of the row; empty for none"};
inline constexpr Dataset kSummaryDefinition{"definition", Type::kText, "1",
                                            "what the metric of the row is, with its sign"};

// Tables in /summary: what a run's strides come to beyond it. They share metric, side, unit and
// definition with it.
inline constexpr const char* kAsymmetry = "asymmetry";
inline constexpr const char* kWindows = "windows";
inline constexpr const char* kTrends = "trends";
inline constexpr const char* kRowUnit = "of the row";

/// Rows of a chunk: about a megabyte at most, never fewer than one row.
[[nodiscard]] constexpr std::size_t RowsPerChunk(std::size_t wanted, std::size_t row_bytes) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 20U;
  const std::size_t fit = row_bytes == 0 ? wanted : kMostBytes / row_bytes;
  const std::size_t rows = wanted < fit ? wanted : fit;
  return rows == 0 ? 1 : rows;
}

inline constexpr std::size_t kTrajectoryChunk = 256;  ///< frames
inline constexpr std::size_t kFrameChunk = 4096;      ///< frames of one number each
inline constexpr std::size_t kSightingChunk = 16384;  ///< sightings
inline constexpr std::size_t kTableChunk = 1024;      ///< rows of a table

// Limits far above any real trial: beyond them a claim is a lie.
inline constexpr std::size_t kMostFrames = 50'000'000;  ///< 69 hours at 200 Hz
inline constexpr std::size_t kMostMarkers = 32767;      ///< labels are int16
inline constexpr std::size_t kMostTableRows = 10'000'000;
inline constexpr std::size_t kMostTextBytes = std::size_t{1} << 20U;

}  // namespace medius::storage::schema
