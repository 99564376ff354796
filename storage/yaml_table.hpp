#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>
#include <yaml-cpp/yaml.h>

namespace medius::storage {

/// Parses a YAML file, also one that cv::FileStorage wrote ("%YAML:1.0").
/// @throws InputError with file and line where it is not YAML, or not a mapping at its top.
[[nodiscard]] YAML::Node ParseYamlFile(const std::filesystem::path& path);

/// `text` as a quoted YAML scalar.
[[nodiscard]] std::string YamlText(std::string_view text);

/// One mapping of a YAML file, asked for its fields. What is absent, of another kind, not finite or
/// of another size is an InputError that names the file, the line, what the mapping is, and the
/// field.
class YamlTable {
 public:
  /// @param what  the mapping as messages name it: "camera cam0"; empty at the top.
  YamlTable(YAML::Node node, std::string file, std::string what);

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::string& what() const { return what_; }
  [[nodiscard]] bool Has(const std::string& key) const;
  /// The first of the keys that is there, "" where none is.
  [[nodiscard]] std::string FirstOf(const std::vector<std::string>& keys) const;

  [[nodiscard]] std::string Text(const std::string& key) const;
  [[nodiscard]] double Number(const std::string& key) const;
  /// A whole number from 1 to 1000000.
  [[nodiscard]] int Count(const std::string& key) const;
  /// true, false, 1 or 0.
  [[nodiscard]] bool Flag(const std::string& key, bool absent) const;
  /// All numbers of the field, row by row: a list, a list of lists, or OpenCV's matrix.
  [[nodiscard]] std::vector<double> Numbers(const std::string& key) const;
  [[nodiscard]] std::vector<double> Numbers(const std::string& key, std::size_t count) const;
  [[nodiscard]] Eigen::MatrixXd Matrix(const std::string& key, int rows, int columns) const;
  [[nodiscard]] std::vector<std::string> Texts(const std::string& key) const;
  [[nodiscard]] YAML::Node Field(const std::string& key) const;
  [[nodiscard]] YamlTable Named(std::string what) const { return {node_, file_, std::move(what)}; }

  /// Throws the InputError "file: line N: what: problem", of the field or of the mapping.
  [[noreturn]] void Fail(const std::string& key, std::string_view problem) const;
  [[noreturn]] void Fail(std::string_view problem) const;

 private:
  [[nodiscard]] double NumberOf(const YAML::Node& node, const std::string& key) const;
  void Collect(const YAML::Node& node, const std::string& key, std::vector<double>& numbers) const;
  [[noreturn]] void FailAt(const YAML::Node& node, std::string_view problem) const;

  YAML::Node node_;
  std::string file_;
  std::string what_;
};

}  // namespace medius::storage
