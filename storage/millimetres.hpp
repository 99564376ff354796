#pragma once

#include <fmt/format.h>

namespace medius::storage {

/// Appends a length as millimetres in the fewest digits that read back to the same float metres:
/// the decimal digits of the metres with the point three places on, so that 2.33784 m reads 2337.84
/// and not 2337.8400803. @param metres  finite.
void AppendMillimetres(fmt::memory_buffer& text, float metres);

}  // namespace medius::storage
