#include "reconstruct/label_judgement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "reconstruct/label_evidence.hpp"

namespace medius::reconstruct {
namespace {

using Names = std::vector<std::pair<FrameRange, std::size_t>>;

// Samples at which every marker is tried, of a stretch that has no good name.
constexpr std::size_t kTrials = 6;
constexpr double kWorthTrying = 1.0;  // log odds at one sample
constexpr double kBad = -1.0;
// Alternatives that are this much less probable than the best are not told.
constexpr double kTold = 7.0;

// The names that the timeline gives each fragment, in order of time.
std::vector<Names> NamesOf(const LabelTimeline& timeline, std::size_t fragment_count) {
  std::vector<Names> names(fragment_count);
  for (std::size_t m = 0; m < timeline.marker_count(); ++m) {
    for (const NamedPiece& piece : timeline.Pieces(m)) {
      names[piece.fragment].emplace_back(piece.frames, m);
    }
  }
  for (Names& list : names) {
    std::sort(list.begin(), list.end(),
              [](const auto& a, const auto& b) { return a.first.first < b.first.first; });
  }
  return names;
}

// Judges one fragment.
class Judge {
 public:
  Judge(const JudgementInput& input, std::size_t fragment, const Names& names)
      : input_(input),
        index_(fragment),
        fragment_((*input.fragments)[fragment]),
        names_(names),
        evidence_(*input.fragments, *input.timeline, *input.model, input.log_any_place) {}

  [[nodiscard]] std::vector<JudgedPiece> Run(bool with_alternatives) {
    TakeSamples();
    CollectCandidates();
    WeighCandidates();
    std::vector<JudgedPiece> pieces = Cut(BestSequence());
    for (JudgedPiece& piece : pieces) {
      if (with_alternatives || !piece.marker) AddAlternatives(piece);
    }
    return pieces;
  }

 private:
  void TakeSamples() {
    const double seconds = static_cast<double>(fragment_.position.size()) / input_.rate_hz;
    const auto wanted =
        static_cast<std::size_t>(std::ceil(seconds * input_.options.samples_per_second)) + 2;
    const FrameRange whole{fragment_.first_frame, fragment_.position.size()};
    samples_ = SpreadFrames(fragment_, whole, wanted);
    if (samples_.empty()) return;
    // An exchange near the end shows in the very last frame at best.
    const std::size_t last = fragment_.end_frame() - 1;
    if (samples_.back() != last && fragment_.IsSeen(last)) samples_.push_back(last);
    const double count = static_cast<double>(samples_.size());
    weight_ = IndependentSamples(samples_.size(), seconds, input_.options.memory) / count;
  }

  void AddCandidate(std::size_t marker) {
    if (std::find(candidates_.begin(), candidates_.end(), marker) != candidates_.end()) return;
    candidates_.push_back(marker);
  }

  // Names that it has, those of near markers that it would fit better if the two were exchanged,
  // and those that explain samples which none of these does.
  void CollectCandidates() {
    for (const auto& [range, marker] : names_) AddCandidate(marker);
    AddTwins();
    std::vector<std::size_t> unexplained;
    for (std::size_t s = 0; s < samples_.size(); ++s) {
      double best = LabelEvidence::kWorst;
      for (const std::size_t m : candidates_) {
        best = std::max(best, evidence_.At(index_, samples_[s], m).value_or(0.0));
      }
      if (best < kBad) unexplained.push_back(s);
    }
    const std::size_t tries = std::min(kTrials, unexplained.size());
    for (std::size_t i = 0; i < tries; ++i) {
      const std::size_t last = unexplained.size() - 1;
      const std::size_t s = unexplained[i * last / std::max<std::size_t>(1, tries - 1)];
      for (std::size_t m = 0; m < input_.timeline->marker_count(); ++m) {
        if (evidence_.At(index_, samples_[s], m).value_or(kBad) > kWorthTrying) AddCandidate(m);
      }
    }
  }

  // Markers with each other's names bear each other out; only without them as witnesses does it
  // show. Two may be exchanged, or all of a cluster.
  void AddTwins() {
    constexpr std::size_t kTwins = 5;
    constexpr std::size_t kCluster = 3;
    const std::size_t own_names = candidates_.size();
    const FrameRange whole{fragment_.first_frame, fragment_.position.size()};
    const auto frames = SpreadFrames(fragment_, whole, kTrials);
    for (std::size_t i = 0; i < own_names; ++i) {
      const std::size_t own = candidates_[i];
      if (!input_.model->Knows(own)) continue;
      const std::vector<std::size_t>& near = input_.model->Neighbours(own);
      std::vector<std::size_t> cluster = {own};
      for (std::size_t k = 0; k < std::min(kCluster, near.size()); ++k) cluster.push_back(near[k]);
      for (std::size_t k = 0; k < std::min(kTwins, near.size()); ++k) {
        TryTwin(frames, own, near[k], {own, near[k]});
        if (k < kCluster) TryTwin(frames, own, near[k], cluster);
      }
    }
  }

  void TryTwin(const std::vector<std::size_t>& frames, std::size_t own, std::size_t twin,
               const std::vector<std::size_t>& suspects) {
    const auto as_own = evidence_.Over(index_, frames, own, suspects);
    const auto as_twin = evidence_.Over(index_, frames, twin, suspects);
    if (as_own.samples == 0 || as_twin.samples == 0 || as_twin.mean <= as_own.mean) return;
    AddCandidate(twin);
    suspects_.insert(suspects_.end(), suspects.begin(), suspects.end());
  }

  void WeighCandidates() {
    // One name is borne out by all; several in question are not each other's witnesses.
    std::vector<std::size_t> suspects;
    if (candidates_.size() > 1) {
      suspects = candidates_;
      suspects.insert(suspects.end(), suspects_.begin(), suspects_.end());
    }
    for (const std::size_t marker : candidates_) {
      std::vector<float> odds(samples_.size());
      for (std::size_t s = 0; s < samples_.size(); ++s) {
        // What cannot be judged speaks for nobody.
        odds[s] =
            static_cast<float>(evidence_.At(index_, samples_[s], marker, suspects).value_or(0.0));
      }
      odds_.push_back(std::move(odds));
    }
  }

  // The best state at every sample: an index into candidates_, or their number for none.
  [[nodiscard]] std::vector<std::size_t> BestSequence() const {
    const std::size_t states = candidates_.size() + 1;
    const std::size_t none = candidates_.size();
    std::vector<double> score(states, 0.0);
    std::vector<std::size_t> back(samples_.size() * states);
    for (std::size_t s = 0; s < samples_.size(); ++s) {
      std::vector<double> next(states);
      for (std::size_t to = 0; to < states; ++to) {
        double best = -std::numeric_limits<double>::infinity();
        for (std::size_t from = 0; from < states; ++from) {
          const double change = from == to || s == 0         ? 0.0
                                : from == none || to == none ? 0.6 * input_.options.swap_log_odds
                                                             : input_.options.swap_log_odds;
          if (score[from] - change <= best) continue;
          best = score[from] - change;
          back[s * states + to] = from;
        }
        next[to] = best + (to == none ? 0.0 : weight_ * static_cast<double>(odds_[to][s]));
      }
      score = std::move(next);
    }
    std::vector<std::size_t> sequence(samples_.size());
    std::size_t state =
        static_cast<std::size_t>(std::max_element(score.begin(), score.end()) - score.begin());
    for (std::size_t s = samples_.size(); s-- > 0;) {
      sequence[s] = state;
      state = back[s * states + state];
    }
    return sequence;
  }

  [[nodiscard]] double OddsAt(std::size_t state, std::size_t frame) const {
    if (state == candidates_.size()) return 0.0;
    return evidence_.At(index_, frame, candidates_[state]).value_or(0.0);
  }

  // First frame of the second name, between two samples with different ones.
  [[nodiscard]] std::size_t FrameOfChange(std::size_t before, std::size_t after, std::size_t first,
                                          std::size_t second) const {
    double gained = 0.0;
    double best = 0.0;
    std::size_t change = before + 1;
    for (std::size_t frame = before + 1; frame < after; ++frame) {
      if (fragment_.IsSeen(frame)) gained += OddsAt(first, frame) - OddsAt(second, frame);
      if (gained <= best) continue;
      best = gained;
      change = frame + 1;
    }
    return change;
  }

  [[nodiscard]] std::vector<JudgedPiece> Cut(const std::vector<std::size_t>& sequence) const {
    std::vector<JudgedPiece> pieces;
    std::size_t first = fragment_.first_frame;
    std::size_t begin = 0;
    for (std::size_t s = 1; s <= sequence.size(); ++s) {
      if (s < sequence.size() && sequence[s] == sequence[s - 1]) continue;
      const std::size_t end = s == sequence.size() ? fragment_.end_frame()
                                                   : FrameOfChange(samples_[s - 1], samples_[s],
                                                                   sequence[s - 1], sequence[s]);
      JudgedPiece piece;
      piece.frames = {first, end - first};
      if (sequence[begin] < candidates_.size()) {
        piece.marker = candidates_[sequence[begin]];
        for (std::size_t i = begin; i < s; ++i) {
          piece.odds += weight_ * static_cast<double>(odds_[sequence[begin]][i]);
        }
      }
      pieces.push_back(std::move(piece));
      first = end;
      begin = s;
    }
    return pieces;
  }

  // Markers that are not somewhere else most of the time.
  [[nodiscard]] bool IsFree(std::size_t marker, FrameRange frames) const {
    std::size_t elsewhere = input_.timeline->Overlap(marker, frames);
    for (const auto& [range, own] : names_) {
      if (own != marker) continue;
      const std::size_t first = std::max(range.first, frames.first);
      const std::size_t end = std::min(range.end(), frames.end());
      if (first < end) elsewhere -= end - first;
    }
    return 2 * elsewhere < frames.count;
  }

  void AddAlternatives(JudgedPiece& piece) const {
    constexpr std::size_t kLooks = 8;
    const auto frames = SpreadFrames(fragment_, piece.frames, kLooks);
    const double seconds = static_cast<double>(piece.frames.count) / input_.rate_hz;
    const double witnesses = IndependentSamples(frames.size(), seconds, input_.options.memory);
    const double least = piece.marker ? piece.odds - kTold : 0.0;
    for (std::size_t m = 0; m < input_.timeline->marker_count(); ++m) {
      if (m == piece.marker) continue;
      const auto sum = evidence_.Over(index_, frames, m);
      const double odds = sum.mean * witnesses;
      if (sum.samples == 0 || odds <= least) continue;
      // One that is elsewhere counts only where it fits better than the name given.
      if (odds <= piece.odds && !IsFree(m, piece.frames)) continue;
      piece.alternatives.emplace_back(m, odds);
    }
    std::stable_sort(piece.alternatives.begin(), piece.alternatives.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
  }

  const JudgementInput& input_;
  std::size_t index_;
  const Fragment& fragment_;
  const Names& names_;
  LabelEvidence evidence_;
  std::vector<std::size_t> samples_;
  double weight_ = 1.0;
  std::vector<std::size_t> candidates_;
  std::vector<std::size_t> suspects_;     // more that may be exchanged with them
  std::vector<std::vector<float>> odds_;  // one a candidate
};

// The stretches of a range in which the fragment is seen.
std::vector<FrameRange> SeenStretches(const Fragment& fragment, FrameRange range) {
  std::vector<FrameRange> stretches;
  for (std::size_t frame = range.first; frame < range.end(); ++frame) {
    if (!fragment.IsSeen(frame)) continue;
    if (!stretches.empty() && stretches.back().end() == frame) {
      ++stretches.back().count;
    } else {
      stretches.push_back({frame, 1});
    }
  }
  return stretches;
}

// The parts of a range in which the marker has no piece yet.
std::vector<FrameRange> FreeParts(const LabelTimeline& timeline, std::size_t marker,
                                  FrameRange range) {
  if (timeline.Overlap(marker, range) == 0) return {range};
  std::vector<FrameRange> parts;
  for (std::size_t frame = range.first; frame < range.end(); ++frame) {
    if (timeline.FragmentAt(marker, frame)) continue;
    if (!parts.empty() && parts.back().end() == frame) {
      ++parts.back().count;
    } else {
      parts.push_back({frame, 1});
    }
  }
  return parts;
}

}  // namespace

double JudgedPiece::Confidence() const {
  const double best = marker ? odds : alternatives.empty() ? 0.0 : alternatives.front().second;
  if (!marker && alternatives.empty()) return 0.0;
  double all = std::exp(-best) + (marker ? 1.0 : 0.0);
  for (const auto& [other, other_odds] : alternatives) all += std::exp(other_odds - best);
  return 1.0 / all;
}

std::vector<std::vector<JudgedPiece>> JudgeFragments(const JudgementInput& input,
                                                     bool with_alternatives,
                                                     Parallelism parallelism) {
  const std::size_t count = input.fragments->size();
  const std::vector<Names> names = NamesOf(*input.timeline, count);
  std::vector<std::vector<JudgedPiece>> judged(count);
  ParallelFor(parallelism, count, 16, [&](std::size_t begin, std::size_t end) {
    for (std::size_t f = begin; f < end; ++f) {
      judged[f] = Judge(input, f, names[f]).Run(with_alternatives);
    }
  });
  return judged;
}

LabelTimeline Settle(const std::vector<Fragment>& fragments, std::size_t marker_count,
                     std::vector<std::vector<JudgedPiece>>& judged) {
  struct Claim {
    double odds;
    std::size_t fragment;
    std::size_t piece;
  };
  std::vector<Claim> claims;
  for (std::size_t f = 0; f < judged.size(); ++f) {
    for (std::size_t p = 0; p < judged[f].size(); ++p) {
      if (judged[f][p].marker) claims.push_back({judged[f][p].odds, f, p});
    }
  }
  std::stable_sort(claims.begin(), claims.end(),
                   [](const Claim& a, const Claim& b) { return a.odds > b.odds; });
  LabelTimeline timeline(fragments, marker_count);
  for (const Claim& claim : claims) {
    const JudgedPiece& piece = judged[claim.fragment][claim.piece];
    for (const FrameRange seen : SeenStretches(fragments[claim.fragment], piece.frames)) {
      for (const FrameRange part : FreeParts(timeline, *piece.marker, seen)) {
        timeline.Insert(*piece.marker, {claim.fragment, part});
      }
    }
  }
  return timeline;
}

}  // namespace medius::reconstruct
