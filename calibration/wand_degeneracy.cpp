#include "calibration/wand_degeneracy.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "calibration/view_graph.hpp"

namespace medius::calibration {
namespace {

// A choice: good waves of which a pair sees some 20 instants are refused at times, so with fewer
// than this the length of the wave is doubted before the wand.
constexpr std::size_t kShortWave = 60;

// Sightings this far outside the image, and this share of them, are no rounding.
constexpr double kOutsidePx = 2.0;
constexpr double kOutsideShare = 0.005;
// Views that must show a labelled wand, of those with as many dots as it has markers.
constexpr double kLeastLabelledShare = 0.25;

const std::string& NameOf(const DotObservations& dots, std::size_t camera) {
  return dots.cameras[camera].name;
}

std::string ListOf(const DotObservations& dots, const std::vector<std::size_t>& cameras) {
  std::string list;
  for (const std::size_t camera : cameras) {
    if (!list.empty()) list += ", ";
    list += NameOf(dots, camera);
  }
  return list;
}

Degeneracy Named(DegeneracyKind kind, const std::vector<std::size_t>& cameras,
                 std::string sentence) {
  Degeneracy degeneracy;
  degeneracy.kind = kind;
  for (const std::size_t camera : cameras) degeneracy.cameras.emplace_back(camera);
  degeneracy.sentence = std::move(sentence);
  return degeneracy;
}

std::optional<Degeneracy> FindWrongSize(const DotObservations& dots) {
  for (std::size_t c = 0; c < dots.cameras.size(); ++c) {
    const UncalibratedCamera& camera = dots.cameras[c];
    std::size_t outside = 0;
    std::size_t all = 0;
    Eigen::Vector2d most = Eigen::Vector2d::Zero();
    for (const DotView& view : dots.views) {
      if (view.camera.index() != c) continue;
      for (const Eigen::Vector2d& xy : view.xy) {
        ++all;
        most = most.cwiseMax(xy);
        const bool in = xy.minCoeff() > -kOutsidePx && xy.x() < camera.width - 1 + kOutsidePx &&
                        xy.y() < camera.height - 1 + kOutsidePx;
        if (!in) ++outside;
      }
    }
    if (static_cast<double>(outside) <= std::max(2.0, kOutsideShare * static_cast<double>(all))) {
      continue;
    }
    Degeneracy found = Named(
        DegeneracyKind::kWrongImageSize, {c},
        fmt::format("camera {}: {} of {} sightings lie outside its image of {} x {} px (as far as "
                    "x = {:.0f}, y = {:.0f}); give its true size (--size {}=WxH)",
                    camera.name, outside, all, camera.width, camera.height, most.x(), most.y(),
                    camera.name));
    found.value = static_cast<double>(outside);
    return found;
  }
  return std::nullopt;
}

// What the views show, where it is not the wand.
std::optional<Degeneracy> FindWrongWand(const DotObservations& dots, const WandShape& shape,
                                        const std::vector<std::vector<Labelling>>& labellings) {
  std::size_t full = 0;
  std::size_t labelled = 0;
  for (std::size_t v = 0; v < dots.views.size(); ++v) {
    if (dots.views[v].xy.size() < shape.count()) continue;
    ++full;
    if (!labellings[v].empty()) ++labelled;
  }
  const std::size_t usual = UsualDotCount(dots);
  const double share =
      static_cast<double>(labelled) / static_cast<double>(std::max<std::size_t>(1, full));
  const bool known = std::any_of(dots.views.begin(), dots.views.end(),
                                 [](const DotView& view) { return !view.marker.empty(); });
  const bool too_many = shape.count() == 2 && usual > 2 && !known;
  if (labelled >= kFewestWandFrames && share > kLeastLabelledShare && !too_many) {
    return std::nullopt;
  }
  std::string found;
  if (usual != shape.count()) {
    found =
        fmt::format("most views show {} dots, but the wand has {} markers", usual, shape.count());
  } else if (const double place = SeenMiddlePlace(dots);
             shape.count() == 3 && std::isfinite(place)) {
    const double stated = std::min(shape.place[1], 1.0 - shape.place[1]);
    found =
        fmt::format("the middle marker is seen at {:.2f} of the length, the wand file says {:.2f}",
                    place, stated);
  } else {
    found = fmt::format("only {} of {} views with {} or more dots show them as the markers stand",
                        labelled, full, shape.count());
  }
  Degeneracy wrong = Named(
      DegeneracyKind::kWrongTarget, {},
      fmt::format("the dots are not those of the wand {}: {}; check the wand file, that the whole "
                  "wand is in the images, and that reflections are masked",
                  shape.name, found));
  wrong.value = share;
  wrong.limit = kLeastLabelledShare;
  return wrong;
}

}  // namespace

std::optional<Degeneracy> FindDotDegeneracy(const DotObservations& dots, const WandShape& shape,
                                            const std::vector<std::vector<Labelling>>& labellings) {
  if (auto found = FindWrongSize(dots)) return found;
  std::vector<std::size_t> seen(dots.cameras.size(), 0);
  for (const DotView& view : dots.views) {
    if (!view.xy.empty()) ++seen[view.camera.index()];
  }
  for (std::size_t c = 0; c < seen.size(); ++c) {
    if (seen[c] >= kFewestWandFrames) continue;
    Degeneracy few = Named(
        DegeneracyKind::kTooFewViews, {c},
        seen[c] == 0
            ? fmt::format("camera {} has not one sighting; check that it records, that its "
                          "threshold and lens cap let the wand through, or leave it out",
                          NameOf(dots, c))
            : fmt::format("camera {} saw the wand in {} frames, at least {} are needed; wave the "
                          "wand longer in front of it",
                          NameOf(dots, c), seen[c], kFewestWandFrames));
    few.value = static_cast<double>(seen[c]);
    few.limit = static_cast<double>(kFewestWandFrames);
    return few;
  }
  if (auto found = FindWrongWand(dots, shape, labellings)) return found;
  for (std::size_t c = 0; c < dots.cameras.size(); ++c) {
    std::size_t labelled = 0;
    for (std::size_t v = 0; v < dots.views.size(); ++v) {
      if (dots.views[v].camera.index() == c && !labellings[v].empty()) ++labelled;
    }
    if (labelled >= kFewestWandFrames) continue;
    Degeneracy few =
        Named(DegeneracyKind::kTooFewViews, {c},
              fmt::format("camera {} saw the whole wand in {} frames, at least {} are needed; wave "
                          "it so that all its markers are in this camera's image",
                          NameOf(dots, c), labelled, kFewestWandFrames));
    few.value = static_cast<double>(labelled);
    few.limit = static_cast<double>(kFewestWandFrames);
    return few;
  }
  return std::nullopt;
}

Degeneracy DescribeFewFrames(const DotObservations& dots, std::size_t frames) {
  std::vector<std::size_t> all;
  for (std::size_t c = 0; c < dots.cameras.size(); ++c) all.push_back(c);
  Degeneracy few = Named(
      DegeneracyKind::kTooFewViews, all,
      fmt::format("in {} frames only do two or more cameras see the wand, at least {} are needed; "
                  "wave it for a minute or two through all of the volume",
                  frames, kFewestWandFrames));
  few.value = static_cast<double>(frames);
  few.limit = static_cast<double>(kFewestWandFrames);
  return few;
}

Degeneracy DescribePlanarWave(const DotObservations& dots, std::size_t a, std::size_t b) {
  return Named(DegeneracyKind::kPlanarWave, {a, b},
               fmt::format("the wand was waved in one plane (as {} and {} see it), which fixes "
                           "neither focal lengths nor places; wave it through all of the volume: "
                           "high and low, near and far, turned in every direction",
                           NameOf(dots, a), NameOf(dots, b)));
}

Degeneracy DescribeMirrored(const DotObservations& dots, const std::vector<int>& mirrored) {
  std::vector<std::size_t> normal;
  std::vector<std::size_t> turned;
  for (std::size_t c = 0; c < mirrored.size(); ++c) {
    if (mirrored[c] >= 0) (mirrored[c] == 1 ? turned : normal).push_back(c);
  }
  if (turned.size() > normal.size()) std::swap(turned, normal);
  if (turned.size() == normal.size()) {
    return Named(DegeneracyKind::kMirroredCamera, turned,
                 fmt::format("of the cameras {} and {} one sees the world mirrored, and two groups "
                             "of one size do not say which; switch off its mirroring (a mirrored "
                             "image maps x to width - 1 - x) and record again",
                             ListOf(dots, normal), ListOf(dots, turned)));
  }
  return Named(DegeneracyKind::kMirroredCamera, turned,
               fmt::format("camera {} sees the wand mirrored, camera {} does not; switch off its "
                           "mirroring (a mirrored image maps x to width - 1 - x) and record or "
                           "convert again",
                           ListOf(dots, turned), ListOf(dots, normal)));
}

Degeneracy DescribeUnplaced(const DotObservations& dots, const std::vector<CommonFrames>& common,
                            const std::vector<std::uint8_t>& placed) {
  std::vector<CameraPair> linked;
  std::vector<std::size_t> left;
  for (const CommonFrames& pair : common) {
    if (pair.count >= kFewestWandFrames) linked.push_back({pair.a, pair.b, {}, pair.count, 0, 0.0});
  }
  for (std::size_t c = 0; c < placed.size(); ++c) {
    if (placed[c] == 0) left.push_back(c);
  }
  const auto groups = LinkedGroups(linked, dots.cameras.size());
  if (groups.size() < 2) {
    return Named(DegeneracyKind::kContradiction, left,
                 fmt::format("camera {} sees the wand together with the others, but its sightings "
                             "fit no place among them; check that its frames are of the same "
                             "instants, the size of its image, and that it did not move",
                             ListOf(dots, left)));
  }
  std::string list;
  for (const auto& group : groups) {
    list += fmt::format("{}{{{}}}", list.empty() ? "" : " and ", ListOf(dots, group));
  }
  // The pair across groups that lacks least.
  CommonFrames best{groups[0][0], groups[1][0], 0};
  const auto group_of = [&](std::size_t camera) {
    return std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return std::find(group.begin(), group.end(), camera) != group.end();
    });
  };
  for (const CommonFrames& pair : common) {
    if (group_of(pair.a) != group_of(pair.b) && pair.count > best.count) best = pair;
  }
  Degeneracy degeneracy = Named(
      DegeneracyKind::kDisconnected, left,
      fmt::format("the cameras {} never see the wand at the same instant (the pair {} and {} does "
                  "so in {} frames, at least {} are needed); wave it where both {} and {} see it",
                  list, NameOf(dots, best.a), NameOf(dots, best.b), best.count, kFewestWandFrames,
                  NameOf(dots, best.a), NameOf(dots, best.b)));
  for (const auto& group : groups) {
    degeneracy.groups.emplace_back();
    for (const std::size_t camera : group) degeneracy.groups.back().emplace_back(camera);
  }
  degeneracy.value = static_cast<double>(best.count);
  degeneracy.limit = static_cast<double>(kFewestWandFrames);
  return degeneracy;
}

namespace {

// So few instants of a good recording may give no start: it is the first thing to mend.
Degeneracy DescribeShortWave(const DotObservations& dots, std::size_t a, std::size_t b,
                             std::size_t most) {
  Degeneracy degeneracy = Named(
      DegeneracyKind::kTooFewViews, {a, b},
      fmt::format("the wave is too short: the best pair of cameras, {} and {}, sees the wand "
                  "together in {} frames, and no two cameras found their places by so few (some {} "
                  "are wanted); wave it longer, through the whole volume; if that does "
                  "not help, check the sizes of the images and the wand file",
                  NameOf(dots, a), NameOf(dots, b), most, kShortWave));
  degeneracy.value = static_cast<double>(most);
  degeneracy.limit = static_cast<double>(kShortWave);
  return degeneracy;
}

}  // namespace

Degeneracy DescribeNoPair(const DotObservations& dots, const std::vector<CommonFrames>& common) {
  std::size_t most = 0;
  std::size_t a = 0;
  std::size_t b = dots.cameras.size() > 1 ? 1 : 0;
  for (const CommonFrames& pair : common) {
    if (pair.count <= most) continue;
    most = pair.count;
    a = pair.a;
    b = pair.b;
  }
  if (most < kShortWave) return DescribeShortWave(dots, a, b, most);
  Degeneracy degeneracy = Named(
      DegeneracyKind::kContradiction, {a, b},
      fmt::format("no two cameras agree on a wand of one length (the best pair, {} and {}, sees it "
                  "together in {} frames); check that frames of one number are of one instant, the "
                  "sizes of the images, and that the wand file is that of this wand",
                  NameOf(dots, a), NameOf(dots, b), most));
  degeneracy.value = static_cast<double>(most);
  return degeneracy;
}

Degeneracy DescribeWrongInitial(std::size_t matched, std::size_t frames) {
  Degeneracy degeneracy = Named(
      DegeneracyKind::kContradiction, {},
      fmt::format("the places that are to be held fit the wand in {} of {} frames only: the rig is "
                  "not that of this recording, its scale is not that of the wand, or cameras have "
                  "moved; calibrate without --fix places",
                  matched, frames));
  degeneracy.value = static_cast<double>(matched);
  degeneracy.limit = static_cast<double>(frames);
  return degeneracy;
}

void ReplaceBoardWords(const DotObservations& dots, Degeneracy* degeneracy) {
  const std::string camera =
      degeneracy->cameras.empty() ? "" : NameOf(dots, degeneracy->cameras[0].index());
  if (degeneracy->kind == DegeneracyKind::kFocalUnobservable) {
    degeneracy->sentence = fmt::format(
        "the wand fixes the focal length of camera {} to {:.3g} % only (1 sd; {:.3g} % is needed); "
        "wave it nearer to this camera and farther away, in all of its image, or give its "
        "intrinsics (--initial RIG --fix intrinsics)",
        camera, 100.0 * degeneracy->value, 100.0 * degeneracy->limit);
  } else if (degeneracy->kind == DegeneracyKind::kUnobservable) {
    degeneracy->sentence = fmt::format(
        "the wand leaves a parameter of camera {} free; wave it in all of this camera's image, "
        "near and far and turned in every direction, or give its intrinsics (--initial RIG --fix "
        "intrinsics)",
        camera);
  }
}

}  // namespace medius::calibration
