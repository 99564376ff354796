#include "tests/benchmark/reconstruction_trials.hpp"

#include <chrono>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "storage/rig_toml.hpp"
#include "tests/pipeline/trial_comparison.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

// `begin`: of the run, seconds.
std::vector<std::string> Command(const RunFiles& files, const Method& method, double begin,
                                 const std::filesystem::path& output) {
  const bool labelled = method.knowledge == Knowledge::kLabels;
  std::vector<std::string> words = {"reconstruct",
                                    (labelled ? files.labelled : files.seen).string(), "--rig",
                                    files.rig.string()};
  if (method.knowledge == Knowledge::kStanding) {
    const std::vector<std::string> known = {"--static", files.standing.string(), "--markers",
                                            files.marker_set};
    words.insert(words.end(), known.begin(), known.end());
  }
  if (method.knowledge == Knowledge::kStretch) {
    constexpr double kStretch = 2.0;  // s
    const std::string stretch =
        fmt::format("{}:{:g}-{:g}", files.truth.string(), begin, begin + kStretch);
    const std::vector<std::string> known = {"--learn-from", stretch, "--markers", files.marker_set};
    words.insert(words.end(), known.begin(), known.end());
  }
  words.insert(words.end(), method.words.begin(), method.words.end());
  words.insert(words.end(), {"-o", output.string()});
  return words;
}

// The last line of what a command said, which is its error, as far as it is worth reading.
std::string LastLine(std::string text) {
  constexpr std::size_t kLongest = 300;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t newline = text.rfind('\n');
  if (newline != std::string::npos) text.erase(0, newline + 1);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + " ...";
  return text;
}

double Type(const std::vector<std::string>& words) {
  const auto begin = std::chrono::steady_clock::now();
  const CommandResult result = Medius(words);
  if (result.exit_code != 0) {
    throw std::runtime_error(fmt::format("medius {} ended with {}: {}", words.front(),
                                         result.exit_code, LastLine(result.error)));
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void Analyze(const RunFiles& files, const std::filesystem::path& trial,
             const std::filesystem::path& output) {
  Type({"analyze", trial.string(), "--static", files.standing.string(), "--markers",
        files.marker_set, "-o", output.string()});
}

// What the truth has counts as expected even where the result cannot be analyzed.
void AddAngles(const RunFiles& files, const std::filesystem::path& result,
               const std::filesystem::path& folder, AngleScore* sum) {
  // The positions of a recording are the same for every seed.
  const std::filesystem::path truth = folder / (files.truth.stem().string() + "_analyzed.h5");
  if (!std::filesystem::exists(truth)) Analyze(files, files.truth, truth);
  AngleScore score;
  score.strides = CompareStrides(truth, truth).expected;
  sum->Add(score);
  const std::filesystem::path mine = folder / "analyzed.trial.h5";
  Analyze(files, result, mine);
  score = {};
  for (std::size_t i = 0; i < kAngles.size(); ++i) {
    const AngleDifference difference = CompareAngle(mine, truth, kAngles[i]);
    score.compared[i] = difference.compared;
    score.expected[i] = difference.expected;
    if (difference.compared == 0) continue;
    score.squared[i] = std::pow(difference.rms, 2) * static_cast<double>(difference.compared);
  }
  score.strides_kept = CompareStrides(mine, truth).kept;
  sum->Add(score);
}

void Mend(const RecordedRun& run, std::vector<std::string>* labels) {
  for (const auto& [a, b] : run.exchanged) {
    std::iter_swap(std::find(labels->begin(), labels->end(), a),
                   std::find(labels->begin(), labels->end(), b));
  }
}

void ScoreTrial(const RecordedRun& run, const SightingConditions& conditions, const Method& method,
                bool angles, const std::filesystem::path& folder, CellScore* cell) {
  const RunFiles files = MakeRunFiles(run, conditions, folder);
  const std::filesystem::path output = folder / (run.name + "_result.trial.h5");
  WholeTrial recorded = ReadPositions(files.truth);
  ++cell->trials;
  cell->recorded += recorded.time_base.time.back() - recorded.time_base.time.front();
  cell->seconds += Type(Command(files, method, recorded.time_base.time.front(), output));
  const CameraRig rig = storage::ReadRig(files.true_rig);
  // Who is named by the standing trial has its names, not those that the run has wrong.
  if (method.knowledge == Knowledge::kStanding) Mend(run, &recorded.labels);
  const RunTruth truth(recorded.labels, recorded.time_base, std::move(recorded.positions),
                       ReadSightings(files.labelled, rig), rig, conditions.noise_px);
  const WholeTrial result = ReadPositions(output);
  cell->points.Add(Score(truth, FramesOf(result.labels, result.positions, truth)));
  if (angles) AddAngles(files, output, folder, &cell->angles);
}

}  // namespace

double AngleScore::Rms(std::size_t angle) const {
  return std::sqrt(squared[angle] / static_cast<double>(compared[angle]));
}

void AngleScore::Add(const AngleScore& other) {
  for (std::size_t i = 0; i < kAngles.size(); ++i) {
    squared[i] += other.squared[i];
    compared[i] += other.compared[i];
    expected[i] += other.expected[i];
  }
  strides_kept += other.strides_kept;
  strides += other.strides;
}

CellScore ScoreCell(const std::vector<RecordedRun>& runs, const SightingConditions& conditions,
                    const std::vector<std::uint64_t>& seeds, const Method& method, bool angles,
                    const std::filesystem::path& folder) {
  CellScore cell;
  for (const RecordedRun& run : runs) {
    for (const std::uint64_t seed : seeds) {
      SightingConditions own = conditions;
      own.seed = seed;
      try {
        ScoreTrial(run, own, method, angles, folder, &cell);
      } catch (const std::exception& error) {
        cell.failures.push_back(fmt::format("{}, seed {}: {}", run.name, seed, error.what()));
      }
    }
  }
  return cell;
}

}  // namespace medius::testing
