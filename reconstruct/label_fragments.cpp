#include "reconstruct/label_fragments.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "reconstruct/label_arrangement.hpp"
#include "reconstruct/label_evidence.hpp"
#include "reconstruct/label_findings.hpp"
#include "reconstruct/label_growth.hpp"
#include "reconstruct/label_judgement.hpp"
#include "reconstruct/label_junctions.hpp"
#include "reconstruct/label_start.hpp"
#include "reconstruct/label_timeline.hpp"
#include "reconstruct/median.hpp"
#include "reconstruct/motion_model.hpp"

namespace medius::reconstruct {
namespace {

using BlockSpan = std::pair<std::size_t, std::size_t>;

constexpr std::size_t kLearnSamples = 600;
constexpr int kJudgements = 3;
// Names that an exchange would fit nearly as well are not given: log odds.
constexpr double kSureName = 3.0;

void CheckInput(const std::vector<Fragment>& fragments, const TimeBase& time_base,
                const SubjectModel& subject) {
  if (subject.anchor.size() < 3) {
    throw InputError(fmt::format("the subject {} has {} anchor markers; three or more expected",
                                 subject.source, subject.anchor.size()));
  }
  MEDIUS_CHECK(subject.pairs.size() * 2 == subject.markers.size() * (subject.markers.size() - 1),
               "a distance for every pair of markers");
  for (const Fragment& fragment : fragments) {
    MEDIUS_CHECK(fragment.end_frame() <= time_base.frame_count(), "a fragment outside the run");
  }
}

// One run's labelling at work.
class Labeller {
 public:
  Labeller(const std::vector<Fragment>& fragments, const TimeBase& time_base,
           const SubjectModel& subject, const LabelOptions& options, Parallelism parallelism,
           const WorkControl& control)
      : fragments_(fragments),
        time_base_(time_base),
        subject_(subject),
        options_(options),
        parallelism_(parallelism),
        control_(control),
        blocks_(fragments, time_base),
        timeline_(fragments, subject.markers.size()),
        log_any_place_(
            LogDensityOfGhosts(fragments, time_base.frame_count(), subject.markers.size())) {}

  LabelResult Run() {
    LabelResult result;
    const bool is_named = !fragments_.empty() && NameWholeRun();
    if (is_named) {
      JudgeAll();
      CheckNames(result);
    }
    const auto alike = AlikeSegments(subject_, timeline_);
    result.findings.insert(result.findings.end(), alike.begin(), alike.end());
    if (!is_named) {
      return Unnamed(std::move(result),
                     fragments_.empty() ? LabelStatus::kNoFragments : LabelStatus::kNotFound);
    }
    auto misfit = SubjectMisfit(CompareWithSubject(SamplesOfAll(), subject_), subject_);
    if (!misfit.empty()) {
      result.findings.insert(result.findings.end(), misfit.begin(), misfit.end());
      return Unnamed(std::move(result), LabelStatus::kSubjectDoesNotFit);
    }
    WritePieces(result);
    const auto missing = MissingMarkers(timeline_, time_base_, subject_);
    result.findings.insert(result.findings.end(), missing.begin(), missing.end());
    return result;
  }

 private:
  // Every fragment whole and without a name.
  LabelResult Unnamed(LabelResult result, LabelStatus status) const {
    result.status = status;
    result.labelling = {};
    for (std::size_t f = 0; f < fragments_.size(); ++f) {
      const Fragment& fragment = fragments_[f];
      result.labelling.pieces.push_back(
          {f, {fragment.first_frame, fragment.position.size()}, std::nullopt, 0.0, {}});
      result.unnamed_frames +=
          SeenFrames(fragment, {fragment.first_frame, fragment.position.size()});
    }
    return result;
  }

  static std::size_t SeenFrames(const Fragment& fragment, FrameRange range) {
    std::size_t seen = 0;
    for (std::size_t frame = range.first; frame < range.end(); ++frame) {
      if (fragment.IsSeen(frame)) ++seen;
    }
    return seen;
  }

  [[nodiscard]] std::size_t WindowBlocks() const {
    const double frames = options_.start_window * time_base_.rate_hz;
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(
                                        frames / static_cast<double>(blocks_.frames_per_block()))));
  }

  [[nodiscard]] MotionSamples SamplesOfAll() const { return SamplesOf({{0, blocks_.count()}}); }

  // Names' positions at instants spread over some stretches.
  [[nodiscard]] MotionSamples SamplesOf(const std::vector<BlockSpan>& spans) const {
    std::size_t total = 0;
    for (const BlockSpan& span : spans) total += FramesOf(span).count;
    MotionSamples samples;
    samples.marker_count = subject_.markers.size();
    const std::size_t count = std::min(kLearnSamples, total);
    samples.position.reserve(count * samples.marker_count);
    std::size_t span = 0;
    std::size_t before = 0;  // frames of the spans that are done
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = (2 * i + 1) * total / (2 * count);
      while (at - before >= FramesOf(spans[span]).count) before += FramesOf(spans[span++]).count;
      const std::size_t frame = FramesOf(spans[span]).first + at - before;
      for (std::size_t m = 0; m < samples.marker_count; ++m) {
        const Eigen::Vector3f* position = timeline_.Position(m, frame);
        samples.position.push_back(position != nullptr ? *position
                                                       : Eigen::Vector3f::Constant(std::nanf("")));
      }
    }
    return samples;
  }

  [[nodiscard]] FrameRange FramesOf(BlockSpan span) const {
    return blocks_.Frames(span.first, span.second - span.first);
  }

  // Starts in the best windows, then wherever names are still lacking for a window's length.
  bool NameWholeRun() {
    constexpr std::size_t kLongStretch = 16;  // windows
    const std::size_t window = WindowBlocks();
    std::vector<BlockSpan> todo = {{0, blocks_.count()}};
    bool is_started = false;
    while (!todo.empty()) {
      const BlockSpan span = todo.back();
      todo.pop_back();
      const std::vector<LabelStart> starts =
          FindStarts(fragments_, blocks_, subject_, span, window, parallelism_);
      if (starts.empty()) {
        // The few windows that were tried say little of a long stretch.
        if (span.second - span.first >= kLongStretch * window) {
          const std::size_t middle = span.first + (span.second - span.first) / 2;
          todo.emplace_back(span.first, middle);
          todo.emplace_back(middle, span.second);
        }
        continue;
      }
      is_started = true;
      std::size_t from = span.first;
      for (const BlockSpan& done : GrowFrom(starts, span)) {
        if (done.first >= from + window) todo.emplace_back(from, done.first);
        from = done.second;
      }
      if (span.second >= from + window) todo.emplace_back(from, span.second);
    }
    return is_started;
  }

  void NameStart(const LabelStart& start) {
    const FrameRange window = FramesOf(start.blocks);
    for (std::size_t m = 0; m < start.fragment_of.size(); ++m) {
      if (!start.fragment_of[m]) continue;
      const Fragment& fragment = fragments_[*start.fragment_of[m]];
      const std::size_t first = std::max(window.first, fragment.first_frame);
      const std::size_t end = std::min(window.end(), fragment.end_frame());
      timeline_.Insert(m, {*start.fragment_of[m], {first, end - first}});
    }
  }

  // Learns the motion from all windows together, so that what is wrong in one is outvoted, and
  // carries the names from each to the next. @return what is done, in order of time.
  std::vector<BlockSpan> GrowFrom(const std::vector<LabelStart>& starts, BlockSpan limits) {
    constexpr int kCleanings = 3;
    std::vector<BlockSpan> done;
    for (const LabelStart& start : starts) {
      NameStart(start);
      done.push_back(start.blocks);
    }
    LabelGrowth growth(fragments_, blocks_, time_base_, options_, log_any_place_, timeline_);
    for (int round = 0; round < kCleanings; ++round) {
      model_ = MotionModel::Learn(SamplesOf(done), parallelism_);
      for (const BlockSpan& span : done) {
        for (std::size_t b = span.first; b < span.second; ++b) growth.NameBlock(b, b, *model_);
      }
    }
    // What is known of the motion widens with what has names: seconds, then all.
    for (const std::size_t reach : {std::size_t{8}, blocks_.count()}) {
      model_ = MotionModel::Learn(SamplesOf(done), parallelism_);
      for (std::size_t i = 0; i < done.size(); ++i) {
        const std::size_t first = i == 0 ? limits.first : done[i - 1].second;
        const std::size_t end = i + 1 == done.size() ? limits.second : done[i + 1].first;
        const BlockSpan wanted = {std::max(first, done[i].first - std::min(done[i].first, reach)),
                                  std::min(end, done[i].second + reach)};
        done[i] = growth.Grow(done[i], wanted, *model_, control_);
        control_.Report(done[i].second, blocks_.count());
      }
    }
    Reconcile(starts, done, growth);
    return done;
  }

  // Where two stretches contradict each other about the tracks that they share, the one that was
  // found less surely gives way and is named anew from the other one. A run may be cut into
  // stretches, but who a track is does not change at the cut. The surest speak first, so that what
  // is wrong is not handed on.
  void Reconcile(const std::vector<LabelStart>& starts, const std::vector<BlockSpan>& done,
                 LabelGrowth& growth) {
    std::vector<double> sure;
    for (const LabelStart& start : starts) sure.push_back(start.score);
    for (std::size_t turn = 0; turn < done.size(); ++turn) {
      std::optional<std::size_t> next;  // the junction of a stretch and the one after it
      const auto surer = [&](std::size_t i) { return std::max(sure[i], sure[i + 1]); };
      for (std::size_t i = 0; i + 1 < done.size(); ++i) {
        // Of two that are equally sure one was named from the other already: what is left is a
        // track that changes its marker there.
        if (done[i].second != done[i + 1].first || sure[i] == sure[i + 1]) continue;
        if (next && surer(i) <= surer(*next)) continue;
        if (!CompareAt(timeline_, FramesOf(done[i + 1]).first).conflicts.empty()) next = i;
      }
      if (!next) break;
      const bool forwards = sure[*next + 1] < sure[*next];
      const std::size_t weak = forwards ? *next + 1 : *next;
      Agree(done, weak, forwards, growth);
      sure[weak] = surer(*next);
    }
  }

  // Makes a stretch agree with the surer one beside it.
  // @param forwards  the stretch is the later one.
  void Agree(const std::vector<BlockSpan>& done, std::size_t which, bool forwards,
             LabelGrowth& growth) {
    const FrameRange frames = FramesOf(done[which]);
    LabelJunction junction = CompareAt(timeline_, forwards ? frames.first : frames.end());
    if (junction.conflicts.empty()) return;
    if (!junction.IsOpposed()) {
      std::vector<BlockSpan> others = done;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(which));
      model_ = MotionModel::Learn(SamplesOf(others), parallelism_);
      KeepBorneOut(frames, forwards, junction);
    }
    if (junction.conflicts.empty()) return;
    GiveWay(junction, fragments_, frames, timeline_);
    model_ = MotionModel::Learn(SamplesOf(done), parallelism_);
    NameAnew(done[which], forwards, growth);
  }

  // A track may truly change its marker near a junction: a name that the rest of the run bears out
  // better than the one from across stays.
  // @param frames     of the weaker stretch.
  // @param is_later  that stretch is the later one.
  void KeepBorneOut(FrameRange frames, bool is_later, LabelJunction& junction) const {
    constexpr std::size_t kLooks = 12;
    const LabelEvidence evidence(fragments_, timeline_, *model_, log_any_place_);
    const auto is_borne_out = [&](const LabelJunction::Conflict& conflict) {
      const std::size_t own = is_later ? conflict.after : conflict.before;
      const std::size_t other = is_later ? conflict.before : conflict.after;
      const auto looks = SpreadFrames(fragments_[conflict.fragment],
                                      PartOf(fragments_[conflict.fragment], frames), kLooks);
      const std::array<std::size_t, 2> suspects = {own, other};
      const auto as_own = evidence.Over(conflict.fragment, looks, own, suspects);
      const auto as_other = evidence.Over(conflict.fragment, looks, other, suspects);
      if (as_own.samples > 0) return as_own.mean > 0.0 && as_own.mean > as_other.mean;
      // The rest of the run does not know this marker: the subject's own distances must do.
      return as_other.mean < 0.0 && FitsRigidly(conflict.fragment, looks, own);
    };
    auto& conflicts = junction.conflicts;
    conflicts.erase(std::remove_if(conflicts.begin(), conflicts.end(), is_borne_out),
                    conflicts.end());
  }

  // Whether a fragment keeps the subject's distances to the markers that ride on one bone with it.
  [[nodiscard]] bool FitsRigidly(std::size_t fragment, const std::vector<std::size_t>& frames,
                                 std::size_t marker) const {
    constexpr double kFits = 3.0;  // sds of the distance
    std::vector<double> misfits;
    for (std::size_t m = 0; m < subject_.markers.size(); ++m) {
      if (m == marker) continue;
      const PairDistance& known = subject_.Pair(marker, m);
      if (!known.is_rigid || !known.is_known) continue;
      for (const std::size_t frame : frames) {
        const Eigen::Vector3f* witness = timeline_.Position(m, frame);
        if (witness == nullptr) continue;
        const Fragment& own = fragments_[fragment];
        const float distance = (own.position[frame - own.first_frame] - *witness).norm();
        misfits.push_back(std::abs(static_cast<double>(distance) - known.mean) / known.sd);
      }
    }
    return !misfits.empty() && Median(misfits) < kFits;
  }

  // @param forwards  from the stretch before it, else from the one after.
  void NameAnew(BlockSpan span, bool forwards, LabelGrowth& growth) {
    const auto [first, end] = span;
    for (std::size_t k = 0; k < end - first; ++k) {
      control_.ThrowIfCancelled();
      if (forwards) {
        growth.NameBlock(first + k, first + k - 1, *model_);
      } else {
        growth.NameBlock(end - 1 - k, end - k, *model_);
      }
    }
  }

  void JudgeAll() {
    for (int round = 0; round < kJudgements; ++round) {
      control_.ThrowIfCancelled();
      model_ = MotionModel::Learn(SamplesOfAll(), parallelism_);
      const JudgementInput input{&fragments_,        &timeline_,     &*model_,
                                 time_base_.rate_hz, log_any_place_, options_};
      judged_ = JudgeFragments(input, round + 1 == kJudgements, parallelism_);
      timeline_ = Settle(fragments_, subject_.markers.size(), judged_);
    }
  }

  // Whether the subject's distances over the whole run bear the names out, or others do better.
  void CheckNames(LabelResult& result) {
    const std::size_t markers = subject_.markers.size();
    const MotionSamples samples = SamplesOfAll();
    const MovingThings things{markers, samples.position};
    const ArrangementSearch search(things, subject_);
    Arrangement named{std::vector<std::optional<std::size_t>>(markers), 0.0};
    for (std::size_t m = 0; m < markers; ++m) {
      if (!timeline_.Pieces(m).empty()) named.thing_of[m] = m;
    }
    const Arrangement improved = search.Improved(named);
    is_unsure_.assign(markers, false);
    rivals_.assign(markers, std::nullopt);
    Rename(improved);
    const std::vector<Rival> rivals = search.Rivals(improved);
    for (std::size_t m = 0; m < markers; ++m) {
      if (!improved.thing_of[m] || !(rivals[m].cost < kSureName)) continue;
      is_unsure_[m] = true;
      rivals_[m] = rivals[m].marker;
      result.findings.push_back(
          {LabelFinding::Kind::kUnsureName,
           {MarkerId(m), MarkerId(*rivals[m].marker)},
           std::numeric_limits<double>::quiet_NaN(),
           rivals[m].cost,
           fmt::format("{} and {} cannot be told apart by this subject's distances; left without "
                       "a name",
                       subject_.markers[m].label, subject_.markers[*rivals[m].marker].label)});
    }
  }

  // Gives each group of pieces the name that the whole run's distances say.
  void Rename(const Arrangement& improved) {
    const std::size_t markers = subject_.markers.size();
    std::vector<std::size_t> new_name(markers, markers);
    std::vector<bool> is_taken(markers, false);
    for (std::size_t m = 0; m < markers; ++m) {
      if (!improved.thing_of[m]) continue;
      new_name[*improved.thing_of[m]] = m;
      is_taken[m] = true;
    }
    // Things that fit no marker get a free name, so that the names stay a permutation, which is
    // then not used.
    std::size_t next = 0;
    for (std::size_t thing = 0; thing < markers; ++thing) {
      if (new_name[thing] != markers) continue;
      if (!is_taken[thing]) {
        new_name[thing] = thing;
      } else {
        while (is_taken[next]) ++next;
        new_name[thing] = next;
      }
      is_taken[new_name[thing]] = true;
      is_unsure_[new_name[thing]] = true;
    }
    std::vector<std::size_t> from(markers);
    for (std::size_t thing = 0; thing < markers; ++thing) from[new_name[thing]] = thing;
    timeline_.Permute(from);
    for (std::vector<JudgedPiece>& pieces : judged_) {
      for (JudgedPiece& piece : pieces) {
        if (piece.marker) piece.marker = new_name[*piece.marker];
        for (auto& [marker, odds] : piece.alternatives) marker = new_name[marker];
      }
    }
  }

  void WritePieces(LabelResult& result) {
    for (std::size_t f = 0; f < fragments_.size(); ++f) {
      const std::size_t first = result.labelling.pieces.size();
      for (const JudgedPiece& piece : judged_[f]) WritePiece(f, piece, result);
      const auto& pieces = result.labelling.pieces;
      std::optional<MarkerId> last;
      for (std::size_t p = first; p < pieces.size(); ++p) {
        if (!pieces[p].marker) continue;
        if (last && last != pieces[p].marker) ++result.labelling.swaps_undone;
        last = pieces[p].marker;
      }
    }
    for (const LabelledPiece& piece : result.labelling.pieces) {
      const std::size_t seen = SeenFrames(fragments_[piece.fragment], piece.frames);
      (piece.marker                 ? result.named_frames
       : piece.alternatives.empty() ? result.ghost_frames
                                    : result.unnamed_frames) += seen;
    }
  }

  // The piece as it was settled: parts that lost to another fragment have no name.
  void WritePiece(std::size_t f, const JudgedPiece& piece, LabelResult& result) {
    LabelledPiece named{f, {0, 0}, std::nullopt, piece.Confidence(), {}};
    for (const auto& [marker, odds] : piece.alternatives) named.alternatives.emplace_back(marker);
    LabelledPiece unnamed = named;
    if (piece.marker) {
      named.marker = MarkerId(*piece.marker);
      unnamed.alternatives.insert(unnamed.alternatives.begin(), MarkerId(*piece.marker));
    }
    const bool is_sure =
        piece.marker && named.confidence >= options_.min_confidence && !is_unsure_[*piece.marker];
    if (piece.marker && is_unsure_[*piece.marker] && rivals_[*piece.marker]) {
      unnamed.alternatives.insert(unnamed.alternatives.begin() + 1,
                                  MarkerId(*rivals_[*piece.marker]));
      unnamed.confidence = std::min(unnamed.confidence, 0.5);
    }
    const auto holds = [&](std::size_t frame) {
      return is_sure && timeline_.FragmentAt(*piece.marker, frame) == f;
    };
    std::size_t begin = piece.frames.first;
    while (begin < piece.frames.end()) {
      const bool is_held = holds(begin);
      // A track that coasts for some frames, while no other is its marker, stays one piece.
      const auto coasts = [&](std::size_t frame) {
        return !fragments_[f].IsSeen(frame) &&
               (!piece.marker || !timeline_.FragmentAt(*piece.marker, frame));
      };
      std::size_t end = begin + 1;
      while (end < piece.frames.end() && (holds(end) == is_held || coasts(end))) ++end;
      LabelledPiece part = is_held ? named : unnamed;
      part.frames = {begin, end - begin};
      // Frames in which the track coasted unseen need no piece.
      if (is_held || SeenFrames(fragments_[f], part.frames) > 0) {
        if (!is_held && is_sure) part.confidence = 0.0;
        result.labelling.pieces.push_back(std::move(part));
      }
      begin = end;
    }
  }

  const std::vector<Fragment>& fragments_;
  const TimeBase& time_base_;
  const SubjectModel& subject_;
  const LabelOptions& options_;
  Parallelism parallelism_;
  const WorkControl& control_;
  FragmentBlocks blocks_;
  LabelTimeline timeline_;
  double log_any_place_;
  std::optional<MotionModel> model_;
  std::vector<std::vector<JudgedPiece>> judged_;
  std::vector<bool> is_unsure_;
  std::vector<std::optional<std::size_t>> rivals_;
};

void CheckRange(const char* name, double value, double least, double most, const char* unit) {
  if (value >= least && value <= most) return;
  throw InputError(fmt::format("{} is {} {}; {} to {} expected", name, value, unit, least, most));
}

}  // namespace

void LabelOptions::Validate() const {
  CheckRange("start_window", start_window, 0.2, 60.0, "s");
  CheckRange("samples_per_second", samples_per_second, 1.0, 10000.0, "Hz");
  CheckRange("memory", memory, 0.0, 10.0, "s");
  CheckRange("swap_log_odds", swap_log_odds, 0.0, 1000.0, "");
  CheckRange("min_confidence", min_confidence, 0.0, 1.0, "");
}

LabelResult LabelFragments(const std::vector<Fragment>& fragments, const TimeBase& time_base,
                           const SubjectModel& subject, const LabelOptions& options,
                           Parallelism parallelism, const WorkControl& control) {
  options.Validate();
  CheckInput(fragments, time_base, subject);
  return Labeller(fragments, time_base, subject, options, parallelism, control).Run();
}

}  // namespace medius::reconstruct
