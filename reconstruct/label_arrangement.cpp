#include "reconstruct/label_arrangement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace medius::reconstruct {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kAbsent = -2.0;
// Of naming a thing after a marker that the set puts on no segment: it may be no marker at all but
// a joint centre that another program computed.
constexpr double kNoSegment = -5.0;
constexpr std::size_t kAnchorBeam = 600;
constexpr std::size_t kAnchors = 8;
constexpr std::size_t kRebuilt = 3;
constexpr std::size_t kBodyBeam = 60;

}  // namespace

ArrangementSearch::ArrangementSearch(const MovingThings& things, const SubjectModel& subject)
    : things_(&things), subject_(&subject) {
  MeasureThings();
  ScorePairs();
  PrepareTurnings();
  order_ = subject.anchor;
  // Segment by segment, near the anchor first, so that each marker joins others that it is rigid
  // with; markers of no known segment last.
  const auto distance_of = [&](std::size_t m) {
    const double far = subject.markers[m].position.norm();
    return std::isnan(far) ? 1e3 : far;
  };
  const auto rank = [&](std::size_t m) {
    if (subject.markers[m].segment.empty()) return 1e3 + distance_of(m);
    double nearest = kInfinity;
    for (std::size_t o = 0; o < subject.markers.size(); ++o) {
      if (subject.markers[o].segment == subject.markers[m].segment) {
        nearest = std::min(nearest, distance_of(o));
      }
    }
    return nearest;
  };
  std::vector<std::pair<double, std::size_t>> rest;
  for (std::size_t m = 0; m < subject.markers.size(); ++m) {
    if (std::find(order_.begin(), order_.end(), m) == order_.end()) rest.emplace_back(rank(m), m);
  }
  std::stable_sort(rest.begin(), rest.end());
  for (const auto& [value, marker] : rest) order_.push_back(marker);
}

void ArrangementSearch::GainAll(const Partial& partial, std::size_t marker, const Places* places,
                                std::vector<float>& gain) const {
  const std::size_t count = things_->count;
  gain.assign(count, 0.0F);
  for (std::size_t other = 0; other < partial.thing_of.size(); ++other) {
    if (partial.thing_of[other] < 0 || other == marker) continue;
    const auto j = static_cast<std::size_t>(partial.thing_of[other]);
    const float* pair = PairRow(marker, other, j);
    for (std::size_t i = 0; i < count; ++i) gain[i] += pair[i];
    const float* turn = places != nullptr ? TurnRow(marker, other, j, *places) : nullptr;
    if (turn == nullptr) continue;
    for (std::size_t i = 0; i < count; ++i) gain[i] += turn[i];
  }
}

double ArrangementSearch::Gain(const Partial& partial, std::size_t marker, std::size_t thing,
                               const Places* places) const {
  double gain = 0.0;
  for (std::size_t other = 0; other < partial.thing_of.size(); ++other) {
    if (partial.thing_of[other] < 0 || other == marker) continue;
    const auto j = static_cast<std::size_t>(partial.thing_of[other]);
    gain += static_cast<double>(PairRow(marker, other, j)[thing]);
    const float* turn = places != nullptr ? TurnRow(marker, other, j, *places) : nullptr;
    if (turn != nullptr) gain += static_cast<double>(turn[thing]);
  }
  return gain;
}

void ArrangementSearch::Extend(std::vector<Partial>& beam, std::size_t marker, const Places* places,
                               std::size_t width) const {
  struct Step {
    double score;
    std::size_t from;
    int thing;
  };
  std::vector<Step> steps;
  std::vector<float> gain;
  for (std::size_t b = 0; b < beam.size(); ++b) {
    GainAll(beam[b], marker, places, gain);
    steps.push_back({beam[b].score + kAbsent, b, -1});
    std::vector<char> is_used(things_->count, 0);
    for (const int thing : beam[b].thing_of) {
      if (thing >= 0) is_used[static_cast<std::size_t>(thing)] = 1;
    }
    for (std::size_t thing = 0; thing < things_->count; ++thing) {
      if (is_used[thing] != 0 || is_seen_[thing] == 0) continue;
      const double place = places == nullptr ? 0.0 : places->odds[marker * things_->count + thing];
      if (places != nullptr && place <= kPlaceFloor) continue;
      const double score =
          beam[b].score + PriorOf(marker) + place + static_cast<double>(gain[thing]);
      steps.push_back({score, b, static_cast<int>(thing)});
    }
  }
  const auto better = [](const Step& a, const Step& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.from != b.from ? a.from < b.from : a.thing < b.thing;
  };
  const std::size_t kept = std::min(width, steps.size());
  std::partial_sort(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(kept), steps.end(),
                    better);
  std::vector<Partial> next;
  next.reserve(kept);
  for (std::size_t s = 0; s < kept; ++s) {
    next.push_back(beam[steps[s].from]);
    next.back().thing_of[marker] = steps[s].thing;
    next.back().score = steps[s].score;
  }
  beam = std::move(next);
}

double ArrangementSearch::PriorOf(std::size_t marker) const {
  return subject_->markers[marker].segment.empty() && !subject_->from_motion ? kNoSegment : 0.0;
}

// Takes the things of some markers away and gives them out anew, if that is better.
bool ArrangementSearch::Rebuild(Partial& partial, const Places& places,
                                const std::vector<std::size_t>& markers) const {
  Partial cleared = partial;
  for (const std::size_t m : markers) cleared.thing_of[m] = -1;
  cleared.score = FullScore(cleared, places) - kAbsent * static_cast<double>(markers.size());
  std::vector<Partial> beam = {std::move(cleared)};
  for (const std::size_t m : markers) Extend(beam, m, &places, kBodyBeam);
  if (beam.front().score <= partial.score + 1e-6) return false;
  partial = beam.front();
  return true;
}

bool ArrangementSearch::AreNear(const std::vector<std::size_t>& a,
                                const std::vector<std::size_t>& b) const {
  constexpr double kNear = 0.4;  // m
  for (const std::size_t m : a) {
    for (const std::size_t o : b) {
      if (subject_->Pair(m, o).mean < kNear) return true;
    }
  }
  return false;
}

// Rebuilds each segment, and each two together: a marker that a neighbouring segment took by
// mistake pushes all of its own out of place.
void ArrangementSearch::RebuildSegments(Partial& partial, const Places& places) const {
  constexpr int kMaxRounds = 2;
  std::vector<std::vector<std::size_t>> segments;
  for (std::size_t k = 0; k < order_.size(); ++k) {
    // Those of the anchor that gave the body frame stay.
    if (k < subject_->anchor.size() && partial.thing_of[order_[k]] >= 0) continue;
    const std::string& segment = subject_->markers[order_[k]].segment;
    if (segments.empty() || segment.empty() ||
        subject_->markers[segments.back().front()].segment != segment) {
      segments.emplace_back();
    }
    segments.back().push_back(order_[k]);
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    bool is_changed = false;
    for (std::size_t a = 0; a < segments.size(); ++a) {
      for (std::size_t b = a; b < segments.size(); ++b) {
        if (a != b && !AreNear(segments[a], segments[b])) continue;
        std::vector<std::size_t> markers = segments[a];
        if (a != b) markers.insert(markers.end(), segments[b].begin(), segments[b].end());
        is_changed = Rebuild(partial, places, markers) || is_changed;
      }
    }
    if (!is_changed) break;
  }
}

std::vector<ArrangementSearch::Partial> ArrangementSearch::AnchorCandidates() const {
  std::vector<Partial> beam = {{std::vector<int>(subject_->markers.size(), -1), 0.0}};
  for (const std::size_t marker : subject_->anchor) Extend(beam, marker, nullptr, kAnchorBeam);
  std::erase_if(beam, [&](const Partial& partial) {
    return std::count_if(partial.thing_of.begin(), partial.thing_of.end(),
                         [](int thing) { return thing >= 0; }) < 3;
  });
  return beam;
}

std::optional<Arrangement> ArrangementSearch::Find() const {
  if (things_->count < 3) return std::nullopt;
  struct Start {
    Partial partial;
    Places places;
  };
  std::vector<Start> starts;
  for (Partial& partial : AnchorCandidates()) {
    std::optional<Places> places = PlacesFrom(partial, false);
    if (!places) continue;
    for (const std::size_t m : subject_->anchor) {
      if (partial.thing_of[m] < 0) continue;
      partial.score +=
          places->odds[m * things_->count + static_cast<std::size_t>(partial.thing_of[m])];
    }
    starts.push_back({std::move(partial), *std::move(places)});
  }
  std::stable_sort(starts.begin(), starts.end(), [](const Start& a, const Start& b) {
    return a.partial.score > b.partial.score;
  });
  if (starts.size() > kAnchors) starts.resize(kAnchors);
  for (Start& start : starts) {
    start.places = *PlacesFrom(start.partial, true);
    std::vector<Partial> beam = {start.partial};
    for (std::size_t k = subject_->anchor.size(); k < order_.size(); ++k) {
      Extend(beam, order_[k], &start.places, kBodyBeam);
    }
    Polish(beam.front(), start.places);
    start.partial = beam.front();
  }
  const auto by_score = [](const Start& a, const Start& b) {
    return a.partial.score > b.partial.score;
  };
  std::stable_sort(starts.begin(), starts.end(), by_score);
  // Only what may still win is worth the finer search.
  if (starts.size() > kRebuilt) starts.resize(kRebuilt);
  for (Start& start : starts) {
    RebuildSegments(start.partial, start.places);
    Polish(start.partial, start.places);
  }
  std::stable_sort(starts.begin(), starts.end(), by_score);
  if (starts.empty()) return std::nullopt;
  return ArrangementOf(starts.front().partial);
}

double ArrangementSearch::ScoreOf(const Partial& partial, const Places& places, std::size_t marker,
                                  int thing) const {
  if (thing < 0) return kAbsent;
  const auto i = static_cast<std::size_t>(thing);
  return PriorOf(marker) + places.odds[marker * things_->count + i] +
         Gain(partial, marker, i, &places);
}

double ArrangementSearch::FullScore(const Partial& partial, const Places& places) const {
  double score = 0.0;
  Partial placed{std::vector<int>(partial.thing_of.size(), -1), 0.0};
  for (std::size_t m = 0; m < partial.thing_of.size(); ++m) {
    score += ScoreOf(placed, places, m, partial.thing_of[m]);
    placed.thing_of[m] = partial.thing_of[m];
  }
  return score;
}

// What is gained where markers a and b exchange their things (either may have none).
double ArrangementSearch::ExchangeGain(Partial& partial, const Places& places, std::size_t a,
                                       std::size_t b) const {
  const int of_a = partial.thing_of[a];
  const int of_b = partial.thing_of[b];
  partial.thing_of[b] = -1;
  partial.thing_of[a] = -1;
  // The distance between the two is the same before and after, its direction is not.
  double before = ScoreOf(partial, places, a, of_a) + ScoreOf(partial, places, b, of_b);
  double after = ScoreOf(partial, places, a, of_b) + ScoreOf(partial, places, b, of_a);
  if (of_a >= 0 && of_b >= 0) {
    const auto i = static_cast<std::size_t>(of_a);
    const auto j = static_cast<std::size_t>(of_b);
    if (const float* row = TurnRow(a, b, j, places)) before += static_cast<double>(row[i]);
    if (const float* row = TurnRow(a, b, i, places)) after += static_cast<double>(row[j]);
  }
  partial.thing_of[a] = of_a;
  partial.thing_of[b] = of_b;
  return after - before;
}

// Exchanges and moves to unused things until nothing is gained. The anchor keeps its own.
void ArrangementSearch::Polish(Partial& partial, const Places& places) const {
  constexpr int kMaxRounds = 10;
  const std::size_t first = subject_->anchor.size();
  for (int round = 0; round < kMaxRounds; ++round) {
    bool is_changed = false;
    for (std::size_t k = first; k < order_.size(); ++k) {
      const std::size_t a = order_[k];
      for (std::size_t l = k + 1; l < order_.size(); ++l) {
        const std::size_t b = order_[l];
        if (partial.thing_of[a] == partial.thing_of[b]) continue;
        if (ExchangeGain(partial, places, a, b) <= 1e-6) continue;
        std::swap(partial.thing_of[a], partial.thing_of[b]);
        is_changed = true;
      }
      const int own = std::exchange(partial.thing_of[a], -1);
      double best = ScoreOf(partial, places, a, own);
      int chosen = own;
      for (int thing = -1; thing < static_cast<int>(things_->count); ++thing) {
        if (thing >= 0 && (is_seen_[static_cast<std::size_t>(thing)] == 0 ||
                           std::find(partial.thing_of.begin(), partial.thing_of.end(), thing) !=
                               partial.thing_of.end())) {
          continue;
        }
        const double score = ScoreOf(partial, places, a, thing);
        if (score <= best + 1e-6) continue;
        best = score;
        chosen = thing;
      }
      partial.thing_of[a] = chosen;
      is_changed = is_changed || chosen != own;
    }
    if (!is_changed) break;
  }
  partial.score = FullScore(partial, places);
}

ArrangementSearch::Partial ArrangementSearch::PartialOf(const Arrangement& arrangement) const {
  Partial partial{std::vector<int>(order_.size(), -1), arrangement.score};
  for (std::size_t m = 0; m < order_.size(); ++m) {
    if (arrangement.thing_of[m]) partial.thing_of[m] = static_cast<int>(*arrangement.thing_of[m]);
  }
  return partial;
}

Arrangement ArrangementSearch::ArrangementOf(const Partial& partial) const {
  Arrangement arrangement{std::vector<std::optional<std::size_t>>(order_.size()), partial.score};
  for (std::size_t m = 0; m < order_.size(); ++m) {
    if (partial.thing_of[m] >= 0) {
      arrangement.thing_of[m] = static_cast<std::size_t>(partial.thing_of[m]);
    }
  }
  return arrangement;
}

Arrangement ArrangementSearch::Improved(const Arrangement& arrangement) const {
  Partial partial = PartialOf(arrangement);
  const auto places = PlacesFrom(partial, true);
  if (!places) return arrangement;
  Polish(partial, *places);
  return ArrangementOf(partial);
}

double ArrangementSearch::Score(const Arrangement& arrangement) const {
  const Partial partial = PartialOf(arrangement);
  const auto places = PlacesFrom(partial, true);
  return places ? FullScore(partial, *places) : -kInfinity;
}

std::vector<Rival> ArrangementSearch::Rivals(const Arrangement& arrangement) const {
  std::vector<Rival> rivals(order_.size(), {kInfinity, std::nullopt});
  Partial partial = PartialOf(arrangement);
  const auto places = PlacesFrom(partial, true);
  if (!places) return rivals;
  for (std::size_t a = 0; a < order_.size(); ++a) {
    for (std::size_t b = a + 1; b < order_.size(); ++b) {
      if (partial.thing_of[a] < 0 && partial.thing_of[b] < 0) continue;
      const double cost = -ExchangeGain(partial, *places, a, b);
      if (cost < rivals[a].cost) rivals[a] = {cost, b};
      if (cost < rivals[b].cost) rivals[b] = {cost, a};
    }
  }
  return rivals;
}

}  // namespace medius::reconstruct
