// `medius calibrate floor` as typed, on trials and pictures of a lab whose floor is known.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calibration/so3.hpp"
#include "capture/board.hpp"
#include "capture/board_drawing.hpp"
#include "storage/rig_toml.hpp"
#include "storage/trial_file.hpp"
#include "tests/calibration/floor_scene.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

using calibration::SceneRandom;
using ::testing::HasSubstr;

constexpr int kBadInput = 3;
constexpr int kNotComputed = 4;
constexpr int kUsage = 2;
constexpr double kSigma = 0.2;
const std::string kPrecious = "what stood here before";

const char* const kL = R"(name = "lab L"
origin = "corner"
x_arm = "long"
marker_height_mm = 20
[markers]
corner = [0, 0, 0]
short = [0, 400, 0]
middle = [220, 0, 0]
long = [600, 0, 0]
)";

std::vector<Eigen::Vector3d> MarkersOfL() {
  return {{0.0, 0.0, 0.02}, {0.0, 0.4, 0.02}, {0.22, 0.0, 0.02}, {0.6, 0.0, 0.02}};
}

class CalibrateFloor : public ::testing::Test {
 protected:
  CalibrateFloor() : random_(77), true_rig_(calibration::RingRig(6)) {
    // The rig as a calibration leaves it: in the frame of its first camera.
    old_from_lab_ = true_rig_.cameras[0].camera_from_lab;
    storage::WriteRig(folder_ / "rig.toml", InLabFrame(true_rig_, old_from_lab_));
    WriteFile(folder_ / "l.toml", kL);
    WriteFile(folder_ / "out.toml", kPrecious);
  }

  // Frames of points that move by `velocity` (m/s) at 100 Hz; labelled where labels are given.
  void WriteTrial(const std::string& name, const std::vector<Eigen::Vector3d>& points,
                  const std::vector<std::string>& labels = {}) {
    storage::TrialWriter writer(folder_ / name);
    writer.WriteHeader({"static", "s", "1", "static", "2026-01-01T00:00:00Z"});
    writer.WriteTimeBase(TimeBase::Uniform(100.0, 10));
    if (!labels.empty()) writer.WriteLabels(labels);
    writer.BeginObservations(CameraNames(), {false, false, false, !labels.empty()});
    ObservationBlock block = calibration::StillBlock(true_rig_, points, 10, kSigma, &random_);
    if (!labels.empty()) Label(points, &block);
    writer.AppendObservations(block);
    writer.Commit();
  }

  void WriteBeltTrial(const std::string& name, double speed) {
    constexpr std::size_t kFrames = 120;
    storage::TrialWriter writer(folder_ / name);
    writer.WriteHeader({"belt", "s", "1", "belt", "2026-01-01T00:00:00Z"});
    writer.WriteTimeBase(TimeBase::Uniform(100.0, kFrames));
    writer.BeginObservations(CameraNames(), {});
    ObservationBlock block;
    block.frames = {0, kFrames};
    block.cameras.resize(true_rig_.cameras.size());
    for (std::size_t frame = 0; frame < kFrames; ++frame) {
      std::vector<Eigen::Vector3d> marks;
      for (int mark = 0; mark < 8; ++mark) {
        const double x = 0.8 + 0.45 * mark - speed * 0.01 * static_cast<double>(frame);
        if (std::abs(x) < 0.8) marks.emplace_back(x, mark % 2 == 0 ? -0.2 : 0.25, 0.0);
      }
      const ObservationBlock one = calibration::StillBlock(true_rig_, marks, 1, kSigma, &random_);
      for (std::size_t c = 0; c < one.cameras.size(); ++c) {
        CameraObservations& all = block.cameras[c];
        all.xy.insert(all.xy.end(), one.cameras[c].xy.begin(), one.cameras[c].xy.end());
        all.frame_start.push_back(all.xy.size());
      }
    }
    writer.AppendObservations(block);
    writer.Commit();
  }

  // Every sighting gets the label of the point it is nearest to.
  void Label(const std::vector<Eigen::Vector3d>& points, ObservationBlock* block) const {
    for (std::size_t c = 0; c < block->cameras.size(); ++c) {
      for (const Eigen::Vector2f& xy : block->cameras[c].xy) {
        std::size_t nearest = 0;
        double least = 1e9;
        for (std::size_t i = 0; i < points.size(); ++i) {
          const auto seen = true_rig_.cameras[c].Project(points[i]);
          const double distance = seen ? (*seen - xy.cast<double>()).norm() : 1e9;
          if (distance >= least) continue;
          least = distance;
          nearest = i;
        }
        block->cameras[c].label.push_back(static_cast<std::int16_t>(nearest));
      }
    }
  }

  [[nodiscard]] std::vector<std::string> CameraNames() const {
    std::vector<std::string> names;
    for (const Camera& camera : true_rig_.cameras) names.push_back(camera.name);
    return names;
  }

  // A picture of a board on the floor, each pixel the mean of four places.
  void DrawBoard(const Camera& camera, const capture::Board& board, const std::string& file) const {
    const capture::BoardPattern pattern(board, board.first_marker_id);
    // The board lies print up: its x along X, its y to the right.
    const auto is_black = [&](double u, double v) {
      const auto ray = camera.model.Unproject({u, v});
      if (!ray) return false;
      const Eigen::Vector3d direction = camera.camera_from_lab.rotation.transpose() * *ray;
      const Eigen::Vector3d centre = camera.CentreInLab();
      if (direction.z() >= 0.0) return false;
      const Eigen::Vector3d x = centre - direction * centre.z() / direction.z();
      return pattern.IsBlack({x.x(), -x.y()});
    };
    std::string image = fmt::format("P5\n{} {}\n255\n", camera.width, camera.height);
    for (int v = 0; v < camera.height; ++v) {
      for (int u = 0; u < camera.width; ++u) {
        int black = 0;
        for (const double du : {-0.25, 0.25}) {
          for (const double dv : {-0.25, 0.25}) black += is_black(u + du, v + dv) ? 1 : 0;
        }
        image += static_cast<char>(220 - 50 * black);
      }
    }
    WriteFile(file, image);
  }

  [[nodiscard]] CommandResult Floor(std::vector<std::string> words) const {
    words.insert(words.begin(), {"calibrate", "floor", "--rig", "rig.toml"});
    words.insert(words.end(), {"-o", "out.toml"});
    return Medius(words, {folder_.path(), {}});
  }

  void ExpectTrueLab(const CommandResult& result, double angle, double place) const {
    ASSERT_EQ(result.exit_code, 0) << result.error;
    const CameraRig rig = storage::ReadRig(folder_ / "out.toml");
    ASSERT_EQ(rig.cameras.size(), true_rig_.cameras.size());
    for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
      const RigidTransform error =
          rig.cameras[c].camera_from_lab.Inverse() * true_rig_.cameras[c].camera_from_lab;
      EXPECT_LT(calibration::RotationAngle(error.rotation), angle) << c;
      EXPECT_LT(error.translation.norm(), place) << c;
    }
  }

  void ExpectRefused(const CommandResult& result, int code, const std::string& words) const {
    EXPECT_EQ(result.exit_code, code) << result.error;
    EXPECT_THAT(result.error, HasSubstr(words));
    EXPECT_TRUE(result.output.empty()) << result.output;
    EXPECT_EQ(ReadFile(folder_ / "out.toml"), kPrecious);
  }

  SceneRandom random_;
  CameraRig true_rig_;
  RigidTransform old_from_lab_;
  TemporaryFolder folder_;
};

// 0.2 px at 4.2 m and 1350 px are 0.6 mm a ray, on 0.6 m, four markers seen by six cameras.
constexpr double kAngle = 0.003;
constexpr double kPlace = 0.003;

TEST_F(CalibrateFloor, OfAnLFrameAmongOtherMarkers) {
  std::vector<Eigen::Vector3d> points = MarkersOfL();
  points.emplace_back(-0.3, 0.3, 0.8);
  points.emplace_back(0.2, -0.4, 1.1);
  WriteTrial("static.h5", points);
  const CommandResult result = Floor({"--l-frame", "l.toml", "static.h5"});
  ExpectTrueLab(result, kAngle, kPlace);
  EXPECT_THAT(result.output, HasSubstr("corner - long: stated 600.0 mm, found "));
  EXPECT_THAT(result.output, HasSubstr("height_m"));
  const CommandResult json = Floor({"--l-frame", "l.toml", "static.h5", "--json"});
  EXPECT_THAT(json.output, HasSubstr("\"found_over_stated\""));
}

TEST_F(CalibrateFloor, RefusesAnLWhoseArmsAreExchanged) {
  WriteTrial("static.h5", MarkersOfL());
  std::string exchanged = kL;
  exchanged.replace(exchanged.find("[0, 400, 0]"), 11, "[0, -400, 0]");
  WriteFile(folder_ / "l.toml", exchanged);
  ExpectRefused(Floor({"--l-frame", "l.toml", "static.h5"}), kNotComputed,
                "static.h5: 6 of 6 cameras lie below this floor");
}

TEST_F(CalibrateFloor, RefusesARigOfTheWrongSize) {
  std::vector<Eigen::Vector3d> points = MarkersOfL();
  for (Eigen::Vector3d& point : points) point *= 1.04;
  WriteTrial("static.h5", points);
  ExpectRefused(Floor({"--l-frame", "l.toml", "static.h5"}), kNotComputed, "% too long");
}

TEST_F(CalibrateFloor, OfThreePointsAndRefusesTheirWrongOrder) {
  WriteTrial("static.h5", {{0.0, 0.0, 0.01}, {0.6, 0.0, 0.01}, {0.1, 0.5, 0.01}}, {"O", "X", "Y"});
  ExpectTrueLab(Floor({"--points", "O,X,Y", "--height-mm", "10", "static.h5"}), kAngle, kPlace);
  WriteFile(folder_ / "out.toml", kPrecious);
  ExpectRefused(Floor({"--points", "O,Y,X", "static.h5"}), kNotComputed,
                "named in the wrong order");
  ExpectRefused(Floor({"--points", "O,X", "static.h5"}), kUsage, "3 values");
  ExpectRefused(Floor({"--points", "O,X,Z", "static.h5"}), kBadInput,
                "has no marker Z (it has O, X, Y)");
}

TEST_F(CalibrateFloor, OfThreeCoordinates) {
  std::string words;
  for (const Eigen::Vector3d& place :
       {Eigen::Vector3d(0, 0, 0), Eigen::Vector3d(1, 0, 0), Eigen::Vector3d(0, 1, 0)}) {
    const Eigen::Vector3d x = old_from_lab_ * place;
    words += fmt::format("{}{:.9f},{:.9f},{:.9f}", words.empty() ? "" : ",", x.x(), x.y(), x.z());
  }
  ExpectTrueLab(Floor({"--coordinates=" + words}), 1e-6, 1e-6);
}

TEST_F(CalibrateFloor, OfARunningBelt) {
  WriteBeltTrial("belt.h5", 2.5);
  const CommandResult result = Floor({"--belt", "belt.h5", "--speed", "2.5"});
  ASSERT_EQ(result.exit_code, 0) << result.error;
  EXPECT_THAT(result.output, HasSubstr("belt: 2.50"));
  const CameraRig rig = storage::ReadRig(folder_ / "out.toml");
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    // The origin is where the marks were in the mean; slope, heading and height are known.
    const RigidTransform error =
        rig.cameras[c].camera_from_lab.Inverse() * true_rig_.cameras[c].camera_from_lab;
    EXPECT_LT(calibration::RotationAngle(error.rotation), 0.005) << c;
    EXPECT_LT(std::abs(error.translation.z()), 0.003) << c;
  }
}

TEST_F(CalibrateFloor, OfABoardOnTheFloorInPictures) {
  capture::Board board;
  board.name = "floor board";
  board.columns = 5;
  board.rows = 4;
  board.pitch = 0.25;
  board.dictionary = "DICT_4X4_50";
  WriteFile(folder_ / "board.toml",
            "kind = \"charuco\"\ncolumns = 5\nrows = 4\nsquare_mm = 250\nmarker_ratio = 0.75\n"
            "dictionary = \"DICT_4X4_50\"\n");
  // Smaller pictures of the same lab: the rig is written anew.
  for (Camera& camera : true_rig_.cameras) {
    camera.width = 640;
    camera.height = 480;
    camera.model = CameraModel(CameraModelKind::kBrownConrady5,
                               {620.0, 620.0, 319.5, 239.5, 0.0, 0.0, 0.0, 0.0, 0.0});
  }
  true_rig_.cameras.erase(true_rig_.cameras.begin() + 4, true_rig_.cameras.end());
  old_from_lab_ = true_rig_.cameras[0].camera_from_lab;
  storage::WriteRig(folder_ / "rig.toml", InLabFrame(true_rig_, old_from_lab_));
  std::vector<std::string> words = {"--board", "board.toml"};
  for (const Camera& camera : true_rig_.cameras) {
    std::filesystem::create_directory(folder_.path() / camera.name);
    DrawBoard(camera, board, folder_ / (camera.name + "/0.pgm"));
    words.insert(words.end(), {"--video", camera.name + "=" + camera.name});
  }
  // Corners to a tenth of a pixel at 4.2 m and 620 px: 0.7 mm, on 1 m; places at 4 m by direction.
  ExpectTrueLab(Floor(words), 0.006, 0.008);
}

TEST_F(CalibrateFloor, SaysWhatIsMissing) {
  WriteTrial("static.h5", {{0.0, 0.0, 0.0}, {0.3, 0.1, 0.2}, {-0.3, 0.3, 0.9}});
  ExpectRefused(Floor({"--l-frame", "l.toml", "static.h5"}), kNotComputed,
                "none of the 3 points that stand still lie as the markers of lab L");
  ExpectRefused(Floor({"--belt", "static.h5"}), kNotComputed, "let it run");
  ExpectRefused(Floor({"--belt", "--l-frame", "l.toml", "static.h5"}), kUsage,
                "one of --l-frame, --board, --points, --coordinates and --belt is expected");
  ExpectRefused(Floor({"--belt"}), kUsage, "TRIAL.h5");
  ExpectRefused(Floor({"--belt", "absent.h5"}), kBadInput, "absent.h5");
  ExpectRefused(Floor({"--belt", "static.h5", "--frames", "5:2"}), kUsage, "ends before it begins");
  ExpectRefused(Floor({"--belt", "static.h5", "--frames", "50:60"}), kBadInput, "frames 0 to 9");
  ExpectRefused(Floor({"--belt", "static.h5", "--below", "cam9"}), kUsage, "no camera \"cam9\"");
  WriteFile(folder_ / "l.toml", "origin = \"a\"\nx_arm = \"b\"\n");
  ExpectRefused(Floor({"--l-frame", "l.toml", "static.h5"}), kBadInput, "has no [markers]");
  std::string misspelt = kL;
  misspelt.replace(misspelt.find("\"long\""), 6, "\"lomg\"");
  WriteFile(folder_ / "l.toml", misspelt);
  ExpectRefused(Floor({"--l-frame", "l.toml", "static.h5"}), kBadInput,
                "which is none of the markers");
  const CommandResult over = Medius({"calibrate", "floor", "--rig", "rig.toml", "--l-frame",
                                     "l.toml", "static.h5", "-o", "static.h5"},
                                    {folder_.path(), {}});
  EXPECT_EQ(over.exit_code, kBadInput);
  EXPECT_THAT(over.error, HasSubstr("would be written over it"));
}

TEST_F(CalibrateFloor, RefusesOptionsOfAnotherSource) {
  WriteTrial("static.h5", MarkersOfL());
  ExpectRefused(Floor({"--l-frame", "l.toml", "static.h5", "--height-mm", "10"}), kUsage,
                "--height-mm: goes with --points, not with --l-frame");
  ExpectRefused(Floor({"--l-frame", "l.toml", "static.h5", "--thickness-mm", "10"}), kUsage,
                "--thickness-mm: goes with --board, not with --l-frame");
  ExpectRefused(Floor({"--belt", "static.h5", "--video", "cam1=a.mp4"}), kUsage,
                "--video: goes with --board, not with --belt");
  ExpectRefused(Floor({"--coordinates=0,0,0,1,0,0,0,1,0", "--frames", "1:2"}), kUsage, "--frames");
  ExpectRefused(Floor({"--points", "a,b,c", "static.h5", "--gate-px", "3"}), kUsage, "--gate-px");
  ExpectRefused(Floor({"--l-frame", "l.toml", "static.h5", "--speed", "2"}), kUsage, "--speed");
  ExpectRefused(Floor({"--belt", "static.h5", "--scale-limit-percent", "2"}), kUsage,
                "needs --speed");
  WriteFile(folder_ / "board.toml", "x");
  ExpectRefused(Floor({"--board", "board.toml", "--video", "cam1=a", "--timestamps", "t.csv",
                       "--rate-hz", "30"}),
                kUsage, "--rate-hz");
}

TEST_F(CalibrateFloor, KeepsWhatMadeTheRigAndAddsWhatPutItOnTheFloor) {
  StageProvenance first;
  first.stage = "calibrate board";
  first.command = "medius calibrate board --board board.toml";
  first.version = "0.0";
  first.options_json = "{\"quick\":true}";
  first.inputs = {{"board.toml", std::string(64, 'a')}};
  first.warnings = {"said \"so\""};
  storage::WriteRig(folder_ / "rig.toml", InLabFrame(true_rig_, old_from_lab_), {first});
  WriteTrial("static.h5", MarkersOfL());
  ASSERT_EQ(Floor({"--l-frame", "l.toml", "static.h5", "--turn-deg", "90"}).exit_code, 0);
  const auto stages = storage::ReadRigProvenance(folder_ / "out.toml");
  ASSERT_EQ(stages.size(), 2U);
  EXPECT_EQ(stages[0].command, first.command);
  EXPECT_EQ(stages[0].options_json, first.options_json);
  EXPECT_EQ(stages[0].inputs[0].sha256, first.inputs[0].sha256);
  EXPECT_EQ(stages[0].warnings, first.warnings);
  EXPECT_EQ(stages[1].stage, "calibrate floor");
  EXPECT_EQ(stages[1].command,
            "medius calibrate floor --rig rig.toml --l-frame l.toml static.h5 --turn-deg 90");
  EXPECT_THAT(stages[1].options_json, HasSubstr("\"turn_deg\":90.0"));
  ASSERT_EQ(stages[1].inputs.size(), 3U);
  EXPECT_EQ(stages[1].inputs[0].name, "rig.toml");
  EXPECT_EQ(stages[1].inputs[1].name, "l.toml");
  EXPECT_EQ(stages[1].inputs[2].name, "static.h5");
  EXPECT_EQ(stages[1].inputs[2].sha256.size(), 64U);
}

}  // namespace
}  // namespace medius::testing
