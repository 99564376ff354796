#include "reconstruct/heading_frame.hpp"

#include <cmath>
#include <cstddef>

#include "core/check.hpp"

namespace medius::reconstruct {

std::optional<HeadingFrame> FitHeadingFrame(std::span<const Eigen::Vector3d> in_body,
                                      std::span<const Eigen::Vector3d> in_lab) {
  MEDIUS_CHECK(in_body.size() == in_lab.size(), "points in pairs");
  Eigen::Vector3d body_sum = Eigen::Vector3d::Zero();
  Eigen::Vector3d lab_sum = Eigen::Vector3d::Zero();
  double count = 0.0;
  const auto is_pair = [&](std::size_t i) {
    return in_body[i].allFinite() && in_lab[i].allFinite();
  };
  for (std::size_t i = 0; i < in_body.size(); ++i) {
    if (!is_pair(i)) continue;
    body_sum += in_body[i];
    lab_sum += in_lab[i];
    count += 1.0;
  }
  if (count < 3.0) return std::nullopt;
  const Eigen::Vector3d body_mean = body_sum / count;
  const Eigen::Vector3d lab_mean = lab_sum / count;
  double along = 0.0;
  double across = 0.0;
  double spread = 0.0;
  for (std::size_t i = 0; i < in_body.size(); ++i) {
    if (!is_pair(i)) continue;
    const Eigen::Vector3d b = in_body[i] - body_mean;
    const Eigen::Vector3d l = in_lab[i] - lab_mean;
    along += b.x() * l.x() + b.y() * l.y();
    across += b.x() * l.y() - b.y() * l.x();
    spread += b.head<2>().squaredNorm();
  }
  constexpr double kLeastSpread = 1e-4;  // m^2: a centimetre
  const double length = std::hypot(along, across);
  if (spread < kLeastSpread || length < 1e-3 * spread) return std::nullopt;
  HeadingFrame frame;
  const double cosine = along / length;
  const double sine = across / length;
  frame.turn << cosine, -sine, 0.0, sine, cosine, 0.0, 0.0, 0.0, 1.0;
  frame.shift = lab_mean - frame.turn * body_mean;
  return frame;
}

}  // namespace medius::reconstruct
