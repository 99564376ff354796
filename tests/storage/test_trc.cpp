// TRC files as people's programs write them, and as ours does.

#include <cmath>
#include <limits>
#include <string>

#include "storage/trc_file.hpp"
#include "tests/storage/imported_file.hpp"

namespace medius::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr float kNaNf = std::numeric_limits<float>::quiet_NaN();

const std::string kKeys =
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t"
    "OrigNumFrames\n";
const std::string kNames = "Frame#\tTime\tA\t\t\tB b\t\t\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n\n";

std::string Trc(const std::string& rows,
                const std::string& values = "100\t100\t2\t2\tmm\t100\t1\t2",
                const std::string& names = kNames) {
  return "PathFileType\t4\t(X/Y/Z)\tC:\\my files\\run 1.trc\n" + kKeys + values + "\n" + names +
         rows;
}

std::vector<float> Metres(double x, double y, double z) {
  return {static_cast<float>(x * 1e-3), static_cast<float>(y * 1e-3), static_cast<float>(z * 1e-3)};
}

bool IsMissing(const std::vector<float>& p) {
  return std::isnan(p[0]) && std::isnan(p[1]) && std::isnan(p[2]);
}

TEST(Trc, ReadsTheFormInWhichOpenSimWritesIt) {
  const ImportedFile file =
      ImportBytes(Trc("1\t0.00\t1\t2\t3\t4\t5\t6\n2\t0.01\t7\t8\t9\t10\t11\t12.5\n"));
  EXPECT_EQ(file.source->format(), "TRC");
  EXPECT_THAT(file.source->labels(), ElementsAre("A", "B b"));
  EXPECT_EQ(file.source->time_base().rate_hz, 100.0);
  EXPECT_THAT(file.source->time_base().time, ElementsAre(0.0, 0.01));
  EXPECT_EQ(file.At(0, 0), Metres(1, 2, 3));
  EXPECT_EQ(file.At(1, 1), Metres(10, 11, 12.5));
  EXPECT_THAT(file.source->warnings(), IsEmpty());
}

TEST(Trc, ReadsCarriageReturnsTrailingTabsExponentsAndAMissingEmptyLine) {
  std::string text =
      Trc("1\t0.00\t-2.73E-01\t7e1\t+3\t4\t5\t6\t\t\r\n2\t0.01\t7\t8\t9\t10\t11\t12\t\r\n",
          "100\t100\t2\t2\tmm\t100\t1\t2\t\t",
          "Frame#\tTime\tA\t\t\tB\t\t\t\t\r\n\t\tX5\tY5\tZ5\tX6\tY6\tZ6\t\r\n");
  const ImportedFile file = ImportBytes(text);
  EXPECT_EQ(file.At(0, 0), Metres(-0.273, 70, 3));
  EXPECT_EQ(file.At(1, 1), Metres(10, 11, 12));
}

TEST(Trc, ReadsBlanksInPlaceOfTabs) {
  const ImportedFile file = ImportBytes(
      "PathFileType 4 (X/Y/Z) run.trc\n"
      "DataRate CameraRate NumFrames NumMarkers Units OrigDataRate OrigDataStartFrame\n"
      "100 100 2 2 m 100 1\n"  // seven keys
      "Frame# Time A B\n"
      "  X1 Y1 Z1 X2 Y2 Z2\n"
      "1  0.00   1 2   3 4 5 6\n"
      "2  0.01   7 8   9 nan NaN nan\n");
  EXPECT_THAT(file.source->labels(), ElementsAre("A", "B"));
  EXPECT_EQ(file.source->metres_per_unit(), 1.0);
  EXPECT_EQ(file.At(0, 1), (std::vector<float>{4, 5, 6}));
  EXPECT_TRUE(IsMissing(file.At(1, 1)));
}

TEST(Trc, TakesEmptyCellsNaNAndThreeZerosForMissing) {
  const ImportedFile file =
      ImportBytes(Trc("1\t0.00\t\t\t\t4\t5\t6\n"
                      "2\t0.01\tNaN\tnan\t -nan\t0\t0.000\t-0\n"
                      "3\t0.02\t1\t\t3\t0\t0\t5\n"  // a marker with a hole is no position
                      "4\t0.03\t1\t2\t3\t\t\n"  // what is missing at the end, not all of it there
                      "5\t0.04\n"
                      "6\t0.05\t1\t2\t3\t4\t5\t6 \n",
                      "100\t100\t6\t2\tmm\t100\t1\t6"));
  EXPECT_TRUE(IsMissing(file.At(0, 0)));
  EXPECT_EQ(file.At(0, 1), Metres(4, 5, 6));
  EXPECT_TRUE(IsMissing(file.At(1, 0)));
  EXPECT_TRUE(IsMissing(file.At(1, 1)));
  EXPECT_TRUE(IsMissing(file.At(2, 0)));
  EXPECT_EQ(file.At(2, 1), Metres(0, 0, 5));
  EXPECT_EQ(file.At(3, 0), Metres(1, 2, 3));
  EXPECT_TRUE(IsMissing(file.At(3, 1)));
  EXPECT_TRUE(IsMissing(file.At(4, 0)));
  EXPECT_EQ(file.At(5, 1), Metres(4, 5, 6));
}

TEST(Trc, RefusesARaggedRowByLineAndCounts) {
  const std::string good = "1\t0.00\t1\t2\t3\t4\t5\t6\n";
  EXPECT_THAT(RefusalOf(Trc(good + "2\t0.01\t1\t2\t3\t4\t5\t6\t7\n")),
              AllOf(HasSubstr("line 8"), HasSubstr("9 cells"), HasSubstr("8 are expected")));
  EXPECT_THAT(RefusalOf(Trc(good + "2\t0.01\t1\t2\t3\t4\t5\n")),
              AllOf(HasSubstr("line 8"), HasSubstr("7 cells"), HasSubstr("8 are expected")));
  EXPECT_THAT(RefusalOf(Trc(good + "2\t0.01\t1\t2\t3\n")), HasSubstr("line 8"));
  EXPECT_THAT(RefusalOf(Trc(good + "2\n")), HasSubstr("line 8"));
}

TEST(Trc, NamesTheCellThatIsNoNumber) {
  EXPECT_THAT(RefusalOf(Trc("1\t0.00\t1\t2\t3\t4\t5\t6\n2\t0.01\t1\t2,5\t3\t4\t5\t6\n")),
              AllOf(HasSubstr("line 8"), HasSubstr("column 4"), HasSubstr("2,5")));
  EXPECT_THAT(RefusalOf(Trc("1\tnow\t1\t2\t3\t4\t5\t6\n")),
              AllOf(HasSubstr("line 7"), HasSubstr("now")));
}

TEST(Trc, WarnsWhereTheHeaderCountsOtherwise) {
  const ImportedFile file =
      ImportBytes(Trc("1\t0.00\t1\t2\t3\t4\t5\t6\n2\t0.01\t1\t2\t3\t4\t5\t6\n",
                      "100\t100\t510\t3\tmm\t100\t1\t510"));
  EXPECT_EQ(file.source->frame_count(), 2U);
  EXPECT_THAT(file.source->warnings(),
              ElementsAre(HasSubstr("NumMarkers says 3"), HasSubstr("NumFrames says 510")));
}

TEST(Trc, TrustsTheTimeColumnMoreThanDataRate) {
  const ImportedFile file = ImportBytes(
      Trc("1\t0.00\t1\t2\t3\t4\t5\t6\n2\t0.02\t1\t2\t3\t4\t5\t6\n3\t0.04\t1\t2\t3\t4\t5\t6\n",
          "100\t100\t3\t2\tmm\t100\t1\t3"));
  EXPECT_EQ(file.source->time_base().rate_hz, 50.0);
  EXPECT_THAT(file.source->warnings(), ElementsAre(HasSubstr("time column")));
}

TEST(Trc, KeepsTheTimeOfATrialThatBeginsLater) {
  const ImportedFile file =
      ImportBytes(Trc("23\t0.230000\t1\t2\t3\t4\t5\t6\n24\t0.240000\t1\t2\t3\t4\t5\t6\n"));
  EXPECT_THAT(file.source->time_base().time,
              ElementsAre(testing::DoubleEq(0.23), testing::DoubleEq(0.24)));
}

TEST(Trc, RefusesATimeThatJumpsAndNamesTheLine) {
  const std::string cells = "\t1\t2\t3\t4\t5\t6\n";
  std::string rows;
  for (const char* time : {"0.00", "0.01", "0.02", "0.05", "0.06", "0.07"}) {
    rows += std::string("1\t") + time + cells;
  }
  const std::string text = Trc(rows, "100\t100\t6\t2\tmm\t100\t1\t6");
  EXPECT_THAT(RefusalOf(text), AllOf(HasSubstr("line 10"), HasSubstr("missing or repeated")));
  ImportOptions options;
  options.rate_hz = 100;
  EXPECT_EQ(ImportBytes(text, options).source->frame_count(), 6U);
}

TEST(Trc, ReadsAFileWhateverItsNameEndsIn) {
  const TemporaryFolder folder;
  const auto path =
      folder.Write("run.c3d", Trc("1\t0.00\t1\t2\t3\t4\t5\t6\n2\t0.01\t1\t2\t3\t4\t5\t6\n"));
  EXPECT_EQ(ImportFile(path).source->format(), "TRC");
}

TEST(Trc, RefusesAHeaderThatEndsEarly) {
  const std::string text = Trc("");
  EXPECT_THAT(RefusalOf(text), HasSubstr("ends before"));
  EXPECT_THAT(RefusalOf("PathFileType\t4\n"), HasSubstr("ends before"));
}

TEST(Trc, GivesTheSamePositionsForAnyThreads) {
  std::string rows;
  for (int i = 0; i < 3000; ++i) {
    rows += std::to_string(i + 1) + "\t" + std::to_string(i * 0.01) + "\t" + std::to_string(i) +
            "\t2\t3\t4\t5\t" + std::to_string(1.0 / (i + 1)) + "\n";
    if (i % 100 == 0) rows += "\n";  // empty lines are no frames
  }
  const TemporaryFolder folder;
  const auto path = folder.Write("a.trc", Trc(rows, "100\t100\t3000\t2\tmm\t100\t1\t3000"));
  const ImportedFile one = ImportFile(path);
  EXPECT_EQ(one.source->frame_count(), 3000U);
  EXPECT_EQ(one.At(2999, 0)[0], 2.999F);
  for (const int threads : {2, 7}) EXPECT_EQ(ImportFile(path, {}, threads).position, one.position);
}

// ---- writing ----

TrajectoryBlock TwoFrames() {
  TrajectoryBlock block({0, 2}, 2);
  block.position = {1.25F,    -0.5F, 0.75F, kNaNf, kNaNf, kNaNf,
                    2.33784F, 1e-4F, 3.0F,  4.0F,  5.0F,  6.0F};
  return block;
}

std::string Written(TrcOptions options) {
  std::string text;
  const TimeBase time_base = TimeBase::Uniform(200.0, 2, 0.5);
  TrcWriter writer([&](std::string_view part) { text += part; }, "run.trc", time_base,
                   {"A", "B\tb"}, options);
  writer.Append(TwoFrames());
  return text;
}

TEST(TrcWriter, WritesTheStrictForm) {
  EXPECT_EQ(Written({}), "PathFileType\t4\t(X/Y/Z)\trun.trc\n" + kKeys +
                             "200\t200\t2\t2\tmm\t200\t1\t2\n"
                             "Frame#\tTime\tA\t\t\tB_b\t\t\n"
                             "\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n\n"
                             "1\t0.5\t1250\t-500\t750\tNaN\tNaN\tNaN\n"
                             "2\t0.505\t2337.84\t0.1\t3000\t4000\t5000\t6000\n");
}

TEST(TrcWriter, TurnsToOpenSimsAxesByItsOption) {
  TrcOptions options;
  options.y_up = true;
  options.in_metres = true;
  EXPECT_THAT(Written(options), HasSubstr("\n1\t0.5\t1.25\t0.75\t0.5\tNaN"));
}

TEST(TrcWriter, WritesWhatTheReaderGivesBack) {
  const ImportedFile file = ImportBytes(Written({}));
  EXPECT_THAT(file.source->labels(), ElementsAre("A", "B_b"));
  EXPECT_THAT(file.source->time_base().time, ElementsAre(0.5, 0.505));
  EXPECT_THAT(file.source->warnings(), IsEmpty());
  const TrajectoryBlock block = TwoFrames();
  for (std::size_t i = 0; i < block.position.size(); ++i) {
    if (std::isnan(block.position[i])) {
      EXPECT_TRUE(std::isnan(file.position[i]));
    } else {
      EXPECT_EQ(file.position[i], block.position[i]);
    }
  }
}

// ---- real files ----

TEST(RealTrc, ReadsTheRunsOfHamnerAndRajagopal) {
  const std::string folder = MEDIUS_REAL_DATA_DIR;
  if (!std::filesystem::exists(folder + "/hamner-subject02-run")) {
    GTEST_SKIP() << "not on this machine: " << folder;
  }
  struct Case {
    const char* file;
    std::size_t frames, markers;
    double rate, start;
  };
  for (const Case& c : {Case{"/hamner-subject02-run/subject02_running.trc", 600, 41, 60, 0},
                        Case{"/hamner-subject02-run/subject02_static.trc", 300, 49, 60, 0},
                        Case{"/rajagopal-run/motion_capture_run.trc", 510, 42, 100, 0.23},
                        Case{"/rajagopal-run/static_run.trc", 397, 64, 100, 0}}) {
    const ImportedFile file = ImportFile(folder + c.file);
    EXPECT_EQ(file.source->frame_count(), c.frames) << c.file;
    EXPECT_EQ(file.source->labels().size(), c.markers) << c.file;
    EXPECT_EQ(file.source->time_base().rate_hz, c.rate) << c.file;
    EXPECT_DOUBLE_EQ(file.source->time_base().time.front(), c.start) << c.file;
    EXPECT_DOUBLE_EQ(file.source->time_base().time.back(),
                     c.start + static_cast<double>(c.frames - 1) / c.rate);
    EXPECT_EQ(ImplausibleUnit(*file.source), std::nullopt) << c.file;
    EXPECT_THAT(file.source->warnings(), IsEmpty()) << c.file;
  }
  const ImportedFile run = ImportFile(folder + "/hamner-subject02-run/subject02_running.trc");
  EXPECT_EQ(run.At(0, 0), Metres(809.009400, 1034.518310, -64.610810));
}

}  // namespace
}  // namespace medius::storage
