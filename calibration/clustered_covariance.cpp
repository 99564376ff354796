#include "calibration/clustered_covariance.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.hpp"

namespace medius::calibration {
namespace {

constexpr double kSureSds = 4.0;
constexpr std::size_t kFewestClusters = 16;

// What one cluster adds to the normal equations.
struct Cluster {
  Eigen::VectorXd score;        // [size]
  double square = 0.0;          // s_k^T C s_k
  double information = 0.0;     // tr(C A_k)
  double self_influence = 0.0;  // tr((C A_k)^2)
};

class Clusters {
 public:
  Clusters(const BundleData& data, const std::vector<std::uint8_t>& use, const RigState& state,
           const ReducedNormal& normal, const Eigen::MatrixXd& inverse, Parallelism parallelism)
      : data_(data),
        use_(use),
        state_(state),
        normal_(normal),
        inverse_(inverse),
        parallelism_(parallelism) {}

  [[nodiscard]] std::vector<Cluster> Of(std::size_t instants) const {
    std::vector<Cluster> clusters((data_.poses.size() + instants - 1) / instants);
    ParallelFor(parallelism_, clusters.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k) clusters[k] = Sum(k * instants, instants);
    });
    return clusters;
  }

 private:
  // Normal equations of one cluster in the columns that its views touch.
  struct Local {
    std::vector<int> touched;  // [n] columns of the whole
    std::vector<int> at;       // [size] place in `touched`, -1 elsewhere
    Eigen::MatrixXd A;         // [n, n]
    Eigen::VectorXd score;     // [n]
  };

  [[nodiscard]] Cluster Sum(std::size_t begin, std::size_t count) const {
    const std::size_t end = std::min(begin + count, data_.poses.size());
    Local local = Lay(begin, end);
    for (std::size_t p = begin; p < end; ++p) AddPose(p, &local);
    const Eigen::MatrixXd C = inverse_(local.touched, local.touched);
    const Eigen::MatrixXd CA = C * local.A;
    Cluster cluster;
    cluster.score = Eigen::VectorXd::Zero(normal_.layout.size);
    cluster.score(local.touched) = local.score;
    cluster.square = local.score.dot(C * local.score);
    cluster.information = CA.trace();
    cluster.self_influence = CA.cwiseProduct(CA.transpose()).sum();
    return cluster;
  }

  [[nodiscard]] Local Lay(std::size_t begin, std::size_t end) const {
    Local local;
    local.at.assign(static_cast<std::size_t>(normal_.layout.size), -1);
    for (std::size_t p = begin; p < end; ++p) {
      for (std::size_t v = data_.poses[p].view_begin; v < data_.poses[p].view_end; ++v) {
        for (const int column : ColumnsOf(v)) local.at[static_cast<std::size_t>(column)] = 0;
      }
    }
    for (std::size_t i = 0; i < local.at.size(); ++i) {
      if (local.at[i] < 0) continue;
      local.at[i] = static_cast<int>(local.touched.size());
      local.touched.push_back(static_cast<int>(i));
    }
    const auto n = static_cast<Eigen::Index>(local.touched.size());
    local.A = Eigen::MatrixXd::Zero(n, n);
    local.score = Eigen::VectorXd::Zero(n);
    return local;
  }

  // The Schur complement of one pose and its score, the pose being eliminated.
  void AddPose(std::size_t index, Local* local) const {
    const BundlePose& pose = data_.poses[index];
    Vector6 target = Vector6::Zero();
    for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) target += AddView(v, local);
    const Vector6 moved = normal_.pose_inverse[index] * target;
    for (std::size_t a = pose.view_begin; a < pose.view_end; ++a) {
      const std::vector<int> rows = PlacesOf(a, *local);
      const ReducedNormal::PoseCoupling WV = normal_.coupling[a] * normal_.pose_inverse[index];
      local->score(rows) -= normal_.coupling[a] * moved;
      for (std::size_t b = pose.view_begin; b < pose.view_end; ++b) {
        local->A(rows, PlacesOf(b, *local)) -= WV * normal_.coupling[b].transpose();
      }
    }
  }

  // @return the score of the target's pose.
  Vector6 AddView(std::size_t index, Local* local) const {
    const BundleView& view = data_.views[index];
    const std::size_t group = state_.group[view.camera];
    const RigidTransform& camera_from_lab = state_.camera_from_lab[view.camera];
    ViewNormal own;
    const bool projected = LinearizeView(state_.kind[group], state_.intrinsics[group].data(),
                                         CameraFromTarget(state_, view), data_.SightingsOf(view),
                                         use_.data() + view.begin, RobustLoss{}, &own,
                                         ShapeOfView(state_, data_, view));
    MEDIUS_CHECK(projected, "a sighting that is used lies behind its camera");
    LocalMatrix by_camera = LocalMatrix::Identity(own.H.rows(), own.H.cols());
    by_camera.bottomRightCorner<6, 6>() =
        ByCameraPose(camera_from_lab, state_.lab_from_target[view.pose]);
    const std::vector<int> places = PlacesOf(index, *local);
    local->A(places, places) += by_camera.transpose() * own.H * by_camera;
    local->score(places) += by_camera.transpose() * own.g;
    return ByTargetPose(camera_from_lab).transpose() * own.g.tail<6>();
  }

  [[nodiscard]] std::vector<int> ColumnsOf(std::size_t view) const {
    const BundleView& own = data_.views[view];
    return normal_.layout.ColumnsOf(own.camera, data_.poses[own.pose].target);
  }

  [[nodiscard]] std::vector<int> PlacesOf(std::size_t view, const Local& local) const {
    std::vector<int> places = ColumnsOf(view);
    for (int& place : places) place = local.at[static_cast<std::size_t>(place)];
    return places;
  }

  const BundleData& data_;
  const std::vector<std::uint8_t>& use_;
  const RigState& state_;
  const ReducedNormal& normal_;
  const Eigen::MatrixXd& inverse_;
  Parallelism parallelism_;
};

struct Spread {
  double inflation = 1.0;
  double sd = 0.0;          // of it, where errors are independent
  double unbiased = 1.0;    // of the sandwich: what the adjustment took out of the scores
  double parameters = 0.0;  // free directions that the sightings tell
};

Spread SpreadOf(const std::vector<Cluster>& clusters, double sigma) {
  double found = 0.0;
  double self = 0.0;
  Spread spread;
  for (const Cluster& cluster : clusters) {
    found += cluster.square;
    spread.parameters += cluster.information;
    self += cluster.self_influence;
  }
  const double expected = spread.parameters - self;
  if (!(expected > 0.0) || !(sigma > 0.0)) return spread;
  spread.inflation = found / (sigma * sigma * expected);
  spread.sd = std::sqrt(2.0 * self) / spread.parameters;
  spread.unbiased = spread.parameters / expected;
  return spread;
}

Eigen::MatrixXd Sandwich(const std::vector<Cluster>& clusters, const Eigen::MatrixXd& inverse,
                         double sigma, const Spread& spread) {
  Eigen::MatrixXd steps(inverse.rows(), static_cast<Eigen::Index>(clusters.size()));
  for (std::size_t k = 0; k < clusters.size(); ++k) {
    steps.col(static_cast<Eigen::Index>(k)) = inverse * clusters[k].score / sigma;
  }
  const auto count = static_cast<double>(clusters.size());
  const double weight = count / (count + spread.parameters);
  return weight * spread.unbiased * (steps * steps.transpose()) +
         (1.0 - weight) * spread.inflation * inverse;
}

}  // namespace

ClusteredCovariance EstimateClusteredCovariance(const BundleData& data,
                                                const std::vector<std::uint8_t>& use,
                                                const RigState& state, const ReducedNormal& normal,
                                                const Eigen::MatrixXd& inverse, double sigma,
                                                Parallelism parallelism) {
  const Clusters source(data, use, state, normal, inverse, parallelism);
  ClusteredCovariance result{inverse, 1.0, 1, data.poses.size()};
  std::vector<Cluster> clusters = source.Of(1);
  Spread spread = SpreadOf(clusters, sigma);
  if (clusters.size() < kFewestClusters || spread.inflation < 1.0 + kSureSds * spread.sd) {
    return result;
  }
  for (std::size_t instants = 2; data.poses.size() / instants >= kFewestClusters; instants *= 2) {
    std::vector<Cluster> larger = source.Of(instants);
    const Spread more = SpreadOf(larger, sigma);
    if (more.inflation <= spread.inflation) continue;
    spread = more;
    clusters = std::move(larger);
    result.instants = instants;
  }
  result.inflation = spread.inflation;
  result.clusters = clusters.size();
  result.matrix = Sandwich(clusters, inverse, sigma, spread);
  return result;
}

}  // namespace medius::calibration
