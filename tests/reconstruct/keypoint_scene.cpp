#include "tests/reconstruct/keypoint_scene.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace medius::reconstruct {
namespace {

constexpr double kPi = 3.14159265358979323846;

// Half the width of the body at each pair, and its height when standing; nose first, then pairs.
struct PairShape {
  double half_width;
  double height;
  double swing;  // metres, fore and aft
};
constexpr PairShape kPairs[] = {{0.03, 1.65, 0.0},  {0.07, 1.62, 0.0}, {0.19, 1.42, 0.03},
                                {0.25, 1.15, 0.15}, {0.22, 1.0, 0.3},  {0.10, 0.92, 0.02},
                                {0.11, 0.50, 0.25}, {0.10, 0.14, 0.5}};

struct Writer {
  const CameraRig& rig;
  const KeypointSceneOptions& options;
  std::mt19937_64 random;
  KeypointScene scene;

  double Uniform() { return std::uniform_real_distribution<double>(0.0, 1.0)(random); }

  // The swap of a detection: pairs from this one on, 9 for none.
  std::size_t DrawSwap(int person) {
    const double draw = Uniform();
    if (person != 0) return 9;
    if (draw < options.swapped_bodies) return 0;
    if (draw < options.swapped_bodies + options.swapped_legs) return 5;
    const double shanks = options.swapped_bodies + options.swapped_legs + options.swapped_shanks;
    return draw < shanks ? 6 : 9;
  }

  void Person(std::size_t c, int person, std::int16_t instance, double time) {
    const std::size_t from = DrawSwap(person);
    for (std::size_t label = 0; label < 17; ++label) {
      if (Uniform() < options.hidden_share) continue;
      const auto truth = static_cast<std::size_t>(person);
      const auto xy = rig.cameras[c].Project(KeypointAt(label, truth, time));
      if (!xy || !rig.cameras[c].IsInImage(*xy)) continue;
      const double sigma = options.noise_px / (0.5 + 0.5 * Uniform());
      const std::size_t other = label == 0 ? 0 : ((label - 1) ^ 1U) + 1;
      const auto mirrored = rig.cameras[c].Project(KeypointAt(other, truth, time));
      const bool swapped = label > 0 && (label - 1) / 2 >= from;
      Row(c, *xy, sigma, static_cast<std::int16_t>(swapped ? other : label), instance);
      scene.person[c].push_back(person);
      scene.label[c].push_back(static_cast<std::int16_t>(label));
      scene.side_distance[c].push_back(mirrored ? (*mirrored - *xy).norm() / sigma : 0.0);
    }
  }

  // A heap of keypoints the size of a person, anywhere in the image.
  void False(std::size_t c, std::int16_t instance) {
    const double x = 200.0 + 1400.0 * Uniform();
    const double y = 200.0 + 500.0 * Uniform();
    for (std::int16_t label = 0; label < 17; ++label) {
      const Eigen::Vector2d xy(x + 200.0 * Uniform(), y + 300.0 * Uniform());
      Row(c, xy, options.noise_px / 0.6, label, instance);
      scene.person[c].push_back(-1);
      scene.label[c].push_back(label);
      scene.side_distance[c].push_back(0.0);
    }
  }

  void Row(std::size_t c, const Eigen::Vector2d& xy, double sigma, std::int16_t label,
           std::int16_t instance) {
    std::normal_distribution<double> noise(0.0, sigma);
    const double dx = noise(random);
    const double dy = noise(random);
    CameraObservations& seen = scene.block.cameras[c];
    seen.xy.emplace_back((xy + Eigen::Vector2d(dx, dy)).cast<float>());
    seen.sigma.push_back(static_cast<float>(sigma));
    seen.label.push_back(label);
    seen.instance.push_back(instance);
  }

  void Frame(std::size_t c, double time) {
    std::vector<int> order(options.bystanders + 1);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    std::int16_t instance = 0;
    if (Uniform() < options.false_share) False(c, instance++);
    for (const int person : order) {
      if (Uniform() >= options.unseen_share) Person(c, person, instance++, time);
    }
    scene.block.cameras[c].frame_start.push_back(scene.block.cameras[c].xy.size());
  }
};

}  // namespace

const std::vector<std::string>& CocoLabels() {
  static const std::vector<std::string> kLabels = {
      "nose",           "left_eye",   "right_eye",   "left_ear",   "right_ear",   "left_shoulder",
      "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
      "right_hip",      "left_knee",  "right_knee",  "left_ankle", "right_ankle"};
  return kLabels;
}

Eigen::Vector3d KeypointAt(std::size_t label, std::size_t person, double time) {
  // The runner takes 1.4 strides a second; the others stroll about where they stand.
  const double cadence = person == 0 ? 1.4 : 0.3;
  const double reach = person == 0 ? 1.0 : 0.2;
  const double phase = 2.0 * kPi * cadence * time + static_cast<double>(person);
  const double around = 2.1 * static_cast<double>(person);
  const double away = person == 0 ? 0.0 : 1.2 + 0.2 * static_cast<double>(person);
  const Eigen::Vector3d place(away * std::cos(around) + 0.05 * std::sin(phase),
                              away * std::sin(around) + 0.3 * std::sin(0.5 * time) * away / 2.0,
                              0.03 * std::cos(2.0 * phase));
  if (label == 0) return place + Eigen::Vector3d(0.12, 0.0, 1.6);
  const PairShape& shape = kPairs[(label - 1) / 2];
  const bool is_left = label % 2 == 1;
  const double side = phase + (is_left ? 0.0 : kPi);
  const double lift = 0.4 * shape.swing * reach * std::max(0.0, std::cos(side));
  return place + Eigen::Vector3d(shape.swing * reach * std::sin(side),
                                 is_left ? shape.half_width : -shape.half_width,
                                 shape.height + lift);
}

KeypointScene FilmPersons(const CameraRig& rig, const KeypointSceneOptions& options) {
  Writer writer{rig, options, std::mt19937_64(options.seed), {}};
  const std::size_t cameras = rig.cameras.size();
  writer.scene.labels = CocoLabels();
  writer.scene.block.frames = {0, options.frames};
  writer.scene.block.cameras.resize(cameras);
  writer.scene.person.resize(cameras);
  writer.scene.label.resize(cameras);
  writer.scene.side_distance.resize(cameras);
  for (std::size_t k = 0; k < options.frames; ++k) {
    const double time = static_cast<double>(k) / options.rate_hz;
    for (std::size_t c = 0; c < cameras; ++c) writer.Frame(c, time);
  }
  return std::move(writer.scene);
}

}  // namespace medius::reconstruct
