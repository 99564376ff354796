#include "apps/track_naming.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "reconstruct/named_sightings.hpp"

namespace medius::apps {
namespace {

using reconstruct::Fragment;
using reconstruct::LabelledPiece;
using reconstruct::LabelStatus;

// Seconds: without a model of the subject, shorter tracks are no marker of their own.
constexpr double kShortestUnnamed = 0.1;
// More tracks than this are no set of markers: a run with gaps needs a model.
constexpr std::size_t kMostUnnamed = 500;
// Pieces with a name that is at least this probable need no review.
constexpr double kCertain = 0.99;
constexpr const char* kReviewHeader =
    "track,from_s,to_s,frames,label,confidence,alternatives,x_m,y_m,z_m,correct_label";
constexpr std::size_t kReviewColumns = 11;

std::string_view WhyNot(LabelStatus status) {
  switch (status) {
    case LabelStatus::kNoFragments:
      return "nothing was tracked";
    case LabelStatus::kNotFound:
      return "nowhere in the run do its markers lie as those of the subject";
    case LabelStatus::kSubjectDoesNotFit:
      return "the distances between its markers are not this subject's";
    case LabelStatus::kLabelled:
      break;
  }
  return "";
}

std::size_t SeenFrames(const Fragment& fragment, FrameRange frames) {
  std::size_t count = 0;
  for (std::size_t frame = frames.first; frame < frames.end(); ++frame) {
    if (fragment.IsSeen(frame)) ++count;
  }
  return count;
}

// Keeps the markers that some piece is, and those expected, and renumbers the pieces.
void DropUnseen(const SubjectModel& subject, const std::set<std::string>& expected,
                NamedTracks* named) {
  std::vector<bool> seen(subject.markers.size(), false);
  for (const LabelledPiece& piece : named->labelling.pieces) {
    if (piece.marker) seen[piece.marker->index()] = true;
    for (const MarkerId other : piece.alternatives) seen[other.index()] = true;
  }
  std::vector<MarkerId> renumbered(seen.size());
  for (std::size_t m = 0; m < seen.size(); ++m) {
    if (!seen[m] && !expected.contains(subject.markers[m].label)) continue;
    renumbered[m] = MarkerId(named->labels.size());
    named->labels.push_back(subject.markers[m].label);
  }
  for (LabelledPiece& piece : named->labelling.pieces) {
    if (piece.marker) piece.marker = renumbered[piece.marker->index()];
    for (MarkerId& other : piece.alternatives) other = renumbered[other.index()];
  }
}

struct Correction {
  std::size_t row;
  std::size_t track;
  FrameRange frames;
  std::optional<MarkerId> marker;  // nullopt: no marker at all
};

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

void Apply(const Correction& correction, std::vector<LabelledPiece>* pieces) {
  std::vector<LabelledPiece> changed;
  for (LabelledPiece& piece : *pieces) {
    if (!Overlap(piece.frames, correction.frames)) {
      changed.push_back(std::move(piece));
    } else if (piece.fragment == correction.track) {
      Carve(piece, correction.frames, &changed);
    } else if (piece.marker && piece.marker == correction.marker) {
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
  changed.push_back({correction.track, correction.frames, correction.marker, 1.0, {}});
  *pieces = std::move(changed);
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

Correction ReadRow(const std::vector<std::string>& cells, const std::string& where, std::size_t row,
                   const std::vector<Fragment>& fragments, const TimeBase& time_base,
                   const NamedTracks& named) {
  const double track = Number(cells[0], where, "track");
  if (!(track >= 0.0 && track < static_cast<double>(fragments.size()))) {
    throw InputError(fmt::format(
        "{}: track {} is not among the {} of this trial; was the review written with the same "
        "options?",
        where, cells[0], fragments.size()));
  }
  Correction correction{row, static_cast<std::size_t>(track), {}, {}};
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
  correction.frames = {first, end - first};
  const std::string& label = cells[kReviewColumns - 1];
  if (label == "-") return correction;
  const auto found = std::find(named.labels.begin(), named.labels.end(), label);
  if (found == named.labels.end()) {
    throw InputError(
        fmt::format("{}: \"{}\" is none of the labels of this trial ({}); - stands "
                    "for no marker",
                    where, label, fmt::join(named.labels, ", ")));
  }
  correction.marker = MarkerId(static_cast<std::size_t>(found - named.labels.begin()));
  return correction;
}

}  // namespace

NamedTracks NameBySubject(const std::vector<Fragment>& fragments, const TimeBase& time_base,
                          const SubjectModel& subject, const reconstruct::LabelOptions& options,
                          const std::set<std::string>& expected, CommandContext& context) {
  const WorkControl control = context.Work("naming", "fragments");
  reconstruct::LabelResult result = reconstruct::LabelFragments(
      fragments, time_base, subject, options, context.parallelism(), control);
  if (result.status != LabelStatus::kLabelled) {
    std::string details;
    for (const reconstruct::LabelFinding& finding : result.findings) {
      details += "; " + finding.text;
    }
    throw NotComputed(fmt::format("the tracks could not be named by {}: {}{}", subject.source,
                                  WhyNot(result.status), details));
  }
  NamedTracks named;
  named.labelling = std::move(result.labelling);
  named.findings = std::move(result.findings);
  for (const SubjectMarker& marker : subject.markers) named.subject_labels.push_back(marker.label);
  DropUnseen(subject, expected, &named);
  return named;
}

void WarnOfNames(const NamedTracks& named, CommandContext& context) {
  using Kind = reconstruct::LabelFinding::Kind;
  std::set<std::string> never;
  std::set<std::string> unsure;
  for (const reconstruct::LabelFinding& finding : named.findings) {
    if (finding.kind == Kind::kNeverSeen) {
      for (const MarkerId marker : finding.markers) {
        never.insert(named.subject_labels[marker.index()]);
      }
    }
  }
  for (const reconstruct::LabelFinding& finding : named.findings) {
    if (finding.kind == Kind::kUnsureName) {
      const std::string& label = named.subject_labels[finding.markers.front().index()];
      if (!never.contains(label)) unsure.insert(label);
    } else if (finding.kind != Kind::kNeverSeen) {
      context.Warn(finding.text);
    }
  }
  if (!never.empty()) {
    context.Warn(fmt::format("{} of the subject's {} markers are never seen in the run: {}",
                             never.size(), named.subject_labels.size(), fmt::join(never, ", ")));
  }
  if (!unsure.empty()) {
    context.Warn(fmt::format("{} could not be told surely everywhere; --review FILE lists where",
                             fmt::join(unsure, ", ")));
  }
}

void RefuseMostlyUnsure(const std::string& subject, const TracksReport& report) {
  // By their own standing trials the recordings at hand leave up to 17 % unsure, by that of another
  // person with another marker set 28 and 30 %.
  constexpr double kMostUnsure = 0.25;
  const auto unsure = static_cast<double>(report.unnamed);
  if (unsure <= kMostUnsure * static_cast<double>(report.seen)) return;
  throw NotComputed(fmt::format(
      "{:.0f} % of what was tracked could not be told by {}; is it of this subject, session and "
      "marker set? If it is, a labelled stretch of motion tells more (--learn-from)",
      100.0 * unsure / static_cast<double>(report.seen), subject));
}

TracksReport ReportOn(const std::vector<Fragment>& fragments, const NamedTracks& named) {
  TracksReport report;
  report.fragments = fragments.size();
  report.swaps_undone = named.labelling.swaps_undone;
  for (const LabelledPiece& piece : named.labelling.pieces) {
    const std::size_t seen = SeenFrames(fragments[piece.fragment], piece.frames);
    report.seen += seen;
    if (piece.marker) continue;
    (piece.alternatives.empty() ? report.ghosts : report.unnamed) += seen;
  }
  return report;
}

NamedTracks NameByNumber(const std::vector<Fragment>& fragments, const TimeBase& time_base) {
  const auto shortest =
      static_cast<std::size_t>(std::max(3.0, kShortestUnnamed * time_base.rate_hz));
  reconstruct::NumberedMarkers numbered = reconstruct::NumberFragments(fragments, shortest);
  if (numbered.labels.size() > kMostUnnamed) {
    throw NotComputed(fmt::format(
        "its anonymous sightings make {} track fragments, more than markers without names can be "
        "(at most {}); name them by a standing trial (--static, --markers) or a labelled stretch "
        "(--learn-from)",
        numbered.labels.size(), kMostUnnamed));
  }
  return {std::move(numbered.labels), std::move(numbered.labelling), {}, {}};
}

std::string ReviewCsv(const std::vector<Fragment>& fragments, const TimeBase& time_base,
                      const NamedTracks& named) {
  struct Row {
    const LabelledPiece* piece;
    std::size_t frames;
  };
  std::vector<Row> rows;
  for (const LabelledPiece& piece : named.labelling.pieces) {
    const bool doubtful = piece.marker ? piece.confidence < kCertain : !piece.alternatives.empty();
    if (doubtful) rows.push_back({&piece, SeenFrames(fragments[piece.fragment], piece.frames)});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.frames > b.frames; });
  std::string text = std::string(kReviewHeader) + "\n";
  for (const Row& row : rows) {
    const LabelledPiece& piece = *row.piece;
    std::vector<std::string> others;
    for (const MarkerId other : piece.alternatives) others.push_back(named.labels[other.index()]);
    const Fragment& fragment = fragments[piece.fragment];
    std::size_t frame = piece.frames.first;
    while (frame + 1 < piece.frames.end() && !fragment.IsSeen(frame)) ++frame;
    const Eigen::Vector3f& at = fragment.position[frame - fragment.first_frame];
    text += fmt::format("{},{:.4f},{:.4f},{},{},{:.4f},{},{:.4f},{:.4f},{:.4f},\n", piece.fragment,
                        time_base.time[piece.frames.first], time_base.time[piece.frames.end() - 1],
                        row.frames, piece.marker ? named.labels[piece.marker->index()] : "",
                        piece.confidence, fmt::join(others, ";"), at.x(), at.y(), at.z());
  }
  return text;
}

std::size_t ApplyCorrections(const std::filesystem::path& file,
                             const std::vector<Fragment>& fragments, const TimeBase& time_base,
                             NamedTracks* named) {
  std::ifstream stream(file);
  if (!stream) throw InputError(fmt::format("{}: cannot be read", file.string()));
  std::string line;
  std::vector<Correction> corrections;
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
    const Correction correction = ReadRow(cells, where, row, fragments, time_base, *named);
    for (const Correction& other : corrections) {
      if (!Overlap(other.frames, correction.frames)) continue;
      if (other.track == correction.track ||
          (correction.marker && other.marker == correction.marker)) {
        throw InputError(
            fmt::format("{}: contradicts line {}, which names the same {} at the "
                        "same time",
                        where, other.row, other.track == correction.track ? "track" : "marker"));
      }
    }
    corrections.push_back(correction);
  }
  for (const Correction& correction : corrections) Apply(correction, &named->labelling.pieces);
  std::stable_sort(named->labelling.pieces.begin(), named->labelling.pieces.end(),
                   [](const LabelledPiece& a, const LabelledPiece& b) {
                     if (a.fragment != b.fragment) return a.fragment < b.fragment;
                     return a.frames.first < b.frames.first;
                   });
  return corrections.size();
}

}  // namespace medius::apps
