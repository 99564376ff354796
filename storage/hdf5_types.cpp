#include "storage/hdf5_types.hpp"

#include <fmt/format.h>

#include "core/check.hpp"

namespace medius::storage::hdf5 {

namespace {

hid_t NumberType(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return H5T_IEEE_F32LE;
    case ElementType::kFloat64:
      return H5T_IEEE_F64LE;
    case ElementType::kInt8:
      return H5T_STD_I8LE;
    case ElementType::kUint8:
      return H5T_STD_U8LE;
    case ElementType::kInt16:
      return H5T_STD_I16LE;
    case ElementType::kUint64:
      return H5T_STD_U64LE;
    case ElementType::kText:
      break;
  }
  MEDIUS_CHECK(false, "text has no number type");
}

std::string DescribeNumber(hid_t found, const char* kind) {
  const std::size_t bytes = H5Tget_size(found);
  const bool big = bytes > 1 && H5Tget_order(found) != H5T_ORDER_LE;
  return fmt::format("{}{}{}", kind, 8 * bytes, big ? " (not little-endian)" : "");
}

}  // namespace

std::size_t SizeOf(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return 4;
    case ElementType::kFloat64:
    case ElementType::kUint64:
      return 8;
    case ElementType::kInt8:
    case ElementType::kUint8:
      return 1;
    case ElementType::kInt16:
      return 2;
    case ElementType::kText:
      break;
  }
  MEDIUS_CHECK(false, "text has no size of its own");
}

Handle FileType(ElementType type, std::size_t text_size) {
  if (type != ElementType::kText) return {H5Tcopy(NumberType(type)), H5Tclose};
  Handle text(H5Tcopy(H5T_C_S1), H5Tclose);
  MEDIUS_CHECK(text_size > 0 && H5Tset_size(text.get(), text_size) >= 0 &&
                   H5Tset_cset(text.get(), H5T_CSET_UTF8) >= 0 &&
                   H5Tset_strpad(text.get(), H5T_STR_NULLPAD) >= 0,
               "a fixed-length text type");
  return text;
}

bool IsOfType(hid_t found, ElementType expected) {
  if (expected != ElementType::kText) return H5Tequal(found, NumberType(expected)) > 0;
  return H5Tget_class(found) == H5T_STRING && H5Tis_variable_str(found) == 0;
}

std::string Describe(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return "float32";
    case ElementType::kFloat64:
      return "float64";
    case ElementType::kInt8:
      return "int8";
    case ElementType::kUint8:
      return "uint8";
    case ElementType::kInt16:
      return "int16";
    case ElementType::kUint64:
      return "uint64";
    case ElementType::kText:
      return "fixed-length text";
  }
  return "?";
}

std::string Describe(hid_t found) {
  switch (H5Tget_class(found)) {
    case H5T_FLOAT:
      return DescribeNumber(found, "float");
    case H5T_INTEGER:
      return DescribeNumber(found, H5Tget_sign(found) == H5T_SGN_NONE ? "uint" : "int");
    case H5T_STRING:
      return H5Tis_variable_str(found) > 0 ? "variable-length text" : "fixed-length text";
    case H5T_COMPOUND:
      return "a compound type";
    case H5T_REFERENCE:
      return "a reference";
    case H5T_ENUM:
      return "an enumeration";
    case H5T_VLEN:
      return "a variable-length type";
    case H5T_ARRAY:
      return "an array type";
    case H5T_BITFIELD:
      return "a bit field";
    case H5T_OPAQUE:
      return "an opaque type";
    default:
      return "an unknown type";
  }
}

}  // namespace medius::storage::hdf5
