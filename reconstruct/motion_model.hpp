#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "core/parallel.hpp"

namespace medius::reconstruct {

/// Labelled positions at some instants, to learn how the markers move together.
struct MotionSamples {
  std::size_t marker_count = 0;
  std::vector<Eigen::Vector3f> position;  ///< [samples * marker_count] lab, metres; NaN missing

  [[nodiscard]] std::size_t count() const {
    return marker_count == 0 ? 0 : position.size() / marker_count;
  }
  [[nodiscard]] const Eigen::Vector3f& At(std::size_t sample, std::size_t marker) const {
    return position[sample * marker_count + marker];
  }
};

/// Where a marker should be at an instant, given its neighbours.
struct MarkerPrediction {
  Eigen::Vector3f position;     ///< lab, metres
  Eigen::Matrix3f information;  ///< inverse covariance, 1/m^2
  float log_peak = 0.0F;        ///< log of the density (1/m^3) at `position`

  [[nodiscard]] float LogDensity(const Eigen::Vector3f& seen) const {
    const Eigen::Vector3f off = seen - position;
    return log_peak - 0.5F * off.dot(information * off);
  }
};

/// How each marker moves with its nearest neighbours: a Gaussian over the marker and up to eight of
/// them, blind to where the body as a whole is, learned from the run itself with missing samples
/// (expectation maximization; Little & Rubin, Statistical Analysis with Missing Data, 11.2). The
/// prediction from whichever neighbours are seen is its conditional mean and covariance.
class MotionModel {
 public:
  static constexpr std::size_t kNeighbours = 8;

  /// @param samples  a marker that is seen in fewer than ten of them is not learned.
  /// @return the same for any number of threads.
  static MotionModel Learn(const MotionSamples& samples, Parallelism parallelism);

  [[nodiscard]] bool Knows(std::size_t marker) const { return !local_[marker].maps.empty(); }
  /// Nearest first.
  [[nodiscard]] const std::vector<std::size_t>& Neighbours(std::size_t marker) const {
    return local_[marker].neighbours;
  }
  /// @param seen  positions of Neighbours(marker), nullptr where not seen.
  /// @return nullopt where fewer than two neighbours are seen.
  [[nodiscard]] std::optional<MarkerPrediction> Predict(
      std::size_t marker, const std::array<const Eigen::Vector3f*, kNeighbours>& seen) const;

 private:
  // From the neighbours of a mask to the marker: position = mean + sum_j weight_j (x_j - mean_j).
  struct Map {
    bool is_there = false;
    Eigen::Matrix<float, 3, Eigen::Dynamic> weights;  // 3 x 3 for each neighbour of the mask
    Eigen::Vector3f offset;                           // mean - sum_j weight_j mean_j
    Eigen::Matrix3f information;
    float log_peak = 0.0F;
  };
  struct Local {
    std::vector<std::size_t> neighbours;
    std::vector<Map> maps;  // one a mask of the neighbours
  };
  static Local LearnLocal(const MotionSamples& samples, std::size_t marker,
                          std::vector<std::size_t> neighbours);
  std::vector<Local> local_;
};

}  // namespace medius::reconstruct
