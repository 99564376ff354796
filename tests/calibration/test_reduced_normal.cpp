#include <cmath>
#include <vector>

#include <Eigen/LU>
#include <gtest/gtest.h>

#include "calibration/outlier_rule.hpp"
#include "calibration/reduced_normal.hpp"
#include "calibration/so3.hpp"
#include "calibration/uncertainty.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {
namespace {

BoardScene SmallScene() {
  BoardSceneOptions options;
  options.cameras = 3;
  options.radius = 2.0;
  options.frames = 12;
  options.columns = 4;
  options.rows = 3;
  return MakeBoardScene(options);
}

// All Jacobians stacked, cameras first, six columns a target pose.
struct Dense {
  Eigen::MatrixXd J;
  Eigen::Index camera_size = 0;
};

Dense StackJacobians(const SceneTruth& truth, const CameraLayout& layout) {
  Dense dense;
  dense.camera_size = layout.size;
  dense.J =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(2 * truth.data.sightings.size()),
                            layout.size + static_cast<Eigen::Index>(6 * truth.data.poses.size()));
  for (const BundleView& view : truth.data.views) {
    const std::size_t group = truth.state.group[view.camera];
    const RigidTransform& camera_from_lab = truth.state.camera_from_lab[view.camera];
    const RigidTransform& lab_from_target = truth.state.lab_from_target[view.pose];
    for (std::size_t i = view.begin; i < view.end; ++i) {
      Eigen::Vector2d residual;
      LocalJacobian local;
      EXPECT_TRUE(LinearizeSighting(truth.state.kind[group], truth.state.intrinsics[group].data(),
                                    camera_from_lab * lab_from_target, truth.data.sightings[i],
                                    &residual, &local));
      const auto row = static_cast<Eigen::Index>(2 * i);
      const int K = layout.intrinsics_count[view.camera];
      dense.J.block(row, layout.intrinsics_offset[view.camera], 2, K) = local.leftCols(K);
      dense.J.block(row, layout.pose_offset[view.camera], 2, 6) =
          local.rightCols<6>() * ByCameraPose(camera_from_lab, lab_from_target);
      dense.J.block(row, layout.size + static_cast<Eigen::Index>(6 * view.pose), 2, 6) =
          local.rightCols<6>() * ByTargetPose(camera_from_lab);
    }
  }
  return dense;
}

HeldParameters HoldFirst(const SceneTruth& truth) {
  HeldParameters held;
  held.intrinsics.assign(truth.state.kind.size(), {4, 5, 6, 7, 8});
  held.pose.assign(truth.state.group.size(), 0);
  held.pose[0] = 1;
  return held;
}

// Inverse of the whole normal matrix, with what is held taken out.
Eigen::MatrixXd DenseCovariance(const Dense& dense, const std::vector<std::uint8_t>& free) {
  std::vector<int> index;
  for (Eigen::Index i = 0; i < dense.J.cols(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    if (k >= free.size() || free[k] != 0) index.push_back(static_cast<int>(i));
  }
  // Unit columns: the inverse of a badly scaled matrix would be the less exact of the two.
  Eigen::MatrixXd J = dense.J(Eigen::all, index);
  const Eigen::VectorXd scale = J.colwise().norm().cwiseInverse();
  J = J * scale.asDiagonal();
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(dense.J.cols(), dense.J.cols());
  const Eigen::MatrixXd inverse =
      scale.asDiagonal() * (J.transpose() * J).inverse() * scale.asDiagonal();
  covariance(index, index) = inverse;
  return covariance;
}

TEST(ReduceNormal, CovarianceOfTheCamerasIsThatOfTheWholeProblem) {
  const SceneTruth truth = TruthOf(SmallScene());
  const ReducedNormal normal = ReduceNormal(truth.data, truth.use, truth.state, Parallelism(1));
  const auto free = FreeParameters(normal.layout, truth.state, HoldFirst(truth));
  const FreeInverse inverse = InvertFree(normal, free);
  ASSERT_TRUE(inverse.regular);
  const Dense dense = StackJacobians(truth, normal.layout);
  const Eigen::MatrixXd expected =
      DenseCovariance(dense, free).topLeftCorner(normal.layout.size, normal.layout.size);
  const Eigen::VectorXd sd = expected.diagonal().cwiseSqrt().cwiseMax(1e-300);
  const Eigen::MatrixXd difference = (inverse.matrix - expected).cwiseQuotient(sd * sd.transpose());
  for (std::size_t i = 0; i < free.size(); ++i) {
    for (std::size_t j = 0; j < free.size(); ++j) {
      if (free[i] == 0 || free[j] == 0) continue;
      EXPECT_NEAR(difference(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)), 0.0,
                  1e-5);
    }
  }
}

TEST(LocalCovariances, GiveTheLeverageOfEachSighting) {
  const SceneTruth truth = TruthOf(SmallScene());
  const ReducedNormal normal = ReduceNormal(truth.data, truth.use, truth.state, Parallelism(1));
  const auto free = FreeParameters(normal.layout, truth.state, HoldFirst(truth));
  const FreeInverse inverse = InvertFree(normal, free);
  const Dense dense = StackJacobians(truth, normal.layout);
  const Eigen::MatrixXd hat = dense.J * DenseCovariance(dense, free) * dense.J.transpose();
  for (std::size_t v = 0; v < truth.data.views.size(); ++v) {
    const BundleView& view = truth.data.views[v];
    const LocalMatrix covariance =
        LocalCovariances(truth.data, truth.state, normal, inverse.matrix,
                         view.pose)[v - truth.data.poses[view.pose].view_begin];
    const std::size_t group = truth.state.group[view.camera];
    for (std::size_t i = view.begin; i < view.end; ++i) {
      Eigen::Vector2d residual;
      LocalJacobian local;
      ASSERT_TRUE(LinearizeSighting(truth.state.kind[group], truth.state.intrinsics[group].data(),
                                    CameraFromTarget(truth.state, view), truth.data.sightings[i],
                                    &residual, &local));
      const Eigen::Matrix2d leverage = local * covariance * local.transpose();
      const auto row = static_cast<Eigen::Index>(2 * i);
      // Both invert a matrix of condition 1e10 or so: rounding is 1e-6 of a leverage of at most 1.
      constexpr double kRounding = 1e-5;
      EXPECT_LT((leverage - hat.block<2, 2>(row, row)).norm(), kRounding);
    }
  }
}

TEST(ReduceNormal, GivesTheSameBytesForAnyNumberOfThreads) {
  BoardSceneOptions options;
  options.frames = 200;
  const SceneTruth truth = TruthOf(MakeBoardScene(options));
  const ReducedNormal one = ReduceNormal(truth.data, truth.use, truth.state, Parallelism(1));
  for (const int threads : {2, 7}) {
    const ReducedNormal many =
        ReduceNormal(truth.data, truth.use, truth.state, Parallelism(threads));
    EXPECT_EQ(one.matrix, many.matrix);
    EXPECT_EQ(one.squared_residual, many.squared_residual);
  }
}

TEST(LabMotions, AreTheNullSpaceOfTheNormalMatrix) {
  const SceneTruth truth = TruthOf(SmallScene(), 1);
  const ReducedNormal normal = ReduceNormal(truth.data, truth.use, truth.state, Parallelism(1));
  const Eigen::MatrixXd N = LabMotions(normal.layout, truth.state.camera_from_lab);
  EXPECT_LT((normal.matrix * N).norm(), 1e-8 * normal.matrix.norm());
}

TEST(InGauge, GoesToTheCentresAndBack) {
  const SceneTruth truth = TruthOf(SmallScene());
  const ReducedNormal normal = ReduceNormal(truth.data, truth.use, truth.state, Parallelism(1));
  const auto free = FreeParameters(normal.layout, truth.state, HoldFirst(truth));
  RigCovariance reference;
  reference.layout = normal.layout;
  reference.matrix = InvertFree(normal, free).matrix;
  const auto& places = truth.state.camera_from_lab;
  const RigCovariance centres = InGauge(reference, places, RigGauge::kCameraCentres);
  const RigCovariance back = InGauge(centres, places, RigGauge::kReferenceCamera, 0);
  EXPECT_LT((back.matrix - reference.matrix).norm(), 1e-9 * reference.matrix.norm());
  // The mean of the centres does not move.
  Eigen::MatrixXd mean = Eigen::MatrixXd::Zero(3, normal.layout.size);
  for (std::size_t c = 0; c < places.size(); ++c) {
    const Eigen::Matrix3d Rt = places[c].rotation.transpose();
    mean.middleCols<3>(normal.layout.pose_offset[c]) = -Rt * Skew(places[c].translation);
    mean.middleCols<3>(normal.layout.pose_offset[c] + 3) = -Rt;
  }
  EXPECT_LT((mean * centres.matrix * mean.transpose()).norm(),
            1e-9 * (mean * reference.matrix * mean.transpose()).norm());
}

TEST(MapUncertainty, TheGaugeDoesNotChangeTheDistanceOfTwoPoints) {
  const BoardScene scene = SmallScene();
  const SceneTruth truth = TruthOf(scene);
  const ReducedNormal normal = ReduceNormal(truth.data, truth.use, truth.state, Parallelism(1));
  RigCovariance reference;
  reference.layout = normal.layout;
  reference.matrix =
      InvertFree(normal, FreeParameters(normal.layout, truth.state, HoldFirst(truth))).matrix;
  CameraRig rig = scene.rig;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    rig.cameras[c].camera_from_lab = truth.state.camera_from_lab[c];
  }
  const RigidTransform reference_from_lab = scene.rig.cameras[0].camera_from_lab;
  const Eigen::Vector3d a = reference_from_lab * Eigen::Vector3d(0.1, 0.0, 1.0);
  const Eigen::Vector3d b = reference_from_lab * Eigen::Vector3d(-0.2, 0.3, 1.2);
  const auto distance_variance = [&](const RigCovariance& covariance) {
    const auto Ga = SensitivityOf(rig, covariance.layout, a);
    const auto Gb = SensitivityOf(rig, covariance.layout, b);
    EXPECT_TRUE(Ga && Gb);
    const Eigen::MatrixXd G =
        (a - b).normalized().transpose() * (Ga->by_parameters - Gb->by_parameters);
    return (G * covariance.matrix * G.transpose())(0, 0);
  };
  const RigCovariance centres =
      InGauge(reference, truth.state.camera_from_lab, RigGauge::kCameraCentres);
  EXPECT_NEAR(distance_variance(centres) / distance_variance(reference), 1.0, 1e-6);
  const auto map =
      MapUncertainty(rig, centres, {a, Eigen::Vector3d(50, 50, 50)}, 0.3, Parallelism(1));
  EXPECT_EQ(map[0].cameras, 3U);
  EXPECT_GT(map[0].total.trace(), map[0].calibration.trace());
  EXPECT_EQ(map[1].cameras, 0U);
  EXPECT_TRUE(std::isnan(map[1].total(0, 0)));
}

TEST(OutlierLimit, LosesHalfASightingOfGaussianNoise) {
  // P(chi^2 of 2 > x) = exp(-x / 2).
  EXPECT_NEAR(86000.0 * std::exp(-0.5 * OutlierLimit(86000, 0.5)), 0.5, 1e-9);
}

}  // namespace
}  // namespace medius::calibration
