#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace medius::storage {

/// A list of tuples of texts as Python pickles it: how PyTables keeps the column names of a table
/// of pandas in an attribute. Reads numbers, texts, tuples and lists of protocols 0 to 2 and calls
/// nothing: a pickle that would run code is refused.
/// @param where  for the message.
/// @throws InputError where it is anything else.
/// Source: the opcodes of Python's module pickletools.
[[nodiscard]] std::vector<std::vector<std::string>> ReadPickledTexts(std::string_view pickle,
                                                                     const std::string& where);

}  // namespace medius::storage
