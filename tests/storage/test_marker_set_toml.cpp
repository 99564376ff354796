#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/marker_set_toml.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

MarkerSet Read(const std::string& text) {
  const TemporaryFolder folder;
  return ReadMarkerSet(folder.Write("my_set.toml", text));
}

std::string RefusalOf(const std::string& text) {
  try {
    (void)Read(text);
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("my_set.toml"));
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return {};
}

TEST(MarkerSetToml, ReadsRolesClustersAndAxes) {
  const MarkerSet set = Read(
      "name = \"my-lab\"\n[roles]\nright_asis = \"RASI\"\nsacrum = \"SACR\"\n"
      "[clusters]\nright_thigh = [\"RTH1\", \"RTH2\", \"RTH3\"]\n"
      "[lab]\nforward = \"+x\"\nup = \"+y\"\n");
  EXPECT_EQ(set.name, "my-lab");
  EXPECT_EQ(set.LabelOf("right_asis"), "RASI");
  EXPECT_EQ(set.LabelOf("left_asis"), std::nullopt);
  EXPECT_THAT(set.clusters.at("right_thigh"), ElementsAre("RTH1", "RTH2", "RTH3"));
  ASSERT_TRUE(set.lab);
  // OpenSim: X forward, Y up, Z right. A point to the right and up:
  EXPECT_EQ(set.lab->lab_from_file * Eigen::Vector3d(1, 2, 3), Eigen::Vector3d(1, -3, 2));
}

TEST(MarkerSetToml, TakesItsNameFromTheFileAndNeedsNoAxes) {
  const MarkerSet set = Read("[roles]\nsacrum = \"S\"\n");
  EXPECT_EQ(set.name, "my_set");
  EXPECT_FALSE(set.lab);
}

TEST(MarkerSetToml, NamesAMisspeltWordAndWhatItResembles) {
  EXPECT_THAT(
      RefusalOf("[roles]\nright_assis = \"RASI\"\n"),
      AllOf(HasSubstr("line 2"), HasSubstr("\"right_assis\""), HasSubstr("\"right_asis\"")));
  EXPECT_THAT(RefusalOf("[clusters]\nright_tigh = [\"A\"]\n"), HasSubstr("\"right_thigh\""));
  EXPECT_THAT(RefusalOf("[role]\nright_asis = \"RASI\"\n"), HasSubstr("\"roles\""));
  EXPECT_THAT(RefusalOf("[roles]\nsacrum = \"S\"\n[lab]\nx = \"running direction\"\n"),
              AllOf(HasSubstr("\"x\""), HasSubstr("forward, up")));
}

TEST(MarkerSetToml, RefusesValuesOfAnotherKind) {
  EXPECT_THAT(RefusalOf("[roles]\nsacrum = 3\n"), HasSubstr("sacrum"));
  EXPECT_THAT(RefusalOf("[roles]\nsacrum = \"\"\n"), HasSubstr("sacrum"));
  EXPECT_THAT(RefusalOf("[clusters]\npelvis = \"A\"\n"), HasSubstr("pelvis"));
  EXPECT_THAT(RefusalOf("[clusters]\npelvis = [\"A\", \"B\", \"A\"]\n"), HasSubstr("twice"));
  EXPECT_THAT(RefusalOf("roles = 1\n"), HasSubstr("[roles]"));
  EXPECT_THAT(RefusalOf("name = \"nothing else\"\n"), HasSubstr("names no marker"));
  EXPECT_THAT(RefusalOf("[roles]\nsacrum = \"S\"\n[lab]\nforward = \"+x\"\n"), HasSubstr("up"));
  EXPECT_THAT(RefusalOf("[roles]\nsacrum = \"S\"\n[lab]\nforward = \"x\"\nup = \"+z\"\n"),
              HasSubstr("\"x\""));
  EXPECT_THAT(RefusalOf("[roles]\nsacrum = \"S\"\n[lab]\nforward = \"+z\"\nup = \"-z\"\n"),
              HasSubstr("one axis"));
}

TEST(MarkerSetToml, ReadsEveryPreset) {
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(MEDIUS_SOURCE_DIR "/datasets/marker_sets")) {
    if (entry.path().extension() != ".toml") continue;
    EXPECT_NO_THROW((void)ReadMarkerSet(entry.path())) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 3U);
}

}  // namespace
}  // namespace medius::storage
