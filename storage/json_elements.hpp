#pragma once

#include <cstdint>
#include <string>

#include "storage/input_file.hpp"

namespace medius::storage {

/// Cuts a JSON file into values without parsing them: enough to read an array of any length one
/// element at a time. The words NaN, Infinity and -Infinity, which Python writes although JSON has
/// no such numbers, become null in what is taken.
///
/// Every member throws InputError that names the file and the byte.
class JsonScanner {
 public:
  explicit JsonScanner(const InputFile& file) : file_(file) {}

  /// The next character that is not blank, without taking it; '\0' at the end of the file.
  [[nodiscard]] char Peek();
  /// Takes the next character that is not blank, which must be this one.
  void Expect(char wanted);
  /// As Expect where it is there. @return whether it was.
  bool Accept(char wanted);
  /// Takes one whole value.
  /// @throws InputError also where it has more than 64 MB.
  [[nodiscard]] std::string TakeValue();
  /// Skips one value of any length.
  void SkipValue();

  [[nodiscard]] std::uint64_t offset() const { return base_ + at_; }
  [[noreturn]] void Fail(const std::string& what) const;

 private:
  int Get();  // next byte, -1 at the end
  bool Fill();
  void Scan(std::string* out);
  void ScanText(std::string* out);

  const InputFile& file_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t base_ = 0;  // byte of the file at which the buffer begins
};

}  // namespace medius::storage
