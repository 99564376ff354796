// Rigid fits per second, beside the textbook solution by a 3x3 singular value decomposition.

#include <random>
#include <vector>

#include <Eigen/Geometry>
#include <Eigen/SVD>
#include <benchmark/benchmark.h>

#include "analysis/rigid_fit.hpp"

namespace medius::analysis {
namespace {

struct Clusters {
  std::vector<Eigen::Vector3d> local;
  std::vector<std::vector<Eigen::Vector3d>> measured;
};

// A cluster of a limb's size in many poses, a millimetre of noise on each marker.
Clusters MakeClusters(std::size_t markers) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  const auto vector = [&](double scale) {
    return Eigen::Vector3d(scale * normal(random), scale * normal(random), scale * normal(random));
  };
  Clusters clusters;
  for (std::size_t i = 0; i < markers; ++i) clusters.local.push_back(vector(0.08));
  for (int frame = 0; frame < 256; ++frame) {
    Eigen::Quaterniond q(normal(random), normal(random), normal(random), normal(random));
    const Eigen::Matrix3d rotation = q.normalized().toRotationMatrix();
    const Eigen::Vector3d place = vector(1.0);
    std::vector<Eigen::Vector3d> measured;
    for (const auto& p : clusters.local) measured.push_back(rotation * p + place + vector(0.001));
    clusters.measured.push_back(std::move(measured));
  }
  return clusters;
}

void BM_FitRigid(benchmark::State& state) {
  const Clusters clusters = MakeClusters(static_cast<std::size_t>(state.range(0)));
  std::size_t frame = 0;
  for ([[maybe_unused]] auto _ : state) {
    RigidFit fit = FitRigid(clusters.local, clusters.measured[frame++ % 256]);
    benchmark::DoNotOptimize(fit);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_FitRigid)->Arg(3)->Arg(4)->Arg(8);

void BM_FitRigidWithCovariance(benchmark::State& state) {
  const Clusters clusters = MakeClusters(4);
  const std::vector<Eigen::Matrix3d> covariance(4, Eigen::Matrix3d::Identity() * 1e-6);
  std::size_t frame = 0;
  for ([[maybe_unused]] auto _ : state) {
    const auto& measured = clusters.measured[frame++ % 256];
    const RigidFit fit = FitRigid(clusters.local, measured);
    Eigen::Matrix3d spread = RotationCovariance(fit, clusters.local, measured, covariance);
    benchmark::DoNotOptimize(spread);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_FitRigidWithCovariance);

// Soderkvist & Wedin 1993 as it is printed, for comparison.
void BM_FitBySvd(benchmark::State& state) {
  const Clusters clusters = MakeClusters(4);
  std::size_t frame = 0;
  for ([[maybe_unused]] auto _ : state) {
    const auto& measured = clusters.measured[frame++ % 256];
    Eigen::Vector3d p = Eigen::Vector3d::Zero(), q = Eigen::Vector3d::Zero();
    for (std::size_t i = 0; i < 4; ++i) {
      p += 0.25 * clusters.local[i];
      q += 0.25 * measured[i];
    }
    Eigen::Matrix3d h = Eigen::Matrix3d::Zero();
    for (std::size_t i = 0; i < 4; ++i) {
      h += (measured[i] - q) * (clusters.local[i] - p).transpose();
    }
    const Eigen::JacobiSVD<Eigen::Matrix3d> svd(h, Eigen::ComputeFullU | Eigen::ComputeFullV);
    const double sign = svd.matrixU().determinant() * svd.matrixV().determinant();
    Eigen::Matrix3d rotation = svd.matrixU() *
                               Eigen::Vector3d(1.0, 1.0, sign < 0.0 ? -1.0 : 1.0).asDiagonal() *
                               svd.matrixV().transpose();
    benchmark::DoNotOptimize(rotation);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_FitBySvd);

}  // namespace
}  // namespace medius::analysis
