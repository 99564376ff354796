#include "calibration/wand_labels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include <Eigen/Geometry>
#include <Eigen/LU>

namespace medius::calibration {
namespace {

constexpr std::size_t kMostDots = 12;
// Far end over near end, in distance from the camera.
constexpr double kMostPerspective = 1.8;
// How far a dot may stand off the line or its place: noise, and the bend that a lens gives a line.
constexpr double kTolerancePx = 1.5;
constexpr double kToleranceShare = 0.012;  // of the image of the wand
// Perspective of a wand in a plane, as a share of its image.
constexpr double kAffineShare = 0.15;
// Labellings this much worse than the best are dropped.
constexpr double kWorseBy = 3.0;
constexpr double kSmallMisfit = 0.35;
// Shorter images say nothing about the places on them.
constexpr double kShortestImagePx = 8.0;

// Where a dot stands relative to the line through two others.
struct OnLine {
  double place = 0.0;  // 0 at the first, 1 at the second
  double off = 0.0;    // pixels
};

OnLine PlaceOnLine(const Eigen::Vector2d& a, const Eigen::Vector2d& b, const Eigen::Vector2d& x) {
  const Eigen::Vector2d along = b - a;
  const double length = along.norm();
  const double cross = along.x() * (x - a).y() - along.y() * (x - a).x();
  return {along.dot(x - a) / (length * length), std::abs(cross) / length};
}

// Image place of a wand's place t under perspective w = distance of the first end over the last.
double ImagePlace(double t, double w) {
  return t / (t + (1.0 - t) * w);
}

// The perspective under which place t is seen at s; nullopt is NaN.
double PerspectiveOf(double t, double s) {
  return t * (1.0 - s) / (s * (1.0 - t));
}

void AddIfBetter(std::vector<Labelling>* labellings, Labelling labelling) {
  for (Labelling& known : *labellings) {
    if (known.dot != labelling.dot) continue;
    known.misfit = std::min(known.misfit, labelling.misfit);
    return;
  }
  labellings->push_back(std::move(labelling));
}

// Labels the dots between two ends, whose perspective the first interior marker gives.
void LabelBetween(const WandShape& shape, const DotView& view, std::size_t first, std::size_t last,
                  std::vector<Labelling>* labellings) {
  const std::size_t count = shape.count();
  const Eigen::Vector2d& a = view.xy[first];
  const Eigen::Vector2d& b = view.xy[last];
  const double length = (b - a).norm();
  if (length < kShortestImagePx) return;
  const double tolerance = kTolerancePx + kToleranceShare * length;
  for (std::size_t k = 0; k < view.xy.size(); ++k) {
    if (k == first || k == last) continue;
    const OnLine on = PlaceOnLine(a, b, view.xy[k]);
    if (on.off > tolerance || on.place <= 0.0 || on.place >= 1.0) continue;
    const double w = PerspectiveOf(shape.place[1], on.place);
    // The place is known to the tolerance only, and so is the perspective.
    const double slack = tolerance / (length * on.place * (1.0 - on.place));
    const double log_w = std::max(0.0, std::abs(std::log(w)) - 0.3 * slack);
    if (log_w > std::log(kMostPerspective)) continue;
    Labelling labelling;
    labelling.dot.assign(count, 0);
    labelling.dot[shape.order.front()] = first;
    labelling.dot[shape.order.back()] = last;
    labelling.dot[shape.order[1]] = k;
    double misfit = on.off / tolerance + log_w / std::log(kMostPerspective);
    bool complete = true;
    for (std::size_t m = 2; m + 1 < count && complete; ++m) {
      const Eigen::Vector2d expected = a + ImagePlace(shape.place[m], w) * (b - a);
      double nearest = 2.0 * tolerance;
      complete = false;
      for (std::size_t j = 0; j < view.xy.size(); ++j) {
        const double distance = (view.xy[j] - expected).norm();
        if (j == first || j == last || j == k || distance >= nearest) continue;
        nearest = distance;
        labelling.dot[shape.order[m]] = j;
        complete = true;
      }
      misfit += nearest / tolerance;
    }
    labelling.misfit = misfit;
    if (complete) AddIfBetter(labellings, std::move(labelling));
  }
}

std::vector<Labelling> LabelLine(const WandShape& shape, const DotView& view) {
  std::vector<Labelling> labellings;
  for (std::size_t i = 0; i < view.xy.size(); ++i) {
    for (std::size_t j = 0; j < view.xy.size(); ++j) {
      if (i != j) LabelBetween(shape, view, i, j, &labellings);
    }
  }
  return labellings;
}

std::vector<Labelling> LabelPair(const DotView& view) {
  std::vector<Labelling> labellings;
  for (std::size_t i = 0; i < view.xy.size(); ++i) {
    for (std::size_t j = 0; j < view.xy.size(); ++j) {
      if (i != j) labellings.push_back({{i, j}, 0.0});
    }
  }
  return labellings;
}

// Three markers that span most of the wand's plane, and the wand in their affine coordinates.
struct AffineBasis {
  std::array<std::size_t, 3> marker{};
  std::vector<Eigen::Vector2d> coordinate;  // [markers] of m0 + x (m1 - m0) + y (m2 - m0)
};

AffineBasis BasisOf(const WandShape& shape) {
  AffineBasis basis;
  double most = 0.0;
  for (std::size_t a = 0; a < shape.count(); ++a) {
    for (std::size_t b = a + 1; b < shape.count(); ++b) {
      for (std::size_t c = b + 1; c < shape.count(); ++c) {
        const Eigen::Vector3d u = shape.points[b] - shape.points[a];
        const double area = u.cross(shape.points[c] - shape.points[a]).norm();
        if (area <= most) continue;
        most = area;
        basis.marker = {a, b, c};
      }
    }
  }
  Eigen::Matrix<double, 3, 2> axes;
  axes.col(0) = shape.points[basis.marker[1]] - shape.points[basis.marker[0]];
  axes.col(1) = shape.points[basis.marker[2]] - shape.points[basis.marker[0]];
  const Eigen::Matrix2d gram = axes.transpose() * axes;
  for (const Eigen::Vector3d& point : shape.points) {
    const Eigen::Vector2d projected = axes.transpose() * (point - shape.points[basis.marker[0]]);
    basis.coordinate.emplace_back(gram.inverse() * projected);
  }
  return basis;
}

// Labels the rest from three dots that are taken for the basis; false where one is missing.
bool LabelFromBasis(const WandShape& shape, const AffineBasis& basis, const DotView& view,
                    const std::array<std::size_t, 3>& dots, Labelling* labelling) {
  const Eigen::Vector2d& o = view.xy[dots[0]];
  const Eigen::Vector2d u = view.xy[dots[1]] - o;
  const Eigen::Vector2d v = view.xy[dots[2]] - o;
  const double size = std::max({u.norm(), v.norm(), (u - v).norm()});
  const double area = std::abs(u.x() * v.y() - u.y() * v.x());
  if (size < kShortestImagePx || area < 0.02 * size * size) return false;
  const double tolerance = kTolerancePx + kAffineShare * size;
  labelling->dot.assign(shape.count(), 0);
  std::vector<std::uint8_t> taken(view.xy.size(), 0);
  for (std::size_t i = 0; i < 3; ++i) {
    labelling->dot[basis.marker[i]] = dots[i];
    taken[dots[i]] = 1;
  }
  double sum = 0.0;
  for (std::size_t m = 0; m < shape.count(); ++m) {
    if (std::find(basis.marker.begin(), basis.marker.end(), m) != basis.marker.end()) continue;
    const Eigen::Vector2d expected = o + basis.coordinate[m].x() * u + basis.coordinate[m].y() * v;
    double nearest = tolerance;
    std::size_t best = view.xy.size();
    for (std::size_t j = 0; j < view.xy.size(); ++j) {
      const double distance = (view.xy[j] - expected).norm();
      if (taken[j] != 0 || distance >= nearest) continue;
      nearest = distance;
      best = j;
    }
    if (best == view.xy.size()) return false;
    labelling->dot[m] = best;
    taken[best] = 1;
    sum += nearest * nearest;
  }
  labelling->misfit =
      std::sqrt(sum / static_cast<double>(std::max<std::size_t>(1, shape.count() - 3))) / tolerance;
  return true;
}

std::vector<Labelling> LabelPlane(const WandShape& shape, const DotView& view) {
  const AffineBasis basis = BasisOf(shape);
  std::vector<Labelling> labellings;
  const std::size_t count = view.xy.size();
  Labelling labelling;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      for (std::size_t k = 0; k < count; ++k) {
        if (i == j || j == k || i == k) continue;
        if (LabelFromBasis(shape, basis, view, {i, j, k}, &labelling)) {
          AddIfBetter(&labellings, labelling);
        }
      }
    }
  }
  return labellings;
}

// What is known of the view, where all markers are there.
std::vector<Labelling> LabelAsKnown(const WandShape& shape, const DotView& view) {
  Labelling labelling;
  labelling.dot.assign(shape.count(), view.xy.size());
  for (std::size_t i = 0; i < view.xy.size(); ++i) {
    if (view.marker[i] >= 0) labelling.dot[static_cast<std::size_t>(view.marker[i])] = i;
  }
  for (const std::size_t dot : labelling.dot) {
    if (dot == view.xy.size()) return {};
  }
  return {labelling};
}

}  // namespace

std::vector<Labelling> LabellingsOf(const WandShape& shape, const DotView& view) {
  if (!view.marker.empty()) return LabelAsKnown(shape, view);
  if (view.xy.size() < shape.count() || view.xy.size() > kMostDots) return {};
  std::vector<Labelling> labellings;
  if (shape.count() == 2) {
    labellings = LabelPair(view);
  } else {
    labellings = shape.collinear ? LabelLine(shape, view) : LabelPlane(shape, view);
  }
  std::stable_sort(labellings.begin(), labellings.end(),
                   [](const Labelling& a, const Labelling& b) { return a.misfit < b.misfit; });
  if (labellings.empty()) return labellings;
  const double most = std::max(kSmallMisfit, kWorseBy * labellings.front().misfit);
  std::erase_if(labellings, [&](const Labelling& l) { return l.misfit > most; });
  return labellings;
}

std::vector<Labelling> UpToSymmetry(const WandShape& shape, std::vector<Labelling> labellings) {
  std::vector<Labelling> kept;
  for (Labelling& labelling : labellings) {
    const auto is_same = [&](const Labelling& known) {
      return std::any_of(shape.symmetries.begin(), shape.symmetries.end(),
                         [&](const std::vector<std::size_t>& renaming) {
                           for (std::size_t m = 0; m < renaming.size(); ++m) {
                             if (known.dot[renaming[m]] != labelling.dot[m]) return false;
                           }
                           return true;
                         });
    };
    if (std::none_of(kept.begin(), kept.end(), is_same)) kept.push_back(std::move(labelling));
  }
  return kept;
}

double SeenMiddlePlace(const DotObservations& dots) {
  constexpr std::size_t kFewestViews = 10;
  std::vector<double> places;
  for (const DotView& view : dots.views) {
    if (view.xy.size() != 3) continue;
    for (std::size_t k = 0; k < 3; ++k) {
      const Eigen::Vector2d& a = view.xy[(k + 1) % 3];
      const Eigen::Vector2d& b = view.xy[(k + 2) % 3];
      const double length = (b - a).norm();
      if (length < 4.0 * kShortestImagePx) continue;
      const OnLine on = PlaceOnLine(a, b, view.xy[k]);
      if (on.place <= 0.0 || on.place >= 1.0 || on.off > kTolerancePx + 0.012 * length) continue;
      places.push_back(std::min(on.place, 1.0 - on.place));
    }
  }
  if (places.size() < kFewestViews) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = places.begin() + static_cast<std::ptrdiff_t>(places.size() / 2);
  std::nth_element(places.begin(), middle, places.end());
  return *middle;
}

std::size_t UsualDotCount(const DotObservations& dots) {
  std::map<std::size_t, std::size_t> views;
  for (const DotView& view : dots.views) {
    if (!view.xy.empty()) ++views[view.xy.size()];
  }
  std::size_t usual = 0;
  for (const auto& [count, times] : views) {
    if (usual == 0 || times > views[usual]) usual = count;
  }
  return usual;
}

std::vector<std::size_t> RemoveStandingDots(DotObservations* dots) {
  constexpr double kCellPx = 3.0;
  constexpr std::size_t kFewestTimes = 20;
  constexpr double kShare = 0.2;
  using Cell = std::pair<std::int64_t, std::int64_t>;
  const auto cell_of = [&](const Eigen::Vector2d& xy) {
    return Cell{std::llround(xy.x() / kCellPx), std::llround(xy.y() / kCellPx)};
  };
  std::vector<std::map<Cell, std::size_t>> times(dots->cameras.size());
  std::vector<std::size_t> views(dots->cameras.size(), 0);
  for (const DotView& view : dots->views) {
    ++views[view.camera.index()];
    for (const Eigen::Vector2d& xy : view.xy) ++times[view.camera.index()][cell_of(xy)];
  }
  std::vector<std::size_t> removed(dots->cameras.size(), 0);
  for (DotView& view : dots->views) {
    const std::size_t c = view.camera.index();
    const auto limit =
        std::max(kFewestTimes, static_cast<std::size_t>(kShare * static_cast<double>(views[c])));
    for (std::size_t i = view.xy.size(); i-- > 0;) {
      const auto [x, y] = cell_of(view.xy[i]);
      std::size_t near = 0;  // with the cells round it: the place may stand on an edge
      for (std::int64_t dx = -1; dx <= 1; ++dx) {
        for (std::int64_t dy = -1; dy <= 1; ++dy) {
          const auto found = times[c].find({x + dx, y + dy});
          if (found != times[c].end()) near += found->second;
        }
      }
      if (near <= limit || (!view.marker.empty() && view.marker[i] >= 0)) continue;
      const auto at = static_cast<std::ptrdiff_t>(i);
      view.xy.erase(view.xy.begin() + at);
      if (!view.sigma.empty()) view.sigma.erase(view.sigma.begin() + at);
      if (!view.marker.empty()) view.marker.erase(view.marker.begin() + at);
      ++removed[c];
    }
  }
  return removed;
}

}  // namespace medius::calibration
