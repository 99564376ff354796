// Tables of DeepLabCut in HDF5, as pandas writes them through PyTables. In the format "table" a
// group holds a compound dataset `table` whose member values_block_0 is an array of all columns of
// a row, and the attribute values_block_0_kind their names, pickled. In the format "fixed" the
// group holds block0_values [rows, columns], and the names as levels and codes.
// Source: pandas.io.pytables and the file format chapter of the PyTables user's guide.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/deeplabcut_table.hpp"
#include "storage/hdf5_attributes.hpp"
#include "storage/hdf5_column_reader.hpp"
#include "storage/hdf5_tree.hpp"
#include "storage/keypoint_formats.hpp"
#include "storage/pickled_list.hpp"

namespace medius::storage {
namespace {

using hdf5::Handle;

constexpr std::size_t kRowsAtOnce = 1024;
constexpr hsize_t kMostRows = 50'000'000;
constexpr hsize_t kMostColumns = 100'000;
constexpr double kLargestNumber = 1e6;
// Nested levels of column names: scorer, individuals, bodyparts, coords.
constexpr std::size_t kFewestLevels = 3;
constexpr std::size_t kMostLevels = 4;

std::vector<hsize_t> ShapeOf(hid_t dataset) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0 || rank > 4) return {};
  std::vector<hsize_t> shape(static_cast<std::size_t>(rank));
  if (rank > 0) H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr);
  return shape;
}

// Columns as tuples of their names, to what they are.
std::vector<DeepLabCutColumn> ColumnsOf(const std::vector<std::vector<std::string>>& names,
                                        const std::string& where) {
  std::vector<DeepLabCutColumn> columns;
  for (const std::vector<std::string>& name : names) {
    const std::size_t levels = name.size();
    if (levels < kFewestLevels || levels > kMostLevels) {
      throw InputError(
          fmt::format("{}: columns have {} names; scorer, [individuals,] bodyparts "
                      "and coords are expected",
                      where, levels));
    }
    columns.push_back({levels == kMostLevels ? name[1] : "", name[levels - 2], name[levels - 1]});
  }
  return columns;
}

class DeepLabCutHdf5 : public KeypointSource {
 public:
  explicit DeepLabCutHdf5(const std::filesystem::path& path)
      : KeypointSource("DeepLabCut HDF5", true),
        file_(path.string()),
        opened_(hdf5::OpenForReading(path, file_)) {
    hdf5::RefuseForeignLinks(opened_.file.get(), file_);
    const Handle group = FindGroup();
    if (hdf5::Exists(group.get(), "table", file_)) {
      OpenTable(group.get());
    } else if (hdf5::Exists(group.get(), "block0_values", file_)) {
      OpenFixed(group.get());
    } else {
      Refuse();
    }
    row_.resize(columns_);
  }

  bool Next(KeypointFrame* frame) override {
    const hdf5::ErrorSilence silence;
    if (next_ == rows_) return false;
    if (next_ == loaded_end_) Load();
    const double* values = values_.data() + (next_ - loaded_first_) * columns_;
    for (std::size_t i = 0; i < columns_; ++i) {
      row_[i] = values[i];
      if (std::abs(row_[i]) > kLargestNumber) {
        throw InputError(fmt::format("{}: row {}, column {}: {} is no pixel and no likelihood",
                                     file_, next_, i, row_[i]));
      }
    }
    frame->number = numbers_[next_ - loaded_first_];
    if (frame->number <= last_) {
      throw InputError(fmt::format("{}: row {}: frame {} stands after frame {}", file_, next_,
                                   frame->number, last_));
    }
    last_ = frame->number;
    frame->instances = table_->Row(row_);
    ++next_;
    return true;
  }

 private:
  [[noreturn]] void Refuse() const {
    throw InputError(fmt::format(
        "{}: holds no table of DeepLabCut (a group that pandas wrote, such as df_with_missing); a "
        "trial of Medius needs no import",
        file_));
  }

  // The first group that pandas wrote.
  Handle FindGroup() const {
    for (const hdf5::Member& member : hdf5::Members(opened_.file.get(), file_)) {
      if (member.kind != hdf5::MemberKind::kGroup) continue;
      Handle group = hdf5::OpenGroup(opened_.file.get(), member.name, file_);
      if (H5Aexists(group.get(), "pandas_type") > 0) return group;
    }
    Refuse();
  }

  Handle OpenDataset(hid_t group, const std::string& name) const {
    Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset.valid()) throw InputError(fmt::format("{}: has no dataset {}", file_, name));
    hdf5::RefuseForeignStorage(dataset.get(), file_ + ": " + name);
    return dataset;
  }

  void SetRows(hsize_t rows, std::size_t columns, std::size_t row_bytes, hid_t dataset) {
    const hsize_t stored = H5Dget_storage_size(dataset);
    // Deflate packs at most a thousandfold.
    if (rows > kMostRows || columns == 0 || columns > kMostColumns ||
        (rows > 0 && rows * row_bytes / 1100 > stored)) {
      throw InputError(
          fmt::format("{}: claims {} rows of {} columns in {} bytes: the file is "
                      "damaged",
                      file_, rows, columns, stored));
    }
    rows_ = rows;
    columns_ = columns;
  }

  void SetColumns(const std::vector<std::vector<std::string>>& names) {
    if (names.size() != columns_) {
      throw InputError(
          fmt::format("{}: has {} columns and names {}", file_, columns_, names.size()));
    }
    table_.emplace(ColumnsOf(names, file_), file_);
    mutable_labels() = table_->labels();
  }

  void OpenTable(hid_t group) {
    data_ = OpenDataset(group, "table");
    const Handle type(H5Dget_type(data_.get()), H5Tclose);
    const int place = H5Tget_class(type.get()) == H5T_COMPOUND
                          ? H5Tget_member_index(type.get(), "values_block_0")
                          : -1;
    if (place < 0 || H5Tget_member_index(type.get(), "index") < 0 ||
        H5Tget_member_index(type.get(), "values_block_1") >= 0) {
      throw InputError(
          fmt::format("{}: its table has not one block of numbers beside the frames' "
                      "index; an analysed video's is expected",
                      file_));
    }
    const Handle member(H5Tget_member_type(type.get(), static_cast<unsigned>(place)), H5Tclose);
    std::array<hsize_t, 1> width{};
    if (H5Tget_class(member.get()) != H5T_ARRAY || H5Tget_array_ndims(member.get()) != 1 ||
        H5Tget_array_dims2(member.get(), width.data()) < 0) {
      Refuse();
    }
    const std::vector<hsize_t> shape = ShapeOf(data_.get());
    if (shape.size() != 1) Refuse();
    SetRows(shape[0], width[0], H5Tget_size(type.get()), data_.get());
    const auto names = hdf5::ReadText(data_.get(), "values_block_0_kind", file_);
    if (!names) Refuse();
    SetColumns(ReadPickledTexts(*names, file_));
  }

  void OpenFixed(hid_t group) {
    data_ = OpenDataset(group, "block0_values");
    is_fixed_ = true;
    const std::vector<hsize_t> shape = ShapeOf(data_.get());
    if (shape.size() != 2) Refuse();
    SetRows(shape[0], shape[1], shape[1] * sizeof(double), data_.get());
    if (hdf5::Exists(group, "axis1", file_)) {
      index_ = OpenDataset(group, "axis1");
      if (ShapeOf(index_.get()) != std::vector<hsize_t>{rows_}) Refuse();
    }
    std::vector<std::vector<std::string>> names(columns_);
    std::size_t level = 0;
    for (; hdf5::Exists(group, fmt::format("block0_items_level{}", level), file_); ++level) {
      AddLevel(group, level, &names);
    }
    if (level == 0) Refuse();
    SetColumns(names);
  }

  // Appends each column's name of one level.
  void AddLevel(hid_t group, std::size_t level, std::vector<std::vector<std::string>>* names) {
    const Handle words = OpenDataset(group, fmt::format("block0_items_level{}", level));
    const Handle codes = OpenDataset(group, fmt::format("block0_items_label{}", level));
    const std::vector<hsize_t> count = ShapeOf(words.get());
    const Handle type(H5Dget_type(words.get()), H5Tclose);
    const std::size_t size = H5Tget_size(type.get());
    if (count.size() != 1 || count[0] > kMostColumns || size == 0 || size > 4096 ||
        H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) != 0 ||
        ShapeOf(codes.get()) != std::vector<hsize_t>{columns_} ||
        count[0] * size / 1100 > H5Dget_storage_size(words.get())) {
      throw InputError(fmt::format("{}: the names of its columns are no plain texts", file_));
    }
    std::vector<char> bytes(count[0] * size);
    std::vector<std::int64_t> code(columns_);
    if (H5Dread(words.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0 ||
        H5Dread(codes.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, code.data()) < 0) {
      hdf5::ThrowReadError(file_, "the names of the columns");
    }
    const std::vector<std::string> texts = hdf5::UnpackTexts(bytes, size);
    for (std::size_t i = 0; i < columns_; ++i) {
      if (code[i] < 0 || code[i] >= static_cast<std::int64_t>(texts.size())) Refuse();
      (*names)[i].push_back(texts[static_cast<std::size_t>(code[i])]);
    }
  }

  void Load() {
    loaded_first_ = next_;
    loaded_end_ = std::min<std::size_t>(rows_, next_ + kRowsAtOnce);
    const std::size_t count = loaded_end_ - loaded_first_;
    values_.assign(count * columns_, std::numeric_limits<double>::quiet_NaN());
    numbers_.resize(count);
    if (!is_fixed_) {
      const hsize_t width = columns_;
      const Handle array(H5Tarray_create2(H5T_NATIVE_DOUBLE, 1, &width), H5Tclose);
      ReadRows(data_.get(), Part("values_block_0", array.get(), columns_ * sizeof(double)).get(), 1,
               values_.data());
      ReadRows(data_.get(), Part("index", H5T_NATIVE_INT64, sizeof(std::int64_t)).get(), 1,
               numbers_.data());
      return;
    }
    ReadRows(data_.get(), H5T_NATIVE_DOUBLE, columns_, values_.data());
    if (index_.valid()) {
      ReadRows(index_.get(), H5T_NATIVE_INT64, 1, numbers_.data());
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        numbers_[i] = static_cast<std::int64_t>(loaded_first_ + i);
      }
    }
  }

  // A compound of one member in memory, which takes that member alone out of the file's.
  static Handle Part(const char* name, hid_t type, std::size_t size) {
    Handle part(H5Tcreate(H5T_COMPOUND, size), H5Tclose);
    H5Tinsert(part.get(), name, 0, type);
    return part;
  }

  // The loaded rows of a dataset of one or two dimensions.
  void ReadRows(hid_t dataset, hid_t memory_type, std::size_t width, void* out) const {
    const std::array<hsize_t, 2> start = {loaded_first_, 0};
    const std::array<hsize_t, 2> count = {loaded_end_ - loaded_first_, width};
    const Handle space(H5Dget_space(dataset), H5Sclose);
    const int rank = H5Sget_simple_extent_ndims(space.get());
    const Handle memory(H5Screate_simple(rank, count.data(), nullptr), H5Sclose);
    if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                            nullptr) < 0 ||
        H5Dread(dataset, memory_type, memory.get(), space.get(), H5P_DEFAULT, out) < 0) {
      hdf5::ThrowReadError(file_, fmt::format("rows {} to {}", loaded_first_, loaded_end_));
    }
  }

  std::string file_;
  hdf5::OpenedFile opened_;
  Handle data_;
  Handle index_;
  bool is_fixed_ = false;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::optional<DeepLabCutTable> table_;
  std::size_t next_ = 0;
  std::size_t loaded_first_ = 0;
  std::size_t loaded_end_ = 0;
  std::vector<double> values_;
  std::vector<std::int64_t> numbers_;
  std::vector<double> row_;
  std::int64_t last_ = -1;
};

}  // namespace

std::unique_ptr<KeypointSource> OpenDeepLabCutHdf5(const std::filesystem::path& path) {
  const hdf5::ErrorSilence silence;
  return std::make_unique<DeepLabCutHdf5>(path);
}

}  // namespace medius::storage
