#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "capture/board.hpp"
#include "capture/board_sighting.hpp"
#include "capture/grey_image.hpp"
#include "core/camera_model.hpp"
#include "core/rigid_transform.hpp"

namespace medius::capture::testing {

/// A board before a camera, and how its image turns out.
struct BoardScene {
  Board board;
  bool shows_back = false;
  int width = 800;
  int height = 600;
  CameraModel camera{CameraModelKind::kBrownConrady5,
                     {700.0, 702.0, 396.0, 303.0, 0.0, 0.0, 0.0, 0.0, 0.0}};
  RigidTransform camera_from_board;
  double blur = 0.8;   ///< pixels, sd of a Gaussian
  double noise = 2.0;  ///< grey levels, sd
  double black = 40.0;
  double white = 200.0;
  std::uint64_t seed = 1;
};

/// The middle of the board at a distance (metres) straight ahead, turned by angles about x, y, z.
[[nodiscard]] RigidTransform Facing(const Board& board, double distance, double about_x,
                                    double about_y, double about_z);

/// Integrates the print over each pixel, blurs, adds noise and rounds.
[[nodiscard]] GreyImage Render(const BoardScene& scene);

/// Where each point of the target truly is in the image; nullopt outside.
[[nodiscard]] std::vector<std::optional<Eigen::Vector2d>> TruePoints(const BoardScene& scene);

/// A grey rectangle over a part of the image, as a hand before the board.
void Cover(GreyImage& image, int x, int y, int width, int height, std::uint8_t grey);

void Mirror(GreyImage& image);

/// Errors of detected points, pixels.
struct PointErrors {
  std::size_t count = 0;
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  double rms = 0.0;               ///< of one coordinate
  double largest = 0.0;           ///< of the distance
  double stated_over_true = 0.0;  ///< rms of sigma / rms of one coordinate's error
};

[[nodiscard]] PointErrors Compare(const BoardSighting& sighting,
                                  const std::vector<std::optional<Eigen::Vector2d>>& truth);

}  // namespace medius::capture::testing
