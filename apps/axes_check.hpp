#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/marker_set.hpp"
#include "core/trajectories.hpp"

namespace medius::apps {

/// Looks at imported trajectories as a person would: is the pelvis above the feet, are the toes
/// before the heels? Where not, the file's axes were named wrongly. Says nothing where the markers
/// for it are not there.
class AxesCheck {
 public:
  /// @param is_running  whether the feet must point in the lab's X direction.
  AxesCheck(const MarkerSet& set, const std::vector<std::string>& labels, bool is_running);

  void Add(const TrajectoryBlock& block);
  /// What looks wrong, a line each.
  [[nodiscard]] std::vector<std::string> Doubts() const;

 private:
  struct Mean {
    double sum = 0.0;
    std::size_t count = 0;
    void Add(double value) {
      sum += value;
      ++count;
    }
    [[nodiscard]] bool IsNegative() const { return count > 0 && sum < 0.0; }
  };
  using Pair = std::array<MarkerId, 2>;

  bool is_running_;
  std::vector<Pair> pelvis_over_foot_;
  std::vector<Pair> toe_before_heel_;
  Mean height_;
  Mean advance_;
};

}  // namespace medius::apps
