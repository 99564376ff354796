// Labelling of track fragments: mislabelled marker-frames, unlabelled share and identity switches
// on real runs, cut into fragments as a tracker would, beside the goals.
//
//     benchmark_labelling [SEEDS | -v] [TRIAL]
//
// Limits were tuned with seeds 1 and 2 of these trials, so that those are no independent test;
// seeds from 3 on cut the same recordings in other places.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "reconstruct/label_fragments.hpp"
#include "reconstruct/subject_learning.hpp"
#include "tests/reconstruct/fragment_scene.hpp"

namespace medius::reconstruct::testing {
namespace {

struct Trial {
  std::string name;
  NamedRun run;
  SubjectModel subject;
};

Trial FromStanding(const std::string& name, const std::filesystem::path& run,
                   const std::filesystem::path& standing, const MarkerSet& set) {
  return {name, ReadRun(run, set), LearnFromStanding(ReadRun(standing, set).truth, set, {})};
}

// The recordings' own names are taken for true except where their distances say otherwise: in the
// T25 run the right foot's first and fifth metatarsal have each other's name (R.MT1 to
// R.Heel.Lateral 170 mm, standing 209; R.MT5 209, standing 173), and in the T35 run foot markers 1,
// 2, 3 are what 2, 3, 1 are in the standing trial (1 to 2 52 mm, 2 to 3 57, 1 to 3 48; standing 48,
// 52, 56).
void Rename(NamedRun& run, const std::map<std::string, std::string>& names) {
  for (std::string& label : run.truth.labels) {
    const auto found = names.find(label);
    if (found != names.end()) label = found->second;
  }
}

std::vector<Trial> Trials(const std::filesystem::path& real) {
  std::vector<Trial> trials = {
      FromStanding("hamner", real / "hamner-subject02-run/subject02_running.trc",
                   real / "hamner-subject02-run/subject02_static.trc", MarkerSetPreset("hamner")),
      FromStanding("rajagopal", real / "rajagopal-run/motion_capture_run.trc",
                   real / "rajagopal-run/static_run.trc", MarkerSetPreset("rajagopal")),
      FromStanding("rbds T25", real / "rbds001-run/RBDS001runT25markers.txt",
                   real / "rbds001-run/RBDS001static.txt", MarkerSetPreset("rbds")),
      FromStanding("rbds T35", real / "rbds001-run/RBDS001runT35_rot.c3d",
                   real / "rbds001-run/RBDS001static_rot.c3d", RicMarkerSet()),
  };
  Rename(trials[2].run, {{"R.MT1", "R.MT5"}, {"R.MT5", "R.MT1"}});
  Rename(trials[3].run, {{"L_foot_1", "L_foot_2"},
                         {"L_foot_2", "L_foot_3"},
                         {"L_foot_3", "L_foot_1"},
                         {"R_foot_1", "R_foot_2"},
                         {"R_foot_2", "R_foot_3"},
                         {"R_foot_3", "R_foot_1"}});
  return trials;
}

// The ablation of the judgement alone: every frame gets the name that fits it best, whatever its
// fragment has beside it. The names that it starts from are the same.
LabelOptions FrameByFrame(double rate_hz) {
  LabelOptions options;
  options.swap_log_odds = 0.0;
  options.samples_per_second = rate_hz;
  options.memory = 0.0;
  return options;
}

void Run(const Trial& trial, double lost, std::uint64_t seed, bool verbose, bool is_whole) {
  CutOptions cutting;
  cutting.lost_share = lost;
  cutting.seed = seed;
  const CutRun cut = CutIntoFragments(trial.run, cutting);
  const auto begin = std::chrono::steady_clock::now();
  const LabelResult result =
      LabelFragments(cut.fragments, cut.time_base, trial.subject,
                     is_whole ? LabelOptions{} : FrameByFrame(trial.run.rate_hz), Parallelism(1));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const LabelScore score = ScoreLabels(cut, trial.run, trial.subject, result);
  fmt::print(
      "{:10} {:4.0f} % seed {}{} | {:5} fragments {:3} swaps ({:3} undone) | wrong {:7.1f} "
      "unlabelled {:6.2f} % switches {:6.1f} | {:6.1f} ms, {:.4f} a frame | status {}\n",
      trial.name, 100 * lost, seed, is_whole ? "" : " frame by frame", cut.fragments.size(),
      cut.swaps, result.labelling.swaps_undone, score.PerHundredThousand(score.wrong),
      score.PerHundredThousand(score.unlabelled) / 1e3, score.PerHundredThousand(score.switches),
      1e3 * seconds, 1e3 * seconds / static_cast<double>(cut.time_base.frame_count()),
      static_cast<int>(result.status));
  if (!verbose) return;
  std::map<std::pair<std::string, std::string>, int> confusion;
  for (const LabelledPiece& piece : result.labelling.pieces) {
    if (!piece.marker) continue;
    for (std::size_t t = piece.frames.first; t < piece.frames.end(); ++t) {
      const int truth = cut.truth[piece.fragment][t - cut.fragments[piece.fragment].first_frame];
      const std::string name = trial.subject.markers[piece.marker->index()].label;
      const std::string is =
          truth < 0 ? "ghost" : trial.run.truth.labels[static_cast<std::size_t>(truth)];
      if (is != name) ++confusion[{is, name}];
    }
  }
  for (const auto& [pair, count] : confusion) {
    fmt::print("    {} named {}: {}\n", pair.first, pair.second, count);
  }
  for (const LabelFinding& finding : result.findings) fmt::print("    {}\n", finding.text);
}

}  // namespace
}  // namespace medius::reconstruct::testing

int main(int argc, char** argv) {
  using namespace medius::reconstruct::testing;  // NOLINT(google-build-using-namespace)
  const auto real = RealData();
  if (!real) {
    std::puts("the real recordings are not here");
    return 0;
  }
  fmt::print(
      "goals per 1e5 marker-frames at 0 / 5 / 20 % lost: wrong 0 / 20 / 200, switches 0 / 5 / "
      "30, unlabelled under 1 %; 0.02 ms a frame over an hour\n");
  const bool verbose = argc > 1 && std::strcmp(argv[1], "-v") == 0;
  const std::uint64_t seeds = argc > 1 && !verbose ? std::strtoull(argv[1], nullptr, 10) : 5;
  for (const Trial& trial : Trials(*real)) {
    if (argc > 2 && trial.name != argv[2]) continue;
    for (const double lost : {0.0, 0.05, 0.2}) {
      if (!verbose) Run(trial, lost, 1, false, false);
      for (std::uint64_t seed = 1; seed <= (verbose ? 1U : seeds); ++seed) {
        Run(trial, lost, seed, verbose, true);
      }
    }
  }
  return 0;
}
