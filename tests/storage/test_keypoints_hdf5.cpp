// Tables as pandas writes them, made with HDF5 itself by what its files hold.

#include <hdf5.h>

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/keypoint_import.hpp"
#include "storage/pickled_list.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr hsize_t kColumns = 6;
// Two frames of nose and LHip: x, y, likelihood of each.
constexpr double kValues[2][kColumns] = {{10, 20, 0.9, 30, 40, 0.8},
                                         {kNan, kNan, kNan, 50, 60, 0.7}};
// What pickle.dumps([("net", "nose", "x"), ...], 0) gives: repeated texts come back from the memo.
const std::string kPickle =
    "(lp0\n(Vnet\np1\nVnose\np2\nVx\np3\ntp4\na(g1\ng2\nVy\np5\ntp6\na("
    "g1\ng2\nVlikelihood\np7\ntp8\n"
    "a(g1\nVLHip\np9\ng3\ntp10\na(g1\ng9\ng5\ntp11\na(g1\ng9\ng7\ntp12\na.";

void SetText(hid_t object, const char* name, const std::string& text) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, text.size());
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attribute, type, text.data());
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
}

void Write(hid_t group, const char* name, hid_t type, const std::vector<hsize_t>& shape,
           const void* data) {
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t dataset = H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
  H5Dclose(dataset);
  H5Sclose(space);
}

struct TableRow {
  std::int64_t index;
  double values[kColumns];
};

void WriteTable(const std::filesystem::path& path, const std::string& pickle) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t group = H5Gcreate2(file, "df_with_missing", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  SetText(group, "pandas_type", "frame_table");
  const hid_t array = H5Tarray_create2(H5T_NATIVE_DOUBLE, 1, &kColumns);
  const hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(TableRow));
  H5Tinsert(type, "index", HOFFSET(TableRow, index), H5T_NATIVE_INT64);
  H5Tinsert(type, "values_block_0", HOFFSET(TableRow, values), array);
  TableRow rows[2] = {{0, {}}, {1, {}}};
  for (int i = 0; i < 2; ++i) std::copy(kValues[i], kValues[i] + kColumns, rows[i].values);
  Write(group, "table", type, {2}, rows);
  const hid_t table = H5Dopen2(group, "table", H5P_DEFAULT);
  SetText(table, "values_block_0_kind", pickle);
  H5Dclose(table);
  H5Tclose(type);
  H5Tclose(array);
  H5Gclose(group);
  H5Fclose(file);
}

void WriteLevel(hid_t group, int level, const std::vector<std::string>& words,
                const std::vector<std::int8_t>& codes) {
  std::size_t size = 1;
  for (const std::string& word : words) size = std::max(size, word.size());
  std::string bytes;
  for (std::string word : words) {
    word.resize(size, '\0');
    bytes += word;
  }
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, size);
  Write(group, ("block0_items_level" + std::to_string(level)).c_str(), type, {words.size()},
        bytes.data());
  Write(group, ("block0_items_label" + std::to_string(level)).c_str(), H5T_NATIVE_INT8,
        {codes.size()}, codes.data());
  H5Tclose(type);
}

void WriteFixed(const std::filesystem::path& path, std::int8_t bad_code = 2) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t group = H5Gcreate2(file, "df_with_missing", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  SetText(group, "pandas_type", "frame");
  Write(group, "block0_values", H5T_NATIVE_DOUBLE, {2, kColumns}, kValues);
  const std::int64_t index[2] = {0, 1};
  Write(group, "axis1", H5T_NATIVE_INT64, {2}, index);
  WriteLevel(group, 0, {"net"}, {0, 0, 0, 0, 0, 0});
  WriteLevel(group, 1, {"LHip", "nose"}, {1, 1, 1, 0, 0, 0});
  WriteLevel(group, 2, {"likelihood", "x", "y"}, {1, bad_code, 0, 1, 2, 0});
  H5Gclose(group);
  H5Fclose(file);
}

void ExpectTheFrames(const std::filesystem::path& path) {
  const auto source = OpenKeypoints(path);
  EXPECT_EQ(source->format(), "DeepLabCut HDF5");
  EXPECT_THAT(source->labels(), ElementsAre("nose", "LHip"));
  KeypointFrame frame;
  ASSERT_TRUE(source->Next(&frame));
  EXPECT_EQ(frame.number, 0);
  ASSERT_EQ(frame.instances.size(), 1U);
  EXPECT_EQ(frame.instances[0].points[0].y, 20.0);
  EXPECT_EQ(frame.instances[0].points[1].score, 0.8);
  ASSERT_TRUE(source->Next(&frame));
  EXPECT_EQ(frame.number, 1);
  EXPECT_TRUE(std::isnan(frame.instances[0].points[0].x));
  EXPECT_EQ(frame.instances[0].points[1].x, 50.0);
  EXPECT_FALSE(source->Next(&frame));
}

std::string RefusalOf(const std::filesystem::path& path) {
  try {
    const auto source = OpenKeypoints(path);
    KeypointFrame frame;
    while (source->Next(&frame)) {
    }
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  ADD_FAILURE() << "not refused";
  return {};
}

TEST(KeypointsInHdf5, ReadsBothFormatsOfPandas) {
  const TemporaryFolder folder;
  WriteTable(folder / "t.h5", kPickle);
  ExpectTheFrames(folder / "t.h5");
  WriteFixed(folder / "f.h5");
  ExpectTheFrames(folder / "f.h5");
}

TEST(KeypointsInHdf5, RefusesWhatIsNoTableOfDeepLabCut) {
  const TemporaryFolder folder;
  const hid_t file = H5Fcreate((folder / "e.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_THAT(RefusalOf(folder / "e.h5"), HasSubstr("no table of DeepLabCut"));
  WriteTable(folder / "t.h5", "(lp0\n(Vnet\np1\nVnose\np2\nVx\np3\ntp4\na.");
  EXPECT_THAT(RefusalOf(folder / "t.h5"), HasSubstr("has 6 columns and names 1"));
  WriteFixed(folder / "f.h5", 9);
  EXPECT_THAT(RefusalOf(folder / "f.h5"), HasSubstr("no table of DeepLabCut"));
}

TEST(KeypointsInHdf5, RefusesAFileThatIsCutShort) {
  const TemporaryFolder folder;
  WriteTable(folder / "t.h5", kPickle);
  const std::string whole = ReadBytes(folder / "t.h5");
  for (const double share : {0.01, 0.1, 0.5, 0.9, 0.99}) {
    const auto size = static_cast<std::size_t>(share * static_cast<double>(whole.size()));
    (void)RefusalOf(folder.Write("c.h5", whole.substr(0, size)));
  }
}

// pickle.dumps([("a", "\u00e9"), ("b",)], 2) and pickle.dumps([("a", "\u00e9\u20ac"), ("b", "a")],
// 0).
TEST(PickledList, ReadsProtocolsZeroAndTwo) {
  using namespace std::string_view_literals;
  EXPECT_THAT(ReadPickledTexts("\x80\x02]q\x00(X\x01\x00\x00\x00"
                               "aq\x01X\x02\x00\x00\x00\xc3\xa9q\x02\x86q\x03X\x01\x00\x00\x00"
                               "bq\x04\x85q\x05"
                               "e."sv,
                               "f"),
              ElementsAre(ElementsAre("a", "\xc3\xa9"), ElementsAre("b")));
  EXPECT_THAT(
      ReadPickledTexts("(lp0\n(Va\np1\nV\xe9\\u20ac\np2\ntp3\na(Vb\np4\ng1\ntp5\na."sv, "f"),
      ElementsAre(ElementsAre("a", "\xc3\xa9\xe2\x82\xac"), ElementsAre("b", "a")));
}

TEST(PickledList, RefusesCodeLoopsAndRubbish) {
  for (const char* text : {"cos\nsystem\n(Vls\ntR.", "(lp0\ng0\na.", "a.", "(lp0\n", "t.", "g7\n.",
                           "(lp0\nVx\np1\na."}) {
    EXPECT_THROW((void)ReadPickledTexts(text, "f"), InputError) << text;
  }
}

}  // namespace
}  // namespace medius::storage
