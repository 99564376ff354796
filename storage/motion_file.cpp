#include "storage/motion_file.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

#include <Eigen/Geometry>
#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::storage {
namespace {

constexpr double kDegreesPerRadian = 180.0 / std::numbers::pi;
constexpr std::size_t kSinkBytes = std::size_t{1} << 18U;

// A coordinate that is an angle of ours as it stands.
struct PlainCoordinate {
  const char* coordinate;  // without its side
  const char* angle;       // without its side
  const char* definition;
};
constexpr PlainCoordinate kLegCoordinates[] = {
    {"hip_flexion", "hip_flexion", "hip flexion, thigh forward > 0"},
    {"hip_adduction", "hip_adduction", "hip adduction, towards the middle > 0"},
    {"hip_rotation", "hip_rotation", "hip rotation, internal > 0"},
    {"knee_angle", "knee_flexion", "knee flexion, bent > 0"},
    {"ankle_angle", "ankle_flexion", "ankle dorsiflexion, toes up > 0"},
};

bool HasAnyValue(const AngleSeries* angle) {
  return angle != nullptr && std::any_of(angle->value.begin(), angle->value.end(),
                                         [](double v) { return std::isfinite(v); });
}

// Columns of the file, each [T] in degrees.
struct Coordinates {
  std::vector<TableColumn> columns;
  std::vector<std::vector<double>> values;

  void Add(std::string name, const char* definition, std::vector<double> radians) {
    for (double& v : radians) v *= kDegreesPerRadian;
    columns.push_back({std::move(name), "deg", definition});
    values.push_back(std::move(radians));
  }
};

void AddPelvis(const Kinematics& kinematics, PelvisAngleOrder order, Coordinates& out) {
  const AngleSeries* obliquity = kinematics.Find("pelvis_obliquity");
  const AngleSeries* tilt = kinematics.Find("pelvis_tilt");
  const AngleSeries* rotation = kinematics.Find("pelvis_rotation");
  if (!HasAnyValue(obliquity) || !HasAnyValue(tilt) || !HasAnyValue(rotation)) return;
  const std::size_t frames = obliquity->value.size();
  std::vector<double> tilts(frames), lists(frames), rotations(frames);
  for (std::size_t i = 0; i < frames; ++i) {
    const PelvisCoordinates pelvis =
        order == PelvisAngleOrder::kTiltFirst
            ? PelvisCoordinates{tilt->value[i], -obliquity->value[i], rotation->value[i]}
            : PelvisByTiltFirst(obliquity->value[i], tilt->value[i], rotation->value[i]);
    tilts[i] = pelvis.tilt;
    lists[i] = pelvis.list;
    rotations[i] = pelvis.rotation;
  }
  out.Add("pelvis_tilt", "pelvis tilt, front up (posterior) > 0; first of the order",
          std::move(tilts));
  out.Add("pelvis_list", "pelvis list, right side down > 0; second of the order", std::move(lists));
  out.Add("pelvis_rotation", "pelvis rotation, right side forward > 0; third of the order",
          std::move(rotations));
}

Coordinates CoordinatesOf(const Kinematics& kinematics, PelvisAngleOrder order) {
  Coordinates out;
  AddPelvis(kinematics, order, out);
  for (const Side side : {Side::kRight, Side::kLeft}) {
    for (const PlainCoordinate& plain : kLegCoordinates) {
      const AngleSeries* angle = kinematics.Find(std::string(ToString(side)) + "_" + plain.angle);
      if (!HasAnyValue(angle)) continue;
      out.Add(std::string(plain.coordinate) + (side == Side::kRight ? "_r" : "_l"),
              plain.definition, angle->value);
    }
  }
  if (out.columns.empty()) {
    throw InputError("there is no angle of pelvis or legs to write as OpenSim's coordinates");
  }
  return out;
}

}  // namespace

PelvisCoordinates PelvisByTiltFirst(double obliquity, double tilt, double rotation) {
  // x forward, y up, z to the right; ours is R = Ry(rotation) Rx(-obliquity) Rz(tilt).
  const Eigen::Matrix3d r = (Eigen::AngleAxisd(rotation, Eigen::Vector3d::UnitY()) *
                             Eigen::AngleAxisd(-obliquity, Eigen::Vector3d::UnitX()) *
                             Eigen::AngleAxisd(tilt, Eigen::Vector3d::UnitZ()))
                                .toRotationMatrix();
  // OpenSim's is R = Rz(tilt) Rx(list) Ry(rotation).
  return {std::atan2(-r(0, 1), r(1, 1)), std::asin(std::clamp(r(2, 1), -1.0, 1.0)),
          std::atan2(-r(2, 0), r(2, 2))};
}

MotionFileContent WriteMotionFile(const Kinematics& kinematics, const TimeBase& time_base,
                                  PelvisAngleOrder order, std::string_view name,
                                  const TextSink& sink) {
  const Coordinates coordinates = CoordinatesOf(kinematics, order);
  const std::size_t frames = time_base.frame_count();
  const auto is_whole = [&](std::size_t frame) {
    return std::all_of(coordinates.values.begin(), coordinates.values.end(),
                       [frame](const auto& column) { return std::isfinite(column[frame]); });
  };
  MotionFileContent content;
  content.columns = coordinates.columns;
  for (std::size_t i = 0; i < frames; ++i) content.rows += is_whole(i) ? 1 : 0;
  content.left_out = frames - content.rows;
  fmt::memory_buffer text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{}\nversion=1\nnRows={}\nnColumns={}\ninDegrees=yes\nendheader\ntime", name,
                 content.rows, coordinates.columns.size() + 1);
  for (const TableColumn& column : coordinates.columns) fmt::format_to(out, "\t{}", column.name);
  fmt::format_to(out, "\n");
  for (std::size_t i = 0; i < frames; ++i) {
    if (!is_whole(i)) continue;
    fmt::format_to(out, "{}", time_base.time[i]);
    for (const auto& column : coordinates.values) fmt::format_to(out, "\t{:.9g}", column[i]);
    text.push_back('\n');
    if (text.size() < kSinkBytes) continue;
    sink({text.data(), text.size()});
    text.clear();
  }
  sink({text.data(), text.size()});
  return content;
}

}  // namespace medius::storage
