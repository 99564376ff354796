#include "tests/capture/rendered_board.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <Eigen/Geometry>

#include "capture/board_drawing.hpp"
#include "capture/random.hpp"

namespace medius::capture::testing {
namespace {

constexpr int kSamples = 32;  // per pixel
constexpr int kLattice = 19;  // coprime to kSamples, near the golden section of it

RigidTransform CameraFromSide(const BoardScene& scene) {
  if (!scene.shows_back) return scene.camera_from_board;
  // The back's plane as one looks at it: x to the left of the front's, behind it, looking out.
  double reach = 0.0;
  for (const Eigen::Vector2d& place : PlacePoints(scene.board)) reach = std::max(reach, place.x());
  RigidTransform board_from_side;
  board_from_side.rotation = Eigen::Vector3d(-1.0, 1.0, -1.0).asDiagonal();
  board_from_side.translation = Eigen::Vector3d(reach, 0.0, scene.board.back->thickness);
  return scene.camera_from_board * board_from_side;
}

// The lens on a grid of every fourth pixel; between them it is as good as straight (1e-4 px).
class Lens {
 public:
  explicit Lens(const BoardScene& scene) : columns_(scene.width / kStep + 3) {
    for (int y = 0; y <= scene.height + kStep; y += kStep) {
      for (int x = 0; x < columns_ * kStep; x += kStep) {
        const auto direction = scene.camera.Unproject({x - 1.0, y - 1.0});
        rays_.push_back(direction ? Eigen::Vector2d(direction->hnormalized())
                                  : Eigen::Vector2d(1e6, 1e6));
      }
    }
  }

  [[nodiscard]] Eigen::Vector2d Ray(double x, double y) const {
    const double grid_x = (x + 1.0) / kStep;
    const double grid_y = (y + 1.0) / kStep;
    const int column = static_cast<int>(grid_x);
    const int row = static_cast<int>(grid_y);
    const double u = grid_x - column;
    const double v = grid_y - row;
    const auto at = static_cast<std::size_t>(row * columns_ + column);
    const auto below = at + static_cast<std::size_t>(columns_);
    return (1 - v) * ((1 - u) * rays_[at] + u * rays_[at + 1]) +
           v * ((1 - u) * rays_[below] + u * rays_[below + 1]);
  }

 private:
  static constexpr int kStep = 4;
  int columns_;
  std::vector<Eigen::Vector2d> rays_;
};

std::vector<double> Paint(const BoardScene& scene) {
  const BoardPattern pattern(scene.board, scene.shows_back ? scene.board.back->first_marker_id
                                                           : scene.board.first_marker_id);
  const RigidTransform side = CameraFromSide(scene);
  Eigen::Matrix3d H;
  H << side.rotation.leftCols<2>(), side.translation;
  const Eigen::Matrix3d plane_from_ray = H.inverse();
  const Lens lens(scene);
  const Eigen::Vector2d margin = Eigen::Vector2d::Constant(0.5 * scene.board.pitch);
  const Eigen::Vector2d low = pattern.low() - margin;
  const Eigen::Vector2d high = pattern.high() + margin;
  const auto place_at = [&](double x, double y) {
    return Eigen::Vector2d((plane_from_ray * lens.Ray(x, y).homogeneous()).hnormalized());
  };
  std::vector<double> grey;
  for (int y = 0; y < scene.height; ++y) {
    for (int x = 0; x < scene.width; ++x) {
      const Eigen::Vector2d middle = place_at(x, y);
      if ((middle.array() < low.array()).any() || (middle.array() > high.array()).any()) {
        grey.push_back(scene.board.inverted ? scene.black : scene.white);
        continue;
      }
      // Away from edges all of a pixel is alike.
      const bool alike = pattern.IsBlack(middle);
      if (alike == pattern.IsBlack(place_at(x - 0.5, y - 0.5)) &&
          alike == pattern.IsBlack(place_at(x + 0.5, y - 0.5)) &&
          alike == pattern.IsBlack(place_at(x - 0.5, y + 0.5)) &&
          alike == pattern.IsBlack(place_at(x + 0.5, y + 0.5))) {
        grey.push_back(alike ? scene.black : scene.white);
        continue;
      }
      // A lattice that is even along both axes, so that upright edges too are placed finely.
      int black = 0;
      for (int j = 0; j < kSamples; ++j) {
        const double u = (j + 0.5) / kSamples - 0.5;
        const double v = std::fmod(j * kLattice + 0.5, kSamples) / kSamples - 0.5;
        if (pattern.IsBlack(place_at(x + u, y + v))) ++black;
      }
      grey.push_back(scene.white + black * (scene.black - scene.white) / kSamples);
    }
  }
  return grey;
}

void BlurRows(std::vector<double>& grey, int width, int height, double sd, bool columns) {
  const int reach = static_cast<int>(std::ceil(3.5 * sd));
  std::vector<double> kernel;
  double sum = 0.0;
  for (int k = -reach; k <= reach; ++k) {
    kernel.push_back(std::exp(-0.5 * k * k / (sd * sd)));
    sum += kernel.back();
  }
  const std::vector<double> before = grey;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double value = 0.0;
      for (int k = -reach; k <= reach; ++k) {
        const int xx = columns ? x : std::clamp(x + k, 0, width - 1);
        const int yy = columns ? std::clamp(y + k, 0, height - 1) : y;
        value += kernel[static_cast<std::size_t>(k + reach)] *
                 before[static_cast<std::size_t>(yy * width + xx)];
      }
      grey[static_cast<std::size_t>(y * width + x)] = value / sum;
    }
  }
}

}  // namespace

RigidTransform Facing(const Board& board, double distance, double about_x, double about_y,
                      double about_z) {
  Eigen::Vector2d high = Eigen::Vector2d::Zero();
  for (const Eigen::Vector2d& place : PlacePoints(board)) high = high.cwiseMax(place);
  const Eigen::Matrix3d R = (Eigen::AngleAxisd(about_x, Eigen::Vector3d::UnitX()) *
                             Eigen::AngleAxisd(about_y, Eigen::Vector3d::UnitY()) *
                             Eigen::AngleAxisd(about_z, Eigen::Vector3d::UnitZ()))
                                .toRotationMatrix();
  RigidTransform camera_from_board;
  camera_from_board.rotation = R;
  camera_from_board.translation = Eigen::Vector3d(0.0, 0.0, distance) -
                                  R * Eigen::Vector3d(0.5 * high.x(), 0.5 * high.y(), 0.0);
  return camera_from_board;
}

GreyImage Render(const BoardScene& scene) {
  std::vector<double> grey = Paint(scene);
  if (scene.blur > 0.0) {
    BlurRows(grey, scene.width, scene.height, scene.blur, false);
    BlurRows(grey, scene.width, scene.height, scene.blur, true);
  }
  GreyImage image{scene.width, scene.height, {}};
  image.pixels.resize(grey.size());
  Random random(scene.seed, RandomStream::kPixelNoise, 0, 0);
  for (std::size_t i = 0; i < grey.size(); ++i) {
    const double value = std::round(grey[i] + scene.noise * random.Normal());
    image.pixels[i] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
  }
  return image;
}

std::vector<std::optional<Eigen::Vector2d>> TruePoints(const BoardScene& scene) {
  std::vector<std::optional<Eigen::Vector2d>> points;
  for (const Eigen::Vector3d& point : MakeTarget(scene.board).points) {
    auto xy = scene.camera.Project(scene.camera_from_board * point);
    const bool inside = xy && xy->x() > 0.0 && xy->y() > 0.0 && xy->x() < scene.width - 1.0 &&
                        xy->y() < scene.height - 1.0;
    points.push_back(inside ? xy : std::nullopt);
  }
  return points;
}

void Cover(GreyImage& image, int x, int y, int width, int height, std::uint8_t grey) {
  for (int row = y; row < y + height; ++row) {
    std::fill(image.Row(row) + x, image.Row(row) + x + width, grey);
  }
}

void Mirror(GreyImage& image) {
  for (int y = 0; y < image.height; ++y) {
    std::reverse(image.Row(y), image.Row(y) + image.width);
  }
}

PointErrors Compare(const BoardSighting& sighting,
                    const std::vector<std::optional<Eigen::Vector2d>>& truth) {
  PointErrors errors;
  double sum = 0.0;
  double stated = 0.0;
  for (const SightedPoint& point : sighting.points) {
    const auto& true_xy = truth.at(point.point);
    const Eigen::Vector2d error =
        true_xy ? Eigen::Vector2d(point.xy - *true_xy) : Eigen::Vector2d::Constant(1e3);
    ++errors.count;
    errors.mean += error;
    sum += error.squaredNorm();
    stated += 2.0 * point.sigma * point.sigma;
    errors.largest = std::max(errors.largest, error.norm());
  }
  if (errors.count == 0) return errors;
  errors.mean /= static_cast<double>(errors.count);
  errors.rms = std::sqrt(sum / (2.0 * static_cast<double>(errors.count)));
  errors.stated_over_true = std::sqrt(stated / sum);
  return errors;
}

}  // namespace medius::capture::testing
