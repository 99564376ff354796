// Sightings that are as hard as real ones: what `medius project` writes and what it refuses.

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/trial_file.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

class Project : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteSmallScenario(folder_ / "scenario.toml", 4.0);
    ASSERT_EQ(Type({"simulate", "scenario.toml", "-o", "lab"}).exit_code, 0);
  }

  CommandResult Type(const std::vector<std::string>& words) const {
    return Medius(words, {folder_.path(), {}});
  }

  CommandResult Show(const std::string& output, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {
        "project", "lab/truth/run.trial.h5", "--rig", "lab/rig.toml", "--seed", "5", "-o", output};
    words.insert(words.end(), more.begin(), more.end());
    return Type(words);
  }

  std::size_t Sightings(const std::string& trial) const {
    const storage::TrialReader reader(folder_ / trial);
    std::size_t sum = 0;
    for (const std::string& camera : reader.observation_cameras()) {
      sum += reader.SightingCount(camera);
    }
    return sum;
  }

  void LabelsCanBeLeftOut() const;
  static void ExpectSamePixels(const storage::TrialReader& named,
                               const storage::TrialReader& nameless);
  void LimbsHide() const;
  void MarkersAreLost() const;

  TemporaryFolder folder_;
};

void Project::LabelsCanBeLeftOut() const {
  ASSERT_EQ(Show("named.h5", {}).exit_code, 0);
  ASSERT_EQ(Show("nameless.h5", {"--no-labels"}).exit_code, 0);
  const storage::TrialReader named(folder_ / "named.h5");
  const storage::TrialReader nameless(folder_ / "nameless.h5");
  EXPECT_FALSE(named.labels().empty());
  EXPECT_TRUE(nameless.labels().empty());
  EXPECT_FALSE(nameless.Has(storage::TrialPart::kTrajectories));
  EXPECT_EQ(nameless.header().subject, named.header().subject);
  EXPECT_EQ(nameless.ReadProvenance().size(), named.ReadProvenance().size());
  ExpectSamePixels(named, nameless);
}

void Project::ExpectSamePixels(const storage::TrialReader& named,
                               const storage::TrialReader& nameless) {
  const FrameRange all{0, named.time_base().frame_count()};
  const ObservationBlock a = named.ReadObservations(all, named.observation_cameras());
  const ObservationBlock b = nameless.ReadObservations(all, named.observation_cameras());
  for (std::size_t c = 0; c < a.cameras.size(); ++c) {
    EXPECT_EQ(a.cameras[c].xy, b.cameras[c].xy);
    EXPECT_EQ(a.cameras[c].frame_start, b.cameras[c].frame_start);
    EXPECT_FALSE(a.cameras[c].label.empty());
    EXPECT_TRUE(b.cameras[c].label.empty());
  }
}

void Project::LimbsHide() const {
  ASSERT_EQ(Show("open.h5", {}).exit_code, 0);
  ASSERT_EQ(Show("hidden.h5",
                 {"--limbs", "--markers", "virtual_lab", "--static", "lab/truth/static.trial.h5"})
                .exit_code,
            0);
  // Of a body, a camera sees the half that faces it and a little more round the edges.
  const double share =
      static_cast<double>(Sightings("hidden.h5")) / static_cast<double>(Sightings("open.h5"));
  EXPECT_GT(share, 0.5);
  EXPECT_LT(share, 0.85);
}

void Project::MarkersAreLost() const {
  ASSERT_EQ(Show("all.h5", {"--drop-rate", "0"}).exit_code, 0);
  ASSERT_EQ(Show("some.h5", {"--drop-rate", "0", "--lost-share", "0.2", "--lost-longest", "0.1"})
                .exit_code,
            0);
  const double share =
      1.0 - static_cast<double>(Sightings("some.h5")) / static_cast<double>(Sightings("all.h5"));
  // 41 markers by 20 slots of 0.2 s: 800 slots with lost time of 0.04 s, sd at most 0.05 s.
  EXPECT_NEAR(share, 0.2, 4.0 * 0.05 / 0.2 / std::sqrt(800.0));
}

// One simulation serves all three: it is what takes the time.
TEST_F(Project, MakesSightingsAsHardAsAskedFor) {
  LabelsCanBeLeftOut();
  LimbsHide();
  MarkersAreLost();
}

TEST_F(Project, SaysWhatLimbsNeed) {
  const CommandResult no_set = Show("x.h5", {"--limbs"});
  EXPECT_EQ(no_set.exit_code, 2);
  EXPECT_NE(no_set.error.find("--markers"), std::string::npos) << no_set.error;
  const CommandResult no_standing = Show("x.h5", {"--limbs", "--markers", "virtual_lab"});
  EXPECT_EQ(no_standing.exit_code, 3);
  EXPECT_NE(no_standing.error.find("--static"), std::string::npos) << no_standing.error;
  EXPECT_NE(no_standing.error.find("left_medial_epicondyle"), std::string::npos);
  const CommandResult sightings =
      Show("x.h5", {"--limbs", "--markers", "virtual_lab", "--static", "lab/static.trial.h5"});
  EXPECT_EQ(sightings.exit_code, 3);
  EXPECT_NE(sightings.error.find("lab/static.trial.h5: has no /trajectories"), std::string::npos)
      << sightings.error;
  EXPECT_EQ(Show("x.h5", {"--lost-share", "0.9"}).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.h5"));
}

}  // namespace
}  // namespace medius::testing
