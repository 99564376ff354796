// `medius progress`, `repeatability`, `spm` and the exports of an analysis, as typed.

#include <cmath>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "storage/trial_file.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

using ::testing::HasSubstr;

const std::string kSet = MEDIUS_SOURCE_DIR "/datasets/marker_sets/virtual_lab.toml";

// One run of the virtual lab analyzed thrice: as it is, once more, and with another filter.
class Progress : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    WriteSmallScenario(*folder_ / "scenario.toml", 40.0);
    Run({"simulate", "scenario.toml", "-o", "."});
    for (const auto& [name, cutoff] : {std::pair("a.trial.h5", "10"), std::pair("b.trial.h5", "10"),
                                       std::pair("other.trial.h5", "8")}) {
      Run({"analyze", "truth/run.trial.h5", "--static", "truth/static.trial.h5", "--markers", kSet,
           "--cutoff-hz", cutoff, "-o", name});
    }
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static CommandResult Type(const std::vector<std::string>& words) {
    return Medius(words, {folder_->path(), {"SOURCE_DATE_EPOCH=1767225600"}});
  }
  static CommandResult Run(const std::vector<std::string>& words) {
    CommandResult result = Type(words);
    EXPECT_EQ(result.exit_code, 0) << words[0] << ": " << result.error;
    return result;
  }
  static std::string In(const std::string& name) { return *folder_ / name; }

  static std::unique_ptr<TemporaryFolder> folder_;
};
std::unique_ptr<TemporaryFolder> Progress::folder_;

TEST_F(Progress, OfTheSameRunIsNone) {
  const CommandResult result =
      Run({"progress", "a.trial.h5", "b.trial.h5", "--json", "-o", "progress.html"});
  const nlohmann::json object = nlohmann::json::parse(result.output);
  EXPECT_TRUE(object["published_defaults"]);
  EXPECT_THAT(result.error, HasSubstr("medius repeatability"));
  std::size_t judged = 0;
  for (const nlohmann::json& metric : object["metrics"]) {
    const nlohmann::json& last = metric["from_first"].back();
    if (metric["primary"].get<bool>()) {
      ++judged;
      EXPECT_EQ(last["verdict"], "not_shown");
      EXPECT_EQ(last["difference"], 0.0);
      EXPECT_NEAR(last["mdc95"].get<double>(), 2.8, 1e-6);
    }
  }
  EXPECT_EQ(judged, 4U);
  EXPECT_THAT(ReadFile(In("progress.html")), HasSubstr("<html"));
}

TEST_F(Progress, OfTwoMethodsIsRefusedWithWhatDiffers) {
  const CommandResult result = Type({"progress", "a.trial.h5", "other.trial.h5"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.error, HasSubstr("cutoff_hz: 10.0 and 8.0"));
  EXPECT_EQ(Type({"progress", "a.trial.h5"}).exit_code, 2);
  const CommandResult raw = Type({"progress", "a.trial.h5", "truth/static.trial.h5"});
  EXPECT_EQ(raw.exit_code, 3);
  EXPECT_THAT(raw.error, HasSubstr("analyze"));
}

TEST_F(Progress, HasTheRepeatabilityOfTheLab) {
  const CommandResult same =
      Type({"repeatability", "a.trial.h5", "b.trial.h5", "-o", "lab.toml", "--json"});
  // Two equal visits have no spread at all: nothing could be estimated.
  EXPECT_EQ(same.exit_code, 4);
  WriteFile(In("lab.toml"),
            "name = \"lab\"\nmethod = \"ric\"\n[[metric]]\nmetric = "
            "\"contralateral_pelvic_drop_relative\"\nunit = \"deg\"\nsem = 0.9\n");
  const CommandResult refused =
      Type({"progress", "a.trial.h5", "b.trial.h5", "--repeatability", "lab.toml"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.error, HasSubstr("was found with the method ric"));
}

TEST_F(Progress, SpmFindsADifferenceFromAConstantAndNoneFromItself) {
  const CommandResult constant = Run({"spm", "a.trial.h5", "--angle", "right_knee_flexion",
                                      "--one-sample", "0", "--json", "-o", "spm.csv"});
  const nlohmann::json object = nlohmann::json::parse(constant.output);
  EXPECT_FALSE(object["clusters"].empty());
  EXPECT_LT(object["p_maximum"].get<double>(), 1e-6);
  EXPECT_THAT(constant.error, HasSubstr("strides of one run"));
  EXPECT_THAT(ReadFile(In("spm.csv")), HasSubstr("percent,effect_right_knee_flexion_deg,t,"));
  const CommandResult itself = Run({"spm", "a.trial.h5", "--angle", "pelvis_obliquity", "--against",
                                    "b.trial.h5", "--two-sample", "--json"});
  EXPECT_TRUE(nlohmann::json::parse(itself.output)["clusters"].empty());
  const CommandResult slope = Run({"spm", "a.trial.h5", "--angle", "pelvis_obliquity",
                                   "--regression", "contact_time", "--json"});
  EXPECT_EQ(nlohmann::json::parse(slope.output)["test"], "regression");
  const CommandResult unknown =
      Type({"spm", "a.trial.h5", "--angle", "pelvis_obliqity", "--one-sample", "0"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.error, HasSubstr("it has: pelvis_obliquity"));
  EXPECT_EQ(Type({"spm", "a.trial.h5", "--angle", "pelvis_obliquity"}).exit_code, 2);
}

TEST_F(Progress, AnalysisSaysAsymmetryAndZScores) {
  const CommandResult refused =
      Type({"analyze", "truth/run.trial.h5", "--static", "truth/static.trial.h5", "--markers", kSet,
            "--reference-values", "ric_2.5_m_s", "-o", "z.trial.h5"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.error, HasSubstr("reference values of the method ric"));
  WriteFile(In("values.toml"),
            "name = \"v\"\nmethod = \"medius\"\n[[value]]\nmetric = \"hip_adduction_peak\"\nunit = "
            "\"deg\"\nmean = 8.0\nsd = 3.0\nn = 20\nwho = \"20\"\ncitation = \"none\"\n");
  const CommandResult result =
      Run({"analyze", "truth/run.trial.h5", "--static", "truth/static.trial.h5", "--markers", kSet,
           "--reference-values", "values.toml", "--json", "-o", "z.trial.h5"});
  const nlohmann::json object = nlohmann::json::parse(result.output);
  EXPECT_EQ(object["z_scores"].size(), 2U);
  EXPECT_FALSE(object["asymmetry"].empty());
  EXPECT_FALSE(object["trends"].empty());
  EXPECT_FALSE(storage::TrialReader(In("z.trial.h5")).ReadRunStatistics().windows.empty());
}

TEST_F(Progress, ExportsComeBack) {
  Run({"export", "a.trial.h5", "-o", "run.c3d"});
  Run({"import", "run.c3d", "--markers", kSet, "--forward", "+x", "--up", "+z", "-o",
       "back.trial.h5"});
  const storage::TrialReader back(In("back.trial.h5"));
  const storage::TrialReader run(In("a.trial.h5"));
  EXPECT_EQ(back.labels(), run.labels());
  EXPECT_EQ(back.ReadEvents().size(), run.ReadEvents().size());
  const CommandResult motion = Run({"export", "a.trial.h5", "--to", "mot", "-o", "-"});
  EXPECT_THAT(motion.output, HasSubstr("inDegrees=yes\nendheader\ntime\tpelvis_tilt\tpelvis_list"));
  EXPECT_THAT(motion.output, HasSubstr("\thip_adduction_r\t"));
  for (const char* table : {"asymmetry", "windows", "trends", "strides", "summary", "curves"}) {
    const CommandResult csv =
        Run({"export", "a.trial.h5", "--table", table, "--shape", "long", "--comment", "-o", "-"});
    EXPECT_THAT(csv.output, HasSubstr("# method: medius\n")) << table;
    EXPECT_THAT(csv.output, HasSubstr("variable,unit,value\n")) << table;
  }
  EXPECT_EQ(Type({"export", "a.trial.h5", "--to", "mot", "--table", "strides"}).exit_code, 2);
}

}  // namespace
}  // namespace medius::testing
