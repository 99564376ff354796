#include "apps/calibration_pictures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include "apps/plot.hpp"
#include "apps/svg_drawing.hpp"
#include "calibration/image_quality.hpp"

namespace medius::apps {
namespace {

using calibration::ResidualField;
using Eigen::Vector2d;

constexpr double kImageWidth = 320.0;  // of a picture, its units
constexpr std::size_t kMostDots = 1500;
constexpr std::size_t kMostCrosses = 300;
// Beyond, the noise of a good camera looks like a fault.
constexpr double kMostArrowScale = 500.0;
// Cells with fewer sightings have arrows that are mostly noise.
constexpr std::size_t kSightingsForArrow = 10;

// A pixel where the picture has the image; its pixel (0, 0) is the middle of one.
Vector2d InPicture(const Vector2d& xy, double scale) {
  return {scale * (xy.x() + 0.5), scale * (xy.y() + 0.5)};
}

// At most `most` of the places, evenly taken.
std::vector<Vector2d> Thinned(const std::vector<Vector2d>& places, std::size_t most) {
  if (places.size() <= most) return places;
  std::vector<Vector2d> taken;
  for (std::size_t i = 0; i < most; ++i) taken.push_back(places[i * places.size() / most]);
  return taken;
}

// The largest of 1, 2, 5, 10, 20, ... that is not above the value.
double RoundDown(double value) {
  if (!(value > 0.0) || !std::isfinite(value)) return 1.0;
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : {5.0, 2.0}) {
    if (step * power <= value) return step * power;
  }
  return power;
}

void ShadeEmptyCells(const calibration::ImageCoverage& coverage, double scale,
                     SvgDrawing* picture) {
  const calibration::ImageGrid& grid = coverage.grid;
  const Vector2d size(scale * grid.width / grid.columns, scale * grid.height / grid.rows);
  for (std::size_t cell = 0; cell < grid.size(); ++cell) {
    if (coverage.sightings[cell] >= calibration::kSightingsToCover) continue;
    const Vector2d centre = InPicture(grid.CentreOf(cell), scale);
    picture->Rectangle(centre - 0.5 * size, size, "empty", "",
                       fmt::format("{} sightings here", coverage.sightings[cell]));
  }
}

struct SeenPoints {
  std::vector<Vector2d> used;
  std::vector<Vector2d> outliers;
};

SeenPoints PointsSeenBy(const CalibrationReport& report, std::size_t camera, double scale) {
  SeenPoints seen;
  const auto used = calibration::UsedSightings(report.observations, report.result);
  for (std::size_t v = 0; v < report.observations.views.size(); ++v) {
    const TargetView& view = report.observations.views[v];
    if (view.camera.index() != camera) continue;
    for (std::size_t i = 0; i < view.xy.size(); ++i) {
      if (used[v][i] != 0) seen.used.push_back(InPicture(view.xy[i], scale));
    }
  }
  for (const calibration::OutlierSighting& outlier : report.result.outliers) {
    const TargetView& view = report.observations.views[outlier.view];
    if (view.camera.index() == camera)
      seen.outliers.push_back(InPicture(view.xy[outlier.sighting], scale));
  }
  return seen;
}

}  // namespace

double ArrowScale(const CalibrationReport& report) {
  std::vector<double> cell_over_arrow;
  for (const calibration::CameraQuality& camera : report.quality.cameras) {
    const ResidualField& field = camera.field;
    for (std::size_t cell = 0; cell < field.mean.size(); ++cell) {
      if (field.count[cell] < kSightingsForArrow) continue;
      const double side = static_cast<double>(field.grid.width) / field.grid.columns;
      cell_over_arrow.push_back(side / std::max(1e-9, field.mean[cell].norm()));
    }
  }
  if (cell_over_arrow.empty()) return 1.0;
  // One arrow in twenty is longer than a cell.
  const auto place =
      cell_over_arrow.begin() + static_cast<std::ptrdiff_t>(cell_over_arrow.size() / 20);
  std::nth_element(cell_over_arrow.begin(), place, cell_over_arrow.end());
  return RoundDown(std::min(*place, kMostArrowScale));
}

std::string ImagePicture(const CalibrationReport& report, std::size_t camera, double arrow_scale) {
  const UncalibratedCamera& image = report.observations.cameras[camera];
  const calibration::CameraQuality& quality = report.quality.cameras[camera];
  const double scale = kImageWidth / image.width;
  const SeenPoints seen = PointsSeenBy(report, camera, scale);
  SvgDrawing picture(
      kImageWidth, scale * image.height, fmt::format("Image of {}", image.name),
      fmt::format("The target was seen in {:.0f} % of the image; {} sightings were left out. Mean "
                  "residuals by place: {:.2f} px",
                  100.0 * quality.coverage.share, seen.outliers.size(), quality.field.by_cell.rms));
  picture.Rectangle({0, 0}, {kImageWidth, scale * image.height}, "image");
  ShadeEmptyCells(quality.coverage, scale, &picture);
  picture.Dots(Thinned(seen.used, kMostDots), "dot");
  for (std::size_t cell = 0; cell < quality.field.mean.size(); ++cell) {
    if (quality.field.count[cell] < kSightingsForArrow) continue;
    const Vector2d from = InPicture(quality.field.grid.CentreOf(cell), scale);
    picture.Arrow(from, from + scale * arrow_scale * quality.field.mean[cell], "arrow");
  }
  picture.Crosses(Thinned(seen.outliers, kMostCrosses), 2.5, "outlier");
  return picture.Finish();
}

std::string RadialPicture(const CalibrationReport& report, std::size_t camera) {
  const ResidualField& field = report.quality.cameras[camera].field;
  double most = 0.1;
  for (std::size_t i = 0; i < field.ring_mean.size(); ++i) {
    if (field.ring_count[i] >= kSightingsForArrow)
      most = std::max(most, std::abs(field.ring_mean[i]));
  }
  const double last = field.ring_radius.empty() ? 1.0 : field.ring_radius.back();
  const Plot plot{{0.0, -1.1 * most}, {1.05 * std::max(1.0, last), 1.1 * most}, {34, 6}, {280, 62}};
  SvgDrawing picture(
      kImageWidth, 84,
      fmt::format("{}: residual by distance from the principal point",
                  report.observations.cameras[camera].name),
      fmt::format("Mean outward residual, up to {:.2f} px; chance of as much under noise alone "
                  "{:.3f}",
                  most, field.by_radius.p));
  picture.Rectangle(plot.corner, plot.size, "frame");
  picture.Line(plot.At(0.0, 0.0), plot.At(plot.most.x(), 0.0), "grid");
  std::vector<Vector2d> line;
  for (std::size_t i = 0; i < field.ring_mean.size(); ++i) {
    if (field.ring_count[i] < kSightingsForArrow) continue;
    line.push_back(plot.At(field.ring_radius[i], field.ring_mean[i]));
  }
  picture.Polyline(line, false, "curve");
  for (const Vector2d& at : line) picture.Circle(at, 2.0, "knot");
  picture.Text({30, 15}, fmt::format("{:+.2f}", 1.1 * most), "small", "end");
  picture.Text({30, 68}, fmt::format("{:+.2f}", -1.1 * most), "small", "end");
  picture.Text({34, 80}, "outward residual, px", "small");
  picture.Text({314, 80}, fmt::format("{:.0f} px from the principal point", plot.most.x()), "small",
               "end");
  return picture.Finish();
}

std::string HistogramPicture(const CalibrationReport& report) {
  const auto& bins = report.quality.histogram;
  double total = 0.0;
  for (const std::size_t count : bins) total += static_cast<double>(count);
  double highest = 0.25;  // of a bin under the bell curve, about 0.2
  for (const std::size_t count : bins)
    highest = std::max(highest, static_cast<double>(count) / total);
  const Plot plot{{-5.0, 0.0}, {5.0, 1.05 * highest}, {8, 8}, {344, 130}};
  SvgDrawing picture(360, 165, "Distribution of the residuals",
                     "Bars: residuals in units of the noise of a sighting; line: the bell curve "
                     "that they would follow if noise were all");
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const double left = -5.0 + 0.5 * static_cast<double>(i);
    const double share = static_cast<double>(bins[i]) / total;
    const Vector2d top = plot.At(left + 0.03, share);
    const Vector2d bottom = plot.At(left + 0.47, 0.0);
    picture.Rectangle(top, bottom - top, "bar", "", fmt::format("{:.2f} %", 100.0 * share));
  }
  std::vector<Vector2d> bell;
  for (int i = -50; i <= 50; ++i) {
    const double x = 0.1 * i;
    bell.push_back(plot.At(x, 0.5 * std::exp(-0.5 * x * x) / std::sqrt(2.0 * M_PI)));
  }
  picture.Polyline(bell, false, "curve");
  picture.Line(plot.At(-5, 0), plot.At(5, 0), "axis");
  for (int x = -4; x <= 4; x += 2) {
    picture.Text(plot.At(x, 0) + Vector2d(0, 13), fmt::format("{}", x), "small", "middle");
  }
  picture.Text({180, 162}, fmt::format("residual / {:.2f} px", report.quality.noise_px), "small",
               "middle");
  return picture.Finish();
}

}  // namespace medius::apps
