#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconstruct/reconstruct.hpp"
#include "reconstruct/statistics.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> WarningsOf(const CameraRig& true_rig, const CameraRig& believed_rig,
                                    const SceneOptions& options) {
  const ObservationBlock seen = Film(true_rig, RunningMarker, options);
  Reconstructor reconstructor(believed_rig, TimeBase::Uniform(200.0, options.frames),
                              options.markers, {});
  static_cast<void>(reconstructor.Push(seen, Parallelism(1)));
  return CameraWarnings(believed_rig, reconstructor.statistics());
}

TEST(CameraWarnings, NamesACameraThatMoved) {
  const CameraRig rig = RingOfCameras(8);
  CameraRig moved = rig;
  moved.cameras[3].camera_from_lab.translation.x() += 0.03;
  EXPECT_THAT(WarningsOf(moved, rig, {}),
              ElementsAre(testing::AllOf(HasSubstr("camera cam3"), HasSubstr("disagree"),
                                         HasSubstr("has it moved?"))));
}

TEST(CameraWarnings, AreSilentOnAGoodRecordingAndOnSwappedLabels) {
  const CameraRig rig = RingOfCameras(8);
  SceneOptions options;
  EXPECT_THAT(WarningsOf(rig, rig, options), IsEmpty());
  options.swapped_share = 0.05;
  options.hidden_share = 0.2;
  EXPECT_THAT(WarningsOf(rig, rig, options), IsEmpty());
}

TEST(ReconstructStatistics, TellHowMuchNoisierTheSightingsAreThanTheirSigma) {
  const CameraRig rig = RingOfCameras(6);
  ObservationBlock seen = Film(rig, RunningMarker, {});
  for (CameraObservations& camera : seen.cameras) {
    for (float& sigma : camera.sigma) sigma *= 0.75F;
  }
  Reconstructor reconstructor(rig, TimeBase::Uniform(200.0, 100), 5, {});
  static_cast<void>(reconstructor.Push(seen, Parallelism(1)));
  // 500 points of 9 degrees of freedom each: 4/3 +- 1 %. Views beyond 5 sigma are no part of it,
  // one in a thousand here.
  EXPECT_NEAR(reconstructor.statistics().NoiseOverSigma(), 4.0 / 3.0, 0.04);
}

TEST(CameraWarnings, NamesACameraThatFitsWorse) {
  ReconstructStatistics statistics(1, 4);
  for (CameraStatistics& camera : statistics.cameras) {
    camera.labelled = camera.used = 1000;
    camera.squared_distance = 1000 * 0.16;
  }
  statistics.cameras[2].squared_distance = 1000 * 4.0;
  EXPECT_THAT(CameraWarnings(RingOfCameras(4), statistics),
              ElementsAre(testing::AllOf(HasSubstr("camera cam2"), HasSubstr("2.00 px"),
                                         HasSubstr("0.40 px"))));
}

TEST(CameraWarnings, NamesACameraWhoseSightingsCouldNotBeUsed) {
  ReconstructStatistics statistics(1, 3);
  for (CameraStatistics& camera : statistics.cameras) camera.labelled = camera.used = 1000;
  statistics.cameras[1].used = 0;
  statistics.cameras[1].unmatched = 1000;
  EXPECT_THAT(CameraWarnings(RingOfCameras(3), statistics),
              ElementsAre(HasSubstr("camera cam1: none of its 1000 sightings")));
}

}  // namespace
}  // namespace medius::reconstruct
