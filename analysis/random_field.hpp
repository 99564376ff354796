#pragma once

#include <cstddef>
#include <span>

namespace medius::analysis {

/// Probabilities of a smooth one-dimensional field of Student's t under no effect: as many
/// observations as there are, along a continuum (percent of stride), smooth over `fwhm` nodes.
/// Sources: Worsley et al. 1996, Hum Brain Mapp 4:58 (Euler characteristic densities); Friston et
/// al. 1994, Hum Brain Mapp 1:210 (extent of clusters, their number); Pataky 2016, J Biomech
/// 49:1240 (one dimension).
struct RandomField {
  double degrees_of_freedom = 1.0;
  double fwhm = 1.0;  ///< smoothness, nodes
  std::size_t nodes = 0;
  /// Length in units of the smoothness: (nodes - 1) / fwhm.
  [[nodiscard]] double resels() const { return static_cast<double>(nodes - 1) / fwhm; }

  /// Expected number of upcrossings of u (its Euler characteristic): EC0(u) + resels EC1(u).
  [[nodiscard]] double ExpectedClusters(double u) const;
  /// P(the greatest value > u) = 1 - exp(-ExpectedClusters(u)).
  [[nodiscard]] double MaximumProbability(double u) const;
  /// The u with MaximumProbability(u) = alpha.
  [[nodiscard]] double Threshold(double alpha) const;
  /// P(a cluster above u is at least this wide somewhere). @param extent  resels.
  [[nodiscard]] double ClusterProbability(double u, double extent) const;
  /// P(as many clusters or more above u, each at least this wide). @param extent  of the smallest.
  [[nodiscard]] double SetProbability(double u, std::size_t clusters, double extent,
                                      int directions = 1) const;
};

/// Smoothness of a field from its residuals: fwhm = 1 / mean over nodes of sqrt(v / (4 ln 2)), v
/// the variance of the residuals' gradient over that of the residuals.
/// @param residuals  [observations, nodes]; nodes without any spread are left out.
/// @return nodes; infinity where residuals do not change along the field.
/// Source: Kiebel et al. 1999, NeuroImage 10:756; Pataky 2016.
[[nodiscard]] double EstimateFwhm(std::span<const double> residuals, std::size_t nodes);

}  // namespace medius::analysis
