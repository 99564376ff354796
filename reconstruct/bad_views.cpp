#include "reconstruct/bad_views.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include <Eigen/LU>

namespace medius::reconstruct {
namespace {

constexpr int kMostBadViews = 3;
constexpr double kSmallestDistance = 0.01;  // metres; a point does not sit on a lens

// One ray's share in the squared distance of a point x from all rays, over sigma:
// x^T A x - 2 b^T x + q. A ray's distance is linear in the point however far off it is, so that
// sets of views are ranked well even by the side of a view that is off by half an image.
struct RayTerm {
  Eigen::Matrix3d A = Eigen::Matrix3d::Zero();
  Eigen::Vector3d b = Eigen::Vector3d::Zero();
  double q = 0.0;

  RayTerm& operator+=(const RayTerm& other) {
    A += other.A;
    b += other.b;
    q += other.q;
    return *this;
  }
  RayTerm& operator-=(const RayTerm& other) {
    A -= other.A;
    b -= other.b;
    q -= other.q;
    return *this;
  }
  [[nodiscard]] double SmallestChi2() const {
    const double chi2 = q - b.dot(A.inverse() * b);
    return std::isfinite(chi2) ? std::max(0.0, chi2) : std::numeric_limits<double>::infinity();
  }
};

// Metres become pixels at the distance of `origin`, which is also where the sums are centred so
// that little cancels.
RayTerm MakeRayTerm(const View& view, const Eigen::Vector3d& origin) {
  const Eigen::Vector3d centre = view.centre - view.shift - origin;
  const double distance = std::max(centre.norm(), kSmallestDistance);
  const double scale = MeanFocalLength(*view.camera) / distance * view.weight;
  RayTerm term;
  term.A =
      scale * scale * (Eigen::Matrix3d::Identity() - view.direction * view.direction.transpose());
  term.b = term.A * centre;
  term.q = centre.dot(term.b);
  return term;
}

struct Candidate {
  ViewSet removed = 0;
  double chi2 = std::numeric_limits<double>::infinity();
};

// The two best of what was offered.
struct BestTwo {
  Candidate best;
  Candidate second;
  void Offer(const Candidate& candidate) {
    if (candidate.chi2 < best.chi2) {
      second = best;
      best = candidate;
    } else if (candidate.chi2 < second.chi2) {
      second = candidate;
    }
  }
};

// Offers every set of `left` more views, from view `first` on, on top of those removed already.
void OfferSets(const std::array<RayTerm, kMaxViews>& terms, int count, int first, int left,
               const RayTerm& rest, ViewSet removed, BestTwo* best) {
  if (left == 0) return best->Offer({removed, rest.SmallestChi2()});
  for (int i = first; i <= count - left; ++i) {
    RayTerm without = rest;
    without -= terms[static_cast<std::size_t>(i)];
    OfferSets(terms, count, i + 1, left - 1, without, removed | (ViewSet{1} << i), best);
  }
}

bool FitAgrees(const Views& views, const Candidate& candidate, const BadViewLimits& limits,
               bool* narrow, PointFit* fit) {
  const ViewSet kept = views.All() & ~candidate.removed;
  if (candidate.removed == 0) return false;  // nothing was offered
  if (LargestSquaredSine(views, kept) < limits.smallest_sine2) {
    *narrow = true;
    return false;
  }
  // Where the views agree, chi2 is at most the sum of what each would take away.
  const double give_up_chi2 = 2.0 * limits.agreement * std::popcount(kept);
  FitPoint(views, kept, PointNearestRays(views, kept), give_up_chi2, fit);
  return fit->outcome == FitOutcome::kConverged && ViewsAgree(*fit, limits.agreement);
}

// True where two fits place the point differently, judged by their covariances.
bool Apart(const PointFit& a, const PointFit& b, double limit) {
  const Eigen::Vector3d d = a.position - b.position;
  const Eigen::Matrix3d C = a.covariance + b.covariance;
  return !(d.dot(C.inverse() * d) <= limit);
}

}  // namespace

BadViewOutcome FindBadViews(const Views& views, const BadViewLimits& limits, PointFit* fit) {
  std::array<RayTerm, kMaxViews> terms;
  RayTerm all;
  for (int i = 0; i < views.count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    terms[at] = MakeRayTerm(views.view[at], limits.near_point);
    all += terms[at];
  }
  bool narrow = false;
  const int most = std::min(kMostBadViews, (views.count - 1) / 2);
  for (int bad = 1; bad <= most; ++bad) {
    BestTwo found;
    OfferSets(terms, views.count, 0, bad, all, 0, &found);
    PointFit other;
    const bool best_agrees = FitAgrees(views, found.best, limits, &narrow, fit);
    const bool second_agrees = FitAgrees(views, found.second, limits, &narrow, &other);
    if (best_agrees && second_agrees) {
      if (Apart(*fit, other, limits.agreement)) return BadViewOutcome::kNotAttributable;
      if (other.chi2 < fit->chi2) *fit = other;
    } else if (second_agrees) {
      *fit = other;
    }
    if (best_agrees || second_agrees) return BadViewOutcome::kFound;
  }
  return narrow ? BadViewOutcome::kNarrowAngle : BadViewOutcome::kNotAttributable;
}

}  // namespace medius::reconstruct
