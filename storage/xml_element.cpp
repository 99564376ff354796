#include "storage/xml_element.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/input_file.hpp"
#include "storage/rig_parts.hpp"

namespace medius::storage {
namespace {

constexpr std::uint64_t kLargestFile = 64 << 20;

std::vector<std::string_view> Words(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return words;
    const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

}  // namespace

XmlFile::XmlFile(const std::filesystem::path& path)
    : name_(path.string()), text_(InputFile(path).ReadAll(kLargestFile)) {
  const pugi::xml_parse_result result = document_.load_buffer(text_.data(), text_.size());
  if (result) return;
  throw InputError(fmt::format("{}: line {}: is not whole XML: {}", name_, LineAt(result.offset),
                               result.description()));
}

std::size_t XmlFile::LineAt(std::ptrdiff_t offset) const {
  const auto size = static_cast<std::ptrdiff_t>(text_.size());
  const auto end = text_.begin() + std::clamp<std::ptrdiff_t>(offset, 0, size);
  return static_cast<std::size_t>(std::count(text_.begin(), end, '\n')) + 1;
}

XmlElement::XmlElement(const XmlFile& file, pugi::xml_node node, std::string what)
    : file_(&file), node_(node), what_(std::move(what)) {}

bool XmlElement::Has(const char* attribute) const {
  return !node_.attribute(attribute).empty();
}

std::string XmlElement::Text(const char* attribute) const {
  if (!Has(attribute)) {
    Fail(fmt::format("attribute {} of <{}> is missing", attribute, node_.name()));
  }
  return node_.attribute(attribute).value();
}

double XmlElement::Number(const char* attribute) const {
  return Numbers(attribute, 1)[0];
}

std::vector<double> XmlElement::Numbers(const char* attribute, std::size_t count) const {
  const std::string text = Text(attribute);
  std::vector<double> numbers;
  for (const std::string_view word : Words(text)) numbers.push_back(NumberOf(attribute, word));
  if (numbers.size() != count) {
    Fail(fmt::format("{} has {} numbers; {} expected", attribute, numbers.size(), count));
  }
  return numbers;
}

double XmlElement::NumberOf(const char* attribute, std::string_view word) const {
  const auto number = ParseNumber(word);
  if (!number) Fail(fmt::format("{}: \"{}\" is not a number", attribute, word));
  if (!std::isfinite(*number)) {
    Fail(fmt::format("{} is {}; a finite number is expected", attribute, word));
  }
  return *number;
}

bool XmlElement::HasChild(const char* name) const {
  return !node_.child(name).empty();
}

XmlElement XmlElement::Child(const char* name) const {
  if (!HasChild(name)) Fail(fmt::format("<{}> is missing in <{}>", name, node_.name()));
  return {*file_, node_.child(name), what_};
}

void XmlElement::Fail(std::string_view problem) const {
  throw InputError(fmt::format("{}: line {}: {}{}{}", file_->name(),
                               file_->LineAt(node_.offset_debug()), what_,
                               what_.empty() ? "" : ": ", problem));
}

std::string XmlText(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace medius::storage
