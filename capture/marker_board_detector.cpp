#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <Eigen/LU>

#include "capture/board_sighting.hpp"
#include "capture/marker_detection.hpp"
#include "capture/marker_layout.hpp"
#include "capture/planar_map.hpp"
#include "capture/point_refinement.hpp"
#include "core/check.hpp"

namespace medius::capture {
namespace {

constexpr std::size_t kFewestPoints = 4;
constexpr double kLargestRadius = 12.0;  // pixels
constexpr double kSmallestRadius = 2.8;  // pixels
constexpr double kRadiusOfClear = 1.4;   // a round window's diagonal reach between two structures
constexpr double kReachOfPitch = 0.42;   // along edges, short of the next corner
constexpr double kLargestReach = 20.0;   // pixels; beyond it edges bend with the lens
constexpr double kAsideOfClear = 0.7;    // the rest is for the blur of the structure beyond
constexpr double kSmallestPitch = 6.0;   // pixels
constexpr double kLeastContradiction = 0.75;  // pixels
constexpr double kContradiction = 5.0;        // medians of the view
constexpr double kLeastContrast = 12.0;       // grey levels between black and white beside a corner

// The four quarters around a point, by the signs of (x, y) on the board: which are black (-1),
// white (+1), or either (0).
struct Quarters {
  int top_left = 0, top_right = 0, bottom_right = 0, bottom_left = 0;
};

// What the search needs to know of a point before it is seen.
struct ExpectedPoint {
  Eigen::Vector2d place;  // metres, on its side
  Quarters quarters;
  double clear = 0.0;        // metres around the point without other structure than its edges
  double pitch = 0.0;        // metres to its neighbours
  bool edges_cross = false;  // both edges run on beyond the point, for a whole pitch
};

std::vector<ExpectedPoint> ExpectCharuco(const Board& board) {
  const int black = board.legacy_layout && board.rows % 2 == 0 ? 1 : 0;
  std::vector<ExpectedPoint> expected;
  const std::vector<Eigen::Vector2d> places = PlacePoints(board);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const int column = static_cast<int>(i) % (board.columns - 1);
    const int row = static_cast<int>(i) / (board.columns - 1);
    const int first = (row + column) % 2 == black ? -1 : 1;
    const double margin = 0.5 * (1.0 - board.marker_ratio) * board.pitch;
    expected.push_back({places[i], {first, -first, first, -first}, margin, board.pitch, true});
  }
  return expected;
}

std::vector<ExpectedPoint> ExpectTags(const Board& board) {
  // Seen from a corner of a tag: its black border inwards, white along both sides, and in the
  // fourth quarter the little black square that some prints have.
  const double cells = FindMarkerDictionary(board.dictionary)->code == 20 ? 6.0 : 5.0;
  const double border = board.border_bits / (cells + 2.0 * board.border_bits) * board.pitch;
  const double clear = std::min(border, board.gap_ratio * board.pitch);
  const std::vector<Eigen::Vector2d> places = PlacePoints(board);
  const std::array<Quarters, 4> quarters{Quarters{0, 1, -1, 1}, Quarters{1, 0, 1, -1},
                                         Quarters{-1, 1, 0, 1}, Quarters{1, -1, 1, 0}};
  std::vector<ExpectedPoint> expected;
  for (std::size_t i = 0; i < places.size(); ++i) {
    expected.push_back({places[i], quarters[i % 4], clear, board.pitch, false});
  }
  return expected;
}

// True where the image around xy is black and white as it must be.
bool LooksRight(const GreyImage& image, const ExpectedPoint& expected,
                const Eigen::Matrix2d& jacobian, const Eigen::Vector2d& xy) {
  const double offset = 0.75 * expected.clear;
  double darkest_white = 255.0;
  double lightest_black = 0.0;
  const auto look = [&](int sign, double x, double y) {
    if (sign == 0) return;
    const double grey = GreyAt(image, xy + jacobian * Eigen::Vector2d(x * offset, y * offset));
    if (sign > 0) darkest_white = std::min(darkest_white, grey);
    if (sign < 0) lightest_black = std::max(lightest_black, grey);
  };
  look(expected.quarters.top_left, -1, -1);
  look(expected.quarters.top_right, 1, -1);
  look(expected.quarters.bottom_right, 1, 1);
  look(expected.quarters.bottom_left, -1, 1);
  return darkest_white - lightest_black >= kLeastContrast;
}

double SmallestStretch(const Eigen::Matrix2d& jacobian) {
  // Singular values of a 2 x 2 matrix in closed form.
  const double square = jacobian.squaredNorm();
  const double det = std::abs(jacobian.determinant());
  return std::sqrt(
      std::max(0.0, 0.5 * (square - std::sqrt(std::max(0.0, square * square - 4.0 * det * det)))));
}

// Where the edges through a point run free: along both edges as far as `reach` (metres), to both
// sides as far as `aside` (pixels or more).
RefinementWindow CrossAlongEdges(const ExpectedPoint& expected, const Eigen::Matrix2d& jacobian,
                                 double stretch, double aside_px) {
  const double longest = std::sqrt(0.5) * jacobian.norm();  // between both singular values
  const double reach = std::min(kReachOfPitch * expected.pitch, kLargestReach / longest);
  const double aside = std::max(kAsideOfClear * expected.clear, aside_px / stretch);
  return {jacobian.inverse() / reach, aside / reach};
}

RefinementWindow WindowFor(const ExpectedPoint& expected, const Eigen::Matrix2d& jacobian,
                           bool first) {
  const double stretch = SmallestStretch(jacobian);
  if (expected.edges_cross) {
    return CrossAlongEdges(expected, jacobian, stretch, first ? 2.5 : 1.5);
  }
  const double radius =
      std::clamp(kRadiusOfClear * stretch * expected.clear, kSmallestRadius, kLargestRadius);
  return RefinementWindow::Round(first ? std::max(radius, 4.0) : radius);
}

// Refines one point that a map predicts: first in a window wide enough for the prediction's error,
// then in one that other structure of the board does not reach.
std::optional<RefinedPoint> RefinePredicted(const GreyImage& image, const ExpectedPoint& expected,
                                            const PlanarMap& map) {
  const Eigen::Matrix2d jacobian = map.Jacobian(expected.place);
  const Eigen::Vector2d predicted = map.Apply(expected.place);
  const double pitch_px = SmallestStretch(jacobian) * expected.pitch;
  if (!(pitch_px > kSmallestPitch)) return std::nullopt;
  RefinementOptions options;
  options.max_move = std::max(2.0, 0.08 * pitch_px);
  options.window = WindowFor(expected, jacobian, true);
  const auto first = RefinePoint(image, predicted, PointShape::kCorner, options);
  if (!first) return std::nullopt;
  options.window = WindowFor(expected, jacobian, false);
  auto second = RefinePoint(image, first->xy, PointShape::kCorner, options);
  if (!second || !LooksRight(image, expected, jacobian, second->xy)) return std::nullopt;
  return second;
}

using Found = std::vector<std::optional<RefinedPoint>>;

// Corners beside a marker that was read.
Found FindNearMarkers(const GreyImage& image, const std::vector<ExpectedPoint>& expected,
                      const MarkerLayout& layout) {
  Found found(expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const ExpectedPoint& point = expected[i];
    const auto map = FitPlanarMap(NearestMarkerCorners(layout, point.place, 4, 1.6 * point.pitch));
    if (map) found[i] = RefinePredicted(image, point, *map);
  }
  return found;
}

// The found points within a reach of a place, nearest first, without the one at `skip`.
std::vector<PlanarPair> FoundAround(const std::vector<ExpectedPoint>& expected, const Found& found,
                                    std::size_t skip, double reach) {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (i == skip || !found[i]) continue;
    const double distance = (expected[i].place - expected[skip].place).norm();
    if (distance <= reach) order.emplace_back(distance, i);
  }
  std::sort(order.begin(), order.end());
  if (order.size() > 8) order.resize(8);
  std::vector<PlanarPair> pairs;
  pairs.reserve(order.size());
  for (const auto& [distance, i] : order) pairs.push_back({expected[i].place, found[i]->xy});
  return pairs;
}

// Corners whose markers were covered or blurred, from found corners around them.
void FindFromNeighbours(const GreyImage& image, const std::vector<ExpectedPoint>& expected,
                        Found& found) {
  for (int pass = 0; pass < 2; ++pass) {
    const Found before = found;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (found[i]) continue;
      const auto pairs = FoundAround(expected, before, i, 2.3 * expected[i].pitch);
      const auto map = pairs.size() < 5 ? std::nullopt : FitPlanarMap(pairs);
      if (map) found[i] = RefinePredicted(image, expected[i], *map);
    }
  }
}

// How far each found corner lies from where those around it put it, pixels; NaN without enough.
std::vector<double> Contradictions(const std::vector<ExpectedPoint>& expected, const Found& found) {
  std::vector<double> distances(expected.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!found[i]) continue;
    const auto pairs = FoundAround(expected, found, i, 3.1 * expected[i].pitch);
    const auto map = pairs.size() < 6 ? std::nullopt : FitPlanarMap(pairs);
    if (map) distances[i] = (map->Apply(expected[i].place) - found[i]->xy).norm();
  }
  return distances;
}

double MedianOf(std::vector<double> values) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }),
               values.end());
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Drops corners that the others around them contradict, the worst first: fingers, reflections of
// lamps. The lens bends the plane by less than the limit over three squares.
void DropContradicted(const std::vector<ExpectedPoint>& expected, Found& found) {
  const auto count = static_cast<std::size_t>(
      std::count_if(found.begin(), found.end(), [](const auto& point) { return !!point; }));
  for (std::size_t dropped = 0; dropped < count / 4; ++dropped) {
    const std::vector<double> distances = Contradictions(expected, found);
    const double limit = std::max(kLeastContradiction, kContradiction * MedianOf(distances));
    std::size_t worst = 0;
    double largest = 0.0;
    for (std::size_t i = 0; i < distances.size(); ++i) {
      if (!(distances[i] > largest)) continue;
      largest = distances[i];
      worst = i;
    }
    if (largest <= limit) return;
    found[worst].reset();
  }
}

void AppendPoints(const GreyImage& image, const Found& found, int first_point,
                  BoardSighting& sighting) {
  Eigen::Vector2d low = Eigen::Vector2d::Constant(1e9);
  Eigen::Vector2d high = Eigen::Vector2d::Constant(-1e9);
  std::size_t count = 0;
  for (const auto& point : found) {
    if (!point) continue;
    ++count;
    low = low.cwiseMin(point->xy);
    high = high.cwiseMax(point->xy);
  }
  if (count < kFewestPoints) return;
  const Eigen::Vector2d margin = Eigen::Vector2d::Constant(10.0);
  const double noise = EstimateNoise(image, low - margin, high + margin);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) continue;
    const auto index = static_cast<std::uint32_t>(static_cast<std::size_t>(first_point) + i);
    sighting.points.push_back({index, found[i]->xy, SigmaOf(*found[i], noise)});
  }
}

// Markers of the board that were read, but nowhere where the board has them.
std::size_t CountContradicting(const std::vector<PlacedMarker>& placed,
                               const std::vector<SeenMarker>& seen, const MarkerLayout& layout) {
  std::set<int> contradicting;
  for (const SeenMarker& marker : seen) {
    const bool on_board = std::any_of(placed.begin(), placed.end(), [&](const PlacedMarker& place) {
      return place.id == marker.id;
    });
    if (on_board) contradicting.insert(marker.id);
  }
  for (const PlacedMarker& marker : layout.placed) contradicting.erase(marker.id);
  return contradicting.size();
}

void DetectSide(const GreyImage& image, const Board& board, const std::vector<SeenMarker>& seen,
                int first_marker_id, int first_point, BoardSighting& sighting) {
  const std::vector<PlacedMarker> placed = PlaceMarkers(board, first_marker_id);
  const bool tags = board.kind == BoardKind::kAprilTagGrid;
  std::optional<MarkerLayout> best;
  // Programs disagree on which corner of an AprilTag comes first: the grid itself tells.
  for (int turns = 0; turns < (tags ? 4 : 1); ++turns) {
    std::optional<MarkerLayout> layout = FindLayout(placed, seen, turns);
    if (layout && (!best || layout->seen.size() > best->seen.size())) best = std::move(layout);
  }
  if (!best || (tags && best->seen.size() < 2)) return;
  // One marker may be misread; more of them lie elsewhere on another board with the same numbers.
  if (CountContradicting(placed, seen, *best) > 1 + best->seen.size() / 10) return;
  const std::vector<ExpectedPoint> expected = tags ? ExpectTags(board) : ExpectCharuco(board);
  Found found = FindNearMarkers(image, expected, *best);
  FindFromNeighbours(image, expected, found);
  DropContradicted(expected, found);
  sighting.agreeing_markers += static_cast<int>(best->seen.size());
  AppendPoints(image, found, first_point, sighting);
}

}  // namespace

double SigmaOf(const RefinedPoint& point, double image_noise) {
  constexpr double kFloor = 0.05;  // pixels
  const double variance = 0.5 * point.covariance_per_noise.trace() * image_noise * image_noise;
  return std::sqrt(variance + kFloor * kFloor);
}

BoardSighting DetectMarkerBoard(const GreyImage& image, const Board& board) {
  const MarkerDictionary* dictionary = FindMarkerDictionary(board.dictionary);
  MEDIUS_CHECK(dictionary != nullptr, "a validated board has a known dictionary");
  const std::vector<SeenMarker> seen =
      board.kind == BoardKind::kAprilTagGrid
          ? DetectTouchingMarkers(image, *dictionary, board.border_bits)
          : DetectMarkers(image, *dictionary, board.border_bits);
  BoardSighting sighting;
  for (const SeenMarker& marker : seen) sighting.markers.push_back(marker.id);
  DetectSide(image, board, seen, board.first_marker_id, 0, sighting);
  if (board.back) {
    DetectSide(image, board, seen, board.back->first_marker_id, PointsOfSide(board), sighting);
  }
  return sighting;
}

}  // namespace medius::capture
