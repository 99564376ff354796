// The cameras of a trial: their joint covariance lies in their own groups and comes back whole, or
// is refused by name.

#include <hdf5.h>

#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/trial_samples.hpp"

namespace medius::storage::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TrialRig : public ::testing::Test {
 protected:
  TrialRig() {
    TrialWriter writer(path_);
    writer.WriteHeader({"rig", "", "", "static", ""});
    writer.WriteTimeBase(TimeBase::Uniform(100.0, 0));
    writer.WriteRig(rig_);
    writer.Commit();
  }

  void Edit(const std::function<void(hid_t file)>& edit) const {
    const hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    ASSERT_GE(file, 0);
    edit(file);
    ASSERT_GE(H5Fclose(file), 0);
  }

  // Puts other names in the place of those that say what the columns are.
  void NameColumns(const std::string& camera, std::vector<const char*> names) const {
    Edit([&](hid_t file) {
      const hid_t dataset =
          H5Dopen2(file, fmt::format("rig/{}/joint_covariance", camera).c_str(), H5P_DEFAULT);
      ASSERT_GE(H5Adelete(dataset, "cameras"), 0);
      const hid_t type = H5Tcopy(H5T_C_S1);
      H5Tset_size(type, 8);
      const hsize_t count = names.size();
      const hid_t space = H5Screate_simple(1, &count, nullptr);
      const hid_t attribute = H5Acreate2(dataset, "cameras", type, space, H5P_DEFAULT, H5P_DEFAULT);
      std::string bytes(8 * names.size(), '\0');
      for (std::size_t i = 0; i < names.size(); ++i) bytes.replace(8 * i, 5, names[i]);
      ASSERT_GE(H5Awrite(attribute, type, bytes.data()), 0);
      H5Aclose(attribute);
      H5Sclose(space);
      H5Tclose(type);
      H5Dclose(dataset);
    });
  }

  [[nodiscard]] std::string Message() const {
    return MessageOf([this] { (void)TrialReader(path_).ReadRig(); });
  }

  const CameraRig rig_ = MakeRig(3);  // "cam 3", "cam 2", "cam 1": 15, 18 and 14 parameters
  const ScratchFolder folder_;
  const std::filesystem::path path_ = folder_ / "rig.trial.h5";
};

TEST_F(TrialRig, GivesBackTheJointCovarianceToTheSameBits) {
  const CameraRig back = TrialReader(path_).ReadRig();
  ASSERT_TRUE(back.joint_covariance);
  EXPECT_EQ(*back.joint_covariance, *rig_.joint_covariance);
  EXPECT_EQ(back.cameras[1].time_drift, rig_.cameras[1].time_drift);
  EXPECT_EQ(back.cameras[2].line_time, rig_.cameras[2].line_time);
}

TEST_F(TrialRig, ReadsColumnsInTheOrderThatTheirNamesSay) {
  NameColumns("cam 3", {"cam 1", "cam 3", "cam 2"});
  const CameraRig back = TrialReader(path_).ReadRig();
  const Eigen::MatrixXd written = rig_.joint_covariance->topRows(15);
  Eigen::MatrixXd expected(15, 47);
  // The file's columns 0-13 are now those of cam 1, which stands last in the rig, and so on.
  expected << written.middleCols(14, 15), written.middleCols(29, 18), written.middleCols(0, 14);
  EXPECT_EQ(back.joint_covariance->topRows(15), expected);
  EXPECT_EQ(back.joint_covariance->bottomRows(32), rig_.joint_covariance->bottomRows(32));
}

TEST_F(TrialRig, NamesACameraThatTheColumnsLack) {
  NameColumns("cam 2", {"cam 1", "cam 3", "cam 3"});
  EXPECT_THAT(Message(), AllOf(HasSubstr("rig/cam 2/joint_covariance"), HasSubstr("cameras"),
                               HasSubstr("cam 1, cam 3, cam 3")));
}

TEST_F(TrialRig, NamesACameraWithoutItsRows) {
  Edit([](hid_t file) { H5Ldelete(file, "rig/cam 2/joint_covariance", H5P_DEFAULT); });
  EXPECT_THAT(Message(), AllOf(HasSubstr("rig/cam 2/joint_covariance"), HasSubstr("is missing")));
}

TEST_F(TrialRig, NamesAShapeThatDoesNotFitTheCameras) {
  Edit([](hid_t file) { H5Ldelete(file, "rig/cam 1", H5P_DEFAULT); });
  EXPECT_THAT(Message(), AllOf(HasSubstr("rig/cam 3/joint_covariance"), HasSubstr("15 x 47"),
                               HasSubstr("15 x 33")));
}

TEST(TrialObservations, KeepTheImageSizesThatAreKnown) {
  const ScratchFolder folder;
  Trial trial = MakeTrial(20, 3, 2);
  const std::vector<std::optional<ImageSize>> sizes = {ImageSize{1280, 720}, std::nullopt,
                                                       ImageSize{640, 480}};
  {
    TrialWriter writer(folder / "a.trial.h5");
    writer.WriteHeader(trial.header);
    writer.WriteTimeBase(trial.time_base);
    writer.WriteLabels(trial.labels);
    writer.BeginObservations(CameraNames(trial.rig), trial.columns, sizes);
    writer.AppendObservations(trial.observations);
    writer.Commit();
  }
  const TrialReader reader(folder / "a.trial.h5");
  EXPECT_EQ(reader.image_sizes(), sizes);
  EXPECT_EQ(reader.observation_cameras(), CameraNames(trial.rig));
  {
    TrialWriter writer(folder / "b.trial.h5");
    writer.CopyFrom(reader, {TrialPart::kObservations});
    writer.Commit();
  }
  EXPECT_EQ(TrialReader(folder / "b.trial.h5").image_sizes(), sizes);
}

TEST(TrialObservations, HaveNoImageSizesWhereNoneWereGiven) {
  const ScratchFolder folder;
  WriteTrial(folder / "a.trial.h5", MakeTrial(20, 2, 2));
  EXPECT_EQ(TrialReader(folder / "a.trial.h5").image_sizes(),
            std::vector<std::optional<ImageSize>>(2));
}

TEST(TrialObservations, NameAnImageSizeThatCannotBe) {
  const ScratchFolder folder;
  Trial trial = MakeTrial(20, 1, 2);
  {
    TrialWriter writer(folder / "a.trial.h5");
    writer.WriteHeader(trial.header);
    writer.WriteTimeBase(trial.time_base);
    writer.BeginObservations({"left"}, {}, {ImageSize{1280, 720}});
    ObservationBlock nothing{{0, 20}, {CameraObservations{}}};
    nothing.cameras[0].frame_start.resize(21);
    writer.AppendObservations(nothing);
    writer.Commit();
  }
  const auto edit = [&](const std::function<void(hid_t group)>& change) {
    const hid_t file = H5Fopen((folder / "a.trial.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t group = H5Gopen2(file, "observations/left", H5P_DEFAULT);
    change(group);
    H5Gclose(group);
    H5Fclose(file);
    return MessageOf([&] { TrialReader reader(folder / "a.trial.h5"); });
  };
  EXPECT_THAT(edit([](hid_t group) {
                const int none = 0;
                const hid_t width = H5Aopen(group, "width", H5P_DEFAULT);
                H5Awrite(width, H5T_NATIVE_INT, &none);
                H5Aclose(width);
              }),
              AllOf(HasSubstr("observations/left"), HasSubstr("width 0 and height 720")));
  EXPECT_THAT(edit([](hid_t group) { H5Adelete(group, "width"); }),
              AllOf(HasSubstr("observations/left"), HasSubstr("attribute width is missing")));
}

}  // namespace
}  // namespace medius::storage::test
