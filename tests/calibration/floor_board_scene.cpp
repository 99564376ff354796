#include "tests/calibration/floor_board_scene.hpp"

namespace medius::calibration {

RigidTransform BoardOnFloor(double thickness) {
  RigidTransform lab_from_target;
  // x along X, y (down on the print) to the right, z into the floor.
  lab_from_target.rotation << 1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, -1.0;
  lab_from_target.translation = {0.0, 0.0, thickness};
  return lab_from_target;
}

TargetObservations EmptyBoardObservations(const CameraRig& rig) {
  TargetObservations observations;
  for (const Camera& camera : rig.cameras) {
    observations.cameras.push_back({camera.name, camera.width, camera.height});
  }
  CalibrationTarget target;
  target.name = "board";
  for (int row = 0; row < 6; ++row) {
    for (int column = 0; column < 8; ++column) {
      target.points.emplace_back(0.06 * column, 0.06 * row, 0.0);
    }
  }
  observations.targets.push_back(target);
  return observations;
}

void AddBoardViews(const CameraRig& rig, const RigidTransform& lab_from_target, std::size_t first,
                   std::size_t frames, double sigma, SceneRandom* random,
                   TargetObservations* observations) {
  const CalibrationTarget& target = observations->targets.front();
  for (std::size_t frame = first; frame < first + frames; ++frame) {
    for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
      const Eigen::Vector3d centre = lab_from_target.Inverse() * rig.cameras[c].CentreInLab();
      if (centre.z() > 0.0) continue;  // behind the print
      TargetView view;
      view.camera = CameraId(c);
      view.frame = frame;
      for (std::size_t p = 0; p < target.points.size(); ++p) {
        const auto xy = rig.cameras[c].Project(lab_from_target * target.points[p]);
        if (!xy || !rig.cameras[c].IsInImage(*xy)) continue;
        view.point.push_back(static_cast<std::uint32_t>(p));
        view.xy.push_back(*xy + random->Noise(sigma));
      }
      if (view.xy.size() >= 8) observations->views.push_back(view);
    }
  }
}

}  // namespace medius::calibration
