// A clinic's archive repeated: import -> analyze --method ric -> export, as typed commands, against
// the angles that the clinic's own program computed.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(MEDIUS_REAL_DATA_DIR) / "rbds001-run";
// Positions are float32: 1e-4 degrees over a cluster of 0.1 m; the table prints at least as many.
constexpr double kLargestRms = 1e-3;  // degrees

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
  return cells;
}

// Columns of a CSV table by name; lines that begin with # are comments.
std::map<std::string, std::vector<double>> ReadCsv(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> columns;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string> cells = Split(line);
    if (names.empty()) {
      names = cells;
      continue;
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      columns[names[i]].push_back(std::strtod(cells[i].c_str(), nullptr));
    }
  }
  return columns;
}

// Column X, Y or Z (0, 1, 2) of one of the clinic's files.
std::vector<double> ReadClinic(const std::string& file, std::size_t column) {
  std::ifstream stream(kFolder / file);
  std::vector<double> values;
  for (double xyz[3]; stream >> xyz[0] >> xyz[1] >> xyz[2];) values.push_back(xyz[column]);
  return values;
}

double Rms(const std::vector<double>& ours, const std::vector<double>& theirs, double sign) {
  if (ours.size() != theirs.size() || ours.empty()) return std::nan("");
  double square = 0.0;
  for (std::size_t t = 0; t < ours.size(); ++t) square += std::pow(ours[t] - sign * theirs[t], 2);
  return std::sqrt(square / static_cast<double>(ours.size()));
}

class ClinicsArchive : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) {
      GTEST_SKIP() << "the recording is not on this machine: " << kFolder;
    }
  }
  CommandResult Type(const std::vector<std::string>& words, int exit_code = 0) {
    CommandResult result = Medius(words, {folder_.path(), {}});
    EXPECT_EQ(result.exit_code, exit_code) << words[0] << ": " << result.error;
    return result;
  }
  void Import() {
    Type({"import", kFolder / "RBDS001runT35_rot.c3d", "--markers", "ric", "--keep-zeros", "-o",
          "run.trial.h5"});
    Type({"import", kFolder / "RBDS001static_rot.c3d", "--markers", "ric", "--activity", "static",
          "-o", "static.trial.h5"});
  }

  TemporaryFolder folder_;
};

TEST_F(ClinicsArchive, IsRepeatedByTypedCommands) {
  Import();
  Type({"analyze", "run.trial.h5", "--static", "static.trial.h5", "--markers", "ric", "--method",
        "ric", "-o", "ric.trial.h5"});
  Type({"export", "ric.trial.h5", "--to", "csv", "--table", "kinematics", "-o", "angles.csv"});
  const auto table = ReadCsv(ReadFile(folder_ / "angles.csv"));
  ASSERT_EQ(table.count("pelvis_obliquity_deg"), 1U);
  EXPECT_EQ(table.at("pelvis_obliquity_deg").size(), 4500U);

  const std::string pelvis = "pelvis_angle_RBDS.txt";
  EXPECT_LE(Rms(table.at("pelvis_rotation_deg"), ReadClinic(pelvis, 0), 1.0), kLargestRms);
  EXPECT_LE(Rms(table.at("pelvis_obliquity_deg"), ReadClinic(pelvis, 1), 1.0), kLargestRms);
  EXPECT_LE(Rms(table.at("pelvis_tilt_deg"), ReadClinic(pelvis, 2), 1.0), kLargestRms);
  for (const std::string side : {"left", "right"}) {
    // The clinic's columns: abduction and external rotation > 0 on the right, the other way round
    // on the left; hip extension and knee flexion > 0.
    const double mirror = side == "right" ? -1.0 : 1.0;
    for (const std::string joint : {"hip", "knee"}) {
      const std::string file = (side == "right" ? "r_" : "L_") + joint + "_angle_RBDSmat.txt";
      const std::string name = side + "_" + joint;
      EXPECT_LE(Rms(table.at(name + "_adduction_deg"), ReadClinic(file, 0), mirror), kLargestRms)
          << name;
      EXPECT_LE(Rms(table.at(name + "_rotation_deg"), ReadClinic(file, 1), mirror), kLargestRms)
          << name;
      EXPECT_LE(
          Rms(table.at(name + "_flexion_deg"), ReadClinic(file, 2), joint == "hip" ? -1.0 : 1.0),
          kLargestRms)
          << name;
    }
  }
}

TEST_F(ClinicsArchive, IsRefusedWithoutItsStandingTrialOrUnderAnotherMethod) {
  Import();
  EXPECT_THAT(
      Type({"analyze", "run.trial.h5", "--markers", "ric", "--method", "ric", "-o", "out.trial.h5"},
           3)
          .error,
      ::testing::HasSubstr("give one with --static"));
  EXPECT_THAT(Type({"analyze", "run.trial.h5", "--static", "static.trial.h5", "--markers", "ric",
                    "-o", "out.trial.h5"},
                   3)
                  .error,
              ::testing::HasSubstr("the pelvis needs the roles right_asis"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.trial.h5"));
}

}  // namespace
}  // namespace medius::testing
