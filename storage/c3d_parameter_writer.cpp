#include "storage/c3d_parameter_writer.hpp"

#include <algorithm>
#include <cstring>

#include "core/check.hpp"
#include "storage/c3d_parameters.hpp"

namespace medius::storage {
namespace {

constexpr std::size_t kLongestText = 127;
constexpr std::size_t kLongestName = 127;

void AppendWord(std::string& bytes, std::uint16_t value) {
  bytes.push_back(static_cast<char>(value & 0xFFU));
  bytes.push_back(static_cast<char>(value >> 8U));
}

}  // namespace

void C3dParameterWriter::Group(const std::string& name) {
  MEDIUS_CHECK(!name.empty() && name.size() <= kLongestName, "a group has a name");
  ++group_;
  bytes_.push_back(static_cast<char>(name.size()));
  bytes_.push_back(static_cast<char>(-group_));
  bytes_ += name;
  last_record_ = bytes_.size();
  AppendWord(bytes_, 3);  // to the next record: these two bytes and the empty description
  bytes_.push_back(0);
}

void C3dParameterWriter::Add(const std::string& name, std::int8_t type,
                             const std::vector<std::uint8_t>& dimensions, const std::string& data) {
  MEDIUS_CHECK(group_ > 0 && !name.empty() && name.size() <= kLongestName,
               "a parameter has a group and a name");
  bytes_.push_back(static_cast<char>(name.size()));
  bytes_.push_back(static_cast<char>(group_));
  bytes_ += name;
  last_record_ = bytes_.size();
  const std::size_t length = 2 + 1 + 1 + dimensions.size() + data.size() + 1;
  MEDIUS_CHECK(length <= 65535, "a parameter of less than 64 KiB");
  AppendWord(bytes_, static_cast<std::uint16_t>(length));
  bytes_.push_back(static_cast<char>(type));
  bytes_.push_back(static_cast<char>(dimensions.size()));
  for (const std::uint8_t size : dimensions) bytes_.push_back(static_cast<char>(size));
  bytes_ += data;
  bytes_.push_back(0);
}

void C3dParameterWriter::Words(const std::string& name, const std::vector<std::uint16_t>& values) {
  std::string data;
  for (const std::uint16_t value : values) AppendWord(data, value);
  std::vector<std::uint8_t> dimensions;
  if (values.size() != 1) dimensions.push_back(static_cast<std::uint8_t>(values.size()));
  Add(name, static_cast<std::int8_t>(C3dParameter::Type::kWord), dimensions, data);
}

void C3dParameterWriter::Reals(const std::string& name, const std::vector<float>& values,
                               std::uint8_t per_row) {
  std::string data(values.size() * sizeof(float), '\0');
  if (!values.empty()) std::memcpy(data.data(), values.data(), data.size());
  std::vector<std::uint8_t> dimensions;
  if (per_row > 1) dimensions.push_back(per_row);
  if (per_row > 1 || values.size() != 1) {
    dimensions.push_back(static_cast<std::uint8_t>(values.size() / per_row));
  }
  Add(name, static_cast<std::int8_t>(C3dParameter::Type::kReal), dimensions, data);
}

void C3dParameterWriter::Texts(const std::string& name, const std::vector<std::string>& texts) {
  MEDIUS_CHECK(texts.size() <= 255, "as many texts as a byte counts");
  std::size_t length = 1;
  for (const std::string& text : texts) length = std::max(length, text.size());
  length = std::min(length, kLongestText);
  std::string data;
  for (const std::string& text : texts) {
    std::string padded = text.substr(0, length);
    padded.resize(length, ' ');
    data += padded;
  }
  std::vector<std::uint8_t> dimensions = {static_cast<std::uint8_t>(length)};
  dimensions.push_back(static_cast<std::uint8_t>(texts.size()));
  Add(name, static_cast<std::int8_t>(C3dParameter::Type::kText), dimensions, data);
}

std::string C3dParameterWriter::Finish() const {
  std::string section = {1, 0x50, 0, static_cast<char>(C3dProcessor::kIntel)};
  section += bytes_;
  // The last record points nowhere.
  section[4 + last_record_] = 0;
  section[4 + last_record_ + 1] = 0;
  return section;
}

}  // namespace medius::storage
