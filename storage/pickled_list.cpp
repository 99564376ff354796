#include "storage/pickled_list.hpp"

#include <charconv>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::storage {
namespace {

struct Value;
using ValuePointer = std::shared_ptr<Value>;
struct Value {
  bool is_text = false;
  bool is_mark = false;
  std::string text;                 // of a text or a number
  std::vector<ValuePointer> items;  // of a list or tuple
};

void AppendUtf8(std::uint32_t code, std::string* out) {
  const auto put = [&](std::uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6U);
    put(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12U);
    put(0x80 | (code >> 6U & 0x3FU));
    put(0x80 | (code & 0x3FU));
  } else {
    put(0xF0 | (code >> 18U & 7U));
    put(0x80 | (code >> 12U & 0x3FU));
    put(0x80 | (code >> 6U & 0x3FU));
    put(0x80 | (code & 0x3FU));
  }
}

class Unpickler {
 public:
  Unpickler(std::string_view bytes, const std::string& where) : rest_(bytes), where_(where) {}

  ValuePointer Run() {
    for (;;) {
      const char opcode = Take(1)[0];
      if (opcode == '.') return Pop();
      Do(opcode);
    }
  }

 private:
  [[noreturn]] void Fail() const {
    throw InputError(fmt::format(
        "{}: the column names are not a plain list of texts; write the table anew, or give the CSV "
        "file (DeepLabCut's save_as_csv)",
        where_));
  }

  std::string_view Take(std::size_t count) {
    if (rest_.size() < count) Fail();
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view Line() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) Fail();
    const std::string_view line = Take(end);
    Take(1);
    return line;
  }

  std::uint32_t Little(std::size_t bytes) {
    std::uint32_t value = 0;
    const std::string_view raw = Take(bytes);
    for (std::size_t i = 0; i < bytes; ++i) {
      value |= static_cast<std::uint32_t>(static_cast<unsigned char>(raw[i])) << (8U * i);
    }
    return value;
  }

  std::uint32_t LineNumber() {
    const std::string_view line = Line();
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc() || end != line.data() + line.size()) Fail();
    return number;
  }

  ValuePointer Pop() {
    if (stack_.empty() || stack_.back()->is_mark) Fail();
    ValuePointer value = std::move(stack_.back());
    stack_.pop_back();
    return value;
  }

  ValuePointer& Top() {
    if (stack_.empty() || stack_.back()->is_mark) Fail();
    return stack_.back();
  }

  void Push() { stack_.push_back(std::make_shared<Value>()); }
  void PushText(std::string text) {
    Push();
    stack_.back()->is_text = true;
    stack_.back()->text = std::move(text);
  }

  std::vector<ValuePointer> PopToMark() {
    std::size_t begin = stack_.size();
    while (begin > 0 && !stack_[begin - 1]->is_mark) --begin;
    if (begin == 0) Fail();
    std::vector<ValuePointer> items(stack_.begin() + static_cast<std::ptrdiff_t>(begin),
                                    stack_.end());
    stack_.resize(begin - 1);
    return items;
  }

  void PushItems(std::vector<ValuePointer> items) {
    Push();
    stack_.back()->items = std::move(items);
  }

  void PushTuple(std::size_t size) {
    std::vector<ValuePointer> items(size);
    for (std::size_t i = size; i > 0; --i) items[i - 1] = Pop();
    PushItems(std::move(items));
  }

  // Only ever behind the value itself, so that none can contain itself.
  void Append(const std::vector<ValuePointer>& items) {
    std::vector<ValuePointer>& list = Top()->items;
    for (const ValuePointer& item : items) {
      if (item == stack_.back()) Fail();
      list.push_back(item);
    }
  }

  std::string RawUnicode(std::string_view line) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool escape =
          line[i] == '\\' && i + 1 < line.size() && (line[i + 1] == 'u' || line[i + 1] == 'U');
      const std::size_t digits = escape ? (line[i + 1] == 'u' ? 4 : 8) : 0;
      if (!escape) {
        AppendUtf8(static_cast<unsigned char>(line[i]), &text);  // Latin-1
        continue;
      }
      std::uint32_t code = 0;
      if (i + 2 + digits > line.size()) Fail();
      const char* first = line.data() + i + 2;
      const auto [end, error] = std::from_chars(first, first + digits, code, 16);
      if (error != std::errc() || end != first + digits) Fail();
      AppendUtf8(code, &text);
      i += 1 + digits;
    }
    return text;
  }

  void Do(char opcode) {
    switch (static_cast<unsigned char>(opcode)) {
      case 0x80:
        Take(1);
        return;  // protocol
      case '(':
        Push();
        stack_.back()->is_mark = true;
        return;
      case 'l':
      case 't':
        return PushItems(PopToMark());
      case ']':
      case ')':
        return Push();
      case 0x85:
        return PushTuple(1);
      case 0x86:
        return PushTuple(2);
      case 0x87:
        return PushTuple(3);
      case 'a':
        return AppendOne();
      case 'e':
        return AppendMany();
      case 'V':
        return PushText(RawUnicode(Line()));
      case 'X':
        return PushText(std::string(Take(Little(4))));
      case 'I':
      case 'L':
        return PushText(std::string(Line()));
      case 'K':
        return PushText(std::to_string(Little(1)));
      case 'M':
        return PushText(std::to_string(Little(2)));
      case 'J':
        return PushText(std::to_string(Little(4)));
      case 'N':
        return PushText("");
      case 'p':
        memo_[LineNumber()] = Top();
        return;
      case 'q':
        memo_[Little(1)] = Top();
        return;
      case 'r':
        memo_[Little(4)] = Top();
        return;
      case 'g':
        return Recall(LineNumber());
      case 'h':
        return Recall(Little(1));
      case 'j':
        return Recall(Little(4));
      default:
        Fail();
    }
  }

  void AppendOne() {
    const ValuePointer item = Pop();
    if (item->items.empty() && !item->is_text) Fail();
    Append({item});
  }
  void AppendMany() { Append(PopToMark()); }

  void Recall(std::uint32_t key) {
    const auto found = memo_.find(key);
    // Texts alone come back: a list could be put into itself.
    if (found == memo_.end() || !found->second->is_text) Fail();
    stack_.push_back(found->second);
  }

  std::string_view rest_;
  const std::string& where_;
  std::vector<ValuePointer> stack_;
  std::map<std::uint32_t, ValuePointer> memo_;
};

}  // namespace

std::vector<std::vector<std::string>> ReadPickledTexts(std::string_view pickle,
                                                       const std::string& where) {
  const auto refuse = [&] {
    throw InputError(fmt::format("{}: the column names are not a list of tuples of texts", where));
  };
  const ValuePointer list = Unpickler(pickle, where).Run();
  if (list->is_text || list->items.empty()) refuse();
  std::vector<std::vector<std::string>> rows;
  for (const ValuePointer& tuple : list->items) {
    if (tuple->is_text) refuse();
    std::vector<std::string>& row = rows.emplace_back();
    for (const ValuePointer& item : tuple->items) {
      if (!item->is_text) refuse();
      row.push_back(item->text);
    }
  }
  return rows;
}

}  // namespace medius::storage
