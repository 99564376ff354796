#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"

namespace medius::reconstruct {

/// Several persons as 2D pose estimators of several cameras see them, with their usual errors.
struct KeypointSceneOptions {
  std::size_t frames = 120;
  double rate_hz = 60.0;
  std::size_t bystanders = 2;    ///< beside the runner, 1.2 m and more from them
  double noise_px = 4.0;         ///< of a keypoint of score 1; over the score otherwise
  double hidden_share = 0.1;     ///< of the keypoints
  double unseen_share = 0.05;    ///< of the persons in an image
  double swapped_bodies = 0.05;  ///< share of the runner's detections
  double swapped_legs = 0.10;    ///< from the hip
  double swapped_shanks = 0.05;  ///< from the knee
  double false_share = 0.1;      ///< of the images that show a person who is none
  std::uint64_t seed = 1;
};

/// The scene and what is true of each row.
struct KeypointScene {
  std::vector<std::string> labels;
  ObservationBlock block;
  std::vector<std::vector<int>> person;          ///< [C] by row: 0 the runner; -1 a false detection
  std::vector<std::vector<std::int16_t>> label;  ///< [C] by row, without exchanged sides
  /// [C] by row: pixels between the two sides of the keypoint in that image over its sigma.
  std::vector<std::vector<double>> side_distance;
};

[[nodiscard]] KeypointScene FilmPersons(const CameraRig& rig, const KeypointSceneOptions& options);

/// Where keypoint `label` of a person is, metres; person 0 runs on the spot in the middle.
[[nodiscard]] Eigen::Vector3d KeypointAt(std::size_t label, std::size_t person, double time);

/// The labels of COCO's 17 keypoints.
[[nodiscard]] const std::vector<std::string>& CocoLabels();

}  // namespace medius::reconstruct
