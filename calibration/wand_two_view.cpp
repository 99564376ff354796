#include "calibration/wand_two_view.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <Eigen/Eigenvalues>
#include <Eigen/Geometry>
#include <Eigen/SVD>

#include "calibration/wand_random.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kFewestFrames = 8;
constexpr std::size_t kSampleFrames = 4;
constexpr int kIterations = 120;            // where every frame has one matching
constexpr int kAmbiguousIterations = 1500;  // where it has two: one in 16 samples is right
constexpr std::size_t kMostScored = 150;    // frames
constexpr std::size_t kMostTriangulated = 60;
constexpr int kRefits = 5;
constexpr double kLeastInFront = 0.8;
// A pair whose wand is this unequally long is looked at in the mirror.
constexpr double kSuspectScatter = 0.1;
// Weight of unequal singular values of the essential matrix beside the spread of lengths.
constexpr double kSingularWeight = 0.1;
constexpr double kPi = 3.14159265358979323846;

using Matrix9 = Eigen::Matrix<double, 9, 9>;
using Vector9 = Eigen::Matrix<double, 9, 1>;

void AddPoint(const PairPoint& p, Matrix9* normal) {
  Vector9 row;
  row << p.b.x() * p.a.x(), p.b.x() * p.a.y(), p.b.x(), p.b.y() * p.a.x(), p.b.y() * p.a.y(),
      p.b.y(), p.a.x(), p.a.y(), 1.0;
  *normal += row * row.transpose();
}

Eigen::Matrix3d Smallest(const Matrix9& normal) {
  const Eigen::SelfAdjointEigenSolver<Matrix9> eigen(normal);
  const Vector9 v = eigen.eigenvectors().col(0);
  Eigen::Matrix3d M;
  M << v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8];
  return M;
}

Eigen::Matrix3d OfRankTwo(const Eigen::Matrix3d& F) {
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(F, Eigen::ComputeFullU | Eigen::ComputeFullV);
  Eigen::Vector3d s = svd.singularValues();
  s[2] = 0.0;
  return svd.matrixU() * s.asDiagonal() * svd.matrixV().transpose();
}

// Squared Sampson distance.
double Distance2(const Eigen::Matrix3d& F, const PairPoint& p) {
  const Eigen::Vector3d a = p.a.homogeneous();
  const Eigen::Vector3d b = p.b.homogeneous();
  const Eigen::Vector3d Fa = F * a;
  const Eigen::Vector3d Fb = F.transpose() * b;
  const double e = b.dot(Fa);
  return e * e / (Fa.head<2>().squaredNorm() + Fb.head<2>().squaredNorm() + 1e-300);
}

// The matching that fits best, and the squared distance of its worst point.
std::pair<int, double> BestMatching(const Eigen::Matrix3d& F, const PairFrame& frame) {
  std::pair<int, double> best{-1, std::numeric_limits<double>::infinity()};
  for (std::size_t m = 0; m < frame.matchings.size(); ++m) {
    double worst = 0.0;
    for (const PairPoint& p : frame.matchings[m]) worst = std::max(worst, Distance2(F, p));
    if (worst < best.second) best = {static_cast<int>(m), worst};
  }
  return best;
}

double CostOf(const Eigen::Matrix3d& F, const std::vector<PairFrame>& frames, double limit2) {
  const std::size_t step = std::max<std::size_t>(1, frames.size() / kMostScored);
  double cost = 0.0;
  for (std::size_t i = 0; i < frames.size(); i += step) {
    cost += std::min(limit2, BestMatching(F, frames[i]).second);
  }
  return cost;
}

Eigen::Matrix3d FitSample(const std::vector<PairFrame>& frames, SampleSequence* random) {
  Matrix9 normal = Matrix9::Zero();
  for (std::size_t k = 0; k < kSampleFrames; ++k) {
    const PairFrame& frame = frames[random->Below(frames.size())];
    const auto& points = frame.matchings[random->Below(frame.matchings.size())];
    // The two that are farthest apart say most.
    std::size_t first = 0;
    std::size_t second = 0;
    double most = -1.0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      for (std::size_t j = i + 1; j < points.size(); ++j) {
        const double distance = (points[i].a - points[j].a).squaredNorm();
        if (distance <= most) continue;
        most = distance;
        first = i;
        second = j;
      }
    }
    AddPoint(points[first], &normal);
    AddPoint(points[second], &normal);
  }
  return OfRankTwo(Smallest(normal));
}

bool IsAmbiguous(const std::vector<PairFrame>& frames) {
  const auto count = std::count_if(frames.begin(), frames.end(), [](const PairFrame& frame) {
    return frame.matchings.size() > 1;
  });
  return static_cast<std::size_t>(count) > frames.size() / 4;
}

// Few frames are soon looked at, and each sample says less of the rest.
int IterationsFor(const std::vector<PairFrame>& frames) {
  if (IsAmbiguous(frames)) return kAmbiguousIterations;
  return kIterations * static_cast<int>(std::clamp<std::size_t>(200 / frames.size(), 1, 10));
}

double MedianOf(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::infinity();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Takes what agrees, at a threshold that follows it down, and fits that.
void Refit(const std::vector<PairFrame>& frames, double threshold, EpipolarFit* fit) {
  double limit = threshold;
  for (int round = 0; round < kRefits; ++round) {
    Matrix9 normal = Matrix9::Zero();
    std::vector<double> distances;
    fit->inliers = 0;
    fit->matching.assign(frames.size(), -1);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const auto [matching, worst2] = BestMatching(fit->F, frames[i]);
      if (worst2 > limit * limit) continue;
      fit->matching[i] = matching;
      ++fit->inliers;
      for (const PairPoint& p : frames[i].matchings[static_cast<std::size_t>(matching)]) {
        distances.push_back(std::sqrt(Distance2(fit->F, p)));
        AddPoint(p, &normal);
      }
    }
    fit->median = MedianOf(distances);
    if (fit->inliers < kFewestFrames || round + 1 == kRefits) return;
    fit->F = OfRankTwo(Smallest(normal));
    limit = std::clamp(6.0 * fit->median, 0.1 * threshold, threshold);
  }
}

// Fits b = H a and takes the median distance.
double PlanarMedian(const std::vector<PairFrame>& frames, const EpipolarFit& fit) {
  Matrix9 normal = Matrix9::Zero();
  const auto each = [&](const auto& body) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (fit.matching[i] < 0) continue;
      for (const auto& p : frames[i].matchings[static_cast<std::size_t>(fit.matching[i])]) body(p);
    }
  };
  each([&](const PairPoint& p) {
    Vector9 row = Vector9::Zero();
    row << p.a.x(), p.a.y(), 1.0, 0.0, 0.0, 0.0, -p.b.x() * p.a.x(), -p.b.x() * p.a.y(), -p.b.x();
    normal += row * row.transpose();
    row << 0.0, 0.0, 0.0, p.a.x(), p.a.y(), 1.0, -p.b.y() * p.a.x(), -p.b.y() * p.a.y(), -p.b.y();
    normal += row * row.transpose();
  });
  const Eigen::Matrix3d H = Smallest(normal);
  std::vector<double> distances;
  each([&](const PairPoint& p) {
    const Eigen::Vector3d mapped = H * p.a.homogeneous();
    distances.push_back((mapped.hnormalized() - p.b).norm());
  });
  return MedianOf(distances);
}

// Depths along two rays (z = 1 in their cameras) whose points lie nearest to each other.
Eigen::Vector2d Depths(const RigidTransform& b_from_a, const Eigen::Vector3d& ray_a,
                       const Eigen::Vector3d& ray_b) {
  const Eigen::Vector3d u = b_from_a.rotation * ray_a;
  const double uu = u.squaredNorm();
  const double vv = ray_b.squaredNorm();
  const double uv = u.dot(ray_b);
  const double determinant = uu * vv - uv * uv;
  const double ut = u.dot(b_from_a.translation);
  const double vt = ray_b.dot(b_from_a.translation);
  return Eigen::Vector2d(uv * vt - vv * ut, uu * vt - uv * ut) / determinant;
}

// The pairs of markers of frames that agree, taken evenly.
std::vector<const std::vector<PairPoint>*> Chosen(const std::vector<PairFrame>& frames,
                                                  const EpipolarFit& fit, std::size_t most) {
  std::vector<const std::vector<PairPoint>*> all;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (fit.matching[i] < 0) continue;
    all.push_back(&frames[i].matchings[static_cast<std::size_t>(fit.matching[i])]);
  }
  const std::size_t step = std::max<std::size_t>(1, (all.size() + most - 1) / most);
  std::vector<const std::vector<PairPoint>*> chosen;
  for (std::size_t i = 0; i < all.size(); i += step) chosen.push_back(all[i]);
  return chosen;
}

struct Trial {
  double focal_a = 1.0;
  double focal_b = 1.0;
  double mirror = 1.0;  // -1: the x of b turned about
};

Eigen::Vector3d RayOf(const Eigen::Vector2d& p, double focal, double mirror) {
  return {mirror * p.x() / focal, p.y() / focal, 1.0};
}

// Lengths of the wand under one pose; empty where it is not in front of both cameras.
std::vector<double> LengthsUnder(const RigidTransform& b_from_a, const Trial& trial,
                                 const std::vector<const std::vector<PairPoint>*>& frames,
                                 const WandShape& shape) {
  std::vector<double> lengths;
  std::size_t in_front = 0;
  for (const auto* points : frames) {
    std::array<Eigen::Vector3d, 2> ends;
    bool front = true;
    const std::array<std::size_t, 2> markers = {shape.end_a, shape.end_b};
    for (std::size_t k = 0; k < 2; ++k) {
      const PairPoint& p = (*points)[markers[k]];
      const Eigen::Vector3d ray_a = RayOf(p.a, trial.focal_a, 1.0);
      const Eigen::Vector2d depths =
          Depths(b_from_a, ray_a, RayOf(p.b, trial.focal_b, trial.mirror));
      front = front && depths.minCoeff() > 0.0;
      ends[k] = depths.x() * ray_a;
    }
    if (!front) continue;
    ++in_front;
    lengths.push_back((ends[0] - ends[1]).norm());
  }
  if (static_cast<double>(in_front) < kLeastInFront * static_cast<double>(frames.size())) return {};
  return lengths;
}

// Scores one pair of focal lengths: the best of the four poses of its essential matrix.
void Try(const Eigen::Matrix3d& F, const Trial& trial,
         const std::vector<const std::vector<PairPoint>*>& frames, const WandShape& shape,
         double* best_score, TwoViewStart* best) {
  const Eigen::Vector3d a(trial.focal_a, trial.focal_a, 1.0);
  const Eigen::Vector3d b(trial.mirror * trial.focal_b, trial.focal_b, 1.0);
  const Eigen::Matrix3d E = b.asDiagonal() * F * a.asDiagonal();
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(E, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Eigen::Vector3d s = svd.singularValues();
  const double unequal = 1.0 - s[1] / std::max(s[0], 1e-300);
  Eigen::Matrix3d W;
  W << 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0;
  for (int k = 0; k < 4; ++k) {
    Eigen::Matrix3d R =
        svd.matrixU() * (k < 2 ? W : Eigen::Matrix3d(W.transpose())) * svd.matrixV().transpose();
    if (R.determinant() < 0.0) R = -R;
    const Eigen::Vector3d t = (k % 2 == 0 ? 1.0 : -1.0) * svd.matrixU().col(2);
    const std::vector<double> lengths = LengthsUnder({R, t}, trial, frames, shape);
    if (lengths.size() < kFewestFrames) continue;
    const double median = MedianOf(lengths);
    std::vector<double> off;
    for (const double length : lengths) off.push_back(std::abs(length / median - 1.0));
    const double scatter = 1.4826 * MedianOf(off);
    const double score = scatter + kSingularWeight * unequal;
    if (score >= *best_score) continue;
    *best_score = score;
    best->focal_a = trial.focal_a;
    best->focal_b = trial.focal_b;
    best->b_from_a = {R, t * shape.length / median};
    best->length_scatter = scatter;
    best->mirrored = trial.mirror < 0.0;
  }
}

double MedianAngle(const TwoViewStart& start, const WandShape& shape,
                   const std::vector<const std::vector<PairPoint>*>& frames) {
  std::vector<double> angles;
  for (const auto* points : frames) {
    const PairPoint& p = (*points)[shape.end_a];
    const Eigen::Vector3d u = start.b_from_a.rotation * RayOf(p.a, start.focal_a, 1.0);
    const Eigen::Vector3d v = RayOf(p.b, start.focal_b, start.mirrored ? -1.0 : 1.0);
    angles.push_back(std::acos(std::clamp(u.normalized().dot(v.normalized()), -1.0, 1.0)));
  }
  const double angle = MedianOf(angles);
  return std::isfinite(angle) ? angle : kPi;
}

}  // namespace

std::optional<EpipolarFit> FitEpipolar(const std::vector<PairFrame>& frames, double threshold,
                                       std::uint64_t seed) {
  if (frames.size() < kFewestFrames) return std::nullopt;
  SampleSequence random(seed);
  EpipolarFit fit;
  double least = std::numeric_limits<double>::infinity();
  const int iterations = IterationsFor(frames);
  for (int i = 0; i < iterations; ++i) {
    const Eigen::Matrix3d F = FitSample(frames, &random);
    const double cost = CostOf(F, frames, threshold * threshold);
    if (cost >= least) continue;
    least = cost;
    fit.F = F;
  }
  Refit(frames, threshold, &fit);
  if (fit.inliers < kFewestFrames) return std::nullopt;
  fit.planar_median = PlanarMedian(frames, fit);
  return fit;
}

TwoViewStart ScanFocals(const std::vector<PairFrame>& frames, const EpipolarFit& fit,
                        const std::vector<double>& focals_a, const std::vector<double>& focals_b,
                        const WandShape& shape) {
  TwoViewStart best;
  best.length_scatter = std::numeric_limits<double>::infinity();
  const auto chosen = Chosen(frames, fit, kMostTriangulated);
  double score = std::numeric_limits<double>::infinity();
  const auto scan = [&](double mirror, double* least, TwoViewStart* start) {
    for (const double a : focals_a) {
      for (const double b : focals_b) Try(fit.F, {a, b, mirror}, chosen, shape, least, start);
    }
  };
  scan(1.0, &score, &best);
  if (!(best.length_scatter < kSuspectScatter)) {
    double least = 0.5 * score;
    TwoViewStart mirrored = best;
    scan(-1.0, &least, &mirrored);
    if (mirrored.mirrored && mirrored.length_scatter < 0.5 * best.length_scatter) best = mirrored;
  }
  best.angle = MedianAngle(best, shape, chosen);
  return best;
}

}  // namespace medius::calibration
