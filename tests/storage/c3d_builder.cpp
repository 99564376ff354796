#include "tests/storage/c3d_builder.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <map>

namespace medius::storage {
namespace {

constexpr std::size_t kBlock = 512;

std::size_t BlocksFor(std::size_t bytes) {
  return (bytes + kBlock - 1) / kBlock;
}

}  // namespace

std::string C3dBuilder::Word(std::uint32_t value) const {
  const char low = static_cast<char>(value & 0xFFU);
  const char high = static_cast<char>((value >> 8U) & 0xFFU);
  return processor == kSgi ? std::string{high, low} : std::string{low, high};
}

std::string C3dBuilder::Real(double value) const {
  // A VAX F float is the IEEE float of four times the value, its halves in the other order.
  const float number = static_cast<float>(processor == kDec ? value * 4.0 : value);
  const auto bits = std::bit_cast<std::uint32_t>(number);
  const std::string high = Word(bits >> 16U);
  const std::string low = Word(bits & 0xFFFFU);
  return processor == kIntel ? low + high : high + low;
}

std::string C3dBuilder::Padded(const std::string& text, std::size_t length) {
  std::string padded = text.substr(0, length);
  padded.resize(length, ' ');
  return padded;
}

C3dBuilder::Parameter C3dBuilder::Texts(const std::string& group, const std::string& name,
                                        const std::vector<std::string>& texts,
                                        std::size_t length) const {
  Parameter parameter{group, name, -1, {}, {}};
  parameter.dimensions = {static_cast<std::uint8_t>(length),
                          static_cast<std::uint8_t>(texts.size())};
  for (const std::string& text : texts) parameter.data += Padded(text, length);
  return parameter;
}

C3dBuilder::Parameter C3dBuilder::Words(const std::string& group, const std::string& name,
                                        const std::vector<std::uint32_t>& words) const {
  Parameter parameter{group, name, 2, {}, {}};
  if (words.size() > 1) parameter.dimensions = {static_cast<std::uint8_t>(words.size())};
  for (const std::uint32_t word : words) parameter.data += Word(word);
  return parameter;
}

C3dBuilder::Parameter C3dBuilder::Reals(const std::string& group, const std::string& name,
                                        const std::vector<double>& reals) const {
  Parameter parameter{group, name, 4, {}, {}};
  if (reals.size() > 1) parameter.dimensions = {static_cast<std::uint8_t>(reals.size())};
  for (const double real_value : reals) parameter.data += Real(real_value);
  return parameter;
}

std::vector<C3dBuilder::Parameter> C3dBuilder::Parameters(std::size_t data_block) const {
  std::vector<Parameter> all;
  all.push_back(Words("POINT", "USED", {static_cast<std::uint32_t>(labels.size())}));
  all.push_back(Reals("POINT", "SCALE", {real ? -scale : scale}));
  if (rate > 0) all.push_back(Reals("POINT", "RATE", {rate}));
  if (with_data_start_parameter) {
    all.push_back(Words("POINT", "DATA_START", {static_cast<std::uint32_t>(data_block)}));
  }
  if (with_frames_parameter) {
    const std::size_t shown = frames_parameter >= 0 ? static_cast<std::size_t>(frames_parameter)
                                                    : std::min<std::size_t>(frames, 65535);
    all.push_back(Words("POINT", "FRAMES", {static_cast<std::uint32_t>(shown)}));
  }
  if (!units.empty()) all.push_back(Texts("POINT", "UNITS", {units}, 4));
  for (std::size_t first = 0, number = 1; first < labels.size(); first += 255, ++number) {
    const std::size_t end = std::min(labels.size(), first + 255);
    const std::vector<std::string> part(labels.begin() + static_cast<std::ptrdiff_t>(first),
                                        labels.begin() + static_cast<std::ptrdiff_t>(end));
    all.push_back(Texts("POINT", number == 1 ? "LABELS" : "LABELS" + std::to_string(number), part,
                        label_length));
  }
  all.insert(all.end(), extra.begin(), extra.end());
  return all;
}

std::string C3dBuilder::ParameterSection(std::size_t data_block) const {
  const std::vector<Parameter> all = Parameters(data_block);
  std::map<std::string, int> ids;
  for (const Parameter& parameter : all) {
    ids.emplace(parameter.group, static_cast<int>(ids.size()) + 1);
  }
  const auto cased = [&](std::string name) {
    for (char& c : name) {
      if (lower_case) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return name;
  };
  std::string records;
  for (const Parameter& parameter : all) {
    std::string rest{static_cast<char>(parameter.type),
                     static_cast<char>(parameter.dimensions.size())};
    for (const std::uint8_t size : parameter.dimensions) rest += static_cast<char>(size);
    rest += parameter.data;
    if (with_description_byte) rest += '\0';
    records += static_cast<char>(parameter.name.size());
    records += static_cast<char>(ids.at(parameter.group));
    records += cased(parameter.name) + Word(static_cast<std::uint32_t>(rest.size() + 2)) + rest;
  }
  for (const auto& [group, id] : ids) {  // behind their parameters: allowed, and met
    records += static_cast<char>(-static_cast<int>(group.size()));  // locked
    records += static_cast<char>(-id);
    records += cased(group) + Word(3) + '\0';
  }
  records += std::string(2, '\0');
  const std::size_t blocks = BlocksFor(records.size() + 4);
  std::string section{'\1', '\x50', static_cast<char>(blocks), static_cast<char>(processor)};
  section += records;
  section.resize(blocks * kBlock, '\0');
  return section;
}

std::string C3dBuilder::Header(std::size_t data_block) const {
  std::string header{static_cast<char>(parameter_block), '\x50'};
  header += Word(static_cast<std::uint32_t>(labels.size()));
  header += Word(static_cast<std::uint32_t>(analog_per_frame));
  header += Word(first_frame);
  const std::size_t last = first_frame + frames - 1;
  header += Word(header_last != 0 ? header_last
                                  : static_cast<std::uint32_t>(std::min<std::size_t>(last, 65535)));
  header += Word(10);
  header += Real(real ? -scale : scale);
  header += Word(static_cast<std::uint32_t>(data_block));
  header += Word(analog_per_frame > 0 ? 1 : 0);
  header += Real(header_rate);
  header.resize(kBlock, '\0');
  for (const auto& [place, bytes] : header_patches) header.replace(place, bytes.size(), bytes);
  return header;
}

std::string C3dBuilder::Data() const {
  std::string data;
  for (std::size_t frame = 0; frame < frames; ++frame) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const Point p = point(frame, i);
      for (const double value : {p.x, p.y, p.z}) {
        data += real ? Real(value)
                     : Word(static_cast<std::uint32_t>(
                           static_cast<std::int32_t>(std::lround(value / scale))));
      }
      data += real ? Real(p.residual)
                   : Word(static_cast<std::uint32_t>(static_cast<std::int32_t>(p.residual)));
    }
    for (std::size_t i = 0; i < analog_per_frame; ++i) data += real ? Real(777.0) : Word(777);
  }
  if (pad_to_block) data.resize(BlocksFor(data.size()) * kBlock, '\0');
  return data;
}

std::string C3dBuilder::Build() const {
  const std::size_t blocks = ParameterSection(1).size() / kBlock;
  const std::size_t data_block = parameter_block + blocks;
  // What stands between the header and the parameters is 0xFF in real files.
  std::string file = Header(data_block) + std::string((parameter_block - 2) * kBlock, '\xFF');
  return file + ParameterSection(data_block) + Data();
}

}  // namespace medius::storage
