#include "storage/json_elements.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::storage {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18U;
// The keypoints of one image; a crowd of a thousand has one megabyte.
constexpr std::size_t kMostValueBytes = std::size_t{1} << 26U;

bool IsBlank(int c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool IsWordCharacter(int c) {
  return c == '-' || c == '+' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z');
}

void Put(std::string* out, char c) {
  if (out != nullptr) out->push_back(c);
}

}  // namespace

bool JsonScanner::Fill() {
  base_ += buffer_.size();
  at_ = 0;
  const std::uint64_t left = file_.size() - std::min(file_.size(), base_);
  buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kBufferBytes)));
  if (buffer_.empty()) return false;
  file_.ReadAt(base_, buffer_.size(), buffer_.data());
  if (base_ == 0 && buffer_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // byte order mark
  return true;
}

int JsonScanner::Get() {
  if (at_ == buffer_.size() && !Fill()) return -1;
  return static_cast<unsigned char>(buffer_[at_++]);
}

void JsonScanner::Fail(const std::string& what) const {
  throw InputError(fmt::format("{}: byte {}: {}", file_.name(), offset(), what));
}

char JsonScanner::Peek() {
  for (;;) {
    if (at_ == buffer_.size() && !Fill()) return '\0';
    if (!IsBlank(static_cast<unsigned char>(buffer_[at_]))) return buffer_[at_];
    ++at_;
  }
}

bool JsonScanner::Accept(char wanted) {
  if (Peek() != wanted) return false;
  ++at_;
  return true;
}

void JsonScanner::Expect(char wanted) {
  if (Accept(wanted)) return;
  const char found = Peek();
  if (found == '\0')
    Fail(fmt::format("the file ends where '{}' is expected: it is cut short", wanted));
  Fail(fmt::format("'{}' is expected in place of '{}'", wanted,
                   static_cast<unsigned char>(found) < 0x20 ? '?' : found));
}

std::string JsonScanner::TakeValue() {
  std::string value;
  Scan(&value);
  return value;
}

void JsonScanner::SkipValue() {
  Scan(nullptr);
}

void JsonScanner::ScanText(std::string* out) {
  for (;;) {
    const int c = Get();
    if (c < 0) Fail("the file ends inside a text: it is cut short");
    Put(out, static_cast<char>(c));
    if (c == '"') return;
    if (c == '\\') {
      const int escaped = Get();
      if (escaped < 0) Fail("the file ends inside a text: it is cut short");
      Put(out, static_cast<char>(escaped));
    }
  }
}

// Takes brackets as they nest; whether all is JSON the parser of the value says.
void JsonScanner::Scan(std::string* out) {
  std::size_t depth = 0;
  do {
    const char c = Peek();
    if (c == '\0') Fail("the file ends inside a value: it is cut short");
    if (out != nullptr && out->size() > kMostValueBytes) {
      Fail("one element has more than 64 MB; that is no image's keypoints");
    }
    if (c == '"') {
      Put(out, static_cast<char>(Get()));
      ScanText(out);
    } else if (IsWordCharacter(static_cast<unsigned char>(c))) {
      std::string word;
      while ((at_ < buffer_.size() || Fill()) &&
             IsWordCharacter(static_cast<unsigned char>(buffer_[at_])) && word.size() < 64) {
        word.push_back(buffer_[at_++]);
      }
      if (word == "NaN" || word == "Infinity" || word == "-Infinity") word = "null";
      if (out != nullptr) *out += word;
    } else {
      if (c == '[' || c == '{') ++depth;
      if (c == ']' || c == '}') {
        if (depth == 0) Fail("a value is expected in place of a closing bracket");
        --depth;
      } else if (depth == 0 && c != '[' && c != '{') {
        Fail("a value is expected");
      }
      Put(out, static_cast<char>(Get()));
    }
  } while (depth > 0);
}

}  // namespace medius::storage
