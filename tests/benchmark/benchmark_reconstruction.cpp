// Sightings of recorded runs -> labelled, filled trajectories, against the recorded positions.
//
//   benchmark_reconstruction [--cameras 6,8,12] [--seeds 5] [--lost 0,5,20] [--rig-error-px 0.3]
//       [--hidden-rate 0.3] [--recordings rbds,hamner,rajagopal] [--knows
//       standing|stretch|labels|nothing]
//       [--with "WORDS"] [--variant "NAME=WORDS"]... [--angles] [--gaps] [--keep FOLDER]
//   benchmark_reconstruction --make FOLDER    only the files of one seed and share, to try by hand
//
// 0.2 px noise, limbs that hide markers, 2 false sightings a camera and frame, 1 % dropped frames.
// Ghosts are counted against true points within 10 mm, mislabels before and after filling.

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/benchmark/reconstruction_table.hpp"
#include "tests/benchmark/reconstruction_trials.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

struct Arguments {
  std::vector<std::string> recordings = {"rbds", "hamner", "rajagopal"};
  std::vector<int> cameras = {6, 8, 12};
  std::uint64_t seeds = 5;
  std::vector<double> lost = {0.0, 5.0, 20.0};  // percent
  double rig_error_px = 0.0;
  double hidden_rate = 0.0;
  Knowledge knowledge = Knowledge::kStanding;
  std::string words;
  std::vector<std::string> variants;
  bool angles = false;
  bool gaps = false;
  std::string make;
  std::string keep;
};

std::vector<std::string> Split(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

std::vector<RecordedRun> Chosen(const Arguments& arguments) {
  std::vector<RecordedRun> runs;
  for (const RecordedRun& run : RecordedRuns()) {
    const auto& wanted = arguments.recordings;
    if (std::find(wanted.begin(), wanted.end(), run.name) != wanted.end()) runs.push_back(run);
  }
  return runs;
}

// One method in all conditions.
class Bench {
 public:
  Bench(const Arguments& arguments, Method method, std::filesystem::path folder)
      : arguments_(arguments), method_(std::move(method)), folder_(std::move(folder)) {
    for (std::uint64_t seed = 1; seed <= arguments.seeds; ++seed) seeds_.push_back(seed);
  }

  void PointsAndAngles(int cameras) const {
    std::vector<Column> columns;
    for (const double lost : arguments_.lost) {
      SightingConditions conditions = Conditions(cameras);
      conditions.lost_share = lost / 100.0;
      columns.push_back({fmt::format("lost {:g} %", lost), Run(conditions, arguments_.angles)});
    }
    const bool wrong_rig = arguments_.rig_error_px > 0.0;
    fmt::print("\n{}\n{}", Heading(cameras), PointTable(columns, wrong_rig));
    if (arguments_.angles) fmt::print("{}", AngleTable(columns));
    fmt::print("{}", Failures(columns));
    std::fflush(stdout);
  }

  void Gaps(int cameras) const {
    SightingConditions conditions = Conditions(cameras);
    conditions.planned = SightingConditions::Planned::kOneMarker;
    const Column one{"one marker", Run(conditions, false)};
    conditions.planned = SightingConditions::Planned::kThreeOfASegment;
    const Column three{"three of a segment", Run(conditions, false)};
    fmt::print("\n{}, gaps of known lengths\n{}{}", Heading(cameras),
               GapTable(one.cell, three.cell), Failures({one, three}));
    std::fflush(stdout);
  }

 private:
  [[nodiscard]] SightingConditions Conditions(int cameras) const {
    SightingConditions conditions;
    conditions.cameras = cameras;
    conditions.rig_error_px = arguments_.rig_error_px;
    conditions.hidden_rate = arguments_.hidden_rate;
    return conditions;
  }
  [[nodiscard]] CellScore Run(const SightingConditions& conditions, bool angles) const {
    return ScoreCell(Chosen(arguments_), conditions, seeds_, method_, angles, folder_);
  }
  [[nodiscard]] std::string Heading(int cameras) const {
    std::string text = fmt::format("{} cameras, {} recordings, seeds 1 to {}", cameras,
                                   Chosen(arguments_).size(), arguments_.seeds);
    if (arguments_.rig_error_px > 0.0) {
      text += fmt::format(", {:g} px calibration error", arguments_.rig_error_px);
    }
    if (arguments_.hidden_rate > 0.0) {
      text += fmt::format(", {:g} % hidden at random", 100.0 * arguments_.hidden_rate);
    }
    return text;
  }

  const Arguments& arguments_;
  Method method_;
  std::filesystem::path folder_;
  std::vector<std::uint64_t> seeds_;
};

void AddOptions(CLI::App* app, Arguments* arguments) {
  app->add_option("--recordings", arguments->recordings)->delimiter(',');
  app->add_option("--cameras", arguments->cameras)->delimiter(',');
  app->add_option("--seeds", arguments->seeds, "1 to this many");
  app->add_option("--lost", arguments->lost, "Percent of the marker-frames")->delimiter(',');
  app->add_option("--rig-error-px", arguments->rig_error_px);
  app->add_option("--hidden-rate", arguments->hidden_rate,
                  "Probability that a camera misses a marker, beside what limbs hide");
  const std::map<std::string, Knowledge> known = {{"standing", Knowledge::kStanding},
                                                  {"labels", Knowledge::kLabels},
                                                  {"stretch", Knowledge::kStretch},
                                                  {"nothing", Knowledge::kNothing}};
  app->add_option("--knows", arguments->knowledge)->transform(CLI::CheckedTransformer(known));
  app->add_option("--with", arguments->words, "Further words for medius reconstruct");
  app->add_option("--variant", arguments->variants,
                  "NAME=WORDS: the whole again with these words, for an ablation");
  app->add_flag("--angles", arguments->angles, "Also analyze, against the recorded positions");
  app->add_flag("--gaps", arguments->gaps, "Gaps of known lengths too");
  app->add_option("--keep", arguments->keep, "Folder for the files of the last trial");
  app->add_option("--make", arguments->make, "Only make the files, in this folder");
}

void RunAll(const Arguments& arguments, const std::filesystem::path& folder) {
  std::vector<std::string> variants = {"="};
  variants.insert(variants.end(), arguments.variants.begin(), arguments.variants.end());
  for (const std::string& variant : variants) {
    const std::size_t equals = std::min(variant.find('='), variant.size() - 1);
    Method method{arguments.knowledge, Split(arguments.words)};
    for (const std::string& word : Split(variant.substr(equals + 1))) method.words.push_back(word);
    if (equals > 0) fmt::print("\n== {}\n", variant.substr(0, equals));
    const Bench bench(arguments, method, folder);
    for (const int cameras : arguments.cameras) {
      bench.PointsAndAngles(cameras);
      if (arguments.gaps) bench.Gaps(cameras);
    }
  }
}

void MakeOnly(const Arguments& arguments) {
  SightingConditions conditions;
  conditions.cameras = arguments.cameras.front();
  conditions.lost_share = arguments.lost.front() / 100.0;
  conditions.rig_error_px = arguments.rig_error_px;
  conditions.hidden_rate = arguments.hidden_rate;
  for (const RecordedRun& run : Chosen(arguments)) {
    const RunFiles files = MakeRunFiles(run, conditions, arguments.make);
    fmt::print("medius reconstruct {} --rig {} --static {} --markers {} -o ...\n",
               files.seen.string(), files.rig.string(), files.standing.string(), files.marker_set);
  }
}

int Main(int argc, char** argv) {
  CLI::App app("Reconstruction of recorded runs against the recorded positions");
  Arguments arguments;
  AddOptions(&app, &arguments);
  CLI11_PARSE(app, argc, argv);
  if (!RecordingsFolder()) {
    fmt::print("the recordings are not on this machine\n");
    return 0;
  }
  if (!arguments.make.empty()) {
    MakeOnly(arguments);
    return 0;
  }
  const TemporaryFolder temporary;
  RunAll(arguments,
         arguments.keep.empty() ? temporary.path() : std::filesystem::path(arguments.keep));
  return 0;
}

}  // namespace
}  // namespace medius::testing

int main(int argc, char** argv) {
  return medius::testing::Main(argc, argv);
}
