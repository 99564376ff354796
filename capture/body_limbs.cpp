#include "capture/body_limbs.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"

namespace medius::capture {
namespace {

using Places = std::vector<Eigen::Vector3d>;

constexpr std::array<const char*, 2> kSides = {"left", "right"};

// Radii in metres: girths of middle-sized adults over 2 pi, a little under, for the capsules also
// stand for what is flat.
constexpr double kTrunkRadius = 0.085;
constexpr double kThighRadius = 0.075;
constexpr double kKneeRadius = 0.050;
constexpr double kAnkleRadius = 0.035;
constexpr double kFootRadius = 0.030;
// The middle of a marker stands off the skin by its own radius.
constexpr double kMarkerRadius = 0.007;
// Of the way from hip to knee: above it the thigh is part of the pelvis.
constexpr double kThighBegins = 0.25;
constexpr double kTrunkHeight = 0.45;  // m, pelvis to shoulders where the shoulders bear no marker

// Bell et al. 1990: from the middle of the ASIS, as shares of the distance between them.
constexpr double kHipOut = 0.36;
constexpr double kHipBack = 0.19;
constexpr double kHipDown = 0.30;

bool AllPresent(const Places& markers, const std::vector<std::size_t>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](std::size_t m) { return markers[m].allFinite(); });
}

// The mean of those that are there.
std::optional<Eigen::Vector3d> Middle(const Places& markers,
                                      const std::vector<std::size_t>& wanted) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  int count = 0;
  for (const std::size_t m : wanted) {
    if (!markers[m].allFinite()) continue;
    sum += markers[m];
    ++count;
  }
  if (count == 0) return std::nullopt;
  return Eigen::Vector3d(sum / count);
}

// Makes a limb thinner until its own markers are outside.
Limb Under(Limb limb, const Places& markers, const std::vector<std::size_t>& own) {
  const Eigen::Vector3d axis = limb.to - limb.from;
  double scale = 1.0;
  for (const std::size_t m : own) {
    if (!markers[m].allFinite()) continue;
    const double t = std::clamp(axis.dot(markers[m] - limb.from) / axis.squaredNorm(), 0.0, 1.0);
    const double radius = limb.from_radius + t * (limb.to_radius - limb.from_radius);
    const double distance = (markers[m] - limb.from - t * axis).norm();
    scale = std::min(scale, std::max(0.0, distance - kMarkerRadius) / radius);
  }
  limb.from_radius *= scale;
  limb.to_radius *= scale;
  return limb;
}

}  // namespace

// Looks the markers up once.
class BodyLimbs::Builder {
 public:
  Builder(const std::vector<std::string>& labels, const MarkerSet& set,
          const std::map<std::string, Eigen::Vector3d>& standing)
      : labels_(labels), set_(set), standing_(standing) {}

  [[nodiscard]] Markers Roles(const std::vector<std::string>& roles) const {
    Markers found;
    for (const std::string& role : roles) {
      const std::optional<std::size_t> marker = Role(role);
      if (marker) found.push_back(*marker);
    }
    return found;
  }

  [[nodiscard]] Markers Cluster(const std::string& segment) const {
    Markers found;
    const auto cluster = set_.clusters.find(segment);
    if (cluster == set_.clusters.end()) return found;
    for (const std::string& label : cluster->second) {
      const std::optional<std::size_t> marker = Label(label);
      if (marker) found.push_back(*marker);
    }
    return found;
  }

  [[nodiscard]] std::size_t Required(const std::string& role, std::string_view part) const {
    const std::optional<std::size_t> marker = Role(role);
    if (!marker) Lacks(part, role);
    return *marker;
  }

  [[nodiscard]] Joint MakeJoint(const std::string& name, const std::array<std::string, 2>& roles,
                                const std::string& segment) const {
    Joint joint;
    const std::optional<std::size_t> a = Role(roles[0]);
    const std::optional<std::size_t> b = Role(roles[1]);
    if (a && b) {
      joint.pair = {*a, *b};
      return joint;
    }
    for (const std::size_t marker : Cluster(segment)) {
      const auto place = standing_.find(labels_[marker]);
      if (place == standing_.end()) continue;
      joint.cluster.push_back(marker);
      joint.cluster_standing.push_back(place->second);
    }
    const std::optional<Eigen::Vector3d> first = Standing(roles[0]);
    const std::optional<Eigen::Vector3d> second = Standing(roles[1]);
    if (!first || !second || joint.cluster.size() < 3) {
      Lacks(name, fmt::format(
                      "{} and {} (in the trial itself, or in a standing trial, --static, that has "
                      "them and three markers of the cluster {})",
                      roles[0], roles[1], segment));
    }
    joint.standing = 0.5 * (*first + *second);
    return joint;
  }

  [[noreturn]] void Lacks(std::string_view part, std::string_view needed) const {
    throw InputError(
        fmt::format("the marker set {} gives the trial no {}, which a body's limbs need for its {}",
                    set_.name, needed, part));
  }

 private:
  [[nodiscard]] std::optional<std::size_t> Label(const std::string& label) const {
    const auto found = std::find(labels_.begin(), labels_.end(), label);
    if (found == labels_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - labels_.begin());
  }
  [[nodiscard]] std::optional<std::size_t> Role(const std::string& role) const {
    const std::optional<std::string> label = set_.LabelOf(role);
    return label ? Label(*label) : std::nullopt;
  }
  [[nodiscard]] std::optional<Eigen::Vector3d> Standing(const std::string& role) const {
    const std::optional<std::string> label = set_.LabelOf(role);
    if (!label) return std::nullopt;
    const auto found = standing_.find(*label);
    if (found == standing_.end() || !found->second.allFinite()) return std::nullopt;
    return found->second;
  }

  const std::vector<std::string>& labels_;
  const MarkerSet& set_;
  const std::map<std::string, Eigen::Vector3d>& standing_;
};

BodyLimbs::BodyLimbs(const std::vector<std::string>& labels, const MarkerSet& set,
                     const std::map<std::string, Eigen::Vector3d>& standing) {
  const Builder builder(labels, set, standing);
  const auto join = [](Markers a, const Markers& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  };
  pelvis_.right_asis = builder.Required("right_asis", "pelvis");
  pelvis_.left_asis = builder.Required("left_asis", "pelvis");
  pelvis_.back = builder.Roles({"left_psis", "right_psis"});
  if (pelvis_.back.size() < 2) pelvis_.back = builder.Roles({"sacrum"});
  if (pelvis_.back.empty()) builder.Lacks("pelvis", "left_psis and right_psis, nor sacrum");
  shoulders_ = builder.Roles({"left_acromion", "right_acromion"});
  if (shoulders_.size() < 2) shoulders_.clear();
  on_trunk_ = join(builder.Roles({"left_asis", "right_asis", "left_psis", "right_psis", "sacrum",
                                  "c7", "left_iliac_crest", "right_iliac_crest", "sternum",
                                  "clavicle", "left_acromion", "right_acromion"}),
                   join(builder.Cluster("pelvis"), builder.Cluster("trunk")));
  for (std::size_t s = 0; s < legs_.size(); ++s) {
    const std::string side = std::string(kSides[s]) + "_";
    Leg& leg = legs_[s];
    const std::array<std::string, 2> knee = {side + "lateral_epicondyle",
                                             side + "medial_epicondyle"};
    const std::array<std::string, 2> ankle = {side + "lateral_malleolus",
                                              side + "medial_malleolus"};
    leg.knee = builder.MakeJoint(side + "knee", knee, side + "thigh");
    leg.ankle = builder.MakeJoint(side + "ankle", ankle, side + "shank");
    leg.heel = builder.Required(side + "heel", side + "foot");
    leg.forefoot = builder.Roles({side + "toe", side + "first_metatarsal",
                                  side + "second_metatarsal", side + "fifth_metatarsal"});
    if (leg.forefoot.empty()) builder.Lacks(side + "foot", side + "toe");
    leg.on_thigh = join(builder.Cluster(side + "thigh"),
                        builder.Roles({knee[0], knee[1], side + "greater_trochanter"}));
    leg.on_shank = join(builder.Cluster(side + "shank"),
                        builder.Roles({knee[0], knee[1], ankle[0], ankle[1],
                                       side + "tibial_tuberosity", side + "fibula_head"}));
    leg.on_foot = join(join(builder.Cluster(side + "foot"), {leg.heel}),
                       join(leg.forefoot, builder.Roles({ankle[0], ankle[1]})));
  }
}

std::optional<Eigen::Vector3d> BodyLimbs::Joint::At(const Places& markers) const {
  if (pair) {
    const Eigen::Vector3d middle = 0.5 * (markers[(*pair)[0]] + markers[(*pair)[1]]);
    if (!middle.allFinite()) return std::nullopt;
    return middle;
  }
  Eigen::Matrix3Xd now(3, cluster.size());
  Eigen::Matrix3Xd then(3, cluster.size());
  Eigen::Index count = 0;
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    if (!markers[cluster[i]].allFinite()) continue;
    now.col(count) = markers[cluster[i]];
    then.col(count) = cluster_standing[i];
    ++count;
  }
  if (count < 3) return std::nullopt;
  const Eigen::Matrix4d now_from_then =
      Eigen::umeyama(then.leftCols(count).eval(), now.leftCols(count).eval(), false);
  return Eigen::Vector3d((now_from_then * standing.homogeneous()).head<3>());
}

void BodyLimbs::At(const Places& markers, std::vector<Limb>& limbs) const {
  limbs.clear();
  std::array<std::optional<Eigen::Vector3d>, 2> hips;
  const std::optional<Eigen::Vector3d> back = Middle(markers, pelvis_.back);
  if (back && AllPresent(markers, {pelvis_.left_asis, pelvis_.right_asis})) {
    AddTrunk(markers, limbs);
    const Eigen::Vector3d across = markers[pelvis_.left_asis] - markers[pelvis_.right_asis];
    const Eigen::Vector3d front = 0.5 * (markers[pelvis_.left_asis] + markers[pelvis_.right_asis]);
    const Eigen::Vector3d left = across.normalized();
    const Eigen::Vector3d up = (front - *back).cross(left).normalized();
    const Eigen::Vector3d forward = left.cross(up);
    const Eigen::Vector3d hip_middle = front - across.norm() * (kHipBack * forward + kHipDown * up);
    hips = {Eigen::Vector3d(hip_middle + kHipOut * across),
            Eigen::Vector3d(hip_middle - kHipOut * across)};
  }
  for (std::size_t s = 0; s < legs_.size(); ++s) AddLeg(legs_[s], hips[s], markers, limbs);
}

void BodyLimbs::AddTrunk(const Places& markers, std::vector<Limb>& limbs) const {
  const Eigen::Vector3d across = markers[pelvis_.left_asis] - markers[pelvis_.right_asis];
  const Eigen::Vector3d front = 0.5 * (markers[pelvis_.left_asis] + markers[pelvis_.right_asis]);
  const Eigen::Vector3d low = 0.5 * (front + *Middle(markers, pelvis_.back));
  Eigen::Vector3d high = low + kTrunkHeight * Eigen::Vector3d::UnitZ();
  if (!shoulders_.empty() && AllPresent(markers, shoulders_)) high = *Middle(markers, shoulders_);
  constexpr double kSpread = 0.3;  // of the distance between the ASIS, to either side
  for (const double shift : {-kSpread, 0.0, kSpread}) {
    limbs.push_back(Under({low + shift * across, high + shift * across, kTrunkRadius, kTrunkRadius},
                          markers, on_trunk_));
  }
}

void BodyLimbs::AddLeg(const Leg& leg, const std::optional<Eigen::Vector3d>& hip,
                       const Places& markers, std::vector<Limb>& limbs) const {
  const std::optional<Eigen::Vector3d> knee = leg.knee.At(markers);
  const std::optional<Eigen::Vector3d> ankle = leg.ankle.At(markers);
  if (hip && knee) {
    const Eigen::Vector3d begin = *hip + kThighBegins * (*knee - *hip);
    limbs.push_back(Under({begin, *knee, kThighRadius, kKneeRadius}, markers, leg.on_thigh));
  }
  if (knee && ankle) {
    limbs.push_back(Under({*knee, *ankle, kKneeRadius, kAnkleRadius}, markers, leg.on_shank));
  }
  const std::optional<Eigen::Vector3d> forefoot = Middle(markers, leg.forefoot);
  if (ankle && forefoot && markers[leg.heel].allFinite()) {
    // Heel and toe markers stand on the ends of the foot; its inside begins and ends before them.
    const Eigen::Vector3d begin = 0.5 * (*ankle + markers[leg.heel]);
    const Eigen::Vector3d end = begin + 0.8 * (*forefoot - begin);
    limbs.push_back(Under({begin, end, kFootRadius, kFootRadius}, markers, leg.on_foot));
  }
}

}  // namespace medius::capture
