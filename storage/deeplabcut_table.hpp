#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/keypoint_import.hpp"

namespace medius::storage {

/// What one column of numbers in a table of DeepLabCut is.
struct DeepLabCutColumn {
  std::string individual;  ///< empty in a project of one animal
  std::string bodypart;
  std::string coordinate;  ///< x, y or likelihood
};

/// Finds the keypoints in the rows of a table of DeepLabCut. An individual's number is its place
/// among the individuals of the header.
class DeepLabCutTable {
 public:
  /// @param where  the file, for messages.
  /// @throws InputError where a body part lacks x, y or likelihood, or has one of them twice.
  DeepLabCutTable(const std::vector<DeepLabCutColumn>& columns, const std::string& where);

  /// Body parts, in the order of the header.
  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }
  /// The individuals of a row of which anything was seen.
  [[nodiscard]] std::vector<KeypointInstance> Row(std::span<const double> values) const;

 private:
  struct Part {
    std::size_t individual;
    std::size_t label;
    std::size_t x, y, likelihood;  // columns
  };
  std::vector<std::string> labels_;
  std::size_t individuals_ = 0;
  std::vector<Part> parts_;
};

}  // namespace medius::storage
