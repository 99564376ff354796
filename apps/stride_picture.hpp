#pragma once

#include <span>
#include <string>
#include <vector>

#include "analysis/mean_curves.hpp"

namespace medius::apps {

/// An angle of the frontal plane as a picture shows it: both sides with the sign that a clinician
/// reads, on one scale.
struct ShownAngle {
  const char* title;
  const char* above;  ///< what a number above zero is
  const char* left;   ///< name of the angle in the file, for left strides
  const char* right;  ///< for right strides
  double left_sign;   ///< shown = sign x that of the file
  double right_sign;
};

/// The angles that pages show, those first that say most; of two that differ only in being relative
/// to standing, the first that a trial has is enough (same title).
[[nodiscard]] std::span<const ShownAngle> ShownAngles();

/// One line of a picture over the stride, degrees, with its band where half_width is not empty.
struct StrideLine {
  std::string name;  ///< for the legend and for people who do not see the picture
  std::string css;   ///< of the line; the band has "band " before it
  std::vector<double> value;
  std::vector<double> half_width;
};

/// A mean curve with its stride-to-stride sd, in degrees. @param sign  as in ShownAngle.
[[nodiscard]] StrideLine LineOf(const analysis::MeanCurve& curve, double sign, std::string name,
                                std::string css);

/// Lines over the stride, 0 to 100 %. @param toe_off_percent  marks the end of stance; NaN: none.
[[nodiscard]] std::string StridePicture(const ShownAngle& angle,
                                        const std::vector<StrideLine>& lines,
                                        double toe_off_percent);

}  // namespace medius::apps
