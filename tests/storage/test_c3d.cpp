// C3D files: every trap of the format, on files built byte by byte from its manual.

#include <cmath>
#include <limits>

#include "storage/trajectory_import.hpp"
#include "tests/storage/c3d_builder.hpp"
#include "tests/storage/imported_file.hpp"

namespace medius::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

C3dBuilder SmallFile() {
  C3dBuilder builder;
  builder.labels = {"RASI", "LASI", "RHEE"};
  builder.frames = 5;
  builder.point = [](std::size_t frame, std::size_t i) -> C3dBuilder::Point {
    return {1.0 + static_cast<double>(frame) * 10, -2.0 - static_cast<double>(i), 100.5, 0};
  };
  return builder;
}

std::vector<float> Metres(double x, double y, double z) {
  return {static_cast<float>(x * 1e-3), static_cast<float>(y * 1e-3), static_cast<float>(z * 1e-3)};
}

bool IsMissing(const std::vector<float>& p) {
  return std::isnan(p[0]) && std::isnan(p[1]) && std::isnan(p[2]);
}

TEST(C3d, ReadsEveryProcessorAndNumberFormatToTheSamePositions) {
  for (const auto processor : {C3dBuilder::kIntel, C3dBuilder::kDec, C3dBuilder::kSgi}) {
    for (const bool real : {true, false}) {
      C3dBuilder builder = SmallFile();
      builder.processor = processor;
      builder.real = real;
      builder.scale = 0.5;  // so that integers hold the values exactly
      const ImportedFile file = ImportBytes(builder.Build());
      EXPECT_EQ(file.source->format(), "C3D");
      EXPECT_THAT(file.source->labels(), ElementsAre("RASI", "LASI", "RHEE"));
      EXPECT_EQ(file.source->frame_count(), 5U);
      EXPECT_EQ(file.source->time_base().rate_hz, 100.0);
      EXPECT_EQ(file.At(0, 0), Metres(1, -2, 100.5)) << processor << real;
      EXPECT_EQ(file.At(4, 2), Metres(41, -4, 100.5)) << processor << real;
      EXPECT_THAT(file.source->warnings(), IsEmpty());
    }
  }
}

TEST(C3d, ReadsNegativeAndVerySmallAndVeryLargeDecNumbers) {
  // The manual's glossary calls negative DEC numbers two's complement; files show sign and
  // magnitude.
  C3dBuilder builder = SmallFile();
  builder.processor = C3dBuilder::kDec;
  const std::vector<double> values = {-1e-3, -123456.789, 3.0e-30, -8.0e30};
  builder.point = [&](std::size_t frame, std::size_t) -> C3dBuilder::Point {
    return {values[frame % 4], -1.0, 1.0, 0};
  };
  const ImportedFile file = ImportBytes(builder.Build());
  for (std::size_t frame = 0; frame < 4; ++frame) {
    const auto expected =
        static_cast<float>(static_cast<double>(static_cast<float>(values[frame])) * 1e-3);
    EXPECT_EQ(file.At(frame, 0)[0], expected);
  }
}

TEST(C3d, TakesInvalidPointsAndZeroTriplesAndNaNForMissing) {
  for (const bool real : {true, false}) {
    C3dBuilder builder = SmallFile();
    builder.real = real;
    builder.scale = 0.5;
    builder.point = [&](std::size_t frame, std::size_t i) -> C3dBuilder::Point {
      if (i != 0) return {0, 0, 5, 0};  // one or two zeros are a place like any other
      switch (frame) {
        case 0:
          return {1, 2, 3, -1};  // invalid, whatever it holds
        case 1:
          return {0, 0, 0, 0};
        case 2:
          return real ? C3dBuilder::Point{kNaN, kNaN, kNaN, 0} : C3dBuilder::Point{0, 0, 0, -1};
        case 3:
          return {1, 2, 3, 0};  // 0: interpolated or processed, and valid
        default:
          return {1, 2, 3, 0x0305};  // cameras 1 and 2, residual 5
      }
    };
    const ImportedFile file = ImportBytes(builder.Build());
    for (const std::size_t frame : {0, 1, 2}) EXPECT_TRUE(IsMissing(file.At(frame, 0))) << frame;
    for (const std::size_t frame : {3, 4}) EXPECT_EQ(file.At(frame, 0), Metres(1, 2, 3)) << frame;
    EXPECT_EQ(file.At(1, 1), Metres(0, 0, 5));
  }
}

TEST(C3d, StepsOverAnalogSamplesBetweenFrames) {
  for (const bool real : {true, false}) {
    C3dBuilder builder = SmallFile();
    builder.real = real;
    builder.scale = 0.5;
    builder.analog_per_frame = 13;
    const ImportedFile file = ImportBytes(builder.Build());
    EXPECT_EQ(file.At(4, 2), Metres(41, -4, 100.5));
  }
}

TEST(C3d, BelievesTheAnalogCountThatFillsTheFile) {
  C3dBuilder builder = SmallFile();
  builder.frames = 200;
  builder.analog_per_frame = 20;
  builder.extra = {builder.Words("ANALOG", "USED", {10}), builder.Reals("ANALOG", "RATE", {200})};
  builder.header_patches = {{4, builder.Word(0)}};  // stale header: no analog samples
  const ImportedFile file = ImportBytes(builder.Build());
  EXPECT_EQ(file.At(150, 2), Metres(1501, -4, 100.5));
  EXPECT_THAT(file.source->warnings(), ElementsAre(HasSubstr("20")));
}

TEST(C3d, ReadsNamesInLowerCaseAndRecordsWithoutDescriptions) {
  C3dBuilder builder = SmallFile();
  builder.lower_case = true;
  builder.with_description_byte = false;
  const ImportedFile file = ImportBytes(builder.Build());
  EXPECT_THAT(file.source->labels(), ElementsAre("RASI", "LASI", "RHEE"));
  EXPECT_EQ(file.At(4, 2), Metres(41, -4, 100.5));
}

TEST(C3d, FindsTheParametersAtAnyBlock) {
  for (const std::size_t block : {2, 7, 11}) {
    C3dBuilder builder = SmallFile();
    builder.parameter_block = block;
    EXPECT_EQ(ImportBytes(builder.Build()).At(4, 2), Metres(41, -4, 100.5)) << block;
  }
}

TEST(C3d, DoesWithoutOptionalParameters) {
  C3dBuilder builder = SmallFile();
  builder.with_frames_parameter = false;
  builder.with_data_start_parameter = false;
  builder.rate = 0;  // then the header's
  builder.header_rate = 120;
  builder.units.clear();
  const ImportedFile file = ImportBytes(builder.Build());
  EXPECT_EQ(file.source->frame_count(), 5U);
  EXPECT_EQ(file.source->time_base().rate_hz, 120.0);
  EXPECT_EQ(file.At(4, 2), Metres(41, -4, 100.5));
  EXPECT_THAT(file.source->warnings(), ElementsAre(HasSubstr("POINT:UNITS")));
}

TEST(C3d, ReadsUnitsAlsoCutToFourLetters) {
  const std::vector<std::pair<std::string, double>> cases = {
      {"m", 1.0}, {"mete", 1.0}, {"METE", 1.0}, {"cm", 0.01}, {"MM", 0.001}, {"mill", 0.001}};
  for (const auto& [unit, metres] : cases) {
    C3dBuilder builder = SmallFile();
    builder.units = unit;
    EXPECT_EQ(ImportBytes(builder.Build()).source->metres_per_unit(), metres) << unit;
  }
  C3dBuilder builder = SmallFile();
  builder.units = "ells";
  EXPECT_THAT(RefusalOf(builder.Build()), testing::AllOf(HasSubstr("ells"), HasSubstr("--unit")));
  ImportOptions in_metres;
  in_metres.metres_per_unit = 1.0;
  EXPECT_EQ(ImportBytes(builder.Build(), in_metres).At(0, 0)[0], 1.0F);
}

TEST(C3d, KeepsTheTimeOfATrialThatBeginsLater) {
  C3dBuilder builder = SmallFile();
  builder.first_frame = 251;
  const ImportedFile file = ImportBytes(builder.Build());
  EXPECT_DOUBLE_EQ(file.source->time_base().time.front(), 2.5);
  EXPECT_DOUBLE_EQ(file.source->time_base().time.back(), 2.54);
}

TEST(C3d, AsksForARateThatNothingGives) {
  C3dBuilder builder = SmallFile();
  builder.rate = 0;
  builder.header_rate = 0;
  EXPECT_THAT(RefusalOf(builder.Build()), HasSubstr("--rate"));
  ImportOptions options;
  options.rate_hz = 50;
  EXPECT_EQ(ImportBytes(builder.Build(), options).source->time_base().rate_hz, 50.0);
}

// ---- numbers of frames ----

C3dBuilder LongFile() {
  C3dBuilder builder = SmallFile();
  builder.real = false;
  builder.scale = 1.0;
  builder.labels = {"A"};
  builder.frames = 70'000;
  builder.point = [](std::size_t frame, std::size_t) -> C3dBuilder::Point {
    return {static_cast<double>(frame % 30000), 1, static_cast<double>(frame / 30000), 0};
  };
  return builder;
}

void ExpectLongFile(const C3dBuilder& builder) {
  const ImportedFile file = ImportBytes(builder.Build());
  ASSERT_EQ(file.source->frame_count(), 70'000U);
  EXPECT_EQ(file.At(69'999, 0), Metres(9999, 1, 2));
}

TEST(C3d, ReadsMoreThan65535FramesByLongFrames) {
  C3dBuilder builder = LongFile();
  builder.extra = {builder.Reals("POINT", "LONG_FRAMES", {70'000})};
  ExpectLongFile(builder);
}

TEST(C3d, ReadsMoreThan65535FramesByTheTrialFields) {
  C3dBuilder builder = LongFile();
  builder.extra = {builder.Words("TRIAL", "ACTUAL_START_FIELD", {1, 0}),
                   builder.Words("TRIAL", "ACTUAL_END_FIELD", {70'000 % 65'536, 1})};
  ExpectLongFile(builder);
  builder.frames_parameter = 70'000 % 65'536;  // the upper half was lost
  ExpectLongFile(builder);
}

TEST(C3d, ReadsMoreThan65535FramesByARealFrames) {
  C3dBuilder builder = LongFile();
  builder.with_frames_parameter = false;
  builder.extra = {builder.Reals("POINT", "FRAMES", {70'000})};
  ExpectLongFile(builder);
}

TEST(C3d, CountsTheFramesThatAreThereWhereNothingElseTells) {
  ExpectLongFile(LongFile());  // FRAMES and the header say 65535 and no more
}

TEST(C3d, PrefersPointFramesToStaleTrialFieldsAndHeader) {
  C3dBuilder builder = SmallFile();
  builder.frames = 400;
  builder.header_last = 12;
  builder.extra = {builder.Words("TRIAL", "ACTUAL_START_FIELD", {1, 0}),
                   builder.Words("TRIAL", "ACTUAL_END_FIELD", {9000, 0})};
  EXPECT_EQ(ImportBytes(builder.Build()).source->frame_count(), 400U);
}

TEST(C3d, TakesTheTrialsStartFromItsOwnField) {
  C3dBuilder builder = SmallFile();
  builder.extra = {builder.Words("TRIAL", "ACTUAL_START_FIELD", {5, 1}),  // 65541
                   builder.Words("TRIAL", "ACTUAL_END_FIELD", {9, 1})};
  EXPECT_DOUBLE_EQ(ImportBytes(builder.Build()).source->time_base().time.front(), 655.40);
}

// ---- labels ----

TEST(C3d, ReadsMoreThan255Labels) {
  C3dBuilder builder = SmallFile();
  builder.labels.clear();
  for (int i = 0; i < 600; ++i) builder.labels.push_back("M" + std::to_string(i));
  const ImportedFile file = ImportBytes(builder.Build());
  ASSERT_EQ(file.source->labels().size(), 600U);
  EXPECT_EQ(file.source->labels()[255], "M255");
  EXPECT_EQ(file.source->labels()[599], "M599");
  EXPECT_EQ(file.At(4, 599), Metres(41, -601, 100.5));
}

TEST(C3d, MakesEmptyAndDoubleLabelsUnique) {
  C3dBuilder builder = SmallFile();
  builder.labels = {"A", "A", "", "A", "A_2", "B"};
  const ImportedFile file = ImportBytes(builder.Build());
  EXPECT_THAT(file.source->labels(), ElementsAre("A", "A_3", "unnamed_3", "A_4", "A_2", "B"));
  EXPECT_THAT(file.source->warnings(), ElementsAre(HasSubstr("no name"), HasSubstr("same name")));
}

TEST(C3d, LeavesTheSubjectsNameOut) {
  C3dBuilder builder = SmallFile();
  builder.label_length = 16;
  builder.labels = {"Walker:RASI", "Walker:LASI", "*3"};
  const ImportedFile file = ImportBytes(builder.Build());
  EXPECT_THAT(file.source->labels(), ElementsAre("RASI", "LASI", "*3"));
  for (const std::string& warning : file.source->warnings()) {
    EXPECT_THAT(warning, Not(HasSubstr("Walker")));
  }
}

TEST(C3d, ReadsLabelsThatAreNotUtf8AsLatin1) {
  C3dBuilder builder = SmallFile();
  builder.labels = {"\xE9pine",
                    "gr\xC3\xBC"
                    "n",
                    "a\x01"
                    "b"};
  EXPECT_THAT(ImportBytes(builder.Build()).source->labels(),
              ElementsAre("\xC3\xA9pine", "gr\xC3\xBCn", "a_b"));
}

TEST(C3d, LeavesPointsOutThatAreAnglesOrForces) {
  C3dBuilder builder = SmallFile();
  builder.labels = {"RASI", "LHipAng", "RHEE"};
  builder.extra = {builder.Texts("POINT", "ANGLES", {"LHipAng"}, 8)};
  const ImportedFile file = ImportBytes(builder.Build());
  EXPECT_THAT(file.source->labels(), ElementsAre("RASI", "RHEE"));
  EXPECT_EQ(file.At(4, 1), Metres(41, -4, 100.5));  // the third point of the file
}

// ---- events ----

TEST(C3d, ReadsFootStrikesAndToeOffs) {
  C3dBuilder builder = SmallFile();
  builder.frames = 300;
  builder.extra = {
      builder.Words("EVENT", "USED", {4}),
      builder.Texts("EVENT", "CONTEXTS", {"Right", "Left", "General", "Left"}, 16),
      builder.Texts("EVENT", "LABELS", {"Foot Strike", "Foot Off", "Jump", "Foot Strike"}, 16)};
  C3dBuilder::Parameter times = builder.Reals("EVENT", "TIMES", {0, 1.5, 0, 0.5, 0, 0.7, 0, 2.0});
  times.dimensions = {2, 4};
  builder.extra.push_back(times);
  const ImportedFile file = ImportBytes(builder.Build());
  EXPECT_THAT(file.source->events(),
              ElementsAre(GaitEvent{0.5, Side::kLeft, EventType::kToeOff},
                          GaitEvent{1.5, Side::kRight, EventType::kFootStrike},
                          GaitEvent{2.0, Side::kLeft, EventType::kFootStrike}));
  EXPECT_THAT(file.source->warnings(), ElementsAre(HasSubstr("Jump")));
}

TEST(C3d, ReadsEventsThatCountFromTheFirstFrame) {
  C3dBuilder builder = SmallFile();
  builder.frames = 300;
  builder.first_frame = 1001;
  builder.extra = {builder.Texts("EVENT", "LABELS", {"RHS"}, 4)};
  C3dBuilder::Parameter times = builder.Reals("EVENT", "TIMES", {0, 1.0});
  times.dimensions = {2, 1};
  builder.extra.push_back(times);
  const ImportedFile file = ImportBytes(builder.Build());
  ASSERT_EQ(file.source->events().size(), 1U);
  EXPECT_DOUBLE_EQ(file.source->events()[0].time, 11.0);
  EXPECT_THAT(file.source->warnings(), ElementsAre(HasSubstr("first frame")));
}

// ---- many threads, parts ----

TEST(C3d, GivesTheSamePositionsForAnyThreadsAndParts) {
  C3dBuilder builder = SmallFile();
  builder.frames = 20'000;
  const TemporaryFolder folder;
  const auto path = folder.Write("a.c3d", builder.Build());
  const ImportedFile whole = ImportFile(path);
  for (const int threads : {2, 7})
    EXPECT_EQ(ImportFile(path, {}, threads).position, whole.position);
  std::vector<float> part(11 * 9);
  whole.source->ReadPositions({12'345, 11}, Parallelism(1), part);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.position.begin() + 12'345 * 9));
}

// ---- what is refused ----

TEST(C3d, RefusesAFileWithoutPointsByName) {
  C3dBuilder builder = SmallFile();
  builder.labels.clear();
  EXPECT_THAT(RefusalOf(builder.Build()), HasSubstr("POINT:USED"));
}

TEST(C3d, RefusesAnUnknownProcessorByItsByte) {
  std::string bytes = SmallFile().Build();
  bytes[515] = 99;
  EXPECT_THAT(RefusalOf(bytes), testing::AllOf(HasSubstr("byte 516"), HasSubstr("99")));
}

TEST(C3d, RefusesAZeroScale) {
  C3dBuilder builder = SmallFile();
  builder.scale = 0.0;
  EXPECT_THAT(RefusalOf(builder.Build()), HasSubstr("POINT:SCALE"));
}

TEST(C3d, RefusesATruncatedFileAndSaysHowManyFramesAreThere) {
  C3dBuilder builder = SmallFile();
  builder.frames = 100;
  std::string bytes = builder.Build();
  bytes.resize(bytes.size() - 512 * 6);
  EXPECT_THAT(RefusalOf(bytes), testing::AllOf(HasSubstr("100 frames"), HasSubstr("holds 42"),
                                               HasSubstr("get the file again")));
}

TEST(C3d, NeverMistakesACutFileForAWholeOne) {
  // Property: cut anywhere, it is refused, or (only the padding is gone) complete.
  C3dBuilder builder = SmallFile();
  builder.frames = 40;
  const std::string whole = builder.Build();
  const TemporaryFolder folder;
  const ImportedFile complete = ImportFile(folder.Write("whole.c3d", whole));
  std::size_t refused = 0;
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    const auto path = folder.Write("cut.c3d", std::string_view(whole).substr(0, size));
    try {
      EXPECT_EQ(ImportFile(path).position, complete.position) << size;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("cut.c3d"));
      ++refused;
    }
  }
  EXPECT_GT(refused, whole.size() / 7 - 512 / 7 - 2);
}

}  // namespace
}  // namespace medius::storage
