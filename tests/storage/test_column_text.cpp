// Tables of text with one line of column names.

#include <cmath>
#include <fstream>
#include <limits>

#include <fmt/format.h>

#include "storage/csv_export.hpp"
#include "tests/storage/imported_file.hpp"

namespace medius::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr float kNaNf = std::numeric_limits<float>::quiet_NaN();

TEST(ColumnText, ReadsTabsCommasSemicolonsAndBlanks) {
  for (const std::string delimiter : {"\t", ",", ";", "  "}) {
    std::string text = "Time|R.ASISX|R.ASISY|R.ASISZ\n0.00|1|2|3\n0.01|4|5|6\n";
    for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|')) {
      text.replace(at, 1, delimiter);
    }
    const ImportedFile file = ImportBytes(text);
    EXPECT_EQ(file.source->format(), "text table");
    EXPECT_THAT(file.source->labels(), ElementsAre("R.ASIS"));
    EXPECT_EQ(file.source->time_base().rate_hz, 100.0);
    EXPECT_EQ(file.At(1, 0), (std::vector<float>{0.004F, 0.005F, 0.006F}));
    EXPECT_THAT(file.source->warnings(), ElementsAre(HasSubstr("millimetres are assumed")));
  }
}

TEST(ColumnText, UnderstandsNamesOfManyKindsAndTheirUnits) {
  const ImportedFile file = ImportBytes(
      "\xEF\xBB\xBF"
      "Frame,Time (s),A_x (m),A_y (m),A_z (m),\"B, c.X [m]\",\"B, c.Y [m]\",\"B, c.Z [m]\",EMG1\n"
      "1,0.0,1,2,3,4,5,6,77\n2,0.5,1,2,3,,,,77\n3,1.0,1,2,3,4,5,6,77\n");
  EXPECT_THAT(file.source->labels(), ElementsAre("A", "B, c"));
  EXPECT_EQ(file.source->metres_per_unit(), 1.0);
  EXPECT_EQ(file.source->time_base().rate_hz, 2.0);
  EXPECT_EQ(file.At(2, 1), (std::vector<float>{4, 5, 6}));
  EXPECT_TRUE(std::isnan(file.At(1, 1)[0]));
  EXPECT_THAT(file.source->warnings(), ElementsAre(HasSubstr("EMG1")));
}

TEST(ColumnText, AsksForTheRateWhereTimeIsACounterOrAbsent) {
  const std::string counter = "Time\tAX\tAY\tAZ\n1\t1\t2\t3\n2\t1\t2\t3\n3\t1\t2\t3\n";
  EXPECT_THAT(RefusalOf(counter), AllOf(HasSubstr("counts rows"), HasSubstr("--rate")));
  const std::string absent = "AX\tAY\tAZ\n1\t2\t3\n";
  EXPECT_THAT(RefusalOf(absent), HasSubstr("--rate"));
  ImportOptions options;
  options.rate_hz = 200;
  EXPECT_THAT(ImportBytes(counter, options).source->time_base().time, ElementsAre(0, 0.005, 0.01));
  EXPECT_THAT(ImportBytes(absent, options).source->time_base().time, ElementsAre(0));
}

TEST(ColumnText, IsNotTakenForC3dByItsSecondLetter) {
  ImportOptions options;
  options.rate_hz = 100;
  EXPECT_THAT(ImportBytes("LPSIX,LPSIY,LPSIZ\n1,2,3\n", options).source->labels(),
              ElementsAre("LPSI"));
}

TEST(ColumnText, RefusesForcesAndTablesWithoutMarkers) {
  EXPECT_THAT(RefusalOf("Time\tFx\tFy\tFz\tCOPx\tCOPy\tCOPz\tTy\n1\t1\t2\t3\t4\t5\t6\t7\n"),
              HasSubstr("forces"));
  EXPECT_THAT(RefusalOf("time,knee,hip\n0,1,2\n"), HasSubstr("neither"));
}

TEST(ColumnText, RefusesARaggedRowByLine) {
  EXPECT_THAT(RefusalOf("Time\tAX\tAY\tAZ\n0.0\t1\t2\t3\n0.1\t1\t2\n"), HasSubstr("line 3"));
}

TEST(ColumnText, ReadsTimeInMilliseconds) {
  const ImportedFile file =
      ImportBytes("time_ms,A_x_mm,A_y_mm,A_z_mm\n0,1,2,3\n5,1,2,3\n10,1,2,3\n");
  EXPECT_EQ(file.source->time_base().rate_hz, 200.0);
  EXPECT_THAT(file.source->warnings(), IsEmpty());
}

TEST(ColumnText, ReadsTheTrajectoriesThatMediusExports) {
  const TimeBase time_base = TimeBase::Uniform(150.0, 3, 2.0);
  TrajectoryBlock block({0, 3}, 2);
  for (std::size_t i = 0; i < block.position.size(); ++i) {
    block.position[i] = 0.1234567F * static_cast<float>(i + 1);
  }
  for (std::size_t i = 6; i < 9; ++i) block.position[i] = kNaNf;
  std::string text;
  TrajectoriesCsvWriter writer([&](std::string_view part) { text += part; }, time_base,
                               {"R.ASIS", "=odd, \"one\""});
  writer.Append(block);
  const ImportedFile file = ImportBytes(text);
  EXPECT_THAT(file.source->labels(), ElementsAre("R.ASIS", "'=odd, \"one\""));
  EXPECT_EQ(file.source->time_base().rate_hz, 150.0);
  EXPECT_DOUBLE_EQ(file.source->time_base().time[2], time_base.time[2]);
  for (std::size_t i = 0; i < block.position.size(); ++i) {
    if (std::isnan(block.position[i])) {
      EXPECT_TRUE(std::isnan(file.position[i]));
    } else {
      EXPECT_EQ(file.position[i], block.position[i]);
    }
  }
}

// ---- the unit by the size of a person ----

std::string TableOfSize(double size) {
  std::string names = "Time";
  std::string row;
  for (int m = 0; m < 10; ++m) {
    names += fmt::format("\tM{0}X\tM{0}Y\tM{0}Z", m);
    row += fmt::format("\t{}\t0\t1", size * m / 9.0);
  }
  return names + "\n0.00" + row + "\n0.01" + row + "\n";
}

TEST(ImplausibleUnit, TellsOfATrialThatIsNotTheSizeOfAPerson) {
  EXPECT_EQ(ImplausibleUnit(*ImportBytes(TableOfSize(1700)).source), std::nullopt);
  const auto metres = ImplausibleUnit(*ImportBytes(TableOfSize(1.7)).source);
  ASSERT_TRUE(metres);
  EXPECT_THAT(*metres, AllOf(HasSubstr("0.0017 m"), HasSubstr("--unit")));
  ImportOptions options;
  options.metres_per_unit = 1.0;
  EXPECT_TRUE(ImplausibleUnit(*ImportBytes(TableOfSize(1700), options).source));
  EXPECT_EQ(ImplausibleUnit(*ImportBytes(TableOfSize(1.7), options).source), std::nullopt);
}

// ---- the real recording ----

TEST(RealColumnText, ReadsTheTreadmillRunAndItsStandingTrial) {
  const std::string folder = MEDIUS_REAL_DATA_DIR "/rbds001-run/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "not on this machine: " << folder;
  const ImportedFile run = ImportFile(folder + "RBDS001runT25markers.txt");
  EXPECT_EQ(run.source->frame_count(), 4500U);
  EXPECT_EQ(run.source->labels().size(), 32U);
  EXPECT_EQ(run.source->labels().front(), "R.ASIS");
  // Its time column is in seconds, rounded to three decimals: 0, 0.007, 0.013 ... 29.993.
  EXPECT_EQ(run.source->time_base().rate_hz, 150.0);
  EXPECT_DOUBLE_EQ(run.source->time_base().time[1], 1.0 / 150.0);
  EXPECT_DOUBLE_EQ(run.source->time_base().time[4499], 4499.0 / 150.0);
  EXPECT_EQ(run.At(1, 0), (std::vector<float>{2.33775F, 1.03712F, 1.17061F}));
  EXPECT_EQ(ImplausibleUnit(*run.source), std::nullopt);
  const ImportedFile standing = ImportFile(folder + "RBDS001static.txt");
  EXPECT_EQ(standing.source->frame_count(), 150U);
  EXPECT_EQ(standing.source->time_base().rate_hz, 150.0);
  EXPECT_THROW((void)ImportFile(folder + "RBDS001runT25forces.txt"), InputError);
}

}  // namespace
}  // namespace medius::storage
