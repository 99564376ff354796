#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace medius::analysis {

/// A signal here is one value a frame, NaN where missing. Places in it are frame indices with a
/// fraction.

/// A top or bottom of a signal.
struct Extremum {
  double place = 0.0;  ///< frame index with a fraction, by the parabola through three samples
  double value = 0.0;
  bool is_maximum = false;
};

/// Tops and bottoms in turn, each at least `prominence` from the ones beside it (zig-zag). The two
/// ends of a run between gaps are no extrema.
[[nodiscard]] std::vector<Extremum> FindExtrema(std::span<const double> signal, double prominence);

/// The greatest local maximum with its sample in [first, last]; nullopt where none is inside or a
/// sample of it or beside it is missing. For a minimum hand in the negative.
[[nodiscard]] std::optional<Extremum> GreatestPeak(std::span<const double> signal, double first,
                                                   double last);

/// Central differences times the rate; NaN at the ends and beside missing values.
[[nodiscard]] std::vector<double> Derivative(std::span<const double> signal, double rate_hz);

/// Missing values on the straight line between their neighbours; beyond the first and last value
/// constant. All zero where nothing is there.
[[nodiscard]] std::vector<double> FillLinearly(std::span<const double> signal);

/// Mean over a window centred on each frame, shorter at the ends.
[[nodiscard]] std::vector<double> MovingMean(std::span<const double> signal,
                                             std::size_t half_width);

/// The value that `fraction` of the values lie below; NaN values left out, NaN of none.
[[nodiscard]] double Quantile(std::vector<double> values, double fraction);

/// Linear in between; NaN outside, or beside a missing value (unless the place is on a sample).
[[nodiscard]] double ValueAt(std::span<const double> signal, double place);

/// Cubic (Catmull-Rom) through the four samples round a place, linear where an outer one is
/// missing; NaN as ValueAt.
[[nodiscard]] double SmoothValueAt(std::span<const double> signal, double place);

/// The same with its place; both NaN where GreatestValue is.
[[nodiscard]] Extremum GreatestPoint(std::span<const double> signal, double first, double last);

/// Greatest value in [first, last]: of the samples inside, sharpened by a parabola, and of the two
/// ends. NaN where any sample inside is missing or the span leaves the signal.
[[nodiscard]] double GreatestValue(std::span<const double> signal, double first, double last);

}  // namespace medius::analysis
