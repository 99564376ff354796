#include "capture/marker_detection.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <opencv2/aruco.hpp>
#include <opencv2/imgproc.hpp>

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

// Adds the markers of an image whose black is thinned by (width - 1) / 2 pixels on each side; the
// image is that of the camera shrunk `scale` times.
void AddThinned(const cv::Mat& image, int scale, int width, const MarkerDictionary& dictionary,
                int border_bits, std::vector<SeenMarker>& all) {
  cv::Mat thinned;
  cv::dilate(image, thinned, cv::getStructuringElement(cv::MORPH_RECT, {width, width}));
  for (SeenMarker& marker : Detect(thinned, dictionary, border_bits)) {
    // Put the corners back to where they are in the camera's image before it was thinned.
    const Eigen::Vector2d centre =
        0.25 * (marker.corners[0] + marker.corners[1] + marker.corners[2] + marker.corners[3]);
    for (Eigen::Vector2d& corner : marker.corners) {
      const Eigen::Vector2d out = corner - centre;
      corner += out * (0.5 * (width - 1) * std::sqrt(2.0) / std::max(1.0, out.norm()));
      corner = ((corner.array() + 0.5) * scale - 0.5).matrix();
    }
    if (!IsKnown(all, marker)) all.push_back(marker);
  }
}

}  // namespace

std::vector<SeenMarker> DetectMarkers(const GreyImage& image, const MarkerDictionary& dictionary,
                                      int border_bits) {
  return Detect(View(image), dictionary, border_bits);
}

std::vector<SeenMarker> DetectTouchingMarkers(const GreyImage& image,
                                              const MarkerDictionary& dictionary, int border_bits) {
  std::vector<SeenMarker> all;
  const cv::Mat full = View(image);
  for (const int width : {1, 3, 5, 9}) AddThinned(full, 1, width, dictionary, border_bits, all);
  // Blur joins tags and squares over more pixels, and noise breaks their outlines: both shrink with
  // the image.
  cv::Mat half;
  cv::resize(full, half, {}, 0.5, 0.5, cv::INTER_AREA);
  for (const int width : {3, 7}) AddThinned(half, 2, width, dictionary, border_bits, all);
  return all;
}

}  // namespace medius::capture
