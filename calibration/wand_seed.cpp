#include "calibration/wand_seed.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <Eigen/Geometry>

namespace medius::calibration {
namespace {

constexpr std::size_t kMostGoodPairs = 8;
constexpr std::size_t kMostPairs = 24;
constexpr std::size_t kMostLabellings = 3;  // of a view, up to symmetry
// Distance from an epipolar line within which points agree, of the image's width: an unknown lens
// bends lines by some ten pixels.
constexpr double kUnknownLensThreshold = 0.008;
constexpr double kKnownLensThreshold = 0.003;
constexpr double kWorstScatter = 0.12;  // of the wand's triangulated length
// Share of the width below which one map explains all points: a plane seen through a bent lens.
constexpr double kPlanarDistance = 0.012;

// Undistorted or centred coordinates of a labelled view.
class PointScaler {
 public:
  explicit PointScaler(const SeedInput& input) : input_(input) {
    for (std::size_t c = 0; c < input.dots.cameras.size() && input.intrinsics_known; ++c) {
      const std::size_t group = input.state.group[c];
      const Intrinsics& values = input.state.intrinsics[group];
      lenses_.emplace_back(
          input.state.kind[group],
          std::vector<double>(values.begin(),
                              values.begin() + IntrinsicCountOf(input.state, group)));
    }
  }

  [[nodiscard]] std::optional<Eigen::Vector2d> Of(const DotView& view, std::size_t dot) const {
    const UncalibratedCamera& camera = input_.dots.cameras[view.camera.index()];
    if (!input_.intrinsics_known) {
      const Eigen::Vector2d centre(0.5 * (camera.width - 1), 0.5 * (camera.height - 1));
      return (view.xy[dot] - centre) / camera.width;
    }
    const auto ray = lenses_[view.camera.index()].Unproject(view.xy[dot]);
    if (!ray || ray->z() <= 0.0) return std::nullopt;
    return Eigen::Vector2d(ray->hnormalized());
  }

 private:
  const SeedInput& input_;
  std::vector<CameraModel> lenses_;
};

const DotView* ViewOf(const SeedInput& input, const DotFrame& frame, std::size_t camera,
                      std::size_t* index) {
  for (const std::size_t v : frame.views) {
    if (input.dots.views[v].camera.index() != camera) continue;
    *index = v;
    return &input.dots.views[v];
  }
  return nullptr;
}

std::vector<PairFrame> PairFramesOf(const SeedInput& input, const PointScaler& scaler,
                                    const CommonFrames& pair) {
  std::vector<PairFrame> frames;
  for (const DotFrame& frame : input.frames) {
    std::size_t ia = 0;
    std::size_t ib = 0;
    const DotView* a = ViewOf(input, frame, pair.a, &ia);
    const DotView* b = ViewOf(input, frame, pair.b, &ib);
    if (a == nullptr || b == nullptr) continue;
    const auto of_a = UpToSymmetry(input.shape, input.labellings[ia]);
    const auto& of_b = input.labellings[ib];
    const std::size_t most_b = kMostLabellings * input.shape.symmetries.size();
    if (of_a.empty() || of_b.empty() || of_a.size() > kMostLabellings || of_b.size() > most_b) {
      continue;
    }
    PairFrame pair_frame;
    for (const Labelling& la : of_a) {
      for (const Labelling& lb : of_b) {
        std::vector<PairPoint> points;
        for (std::size_t m = 0; m < input.shape.count(); ++m) {
          const auto xa = scaler.Of(*a, la.dot[m]);
          const auto xb = scaler.Of(*b, lb.dot[m]);
          if (xa && xb) points.push_back({*xa, *xb});
        }
        if (points.size() == input.shape.count()) pair_frame.matchings.push_back(std::move(points));
      }
    }
    if (!pair_frame.matchings.empty()) frames.push_back(std::move(pair_frame));
  }
  return frames;
}

// Focal lengths to try, units of the points.
std::vector<double> FocalsOf(const SeedInput& input, std::size_t camera) {
  if (input.intrinsics_known) return {1.0};
  if (!input.focal_guess.empty() && input.focal_guess[camera] > 0.0) {
    const double guess = input.focal_guess[camera] / input.dots.cameras[camera].width;
    return {0.85 * guess, 0.92 * guess, guess, 1.08 * guess, 1.17 * guess};
  }
  std::vector<double> focals;
  for (int i = 0; i < 12; ++i) focals.push_back(0.4 * std::pow(1.19, i));  // to 2.7 widths
  return focals;
}

struct Verdict {
  double score = 0.0;
  SeedPair pair;
  TwoViewStart start;
  bool planar = false;
};

Verdict Judge(const SeedInput& input, const PointScaler& scaler, const CommonFrames& common) {
  Verdict verdict;
  verdict.start.length_scatter = std::numeric_limits<double>::infinity();
  const auto frames = PairFramesOf(input, scaler, common);
  const double threshold = input.intrinsics_known ? kKnownLensThreshold : kUnknownLensThreshold;
  const auto fit = FitEpipolar(frames, threshold, 1 + common.a * 1000 + common.b);
  if (!fit) return verdict;
  verdict.planar = fit->planar_median < kPlanarDistance;
  const double enough = 0.3 * static_cast<double>(frames.size());
  if (verdict.planar || static_cast<double>(fit->inliers) < enough) return verdict;
  verdict.start =
      ScanFocals(frames, *fit, FocalsOf(input, common.a), FocalsOf(input, common.b), input.shape);
  const TwoViewStart& start = verdict.start;
  if (!(start.length_scatter < kWorstScatter)) return verdict;
  verdict.score =
      static_cast<double>(fit->inliers) * std::sin(start.angle) / (0.01 + start.length_scatter);
  const double unit_a = input.intrinsics_known ? 1.0 : input.dots.cameras[common.a].width;
  const double unit_b = input.intrinsics_known ? 1.0 : input.dots.cameras[common.b].width;
  verdict.pair = {common.a, common.b, start.b_from_a, start.focal_a * unit_a,
                  start.focal_b * unit_b};
  return verdict;
}

}  // namespace

std::vector<CommonFrames> CountCommonFrames(const DotObservations& dots,
                                            const std::vector<std::vector<Labelling>>& labellings,
                                            const std::vector<DotFrame>& frames) {
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> counts;
  for (const DotFrame& frame : frames) {
    for (std::size_t i = 0; i < frame.views.size(); ++i) {
      if (labellings[frame.views[i]].empty()) continue;
      for (std::size_t j = i + 1; j < frame.views.size(); ++j) {
        if (labellings[frame.views[j]].empty()) continue;
        ++counts[{dots.views[frame.views[i]].camera.index(),
                  dots.views[frame.views[j]].camera.index()}];
      }
    }
  }
  std::vector<CommonFrames> common;
  for (const auto& [pair, count] : counts) common.push_back({pair.first, pair.second, count});
  std::stable_sort(common.begin(), common.end(),
                   [](const CommonFrames& a, const CommonFrames& b) { return a.count > b.count; });
  return common;
}

SeedSearch FindSeedPairs(const SeedInput& input, const std::vector<CommonFrames>& common) {
  const PointScaler scaler(input);
  SeedSearch search;
  std::vector<Verdict> good;
  std::optional<Verdict> mirrored;
  std::optional<CommonFrames> planar;
  std::size_t judged = 0;
  for (const CommonFrames& pair : common) {
    if (pair.count < kFewestWandFrames || ++judged > kMostPairs) break;
    if (good.size() == kMostGoodPairs) break;
    const Verdict verdict = Judge(input, scaler, pair);
    if (verdict.planar && !planar) planar = pair;
    if (verdict.score <= 0.0) continue;
    if (verdict.start.mirrored) {
      mirrored = verdict;
    } else {
      good.push_back(verdict);
    }
  }
  std::stable_sort(good.begin(), good.end(),
                   [](const Verdict& a, const Verdict& b) { return a.score > b.score; });
  for (const Verdict& verdict : good) search.pairs.push_back(verdict.pair);
  if (!good.empty()) return search;
  if (mirrored) {
    std::vector<int> sides(input.dots.cameras.size(), -1);
    sides[mirrored->pair.a] = 0;
    sides[mirrored->pair.b] = 1;
    search.degeneracy = DescribeMirrored(input.dots, sides);
  } else if (planar) {
    search.degeneracy = DescribePlanarWave(input.dots, planar->a, planar->b);
  } else {
    search.degeneracy = DescribeNoPair(input.dots, common);
  }
  return search;
}

}  // namespace medius::calibration
