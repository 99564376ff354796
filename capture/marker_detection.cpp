#include "capture/marker_detection.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>

#include <opencv2/aruco.hpp>
#include <opencv2/imgproc.hpp>

#include "capture/planar_map.hpp"
#include "capture/point_refinement.hpp"

namespace medius::capture {
namespace {

cv::Ptr<cv::aruco::DetectorParameters> Parameters(const cv::Mat& image, int border_bits) {
  auto parameters = cv::aruco::DetectorParameters::create();
  parameters->markerBorderBits = border_bits;
  // Markers down to a side of about 12 pixels; OpenCV's default of 3 % loses them in large images.
  parameters->minMarkerPerimeterRate = std::min(0.03, 48.0 / std::max(image.cols, image.rows));
  parameters->adaptiveThreshWinSizeMin = 5;
  parameters->adaptiveThreshWinSizeMax = 45;
  parameters->adaptiveThreshWinSizeStep = 20;
  parameters->polygonalApproxAccuracyRate = 0.05;
  parameters->minDistanceToBorder = 1;
  parameters->cornerRefinementMethod = cv::aruco::CORNER_REFINE_NONE;
  return parameters;
}

std::vector<SeenMarker> Detect(const cv::Mat& image, const MarkerDictionary& dictionary,
                               int border_bits) {
  const auto codes = cv::aruco::getPredefinedDictionary(dictionary.code);
  std::vector<std::vector<cv::Point2f>> corners;
  std::vector<int> ids;
  cv::aruco::detectMarkers(image, codes, corners, ids, Parameters(image, border_bits));
  std::vector<SeenMarker> seen(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    seen[i].id = ids[i];
    for (std::size_t k = 0; k < 4; ++k) {
      seen[i].corners[k] = Eigen::Vector2d(corners[i][k].x, corners[i][k].y);
    }
  }
  return seen;
}

cv::Mat View(const GreyImage& image) {
  // OpenCV has no const view; nothing here writes to it.
  return {image.height, image.width, CV_8UC1, const_cast<std::uint8_t*>(image.pixels.data())};
}

bool IsKnown(const std::vector<SeenMarker>& markers, const SeenMarker& marker) {
  const Eigen::Vector2d centre = 0.5 * (marker.corners[0] + marker.corners[2]);
  const double reach = 0.5 * (marker.corners[0] - marker.corners[2]).norm();
  return std::any_of(markers.begin(), markers.end(), [&](const SeenMarker& other) {
    const Eigen::Vector2d other_centre = 0.5 * (other.corners[0] + other.corners[2]);
    return other.id == marker.id && (other_centre - centre).norm() < reach;
  });
}

using Quad = std::array<Eigen::Vector2d, 4>;

// Every outline with four corners in an image whose black is thinned by (width - 1) / 2 pixels on
// each side and that is the camera's shrunk `scale` times; put back to where it is in the camera's.
std::vector<Quad> FindQuads(const cv::Mat& image, int scale, int width,
                            const cv::Ptr<cv::aruco::Dictionary>& codes, int border_bits) {
  cv::Mat thinned;
  cv::dilate(image, thinned, cv::getStructuringElement(cv::MORPH_RECT, {width, width}));
  std::vector<std::vector<cv::Point2f>> read;
  std::vector<std::vector<cv::Point2f>> rejected;
  std::vector<int> ids;
  cv::aruco::detectMarkers(thinned, codes, read, ids, Parameters(thinned, border_bits), rejected);
  read.insert(read.end(), rejected.begin(), rejected.end());
  std::vector<Quad> quads;
  for (const std::vector<cv::Point2f>& outline : read) {
    Quad quad;
    for (std::size_t k = 0; k < 4; ++k) quad[k] = Eigen::Vector2d(outline[k].x, outline[k].y);
    const Eigen::Vector2d centre = 0.25 * (quad[0] + quad[1] + quad[2] + quad[3]);
    for (Eigen::Vector2d& corner : quad) {
      const Eigen::Vector2d out = corner - centre;
      corner += out * (0.5 * (width - 1) * std::sqrt(2.0) / std::max(1.0, out.norm()));
      corner = ((corner.array() + 0.5) * scale - 0.5).matrix();
    }
    quads.push_back(quad);
  }
  return quads;
}

// Grey value in the middle of each cell of a marker that fills the quad, rows from the top left.
std::vector<double> SampleCells(const GreyImage& image, const Quad& quad, int across) {
  std::vector<PlanarPair> pairs;
  const double side = across;
  const Quad square{Eigen::Vector2d(0, 0), Eigen::Vector2d(side, 0), Eigen::Vector2d(side, side),
                    Eigen::Vector2d(0, side)};
  for (std::size_t k = 0; k < 4; ++k) pairs.push_back({square[k], quad[k]});
  const std::optional<PlanarMap> map = FitPlanarMap(pairs);
  std::vector<double> cells;
  for (int i = 0; map && i < across * across; ++i) {
    const int row = i / across;
    const int column = i % across;
    double sum = 0.0;
    for (int j = 0; j < 9; ++j) {  // the middle of the cell, against noise
      const int right = j % 3 - 1;
      const int down = j / 3 - 1;
      const Eigen::Vector2d place(column + 0.5 + 0.2 * right, row + 0.5 + 0.2 * down);
      sum += GreyAt(image, map->Apply(place));
    }
    cells.push_back(sum / 9.0);
  }
  return cells;
}

// The threshold that splits values into two classes of least variance (Otsu 1979).
double SplitOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  double total = 0.0;
  for (const double value : values) total += value;
  double below = 0.0;
  double best = -1.0;
  double split = 0.0;
  const auto count = static_cast<double>(values.size());
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    below += values[i];
    const double n = static_cast<double>(i) + 1.0;
    const double gap = below / n - (total - below) / (count - n);
    if (n * (count - n) * gap * gap <= best) continue;
    best = n * (count - n) * gap * gap;
    split = 0.5 * (values[i] + values[i + 1]);
  }
  return split;
}

// Reads the marker that fills a quad, from the image as it is.
std::optional<SeenMarker> ReadQuad(const GreyImage& image, const Quad& quad,
                                   const cv::aruco::Dictionary& codes, int border_bits) {
  constexpr double kLeastContrast = 12.0;   // grey levels between black and white cells
  constexpr double kBorderErrors = 0.1;     // of the border's cells
  constexpr double kCorrectedErrors = 0.6;  // of what the code can correct
  const int across = codes.markerSize + 2 * border_bits;
  const std::vector<double> cells = SampleCells(image, quad, across);
  if (cells.empty()) return std::nullopt;
  const auto [low, high] = std::minmax_element(cells.begin(), cells.end());
  if (*high - *low < kLeastContrast) return std::nullopt;
  const double split = SplitOf(cells);
  cv::Mat bits(codes.markerSize, codes.markerSize, CV_8UC1);
  int white_border = 0;
  for (int i = 0; i < across * across; ++i) {
    const int row = i / across - border_bits;
    const int column = i % across - border_bits;
    const bool white = cells[static_cast<std::size_t>(i)] > split;
    const bool inside =
        row >= 0 && column >= 0 && row < codes.markerSize && column < codes.markerSize;
    if (inside) bits.at<uchar>(row, column) = white ? 1 : 0;
    if (!inside && white) ++white_border;
  }
  const int border = across * across - codes.markerSize * codes.markerSize;
  if (white_border > kBorderErrors * border) return std::nullopt;
  SeenMarker marker;
  int rotation = 0;
  if (!codes.identify(bits, marker.id, rotation, kCorrectedErrors)) return std::nullopt;
  for (std::size_t k = 0; k < 4; ++k) {
    marker.corners[k] = quad[(k + 4 - static_cast<std::size_t>(rotation)) % 4];
  }
  return marker;
}

}  // namespace

std::vector<SeenMarker> DetectMarkers(const GreyImage& image, const MarkerDictionary& dictionary,
                                      int border_bits) {
  return Detect(View(image), dictionary, border_bits);
}

std::vector<SeenMarker> DetectTouchingMarkers(const GreyImage& image,
                                              const MarkerDictionary& dictionary, int border_bits) {
  std::vector<SeenMarker> all = DetectMarkers(image, dictionary, border_bits);
  const auto codes = cv::aruco::getPredefinedDictionary(dictionary.code);
  const auto add = [&](const cv::Mat& view, int scale, int width) {
    for (const Quad& quad : FindQuads(view, scale, width, codes, border_bits)) {
      const std::optional<SeenMarker> marker = ReadQuad(image, quad, *codes, border_bits);
      if (marker && !IsKnown(all, *marker)) all.push_back(*marker);
    }
  };
  const cv::Mat full = View(image);
  for (const int width : {3, 5, 9}) add(full, 1, width);
  // Blur joins tags and squares over more pixels, and noise breaks their outlines: both shrink with
  // the image.
  cv::Mat half;
  cv::resize(full, half, {}, 0.5, 0.5, cv::INTER_AREA);
  for (const int width : {3, 7}) add(half, 2, width);
  return all;
}

}  // namespace medius::capture
