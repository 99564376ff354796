#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace medius::storage {

/// A value of a Python literal, as mrcal's .cameramodel files hold: numbers, texts, lists (and
/// tuples), dictionaries with texts for keys, True, False and None.
struct PythonValue {
  enum class Kind { kNone, kNumber, kText, kList, kDictionary };
  Kind kind = Kind::kNone;
  double number = 0.0;                        ///< also of True (1) and False (0)
  std::string text;                           ///< as written between its quotes
  std::vector<PythonValue> list;              ///< elements
  std::map<std::string, PythonValue> fields;  ///< of a dictionary
  std::size_t line = 1;                       ///< where it begins, from 1
};

/// Parses a file that is one Python literal; comments are allowed, nothing is executed.
/// @param file  for messages. @throws InputError with file and line where it is none, or not whole.
[[nodiscard]] PythonValue ParsePythonLiteral(std::string_view text, const std::string& file);

}  // namespace medius::storage
