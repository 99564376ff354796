#include <algorithm>
#include <cmath>
#include <set>

#include <Eigen/LU>
#include <gtest/gtest.h>

#include "tests/reconstruct/run_sightings.hpp"

namespace medius::testing {
namespace {

// Six markers that go round in a circle of 30 cm.
WholeTrial Circle() {
  WholeTrial run{TimeBase::Uniform(100.0, 3000), {"A", "B", "C", "D", "E", "F"}, {}};
  run.positions = TrajectoryBlock({0, 3000}, 6);
  MarkerSample sample = MarkerSample::Missing();
  sample.source = SampleSource::kImported;
  for (std::size_t f = 0; f < 3000; ++f) {
    for (std::size_t m = 0; m < 6; ++m) {
      const double angle = 0.05 * static_cast<double>(f) + static_cast<double>(m);
      sample.position = {2.0 + 0.3 * std::cos(angle), -1.0, 0.9 + 0.3 * std::sin(angle)};
      run.positions.Set(f, MarkerId(m), sample);
    }
  }
  return run;
}

MarkerSet Clusters() {
  MarkerSet set;
  set.clusters = {{"left_thigh", {"A", "B", "C", "D"}}, {"right_thigh", {"E", "F"}}};
  return set;
}

TEST(PlanLosses, TakesOneMarkerAtATimeForTheLengthsInTurn) {
  const std::vector<Loss> losses = PlanLosses(Circle(), Clusters(), false, 3);
  ASSERT_GT(losses.size(), 30U);
  std::set<int> lengths;
  std::set<std::size_t> markers;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    ASSERT_EQ(losses[i].markers.size(), 1U);
    markers.insert(losses[i].markers[0].index());
    lengths.insert(static_cast<int>(std::lround(1e3 * (losses[i].end - losses[i].begin))));
    if (i == 0) continue;
    EXPECT_NEAR(losses[i].begin - losses[i - 1].end, 0.5, 1e-9);
  }
  EXPECT_EQ(lengths, (std::set<int>{50, 100, 200, 500, 1000}));
  EXPECT_EQ(markers.size(), 6U);
}

TEST(PlanLosses, TakesThreeOfAClusterThatHasThree) {
  for (const Loss& loss : PlanLosses(Circle(), Clusters(), true, 3)) {
    ASSERT_EQ(loss.markers.size(), 3U);
    std::set<std::size_t> markers;
    for (const MarkerId marker : loss.markers) markers.insert(marker.index());
    EXPECT_EQ(markers.size(), 3U);
    EXPECT_LT(*markers.rbegin(), 4U) << "E and F alone are no cluster of three";
  }
  EXPECT_TRUE(PlanLosses(Circle(), {}, true, 3).empty());
}

TEST(TakeAway, LeavesNoSightingOfALostMarkerAndAllOthers) {
  ObservationBlock seen;
  seen.frames = {0, 10};
  seen.cameras.resize(1);
  CameraObservations& camera = seen.cameras[0];
  for (int f = 0; f < 10; ++f) {
    for (const std::int16_t label : {0, 1, -1}) {
      camera.xy.emplace_back(f, label);
      camera.sigma.push_back(0.2F);
      camera.label.push_back(label);
    }
    camera.frame_start.push_back(camera.xy.size());
  }
  TakeAway({{{MarkerId(1)}, 0.03, 0.06}}, TimeBase::Uniform(100.0, 10), &seen);
  EXPECT_EQ(camera.row_count(), 27U);
  EXPECT_EQ(camera.sigma.size(), 27U);
  for (std::size_t f = 0; f < 10; ++f) {
    const std::size_t rows = camera.frame_start[f + 1] - camera.frame_start[f];
    EXPECT_EQ(rows, f >= 3 && f < 6 ? 2U : 3U) << f;
    for (std::size_t row = camera.frame_start[f]; row < camera.frame_start[f + 1]; ++row) {
      EXPECT_EQ(camera.xy[row].x(), static_cast<float>(f));
      EXPECT_EQ(camera.xy[row].y(), static_cast<float>(camera.label[row]));
    }
  }
}

// Rays that the wrong rig sends through the pixels of the right one pass by each other as far as
// was asked for: the spread of the best fitting points, by hand.
TEST(WithCalibrationError, DrivesTheRaysApartByThePixelsAskedFor) {
  const WholeTrial run = Circle();
  const CameraRig truth = RingRound(run.positions, 6, 2);
  const CameraRig rig = WithCalibrationError(truth, run.positions, 0.3, 5);
  double squared = 0.0;
  double freedom = 0.0;
  Eigen::Vector3d mean_move = Eigen::Vector3d::Zero();
  for (std::size_t f = 0; f < 3000; f += 37) {
    const Eigen::Vector3d place = run.positions.Position(f, MarkerId(0));
    Eigen::Vector3d moved = place;
    Eigen::VectorXd off(12);
    Eigen::MatrixXd J(12, 3);
    for (int round = 0; round < 3; ++round) {
      for (Eigen::Index c = 0; c < 6; ++c) {
        const Camera& camera = rig.cameras[static_cast<std::size_t>(c)];
        const auto now = camera.model.ProjectWithJacobian(camera.camera_from_lab * moved);
        off.segment<2>(2 * c) =
            *truth.cameras[static_cast<std::size_t>(c)].Project(place) - now->xy;
        J.middleRows<2>(2 * c) = now->d_xy_d_point * camera.camera_from_lab.rotation;
      }
      const Eigen::Matrix3d normal = J.transpose() * J;
      moved += normal.inverse() * (J.transpose() * off);
    }
    squared += off.squaredNorm();
    freedom += 9.0;
    mean_move += (moved - place) / 82.0;
  }
  // 82 places on one circle stand for the whole; a tenth either way.
  EXPECT_NEAR(std::sqrt(2.0 * squared / freedom), 0.3, 0.03);
  EXPECT_LT(mean_move.norm(), 1e-3) << "its lab frame is the true one";
  EXPECT_TRUE(rig.joint_covariance.has_value());
  EXPECT_EQ(rig.cameras.size(), 6U);
}

TEST(RingRound, SeesTheRunFromEverySideWhereverItIs) {
  const WholeTrial run = Circle();
  for (const int cameras : {6, 8, 12}) {
    const CameraRig rig = RingRound(run.positions, cameras, 1);
    ASSERT_EQ(rig.cameras.size(), static_cast<std::size_t>(cameras));
    for (const Camera& camera : rig.cameras) {
      const auto xy = camera.Project(run.positions.Position(0, MarkerId(0)));
      ASSERT_TRUE(xy.has_value());
      EXPECT_TRUE(camera.IsInImage(*xy)) << camera.name;
    }
  }
}

}  // namespace
}  // namespace medius::testing
