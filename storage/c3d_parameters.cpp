#include "storage/c3d_parameters.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include <fmt/format.h>

#include "storage/marker_labels.hpp"

namespace medius::storage {
namespace {

unsigned Byte(const char* bytes, int index) {
  return static_cast<unsigned char>(bytes[index]);
}

bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7F && byte != 0xFF;
  });
}

std::size_t SizeOf(C3dParameter::Type type) {
  return static_cast<std::size_t>(std::abs(static_cast<int>(type)));
}

std::optional<C3dParameter::Type> TypeFromByte(char byte) {
  switch (static_cast<signed char>(byte)) {
    case -1:
      return C3dParameter::Type::kText;
    case 1:
      return C3dParameter::Type::kByte;
    case 2:
      return C3dParameter::Type::kWord;
    case 4:
      return C3dParameter::Type::kReal;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::uint16_t C3dWord(C3dProcessor processor, const char* bytes) {
  const unsigned first = Byte(bytes, 0);
  const unsigned second = Byte(bytes, 1);
  return static_cast<std::uint16_t>(processor == C3dProcessor::kSgi ? (first << 8U) | second
                                                                    : (second << 8U) | first);
}

float C3dReal(C3dProcessor processor, const char* bytes) {
  const std::uint32_t first = C3dWord(processor, bytes);
  const std::uint32_t second = C3dWord(processor, bytes + 2);
  if (processor == C3dProcessor::kIntel) return std::bit_cast<float>((second << 16U) | first);
  const std::uint32_t bits = (first << 16U) | second;
  if (processor == C3dProcessor::kSgi) return std::bit_cast<float>(bits);
  constexpr std::uint32_t kTwoExponents = 2U << 23U;
  const std::uint32_t exponent = bits & 0x7F800000U;
  return exponent > kTwoExponents ? std::bit_cast<float>(bits - kTwoExponents) : 0.0F;
}

C3dParameters C3dParameters::Parse(C3dProcessor processor, std::string_view section) {
  C3dParameters parameters;
  parameters.processor_ = processor;
  parameters.bytes_left_ = section.size();
  std::size_t place = 4;  // behind the section's own four bytes
  while (parameters.ReadRecord(section, place)) {
  }
  return parameters;
}

bool C3dParameters::ReadRecord(std::string_view section, std::size_t& place) {
  const std::string_view rest = section.substr(std::min(place, section.size()));
  if (rest.size() < 2 || rest[0] == 0) return false;
  // A negative length marks a locked record, a negative id a group.
  const auto length = static_cast<std::size_t>(std::abs(static_cast<signed char>(rest[0])));
  const int id = static_cast<signed char>(rest[1]);
  if (id == 0) return false;
  const std::size_t body = 2 + length;
  if (rest.size() < body + 2 || !IsName(rest.substr(2, length))) {
    broken_at_ = place;
    return false;
  }
  std::string name(rest.substr(2, length));
  if (id < 0) {
    groups_.push_back({-id, std::move(name)});
  } else if (!ReadEntry(rest.substr(body + 2), id, std::move(name))) {
    broken_at_ = place;
    return false;
  }
  const std::size_t next = C3dWord(processor_, rest.data() + body);
  place += body + next;
  return next >= 2;
}

bool C3dParameters::ReadEntry(std::string_view rest, int group_id, std::string name) {
  if (rest.size() < 2) return false;
  const std::optional<C3dParameter::Type> type = TypeFromByte(rest[0]);
  const auto dimension_count = static_cast<std::size_t>(static_cast<unsigned char>(rest[1]));
  if (!type || dimension_count > 7 || rest.size() < 2 + dimension_count) return false;
  Entry entry{group_id, {std::move(name), *type, {}, {}}};
  std::uint64_t count = 1;  // at most 255^7 < 2^56
  for (const char c : rest.substr(2, dimension_count)) {
    entry.parameter.dimensions.push_back(static_cast<std::uint8_t>(c));
    count *= static_cast<unsigned char>(c);
  }
  const std::string_view data = rest.substr(2 + dimension_count);
  if (count * SizeOf(*type) > data.size()) return false;
  const std::size_t bytes = static_cast<std::size_t>(count) * SizeOf(*type);
  if (bytes > bytes_left_) return false;
  bytes_left_ -= bytes;
  entry.parameter.bytes = data.substr(0, bytes);
  entries_.push_back(std::move(entry));
  return true;
}

const C3dParameter* C3dParameters::Find(std::string_view group, std::string_view name) const {
  const auto is_in_group = [&](int id) {
    return std::any_of(groups_.begin(), groups_.end(), [&](const Group& known) {
      return known.id == id && EqualsIgnoringCase(Trimmed(known.name), group);
    });
  };
  for (const Entry& entry : entries_) {
    if (EqualsIgnoringCase(Trimmed(entry.parameter.name), name) && is_in_group(entry.group_id)) {
      return &entry.parameter;
    }
  }
  return nullptr;
}

std::vector<double> C3dParameters::Numbers(std::string_view group, std::string_view name) const {
  const C3dParameter* parameter = Find(group, name);
  std::vector<double> numbers;
  if (parameter == nullptr || parameter->type == C3dParameter::Type::kText) return numbers;
  const std::size_t size = SizeOf(parameter->type);
  for (std::size_t i = 0; i + size <= parameter->bytes.size(); i += size) {
    const char* bytes = parameter->bytes.data() + i;
    if (size == 1) {
      numbers.push_back(static_cast<unsigned char>(*bytes));
    } else {
      numbers.push_back(size == 2 ? C3dWord(processor_, bytes) : C3dReal(processor_, bytes));
    }
  }
  return numbers;
}

std::optional<double> C3dParameters::Number(std::string_view group, std::string_view name) const {
  const std::vector<double> numbers = Numbers(group, name);
  if (numbers.empty()) return std::nullopt;
  return numbers.front();
}

std::vector<std::string> C3dParameters::Texts(std::string_view group, std::string_view name) const {
  const C3dParameter* parameter = Find(group, name);
  std::vector<std::string> texts;
  if (parameter == nullptr || parameter->type != C3dParameter::Type::kText) return texts;
  const std::size_t length = parameter->dimensions.empty() ? 1 : parameter->dimensions.front();
  if (length == 0) {
    // ezc3d writes 28 empty texts as [0, 28]: they are there, and empty.
    const std::size_t count = parameter->dimensions.size() > 1 ? parameter->dimensions[1] : 0;
    return std::vector<std::string>(count);
  }
  for (std::size_t i = 0; i + length <= parameter->bytes.size(); i += length) {
    texts.emplace_back(Trimmed(std::string_view(parameter->bytes).substr(i, length)));
  }
  return texts;
}

std::vector<std::string> C3dParameters::AllTexts(std::string_view group,
                                                 std::string_view name) const {
  std::vector<std::string> texts = Texts(group, name);
  for (int number = 2;; ++number) {
    const std::vector<std::string> more = Texts(group, fmt::format("{}{}", name, number));
    if (more.empty()) return texts;
    texts.insert(texts.end(), more.begin(), more.end());
  }
}

}  // namespace medius::storage
