#include "reconstruct/label_findings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "reconstruct/median.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Largest difference of two clusters' distances under the best pairing of their markers.
double Unlikeness(const SubjectModel& subject, const std::vector<std::size_t>& a,
                  std::vector<std::size_t> b) {
  double least = std::numeric_limits<double>::infinity();
  std::sort(b.begin(), b.end());
  do {
    double largest = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = i + 1; j < a.size(); ++j) {
        const double off = std::abs(subject.Pair(a[i], a[j]).mean - subject.Pair(b[i], b[j]).mean);
        largest = std::max(largest, std::isnan(off) ? 1.0 : off);
      }
    }
    least = std::min(least, largest);
  } while (std::next_permutation(b.begin(), b.end()));
  return least;
}

struct Seen {
  std::size_t first = 0;
  std::size_t end = 0;
  std::size_t longest_gap = 0;
};

Seen WhenSeen(const std::vector<NamedPiece>& pieces) {
  Seen seen{pieces.front().frames.first, pieces.back().frames.end(), 0};
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    seen.longest_gap =
        std::max(seen.longest_gap, pieces[i].frames.first - pieces[i - 1].frames.end());
  }
  return seen;
}

bool NothingNamed(const LabelTimeline& timeline) {
  for (std::size_t m = 0; m < timeline.marker_count(); ++m) {
    if (!timeline.Pieces(m).empty()) return false;
  }
  return true;
}

}  // namespace

std::vector<LabelFinding> AlikeSegments(const SubjectModel& subject,
                                        const LabelTimeline& timeline) {
  constexpr std::size_t kMostMarkers = 6;  // 720 pairings
  constexpr double kAlike = 0.004;         // metres: within what skin does to a cluster
  std::map<std::string, std::vector<std::size_t>> members;
  const bool nothing_named = NothingNamed(timeline);
  for (std::size_t m = 0; m < subject.markers.size(); ++m) {
    const std::string& segment = subject.markers[m].segment;
    if (segment.empty() || (!nothing_named && timeline.Pieces(m).empty())) continue;
    members[segment].push_back(m);
  }
  std::vector<LabelFinding> findings;
  for (auto a = members.begin(); a != members.end(); ++a) {
    for (auto b = std::next(a); b != members.end(); ++b) {
      const std::size_t count = a->second.size();
      if (count < 3 || count > kMostMarkers || b->second.size() != count) continue;
      const double unlike = Unlikeness(subject, a->second, b->second);
      if (unlike > kAlike) continue;
      LabelFinding finding{LabelFinding::Kind::kAlikeSegments, {}, kNaN, unlike, ""};
      for (const std::size_t m : a->second) finding.markers.emplace_back(m);
      for (const std::size_t m : b->second) finding.markers.emplace_back(m);
      finding.text = fmt::format(
          "the clusters of {} and {} have the same shape within {:.1f} mm; only their place on the "
          "body tells them apart; move a marker of one",
          a->first, b->first, 1e3 * unlike);
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

SubjectFit CompareWithSubject(const MotionSamples& samples, const SubjectModel& subject) {
  constexpr double kFewest = 10.0;
  SubjectFit fit;
  std::vector<double> ratios;
  std::vector<double> misfits;
  std::vector<double> offs;
  for (std::size_t a = 0; a < subject.markers.size(); ++a) {
    for (std::size_t b = a + 1; b < subject.markers.size(); ++b) {
      const PairDistance& known = subject.Pair(a, b);
      if (!known.is_rigid || !known.is_known) continue;
      double count = 0.0;
      double sum = 0.0;
      double squares = 0.0;
      for (std::size_t s = 0; s < samples.count(); ++s) {
        const double distance = (samples.At(s, a) - samples.At(s, b)).norm();
        if (std::isnan(distance)) continue;
        count += 1.0;
        sum += distance;
        squares += distance * distance;
      }
      if (count < kFewest) continue;
      const double mean = sum / count;
      const double sd = std::sqrt(std::max(0.0, squares / count - mean * mean));
      ratios.push_back(mean / known.mean);
      offs.push_back(std::abs(mean - known.mean));
      misfits.push_back(std::abs(mean - known.mean) / std::hypot(known.sd, sd));
    }
  }
  fit.pairs = ratios.size();
  if (fit.pairs == 0) return fit;
  fit.scale = Median(ratios);
  fit.off = Median(offs);
  fit.misfit = Median(misfits);
  return fit;
}

std::vector<LabelFinding> SubjectMisfit(const SubjectFit& fit, const SubjectModel& subject) {
  constexpr std::size_t kFewestPairs = 8;
  // The median pair of a subject's own run lies within its skin's sd; of another's it does not.
  constexpr double kMostMisfit = 1.5;
  constexpr double kMostScale = 0.05;
  if (fit.pairs < kFewestPairs) return {};
  if (fit.misfit < kMostMisfit && std::abs(fit.scale - 1.0) < kMostScale) return {};
  return {
      {LabelFinding::Kind::kSubjectDoesNotFit,
       {},
       kNaN,
       fit.scale,
       fmt::format("the distances within the segments are not those of {}: {:.3f} times as long, "
                   "the median of {} off by {:.1f} mm or {:.1f} times what skin does; is it "
                   "another subject's, or were markers put on anew?",
                   subject.source.empty() ? "the subject" : subject.source, fit.scale, fit.pairs,
                   1e3 * fit.off, fit.misfit)}};
}

std::vector<LabelFinding> MissingMarkers(const LabelTimeline& timeline, const TimeBase& time_base,
                                         const SubjectModel& subject) {
  constexpr double kLongAbsence = 2.0;  // seconds: markers are hidden for up to one
  std::size_t run_end = 0;
  for (std::size_t m = 0; m < timeline.marker_count(); ++m) {
    if (!timeline.Pieces(m).empty()) run_end = std::max(run_end, WhenSeen(timeline.Pieces(m)).end);
  }
  std::vector<LabelFinding> findings;
  for (std::size_t m = 0; m < timeline.marker_count(); ++m) {
    const std::string& label = subject.markers[m].label;
    if (timeline.Pieces(m).empty()) {
      findings.push_back({LabelFinding::Kind::kNeverSeen,
                          {MarkerId(m)},
                          kNaN,
                          0.0,
                          fmt::format("{} is never seen in the run", label)});
      continue;
    }
    const Seen seen = WhenSeen(timeline.Pieces(m));
    const auto gone = static_cast<double>(run_end - seen.end) / time_base.rate_hz;
    const auto usual = static_cast<double>(seen.longest_gap) / time_base.rate_hz;
    if (gone < std::max(kLongAbsence, 3.0 * usual)) continue;
    const double time = time_base.time[seen.end - 1];
    const double share = static_cast<double>(seen.end) / static_cast<double>(run_end);
    findings.push_back(
        {LabelFinding::Kind::kLostForGood,
         {MarkerId(m)},
         time,
         share,
         fmt::format("{} is last seen at {:.2f} s (minute {:.1f}) and not in the {:.1f} s that "
                     "follow; did it fall off?",
                     label, time, time / 60.0, gone)});
  }
  return findings;
}

}  // namespace medius::reconstruct
