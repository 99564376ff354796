#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "capture/scenario.hpp"
#include "core/events.hpp"

namespace medius::capture {

/// One step of one foot: on the ground from strike to toe_off, in the air until next_strike.
struct Step {
  double strike = 0.0;       ///< s
  double toe_off = 0.0;      ///< s
  double next_strike = 0.0;  ///< s, of the same foot
};

/// One value a stride, joined smoothly (twice differentiable): the value of stride k holds while
/// its foot is on the ground, and goes over to the next one in the swing.
class StrideValues {
 public:
  StrideValues() = default;
  explicit StrideValues(std::vector<double> values) : values_(std::move(values)) {}

  /// @param stride_coordinate  strides since the first strike of that side.
  [[nodiscard]] double At(double stride_coordinate) const;
  [[nodiscard]] double OfStride(std::size_t stride) const { return values_.at(stride); }

 private:
  std::vector<double> values_;
};

/// When each foot strikes and leaves, over a whole run: stride times that vary and drift, joined by
/// a phase that is twice differentiable in time.
class GaitTiming {
 public:
  GaitTiming(const RunScenario& run, std::uint64_t seed);

  /// Strides since the first right strike kept here (before the trial begins); the integers are
  /// right strikes and the halves left strikes. Valid some strides before and after the trial.
  [[nodiscard]] double StrideCoordinate(double time) const;
  /// The same counted for one side: its integers are the strikes of that side.
  [[nodiscard]] static double OfSide(double stride_coordinate, Side side) {
    return side == Side::kRight ? stride_coordinate : stride_coordinate - 0.5;
  }

  [[nodiscard]] std::size_t step_count() const { return steps_[0].size(); }
  [[nodiscard]] const Step& StepOf(Side side, std::size_t index) const {
    return steps_[Index(side)].at(index);
  }
  /// The step whose strike is the last one at or before the time.
  [[nodiscard]] std::size_t StepAt(Side side, double time) const;

  /// Number of strides for which per-stride values are needed.
  [[nodiscard]] std::size_t stride_count() const { return knot_time_.size(); }

  [[nodiscard]] static std::size_t Index(Side side) { return side == Side::kLeft ? 0 : 1; }

 private:
  [[nodiscard]] double TimeOf(double stride_coordinate) const;
  void FitSpline();

  std::vector<double> knot_time_;  // right strikes
  std::vector<double> second_;     // second derivatives of the phase at the knots
  std::vector<Step> steps_[2];
};

}  // namespace medius::capture
