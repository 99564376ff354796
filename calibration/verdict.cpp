#include "calibration/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "calibration/sign_test.hpp"

namespace medius::calibration {
namespace {

// Speed of a marker by which a time offset is put in millimetres: a hip in running, m/s.
constexpr double kMarkerSpeed = 3.0;
constexpr double kCertainSd = 3.0;
// Metres: a person moves through at least so much.
constexpr double kPersonHeight = 1.0;

// Gathers cameras that share a finding, each with its number.
class CameraList {
 public:
  explicit CameraList(const TargetObservations& observations) : observations_(observations) {}

  void Add(std::size_t camera, const std::string& number) {
    cameras_.emplace_back(camera);
    if (!text_.empty()) text_ += ", ";
    text_ += observations_.cameras[camera].name;
    if (!number.empty()) text_ += " (" + number + ")";
  }
  [[nodiscard]] bool empty() const { return cameras_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<CameraId>& cameras() const { return cameras_; }

 private:
  const TargetObservations& observations_;
  std::vector<CameraId> cameras_;
  std::string text_;
};

class Judge {
 public:
  Judge(const TargetObservations& observations, const CalibrationResult& result,
        const RigQuality& quality)
      : observations_(observations), result_(result), quality_(quality) {}

  Verdict Run(bool judge_coverage) {
    findings_ = quality_.inputs.findings;
    JudgeStatus();
    if (!result_.rig.cameras.empty() && result_.status == CalibrationStatus::kConverged) {
      // Causes before what they lead to.
      JudgeTimes();
      JudgeLinks();
      if (judge_coverage && !result_.options.hold_intrinsics) JudgeCoverage();
      JudgeFold();
      JudgePatterns();
      JudgeOutliers();
      JudgeNoise();
      JudgeFocal();
      JudgeHeldOut();
      JudgeVolume();
      JudgeVolumeSize();
      JudgeWands();
    }
    std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
      return static_cast<int>(a.severity) > static_cast<int>(b.severity);
    });
    Verdict verdict;
    verdict.grade = Grade::kGood;
    if (!findings_.empty() && findings_[0].severity == Severity::kLimit) {
      verdict.grade = Grade::kUsable;
    }
    if (!findings_.empty() && findings_[0].severity == Severity::kRedo) {
      verdict.grade = Grade::kRedo;
    }
    verdict.findings = std::move(findings_);
    return verdict;
  }

 private:
  void Add(Severity severity, const char* key, std::vector<CameraId> cameras, std::string text,
           std::string action) {
    findings_.push_back({severity, key, std::move(cameras), std::move(text), std::move(action)});
  }

  // Adds a finding for the cameras on each side of the limits.
  template <typename Number, typename Text>
  void AddByCamera(const char* key, const Number& severity_of, const Text& text_of,
                   const std::string& what, const std::string& action) {
    for (const Severity severity : {Severity::kRedo, Severity::kLimit}) {
      CameraList list(observations_);
      for (std::size_t c = 0; c < quality_.cameras.size(); ++c) {
        if (severity_of(c) == severity) list.Add(c, text_of(c));
      }
      if (!list.empty()) Add(severity, key, list.cameras(), list.text() + ": " + what, action);
    }
  }

  static Severity Above(double value, const VerdictLimits& limits) {
    if (value > limits.redo) return Severity::kRedo;
    return value > limits.limit ? Severity::kLimit : Severity::kNote;
  }
  static Severity Below(double value, const VerdictLimits& limits) {
    if (value < limits.redo) return Severity::kRedo;
    return value < limits.limit ? Severity::kLimit : Severity::kNote;
  }

  void JudgeStatus() {
    if (result_.status == CalibrationStatus::kDegenerate) {
      Add(Severity::kRedo, "degenerate", result_.degeneracy.cameras, result_.degeneracy.sentence,
          "");
    } else if (result_.status == CalibrationStatus::kNotConverged) {
      Add(Severity::kRedo, "not_converged", {},
          "The adjustment did not converge: its numbers are not those of a rig",
          "See the worst views below; leave those recordings out, or record anew");
    }
  }

  void JudgeVolume() {
    if (observations_.cameras.size() < 2) {
      Add(Severity::kNote, "one_camera", {},
          "One camera gives no positions of markers: only its lens is judged here",
          "Calibrate it with the cameras that it will record with");
      return;
    }
    if (!quality_.volume || !std::isfinite(quality_.noise_px)) {
      Add(Severity::kLimit, "volume_unknown", {},
          "How precise markers are cannot be said: the rig comes without its covariance, or "
          "without the noise of a sighting",
          "Record more views of the target, and calibrate without holding all cameras");
      return;
    }
    if (!std::isfinite(quality_.volume->percentile90)) {
      Add(Severity::kRedo, "no_volume", {},
          "No place where the target was lies in the images of two cameras",
          "Point the cameras at a common volume");
      return;
    }
    const VolumePrecision& volume = *quality_.volume;
    const Severity severity = Above(volume.percentile90, kVolumeSigma);
    if (severity == Severity::kNote) return;
    const bool by_rig = 2.0 * volume.percentile90_calibration > volume.percentile90;
    Add(severity, "volume_sigma", {},
        fmt::format("A marker's expected error reaches {:.1f} mm in a tenth of the volume (1 sd; "
                    "good is up to {:.0f} mm, redo above {:.0f} mm); {:.1f} mm of it by the "
                    "calibration, the rest by the noise of a sighting",
                    1e3 * volume.percentile90, 1e3 * kVolumeSigma.limit, 1e3 * kVolumeSigma.redo,
                    1e3 * volume.percentile90_calibration),
        by_rig ? "Record more views of the target, over the whole volume, also close and tilted"
               : "Sharpen what the cameras see: focus, light, shutter time, synchronization, or a "
                 "longer focal length");
  }

  void JudgeVolumeSize() {
    if (!quality_.volume) return;
    const Eigen::Vector3d size = quality_.volume->most - quality_.volume->least;
    if (size.z() >= kPersonHeight && size.head<2>().maxCoeff() >= kPersonHeight) return;
    Add(Severity::kNote, "volume_size", {},
        fmt::format("The target was shown in {:.1f} x {:.1f} x {:.1f} m alone (height last): what "
                    "is said here of the precision holds there, and a person needs more room",
                    size.x(), size.y(), size.z()),
        "Carry the target through the whole volume in which people will move");
  }

  void JudgeCoverage() {
    AddByCamera(
        "coverage",
        [&](std::size_t c) { return Below(quality_.cameras[c].coverage.share, kCoverageShare); },
        [&](std::size_t c) {
          return fmt::format("{:.0f} %", 100.0 * quality_.cameras[c].coverage.share);
        },
        fmt::format("the target was seen in too little of the image (good is {:.0f} % or more); "
                    "elsewhere the lens is extrapolated, and markers there are off by more than is "
                    "stated",
                    100.0 * kCoverageShare.limit),
        "Show the target there too, up to the corners: see the empty cells in the pictures below");
  }

  void JudgeFold() {
    CameraList list(observations_);
    for (std::size_t c = 0; c < quality_.cameras.size(); ++c) {
      const double lost = 1.0 - quality_.cameras[c].invertible_share;
      if (lost > 0.0) list.Add(c, fmt::format("{:.0f} %", std::ceil(100.0 * lost)));
    }
    if (list.empty()) return;
    Add(Severity::kLimit, "lens_fold", list.cameras(),
        fmt::format("{}: in so much of the image the lens model folds back, and markers there are "
                    "not reconstructed",
                    list.text()),
        "Show the target out to the corners of the image, so that the lens is known there; or take "
        "a lens model with fewer terms");
  }

  void JudgeFocal() {
    CameraList list(observations_);
    for (std::size_t c = 0; c < quality_.cameras.size(); ++c) {
      const double focal = result_.rig.cameras[c].model.intrinsics()[0];
      const double sd = quality_.cameras[c].focal_sd.maxCoeff() / focal;
      if (sd > kFocalSd) list.Add(c, fmt::format("{:.1f} %", 100.0 * sd));
    }
    if (list.empty()) return;
    Add(Severity::kLimit, "focal_sd", list.cameras(),
        fmt::format("{}: the focal length is known to no better than that (1 sd; good is up to "
                    "{:.0f} %)",
                    list.text(), 100.0 * kFocalSd),
        "Show these cameras the target tilted by 30 to 60 degrees, near and far");
  }

  [[nodiscard]] std::string NamesOf(const std::vector<CameraId>& cameras) const {
    CameraList list(observations_);
    for (const CameraId camera : cameras) list.Add(camera.index(), "");
    return list.text();
  }

  void JudgeLinks() {
    if (result_.options.hold_places) return;
    for (const RigLink& link : quality_.links) {
      const Severity severity =
          std::max(Below(static_cast<double>(link.common_views), kLinkViews),
                   Below(static_cast<double>(link.common_sightings), kLinkSightings));
      if (severity == Severity::kNote) continue;
      Add(severity, "weak_link", link.part,
          fmt::format("Only {} views of the target ({} points) hold {} to the other cameras, most "
                      "of them by {} and {} (good is {:.0f} views and {:.0f} points)",
                      link.common_views, link.common_sightings, NamesOf(link.part),
                      observations_.cameras[link.a.index()].name,
                      observations_.cameras[link.b.index()].name, kLinkViews.limit,
                      kLinkSightings.limit),
          "Show the target to " + FramesThatHelp(observations_, link, quality_.pairs));
    }
  }

  void JudgeHeldOut() {
    if (!quality_.inputs.held_out) {
      Add(Severity::kNote, "no_held_out", {},
          "No views were held out: whether the model fits views that it was not made from is not "
          "known",
          "");
      return;
    }
    const HeldOutNumbers& held_out = *quality_.inputs.held_out;
    const double ratio = held_out.rms / quality_.expected_held_out;
    if (!std::isfinite(ratio)) {
      Add(Severity::kLimit, "held_out_unknown", {},
          "Views were held out, but how well they fit cannot be told: none of them could be "
          "placed, "
          "or the noise of a sighting is not known",
          "Record more views of the target in which two or more cameras see it");
      return;
    }
    const Severity severity = Above(ratio, kHeldOutRatio);
    if (severity == Severity::kNote) return;
    Add(severity, "held_out", {},
        fmt::format("Views that the rig was not made from fit worse than they should: {:.2f} px "
                    "against {:.2f} px (ratio {:.2f}; good is up to {:.2f})",
                    held_out.rms, quality_.expected_held_out, ratio, kHeldOutRatio.limit),
        "Record more views, or take a lens model with fewer terms; a camera that moved during the "
        "recording shows like this too");
  }

  // A pattern that is not chance, on each side of the limits.
  [[nodiscard]] Severity SeverityOf(const PlacePattern& pattern) const {
    const double chance = kPatternChance / static_cast<double>(quality_.cameras.size());
    if (pattern.p > std::max(chance, 1.0 / (1.0 + kSignChanges))) return Severity::kNote;
    return Above(pattern.rms, kPlacePattern);
  }

  void JudgePatterns() {
    const auto radial = [&](std::size_t c) {
      return SeverityOf(quality_.cameras[c].misfit.radial);
    };
    AddByCamera(
        "lens_model", radial,
        [&](std::size_t c) {
          return fmt::format("{:.2f} px", quality_.cameras[c].misfit.radial.rms);
        },
        fmt::format("so much of the residuals lies inward or outward by the distance from the "
                    "middle of the image (good is below {:.2f} px): the lens model does not fit",
                    kPlacePattern.limit),
        "Calibrate with a lens model that has more terms (brown_conrady_8, kannala_brandt_4 for a "
        "fisheye) and compare the held-out residuals");
    AddByCamera(
        "place_pattern",
        [&](std::size_t c) {
          if (radial(c) != Severity::kNote) return Severity::kNote;
          return std::max(SeverityOf(quality_.cameras[c].misfit.smooth),
                          SeverityOf(quality_.cameras[c].field.by_cell));
        },
        [&](std::size_t c) {
          return fmt::format("{:.2f} px", std::max(quality_.cameras[c].misfit.smooth.rms,
                                                   quality_.cameras[c].field.by_cell.rms));
        },
        fmt::format("so much of the residuals depends on the place in the image (good is below "
                    "{:.2f} px): the lens model, a rolling shutter, or a target that is not as its "
                    "file says",
                    kPlacePattern.limit),
        "Look at the arrows below; check the board's size and flatness, try a lens model with more "
        "terms, and compare the held-out residuals");
  }

  void JudgeOutliers() {
    std::size_t outliers = 0;
    double in_lost_views = 0.0;
    for (const CameraQuality& camera : quality_.cameras) {
      outliers += camera.numbers.outliers;
      in_lost_views += camera.outliers_in_lost_views * static_cast<double>(camera.numbers.outliers);
    }
    const bool whole_views = in_lost_views > 0.5 * static_cast<double>(outliers);
    AddByCamera(
        "outliers",
        [&](std::size_t c) { return Above(quality_.cameras[c].outlier_share, kOutlierShare); },
        [&](std::size_t c) {
          return fmt::format("{:.0f} %", 100.0 * quality_.cameras[c].outlier_share);
        },
        fmt::format("so many sightings were left out as outliers (good is up to {:.0f} %){}",
                    100.0 * kOutlierShare.limit,
                    whole_views ? ", most of them with nearly their whole view" : ""),
        whole_views ? "Whole views that do not fit point to a target that moved while cameras "
                      "looked at different times, to a camera that moved, or to another board: see "
                      "the worst views below"
                    : "See the worst views below: reflections, blur, or a target that bent");
  }

  void JudgeNoise() {
    if (!(quality_.noise_px > kUsualNoise)) return;
    Add(Severity::kLimit, "noise", {},
        fmt::format("Sightings scatter by {:.2f} px; 0.05 to 0.3 px is usual, {:.1f} px the most "
                    "that is good",
                    quality_.noise_px, kUsualNoise),
        "Look for what moves: cameras that are not synchronized, a shutter time that blurs a board "
        "in motion, a board that bends, an image out of focus");
  }

  void JudgeTimes() {
    if (quality_.inputs.temporal) {
      JudgeEstimatedTimes(*quality_.inputs.temporal);
    } else {
      JudgeStamps();
    }
  }

  // What a difference of exposure does to a marker, in words.
  static std::string Consequence(double seconds) {
    return fmt::format("At {:.0f} m/s, the speed of a hip in running, {:.1f} ms are {:.0f} mm",
                       kMarkerSpeed, 1e3 * seconds, 1e3 * kMarkerSpeed * seconds);
  }

  void JudgeEstimatedTimes(const TemporalNumbers& temporal) {
    CameraList list(observations_);
    double largest = 0.0;
    for (std::size_t c = 0; c < temporal.cameras.size(); ++c) {
      const auto& camera = temporal.cameras[c];
      const double offset = std::abs(camera.offset);
      if (offset <= kTimeOffset.limit || offset <= kCertainSd * camera.offset_sd) continue;
      largest = std::max(largest, offset);
      list.Add(c, fmt::format("{:+.1f} +- {:.1f} ms", 1e3 * camera.offset, 1e3 * camera.offset_sd));
    }
    if (list.empty()) return;
    const bool redo = !temporal.in_the_rig && largest > kTimeOffset.redo;
    const std::string& reference = observations_.cameras[temporal.reference_camera.index()].name;
    Add(redo ? Severity::kRedo : Severity::kLimit, "time_offset", list.cameras(),
        fmt::format("The cameras are not synchronized. Estimated from the moving target, beyond "
                    "their time stamps and against {}: {}. {}{}",
                    reference, list.text(), Consequence(largest),
                    temporal.in_the_rig
                        ? "; the rig holds these offsets, but cameras that run freely have others "
                          "each time they are started"
                        : ""),
        "Synchronize the cameras (trigger, genlock) and record again; where they cannot be, "
        "estimate the offsets in every recording");
  }

  void JudgeStamps() {
    CameraList list(observations_);
    double largest = 0.0;
    for (std::size_t c = 0; c < quality_.cameras.size(); ++c) {
      const CameraQuality& camera = quality_.cameras[c];
      const double most = std::abs(camera.stamp_lag) + camera.stamp_jitter;
      if (!(most > kTimeOffset.limit)) continue;
      largest = std::max(largest, most);
      // Adding 0 makes a rounded -0 a 0.
      const double lag = std::round(1e4 * camera.stamp_lag) / 10.0 + 0.0;
      list.Add(c, fmt::format("{:.1f} ms, varying by {:.1f} ms", lag, 1e3 * camera.stamp_jitter));
    }
    if (list.empty()) return;
    Add(largest > kTimeOffset.redo ? Severity::kRedo : Severity::kLimit, "time_stamps",
        list.cameras(),
        fmt::format("The cameras are not synchronized: images of one instant were taken at "
                    "different times, as their time stamps say: {}. {}, and the target was moving "
                    "while it was seen",
                    list.text(), Consequence(largest)),
        "Synchronize the cameras (trigger, genlock) and record again; or calibrate with the time "
        "offsets estimated");
  }

  void JudgeWands() {
    for (const WandNumbers& wand : quality_.inputs.wands) {
      const double bias = std::abs(wand.mean_length / wand.nominal_length - 1.0);
      const Severity severity = Above(bias, kWandBias);
      if (severity == Severity::kNote) continue;
      Add(severity, "wand_length", {},
          fmt::format("The wand {} measures {:.2f} mm, its file says {:.2f} mm (good is within "
                      "{:.1f} %): board and wand do not agree on the scale",
                      wand.name, 1e3 * wand.mean_length, 1e3 * wand.nominal_length,
                      100.0 * kWandBias.limit),
          "Measure the squares of the board and the markers of the wand anew; a print is often "
          "scaled to the page");
    }
  }

  const TargetObservations& observations_;
  const CalibrationResult& result_;
  const RigQuality& quality_;
  std::vector<Finding> findings_;
};

}  // namespace

Verdict JudgeRig(const TargetObservations& observations, const CalibrationResult& result,
                 const RigQuality& quality, bool judge_coverage) {
  return Judge(observations, result, quality).Run(judge_coverage);
}

}  // namespace medius::calibration
