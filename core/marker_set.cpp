#include "core/marker_set.hpp"

#include <algorithm>

#include <Eigen/Geometry>
#include <fmt/format.h>

#include "core/error.hpp"

namespace medius {
namespace {

Eigen::Vector3d AxisFromWord(std::string_view word, std::string_view where) {
  const std::size_t axis =
      word.size() == 2 ? std::string_view("xyz").find(word[1]) : std::string_view::npos;
  if (axis == std::string_view::npos || (word[0] != '+' && word[0] != '-')) {
    throw InputError(
        fmt::format("{}: axis \"{}\"; one of +x -x +y -y +z -z expected", where, word));
  }
  return Eigen::Vector3d::Unit(static_cast<Eigen::Index>(axis)) * (word[0] == '+' ? 1.0 : -1.0);
}

std::vector<std::string> BothSides(const std::vector<std::string>& middle,
                                   const std::vector<std::string>& sided) {
  std::vector<std::string> names = middle;
  for (const std::string& name : sided) {
    names.push_back("left_" + name);
    names.push_back("right_" + name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

LabAxes LabAxesFromWords(std::string_view forward, std::string_view up, std::string_view where) {
  const Eigen::Vector3d x = AxisFromWord(forward, where);
  const Eigen::Vector3d z = AxisFromWord(up, where);
  if (x.dot(z) != 0.0) {
    throw InputError(
        fmt::format("{}: forward \"{}\" and up \"{}\" lie on one axis", where, forward, up));
  }
  LabAxes axes;
  axes.lab_from_file.row(0) = x;
  axes.lab_from_file.row(1) = z.cross(x);  // left
  axes.lab_from_file.row(2) = z;
  return axes;
}

std::optional<std::string> MarkerSet::LabelOf(std::string_view role) const {
  const auto found = roles.find(std::string(role));
  if (found == roles.end()) return std::nullopt;
  return found->second;
}

const std::vector<std::string>& KnownRoles() {
  static const std::vector<std::string> kRoles =
      BothSides({"sacrum", "c7", "sternum", "clavicle"},
                {"asis", "psis", "iliac_crest", "greater_trochanter", "hip_centre",
                 "lateral_epicondyle", "medial_epicondyle", "tibial_tuberosity", "fibula_head",
                 "lateral_malleolus", "medial_malleolus", "heel", "toe", "first_metatarsal",
                 "second_metatarsal", "fifth_metatarsal", "acromion"});
  return kRoles;
}

const std::vector<std::string>& KnownSegments() {
  static const std::vector<std::string> kSegments = BothSides(
      {"pelvis", "trunk", "head"}, {"thigh", "shank", "foot", "upper_arm", "forearm", "hand"});
  return kSegments;
}

}  // namespace medius
