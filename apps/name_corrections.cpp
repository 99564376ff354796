#include "apps/name_corrections.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::apps {
namespace {

using reconstruct::Fragment;
using reconstruct::LabelledPiece;

constexpr std::size_t kReviewColumns = 11;  // of kReviewHeader

// The frames of a piece that a correction leaves to it, before and after.
void Carve(const LabelledPiece& piece, FrameRange taken, std::vector<LabelledPiece>* kept) {
  const auto keep = [&](std::size_t first, std::size_t end) {
    if (end <= first) return;
    LabelledPiece part = piece;
    part.frames = {first, end - first};
    kept->push_back(std::move(part));
  };
  keep(piece.frames.first, std::min(piece.frames.end(), taken.first));
  keep(std::max(piece.frames.first, taken.end()), piece.frames.end());
}

bool Overlap(FrameRange a, FrameRange b) {
  return a.first < b.end() && b.first < a.end();
}

// The label's marker, which is made where there is none of that name yet.
std::optional<MarkerId> MarkerOf(const std::string& label, std::vector<std::string>* labels) {
  if (label.empty()) return std::nullopt;
  const auto found = std::find(labels->begin(), labels->end(), label);
  const auto index = static_cast<std::size_t>(found - labels->begin());
  if (found == labels->end()) labels->push_back(label);
  return MarkerId(index);
}

void Apply(const NameCorrection& correction, NamedTracks* named) {
  const std::optional<MarkerId> marker = MarkerOf(correction.label, &named->labels);
  std::vector<LabelledPiece> changed;
  for (LabelledPiece& piece : named->labelling.pieces) {
    if (!Overlap(piece.frames, correction.frames)) {
      changed.push_back(std::move(piece));
    } else if (piece.fragment == correction.track) {
      Carve(piece, correction.frames, &changed);
    } else if (piece.marker && piece.marker == marker) {
      Carve(piece, correction.frames, &changed);
      LabelledPiece lost = piece;
      lost.frames.first = std::max(piece.frames.first, correction.frames.first);
      lost.frames.count = std::min(piece.frames.end(), correction.frames.end()) - lost.frames.first;
      lost.marker.reset();
      changed.push_back(std::move(lost));
    } else {
      changed.push_back(std::move(piece));
    }
  }
  changed.push_back({correction.track, correction.frames, marker, 1.0, {}});
  named->labelling.pieces = std::move(changed);
}

// Numbers that no track has any more once tracks have names.
void DropUnusedNumbers(NamedTracks* named) {
  std::vector<bool> used(named->labels.size(), false);
  for (const LabelledPiece& piece : named->labelling.pieces) {
    if (piece.marker) used[piece.marker->index()] = true;
  }
  std::vector<MarkerId> renumbered(used.size());
  std::vector<std::string> kept;
  for (std::size_t m = 0; m < used.size(); ++m) {
    if (!used[m]) continue;
    renumbered[m] = MarkerId(kept.size());
    kept.push_back(named->labels[m]);
  }
  for (LabelledPiece& piece : named->labelling.pieces) {
    if (piece.marker) piece.marker = renumbered[piece.marker->index()];
    piece.alternatives.clear();
  }
  named->labels = std::move(kept);
}

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream stream(line);
  std::string cell;
  while (std::getline(stream, cell, ',')) cells.push_back(cell);
  if (!line.empty() && line.back() == ',') cells.emplace_back();
  return cells;
}

double Number(const std::string& cell, const std::string& where, const char* column) {
  std::size_t used = 0;
  double value = 0.0;
  try {
    value = std::stod(cell, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != cell.size()) {
    throw InputError(fmt::format("{}: {} is \"{}\", a number expected", where, column, cell));
  }
  return value;
}

// The place in a row is where the track was seen; elsewhere it is another track.
void RequirePlace(const std::vector<std::string>& cells, const Fragment& fragment,
                  const std::string& where) {
  constexpr double kSame = 0.005;  // m: places are written to 0.1 mm
  if (cells[7].empty() && cells[8].empty() && cells[9].empty()) return;
  const Eigen::Vector3d place(Number(cells[7], where, "x_m"), Number(cells[8], where, "y_m"),
                              Number(cells[9], where, "z_m"));
  for (std::size_t frame = fragment.first_frame; frame < fragment.end_frame(); ++frame) {
    if (!fragment.IsSeen(frame)) continue;
    const Eigen::Vector3f& seen = fragment.position[frame - fragment.first_frame];
    if ((seen.cast<double>() - place).norm() < kSame) return;
  }
  throw InputError(fmt::format(
      "{}: track {} never is at ({}, {}, {}): this review is of another run, or was written with "
      "other options",
      where, cells[0], cells[7], cells[8], cells[9]));
}

// A label of the trial or of its subject; where tracks only have numbers, any name, or any of the
// marker set where there is one.
void RequireKnown(const std::string& label, const std::string& where, const NamedTracks& named,
                  const MarkerSet* set) {
  const auto has = [&](const std::vector<std::string>& labels) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  if (has(named.labels) || has(named.subject_labels)) return;
  std::vector<std::string> known = named.labels;
  if (named.subject_labels.empty()) {
    if (set == nullptr) return;
    known.clear();
    for (const auto& [role, of_role] : set->roles) known.push_back(of_role);
    for (const auto& [segment, cluster] : set->clusters) {
      known.insert(known.end(), cluster.begin(), cluster.end());
    }
    if (has(known)) return;
  }
  throw InputError(
      fmt::format("{}: \"{}\" is none of the labels of this trial ({}); - stands for "
                  "no marker",
                  where, label, fmt::join(known, ", ")));
}

NameCorrection ReadRow(const std::vector<std::string>& cells, const std::string& where,
                       const std::vector<Fragment>& fragments, const TimeBase& time_base) {
  const double track = Number(cells[0], where, "track");
  if (!(track >= 0.0 && track < static_cast<double>(fragments.size()))) {
    throw InputError(fmt::format(
        "{}: track {} is not among the {} of this trial; was the review written with the same "
        "options?",
        where, cells[0], fragments.size()));
  }
  NameCorrection correction;
  correction.track = static_cast<std::size_t>(track);
  const Fragment& fragment = fragments[correction.track];
  const std::vector<double>& time = time_base.time;
  // Times are written to 0.1 ms; half a frame of tolerance finds the frame again.
  const double half = 0.5 / time_base.rate_hz;
  const auto index = [&](double t) {
    return static_cast<std::size_t>(std::lower_bound(time.begin(), time.end(), t) - time.begin());
  };
  const std::size_t first =
      std::max(index(Number(cells[1], where, "from_s") - half), fragment.first_frame);
  const std::size_t end =
      std::min(index(Number(cells[2], where, "to_s") + half), fragment.end_frame());
  if (end <= first) {
    throw InputError(fmt::format("{}: track {} is not seen between {} and {} s", where, cells[0],
                                 cells[1], cells[2]));
  }
  RequirePlace(cells, fragment, where);
  correction.frames = {first, end - first};
  if (cells[kReviewColumns - 1] != "-") correction.label = cells[kReviewColumns - 1];
  return correction;
}

}  // namespace

std::vector<NameCorrection> ReadCorrections(const std::filesystem::path& file,
                                            const std::vector<Fragment>& fragments,
                                            const TimeBase& time_base, const NamedTracks& named,
                                            const MarkerSet* set) {
  std::ifstream stream(file);
  if (!stream) throw InputError(fmt::format("{}: cannot be read", file.string()));
  std::string line;
  std::vector<NameCorrection> corrections;
  std::vector<std::size_t> rows;
  for (std::size_t row = 1; std::getline(stream, line); ++row) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const std::string where = fmt::format("{}, line {}", file.string(), row);
    if (row == 1) {
      if (line != kReviewHeader) {
        throw InputError(
            fmt::format("{}: its columns are not those of a review ({})", where, kReviewHeader));
      }
      continue;
    }
    if (line.empty()) continue;
    const std::vector<std::string> cells = Split(line);
    if (cells.size() != kReviewColumns) {
      throw InputError(
          fmt::format("{}: has {} columns, {} expected", where, cells.size(), kReviewColumns));
    }
    if (cells.back().empty()) continue;
    const NameCorrection correction = ReadRow(cells, where, fragments, time_base);
    if (!correction.label.empty()) RequireKnown(correction.label, where, named, set);
    for (std::size_t i = 0; i < corrections.size(); ++i) {
      const NameCorrection& other = corrections[i];
      if (!Overlap(other.frames, correction.frames)) continue;
      if (other.track == correction.track ||
          (!correction.label.empty() && other.label == correction.label)) {
        throw InputError(
            fmt::format("{}: contradicts line {}, which names the same {} at the "
                        "same time",
                        where, rows[i], other.track == correction.track ? "track" : "marker"));
      }
    }
    corrections.push_back(correction);
    rows.push_back(row);
  }
  return corrections;
}

void ApplyCorrections(const std::vector<NameCorrection>& corrections,
                      const std::vector<Fragment>& fragments, NamedTracks* named) {
  for (const NameCorrection& correction : corrections) {
    MEDIUS_CHECK(correction.track < fragments.size(), "a correction of a track that there is");
    Apply(correction, named);
  }
  std::stable_sort(named->labelling.pieces.begin(), named->labelling.pieces.end(),
                   [](const LabelledPiece& a, const LabelledPiece& b) {
                     if (a.fragment != b.fragment) return a.fragment < b.fragment;
                     return a.frames.first < b.frames.first;
                   });
  if (named->subject_labels.empty()) DropUnusedNumbers(named);
}

}  // namespace medius::apps
