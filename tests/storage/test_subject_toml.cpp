#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/subject_toml.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {
namespace {

using testing::HasSubstr;

SubjectModel Sample() {
  SubjectModel subject;
  subject.source = "static.trial.h5";
  subject.source_sha256 = std::string(64, 'a');
  subject.marker_set = "my \"lab\"";
  for (const char* label : {"RASI", "LASI", "SACR", "R.Wrist"}) {
    const double x = 0.1 / (1.0 + static_cast<double>(subject.markers.size()));
    subject.markers.push_back({label, "pelvis", Eigen::Vector3d(x, -x / 3.0, 0.7 * x),
                               Eigen::Vector3d(x, 2 * x, 3 * x).asDiagonal()});
  }
  subject.markers.back().segment = "";
  subject.markers.back().position.setConstant(std::nan(""));
  subject.anchor = {0, 1, 2};
  for (int i = 0; i < 6; ++i) {
    const double d = 0.2 + i / 7.0;
    subject.pairs.push_back({d, d / 30.0, d / 2.0, d * 1.1, i < 2, i != 5});
  }
  return subject;
}

std::string RefusalOf(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const TemporaryFolder folder;
  try {
    (void)ReadSubject(folder.Write("subject.toml", text));
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("subject.toml"));
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return {};
}

TEST(SubjectToml, ComesBackTheSameToTheLastBit) {
  const SubjectModel subject = Sample();
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "subject.toml";
  WriteSubject(path, subject);
  const SubjectModel read = ReadSubject(path);
  EXPECT_EQ(read.source, subject.source);
  EXPECT_EQ(read.source_sha256, subject.source_sha256);
  EXPECT_EQ(read.marker_set, subject.marker_set);
  EXPECT_EQ(read.from_motion, subject.from_motion);
  EXPECT_EQ(read.anchor, subject.anchor);
  ASSERT_EQ(read.markers.size(), subject.markers.size());
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_EQ(read.markers[m].label, subject.markers[m].label);
    EXPECT_EQ(read.markers[m].position, subject.markers[m].position);
    EXPECT_EQ(read.markers[m].covariance, subject.markers[m].covariance);
  }
  EXPECT_TRUE(std::isnan(read.markers[3].position.x()));
  for (std::size_t p = 0; p < 5; ++p) {
    EXPECT_EQ(read.pairs[p].mean, subject.pairs[p].mean);
    EXPECT_EQ(read.pairs[p].sd, subject.pairs[p].sd);
    EXPECT_EQ(read.pairs[p].min, subject.pairs[p].min);
    EXPECT_EQ(read.pairs[p].max, subject.pairs[p].max);
    EXPECT_EQ(read.pairs[p].is_rigid, subject.pairs[p].is_rigid);
  }
  EXPECT_FALSE(read.pairs[5].is_known);
}

TEST(SubjectToml, SaysWhatIsWrongAndWhere) {
  const std::string text = FormatSubject(Sample());
  EXPECT_THAT(RefusalOf(text, "\"medius-subject\"", "\"medius-rig\""), HasSubstr("is not known"));
  EXPECT_THAT(RefusalOf(text, "anchor = [\"RASI\", \"LASI\", \"SACR\"]", "anchor = [\"RASI\"]"),
              HasSubstr("three or more"));
  EXPECT_THAT(RefusalOf(text, "anchor = [\"RASI\"", "anchor = [\"RASY\""),
              HasSubstr("there is no [[marker]] \"RASY\""));
  EXPECT_THAT(RefusalOf(text, "label = \"LASI\"", "label = \"RASI\""), HasSubstr("twice"));
  EXPECT_THAT(RefusalOf(text, "b = \"LASI\"", "b = \"RASI\""), HasSubstr("one marker"));
  EXPECT_THAT(RefusalOf(text, "min = 0.1,", "min = 0.9,"), HasSubstr("min <= mean <= max"));
  EXPECT_THAT(RefusalOf(text, "\"standing\"", "\"sitting\""), HasSubstr("sitting"));
}

}  // namespace
}  // namespace medius::storage
