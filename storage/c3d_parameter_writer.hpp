#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace medius::storage {

/// Builds the parameter section of a C3D file (https://www.c3d.org/HTML/parametersection.htm):
/// groups, each followed by its parameters; Intel numbers.
class C3dParameterWriter {
 public:
  /// Parameters that follow belong to it.
  void Group(const std::string& name);

  void Words(const std::string& name, const std::vector<std::uint16_t>& values);
  /// @param per_row  numbers of the first dimension; 1: a list.
  void Reals(const std::string& name, const std::vector<float>& values, std::uint8_t per_row = 1);
  /// At most 255, each cut at 127 bytes.
  void Texts(const std::string& name, const std::vector<std::string>& texts);

  /// The section, without its padding and its number of blocks (byte 2).
  [[nodiscard]] std::string Finish() const;

 private:
  void Add(const std::string& name, std::int8_t type, const std::vector<std::uint8_t>& dimensions,
           const std::string& data);

  std::string bytes_;
  std::size_t last_record_ = 0;  ///< where the last record's offset stands
  std::int8_t group_ = 0;
};

}  // namespace medius::storage
