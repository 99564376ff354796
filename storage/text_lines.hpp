#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/input_file.hpp"

namespace medius::storage {

/// What stands between the cells of a line. kBlanks: one or more blanks or tabs, so that no cell
/// can be empty.
enum class Delimiter : char { kTab = '\t', kComma = ',', kSemicolon = ';', kBlanks = ' ' };

/// The delimiter that a header line uses: a tab, else a semicolon, else a comma, else blanks.
[[nodiscard]] Delimiter FindDelimiter(std::string_view line);

/// The cells of a line, trimmed. A cell in double quotes may hold the delimiter (RFC 4180).
[[nodiscard]] std::vector<std::string> SplitCells(std::string_view line, Delimiter delimiter);

/// Takes the next cell off the front of `rest`, trimmed, without a look at quotes: for numbers.
/// @return false where the line has no more cells.
bool TakeCell(std::string_view& rest, Delimiter delimiter, std::string_view& cell);

/// A line without its end ("\n" or "\r\n") and where it stands.
struct TextLine {
  std::string_view text;
  std::uint64_t offset = 0;  ///< byte of its start
  std::size_t number = 1;    ///< from 1
};

/// Reads a file line by line through a buffer of its own. A byte order mark at the start is
/// skipped.
class LineReader {
 public:
  explicit LineReader(const InputFile& file) : file_(file) {}

  /// The next line, valid until the next call. @return false at the end of the file.
  /// @throws InputError where a line is longer than 16 MB: no table of a person's markers is.
  bool Next(TextLine& line);

 private:
  bool Fill();

  const InputFile& file_;
  std::string buffer_;
  std::size_t begin_ = 0;        // of the unread part of the buffer
  std::uint64_t next_read_ = 0;  // byte of the file behind the buffer
  std::size_t lines_ = 0;
};

/// Number of the line in which a byte stands, from 1; for messages.
[[nodiscard]] std::size_t LineNumberAt(const InputFile& file, std::uint64_t offset);

}  // namespace medius::storage
