// C3D files that other programs wrote. Skipped where they are not on the machine.

#include <cmath>

#include "tests/storage/imported_file.hpp"

namespace medius::storage {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kFolder = MEDIUS_REAL_DATA_DIR "/c3d-samples/";

class RealC3d : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "not on this machine: " << kFolder;
  }
};

// Counts how the positions of two files of one trial differ, the second one made of integers.
struct Difference {
  std::size_t present_in_one = 0;
  std::size_t different = 0;
  double largest = 0.0;
};

Difference Compare(const ImportedFile& a, const ImportedFile& b) {
  Difference difference;
  EXPECT_EQ(a.position.size(), b.position.size());
  for (std::size_t i = 0; i < std::min(a.position.size(), b.position.size()); ++i) {
    const double x = a.position[i];
    const double y = b.position[i];
    if (std::isnan(x) != std::isnan(y)) ++difference.present_in_one;
    if (std::isnan(x) || std::isnan(y) || x == y) continue;
    ++difference.different;
    difference.largest = std::max(difference.largest, std::abs(x - y));
  }
  return difference;
}

TEST_F(RealC3d, DecAndSgiFilesOfOneTrialAreTheSameToTheBit) {
  const ImportedFile dec = ImportFile(kFolder + "dec_real.c3d");
  const ImportedFile sgi = ImportFile(kFolder + "sgi_real.c3d");
  EXPECT_EQ(dec.source->frame_count(), 89U);
  EXPECT_EQ(dec.source->labels(), sgi.source->labels());
  EXPECT_EQ(dec.source->labels().front(), "RFT1");
  EXPECT_EQ(dec.source->time_base().time, sgi.source->time_base().time);
  EXPECT_EQ(dec.source->events(), sgi.source->events());
  const Difference difference = Compare(dec, sgi);
  EXPECT_EQ(difference.present_in_one, 0U);
  EXPECT_EQ(difference.different, 0U);
}

TEST_F(RealC3d, IntelIntegersAreTheSameTrialAsTheRealsToTheStepOfTheirScale) {
  // The files themselves differ: 59 coordinates (of 58 points) of the integer file stand one step
  // aside, which its writer rounded; all others are the same to the bit.
  const ImportedFile real = ImportFile(kFolder + "sgi_real.c3d");
  const ImportedFile integer = ImportFile(kFolder + "pc_int.c3d");
  EXPECT_EQ(real.source->labels(), integer.source->labels());
  const Difference difference = Compare(real, integer);
  constexpr double kStep = 0.28118187189102173e-3;  // POINT:SCALE, metres
  EXPECT_EQ(difference.present_in_one, 0U);
  EXPECT_EQ(difference.different, 59U);
  EXPECT_LT(difference.largest, kStep * 1.001);
}

TEST_F(RealC3d, DecIntegersAndIntelRealsOfOneTrialAreTheSameToTheBit) {
  const ImportedFile integer = ImportFile(kFolder + "Eb015vi.c3d");
  const ImportedFile real = ImportFile(kFolder + "Eb015pr.c3d");
  EXPECT_EQ(integer.source->frame_count(), 450U);
  EXPECT_EQ(integer.source->labels(), real.source->labels());
  EXPECT_EQ(real.source->labels().size(), 26U);  // of 48 names
  const Difference difference = Compare(integer, real);
  EXPECT_EQ(difference.present_in_one, 0U);
  EXPECT_EQ(difference.different, 0U);
}

TEST_F(RealC3d, FindsTheEventsOfTheHeader) {
  const ImportedFile file = ImportFile(kFolder + "dec_real.c3d");
  ASSERT_EQ(file.source->events().size(), 4U);  // RHS LHS RTO LTO; not STRT RMS LMS STOP EOF
  EXPECT_NEAR(file.source->events()[0].time, 0.38, 1e-6);
  EXPECT_EQ(file.source->events()[0].side, Side::kRight);
  EXPECT_EQ(file.source->events()[3].type, EventType::kToeOff);
}

TEST_F(RealC3d, NeitherNamesNorPrintsTheSubject) {
  for (const char* name : {"dec_real.c3d", "Eb015pr.c3d"}) {
    const ImportedFile file = ImportFile(kFolder + name);
    EXPECT_THAT(file.source->warnings(), Each(testing::Not(HasSubstr("elizabeth"))));
  }
}

TEST_F(RealC3d, ReadsATrialThatEzc3dWrote) {
  const std::string path = MEDIUS_REAL_DATA_DIR "/rbds001-run/RBDS001runT35_rot.c3d";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "not on this machine: " << path;
  const ImportedFile file = ImportFile(path);
  EXPECT_EQ(file.source->frame_count(), 4500U);
  EXPECT_EQ(file.source->time_base().rate_hz, 150.0);
  EXPECT_EQ(file.source->labels().size(), 28U);
  EXPECT_EQ(file.source->labels().front(), "pelvis_1");
  EXPECT_THAT(file.source->warnings(), ElementsAre(HasSubstr("POINT:UNITS")));
  EXPECT_EQ(ImplausibleUnit(*file.source), std::nullopt);
}

}  // namespace
}  // namespace medius::storage
