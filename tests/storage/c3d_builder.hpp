#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace medius::storage {

/// Writes C3D files byte by byte from the manual, knowing nothing of the reader: for its tests.
/// Everything can be set wrong.
class C3dBuilder {
 public:
  enum Processor : std::uint8_t { kIntel = 84, kDec = 85, kSgi = 86 };

  /// One point: x, y, z in file units, and the residual word (-1 invalid).
  struct Point {
    double x = 0, y = 0, z = 0, residual = 0;
  };

  Processor processor = kIntel;
  bool real = true;
  double scale = 0.1;  // magnitude
  std::vector<std::string> labels;
  std::size_t label_length = 8;
  std::size_t frames = 3;
  std::size_t analog_per_frame = 0;
  double rate = 100;
  double header_rate = 100;
  std::uint32_t first_frame = 1;
  std::string units = "mm";
  std::size_t parameter_block = 2;
  bool lower_case = false;
  bool with_description_byte = true;
  bool pad_to_block = true;
  bool with_frames_parameter = true;
  bool with_data_start_parameter = true;
  std::uint16_t header_last = 0;  // 0: as it should be
  int frames_parameter = -1;      // -1: as it should be
  std::function<Point(std::size_t frame, std::size_t point)> point;

  // More parameters, each (group, name, type, dimensions, data already in the file's order).
  struct Parameter {
    std::string group, name;
    int type = 2;
    std::vector<std::uint8_t> dimensions;
    std::string data;
  };
  std::vector<Parameter> extra;
  std::vector<std::pair<std::size_t, std::string>> header_patches;  // byte, bytes

  [[nodiscard]] std::string Word(std::uint32_t value) const;
  [[nodiscard]] std::string Real(double value) const;
  [[nodiscard]] static std::string Padded(const std::string& text, std::size_t length);
  [[nodiscard]] Parameter Texts(const std::string& group, const std::string& name,
                                const std::vector<std::string>& texts, std::size_t length) const;
  [[nodiscard]] Parameter Words(const std::string& group, const std::string& name,
                                const std::vector<std::uint32_t>& words) const;
  [[nodiscard]] Parameter Reals(const std::string& group, const std::string& name,
                                const std::vector<double>& reals) const;

  [[nodiscard]] std::string Build() const;

 private:
  [[nodiscard]] std::vector<Parameter> Parameters(std::size_t data_block) const;
  [[nodiscard]] std::string ParameterSection(std::size_t data_block) const;
  [[nodiscard]] std::string Header(std::size_t data_block) const;
  [[nodiscard]] std::string Data() const;
};

}  // namespace medius::storage
