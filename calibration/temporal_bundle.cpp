#include "calibration/temporal_bundle.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "calibration/so3.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kViewGrain = 8;

double Median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void TakeCentres(const TargetObservations& observations, TemporalData* data) {
  for (const CalibrationTarget& target : observations.targets) {
    Eigen::Vector3d mean = Eigen::Vector3d::Zero();
    for (const Eigen::Vector3d& point : target.points) mean += point;
    data->centre.push_back(mean / std::max<double>(1.0, static_cast<double>(target.points.size())));
  }
  for (const BundleView& view : data->bundle.views) {
    const Eigen::Vector3d& centre = data->centre[data->bundle.poses[view.pose].target];
    for (std::size_t i = view.begin; i < view.end; ++i) {
      data->bundle.sightings[i].x_in_target -= centre;
    }
  }
}

// Mean stamp of the views of each pose.
std::vector<double> TimesOfPoses(const TargetObservations& observations, TemporalData* data) {
  std::vector<double> times;
  for (const BundlePose& pose : data->bundle.poses) {
    double sum = 0.0;
    for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) {
      const TargetView& view = observations.views[data->bundle.views[v].source];
      if (!std::isfinite(view.time)) {
        throw InputError(fmt::format(
            "view of frame {}, camera {}: its time is not a finite number; time offsets need the "
            "time of each frame",
            view.frame, observations.cameras[view.camera.index()].name));
      }
      data->stamp.push_back(view.time);
      sum += view.time;
    }
    times.push_back(sum / static_cast<double>(pose.view_end - pose.view_begin));
  }
  return times;
}

// Median distance of neighbouring instants of one target.
double MedianInterval(const TemporalData& data) {
  std::vector<double> steps;
  for (std::size_t k = 0; k + 1 < data.pose.size(); ++k) {
    const auto& bundle = data.bundle;
    if (bundle.poses[data.pose[k]].target != bundle.poses[data.pose[k + 1]].target) continue;
    steps.push_back(data.knot_time[k + 1] - data.knot_time[k]);
  }
  return Median(std::move(steps));
}

void CheckStamps(const TargetObservations& observations, const TemporalData& data) {
  if (data.median_interval <= 0.0) return;
  for (std::size_t v = 0; v < data.stamp.size(); ++v) {
    const double apart = data.stamp[v] - data.knot_time[data.knot_of_view[v]];
    if (std::abs(apart) <= data.median_interval) continue;
    const TargetView& view = observations.views[data.bundle.views[v].source];
    throw InputError(fmt::format(
        "view of frame {}, camera {}: its time stamp lies {:.4f} s from the others of that frame, "
        "more than the {:.4f} s between frames; group the frames by their time stamps",
        view.frame, observations.cameras[view.camera.index()].name, apart, data.median_interval));
  }
}

// Standardized residual and its derivatives for one sighting of a view whose rows are exposed one
// after the other: by (intrinsics, pose, twist, line time).
bool LinearizeRow(const RigState& rig, const BundleView& view, const Sighting& sighting,
                  const MotionSample& sample, double delay, double row, Eigen::Vector2d* residual,
                  Eigen::Matrix<double, 2, Eigen::Dynamic>* jacobian) {
  const std::size_t group = rig.group[view.camera];
  const RigidTransform& camera_from_lab = rig.camera_from_lab[view.camera];
  const RigidTransform pose = PoseAtRow(sample, delay);
  LocalJacobian local;
  if (!LinearizeSighting(rig.kind[group], rig.intrinsics[group].data(), camera_from_lab * pose,
                         sighting, residual, &local)) {
    return false;
  }
  const auto K = local.cols() - 6;
  const Eigen::Matrix<double, 2, 6> by_camera =
      local.rightCols<6>() * ByCameraPose(camera_from_lab, pose);
  const Eigen::Matrix<double, 2, 6> by_row_pose =
      local.rightCols<6>() * ByTargetPose(camera_from_lab);
  const Eigen::Vector3d turn = delay * sample.twist.head<3>();
  const Eigen::Matrix3d rotation = RotationFromVector(turn);
  const Eigen::Matrix3d left = LeftJacobian(turn);
  // exp(w d) exp(a) R = exp(exp(w d) a) exp(w d) R.
  jacobian->resize(2, K + 19);
  jacobian->leftCols(K) = local.leftCols(K);
  jacobian->middleCols<6>(K) = by_camera;
  jacobian->middleCols<3>(K + 6) = by_row_pose.leftCols<3>() * rotation;
  jacobian->middleCols<3>(K + 9) = by_row_pose.rightCols<3>();
  jacobian->middleCols<3>(K + 12) = delay * by_row_pose.leftCols<3>() * left;
  jacobian->middleCols<3>(K + 15) = delay * by_row_pose.rightCols<3>();
  Vector6 speed = sample.twist;
  jacobian->col(K + 18) = row * by_row_pose * speed;
  return true;
}

// The numbers that the pixels of a view depend on, before the motion: (intrinsics, camera pose,
// target pose, twist, line time); the last two only where rows have their own time.
struct BeforeMotion {
  Eigen::MatrixXd H;
  Eigen::VectorXd g;
  double cost = 0.0;
};

bool LinearizeRows(const TemporalData& data, const TemporalState& state, const BundleView& view,
                   const MotionSample& sample, const std::uint8_t* use, RobustLoss loss,
                   BeforeMotion* before) {
  const auto K = IntrinsicCountOf(state.rig, state.rig.group[view.camera]);
  before->H = Eigen::MatrixXd::Zero(K + 19, K + 19);
  before->g = Eigen::VectorXd::Zero(K + 19);
  LossSum cost(loss);
  Eigen::Vector2d residual;
  Eigen::Matrix<double, 2, Eigen::Dynamic> J;
  const auto sightings = data.bundle.SightingsOf(view);
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    if (use[i] == 0) continue;
    const double row = sightings[i].xy.y() - data.middle_row[view.camera];
    const double delay = RowDelay(data, state, view, sightings[i]);
    if (!LinearizeRow(state.rig, view, sightings[i], sample, delay, row, &residual, &J)) {
      return false;
    }
    const double s = residual.squaredNorm();
    const double weight = loss.Weight(s);
    cost.Add(s);
    before->H += weight * J.transpose() * J;
    before->g -= weight * J.transpose() * residual;
  }
  before->cost = 0.5 * cost.Value();
  return true;
}

bool LinearizeAtOnce(const TemporalData& data, const TemporalState& state, const BundleView& view,
                     const MotionSample& sample, const std::uint8_t* use, RobustLoss loss,
                     BeforeMotion* before) {
  const RigState& rig = state.rig;
  const std::size_t group = rig.group[view.camera];
  const RigidTransform& camera_from_lab = rig.camera_from_lab[view.camera];
  ViewNormal normal;
  if (!LinearizeView(rig.kind[group], rig.intrinsics[group].data(),
                     camera_from_lab * sample.lab_from_target, data.bundle.SightingsOf(view), use,
                     loss, &normal)) {
    return false;
  }
  const auto K = IntrinsicCountOf(rig, group);
  Eigen::MatrixXd by = Eigen::MatrixXd::Zero(K + 6, K + 12);
  by.topLeftCorner(K, K).setIdentity();
  by.block<6, 6>(K, K) = ByCameraPose(camera_from_lab, sample.lab_from_target);
  by.block<6, 6>(K, K + 6) = ByTargetPose(camera_from_lab);
  before->H = by.transpose() * (normal.H * by);
  before->g = by.transpose() * normal.g;
  before->cost = normal.cost;
  return true;
}

// How the numbers before the motion follow those of TemporalViewNormal and, last, the frame's own
// time.
Eigen::MatrixXd ByMotion(const TemporalData& data, const MotionSample& sample, double stamp,
                         Eigen::Index K, bool has_lines) {
  const Eigen::Index first_knot = K + 6 + kTimingSize;
  Eigen::MatrixXd by =
      Eigen::MatrixXd::Zero(has_lines ? K + 19 : K + 12, first_knot + 2 * kKnotSize + 1);
  by.topLeftCorner(K + 6, K + 6).setIdentity();
  const auto fill = [&](Eigen::Index row, const SixByTwoKnots& by_knots, const Vector6& by_time) {
    by.block<6, 1>(row, K + 6) = by_time;
    by.block<6, 1>(row, K + 7) = (stamp - data.middle_time) * by_time;
    by.block<6, 2 * kKnotSize>(row, first_knot) = by_knots;
    by.block<6, 1>(row, first_knot + 2 * kKnotSize) = by_time;
  };
  fill(K + 6, sample.pose_by, sample.twist);
  if (has_lines) {
    fill(K + 12, sample.twist_by, sample.rate_of_twist);
    by(K + 18, K + 8) = 1.0;
  }
  return by;
}

TemporalViewNormal LinearizeOne(const TemporalData& data, const TemporalState& state,
                                std::size_t index, const std::vector<std::uint8_t>& use,
                                const TemporalScales& scales, RobustLoss loss, bool has_lines) {
  const BundleView& view = data.bundle.views[index];
  TemporalViewNormal result;
  result.place = PlaceOf(data, state, index);
  const MotionSample sample = SampleOf(data, state, result.place);
  BeforeMotion before;
  const std::uint8_t* flags = use.data() + view.begin;
  result.valid = has_lines ? LinearizeRows(data, state, view, sample, flags, loss, &before)
                           : LinearizeAtOnce(data, state, view, sample, flags, loss, &before);
  if (!result.valid) return result;
  const auto K = IntrinsicCountOf(state.rig, state.rig.group[view.camera]);
  const double weight = 1.0 / (scales.sigma * scales.sigma);
  const Eigen::MatrixXd by = ByMotion(data, sample, data.stamp[index], K, has_lines);
  const Eigen::MatrixXd H = weight * (by.transpose() * (before.H * by));
  const Eigen::VectorXd g = weight * (by.transpose() * before.g);
  const auto n = H.rows() - 1;
  result.cost = before.cost;
  result.H = H.topLeftCorner(n, n);
  result.g = g.head(n);
  if (scales.jitter_sd <= 0.0) return result;
  const double known = 1.0 / (scales.jitter_sd * scales.jitter_sd);
  result.jitter_H = H(n, n) + known;
  result.jitter_g = g[n] + known * state.jitter[index];
  result.jitter_coupling = H.col(n).head(n);
  const Eigen::VectorXd scaled = result.jitter_coupling / result.jitter_H;
  result.H -= scaled * result.jitter_coupling.transpose();
  result.g -= scaled * result.jitter_g;
  return result;
}

}  // namespace

TemporalData MakeTemporalData(const TargetObservations& observations,
                              const std::vector<std::uint8_t>& use_view, double largest_gap) {
  TemporalData data;
  data.bundle = MakeBundleData(observations, use_view);
  TakeCentres(observations, &data);
  const std::vector<double> times = TimesOfPoses(observations, &data);
  data.pose.resize(times.size());
  std::iota(data.pose.begin(), data.pose.end(), std::size_t{0});
  const auto key = [&](std::size_t p) { return std::tuple(data.bundle.poses[p].target, times[p], p); };
  std::sort(data.pose.begin(), data.pose.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<std::size_t> knot_of_pose(times.size());
  for (std::size_t k = 0; k < data.pose.size(); ++k) {
    knot_of_pose[data.pose[k]] = k;
    data.knot_time.push_back(times[data.pose[k]]);
  }
  for (const BundleView& view : data.bundle.views) {
    data.knot_of_view.push_back(knot_of_pose[view.pose]);
  }
  data.median_interval = MedianInterval(data);
  data.interval.assign(data.pose.size(), 0.0);
  for (std::size_t k = 0; k + 1 < data.pose.size(); ++k) {
    const double step = data.knot_time[k + 1] - data.knot_time[k];
    const bool same =
        data.bundle.poses[data.pose[k]].target == data.bundle.poses[data.pose[k + 1]].target;
    if (same && step > 0.0 && step <= largest_gap * data.median_interval) data.interval[k] = step;
  }
  CheckStamps(observations, data);
  for (const UncalibratedCamera& camera : observations.cameras) {
    data.middle_row.push_back(0.5 * (camera.height - 1));
  }
  for (const double stamp : data.stamp) data.middle_time += stamp;
  data.middle_time /= std::max<double>(1.0, static_cast<double>(data.stamp.size()));
  return data;
}

ViewPlace PlaceOf(const TemporalData& data, const TemporalState& state, std::size_t view) {
  const CameraTiming& timing = state.timing[data.bundle.views[view].camera];
  const double stamp = data.stamp[view];
  const double time = stamp + timing.offset + timing.drift * (stamp - data.middle_time) +
                      state.jitter[view];
  std::size_t k = data.knot_of_view[view];
  while (k > 0 && data.interval[k - 1] > 0.0 && time < data.knot_time[k]) --k;
  while (data.interval[k] > 0.0 && time >= data.knot_time[k + 1]) ++k;
  const bool is_last = data.interval[k] <= 0.0;
  if (is_last && k > 0 && data.interval[k - 1] > 0.0) --k;
  return {k, data.interval[k] > 0.0, time - data.knot_time[k]};
}

MotionSample SampleOf(const TemporalData& data, const TemporalState& state,
                      const ViewPlace& place) {
  const MotionKnot& first = state.knots[place.knot];
  return SampleMotion(first, place.is_pair ? state.knots[place.knot + 1] : first,
                      data.interval[place.knot], place.time);
}

RigidTransform PoseAtRow(const MotionSample& sample, double delay) {
  if (delay == 0.0) return sample.lab_from_target;
  return {RotationFromVector(delay * sample.twist.head<3>()) * sample.lab_from_target.rotation,
          sample.lab_from_target.translation + delay * sample.twist.tail<3>()};
}

double RowDelay(const TemporalData& data, const TemporalState& state, const BundleView& view,
                const Sighting& sighting) {
  return state.timing[view.camera].line_time * (sighting.xy.y() - data.middle_row[view.camera]);
}

std::vector<Eigen::Vector2d> TemporalResiduals(const TemporalData& data,
                                               const TemporalState& state,
                                               Parallelism parallelism) {
  const RigState& rig = state.rig;
  std::vector<Eigen::Vector2d> residuals(data.bundle.sightings.size());
  ParallelFor(
      parallelism, data.bundle.views.size(), kViewGrain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t v = begin; v < end; ++v) {
          const BundleView& view = data.bundle.views[v];
          const MotionSample sample = SampleOf(data, state, PlaceOf(data, state, v));
          const std::size_t group = rig.group[view.camera];
          for (std::size_t i = view.begin; i < view.end; ++i) {
            const Sighting& sighting = data.bundle.sightings[i];
            const RigidTransform pose = PoseAtRow(sample, RowDelay(data, state, view, sighting));
            Eigen::Vector2d xy;
            const bool seen =
                ProjectPixel(rig.kind[group], rig.intrinsics[group].data(),
                             rig.camera_from_lab[view.camera] * (pose * sighting.x_in_target), &xy);
            residuals[i] = seen ? Eigen::Vector2d(sighting.xy - xy)
                                : Eigen::Vector2d::Constant(
                                      std::numeric_limits<double>::quiet_NaN());
          }
        }
      });
  return residuals;
}

std::vector<TemporalViewNormal> LinearizeTemporal(const TemporalData& data,
                                                  const TemporalState& state,
                                                  const std::vector<std::uint8_t>& use,
                                                  const TemporalScales& scales, RobustLoss loss,
                                                  bool has_lines, Parallelism parallelism) {
  std::vector<TemporalViewNormal> normals(data.bundle.views.size());
  ParallelFor(parallelism, normals.size(), kViewGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t v = begin; v < end; ++v) {
      normals[v] = LinearizeOne(data, state, v, use, scales, loss, has_lines);
    }
  });
  return normals;
}

}  // namespace medius::calibration
