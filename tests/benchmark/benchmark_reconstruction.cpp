// From unlabelled sightings of recorded runs to labelled, filled trajectories, against the truth.
//
//   benchmark_reconstruction --make FOLDER [--cameras N] [--seed N] [--lost-share S] ...
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/pipeline/recorded_run_files.hpp"

int main(int argc, char** argv) {
  using namespace medius::testing;
  CLI::App app("Reconstruction of recorded runs against the truth");
  SightingConditions conditions;
  std::string folder;
  app.add_option("--make", folder, "Only make the files, in this folder")->required();
  app.add_option("--cameras", conditions.cameras);
  app.add_option("--seed", conditions.seed);
  app.add_option("--lost-share", conditions.lost_share);
  app.add_option("--rig-error-px", conditions.rig_error_px);
  CLI11_PARSE(app, argc, argv);
  for (const RecordedRun& run : RecordedRuns()) {
    const RunFiles files = MakeRunFiles(run, conditions, folder);
    fmt::print("{} {} {} {}\n", files.seen.string(), files.rig.string(), files.standing.string(),
               files.marker_set);
  }
}
