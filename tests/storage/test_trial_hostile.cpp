// What a trial file may hold that is not a trial: each is refused in one line that says where and
// what, and none is read first.

#include <hdf5.h>

#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/storage/trial_samples.hpp"

namespace medius::storage::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

// A whole trial, to be spoiled by the raw library and opened again.
class HostileTrial : public ::testing::Test {
 protected:
  static constexpr std::size_t kFrames = 40;

  HostileTrial() { WriteTrial(path_, MakeTrial(kFrames, 2, 3)); }

  void Edit(const std::function<void(hid_t file)>& edit) const {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
    const hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDWR, access);
    ASSERT_GE(file, 0);
    edit(file);
    H5Pclose(access);
    ASSERT_GE(H5Fclose(file), 0);
  }

  // Puts another dataset in the place of one.
  void Replace(const char* name, hid_t type, const std::vector<hsize_t>& shape, hid_t properties,
               const void* data = nullptr) const {
    Edit([&](hid_t file) {
      if (H5Lexists(file, name, H5P_DEFAULT) > 0) H5Ldelete(file, name, H5P_DEFAULT);
      const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
      const hid_t dataset =
          H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
      ASSERT_GE(dataset, 0);
      if (data != nullptr) {
        ASSERT_GE(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0);
      }
      H5Dclose(dataset);
      H5Sclose(space);
    });
  }

  static hid_t Chunked(const std::vector<hsize_t>& chunk) {
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
    return properties;
  }

  // What a user sees: from opening, or from reading all of it.
  [[nodiscard]] std::string Message() const {
    const std::string message = MessageOf([this] { TrialReader(path_).VerifyAll(); });
    EXPECT_THAT(message, Not(HasSubstr("\n")));
    return message;
  }

  const ScratchFolder folder_;
  const std::filesystem::path path_ = folder_ / "a.trial.h5";
};

TEST_F(HostileTrial, WouldBeWholeUnspoiled) {
  EXPECT_EQ(Message(), "(no error)");
}

TEST_F(HostileTrial, NoFileAFolderAnEmptyOneAndAnotherFormatAreToldApart) {
  std::filesystem::create_directory(folder_ / "sub");
  WriteFileBytes(folder_ / "empty.trial.h5", "");
  WriteFileBytes(folder_ / "text.trial.h5", "Frame#\tTime\n1\t0.0\n");
  const auto message = [this](const char* name) {
    return MessageOf([&] { const TrialReader reader(folder_ / name); });
  };
  EXPECT_THAT(message("none.trial.h5"), EndsWith("none.trial.h5: no such file"));
  EXPECT_THAT(message("sub"), HasSubstr("sub: is a directory"));
  EXPECT_THAT(message("empty.trial.h5"), HasSubstr("is empty (0 bytes)"));
  EXPECT_THAT(message("text.trial.h5"), HasSubstr("is not an HDF5 file"));
}

TEST_F(HostileTrial, AFileCutAnywhereIsNotRead) {
  const std::string bytes = FileBytes(path_);
  for (const std::size_t size :
       {std::size_t{8}, std::size_t{47}, std::size_t{100}, bytes.size() / 2, bytes.size() - 1}) {
    WriteFileBytes(path_, bytes.substr(0, size));
    EXPECT_THAT(Message(), HasSubstr("is cut short")) << size;
  }
  EXPECT_THAT(Message(), HasSubstr(fmt::format("{} of {} bytes", bytes.size() - 1, bytes.size())));
}

TEST_F(HostileTrial, AFileThatWasNeverClosedIsNotRead) {
  std::string bytes = FileBytes(path_);
  constexpr std::size_t kConsistencyFlags = 11;  // of superblock 3; then its checksum is wrong too
  bytes[kConsistencyFlags] = 1;
  WriteFileBytes(path_, bytes);
  EXPECT_THAT(Message(), HasSubstr("cannot be read"));
}

TEST_F(HostileTrial, OtherHdf5IsNoTrial) {
  const hid_t file = H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_THAT(Message(),
              HasSubstr("is HDF5 but not a trial of Medius (attribute format is missing"));
}

TEST_F(HostileTrial, ANewerSchemaIsNamed) {
  Edit([](hid_t file) {
    const hid_t attribute = H5Aopen(file, "schema_version", H5P_DEFAULT);
    const int version = 2;
    H5Awrite(attribute, H5T_NATIVE_INT, &version);
    H5Aclose(attribute);
  });
  EXPECT_THAT(Message(), HasSubstr("a newer Medius: it has schema 2, this program reads 1"));
}

TEST_F(HostileTrial, AnExternalLinkIsNotFollowed) {
  Edit([](hid_t file) {
    H5Lcreate_external("/etc/hostname", "/x", file, "kinematics/extra", H5P_DEFAULT, H5P_DEFAULT);
  });
  EXPECT_THAT(Message(), HasSubstr("/kinematics/extra: is a link into another file"));
}

TEST_F(HostileTrial, ASoftLinkIsNotFollowed) {
  Edit([](hid_t file) {
    H5Lcreate_soft("/kinematics/pelvis_obliquity", file, "kinematics/again", H5P_DEFAULT,
                   H5P_DEFAULT);
  });
  EXPECT_THAT(Message(), HasSubstr("/kinematics/again: is a soft link"));
}

TEST_F(HostileTrial, AGroupThatHoldsItselfIsNotWalkedForEver) {
  Edit([](hid_t file) {
    H5Lcreate_hard(file, "/kinematics", file, "kinematics/again", H5P_DEFAULT, H5P_DEFAULT);
  });
  EXPECT_THAT(Message(), HasSubstr("/kinematics/again: is a group that is linked from two places"));
}

TEST_F(HostileTrial, ExternalStorageIsNotRead) {
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(properties, "/etc/passwd", 0, kFrames * sizeof(double));
  Replace("kinematics/pelvis_obliquity", H5T_IEEE_F64LE, {kFrames}, properties);
  EXPECT_THAT(Message(), HasSubstr("/kinematics/pelvis_obliquity: is stored in another file"));
}

TEST_F(HostileTrial, AVirtualDatasetIsNotRead) {
  const hsize_t shape = kFrames;
  const hid_t space = H5Screate_simple(1, &shape, nullptr);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_virtual(properties, space, "/tmp/other.h5", "/x", space);
  Replace("kinematics/pelvis_obliquity", H5T_IEEE_F64LE, {kFrames}, properties);
  EXPECT_THAT(Message(), HasSubstr("/kinematics/pelvis_obliquity: is a virtual dataset"));
}

TEST_F(HostileTrial, AnUnknownFilterIsNamed) {
  const hid_t properties = Chunked({kFrames});
  H5Pset_nbit(properties);
  const std::vector<double> values(kFrames, 0.0);
  Replace("kinematics/pelvis_obliquity", H5T_IEEE_F64LE, {kFrames}, properties, values.data());
  EXPECT_THAT(Message(), HasSubstr("packed with HDF5 filter 5, expected shuffle, deflate"));
}

TEST_F(HostileTrial, AHugeChunkIsNotUnpacked) {
  const hid_t properties = Chunked({1, 3, 30000000});
  H5Pset_deflate(properties, 1);
  Replace("trajectories/position", H5T_IEEE_F32LE, {kFrames, 3, 30000000}, properties);
  EXPECT_THAT(Message(), HasSubstr("/trajectories/position: has chunks of 1 x 3 x 30000000"));
}

TEST_F(HostileTrial, ADimensionThatLiesIsNotBelieved) {
  // 9e15 values, none of which is stored; then so many that their bytes do not fit 64 bits.
  for (const hsize_t rows : {hsize_t{9000000000000000}, hsize_t{1} << 62U}) {
    Replace("timebase/time", H5T_IEEE_F64LE, {rows}, Chunked({1024}));
    EXPECT_THAT(Message(), AllOf(HasSubstr("/timebase/time: claims"), HasSubstr("are stored")));
  }
}

TEST_F(HostileTrial, AFrameCountThatThePartsDoNotShareIsNamed) {
  std::vector<double> values(kFrames + 1, 0.1);
  Replace("kinematics/pelvis_obliquity", H5T_IEEE_F64LE, {kFrames + 1}, H5P_DEFAULT, values.data());
  EXPECT_THAT(Message(), HasSubstr("/kinematics/pelvis_obliquity: has shape 41, expected 40 "
                                   "(/timebase/time has 40 frames)"));
}

TEST_F(HostileTrial, AnotherTypeIsNamed) {
  std::vector<double> values(kFrames * 3, 0.1);
  Replace("trajectories/residual", H5T_IEEE_F64LE, {kFrames, 3}, H5P_DEFAULT, values.data());
  EXPECT_THAT(Message(), HasSubstr("/trajectories/residual: holds float64, expected float32"));
  Replace("trajectories/residual", H5T_IEEE_F32BE, {kFrames, 3}, H5P_DEFAULT);
  EXPECT_THAT(Message(), HasSubstr("float32 (not little-endian), expected float32"));
}

TEST_F(HostileTrial, AMissingDatasetIsNamed) {
  Edit([](hid_t file) { H5Ldelete(file, "trajectories/rays", H5P_DEFAULT); });
  EXPECT_THAT(Message(), HasSubstr("/trajectories/rays: is missing"));
}

TEST_F(HostileTrial, AGroupInTheForeignPlaceIsNamed) {
  Edit([](hid_t file) {
    H5Ldelete(file, "events/time", H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "events/time", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  });
  EXPECT_THAT(Message(), HasSubstr("/events/time: is a group, expected a dataset"));
}

TEST_F(HostileTrial, AChunkThatWasNeverStoredIsNotReadAsMissingValues) {
  // What a full disk leaves: the shape and some chunks are there, one chunk is not.
  const hid_t properties = Chunked({10, 3});
  H5Pset_fletcher32(properties);
  Replace("trajectories/residual", H5T_IEEE_F32LE, {kFrames, 3}, properties);
  Edit([](hid_t file) {
    const hid_t dataset = H5Dopen2(file, "trajectories/residual", H5P_DEFAULT);
    const std::vector<float> values(40 * 3, 0.5F);
    const hsize_t start[2] = {0, 0};
    const hsize_t count[2] = {30, 3};
    const hid_t space = H5Dget_space(dataset);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr);
    const hid_t memory = H5Screate_simple(2, count, nullptr);
    H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, values.data());
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(dataset);
  });
  // Without deflate the stored bytes alone betray it; with it the chunk is named.
  EXPECT_THAT(Message(), HasSubstr("/trajectories/residual: claims 40 x 3 elements"));
}

TEST_F(HostileTrial, AMissingChunkAmongPackedOnesIsNamed) {
  const hid_t properties = Chunked({10, 3});
  H5Pset_deflate(properties, 1);
  Replace("trajectories/residual", H5T_IEEE_F32LE, {kFrames, 3}, properties);
  Edit([](hid_t file) {
    const hid_t dataset = H5Dopen2(file, "trajectories/residual", H5P_DEFAULT);
    std::vector<float> values(10 * 3, 0.5F);
    const hsize_t start[2] = {20, 0};
    const hsize_t count[2] = {10, 3};
    const hid_t space = H5Dget_space(dataset);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr);
    const hid_t memory = H5Screate_simple(2, count, nullptr);
    H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, values.data());
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(dataset);
  });
  EXPECT_THAT(Message(),
              HasSubstr("/trajectories/residual: the chunk of rows 0 to 9 was never written"));
}

TEST_F(HostileTrial, RowRangesThatRunBackwardsAreNamed) {
  std::vector<std::uint64_t> start = ReadTrial(path_).observations.cameras[1].frame_start;
  std::swap(start[10], start[20]);
  Replace("observations/cam 1/frame_start", H5T_STD_U64LE, {kFrames + 1}, H5P_DEFAULT,
          start.data());
  EXPECT_THAT(Message(), HasSubstr("/observations/cam 1/frame_start: the value of frame 11 is"));
}

TEST_F(HostileTrial, RowRangesBeyondTheSightingsAreNamed) {
  const std::vector<std::uint64_t> start(kFrames + 1, 1U << 20U);
  Replace("observations/cam 1/frame_start", H5T_STD_U64LE, {kFrames + 1}, H5P_DEFAULT,
          start.data());
  EXPECT_THAT(Message(), HasSubstr("/observations/cam 1/xy: has shape"));
}

TEST_F(HostileTrial, ALabelThatTheTrialLacksIsNamed) {
  hsize_t rows = 0;
  Edit([&](hid_t file) {
    const hid_t dataset = H5Dopen2(file, "observations/cam 1/label", H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset);
    H5Sget_simple_extent_dims(space, &rows, nullptr);
    H5Sclose(space);
    H5Dclose(dataset);
  });
  const std::vector<std::int16_t> labels(rows, 3);
  Replace("observations/cam 1/label", H5T_STD_I16LE, {rows}, H5P_DEFAULT, labels.data());
  EXPECT_THAT(Message(), HasSubstr("/observations/cam 1/label: holds label 3, expected -1 to 2"));
}

TEST_F(HostileTrial, ASourceThatThisVersionDoesNotKnowIsNamed) {
  const std::vector<std::uint8_t> sources(kFrames * 3, 9);
  Replace("trajectories/source", H5T_STD_U8LE, {kFrames, 3}, H5P_DEFAULT, sources.data());
  EXPECT_THAT(Message(), HasSubstr("/trajectories/source: holds 9, expected 0 to 5"));
}

TEST_F(HostileTrial, TimesThatDoNotIncreaseAreNamed) {
  const std::vector<double> times(kFrames, 1.0);
  Replace("timebase/time", H5T_IEEE_F64LE, {kFrames}, H5P_DEFAULT, times.data());
  Edit([](hid_t file) {
    const hid_t dataset = H5Dopen2(file, "timebase/time", H5P_DEFAULT);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute =
        H5Acreate2(dataset, "rate_hz", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    const double rate = 200.0;
    H5Awrite(attribute, H5T_NATIVE_DOUBLE, &rate);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Dclose(dataset);
  });
  EXPECT_THAT(Message(),
              HasSubstr("/timebase/time: the time of frame 1 is 1, expected times that"));
}

TEST_F(HostileTrial, ANumberInTheRigThatIsNoneIsNamed) {
  const std::vector<double> matrix(16, kNaN);
  Replace("rig/cam 2/camera_from_lab", H5T_IEEE_F64LE, {4, 4}, H5P_DEFAULT, matrix.data());
  EXPECT_THAT(Message(),
              HasSubstr("camera cam 2: camera_from_lab holds a value that is not a finite number"));
  const std::vector<double> intrinsics(9, kNaN);
  Replace("rig/cam 2/intrinsics", H5T_IEEE_F64LE, {9}, H5P_DEFAULT, intrinsics.data());
  EXPECT_THAT(Message(), HasSubstr("/rig/cam 2: "));
}

TEST_F(HostileTrial, OtherChunksAndNoFiltersAreReadAllTheSame) {
  // What another program may make of a trial by copying it.
  const Trial before = ReadTrial(path_);
  const std::vector<float>& position = before.trajectories.position;
  Replace("trajectories/position", H5T_IEEE_F32LE, {kFrames, 3, 3}, Chunked({7, 2, 2}),
          position.data());
  EXPECT_TRUE(AreSame(ReadTrial(path_, 11), before));
  const hid_t packed = Chunked({7, 2, 1});
  H5Pset_fletcher32(packed);
  H5Pset_deflate(packed, 6);
  Replace("trajectories/position", H5T_IEEE_F32LE, {kFrames, 3, 3}, packed, position.data());
  EXPECT_TRUE(AreSame(ReadTrial(path_, 11), before));
  Replace("trajectories/position", H5T_IEEE_F32LE, {kFrames, 3, 3}, H5P_DEFAULT, position.data());
  EXPECT_TRUE(AreSame(ReadTrial(path_, 11), before));
}

}  // namespace
}  // namespace medius::storage::test
