// OpenCV's YAML against OpenCV itself: files that cv::FileStorage wrote are read, files that Medius
// wrote are read by cv::FileStorage, and both project to the pixels of cv::projectPoints.

#include <Eigen/Geometry>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/calib3d.hpp>
#include <opencv2/core.hpp>

#include "core/error.hpp"
#include "storage/rig_exchange.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kSamePixel = 1e-9;

const cv::Mat kMatrix = (cv::Mat_<double>(3, 3) << 903.55, 0, 618.3, 0, 907.9, 394.2, 0, 0, 1);
const cv::Mat kMatrix2 = (cv::Mat_<double>(3, 3) << 760.3, 0, 630.1, 0, 761.0, 372.2, 0, 0, 1);
const cv::Mat kFive = (cv::Mat_<double>(1, 5) << -0.33, 0.046, -0.0043, 0.0041, 0.0666);
const cv::Mat kEight = (cv::Mat_<double>(8, 1) << 0.1, 0.02, 1e-4, 2e-4, 0.003, 0.11, 0.01, 1e-3);
const cv::Mat kFour = (cv::Mat_<double>(4, 1) << 0.01, -0.002, 1e-4, 3e-5);
const cv::Mat kVector = (cv::Mat_<double>(3, 1) << 0.3, -1.9, 0.8);
const cv::Mat kTranslation = (cv::Mat_<double>(3, 1) << -0.25, 0.5, 4.0);

cv::Mat Rotation() {
  cv::Mat R;
  cv::Rodrigues(kVector, R);
  return R;
}

const std::vector<cv::Point3d>& Points() {
  static const std::vector<cv::Point3d> kPoints = {
      {0, 0, 0}, {0.3, -0.2, 0.4}, {-0.5, 0.4, 0.1}, {0.2, 0.6, -0.3}};
  return kPoints;
}

void ExpectPixels(const Camera& camera, const std::vector<cv::Point2d>& expected) {
  for (std::size_t i = 0; i < Points().size(); ++i) {
    const cv::Point3d& p = Points()[i];
    const auto pixel = camera.Project({p.x, p.y, p.z});
    ASSERT_TRUE(pixel) << camera.name;
    EXPECT_NEAR(pixel->x(), expected[i].x, kSamePixel) << camera.name;
    EXPECT_NEAR(pixel->y(), expected[i].y, kSamePixel) << camera.name;
  }
}

std::vector<cv::Point2d> Projected(const cv::Mat& rvec, const cv::Mat& tvec, const cv::Mat& K,
                                   const cv::Mat& distortion, bool fisheye = false) {
  std::vector<cv::Point2d> pixels;
  if (fisheye) {
    cv::fisheye::projectPoints(Points(), pixels, rvec, tvec, K, distortion);
  } else {
    cv::projectPoints(Points(), rvec, tvec, K, distortion, pixels);
  }
  return pixels;
}

ImportedRig Import(const std::vector<std::filesystem::path>& paths, const RigUnits& units = {}) {
  ImportedRig imported = ImportRig(paths, units);
  EXPECT_EQ(imported.format, RigFormat::kOpenCv);
  return imported;
}

// The fields of OpenCV's sample camera_calibration.cpp, with the place of the camera.
std::filesystem::path WriteCamera(const TemporaryFolder& folder, const std::string& name,
                                  const cv::Mat& K, const cv::Mat& distortion, bool fisheye,
                                  bool as_vector) {
  const std::filesystem::path path = folder / (name + ".yml");
  cv::FileStorage file(path.string(), cv::FileStorage::WRITE);
  file << "calibration_time"
       << "Thu 01 Jan 2026 12:00:00 PM UTC";
  file << "nr_of_frames" << 13 << "image_width" << 1280 << "image_height" << 720;
  file << "flags" << 0 << "fisheye_model" << static_cast<int>(fisheye);
  file << "camera_matrix" << K << "distortion_coefficients" << distortion;
  file << "avg_reprojection_error" << 0.31;
  if (as_vector) {
    file << "rvec" << kVector << "tvec" << kTranslation;
  } else {
    file << "R" << Rotation() << "T" << kTranslation;
  }
  return path;
}

TEST(RigOpenCv, ReadsTheCamerasThatFileStorageWrote) {
  const TemporaryFolder folder;
  (void)WriteCamera(folder, "a_five", kMatrix, kFive, false, false);
  (void)WriteCamera(folder, "b_eight", kMatrix2, kEight, false, true);
  (void)WriteCamera(folder, "c_fisheye", kMatrix, kFour, true, false);
  const ImportedRig imported = Import({folder.path()});
  ASSERT_EQ(imported.rig.cameras.size(), 3U);
  EXPECT_EQ(imported.rig.cameras[0].name, "a_five");
  EXPECT_EQ(imported.rig.cameras[0].width, 1280);
  EXPECT_EQ(imported.rig.cameras[0].height, 720);
  EXPECT_EQ(imported.rig.cameras[2].model.kind(), CameraModelKind::kKannalaBrandt4);
  ExpectPixels(imported.rig.cameras[0], Projected(kVector, kTranslation, kMatrix, kFive));
  ExpectPixels(imported.rig.cameras[1], Projected(kVector, kTranslation, kMatrix2, kEight));
  ExpectPixels(imported.rig.cameras[2], Projected(kVector, kTranslation, kMatrix, kFour, true));
}

TEST(RigOpenCv, ReadsTheTwoFilesOfTheStereoSample) {
  const TemporaryFolder folder;
  const std::filesystem::path intrinsics = folder / "intrinsics.yml";
  const std::filesystem::path extrinsics = folder / "extrinsics.yml";
  cv::FileStorage(intrinsics.string(), cv::FileStorage::WRITE)
      << "M1" << kMatrix << "D1" << kFive << "M2" << kMatrix2 << "D2" << kFive;
  cv::FileStorage(extrinsics.string(), cv::FileStorage::WRITE)
      << "R" << Rotation() << "T" << kTranslation << "Q" << cv::Mat(cv::Mat::eye(4, 4, CV_64F));
  RigUnits units;
  units.image_size = ImageSize{1280, 720};
  const ImportedRig imported = Import({intrinsics, extrinsics}, units);
  ASSERT_EQ(imported.rig.cameras.size(), 2U);
  EXPECT_EQ(imported.rig.cameras[0].camera_from_lab.ToMatrix(), Eigen::Matrix4d::Identity());
  ExpectPixels(imported.rig.cameras[1], Projected(kVector, kTranslation, kMatrix2, kFive));
  try {
    (void)ImportRig({intrinsics, extrinsics}, RigUnits{});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("camera camera_1"), HasSubstr("--image-size")));
  }
}

TEST(RigOpenCv, ReadsTheTwoFilesOfEasyMocap) {
  const TemporaryFolder folder;
  const std::filesystem::path intri = folder / "intri.yml";
  const std::filesystem::path extri = folder / "extri.yml";
  const std::vector<std::string> names = {"01", "02"};
  cv::FileStorage(intri.string(), cv::FileStorage::WRITE)
      << "names" << names << "K_01" << kMatrix << "dist_01" << kFive << "K_02" << kMatrix2
      << "dist_02" << kFive << "H_01" << 720 << "W_01" << 1280 << "H_02" << 1080 << "W_02" << 1920;
  cv::FileStorage(extri.string(), cv::FileStorage::WRITE)
      << "names" << names << "R_01" << kVector << "Rot_01" << Rotation() << "T_01" << kTranslation
      << "R_02" << kVector << "T_02" << kTranslation;
  const ImportedRig imported = Import({intri, extri});
  ASSERT_EQ(imported.rig.cameras.size(), 2U);
  EXPECT_EQ(imported.rig.cameras[1].name, "02");
  EXPECT_EQ(imported.rig.cameras[1].width, 1920);
  ExpectPixels(imported.rig.cameras[0], Projected(kVector, kTranslation, kMatrix, kFive));
  ExpectPixels(imported.rig.cameras[1], Projected(kVector, kTranslation, kMatrix2, kFive));
}

TEST(RigOpenCv, TakesTheFrameOfALoneCameraForTheLab) {
  const TemporaryFolder folder;
  // As ROS' camera_info has it.
  const auto path = folder.Write("left.yaml",
                                 R"(image_width: 640
image_height: 480
camera_name: left
camera_matrix:
  rows: 3
  cols: 3
  data: [438.783367, 0.0, 305.593336, 0.0, 437.302876, 243.738352, 0.0, 0.0, 1.0]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.361976, 0.110510, 0.001014, 0.000505, 0.000000]
)");
  const ImportedRig imported = Import({path});
  EXPECT_THAT(imported.warnings, ElementsAre(HasSubstr("camera left has no R and T")));
  ASSERT_EQ(imported.rig.cameras.size(), 1U);
  EXPECT_EQ(imported.rig.cameras[0].camera_from_lab.ToMatrix(), Eigen::Matrix4d::Identity());
  EXPECT_EQ(imported.rig.cameras[0].model.intrinsics()[7], 0.000505);
}

TEST(RigOpenCv, IsReadByFileStorageAndProjectsToItsPixels) {
  const Eigen::Matrix3d R = Eigen::AngleAxisd(2.1, Eigen::Vector3d(1, 2, -1).normalized()).matrix();
  const auto camera = [&](const char* name, CameraModelKind kind, std::vector<double> k) {
    return Camera{name, 1280,        1024, CameraModel(kind, std::move(k)), {R, {0.1, 0.2, 5}},
                  0.0,  std::nullopt};
  };
  const CameraRig rig{{camera("front \"left\"", CameraModelKind::kBrownConrady5,
                              {1201.25, 1199.5, 639.5, 511.75, -0.1, 0.02, 1e-4, -2e-4, 0.003}),
                       camera("c2", CameraModelKind::kBrownConrady8,
                              {900, 901, 640, 512, 0.1, 0.02, 1e-4, 2e-4, 0.003, 0.11, 0.01, 1e-3}),
                       camera("c3", CameraModelKind::kKannalaBrandt4,
                              {600, 600, 640, 512, 0.01, -0.002, 1e-4, 0})}};
  std::vector<std::string> warnings;
  const TemporaryFolder folder;
  const RigUnits millimetres{0.001, PixelOrigin::kCentre, std::nullopt};
  const auto path =
      folder.Write("rig.yml", FormatRigAs(RigFormat::kOpenCv, rig, millimetres, warnings)[0].text);
  EXPECT_THAT(warnings, IsEmpty());
  cv::FileStorage file(path.string(), cv::FileStorage::READ);
  ASSERT_TRUE(file.isOpened());
  const cv::FileNode cameras = file["cameras"];
  ASSERT_EQ(cameras.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    const cv::FileNode node = cameras[i];
    const auto matrix = [&node](const char* key) {
      cv::Mat value;
      node[key] >> value;
      return value;
    };
    cv::Mat rvec;
    cv::Rodrigues(matrix("R"), rvec);
    const Camera& mine = rig.cameras[static_cast<std::size_t>(i)];
    EXPECT_EQ(static_cast<std::string>(node["name"]), mine.name);
    EXPECT_EQ(static_cast<int>(node["image_width"]), 1280);
    // Millimetres in the file, metres here.
    const cv::Mat tvec = matrix("T") / 1000.0;
    ExpectPixels(mine,
                 Projected(rvec, tvec, matrix("camera_matrix"), matrix("distortion_coefficients"),
                           static_cast<int>(node["fisheye_model"]) == 1));
  }
}

}  // namespace
}  // namespace medius::storage
