#include <cmath>

#include <Eigen/LU>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "reconstruct/triangulation.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kDegree = 3.14159265358979323846 / 180.0;
// Exact sightings: what is left is rounding, 1e-12 of the distances, and the last step's curvature.
constexpr double kExact = 1e-9;  // metres

// The covariance that the true cameras and point imply: the Cramer-Rao bound.
Eigen::Matrix3d Bound(const CameraRig& rig, const std::vector<Sighting>& sightings,
                      const Eigen::Vector3d& point) {
  Eigen::Matrix3d information = Eigen::Matrix3d::Zero();
  for (const Sighting& sighting : sightings) {
    const Camera& camera = rig[sighting.camera];
    const auto projection = camera.model.ProjectWithJacobian(camera.camera_from_lab * point);
    const Eigen::Matrix<double, 2, 3> J =
        projection->d_xy_d_point * camera.camera_from_lab.rotation / sighting.sigma_px;
    information += J.transpose() * J;
  }
  return information.inverse();
}

class TriangulateEveryModel : public testing::TestWithParam<CameraModelKind> {};

TEST_P(TriangulateEveryModel, RecoversPointsFromExactSightings) {
  const CameraRig rig = RingOfCameras(8, GetParam());
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(11);
  for (int i = 0; i < 200; ++i) {
    const Eigen::Vector3d truth = PointInVolume(random);
    const TriangulatedPoint point = triangulator.Triangulate(Look(rig, truth, 0.0, random));
    ASSERT_EQ(point.status, PointStatus::kComputed);
    EXPECT_LT((point.sample.position - truth).norm(), kExact);
    EXPECT_EQ(point.sample.rays, 8);
    EXPECT_EQ(point.used, 0xFFU);
    EXPECT_EQ(point.rejected, 0U);
    EXPECT_LT(point.sample.residual_px, 1e-6);
    EXPECT_EQ(point.sample.source, SampleSource::kMeasured);
  }
}

TEST_P(TriangulateEveryModel, TwoExactRaysAreEnough) {
  const CameraRig rig = RingOfCameras(8, GetParam());
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(12);
  for (int i = 0; i < 100; ++i) {
    const Eigen::Vector3d truth = PointInVolume(random);
    std::vector<Sighting> sightings = Look(rig, truth, 0.0, random);
    sightings.resize(2);
    const TriangulatedPoint point = triangulator.Triangulate(sightings);
    ASSERT_EQ(point.status, PointStatus::kComputed);
    EXPECT_LT((point.sample.position - truth).norm(), kExact);
  }
}

TEST_P(TriangulateEveryModel, ErrorIsAtTheCramerRaoBoundAndAsTheCovarianceSays) {
  const CameraRig rig = RingOfCameras(8, GetParam());
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(13);
  constexpr int kPoints = 20000;
  double squared_error = 0.0;
  double bound = 0.0;
  double whitened = 0.0;
  int used = 0;
  for (int i = 0; i < kPoints; ++i) {
    const Eigen::Vector3d truth = PointInVolume(random);
    const std::vector<Sighting> sightings = Look(rig, truth, 0.3, random);
    const TriangulatedPoint point = triangulator.Triangulate(sightings);
    ASSERT_EQ(point.status, PointStatus::kComputed);
    const Eigen::Vector3d error = point.sample.position - truth;
    squared_error += error.squaredNorm();
    bound += Bound(rig, sightings, truth).trace();
    whitened += error.dot(point.sample.covariance.inverse() * error);
    used += point.sample.rays;
  }
  // Three coordinates a point: the ratio scatters by 1 / sqrt(2 * 3 * points), 0.3 %.
  const double scatter = 1.0 / std::sqrt(6.0 * kPoints);
  EXPECT_NEAR(std::sqrt(squared_error / bound), 1.0, 3.0 * scatter);
  // Chi-square with 3 degrees of freedom: mean 3, variance 6.
  EXPECT_NEAR(whitened / kPoints, 3.0, 4.0 * std::sqrt(6.0 / kPoints));
  // One good view in 270,000 is rejected; a tenth of a per mille leaves room.
  EXPECT_GT(used, kPoints * 8 * 0.9999);
}

INSTANTIATE_TEST_SUITE_P(Models, TriangulateEveryModel,
                         testing::Values(CameraModelKind::kBrownConrady5,
                                         CameraModelKind::kBrownConrady8,
                                         CameraModelKind::kKannalaBrandt4),
                         [](const auto& model) { return std::string(ToString(model.param)); });

TEST(Triangulate, WeighsSightingsByTheirSigma) {
  const CameraRig rig = RingOfCameras(6);
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(14);
  std::normal_distribution<double> noise(0.0, 1.0);
  constexpr int kPoints = 5000;
  double squared_error = 0.0;
  double bound = 0.0;
  double residual2 = 0.0;
  for (int i = 0; i < kPoints; ++i) {
    const Eigen::Vector3d truth = PointInVolume(random);
    std::vector<Sighting> sightings = Look(rig, truth, 0.0, random);
    for (std::size_t c = 0; c < sightings.size(); ++c) {
      sightings[c].sigma_px = c < 3 ? 0.1 : 2.0;
      sightings[c].xy.x() += sightings[c].sigma_px * noise(random);
      sightings[c].xy.y() += sightings[c].sigma_px * noise(random);
    }
    const TriangulatedPoint point = triangulator.Triangulate(sightings);
    ASSERT_EQ(point.status, PointStatus::kComputed);
    squared_error += (point.sample.position - truth).squaredNorm();
    bound += Bound(rig, sightings, truth).trace();
    residual2 += std::pow(point.sample.residual_px, 2);
  }
  EXPECT_NEAR(std::sqrt(squared_error / bound), 1.0, 3.0 / std::sqrt(6.0 * kPoints));
  // Residuals are in pixels as they are: half the rays scatter by 2 px in each coordinate, the
  // other half by next to nothing.
  EXPECT_NEAR(std::sqrt(residual2 / kPoints), 2.0, 0.1);
}

TEST(Triangulate, UsesTheDefaultSigmaWhereASightingHasNone) {
  const CameraRig rig = RingOfCameras(4);
  std::mt19937_64 random(15);
  std::vector<Sighting> sightings = Look(rig, {0.1, 0.2, 1.0}, 0.3, random);
  const Triangulator triangulator(rig, {});
  for (Sighting& sighting : sightings) sighting.sigma_px = 0.3;
  const TriangulatedPoint stated = triangulator.Triangulate(sightings);
  for (const double none : {kNaN, 0.0, -1.0, kInfinity}) {
    for (Sighting& sighting : sightings) sighting.sigma_px = none;
    const TriangulatedPoint assumed = triangulator.Triangulate(sightings);
    EXPECT_EQ(assumed.sample.position, stated.sample.position) << none;
    EXPECT_EQ(assumed.sample.covariance, stated.sample.covariance) << none;
  }
}

TEST(Triangulate, MultipliesStatedSigmasByTheFactor) {
  const CameraRig rig = RingOfCameras(4);
  std::mt19937_64 random(25);
  const std::vector<Sighting> sightings = Look(rig, {0.1, 0.2, 1.0}, 0.3, random);
  TriangulationOptions options;
  options.sigma_factor = 2.0;
  const MarkerSample once = Triangulator(rig, {}).Triangulate(sightings).sample;
  const MarkerSample twice = Triangulator(rig, options).Triangulate(sightings).sample;
  EXPECT_LT((twice.position - once.position).norm(), kExact);
  EXPECT_LT((twice.covariance - 4.0 * once.covariance).norm(), 1e-6 * once.covariance.norm());
}

TEST(Triangulate, FewerThanTwoRaysAreMissingNotGuessed) {
  const CameraRig rig = RingOfCameras(4);
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(16);
  std::vector<Sighting> sightings = Look(rig, {0, 0, 1}, 0.3, random);
  for (const std::size_t count : {std::size_t{1}, std::size_t{0}}) {
    sightings.resize(count);
    const TriangulatedPoint point = triangulator.Triangulate(sightings);
    EXPECT_EQ(point.status, PointStatus::kTooFewRays);
    EXPECT_EQ(point.sample.source, SampleSource::kMissing);
    EXPECT_EQ(point.sample.rays, 0);
    EXPECT_TRUE(point.sample.position.array().isNaN().all());
    EXPECT_TRUE(std::isnan(point.sample.residual_px));
  }
}

TEST(Triangulate, DropsSightingsThatAreNotFiniteOrOutsideTheLens) {
  CameraRig rig = RingOfCameras(4);
  // A lens that folds well inside 5000 px.
  rig.cameras[2].model = CameraModel(CameraModelKind::kBrownConrady5,
                                     {1350, 1345, 968, 531, -0.3, 0.0, 0.0, 0.0, 0.0});
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(17);
  const Eigen::Vector3d truth(0.1, -0.2, 1.1);
  std::vector<Sighting> sightings = Look(rig, truth, 0.0, random);
  sightings[0].xy.x() = kNaN;
  sightings[2].xy = {5000.0, 5000.0};
  const TriangulatedPoint point = triangulator.Triangulate(sightings);
  ASSERT_EQ(point.status, PointStatus::kComputed);
  EXPECT_EQ(point.unusable, 0b0101U);
  EXPECT_EQ(point.used, 0b1010U);
  EXPECT_LT((point.sample.position - truth).norm(), kExact);

  sightings[1].xy.y() = kInfinity;
  EXPECT_EQ(triangulator.Triangulate(sightings).status, PointStatus::kTooFewRays);
}

TEST(Triangulate, RefusesRaysThatAreNearlyParallelOrOpposite) {
  std::mt19937_64 random(18);
  const Eigen::Vector3d target(0, 0, 1);
  const auto kind = CameraModelKind::kBrownConrady5;
  for (const double degrees : {1.0, 3.0, 177.0, 179.5, 180.0}) {
    CameraRig rig;
    const double a = degrees * kDegree;
    rig.cameras.push_back(CameraAt("a", {4, 0, 1}, target, kind));
    rig.cameras.push_back(CameraAt("b", {4 * std::cos(a), 4 * std::sin(a), 1}, target, kind));
    const Triangulator triangulator(rig, {});
    const TriangulatedPoint point = triangulator.Triangulate(Look(rig, target, 0.0, random));
    const bool narrow = std::sin(a) < std::sin(2.0 * kDegree);
    EXPECT_EQ(point.status, narrow ? PointStatus::kNarrowAngle : PointStatus::kComputed) << degrees;
  }
}

TEST(Triangulate, RefusesAPointBehindTheCameras) {
  // Two cameras that look away from each other: their rays meet behind both.
  CameraRig rig;
  const auto kind = CameraModelKind::kBrownConrady5;
  rig.cameras.push_back(CameraAt("a", {-1, 0, 1}, {-2, -4, 1}, kind));
  rig.cameras.push_back(CameraAt("b", {1, 0, 1}, {2, -4, 1}, kind));
  const Triangulator triangulator(rig, {});
  const std::vector<Sighting> sightings = {{CameraId(0), {968, 531}, 0.3},
                                           {CameraId(1), {968, 531}, 0.3}};
  const TriangulatedPoint point = triangulator.Triangulate(sightings);
  EXPECT_EQ(point.status, PointStatus::kBehindCamera);
  EXPECT_TRUE(point.sample.position.array().isNaN().all());
}

TEST(Triangulate, SquaredDistanceOfASightingApartIsChiSquare) {
  const CameraRig rig = RingOfCameras(5);
  const Triangulator triangulator(rig, {});
  std::mt19937_64 random(19);
  constexpr int kPoints = 5000;
  double sum = 0.0;
  for (int i = 0; i < kPoints; ++i) {
    std::vector<Sighting> sightings = Look(rig, PointInVolume(random), 0.3, random);
    const Sighting apart = sightings.back();
    sightings.pop_back();
    sum += triangulator.SquaredDistance(triangulator.Triangulate(sightings).sample, apart);
  }
  EXPECT_NEAR(sum / kPoints, 2.0, 4.0 * std::sqrt(4.0 / kPoints));
}

TEST(Triangulate, NamesTheOptionThatIsOutOfRange) {
  const CameraRig rig = RingOfCameras(2);
  const auto message = [&](const TriangulationOptions& options) -> std::string {
    try {
      const Triangulator triangulator(rig, options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "nothing thrown";
  };
  TriangulationOptions options;
  options.default_sigma_px = 0.0;
  EXPECT_THAT(message(options), testing::HasSubstr("default_sigma_px is 0"));
  options = {};
  options.min_angle = 1.7;
  EXPECT_THAT(message(options), testing::HasSubstr("min_angle is 97"));
  options = {};
  options.reject_sigma = kNaN;
  EXPECT_THAT(message(options), testing::HasSubstr("reject_sigma is nan"));
}

TEST(Triangulate, RefusesARigOfTooManyCameras) {
  EXPECT_THROW(Triangulator(RingOfCameras(65), {}), InputError);
}

TEST(DirectionTable, IsWithinAPixelOfTheExactDirection) {
  for (const auto kind : {CameraModelKind::kBrownConrady5, CameraModelKind::kBrownConrady8,
                          CameraModelKind::kKannalaBrandt4}) {
    const Camera camera = RingOfCameras(1, kind).cameras[0];
    const DirectionTable table(camera);
    std::mt19937_64 random(20);
    std::uniform_real_distribution<double> x(-0.5, 1919.5);
    std::uniform_real_distribution<double> y(-0.5, 1079.5);
    for (int i = 0; i < 1000; ++i) {
      const double column = x(random);
      const Eigen::Vector2d xy(column, y(random));
      const auto direction = table.InLab(xy);
      ASSERT_TRUE(direction);
      const auto seen = camera.model.Project(camera.camera_from_lab.rotation * *direction);
      ASSERT_TRUE(seen);
      EXPECT_LT((*seen - xy).norm(), 1.0) << ToString(kind) << " at " << xy.transpose();
    }
  }
}

}  // namespace
}  // namespace medius::reconstruct
