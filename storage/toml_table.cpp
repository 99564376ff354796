#include "storage/toml_table.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "storage/input_file.hpp"
#include "storage/nearest_name.hpp"

namespace medius::storage {
namespace {
constexpr std::uint64_t kLargestFile = 64 << 20;
}  // namespace

std::string ReadTomlText(const std::filesystem::path& path) {
  return InputFile(path).ReadAll(kLargestFile);
}

toml::table ParseTomlFile(const std::filesystem::path& path) {
  return ParseTomlText(ReadTomlText(path), path.string());
}

toml::table ParseTomlText(const std::string& text, const std::string& where) {
  try {
    return toml::parse(text, where);
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}: line {}, column {}: is not TOML: {}", where,
                                 error.source().begin.line, error.source().begin.column,
                                 error.description()));
  }
}

std::string TomlText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string TomlNumber(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

TomlTable::TomlTable(const toml::table& table, std::string file, std::string what)
    : table_(table), file_(std::move(file)), what_(std::move(what)) {}

void TomlTable::AllowOnly(const std::vector<std::string>& keys) const {
  for (const auto& [key, node] : table_) {
    const std::string_view name = key.str();
    if (std::find(keys.begin(), keys.end(), name) != keys.end()) continue;
    const std::string hint = DidYouMean(name, keys);
    Fail(node,
         fmt::format("\"{}\" is not known here{}", name,
                     hint.empty() ? fmt::format("; known are {}", fmt::join(keys, ", ")) : hint));
  }
}

std::string TomlTable::Text(std::string_view key) const {
  const toml::node& node = Field(key, "a text");
  const auto text = node.value_exact<std::string>();
  if (!text) Fail(node, fmt::format("{}: a text is expected", key));
  return *text;
}

double TomlTable::Number(std::string_view key) const {
  return NumberOf(Field(key, "a number"), key);
}

int TomlTable::Count(std::string_view key) const {
  const toml::node& node = Field(key, "a whole number");
  const double number = NumberOf(node, key);
  constexpr double kMost = 1e6;
  if (number < 1.0 || number > kMost || number != std::floor(number)) {
    Fail(node,
         fmt::format("{} is {}; a whole number from 1 to {} is expected", key, number, kMost));
  }
  return static_cast<int>(number);
}

bool TomlTable::Flag(std::string_view key, bool absent) const {
  if (!Has(key)) return absent;
  const toml::node& node = Field(key, "true or false");
  const auto flag = node.value_exact<bool>();
  if (!flag) Fail(node, fmt::format("{}: true or false is expected", key));
  return *flag;
}

std::vector<double> TomlTable::Numbers(std::string_view key) const {
  const toml::node& node = Field(key, "an array of numbers");
  const toml::array* array = node.as_array();
  if (array == nullptr) Fail(node, fmt::format("{}: an array of numbers is expected", key));
  std::vector<double> numbers;
  numbers.reserve(array->size());
  for (const toml::node& element : *array) numbers.push_back(NumberOf(element, key));
  return numbers;
}

std::vector<double> TomlTable::Numbers(std::string_view key, std::size_t count) const {
  std::vector<double> numbers = Numbers(key);
  if (numbers.size() != count) {
    Fail(*table_.get(key),
         fmt::format("{} has {} values; {} are expected", key, numbers.size(), count));
  }
  return numbers;
}

bool TomlTable::IsMatrix(std::string_view key) const {
  const toml::array* array = table_.get_as<toml::array>(key);
  return array != nullptr && !array->empty() && array->front().is_array();
}

Eigen::MatrixXd TomlTable::Matrix(std::string_view key) const {
  const toml::node& node = Field(key, "an array of rows");
  if (!IsMatrix(key)) Fail(node, fmt::format("{}: an array of rows of numbers is expected", key));
  const toml::array& rows = *node.as_array();
  const std::size_t columns = rows.front().as_array()->size();
  Eigen::MatrixXd matrix(static_cast<Eigen::Index>(rows.size()),
                         static_cast<Eigen::Index>(columns));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const toml::array* row = rows[r].as_array();
    if (row == nullptr || row->size() != columns) {
      Fail(rows[r],
           fmt::format("{}: row {} has not the {} numbers of the first", key, r + 1, columns));
    }
    for (std::size_t c = 0; c < columns; ++c) {
      matrix(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(c)) = NumberOf((*row)[c], key);
    }
  }
  return matrix;
}

Eigen::MatrixXd TomlTable::Matrix(std::string_view key, int rows, int columns) const {
  Eigen::MatrixXd matrix = Matrix(key);
  if (matrix.rows() != rows || matrix.cols() != columns) {
    Fail(*table_.get(key), fmt::format("{} is {} x {}; {} x {} is expected", key, matrix.rows(),
                                       matrix.cols(), rows, columns));
  }
  return matrix;
}

void TomlTable::Fail(const toml::node& node, std::string_view problem) const {
  throw InputError(fmt::format("{}: line {}: {}{}{}", file_, node.source().begin.line, what_,
                               what_.empty() ? "" : ": ", problem));
}

void TomlTable::Fail(std::string_view problem) const {
  Fail(table_, problem);
}

const toml::node& TomlTable::Field(std::string_view key, std::string_view expected) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) Fail(fmt::format("{} is missing; {} is expected", key, expected));
  return *node;
}

double TomlTable::NumberOf(const toml::node& node, std::string_view key) const {
  const auto number = node.is_number() ? node.value<double>() : std::nullopt;
  if (!number) Fail(node, fmt::format("{}: a number is expected", key));
  if (!std::isfinite(*number)) {
    Fail(node, fmt::format("{} is {}; a finite number is expected", key, *number));
  }
  return *number;
}

}  // namespace medius::storage
