#include <cmath>
#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/frame_number.hpp"
#include "storage/keypoint_blocks.hpp"
#include "storage/keypoint_import.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string MessageOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  ADD_FAILURE() << "not refused";
  return {};
}

std::vector<KeypointFrame> ReadAll(KeypointSource& source) {
  std::vector<KeypointFrame> frames;
  KeypointFrame frame;
  while (source.Next(&frame)) frames.push_back(frame);
  return frames;
}

std::vector<KeypointFrame> ReadAll(const std::filesystem::path& path) {
  return ReadAll(*OpenKeypoints(path));
}

std::string RefusalOf(std::string_view bytes) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.Write("k", bytes);
  return MessageOf([&] { (void)ReadAll(path); });
}

// x, y, score of `count` keypoints: keypoint i at (100 + i, 200 + i) with one score.
std::string Triples(std::size_t count, double score = 0.9) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += fmt::format("{}{},{},{}", i == 0 ? "" : ",", 100.5 + static_cast<double>(i), 200 + i,
                        score);
  }
  return text;
}

std::string OpenPose(const std::vector<std::string>& people) {
  std::string list;
  for (const std::string& flat : people) {
    list += fmt::format(
        "{}{{\"person_id\":[-1],\"pose_keypoints_2d\":[{}],"
        "\"face_keypoints_2d\":[]}}",
        list.empty() ? "" : ",", flat);
  }
  return fmt::format("{{\"version\":1.3,\"people\":[{}]}}", list);
}

std::string MmposeInstance(std::size_t count) {
  std::string points;
  std::string scores;
  for (std::size_t i = 0; i < count; ++i) {
    points += fmt::format("{}[{},{}]", i == 0 ? "" : ", ", 10 + i, 20.25);
    scores += fmt::format("{}{}", i == 0 ? "" : ", ", 0.75);
  }
  return fmt::format("{{\"keypoints\": [{}], \"keypoint_scores\": [{}], \"bbox\": [[1,2,3,4]]}}",
                     points, scores);
}

const char kDlcSingle[] =
    "scorer,net,net,net,net,net,net\nbodyparts,nose,nose,nose,LHip,LHip,LHip\n"
    "coords,x,y,likelihood,x,y,likelihood\n0,1.5,2.5,0.9,3,4,0.8\n1,,,,5,6,0.7\n";

TEST(Keypoints, ReadsAFolderOfOpenPose) {
  const TemporaryFolder folder;
  // BODY_25: keypoint 8 is the middle of the hips, 10 the right knee.
  folder.Write("cam_000000000011_keypoints.json", OpenPose({Triples(25), Triples(25, 0.5)}));
  folder.Write("cam_000000000010_keypoints.json", OpenPose({}));
  folder.Write("notes.txt", "nothing");
  const auto source = OpenKeypoints(folder.path());
  const std::vector<KeypointFrame> frames = ReadAll(*source);
  EXPECT_EQ(source->format(), "OpenPose JSON");
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].number, 10);
  EXPECT_TRUE(frames[0].instances.empty());
  ASSERT_EQ(frames[1].instances.size(), 2U);
  EXPECT_EQ(frames[1].instances[1].number, 1);
  EXPECT_EQ(source->labels()[8], "hip");
  EXPECT_EQ(source->labels()[10], "right_knee");
  EXPECT_EQ(frames[1].instances[1].points[10].x, 110.5);
  EXPECT_EQ(frames[1].instances[1].points[10].y, 210.0);
  EXPECT_EQ(frames[1].instances[1].points[10].score, 0.5);
}

TEST(Keypoints, TakesZeroZeroForNotSeenWhateverItsScore) {
  const TemporaryFolder folder;
  std::string flat = Triples(25);
  flat.replace(0, flat.find(",101.5"), "0,0,0.4");
  folder.Write("a_0_keypoints.json", OpenPose({flat}));
  EXPECT_TRUE(std::isnan(ReadAll(folder.path())[0].instances[0].points[0].x));
}

TEST(Keypoints, ReadsMmposeWithAndWithoutMeta) {
  const TemporaryFolder folder;
  const std::string list = fmt::format(
      "[{{\"frame_id\": 0, \"instances\": [{}]}}, {{\"frame_id\": 2, \"instances\": []}}]",
      MmposeInstance(26));
  for (const std::string& text :
       {list,
        "{\"meta_info\": {\"dataset_name\": \"halpe26\"}, \"instance_info\": " + list + "}"}) {
    const auto source = OpenKeypoints(folder.Write("p.json", text));
    const std::vector<KeypointFrame> frames = ReadAll(*source);
    EXPECT_EQ(source->format(), "MMPose JSON");
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[1].number, 2);
    EXPECT_EQ(source->labels()[25], "right_heel");
    EXPECT_EQ(frames[0].instances[0].points[25].x, 35.0);
    EXPECT_EQ(frames[0].instances[0].points[25].score, 0.75);
  }
}

TEST(Keypoints, ReadsTheNamesOfAnotherSkeletonFromTheMeta) {
  const TemporaryFolder folder;
  const auto source = OpenKeypoints(
      folder.Write("p.json",
                   "{\"meta_info\": {\"keypoint_id2name\": {\"0\": \"tail\", \"1\": \"snout\"}},"
                   "\"instance_info\": [{\"frame_id\": 1, \"instances\": [" +
                       MmposeInstance(2) + "]}]}"));
  (void)ReadAll(*source);
  EXPECT_THAT(source->labels(), ElementsAre("tail", "snout"));
}

TEST(Keypoints, KeepsBodyAndFeetOfWholeBodySkeletons) {
  const TemporaryFolder folder;
  const auto source = OpenKeypoints(
      folder.Write("p.json", "[{\"frame_id\": 0, \"instances\": [" + MmposeInstance(133) + "]}]"));
  const std::vector<KeypointFrame> frames = ReadAll(*source);
  EXPECT_EQ(frames[0].instances[0].points.size(), 23U);
  EXPECT_EQ(source->labels()[22], "right_heel");
}

TEST(Keypoints, ReadsCocoResultsPersonByPerson) {
  const TemporaryFolder folder;
  const auto person = [](const std::string& image) {
    return fmt::format(
        "{{\"image_id\": {}, \"category_id\": 1, \"keypoints\": [{}], "
        "\"score\": 2.5}}",
        image, Triples(17));
  };
  const auto source = OpenKeypoints(
      folder.Write("r.json", fmt::format("[{}, {},\n{}]", person("\"v_000007.jpg\""),
                                         person("\"v_000007.jpg\""), person("\"v_000009.jpg\""))));
  const std::vector<KeypointFrame> frames = ReadAll(*source);
  EXPECT_EQ(source->format(), "COCO results JSON");
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].number, 7);
  ASSERT_EQ(frames[0].instances.size(), 2U);
  EXPECT_EQ(frames[0].instances[1].number, 1);
  EXPECT_EQ(frames[1].number, 9);
}

TEST(Keypoints, ReadsPythonsNanAsNotSeen) {
  const TemporaryFolder folder;
  std::string instance = MmposeInstance(17);
  instance.replace(instance.find("[10,20.25]"), 10, "[NaN, -Infinity]");
  const auto frames =
      ReadAll(folder.Write("p.json", "[{\"frame_id\": 0, \"instances\": [" + instance + "]}]"));
  EXPECT_TRUE(std::isnan(frames[0].instances[0].points[0].x));
  EXPECT_EQ(frames[0].instances[0].points[1].x, 11.0);
}

TEST(Keypoints, ReadsDeepLabCutOfOneAnimalAndOfSeveral) {
  const TemporaryFolder folder;
  const auto source = OpenKeypoints(folder.Write("d.csv", kDlcSingle));
  const std::vector<KeypointFrame> frames = ReadAll(*source);
  EXPECT_EQ(source->format(), "DeepLabCut CSV");
  EXPECT_THAT(source->labels(), ElementsAre("nose", "LHip"));
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].instances[0].points[1].score, 0.8);
  EXPECT_TRUE(std::isnan(frames[1].instances[0].points[0].x));
  const auto several = ReadAll(folder.Write(
      "m.csv",
      "scorer,n,n,n,n,n,n\nindividuals,a,a,a,b,b,b\nbodyparts,nose,nose,nose,nose,nose,nose\n"
      "coords,x,y,likelihood,x,y,likelihood\r\n0,,,,7,8,0.5\r\n1,1,2,0.6,3,4,0.5\r\n"));
  ASSERT_EQ(several[0].instances.size(), 1U);
  EXPECT_EQ(several[0].instances[0].number, 1);
  EXPECT_EQ(several[0].instances[0].points[0].x, 7.0);
  EXPECT_EQ(several[1].instances.size(), 2U);
}

TEST(Keypoints, SaysWhatIsWrongWithAFile) {
  const TemporaryFolder folder;
  EXPECT_THAT(RefusalOf("hello"), HasSubstr("holds no keypoints"));
  EXPECT_THAT(MessageOf([&] { (void)OpenKeypoints(folder / "absent.json"); }),
              HasSubstr("absent.json"));
  EXPECT_THAT(MessageOf([&] { (void)OpenKeypoints(folder.path()); }), HasSubstr("--write_json"));
  EXPECT_THAT(RefusalOf("{\"people\": []}"), HasSubstr("instance_info"));
  EXPECT_THAT(RefusalOf("[{\"frame_id\": 0, \"instances\": [" + MmposeInstance(17)),
              HasSubstr("cut short"));
  EXPECT_THAT(RefusalOf("[{\"frame_id\": 0, \"instances\": [{\"keypoints\": [[1,2]], "
                        "\"keypoint_scores\": [1]}]}]"),
              AllOf(HasSubstr("element 0"), HasSubstr("1 keypoints")));
  EXPECT_THAT(RefusalOf("[" + MmposeInstance(17) + "]"), HasSubstr("one image"));
  EXPECT_THAT(RefusalOf("[{\"frame_id\": 5, \"instances\": []},{\"frame_id\": 4, "
                        "\"instances\": []}]"),
              HasSubstr("frame 4 stands after frame 5"));
  EXPECT_THAT(RefusalOf("[{\"frame_id\": \"none\", \"instances\": []}]"),
              HasSubstr("names no frame"));
  EXPECT_THAT(RefusalOf("[{\"frame_id\": 0, \"instances\": [" + MmposeInstance(17) + "," +
                        MmposeInstance(26) + "]}]"),
              HasSubstr("26 keypoints where those before have 17"));
  EXPECT_THAT(RefusalOf("[{\"image_id\": 1, \"keypoints\": [1,2,0.5,3]}]"), HasSubstr("4 numbers"));
  EXPECT_THAT(RefusalOf("[{\"image_id\": 1, \"keypoints\": [1,2,\"x\"]}]"),
              HasSubstr("where a pixel or a score"));
  EXPECT_THAT(RefusalOf("[{\"image_id\": 1 \"keypoints\": [1,2,3]}]"), HasSubstr("is no JSON"));
  EXPECT_THAT(RefusalOf(std::string(100'000, '[')), HasSubstr("cut short"));
}

TEST(Keypoints, SaysWhatIsWrongWithATableOfDeepLabCut) {
  const std::string head = "scorer,n,n,n\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n";
  EXPECT_THAT(RefusalOf(head + "0,1,2\n"), AllOf(HasSubstr("line 4"), HasSubstr("cells")));
  EXPECT_THAT(RefusalOf(head + "0,1,2,3,4\n"), HasSubstr("more than 4 cells"));
  EXPECT_THAT(RefusalOf(head + "0,1,two,0.5\n"), HasSubstr("\"two\""));
  EXPECT_THAT(RefusalOf(head + "img1.png,1,2,0.5\n"), HasSubstr("no frame number"));
  EXPECT_THAT(RefusalOf(head + "3,1,2,0.5\n3,1,2,0.5\n"), HasSubstr("stands after frame 3"));
  EXPECT_THAT(RefusalOf("scorer,n,n\nbodyparts,nose,nose\ncoords,x,y\n0,1,2\n"),
              HasSubstr("no column likelihood"));
  EXPECT_THAT(RefusalOf("scorer,n,n,n\nbodyparts,nose,nose\n"), HasSubstr("cells"));
  EXPECT_THAT(RefusalOf("scorer,n\n"), HasSubstr("bodyparts"));
}

TEST(Keypoints, RefusesAnotherFormatThanTheOneNamed) {
  const TemporaryFolder folder;
  const auto path = folder.Write("d.csv", kDlcSingle);
  EXPECT_THAT(MessageOf([&] { (void)OpenKeypoints(path, KeypointFormat::kMmpose); }),
              AllOf(HasSubstr("is DeepLabCut CSV"), HasSubstr("not MMPose")));
  EXPECT_NO_THROW((void)OpenKeypoints(path, KeypointFormat::kDeepLabCut));
}

TEST(Keypoints, RefusesTwoFilesOfOneFrame) {
  const TemporaryFolder folder;
  folder.Write("a_1_keypoints.json", OpenPose({}));
  folder.Write("b_1_keypoints.json", OpenPose({}));
  EXPECT_THAT(MessageOf([&] { (void)OpenKeypoints(folder.path()); }),
              HasSubstr("are both frame 1"));
}

TEST(ScoreRule, TurnsScoresIntoSigmas) {
  ScoreRule rule;
  rule.sigma_base_px = 4.0;
  rule.smallest_score = 0.2;
  EXPECT_EQ(rule.Sigma(1.0), 4.0);
  EXPECT_EQ(rule.Sigma(0.5), 8.0);
  EXPECT_EQ(rule.Sigma(3.0), 4.0);
  EXPECT_EQ(rule.Sigma(0.19), std::nullopt);
  EXPECT_EQ(rule.Sigma(std::nan("")), std::nullopt);
  rule.smallest_score = 0.0;
  EXPECT_THAT(MessageOf([&] { rule.Validate(); }), HasSubstr("smallest_score is 0"));
}

TEST(FrameNumber, IsTheLastInAName) {
  EXPECT_EQ(LastNumberIn("cam2_000012.png"), 12);
  EXPECT_EQ(LastNumberIn("7.jpg"), 7);
  EXPECT_EQ(LastNumberIn("run"), std::nullopt);
  EXPECT_EQ(LastNumberIn("1234567890123456"), std::nullopt);
}

// Cameras that begin and end at other frames, one keypoint below the threshold, one above 1.
TEST(KeypointBlocks, LinesUpCamerasByFrameNumber) {
  const TemporaryFolder folder;
  const std::string head = "scorer,n,n,n\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n";
  const auto a = folder.Write("a.csv", head + "4,10,20,0.5\n5,11,21,0.1\n6,12,22,1.5\n");
  const auto b = folder.Write("b.csv", head + "5,30,40,0.8\n");
  KeypointBlocks blocks({{"a", a, ImageSize{12, 100}}, {"b", b, std::nullopt}}, {}, std::nullopt);
  const auto block = blocks.Next();
  ASSERT_TRUE(block);
  EXPECT_FALSE(blocks.Next());
  EXPECT_EQ(block->frames, (FrameRange{0, 3}));
  EXPECT_THAT(block->cameras[0].frame_start, ElementsAre(0, 1, 1, 2));
  EXPECT_THAT(block->cameras[1].frame_start, ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(block->cameras[0].sigma, ElementsAre(10.0F, 5.0F));
  EXPECT_THAT(block->cameras[0].label, ElementsAre(0, 0));
  EXPECT_THAT(block->cameras[1].instance, ElementsAre(0));
  EXPECT_NO_THROW(blocks.RequirePixels());
  EXPECT_THAT(
      blocks.Warnings(),
      ElementsAre(HasSubstr("above 1"), HasSubstr("outside the image"),
                  AllOf(HasSubstr("camera b"), HasSubstr("frames 5 to 5"), HasSubstr("4 to 6"))));
  EXPECT_EQ(blocks.counts()[0].below_threshold, 1U);
}

TEST(KeypointBlocks, PutsLabelsOfCamerasInOneOrder) {
  const TemporaryFolder folder;
  const auto a = folder.Write("a.csv", kDlcSingle);
  const auto b = folder.Write("b.csv",
                              "scorer,n,n,n,n,n,n\nbodyparts,LHip,LHip,LHip,tail,tail,tail\n"
                              "coords,x,y,likelihood,x,y,likelihood\n0,7,8,1,9,9,1\n");
  KeypointBlocks blocks({{"a", a, std::nullopt}, {"b", b, std::nullopt}}, {}, std::nullopt);
  const auto block = blocks.Next();
  EXPECT_THAT(blocks.labels(), ElementsAre("nose", "LHip", "tail"));
  EXPECT_THAT(block->cameras[1].label, ElementsAre(1, 2));
}

TEST(KeypointBlocks, RefusesScoresBelowZeroAndScaledCoordinatesAndGapsOfHours) {
  const TemporaryFolder folder;
  const std::string head = "scorer,n,n,n\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n";
  const auto run = [&](const std::string& rows) {
    return MessageOf([&] {
      KeypointBlocks blocks({{"a", folder.Write("a.csv", head + rows), std::nullopt}}, {},
                            std::nullopt);
      while (blocks.Next()) {
      }
      blocks.RequirePixels();
    });
  };
  EXPECT_THAT(run("0,10,20,-0.5\n"), AllOf(HasSubstr("nose"), HasSubstr("-0.5")));
  EXPECT_THAT(run("0,0.25,0.5,0.9\n"), HasSubstr("scaled to the image"));
  EXPECT_THAT(run("0,1,2,0.9\n900000000,1,2,0.9\n"), HasSubstr("follows on frame 0"));
  EXPECT_THAT(run("0,10,20,0.05\n"), HasSubstr("no keypoint with a score of 0.3"));
}

}  // namespace
}  // namespace medius::storage
