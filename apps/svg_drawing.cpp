#include "apps/svg_drawing.hpp"

#include <cmath>

#include <fmt/format.h>

namespace medius::apps {
namespace {

// A coordinate to a tenth of a unit, as short as it goes.
std::string Coordinate(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.size() > 2 && text.compare(text.size() - 2, 2, ".0") == 0) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string Place(const Eigen::Vector2d& at) {
  return Coordinate(at.x()) + " " + Coordinate(at.y());
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') escaped += c;
    }
  }
  return escaped;
}

SvgDrawing::SvgDrawing(double width, double height, std::string_view title,
                       std::string_view description)
    : body_(fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><title>{}"
                        "</title><desc>{}</desc>\n",
                        Coordinate(width), Coordinate(height), EscapeHtml(title), EscapeHtml(title),
                        EscapeHtml(description))) {}

void SvgDrawing::Line(const Eigen::Vector2d& from, const Eigen::Vector2d& to,
                      std::string_view css) {
  body_ += fmt::format("<path class=\"{}\" d=\"M{}L{}\"/>\n", css, Place(from), Place(to));
}

void SvgDrawing::Polyline(const std::vector<Eigen::Vector2d>& points, bool closed,
                          std::string_view css) {
  if (points.empty()) return;
  body_ += fmt::format("<path class=\"{}\" d=\"", css);
  for (std::size_t i = 0; i < points.size(); ++i) {
    body_ += (i == 0 ? "M" : "L") + Place(points[i]);
  }
  body_ += closed ? "Z\"/>\n" : "\"/>\n";
}

void SvgDrawing::Rectangle(const Eigen::Vector2d& corner, const Eigen::Vector2d& size,
                           std::string_view css, std::string_view fill, std::string_view title) {
  body_ += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", css,
                       Coordinate(corner.x()), Coordinate(corner.y()), Coordinate(size.x()),
                       Coordinate(size.y()));
  if (!fill.empty()) body_ += fmt::format(" fill=\"{}\"", fill);
  body_ += title.empty() ? "/>\n" : fmt::format("><title>{}</title></rect>\n", EscapeHtml(title));
}

void SvgDrawing::Circle(const Eigen::Vector2d& centre, double radius, std::string_view css) {
  body_ += fmt::format("<circle class=\"{}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>\n", css,
                       Coordinate(centre.x()), Coordinate(centre.y()), Coordinate(radius));
}

void SvgDrawing::Ellipse(const Eigen::Vector2d& centre, const Eigen::Vector2d& radii,
                         double degrees, std::string_view css) {
  body_ += fmt::format(
      "<ellipse class=\"{}\" rx=\"{}\" ry=\"{}\" transform=\"translate({}) rotate({})\"/>\n", css,
      Coordinate(radii.x()), Coordinate(radii.y()), Place(centre), Coordinate(degrees));
}

void SvgDrawing::Dots(const std::vector<Eigen::Vector2d>& places, std::string_view css) {
  if (places.empty()) return;
  body_ += fmt::format("<path class=\"{}\" d=\"", css);
  for (const Eigen::Vector2d& place : places) body_ += "M" + Place(place) + "h0";
  body_ += "\"/>\n";
}

void SvgDrawing::Crosses(const std::vector<Eigen::Vector2d>& places, double arm,
                         std::string_view css) {
  if (places.empty()) return;
  const std::string side = Coordinate(2.0 * arm);
  body_ += fmt::format("<path class=\"{}\" d=\"", css);
  for (const Eigen::Vector2d& place : places) {
    const Eigen::Vector2d corner = place - Eigen::Vector2d(arm, arm);
    body_ += fmt::format("M{}l{} {}m0 -{}l-{} {}", Place(corner), side, side, side, side, side);
  }
  body_ += "\"/>\n";
}

void SvgDrawing::Arrow(const Eigen::Vector2d& from, const Eigen::Vector2d& to,
                       std::string_view css) {
  const Eigen::Vector2d way = to - from;
  const double length = way.norm();
  if (!(length > 0.0)) return;
  const Eigen::Vector2d ahead = way / length * std::min(5.0, 0.5 * length);
  const Eigen::Vector2d aside(-0.5 * ahead.y(), 0.5 * ahead.x());
  body_ += fmt::format("<path class=\"{}\" d=\"M{}L{}M{}L{}L{}\"/>\n", css, Place(from), Place(to),
                       Place(to - ahead + aside), Place(to), Place(to - ahead - aside));
}

void SvgDrawing::Text(const Eigen::Vector2d& at, std::string_view text, std::string_view css,
                      std::string_view anchor) {
  body_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n", css,
                       Coordinate(at.x()), Coordinate(at.y()), anchor, EscapeHtml(text));
}

std::string SvgDrawing::Finish() const {
  return body_ + "</svg>\n";
}

}  // namespace medius::apps
