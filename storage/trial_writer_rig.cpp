// The cameras of a trial.

#include <Eigen/Core>

#include "core/check.hpp"
#include "storage/hdf5_attributes.hpp"
#include "storage/hdf5_tree.hpp"
#include "storage/trial_writer_impl.hpp"

namespace medius::storage {

namespace {

using hdf5::ColumnSpec;

ColumnSpec CompactSpec(const schema::Dataset& dataset) {
  return {dataset.name, dataset.type, dataset.unit, dataset.definition, {}, 1, 0};
}

void WriteTimes(hid_t group, const Camera& camera, const std::string& file) {
  const auto write = [&](const schema::Dataset& dataset, const double& value) {
    hdf5::WriteCompactDoubles(group, CompactSpec(dataset), {}, &value, file);
  };
  write(schema::kTimeOffset, camera.time_offset);
  if (camera.time_drift != 0.0) write(schema::kTimeDrift, camera.time_drift);
  if (camera.line_time != 0.0) write(schema::kLineTime, camera.line_time);
}

void WriteCamera(hid_t group, const Camera& camera, const std::string& file) {
  hdf5::WriteText(group, "model", ToString(camera.model.kind()), file);
  hdf5::WriteInteger(group, "width", camera.width, file);
  hdf5::WriteInteger(group, "height", camera.height, file);
  const std::vector<double>& intrinsics = camera.model.intrinsics();
  hdf5::WriteCompactDoubles(group, CompactSpec(schema::kIntrinsics), {intrinsics.size()},
                            intrinsics.data(), file);
  const Eigen::Matrix<double, 4, 4, Eigen::RowMajor> matrix = camera.camera_from_lab.ToMatrix();
  hdf5::WriteCompactDoubles(group, CompactSpec(schema::kCameraFromLab), {4, 4}, matrix.data(),
                            file);
  WriteTimes(group, camera, file);
  if (!camera.covariance) return;
  const auto P = static_cast<std::size_t>(camera.covariance->rows());
  MEDIUS_CHECK(P == intrinsics.size() + 6 && camera.covariance->cols() == camera.covariance->rows(),
               "covariance of intrinsics, rotation vector and translation");
  const Eigen::MatrixXd row_major = camera.covariance->transpose();
  hdf5::WriteCompactDoubles(group, CompactSpec(schema::kCameraCovariance), {P, P}, row_major.data(),
                            file);
}

// One camera's rows of the joint covariance.
// @param row_major  [rows, columns] of them.
void WriteJointRows(hid_t group, const double* row_major, std::size_t rows, std::size_t columns,
                    const std::vector<std::string>& cameras, const std::string& file) {
  const schema::Dataset& dataset = schema::kJointCovariance;
  hdf5::ColumnWriter writer(group,
                            {dataset.name,
                             dataset.type,
                             dataset.unit,
                             dataset.definition,
                             {columns},
                             schema::RowsPerChunk(rows, columns * sizeof(double)),
                             0},
                            file);
  hdf5::ChunkBatch batch(Parallelism(1));
  writer.Append(row_major, rows, batch);
  writer.Finish(batch);
  batch.Flush();
  hdf5::WriteTexts(writer.dataset(), schema::kJointCameras, cameras, file);
  writer.Close();
}

// Each camera holds its own rows: whatever stands in /rig is a camera, so the whole matrix cannot.
void WriteJointCovariance(hid_t rig_group, const CameraRig& rig, const std::string& file) {
  if (!rig.joint_covariance) return;
  const Eigen::MatrixXd& joint = *rig.joint_covariance;
  std::vector<std::string> names;
  for (const Camera& camera : rig.cameras) names.push_back(camera.name);
  Eigen::Index first = 0;
  for (const Camera& camera : rig.cameras) {
    const Eigen::Index count = IntrinsicCount(camera.model.kind()) + 6;
    const Eigen::MatrixXd row_major = joint.middleRows(first, count).transpose();
    WriteJointRows(hdf5::OpenGroup(rig_group, camera.name, file).get(), row_major.data(),
                   static_cast<std::size_t>(count), static_cast<std::size_t>(joint.cols()), names,
                   file);
    first += count;
  }
}

}  // namespace

void TrialWriter::Impl::WriteRig(const CameraRig& rig) {
  ValidateRig(rig, shown);
  const hdf5::Handle group = FreshGroup(schema::kRig);
  if (!rig.lab_frame.empty()) hdf5::WriteText(group.get(), "lab_frame", rig.lab_frame, shown);
  for (const Camera& camera : rig.cameras) {
    WriteCamera(hdf5::CreateGroup(group.get(), camera.name, shown).get(), camera, shown);
  }
  WriteJointCovariance(group.get(), rig, shown);
}

}  // namespace medius::storage
