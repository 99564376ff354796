#include "tests/reconstruct/fragment_scene.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

#include <Eigen/Geometry>

#include "capture/scenario.hpp"
#include "capture/standing.hpp"
#include "capture/virtual_body.hpp"
#include "capture/virtual_runner.hpp"
#include "core/trajectories.hpp"
#include "storage/marker_set_toml.hpp"
#include "storage/trajectory_import.hpp"

namespace medius::reconstruct::testing {
namespace {

const Eigen::Vector3f kMissing = Eigen::Vector3f::Constant(std::nanf(""));

NamedRun FromScene(const capture::Scene& scene, double seconds, double rate_hz) {
  NamedRun run{rate_hz, {scene.labels(), {}}};
  const auto frames = static_cast<std::size_t>(std::lround(seconds * rate_hz));
  const TimeBase time_base = TimeBase::Uniform(rate_hz, frames);
  capture::SceneState state;
  for (const double time : time_base.time) {
    scene.At(time, state);
    for (const Eigen::Vector3d& marker : state.markers) {
      run.truth.position.emplace_back(marker.cast<float>());
    }
  }
  return run;
}

// Where a marker is lost: [begin, end) frames.
std::vector<FrameRange> Gaps(std::size_t frames, double rate_hz, double share,
                             std::mt19937_64& random) {
  std::vector<FrameRange> gaps;
  if (share <= 0.0) return gaps;
  constexpr double kShortest = 0.02;
  constexpr double kLongest = 1.0;
  constexpr double kMeanGap = 0.5 * (kShortest + kLongest);
  std::uniform_real_distribution<double> gap(kShortest, kLongest);
  std::exponential_distribution<double> seen(share / (kMeanGap * (1.0 - share)));
  double time = seen(random);
  while (time * rate_hz < static_cast<double>(frames)) {
    const double length = gap(random);
    const auto first = static_cast<std::size_t>(time * rate_hz);
    const auto end = std::min(frames, static_cast<std::size_t>((time + length) * rate_hz) + 1);
    if (end > first) gaps.push_back({first, end - first});
    time += length + std::max(1.0 / rate_hz, seen(random));
  }
  return gaps;
}

// A stretch in which tracking follows one marker.
struct Stretch {
  std::size_t marker;
  FrameRange frames;
};

class Cutter {
 public:
  Cutter(const NamedRun& run, const CutOptions& options)
      : run_(run), options_(options), random_(options.seed), used_(run.truth.labels.size()) {}

  CutRun Run() {
    CutRun cut;
    cut.time_base = TimeBase::Uniform(run_.rate_hz, run_.truth.frame_count());
    for (std::size_t m = 0; m < run_.truth.labels.size(); ++m) CutMarker(m);
    JoinNearOnes(cut);
    for (const std::vector<Stretch>& chain : chains_) AddFragment(chain, cut);
    AddGhosts(cut);
    Shuffle(cut);
    return cut;
  }

 private:
  void CutMarker(std::size_t m) {
    const std::size_t frames = run_.truth.frame_count();
    std::vector<char> lost(frames, 0);
    for (const FrameRange gap : Gaps(frames, run_.rate_hz, options_.lost_share, random_)) {
      std::fill_n(lost.begin() + static_cast<std::ptrdiff_t>(gap.first), gap.count, 1);
    }
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    const double cut_odds = options_.cuts_a_second / run_.rate_hz;
    std::optional<Stretch> open;
    for (std::size_t t = 0; t <= frames; ++t) {
      const bool is_seen = t < frames && lost[t] == 0 && run_.truth.At(t, m).allFinite();
      const bool is_cut = uniform(random_) < cut_odds;
      if (open && (!is_seen || is_cut)) {
        chains_.push_back({*open});
        open.reset();
      }
      if (!is_seen) continue;
      if (!open) open = Stretch{m, {t, 0}};
      ++open->frames.count;
    }
  }

  [[nodiscard]] Eigen::Vector3d Velocity(std::size_t frame, std::size_t marker) const {
    const std::size_t a = frame > 0 ? frame - 1 : frame;
    const std::size_t b = std::min(frame + 1, run_.truth.frame_count() - 1);
    return (run_.truth.At(b, marker) - run_.truth.At(a, marker)) * run_.rate_hz /
           static_cast<double>(b - a);
  }

  // Where a marker is lost close beside another that moves alike, its track takes the other one's
  // point, and the other one's track ends.
  void JoinNearOnes(CutRun& cut) {
    constexpr double kNear = 0.07;
    constexpr double kAlike = 1.5;
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    const std::size_t count = chains_.size();
    for (std::size_t c = 0; c < count; ++c) {
      const Stretch lost = chains_[c].back();
      const std::size_t frame = lost.frames.end();
      if (frame + 2 >= run_.truth.frame_count() || uniform(random_) > options_.swap_chance)
        continue;
      if (IsSeenAt(lost.marker, frame)) continue;  // cut only, or stolen already
      for (std::size_t o = 0; o < count; ++o) {
        Stretch& other = chains_[o].back();
        if (o == c || other.frames.first >= frame || other.frames.end() < frame + 3) continue;
        const double apart =
            (run_.truth.At(frame - 1, lost.marker) - run_.truth.At(frame - 1, other.marker)).norm();
        const double speed =
            (Velocity(frame - 1, lost.marker) - Velocity(frame - 1, other.marker)).norm();
        if (!(apart < kNear) || !(speed < kAlike) || chains_[o].size() > 1) continue;
        chains_[c].push_back({other.marker, {frame, other.frames.end() - frame}});
        other.frames.count = frame - other.frames.first;
        ++cut.swaps;
        break;
      }
    }
  }

  [[nodiscard]] bool IsSeenAt(std::size_t marker, std::size_t frame) const {
    return std::any_of(chains_.begin(), chains_.end(), [&](const std::vector<Stretch>& chain) {
      return std::any_of(chain.begin(), chain.end(), [&](const Stretch& s) {
        return s.marker == marker && s.frames.first <= frame && frame < s.frames.end();
      });
    });
  }

  void AddFragment(const std::vector<Stretch>& chain, CutRun& cut) {
    std::normal_distribution<float> noise(0.0F, static_cast<float>(options_.noise));
    Fragment fragment;
    std::vector<int> truth;
    for (const Stretch& stretch : chain) {
      if (stretch.frames.count == 0) continue;
      if (fragment.position.empty()) fragment.first_frame = stretch.frames.first;
      for (std::size_t t = stretch.frames.first; t < stretch.frames.end(); ++t) {
        Eigen::Vector3f position = run_.truth.At(t, stretch.marker).cast<float>();
        for (float& value : position) value += noise(random_);
        fragment.position.push_back(position);
        truth.push_back(static_cast<int>(stretch.marker));
      }
    }
    if (fragment.position.empty()) return;
    cut.fragments.push_back(std::move(fragment));
    cut.truth.push_back(std::move(truth));
  }

  // Short smooth paths near the body.
  void AddGhosts(CutRun& cut) {
    const std::size_t frames = run_.truth.frame_count();
    const std::size_t longest =
        std::max<std::size_t>(1, static_cast<std::size_t>(options_.ghost_seconds * run_.rate_hz));
    std::uniform_real_distribution<double> uniform(-1.0, 1.0);
    double to_place = options_.ghosts_a_frame * static_cast<double>(frames);
    while (to_place > 0.0) {
      const auto first = static_cast<std::size_t>(random_() % frames);
      const std::size_t length = std::min<std::size_t>(1 + random_() % longest, frames - first);
      const std::size_t near = random_() % run_.truth.labels.size();
      to_place -= static_cast<double>(length);
      const Eigen::Vector3d start = run_.truth.At(first, near);
      if (!start.allFinite()) continue;
      const Eigen::Vector3d off(0.3 * uniform(random_), 0.3 * uniform(random_),
                                0.3 * uniform(random_));
      const Eigen::Vector3d speed(uniform(random_), uniform(random_), uniform(random_));
      Fragment ghost;
      ghost.first_frame = first;
      for (std::size_t t = 0; t < length; ++t) {
        ghost.position.emplace_back(
            (start + off + speed * (static_cast<double>(t) / run_.rate_hz)).cast<float>());
      }
      cut.truth.emplace_back(length, -1);
      cut.fragments.push_back(std::move(ghost));
    }
  }

  void Shuffle(CutRun& cut) {
    for (std::size_t i = cut.fragments.size(); i > 1; --i) {
      const std::size_t j = random_() % i;
      std::swap(cut.fragments[i - 1], cut.fragments[j]);
      std::swap(cut.truth[i - 1], cut.truth[j]);
    }
  }

  const NamedRun& run_;
  const CutOptions& options_;
  std::mt19937_64 random_;
  std::vector<char> used_;
  std::vector<std::vector<Stretch>> chains_;
};

capture::VirtualRunner Runner(double seconds) {
  capture::RunScenario run;
  run.duration = seconds + 1.0;
  return capture::VirtualRunner(capture::BodyScenario{}, run, {0.1, -0.1}, 5);
}

}  // namespace

NamedRun ReadRun(const std::filesystem::path& path, const MarkerSet& set) {
  const auto source = storage::OpenTrajectories(path, {});
  const FrameRange all{0, source->frame_count()};
  std::vector<float> positions(all.count * source->labels().size() * 3);
  source->ReadPositions(all, Parallelism(1), positions);
  const Eigen::Matrix3f lab_from_file = set.lab.value_or(LabAxes()).lab_from_file.cast<float>();
  NamedRun run{source->time_base().rate_hz, {source->labels(), {}}};
  for (std::size_t i = 0; i < positions.size(); i += 3) {
    run.truth.position.emplace_back(lab_from_file * Eigen::Map<Eigen::Vector3f>(&positions[i]));
  }
  return run;
}

MarkerSet MarkerSetPreset(const std::string& name) {
  return storage::ReadMarkerSet(std::filesystem::path(MEDIUS_SOURCE_DIR) / "datasets" /
                                "marker_sets" / (name + ".toml"));
}

MarkerSet RicMarkerSet() {
  MarkerSet set;
  set.name = "ric";
  set.clusters["pelvis"] = {"pelvis_1", "pelvis_2", "pelvis_3", "pelvis_4"};
  for (const auto& [side, letter] : {std::pair{"left_", "L_"}, std::pair{"right_", "R_"}}) {
    for (const std::string segment : {"thigh", "shank", "foot"}) {
      for (int i = 1; i <= 4; ++i) {
        set.clusters[side + segment].push_back(letter + segment + "_" + std::to_string(i));
      }
    }
  }
  set.lab = LabAxesFromWords("-z", "+y", "ric");
  return set;
}

std::optional<std::filesystem::path> RealData() {
  const std::filesystem::path folder = MEDIUS_REAL_DATA_DIR;
  if (!std::filesystem::exists(folder)) return std::nullopt;
  return folder;
}

NamedRun VirtualRun(double seconds, double rate_hz) {
  const capture::VirtualRunner runner = Runner(seconds);
  return FromScene(capture::RunnerScene(runner, capture::BodyScenario{}, 5), seconds, rate_hz);
}

NamedRun VirtualStanding() {
  const capture::VirtualRunner runner = Runner(2.0);
  const auto standing = capture::Stand(runner.anthropometry(), {}, {0.0, 0.0});
  return FromScene(
      capture::StandingScene(standing, runner.anthropometry(), capture::BodyScenario{}, 5), 0.1,
      100.0);
}

NamedRun Turned(NamedRun run, double angle, const Eigen::Vector3d& shift) {
  const Eigen::Matrix3d turn =
      Eigen::AngleAxisd(angle, Eigen::Vector3d::UnitZ()).toRotationMatrix();
  for (Eigen::Vector3f& p : run.truth.position) p = (turn * p.cast<double>() + shift).cast<float>();
  return run;
}

NamedRun Scaled(NamedRun run, double factor) {
  for (Eigen::Vector3f& p : run.truth.position) p *= static_cast<float>(factor);
  return run;
}

NamedRun Part(const NamedRun& run, double first_second, double end_second) {
  const std::size_t markers = run.truth.labels.size();
  const auto at = [&](double second) {
    const auto frame = static_cast<std::size_t>(std::lround(second * run.rate_hz));
    return static_cast<std::ptrdiff_t>(std::min(frame, run.truth.frame_count()) * markers);
  };
  NamedRun part{run.rate_hz, {run.truth.labels, {}}};
  part.truth.position.assign(run.truth.position.begin() + at(first_second),
                             run.truth.position.begin() + at(end_second));
  return part;
}

NamedRun Repeated(const NamedRun& run, double seconds) {
  const auto frames = static_cast<std::size_t>(std::lround(seconds * run.rate_hz));
  const std::size_t markers = run.truth.labels.size();
  const std::size_t period = run.truth.frame_count();
  NamedRun repeated{run.rate_hz, {run.truth.labels, {}}};
  repeated.truth.position.reserve(frames * markers);
  for (std::size_t t = 0; t < frames; ++t) {
    // There and back, so that nothing jumps.
    const std::size_t phase = t % (2 * period);
    const std::size_t frame = phase < period ? phase : 2 * period - 1 - phase;
    for (std::size_t m = 0; m < markers; ++m) {
      repeated.truth.position.push_back(run.truth.position[frame * markers + m]);
    }
  }
  return repeated;
}

CutRun CutIntoFragments(const NamedRun& run, const CutOptions& options) {
  return Cutter(run, options).Run();
}

LabelScore ScoreLabels(const CutRun& cut, const NamedRun& run, const SubjectModel& subject,
                       const LabelResult& result) {
  std::vector<int> model_of(run.truth.labels.size(), -1);
  for (std::size_t m = 0; m < subject.markers.size(); ++m) {
    for (std::size_t t = 0; t < run.truth.labels.size(); ++t) {
      if (run.truth.labels[t] == subject.markers[m].label) model_of[t] = static_cast<int>(m);
    }
  }
  LabelScore score;
  const std::size_t frames = cut.time_base.frame_count();
  std::vector<std::vector<int>> carried(subject.markers.size(), std::vector<int>(frames, -2));
  for (const LabelledPiece& piece : result.labelling.pieces) {
    const Fragment& fragment = cut.fragments[piece.fragment];
    for (std::size_t t = piece.frames.first; t < piece.frames.end(); ++t) {
      if (!fragment.IsSeen(t)) continue;
      const int truth = cut.truth[piece.fragment][t - fragment.first_frame];
      const int expected = truth < 0 ? -1 : model_of[static_cast<std::size_t>(truth)];
      if (expected >= 0) ++score.seen;
      if (!piece.marker) {
        if (expected >= 0) ++score.unlabelled;
        continue;
      }
      if (static_cast<int>(piece.marker->index()) != expected) ++score.wrong;
      carried[piece.marker->index()][t] = truth;
    }
  }
  for (const std::vector<int>& truth : carried) {
    int last = -2;
    for (const int now : truth) {
      if (now == -2) continue;
      if (last != -2 && now != last) ++score.switches;
      last = now;
    }
  }
  return score;
}

}  // namespace medius::reconstruct::testing
