#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include "calibration/result.hpp"
#include "core/ids.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// An image cut into nearly square cells, row by row from the top left.
struct ImageGrid {
  int columns = 0;
  int rows = 0;
  int width = 0;   ///< pixels
  int height = 0;  ///< pixels

  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows);
  }
  /// The cell of a pixel; pixels outside the image count to its nearest cell.
  [[nodiscard]] std::size_t CellOf(const Eigen::Vector2d& xy) const;
  /// Pixel in the middle of a cell.
  [[nodiscard]] Eigen::Vector2d CentreOf(std::size_t cell) const;
};

/// Ten cells along the longer side.
ImageGrid MakeImageGrid(int width, int height);

/// Sightings that make a cell count as covered.
inline constexpr std::size_t kSightingsToCover = 3;

/// Where in its image a camera saw targets; sightings that were left out do not count.
struct ImageCoverage {
  ImageGrid grid;
  std::vector<std::size_t> sightings;  ///< [cells]
  double share = 0.0;                  ///< of cells with kSightingsToCover or more
  /// Of top left, top right, bottom left, bottom right: the corner fifth of both sides has been
  /// seen in.
  std::array<bool, 4> corner{};
  /// Largest distance of a sighting from the image's centre over that of its corners.
  double reach = 0.0;
};

/// A mean residual that depends on the place in the image, which noise has not.
struct PlacePattern {
  /// Pixels per axis, rms over the sightings, with what noise alone would show taken off; 0 where
  /// there is no more than that.
  double rms = 0.0;
  /// Chance of as much under noise alone: share of sign changes of whole groups of neighbouring
  /// views that show as much. At least 1 / (kSignChanges + 1).
  double p = 1.0;
};

inline constexpr int kSignChanges = 499;

/// Residuals by their place in one camera's image, seen minus predicted, used sightings.
struct ResidualField {
  ImageGrid grid;
  std::vector<std::size_t> count;     ///< [cells] sightings
  std::vector<Eigen::Vector2d> mean;  ///< [cells] pixels; NaN where there is none
  PlacePattern by_cell;               ///< of the cells
  /// Rings about the principal point, out to the farthest sighting.
  std::vector<double> ring_radius;  ///< [rings] pixels, of the middle
  std::vector<std::size_t> ring_count;
  std::vector<double> ring_mean;  ///< [rings] pixels, outward; NaN where there is none
  PlacePattern by_radius;         ///< of the rings: what a wrong lens model leaves
  std::size_t views = 0;          ///< whose signs were changed as `blocks` groups
  std::size_t blocks = 0;
};

/// How the residuals of one camera are distributed.
struct ResidualSpread {
  double rms = std::numeric_limits<double>::quiet_NaN();           ///< pixels per axis
  double median = std::numeric_limits<double>::quiet_NaN();        ///< pixels, of the lengths
  double percentile95 = std::numeric_limits<double>::quiet_NaN();  ///< pixels, of the lengths
  double largest = std::numeric_limits<double>::quiet_NaN();       ///< pixels, of the lengths
  /// Share of coordinates beyond three robust sd (1.48 median absolute); 0.0027 where Gaussian.
  double beyond_three_sd = 0.0;
};

ImageCoverage CoverageOf(const TargetObservations& observations, const CalibrationResult& result,
                         CameraId camera);

/// The test changes the signs of all residuals of a group of views together (what a view's pose,
/// its blur or its timing has wrong moves all of them alike, so that sightings are not independent;
/// nor are neighbouring views: a group has as many as the cube root of their number). The statistic
/// is the sum over cells of |sum of residuals|^2 / sightings.
/// Source: Winkler et al., Permutation inference for the general linear model, NeuroImage 2014
/// (sign flips); Kuensch, Annals of Statistics 1989 (block length).
ResidualField ResidualFieldOf(const TargetObservations& observations,
                              const CalibrationResult& result, CameraId camera);

ResidualSpread ResidualSpreadOf(const TargetObservations& observations,
                                const CalibrationResult& result, CameraId camera);

/// [views][sightings] 1 where the adjustment used a sighting.
std::vector<std::vector<std::uint8_t>> UsedSightings(const TargetObservations& observations,
                                                     const CalibrationResult& result);

}  // namespace medius::calibration
