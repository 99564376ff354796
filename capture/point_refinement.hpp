#pragma once

#include <limits>
#include <optional>

#include <Eigen/Core>

#include "capture/grey_image.hpp"

namespace medius::capture {

/// What a point of a board looks like around its centre.
enum class PointShape {
  kCorner,  ///< edges that run through the point (or end in it)
  kDisc,    ///< an edge around the point, an ellipse in the image
};

/// The part of the image around a point that places it: an ellipse, of which a cross may be cut
/// out.
struct RefinementWindow {
  /// Brings pixels, from the point, to the unit disc; weights fall to 0 at its rim.
  Eigen::Matrix2d unit_from_pixels = Eigen::Matrix2d::Identity() / 5.0;
  /// Only what lies within this of the disc's x or y axis counts; infinity takes the whole disc.
  double cross_half_width = std::numeric_limits<double>::infinity();

  [[nodiscard]] static RefinementWindow Round(double radius_px) {
    return {Eigen::Matrix2d::Identity() / radius_px, std::numeric_limits<double>::infinity()};
  }
};

struct RefinementOptions {
  RefinementWindow window;
  double max_move = 3.0;  ///< pixels; a point that wants to move farther is not what was predicted
  int max_iterations = 30;
};

/// A point placed to a fraction of a pixel.
struct RefinedPoint {
  Eigen::Vector2d xy;  ///< pixels
  /// Covariance of xy for image noise of one grey level, pixels^2 per level^2.
  Eigen::Matrix2d covariance_per_noise;
};

/// Moves a predicted point to where the gradients around it meet (a corner: every gradient is
/// perpendicular to the line from the point; a disc: parallel to it), by weighted least squares
/// that is repeated with the window about the result. Unbiased for straight edges however blurred.
/// @return nullopt where there is nothing that pins both coordinates, where the point moves farther
///         than allowed, or comes closer than 2 pixels to the border of the image.
/// Source: Förstner & Gülch 1987, "A fast operator for detection and precise location of distinct
/// points, corners and centres of circular features". The covariance is propagated from pixel noise
/// through the gradients at first order.
[[nodiscard]] std::optional<RefinedPoint> RefinePoint(const GreyImage& image,
                                                      const Eigen::Vector2d& start,
                                                      PointShape shape,
                                                      const RefinementOptions& options);

/// Grey value between pixels (bilinear); the nearest border value outside.
[[nodiscard]] double GreyAt(const GreyImage& image, const Eigen::Vector2d& xy);

/// Standard deviation of the pixel noise in a part of the image, grey levels, at least that of
/// rounding: the median of a second difference that vanishes on ramps and straight edges.
/// Source: Immerkaer 1996, doi 10.1006/cviu.1996.0060, with the median in place of the mean.
[[nodiscard]] double EstimateNoise(const GreyImage& image, const Eigen::Vector2d& low,
                                   const Eigen::Vector2d& high);

}  // namespace medius::capture
