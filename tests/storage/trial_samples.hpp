#pragma once

#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "storage/trial_file.hpp"

namespace medius::storage::test {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A folder of its own that goes with the test.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ScratchFolder(ScratchFolder&&) = delete;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Everything that a trial can hold.
struct Trial {
  TrialHeader header{"run 3", "P07", "2026-03-01", "running", "2026-03-01T09:30:00Z"};
  TimeBase time_base;
  std::vector<std::string> labels;
  CameraRig rig;
  TrialWriter::ObservationColumns columns{true, true, true, true, true, true};
  ObservationBlock observations;
  TrajectoryBlock trajectories;
  GaitEvents events;
  Kinematics kinematics;
  StrideTable strides;
  Summary summary;
  std::vector<StageProvenance> provenance;
};

[[nodiscard]] CameraRig MakeRig(std::size_t cameras);
[[nodiscard]] std::vector<std::string> CameraNames(const CameraRig& rig);
[[nodiscard]] Trial MakeTrial(std::size_t frames = 600, std::size_t cameras = 3,
                              std::size_t markers = 5);

/// The frames of a block that starts at frame 0.
[[nodiscard]] ObservationBlock Slice(const ObservationBlock& whole, FrameRange frames);
[[nodiscard]] TrajectoryBlock Slice(const TrajectoryBlock& whole, FrameRange frames);

/// Writes all of it without Commit, the frames in blocks of `step`.
void WriteParts(TrialWriter& writer, const Trial& trial, std::size_t step = 100);
/// Writes and publishes.
void WriteTrial(const std::filesystem::path& path, const Trial& trial, std::size_t step = 100,
                Parallelism parallelism = Parallelism(1));

/// Reads all of it, the frames in blocks of `step`.
[[nodiscard]] Trial ReadTrial(const std::filesystem::path& path, std::size_t step = 1000000,
                              Parallelism parallelism = Parallelism(1));

/// True where every number and text is the same, bit by bit: NaN is NaN.
[[nodiscard]] bool AreSame(const Trial& a, const Trial& b);

[[nodiscard]] std::string FileBytes(const std::filesystem::path& path);
void WriteFileBytes(const std::filesystem::path& path, const std::string& bytes);
/// Names of the files in a folder, sorted.
[[nodiscard]] std::vector<std::string> FilesIn(const std::filesystem::path& folder);

/// The message of the InputError that the action throws; "(no error)" where there is none.
[[nodiscard]] std::string MessageOf(const std::function<void()>& action);

}  // namespace medius::storage::test
