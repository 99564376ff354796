#pragma once

#include <optional>
#include <span>
#include <vector>

#include "calibration/bundle.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"

namespace medius::calibration {

/// What a single camera's views say of its intrinsics.
struct IntrinsicsStart {
  bool found = false;
  Intrinsics intrinsics{};         ///< principal point at the image centre
  double relative_focal_sd = 0.0;  ///< of fx, from this camera's views alone
  double median_error = 0.0;       ///< standardized residual of the views used
  double median_error_px = 0.0;    ///< the same in pixels
  double upper_error_px = 0.0;     ///< pixels, that three of four residuals stay below
  double spacing_px = 0.0;         ///< median distance of neighbouring points in the image
  double largest_tilt = 0.0;       ///< radians, of a board from the image plane
  std::size_t usable_views = 0;    ///< views that fix a plane
};

/// Intrinsics of one camera from its views of flat targets, with nothing known of them: the closed
/// form for the focal length where the boards are tilted, a scan over focal lengths where that
/// fails or the lens is a fisheye, the one that projects best, and then an adjustment of focal
/// lengths and the first two radial terms on up to 40 views. The principal point stays in the
/// middle of the image, being left to the adjustment of the whole rig, unless all sightings keep to
/// one part of the image: then the image may be stated too large.
///
/// @param views   the sightings of each view.
/// @param guess   a focal length to try among others, pixels.
/// Source: Zhang, A flexible new technique for camera calibration, IEEE PAMI 2000, section 3.1.
IntrinsicsStart StartIntrinsics(CameraModelKind kind, int width, int height,
                                const std::vector<std::span<const Sighting>>& views,
                                std::optional<double> guess, const WorkControl& control);

/// Focal lengths that the homographies of views allow in the closed form, principal point at
/// `centre`: by least squares and by the median of the views. Empty where no view is tilted enough.
std::vector<double> ClosedFormFocals(const std::vector<Eigen::Matrix3d>& image_from_plane,
                                     const Eigen::Vector2d& centre);

}  // namespace medius::calibration
