#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medius::storage {

/// Who wrote the numbers of a C3D file; the values are those of its parameter block.
enum class C3dProcessor : std::uint8_t { kIntel = 84, kDec = 85, kSgi = 86 };

/// A 16-bit word and a real number in the processor's order. DEC reals are VAX F floats: the two
/// halves swapped, sign and magnitude, an exponent two greater than that of IEEE 754.
[[nodiscard]] std::uint16_t C3dWord(C3dProcessor processor, const char* bytes);
[[nodiscard]] float C3dReal(C3dProcessor processor, const char* bytes);

/// One parameter of a C3D file.
struct C3dParameter {
  enum class Type : std::int8_t { kText = -1, kByte = 1, kWord = 2, kReal = 4 };
  std::string name;  ///< as it stands in the file
  Type type = Type::kByte;
  std::vector<std::uint8_t> dimensions;  ///< empty for a scalar
  std::string bytes;                     ///< the data as they lie in the file
};

/// The parameters of a C3D file (https://www.c3d.org/HTML/parametersection.htm), read as tolerantly
/// as files demand: names in any case, groups after their parameters, records without a description
/// or past the end of their section, garbage after the last record.
class C3dParameters {
 public:
  /// @param section  from the first byte of the parameter block to the data or the end of the file.
  static C3dParameters Parse(C3dProcessor processor, std::string_view section);

  [[nodiscard]] const C3dParameter* Find(std::string_view group, std::string_view name) const;

  /// The numbers of a parameter; empty where it is absent or text. Words are unsigned.
  [[nodiscard]] std::vector<double> Numbers(std::string_view group, std::string_view name) const;
  /// The first number, nullopt where there is none.
  [[nodiscard]] std::optional<double> Number(std::string_view group, std::string_view name) const;

  /// The texts of a parameter [length, count], trimmed; empty where it is absent or no text.
  [[nodiscard]] std::vector<std::string> Texts(std::string_view group, std::string_view name) const;
  /// As Texts, with those of NAME2, NAME3, ... behind: how files hold more than 255.
  [[nodiscard]] std::vector<std::string> AllTexts(std::string_view group,
                                                  std::string_view name) const;

  /// Byte of the section where the records stopped making sense; nullopt where they ended well.
  [[nodiscard]] std::optional<std::size_t> broken_at() const { return broken_at_; }

 private:
  struct Group {
    int id = 0;
    std::string name;
  };
  struct Entry {
    int group_id = 0;
    C3dParameter parameter;
  };
  // Reads the record at `place` and moves on; false where it is the last or makes no sense.
  bool ReadRecord(std::string_view section, std::size_t& place);
  bool ReadEntry(std::string_view rest, int group_id, std::string name);

  // Records that do not overlap hold less than the section in all; ones that do could ask for any
  // amount of memory.
  std::size_t bytes_left_ = 0;

  C3dProcessor processor_ = C3dProcessor::kIntel;
  std::vector<Group> groups_;
  std::vector<Entry> entries_;
  std::optional<std::size_t> broken_at_;
};

}  // namespace medius::storage
