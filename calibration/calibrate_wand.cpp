#include "calibration/calibrate_wand.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "calibration/calibrate.hpp"
#include "calibration/wand_degeneracy.hpp"
#include "calibration/wand_labels.hpp"
#include "calibration/wand_match.hpp"
#include "calibration/wand_start.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

// Distances of a wand that stand to each other otherwise than stated by more than this, and by more
// than five of their sd, are those of another wand.
constexpr double kWrongShape = 0.004;
// A principal point this share of the width off the middle is that of another image size.
constexpr double kWrongCentre = 0.12;

const WandDistance* WorstDistance(const std::vector<WandDistance>& distances, double reference) {
  const WandDistance* worst = nullptr;
  double most = 0.0;
  for (const WandDistance& distance : distances) {
    if (distance.frames < kFewestWandFrames) continue;
    const double off = std::abs(distance.Ratio() / reference - 1.0);
    const double sd =
        distance.sd / std::sqrt(static_cast<double>(distance.frames)) / distance.stated;
    if (off < std::max(kWrongShape, 5.0 * sd) || off <= most) continue;
    most = off;
    worst = &distance;
  }
  return worst;
}

// Markers that stand to each other otherwise than the file says.
bool FindWrongShape(WandCalibration* calibration) {
  if (calibration->distances.empty()) return false;
  const WandDistance& longest = calibration->distances.front();
  const bool scale_is_held = calibration->result.options.hold_places;
  const double reference = scale_is_held ? 1.0 : longest.Ratio();
  const WandDistance* worst = WorstDistance(calibration->distances, reference);
  if (worst == nullptr) return false;
  Degeneracy wrong;
  wrong.kind = DegeneracyKind::kWrongTarget;
  wrong.value = worst->Ratio();
  wrong.limit = 1.0;
  wrong.sentence = fmt::format(
      "the wand does not fit its file: markers {} and {} are {:.1f} mm apart as the cameras see it "
      "(sd {:.1f} mm in {} frames), the file says {:.1f} mm; measure the wand and correct the "
      "file{}",
      worst->marker_a + 1, worst->marker_b + 1,
      1e3 * worst->mean / (scale_is_held ? 1.0 : reference), 1e3 * worst->sd, worst->frames,
      1e3 * worst->stated, scale_is_held ? ", or do not hold the places" : "");
  calibration->result.status = CalibrationStatus::kDegenerate;
  calibration->result.degeneracy = std::move(wrong);
  return true;
}

// A principal point far off the middle: the image is a part of the stated one, or the other way.
bool FindWrongSize(const DotObservations& dots, WandCalibration* calibration) {
  const CalibrationOptions& options = calibration->result.options;
  if (options.hold_intrinsics || options.initial) return false;
  for (std::size_t c = 0; c < dots.cameras.size(); ++c) {
    const UncalibratedCamera& image = dots.cameras[c];
    const Camera& camera = calibration->result.rig.cameras[c];
    const Eigen::Vector2d found(camera.model.intrinsics()[2], camera.model.intrinsics()[3]);
    const Eigen::Vector2d middle(0.5 * (image.width - 1), 0.5 * (image.height - 1));
    const double variance = (*camera.covariance)(2, 2) + (*camera.covariance)(3, 3);
    const double off = (found - middle).norm();
    if (off < std::max(kWrongCentre * image.width, 8.0 * std::sqrt(variance))) continue;
    Degeneracy wrong;
    wrong.kind = DegeneracyKind::kWrongImageSize;
    wrong.cameras = {CameraId(c)};
    wrong.value = off;
    wrong.limit = kWrongCentre * image.width;
    wrong.sentence = fmt::format(
        "camera {}: its axis meets the image at ({:.0f}, {:.0f}) px, far from the middle of the "
        "stated {} x {} px: its sightings are those of an image of about {:.0f} x {:.0f} px; give "
        "its true size (--size {}=WxH)",
        image.name, found.x(), found.y(), image.width, image.height, 2.0 * found.x() + 1.0,
        2.0 * found.y() + 1.0, image.name);
    calibration->result.status = CalibrationStatus::kDegenerate;
    calibration->result.degeneracy = std::move(wrong);
    return true;
  }
  return false;
}

void Count(WandCalibration* calibration) {
  for (const TargetView& view : calibration->observations.views) {
    calibration->usable += view.xy.size();
  }
  for (const CameraNumbers& camera : calibration->result.cameras) {
    calibration->used += camera.sightings;
  }
}

void Remark(WandCalibration* calibration) {
  const CalibrationOptions& options = calibration->result.options;
  if (calibration->left_out_frames > 0) {
    calibration->remarks.push_back(
        fmt::format("{} frames were left out: those used spread best over the images",
                    calibration->left_out_frames));
  }
  if (calibration->standing > 0) {
    calibration->remarks.push_back(
        fmt::format("{} sightings of lamps or reflections that stand still were left out",
                    calibration->standing));
  }
  if (!options.hold_places && !calibration->distances.empty()) {
    const WandDistance& longest = calibration->distances.front();
    calibration->remarks.push_back(
        fmt::format("the scale is that of the wand's file ({:.1f} mm from marker {} to {}) and of "
                    "nothing else: "
                    "a wrong length cannot be seen from the wand alone",
                    1e3 * longest.stated, longest.marker_a + 1, longest.marker_b + 1));
  }
}

// Where a wand stands in each camera, coarsely: place in the image, and direction.
std::vector<std::size_t> CellsOf(const DotObservations& dots, const DotFrame& frame) {
  constexpr std::size_t kColumns = 8;
  constexpr std::size_t kRows = 6;
  constexpr std::size_t kDirections = 4;
  std::vector<std::size_t> cells;
  for (const std::size_t v : frame.views) {
    const DotView& view = dots.views[v];
    if (view.xy.size() < 2) continue;
    const UncalibratedCamera& image = dots.cameras[view.camera.index()];
    const auto bin = [](double share, std::size_t count) {
      return static_cast<std::size_t>(
          std::clamp(share * static_cast<double>(count), 0.0, static_cast<double>(count) - 1.0));
    };
    Eigen::Vector2d low = view.xy[0];
    Eigen::Vector2d high = view.xy[0];
    for (const Eigen::Vector2d& xy : view.xy) {
      if (xy.x() < low.x()) low = xy;
      if (xy.x() > high.x()) high = xy;
    }
    const double direction = std::atan2(high.y() - low.y(), high.x() - low.x() + 1e-9);
    const Eigen::Vector2d middle = 0.5 * (low + high);
    const std::size_t cell = bin(middle.x() / image.width, kColumns) * kRows * kDirections +
                             bin(middle.y() / image.height, kRows) * kDirections +
                             bin(direction / 3.15 + 0.5, kDirections);
    cells.push_back(view.camera.index() * kColumns * kRows * kDirections + cell);
  }
  return cells;
}

}  // namespace

void WandOptions::Validate() const {
  if (most_frames < kFewestWandFrames) {
    throw InputError(fmt::format("wand option most_frames: {}; at least {} are expected",
                                 most_frames, kFewestWandFrames));
  }
}

std::size_t ThinFrames(std::size_t most_frames, DotObservations* dots) {
  const std::vector<DotFrame> frames = GroupFrames(*dots);
  if (frames.size() <= most_frames) return 0;
  std::vector<std::vector<std::size_t>> cells;
  for (const DotFrame& frame : frames) cells.push_back(CellsOf(*dots, frame));
  std::map<std::size_t, std::size_t> filled;
  std::vector<std::uint8_t> keep(frames.size(), 0);
  std::size_t kept = 0;
  // Neighbours in time show the same: steps of a prime visit the recording evenly.
  std::size_t step = 7919;
  while (std::gcd(step, frames.size()) != 1) ++step;
  for (std::size_t level = 1; kept < most_frames && level < 4 * most_frames; level *= 2) {
    for (std::size_t i = 0, f = 0; i < frames.size() && kept < most_frames; ++i) {
      f = (f + step) % frames.size();
      if (keep[f] != 0 || cells[f].size() < 2) continue;
      const bool is_new = std::any_of(cells[f].begin(), cells[f].end(),
                                      [&](std::size_t cell) { return filled[cell] < level; });
      if (!is_new) continue;
      for (const std::size_t cell : cells[f]) ++filled[cell];
      keep[f] = 1;
      ++kept;
    }
  }
  std::vector<DotView> views;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    if (keep[f] == 0) continue;
    for (const std::size_t v : frames[f].views) views.push_back(std::move(dots->views[v]));
  }
  dots->views = std::move(views);
  return frames.size() - kept;
}

WandCalibration CalibrateWand(const DotObservations& dots, const CalibrationTarget& wand,
                              const WandOptions& options, const WorkControl& control) {
  const WandShape shape = MakeWandShape(wand);
  ValidateDots(dots, shape.count());
  options.Validate();
  options.calibration.Validate({dots.cameras, {wand}, {}});
  control.Report(0, kCalibrationSteps);
  WandCalibration calibration;
  for (const DotView& view : dots.views) calibration.dots += view.xy.size();
  DotObservations chosen = dots;
  for (const std::size_t removed : RemoveStandingDots(&chosen)) calibration.standing += removed;
  calibration.left_out_frames = ThinFrames(options.most_frames, &chosen);
  WandStart start = StartWand(chosen, wand, options.calibration, control);
  calibration.frames = start.frames;
  calibration.observations = std::move(start.observations);
  calibration.result =
      AdjustStart(calibration.observations, options.calibration, std::move(start.rig), control);
  CalibrationResult& result = calibration.result;
  if (result.status == CalibrationStatus::kDegenerate) {
    ReplaceBoardWords(dots, &result.degeneracy);
  }
  if (result.rig.cameras.empty()) return calibration;
  calibration.distances =
      MeasureWand(result.rig, calibration.observations, 0, options.calibration.parallelism);
  Count(&calibration);
  if (!FindWrongSize(dots, &calibration)) FindWrongShape(&calibration);
  Remark(&calibration);
  return calibration;
}

}  // namespace medius::calibration
