#include <gtest/gtest.h>

#include "capture/virtual_rig.hpp"

namespace medius::capture {
namespace {

TEST(BuildRing, CamerasStandOnTheRingAndLookAtItsMiddle) {
  RigScenario ring;
  ring.centre = {1.0, -0.5};
  const CameraRig rig = BuildRing(ring, 4);
  ASSERT_EQ(rig.cameras.size(), 8U);
  EXPECT_NO_THROW(ValidateRig(rig, "ring"));
  for (const Camera& camera : rig.cameras) {
    const Eigen::Vector3d place = camera.CentreInLab();
    EXPECT_NEAR((place.head<2>() - ring.centre).norm(), ring.radius, 0.05 * ring.radius);
    EXPECT_GT(place.z(), 0.5) << "above the floor";
    const Eigen::Vector3d target(1.0, -0.5, ring.target_height);
    const Eigen::Vector2d middle = *camera.Project(target);
    EXPECT_NEAR(middle.x(), camera.model.intrinsics()[2], 1e-6);
    EXPECT_NEAR(middle.y(), camera.model.intrinsics()[3], 1e-6);
    const Eigen::Vector2d above = *camera.Project(target + Eigen::Vector3d(0, 0, 0.3));
    EXPECT_LT(above.y(), middle.y()) << "up is up in the picture";
    EXPECT_EQ(camera.time_offset, 0.0);
  }
}

TEST(BuildRing, CamerasDifferAndTheSeedDecides) {
  const CameraRig a = BuildRing(RigScenario{}, 4);
  const CameraRig b = BuildRing(RigScenario{}, 4);
  const CameraRig c = BuildRing(RigScenario{}, 5);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(a.cameras[i].model.intrinsics(), b.cameras[i].model.intrinsics());
    EXPECT_NE(a.cameras[i].model.intrinsics(), c.cameras[i].model.intrinsics());
    if (i > 0) {
      EXPECT_NE(a.cameras[i].model.intrinsics(), a.cameras[0].model.intrinsics());
    }
  }
}

TEST(BuildRing, LensesAreOneToOneInTheWholePicture) {
  for (const Camera& camera : BuildRing(RigScenario{}, 4).cameras) {
    const double w = camera.width - 1.0;
    const double h = camera.height - 1.0;
    for (const Eigen::Vector2d& corner : {Eigen::Vector2d(0, 0), Eigen::Vector2d(w, 0),
                                          Eigen::Vector2d(0, h), Eigen::Vector2d(w, h)}) {
      EXPECT_TRUE(camera.model.Unproject(corner).has_value()) << camera.name;
    }
  }
}

}  // namespace
}  // namespace medius::capture
