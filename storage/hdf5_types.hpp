#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "storage/hdf5_handle.hpp"

namespace medius::storage::hdf5 {

/// What an element of a dataset is. Numbers are little-endian in the file, as in memory.
enum class ElementType : std::uint8_t {
  kFloat32,
  kFloat64,
  kInt8,
  kUint8,
  kInt16,
  kUint64,
  kText,  ///< fixed length, UTF-8, padded with zero bytes
};

/// Bytes of a number; kText has its length instead.
[[nodiscard]] std::size_t SizeOf(ElementType type);

/// The type in the file. @param text_size  bytes of a kText element.
[[nodiscard]] Handle FileType(ElementType type, std::size_t text_size = 0);

/// True where a type found in a file is exactly this one (kText: any fixed length).
[[nodiscard]] bool IsOfType(hid_t found, ElementType expected);

/// "float32", "text", ...
[[nodiscard]] std::string Describe(ElementType type);
/// The same words for whatever was found: "float64 (big-endian)", "compound", "reference", ...
[[nodiscard]] std::string Describe(hid_t found);

}  // namespace medius::storage::hdf5
