#include "calibration/image_quality.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/check.hpp"

namespace medius::calibration {
namespace {

constexpr int kCellsAlongSide = 10;
constexpr int kRings = 8;
constexpr double kCornerShare = 0.2;
constexpr double kGaussianFromMad = 1.4826;

// Signs without a state: the same for every build and number of threads (SplitMix64, Steele 2014).
double SignOf(std::uint64_t change, std::uint64_t block) {
  std::uint64_t z = (change * 0x100000001B3ULL + block + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return ((z ^ (z >> 31U)) & 1U) != 0 ? 1.0 : -1.0;
}

// Sums of residuals: one row a group of views, one column a cell and axis.
struct PlaceSums {
  Eigen::MatrixXd by_block;  // [blocks, cells * axes]
  Eigen::VectorXd count;     // [cells * axes] sightings
};

double Statistic(const Eigen::VectorXd& sum, const Eigen::VectorXd& count) {
  double total = 0.0;
  for (Eigen::Index i = 0; i < sum.size(); ++i) {
    if (count[i] > 0.0) total += sum[i] * sum[i] / count[i];
  }
  return total;
}

// What is left of the statistic when its mean over all sign changes is taken off, and how often
// they show as much.
PlacePattern PatternOf(const PlaceSums& sums, double sightings) {
  PlacePattern pattern;
  if (sightings == 0.0 || sums.by_block.rows() < 2) return pattern;
  const Eigen::VectorXd sum = sums.by_block.colwise().sum();
  const double seen = Statistic(sum, sums.count);
  const Eigen::VectorXd squares = sums.by_block.colwise().squaredNorm().cwiseSqrt();
  const double by_chance = Statistic(squares, sums.count);
  pattern.rms = std::sqrt(std::max(0.0, seen - by_chance) / (2.0 * sightings));
  int as_much = 0;
  Eigen::VectorXd sign(sums.by_block.rows());
  for (int change = 0; change < kSignChanges; ++change) {
    for (Eigen::Index b = 0; b < sign.size(); ++b) {
      sign[b] = SignOf(static_cast<std::uint64_t>(change), static_cast<std::uint64_t>(b));
    }
    const Eigen::VectorXd changed = sums.by_block.transpose() * sign;
    // Rounding must not decide where all signs happen to be alike.
    if (Statistic(changed, sums.count) >= seen * (1.0 - 1e-12)) ++as_much;
  }
  pattern.p = (1.0 + as_much) / (1.0 + kSignChanges);
  return pattern;
}

// One used sighting of a camera.
struct PlacedResidual {
  std::size_t block = 0;
  Eigen::Vector2d xy;
  Eigen::Vector2d residual;
};

struct CameraResiduals {
  std::vector<PlacedResidual> sightings;
  std::size_t views = 0;
  std::size_t blocks = 0;
};

CameraResiduals ResidualsOf(const TargetObservations& observations, const CalibrationResult& result,
                            CameraId camera) {
  CameraResiduals gathered;
  if (result.residuals.empty()) return gathered;
  const auto used = UsedSightings(observations, result);
  std::vector<std::size_t> views;
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    const auto count = std::count(used[v].begin(), used[v].end(), std::uint8_t{1});
    if (observations.views[v].camera == camera && count > 0) views.push_back(v);
  }
  std::sort(views.begin(), views.end(), [&](std::size_t a, std::size_t b) {
    const TargetView& first = observations.views[a];
    const TargetView& second = observations.views[b];
    return std::tie(first.frame, first.target) < std::tie(second.frame, second.target);
  });
  gathered.views = views.size();
  const auto group = static_cast<std::size_t>(
      std::max(1L, std::lround(std::cbrt(static_cast<double>(views.size())))));
  gathered.blocks = (views.size() + group - 1) / group;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const TargetView& view = observations.views[views[i]];
    for (std::size_t s = 0; s < view.xy.size(); ++s) {
      if (used[views[i]][s] == 0) continue;
      gathered.sightings.push_back({i / group, view.xy[s], result.residuals[views[i]][s]});
    }
  }
  return gathered;
}

void FillCells(const CameraResiduals& residuals, ResidualField* field) {
  const std::size_t cells = field->grid.size();
  field->count.assign(cells, 0);
  PlaceSums sums;
  sums.by_block = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(residuals.blocks),
                                        static_cast<Eigen::Index>(2 * cells));
  sums.count = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(2 * cells));
  for (const PlacedResidual& one : residuals.sightings) {
    const std::size_t cell = field->grid.CellOf(one.xy);
    ++field->count[cell];
    const auto row = static_cast<Eigen::Index>(one.block);
    const auto column = static_cast<Eigen::Index>(2 * cell);
    for (Eigen::Index axis = 0; axis < 2; ++axis) {
      sums.by_block(row, column + axis) += one.residual[axis];
      sums.count[column + axis] += 1.0;
    }
  }
  const Eigen::VectorXd sum = sums.by_block.colwise().sum();
  for (std::size_t cell = 0; cell < cells; ++cell) {
    // 0 / 0 is the NaN of a cell without sightings.
    field->mean.emplace_back(sum.segment<2>(static_cast<Eigen::Index>(2 * cell)) /
                             static_cast<double>(field->count[cell]));
  }
  field->by_cell = PatternOf(sums, static_cast<double>(residuals.sightings.size()));
}

void FillRings(const CameraResiduals& residuals, const Eigen::Vector2d& principal_point,
               ResidualField* field) {
  double farthest = 0.0;
  for (const PlacedResidual& one : residuals.sightings) {
    farthest = std::max(farthest, (one.xy - principal_point).norm());
  }
  field->ring_count.assign(kRings, 0);
  PlaceSums sums;
  sums.by_block = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(residuals.blocks), kRings);
  sums.count = Eigen::VectorXd::Zero(kRings);
  for (const PlacedResidual& one : residuals.sightings) {
    const Eigen::Vector2d out = one.xy - principal_point;
    const double radius = out.norm();
    if (!(radius > 0.0)) continue;
    const auto ring =
        std::min<std::size_t>(kRings - 1, static_cast<std::size_t>(kRings * radius / farthest));
    ++field->ring_count[ring];
    const auto column = static_cast<Eigen::Index>(ring);
    sums.by_block(static_cast<Eigen::Index>(one.block), column) += one.residual.dot(out) / radius;
    sums.count[column] += 1.0;
  }
  const Eigen::VectorXd mean = sums.by_block.colwise().sum().transpose().cwiseQuotient(sums.count);
  for (int ring = 0; ring < kRings; ++ring) {
    field->ring_radius.push_back(farthest * (ring + 0.5) / kRings);
    field->ring_mean.push_back(mean[ring]);
  }
  field->by_radius = PatternOf(sums, static_cast<double>(residuals.sightings.size()));
}

double PercentileOf(std::vector<double>* values, double share) {
  const auto last = static_cast<double>(values->size() - 1);
  const auto place = values->begin() + static_cast<std::ptrdiff_t>(std::lround(share * last));
  std::nth_element(values->begin(), place, values->end());
  return *place;
}

}  // namespace

std::size_t ImageGrid::CellOf(const Eigen::Vector2d& xy) const {
  // The image reaches from -0.5 to width - 0.5.
  const int column =
      std::clamp(static_cast<int>(std::floor((xy.x() + 0.5) / width * columns)), 0, columns - 1);
  const int row =
      std::clamp(static_cast<int>(std::floor((xy.y() + 0.5) / height * rows)), 0, rows - 1);
  return static_cast<std::size_t>(row * columns + column);
}

Eigen::Vector2d ImageGrid::CentreOf(std::size_t cell) const {
  const int row = static_cast<int>(cell) / columns;
  const int column = static_cast<int>(cell) % columns;
  return {(column + 0.5) * width / columns - 0.5, (row + 0.5) * height / rows - 0.5};
}

ImageGrid MakeImageGrid(int width, int height) {
  MEDIUS_CHECK(width > 0 && height > 0, "an image has pixels");
  const double cell = static_cast<double>(std::max(width, height)) / kCellsAlongSide;
  const auto cells = [cell](int side) {
    return std::max(1, static_cast<int>(std::lround(side / cell)));
  };
  return {cells(width), cells(height), width, height};
}

std::vector<std::vector<std::uint8_t>> UsedSightings(const TargetObservations& observations,
                                                     const CalibrationResult& result) {
  std::vector<std::vector<std::uint8_t>> used;
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    used.emplace_back(observations.views[v].xy.size(), std::uint8_t{1});
    if (result.residuals.empty()) continue;
    for (std::size_t i = 0; i < used[v].size(); ++i) {
      used[v][i] = result.residuals[v][i].allFinite() ? 1 : 0;
    }
  }
  for (const OutlierSighting& outlier : result.outliers) used[outlier.view][outlier.sighting] = 0;
  for (const std::size_t view : result.unused_views) {
    std::fill(used[view].begin(), used[view].end(), std::uint8_t{0});
  }
  return used;
}

ImageCoverage CoverageOf(const TargetObservations& observations, const CalibrationResult& result,
                         CameraId camera) {
  const UncalibratedCamera& image = observations.cameras.at(camera.index());
  ImageCoverage coverage;
  coverage.grid = MakeImageGrid(image.width, image.height);
  coverage.sightings.assign(coverage.grid.size(), 0);
  const auto used = UsedSightings(observations, result);
  const Eigen::Vector2d centre(0.5 * (image.width - 1), 0.5 * (image.height - 1));
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    if (observations.views[v].camera != camera) continue;
    for (std::size_t i = 0; i < used[v].size(); ++i) {
      if (used[v][i] == 0) continue;
      const Eigen::Vector2d& xy = observations.views[v].xy[i];
      ++coverage.sightings[coverage.grid.CellOf(xy)];
      const Eigen::Vector2d out = xy - centre;
      coverage.reach = std::max(coverage.reach, out.norm() / centre.norm());
      if (std::abs(out.x()) < (0.5 - kCornerShare) * image.width ||
          std::abs(out.y()) < (0.5 - kCornerShare) * image.height) {
        continue;
      }
      coverage.corner[(out.y() > 0.0 ? 2U : 0U) + (out.x() > 0.0 ? 1U : 0U)] = true;
    }
  }
  const auto covered = std::count_if(coverage.sightings.begin(), coverage.sightings.end(),
                                     [](std::size_t n) { return n >= kSightingsToCover; });
  coverage.share = static_cast<double>(covered) / static_cast<double>(coverage.grid.size());
  return coverage;
}

ResidualField ResidualFieldOf(const TargetObservations& observations,
                              const CalibrationResult& result, CameraId camera) {
  const UncalibratedCamera& image = observations.cameras.at(camera.index());
  ResidualField field;
  field.grid = MakeImageGrid(image.width, image.height);
  const CameraResiduals residuals = ResidualsOf(observations, result, camera);
  field.views = residuals.views;
  field.blocks = residuals.blocks;
  FillCells(residuals, &field);
  const std::vector<double>& intrinsics = result.rig[camera].model.intrinsics();
  FillRings(residuals, {intrinsics[2], intrinsics[3]}, &field);
  return field;
}

ResidualSpread ResidualSpreadOf(const TargetObservations& observations,
                                const CalibrationResult& result, CameraId camera) {
  ResidualSpread spread;
  std::vector<double> lengths;
  std::vector<double> coordinates;
  double sum = 0.0;
  for (const PlacedResidual& one : ResidualsOf(observations, result, camera).sightings) {
    lengths.push_back(one.residual.norm());
    coordinates.push_back(std::abs(one.residual.x()));
    coordinates.push_back(std::abs(one.residual.y()));
    sum += one.residual.squaredNorm();
  }
  if (lengths.empty()) return spread;
  const auto count = static_cast<double>(coordinates.size());
  spread.rms = std::sqrt(sum / count);
  spread.median = PercentileOf(&lengths, 0.5);
  spread.percentile95 = PercentileOf(&lengths, 0.95);
  spread.largest = *std::max_element(lengths.begin(), lengths.end());
  const double limit = 3.0 * kGaussianFromMad * PercentileOf(&coordinates, 0.5);
  const auto beyond = std::count_if(coordinates.begin(), coordinates.end(),
                                    [limit](double value) { return value > limit; });
  spread.beyond_three_sd = static_cast<double>(beyond) / count;
  return spread;
}

}  // namespace medius::calibration
