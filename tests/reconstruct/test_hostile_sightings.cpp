#include <cmath>
#include <optional>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/reconstruct/hostile_sightings.hpp"

namespace medius::testing {
namespace {

constexpr std::size_t kFrames = 300;
constexpr double kRate = 100.0;

// Four markers a metre up that go forward at 1 m/s, seen without a fault by four cameras.
class HostileSightings : public ::testing::Test {
 protected:
  HostileSightings() {
    run_.time_base = TimeBase::Uniform(kRate, kFrames);
    run_.labels = {"A", "B", "C", "D"};
    run_.positions = TrajectoryBlock({0, kFrames}, 4);
    MarkerSample sample = MarkerSample::Missing();
    sample.source = SampleSource::kImported;
    for (std::size_t f = 0; f < kFrames; ++f) {
      for (std::size_t m = 0; m < 4; ++m) {
        sample.position = {static_cast<double>(f) / kRate, 0.1 * static_cast<double>(m),
                           1.0 + 0.05 * static_cast<double>(m * m)};
        run_.positions.Set(f, MarkerId(m), sample);
      }
    }
    rig_ = RingRound(run_.positions, 4, 1);
    seen_.frames = {0, kFrames};
    seen_.cameras.resize(4);
    for (std::size_t c = 0; c < 4; ++c) See(rig_.cameras[c], &seen_.cameras[c]);
  }

  void See(const Camera& camera, CameraObservations* seen) const {
    for (std::size_t f = 0; f < kFrames; ++f) {
      for (std::size_t m = 0; m < 4; ++m) {
        seen->xy.emplace_back(
            camera.Project(run_.positions.Position(f, MarkerId(m)))->cast<float>());
        seen->sigma.push_back(0.2F);
        seen->label.push_back(static_cast<std::int16_t>(m));
      }
      seen->frame_start.push_back(seen->xy.size());
    }
  }

  static std::size_t Rows(const CameraObservations& camera, std::size_t frame) {
    return camera.frame_start[frame + 1] - camera.frame_start[frame];
  }

  WholeTrial run_;
  CameraRig rig_;
  ObservationBlock seen_;
};

TEST_F(HostileSightings, ACameraUpsideDownSeesThePointOnTheOtherSideOfItsAxis) {
  const CameraRig turned = WithCameraUpsideDown(rig_, CameraId(2));
  const Eigen::Vector3d point(1.0, 0.3, 1.2);
  for (std::size_t c = 0; c < 4; ++c) {
    const Eigen::Vector3d before = rig_.cameras[c].camera_from_lab * point;
    const Eigen::Vector3d after = turned.cameras[c].camera_from_lab * point;
    const Eigen::Vector3d expected =
        c == 2 ? Eigen::Vector3d(-before.x(), -before.y(), before.z()) : before;
    EXPECT_LT((after - expected).norm(), 1e-12);
    EXPECT_LT((turned.cameras[c].CentreInLab() - rig_.cameras[c].CentreInLab()).norm(), 1e-12);
  }
  EXPECT_LT(RotationError(turned.cameras[2].camera_from_lab.rotation), 1e-12);
}

TEST_F(HostileSightings, ALateCameraHasWhatItSawThreeFramesBefore) {
  CameraObservations late = seen_.cameras[1];
  StopAt(200, &late);  // so that frames differ in their number of rows
  const CameraObservations before = late;
  MakeLate(3, &late);
  ASSERT_EQ(late.frame_count(), kFrames);
  EXPECT_EQ(late.frame_start[3], 0U);
  for (std::size_t f = 3; f < kFrames; ++f) {
    ASSERT_EQ(Rows(late, f), Rows(before, f - 3)) << f;
    for (std::size_t i = 0; i < Rows(late, f); ++i) {
      EXPECT_EQ(late.xy[late.frame_start[f] + i], before.xy[before.frame_start[f - 3] + i]);
    }
  }
  CameraObservations whole = seen_.cameras[1];
  MakeLate(3, &whole);
  EXPECT_EQ(whole.row_count(), 4 * (kFrames - 3)) << "the last three frames never arrive";
  EXPECT_EQ(whole.frame_start.back(), whole.row_count());
  MakeLate(kFrames + 5, &whole);
  EXPECT_EQ(whole.row_count(), 0U);
  EXPECT_EQ(whole.frame_start.back(), 0U);
}

TEST_F(HostileSightings, AStreamThatStopsHasNothingAfterwards) {
  CameraObservations& camera = seen_.cameras[3];
  StopAt(kFrames / 2, &camera);
  ASSERT_EQ(camera.frame_count(), kFrames);
  EXPECT_EQ(camera.row_count(), 4 * kFrames / 2);
  EXPECT_EQ(Rows(camera, kFrames / 2 - 1), 4U);
  EXPECT_EQ(Rows(camera, kFrames / 2), 0U);
  SeeNothing(&seen_);
  for (const CameraObservations& each : seen_.cameras) {
    EXPECT_EQ(each.row_count(), 0U);
    EXPECT_EQ(each.frame_count(), kFrames);
  }
}

TEST_F(HostileSightings, AMarkerThatComesOffFallsAndIsCarriedAway) {
  constexpr std::size_t kOff = 100;
  FallOff(run_, rig_, MarkerId(0), kOff, 3.0, &seen_);
  const CameraObservations& camera = seen_.cameras[0];
  const auto unlabelled = [&](std::size_t f) -> std::optional<Eigen::Vector2d> {
    for (std::size_t row = camera.frame_start[f]; row < camera.frame_start[f + 1]; ++row) {
      EXPECT_NE(camera.label[row], f < kOff ? kUnlabelled : 0) << f;
      if (camera.label[row] == kUnlabelled) return camera.xy[row].cast<double>();
    }
    return std::nullopt;
  };
  for (std::size_t f = 0; f < kOff; ++f) {
    EXPECT_EQ(Rows(camera, f), 4U);
    unlabelled(f);
  }
  // 0.2 s of fall: 0.2 m forward, 0.5 g t^2 down.
  const Eigen::Vector3d falls(1.2, 0.0, 1.0 - 0.5 * 9.81 * 0.04);
  ASSERT_TRUE(unlabelled(kOff + 20));
  EXPECT_LT((*unlabelled(kOff + 20) - *rig_.cameras[0].Project(falls)).norm(), 1e-3);
  // Down after sqrt(2 * 0.993 / g) = 0.45 s; a fifth of a second later 3 m/s * 0.2 s further back.
  const double down = std::sqrt(2.0 * 0.993 / 9.81);
  const double time = 0.65;
  const Eigen::Vector3d lies(1.0 + down - 3.0 * (time - down), 0.0, 0.007);
  ASSERT_TRUE(unlabelled(kOff + 65));
  EXPECT_LT((*unlabelled(kOff + 65) - *rig_.cameras[0].Project(lies)).norm(), 1e-3);
  EXPECT_FALSE(unlabelled(kOff + 150)) << "swept away";
  EXPECT_EQ(Rows(camera, kOff + 150), 3U);
}

TEST_F(HostileSightings, ReflectionsAreAsManyAsAskedForAndBearNoLabel) {
  AddReflections(rig_, 500, 7, &seen_);
  for (std::size_t c = 0; c < 4; ++c) {
    const CameraObservations& camera = seen_.cameras[c];
    ASSERT_EQ(camera.sigma.size(), camera.row_count());
    ASSERT_EQ(camera.label.size(), camera.row_count());
    for (std::size_t f = 0; f < kFrames; ++f) ASSERT_EQ(Rows(camera, f), 504U);
    for (std::size_t row = 0; row < camera.row_count(); ++row) {
      EXPECT_TRUE(camera.label[row] != kUnlabelled ||
                  rig_.cameras[c].IsInImage(camera.xy[row].cast<double>()));
    }
  }
  EXPECT_NE(seen_.cameras[0].xy[4], seen_.cameras[1].xy[4]);
}

TEST_F(HostileSightings, AClusterTakesTheShapeOfAnother) {
  const std::vector<Eigen::Vector3d> shape = {{0, 0, 0}, {0.1, 0, 0}, {0, 0.05, 0}};
  GiveShape(shape, {"B", "C", "D"}, &run_);
  for (const std::size_t f : {std::size_t{0}, std::size_t{250}}) {
    const auto at = [&](std::size_t m) { return run_.positions.Position(f, MarkerId(m)); };
    EXPECT_NEAR((at(1) - at(2)).norm(), 0.1, 1e-6);
    EXPECT_NEAR((at(1) - at(3)).norm(), 0.05, 1e-6);
    EXPECT_NEAR((at(2) - at(3)).norm(), std::hypot(0.1, 0.05), 1e-6);
    EXPECT_NEAR(at(0).x(), static_cast<double>(f) / kRate, 1e-6) << "the others stay";
  }
  EXPECT_THROW(GiveShape(shape, {"B", "C", "X"}, &run_), std::runtime_error);
}

}  // namespace
}  // namespace medius::testing
