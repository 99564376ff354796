#include "storage/text_lines.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/marker_labels.hpp"

namespace medius::storage {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::size_t kLongestLine = 16 << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// A quoted cell from behind its opening quote; "" stands for a quote.
std::string TakeQuoted(std::string_view& rest) {
  std::string cell;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '"') {
      cell += c;
    } else if (!rest.empty() && rest.front() == '"') {
      cell += '"';
      rest.remove_prefix(1);
    } else {
      break;
    }
  }
  return cell;
}

}  // namespace

Delimiter FindDelimiter(std::string_view line) {
  for (const Delimiter delimiter : {Delimiter::kTab, Delimiter::kSemicolon, Delimiter::kComma}) {
    if (line.find(static_cast<char>(delimiter)) != std::string_view::npos) return delimiter;
  }
  return Delimiter::kBlanks;
}

bool TakeCell(std::string_view& rest, Delimiter delimiter, std::string_view& cell) {
  if (rest.data() == nullptr) return false;
  if (delimiter == Delimiter::kBlanks) {
    while (!rest.empty() && IsBlank(rest.front())) rest.remove_prefix(1);
    if (rest.empty()) return false;
    const std::size_t length =
        static_cast<std::size_t>(std::find_if(rest.begin(), rest.end(), IsBlank) - rest.begin());
    cell = rest.substr(0, length);
    rest.remove_prefix(length);
    return true;
  }
  const std::size_t end = rest.find(static_cast<char>(delimiter));
  cell = Trimmed(rest.substr(0, end));
  // A null view, not an empty one, marks the end: "1," has a second, empty cell.
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return true;
}

std::vector<std::string> SplitCells(std::string_view line, Delimiter delimiter) {
  std::vector<std::string> cells;
  std::string_view rest = line;
  std::string_view cell;
  while (true) {
    const std::string_view ahead = Trimmed(rest);
    if (delimiter != Delimiter::kBlanks && !ahead.empty() && ahead.front() == '"' &&
        Trimmed(rest.substr(0, rest.find('"'))).empty()) {
      rest.remove_prefix(rest.find('"') + 1);
      cells.push_back(TakeQuoted(rest));
      if (!TakeCell(rest, delimiter, cell)) return cells;  // what stands behind the quotes
      continue;
    }
    if (!TakeCell(rest, delimiter, cell)) return cells;
    cells.emplace_back(cell);
  }
}

bool LineReader::Fill() {
  if (next_read_ >= file_.size()) return false;
  buffer_.erase(0, begin_);
  begin_ = 0;
  if (buffer_.size() > kLongestLine) {
    throw InputError(fmt::format("{}: line {} is longer than {} bytes; a table of text is expected",
                                 file_.name(), lines_ + 1, kLongestLine));
  }
  const std::size_t kept = buffer_.size();
  const auto count =
      static_cast<std::size_t>(std::min<std::uint64_t>(kBufferBytes, file_.size() - next_read_));
  buffer_.resize(kept + count);
  file_.ReadAt(next_read_, count, buffer_.data() + kept);
  if (next_read_ == 0 && buffer_.starts_with(kByteOrderMark)) begin_ = kByteOrderMark.size();
  next_read_ += count;
  return true;
}

bool LineReader::Next(TextLine& line) {
  std::size_t end = buffer_.find('\n', begin_);
  while (end == std::string::npos) {
    const std::size_t searched = buffer_.size() - begin_;
    if (!Fill()) break;
    end = buffer_.find('\n', begin_ + searched);
  }
  if (begin_ == buffer_.size()) return false;
  const std::size_t stop = std::min(end, buffer_.size());
  line.text = std::string_view(buffer_).substr(begin_, stop - begin_);
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  line.offset = next_read_ - (buffer_.size() - begin_);
  line.number = ++lines_;
  begin_ = std::min(stop + 1, buffer_.size());
  return true;
}

std::size_t LineNumberAt(const InputFile& file, std::uint64_t offset) {
  std::size_t lines = 1;
  std::array<char, 65536> buffer;
  for (std::uint64_t place = 0; place < offset; place += buffer.size()) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), offset - place));
    file.ReadAt(place, count, buffer.data());
    lines += static_cast<std::size_t>(std::count(buffer.begin(), buffer.begin() + count, '\n'));
  }
  return lines;
}

}  // namespace medius::storage
