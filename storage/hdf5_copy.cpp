#include "storage/hdf5_copy.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/hdf5_tree.hpp"

namespace medius::storage::hdf5 {

namespace {

constexpr std::uint64_t kMostBytesAtOnce = std::uint64_t{256} << 20U;

enum class Content : std::uint8_t { kPlain, kVariable, kReference };

// What an element's bytes are: themselves, pointers to text or lists elsewhere in the file, or
// references to objects.
Content ContentOf(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_REFERENCE:
      return Content::kReference;
    case H5T_STRING:
      return H5Tis_variable_str(type) > 0 ? Content::kVariable : Content::kPlain;
    case H5T_VLEN:
    case H5T_ARRAY: {
      const bool is_list = H5Tget_class(type) == H5T_VLEN;
      const Handle base(H5Tget_super(type), H5Tclose);
      const Content inner = ContentOf(base.get());
      return is_list && inner == Content::kPlain ? Content::kVariable : inner;
    }
    case H5T_COMPOUND:
      break;
    default:
      return Content::kPlain;
  }
  Content most = Content::kPlain;
  const int members = H5Tget_nmembers(type);
  for (int i = 0; i < members; ++i) {
    const Handle member(H5Tget_member_type(type, static_cast<unsigned>(i)), H5Tclose);
    most = std::max(most, ContentOf(member.get()));
  }
  return most;
}

// Values in memory, with what they point to where they do.
class Values {
 public:
  // @param file_type  of the values in the file; texts and lists need the type of the machine.
  Values(hid_t file_type, hid_t space, const std::string& where)
      : is_variable_(ContentOf(file_type) == Content::kVariable),
        type_(is_variable_ ? H5Tget_native_type(file_type, H5T_DIR_DEFAULT) : H5Tcopy(file_type),
              H5Tclose),
        space_(H5Scopy(space), H5Sclose) {
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (!type_.valid() || !space_.valid() || count < 0) ThrowReadError(where, "its shape");
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(count), H5Tget_size(type_.get()),
                               &bytes) ||
        bytes > kMostBytesAtOnce) {
      throw InputError(fmt::format("{}: claims {} elements, too many to be carried over unchunked",
                                   where, count));
    }
    bytes_.resize(std::max<std::uint64_t>(1, bytes));
  }
  ~Values() {
    if (is_variable_) H5Dvlen_reclaim(type_.get(), space_.get(), H5P_DEFAULT, bytes_.data());
  }
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;
  Values(Values&&) = delete;
  Values& operator=(Values&&) = delete;

  [[nodiscard]] hid_t type() const { return type_.get(); }
  [[nodiscard]] void* data() { return bytes_.data(); }

 private:
  bool is_variable_;
  Handle type_;
  Handle space_;
  std::vector<char> bytes_;
};

void CopyAttribute(hid_t from, hid_t to, const std::string& name, const std::string& from_where,
                   const std::string& file) {
  const std::string where = fmt::format("{}: attribute {}", from_where, Printable(name));
  const Handle source(H5Aopen(from, name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!source.valid()) ThrowReadError(where, "it");
  const Handle type(H5Aget_type(source.get()), H5Tclose);
  const Handle space(H5Aget_space(source.get()), H5Sclose);
  if (ContentOf(type.get()) == Content::kReference) return;
  Values values(type.get(), space.get(), where);
  if (H5Aread(source.get(), values.type(), values.data()) < 0) ThrowReadError(where, "it");
  // A copy of the type: one with a name belongs to the other file.
  const Handle own_type(H5Tcopy(type.get()), H5Tclose);
  Handle target(H5Acreate2(to, name.c_str(), own_type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
                H5Aclose);
  if (!target.valid() || H5Awrite(target.get(), values.type(), values.data()) < 0 ||
      !target.Close()) {
    ThrowWriteError(file, "attribute " + Printable(name));
  }
}

herr_t CollectName(hid_t /*object*/, const char* name, const H5A_info_t* /*info*/, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

// Copies the packed chunks of one dataset, whatever its number of dimensions.
class ChunkCopy {
 public:
  ChunkCopy(hid_t from, hid_t to, std::string where, std::string file)
      : from_(from), to_(to), where_(std::move(where)), file_(std::move(file)) {
    const Handle space(H5Dget_space(from), H5Sclose);
    const Handle properties(H5Dget_create_plist(from), H5Pclose);
    const int rank = H5Sget_simple_extent_ndims(space.get());
    if (rank <= 0) ThrowReadError(where_, "its shape");
    shape_.resize(static_cast<std::size_t>(rank));
    chunk_.resize(shape_.size());
    if (H5Sget_simple_extent_dims(space.get(), shape_.data(), nullptr) < 0 ||
        H5Pget_chunk(properties.get(), rank, chunk_.data()) != rank) {
      ThrowReadError(where_, "its chunks");
    }
  }

  void Run() {
    CheckCount();
    std::vector<hsize_t> offset(shape_.size(), 0);
    const bool is_empty = std::count(shape_.begin(), shape_.end(), hsize_t{0}) > 0;
    for (bool more = !is_empty; more; more = Advance(offset)) CopyChunk(offset);
  }

 private:
  // A shape that lies must not keep us busy looking for chunks that are not there.
  void CheckCount() const {
    constexpr double kMostEmpty = 1e6;
    const hsize_t stored = H5Dget_storage_size(from_);
    double places = 1.0;
    for (std::size_t i = 0; i < shape_.size(); ++i) {
      const hsize_t along = shape_[i] / chunk_[i] + 1;
      places *= static_cast<double>(along);
    }
    if (places <= static_cast<double>(stored) + kMostEmpty) return;
    throw InputError(
        fmt::format("{}: claims {:.0f} chunks but {} bytes are stored: the file is damaged", where_,
                    places, stored));
  }

  [[nodiscard]] bool Advance(std::vector<hsize_t>& offset) const {
    for (std::size_t i = offset.size(); i-- > 0;) {
      offset[i] += chunk_[i];
      if (offset[i] < shape_[i]) return true;
      offset[i] = 0;
    }
    return false;
  }

  void CopyChunk(const std::vector<hsize_t>& offset) {
    unsigned skipped = 0;
    haddr_t address = HADDR_UNDEF;
    hsize_t size = 0;
    if (H5Dget_chunk_info_by_coord(from_, offset.data(), &skipped, &address, &size) < 0) {
      ThrowReadError(where_, "the place of a chunk");
    }
    if (size == 0 || address == HADDR_UNDEF) return;  // Commit will not publish a hole of ours
    if (size > kMostBytesAtOnce) {
      throw InputError(
          fmt::format("{}: has a chunk of {} bytes: the file is damaged", where_, size));
    }
    bytes_.resize(size);
    std::uint32_t mask = 0;
    if (H5Dread_chunk(from_, H5P_DEFAULT, offset.data(), &mask, bytes_.data()) < 0) {
      ThrowReadError(where_, "a chunk");
    }
    if (H5Dwrite_chunk(to_, H5P_DEFAULT, mask, offset.data(), size, bytes_.data()) < 0) {
      ThrowWriteError(file_, where_);
    }
  }

  hid_t from_;
  hid_t to_;
  std::string where_;
  std::string file_;
  std::vector<hsize_t> shape_;
  std::vector<hsize_t> chunk_;
  std::vector<std::uint8_t> bytes_;
};

void CopyValues(hid_t from, hid_t to, hid_t type, hid_t space, const std::string& where,
                const std::string& file) {
  if (H5Sget_simple_extent_type(space) == H5S_NULL) return;
  Values values(type, space, where);
  if (H5Dread(from, values.type(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    ThrowReadError(where, "its values");
  }
  if (H5Dwrite(to, values.type(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    ThrowWriteError(file, where);
  }
}

void CopyDataset(hid_t from, const std::string& name, hid_t to, const std::string& where,
                 const std::string& file) {
  const Handle source(H5Dopen2(from, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!source.valid()) ThrowReadError(where, "the dataset");
  const Handle found_type(H5Dget_type(source.get()), H5Tclose);
  const Handle type(H5Tcopy(found_type.get()), H5Tclose);
  const Handle space(H5Dget_space(source.get()), H5Sclose);
  const Handle properties(H5Dget_create_plist(source.get()), H5Pclose);
  if (!type.valid() || !space.valid() || !properties.valid()) ThrowReadError(where, "its form");
  const Content content = ContentOf(type.get());
  if (content == Content::kReference) return;
  Handle target(H5Dcreate2(to, name.c_str(), type.get(), space.get(), H5P_DEFAULT, properties.get(),
                           H5P_DEFAULT),
                H5Dclose);
  if (!target.valid()) ThrowWriteError(file, where);
  if (H5Pget_layout(properties.get()) == H5D_CHUNKED && content == Content::kPlain) {
    ChunkCopy(source.get(), target.get(), where, file).Run();
  } else {
    CopyValues(source.get(), target.get(), type.get(), space.get(), where, file);
  }
  CopyAttributes(source.get(), target.get(), where, file);
  if (!target.Close()) ThrowWriteError(file, where);
}

}  // namespace

void CopyAttributes(hid_t from, hid_t to, const std::string& from_where, const std::string& file) {
  std::vector<std::string> names;
  hsize_t position = 0;
  if (H5Aiterate2(from, H5_INDEX_NAME, H5_ITER_NATIVE, &position, CollectName, &names) < 0) {
    ThrowReadError(from_where, "the list of attributes");
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const htri_t exists = H5Aexists(to, name.c_str());
    if (exists < 0) ThrowWriteError(file, "attribute " + Printable(name));
    if (exists == 0) CopyAttribute(from, to, name, from_where, file);
  }
}

void CopyObject(hid_t from, const std::string& name, hid_t to, const std::string& from_where,
                const std::string& file) {
  const std::string where = fmt::format("{}/{}", from_where, Printable(name));
  const Handle object(H5Oopen(from, name.c_str(), H5P_DEFAULT), H5Oclose);
  if (!object.valid()) ThrowReadError(where, "the object");
  const H5I_type_t kind = H5Iget_type(object.get());
  if (kind == H5I_DATASET) return CopyDataset(from, name, to, where, file);
  if (kind != H5I_GROUP) return;
  Handle group = CreateGroup(to, name, file);
  for (const Member& member : Members(object.get(), where)) {
    CopyObject(object.get(), member.name, group.get(), where, file);
  }
  CopyAttributes(object.get(), group.get(), where, file);
  if (!group.Close()) ThrowWriteError(file, where);
}

}  // namespace medius::storage::hdf5
