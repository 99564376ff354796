#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calibration/calibrate.hpp"
#include "calibration/lens_misfit.hpp"
#include "calibration/quality.hpp"
#include "calibration/sign_test.hpp"
#include "calibration/verdict.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {
namespace {

using ::testing::HasSubstr;

BoardSceneOptions SmallRing() {
  BoardSceneOptions options;
  options.cameras = 4;
  options.frames = 60;
  return options;
}

const Finding* Find(const Verdict& verdict, const std::string& key) {
  for (const Finding& finding : verdict.findings) {
    if (finding.key == key) return &finding;
  }
  return nullptr;
}

TargetObservations OneCamera(std::vector<Eigen::Vector2d> xy) {
  TargetObservations observations;
  observations.cameras = {{"left", 1000, 500}};
  observations.targets = {
      {"points", std::vector<Eigen::Vector3d>(xy.size(), Eigen::Vector3d::Zero())}};
  TargetView view;
  for (std::size_t i = 0; i < xy.size(); ++i) view.point.push_back(static_cast<std::uint32_t>(i));
  view.xy = std::move(xy);
  observations.views = {view};
  return observations;
}

TEST(CoverageOf, CountsCellsAndCornersOfAConstructedSet) {
  // 10 x 5 cells of 100 px: three sightings in the first, two in the last, one in the middle.
  const TargetObservations observations =
      OneCamera({{5, 5}, {50, 50}, {99, 99}, {950, 450}, {999, 499}, {499, 250}});
  const ImageCoverage coverage = CoverageOf(observations, {}, CameraId(0));
  EXPECT_EQ(coverage.grid.columns, 10);
  EXPECT_EQ(coverage.grid.rows, 5);
  EXPECT_EQ(coverage.sightings[0], 3U);
  EXPECT_EQ(coverage.sightings[49], 2U);
  EXPECT_EQ(coverage.sightings[24], 1U);
  EXPECT_DOUBLE_EQ(coverage.share, 1.0 / 50.0);
  EXPECT_THAT(coverage.corner, ::testing::ElementsAre(true, false, false, true));
  EXPECT_DOUBLE_EQ(coverage.reach, 1.0);
}

TEST(CoverageOf, LeavesOutliersOut) {
  const TargetObservations observations = OneCamera({{5, 5}, {50, 50}, {99, 99}});
  CalibrationResult result;
  result.residuals = {{{0, 0}, {0, 0}, {30, 0}}};
  result.outliers = {{0, 2, {30, 0}, 100.0}};
  const ImageCoverage coverage = CoverageOf(observations, result, CameraId(0));
  EXPECT_EQ(coverage.sightings[0], 2U);
  EXPECT_DOUBLE_EQ(coverage.share, 0.0);
}

TEST(ImageGrid, TakesPixelsOutsideTheImageToTheNearestCell) {
  const ImageGrid grid = MakeImageGrid(1000, 500);
  EXPECT_EQ(grid.CellOf({-3.0, -3.0}), 0U);
  EXPECT_EQ(grid.CellOf({1010.0, 700.0}), 49U);
  for (std::size_t cell = 0; cell < grid.size(); ++cell) {
    EXPECT_EQ(grid.CellOf(grid.CentreOf(cell)), cell);
  }
}

TEST(ResidualFieldOf, NoiseAloneShowsNoPattern) {
  std::vector<double> p;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    BoardSceneOptions options = SmallRing();
    options.seed = seed;
    const BoardScene scene = MakeBoardScene(options);
    const CalibrationResult result = Calibrate(scene.observations, {});
    for (std::size_t c = 0; c < 4; ++c) {
      const ResidualField field = ResidualFieldOf(scene.observations, result, CameraId(c));
      p.push_back(field.by_cell.p);
      p.push_back(field.by_radius.p);
      // The sd of the estimated power of a pattern is about sqrt(2 cells) sigma^2 / sightings:
      // with 60 cells, 2000 sightings and 0.3 px, its root is below 0.03 px.
      EXPECT_LT(field.by_cell.rms, 0.03);
    }
  }
  // 24 tests at 1 in 500 each: a false alarm in one run of 20.
  EXPECT_GT(*std::min_element(p.begin(), p.end()), 1.0 / (1.0 + kSignChanges));
}

TEST(LensMisfitOf, NoiseAloneIsNone) {
  std::vector<double> p;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    BoardSceneOptions options = SmallRing();
    options.seed = seed;
    const BoardScene scene = MakeBoardScene(options);
    const CalibrationResult result = Calibrate(scene.observations, {});
    for (std::size_t c = 0; c < 4; ++c) {
      const LensMisfit misfit = LensMisfitOf(scene.observations, result, CameraId(c));
      p.push_back(misfit.radial.p);
      p.push_back(misfit.smooth.p);
      // 17 displacements explain 17 sigma^2 +- sqrt(34) sigma^2 of 4,000 coordinates: three sd
      // above the mean are 0.3 px * sqrt(3 * 5.8 / 4000).
      EXPECT_LT(misfit.smooth.rms, 0.3 * std::sqrt(3.0 * 5.8 / 4000.0));
    }
  }
  EXPECT_GT(*std::min_element(p.begin(), p.end()), 1.0 / (1.0 + kSignChanges));
}

TEST(TestSigns, KnowsASumThatStandsOutFromOneThatDoesNot) {
  // Ten equal parts: only two of 1024 changes of sign show as much.
  const SignTest equal = TestSigns(Eigen::MatrixXd::Ones(10, 1));
  EXPECT_DOUBLE_EQ(equal.excess, 100.0 - 10.0);
  EXPECT_LT(equal.p, 0.02);
  Eigen::MatrixXd alternating = Eigen::MatrixXd::Ones(10, 1);
  for (int i = 0; i < 10; i += 2) alternating(i, 0) = -1.0;
  EXPECT_DOUBLE_EQ(TestSigns(alternating).excess, -10.0);
  EXPECT_DOUBLE_EQ(TestSigns(alternating).p, 1.0);
  EXPECT_DOUBLE_EQ(TestSigns(Eigen::MatrixXd::Ones(1, 3)).p, 1.0);
}

TEST(AssessQuality, ALensModelThatDoesNotFitIsNamedAndTheRightOneIsNot) {
  BoardSceneOptions scene_options = SmallRing();
  scene_options.frames = 120;
  const BoardScene scene = MakeBoardScene(scene_options);
  CalibrationOptions pinhole;
  pinhole.initial = scene.rig;
  for (Camera& camera : pinhole.initial->cameras) {
    std::vector<double> intrinsics = camera.model.intrinsics();
    std::fill(intrinsics.begin() + 4, intrinsics.end(), 0.0);
    camera.model = CameraModel(camera.model.kind(), intrinsics);
  }
  pinhole.held_intrinsics = {4, 5, 6, 7, 8};
  pinhole.reject_outliers = false;
  const CalibrationResult wrong = Calibrate(scene.observations, pinhole);
  ASSERT_EQ(wrong.status, CalibrationStatus::kConverged) << wrong.degeneracy.sentence;
  const RigQuality bad = AssessQuality(scene.observations, wrong, {});
  // Barrel distortion between -0.05 and -0.15: each camera's is several pixels at the corners.
  std::size_t named = 0;
  for (const Finding& finding : bad.verdict.findings) {
    if (finding.key != "lens_model") continue;
    named += finding.cameras.size();
    EXPECT_THAT(finding.action, HasSubstr("more terms"));
    EXPECT_THAT(finding.text,
                HasSubstr(scene.observations.cameras[finding.cameras[0].index()].name));
  }
  EXPECT_EQ(named, 4U);
  EXPECT_NE(bad.verdict.grade, Grade::kGood);

  const CalibrationResult right = Calibrate(scene.observations, {});
  const RigQuality good = AssessQuality(scene.observations, right, {});
  EXPECT_EQ(Find(good.verdict, "lens_model"), nullptr);
  EXPECT_EQ(Find(good.verdict, "place_pattern"), nullptr);
}

TEST(AssessQuality, AGoodRingIsGoodAndItsNumbersAreThoseOfTheScene) {
  BoardSceneOptions scene_options;
  scene_options.cameras = 6;
  scene_options.frames = 150;
  const BoardScene scene = MakeBoardScene(scene_options);
  const CalibrationResult result = Calibrate(scene.observations, {});
  const RigQuality quality = AssessQuality(scene.observations, result, {});
  EXPECT_EQ(quality.verdict.grade, Grade::kGood)
      << (quality.verdict.findings.empty() ? "" : quality.verdict.findings[0].text);
  EXPECT_NEAR(quality.noise_px, 0.3, 5.0 * 0.3 / std::sqrt(2.0 * result.degrees_of_freedom));
  EXPECT_EQ(quality.pairs.size(), 15U);
  EXPECT_EQ(quality.links.size(), 5U);
  std::size_t in_histogram = 0;
  for (const std::size_t count : quality.histogram) in_histogram += count;
  EXPECT_EQ(in_histogram, 2 * quality.sightings);
  // Cameras 4.2 m away at 1350 px: one camera's 0.3 px are 0.93 mm across its ray.
  EXPECT_GT(quality.volume->median, 0.3e-3);
  EXPECT_LT(quality.volume->median, 2e-3);
  EXPECT_LT(quality.volume->median_calibration, quality.volume->median);
  // Up is that of the scene: its cameras stand upright.
  const Eigen::Vector3d up = (scene.rig.cameras[0].camera_from_lab.rotation.transpose() *
                              quality.view_frame.view_from_lab.rotation.transpose())
                                 .col(2);
  EXPECT_GT(up.z(), 0.99);
}

TEST(AssessQuality, TheExpectedErrorIsThatOfTheEllipsoid) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  const CalibrationResult result = Calibrate(scene.observations, {});
  const RigQuality quality = AssessQuality(scene.observations, result, {});
  for (const PrecisionSlice& slice : quality.volume->slices) {
    for (const PlacePrecision& place : slice.places) {
      if (place.cameras < 2) continue;
      EXPECT_NEAR(place.axis_sd.norm(), place.sigma, 1e-12);
      EXPECT_GE(place.sigma, place.sigma_calibration);
      const Eigen::Matrix3d rebuilt =
          place.axes * place.axis_sd.cwiseAbs2().asDiagonal() * place.axes.transpose();
      EXPECT_LT((rebuilt - place.covariance).norm(), 1e-12);
    }
  }
}

// Two pairs of cameras that share few boards with each other.
TEST(AssessQuality, AWeakLinkIsNamedWithTheFramesThatHelp) {
  BoardScene scene = MakeBoardScene(SmallRing());
  std::vector<TargetView> kept;
  std::size_t across = 0;
  for (std::size_t frame = 0; frame < 60; ++frame) {
    std::vector<TargetView> views;
    bool first = false;
    bool second = false;
    for (const TargetView& view : scene.observations.views) {
      if (view.frame != frame) continue;
      views.push_back(view);
      (view.camera.index() < 2 ? first : second) = true;
    }
    const bool mixed = first && second;
    if (mixed) ++across;
    for (const TargetView& view : views) {
      if (mixed && across > 8 && view.camera.index() >= 2) continue;
      kept.push_back(view);
    }
  }
  ASSERT_GT(across, 8U);
  scene.observations.views = kept;
  const CalibrationResult result = Calibrate(scene.observations, {});
  ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
  const RigQuality quality = AssessQuality(scene.observations, result, {});
  EXPECT_EQ(quality.links[0].common_views, 8U);
  const Finding* finding = Find(quality.verdict, "weak_link");
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->text, HasSubstr("Only 8 views of the target"));
  EXPECT_THAT(finding->action, ::testing::ContainsRegex("Show the target to .* and .* at once"));
  EXPECT_EQ(quality.verdict.grade, Grade::kUsable);
}

TEST(PairsOf, TheRelativeSdIsThatOfTheGaugeOfTheFirstCamera) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  const CalibrationResult result = Calibrate(scene.observations, {});
  const std::vector<PairNumbers> pairs = PairsOf(scene.observations, result);
  // The result is in the gauge of camera 0: the sd of camera 1's centre there, by small changes.
  const int at = result.covariance.layout.pose_offset[1];
  const RigidTransform pose = result.rig.cameras[1].camera_from_lab;
  Eigen::Matrix<double, 3, 6> by_pose;
  constexpr double kStep = 1e-6;
  for (int i = 0; i < 6; ++i) {
    RigidTransform moved = pose;
    if (i < 3) {
      Eigen::Vector3d turn = Eigen::Vector3d::Zero();
      turn[i] = kStep;
      Eigen::Matrix3d skew;
      skew << 0, -turn.z(), turn.y(), turn.z(), 0, -turn.x(), -turn.y(), turn.x(), 0;
      moved.rotation = (Eigen::Matrix3d::Identity() + skew) * pose.rotation;
    } else {
      moved.translation[i - 3] += kStep;
    }
    by_pose.col(i) = (moved.Inverse().translation - pose.Inverse().translation) / kStep;
  }
  const Eigen::Matrix<double, 6, 6> block = result.covariance.matrix.block<6, 6>(at, at);
  const double expected = std::sqrt((by_pose * block * by_pose.transpose()).trace());
  EXPECT_NEAR(pairs[0].relative_centre_sd / expected, 1.0, 1e-4);
}

TEST(AssessQuality, ExpectsOfHeldOutViewsWhatNoiseAloneWouldShow) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  const CalibrationResult result = Calibrate(scene.observations, {});
  QualityInputs inputs;
  inputs.held_out = HeldOutNumbers{};
  inputs.held_out->training_rms = 0.30;
  inputs.held_out->rms = 0.30;
  inputs.held_out->sightings = result.degrees_of_freedom > 0 ? 4000 : 0;
  inputs.held_out->poses = 30;
  RigQuality quality = AssessQuality(scene.observations, result, inputs);
  EXPECT_GT(quality.expected_held_out, 0.30);
  EXPECT_LT(quality.expected_held_out, 0.31);
  EXPECT_EQ(Find(quality.verdict, "held_out"), nullptr);
  EXPECT_EQ(Find(quality.verdict, "no_held_out"), nullptr);
  inputs.held_out->rms = 0.40;
  quality = AssessQuality(scene.observations, result, inputs);
  EXPECT_EQ(Find(quality.verdict, "held_out")->severity, Severity::kLimit);
  inputs.held_out->rms = 0.60;
  quality = AssessQuality(scene.observations, result, inputs);
  EXPECT_EQ(quality.verdict.grade, Grade::kRedo);
  inputs.held_out->rms = std::nan("");
  quality = AssessQuality(scene.observations, result, inputs);
  ASSERT_NE(Find(quality.verdict, "held_out_unknown"), nullptr);
  EXPECT_EQ(Find(quality.verdict, "held_out_unknown")->severity, Severity::kLimit);
}

TEST(AssessQuality, SaysWhyThePrecisionOfMarkersIsNotKnown) {
  BoardScene scene = MakeBoardScene(SmallRing());
  CalibrationResult result = Calibrate(scene.observations, {});
  result.covariance.matrix.resize(0, 0);
  RigQuality quality = AssessQuality(scene.observations, result, {});
  EXPECT_EQ(Find(quality.verdict, "no_volume"), nullptr);
  ASSERT_NE(Find(quality.verdict, "volume_unknown"), nullptr);
  EXPECT_THAT(Find(quality.verdict, "volume_unknown")->text, HasSubstr("covariance"));
}

TEST(AssessQuality, OneCameraIsNotAskedToShareAVolume) {
  BoardScene scene = MakeBoardScene(SmallRing());
  std::erase_if(scene.observations.views,
                [](const TargetView& view) { return view.camera.index() > 0; });
  scene.observations.cameras.resize(1);
  const CalibrationResult result = Calibrate(scene.observations, {});
  const RigQuality quality = AssessQuality(scene.observations, result, {});
  EXPECT_EQ(Find(quality.verdict, "no_volume"), nullptr);
  EXPECT_NE(Find(quality.verdict, "one_camera"), nullptr);
}

TEST(AssessQuality, CamerasThatAreNotSynchronizedAreSaidToBeSo) {
  BoardScene scene = MakeBoardScene(SmallRing());
  const CalibrationResult result = Calibrate(scene.observations, {});
  for (TargetView& view : scene.observations.views) {
    view.time = 0.1 * static_cast<double>(view.frame) + (view.camera.index() == 3 ? 0.017 : 0.0);
  }
  const RigQuality stamps = AssessQuality(scene.observations, result, {});
  EXPECT_NEAR(stamps.cameras[3].stamp_lag - stamps.cameras[1].stamp_lag, 0.017, 1e-12);
  ASSERT_NE(Find(stamps.verdict, "time_stamps"), nullptr);
  EXPECT_THAT(Find(stamps.verdict, "time_stamps")->text, HasSubstr("17.0 ms"));
  EXPECT_EQ(stamps.verdict.grade, Grade::kRedo);

  QualityInputs inputs;
  inputs.temporal = TemporalNumbers{};
  inputs.temporal->cameras.resize(4);
  inputs.temporal->cameras[2].offset = 0.012;
  inputs.temporal->cameras[2].offset_sd = 0.0004;
  inputs.temporal->cameras[1].offset = 0.012;
  inputs.temporal->cameras[1].offset_sd = 0.010;  // not certain
  inputs.temporal->in_the_rig = true;
  const RigQuality modelled = AssessQuality(scene.observations, result, inputs);
  const Finding* finding = Find(modelled.verdict, "time_offset");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->cameras, std::vector<CameraId>{CameraId(2)});
  EXPECT_THAT(finding->text, HasSubstr("+12.0 +- 0.4 ms"));
  EXPECT_EQ(modelled.verdict.grade, Grade::kUsable);
  inputs.temporal->in_the_rig = false;
  EXPECT_EQ(AssessQuality(scene.observations, result, inputs).verdict.grade, Grade::kRedo);
}

TEST(AssessQuality, OutliersScaleAndFindingsOfOthersCount) {
  BoardSceneOptions scene_options = SmallRing();
  scene_options.outlier_share = 0.1;
  const BoardScene scene = MakeBoardScene(scene_options);
  const CalibrationResult result = Calibrate(scene.observations, {});
  QualityInputs inputs;
  inputs.wands = {{"wand", 0.5, 0.507, 0.0004, 300, true}};
  inputs.findings = {{Severity::kRedo,
                      "flipped",
                      {CameraId(0)},
                      "The cameras are under the floor",
                      "Turn the board over"}};
  const RigQuality quality = AssessQuality(scene.observations, result, inputs);
  EXPECT_EQ(quality.verdict.findings[0].key, "flipped");
  EXPECT_EQ(quality.verdict.grade, Grade::kRedo);
  EXPECT_EQ(Find(quality.verdict, "outliers")->severity, Severity::kLimit);
  EXPECT_THAT(Find(quality.verdict, "outliers")->text, HasSubstr("10 %"));
  EXPECT_THAT(Find(quality.verdict, "wand_length")->text, HasSubstr("507.00 mm"));
  EXPECT_EQ(quality.outliers, result.outliers.size());
  EXPECT_GT(quality.worst_views[0].outliers, 0U);
  EXPECT_GE(quality.worst_views[0].rms, quality.worst_views[1].rms);
}

TEST(AssessQuality, ARecordingThatGivesNoRigIsToBeRedone) {
  const TargetObservations observations = OneCamera({{5, 5}, {50, 50}, {99, 99}});
  const CalibrationResult result = Calibrate(observations, {});
  const RigQuality quality = AssessQuality(observations, result, {});
  EXPECT_EQ(quality.verdict.grade, Grade::kRedo);
  EXPECT_EQ(quality.verdict.findings[0].key, "degenerate");
  EXPECT_EQ(quality.verdict.findings[0].text, result.degeneracy.sentence);
  EXPECT_FALSE(quality.volume.has_value());
}

TEST(AssessQuality, GivesTheSameBytesForAnyNumberOfThreads) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  const CalibrationResult result = Calibrate(scene.observations, {});
  const RigQuality one = AssessQuality(scene.observations, result, {});
  for (const int threads : {2, 7}) {
    QualityOptions options;
    options.parallelism = Parallelism(threads);
    const RigQuality many = AssessQuality(scene.observations, result, {}, options);
    EXPECT_EQ(one.volume->percentile90, many.volume->percentile90);
    for (std::size_t s = 0; s < one.volume->slices.size(); ++s) {
      for (std::size_t i = 0; i < one.volume->slices[s].places.size(); ++i) {
        const PlacePrecision& a = one.volume->slices[s].places[i];
        const PlacePrecision& b = many.volume->slices[s].places[i];
        EXPECT_TRUE(a.sigma == b.sigma || (std::isnan(a.sigma) && std::isnan(b.sigma)));
      }
    }
  }
}

}  // namespace
}  // namespace medius::calibration
