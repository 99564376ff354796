// Points per second of the triangulation, one thread: the bare maximum-likelihood fit, and with the
// search for bad views, where none, one in fifty and one in ten sightings is bad.

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/camera_rig.hpp"
#include "reconstruct/triangulation.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kTwoPi = 6.283185307179586;

CameraRig Ring(int count) {
  CameraRig rig;
  for (int i = 0; i < count; ++i) {
    const double angle = kTwoPi * (i + 0.1 * (i % 3)) / count;
    const Eigen::Vector3d place(4.2 * std::cos(angle), 4.2 * std::sin(angle), 2.4 - 0.1 * (i % 8));
    const Eigen::Vector3d z = (Eigen::Vector3d(0, 0, 1) - place).normalized();
    const Eigen::Vector3d x = Eigen::Vector3d(z.y(), -z.x(), 0.0).normalized();
    Eigen::Matrix3d R;
    R << x.transpose(),
        Eigen::Vector3d(z.y() * x.z() - z.z() * x.y(), z.z() * x.x() - z.x() * x.z(),
                        z.x() * x.y() - z.y() * x.x())
            .transpose(),
        z.transpose();
    rig.cameras.push_back({"cam" + std::to_string(i),
                           1920,
                           1080,
                           CameraModel(CameraModelKind::kBrownConrady5,
                                       {1350, 1345, 968, 531, -0.21, 0.09, 4e-4, -3e-4, -0.01}),
                           {R, -R * place},
                           0.0,
                           std::nullopt});
  }
  return rig;
}

// Sightings of points in the volume of a runner; one in `bad_every` is off by 20 to 200 px.
std::vector<std::vector<Sighting>> Points(const CameraRig& rig, int bad_every) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise(0.0, 0.3);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  std::vector<std::vector<Sighting>> points(4096);
  for (std::vector<Sighting>& sightings : points) {
    Eigen::Vector3d point;
    for (double& value : point) value = 0.8 * uniform(random);
    point.z() += 1.0;
    for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
      Eigen::Vector2d xy = rig.cameras[c].Project(point).value();
      for (double& value : xy) value += noise(random);
      if (bad_every > 0 && random() % static_cast<std::uint64_t>(bad_every) == 0) {
        xy.x() += 110.0 + 90.0 * uniform(random);
      }
      sightings.push_back({CameraId(c), xy, 0.3});
    }
  }
  return points;
}

// Arguments: cameras, whether to look for bad views, one sighting in how many is bad (0: none).
void BM_Triangulate(benchmark::State& state) {
  const CameraRig rig = Ring(static_cast<int>(state.range(0)));
  TriangulationOptions options;
  options.reject_bad_views = state.range(1) != 0;
  const Triangulator triangulator(rig, options);
  const std::vector<std::vector<Sighting>> points = Points(rig, static_cast<int>(state.range(2)));
  std::size_t i = 0;
  std::size_t missing = 0;
  for (auto _ : state) {
    const TriangulatedPoint point = triangulator.Triangulate(points[i]);
    if (point.status != PointStatus::kComputed) ++missing;
    benchmark::DoNotOptimize(point.sample.covariance.data());
    i = (i + 1) % points.size();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["missing_per_million"] =
      1e6 * static_cast<double>(missing) / static_cast<double>(state.iterations());
}
BENCHMARK(BM_Triangulate)
    ->ArgNames({"cameras", "robust", "bad_every"})
    ->Args({8, 0, 0})
    ->Args({8, 1, 0})
    ->Args({8, 1, 50})
    ->Args({8, 1, 10})
    ->Args({4, 1, 0})
    ->Args({16, 1, 0})
    ->Args({16, 1, 50});

}  // namespace
}  // namespace medius::reconstruct
