#include <cmath>
#include <limits>
#include <random>

#include <Eigen/Cholesky>
#include <gtest/gtest.h>

#include "tests/reconstruct/reconstruction_score.hpp"
#include "tests/reconstruct/run_sightings.hpp"

namespace medius::testing {
namespace {

constexpr std::size_t kFrames = 100;
constexpr std::size_t kMarkers = 3;
constexpr double kNoise = 0.2;  // px
const Eigen::Matrix3d kUnknown =
    Eigen::Matrix3d::Constant(std::numeric_limits<double>::quiet_NaN());

// Three markers 10 cm apart that move together at 2 m/s.
Eigen::Vector3d Place(std::size_t frame, std::size_t marker) {
  return {0.02 * static_cast<double>(frame), 0.1 * static_cast<double>(marker), 0.9};
}

// A truth of 100 frames at 100 Hz that four cameras see without a fault, and results made by hand.
class ReconstructionScoreTest : public ::testing::Test {
 protected:
  ReconstructionScoreTest() : positions_({0, kFrames}, kMarkers) {
    MarkerSample sample = MarkerSample::Missing();
    sample.source = SampleSource::kImported;
    for (std::size_t f = 0; f < kFrames; ++f) {
      for (std::size_t m = 0; m < kMarkers; ++m) {
        sample.position = Place(f, m);
        positions_.Set(f, MarkerId(m), sample);
      }
    }
    rig_ = RingRound(positions_, 4, 1);
    See();
  }

  void See() {
    seen_.frames = {0, kFrames};
    seen_.cameras.assign(rig_.cameras.size(), {});
    for (std::size_t c = 0; c < rig_.cameras.size(); ++c) {
      CameraObservations& camera = seen_.cameras[c];
      for (std::size_t f = 0; f < kFrames; ++f) {
        for (std::size_t m = 0; m < kMarkers; ++m) {
          camera.xy.emplace_back(rig_.cameras[c].Project(Place(f, m))->cast<float>());
          camera.label.push_back(static_cast<std::int16_t>(m));
        }
        camera.frame_start.push_back(camera.xy.size());
      }
    }
  }

  // Takes a marker from all cameras but the first `cameras` of them, in frames [begin, end).
  void Hide(std::size_t marker, std::size_t cameras, std::size_t begin, std::size_t end) {
    for (std::size_t c = cameras; c < seen_.cameras.size(); ++c) {
      CameraObservations* camera = &seen_.cameras[c];
      KeepRows(
          [&](std::size_t frame, std::size_t row) {
            return frame < begin || frame >= end ||
                   camera->label[row] != static_cast<std::int16_t>(marker);
          },
          camera);
    }
  }

  RunTruth Truth() const {
    return {labels_, TimeBase::Uniform(100.0, kFrames), positions_, seen_, rig_, kNoise};
  }

  // A result that is all right.
  static ResultFrames Perfect() {
    ResultFrames frames(kFrames);
    for (std::size_t f = 0; f < kFrames; ++f) {
      for (std::size_t m = 0; m < kMarkers; ++m) {
        frames[f].push_back({Place(f, m), kUnknown, m, MarkerId(m), true});
      }
    }
    return frames;
  }

  std::vector<std::string> labels_ = {"A", "B", "C"};
  TrajectoryBlock positions_;
  CameraRig rig_;
  ObservationBlock seen_;
};

TEST_F(ReconstructionScoreTest, FindsNothingWrongWithTheTruthItself) {
  const ReconstructionScore score = Score(Truth(), Perfect());
  EXPECT_EQ(score.three_ray, kFrames * kMarkers);
  EXPECT_EQ(score.Recall(), 1.0);
  EXPECT_EQ(score.GhostsPer1e5(), 0.0);
  EXPECT_EQ(score.doubles, 0U);
  EXPECT_EQ(score.SwitchesPer1e5(), 0.0);
  EXPECT_EQ(score.MislabelledPer1e5(), 0.0);
  EXPECT_EQ(score.MislabelledFilledPer1e5(), 0.0);
  EXPECT_EQ(score.UnlabelledShare(), 0.0);
  EXPECT_LT(score.ErrorOverBound(), 1e-3);
  EXPECT_EQ(score.tracks, kMarkers);
  EXPECT_TRUE(std::isnan(score.MeanChi2())) << "no covariance was stated";
  EXPECT_TRUE(std::isnan(score.FillsWithin2Sigma()));
}

TEST_F(ReconstructionScoreTest, CountsAGhostADoubleAndAMissedPoint) {
  ResultFrames result = Perfect();
  result[10].push_back({Place(10, 1) + Eigen::Vector3d(0.0, 0.05, 0.0), kUnknown, 7, {}, true});
  result[20].push_back({Place(20, 1) + Eigen::Vector3d(0.0, 0.0, 0.004), kUnknown, 8, {}, true});
  result[30].erase(result[30].begin() + 2);
  const ReconstructionScore score = Score(Truth(), result);
  EXPECT_EQ(score.ghosts, 1U);
  EXPECT_EQ(score.doubles, 1U);
  EXPECT_EQ(score.points, kFrames * kMarkers + 1);
  EXPECT_EQ(score.three_ray_found, kFrames * kMarkers - 1);
  EXPECT_EQ(score.unlabelled, 1U);
  EXPECT_NEAR(score.GhostsPer1e5(), 1e5 / 301.0, 1e-9);
}

TEST_F(ReconstructionScoreTest, AGhostThatSaysHowUncertainItIsIsCountedAndTold) {
  ResultFrames result = Perfect();
  const Eigen::Vector3d far(0.0, 0.0, 0.03);
  // 3 sigma off, so within the 4.03 that 99.9 % are; the marker has no other point.
  result[10][1] = {Place(10, 1) + far, 1e-4 * Eigen::Matrix3d::Identity(), 1, MarkerId(1), true};
  // As far with a sigma of 5 mm: 6 of them.
  result[20][1] = {Place(20, 1) + far, 25e-6 * Eigen::Matrix3d::Identity(), 1, MarkerId(1), true};
  // Uncertain, but the marker is where another point is.
  result[30].push_back({Place(30, 1) + far, 1e-4 * Eigen::Matrix3d::Identity(), 9, {}, true});
  const ReconstructionScore score = Score(Truth(), result);
  EXPECT_EQ(score.ghosts, 3U);
  EXPECT_EQ(score.uncertain_ghosts, 1U);
  EXPECT_EQ(score.mislabelled, 0U) << "far off, and still nearest to their own marker";
}

TEST_F(ReconstructionScoreTest, CountsASwapOnceATrackAndMislabelsAFrame) {
  ResultFrames result = Perfect();
  for (std::size_t f = 40; f < 60; ++f) std::swap(result[f][0].position, result[f][1].position);
  const ReconstructionScore score = Score(Truth(), result);
  EXPECT_EQ(score.switches, 4U) << "two tracks, there and back";
  EXPECT_EQ(score.mislabelled, 40U);
  EXPECT_EQ(score.mislabelled_filled, 40U);
  EXPECT_EQ(score.Recall(), 1.0) << "the points are there";
  EXPECT_EQ(score.unlabelled, 0U);
  EXPECT_EQ(score.ghosts, 0U);
}

TEST_F(ReconstructionScoreTest, TracksWithoutANameAreUnlabelledNotWrong) {
  ResultFrames result = Perfect();
  for (std::size_t f = 0; f < 50; ++f) result[f][2].marker.reset();
  const ReconstructionScore score = Score(Truth(), result);
  EXPECT_EQ(score.unlabelled, 50U);
  EXPECT_EQ(score.named, kFrames * kMarkers - 50);
  EXPECT_EQ(score.mislabelled, 0U);
  EXPECT_EQ(score.Recall(), 1.0);
  EXPECT_EQ(score.switches, 0U);
}

TEST_F(ReconstructionScoreTest, FindsALabelOfAFileByItsNameAndTellsNoNameFromAWrongOne) {
  const RunTruth truth = Truth();
  TrajectoryBlock block({0, kFrames}, 3);
  MarkerSample sample = MarkerSample::Missing();
  sample.source = SampleSource::kMeasured;
  sample.position = Place(3, 2);
  block.Set(3, MarkerId(0), sample);
  sample.source = SampleSource::kFilledRigid;
  sample.position = Place(4, 0);
  block.Set(4, MarkerId(1), sample);
  sample.source = SampleSource::kMeasured;
  sample.position = Place(5, 1);
  block.Set(5, MarkerId(2), sample);
  const ResultFrames frames = FramesOf({"C", "unnamed_017", "Z"}, block, truth);
  ASSERT_EQ(frames[3].size(), 1U);
  EXPECT_EQ(frames[3][0].marker, MarkerId(2));
  EXPECT_TRUE(frames[3][0].measured);
  ASSERT_EQ(frames[4].size(), 1U);
  EXPECT_FALSE(frames[4][0].marker.has_value());
  EXPECT_FALSE(frames[4][0].measured);
  EXPECT_FALSE(frames[4][0].foreign);
  ASSERT_EQ(frames[5].size(), 1U);
  EXPECT_TRUE(frames[5][0].foreign);
  const ReconstructionScore score = Score(truth, frames);
  EXPECT_EQ(score.named, 2U);
  EXPECT_EQ(score.mislabelled, 1U) << "no marker of the run is called Z";
}

TEST_F(ReconstructionScoreTest, ANameWhoseMarkerIsNotThereIsWrongWhereAnotherIs) {
  positions_.Set(50, MarkerId(0), MarkerSample::Missing());
  positions_.Set(51, MarkerId(0), MarkerSample::Missing());
  Hide(0, 0, 50, 52);
  ResultFrames result = Perfect();
  result[50][0].position = Place(50, 1);
  result[50].erase(result[50].begin() + 1);
  const ReconstructionScore score = Score(Truth(), result);
  EXPECT_EQ(score.mislabelled, 1U);
  EXPECT_EQ(score.named, kFrames * kMarkers - 2) << "of frame 51 nobody can say";
}

TEST_F(ReconstructionScoreTest, FragmentsAreTracksWithoutNames) {
  reconstruct::Fragment first;
  first.first_frame = 10;
  for (std::size_t f = 10; f < 60; ++f) {
    first.position.emplace_back(Place(f, f < 30 ? 0 : 1).cast<float>());  // goes on with another
  }
  first.position[5].setConstant(std::numeric_limits<float>::quiet_NaN());  // coasted
  const ReconstructionScore score = Score(Truth(), FramesOf({first}, kFrames));
  EXPECT_EQ(score.points, 49U);
  EXPECT_EQ(score.three_ray_found, 49U);
  EXPECT_EQ(score.switches, 1U);
  EXPECT_EQ(score.tracks, 1U);
  EXPECT_EQ(score.named, 0U);
}

TEST_F(ReconstructionScoreTest, TwoRayPointsCountWhereATrackCanBeAlive) {
  Hide(0, 2, 50, 60);
  Hide(1, 1, 50, 55);  // one ray is none
  Hide(1, 2, 55, 60);  // and what comes after it starts anew
  const ReconstructionScore score = Score(Truth(), Perfect());
  // Frames 50 to 54 of marker 0 have a frame of four rays within the five before; from 55 on all
  // five have two.
  EXPECT_EQ(score.two_ray, 5U);
  EXPECT_EQ(score.two_ray_found, 5U);
  EXPECT_EQ(score.three_ray, kFrames * kMarkers - 20);
}

TEST_F(ReconstructionScoreTest, AGapIsScoredByItsLengthAndItsError) {
  Hide(1, 0, 20, 30);  // 100 ms
  Hide(2, 0, 50, 70);  // 200 ms
  ResultFrames result = Perfect();
  const Eigen::Vector3d off(0.003, 0.0, 0.004);  // 5 mm
  for (std::size_t f = 20; f < 30; ++f) {
    // A sigma of 1.6 mm: 3 mm is within two of them, 4 mm is not, 0 is.
    result[f][1] = {Place(f, 1) + off, 1.6e-3 * 1.6e-3 * Eigen::Matrix3d::Identity(), 1,
                    MarkerId(1), false};
  }
  for (std::size_t f = 50; f < 70; ++f) result[f].pop_back();
  const ReconstructionScore score = Score(Truth(), result);
  EXPECT_EQ(score.fills[1].samples, 10U);
  EXPECT_NEAR(score.fills[1].Rms(), 0.005, 1e-7);
  EXPECT_NEAR(score.FillsWithin2Sigma(), 2.0 / 3.0, 1e-12);
  EXPECT_EQ(score.fills[2].samples, 0U);
  EXPECT_EQ(score.fills[2].left_open, 20U);
  EXPECT_EQ(score.mislabelled_filled, 0U);
  EXPECT_EQ(score.Recall(), 1.0) << "nobody saw them";
  EXPECT_EQ(score.unlabelled, 0U);
}

TEST_F(ReconstructionScoreTest, AGapFilledFromWrongEndsIsMislabelledNotScored) {
  Hide(1, 0, 20, 30);
  ResultFrames result = Perfect();
  for (std::size_t f = 15; f < 35; ++f) {
    result[f][1] = {Place(f, 2), kUnknown, 1, MarkerId(1), f < 20 || f >= 30};
    result[f].erase(result[f].begin() + 2);
  }
  const ReconstructionScore score = Score(Truth(), result);
  EXPECT_EQ(score.fills[1].samples, 0U);
  EXPECT_EQ(score.mislabelled, 10U);
  EXPECT_EQ(score.mislabelled_filled, 20U);
}

TEST_F(ReconstructionScoreTest, ErrorsOfTheStatedSpreadGiveAChiSquareOfThree) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  ResultFrames result = Perfect();
  const double sigma = 0.5e-3;
  for (std::vector<ResultPoint>& frame : result) {
    for (ResultPoint& point : frame) {
      for (Eigen::Index i = 0; i < 3; ++i) point.position[i] += sigma * normal(random);
      point.covariance = sigma * sigma * Eigen::Matrix3d::Identity();
    }
  }
  const ReconstructionScore score = Score(Truth(), result);
  EXPECT_EQ(score.chi2_count, kFrames * kMarkers);
  // Of 300 chi-squares of three degrees: four standard deviations sqrt(6 / 300) of their mean.
  EXPECT_NEAR(score.MeanChi2(), 3.0, 4.0 * std::sqrt(6.0 / 300.0));
}

// The bound is what least squares reach: the error of a linear estimate with its own Jacobians.
TEST_F(ReconstructionScoreTest, TheBestEstimateIsAtItsBound) {
  std::mt19937_64 random(9);
  std::normal_distribution<double> normal(0.0, kNoise);
  ResultFrames result = Perfect();
  for (std::vector<ResultPoint>& frame : result) {
    for (ResultPoint& point : frame) {
      Eigen::Matrix3d information = Eigen::Matrix3d::Zero();
      Eigen::Vector3d right = Eigen::Vector3d::Zero();
      for (const Camera& camera : rig_.cameras) {
        const auto seen = camera.model.ProjectWithJacobian(camera.camera_from_lab * point.position);
        const Eigen::Matrix<double, 2, 3> J = seen->d_xy_d_point * camera.camera_from_lab.rotation;
        information += J.transpose() * J;
        const double x = normal(random);
        const double y = normal(random);
        right += J.transpose() * Eigen::Vector2d(x, y);
      }
      point.position += information.ldlt().solve(right);
    }
  }
  // The ratio of 300 squared errors of three coordinates: its root to within 4 / sqrt(2 * 900).
  EXPECT_NEAR(Score(Truth(), result).ErrorOverBound(), 1.0, 4.0 / std::sqrt(1800.0));
}

TEST_F(ReconstructionScoreTest, ScoresOfTwoRunsAddUp) {
  ResultFrames bad = Perfect();
  for (std::size_t f = 40; f < 60; ++f) std::swap(bad[f][0].position, bad[f][1].position);
  ReconstructionScore sum = Score(Truth(), Perfect());
  sum.Add(Score(Truth(), bad));
  EXPECT_EQ(sum.three_ray, 2 * kFrames * kMarkers);
  EXPECT_NEAR(sum.SwitchesPer1e5(), 4e5 / 600.0, 1e-9);
  EXPECT_NEAR(sum.MislabelledPer1e5(), 40e5 / 600.0, 1e-9);
}

}  // namespace
}  // namespace medius::testing
