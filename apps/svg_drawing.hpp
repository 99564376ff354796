#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

namespace medius::apps {

/// Text as it may stand in HTML, between tags and in quoted attributes: & < > " ' are replaced, and
/// control characters are left out.
[[nodiscard]] std::string EscapeHtml(std::string_view text);

/// A picture that stands in an HTML page: shapes have classes, which the page's style colours.
/// Coordinates are units of the picture, x right and y down.
class SvgDrawing {
 public:
  /// @param title        what it is, for people who do not see it.
  /// @param description  what it shows, likewise.
  SvgDrawing(double width, double height, std::string_view title, std::string_view description);

  void Line(const Eigen::Vector2d& from, const Eigen::Vector2d& to, std::string_view css);
  void Polyline(const std::vector<Eigen::Vector2d>& points, bool closed, std::string_view css);
  /// @param fill  a colour of its own, "#rrggbb", or empty; @param title  shown on hovering.
  void Rectangle(const Eigen::Vector2d& corner, const Eigen::Vector2d& size, std::string_view css,
                 std::string_view fill = "", std::string_view title = "");
  void Circle(const Eigen::Vector2d& centre, double radius, std::string_view css);
  /// @param degrees  from the x axis to the first radius, clockwise as one looks at the picture.
  void Ellipse(const Eigen::Vector2d& centre, const Eigen::Vector2d& radii, double degrees,
               std::string_view css);
  /// Many small round dots as one path; their size is the style's stroke-width.
  void Dots(const std::vector<Eigen::Vector2d>& places, std::string_view css);
  void Crosses(const std::vector<Eigen::Vector2d>& places, double arm, std::string_view css);
  void Arrow(const Eigen::Vector2d& from, const Eigen::Vector2d& to, std::string_view css);
  /// @param anchor  "start", "middle" or "end".
  void Text(const Eigen::Vector2d& at, std::string_view text, std::string_view css,
            std::string_view anchor = "start");

  [[nodiscard]] std::string Finish() const;

 private:
  std::string body_;
};

}  // namespace medius::apps
