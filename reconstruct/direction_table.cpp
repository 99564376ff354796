#include "reconstruct/direction_table.hpp"

#include <limits>

namespace medius::reconstruct {
namespace {

// With 48 cells over the image a lens of 90 degrees is off by a few tenths of a pixel, and the
// table of a camera (29 kB) stays in the cache.
constexpr int kCells = 48;
constexpr int kNodes = kCells + 1;
// The image begins half a pixel before the centre of its first pixel.
constexpr double kImageBegin = -0.5;

}  // namespace

DirectionTable::DirectionTable(const Camera& camera)
    : model_(camera.model),
      lab_from_camera_(camera.camera_from_lab.rotation.transpose()),
      cells_per_pixel_(static_cast<double>(kCells) / camera.width,
                       static_cast<double>(kCells) / camera.height) {
  nodes_.reserve(static_cast<std::size_t>(kNodes) * kNodes);
  for (int row = 0; row < kNodes; ++row) {
    for (int column = 0; column < kNodes; ++column) {
      const Eigen::Vector2d xy(kImageBegin + column / cells_per_pixel_.x(),
                               kImageBegin + row / cells_per_pixel_.y());
      const std::optional<Eigen::Vector3d> direction = Exact(xy);
      nodes_.push_back(direction
                           ? Eigen::Vector3f(direction->cast<float>())
                           : Eigen::Vector3f::Constant(std::numeric_limits<float>::quiet_NaN()));
    }
  }
}

std::optional<Eigen::Vector3d> DirectionTable::Exact(const Eigen::Vector2d& xy) const {
  const std::optional<Eigen::Vector3d> in_camera = model_.Unproject(xy);
  if (!in_camera) return std::nullopt;
  return Eigen::Vector3d(lab_from_camera_ * *in_camera);
}

std::optional<Eigen::Vector3d> DirectionTable::InLab(const Eigen::Vector2d& xy) const {
  const double x = (xy.x() - kImageBegin) * cells_per_pixel_.x();
  const double y = (xy.y() - kImageBegin) * cells_per_pixel_.y();
  // Written so that NaN takes the way out too.
  if (!(x >= 0.0 && y >= 0.0 && x < kCells && y < kCells)) return Exact(xy);
  const int column = static_cast<int>(x);
  const int row = static_cast<int>(y);
  const double u = x - column;
  const double v = y - row;
  const Eigen::Vector3f* node = &nodes_[static_cast<std::size_t>(row * kNodes + column)];
  const Eigen::Vector3d direction =
      (1.0 - v) * ((1.0 - u) * node[0].cast<double>() + u * node[1].cast<double>()) +
      v * ((1.0 - u) * node[kNodes].cast<double>() + u * node[kNodes + 1].cast<double>());
  const double squared_norm = direction.squaredNorm();
  if (!(squared_norm > 0.5)) return Exact(xy);
  return Eigen::Vector3d(direction / std::sqrt(squared_norm));
}

}  // namespace medius::reconstruct
