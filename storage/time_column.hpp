#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time_base.hpp"

namespace medius::storage {

/// The time column of a table of text, as it stands there: rounded to so many digits.
class TimeColumn {
 public:
  /// Adds the next row's cell. @return false where it is no finite number.
  bool Add(std::string_view cell);

  [[nodiscard]] const std::vector<double>& values() const { return values_; }
  [[nodiscard]] std::size_t size() const { return values_.size(); }
  /// Largest rounding error of a value, from the digits that the column shows.
  [[nodiscard]] double RoundingOf(double value) const;
  /// True where the values are whole numbers that go up by one: frame numbers, not seconds.
  [[nodiscard]] bool IsCounter() const;
  void Scale(double factor);

 private:
  std::vector<double> values_;
  int decimals_ = 0;            // most digits behind the point
  int significant_digits_ = 1;  // most
  double scale_ = 1.0;
};

/// What else is known of a table's times.
struct TimeHints {
  std::string file;                        ///< for the messages
  std::optional<double> declared_rate_hz;  ///< of the file's header; the column wins over it
  std::optional<double> given_rate_hz;     ///< of the user; wins over everything
  std::function<std::size_t(std::size_t)> line_of_row;  ///< for the messages
};

/// The time base that a time column stands for: exactly uniform where the column agrees with that
/// to its rounding, the column's own times where they wander by less than a tenth of a frame.
/// @throws InputError that names the line where frames are missing or repeated, or asks for the
/// rate
///         where the file does not tell it.
[[nodiscard]] TimeBase TimeBaseFromColumn(const TimeColumn& column, const TimeHints& hints,
                                          std::vector<std::string>& warnings);

}  // namespace medius::storage
