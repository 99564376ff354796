// The cameras of a trial.

#include <algorithm>

#include <Eigen/Core>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "storage/hdf5_attributes.hpp"
#include "storage/trial_reader_impl.hpp"

namespace medius::storage {

namespace {

using hdf5::ColumnReader;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

CameraModelKind KindOf(hid_t group, const std::string& where) {
  const std::string model = hdf5::ReadText(group, "model", where).value_or("");
  if (const auto kind = CameraModelKindFromString(model)) return *kind;
  throw InputError(
      fmt::format("{}: attribute model is \"{}\", expected brown_conrady_5, brown_conrady_8 or "
                  "kannala_brandt_4",
                  where, hdf5::Printable(model)));
}

CameraModel MakeModel(CameraModelKind kind, std::vector<double> intrinsics,
                      const std::string& where) {
  try {
    return CameraModel(kind, std::move(intrinsics));
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", where, error.what()));
  }
}

int Pixels(hid_t group, const char* side, const std::string& where) {
  constexpr std::int64_t kMostPixels = 1 << 20;
  const std::int64_t size = hdf5::ReadInteger(group, side, where).value_or(0);
  return static_cast<int>(std::clamp<std::int64_t>(size, -1, kMostPixels));
}

Eigen::Index ParameterCount(const Camera& camera) {
  return IntrinsicCount(camera.model.kind()) + 6;
}

// First parameter of a camera among those of the rig.
Eigen::Index FirstParameter(const CameraRig& rig, const std::string& name) {
  Eigen::Index first = 0;
  for (const Camera& camera : rig.cameras) {
    if (camera.name == name) break;
    first += ParameterCount(camera);
  }
  return first;
}

// The cameras whose parameters the columns are, in that order: each of the rig, once.
std::vector<std::string> ColumnCameras(const CameraRig& rig, const ColumnReader& column) {
  const std::vector<std::string> names =
      hdf5::ReadTexts(column.dataset(), schema::kJointCameras, column.where())
          .value_or(std::vector<std::string>{});
  const auto is_once = [&names](const Camera& camera) {
    return std::count(names.begin(), names.end(), camera.name) == 1;
  };
  if (names.size() == rig.cameras.size() &&
      std::all_of(rig.cameras.begin(), rig.cameras.end(), is_once)) {
    return names;
  }
  throw InputError(fmt::format(
      "{}: attribute {} does not name each camera of /rig once ({} found, {} expected); leave the "
      "rig as calibration wrote it",
      column.where(), schema::kJointCameras,
      hdf5::Printable(fmt::format("\"{}\"", fmt::join(names, ", "))), rig.cameras.size()));
}

}  // namespace

CameraRig TrialReader::Impl::ReadRig() const {
  Require(TrialPart::kRig);
  CameraRig rig;
  for (const hdf5::Member& member : MembersOf(schema::kRig)) {
    rig.cameras.push_back(ReadCamera(member.name));
  }
  ValidateRig(rig, shown);
  rig.joint_covariance = ReadJointCovariance(rig);
  rig.lab_frame =
      hdf5::ReadText(Group(schema::kRig).get(), "lab_frame", Where(schema::kRig)).value_or("");
  ValidateRig(rig, shown);
  return rig;
}

std::vector<double> TrialReader::Impl::ReadNumbers(const std::string& group,
                                                   const schema::Dataset& dataset,
                                                   const std::vector<std::size_t>& shape,
                                                   const std::string& reason) const {
  ColumnReader column = Column(group, dataset.name, dataset.type);
  column.ExpectShape(shape, reason);
  std::vector<double> numbers(column.row_count() * column.row_bytes() / sizeof(double));
  column.Read(0, column.row_count(), numbers.data());
  return numbers;
}

Camera TrialReader::Impl::ReadCamera(const std::string& name) const {
  const std::string group = fmt::format("{}/{}", schema::kRig, name);
  const std::string where = Where(hdf5::Printable(group));
  const hdf5::Handle handle = hdf5::OpenGroup(opened.file.get(), group, where);
  const CameraModelKind kind = KindOf(handle.get(), where);
  const auto count = static_cast<std::size_t>(IntrinsicCount(kind));
  std::vector<double> intrinsics = ReadNumbers(
      group, schema::kIntrinsics, {count}, fmt::format("its model is {}", medius::ToString(kind)));
  const std::vector<double> matrix =
      ReadNumbers(group, schema::kCameraFromLab, {4, 4}, "a 4x4 matrix");
  const auto time = [&](const schema::Dataset& dataset) {
    return HasMember(group, dataset.name) ? ReadNumbers(group, dataset, {}, "one number")[0] : 0.0;
  };
  Camera camera{name,
                Pixels(handle.get(), "width", where),
                Pixels(handle.get(), "height", where),
                MakeModel(kind, std::move(intrinsics), where),
                RigidTransform::FromMatrix(Eigen::Map<const RowMajor>(matrix.data(), 4, 4)),
                ReadNumbers(group, schema::kTimeOffset, {}, "one number")[0],
                std::nullopt,
                time(schema::kTimeDrift),
                time(schema::kLineTime)};
  if (HasMember(group, schema::kCameraCovariance.name)) {
    const std::size_t P = count + 6;
    const std::vector<double> covariance = ReadNumbers(
        group, schema::kCameraCovariance, {P, P}, "intrinsics, rotation vector and translation");
    const auto size = static_cast<Eigen::Index>(P);
    camera.covariance = Eigen::Map<const RowMajor>(covariance.data(), size, size);
  }
  return camera;
}

// Rows in the order of the rig; columns in whatever order the file names the cameras.
std::optional<Eigen::MatrixXd> TrialReader::Impl::ReadJointCovariance(const CameraRig& rig) const {
  const auto group_of = [](const Camera& camera) {
    return fmt::format("{}/{}", schema::kRig, camera.name);
  };
  const auto has_rows = [&](const Camera& camera) {
    return HasMember(group_of(camera), schema::kJointCovariance.name);
  };
  if (std::none_of(rig.cameras.begin(), rig.cameras.end(), has_rows)) return std::nullopt;
  const Eigen::Index size = JointParameterCount(rig);
  Eigen::MatrixXd joint(size, size);
  Eigen::Index first_row = 0;
  for (const Camera& camera : rig.cameras) {
    const Eigen::Index rows = ParameterCount(camera);
    ColumnReader column =
        Column(group_of(camera), schema::kJointCovariance.name, schema::kJointCovariance.type);
    column.ExpectShape({static_cast<std::size_t>(rows), static_cast<std::size_t>(size)},
                       "its parameters by those of all cameras");
    RowMajor values(rows, size);
    column.Read(0, column.row_count(), values.data());
    Eigen::Index from = 0;
    for (const std::string& name : ColumnCameras(rig, column)) {
      const Eigen::Index columns = ParameterCount(rig[*rig.Find(name)]);
      joint.block(first_row, FirstParameter(rig, name), rows, columns) =
          values.middleCols(from, columns);
      from += columns;
    }
    first_row += rows;
  }
  return joint;
}

}  // namespace medius::storage
