#pragma once

#include <hdf5.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/hdf5_handle.hpp"

namespace medius::storage::hdf5 {

/// Longest text that is written as an attribute: an object header holds 64 KiB in all, and what
/// does not fit there HDF5 stores without a checksum.
inline constexpr std::size_t kLongestAttribute = 24 * 1024;

// Writing: an attribute of that name is replaced.
// @param file  the target, for the message. @throws InputError

void WriteText(hid_t object, const std::string& name, std::string_view text,
               const std::string& file);
void WriteTexts(hid_t object, const std::string& name, const std::vector<std::string>& texts,
                const std::string& file);
void WriteInteger(hid_t object, const std::string& name, std::int32_t value,
                  const std::string& file);
void WriteNumber(hid_t object, const std::string& name, double value, const std::string& file);

// Reading: nullopt where there is no such attribute.
// @param where  file and object. @throws InputError where it is of another type or damaged.

/// Fixed-length or variable-length text: people edit these in h5py, which writes the latter.
[[nodiscard]] std::optional<std::string> ReadText(hid_t object, const std::string& name,
                                                  const std::string& where);
[[nodiscard]] std::optional<std::vector<std::string>> ReadTexts(hid_t object,
                                                                const std::string& name,
                                                                const std::string& where);
[[nodiscard]] std::optional<std::int64_t> ReadInteger(hid_t object, const std::string& name,
                                                      const std::string& where);
[[nodiscard]] std::optional<double> ReadNumber(hid_t object, const std::string& name,
                                               const std::string& where);

/// Splits fixed-length elements into texts without their padding, and the other way round.
[[nodiscard]] std::vector<std::string> UnpackTexts(const std::vector<char>& bytes,
                                                   std::size_t text_size);
[[nodiscard]] std::vector<char> PackTexts(const std::vector<std::string>& texts,
                                          std::size_t text_size);
/// Bytes of the longest, at least 1. @throws InputError where a text holds a zero byte.
[[nodiscard]] std::size_t TextSize(const std::vector<std::string>& texts, const std::string& where);

}  // namespace medius::storage::hdf5
