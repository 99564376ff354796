#include "tests/reconstruct/run_sightings.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include <Eigen/Cholesky>
#include <Eigen/Geometry>

#include "calibration/so3.hpp"
#include "capture/virtual_rig.hpp"
#include "storage/trial_file.hpp"
#include "tests/calibration/rig_errors.hpp"

namespace medius::testing {
namespace {

std::vector<std::string> Names(const CameraRig& rig) {
  std::vector<std::string> names;
  for (const Camera& camera : rig.cameras) names.push_back(camera.name);
  return names;
}

// Calls a function with every position of every n-th frame.
void ForPositions(const TrajectoryBlock& positions, std::size_t every,
                  const std::function<void(const Eigen::Vector3d&)>& use) {
  for (std::size_t frame = 0; frame < positions.frames().count; frame += every) {
    for (std::size_t m = 0; m < positions.marker_count(); ++m) {
      if (positions.IsPresent(frame, MarkerId(m))) use(positions.Position(frame, MarkerId(m)));
    }
  }
}

// On the floor below the runner.
Eigen::Vector3d MiddleOf(const TrajectoryBlock& positions) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  double count = 0.0;
  ForPositions(positions, 1, [&](const Eigen::Vector3d& place) {
    sum += place;
    count += 1.0;
  });
  return {sum.x() / count, sum.y() / count, 0.0};
}

// What a wrong rig makes of a position that the true one sees.
struct WrongPlace {
  Eigen::Vector3d moved;  // where the wrong cameras agree best; NaN with fewer than two of them
  double squared = 0.0;   // px^2, what is left of the differences there, summed
  double freedom = 0.0;
};

WrongPlace Misplace(const CameraRig& truth, const CameraRig& rig, const Eigen::Vector3d& place) {
  Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
  Eigen::Vector3d right = Eigen::Vector3d::Zero();
  double squared = 0.0;
  double pixels = 0.0;
  for (std::size_t c = 0; c < truth.cameras.size(); ++c) {
    const Camera& camera = rig.cameras[c];
    const auto expected = truth.cameras[c].Project(place);
    const auto got = camera.model.ProjectWithJacobian(camera.camera_from_lab * place);
    if (!expected || !got) continue;
    const Eigen::Matrix<double, 2, 3> J = got->d_xy_d_point * camera.camera_from_lab.rotation;
    const Eigen::Vector2d off = *expected - got->xy;
    normal += J.transpose() * J;
    right += J.transpose() * off;
    squared += off.squaredNorm();
    pixels += 2.0;
  }
  if (pixels < 4.0) return {Eigen::Vector3d::Constant(std::nan("")), 0.0, 0.0};
  const Eigen::Vector3d move = normal.ldlt().solve(right);
  return {place + move, squared - right.dot(move), pixels - 3.0};
}

constexpr std::size_t kEvery = 50;  // frames, of those that judge a rig

// How far the rays of a wrong rig pass by each other: root mean square distance of the pixels of
// one position, over all cameras, after the position has moved to where the wrong cameras agree
// best.
double PixelError(const CameraRig& truth, const CameraRig& rig, const TrajectoryBlock& positions) {
  double squared = 0.0;
  double freedom = 0.0;
  ForPositions(positions, kEvery, [&](const Eigen::Vector3d& place) {
    const WrongPlace wrong = Misplace(truth, rig, place);
    squared += wrong.squared;
    freedom += wrong.freedom;
  });
  return std::sqrt(2.0 * squared / freedom);
}

// The rig moved as a whole to where it puts these positions best: its lab frame is the true one as
// closely as its errors let it be.
CameraRig Aligned(const CameraRig& truth, const CameraRig& rig, const TrajectoryBlock& positions) {
  std::vector<Eigen::Vector3d> places;
  std::vector<Eigen::Vector3d> moved;
  ForPositions(positions, kEvery, [&](const Eigen::Vector3d& place) {
    const WrongPlace wrong = Misplace(truth, rig, place);
    if (!wrong.moved.allFinite()) return;
    places.push_back(place);
    moved.push_back(wrong.moved);
  });
  const auto count = static_cast<Eigen::Index>(places.size());
  const Eigen::Map<const Eigen::Matrix3Xd> to(places.front().data(), 3, count);
  const Eigen::Map<const Eigen::Matrix3Xd> from(moved.front().data(), 3, count);
  return InLabFrame(rig, RigidTransform::FromMatrix(Eigen::umeyama(from, to, false)));
}

// One camera with a multiple of its error.
void ScaleError(const Camera& truth, double factor, Camera* camera) {
  std::vector<double> intrinsics = camera->model.intrinsics();
  for (std::size_t i = 0; i < intrinsics.size(); ++i) {
    const double right = truth.model.intrinsics()[i];
    intrinsics[i] = right + factor * (intrinsics[i] - right);
  }
  camera->model = CameraModel(camera->model.kind(), std::move(intrinsics));
  RigidTransform& place = camera->camera_from_lab;
  const Eigen::Vector3d turn =
      calibration::VectorFromRotation(place.rotation * truth.camera_from_lab.rotation.transpose());
  place.rotation = calibration::Renormalized(calibration::RotationFromVector(factor * turn) *
                                             truth.camera_from_lab.rotation);
  place.translation = truth.camera_from_lab.translation +
                      factor * (place.translation - truth.camera_from_lab.translation);
  if (camera->covariance) *camera->covariance *= factor * factor;
}

std::vector<MarkerId> MarkersOf(const std::vector<std::string>& names,
                                const std::vector<std::string>& labels) {
  std::vector<MarkerId> markers;
  for (const std::string& name : names) {
    const auto found = std::find(labels.begin(), labels.end(), name);
    if (found != labels.end()) {
      markers.emplace_back(static_cast<std::size_t>(found - labels.begin()));
    }
  }
  return markers;
}

// What can be lost together: three markers of one cluster, or one that is ever there.
std::vector<std::vector<MarkerId>> Groups(const WholeTrial& run, const MarkerSet& set,
                                          bool of_segment) {
  std::vector<std::vector<MarkerId>> groups;
  if (of_segment) {
    for (const auto& [segment, names] : set.clusters) {
      std::vector<MarkerId> markers = MarkersOf(names, run.labels);
      if (markers.size() >= 3) groups.push_back(std::move(markers));
    }
    return groups;
  }
  for (std::size_t m = 0; m < run.labels.size(); ++m) {
    bool ever = false;
    for (std::size_t f = 0; f < run.positions.frames().count && !ever; ++f) {
      ever = run.positions.IsPresent(f, MarkerId(m));
    }
    if (ever) groups.push_back({MarkerId(m)});
  }
  return groups;
}

}  // namespace

const std::vector<RecordedRun>& RecordedRuns() {
  static const std::vector<RecordedRun> kRuns = {
      // In the run R.MT1 lies 107 mm to the right of R.MT5 and 171 mm from R.Heel.Lateral; in the
      // standing trial 107 mm to the left of it and 209 mm, as on the left foot in both.
      {"rbds",
       "rbds001-run/RBDS001runT25markers.txt",
       "rbds001-run/RBDS001static.txt",
       "rbds",
       {{"R.MT1", "R.MT5"}}},
      {"hamner",
       "hamner-subject02-run/subject02_running.trc",
       "hamner-subject02-run/subject02_static.trc",
       "hamner",
       {}},
      {"rajagopal",
       "rajagopal-run/motion_capture_run.trc",
       "rajagopal-run/static_run.trc",
       "rajagopal",
       {}}};
  return kRuns;
}

WholeTrial ReadPositions(const std::filesystem::path& trial) {
  const storage::TrialReader reader(trial);
  return {reader.time_base(), reader.labels(),
          reader.ReadTrajectories({0, reader.time_base().frame_count()})};
}

ObservationBlock ReadSightings(const std::filesystem::path& trial, const CameraRig& rig) {
  const storage::TrialReader reader(trial);
  return reader.ReadObservations({0, reader.time_base().frame_count()}, Names(rig));
}

CameraRig RingRound(const TrajectoryBlock& positions, int cameras, std::uint64_t seed) {
  capture::RigScenario ring;
  ring.cameras = cameras;
  ring.radius = 4.5;
  ring.centre = MiddleOf(positions).head<2>();
  ring.height_low = 1.2;
  ring.height_high = 2.4;
  ring.target_height = 0.85;
  ring.width = 2048;
  ring.height = 1536;
  ring.focal_length = 1650.0;
  return capture::BuildRing(ring, seed);
}

CameraRig WithCalibrationError(const CameraRig& truth, const TrajectoryBlock& positions,
                               double error_px, std::uint64_t seed) {
  // The boards of that calibration are shown round the origin: where the runner is.
  const Eigen::Vector3d middle = MiddleOf(positions);
  const RigidTransform there{Eigen::Matrix3d::Identity(), -middle};
  CameraRig rig =
      InLabFrame(calibration::WithBoardErrors(InLabFrame(truth, there), seed), there.Inverse());
  // The error is small enough for pixels to follow it evenly; further rounds take up the rest.
  for (int round = 0; round < 3; ++round) {
    const double factor = error_px / PixelError(truth, rig, positions);
    for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
      ScaleError(truth.cameras[c], factor, &rig.cameras[c]);
    }
    if (rig.joint_covariance) *rig.joint_covariance *= factor * factor;
    rig = Aligned(truth, rig, positions);
  }
  return rig;
}

std::vector<Loss> PlanLosses(const WholeTrial& run, const MarkerSet& set, bool of_segment,
                             std::uint64_t seed) {
  constexpr std::array<double, 5> kLengths = {0.05, 0.1, 0.2, 0.5, 1.0};  // s
  constexpr double kPause = 0.5;                                          // s
  std::vector<std::vector<MarkerId>> groups = Groups(run, set, of_segment);
  std::vector<Loss> losses;
  if (groups.empty()) return losses;
  std::mt19937_64 random(seed);
  const double end = run.time_base.time.back() - kPause;
  double begin = run.time_base.time.front() + kPause;
  for (std::size_t i = random() % kLengths.size(); begin + kLengths[i] < end;
       i = (i + 1) % kLengths.size()) {
    std::vector<MarkerId>& group = groups[random() % groups.size()];
    for (std::size_t k = group.size(); k > 1; --k) std::swap(group[k - 1], group[random() % k]);
    const auto last = group.begin() + static_cast<std::ptrdiff_t>(
                                          std::min<std::size_t>(group.size(), of_segment ? 3 : 1));
    losses.push_back({{group.begin(), last}, begin, begin + kLengths[i]});
    begin += kLengths[i] + kPause;
  }
  return losses;
}

void TakeAway(const std::vector<Loss>& losses, const TimeBase& time_base, ObservationBlock* seen) {
  const auto lost = [&](std::int16_t label, double time) {
    if (label == kUnlabelled) return false;
    const MarkerId marker(static_cast<std::size_t>(label));
    return std::any_of(losses.begin(), losses.end(), [&](const Loss& loss) {
      return time >= loss.begin && time < loss.end &&
             std::find(loss.markers.begin(), loss.markers.end(), marker) != loss.markers.end();
    });
  };
  for (CameraObservations& camera : seen->cameras) {
    KeepRows(
        [&](std::size_t frame, std::size_t row) {
          return !lost(camera.label[row], time_base.time[seen->frames.first + frame]);
        },
        &camera);
  }
}

void KeepRows(const std::function<bool(std::size_t, std::size_t)>& keeps,
              CameraObservations* camera) {
  CameraObservations kept;
  for (std::size_t frame = 0; frame < camera->frame_count(); ++frame) {
    for (std::uint64_t row = camera->frame_start[frame]; row < camera->frame_start[frame + 1];
         ++row) {
      if (!keeps(frame, row)) continue;
      kept.xy.push_back(camera->xy[row]);
      if (!camera->sigma.empty()) kept.sigma.push_back(camera->sigma[row]);
      if (!camera->radius.empty()) kept.radius.push_back(camera->radius[row]);
      if (!camera->intensity.empty()) kept.intensity.push_back(camera->intensity[row]);
      if (!camera->label.empty()) kept.label.push_back(camera->label[row]);
    }
    kept.frame_start.push_back(kept.xy.size());
  }
  kept.time_stamp = camera->time_stamp;
  *camera = std::move(kept);
}

void WriteSightings(const std::filesystem::path& like, const CameraRig& rig,
                    const ObservationBlock& seen, bool with_labels,
                    const std::filesystem::path& path) {
  const storage::TrialReader source(like);
  storage::TrialWriter writer(path);
  writer.WriteHeader(source.header());
  writer.WriteTimeBase(source.time_base());
  if (with_labels) writer.WriteLabels(source.labels());
  storage::TrialWriter::ObservationColumns columns;
  columns.sigma = true;
  columns.label = with_labels;
  std::vector<std::optional<ImageSize>> sizes;
  for (const Camera& camera : rig.cameras)
    sizes.emplace_back(ImageSize{camera.width, camera.height});
  writer.BeginObservations(Names(rig), columns, sizes);
  ObservationBlock written = seen;
  if (!with_labels) {
    for (CameraObservations& camera : written.cameras) camera.label.clear();
  }
  writer.AppendObservations(written);
  writer.Commit();
}

}  // namespace medius::testing
