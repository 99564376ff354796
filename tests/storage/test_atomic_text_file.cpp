#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/atomic_text_file.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {
namespace {

using testing::HasSubstr;

std::size_t FilesIn(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()),
                                                std::filesystem::directory_iterator()));
}

TEST(AtomicTextFile, TouchesTheOldFileOnlyAtCommit) {
  const TemporaryFolder folder;
  const auto path = folder.Write("table.csv", "old");
  AtomicTextFile file(path);
  file.Append("new ");
  file.Append(std::string(1 << 20, 'x'));
  EXPECT_EQ(ReadBytes(path), "old");
  file.Commit();
  EXPECT_EQ(ReadBytes(path), "new " + std::string(1 << 20, 'x'));
  EXPECT_EQ(FilesIn(folder), 1U);
}

TEST(AtomicTextFile, LeavesNothingBehindWithoutCommit) {
  const TemporaryFolder folder;
  const auto path = folder.Write("table.csv", "old");
  {
    AtomicTextFile file(path);
    file.Append("new");
  }
  EXPECT_EQ(ReadBytes(path), "old");
  EXPECT_EQ(FilesIn(folder), 1U);
}

TEST(AtomicTextFile, RefusesAFolderAndAFolderThatIsNotThere) {
  const TemporaryFolder folder;
  EXPECT_THROW(AtomicTextFile file(folder.path()), InputError);
  EXPECT_THROW(AtomicTextFile file(folder / "no/such/table.csv"), InputError);
}

TEST(AtomicTextFile, NamesAFullDisk) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full on this machine";
  AtomicTextFile file("/dev/full");
  file.Append("text");
  try {
    file.Commit();
    FAIL() << "a full disk was not told";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/dev/full: the disk is full"));
  }
}

TEST(AtomicTextFile, WritesStraightToADevice) {
  AtomicTextFile file("/dev/null");
  file.Append("text");
  file.Commit();
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace medius::storage
