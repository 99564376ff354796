#pragma once

#include <optional>
#include <span>

#include <Eigen/Core>

namespace medius::reconstruct {

/// A turn about the vertical and a shift: p_lab = turn * p_body + shift.
struct HeadingFrame {
  Eigen::Matrix3d turn = Eigen::Matrix3d::Identity();
  Eigen::Vector3d shift = Eigen::Vector3d::Zero();

  [[nodiscard]] Eigen::Vector3d ToBody(const Eigen::Vector3d& in_lab) const {
    return turn.transpose() * (in_lab - shift);
  }
};

/// The turn about Z and the shift that bring points of the body nearest to where they were seen
/// (least squares). Pairs with a NaN are left out.
///
/// @return nullopt where fewer than three pairs are left or they do not fix the turn (in one
///         vertical line).
[[nodiscard]] std::optional<HeadingFrame> FitHeadingFrame(std::span<const Eigen::Vector3d> in_body,
                                                    std::span<const Eigen::Vector3d> in_lab);

}  // namespace medius::reconstruct
