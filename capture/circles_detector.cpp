#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <opencv2/calib3d.hpp>
#include <opencv2/features2d.hpp>

#include "capture/board_sighting.hpp"
#include "capture/planar_map.hpp"
#include "capture/point_refinement.hpp"

namespace medius::capture {
namespace {

using Centres = std::vector<Eigen::Vector2d>;

cv::Ptr<cv::FeatureDetector> BlobDetector(const GreyImage& image) {
  cv::SimpleBlobDetector::Params params;
  params.filterByColor = true;
  params.blobColor = 0;
  params.minThreshold = 20.0F;
  params.thresholdStep = 15.0F;
  params.minArea = 16.0F;
  params.maxArea = static_cast<float>(image.width) * static_cast<float>(image.height) / 50.0F;
  params.minDistBetweenBlobs = 4.0F;
  params.filterByConvexity = true;
  params.minConvexity = 0.85F;
  params.filterByInertia = true;
  params.minInertiaRatio = 0.08F;  // a circle seen at 75 degrees
  return cv::SimpleBlobDetector::create(params);
}

std::optional<Centres> FindCentres(const GreyImage& image, const Board& board) {
  const cv::Mat view(image.height, image.width, CV_8UC1,
                     const_cast<std::uint8_t*>(image.pixels.data()));
  const cv::Ptr<cv::FeatureDetector> blobs = BlobDetector(image);
  for (const int flags : {int{cv::CALIB_CB_ASYMMETRIC_GRID},
                          cv::CALIB_CB_ASYMMETRIC_GRID | cv::CALIB_CB_CLUSTERING}) {
    std::vector<cv::Point2f> found;
    if (!cv::findCirclesGrid(view, {board.columns, board.rows}, found, flags, blobs)) continue;
    Centres centres;
    for (const cv::Point2f& centre : found) centres.emplace_back(centre.x, centre.y);
    return centres;
  }
  return std::nullopt;
}

std::vector<PlanarPair> Pairs(const std::vector<Eigen::Vector2d>& places, const Centres& centres) {
  std::vector<PlanarPair> pairs;
  for (std::size_t i = 0; i < places.size(); ++i) pairs.push_back({places[i], centres[i]});
  return pairs;
}

// The order among those that the grid's symmetries allow that is not mirrored and fits a plane
// best; of two half turns that fit alike, the one whose first circle is higher up (then farther
// left).
std::optional<PlanarMap> Orient(const Board& board, const std::vector<Eigen::Vector2d>& places,
                                Centres& centres) {
  const auto columns = static_cast<std::size_t>(board.columns);
  const auto rows = static_cast<std::size_t>(board.rows);
  std::optional<PlanarMap> best;
  Centres best_centres;
  double least = 1e9;
  for (int variant = 0; variant < 4; ++variant) {
    Centres candidate(centres.size());
    for (std::size_t i = 0; i < centres.size(); ++i) {
      const std::size_t row = (variant & 1) != 0 ? rows - 1 - i / columns : i / columns;
      const std::size_t column = (variant & 2) != 0 ? columns - 1 - i % columns : i % columns;
      candidate[i] = centres[row * columns + column];
    }
    const std::vector<PlanarPair> pairs = Pairs(places, candidate);
    const auto map = FitPlanarMap(pairs);
    if (!map || map->Jacobian(places[places.size() / 2]).determinant() < 0.0) continue;
    const double residual = ResidualOf(*map, pairs);
    const bool alike = std::abs(residual - least) < 0.05 + 0.05 * least;
    const bool higher = best && std::pair(candidate[0].y(), candidate[0].x()) <
                                    std::pair(best_centres[0].y(), best_centres[0].x());
    if (!best || (alike ? higher : residual < least)) {
      best = map;
      best_centres = candidate;
      least = residual;
    }
  }
  if (best) centres = best_centres;
  return best;
}

double LargestStretch(const Eigen::Matrix2d& jacobian) {
  const double square = jacobian.squaredNorm();
  const double det = jacobian.determinant();
  return std::sqrt(0.5 * (square + std::sqrt(std::max(0.0, square * square - 4.0 * det * det))));
}

// Centre of the image of a circle minus the image of its centre, pixels: perspective sets them
// apart. Heikkilä 2000, "Geometric camera calibration using circular control points",
// doi 10.1109/34.879788.
Eigen::Vector2d EllipseOffset(const PlanarMap& map, const Eigen::Vector2d& place, double radius) {
  Eigen::Matrix3d shift = Eigen::Matrix3d::Identity();
  shift.topRightCorner<2, 1>() = place;
  const Eigen::Matrix3d H = map.matrix * shift;
  const Eigen::Vector3d diagonal(radius * radius, radius * radius, -1.0);
  const Eigen::Matrix3d dual_conic = H * diagonal.asDiagonal() * H.transpose();
  return dual_conic.topRightCorner<2, 1>() / dual_conic(2, 2) - map.Apply(place);
}

// The map from the circles around one, which bends with the lens.
std::optional<PlanarMap> LocalMap(const std::vector<PlanarPair>& pairs, std::size_t i,
                                  double reach) {
  std::vector<PlanarPair> around;
  for (const PlanarPair& pair : pairs) {
    if ((pair.place - pairs[i].place).norm() <= reach) around.push_back(pair);
  }
  return around.size() < 6 ? std::nullopt : FitPlanarMap(around);
}

}  // namespace

BoardSighting DetectCircles(const GreyImage& image, const Board& board) {
  BoardSighting sighting;
  std::optional<Centres> centres = FindCentres(image, board);
  if (!centres) return sighting;
  const std::vector<Eigen::Vector2d> places = PlacePoints(board);
  const std::optional<PlanarMap> global = Orient(board, places, *centres);
  if (!global) return sighting;
  Eigen::Vector2d low = centres->front();
  Eigen::Vector2d high = centres->front();
  for (const Eigen::Vector2d& centre : *centres) {
    low = low.cwiseMin(centre);
    high = high.cwiseMax(centre);
  }
  const double noise = EstimateNoise(image, low, high);
  const std::vector<PlanarPair> pairs = Pairs(places, *centres);
  // Unknown circles: half of the free distance, which most prints stay below.
  const double circle =
      board.circle_diameter > 0.0 ? 0.5 * board.circle_diameter : 0.45 * board.pitch;
  for (std::size_t i = 0; i < centres->size(); ++i) {
    const PlanarMap map = LocalMap(pairs, i, 3.2 * board.pitch).value_or(*global);
    RefinementOptions options;
    const double stretch = LargestStretch(map.Jacobian(places[i]));
    // Wide enough for the whole edge and its blur; the next circles' edges stay outside.
    const double free = std::sqrt(2.0) * board.pitch - circle;
    options.window = RefinementWindow::Round(
        std::max(3.0, stretch * std::min(1.5 * circle + 0.1 * board.pitch, free)));
    options.max_move = std::max(1.0, 0.3 * stretch * circle);
    const auto refined = RefinePoint(image, (*centres)[i], PointShape::kDisc, options);
    if (!refined) continue;
    Eigen::Vector2d xy = refined->xy;
    if (board.circle_diameter > 0.0) xy -= EllipseOffset(map, places[i], circle);
    sighting.points.push_back({static_cast<std::uint32_t>(i), xy, SigmaOf(*refined, noise)});
  }
  return sighting;
}

}  // namespace medius::capture
