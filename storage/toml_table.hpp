#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>
#include <toml++/toml.h>

namespace medius::storage {

/// Parses a TOML file. @throws InputError with file, line and column where it is not TOML.
[[nodiscard]] toml::table ParseTomlFile(const std::filesystem::path& path);
/// The text of a TOML file of a sensible size. @throws InputError where it cannot be read.
[[nodiscard]] std::string ReadTomlText(const std::filesystem::path& path);
/// The same of a text that is in memory already. @param where  its source, for messages.
[[nodiscard]] toml::table ParseTomlText(const std::string& text, const std::string& where);

/// `text` as a TOML basic string with its quotes, and a number that TOML reads as a float and that
/// comes back the same.
[[nodiscard]] std::string TomlText(std::string_view text);
[[nodiscard]] std::string TomlNumber(double value);

/// One table of a TOML file, asked for its fields. What is absent, of another kind, not finite or
/// of another size is an InputError that names the file, the line, what the table is, and the
/// field.
class TomlTable {
 public:
  /// @param what  the table as messages name it: "camera c1", "[roles]"; empty at the top.
  TomlTable(const toml::table& table, std::string file, std::string what);

  [[nodiscard]] const toml::table& table() const { return table_; }
  [[nodiscard]] bool Has(std::string_view key) const { return table_.contains(key); }

  /// @throws InputError that names a key which is not among `keys`, and the one it resembles.
  void AllowOnly(const std::vector<std::string>& keys) const;

  [[nodiscard]] std::string Text(std::string_view key) const;
  [[nodiscard]] double Number(std::string_view key) const;
  /// A whole number from 1 to 1000000, also written as 1280.0.
  [[nodiscard]] int Count(std::string_view key) const;
  [[nodiscard]] bool Flag(std::string_view key, bool absent) const;
  [[nodiscard]] std::vector<double> Numbers(std::string_view key) const;
  /// @throws InputError also where there are not `count`.
  [[nodiscard]] std::vector<double> Numbers(std::string_view key, std::size_t count) const;
  /// An array of rows, all of one length.
  [[nodiscard]] Eigen::MatrixXd Matrix(std::string_view key) const;
  [[nodiscard]] Eigen::MatrixXd Matrix(std::string_view key, int rows, int columns) const;
  /// True where the field is an array of arrays.
  [[nodiscard]] bool IsMatrix(std::string_view key) const;

  /// Throws the InputError "file: line N: what: problem" of the node, or of the table.
  [[noreturn]] void Fail(const toml::node& node, std::string_view problem) const;
  [[noreturn]] void Fail(std::string_view problem) const;

 private:
  [[nodiscard]] const toml::node& Field(std::string_view key, std::string_view expected) const;
  [[nodiscard]] double NumberOf(const toml::node& node, std::string_view key) const;

  const toml::table& table_;
  std::string file_;
  std::string what_;
};

}  // namespace medius::storage
