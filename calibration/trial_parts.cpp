#include "calibration/trial_parts.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>

#include "calibration/view_normal.hpp"

namespace medius::calibration {
namespace {

constexpr int kParts = 7;
constexpr double kMedianChiSquare6 = 5.3481206;
constexpr std::size_t kLeastDifferences = 5;
// Pivots this much smaller than the diagonal say that a part does not determine the pose.
constexpr double kLeastPivot = 1e-9;

// What one part says of one pose, the others held.
struct PoseOfPart {
  Vector6 pose;
  Matrix6 covariance;
};

std::optional<PoseOfPart> PoseFrom(const RigNormal& part, std::size_t camera) {
  const Eigen::Index first = kParts * static_cast<Eigen::Index>(camera) + 1;
  const Matrix6 A = part.A.block<6, 6>(first, first);
  const Vector6 diagonal = A.diagonal();
  if (!(diagonal.minCoeff() > 0.0)) return std::nullopt;
  const Vector6 scale = diagonal.cwiseSqrt().cwiseInverse();
  const Eigen::LDLT<Matrix6> factor(Matrix6(scale.asDiagonal() * A * scale.asDiagonal()));
  if (!(factor.vectorD().minCoeff() > kLeastPivot)) return std::nullopt;
  const Matrix6 covariance =
      scale.asDiagonal() * factor.solve(Matrix6::Identity()) * scale.asDiagonal();
  return PoseOfPart{covariance * part.b.segment<6>(first), covariance};
}

double NoiseFactor(const std::vector<RigNormal>& parts, std::size_t camera, double least) {
  std::vector<double> squares;
  std::optional<PoseOfPart> last;
  for (const RigNormal& part : parts) {
    const std::optional<PoseOfPart> here = PoseFrom(part, camera);
    if (here && last) {
      const Vector6 d = here->pose - last->pose;
      squares.push_back(d.dot((here->covariance + last->covariance).ldlt().solve(d)));
    }
    last = here;
  }
  if (squares.size() < kLeastDifferences) return least;
  const auto middle = squares.begin() + static_cast<std::ptrdiff_t>(squares.size() / 2);
  std::nth_element(squares.begin(), middle, squares.end());
  return std::max(least, *middle / kMedianChiSquare6);
}

RigNormal SumOfRange(const std::vector<RigNormal>& parts, std::size_t first, std::size_t last) {
  return SumOf({parts.begin() + static_cast<std::ptrdiff_t>(first),
                parts.begin() + static_cast<std::ptrdiff_t>(last)});
}

Eigen::VectorXd MountSd(std::size_t cameras, const RigCheckOptions& options) {
  Eigen::VectorXd sd = Eigen::VectorXd::Zero(kParts * static_cast<Eigen::Index>(cameras));
  for (Eigen::Index first = 1; first < sd.size(); first += kParts) {
    sd.segment<3>(first).setConstant(options.mount_rotation_sd);
    sd.segment<3>(first + 3).setConstant(options.mount_translation_sd);
  }
  return sd;
}

}  // namespace

std::vector<double> NoiseFactors(const std::vector<RigNormal>& parts, std::size_t cameras,
                                 double least) {
  std::vector<double> factors;
  for (std::size_t c = 0; c < cameras; ++c) factors.push_back(NoiseFactor(parts, c, least));
  return factors;
}

std::optional<ChangeInTrial> FindChange(const std::vector<RigNormal>& parts,
                                        const std::vector<bool>& judged,
                                        const RigCheckOptions& options) {
  const Eigen::VectorXd sd = MountSd(judged.size(), options);
  const std::size_t step = std::max<std::size_t>(parts.size() / 8, 1);
  const double alarm = options.false_alarm_rate / static_cast<double>(8 * judged.size());
  std::optional<ChangeInTrial> best;
  double most = 0.0;
  for (std::size_t split = step; split + step <= parts.size(); split += step) {
    const MoveTest test =
        MoveTest::OfChange(SumOfRange(parts, 0, split), SumOfRange(parts, split, parts.size()), sd);
    for (std::size_t c = 0; c < judged.size(); ++c) {
      const std::vector<Suspicion> one = {{c, Suspicion::Kind::kMoved}};
      const double reduction = judged[c] ? test.Reduction(one) : 0.0;
      if (reduction <= most || TailProbability(reduction, 6, kNoiseFreedom) > alarm) continue;
      most = reduction;
      best = ChangeInTrial{c, split, test.EstimateOf(one)};
    }
  }
  return best;
}

}  // namespace medius::calibration
