#include "calibration/wand_match.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/SVD>

#include "calibration/so3.hpp"
#include "calibration/target_pose.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kMostHypotheses = 60;
constexpr std::size_t kMostPoints = 40;
// Triangulated distances may be off by this share, beside what the gate stands for.
constexpr double kLengthShare = 0.1;
constexpr int kRefineSteps = 6;
// An end that a pixel of noise moves by more than this share of the length is not placed: the
// adjustment, which takes all to be linear, would lose itself there.
constexpr double kLargestMove = 0.1;
constexpr double kNarrowest = 1e-4;  // determinant of the rays' normal matrix

using Labellings = std::vector<std::vector<Labelling>>;

// A view of the instant by a camera that is placed.
struct SeenView {
  std::size_t index = 0;  // in the observations
  const DotView* dots = nullptr;
  const PlacedCamera* camera = nullptr;
  std::vector<Eigen::Vector3d> rays;  // [dots] zero where there is none
};

struct SpacePoint {
  Eigen::Vector3d x;
  std::size_t view_a = 0;
  std::size_t dot_a = 0;
  std::size_t view_b = 0;
  std::size_t dot_b = 0;
};

// Nearest point of two rays, its distance from them in pixels of the worse camera.
struct Meeting {
  bool valid = false;
  Eigen::Vector3d x;
  double off_px = 0.0;
  double metres_per_px = 0.0;  // at the point, of the camera farther away
};

Meeting Meet(const SeenView& a, std::size_t dot_a, const SeenView& b, std::size_t dot_b) {
  const Eigen::Vector3d& u = a.rays[dot_a];
  const Eigen::Vector3d& v = b.rays[dot_b];
  const Eigen::Vector3d base = b.camera->centre() - a.camera->centre();
  const double uv = u.dot(v);
  const double determinant = 1.0 - uv * uv;
  Meeting meeting;
  if (u.isZero() || v.isZero() || determinant < kNarrowest) return meeting;
  const double along_u = (u.dot(base) - uv * v.dot(base)) / determinant;
  const double along_v = (uv * u.dot(base) - v.dot(base)) / determinant;
  if (along_u <= 0.0 || along_v <= 0.0) return meeting;
  const Eigen::Vector3d on_u = a.camera->centre() + along_u * u;
  const Eigen::Vector3d on_v = b.camera->centre() + along_v * v;
  meeting.valid = true;
  meeting.x = 0.5 * (on_u + on_v);
  const double gap = 0.5 * (on_u - on_v).norm();
  meeting.metres_per_px = std::max(along_u / a.camera->focal(), along_v / b.camera->focal());
  meeting.off_px = gap / std::min(along_u / a.camera->focal(), along_v / b.camera->focal());
  return meeting;
}

class Matcher {
 public:
  Matcher(const WandShape& shape, const DotObservations& dots, const Labellings& labellings,
          const DotFrame& frame, const PlacedCameras& cameras, double gate)
      : shape_(shape), labellings_(labellings), gate_(gate) {
    for (const std::size_t index : frame.views) {
      const DotView& view = dots.views[index];
      const auto& camera = cameras[view.camera.index()];
      if (!camera || view.xy.empty()) continue;
      SeenView seen{index, &view, &*camera, {}};
      for (const Eigen::Vector2d& xy : view.xy) {
        seen.rays.push_back(camera->RayOf(xy).value_or(Eigen::Vector3d::Zero()));
      }
      all_dots_ += view.xy.size();
      views_.push_back(std::move(seen));
    }
  }

  std::optional<WandMatch> Run() {
    if (views_.size() < 2) return std::nullopt;
    TryLabellings();
    if (best_.hits.empty()) TryPoints();
    if (best_.hits.empty()) return std::nullopt;
    for (int round = 0; round < 2; ++round) {
      Refine(&best_);
      Assign(&best_);
    }
    if (!IsChecked(best_)) return std::nullopt;
    return std::move(best_);
  }

 private:
  // Each labelling of each pair of views gives a pose.
  void TryLabellings() {
    std::size_t tried = 0;
    for (std::size_t a = 0; a < views_.size(); ++a) {
      for (std::size_t b = a + 1; b < views_.size(); ++b) {
        for (const Labelling& la : UpToSymmetry(shape_, labellings_[views_[a].index])) {
          for (const Labelling& lb : labellings_[views_[b].index]) {
            if (++tried > kMostHypotheses) return;
            TryPair(views_[a], la, views_[b], lb);
            if (best_.hits.size() == all_dots_) return;
          }
        }
      }
    }
  }

  void TryPair(const SeenView& a, const Labelling& la, const SeenView& b, const Labelling& lb) {
    std::vector<Eigen::Vector3d> points;
    double blur = 0.0;
    for (std::size_t m = 0; m < shape_.count(); ++m) {
      const Meeting meeting = Meet(a, la.dot[m], b, lb.dot[m]);
      if (!meeting.valid || meeting.off_px > gate_) return;
      points.push_back(meeting.x);
      blur = std::max(blur, meeting.metres_per_px);
    }
    const double length = (points[shape_.end_a] - points[shape_.end_b]).norm();
    if (std::abs(length - shape_.length) > kLengthShare * shape_.length + gate_ * blur) return;
    Consider(PoseOfPoints(shape_.points, points));
  }

  // Where no two views show all of the wand: two or more points in space at distances of markers.
  void TryPoints() {
    CollectPoints();
    for (const SpacePoint& point : points_) TryPointAndView(point);
    std::size_t tried = 0;
    for (std::size_t p = 0; p < points_.size(); ++p) {
      for (std::size_t q = 0; q < points_.size(); ++q) {
        if (p == q) continue;
        const double distance = (points_[p].x - points_[q].x).norm();
        for (std::size_t i = 0; i < shape_.count(); ++i) {
          for (std::size_t j = 0; j < shape_.count(); ++j) {
            const double expected = (shape_.points[i] - shape_.points[j]).norm();
            if (i == j || std::abs(distance - expected) > 0.04 * shape_.length) continue;
            if (++tried > 2 * kMostHypotheses) return;
            TryTwoPoints(p, q, i, j);
          }
        }
      }
    }
  }

  void CollectPoints() {
    for (std::size_t a = 0; a < views_.size(); ++a) {
      for (std::size_t b = a + 1; b < views_.size(); ++b) {
        for (std::size_t i = 0; i < views_[a].rays.size(); ++i) {
          for (std::size_t j = 0; j < views_[b].rays.size(); ++j) {
            const Meeting meeting = Meet(views_[a], i, views_[b], j);
            if (!meeting.valid || meeting.off_px > gate_) continue;
            if (points_.size() < kMostPoints) points_.push_back({meeting.x, a, i, b, j});
          }
        }
      }
    }
  }

  // One point in space, and a view that shows all of the wand: another marker lies on its ray, as
  // far from the point as on the wand, in one of two places.
  void TryPointAndView(const SpacePoint& point) {
    if (!shape_.collinear || shape_.count() < 3) return;
    for (const bool first : {true, false}) {
      const SeenView& view = views_[first ? point.view_a : point.view_b];
      const std::size_t dot = first ? point.dot_a : point.dot_b;
      for (const Labelling& labelling : labellings_[view.index]) {
        const auto at = std::find(labelling.dot.begin(), labelling.dot.end(), dot);
        if (at == labelling.dot.end()) continue;
        const auto here = static_cast<std::size_t>(at - labelling.dot.begin());
        const std::size_t there = here == shape_.end_a ? shape_.end_b : shape_.end_a;
        TryOnRay(point.x, here, view, labelling.dot[there], there);
      }
    }
  }

  void TryOnRay(const Eigen::Vector3d& x, std::size_t here, const SeenView& view, std::size_t dot,
                std::size_t there) {
    const Eigen::Vector3d& ray = view.rays[dot];
    const Eigen::Vector3d to_point = x - view.camera->centre();
    const double along = ray.dot(to_point);
    const double length = (shape_.points[here] - shape_.points[there]).norm();
    const double square = length * length - (to_point - along * ray).squaredNorm();
    const double half = std::sqrt(std::max(0.0, square));
    for (const double depth : {along - half, along + half}) {
      if (ray.isZero() || depth <= 0.0) continue;
      const Eigen::Vector3d other = view.camera->centre() + depth * ray;
      Consider(PoseOfPoints({shape_.points[here], shape_.points[there]}, {x, other}));
    }
  }

  // A third marker fixes the turn of a wand that is not a line.
  void TryTwoPoints(std::size_t p, std::size_t q, std::size_t i, std::size_t j) {
    std::vector<Eigen::Vector3d> in_wand = {shape_.points[i], shape_.points[j]};
    std::vector<Eigen::Vector3d> in_lab = {points_[p].x, points_[q].x};
    if (shape_.collinear) return Consider(PoseOfPoints(in_wand, in_lab));
    const double tolerance = 0.04 * shape_.length;
    for (std::size_t r = 0; r < points_.size(); ++r) {
      for (std::size_t k = 0; k < shape_.count(); ++k) {
        if (k == i || k == j) continue;
        const Eigen::Vector3d& x = points_[r].x;
        const auto off = [&](std::size_t marker, const Eigen::Vector3d& other) {
          return std::abs((x - other).norm() - (shape_.points[k] - shape_.points[marker]).norm());
        };
        if (off(i, in_lab[0]) > tolerance || off(j, in_lab[1]) > tolerance) continue;
        in_wand.push_back(shape_.points[k]);
        in_lab.push_back(x);
        Consider(PoseOfPoints(in_wand, in_lab));
        in_wand.pop_back();
        in_lab.pop_back();
      }
    }
  }

  void Consider(const RigidTransform& lab_from_wand) {
    WandMatch match;
    match.lab_from_wand = lab_from_wand;
    const double cost = Assign(&match);
    if (match.cameras < 2 || match.hits.size() < best_.hits.size()) return;
    if (match.hits.size() == best_.hits.size() && cost >= best_cost_) return;
    best_ = std::move(match);
    best_cost_ = cost;
  }

  // Gives every marker of every view the nearest dot within the gate; returns the sum of squares.
  double Assign(WandMatch* match) const {
    match->hits.clear();
    match->cameras = 0;
    double cost = 0.0;
    for (const SeenView& view : views_) {
      const std::size_t before = match->hits.size();
      cost += AssignView(view, match);
      if (match->hits.size() > before) ++match->cameras;
    }
    return cost;
  }

  double AssignView(const SeenView& view, WandMatch* match) const {
    struct Claim {
      double distance = 0.0;
      std::size_t marker = 0;
      std::size_t dot = 0;
    };
    std::vector<Claim> claims;
    for (std::size_t m = 0; m < shape_.count(); ++m) {
      const auto xy = view.camera->Project(match->lab_from_wand * shape_.points[m]);
      if (!xy) continue;
      for (std::size_t d = 0; d < view.dots->xy.size(); ++d) {
        const double distance = (view.dots->xy[d] - *xy).norm();
        if (distance > gate_) continue;
        if (!view.dots->marker.empty() && view.dots->marker[d] != static_cast<std::int32_t>(m)) {
          continue;  // somebody said which marker it is
        }
        claims.push_back({distance, m, d});
      }
    }
    std::sort(claims.begin(), claims.end(),
              [](const Claim& a, const Claim& b) { return a.distance < b.distance; });
    double cost = 0.0;
    const auto first = static_cast<std::ptrdiff_t>(match->hits.size());
    for (const Claim& claim : claims) {
      const bool taken = std::any_of(
          match->hits.begin() + first, match->hits.end(),
          [&](const MarkerHit& hit) { return hit.marker == claim.marker || hit.dot == claim.dot; });
      if (taken) continue;
      match->hits.push_back({view.index, claim.dot, claim.marker});
      cost += claim.distance * claim.distance;
    }
    std::sort(match->hits.begin() + first, match->hits.end(),
              [](const MarkerHit& a, const MarkerHit& b) { return a.marker < b.marker; });
    return cost;
  }

  // The hits as the views of a target; they point into `sightings`.
  std::vector<PoseView> PoseViewsOf(const WandMatch& match,
                                    std::vector<Sighting>* sightings) const {
    for (const MarkerHit& hit : match.hits) {
      const auto view = std::find_if(views_.begin(), views_.end(),
                                     [&](const SeenView& seen) { return seen.index == hit.view; });
      sightings->push_back({shape_.points[hit.marker], view->dots->xy[hit.dot], 1.0});
    }
    std::vector<PoseView> pose_views;
    std::size_t begin = 0;
    for (const SeenView& view : views_) {
      std::size_t end = begin;
      while (end < match.hits.size() && match.hits[end].view == view.index) ++end;
      if (end == begin) continue;
      pose_views.push_back({view.camera->kind(), view.camera->intrinsics(),
                            view.camera->camera_from_lab(),
                            std::span<const Sighting>(*sightings).subspan(begin, end - begin)});
      begin = end;
    }
    return pose_views;
  }

  void Refine(WandMatch* match) const {
    std::vector<Sighting> sightings;
    const std::vector<PoseView> pose_views = PoseViewsOf(*match, &sightings);
    RigidTransform refined = match->lab_from_wand;
    if (RefineTargetPose(pose_views, 0.5, kRefineSteps, &refined).valid) {
      match->lab_from_wand = refined;
    }
  }

  // Two cameras, more numbers than the pose has unknowns (of two markers one alone in one camera
  // leaves two places), and a place that they fix.
  [[nodiscard]] bool IsChecked(const WandMatch& match) const {
    if (match.cameras < 2) return false;
    if (match.hits.size() < (shape_.collinear && shape_.count() > 2 ? 3U : 4U)) return false;
    std::vector<Sighting> sightings;
    const std::vector<PoseView> pose_views = PoseViewsOf(match, &sightings);
    Matrix6 information = Matrix6::Zero();
    PoseNormal normal;
    for (const PoseView& view : pose_views) {
      if (!LinearizePose(view.kind, view.intrinsics, view.camera_from_lab * match.lab_from_wand,
                         view.sightings, RobustLoss{}, &normal)) {
        return false;
      }
      const Matrix6 by = ByTargetPose(view.camera_from_lab);
      information += by.transpose() * normal.H * by;
    }
    return IsWandFixed(shape_, match.lab_from_wand, information);
  }

  const WandShape& shape_;
  const Labellings& labellings_;
  double gate_;
  std::vector<SeenView> views_;
  std::size_t all_dots_ = 0;
  std::vector<SpacePoint> points_;
  WandMatch best_;
  double best_cost_ = std::numeric_limits<double>::infinity();
};

}  // namespace

std::vector<DotFrame> GroupFrames(const DotObservations& dots) {
  std::map<std::size_t, DotFrame> groups;
  for (std::size_t v = 0; v < dots.views.size(); ++v) {
    DotFrame& group = groups[dots.views[v].frame];
    group.frame = dots.views[v].frame;
    group.views.push_back(v);
  }
  std::vector<DotFrame> frames;
  for (auto& [index, frame] : groups) {
    std::sort(frame.views.begin(), frame.views.end(), [&](std::size_t a, std::size_t b) {
      return dots.views[a].camera < dots.views[b].camera;
    });
    frames.push_back(std::move(frame));
  }
  return frames;
}

PlacedCamera::PlacedCamera(CameraModelKind kind, const Intrinsics& intrinsics,
                           const RigidTransform& camera_from_lab)
    : kind_(kind),
      intrinsics_(intrinsics),
      model_(kind,
             std::vector<double>(intrinsics.begin(), intrinsics.begin() + IntrinsicCount(kind))),
      camera_from_lab_(camera_from_lab),
      lab_from_camera_(camera_from_lab.Inverse()) {}

std::optional<Eigen::Vector3d> PlacedCamera::RayOf(const Eigen::Vector2d& xy) const {
  const auto direction = model_.Unproject(xy);
  if (!direction) return std::nullopt;
  return lab_from_camera_.rotation * *direction;
}

bool IsWandFixed(const WandShape& shape, const RigidTransform& lab_from_wand,
                 const Matrix6& information) {
  // Turns about the wand's middle, as lengths at its ends.
  const Eigen::Vector3d middle =
      lab_from_wand.rotation * (0.5 * (shape.points[shape.end_a] + shape.points[shape.end_b]));
  Matrix6 by = Matrix6::Identity();
  by.topLeftCorner<3, 3>() *= 2.0 / shape.length;
  by.bottomLeftCorner<3, 3>() = (2.0 / shape.length) * Skew(middle);
  const Eigen::SelfAdjointEigenSolver<Matrix6> eigen(by.transpose() * information * by,
                                                     Eigen::EigenvaluesOnly);
  const double weakest = eigen.eigenvalues()[shape.collinear ? 1 : 0];
  const double largest_move = kLargestMove * shape.length;  // metres per pixel
  return weakest * largest_move * largest_move > 1.0;
}

std::optional<WandMatch> MatchWand(const WandShape& shape, const DotObservations& dots,
                                   const Labellings& labellings, const DotFrame& frame,
                                   const PlacedCameras& cameras, double gate) {
  return Matcher(shape, dots, labellings, frame, cameras, gate).Run();
}

void AppendViews(const DotObservations& dots, const WandMatch& match, std::size_t target,
                 std::vector<TargetView>* views) {
  std::size_t last = dots.views.size();
  for (const MarkerHit& hit : match.hits) {
    const DotView& seen = dots.views[hit.view];
    if (hit.view != last) {
      views->push_back({seen.camera, seen.frame, seen.time, target, {}, {}, {}});
    }
    last = hit.view;
    TargetView& view = views->back();
    view.point.push_back(static_cast<std::uint32_t>(hit.marker));
    view.xy.push_back(seen.xy[hit.dot]);
    if (!seen.sigma.empty()) view.sigma.push_back(seen.sigma[hit.dot]);
  }
}

std::optional<Eigen::Vector3d> PointOfRays(const std::vector<Eigen::Vector3d>& centres,
                                           const std::vector<Eigen::Vector3d>& directions) {
  Eigen::Matrix3d A = Eigen::Matrix3d::Zero();
  Eigen::Vector3d b = Eigen::Vector3d::Zero();
  for (std::size_t i = 0; i < centres.size(); ++i) {
    const Eigen::Matrix3d across =
        Eigen::Matrix3d::Identity() - directions[i] * directions[i].transpose();
    A += across;
    b += across * centres[i];
  }
  const double size = A.trace() / 3.0;
  if (A.determinant() < kNarrowest * size * size * size) return std::nullopt;
  return Eigen::Vector3d(A.ldlt().solve(b));
}

RigidTransform PoseOfPoints(const std::vector<Eigen::Vector3d>& x_in_wand,
                            const std::vector<Eigen::Vector3d>& x_in_lab) {
  Eigen::Vector3d from = Eigen::Vector3d::Zero();
  Eigen::Vector3d to = Eigen::Vector3d::Zero();
  const auto count = static_cast<double>(x_in_wand.size());
  for (std::size_t i = 0; i < x_in_wand.size(); ++i) {
    from += x_in_wand[i] / count;
    to += x_in_lab[i] / count;
  }
  Eigen::Matrix3d C = Eigen::Matrix3d::Zero();
  for (std::size_t i = 0; i < x_in_wand.size(); ++i) {
    C += (x_in_lab[i] - to) * (x_in_wand[i] - from).transpose();
  }
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(C, Eigen::ComputeFullU | Eigen::ComputeFullV);
  Eigen::Vector3d sign = Eigen::Vector3d::Ones();
  if ((svd.matrixU() * svd.matrixV().transpose()).determinant() < 0.0) sign[2] = -1.0;
  RigidTransform pose;
  pose.rotation = svd.matrixU() * sign.asDiagonal() * svd.matrixV().transpose();
  pose.translation = to - pose.rotation * from;
  return pose;
}

}  // namespace medius::calibration
