#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/reference_values_toml.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {
namespace {

using ::testing::HasSubstr;

constexpr double kDegree = 0.017453292519943295;

template <typename Read>
std::string Refusal(const std::string& text, const Read& read) {
  const TemporaryFolder folder;
  try {
    read(folder.Write("file.toml", text));
  } catch (const InputError& error) {
    return error.what();
  }
  ADD_FAILURE() << "not refused: " << text;
  return {};
}

TEST(ReferenceValues, AreReadInSi) {
  const TemporaryFolder folder;
  const ReferenceValues values = ReadReferenceValues(folder.Write("v.toml", R"(
name = "lab"
method = "ric"
[[value]]
metric = "step_width"
unit = "mm"
mean = 60
sd = 15.0
n = 40
who = "40 women"
speed_m_s = 3.0
citation = "Somebody 2020, doi 10.1/2"
[[value]]
metric = "hip_adduction_peak"
side = "left"
unit = "deg"
mean = 9.0
sd = 3.0
n = 20
who = "20 men"
citation = "Else 2021"
)"));
  ASSERT_EQ(values.values.size(), 2U);
  EXPECT_EQ(values.method, "ric");
  EXPECT_NEAR(values.values[0].mean, 0.060, 1e-12);
  EXPECT_NEAR(values.values[0].sd, 0.015, 1e-12);
  EXPECT_EQ(values.values[0].side, "both");
  EXPECT_EQ(values.values[0].speed, 3.0);
  EXPECT_NEAR(values.values[1].mean, 9.0 * kDegree, 1e-12);
  EXPECT_EQ(values.values[1].side, "left");
  EXPECT_TRUE(std::isnan(values.values[1].speed));
}

TEST(ReferenceValues, AreRefusedWithTheLineThatIsWrong) {
  const auto read = [](const auto& path) { static_cast<void>(ReadReferenceValues(path)); };
  const std::string head = "name = \"a\"\nmethod = \"b\"\n";
  const std::string value =
      "[[value]]\nmetric = \"x\"\nunit = \"deg\"\nmean = 1\nsd = 1\nn = 2\nwho = \"w\"\n";
  EXPECT_THAT(Refusal(head, read), HasSubstr("[[value]]: at least one is expected"));
  EXPECT_THAT(Refusal(head + value, read), HasSubstr("citation"));
  EXPECT_THAT(Refusal(head + "[[value]]\nmetric = \"x\"\nunit = \"grad\"\n", read),
              HasSubstr("unit \"grad\""));
  EXPECT_THAT(Refusal(head + value + "citation = \"c\"\nside = \"both sides\"\n", read),
              HasSubstr("left, right or both"));
  EXPECT_THAT(Refusal(head + value + "citation = \"c\"\nmaen = 2\n", read), HasSubstr("maen"));
}

TEST(Repeatability, IsReadFromSemOrMdc) {
  const TemporaryFolder folder;
  const Repeatability lab = ReadRepeatability(folder.Write("lab.toml", R"(
name = "lab"
method = "medius"
[[metric]]
metric = "contralateral_pelvic_drop_relative"
unit = "deg"
sem = 0.9
degrees_of_freedom = 12
[[metric]]
metric = "hip_adduction_peak"
unit = "deg"
mdc95 = 3.8
source = "paper"
)"));
  EXPECT_FALSE(lab.published);
  ASSERT_EQ(lab.errors.size(), 2U);
  EXPECT_NEAR(lab.errors[0].sem, 0.9 * kDegree, 1e-12);
  EXPECT_EQ(lab.errors[0].degrees_of_freedom, 12U);
  EXPECT_FALSE(lab.errors[0].includes_strides);
  // MDC95 = 1.96 sqrt(2) SEM: 3.8 / 2.77186.
  EXPECT_NEAR(lab.errors[1].sem, 1.370921 * kDegree, 1e-7);
  EXPECT_TRUE(lab.errors[1].includes_strides);
  EXPECT_EQ(lab.Find("hip_adduction_peak")->source, "paper");
  EXPECT_EQ(lab.Find("nothing"), nullptr);
}

TEST(Repeatability, ComesBackFromItsText) {
  Repeatability lab;
  lab.name = "a \"lab\"";
  lab.method = "medius";
  lab.errors = {{"contralateral_pelvic_drop_relative", 0.0123456789, 7, false, "3 subjects"},
                {"step_width", 0.004, std::nullopt, true, "x"}};
  const TemporaryFolder folder;
  const Repeatability back =
      ReadRepeatability(folder.Write("lab.toml", RepeatabilityToml(lab, {"rad", "m"})));
  EXPECT_EQ(back.name, lab.name);
  ASSERT_EQ(back.errors.size(), 2U);
  EXPECT_NEAR(back.errors[0].sem, 0.0123456789, 1e-14);
  EXPECT_EQ(back.errors[0].degrees_of_freedom, 7U);
  EXPECT_NEAR(back.errors[1].sem, 0.004, 1e-14);
  EXPECT_TRUE(back.errors[1].includes_strides);
}

TEST(Repeatability, IsRefusedWithTheLineThatIsWrong) {
  const auto read = [](const auto& path) { static_cast<void>(ReadRepeatability(path)); };
  const std::string head = "name = \"a\"\n[[metric]]\nmetric = \"x\"\nunit = \"deg\"\n";
  EXPECT_THAT(Refusal(head, read), HasSubstr("sem, or mdc95, is expected"));
  EXPECT_THAT(Refusal(head + "sem = 1\nmdc95 = 2\n", read), HasSubstr("one of the two"));
  EXPECT_THAT(Refusal(head + "sem = -1\n", read), HasSubstr("sem -1: above 0"));
  EXPECT_THAT(Refusal(head + "sem = 1\n" + head.substr(head.find('[')) + "sem = 1\n", read),
              HasSubstr("\"x\" is given twice"));
}

// What ships with the program can be read.
TEST(ReferenceValues, ThatShipAreWhole) {
  const std::filesystem::path datasets = MEDIUS_SOURCE_DIR "/datasets";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(datasets / "reference_values")) {
    for (const ReferenceValue& value : ReadReferenceValues(entry.path()).values) {
      EXPECT_FALSE(value.citation.empty()) << entry.path();
    }
    ++files;
  }
  EXPECT_GE(files, 2U);
  const Repeatability published = ReadRepeatability(datasets / "repeatability/published.toml");
  EXPECT_TRUE(published.published);
  EXPECT_NE(published.Find("contralateral_pelvic_drop_relative"), nullptr);
}

}  // namespace
}  // namespace medius::storage
