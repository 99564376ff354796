#include "reconstruct/label_arrangement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include "reconstruct/body_frame.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLogTwoPi = 1.8378770664093453;
// Without a name, a distance is anywhere in a body's length and a place anywhere round it.
const double kLogAnyDistance = -std::log(1.8);  // 1/m
const double kLogAnyPlace = -std::log(4.0);     // 1/m^3
// A distance that fits nothing costs this much: one swapped or loose marker must not sink the rest.
constexpr double kRigidFloor = -7.0;
constexpr double kLooseFloor = -2.0;
// Distances of a body hang together; what each one across joints adds is shared among them.
constexpr double kLooseWeight = 0.25;
constexpr double kPlaceFloor = -6.0;
constexpr double kHopeless = 60.0;  // chi squared, below every floor
constexpr double kTurnFloor = -6.0;
constexpr double kAbsent = -2.0;
// Of naming a thing after a marker that the set puts on no segment: it may be no marker at all but a
// joint centre that another program computed.
constexpr double kNoSegment = -5.0;
// Two markers of no known segment this near each other may well sit on one.
constexpr double kMaybeRigid = 0.35;  // m
constexpr double kSpreadOfAnything = 0.08;  // m, of the distance between two unrelated things

constexpr std::size_t kAnchorBeam = 600;
constexpr std::size_t kAnchors = 8;
constexpr std::size_t kRebuilt = 3;
constexpr std::size_t kBodyBeam = 60;
constexpr std::size_t kFewestInstants = 4;

// Log odds that a distance spreads this little because both things are on one bone.
double SpreadScore(double sd, double rigid_sd) {
  const double ratio = sd / rigid_sd;
  const double rigid = 0.5 * std::log(2.0 / 3.14159265358979) - std::log(rigid_sd) -
                       0.5 * ratio * ratio;
  const double any = -std::log(kSpreadOfAnything) - sd / kSpreadOfAnything;
  return std::max(kRigidFloor, rigid - any);
}

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

std::size_t ArrangementSearch::ThingPair(std::size_t i, std::size_t j) const {
  if (i > j) std::swap(i, j);
  return i * (2 * things_->count - i - 1) / 2 + (j - i - 1);
}

void ArrangementSearch::MeasureThings() {
  const std::size_t count = things_->count;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t seen = 0;
    for (std::size_t t = 0; t < things_->instants(); ++t) {
      if (things_->At(t, i).allFinite()) ++seen;
    }
    is_seen_.push_back(seen >= kFewestInstants ? 1 : 0);
  }
  thing_pairs_ = count < 2 ? 0 : count * (count - 1) / 2;
  spreads_.resize(thing_pairs_);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i + 1; j < count; ++j) {
      Spread& spread = spreads_[ThingPair(i, j)];
      double seen = 0.0;
      double squares = 0.0;
      for (std::size_t t = 0; t < things_->instants(); ++t) {
        const double distance = (things_->At(t, i) - things_->At(t, j)).norm();
        if (std::isnan(distance)) continue;
        seen += 1.0;
        const double delta = distance - spread.mean;
        spread.mean += delta / seen;
        squares += delta * (distance - spread.mean);
      }
      spread.is_known = seen >= static_cast<double>(kFewestInstants);
      if (spread.is_known) spread.sd = std::sqrt(squares / seen);
    }
  }
}

double ArrangementSearch::PairScore(const Spread& seen, const PairDistance& known,
                                    bool is_maybe_rigid) const {
  if (!seen.is_known || !known.is_known) return 0.0;
  const auto fit = [&](double own_sd, double floor, double share_of_spread) {
    // The more a distance varies, the farther may its mean be from what it was on another day.
    const double spread = share_of_spread * seen.sd;
    const double variance = own_sd * own_sd + spread * spread;
    const double off = seen.mean - known.mean;
    const double chi2 = off * off / variance;
    if (chi2 > kHopeless) return floor;
    return std::max(floor, -0.5 * (kLogTwoPi + std::log(variance) + chi2) - kLogAnyDistance);
  };
  if (subject_->from_motion) {
    const double own_sd = std::hypot(0.004, known.sd);
    const double score = fit(own_sd, known.is_rigid ? kRigidFloor : kLooseFloor, 0.5) +
                         SpreadScore(seen.sd, std::hypot(0.003, 1.2 * known.sd));
    return known.is_rigid ? score : kLooseWeight * score;
  }
  if (known.is_rigid) {
    return fit(known.sd, kRigidFloor, 0.7) + SpreadScore(seen.sd, 0.7 * known.sd);
  }
  const double loose = kLooseWeight * fit(known.sd, kLooseFloor, 1.5);
  if (!is_maybe_rigid) return loose;
  const double rigid_sd = std::hypot(0.006, 0.03 * known.mean);
  constexpr double kEvenOdds = -0.69;
  return std::max(loose, kEvenOdds + fit(rigid_sd, kRigidFloor, 0.7) +
                             SpreadScore(seen.sd, 0.7 * rigid_sd));
}

void ArrangementSearch::ScorePairs() {
  const std::size_t count = things_->count;
  pair_scores_.resize(subject_->pairs.size() * count * count);
  for (std::size_t a = 0; a < subject_->markers.size(); ++a) {
    for (std::size_t b = a + 1; b < subject_->markers.size(); ++b) {
      const std::size_t p = subject_->PairSlot(a, b);
      const PairDistance& known = subject_->pairs[p];
      const bool is_maybe_rigid = subject_->markers[a].segment.empty() &&
                                  subject_->markers[b].segment.empty() &&
                                  known.mean < kMaybeRigid;
      float* scores = pair_scores_.data() + p * count * count;
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = i + 1; j < count; ++j) {
          const double score = PairScore(spreads_[ThingPair(i, j)], known, is_maybe_rigid);
          scores[i * count + j] = scores[j * count + i] = static_cast<float>(score);
        }
      }
    }
  }
}

// Limbs turn mostly about the axis across the body. In a running stride thigh, shank and foot are
// on average within some 40 degrees of how they stand; a forearm can be anywhere in that plane.
void ArrangementSearch::PrepareTurnings() {
  const std::size_t markers = subject_->markers.size();
  turning_of_.assign(markers * markers, -1);
  for (std::size_t a = 0; a < subject_->markers.size(); ++a) {
    for (std::size_t b = a + 1; b < subject_->markers.size(); ++b) {
      const SubjectMarker& one = subject_->markers[a];
      const SubjectMarker& other = subject_->markers[b];
      const bool is_one_segment = one.segment == other.segment;
      if (!is_one_segment || !one.position.allFinite() || !other.position.allFinite()) continue;
      if (one.segment.empty() && subject_->Pair(a, b).mean > kMaybeRigid) continue;
      const bool is_arm = one.segment.empty() || one.segment.ends_with("forearm") ||
                          one.segment.ends_with("hand");
      Turning turning;
      const Eigen::Vector3d u = other.position - one.position;
      const double pitch_sd = subject_->from_motion ? 0.25 : is_arm ? 1.2 : 0.6;
      const double other_sd = subject_->from_motion ? 0.15 : is_arm ? 0.5 : 0.3;
      const double shrink = subject_->from_motion ? 0.1 : is_arm ? 0.5 : 0.25;
      const Eigen::Vector3d pitch(u.z(), 0.0, -u.x());
      const Eigen::Vector3d roll(0.0, -u.z(), u.y());
      const Eigen::Vector3d yaw(-u.y(), u.x(), 0.0);
      const double play = std::hypot(0.008, shrink * u.norm());
      const Eigen::Matrix3d covariance =
          pitch_sd * pitch_sd * pitch * pitch.transpose() +
          other_sd * other_sd * (roll * roll.transpose() + yaw * yaw.transpose()) +
          play * play * Eigen::Matrix3d::Identity();
      turning.standing = u;
      turning.information = covariance.inverse();
      // Against the same vector turned anywhere: its length is judged by the distances.
      turning.log_peak = -1.5 * kLogTwoPi - 0.5 * std::log(covariance.determinant()) +
                         std::log(4.2 * std::pow(u.norm() + play, 3.0));
      turning_of_[Slot(a, b)] = turning_of_[Slot(b, a)] = static_cast<int>(turnings_.size());
      turnings_.push_back(turning);
    }
  }
}

double ArrangementSearch::TurnScore(const Turning& turning, const Eigen::Vector3f& between) {
  const Eigen::Vector3d off = between.cast<double>() - turning.standing;
  return std::max(kTurnFloor, turning.log_peak - 0.5 * off.dot(turning.information * off));
}

std::vector<float> ArrangementSearch::TurnTable(
    const std::vector<Eigen::Vector3f>& between) const {
  const std::size_t count = things_->count;
  std::vector<float> table(turnings_.size() * 2 * count * count, 0.0F);
  for (std::size_t q = 0; q < turnings_.size(); ++q) {
    float* first = table.data() + 2 * q * count * count;  // rows of the second marker's thing
    float* second = first + count * count;                // rows of the first marker's
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = i + 1; j < count; ++j) {
        const Eigen::Vector3f& vector = between[ThingPair(i, j)];
        if (!vector.allFinite()) continue;
        const auto forward = static_cast<float>(TurnScore(turnings_[q], vector));
        const auto backward = static_cast<float>(TurnScore(turnings_[q], -vector));
        first[j * count + i] = second[i * count + j] = forward;
        first[i * count + j] = second[j * count + i] = backward;
      }
    }
  }
  return table;
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

void ArrangementSearch::Extend(std::vector<Partial>& beam, std::size_t marker,
                               const Places* places, std::size_t width) const {
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
      const double place =
          places == nullptr ? 0.0 : places->odds[marker * things_->count + thing];
      if (places != nullptr && place <= kPlaceFloor) continue;
      const double score = beam[b].score + PriorOf(marker) + place +
                           static_cast<double>(gain[thing]);
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

// Rebuilds each segment, and each two together: a marker that a neighbouring segment took by mistake
// pushes all of its own out of place.
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

double ArrangementSearch::PlaceScore(std::size_t marker, const Eigen::Vector3d& in_body) const {
  const SubjectMarker& known = subject_->markers[marker];
  if (!known.position.allFinite()) return 0.0;
  Eigen::Matrix3d covariance = known.covariance;
  covariance.diagonal().array() += 0.02 * 0.02;
  const Eigen::Vector3d off = in_body - known.position;
  const double chi2 = off.dot(covariance.ldlt().solve(off));
  const double fit = -1.5 * kLogTwoPi - 0.5 * std::log(covariance.determinant()) - 0.5 * chi2;
  return std::max(kPlaceFloor, fit - kLogAnyPlace);
}

// Means over the instants that have both.
std::vector<Eigen::Vector3f> ArrangementSearch::MeanVectors(
    const std::vector<std::optional<BodyFrame>>& frames) const {
  std::vector<Eigen::Vector3f> between(thing_pairs_, Eigen::Vector3f::Zero());
  std::vector<float> seen(thing_pairs_, 0.0F);
  for (std::size_t t = 0; t < frames.size(); ++t) {
    if (!frames[t]) continue;
    const Eigen::Matrix3f body_from_lab = frames[t]->turn.transpose().cast<float>();
    std::size_t pair = 0;
    for (std::size_t i = 0; i < things_->count; ++i) {
      for (std::size_t j = i + 1; j < things_->count; ++j, ++pair) {
        const Eigen::Vector3f vector = things_->At(t, j) - things_->At(t, i);
        if (!vector.allFinite()) continue;
        between[pair] += body_from_lab * vector;
        seen[pair] += 1.0F;
      }
    }
  }
  for (std::size_t pair = 0; pair < thing_pairs_; ++pair) {
    const bool is_enough = seen[pair] >= static_cast<float>(kFewestInstants);
    between[pair] /= is_enough ? seen[pair] : std::nanf("");
  }
  return between;
}

std::optional<ArrangementSearch::Places> ArrangementSearch::PlacesFrom(
    const Partial& partial, bool with_turns) const {
  const std::size_t count = things_->count;
  std::vector<Eigen::Vector3d> in_body;
  for (const std::size_t m : subject_->anchor) in_body.push_back(subject_->markers[m].position);
  std::vector<Eigen::Vector3d> in_lab(in_body.size());
  std::vector<Eigen::Vector3d> sum(count, Eigen::Vector3d::Zero());
  std::vector<double> seen(count, 0.0);
  std::vector<std::optional<BodyFrame>> frames;
  for (std::size_t t = 0; t < things_->instants(); ++t) {
    for (std::size_t k = 0; k < in_lab.size(); ++k) {
      const int thing = partial.thing_of[subject_->anchor[k]];
      in_lab[k] = thing < 0 ? Eigen::Vector3d::Constant(std::nan("")).eval()
                            : things_->At(t, static_cast<std::size_t>(thing)).cast<double>();
    }
    const auto frame = FitBodyFrame(in_body, in_lab);
    frames.push_back(frame);
    if (!frame) continue;
    for (std::size_t i = 0; i < count; ++i) {
      const Eigen::Vector3f& p = things_->At(t, i);
      if (!p.allFinite()) continue;
      sum[i] += frame->ToBody(p.cast<double>());
      seen[i] += 1.0;
    }
  }
  if (*std::max_element(seen.begin(), seen.end()) < static_cast<double>(kFewestInstants)) {
    return std::nullopt;
  }
  Places places{std::vector<double>(subject_->markers.size() * count, 0.0),
                {}};
  if (with_turns) places.turns = TurnTable(MeanVectors(frames));
  for (std::size_t m = 0; m < subject_->markers.size(); ++m) {
    for (std::size_t i = 0; i < count; ++i) {
      if (seen[i] >= static_cast<double>(kFewestInstants)) {
        places.odds[m * count + i] = PlaceScore(m, sum[i] / seen[i]);
      }
    }
  }
  return places;
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

double ArrangementSearch::ScoreOf(const Partial& partial, const Places& places,
                                  std::size_t marker, int thing) const {
  if (thing < 0) return kAbsent;
  const auto i = static_cast<std::size_t>(thing);
  return PriorOf(marker) + places.odds[marker * things_->count + i] + Gain(partial, marker, i, &places);
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
