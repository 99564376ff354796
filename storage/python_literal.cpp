#include "storage/python_literal.hpp"

#include <cctype>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/rig_parts.hpp"

namespace medius::storage {
namespace {

constexpr int kDeepest = 32;

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  PythonValue ParseAll() {
    PythonValue value = ParseValue(0);
    SkipBlanks();
    if (at_ != text_.size()) Fail("text follows where the file should end");
    return value;
  }

 private:
  PythonValue ParseValue(int depth) {
    SkipBlanks();
    if (depth > kDeepest) Fail("is nested too deeply");
    if (at_ == text_.size()) Fail("ends too early: the file is not whole");
    PythonValue value;
    value.line = line_;
    const char c = text_[at_];
    if (c == '{') {
      ParseDictionary(value, depth);
    } else if (c == '[' || c == '(') {
      ParseList(value, c == '[' ? ']' : ')', depth);
    } else if (IsText()) {
      value.kind = PythonValue::Kind::kText;
      value.text = ParseText();
    } else {
      ParseWord(value);
    }
    return value;
  }

  void ParseDictionary(PythonValue& value, int depth) {
    value.kind = PythonValue::Kind::kDictionary;
    ++at_;
    while (!TakeIf('}')) {
      SkipBlanks();
      if (at_ == text_.size()) Fail("ends too early: the file is not whole");
      if (!IsText()) Fail("a name in quotes is expected");
      const std::string key = ParseText();
      if (!TakeIf(':')) Fail(fmt::format("':' is expected after '{}'", key));
      if (!value.fields.emplace(key, ParseValue(depth + 1)).second) {
        Fail(fmt::format("'{}' stands twice", key));
      }
      EndElement('}');
    }
  }

  void ParseList(PythonValue& value, char end, int depth) {
    value.kind = PythonValue::Kind::kList;
    ++at_;
    while (!TakeIf(end)) {
      value.list.push_back(ParseValue(depth + 1));
      EndElement(end);
    }
  }

  // After an element: a comma, or the end of the list, which is left for the caller.
  void EndElement(char end) {
    if (TakeIf(',')) return;
    if (at_ == text_.size()) Fail("ends too early: the file is not whole");
    if (text_[at_] != end) Fail(fmt::format("',' or '{}' is expected", end));
  }

  [[nodiscard]] bool IsText() const {
    constexpr std::size_t kLongestPrefix = 2;  // b'', r'', rb''
    const std::string_view head = text_.substr(at_, kLongestPrefix + 1);
    const std::size_t quote = head.find_first_of("'\"");
    return quote != std::string_view::npos &&
           head.substr(0, quote).find_first_not_of("bBrRuU") == std::string_view::npos;
  }

  std::string ParseText() {
    at_ = text_.find_first_of("'\"", at_);
    const char quote = text_[at_++];
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size() || text_[at_] != quote) Fail("a text without its closing quote");
    return std::string(text_.substr(begin, at_++ - begin));
  }

  void ParseWord(PythonValue& value) {
    const std::size_t begin = at_;
    const auto is_part = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '+' || c == '-' ||
             c == '_';
    };
    while (at_ < text_.size() && is_part(text_[at_])) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word == "None") return;
    value.kind = PythonValue::Kind::kNumber;
    if (word == "True" || word == "False") {
      value.number = word == "True" ? 1.0 : 0.0;
      return;
    }
    const auto number = ParseNumber(word);
    if (!number) {
      Fail(word.empty() ? fmt::format("'{}' is not expected here", text_[at_])
                        : fmt::format("\"{}\" is not a number", word));
    }
    value.number = *number;
  }

  void SkipBlanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        if (c == '\n') ++line_;
        ++at_;
      } else {
        return;
      }
    }
  }

  bool TakeIf(char c) {
    SkipBlanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  [[noreturn]] void Fail(std::string_view problem) const {
    throw InputError(fmt::format("{}: line {}: {}", file_, line_, problem));
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

PythonValue ParsePythonLiteral(std::string_view text, const std::string& file) {
  return Parser(text, file).ParseAll();
}

}  // namespace medius::storage
