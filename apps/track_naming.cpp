#include "apps/track_naming.hpp"

#include <algorithm>
#include <set>

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
  const auto markers = static_cast<double>(report.seen - report.ghosts);
  if (unsure <= kMostUnsure * markers) return;
  throw NotComputed(fmt::format(
      "{:.0f} % of what was tracked could not be told by {}; is it of this subject, session and "
      "marker set? If it is, a labelled stretch of motion tells more (--learn-from)",
      100.0 * unsure / markers, subject));
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
    // Without a model every track waits for a name.
    const bool doubtful = named.subject_labels.empty() ? piece.marker.has_value()
                          : piece.marker               ? piece.confidence < kCertain
                                                       : !piece.alternatives.empty();
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

}  // namespace medius::apps
