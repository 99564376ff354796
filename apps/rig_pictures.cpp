// Pictures of the volume and of the rig in it.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include "apps/calibration_pictures.hpp"
#include "apps/svg_drawing.hpp"

namespace medius::apps {
namespace {

using calibration::PlacePrecision;
using calibration::VolumePrecision;
using Eigen::Vector2d;
using Eigen::Vector3d;

constexpr double kSliceWidth = 260.0;
constexpr double kRigWidth = 560.0;
constexpr std::size_t kMostPlaces = 1500;

struct Stop {
  double millimetres;
  std::array<double, 3> colour;
};
// The colours mean the same in every report: pale up to where "good" ends, red where "redo" begins.
constexpr std::array<Stop, 5> kStops{{{0.0, {16, 78, 99}},
                                      {0.5, {66, 153, 150}},
                                      {1.0, {226, 232, 200}},
                                      {3.0, {226, 135, 58}},
                                      {6.0, {122, 22, 26}}}};

std::string ColourOf(double millimetres) {
  const double value = std::clamp(millimetres, 0.0, kStops.back().millimetres);
  std::size_t i = 1;
  while (i + 1 < kStops.size() && value > kStops[i].millimetres) ++i;
  const Stop& low = kStops[i - 1];
  const Stop& high = kStops[i];
  const double share = (value - low.millimetres) / (high.millimetres - low.millimetres);
  std::string text = "#";
  for (std::size_t c = 0; c < 3; ++c) {
    const double mixed = low.colour[c] + share * (high.colour[c] - low.colour[c]);
    text += fmt::format("{:02x}", static_cast<int>(std::lround(mixed)));
  }
  return text;
}

double RoundDown(double value) {
  if (!(value > 0.0) || !std::isfinite(value)) return 1.0;
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : {5.0, 2.0}) {
    if (step * power <= value) return step * power;
  }
  return power;
}

// Step of places that get an ellipse: about six along the longer side.
int EllipseStep(const VolumePrecision& volume) {
  return std::max(1, std::max(volume.columns, volume.rows) / 6);
}

void AddEllipse(const PlacePrecision& place, const Vector2d& at, double units,
                SvgDrawing* picture) {
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d> solver(
      Eigen::Matrix2d(place.covariance.topLeftCorner<2, 2>()));
  const Vector2d radii = units * solver.eigenvalues().cwiseMax(0.0).cwiseSqrt();
  const Vector2d first = solver.eigenvectors().col(0);
  // y of the picture points down.
  const double degrees = std::atan2(-first.y(), first.x()) * 180.0 / M_PI;
  picture->Ellipse(at, radii, degrees, "ellipse");
}

// One of two views of the rig: which axes of the view frame go right and up.
class RigView {
 public:
  RigView(const CalibrationReport& report, RigSide side)
      : report_(report), up_(side == RigSide::kTop ? 1 : 2) {
    least_ = Vector2d::Constant(1e9);
    most_ = -least_;
    for (const Camera& camera : report.result.rig.cameras) {
      centres_.push_back(InView(camera.CentreInLab()));
      Extend(Flat(centres_.back()));
    }
    for (const calibration::TargetPose& pose : report.result.target_poses) {
      targets_.push_back(InView(pose.lab_from_target * MiddleOf(pose.target)));
      Extend(Flat(targets_.back()));
    }
    if (side == RigSide::kSide && report.quality.view_frame.is_lab) Extend({least_.x(), 0.0});
    depth_ = 0.13 * std::max(0.5, (most_ - least_).maxCoeff());
    const Vector2d margin = Vector2d::Constant(1.3 * depth_);
    least_ -= margin;
    most_ += margin;
    units_ = std::min(kRigWidth / (most_ - least_).x(), kRigWidth / (most_ - least_).y());
  }

  [[nodiscard]] Vector2d Size() const { return units_ * (most_ - least_); }
  [[nodiscard]] Vector2d At(const Vector3d& x_in_view) const {
    const Vector2d flat = Flat(x_in_view);
    return units_ * Vector2d(flat.x() - least_.x(), most_.y() - flat.y());
  }

  // Lines at whole metres.
  void DrawGrid(SvgDrawing* picture) const {
    const Vector2d size = Size();
    const double span = (most_ - least_).maxCoeff();
    const double step = span > 12.0 ? 5.0 : span > 3.0 ? 1.0 : 0.5;
    for (double x = std::ceil(least_.x() / step) * step; x <= most_.x(); x += step) {
      const double at = units_ * (x - least_.x());
      picture->Line({at, 0}, {at, size.y()}, "grid");
      picture->Text({at, size.y() - 3}, fmt::format("{:g} m", x + 0.0), "small", "middle");
    }
    for (double y = std::ceil(least_.y() / step) * step; y <= most_.y(); y += step) {
      const double at = units_ * (most_.y() - y);
      picture->Line({0, at}, {size.x(), at}, "grid");
      picture->Text({3, at - 2}, fmt::format("{:g} m", y + 0.0), "small");
    }
  }

  void DrawTargets(SvgDrawing* picture) const {
    std::vector<Vector2d> dots;
    const std::size_t count = std::min(targets_.size(), kMostPlaces);
    for (std::size_t i = 0; i < count; ++i)
      dots.push_back(At(targets_[i * targets_.size() / count]));
    picture->Dots(dots, "place");
  }

  void DrawVolume(SvgDrawing* picture) const {
    if (!report_.quality.volume) return;
    const Vector2d low = At(report_.quality.volume->least);
    const Vector2d high = At(report_.quality.volume->most);
    picture->Rectangle({low.x(), high.y()}, {high.x() - low.x(), low.y() - high.y()}, "volume");
  }

  void DrawCameras(SvgDrawing* picture) const {
    for (std::size_t c = 0; c < centres_.size(); ++c) {
      const Camera& camera = report_.result.rig.cameras[c];
      DrawFrustum(camera, picture);
      const Vector2d at = At(centres_[c]);
      picture->Circle(at, 4.0, "camera");
      // The name stands behind the camera.
      const Vector3d axis = camera.camera_from_lab.rotation.row(2);
      Vector2d behind = at - At(InView(camera.CentreInLab() + axis));
      behind /= std::max(1e-9, behind.norm());
      const bool left = behind.x() < 0.0;
      const double room = left ? at.x() : Size().x() - at.x();
      // Near the edge of the picture a name grows inward.
      const bool to_left = room < 70.0 ? !left : left;
      picture->Text(at + Vector2d(to_left ? -9.0 : 9.0, behind.y() < 0.0 ? -7.0 : 15.0),
                    camera.name, "name", to_left ? "end" : "start");
    }
  }

 private:
  [[nodiscard]] Vector3d InView(const Vector3d& x_in_lab) const {
    return report_.quality.view_frame.view_from_lab * x_in_lab;
  }
  [[nodiscard]] Vector2d Flat(const Vector3d& x) const { return {x.x(), x[up_]}; }
  void Extend(const Vector2d& flat) {
    least_ = least_.cwiseMin(flat);
    most_ = most_.cwiseMax(flat);
  }
  [[nodiscard]] Vector3d MiddleOf(std::size_t target) const {
    const auto& points = report_.observations.targets[target].points;
    Vector3d mean = Vector3d::Zero();
    for (const Vector3d& point : points) mean += point / static_cast<double>(points.size());
    return mean;
  }

  // What the image's corners look at, a little way before the camera.
  void DrawFrustum(const Camera& camera, SvgDrawing* picture) const {
    const RigidTransform lab_from_camera = camera.camera_from_lab.Inverse();
    const double right = camera.width - 1.0;
    const double bottom = camera.height - 1.0;
    std::vector<Vector2d> corners;
    for (const Vector2d& pixel :
         {Vector2d(0, 0), Vector2d(right, 0), Vector2d(right, bottom), Vector2d(0, bottom)}) {
      // Where the lens model folds back, as if there were no distortion.
      const std::vector<double>& f = camera.model.intrinsics();
      const Vector3d straight((pixel.x() - f[2]) / f[0], (pixel.y() - f[3]) / f[1], 1.0);
      const Vector3d ray = camera.model.Unproject(pixel).value_or(straight.normalized());
      const Vector3d ahead = ray * (depth_ / std::max(0.3, ray.z()));
      corners.push_back(At(InView(lab_from_camera * ahead)));
    }
    picture->Polyline(corners, true, "frustum");
    const Vector2d centre = At(InView(lab_from_camera.translation));
    for (const Vector2d& corner : corners) picture->Line(centre, corner, "edge");
  }

  const CalibrationReport& report_;
  int up_;
  double depth_ = 1.0;
  double units_ = 1.0;
  Vector2d least_;
  Vector2d most_;
  std::vector<Vector3d> centres_;
  std::vector<Vector3d> targets_;
};

}  // namespace

double EllipseScale(const CalibrationReport& report) {
  const VolumePrecision& volume = *report.quality.volume;
  if (!(volume.percentile90 > 0.0)) return 1.0;
  const double cell = (volume.most - volume.least).x() / volume.columns * EllipseStep(volume);
  return RoundDown(0.6 * cell / volume.percentile90);
}

std::string PrecisionPicture(const CalibrationReport& report, std::size_t slice_index,
                             double scale) {
  const VolumePrecision& volume = *report.quality.volume;
  const auto& slice = volume.slices[slice_index];
  const Vector3d size = volume.most - volume.least;
  const double cell = kSliceWidth / volume.columns;
  const double units = kSliceWidth / std::max(1e-9, size.x());
  SvgDrawing picture(
      kSliceWidth, cell * volume.rows,
      fmt::format("Expected 3D error at height {:.2f} m", slice.height),
      fmt::format("{:.1f} m by {:.1f} m seen from above; colour is the expected error of a marker "
                  "in millimetres",
                  size.x(), size.y()));
  const int step = EllipseStep(volume);
  for (int row = 0; row < volume.rows; ++row) {
    for (int column = 0; column < volume.columns; ++column) {
      const auto& place = slice.places[static_cast<std::size_t>(row * volume.columns + column)];
      const double millimetres = 1e3 * place.sigma;
      const bool seen = std::isfinite(millimetres);
      picture.Rectangle({column * cell, (volume.rows - 1 - row) * cell}, {cell + 0.1, cell + 0.1},
                        seen ? "cell" : "unseen", seen ? ColourOf(millimetres) : "",
                        seen ? fmt::format("{:.2f} mm, {} cameras", millimetres, place.cameras)
                             : "fewer than two cameras");
    }
  }
  for (int row = step / 2; row < volume.rows; row += step) {
    for (int column = step / 2; column < volume.columns; column += step) {
      const auto& place = slice.places[static_cast<std::size_t>(row * volume.columns + column)];
      if (!std::isfinite(place.sigma)) continue;
      AddEllipse(place, {(column + 0.5) * cell, (volume.rows - row - 0.5) * cell}, scale * units,
                 &picture);
    }
  }
  return picture.Finish();
}

std::string PrecisionLegend() {
  SvgDrawing picture(420, 40, "Colours of the expected 3D error",
                     "Dark green 0 mm, pale 1 mm, where good ends, orange 3 mm, where redo begins, "
                     "dark red 6 mm and more");
  // Each pair of stops takes a fourth of the bar.
  constexpr int kSteps = 96;
  const double width = 400.0 / kSteps;
  for (int i = 0; i < kSteps; ++i) {
    const double place = 4.0 * (i + 0.5) / kSteps;
    const auto stop = static_cast<std::size_t>(place);
    const double share = place - static_cast<double>(stop);
    const double low = kStops[stop].millimetres;
    const double high = kStops[stop + 1].millimetres;
    picture.Rectangle({10 + i * width, 4}, {width + 0.2, 14}, "cell",
                      ColourOf(low + share * (high - low)));
  }
  for (std::size_t i = 0; i < kStops.size(); ++i) {
    const char* more = i + 1 == kStops.size() ? " mm or more" : " mm";
    picture.Text({10.0 + 100.0 * static_cast<double>(i), 33},
                 fmt::format("{:g}{}", kStops[i].millimetres, more), "small",
                 i == 0                   ? "start"
                 : i + 1 == kStops.size() ? "end"
                                          : "middle");
  }
  return picture.Finish();
}

std::string RigPicture(const CalibrationReport& report, RigSide side) {
  const RigView view(report, side);
  const bool top = side == RigSide::kTop;
  SvgDrawing picture(
      view.Size().x(), view.Size().y(), top ? "The rig from above" : "The rig from the side",
      fmt::format("{} cameras with their fields of view, {} places of the target, and the volume "
                  "that is judged; metres",
                  report.result.rig.cameras.size(), report.result.target_poses.size()));
  picture.Rectangle({0, 0}, view.Size(), "frame");
  view.DrawGrid(&picture);
  view.DrawVolume(&picture);
  view.DrawTargets(&picture);
  view.DrawCameras(&picture);
  return picture.Finish();
}

}  // namespace medius::apps
