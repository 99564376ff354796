// What an import looks at before it is believed: the axes, and the marker set that is meant.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/axes_check.hpp"
#include "apps/preset_path.hpp"
#include "core/error.hpp"
#include "core/marker_set.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::apps {
namespace {

using storage::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

MarkerSet SmallSet() {
  MarkerSet set;
  set.roles = {{"right_asis", "RASI"}, {"right_heel", "RHEE"}, {"right_toe", "RTOE"}};
  return set;
}

std::vector<std::string> DoubtsOf(const Eigen::Vector3d& asis, const Eigen::Vector3d& toe,
                                  bool is_running) {
  AxesCheck check(SmallSet(), {"RASI", "RHEE", "RTOE"}, is_running);
  TrajectoryBlock block({0, 2}, 3);
  MarkerSample sample = MarkerSample::Missing();
  sample.source = SampleSource::kImported;
  const std::vector<Eigen::Vector3d> places = {asis, Eigen::Vector3d::Zero(), toe};
  for (std::size_t m = 0; m < places.size(); ++m) {
    sample.position = places[m];
    block.Set(1, MarkerId(m), sample);  // the first frame stays missing
  }
  check.Add(block);
  return check.Doubts();
}

TEST(AxesCheck, IsContentWithARunnerWhoStandsUprightAndFacesForward) {
  EXPECT_THAT(DoubtsOf({0, 0, 1}, {0.2, 0, 0}, true), IsEmpty());
}

TEST(AxesCheck, DoubtsAPelvisBelowTheFeet) {
  EXPECT_THAT(DoubtsOf({0, 0, -1}, {0.2, 0, 0}, true), ElementsAre(HasSubstr("below the feet")));
}

TEST(AxesCheck, DoubtsARunnerWhoFacesBackwardsButNotOneWhoStandsSo) {
  EXPECT_THAT(DoubtsOf({0, 0, 1}, {-0.2, 0, 0}, true), ElementsAre(HasSubstr("behind the heels")));
  EXPECT_THAT(DoubtsOf({0, 0, 1}, {-0.2, 0, 0}, false), IsEmpty());
}

TEST(AxesCheck, SaysNothingWhereTheMarkersAreNotThere) {
  AxesCheck check(SmallSet(), {"A", "B"}, true);
  check.Add(TrajectoryBlock({0, 3}, 2));
  EXPECT_THAT(check.Doubts(), IsEmpty());
}

TEST(FindMarkerSet, FindsPresetsByNameAndFilesByPath) {
  EXPECT_EQ(FindPreset(Preset::kMarkerSet, "rbds").filename(), "rbds.toml");
  const TemporaryFolder folder;
  const auto own = folder.Write("own.toml", "[roles]\nsacrum = \"S\"\n");
  EXPECT_EQ(FindPreset(Preset::kMarkerSet, own.string()), own);
}

TEST(FindMarkerSet, ListsThePresetsWhereThereIsNoSuchSet) {
  for (const char* word : {"rbdz", "../marker_sets/rbds", "no/such.toml", ""}) {
    try {
      (void)FindPreset(Preset::kMarkerSet, word);
      ADD_FAILURE() << word;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("rbds"), HasSubstr("hamner")));
    }
  }
}

}  // namespace
}  // namespace medius::apps
