#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace medius {

/// Position of a thing in its container, of a type of its own so that a camera's index cannot be
/// passed where a marker's is meant.
template <typename Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::size_t index) : index_(index) {}
  [[nodiscard]] constexpr std::size_t index() const { return index_; }
  friend constexpr bool operator==(Id, Id) = default;
  // clang-tidy 14 takes the zero inside a defaulted <=> for a null pointer.
  friend constexpr auto operator<=>(Id, Id) = default;  // NOLINT(modernize-use-nullptr)

 private:
  std::size_t index_ = 0;
};

struct CameraTag;
struct MarkerTag;

/// Index of a camera in its CameraRig.
using CameraId = Id<CameraTag>;
/// Index of a marker in the labels of its trial.
using MarkerId = Id<MarkerTag>;

}  // namespace medius

template <typename Tag>
struct std::hash<medius::Id<Tag>> {
  std::size_t operator()(medius::Id<Tag> id) const noexcept {
    return std::hash<std::size_t>{}(id.index());
  }
};
