#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/trajectory_import.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {

/// A file of trajectories read whole, for tests.
struct ImportedFile {
  std::unique_ptr<TrajectorySource> source;
  std::vector<float> position;  // [T, M, 3] metres, file axes

  [[nodiscard]] std::vector<float> At(std::size_t frame, std::size_t marker) const {
    const auto begin = position.begin() +
                       static_cast<std::ptrdiff_t>((frame * source->labels().size() + marker) * 3);
    return {begin, begin + 3};
  }
};

[[nodiscard]] inline ImportedFile ImportFile(const std::filesystem::path& path,
                                             const ImportOptions& options = {}, int threads = 1) {
  ImportedFile imported;
  imported.source = OpenTrajectories(path, options);
  const std::size_t frames = imported.source->frame_count();
  imported.position.resize(frames * imported.source->labels().size() * 3);
  imported.source->ReadPositions({0, frames}, Parallelism(threads), imported.position);
  return imported;
}

[[nodiscard]] inline ImportedFile ImportBytes(std::string_view bytes,
                                              const ImportOptions& options = {}) {
  const TemporaryFolder folder;
  return ImportFile(folder.Write("file", bytes), options);
}

/// The message with which a file is refused; a failure where it is not.
[[nodiscard]] inline std::string RefusalOf(std::string_view bytes,
                                           const ImportOptions& options = {}) {
  try {
    (void)ImportBytes(bytes, options);
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  ADD_FAILURE() << "the file was not refused";
  return {};
}

}  // namespace medius::storage
