#include <cmath>
#include <string>

#include <Eigen/Cholesky>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calibration/calibrate.hpp"
#include "calibration/calibrate_wand.hpp"
#include "calibration/so3.hpp"
#include "tests/calibration/wand_scene.hpp"

namespace medius::calibration {
namespace {

using ::testing::HasSubstr;

// A ring that solves in a tenth of a second.
WandSceneOptions SmallWave(const CalibrationTarget& wand = ThreeMarkerWand()) {
  WandSceneOptions options;
  options.rig.cameras = 4;
  options.wand = wand;
  options.frames = 150;
  options.visible_share = 0.8;
  return options;
}

// The lens of the scenes has no k3.
WandOptions Options(int threads = 1) {
  WandOptions options;
  options.calibration.held_intrinsics = {8};
  options.calibration.parallelism = Parallelism(threads);
  return options;
}

// Normalized squared error over the free parameters, and their number.
std::pair<double, double> Nees(const CalibrationResult& result, const CameraRig& rig) {
  const RigidTransform lab_from_reference = rig.cameras[0].camera_from_lab.Inverse();
  const CameraLayout& layout = result.covariance.layout;
  Eigen::VectorXd error = Eigen::VectorXd::Zero(layout.size);
  std::vector<int> index;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const Camera& found = result.rig.cameras[c];
    const RigidTransform truth = rig.cameras[c].camera_from_lab * lab_from_reference;
    for (int i = 0; i < layout.intrinsics_count[c]; ++i) {
      const auto k = static_cast<std::size_t>(i);
      error[layout.intrinsics_offset[c] + i] =
          found.model.intrinsics()[k] - rig.cameras[c].model.intrinsics()[k];
    }
    error.segment<3>(layout.pose_offset[c]) =
        VectorFromRotation(found.camera_from_lab.rotation * truth.rotation.transpose());
    error.segment<3>(layout.pose_offset[c] + 3) =
        found.camera_from_lab.translation - truth.translation;
  }
  for (int i = 0; i < layout.size; ++i) {
    if (result.covariance.matrix(i, i) > 0.0) index.push_back(i);
  }
  Eigen::MatrixXd covariance = result.covariance.matrix(index, index);
  const Eigen::VectorXd scale = covariance.diagonal().cwiseSqrt().cwiseInverse();
  covariance = scale.asDiagonal() * covariance * scale.asDiagonal();
  const Eigen::VectorXd e = scale.cwiseProduct(error(index));
  return {e.dot(covariance.ldlt().solve(e)), static_cast<double>(index.size())};
}

std::size_t UsableCount(const WandScene& scene) {
  std::size_t count = 0;
  for (const TargetView& view : UsableTruth(scene).views) count += view.xy.size();
  return count;
}

class RecoversCameras : public ::testing::TestWithParam<CalibrationTarget> {};

TEST_P(RecoversCameras, FromNothingWithinTheStatedCovariance) {
  double nees = 0.0;
  double count = 0.0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    WandSceneOptions scene_options = SmallWave(GetParam());
    scene_options.rig.seed = seed;
    const WandScene scene = MakeWandScene(scene_options);
    const WandCalibration found = CalibrateWand(scene.dots, scene.wand, Options());
    ASSERT_EQ(found.result.status, CalibrationStatus::kConverged)
        << found.result.degeneracy.sentence;
    EXPECT_NEAR(found.result.sigma, 0.3,
                5.0 * 0.3 / std::sqrt(2.0 * found.result.degrees_of_freedom));
    const auto usable = static_cast<double>(UsableCount(scene));
    EXPECT_GT(static_cast<double>(found.used), 0.99 * usable);
    const auto [square, parameters] = Nees(found.result, scene.rig);
    nees += square;
    count += parameters;
  }
  // A sum of n squared unit normal numbers: mean n, sd sqrt(2 n). Four sd.
  EXPECT_NEAR(nees, count, 4.0 * std::sqrt(2.0 * count));
}

INSTANTIATE_TEST_SUITE_P(Wands, RecoversCameras,
                         ::testing::Values(TwoMarkerWand(), ThreeMarkerWand(), FiveMarkerWand()),
                         [](const auto& wand) { return wand.param.name; });

TEST(CalibrateWand, LabelsTheWandAmongFalseDots) {
  WandSceneOptions scene_options = SmallWave();
  scene_options.clutter = 1.0;
  scene_options.clutter_standing = 0.5;
  const WandScene scene = MakeWandScene(scene_options);
  const WandCalibration found = CalibrateWand(scene.dots, scene.wand, Options());
  ASSERT_EQ(found.result.status, CalibrationStatus::kConverged) << found.result.degeneracy.sentence;
  EXPECT_GT(found.standing, 100U);
  EXPECT_GT(static_cast<double>(found.used), 0.99 * static_cast<double>(UsableCount(scene)));
  EXPECT_LE(found.used, UsableCount(scene) + 3);
  const auto [nees, count] = Nees(found.result, scene.rig);
  EXPECT_NEAR(nees, count, 4.0 * std::sqrt(2.0 * count));
}

TEST(CalibrateWand, SaysHowLongTheWandIsInSingleFrames) {
  const WandScene scene = MakeWandScene(SmallWave());
  const WandCalibration found = CalibrateWand(scene.dots, scene.wand, Options());
  ASSERT_EQ(found.distances.size(), 3U);
  const WandDistance& length = found.distances.front();
  EXPECT_EQ(length.stated, 0.5);
  // Some 4 m away a pixel is 3 mm: 0.3 px in two or more cameras and at both ends give 1 to 2 mm.
  EXPECT_GT(length.sd, 0.5e-3);
  EXPECT_LT(length.sd, 2.5e-3);
  EXPECT_NEAR(length.mean, 0.5, 4.0 * length.sd / std::sqrt(static_cast<double>(length.frames)));
  EXPECT_THAT(found.remarks.back(), HasSubstr("500.0 mm from marker 1 to 3"));
}

TEST(CalibrateWand, GivesTheSameBytesForAnyNumberOfThreads) {
  WandSceneOptions scene_options = SmallWave();
  scene_options.clutter = 0.5;
  const WandScene scene = MakeWandScene(scene_options);
  const WandCalibration one = CalibrateWand(scene.dots, scene.wand, Options(1));
  for (const int threads : {2, 7}) {
    const WandCalibration many = CalibrateWand(scene.dots, scene.wand, Options(threads));
    EXPECT_EQ(one.result.covariance.matrix, many.result.covariance.matrix);
    EXPECT_EQ(one.used, many.used);
    EXPECT_EQ(one.distances[0].sd, many.distances[0].sd);
    for (std::size_t c = 0; c < one.result.rig.cameras.size(); ++c) {
      EXPECT_EQ(one.result.rig.cameras[c].model.intrinsics(),
                many.result.rig.cameras[c].model.intrinsics());
    }
  }
}

TEST(CalibrateWand, KeepsWhatIsHeldOfAnInitialRig) {
  const WandScene scene = MakeWandScene(SmallWave());
  WandOptions options = Options();
  options.calibration.initial = scene.rig;
  options.calibration.hold_intrinsics = true;
  // The places of the initial rig are of another day: they must be found anew.
  for (Camera& camera : options.calibration.initial->cameras) {
    camera.camera_from_lab.translation += Eigen::Vector3d(0.6, -0.4, 0.8);
  }
  const WandCalibration found = CalibrateWand(scene.dots, scene.wand, options);
  ASSERT_EQ(found.result.status, CalibrationStatus::kConverged) << found.result.degeneracy.sentence;
  EXPECT_EQ(found.result.rig.cameras[2].model.intrinsics(),
            scene.rig.cameras[2].model.intrinsics());
  const double distance =
      (found.result.rig.cameras[0].CentreInLab() - found.result.rig.cameras[2].CentreInLab())
          .norm();
  const double truth =
      (scene.rig.cameras[0].CentreInLab() - scene.rig.cameras[2].CentreInLab()).norm();
  EXPECT_NEAR(distance, truth, 0.01);
  options.calibration.initial = scene.rig;
  options.calibration.hold_intrinsics = false;
  options.calibration.hold_places = true;
  const WandCalibration lenses = CalibrateWand(scene.dots, scene.wand, options);
  ASSERT_EQ(lenses.result.status, CalibrationStatus::kConverged);
  EXPECT_LT((lenses.result.rig.cameras[2].camera_from_lab.ToMatrix() -
             scene.rig.cameras[2].camera_from_lab.ToMatrix())
                .norm(),
            1e-12);
}

TEST(CalibrateWand, ThinsLongRecordings) {
  const WandScene scene = MakeWandScene(SmallWave());
  WandOptions options = Options();
  options.most_frames = 100;
  const WandCalibration found = CalibrateWand(scene.dots, scene.wand, options);
  ASSERT_EQ(found.result.status, CalibrationStatus::kConverged) << found.result.degeneracy.sentence;
  EXPECT_LE(found.frames, 100U);
  EXPECT_GT(found.frames, 90U);
  EXPECT_GE(found.left_out_frames, 49U);
  EXPECT_THAT(found.remarks.front(), HasSubstr("were left out"));
}

TEST(WandWithBoards, JoinsOneAdjustmentAndHasItsOwnScale) {
  BoardSceneOptions board_options;
  board_options.cameras = 4;
  board_options.frames = 40;
  const BoardScene board = MakeBoardScene(board_options);
  WandSceneOptions wand_options = SmallWave();
  wand_options.frames = 100;
  const WandScene wave = MakeWandScene(wand_options);
  CalibrationOptions options = Options().calibration;
  const CalibrationResult boards = Calibrate(board.observations, options);
  ASSERT_EQ(boards.status, CalibrationStatus::kConverged);
  // A wand file that is 1 % too long: the boards' scale says so.
  CalibrationTarget stated = wave.wand;
  for (Eigen::Vector3d& point : stated.points) point *= 1.01;
  const LabelledWand labelled = LabelWand(boards.rig, wave.dots, stated, 8.0, Parallelism(1));
  TargetObservations of_wand{wave.dots.cameras, {stated}, labelled.views};
  const auto distances = MeasureWand(boards.rig, of_wand, 0, Parallelism(1));
  EXPECT_NEAR(distances[0].Ratio(), 1.0 / 1.01, 0.001);
  // Both in one adjustment, with the true wand: better than boards alone.
  TargetObservations both = board.observations;
  both.targets.push_back(wave.wand);
  for (TargetView view : LabelWand(boards.rig, wave.dots, wave.wand, 8.0, Parallelism(1)).views) {
    view.target = 1;
    view.frame += 1000;
    both.views.push_back(std::move(view));
  }
  const CalibrationResult joint = Calibrate(both, options);
  ASSERT_EQ(joint.status, CalibrationStatus::kConverged) << joint.degeneracy.sentence;
  EXPECT_LT(joint.cameras[1].focal_sd, boards.cameras[1].focal_sd);
  EXPECT_GT(joint.target_poses.size(), boards.target_poses.size() + 90);
  EXPECT_NEAR(joint.sigma, 0.3, 5.0 * 0.3 / std::sqrt(2.0 * joint.degrees_of_freedom));
  const auto [nees, count] = Nees(joint, wave.rig);
  EXPECT_NEAR(nees, count, 4.0 * std::sqrt(2.0 * count));
}

TEST(WandWithBoards, AWandAloneIsCalibratedFromItsLabels) {
  const WandScene wave = MakeWandScene(SmallWave());
  const CalibrationResult found = Calibrate(UsableTruth(wave), Options().calibration);
  ASSERT_EQ(found.status, CalibrationStatus::kConverged) << found.degeneracy.sentence;
  const auto [nees, count] = Nees(found, wave.rig);
  EXPECT_NEAR(nees, count, 4.0 * std::sqrt(2.0 * count));
}

}  // namespace
}  // namespace medius::calibration
