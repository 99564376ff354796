#include "storage/yaml_table.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/input_file.hpp"
#include "storage/rig_parts.hpp"
#include "storage/toml_table.hpp"

namespace medius::storage {
namespace {

constexpr std::uint64_t kLargestFile = 16 << 20;

// cv::FileStorage begins its files with "%YAML:1.0", which is no directive of YAML. A comment in
// its place keeps the numbers of the lines.
std::string WithoutDirective(std::string text) {
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);
  if (text.rfind("%YAML", 0) == 0) text[0] = '#';
  return text;
}

int LineOf(const YAML::Mark& mark) {
  return mark.line + 1;  // yaml-cpp counts from 0, and says -1 where it does not know
}

}  // namespace

YAML::Node ParseYamlFile(const std::filesystem::path& path) {
  const std::string text = WithoutDirective(InputFile(path).ReadAll(kLargestFile));
  YAML::Node node;
  try {
    node = YAML::Load(text);
  } catch (const YAML::Exception& error) {
    throw InputError(fmt::format("{}: line {}: is not whole YAML: {}", path.string(),
                                 LineOf(error.mark), error.msg));
  }
  if (!node.IsMap()) {
    throw InputError(
        fmt::format("{}: is not a mapping of names to values, as a rig in YAML is", path.string()));
  }
  return node;
}

// A TOML basic string is a YAML one too.
std::string YamlText(std::string_view text) {
  return TomlText(text);
}

YamlTable::YamlTable(YAML::Node node, std::string file, std::string what)
    : node_(std::move(node)), file_(std::move(file)), what_(std::move(what)) {}

bool YamlTable::Has(const std::string& key) const {
  return node_.IsMap() && node_[key].IsDefined() && !node_[key].IsNull();
}

std::string YamlTable::FirstOf(const std::vector<std::string>& keys) const {
  for (const std::string& key : keys) {
    if (Has(key)) return key;
  }
  return "";
}

YAML::Node YamlTable::Field(const std::string& key) const {
  if (!Has(key)) Fail(fmt::format("{} is missing", key));
  return node_[key];
}

std::string YamlTable::Text(const std::string& key) const {
  const YAML::Node field = Field(key);
  if (!field.IsScalar()) Fail(key, "a text is expected");
  return field.Scalar();
}

double YamlTable::Number(const std::string& key) const {
  return NumberOf(Field(key), key);
}

int YamlTable::Count(const std::string& key) const {
  const double number = Number(key);
  constexpr double kMost = 1e6;
  if (number < 1.0 || number > kMost || number != std::floor(number)) {
    Fail(key, fmt::format("is {}; a whole number from 1 to {} is expected", number, kMost));
  }
  return static_cast<int>(number);
}

bool YamlTable::Flag(const std::string& key, bool absent) const {
  if (!Has(key)) return absent;
  const std::string text = Text(key);
  if (text == "true" || text == "True" || text == "1") return true;
  if (text == "false" || text == "False" || text == "0") return false;
  Fail(key, fmt::format("is \"{}\"; true or false is expected", text));
}

std::vector<double> YamlTable::Numbers(const std::string& key) const {
  const YAML::Node field = Field(key);
  std::vector<double> numbers;
  if (!field.IsMap()) {
    if (!field.IsSequence()) Fail(key, "a list of numbers is expected");
    Collect(field, key, numbers);
    return numbers;
  }
  const YamlTable matrix(field, file_, what_.empty() ? key : what_ + ": " + key);
  const int rows = matrix.Count("rows");
  const int columns = matrix.Count("cols");
  const YAML::Node data = matrix.Field("data");
  if (!data.IsSequence()) matrix.Fail("data", "a list of numbers is expected");
  Collect(data, key, numbers);
  if (static_cast<double>(numbers.size()) != static_cast<double>(rows) * columns) {
    matrix.Fail("data", fmt::format("has {} numbers; rows {} and cols {} need {}", numbers.size(),
                                    rows, columns, static_cast<double>(rows) * columns));
  }
  return numbers;
}

std::vector<double> YamlTable::Numbers(const std::string& key, std::size_t count) const {
  std::vector<double> numbers = Numbers(key);
  if (numbers.size() != count) {
    Fail(key, fmt::format("has {} numbers; {} expected", numbers.size(), count));
  }
  return numbers;
}

Eigen::MatrixXd YamlTable::Matrix(const std::string& key, int rows, int columns) const {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const std::vector<double> numbers = Numbers(key, static_cast<std::size_t>(rows * columns));
  return Eigen::Map<const RowMajor>(numbers.data(), rows, columns);
}

std::vector<std::string> YamlTable::Texts(const std::string& key) const {
  const YAML::Node field = Field(key);
  if (!field.IsSequence()) Fail(key, "a list of names is expected");
  std::vector<std::string> texts;
  for (const YAML::Node& element : field) {
    if (!element.IsScalar()) Fail(key, "a list of names is expected");
    texts.push_back(element.Scalar());
  }
  return texts;
}

double YamlTable::NumberOf(const YAML::Node& node, const std::string& key) const {
  const auto number = node.IsScalar() ? ParseNumber(node.Scalar()) : std::nullopt;
  if (number && std::isfinite(*number)) return *number;
  const std::string found = node.IsScalar() ? fmt::format("\"{}\"", node.Scalar()) : "no number";
  FailAt(node, fmt::format("{}: {} found, a finite number is expected", key, found));
}

void YamlTable::Collect(const YAML::Node& node, const std::string& key,
                        std::vector<double>& numbers) const {
  for (const YAML::Node& element : node) {
    if (!element.IsSequence()) {
      numbers.push_back(NumberOf(element, key));
      continue;
    }
    for (const YAML::Node& number : element) numbers.push_back(NumberOf(number, key));
  }
}

void YamlTable::Fail(const std::string& key, std::string_view problem) const {
  FailAt(node_[key], fmt::format("{}: {}", key, problem));
}

void YamlTable::Fail(std::string_view problem) const {
  FailAt(node_, problem);
}

void YamlTable::FailAt(const YAML::Node& node, std::string_view problem) const {
  throw InputError(fmt::format("{}: line {}: {}{}{}", file_, LineOf(node.Mark()), what_,
                               what_.empty() ? "" : ": ", problem));
}

}  // namespace medius::storage
