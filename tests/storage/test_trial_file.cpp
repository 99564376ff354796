// A trial file gives back what was written, in any blocks, and other programs can read it.

#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/storage/trial_samples.hpp"

namespace medius::storage::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TrialFile, GivesBackEveryNumberAndText) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial();
  WriteTrial(folder / "a.trial.h5", trial);
  EXPECT_TRUE(AreSame(ReadTrial(folder / "a.trial.h5"), trial));
  EXPECT_THAT(FilesIn(folder.path()), ElementsAre("a.trial.h5"));
}

TEST(TrialFile, ReadsTheSameInBlocksOfAnyLength) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(700, 2, 60);  // 45 rows a frame: several chunks of sightings
  WriteTrial(folder / "a.trial.h5", trial, 97);
  for (const std::size_t step : {1U, 13U, 256U, 257U, 700U}) {
    EXPECT_TRUE(AreSame(ReadTrial(folder / "a.trial.h5", step), trial)) << step;
  }
}

TEST(TrialFile, HasTheSameContentForBlocksOfAnyLength) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(300, 2, 4);
  for (const std::size_t step : {1U, 100U, 255U, 300U}) {
    WriteTrial(folder / "a.trial.h5", trial, step);
    EXPECT_TRUE(AreSame(ReadTrial(folder / "a.trial.h5"), trial)) << step;
  }
}

TEST(TrialFile, HasTheSameBytesEachTimeAndForAnyNumberOfThreads) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(700, 3, 30);
  WriteTrial(folder / "1.trial.h5", trial, 100, Parallelism(1));
  const std::string bytes = FileBytes(folder / "1.trial.h5");
  for (const int threads : {1, 2, 7}) {
    WriteTrial(folder / "n.trial.h5", trial, 100, Parallelism(threads));
    EXPECT_TRUE(FileBytes(folder / "n.trial.h5") == bytes) << threads;
    EXPECT_TRUE(AreSame(ReadTrial(folder / "n.trial.h5", 97, Parallelism(threads)), trial));
  }
}

// Smoothed positions come later than the raw ones and in other blocks, as a smoother gives them.
TEST(TrialFile, KeepsSmoothedPositionsAndTheSharedCovarianceBesideTheRawOnes) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(700, 1, 3);
  TrajectoryBlock smoothed({0, 700}, 3);
  for (std::size_t f = 0; f < 700; ++f) {
    for (std::size_t m = 0; m < 3; ++m) {
      MarkerSample sample = trial.trajectories.Get(f, MarkerId(m));
      sample.position += Eigen::Vector3d(0.25, 0.0, -0.5);
      smoothed.Set(f, MarkerId(m), sample);
    }
  }
  SharedCovariance shared{{0, 350, 699}, std::vector<float>(3 * 3 * 6, 1e-7F)};
  shared.covariance[7] = std::nanf("");
  {
    TrialWriter writer(folder / "a.trial.h5");
    writer.WriteHeader(trial.header);
    writer.WriteTimeBase(trial.time_base);
    writer.BeginTrajectories(trial.labels);
    writer.BeginSmoothed();
    for (const std::size_t half : {0U, 350U}) {
      writer.AppendTrajectories(Slice(trial.trajectories, {half, 350}));
    }
    for (const std::size_t part : {0U, 100U, 600U}) {
      const std::size_t count = part == 0 ? 100 : part == 100 ? 500 : 100;
      writer.AppendSmoothed(Slice(smoothed, {part, count}));
    }
    writer.WriteSharedCovariance(shared);
    writer.Commit();
  }
  const TrialReader reader(folder / "a.trial.h5");
  reader.VerifyAll();
  ASSERT_TRUE(reader.HasSmoothed());
  const TrajectoryBlock raw = reader.ReadTrajectories({0, 700});
  const TrajectoryBlock read = reader.ReadSmoothed({0, 700});
  for (std::size_t f = 0; f < 700; ++f) {
    for (std::size_t m = 0; m < 3; ++m) {
      const MarkerId marker(m);
      ASSERT_EQ(read.IsPresent(f, marker), smoothed.IsPresent(f, marker));
      if (!smoothed.IsPresent(f, marker)) continue;
      EXPECT_EQ(read.Position(f, marker), smoothed.Position(f, marker)) << f;
      EXPECT_EQ(raw.Position(f, marker), trial.trajectories.Position(f, marker)) << f;
    }
  }
  const SharedCovariance kept = reader.ReadSharedCovariance();
  EXPECT_EQ(kept.frame, shared.frame);
  ASSERT_EQ(kept.covariance.size(), shared.covariance.size());
  EXPECT_TRUE(std::isnan(kept.covariance[7]));
  EXPECT_EQ(kept.covariance[8], shared.covariance[8]);
}

TEST(TrialFile, HoldsNothingButAHeaderAndTimes) {
  const ScratchFolder folder;
  TrialWriter writer(folder / "a.trial.h5");
  writer.WriteHeader({"empty", "", "", "static", ""});
  writer.WriteTimeBase(TimeBase::Uniform(100.0, 0));
  writer.Commit();
  const TrialReader reader(folder / "a.trial.h5");
  EXPECT_EQ(reader.header().trial, "empty");
  EXPECT_EQ(reader.time_base().frame_count(), 0U);
  EXPECT_FALSE(reader.Has(TrialPart::kTrajectories));
  EXPECT_TRUE(reader.labels().empty());
  reader.VerifyAll();
}

TEST(TrialFile, HoldsTablesWithoutRowsAndTrajectoriesWithoutMarkers) {
  const ScratchFolder folder;
  Trial trial = MakeTrial(10, 1, 0);
  trial.events.clear();
  trial.strides = StrideTable{};
  trial.summary.clear();
  WriteTrial(folder / "a.trial.h5", trial);
  EXPECT_TRUE(AreSame(ReadTrial(folder / "a.trial.h5"), trial));
  TrialReader(folder / "a.trial.h5").VerifyAll();
}

TEST(TrialFile, HasLabelsBeforeItHasPositions) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(50, 2, 4);
  {
    TrialWriter writer(folder / "a.trial.h5");
    writer.WriteHeader(trial.header);
    writer.WriteTimeBase(trial.time_base);
    writer.WriteLabels(trial.labels);
    writer.BeginObservations(CameraNames(trial.rig), trial.columns);
    writer.AppendObservations(trial.observations);
    writer.Commit();
  }
  const TrialReader reader(folder / "a.trial.h5");
  EXPECT_EQ(reader.labels(), trial.labels);
  EXPECT_FALSE(reader.Has(TrialPart::kTrajectories));
  EXPECT_THAT(MessageOf([&] {
                (void)reader.ReadTrajectories({0, 1});
              }),
              HasSubstr("has no marker positions"));
}

TEST(TrialFile, ReadsTheCamerasAskedForInThatOrder) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(50, 3, 4);
  WriteTrial(folder / "a.trial.h5", trial);
  const TrialReader reader(folder / "a.trial.h5");
  const ObservationBlock block = reader.ReadObservations({10, 5}, {"cam 1", "cam 3"});
  const ObservationBlock expected = Slice(trial.observations, {10, 5});
  EXPECT_EQ(block.cameras[0].xy, expected.cameras[2].xy);
  EXPECT_EQ(block.cameras[1].xy, expected.cameras[0].xy);
  EXPECT_THAT(MessageOf([&] {
                (void)reader.ReadObservations({0, 1}, {"left"});
              }),
              HasSubstr("no sightings of camera \"left\"; it has those of cam 3, cam 2, cam 1"));
}

TEST(TrialFile, CarriesLongProvenanceWhole) {
  const ScratchFolder folder;
  Trial trial = MakeTrial(5, 1, 1);
  trial.provenance[0].options_json = std::string(200000, 'x');
  trial.provenance[1].warnings.assign(3000, "a marker was hidden for 0.3 s");
  trial.provenance[1].inputs.assign(500, {"run.trial.h5", std::string(64, 'c')});
  WriteTrial(folder / "a.trial.h5", trial);
  EXPECT_TRUE(AreSame(ReadTrial(folder / "a.trial.h5"), trial));
}

TEST(CopyFrom, CarriesEveryPartOver) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(300, 12, 5);  // more cameras than a group keeps in its header
  WriteTrial(folder / "a.trial.h5", trial);
  {
    const TrialReader source(folder / "a.trial.h5");
    TrialWriter writer(folder / "b.trial.h5");
    writer.CopyFrom(source, {TrialPart::kRig, TrialPart::kObservations, TrialPart::kTrajectories,
                             TrialPart::kEvents, TrialPart::kKinematics, TrialPart::kStrides,
                             TrialPart::kSummary});
    writer.Commit();
  }
  EXPECT_TRUE(AreSame(ReadTrial(folder / "b.trial.h5"), trial));
}

TEST(CopyFrom, LeavesOutWhatTheCallerRewrites) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(300, 3, 5);
  WriteTrial(folder / "a.trial.h5", trial);
  Trial changed = trial;
  changed.events.pop_back();
  changed.trajectories.position[0] = 42.0F;
  changed.provenance.back().version = "0.2.0";
  {
    const TrialReader source(folder / "a.trial.h5");
    TrialWriter writer(folder / "a.trial.h5");  // over the source itself
    writer.CopyFrom(source, {TrialPart::kRig, TrialPart::kObservations, TrialPart::kKinematics,
                             TrialPart::kStrides, TrialPart::kSummary});
    writer.BeginTrajectories(source.labels());
    writer.AppendTrajectories(changed.trajectories);
    writer.WriteEvents(changed.events);
    writer.WriteProvenance(changed.provenance.back());
    writer.Commit();
  }
  EXPECT_TRUE(AreSame(ReadTrial(folder / "a.trial.h5"), changed));
}

TEST(TrialWriter, LeavesTheOldFileAloneWithoutCommit) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(50, 2, 3);
  WriteTrial(folder / "a.trial.h5", trial);
  const std::string before = FileBytes(folder / "a.trial.h5");
  {
    TrialWriter writer(folder / "a.trial.h5");
    WriteParts(writer, MakeTrial(60, 1, 2));
    EXPECT_EQ(FilesIn(folder.path()).size(), 2U);
  }
  EXPECT_TRUE(FileBytes(folder / "a.trial.h5") == before);
  EXPECT_THAT(FilesIn(folder.path()), ElementsAre("a.trial.h5"));
}

TEST(TrialWriter, RefusesToGoOnAfterAnError) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(50, 2, 3);
  TrialWriter writer(folder / "a.trial.h5");
  WriteParts(writer, trial);
  EXPECT_THROW(writer.AppendTrajectories(trial.trajectories), std::logic_error);  // frames twice
  EXPECT_THAT(MessageOf([&] { writer.Commit(); }), HasSubstr("frames follow each other"));
  EXPECT_TRUE(FilesIn(folder.path()).size() == 1 &&
              !std::filesystem::exists(folder / "a.trial.h5"));
}

TEST(TrialWriter, RefusesATrialThatLacksFrames) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(50, 2, 3);
  TrialWriter writer(folder / "a.trial.h5");
  writer.WriteHeader(trial.header);
  writer.WriteTimeBase(trial.time_base);
  writer.BeginTrajectories(trial.labels);
  writer.AppendTrajectories(Slice(trial.trajectories, {0, 49}));
  EXPECT_THROW(writer.Commit(), std::logic_error);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.trial.h5"));
}

TEST(TrialWriter, NamesATargetThatCannotBe) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "sub");
  const auto message = [](const std::filesystem::path& path) {
    return MessageOf([&] { const TrialWriter writer(path); });
  };
  EXPECT_THAT(message(folder / "sub"),
              HasSubstr("sub: is a directory, expected the name of a file"));
  EXPECT_THAT(message(folder / "none" / "a.h5"), HasSubstr("none does not exist; make it first"));
  EXPECT_THAT(message("/dev/null"), HasSubstr("not a regular file"));
  WriteFileBytes(folder / "file", "x");
  EXPECT_THAT(message(folder / "file" / "a.h5"), HasSubstr("file is not a directory"));
  EXPECT_THAT(message("/proc/a.trial.h5"), HasSubstr("cannot write into /proc"));
}

TEST(TrialWriter, KeepsThePermissionsOfTheOldFileAndFollowsALink) {
  namespace fs = std::filesystem;
  const ScratchFolder folder;
  const Trial trial = MakeTrial(5, 1, 1);
  WriteTrial(folder / "a.trial.h5", trial);
  fs::permissions(folder / "a.trial.h5", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("a.trial.h5", folder / "link.trial.h5");
  WriteTrial(folder / "link.trial.h5", MakeTrial(6, 1, 1));
  EXPECT_TRUE(fs::is_symlink(folder / "link.trial.h5"));
  EXPECT_EQ(TrialReader(folder / "a.trial.h5").time_base().frame_count(), 6U);
  EXPECT_EQ(fs::status(folder / "a.trial.h5").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST(TrialReader, GoesOnReadingTheOldFileWhileItIsReplaced) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(300, 2, 5);
  WriteTrial(folder / "a.trial.h5", trial);
  const TrialReader reader(folder / "a.trial.h5");
  WriteTrial(folder / "a.trial.h5", MakeTrial(10, 1, 1));
  EXPECT_EQ(reader.ReadTrajectories({0, 300}).position.size(), trial.trajectories.position.size());
  reader.VerifyAll();
  EXPECT_EQ(TrialReader(folder / "a.trial.h5").time_base().frame_count(), 10U);
}

// Runs a python3 that has h5py; exit status of the script, or 77 where there is none.
int RunH5py(const std::string& script, const std::filesystem::path& file) {
  const std::string probe = "/usr/bin/env python3 -c 'import h5py' 2>/dev/null";
  const bool first = std::system(probe.c_str()) == 0;
  const bool system = std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") == 0;
  if (!first && !system) return 77;
  const std::string python = first ? "/usr/bin/env python3" : "/usr/bin/python3";
  return std::system(fmt::format("{} -c '{}' '{}'", python, script, file.string()).c_str());
}

TEST(TrialFile, IsReadByH5pyWithoutHelp) {
  const ScratchFolder folder;
  const Trial trial = MakeTrial(600, 3, 5);
  WriteTrial(folder / "a.trial.h5", trial);
  const int status = RunH5py(R"(
import sys, h5py, numpy as np
f = h5py.File(sys.argv[1], "r")
assert f.attrs["format"].decode() == "medius-trial" and f.attrs["schema_version"] == 1
assert f.attrs["subject"].decode() == "P07"
T = len(f["timebase/time"])
assert T == 600 and f["timebase/time"].attrs["rate_hz"] == 200.0
assert list(f["rig"]) == ["cam 3", "cam 2", "cam 1"]
labels = [x.decode() for x in f["trajectories/labels"]]
assert labels[1] == "Gr\u00f6\u00dfe*12" and labels[4] == "M4"
p = f["trajectories/position"]
assert p.shape == (T, 5, 3) and p.dtype == np.float32 and p.fletcher32 and p.shuffle
assert p.compression == "gzip" and np.isnan(p.fillvalue)
p = p[...]
seen = f["trajectories/source"][...] == 1
assert np.isfinite(p[seen]).all() and np.isnan(p[~seen]).all()
for cam in f["observations"].values():
    start = cam["frame_start"][...]
    assert start.shape == (T + 1,) and start[-1] == cam["xy"].shape[0]
    assert start[7] == start[8] and (np.diff(start.astype(int)) >= 0).all()
    assert np.isfinite(cam["xy"][...]).all() and cam["label"].dtype == np.int16
assert f["rig/cam 1/time_offset"].shape == () and f["rig/cam 1/camera_from_lab"].shape == (4, 4)
assert abs(f["kinematics/pelvis_obliquity"][1] - np.sin(0.1)) < 1e-15
assert f["kinematics/pelvis_obliquity"].attrs["unit"].decode() == "rad"
assert f["strides/curves/pelvis_obliquity"].shape == (6, 101)
stage = f["provenance/analyze"].attrs
assert dict(zip(stage["inputs"], stage["inputs_sha256"]))[b"lab.toml"] == b"b" * 64
assert list(f["provenance"]) == ["simulate", "analyze"]
def each(name, thing):
    if isinstance(thing, h5py.Dataset):
        assert thing.attrs["unit"] and thing.attrs["definition"], name
        thing[...]
f.visititems(each)
)",
                             folder / "a.trial.h5");
  if (status == 77) GTEST_SKIP() << "no python3 with h5py on this machine";
  EXPECT_EQ(status, 0);
}

TEST(CopyFrom, CarriesWhatThisVersionDoesNotKnow) {
  const ScratchFolder folder;
  WriteTrial(folder / "a.trial.h5", MakeTrial(20, 2, 3));
  const int status = RunH5py(R"(
import sys, h5py, numpy as np
f = h5py.File(sys.argv[1], "r+")
f.attrs["note"] = "belt at 2 per cent"
f.attrs["subject"] = "P08"
f.attrs["numbers"] = np.arange(5.0)
f["my_lab/emg"] = np.arange(1000.0)
f["observations/cam 1"].attrs["serial"] = "A1"
f["observations/cam 1/colour"] = np.zeros(7)
f["kinematics"].attrs["by"] = "me"
)",
                             folder / "a.trial.h5");
  if (status == 77) GTEST_SKIP() << "no python3 with h5py on this machine";
  ASSERT_EQ(status, 0);
  {
    const TrialReader source(folder / "a.trial.h5");
    EXPECT_EQ(source.header().subject, "P08");
    source.VerifyAll();
    TrialWriter writer(folder / "b.trial.h5");
    writer.CopyFrom(source, {TrialPart::kRig, TrialPart::kObservations, TrialPart::kKinematics});
    writer.Commit();
  }
  TrialReader(folder / "b.trial.h5").VerifyAll();
  EXPECT_EQ(RunH5py(R"(
import sys, h5py, numpy as np
f = h5py.File(sys.argv[1], "r")
assert f.attrs["note"] == "belt at 2 per cent" and f.attrs["subject"] in ("P08", b"P08")
assert (f.attrs["numbers"] == np.arange(5.0)).all()
assert (f["my_lab/emg"][...] == np.arange(1000.0)).all()
assert f["observations/cam 1"].attrs["serial"] == "A1" and len(f["observations/cam 1/colour"]) == 7
assert f["kinematics"].attrs["by"] == "me" and "strides" not in f
)",
                    folder / "b.trial.h5"),
            0);
}

}  // namespace
}  // namespace medius::storage::test
