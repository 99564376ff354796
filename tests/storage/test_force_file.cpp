#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/force_file.hpp"

namespace medius::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class ForceFile : public ::testing::Test {
 protected:
  ForceFile() {
    path_ = std::filesystem::temp_directory_path() /
            ("medius_forces_" +
             std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + ".mot");
  }
  ~ForceFile() override { std::filesystem::remove(path_); }

  ForceRecording Read(const std::string& text, std::optional<double> rate_hz = std::nullopt,
                      const std::vector<std::string>& columns = {}) {
    std::ofstream(path_) << text;
    return ReadForces(path_, rate_hz, columns);
  }
  std::string Message(const std::string& text, const std::vector<std::string>& columns = {}) {
    try {
      (void)Read(text, std::nullopt, columns);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  std::filesystem::path path_;
};

TEST_F(ForceFile, OfOpenSimGivesOnePlateForEachVerticalForce) {
  const ForceRecording forces = Read(
      "name grf\ndatacolumns 5\nendheader\n"
      "time\tground_force_vx\tground_force_vy\t1_ground_force_vy\tpelvis_ty\n"
      "0.25\t1\t10\t0\t9\n0.26\t2\t20\t5\t9\n0.27\t3\t30\t0\t9\n");
  EXPECT_NEAR(forces.rate_hz, 100.0, 1e-9);
  EXPECT_NEAR(forces.start, 0.25, 1e-12);
  EXPECT_FALSE(forces.start_unknown);
  ASSERT_THAT(forces.plates, SizeIs(2));
  EXPECT_EQ(forces.plates[0].name, "ground_force_vy");
  EXPECT_THAT(forces.plates[0].vertical, ElementsAre(10.0, 20.0, 30.0));
  EXPECT_THAT(forces.plates[1].vertical, ElementsAre(0.0, 5.0, 0.0));
}

TEST_F(ForceFile, ThatCountsSamplesNeedsItsRateAndTakesTheForceThatBearsTheWeight) {
  const std::string text = "Time\tFx\tFy\tFz\n1\t-5\t3\t-700\n2\t5\t4\t-800\n3\t1\t5\t-900\n";
  EXPECT_THAT(Message(text), HasSubstr("its column Time counts samples; say how many a second with "
                                       "--force-rate-hz"));
  const ForceRecording forces = Read(text, 300.0);
  EXPECT_TRUE(forces.start_unknown);
  EXPECT_EQ(forces.rate_hz, 300.0);
  ASSERT_THAT(forces.plates, SizeIs(1));
  EXPECT_EQ(forces.plates[0].name, "Fz");
  EXPECT_THAT(forces.plates[0].vertical, ElementsAre(700.0, 800.0, 900.0));
}

TEST_F(ForceFile, GivesTheColumnsAskedFor) {
  const std::string text = "time,Fx,Fy,other\n0.0,1,500,7\n0.1,1,500,8\n0.2,1,500,9\n";
  const ForceRecording forces = Read(text, std::nullopt, {"other"});
  ASSERT_THAT(forces.plates, SizeIs(1));
  EXPECT_THAT(forces.plates[0].vertical, ElementsAre(7.0, 8.0, 9.0));
  EXPECT_THAT(Message(text, {"Fv"}), HasSubstr("has no column Fv; it has time, Fx, Fy, other"));
}

TEST_F(ForceFile, NamesWhatIsWrongWithIt) {
  EXPECT_THAT(Message("hello\nworld\n"),
              HasSubstr("no line of column names that begins with a time"));
  EXPECT_THAT(Message("time,Fy\n0.0,5\n0.1,x\n0.2,4\n"),
              HasSubstr("line 3: \"x\" in column Fy is no number"));
  EXPECT_THAT(Message("time,Fx,Fy\n0.0,5,1\n0.1,5\n0.2,4,1\n"),
              HasSubstr("line 3 has 2 cells, the line of names has 3"));
  EXPECT_THAT(Message("time,a,b\n0.0,5,1\n0.1,5,1\n0.2,4,1\n"),
              HasSubstr("no vertical force among its columns time, a, b; name it with "
                        "--force-column"));
  EXPECT_THAT(Message("time,Fy\n0.0,5\n"), HasSubstr("has 1 rows of forces"));
}

}  // namespace
}  // namespace medius::storage
