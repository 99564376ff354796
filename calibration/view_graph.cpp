#include "calibration/view_graph.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include <Eigen/Cholesky>

#include "calibration/so3.hpp"
#include "core/check.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kMostHypothesisPoses = 40;
// Two relative poses agree within this turn, and a shift of as much seen from the target.
constexpr double kAgreementAngle = 4.0 / 180.0 * 3.14159265358979;
constexpr std::size_t kPoseGrain = 8;
constexpr std::size_t kMostStartViews = 4;  // whose solutions a target's start is chosen from
// Scale of the loss with which starts of a target are compared, standardized residuals.
constexpr double kComparisonScale = 5.0;

// The two views of a target pose that both cameras saw.
struct CommonPose {
  std::size_t view_a;
  std::size_t view_b;
};
using PairKey = std::pair<std::size_t, std::size_t>;
using Candidates = std::vector<std::vector<PoseCandidate>>;

std::map<PairKey, std::vector<CommonPose>> FindCommonPoses(const BundleData& data,
                                                           const Candidates& candidates) {
  std::map<PairKey, std::vector<CommonPose>> common;
  for (const BundlePose& pose : data.poses) {
    for (std::size_t a = pose.view_begin; a < pose.view_end; ++a) {
      for (std::size_t b = a + 1; b < pose.view_end; ++b) {
        if (candidates[a].empty() || candidates[b].empty()) continue;
        common[{data.views[a].camera, data.views[b].camera}].push_back({a, b});
      }
    }
  }
  return common;
}

// Vote of one relative pose for another, 1 where they are the same, 0 where they disagree.
double Agreement(const RigidTransform& hypothesis, const RigidTransform& other, double distance) {
  // The trace first: it is cheap, and most hypotheses fail it.
  const double cosine = 0.5 * (hypothesis.rotation.cwiseProduct(other.rotation).sum() - 1.0);
  const double turn2 = 2.0 * (1.0 - cosine) / (kAgreementAngle * kAgreementAngle);
  if (turn2 >= 1.0) return 0.0;
  const double shift2 = (hypothesis.translation - other.translation).squaredNorm() /
                        (2.0 * kAgreementAngle * kAgreementAngle * distance * distance);
  return std::max(0.0, 1.0 - turn2 - shift2);
}

// All relative poses that each common target pose allows, with its distance.
struct Offer {
  std::vector<RigidTransform> a_from_b;
  double distance = 0.0;
};

std::vector<Offer> MakeOffers(const std::vector<CommonPose>& common, const Candidates& candidates) {
  std::vector<Offer> offers;
  for (const CommonPose& pose : common) {
    Offer offer;
    for (const PoseCandidate& a : candidates[pose.view_a]) {
      for (const PoseCandidate& b : candidates[pose.view_b]) {
        offer.a_from_b.push_back(a.camera_from_target * b.camera_from_target.Inverse());
      }
    }
    offer.distance = candidates[pose.view_a].front().camera_from_target.translation.norm() +
                     candidates[pose.view_b].front().camera_from_target.translation.norm();
    offers.push_back(std::move(offer));
  }
  return offers;
}

// The offered pose that agrees best, and its vote.
std::pair<const RigidTransform*, double> BestOf(const Offer& offer,
                                                const RigidTransform& hypothesis) {
  std::pair<const RigidTransform*, double> best{nullptr, 0.0};
  for (const RigidTransform& pose : offer.a_from_b) {
    const double vote = Agreement(hypothesis, pose, offer.distance);
    if (vote > best.second) best = {&pose, vote};
  }
  return best;
}

double Score(const std::vector<Offer>& offers, const RigidTransform& hypothesis) {
  double score = 0.0;
  for (const Offer& offer : offers) score += BestOf(offer, hypothesis).second;
  return score;
}

// Weighted mean of what supports a hypothesis, about it.
RigidTransform AverageSupport(const std::vector<Offer>& offers, const RigidTransform& hypothesis,
                              CameraPair* pair) {
  Eigen::Vector3d turn = Eigen::Vector3d::Zero();
  Eigen::Vector3d shift = Eigen::Vector3d::Zero();
  pair->agreeing = 0;
  pair->weight = 0.0;
  for (const Offer& offer : offers) {
    const auto [pose, vote] = BestOf(offer, hypothesis);
    if (pose == nullptr) continue;
    turn += vote * VectorFromRotation(pose->rotation * hypothesis.rotation.transpose());
    shift += vote * pose->translation;
    pair->weight += vote;
    ++pair->agreeing;
  }
  if (pair->weight <= 0.0) return hypothesis;
  return {RotationFromVector(turn / pair->weight) * hypothesis.rotation, shift / pair->weight};
}

CameraPair Vote(const PairKey& key, const std::vector<Offer>& offers) {
  CameraPair pair;
  pair.a = key.first;
  pair.b = key.second;
  pair.common = offers.size();
  double best = -1.0;
  const std::size_t count = std::min(offers.size(), kMostHypothesisPoses);
  for (std::size_t i = 0; i < count; ++i) {
    const Offer& offer = offers[(2 * i + 1) * offers.size() / (2 * count)];
    for (const RigidTransform& hypothesis : offer.a_from_b) {
      const double score = Score(offers, hypothesis);
      if (score > best) {
        best = score;
        pair.a_from_b = hypothesis;
      }
    }
  }
  for (int i = 0; i < 3; ++i) pair.a_from_b = AverageSupport(offers, pair.a_from_b, &pair);
  return pair;
}

// Prim's algorithm: the linked camera reached by the heaviest pair comes next.
std::vector<RigidTransform> PlaceAlongTree(const std::vector<CameraPair>& pairs,
                                           std::size_t camera_count, std::size_t reference) {
  std::vector<RigidTransform> places(camera_count);
  std::vector<bool> placed(camera_count, false);
  placed[reference] = true;
  for (std::size_t step = 1; step < camera_count; ++step) {
    const CameraPair* best = nullptr;
    for (const CameraPair& pair : pairs) {
      if (placed[pair.a] == placed[pair.b]) continue;
      if (best == nullptr || pair.weight > best->weight) best = &pair;
    }
    MEDIUS_CHECK(best != nullptr, "the cameras are not linked");
    if (placed[best->a]) {
      places[best->b] = best->a_from_b.Inverse() * places[best->a];
      placed[best->b] = true;
    } else {
      places[best->a] = best->a_from_b * places[best->b];
      placed[best->a] = true;
    }
  }
  return places;
}

// Pairs that the tree does not contradict.
std::vector<CameraPair> Consistent(const std::vector<CameraPair>& pairs,
                                   const std::vector<RigidTransform>& places) {
  std::vector<CameraPair> kept;
  for (const CameraPair& pair : pairs) {
    const RigidTransform a_from_b = places[pair.a] * places[pair.b].Inverse();
    const double turn = RotationAngle(a_from_b.rotation * pair.a_from_b.rotation.transpose());
    if (turn < 3.0 * kAgreementAngle) kept.push_back(pair);
  }
  return kept;
}

void AverageRotations(const std::vector<CameraPair>& pairs, std::size_t reference,
                      std::vector<RigidTransform>* places) {
  for (int sweep = 0; sweep < 30; ++sweep) {
    for (std::size_t c = 0; c < places->size(); ++c) {
      if (c == reference) continue;
      Eigen::Matrix3d& R = (*places)[c].rotation;
      Eigen::Vector3d turn = Eigen::Vector3d::Zero();
      double weight = 0.0;
      for (const CameraPair& pair : pairs) {
        if (pair.a != c && pair.b != c) continue;
        const Eigen::Matrix3d predicted =
            pair.a == c
                ? Eigen::Matrix3d(pair.a_from_b.rotation * (*places)[pair.b].rotation)
                : Eigen::Matrix3d(pair.a_from_b.rotation.transpose() * (*places)[pair.a].rotation);
        turn += pair.weight * VectorFromRotation(predicted * R.transpose());
        weight += pair.weight;
      }
      if (weight > 0.0) R = Renormalized(RotationFromVector(turn / weight) * R);
    }
  }
}

// t_a - R_ab t_b = t_ab, with R_ab of the averaged rotations; the reference stays at the origin.
void AverageTranslations(const std::vector<CameraPair>& pairs, std::size_t reference,
                         std::vector<RigidTransform>* places) {
  const auto size = static_cast<Eigen::Index>(3 * places->size());
  Eigen::MatrixXd A = Eigen::MatrixXd::Zero(size, size);
  Eigen::VectorXd b = Eigen::VectorXd::Zero(size);
  const auto at = [](std::size_t camera) { return static_cast<Eigen::Index>(3 * camera); };
  for (const CameraPair& pair : pairs) {
    const Eigen::Matrix3d R = (*places)[pair.a].rotation * (*places)[pair.b].rotation.transpose();
    Eigen::MatrixXd row = Eigen::MatrixXd::Zero(3, size);
    row.middleCols<3>(at(pair.a)).setIdentity();
    row.middleCols<3>(at(pair.b)) = -R;
    A += pair.weight * row.transpose() * row;
    b += pair.weight * row.transpose() * pair.a_from_b.translation;
  }
  A.middleRows<3>(at(reference)).setZero();
  A.middleCols<3>(at(reference)).setZero();
  A.block<3, 3>(at(reference), at(reference)).setIdentity();
  b.segment<3>(at(reference)).setZero();
  const Eigen::VectorXd t = A.ldlt().solve(b);
  if (!t.allFinite()) return;
  for (std::size_t c = 0; c < places->size(); ++c) (*places)[c].translation = t.segment<3>(at(c));
}

std::vector<PoseView> ViewsOf(const BundleData& data, const RigState& state,
                              const BundlePose& pose) {
  std::vector<PoseView> views;
  for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) {
    const BundleView& view = data.views[v];
    const std::size_t group = state.group[view.camera];
    views.push_back({state.kind[group], state.intrinsics[group].data(),
                     state.camera_from_lab[view.camera], data.SightingsOf(view)});
  }
  return views;
}

// The views of a pose with most sightings: the others would say the same.
std::vector<std::size_t> LargestViews(const BundleData& data, const Candidates& candidates,
                                      const BundlePose& pose) {
  std::vector<std::size_t> views;
  for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) {
    if (!candidates[v].empty()) views.push_back(v);
  }
  const auto size = [&](std::size_t v) { return data.views[v].end - data.views[v].begin; };
  std::stable_sort(views.begin(), views.end(),
                   [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  if (views.size() > kMostStartViews) views.resize(kMostStartViews);
  return views;
}

// False where no solution of any view can be seen by all of them.
bool StartTarget(const BundleData& data, const RigState& state, const Candidates& candidates,
                 const BundlePose& pose, RigidTransform* lab_from_target) {
  const std::vector<PoseView> views = ViewsOf(data, state, pose);
  double least = std::numeric_limits<double>::infinity();
  for (const std::size_t v : LargestViews(data, candidates, pose)) {
    const RigidTransform lab_from_camera = state.camera_from_lab[data.views[v].camera].Inverse();
    for (const PoseCandidate& candidate : candidates[v]) {
      const RigidTransform start = lab_from_camera * candidate.camera_from_target;
      const PoseFit fit = EvaluateTargetPose(views, start, kComparisonScale);
      if (!fit.valid || fit.cost >= least) continue;
      least = fit.cost;
      *lab_from_target = start;
    }
  }
  if (!std::isfinite(least)) return false;
  RigidTransform refined = *lab_from_target;
  if (views.size() > 1 && RefineTargetPose(views, kComparisonScale, 5, &refined).valid) {
    *lab_from_target = refined;
  }
  return true;
}

}  // namespace

std::vector<CameraPair> VoteOnPairs(const BundleData& data, std::size_t camera_count,
                                    const Candidates& candidates, Parallelism parallelism) {
  MEDIUS_CHECK(candidates.size() == data.views.size(), "candidates of each view");
  const auto common = FindCommonPoses(data, candidates);
  std::vector<std::pair<PairKey, const std::vector<CommonPose>*>> work;
  for (const auto& [key, poses] : common) work.emplace_back(key, &poses);
  MEDIUS_CHECK(work.empty() || work.back().first.first < camera_count, "a camera of the rig");
  std::vector<CameraPair> pairs(work.size());
  ParallelFor(parallelism, work.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      pairs[i] = Vote(work[i].first, MakeOffers(*work[i].second, candidates));
    }
  });
  std::erase_if(pairs, [](const CameraPair& pair) { return pair.weight <= 0.0; });
  return pairs;
}

std::vector<std::vector<std::size_t>> LinkedGroups(const std::vector<CameraPair>& pairs,
                                                   std::size_t camera_count) {
  std::vector<std::size_t> group(camera_count);
  std::iota(group.begin(), group.end(), std::size_t{0});
  for (const CameraPair& pair : pairs) {
    const std::size_t keep = std::min(group[pair.a], group[pair.b]);
    const std::size_t drop = std::max(group[pair.a], group[pair.b]);
    std::replace(group.begin(), group.end(), drop, keep);
  }
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t c = 0; c < camera_count; ++c) members[group[c]].push_back(c);
  std::vector<std::vector<std::size_t>> groups;
  for (auto& [first, cameras] : members) groups.push_back(std::move(cameras));
  return groups;
}

std::vector<RigidTransform> AveragePlaces(const std::vector<CameraPair>& pairs,
                                          std::size_t camera_count, std::size_t reference) {
  std::vector<RigidTransform> places = PlaceAlongTree(pairs, camera_count, reference);
  const std::vector<CameraPair> consistent = Consistent(pairs, places);
  AverageRotations(consistent, reference, &places);
  AverageTranslations(consistent, reference, &places);
  return places;
}

TargetStart StartTargets(const BundleData& data, const RigState& state,
                         const Candidates& candidates, Parallelism parallelism) {
  TargetStart start;
  start.lab_from_target.resize(data.poses.size());
  start.valid.assign(data.poses.size(), 0);
  ParallelFor(parallelism, data.poses.size(), kPoseGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const bool found =
          StartTarget(data, state, candidates, data.poses[i], &start.lab_from_target[i]);
      start.valid[i] = found ? 1 : 0;
    }
  });
  return start;
}

}  // namespace medius::calibration
