#include "calibration/wand_start.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "calibration/bundle_adjustment.hpp"
#include "calibration/outlier_rule.hpp"
#include "calibration/wand_degeneracy.hpp"
#include "calibration/wand_match.hpp"
#include "calibration/wand_resection.hpp"
#include "calibration/wand_seed.hpp"

namespace medius::calibration {
namespace {

// Instants of each pair of cameras that the start looks at.
constexpr std::size_t kFramesOfPair = 50;
constexpr std::size_t kFrameGrain = 8;
// Pairs of cameras to start from until one leads to all others.
constexpr std::size_t kMostSeeds = 8;
constexpr double kWidestGate = 0.02;  // of the image's width
constexpr double kNarrowestGate = 3.0;
constexpr double kGateSigmas = 8.0;
constexpr double kCauchyScale = 2.385;
constexpr double kLeastSigma = 0.02;
// Instants that must fit places which are to be taken as they are.
constexpr double kLeastInitialShare = 0.5;

// How far the lens is freed: one term after the other, as the places get better.
enum class Stage { kFocalAndFirstTerm, kRadialTerms, kAll };

class Starter {
 public:
  Starter(const DotObservations& dots, const CalibrationTarget& wand,
          const CalibrationOptions& options, const WorkControl& control)
      : dots_(dots),
        wand_(wand),
        options_(options),
        control_(control),
        shape_(MakeWandShape(wand)),
        frames_(GroupFrames(dots)),
        state_(EmptyState(dots.cameras, options)),
        placed_(dots.cameras.size(), 0) {}

  WandStart Run() {
    start_.rig.status = CalibrationStatus::kDegenerate;
    Label();
    if (auto found = FindDotDegeneracy(dots_, shape_, labellings_)) return Fail(*found);
    ChooseFrames();
    if (chosen_.size() < kFewestWandFrames) return Fail(DescribeFewFrames(dots_, chosen_.size()));
    control_.ThrowIfCancelled();
    if (!UseInitialPlaces()) {
      if (options_.hold_places) return Fail(DescribeWrongInitial(matched_, chosen_.size()));
      if (!FindPlaces()) return std::move(start_);
    }
    Polish();
    Finish();
    return std::move(start_);
  }

 private:
  WandStart Fail(Degeneracy degeneracy) {
    start_.rig.degeneracy = std::move(degeneracy);
    return std::move(start_);
  }

  void Label() {
    labellings_.resize(dots_.views.size());
    ParallelFor(options_.parallelism, labellings_.size(), kFrameGrain,
                [&](std::size_t begin, std::size_t end) {
                  for (std::size_t v = begin; v < end; ++v) {
                    labellings_[v] = LabellingsOf(shape_, dots_.views[v]);
                  }
                });
  }

  // Instants, spread over the recording, until each pair of cameras has enough.
  void ChooseFrames() {
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> count;
    const std::size_t step = 1 + frames_.size() / 64;
    for (std::size_t offset = 0; offset < step; ++offset) {
      for (std::size_t i = offset; i < frames_.size(); i += step) {
        std::vector<std::size_t> cameras;
        for (const std::size_t v : frames_[i].views) {
          if (!labellings_[v].empty()) cameras.push_back(dots_.views[v].camera.index());
        }
        bool wanted = false;
        for (std::size_t a = 0; a < cameras.size(); ++a) {
          for (std::size_t b = a + 1; b < cameras.size(); ++b) {
            wanted = wanted || count[{cameras[a], cameras[b]}] < kFramesOfPair;
          }
        }
        if (!wanted) continue;
        for (std::size_t a = 0; a < cameras.size(); ++a) {
          for (std::size_t b = a + 1; b < cameras.size(); ++b) ++count[{cameras[a], cameras[b]}];
        }
        chosen_.push_back(frames_[i]);
      }
    }
    std::sort(chosen_.begin(), chosen_.end(),
              [](const DotFrame& a, const DotFrame& b) { return a.frame < b.frame; });
  }

  [[nodiscard]] double WidestGate() const {
    int width = 0;
    for (const UncalibratedCamera& camera : dots_.cameras) width = std::max(width, camera.width);
    return kWidestGate * width;
  }

  // True where the places of an initial rig explain what is seen.
  bool UseInitialPlaces() {
    if (!options_.initial) return false;
    gate_ = WidestGate();
    placed_.assign(placed_.size(), 1);
    Match(chosen_);
    std::vector<std::size_t> seen(placed_.size(), 0);
    for (const auto& match : matches_) {
      if (!match) continue;
      ++matched_;
      std::size_t last = dots_.views.size();
      for (const MarkerHit& hit : match->hits) {
        if (hit.view != last) ++seen[dots_.views[hit.view].camera.index()];
        last = hit.view;
      }
    }
    const bool everywhere = *std::min_element(seen.begin(), seen.end()) >= kFewestWandFrames;
    const bool fits =
        static_cast<double>(matched_) > kLeastInitialShare * static_cast<double>(chosen_.size());
    if (fits && (everywhere || options_.hold_places)) return true;
    placed_.assign(placed_.size(), 0);
    return false;
  }

  bool FindPlaces() {
    const SeedInput input{shape_,
                          dots_,
                          labellings_,
                          chosen_,
                          state_,
                          options_.initial.has_value(),
                          options_.focal_guess};
    const auto common = CountCommonFrames(dots_, labellings_, frames_);
    const SeedSearch seeds = FindSeedPairs(input, common);
    start_.rig.degeneracy = seeds.degeneracy;
    const RigState nothing = state_;
    // A pair that leads nowhere may have been a bad one.
    std::size_t most = 0;
    for (std::size_t i = 0; i < std::min(seeds.pairs.size(), kMostSeeds); ++i) {
      state_ = nothing;
      const std::vector<int> mirrored = Grow(seeds.pairs[i]);
      const auto known = static_cast<std::size_t>(
          std::count_if(mirrored.begin(), mirrored.end(), [](int side) { return side >= 0; }));
      if (known > most) {
        most = known;
        start_.rig.degeneracy = std::count(mirrored.begin(), mirrored.end(), 1) > 0
                                    ? DescribeMirrored(dots_, mirrored)
                                    : DescribeUnplaced(dots_, common, placed_);
      }
      if (std::count(mirrored.begin(), mirrored.end(), 0) ==
          static_cast<std::ptrdiff_t>(placed_.size())) {
        return true;
      }
      if (known == placed_.size()) return false;
    }
    return false;
  }

  // From two cameras to all that can be placed. @return [cameras] 0 placed, 1 mirrored, -1 neither.
  std::vector<int> Grow(const SeedPair& seed) {
    gate_ = WidestGate();
    placed_.assign(placed_.size(), 0);
    PlaceSeed(seed);
    std::vector<int> mirrored(placed_.size(), -1);
    mirrored[seed.a] = mirrored[seed.b] = 0;
    while (PlaceNext(&mirrored)) {
    }
    return mirrored;
  }

  void SetFocal(std::size_t camera, double focal) {
    if (options_.initial) return;
    const UncalibratedCamera& image = dots_.cameras[camera];
    state_.intrinsics[state_.group[camera]] = {focal, focal, 0.5 * (image.width - 1),
                                               0.5 * (image.height - 1)};
  }

  void PlaceSeed(const SeedPair& seed) {
    SetFocal(seed.a, seed.focal_a);
    SetFocal(seed.b, seed.focal_b);
    state_.camera_from_lab[seed.a] = {};
    state_.camera_from_lab[seed.b] = seed.b_from_a;
    placed_[seed.a] = placed_[seed.b] = 1;
    anchor_ = seed.a;
    Match(chosen_);
    Adjust(Stage::kFocalAndFirstTerm);
  }

  // What is known of the wand's places, for one camera.
  std::vector<ResectionFrame> ResectionFrames(std::size_t camera) const {
    std::vector<ResectionFrame> frames;
    for (std::size_t f = 0; f < chosen_.size(); ++f) {
      if (!matches_[f]) continue;
      for (const std::size_t v : chosen_[f].views) {
        const DotView& view = dots_.views[v];
        if (view.camera.index() != camera || labellings_[v].empty()) continue;
        if (labellings_[v].size() > 6) continue;
        ResectionFrame frame;
        for (const Eigen::Vector3d& x : shape_.points) {
          frame.x_in_lab.push_back(matches_[f]->lab_from_wand * x);
        }
        for (const Labelling& labelling : labellings_[v]) {
          frame.labellings.emplace_back();
          for (const std::size_t dot : labelling.dot) {
            frame.labellings.back().push_back(view.xy[dot]);
          }
        }
        frames.push_back(std::move(frame));
      }
    }
    return frames;
  }

  [[nodiscard]] bool IsLensKnown(std::size_t camera) const {
    if (options_.initial) return true;
    for (std::size_t c = 0; c < placed_.size(); ++c) {
      if (placed_[c] != 0 && state_.group[c] == state_.group[camera]) return true;
    }
    return false;
  }

  // Places the camera that sees most of the wands which are placed; false where none can be.
  bool PlaceNext(std::vector<int>* mirrored) {
    control_.ThrowIfCancelled();
    Match(chosen_);
    std::vector<std::pair<std::size_t, std::vector<ResectionFrame>>> left;
    for (std::size_t c = 0; c < placed_.size(); ++c) {
      if (placed_[c] == 0 && (*mirrored)[c] < 0) left.emplace_back(c, ResectionFrames(c));
    }
    std::stable_sort(left.begin(), left.end(), [](const auto& a, const auto& b) {
      return a.second.size() > b.second.size();
    });
    for (const auto& [camera, frames] : left) {
      if (frames.size() < kFewestWandFrames) break;
      ResectionCamera known{state_.kind[state_.group[camera]], dots_.cameras[camera].width,
                            dots_.cameras[camera].height, std::nullopt, std::nullopt};
      if (IsLensKnown(camera)) known.intrinsics = state_.intrinsics[state_.group[camera]];
      const bool has_guess = !options_.focal_guess.empty() && options_.focal_guess[camera] > 0.0;
      if (has_guess) known.focal_guess = options_.focal_guess[camera];
      const auto found = ResectCamera(known, frames, 77 + camera);
      if (!found) continue;
      if (found->mirrored) {
        (*mirrored)[camera] = 1;
        return true;
      }
      (*mirrored)[camera] = 0;
      state_.intrinsics[state_.group[camera]] = found->intrinsics;
      state_.camera_from_lab[camera] = found->camera_from_lab;
      placed_[camera] = 1;
      Match(chosen_);
      Adjust(Stage::kFocalAndFirstTerm);
      return true;
    }
    return false;
  }

  void Match(const std::vector<DotFrame>& frames) {
    PlacedCameras cameras(placed_.size());
    for (std::size_t c = 0; c < placed_.size(); ++c) {
      const std::size_t group = state_.group[c];
      if (placed_[c] == 0) continue;
      cameras[c].emplace(state_.kind[group], state_.intrinsics[group], state_.camera_from_lab[c]);
    }
    matches_.assign(frames.size(), std::nullopt);
    ParallelFor(options_.parallelism, frames.size(), kFrameGrain,
                [&](std::size_t begin, std::size_t end) {
                  for (std::size_t f = begin; f < end; ++f) {
                    matches_[f] = MatchWand(shape_, dots_, labellings_, frames[f], cameras, gate_);
                  }
                });
  }

  // The matches as labelled views, and the wand's poses in their order.
  TargetObservations Labelled(const std::vector<DotFrame>& frames,
                              std::vector<RigidTransform>* poses) const {
    TargetObservations observations{dots_.cameras, {wand_}, {}};
    observations.targets[0].is_wand = true;
    poses->clear();
    for (std::size_t f = 0; f < frames.size(); ++f) {
      if (!matches_[f]) continue;
      poses->push_back(matches_[f]->lab_from_wand);
      AppendViews(dots_, *matches_[f], 0, &observations.views);
    }
    return observations;
  }

  // What stays as it is in one stage.
  [[nodiscard]] HeldParameters HeldIn(Stage stage) const {
    HeldParameters held = HeldBy(options_, state_);
    std::fill(held.pose.begin(), held.pose.end(), options_.hold_places ? 1 : 0);
    held.pose[anchor_] = 1;
    for (std::size_t g = 0; g < state_.kind.size(); ++g) {
      // An initial lens is better than what a half-placed rig says of it.
      const int free_terms = options_.initial ? 0 : (stage == Stage::kRadialTerms ? 6 : 5);
      std::vector<int>& indices = held.intrinsics[g];
      for (int i = 0; i < IntrinsicCountOf(state_, g) && stage != Stage::kAll; ++i) {
        if (i == 2 || i == 3 || i >= free_terms || options_.initial) indices.push_back(i);
      }
      std::sort(indices.begin(), indices.end());
      indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
    }
    return held;
  }

  void Adjust(Stage stage) {
    std::vector<RigidTransform> poses;
    const TargetObservations observations = Labelled(chosen_, &poses);
    const BundleData data =
        MakeBundleData(observations, std::vector<std::uint8_t>(observations.views.size(), 1));
    if (data.poses.empty()) return;
    state_.lab_from_target = std::move(poses);
    const std::vector<std::uint8_t> use(data.sightings.size(), 1);
    const HeldParameters held = HeldIn(stage);
    double sigma = RobustSigma(data, use, state_, options_.parallelism);
    for (int round = 0; round < 4; ++round) {
      const RobustLoss loss{kCauchyScale * std::max(sigma, kLeastSigma)};
      AdjustBundle(data, use, held, loss, {6, 1e-3}, options_.parallelism, control_, &state_);
      const double before = sigma;
      sigma = RobustSigma(data, use, state_, options_.parallelism);
      if (sigma > 0.8 * before) break;
    }
    const bool has_sigmas = !observations.views.front().sigma.empty();
    const double sigma_px = has_sigmas ? sigma * observations.views.front().sigma[0] : sigma;
    gate_ = std::clamp(kGateSigmas * sigma_px + 2.0, kNarrowestGate, WidestGate());
  }

  void Polish() {
    for (const Stage stage : {Stage::kFocalAndFirstTerm, Stage::kRadialTerms, Stage::kAll}) {
      control_.ThrowIfCancelled();
      Match(chosen_);
      Adjust(stage);
    }
  }

  void Finish() {
    if (!options_.hold_places) MoveToReference();
    Match(frames_);
    std::vector<RigidTransform> poses;
    start_.observations = Labelled(frames_, &poses);
    state_.lab_from_target = std::move(poses);
    start_.frames = state_.lab_from_target.size();
    for (const DotView& view : dots_.views) start_.dots += view.xy.size();
    RigStart& rig = start_.rig;
    const std::size_t views = start_.observations.views.size();
    rig.data = MakeBundleData(start_.observations, std::vector<std::uint8_t>(views, 1));
    rig.state = std::move(state_);
    rig.held = HeldBy(options_, rig.state);
    // One entry a view: there is no doubt which way a wand stands.
    rig.candidates.assign(views, std::vector<PoseCandidate>(1));
    rig.largest_tilt.assign(dots_.cameras.size(), 0.0);
    rig.status =
        rig.data.poses.empty() ? CalibrationStatus::kNotConverged : CalibrationStatus::kConverged;
  }

  // The reference camera's frame is the lab, or it stands where the initial rig has it.
  void MoveToReference() {
    const std::size_t reference = options_.reference_camera.index();
    RigidTransform there;
    if (options_.initial) {
      there = (*options_.initial)[*options_.initial->Find(dots_.cameras[reference].name)]
                  .camera_from_lab;
    }
    const RigidTransform here = state_.camera_from_lab[reference];
    const RigidTransform lab_from_lab = here.Inverse() * there;
    for (std::size_t c = 0; c < placed_.size(); ++c) {
      state_.camera_from_lab[c] = state_.camera_from_lab[c] * lab_from_lab;
    }
    state_.camera_from_lab[reference] = there;
  }

  const DotObservations& dots_;
  const CalibrationTarget& wand_;
  const CalibrationOptions& options_;
  const WorkControl& control_;
  WandShape shape_;
  std::vector<DotFrame> frames_;
  std::vector<DotFrame> chosen_;
  std::vector<std::vector<Labelling>> labellings_;
  RigState state_;
  std::vector<std::uint8_t> placed_;
  std::size_t anchor_ = 0;
  double gate_ = 0.0;
  std::size_t matched_ = 0;
  std::vector<std::optional<WandMatch>> matches_;
  WandStart start_;
};

}  // namespace

WandStart StartWand(const DotObservations& dots, const CalibrationTarget& wand,
                    const CalibrationOptions& options, const WorkControl& control) {
  return Starter(dots, wand, options, control).Run();
}

}  // namespace medius::calibration
