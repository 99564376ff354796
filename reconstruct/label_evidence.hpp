#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "reconstruct/fragments.hpp"
#include "reconstruct/label_timeline.hpp"
#include "reconstruct/motion_model.hpp"

namespace medius::reconstruct {

/// Log odds, at one instant, of "this is the marker" over "this is anything round the body".
/// Bounded below: an instant that fits nothing is no proof against the rest.
class LabelEvidence {
 public:
  static constexpr double kWorst = -8.0;

  /// @param log_any_place  log of the density, 1/m^3, of things that are no marker.
  LabelEvidence(const std::vector<Fragment>& fragments, const LabelTimeline& timeline,
                const MotionModel& model, double log_any_place)
      : fragments_(&fragments),
        timeline_(&timeline),
        model_(&model),
        log_any_place_(log_any_place) {}

  /// @param frame  one in which the fragment is seen.
  /// @param suspects  markers whose names are in question, and which are not to be witnesses.
  /// @return nullopt where too few of the marker's neighbours are seen then to say anything.
  [[nodiscard]] std::optional<double> At(std::size_t fragment, std::size_t frame,
                                         std::size_t marker,
                                         std::span<const std::size_t> suspects = {}) const;

  /// Over several instants.
  struct Sum {
    double mean = 0.0;        ///< of the log odds
    std::size_t samples = 0;  ///< that could be judged
    std::size_t good = 0;     ///< of those, for the marker
  };
  [[nodiscard]] Sum Over(std::size_t fragment, const std::vector<std::size_t>& frames,
                         std::size_t marker, std::span<const std::size_t> suspects = {}) const;

 private:
  const std::vector<Fragment>* fragments_;
  const LabelTimeline* timeline_;
  const MotionModel* model_;
  double log_any_place_;
};

/// Log of the density, 1/m^3, of things that are no marker: what is seen beyond the markers, and
/// one for good measure, in the 4 m^3 round a body.
[[nodiscard]] double LogDensityOfGhosts(const std::vector<Fragment>& fragments,
                                        std::size_t frame_count, std::size_t marker_count);

/// Up to `count` frames of `range` in which the fragment is seen, evenly spread.
[[nodiscard]] std::vector<std::size_t> SpreadFrames(const Fragment& fragment, FrameRange range,
                                                    std::size_t count);

/// Witnesses that count as independent among samples that cover `seconds`.
[[nodiscard]] inline double IndependentSamples(std::size_t samples, double seconds, double memory) {
  return std::min(static_cast<double>(samples), 1.0 + seconds / memory);
}

}  // namespace medius::reconstruct
