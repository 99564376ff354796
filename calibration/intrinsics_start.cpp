#include "calibration/intrinsics_start.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "calibration/bundle_adjustment.hpp"
#include "calibration/homography.hpp"
#include "calibration/planar_pose.hpp"
#include "calibration/reduced_normal.hpp"
#include "calibration/target_pose.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kFewestPoints = 6;    // a plane with something to spare
constexpr std::size_t kMostViews = 40;      // of the single-camera adjustment
constexpr std::size_t kMostScanViews = 10;  // of the comparison of focal lengths
constexpr double kTolerancePx = 4.0;        // distortion bends the plane
// The scan, as multiples of the image's longer side.
constexpr double kShortestFocal = 0.3;
constexpr double kLongestFocal = 3.0;
constexpr int kScanSteps = 9;
// Loss scale of the comparison, pixels: a wrong focal length costs, an outlier does not.
constexpr double kComparisonScale = 3.0;
// The closed form is believed where its two answers differ by less (of the logarithm) and it leaves
// no more than this, pixels.
constexpr double kClosedFormAgreement = 0.25;
constexpr double kScanErrorPx = 3.0;

// Sightings that all lie below this share of the image's width or height keep to one part of it.
constexpr double kOnePart = 0.75;

// Up to `most` of n indices, evenly spread.
std::vector<std::size_t> Spread(std::size_t n, std::size_t most) {
  std::vector<std::size_t> chosen;
  const std::size_t count = std::min(n, most);
  for (std::size_t i = 0; i < count; ++i) chosen.push_back((2 * i + 1) * n / (2 * count));
  return chosen;
}

struct PlaneView {
  std::span<const Sighting> sightings;
  Eigen::Matrix3d image_from_plane;
};

std::vector<PlaneView> UsableViews(const std::vector<std::span<const Sighting>>& views) {
  std::vector<std::span<const Sighting>> large;
  for (const auto& view : views) {
    if (view.size() >= kFewestPoints) large.push_back(view);
  }
  std::vector<PlaneView> usable;
  std::vector<Eigen::Vector2d> plane;
  std::vector<Eigen::Vector2d> image;
  for (const std::size_t i : Spread(large.size(), 2 * kMostViews)) {
    plane.clear();
    image.clear();
    for (const Sighting& sighting : large[i]) {
      plane.emplace_back(sighting.x_in_target.head<2>());
      image.push_back(sighting.xy);
    }
    const PlaneHomography fit = FitHomography(plane, image, kTolerancePx);
    if (fit.valid) usable.push_back({large[i], fit.image_from_plane});
  }
  return usable;
}

Intrinsics PlainIntrinsics(double focal, int width, int height) {
  return {focal, focal, 0.5 * (width - 1), 0.5 * (height - 1)};
}

// The better of a view's candidate poses for given intrinsics.
std::optional<PoseCandidate> BestPose(CameraModelKind kind, const Intrinsics& intrinsics,
                                      std::span<const Sighting> sightings) {
  std::vector<PoseCandidate> candidates = PlanarPoseCandidates(kind, intrinsics.data(), sightings);
  if (candidates.empty()) return std::nullopt;
  return candidates.front();
}

// Mean Cauchy cost of some views at a focal length; what cannot be posed counts as far off.
double CostOfFocal(CameraModelKind kind, const Intrinsics& intrinsics,
                   const std::vector<PlaneView>& views) {
  double sum = 0.0;
  for (const std::size_t i : Spread(views.size(), kMostScanViews)) {
    const auto pose = BestPose(kind, intrinsics, views[i].sightings);
    constexpr double kLost = 50.0;  // pixels
    double cost = 0.5 * RobustLoss{kComparisonScale}.Value(kLost * kLost);
    if (pose) {
      const PoseView view{kind, intrinsics.data(), RigidTransform{}, views[i].sightings};
      const PoseFit fit =
          EvaluateTargetPose(std::span(&view, 1), pose->camera_from_target, kComparisonScale);
      if (fit.valid) cost = fit.cost / static_cast<double>(views[i].sightings.size());
    }
    sum += cost;
  }
  return sum;
}

struct FocalChoice {
  double focal = 0.0;
  double cost = std::numeric_limits<double>::infinity();
};

// The best of some focal lengths and of what was chosen before.
FocalChoice Choose(CameraModelKind kind, int width, int height, const std::vector<PlaneView>& views,
                   const std::vector<double>& focals, FocalChoice choice) {
  const double side = std::max(width, height);
  for (const double focal : focals) {
    if (!(focal > 0.5 * kShortestFocal * side && focal < 2.0 * kLongestFocal * side)) continue;
    const double cost = CostOfFocal(kind, PlainIntrinsics(focal, width, height), views);
    if (cost < choice.cost) choice = {focal, cost};
  }
  return choice;
}

std::vector<double> ScanFocals(int width, int height) {
  std::vector<double> focals;
  for (int i = 0; i < kScanSteps; ++i) {
    const double at = static_cast<double>(i) / (kScanSteps - 1);
    focals.push_back(std::max(width, height) * kShortestFocal *
                     std::pow(kLongestFocal / kShortestFocal, at));
  }
  return focals;
}

// The closed form where its two answers agree, and the scan where they do not.
double BestFocal(CameraModelKind kind, int width, int height, const std::vector<PlaneView>& views,
                 std::optional<double> guess) {
  std::vector<double> focals;
  if (kind != CameraModelKind::kKannalaBrandt4) {
    std::vector<Eigen::Matrix3d> homographies;
    for (const PlaneView& view : views) homographies.push_back(view.image_from_plane);
    focals = ClosedFormFocals(homographies, {0.5 * (width - 1), 0.5 * (height - 1)});
  }
  const bool agree =
      focals.size() == 2 && std::abs(std::log(focals[0] / focals[1])) < kClosedFormAgreement;
  if (guess) focals.push_back(*guess);
  FocalChoice choice = Choose(kind, width, height, views, focals, {});
  const double scan_cost = 0.5 * RobustLoss{kComparisonScale}.Value(kScanErrorPx * kScanErrorPx) *
                           static_cast<double>(std::min(views.size(), kMostScanViews));
  if (!agree || choice.cost > scan_cost) {
    choice = Choose(kind, width, height, views, ScanFocals(width, height), choice);
  }
  return choice.focal;
}

// One camera and its views, each a target pose of its own.
struct SingleCamera {
  BundleData data;
  RigState state;
  std::vector<std::uint8_t> use;
};

SingleCamera MakeSingleCamera(CameraModelKind kind, const Intrinsics& intrinsics,
                              const std::vector<PlaneView>& views) {
  SingleCamera single;
  single.state.kind = {kind};
  single.state.intrinsics = {intrinsics};
  single.state.group = {0};
  single.state.camera_from_lab = {RigidTransform{}};
  for (const std::size_t i : Spread(views.size(), kMostViews)) {
    const auto pose = BestPose(kind, intrinsics, views[i].sightings);
    if (!pose) continue;
    const std::size_t index = single.data.views.size();
    const std::size_t begin = single.data.sightings.size();
    single.data.sightings.insert(single.data.sightings.end(), views[i].sightings.begin(),
                                 views[i].sightings.end());
    single.data.poses.push_back({index, 0, index, index + 1});
    single.data.views.push_back({0, index, i, begin, single.data.sightings.size()});
    single.state.lab_from_target.push_back(pose->camera_from_target);
  }
  single.use.assign(single.data.sightings.size(), 1);
  return single;
}

double QuantileOf(std::vector<double>* values, double share) {
  if (values->empty()) return std::numeric_limits<double>::infinity();
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values->size()));
  std::nth_element(values->begin(), values->begin() + at, values->end());
  return (*values)[static_cast<std::size_t>(at)];
}

// Length of the residuals that this share stays below, in sd or in pixels.
double ErrorBelow(const SingleCamera& single, double share, bool is_standardized) {
  std::vector<double> errors;
  for (const BundleView& view : single.data.views) {
    for (const Sighting& sighting : single.data.SightingsOf(view)) {
      const double error = ResidualOf(single.state, view, sighting).norm();
      if (!std::isfinite(error)) continue;
      errors.push_back(is_standardized ? error * sighting.inverse_sigma : error);
    }
  }
  return QuantileOf(&errors, share);
}

double MedianError(const SingleCamera& single) {
  return ErrorBelow(single, 0.5, true);
}

// Median distance in the image of points that follow each other in the view.
double MedianSpacing(const SingleCamera& single) {
  std::vector<double> distances;
  for (const BundleView& view : single.data.views) {
    for (std::size_t i = view.begin + 1; i < view.end; ++i) {
      distances.push_back((single.data.sightings[i].xy - single.data.sightings[i - 1].xy).norm());
    }
  }
  return QuantileOf(&distances, 0.5);
}

// Whether all sightings lie in one part of the image.
bool KeepsToOnePart(const SingleCamera& single, int width, int height) {
  Eigen::Vector2d largest = Eigen::Vector2d::Zero();
  for (const Sighting& sighting : single.data.sightings) largest = largest.cwiseMax(sighting.xy);
  return largest.x() < kOnePart * width || largest.y() < kOnePart * height;
}

// Focal lengths and two radial terms; what else there is stays as it starts.
HeldParameters HeldAtStart(CameraModelKind kind, bool with_distortion,
                           bool with_principal_point = false) {
  std::vector<int> held;
  if (!with_principal_point) held = {2, 3};
  for (int i = with_distortion ? 6 : 4; i < IntrinsicCount(kind); ++i) held.push_back(i);
  return {{held}, {1}, {}};
}

// The wider the loss starts, the farther the start may be; it narrows with the residuals.
void AdjustSingle(const HeldParameters& held, const WorkControl& control, SingleCamera* single) {
  for (int round = 0; round < 3; ++round) {
    const double scale = std::max(2.0 * MedianError(*single), 0.5);
    if (!std::isfinite(scale)) return;
    AdjustBundle(single->data, single->use, held, RobustLoss{scale}, {10, 1e-4}, Parallelism(1),
                 control, &single->state);
  }
}

double LargestTilt(const SingleCamera& single) {
  double largest = 0.0;
  for (const RigidTransform& pose : single.state.lab_from_target) {
    largest = std::max(largest, std::acos(std::min(1.0, std::abs(pose.rotation(2, 2)))));
  }
  return largest;
}

double RelativeFocalSd(const SingleCamera& single, double median_error) {
  const ReducedNormal normal = ReduceNormal(single.data, single.use, single.state, Parallelism(1));
  const HeldParameters held = HeldAtStart(single.state.kind[0], true);
  const FreeInverse inverse = InvertFree(normal, FreeParameters(normal.layout, single.state, held));
  if (!inverse.regular) return std::numeric_limits<double>::infinity();
  // Median of a Rayleigh distribution: 1.1774 sd.
  const double sigma = std::max(median_error / 1.1774, 0.05);
  return sigma * std::sqrt(inverse.matrix(0, 0)) / single.state.intrinsics[0][0];
}

}  // namespace

std::vector<double> ClosedFormFocals(const std::vector<Eigen::Matrix3d>& image_from_plane,
                                     const Eigen::Vector2d& centre) {
  Eigen::Matrix3d to_centre = Eigen::Matrix3d::Identity();
  to_centre.topRightCorner<2, 1>() = -centre;
  double sum_ab = 0.0;
  double sum_aa = 0.0;
  std::vector<double> of_views;
  for (const Eigen::Matrix3d& view : image_from_plane) {
    Eigen::Matrix3d H = to_centre * view;
    // Of unit columns, so that near and far boards weigh the same.
    H /= std::sqrt(H.col(0).norm() * H.col(1).norm());
    // Zhang 2000, eqs. 3 and 4, with the image of the absolute conic diag(w, w, 1), w = 1 / f^2.
    const Eigen::Vector2d h1 = H.col(0).head<2>();
    const Eigen::Vector2d h2 = H.col(1).head<2>();
    const Eigen::Vector2d a(h1.dot(h2), h1.squaredNorm() - h2.squaredNorm());
    const Eigen::Vector2d b(H(2, 0) * H(2, 1), H(2, 0) * H(2, 0) - H(2, 1) * H(2, 1));
    sum_ab += a.dot(b);
    sum_aa += a.squaredNorm();
    const double inverse_w = -a.squaredNorm() / a.dot(b);
    if (inverse_w > 0.0 && std::isfinite(inverse_w)) of_views.push_back(std::sqrt(inverse_w));
  }
  std::vector<double> focals;
  if (-sum_ab > 0.0 && sum_aa > 0.0) focals.push_back(std::sqrt(-sum_aa / sum_ab));
  if (!of_views.empty()) {
    const auto middle = of_views.begin() + static_cast<std::ptrdiff_t>(of_views.size() / 2);
    std::nth_element(of_views.begin(), middle, of_views.end());
    focals.push_back(*middle);
  }
  return focals;
}

IntrinsicsStart StartIntrinsics(CameraModelKind kind, int width, int height,
                                const std::vector<std::span<const Sighting>>& views,
                                std::optional<double> guess, const WorkControl& control) {
  IntrinsicsStart start;
  const std::vector<PlaneView> usable = UsableViews(views);
  start.usable_views = usable.size();
  if (usable.empty()) return start;
  const double focal = BestFocal(kind, width, height, usable, guess);
  if (!(focal > 0.0)) return start;
  SingleCamera single = MakeSingleCamera(kind, PlainIntrinsics(focal, width, height), usable);
  if (single.data.views.empty()) return start;
  AdjustSingle(HeldAtStart(kind, false), control, &single);
  AdjustSingle(HeldAtStart(kind, true), control, &single);
  if (KeepsToOnePart(single, width, height)) {
    AdjustSingle(HeldAtStart(kind, true, true), control, &single);
  }
  start.intrinsics = single.state.intrinsics[0];
  start.found =
      start.intrinsics[0] > 0.0 && start.intrinsics[1] > 0.0 && std::isfinite(start.intrinsics[0]);
  start.median_error = MedianError(single);
  start.median_error_px = ErrorBelow(single, 0.5, false);
  start.upper_error_px = ErrorBelow(single, 0.75, false);
  start.spacing_px = MedianSpacing(single);
  start.largest_tilt = LargestTilt(single);
  start.relative_focal_sd = RelativeFocalSd(single, start.median_error);
  return start;
}

}  // namespace medius::calibration
