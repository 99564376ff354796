// Real recordings all the way: import -> project through eight cameras -> reconstruct -> analyze ->
// export, as typed commands, against the same analysis of the imported positions.

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/pipeline/trial_comparison.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

constexpr double kDegree = 3.14159265358979323846 / 180.0;
// What the issue of the first path asks for: eight cameras with 0.3 px of noise.
constexpr double kMarkerTolerance = 1e-3;          // metres rms
constexpr double kAngleTolerance = 0.2 * kDegree;  // radians rms

struct RealRun {
  std::string name;
  std::string folder;
  std::string run;
  std::string static_trial;
  std::string marker_set;
  std::size_t least_strides;  // a side, by the length and cadence of the recording
};

void PrintTo(const RealRun& run, std::ostream* stream) {
  *stream << run.name;
}

class RealRuns : public ::testing::TestWithParam<RealRun> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(Source(GetParam().run))) {
      GTEST_SKIP() << "the recording is not on this machine: " << Source(GetParam().run);
    }
  }

  static std::filesystem::path Source(const std::string& file) {
    return std::filesystem::path(MEDIUS_REAL_DATA_DIR) / GetParam().folder / file;
  }

  CommandResult Type(const std::vector<std::string>& words) {
    CommandResult result = Medius(words, {folder_.path(), {}});
    EXPECT_EQ(result.exit_code, 0) << words[0] << ": " << result.error;
    return result;
  }

  void ImportAndProject() {
    const std::string set = MEDIUS_SOURCE_DIR "/datasets/marker_sets/" + GetParam().marker_set;
    const std::string rig = MEDIUS_SOURCE_DIR "/datasets/rigs/treadmill_8.toml";
    Type({"import", Source(GetParam().run), "--markers", set, "-o", "imported.trial.h5"});
    Type({"import", Source(GetParam().static_trial), "--markers", set, "--activity", "static", "-o",
          "static.trial.h5"});
    Type({"project", "imported.trial.h5", "--rig", rig, "-o", "seen.trial.h5", "--noise-px", "0.3",
          "--seed", "11"});
    Type({"reconstruct", "seen.trial.h5", "--rig", rig, "-o", "run.trial.h5"});
    for (const std::string trial : {"run.trial.h5", "imported.trial.h5"}) {
      Type({"analyze", trial, "--static", "static.trial.h5", "--markers", set, "-o", trial});
    }
  }

  TemporaryFolder folder_;
};

TEST_P(RealRuns, ComeBackFromEightCamerasAsTheyWereImported) {
  ImportAndProject();
  if (HasFailure()) return;
  const MarkerDifference markers =
      CompareMarkers(folder_ / "run.trial.h5", folder_ / "imported.trial.h5");
  EXPECT_LT(markers.rms, kMarkerTolerance);
  EXPECT_GT(static_cast<double>(markers.compared), 0.999 * static_cast<double>(markers.expected));
  for (const std::string angle :
       {"pelvis_obliquity", "left_hip_adduction", "right_hip_adduction"}) {
    const AngleDifference difference =
        CompareAngle(folder_ / "run.trial.h5", folder_ / "imported.trial.h5", angle);
    EXPECT_LT(difference.rms, kAngleTolerance) << angle;
    EXPECT_GT(static_cast<double>(difference.compared),
              0.99 * static_cast<double>(difference.expected))
        << angle;
    fmt::print("{}: {} rms {:.4f} deg over {} frames\n", GetParam().name, angle,
               difference.rms / kDegree, difference.compared);
  }
  fmt::print("{}: markers rms {:.3f} mm over {} of {} marker-frames\n", GetParam().name,
             markers.rms * 1e3, markers.compared, markers.expected);
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

bool HasColumn(const std::string& header, const std::string& name) {
  return ("," + header + ",").find("," + name + ",") != std::string::npos;
}

TEST_P(RealRuns, ExportTablesWithNamedUnits) {
  ImportAndProject();
  if (HasFailure()) return;
  const std::vector<std::pair<std::string, std::vector<std::string>>> tables = {
      {"kinematics",
       {"time_s", "pelvis_obliquity_deg", "pelvis_tilt_deg", "pelvis_rotation_deg",
        "left_hip_adduction_deg", "right_hip_adduction_deg", "left_hip_flexion_deg",
        "right_hip_flexion_deg", "left_hip_rotation_deg", "right_hip_rotation_deg"}},
      {"events", {"time_s", "side", "type"}},
      {"strides",
       {"side", "start_s", "end_s", "contralateral_pelvic_drop_peak_deg",
        "contralateral_pelvic_drop_relative_deg", "contralateral_pelvic_drop_excursion_deg",
        "hip_adduction_peak_deg", "accepted"}},
      {"summary", {"metric", "side", "mean", "sd", "n", "ci_low", "ci_high"}}};
  for (const auto& [table, columns] : tables) {
    const std::string file = table + ".csv";
    Type({"export", "run.trial.h5", "--to", "csv", "--table", table, "-o", file});
    const std::vector<std::string> lines = Lines(ReadFile(folder_ / file));
    ASSERT_GT(lines.size(), 1U) << table;
    for (const std::string& column : columns) {
      EXPECT_TRUE(HasColumn(lines.front(), column)) << table << " lacks " << column;
    }
    if (table == "strides") {
      EXPECT_GE(lines.size() - 1, 2 * GetParam().least_strides);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Recordings, RealRuns,
    ::testing::Values(RealRun{"rbds001", "rbds001-run", "RBDS001runT25markers.txt",
                              "RBDS001static.txt", "rbds.toml", 35},
                      RealRun{"hamner", "hamner-subject02-run", "subject02_running.trc",
                              "subject02_static.trc", "hamner.toml", 12},
                      RealRun{"rajagopal", "rajagopal-run", "motion_capture_run.trc",
                              "static_run.trc", "rajagopal.toml", 5}),
    [](const auto& recording) { return recording.param.name; });

}  // namespace
}  // namespace medius::testing
