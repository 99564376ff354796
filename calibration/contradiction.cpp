#include "calibration/contradiction.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include "calibration/calibrate.hpp"
#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kFewestCommon = 4;
constexpr std::size_t kMostCommon = 150;  // of a pair, evenly spread
// The same in the first look at all shifts, of which the best few get a second.
constexpr std::size_t kMostCommonOfShift = 30;
constexpr std::size_t kShiftsOfSecondLook = 4;
// Two cameras agree on a board within this turn, and as much of the distance.
constexpr double kAgreementAngle = 3.0 / 180.0 * 3.14159265358979;
// Share of common boards that a mistake must bring to agreement, and by how much more.
constexpr double kGoodShare = 0.6;
constexpr double kLeastGain = 0.3;
constexpr int kLargestShift = 60;  // frames
// A board this much larger or smaller than stated is another one.
constexpr double kLeastScale = 0.02;
constexpr double kSure = 5.0;

enum class Mistake { kNone, kMirrored, kTurned, kShifted, kScaled };

using Instant = std::pair<std::size_t, std::size_t>;  // frame and target
using Poses = std::map<Instant, RigidTransform>;      // camera_from_target

// The views of one camera, as a recording of its own.
TargetObservations Alone(const TargetObservations& observations, CameraId camera) {
  TargetObservations alone{{observations.cameras[camera.index()]}, observations.targets, {}};
  for (const TargetView& view : observations.views) {
    if (view.camera != camera) continue;
    alone.views.push_back(view);
    alone.views.back().camera = CameraId(0);
  }
  return alone;
}

// The boards of a camera calibrated alone.
struct LoneCamera {
  Poses poses;
  /// By how much all its distances may be off together: its focal length's, 1 sd.
  double depth_sd = 0.0;
};

LoneCamera CalibrateAlone(const TargetObservations& observations, const CalibrationOptions& options,
                          CameraId camera, const WorkControl& control) {
  CalibrationOptions single;
  single.model =
      options.model_of_camera.empty() ? options.model : options.model_of_camera[camera.index()];
  single.held_intrinsics = options.held_intrinsics;
  single.max_iterations = options.max_iterations;
  if (!options.focal_guess.empty()) single.focal_guess = {options.focal_guess[camera.index()]};
  if (options.initial) {
    const std::string& name = observations.cameras[camera.index()].name;
    single.initial = CameraRig{};
    single.initial->cameras = {(*options.initial)[*options.initial->Find(name)]};
    single.initial->cameras[0].camera_from_lab = {};  // boards in the frame of the camera
    single.hold_intrinsics = options.hold_intrinsics;
  }
  single.refuse_unlikely_lens = false;
  single.parallelism = options.parallelism;
  WorkControl quiet;
  quiet.cancellation = control.cancellation;
  const CalibrationResult result = Calibrate(Alone(observations, camera), single, quiet);
  LoneCamera lone;
  if (result.status != CalibrationStatus::kConverged) return lone;
  for (const TargetPose& pose : result.target_poses) {
    lone.poses[{pose.frame, pose.target}] = pose.lab_from_target;
  }
  lone.depth_sd =
      result.cameras.front().focal_sd / result.rig.cameras.front().model.intrinsics()[0];
  return lone;
}

// Middle of a target's points.
Eigen::Vector3d MiddleOf(const CalibrationTarget& target) {
  Eigen::Vector3d low = target.points.front();
  Eigen::Vector3d high = low;
  for (const Eigen::Vector3d& point : target.points) {
    low = low.cwiseMin(point);
    high = high.cwiseMax(point);
  }
  return 0.5 * (low + high);
}

// The pose that a view would have had without the mistake.
RigidTransform PutRight(const RigidTransform& pose, Mistake mistake,
                        const CalibrationTarget& target) {
  const Eigen::Vector3d middle = MiddleOf(target);
  if (mistake == Mistake::kTurned) {  // half a turn about the middle of the board
    const Eigen::Vector3d turn(-1.0, -1.0, 1.0);
    const Eigen::Vector3d shift(2.0 * middle.x(), 2.0 * middle.y(), 0.0);
    return pose * RigidTransform{turn.asDiagonal(), shift};
  }
  if (mistake == Mistake::kMirrored) {  // of the image and, with it, of the board
    const Eigen::Vector3d flip(-1.0, 1.0, 1.0);
    const Eigen::Vector3d shift(2.0 * middle.x(), 0.0, 0.0);
    return {flip.asDiagonal() * pose.rotation * flip.asDiagonal(),
            flip.asDiagonal() * (pose.rotation * shift + pose.translation)};
  }
  return pose;
}

// Both poses of the boards that two cameras saw at one instant.
struct Common {
  RigidTransform a;
  RigidTransform b;
};

std::vector<Common> CommonOf(const TargetObservations& observations, const Poses& a, const Poses& b,
                             Mistake mistake, int shift, std::size_t most = kMostCommon) {
  std::vector<Common> common;
  for (const auto& [instant, pose] : b) {
    const auto frame = static_cast<std::int64_t>(instant.first) + shift;
    if (frame < 0) continue;
    const auto found = a.find({static_cast<std::size_t>(frame), instant.second});
    if (found == a.end()) continue;
    common.push_back(
        {found->second, PutRight(pose, mistake, observations.targets[instant.second])});
  }
  if (common.size() <= most) return common;
  std::vector<Common> spread;
  for (std::size_t i = 0; i < most; ++i) {
    spread.push_back(common[i * common.size() / most]);
  }
  return spread;
}

// Boards that agree on how two cameras stand to each other.
double Agreeing(const std::vector<Common>& common) {
  std::size_t best = 0;
  for (const Common& hypothesis : common) {
    const RigidTransform a_from_b = hypothesis.a * hypothesis.b.Inverse();
    std::size_t count = 0;
    for (const Common& other : common) {
      const RigidTransform predicted = a_from_b * other.b;
      const double turn = RotationAngle(predicted.rotation * other.a.rotation.transpose());
      const double shift = (predicted.translation - other.a.translation).norm();
      const double distance = other.a.translation.norm() + other.b.translation.norm();
      count += turn < kAgreementAngle && shift < kAgreementAngle * distance ? 1 : 0;
    }
    best = std::max(best, count);
  }
  return static_cast<double>(best);
}

// Size of a's board over b's, by the boards that agree on the turn between the cameras.
struct Scale {
  double value = 1.0;
  double sd = 0.0;
  double agreeing = 0.0;  // boards
};

std::vector<const Common*> SameTurn(const std::vector<Common>& common, Eigen::Matrix3d* R) {
  std::vector<const Common*> best;
  for (const Common& hypothesis : common) {
    const Eigen::Matrix3d turn = hypothesis.a.rotation * hypothesis.b.rotation.transpose();
    std::vector<const Common*> same;
    for (const Common& other : common) {
      const Eigen::Matrix3d rest = turn * other.b.rotation * other.a.rotation.transpose();
      if (RotationAngle(rest) < kAgreementAngle) same.push_back(&other);
    }
    if (same.size() <= best.size()) continue;
    best = std::move(same);
    *R = turn;
  }
  return best;
}

// t_a = s R t_b + t by least squares with Huber weights.
Scale EstimateScale(const std::vector<Common>& common) {
  Eigen::Matrix3d R;
  const std::vector<const Common*> same = SameTurn(common, &R);
  Scale scale;
  if (same.size() < kFewestCommon) return scale;
  std::vector<double> weight(same.size(), 1.0);
  for (int round = 0; round < 10; ++round) {
    Eigen::Matrix4d H = Eigen::Matrix4d::Zero();
    Eigen::Vector4d g = Eigen::Vector4d::Zero();
    for (std::size_t i = 0; i < same.size(); ++i) {
      Eigen::Matrix<double, 3, 4> J;
      J << R * same[i]->b.translation, Eigen::Matrix3d::Identity();
      H += weight[i] * J.transpose() * J;
      g += weight[i] * J.transpose() * same[i]->a.translation;
    }
    const Eigen::Vector4d solved = H.ldlt().solve(g);
    std::vector<double> rest;
    for (const Common* pair : same) {
      const Eigen::Vector3d predicted = solved[0] * (R * pair->b.translation) + solved.tail<3>();
      rest.push_back((pair->a.translation - predicted).norm());
    }
    std::vector<double> sorted = rest;
    std::nth_element(sorted.begin(), sorted.begin() + sorted.size() / 2, sorted.end());
    const double median = std::max(sorted[sorted.size() / 2], 1e-9);
    for (std::size_t i = 0; i < rest.size(); ++i) {
      weight[i] = std::min(1.0, 2.0 * median / std::max(rest[i], 1e-12));
    }
    scale.value = solved[0];
    // The median of the length of three Gaussian numbers is 1.54 sd.
    scale.sd = median / 1.54 * std::sqrt(H.inverse()(0, 0));
  }
  scale.agreeing = static_cast<double>(same.size());
  return scale;
}

std::vector<Common> Swapped(std::vector<Common> common) {
  for (Common& pair : common) std::swap(pair.a, pair.b);
  return common;
}

// What a mistake of one camera explains, over all its partners.
struct Explanation {
  Mistake mistake = Mistake::kNone;
  CameraId camera{0};
  double common = 0.0;
  double agreeing = 0.0;
  int shift = 0;
  double scale = 1.0;
  [[nodiscard]] double Share() const { return common > 0.0 ? agreeing / common : 0.0; }
};

class Search {
 public:
  Search(const TargetObservations& observations, std::vector<LoneCamera> cameras,
         Parallelism parallelism, const WorkControl& control)
      : observations_(observations),
        cameras_(std::move(cameras)),
        parallelism_(parallelism),
        control_(control) {}

  [[nodiscard]] std::optional<Explanation> Best() const {
    Explanation best;
    double base = 1.0;
    for (std::size_t c = 0; c < cameras_.size(); ++c) {
      const double own = Try(c, Mistake::kNone, 0).Share();
      for (const Explanation& tried : AllOf(c)) {
        if (tried.Share() - own <= best.Share() - base && best.mistake != Mistake::kNone) continue;
        best = tried;
        base = own;
      }
    }
    if (best.Share() >= kGoodShare && best.Share() - base >= kLeastGain) return best;
    return BestScale();
  }

 private:
  [[nodiscard]] Explanation Try(std::size_t camera, Mistake mistake, int shift,
                                std::size_t most = kMostCommon) const {
    control_.ThrowIfCancelled();
    Explanation tried{mistake, CameraId(camera), 0.0, 0.0, shift, 1.0};
    for (std::size_t other = 0; other < cameras_.size(); ++other) {
      if (other == camera) continue;
      const auto common = CommonOf(observations_, cameras_[other].poses, cameras_[camera].poses,
                                   mistake, shift, most);
      if (common.size() < kFewestCommon) continue;
      tried.common += static_cast<double>(common.size());
      tried.agreeing += Agreeing(common);
    }
    return tried;
  }

  [[nodiscard]] std::vector<Explanation> AllOf(std::size_t camera) const {
    std::vector<Explanation> all = {Try(camera, Mistake::kMirrored, 0),
                                    Try(camera, Mistake::kTurned, 0)};
    for (const int shift : LikelyShifts(camera)) {
      all.push_back(Try(camera, Mistake::kShifted, shift));
    }
    std::erase_if(all, IsByChance);
    return all;
  }

  // A shift leaves few common boards at the ends, where chance agrees.
  static bool IsByChance(const Explanation& tried) { return tried.common < 2 * kFewestCommon; }

  // The shifts at which most of a few boards agree, best first.
  [[nodiscard]] std::vector<int> LikelyShifts(std::size_t camera) const {
    std::vector<Explanation> looks(2 * kLargestShift + 1);
    ParallelFor(parallelism_, looks.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const int shift = static_cast<int>(i) - kLargestShift;
        looks[i] = Try(camera, Mistake::kShifted, shift, kMostCommonOfShift);
      }
    });
    std::erase_if(looks,
                  [](const Explanation& look) { return look.shift == 0 || IsByChance(look); });
    std::stable_sort(looks.begin(), looks.end(), [](const Explanation& a, const Explanation& b) {
      return a.Share() > b.Share();
    });
    if (looks.size() > kShiftsOfSecondLook) looks.resize(kShiftsOfSecondLook);
    std::vector<int> shifts;
    for (const Explanation& look : looks) shifts.push_back(look.shift);
    return shifts;
  }

  // The camera whose board has another size to all its partners.
  [[nodiscard]] std::optional<Explanation> BestScale() const {
    std::optional<Explanation> best;
    double best_score = 0.0;  // common boards that differ, less those that do not
    for (std::size_t c = 0; c < cameras_.size(); ++c) {
      Explanation tried{Mistake::kScaled, CameraId(c), 0.0, 0.0, 0, 0.0};
      double differing = 0.0;
      double weight = 0.0;
      for (std::size_t other = 0; other < cameras_.size(); ++other) {
        if (other == c) continue;
        const auto common =
            CommonOf(observations_, cameras_[other].poses, cameras_[c].poses, Mistake::kNone, 0);
        if (common.size() < kFewestCommon) continue;
        const auto count = static_cast<double>(common.size());
        tried.common += count;
        const Scale scale = EstimateScale(common);
        const Scale back = EstimateScale(Swapped(common));
        if (scale.agreeing == 0.0 || !(back.value > 0.0) || !(scale.value > 0.0)) continue;
        tried.agreeing += scale.agreeing;
        tried.scale += count * std::sqrt(scale.value / back.value);
        weight += count;
        // Noise of the distances shrinks both estimates: the truth lies between the two.
        const double low = std::min(scale.value, 1.0 / back.value);
        const double high = std::max(scale.value, 1.0 / back.value);
        const double difference = low > 1.0 ? low - 1.0 : std::max(0.0, 1.0 - high);
        const double sd = std::hypot(scale.sd, cameras_[c].depth_sd, cameras_[other].depth_sd);
        if (std::isfinite(sd) && difference > std::max(kLeastScale, kSure * sd)) differing += count;
      }
      if (weight == 0.0 || tried.Share() < kGoodShare) continue;
      tried.scale /= weight;
      const double score = 2.0 * differing - tried.common;
      if (score <= best_score) continue;
      best_score = score;
      best = tried;
    }
    return best;
  }

  const TargetObservations& observations_;
  std::vector<LoneCamera> cameras_;
  Parallelism parallelism_;
  const WorkControl& control_;
};

std::string Say(const std::string& name, const Explanation& found) {
  const std::string rest = fmt::format("that makes {:.0f} of {:.0f} boards agree with the others",
                                       found.agreeing, found.common);
  switch (found.mistake) {
    case Mistake::kMirrored:
      return fmt::format(
          "camera {} has a mirrored image ({}); switch off its mirroring (a mirrored image maps x "
          "to width - 1 - x) and record or convert again",
          name, rest);
    case Mistake::kTurned:
      return fmt::format(
          "camera {} numbers the points of the board from the other end ({}): half a turn of this "
          "board looks the same; take a board of an even by an odd number of squares, or one with "
          "codes",
          name, rest);
    case Mistake::kShifted:
      return fmt::format(
          "camera {} is not in step: its frame n shows what the others show in frame n{:+d} ({}); "
          "shift its frames or group the frames by time stamps",
          name, found.shift, rest);
    default:
      return fmt::format(
          "camera {} saw a board of another size than the others, {:.3f} times as large as the "
          "board file says; check the size of the squares of the board it saw, or the board file",
          name, found.scale);
  }
}

DegeneracyKind KindOf(Mistake mistake) {
  if (mistake == Mistake::kMirrored) return DegeneracyKind::kMirroredCamera;
  return mistake == Mistake::kScaled ? DegeneracyKind::kWrongTarget
                                     : DegeneracyKind::kContradiction;
}

}  // namespace

std::optional<Degeneracy> ExplainContradiction(const TargetObservations& observations,
                                               const CalibrationOptions& options,
                                               const WorkControl& control) {
  const std::size_t count = observations.cameras.size();
  if (count < 2) return std::nullopt;
  std::vector<LoneCamera> cameras;
  for (std::size_t c = 0; c < count; ++c) {
    cameras.push_back(CalibrateAlone(observations, options, CameraId(c), control));
  }
  const auto found = Search(observations, std::move(cameras), options.parallelism, control).Best();
  if (!found) return std::nullopt;
  Degeneracy degeneracy;
  degeneracy.kind = KindOf(found->mistake);
  degeneracy.cameras = {found->camera};
  degeneracy.value = found->mistake == Mistake::kScaled ? found->scale : found->Share();
  degeneracy.limit = found->mistake == Mistake::kScaled ? 1.0 : kGoodShare;
  std::string name = observations.cameras[found->camera.index()].name;
  if (count == 2) {  // which of two is wrong cannot be told
    degeneracy.cameras = {CameraId(0), CameraId(1)};
    const std::string& other = observations.cameras[1 - found->camera.index()].name;
    if (found->mistake == Mistake::kScaled) {
      degeneracy.sentence = fmt::format(
          "camera {} saw a board {:.3f} times as large as camera {} did; check that both saw the "
          "board of the board file, with squares of its size",
          name, found->scale, other);
      return degeneracy;
    }
    name += fmt::format(" (or, the other way round, {})", other);
  }
  degeneracy.sentence = Say(name, *found);
  return degeneracy;
}

}  // namespace medius::calibration
