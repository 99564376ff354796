// Labelling of track fragments: mislabelled marker-frames, unlabelled share and identity switches
// on real runs, cut into fragments as a tracker would, beside the goals.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
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

std::vector<Trial> Trials(const std::filesystem::path& real) {
  return {
      FromStanding("hamner", real / "hamner-subject02-run/subject02_running.trc",
                   real / "hamner-subject02-run/subject02_static.trc", MarkerSetPreset("hamner")),
      FromStanding("rajagopal", real / "rajagopal-run/motion_capture_run.trc",
                   real / "rajagopal-run/static_run.trc", MarkerSetPreset("rajagopal")),
      FromStanding("rbds T25", real / "rbds001-run/RBDS001runT25markers.txt",
                   real / "rbds001-run/RBDS001static.txt", MarkerSetPreset("rbds")),
      FromStanding("rbds T35", real / "rbds001-run/RBDS001runT35_rot.c3d",
                   real / "rbds001-run/RBDS001static_rot.c3d", RicMarkerSet()),
  };
}

void Run(const Trial& trial, double lost, std::uint64_t seed, bool verbose) {
  CutOptions cutting;
  cutting.lost_share = lost;
  cutting.seed = seed;
  const CutRun cut = CutIntoFragments(trial.run, cutting);
  const auto begin = std::chrono::steady_clock::now();
  const LabelResult result =
      LabelFragments(cut.fragments, cut.time_base, trial.subject, {}, Parallelism(1));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const LabelScore score = ScoreLabels(cut, trial.run, trial.subject, result);
  fmt::print("{:10} {:4.0f} % seed {} | {:5} fragments {:3} swaps ({:3} undone) | wrong {:7.1f} "
             "unlabelled {:6.2f} % switches {:6.1f} | {:6.1f} ms, {:.4f} a frame | status {}\n",
             trial.name, 100 * lost, seed, cut.fragments.size(), cut.swaps,
             result.labelling.swaps_undone, score.PerHundredThousand(score.wrong),
             score.PerHundredThousand(score.unlabelled) / 1e3,
             score.PerHundredThousand(score.switches), 1e3 * seconds,
             1e3 * seconds / static_cast<double>(cut.time_base.frame_count()),
             static_cast<int>(result.status));
  if (!verbose) return;
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
  const bool verbose = argc > 1 && std::strcmp(argv[1], "-v") == 0;
  for (const Trial& trial : Trials(*real)) {
    for (const double lost : {0.0, 0.05, 0.2}) {
      for (std::uint64_t seed = 1; seed <= (verbose ? 1U : 5U); ++seed) {
        Run(trial, lost, seed, verbose);
      }
    }
  }
  return 0;
}
