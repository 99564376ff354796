#pragma once

namespace medius::reconstruct {

/// How gaps are filled, and which are left.
struct GapFillOptions {
  /// A gap longer than this stays, s. Beyond a second a runner has made another stride.
  double max_gap_s = 1.0;
  /// A gap stays where the same gap elsewhere was filled worse than this, metres rms.
  double max_error_m = 0.015;
  /// How far to either side of a gap its model is learned, s; bounds the memory of the stream.
  double window_s = 7.0;
  /// Frames learned from, a second of the window. A body moves below 15 Hz.
  double training_rate_hz = 30.0;
  /// Gaps up to this are also tried from the marker's own path alone, s.
  double own_path_max_s = 0.1;
  /// Markers that a hidden one is predicted from, where some of its own segment are seen ...
  int neighbours = 12;
  /// ... and where its segment is hidden: the linked body is farther away, and takes more.
  int body_neighbours = 20;
  /// Two markers whose distance varies by less than this (sd, m) are on one segment, where no
  /// groups are given.
  double rigid_sd_m = 0.008;
  /// Noise of a position without covariance, metres, 1 sd a coordinate; steadies the regression.
  double unknown_sigma_m = 0.0003;

  bool use_own_path = true;    ///< for ablations
  bool use_neighbours = true;  ///< for ablations
  bool match_ends = true;      ///< for ablations: false leaves a step at either end of a gap

  /// @throws InputError that names the field which is out of range.
  void Validate() const;
};

}  // namespace medius::reconstruct
