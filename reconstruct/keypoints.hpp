#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "core/time_base.hpp"
#include "reconstruct/keypoint_detections.hpp"
#include "reconstruct/keypoint_groups.hpp"
#include "reconstruct/keypoint_skeleton.hpp"
#include "reconstruct/keypoint_swaps.hpp"
#include "reconstruct/triangulation.hpp"

namespace medius::reconstruct {

struct KeypointOptions {
  SightingWeights weights{5.0, 1.0, 0.01};
  GroupingOptions grouping;
  /// Largest mean cost of a detection as a person who is expected; see GroupingOptions::most_cost.
  double most_cost = 8.0;
  /// Keypoints with a position that make a person.
  std::size_t fewest_points = 4;
  /// Cameras that start a person, or all of a smaller rig. Two go on with one.
  std::size_t cameras_to_start = 3;
  /// Metres: no person starts this near, in the mean of the keypoints, to one who is followed.
  double nearest_start = 0.3;
  /// Seconds that a person is awaited unseen.
  double longest_absence = 0.5;
  /// Metres, 1 sd, of an expected keypoint one frame after it was seen, ...
  double expected_sigma = 0.03;
  /// ... and m/s^2, 1 sd, by which that grows with the square of the time.
  double acceleration = 60.0;

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// One person from the first to the last frame in which at least two cameras saw them together.
struct PersonSummary {
  std::size_t first_frame = 0;
  std::size_t last_frame = 0;
  std::size_t frames = 0;                           ///< in which they were seen
  std::size_t detections = 0;                       ///< of all cameras
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();   ///< of their keypoints over all frames, metres
  Eigen::Vector3d first = Eigen::Vector3d::Zero();  ///< of their keypoints in the first frame
  Eigen::Vector3d last = Eigen::Vector3d::Zero();   ///< and in the last
  std::vector<std::size_t> swapped_bodies;  ///< [C] detections with left and right exchanged
  std::vector<std::size_t> swapped_limbs;   ///< [C] detections with a limb's sides exchanged
  std::vector<std::size_t> dropped;         ///< [C] detections taken back as false
};

/// Whom each sighting of a block belongs to, and the label it bears once sides are repaired.
struct PersonBlock {
  FrameRange frames;
  std::vector<std::vector<std::int32_t>> person;  ///< [C] by row; -1 where none
  std::vector<std::vector<std::int16_t>> label;   ///< [C] by row
};

/// Finds the persons in the detections of several cameras (CameraObservations::instance) and
/// follows them: detections near where a followed person is expected first, those that are left by
/// the distances of their rays (GroupDetections); exchanged sides by the other cameras and by
/// continuity (SwapSettler). Where over half a second most detections say that what is followed as
/// left is right, they are believed.
///
/// A stream: frame by frame, what it keeps is bounded by the number of persons; the result does not
/// depend on how frames are cut into blocks. Runs on one thread.
class PersonTracker {
 public:
  /// @throws InputError where options are out of range or the rig has too many cameras.
  PersonTracker(CameraRig rig, TimeBase time_base, const std::vector<std::string>& labels,
                const KeypointOptions& options);

  /// The next frames, cameras in the order of the rig.
  [[nodiscard]] PersonBlock Push(const ObservationBlock& block);

  /// By the numbers that PersonBlock uses, in the order of their first frames.
  [[nodiscard]] const std::vector<PersonSummary>& persons() const { return summaries_; }
  [[nodiscard]] Eigen::Vector3d Middle() const { return geometry_.Middle(); }

 private:
  struct Keypoint3d {
    Eigen::Vector3d position;
    Eigen::Vector3d velocity = Eigen::Vector3d::Zero();
    double time = 0.0;  // seconds, of the position
    bool known = false;
  };
  struct Person {
    std::int32_t id;
    std::size_t last_frame;
    std::vector<Keypoint3d> points;        // by label
    std::array<double, kChains> votes{};   // detections for its sides less those against, fading
    std::array<double, kChains> voters{};  // all of them, fading
  };
  struct Claim {
    std::vector<std::size_t> detections;
    std::vector<SideSwap> swaps;
  };

  void Step(const ObservationBlock& block, std::size_t k, PersonBlock* out);
  [[nodiscard]] BodyPoints Expect(const Person& person, double time) const;
  [[nodiscard]] BodyPoints Nothing() const;
  [[nodiscard]] std::vector<Claim> ClaimDetections(const std::vector<Detection>& detections,
                                                   const std::vector<BodyPoints>& expected) const;
  BodyPoints SettleClaim(const std::vector<Detection>& detections, const BodyPoints& expected,
                         Claim* claim, std::vector<std::size_t>* dropped) const;
  bool Take(const std::vector<Detection>& detections, const Claim& claim, const BodyPoints& found,
            std::size_t frame, Person* person);
  void Vote(const Claim& claim, double elapsed, Person* person);
  void Start(const std::vector<Detection>& detections, const std::vector<bool>& free,
             std::size_t frame, PersonBlock* out);
  [[nodiscard]] std::optional<std::size_t> ChainThatContradicts(const Claim& claim,
                                                                const BodyPoints& found) const;
  [[nodiscard]] bool IsNearAnyone(const BodyPoints& found) const;
  void Write(const std::vector<Detection>& detections, const Claim& claim, std::int32_t id,
             PersonBlock* out) const;

  Triangulator triangulator_;
  TimeBase time_base_;
  KeypointSkeleton skeleton_;
  KeypointOptions options_;
  DetectionGeometry geometry_;
  SwapSettler settler_;
  std::vector<Person> people_;
  std::vector<PersonSummary> summaries_;
  std::size_t pushed_ = 0;
};

/// The persons in the order in which they are likely to be the runner: the more cameras and frames
/// saw them and the nearer they were to the middle of the volume. One who was lost and found again
/// within arm's reach, so a person whose frames do not overlap with theirs, is listed with them.
/// @return each person's parts, indices into `persons`.
[[nodiscard]] std::vector<std::vector<std::int32_t>> RankPersons(
    const std::vector<PersonSummary>& persons, const Eigen::Vector3d& middle);

/// Leaves of a block what belongs to the persons chosen, with repaired labels: at most one sighting
/// a label and camera. The column `instance` is dropped.
void KeepPersons(const PersonBlock& whose, const std::vector<std::int32_t>& chosen,
                 ObservationBlock* block);

}  // namespace medius::reconstruct
