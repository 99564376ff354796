#include <cmath>
#include <string>
#include <vector>

#include <Eigen/Cholesky>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calibration/calibrate.hpp"
#include "calibration/so3.hpp"
#include "core/error.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {
namespace {

using ::testing::HasSubstr;

// A ring that solves in a few hundredths of a second.
BoardSceneOptions SmallRing() {
  BoardSceneOptions options;
  options.cameras = 4;
  options.frames = 50;
  return options;
}

CameraRig TruthInReference(const BoardScene& scene) {
  CameraRig rig = scene.rig;
  const RigidTransform lab_from_reference = rig.cameras[0].camera_from_lab.Inverse();
  for (Camera& camera : rig.cameras) {
    camera.camera_from_lab = camera.camera_from_lab * lab_from_reference;
  }
  return rig;
}

// Estimated minus true, in the columns of the covariance.
Eigen::VectorXd ErrorOf(const CalibrationResult& result, const BoardScene& scene) {
  const CameraRig truth = TruthInReference(scene);
  const CameraLayout& layout = result.covariance.layout;
  Eigen::VectorXd error = Eigen::VectorXd::Zero(layout.size);
  for (std::size_t c = 0; c < truth.cameras.size(); ++c) {
    const Camera& a = result.rig.cameras[c];
    const Camera& b = truth.cameras[c];
    for (int i = 0; i < layout.intrinsics_count[c]; ++i) {
      const auto k = static_cast<std::size_t>(i);
      error[layout.intrinsics_offset[c] + i] = a.model.intrinsics()[k] - b.model.intrinsics()[k];
    }
    error.segment<3>(layout.pose_offset[c]) =
        VectorFromRotation(a.camera_from_lab.rotation * b.camera_from_lab.rotation.transpose());
    error.segment<3>(layout.pose_offset[c] + 3) =
        a.camera_from_lab.translation - b.camera_from_lab.translation;
  }
  return error;
}

// Normalized squared error over the free parameters, and their number.
std::pair<double, double> Nees(const CalibrationResult& result, const BoardScene& scene) {
  const Eigen::VectorXd error = ErrorOf(result, scene);
  std::vector<int> index;
  for (int i = 0; i < error.size(); ++i) {
    if (result.covariance.matrix(i, i) > 0.0) index.push_back(i);
  }
  Eigen::MatrixXd covariance = result.covariance.matrix(index, index);
  const Eigen::VectorXd scale = covariance.diagonal().cwiseSqrt().cwiseInverse();
  covariance = scale.asDiagonal() * covariance * scale.asDiagonal();
  const Eigen::VectorXd e = scale.cwiseProduct(error(index));
  return {e.dot(covariance.ldlt().solve(e)), static_cast<double>(index.size())};
}

class RecoversEachLens : public ::testing::TestWithParam<CameraModelKind> {};

TEST_P(RecoversEachLens, FromExactObservations) {
  BoardSceneOptions scene_options = SmallRing();
  scene_options.kind = GetParam();
  scene_options.sigma = 0.0;
  // The other two are models of wide lenses: through a long one their terms cannot be told apart.
  if (GetParam() != CameraModelKind::kBrownConrady5) scene_options.focal = 700.0;
  const BoardScene scene = MakeBoardScene(scene_options);
  CalibrationOptions options;
  options.model = GetParam();
  const CalibrationResult result = Calibrate(scene.observations, options);
  ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
  EXPECT_LT(result.sigma, 1e-4);
  EXPECT_TRUE(result.outliers.empty());
  const CameraRig truth = TruthInReference(scene);
  // The terms of the rational lens are pulled to 0 as if there were 0.02 px of noise.
  const double tolerance = GetParam() == CameraModelKind::kBrownConrady8 ? 1e-5 : 1e-8;
  for (std::size_t c = 0; c < truth.cameras.size(); ++c) {
    const Camera& camera = result.rig.cameras[c];
    const Camera& expected = truth.cameras[c];
    EXPECT_LT((camera.camera_from_lab.ToMatrix() - expected.camera_from_lab.ToMatrix()).norm(),
              tolerance);
    EXPECT_NEAR(camera.model.intrinsics()[0] / expected.model.intrinsics()[0], 1.0, tolerance);
    // Distortion terms trade against each other: what counts is where they put a point.
    const Eigen::Vector3d edge(0.5, 0.25, 1.0);
    EXPECT_LT((*camera.model.Project(edge) - *expected.model.Project(edge)).norm(),
              1e3 * tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Lenses, RecoversEachLens,
                         ::testing::Values(CameraModelKind::kBrownConrady5,
                                           CameraModelKind::kBrownConrady8,
                                           CameraModelKind::kKannalaBrandt4));

TEST(Calibrate, ErrorsAreThoseOfTheStatedCovariance) {
  double nees = 0.0;
  double count = 0.0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    BoardSceneOptions scene_options = SmallRing();
    scene_options.seed = seed;
    const BoardScene scene = MakeBoardScene(scene_options);
    const CalibrationResult result = Calibrate(scene.observations, {});
    ASSERT_EQ(result.status, CalibrationStatus::kConverged);
    EXPECT_NEAR(result.sigma, 0.3, 5.0 * 0.3 / std::sqrt(2.0 * result.degrees_of_freedom));
    const auto [square, parameters] = Nees(result, scene);
    nees += square;
    count += parameters;
  }
  // A sum of n squared unit normal numbers: mean n, sd sqrt(2 n). Four sd.
  EXPECT_NEAR(nees, count, 4.0 * std::sqrt(2.0 * count));
}

TEST(Calibrate, StatedSigmasScaleTheCovarianceAlike) {
  BoardSceneOptions scene_options = SmallRing();
  const CalibrationResult plain = Calibrate(MakeBoardScene(scene_options).observations, {});
  scene_options.state_sigma = true;
  const CalibrationResult stated = Calibrate(MakeBoardScene(scene_options).observations, {});
  EXPECT_NEAR(stated.sigma, plain.sigma / 0.3, 1e-4);
  EXPECT_NEAR(stated.cameras[1].focal_sd / plain.cameras[1].focal_sd, 1.0, 1e-4);
}

TEST(Calibrate, OutliersAreListedAndDoNotMoveTheRig) {
  for (const double share : {0.02, 0.2}) {
    BoardSceneOptions scene_options = SmallRing();
    scene_options.outlier_share = share;
    const BoardScene scene = MakeBoardScene(scene_options);
    const CalibrationResult result = Calibrate(scene.observations, {});
    ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
    std::size_t truly = 0;
    for (const auto& view : scene.is_outlier) {
      for (const std::uint8_t flag : view) truly += flag;
    }
    std::size_t hits = 0;
    for (const OutlierSighting& outlier : result.outliers) {
      hits += scene.is_outlier[outlier.view][outlier.sighting];
      EXPECT_GT(outlier.standardized, result.outlier_limit);
    }
    EXPECT_EQ(hits, truly);
    // Expected false alarms: half a sighting.
    EXPECT_LE(result.outliers.size() - hits, 3U);
    const auto [nees, count] = Nees(result, scene);
    EXPECT_NEAR(nees, count, 4.0 * std::sqrt(2.0 * count));
  }
}

TEST(Calibrate, AChainWhereOnlyNeighboursOverlapIsPutTogether) {
  BoardSceneOptions scene_options;
  scene_options.places = BoardSceneOptions::Places::kChain;
  scene_options.cameras = 5;
  scene_options.frames = 80;
  const BoardScene scene = MakeBoardScene(scene_options);
  const CalibrationResult result = Calibrate(scene.observations, {});
  ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
  const auto [nees, count] = Nees(result, scene);
  EXPECT_NEAR(nees, count, 4.0 * std::sqrt(2.0 * count));
}

TEST(Calibrate, AFocalLengthGuessedWrongDoesNoHarm) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  const CalibrationResult free = Calibrate(scene.observations, {});
  for (const double factor : {0.5, 2.0}) {
    CalibrationOptions options;
    options.focal_guess.assign(4, factor * 1350.0);
    const CalibrationResult result = Calibrate(scene.observations, options);
    ASSERT_EQ(result.status, CalibrationStatus::kConverged);
    for (std::size_t c = 0; c < 4; ++c) {
      EXPECT_NEAR(result.rig.cameras[c].model.intrinsics()[0],
                  free.rig.cameras[c].model.intrinsics()[0], 0.01 * free.cameras[c].focal_sd);
    }
  }
}

TEST(Calibrate, GivesTheSameBytesForAnyNumberOfThreads) {
  BoardSceneOptions scene_options = SmallRing();
  scene_options.outlier_share = 0.02;
  const BoardScene scene = MakeBoardScene(scene_options);
  const CalibrationResult one = Calibrate(scene.observations, {});
  for (const int threads : {2, 7}) {
    CalibrationOptions options;
    options.parallelism = Parallelism(threads);
    const CalibrationResult many = Calibrate(scene.observations, options);
    EXPECT_EQ(one.covariance.matrix, many.covariance.matrix);
    EXPECT_EQ(one.outliers.size(), many.outliers.size());
    for (std::size_t c = 0; c < one.rig.cameras.size(); ++c) {
      EXPECT_EQ(one.rig.cameras[c].model.intrinsics(), many.rig.cameras[c].model.intrinsics());
      EXPECT_EQ(one.rig.cameras[c].camera_from_lab.ToMatrix(),
                many.rig.cameras[c].camera_from_lab.ToMatrix());
    }
  }
}

TEST(Calibrate, SharedIntrinsicsAreOneSet) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  CalibrationOptions options;
  options.intrinsics_group = {0, 7, 0, 0};
  const CalibrationResult result = Calibrate(scene.observations, options);
  ASSERT_EQ(result.rig.cameras.size(), 4U) << result.degeneracy.sentence;
  EXPECT_EQ(result.rig.cameras[0].model.intrinsics(), result.rig.cameras[2].model.intrinsics());
  EXPECT_NE(result.rig.cameras[0].model.intrinsics(), result.rig.cameras[1].model.intrinsics());
  EXPECT_EQ(result.covariance.layout.size, 2 * 9 + 4 * 6);
}

TEST(Calibrate, KeepsWhatIsHeldOfAnInitialRig) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  CalibrationOptions options;
  options.initial = scene.rig;
  options.hold_intrinsics = true;
  const CalibrationResult places = Calibrate(scene.observations, options);
  ASSERT_EQ(places.status, CalibrationStatus::kConverged) << places.degeneracy.sentence;
  EXPECT_EQ(places.rig.cameras[2].model.intrinsics(), scene.rig.cameras[2].model.intrinsics());
  EXPECT_EQ(places.cameras[2].focal_sd, 0.0);
  options.hold_intrinsics = false;
  options.hold_places = true;
  const CalibrationResult lenses = Calibrate(scene.observations, options);
  ASSERT_EQ(lenses.status, CalibrationStatus::kConverged) << lenses.degeneracy.sentence;
  EXPECT_LT((lenses.rig.cameras[2].camera_from_lab.ToMatrix() -
             scene.rig.cameras[2].camera_from_lab.ToMatrix())
                .norm(),
            1e-12);
  EXPECT_NEAR(lenses.rig.cameras[2].model.intrinsics()[0],
              scene.rig.cameras[2].model.intrinsics()[0], 5.0 * lenses.cameras[2].focal_sd);
}

TEST(Calibrate, HeldDistortionStaysZero) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  CalibrationOptions options;
  options.held_intrinsics = {8};
  const CalibrationResult result = Calibrate(scene.observations, options);
  for (const Camera& camera : result.rig.cameras) EXPECT_EQ(camera.model.intrinsics()[8], 0.0);
}

TEST(Calibrate, StopsWhereAskedTo) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  CancellationToken token;
  token.Cancel();
  WorkControl control;
  control.cancellation = &token;
  EXPECT_THROW(Calibrate(scene.observations, {}, control), Cancelled);
}

}  // namespace
}  // namespace medius::calibration
