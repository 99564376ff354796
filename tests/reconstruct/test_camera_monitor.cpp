#include <cmath>

#include <Eigen/Geometry>
#include <gtest/gtest.h>

#include "reconstruct/camera_monitor.hpp"
#include "reconstruct/reconstruct.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kRate = 200.0;
constexpr std::size_t kFrames = 600;
constexpr std::size_t kMarkers = 20;
constexpr std::size_t kBad = 3;  // the camera that something is done to

ObservationBlock FilmRun(const CameraRig& rig) {
  SceneOptions options;
  options.frames = kFrames;
  options.markers = kMarkers;
  options.rate_hz = kRate;
  options.noise_px = 0.2;
  return Film(rig, RunningMarker, options);
}

// Judges the cameras of a run that is reconstructed with `rig`.
std::vector<CameraQuality> Judge(const CameraRig& rig, const ObservationBlock& seen,
                                 std::size_t frames_per_block = kFrames) {
  const TimeBase time_base = TimeBase::Uniform(kRate, kFrames);
  Reconstructor reconstructor(rig, time_base, kMarkers, {});
  CameraMonitor monitor(rig, time_base, kMarkers, 0.3);
  for (const FrameRange& frames : SplitFrames(kFrames, frames_per_block)) {
    const ObservationBlock part = Cut(seen, frames);
    monitor.Observe(part);
    monitor.Observe(reconstructor.Push(part, Parallelism(1)));
  }
  monitor.Observe(reconstructor.Finish(Parallelism(1)));
  return monitor.Judge();
}

void ExpectOthersFine(const std::vector<CameraQuality>& cameras) {
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    if (c == kBad) continue;
    EXPECT_EQ(cameras[c].fault, CameraFault::kNone) << Describe(cameras[c], kRate);
  }
}

// Shifts the sightings of a camera from a frame on.
void Shift(std::size_t from_frame, const Eigen::Vector2f& by, CameraObservations* camera) {
  for (std::uint64_t row = camera->frame_start[from_frame]; row < camera->xy.size(); ++row) {
    camera->xy[row] += by;
  }
}

TEST(CameraMonitor, FindsNothingWhereNothingIs) {
  const CameraRig rig = RingOfCameras(8);
  const std::vector<CameraQuality> cameras = Judge(rig, FilmRun(rig));
  ASSERT_EQ(cameras.size(), 8U);
  for (const CameraQuality& camera : cameras) {
    EXPECT_EQ(camera.fault, CameraFault::kNone) << Describe(camera, kRate);
    EXPECT_EQ(Describe(camera, kRate), "");
    // 0.2 px of each coordinate, less what the points took.
    EXPECT_NEAR(camera.whole.residual_rms_px, 0.2 * std::sqrt(2.0 * 13.0 / 16.0), 0.02);
    EXPECT_LT(std::abs(camera.sync_error), 5.0 * camera.sync_error_sigma);
  }
}

TEST(CameraMonitor, DoesNotDependOnHowFramesAreCut) {
  const CameraRig rig = RingOfCameras(5);
  const ObservationBlock seen = FilmRun(rig);
  const std::vector<CameraQuality> whole = Judge(rig, seen);
  const std::vector<CameraQuality> cut = Judge(rig, seen, 37);
  for (std::size_t c = 0; c < whole.size(); ++c) {
    EXPECT_EQ(whole[c].sync_error, cut[c].sync_error);
    EXPECT_EQ(whole[c].whole.residual_rms_px, cut[c].whole.residual_rms_px);
    EXPECT_EQ(whole[c].whole.matched, cut[c].whole.matched);
  }
}

TEST(CameraMonitor, NamesACameraThatIsUpsideDown) {
  const CameraRig rig = RingOfCameras(8);
  CameraRig wrong = rig;
  const Eigen::Matrix3d turn = Eigen::Vector3d(-1.0, -1.0, 1.0).asDiagonal();
  RigidTransform& place = wrong.cameras[kBad].camera_from_lab;
  place.rotation = turn * place.rotation;
  place.translation = turn * place.translation;
  const std::vector<CameraQuality> cameras = Judge(wrong, FilmRun(rig));
  EXPECT_EQ(cameras[kBad].fault, CameraFault::kTurned);
  EXPECT_EQ(cameras[kBad].turn_deg, 180);
  EXPECT_NE(Describe(cameras[kBad], kRate).find("upside down"), std::string::npos);
  ExpectOthersFine(cameras);
}

TEST(CameraMonitor, FindsHowLateACameraIs) {
  for (const double frames : {3.0, -2.0, 0.4}) {
    CameraRig rig = RingOfCameras(8);
    rig.cameras[kBad].time_offset = frames / kRate;
    const ObservationBlock seen = FilmRun(rig);
    rig.cameras[kBad].time_offset = 0.0;
    const std::vector<CameraQuality> cameras = Judge(rig, seen);
    ASSERT_EQ(cameras[kBad].fault, CameraFault::kLate) << frames;
    EXPECT_NEAR(cameras[kBad].delay * kRate, frames, 0.25);
    ExpectOthersFine(cameras);
  }
}

TEST(CameraMonitor, EstimatesASmallSyncError) {
  CameraRig rig = RingOfCameras(8);
  rig.cameras[kBad].time_offset = 0.2e-3;
  const ObservationBlock seen = FilmRun(rig);
  rig.cameras[kBad].time_offset = 0.0;
  const std::vector<CameraQuality> cameras = Judge(rig, seen);
  // The other seven take an eighth of it.
  EXPECT_NEAR(cameras[kBad].sync_error, 0.2e-3, 0.04e-3);
}

TEST(CameraMonitor, FindsWhenACameraWasBumped) {
  const CameraRig rig = RingOfCameras(8);
  for (const float shift : {0.6F, 12.0F}) {
    ObservationBlock seen = FilmRun(rig);
    Shift(350, {shift, 0.0F}, &seen.cameras[kBad]);
    const std::vector<CameraQuality> cameras = Judge(rig, seen);
    ASSERT_EQ(cameras[kBad].fault, CameraFault::kMoved) << shift;
    EXPECT_NEAR(cameras[kBad].since, 350.0 / kRate, 0.1);
    EXPECT_NEAR(cameras[kBad].shift_px.x(), shift, 0.25 * shift);
    ExpectOthersFine(cameras);
  }
}

TEST(CameraMonitor, FindsWhenAStreamStopped) {
  const CameraRig rig = RingOfCameras(8);
  ObservationBlock seen = FilmRun(rig);
  CameraObservations& camera = seen.cameras[kBad];
  const std::uint64_t left = camera.frame_start[300];
  for (std::size_t k = 300; k < camera.frame_start.size(); ++k) camera.frame_start[k] = left;
  camera.xy.resize(left);
  camera.sigma.resize(left);
  camera.label.resize(left);
  const std::vector<CameraQuality> cameras = Judge(rig, seen);
  EXPECT_EQ(cameras[kBad].fault, CameraFault::kStopped);
  EXPECT_NEAR(cameras[kBad].since, 299.0 / kRate, 1.0 / kRate);
  ExpectOthersFine(cameras);
}

TEST(CameraMonitor, NamesTwoCamerasThatAreMixedUp) {
  const CameraRig rig = RingOfCameras(8);
  CameraRig wrong = rig;
  std::swap(wrong.cameras[kBad].camera_from_lab, wrong.cameras[6].camera_from_lab);
  const std::vector<CameraQuality> cameras = Judge(wrong, FilmRun(rig));
  EXPECT_EQ(cameras[kBad].fault, CameraFault::kMixedUp);
  EXPECT_EQ(cameras[kBad].other, wrong.cameras[6].name);
  EXPECT_EQ(cameras[6].fault, CameraFault::kMixedUp);
}

}  // namespace
}  // namespace medius::reconstruct
