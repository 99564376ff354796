// What goes wrong in a lab while a run is recorded, typed as commands: a marker comes off, two
// clusters have one shape, reflections outnumber the markers, a camera's stream ends.

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/rig_toml.hpp"
#include "storage/trial_file.hpp"
#include "tests/pipeline/trial_comparison.hpp"
#include "tests/pipeline/typed_command.hpp"
#include "tests/reconstruct/hostile_sightings.hpp"
#include "tests/reconstruct/run_sightings.hpp"

namespace medius::testing {
namespace {

const std::string kSet = MEDIUS_SOURCE_DIR "/datasets/marker_sets/virtual_lab.toml";
constexpr double kRate = 200.0;       // Hz, of the small scenario
constexpr double kBeltSpeed = 3.0;    // m/s
constexpr double kMarkerRms = 0.001;  // m: twice what 0.2 px in eight cameras and short gaps give

class HostileSightings : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteSmallScenario(folder_ / "scenario.toml", 20.0);
    Type({"simulate", "scenario.toml", "-o", "lab"});
    rig_ = storage::ReadRig(folder_ / "lab/rig.toml");
    run_ = ReadPositions(folder_ / "lab/truth/run.trial.h5");
  }

  CommandResult Run(const std::vector<std::string>& words) {
    return Medius(words, {folder_.path(), {}});
  }
  CommandResult Type(const std::vector<std::string>& words) {
    CommandResult result = Run(words);
    EXPECT_EQ(result.exit_code, 0) << words[0] << ": " << result.error;
    return result;
  }

  // What the cameras saw of a run, spoilt, without labels: seen.trial.h5.
  void See(const std::string& run, const std::function<void(ObservationBlock*)>& spoil) {
    Type({"project", run, "--rig", "lab/rig.toml", "-o", "labelled.trial.h5", "--noise-px", "0.2",
          "--reflections", "2", "--drop-rate", "0.01"});
    ObservationBlock seen = ReadSightings(folder_ / "labelled.trial.h5", rig_);
    spoil(&seen);
    WriteSightings(folder_ / "labelled.trial.h5", rig_, seen, false, folder_ / "seen.trial.h5");
  }

  CommandResult Reconstruct(const std::string& standing = "lab/truth/static.trial.h5") {
    return Type({"reconstruct", "seen.trial.h5", "--rig", "lab/rig.toml", "--static", standing,
                 "--markers", kSet, "-o", "run.trial.h5", "--json"});
  }

  static MarkerId MarkerOf(const WholeTrial& trial, const std::string& label) {
    const auto found = std::find(trial.labels.begin(), trial.labels.end(), label);
    return MarkerId(static_cast<std::size_t>(found - trial.labels.begin()));
  }
  [[nodiscard]] MarkerId Marker(const std::string& label) const { return MarkerOf(run_, label); }

  // A trial like another with other positions.
  static void WritePositions(const std::string& like, const WholeTrial& trial,
                             const std::string& path) {
    const storage::TrialReader source(like);
    storage::TrialWriter writer(path);
    writer.WriteHeader(source.header());
    writer.WriteTimeBase(trial.time_base);
    writer.BeginTrajectories(trial.labels);
    writer.AppendTrajectories(trial.positions);
    writer.Commit();
  }

  // Names and places are right: a single wrong name for a hundredth of the run is 30 mm.
  void ExpectNear(double rms, const std::string& truth = "lab/truth/run.trial.h5") {
    const MarkerDifference difference = CompareMarkers(folder_ / "run.trial.h5", folder_ / truth);
    EXPECT_LT(difference.rms, rms);
    EXPECT_GT(static_cast<double>(difference.compared),
              0.98 * static_cast<double>(difference.expected));
  }

  TemporaryFolder folder_;
  CameraRig rig_;
  WholeTrial run_;
};

TEST_F(HostileSightings, AMarkerThatFallsOffIsSaidWithItsTimeAndTheRestGoesOn) {
  constexpr std::size_t kFrame = 1700;  // 8.5 s
  See("lab/truth/run.trial.h5", [&](ObservationBlock* seen) {
    FallOff(run_, rig_, Marker("RTH2"), kFrame, kBeltSpeed, seen);
  });
  const CommandResult result = Reconstruct();
  // It is still itself while it begins to fall: 8.5 to 8.7 s.
  EXPECT_NE(result.error.find("RTH2 is last seen at 8."), std::string::npos) << result.error;
  EXPECT_NE(result.error.find("did it fall off?"), std::string::npos) << result.error;

  const storage::TrialReader trial(folder_ / "run.trial.h5");
  const TrajectoryBlock block = trial.ReadTrajectories({0, run_.time_base.frame_count()});
  const std::size_t fallen = kFrame + static_cast<std::size_t>(0.5 * kRate);
  for (std::size_t m = 0; m < trial.labels().size(); ++m) {
    std::size_t present = 0;
    for (std::size_t f = fallen; f < block.frames().count; ++f) {
      present += block.Source(f, MarkerId(m)) != SampleSource::kMissing ? 1 : 0;
    }
    const std::size_t expected = trial.labels()[m] == "RTH2" ? 0 : block.frames().count - fallen;
    EXPECT_EQ(present, expected) << trial.labels()[m];
  }
  ExpectNear(kMarkerRms + 0.001);  // with the marker's first tenth of a second of falling
}

// Both clusters keep the names that their place on the body gives them.
TEST_F(HostileSightings, TwoClustersOfOneShapeKeepTheirNames) {
  const std::vector<std::string> right = {"RTH1", "RTH2", "RTH3", "RTH4", "RLEC"};
  const std::vector<std::string> left = {"LTH1", "LTH2", "LTH3", "LTH4", "LLEC"};
  WholeTrial standing = ReadPositions(folder_ / "lab/truth/static.trial.h5");
  std::vector<Eigen::Vector3d> shape;
  for (const std::string& label : right) {
    shape.push_back(standing.positions.Position(0, MarkerOf(standing, label)));
  }
  GiveShape(shape, left, &standing);
  GiveShape(shape, left, &run_);
  WritePositions(folder_ / "lab/truth/static.trial.h5", standing, folder_ / "alike_st.trial.h5");
  WritePositions(folder_ / "lab/truth/run.trial.h5", run_, folder_ / "alike.trial.h5");
  See("alike.trial.h5", [](ObservationBlock*) {});
  const CommandResult result = Reconstruct("alike_st.trial.h5");
  EXPECT_NE(result.error.find("left_thigh and right_thigh have the same shape"), std::string::npos)
      << result.error;
  ExpectNear(kMarkerRms, "alike.trial.h5");
}

TEST_F(HostileSightings, ReflectionsThatOutnumberTheMarkersMakeNoMarkers) {
  // 8 cameras: 500 a frame.
  See("lab/truth/run.trial.h5", [&](ObservationBlock* seen) { AddReflections(rig_, 63, 7, seen); });
  Reconstruct();
  ExpectNear(kMarkerRms);
}

TEST_F(HostileSightings, ACameraWhoseStreamEndsIsSaid) {
  See("lab/truth/run.trial.h5", [](ObservationBlock* seen) { StopAt(2000, &seen->cameras[2]); });
  const CommandResult result = Reconstruct();
  EXPECT_NE(result.error.find("cam3: saw nothing any more after 9.9"), std::string::npos)
      << result.error;
  ExpectNear(kMarkerRms);
}

}  // namespace
}  // namespace medius::testing
