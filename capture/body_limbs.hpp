#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "capture/scene.hpp"
#include "core/marker_set.hpp"

namespace medius::capture {

/// The solid body under a recording's markers, to hide them from cameras on the far side: a trunk
/// of three upright capsules side by side, and thigh, shank and foot of each leg.
///
/// Knees and ankles are the middles of their two markers; where the run lacks those, their places
/// in the standing trial are carried by the cluster of the thigh or the shank (least squares of
/// Umeyama 1991, IEEE PAMI 13:376). Hips are placed from the pelvis's markers by the percentages of
/// Bell et al. 1990 (J Biomech 23:617). Radii are those of an adult of middle size, and at each
/// instant as much smaller as is needed for the body part's own markers to lie outside, as on skin
/// they do: a marker is hidden by the limb that bears it only from behind. Arms and head are left
/// out.
class BodyLimbs {
 public:
  /// @param labels    of the run.
  /// @param standing  label -> mean position in a standing trial, any frame, metres; may be empty.
  /// @throws InputError that names the body part and the markers that it would need.
  BodyLimbs(const std::vector<std::string>& labels, const MarkerSet& set,
            const std::map<std::string, Eigen::Vector3d>& standing);

  /// Replaces `limbs` by those at one instant. A part whose markers are missing then is left out.
  /// @param markers  lab, metres, NaN where missing, by MarkerId of the run's labels.
  void At(const std::vector<Eigen::Vector3d>& markers, std::vector<Limb>& limbs) const;

 private:
  using Markers = std::vector<std::size_t>;  // indices into the labels
  // A joint's centre: the middle of two markers, or a point that a cluster carries.
  struct Joint {
    std::optional<std::array<std::size_t, 2>> pair;
    Markers cluster;
    std::vector<Eigen::Vector3d> cluster_standing;
    Eigen::Vector3d standing = Eigen::Vector3d::Zero();

    [[nodiscard]] std::optional<Eigen::Vector3d> At(
        const std::vector<Eigen::Vector3d>& markers) const;
  };
  struct Leg {
    Joint knee;
    Joint ankle;
    std::size_t heel = 0;
    Markers forefoot;
    Markers on_thigh;
    Markers on_shank;
    Markers on_foot;
  };
  struct Pelvis {
    std::size_t right_asis = 0;
    std::size_t left_asis = 0;
    Markers back;  // PSIS or sacrum
  };
  class Builder;

  void AddTrunk(const std::vector<Eigen::Vector3d>& markers, std::vector<Limb>& limbs) const;
  void AddLeg(const Leg& leg, const std::optional<Eigen::Vector3d>& hip,
              const std::vector<Eigen::Vector3d>& markers, std::vector<Limb>& limbs) const;

  Pelvis pelvis_;
  Markers shoulders_;
  Markers on_trunk_;
  std::array<Leg, 2> legs_;  // left, right
};

}  // namespace medius::capture
