#include "storage/hdf5_attributes.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/hdf5_types.hpp"

namespace medius::storage::hdf5 {

namespace {

// More than any attribute of ours; a larger claim is a lie or not ours to read.
constexpr hsize_t kMostAttributeBytes = 16U << 20U;

struct AttributeType {
  hid_t file = H5I_INVALID_HID;
  hid_t memory = H5I_INVALID_HID;
};

void WriteAttribute(hid_t object, const std::string& name, const AttributeType& type, hid_t space,
                    const void* data, const std::string& file) {
  const std::string what = "attribute " + name;
  const htri_t exists = H5Aexists(object, name.c_str());
  if (exists < 0 || (exists > 0 && H5Adelete(object, name.c_str()) < 0)) {
    ThrowWriteError(file, what);
  }
  Handle attribute(H5Acreate2(object, name.c_str(), type.file, space, H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose);
  if (!attribute.valid() || H5Awrite(attribute.get(), type.memory, data) < 0 ||
      !attribute.Close()) {
    ThrowWriteError(file, what);
  }
}

Handle ScalarSpace() {
  return {H5Screate(H5S_SCALAR), H5Sclose};
}

// An attribute that is there, with what is needed to read it.
struct OpenAttribute {
  Handle attribute;
  Handle type;
  Handle space;
  hsize_t count = 0;
  hsize_t bytes = 0;
};

std::optional<OpenAttribute> Open(hid_t object, const std::string& name, const std::string& where) {
  const htri_t exists = H5Aexists(object, name.c_str());
  if (exists < 0) ThrowReadError(where, "attribute " + name);
  if (exists == 0) return std::nullopt;
  OpenAttribute open;
  open.attribute = Handle(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!open.attribute.valid()) ThrowReadError(where, "attribute " + name);
  open.type = Handle(H5Aget_type(open.attribute.get()), H5Tclose);
  open.space = Handle(H5Aget_space(open.attribute.get()), H5Sclose);
  const hssize_t count = H5Sget_simple_extent_npoints(open.space.get());
  if (!open.type.valid() || count < 0) ThrowReadError(where, "attribute " + name);
  open.count = static_cast<hsize_t>(count);
  if (__builtin_mul_overflow(open.count, H5Tget_size(open.type.get()), &open.bytes) ||
      open.bytes > kMostAttributeBytes) {
    throw InputError(fmt::format("{}: attribute {} claims {} elements: the file is damaged", where,
                                 name, open.count));
  }
  return open;
}

[[noreturn]] void ThrowWrongType(const std::string& where, const std::string& name, hid_t found,
                                 std::string_view expected) {
  throw InputError(
      fmt::format("{}: attribute {} is {}, expected {}", where, name, Describe(found), expected));
}

std::string ReadVariableText(const OpenAttribute& open, const std::string& name,
                             const std::string& where) {
  char* text = nullptr;
  const Handle memory(H5Tget_native_type(open.type.get(), H5T_DIR_DEFAULT), H5Tclose);
  // NOLINTNEXTLINE(bugprone-multi-level-implicit-pointer-conversion)
  if (H5Aread(open.attribute.get(), memory.get(), &text) < 0) {
    ThrowReadError(where, "attribute " + name);
  }
  std::string copy(text == nullptr ? "" : text);
  H5Dvlen_reclaim(memory.get(), open.space.get(), H5P_DEFAULT, &text);
  return copy;
}

std::vector<std::string> ReadFixedTexts(const OpenAttribute& open, const std::string& name,
                                        const std::string& where) {
  if (open.count == 0) return {};
  std::vector<char> bytes(open.bytes);
  if (H5Aread(open.attribute.get(), open.type.get(), bytes.data()) < 0) {
    ThrowReadError(where, "attribute " + name);
  }
  return UnpackTexts(bytes, H5Tget_size(open.type.get()));
}

}  // namespace

void WriteText(hid_t object, const std::string& name, std::string_view text,
               const std::string& file) {
  const std::vector<std::string> one{std::string(text)};
  const std::size_t size = TextSize(one, file + ": attribute " + name);
  const Handle type = FileType(ElementType::kText, size);
  const Handle space = ScalarSpace();
  const std::vector<char> bytes = PackTexts(one, size);
  WriteAttribute(object, name, {type.get(), type.get()}, space.get(), bytes.data(), file);
}

void WriteTexts(hid_t object, const std::string& name, const std::vector<std::string>& texts,
                const std::string& file) {
  const std::size_t size = TextSize(texts, file + ": attribute " + name);
  const Handle type = FileType(ElementType::kText, size);
  const hsize_t count = texts.size();
  const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  std::vector<char> bytes = PackTexts(texts, size);
  bytes.resize(std::max<std::size_t>(1, bytes.size()));
  WriteAttribute(object, name, {type.get(), type.get()}, space.get(), bytes.data(), file);
}

void WriteInteger(hid_t object, const std::string& name, std::int32_t value,
                  const std::string& file) {
  WriteAttribute(object, name, {H5T_STD_I32LE, H5T_NATIVE_INT32}, ScalarSpace().get(), &value,
                 file);
}

void WriteNumber(hid_t object, const std::string& name, double value, const std::string& file) {
  WriteAttribute(object, name, {H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE}, ScalarSpace().get(), &value,
                 file);
}

std::optional<std::string> ReadText(hid_t object, const std::string& name,
                                    const std::string& where) {
  const std::optional<OpenAttribute> open = Open(object, name, where);
  if (!open) return std::nullopt;
  if (H5Tget_class(open->type.get()) != H5T_STRING || open->count != 1) {
    ThrowWrongType(where, name, open->type.get(), "one text");
  }
  if (H5Tis_variable_str(open->type.get()) > 0) return ReadVariableText(*open, name, where);
  return ReadFixedTexts(*open, name, where).at(0);
}

std::optional<std::vector<std::string>> ReadTexts(hid_t object, const std::string& name,
                                                  const std::string& where) {
  const std::optional<OpenAttribute> open = Open(object, name, where);
  if (!open) return std::nullopt;
  if (!IsOfType(open->type.get(), ElementType::kText)) {
    ThrowWrongType(where, name, open->type.get(), Describe(ElementType::kText));
  }
  return ReadFixedTexts(*open, name, where);
}

std::optional<std::int64_t> ReadInteger(hid_t object, const std::string& name,
                                        const std::string& where) {
  const std::optional<OpenAttribute> open = Open(object, name, where);
  if (!open) return std::nullopt;
  if (H5Tget_class(open->type.get()) != H5T_INTEGER || open->count != 1) {
    ThrowWrongType(where, name, open->type.get(), "one integer");
  }
  std::int64_t value = 0;
  if (H5Aread(open->attribute.get(), H5T_NATIVE_INT64, &value) < 0) {
    ThrowReadError(where, "attribute " + name);
  }
  return value;
}

std::optional<double> ReadNumber(hid_t object, const std::string& name, const std::string& where) {
  const std::optional<OpenAttribute> open = Open(object, name, where);
  if (!open) return std::nullopt;
  const H5T_class_t kind = H5Tget_class(open->type.get());
  if ((kind != H5T_FLOAT && kind != H5T_INTEGER) || open->count != 1) {
    ThrowWrongType(where, name, open->type.get(), "one number");
  }
  double value = 0.0;
  if (H5Aread(open->attribute.get(), H5T_NATIVE_DOUBLE, &value) < 0) {
    ThrowReadError(where, "attribute " + name);
  }
  return value;
}

std::vector<std::string> UnpackTexts(const std::vector<char>& bytes, std::size_t text_size) {
  std::vector<std::string> texts;
  texts.reserve(bytes.size() / text_size);
  for (std::size_t at = 0; at + text_size <= bytes.size(); at += text_size) {
    texts.emplace_back(bytes.data() + at, strnlen(bytes.data() + at, text_size));
  }
  return texts;
}

std::vector<char> PackTexts(const std::vector<std::string>& texts, std::size_t text_size) {
  std::vector<char> bytes(texts.size() * text_size, '\0');
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::copy(texts[i].begin(), texts[i].end(),
              bytes.begin() + static_cast<std::ptrdiff_t>(i * text_size));
  }
  return bytes;
}

std::size_t TextSize(const std::vector<std::string>& texts, const std::string& where) {
  std::size_t size = 1;
  for (const std::string& text : texts) {
    if (text.find('\0') != std::string::npos) {
      throw InputError(
          fmt::format("{}: the text \"{}\" holds a zero byte", where, Printable(text)));
    }
    size = std::max(size, text.size());
  }
  return size;
}

}  // namespace medius::storage::hdf5
