#include "analysis/side_check.hpp"

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::analysis {
namespace {

// Rightward part of a point in the pelvis frame, metres.
class Rightward {
 public:
  explicit Rightward(const StandingView& standing)
      : view_(standing),
        pelvis_from_lab_(standing.frames.lab_from_segment[IndexOf(Segment::kPelvis)].Inverse()) {}

  [[nodiscard]] double Of(const Eigen::Vector3d& x_in_lab) const {
    return (pelvis_from_lab_ * x_in_lab).z();
  }
  [[nodiscard]] double OfRole(const std::string& role) const {
    return Of(view_.segment_frames.At(view_.snapshot, role));
  }
  // NaN where the set has no such cluster or the trial not all of it.
  [[nodiscard]] double OfCluster(const std::string& name) const {
    const auto cluster = view_.set.clusters.find(name);
    if (cluster == view_.set.clusters.end()) return std::nan("");
    double sum = 0.0;
    for (const std::string& label : cluster->second) {
      sum += Of(view_.snapshot.Of(view_.recording, label));
    }
    return sum / static_cast<double>(cluster->second.size());
  }

 private:
  const StandingView& view_;
  RigidTransform pelvis_from_lab_;
};

// A runner's feet may cross in standing by a little; what is swapped lies apart by a hip's width.
constexpr double kCrossed = 0.03;  // metres

void RequireRoles(const StandingView& standing, const Rightward& rightward) {
  for (const char* role : {"asis", "psis", "greater_trochanter", "hip_centre", "lateral_epicondyle",
                           "medial_epicondyle", "lateral_malleolus", "medial_malleolus", "heel"}) {
    const std::string right = Sided(Side::kRight, role);
    const std::string left = Sided(Side::kLeft, role);
    const double apart = rightward.OfRole(right) - rightward.OfRole(left);
    if (!(apart < -kCrossed)) continue;  // also where one is not there
    throw InputError(fmt::format(
        "standing trial {}: marker \"{}\" ({}) stands {:.0f} mm to the left of \"{}\" ({}): left "
        "and right are swapped in the marker set {} or in the labels",
        standing.recording.where, *standing.set.LabelOf(right), right, -1000.0 * apart,
        *standing.set.LabelOf(left), left, standing.set.name));
  }
}

void RequireClusters(const StandingView& standing, const Rightward& rightward) {
  for (const char* segment : {"thigh", "shank", "foot"}) {
    const std::string right = Sided(Side::kRight, segment);
    const std::string left = Sided(Side::kLeft, segment);
    const double apart = rightward.OfCluster(right) - rightward.OfCluster(left);
    if (!(apart < -kCrossed)) continue;
    throw InputError(fmt::format(
        "standing trial {}: the cluster {} stands {:.0f} mm to the left of {}: left and right are "
        "swapped in the marker set {} or in the labels",
        standing.recording.where, right, -1000.0 * apart, left, standing.set.name));
  }
}

void RequireLateral(const StandingView& standing, const Rightward& rightward) {
  for (const Side side : kSides) {
    const double out = side == Side::kRight ? 1.0 : -1.0;
    for (const char* joint : {"epicondyle", "malleolus"}) {
      const std::string lateral = Sided(side, std::string("lateral_") + joint);
      const std::string medial = Sided(side, std::string("medial_") + joint);
      const double apart = out * (rightward.OfRole(lateral) - rightward.OfRole(medial));
      if (!(apart < 0.0)) continue;
      throw InputError(fmt::format(
          "standing trial {}: marker \"{}\" ({}) stands nearer to the middle than \"{}\" ({}): "
          "lateral and medial are swapped in the marker set {} or in the labels",
          standing.recording.where, *standing.set.LabelOf(lateral), lateral,
          *standing.set.LabelOf(medial), medial, standing.set.name));
    }
  }
}

}  // namespace

void RequireSides(const StandingView& standing) {
  const Rightward rightward(standing);
  RequireRoles(standing, rightward);
  RequireClusters(standing, rightward);
  RequireLateral(standing, rightward);
}

}  // namespace medius::analysis
