#include "reconstruct/keypoint_skeleton.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>
#include <utility>

namespace medius::reconstruct {
namespace {

constexpr char kNoSide = 0;

std::string Letters(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return letters;
}

bool IsUpper(char c) {
  return std::isupper(static_cast<unsigned char>(c)) != 0;
}

bool IsSeparator(char c) {
  return c == '_' || c == '-' || c == ' ' || c == '.';
}

// 'l' or 'r' with what is left of the name; kNoSide where it has no side.
std::pair<char, std::string> SideOf(const std::string& label) {
  const std::string lower = Letters(label);
  for (const std::string_view word : {"left", "right"}) {
    if (lower.size() <= word.size()) continue;
    if (lower.starts_with(word)) return {word[0], lower.substr(word.size())};
    if (lower.ends_with(word)) return {word[0], lower.substr(0, lower.size() - word.size())};
  }
  if (label.size() < 3) return {kNoSide, lower};
  const char first = static_cast<char>(std::tolower(static_cast<unsigned char>(label[0])));
  const char last = static_cast<char>(std::tolower(static_cast<unsigned char>(label.back())));
  const bool letter_first = IsSeparator(label[1]) || (IsUpper(label[0]) && IsUpper(label[1]));
  if ((first == 'l' || first == 'r') && letter_first) return {first, lower.substr(1)};
  const char before = label[label.size() - 2];
  const bool letter_last = IsSeparator(before) || (IsUpper(label.back()) && !IsUpper(before));
  if ((last == 'l' || last == 'r') && letter_last) {
    return {last, lower.substr(0, lower.size() - 1)};
  }
  return {kNoSide, lower};
}

struct ChainPlace {
  KeypointChain chain;
  std::uint8_t depth;
};

ChainPlace ChainOf(const std::string& name) {
  static const std::vector<std::pair<std::string_view, ChainPlace>> kWords = {
      {"hip", {KeypointChain::kLeg, 0}},        {"thigh", {KeypointChain::kLeg, 0}},
      {"trochanter", {KeypointChain::kLeg, 0}}, {"knee", {KeypointChain::kLeg, 1}},
      {"condyle", {KeypointChain::kLeg, 1}},    {"shank", {KeypointChain::kLeg, 1}},
      {"ankle", {KeypointChain::kLeg, 2}},      {"heel", {KeypointChain::kLeg, 2}},
      {"toe", {KeypointChain::kLeg, 2}},        {"foot", {KeypointChain::kLeg, 2}},
      {"malleol", {KeypointChain::kLeg, 2}},    {"metatars", {KeypointChain::kLeg, 2}},
      {"calcan", {KeypointChain::kLeg, 2}},     {"shoulder", {KeypointChain::kArm, 0}},
      {"acromi", {KeypointChain::kArm, 0}},     {"elbow", {KeypointChain::kArm, 1}},
      {"wrist", {KeypointChain::kArm, 2}},      {"hand", {KeypointChain::kArm, 2}},
      {"finger", {KeypointChain::kArm, 2}},     {"thumb", {KeypointChain::kArm, 2}}};
  for (const auto& [word, place] : kWords) {
    if (name.find(word) != std::string::npos) return place;
  }
  return {KeypointChain::kHead, 0};
}

}  // namespace

KeypointSkeleton SkeletonOf(const std::vector<std::string>& labels) {
  struct Sides {
    std::size_t left = SIZE_MAX;
    std::size_t right = SIZE_MAX;
  };
  std::map<std::string, Sides> by_name;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto [side, name] = SideOf(labels[i]);
    if (side == 'l') by_name[name].left = i;
    if (side == 'r') by_name[name].right = i;
  }
  KeypointSkeleton skeleton;
  skeleton.label_count = labels.size();
  skeleton.places_.resize(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) skeleton.places_[i] = {i, 0, 0};
  for (const auto& [name, sides] : by_name) {
    if (sides.left == SIZE_MAX || sides.right == SIZE_MAX) continue;
    const ChainPlace place = ChainOf(name);
    const auto chain = static_cast<std::size_t>(place.chain);
    skeleton.chains[chain].push_back({sides.left, sides.right, place.depth});
    skeleton.places_[sides.left] = {sides.right, chain, place.depth};
    skeleton.places_[sides.right] = {sides.left, chain, place.depth};
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (skeleton.places_[i].counterpart == i) skeleton.middle.push_back(i);
  }
  return skeleton;
}

bool KeypointSkeleton::IsWholeBody(const SideSwap& swap) const {
  for (std::size_t chain = 0; chain < kChains; ++chain) {
    // The head's few pixels often do not tell.
    if (chain == static_cast<std::size_t>(KeypointChain::kHead)) continue;
    if (!chains[chain].empty() && swap.from[chain] != 0) return false;
  }
  return !swap.IsNone();
}

std::size_t KeypointSkeleton::Repaired(std::size_t label, const SideSwap& swap) const {
  const Place& place = places_[label];
  return place.depth >= swap.from[place.chain] ? place.counterpart : label;
}

}  // namespace medius::reconstruct
