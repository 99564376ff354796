#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "apps/svg_drawing.hpp"

namespace medius::apps {

/// From the range of the data to a frame in a picture.
struct Plot {
  Eigen::Vector2d least;
  Eigen::Vector2d most;
  Eigen::Vector2d corner;  ///< of the frame, top left
  Eigen::Vector2d size;

  /// Where a point of the data stands in the picture.
  [[nodiscard]] Eigen::Vector2d At(double x, double y) const {
    const Eigen::Vector2d share = (Eigen::Vector2d(x, y) - least).cwiseQuotient(most - least);
    return corner + Eigen::Vector2d(share.x() * size.x(), (1.0 - share.y()) * size.y());
  }
};

/// The range that values take, NaN left out.
struct ValueRange {
  double least = 0.0;
  double most = 0.0;
  bool empty = true;

  void Add(double value);
  void Add(std::span<const double> values);
  /// Wider by a share of itself on either side, and at least so wide; 0 to 1 where it is empty.
  [[nodiscard]] ValueRange Padded(double share, double least_width) const;
};

/// Round numbers (1, 2, 5 times a power of ten apart) within the range, at most so many.
[[nodiscard]] std::vector<double> RoundTicks(const ValueRange& range, std::size_t at_most);
/// A tick as text with as many digits as the distance between ticks needs.
[[nodiscard]] std::string TickText(double tick, std::span<const double> ticks);

/// Horizontal lines and their numbers, left of the frame.
void DrawHeights(const Plot& plot, std::span<const double> ticks, SvgDrawing* picture);
/// Numbers below the frame, each with a short tick.
void DrawPlaces(const Plot& plot, std::span<const double> ticks, SvgDrawing* picture);

/// A line through the points; where a number is missing the line has a gap.
void DrawCurve(const Plot& plot, std::span<const double> x, std::span<const double> y,
               std::string_view css, SvgDrawing* picture);
/// The area between two lines, likewise.
void DrawBand(const Plot& plot, std::span<const double> x, std::span<const double> low,
              std::span<const double> high, std::string_view css, SvgDrawing* picture);

}  // namespace medius::apps
