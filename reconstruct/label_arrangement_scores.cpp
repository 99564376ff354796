// What the distances, places and directions of things say of a marker's name.

#include <algorithm>
#include <cmath>
#include <utility>

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include "reconstruct/heading_frame.hpp"
#include "reconstruct/label_arrangement.hpp"
#include "reconstruct/median.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kLogTwoPi = 1.8378770664093453;
// Without a name, a distance is anywhere in a body's length and a place anywhere round it.
const double kLogAnyDistance = -std::log(1.8);  // 1/m
const double kLogAnyPlace = -std::log(4.0);     // 1/m^3
// A distance that fits nothing costs this much: one swapped or loose marker must not sink the rest.
constexpr double kRigidFloor = -7.0;
constexpr double kLooseFloor = -2.0;
// Distances of a body hang together; what each one across joints adds is shared among them.
constexpr double kLooseWeight = 0.25;
constexpr double kHopeless = 60.0;  // chi squared, below every floor
constexpr double kTurnFloor = -6.0;
// Two markers of no known segment this near each other may well sit on one.
constexpr double kMaybeRigid = 0.35;        // m
constexpr double kSpreadOfAnything = 0.08;  // m, of the distance between two unrelated things
constexpr std::size_t kFewestInstants = 4;

// Log odds that a distance spreads this little because both things are on one bone.
double SpreadScore(double sd, double rigid_sd) {
  const double ratio = sd / rigid_sd;
  const double rigid =
      0.5 * std::log(2.0 / 3.14159265358979) - std::log(rigid_sd) - 0.5 * ratio * ratio;
  const double any = -std::log(kSpreadOfAnything) - sd / kSpreadOfAnything;
  return std::max(kRigidFloor, rigid - any);
}

// Leaves out distances far from the median, where they are few: a thing that is another marker's
// for a twentieth of the time is still the one that it is for the rest. More than that is no
// outlier but what the thing is like.
void KeepMost(std::vector<double>& distances) {
  constexpr double kFarInSds = 5.0;
  constexpr double kSdOfMad = 1.4826;
  constexpr double kNear = 0.01;  // m
  constexpr double kMost = 0.8;
  const double median = Median(distances);
  std::vector<double> off;
  off.reserve(distances.size());
  for (const double distance : distances) off.push_back(std::abs(distance - median));
  const double far = std::max(kNear, kFarInSds * kSdOfMad * Median(off));
  const auto is_near = [&](double distance) { return std::abs(distance - median) <= far; };
  const auto kept = std::count_if(distances.begin(), distances.end(), is_near);
  if (static_cast<double>(kept) < kMost * static_cast<double>(distances.size())) return;
  distances.erase(std::remove_if(distances.begin(), distances.end(),
                                 [&](double distance) { return !is_near(distance); }),
                  distances.end());
}

}  // namespace

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
  std::vector<double> distances;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i + 1; j < count; ++j) {
      distances.clear();
      for (std::size_t t = 0; t < things_->instants(); ++t) {
        const double distance = (things_->At(t, i) - things_->At(t, j)).norm();
        if (!std::isnan(distance)) distances.push_back(distance);
      }
      if (distances.size() < kFewestInstants) continue;
      KeepMost(distances);
      Spread& spread = spreads_[ThingPair(i, j)];
      spread.is_known = true;
      const auto count_kept = static_cast<double>(distances.size());
      for (const double distance : distances) spread.mean += distance / count_kept;
      double squares = 0.0;
      for (const double distance : distances) {
        squares += (distance - spread.mean) * (distance - spread.mean);
      }
      spread.sd = std::sqrt(squares / count_kept);
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
  return std::max(
      loose, kEvenOdds + fit(rigid_sd, kRigidFloor, 0.7) + SpreadScore(seen.sd, 0.7 * rigid_sd));
}

void ArrangementSearch::ScorePairs() {
  const std::size_t count = things_->count;
  pair_scores_.resize(subject_->pairs.size() * count * count);
  for (std::size_t a = 0; a < subject_->markers.size(); ++a) {
    for (std::size_t b = a + 1; b < subject_->markers.size(); ++b) {
      const std::size_t p = subject_->PairSlot(a, b);
      const PairDistance& known = subject_->pairs[p];
      const bool is_maybe_rigid = subject_->markers[a].segment.empty() &&
                                  subject_->markers[b].segment.empty() && known.mean < kMaybeRigid;
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
      const bool is_arm =
          one.segment.empty() || one.segment.ends_with("forearm") || one.segment.ends_with("hand");
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

std::vector<float> ArrangementSearch::TurnTable(const std::vector<Eigen::Vector3f>& between) const {
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
    const std::vector<std::optional<HeadingFrame>>& frames) const {
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

std::optional<ArrangementSearch::Places> ArrangementSearch::PlacesFrom(const Partial& partial,
                                                                       bool with_turns) const {
  const std::size_t count = things_->count;
  std::vector<Eigen::Vector3d> in_body;
  for (const std::size_t m : subject_->anchor) in_body.push_back(subject_->markers[m].position);
  std::vector<Eigen::Vector3d> in_lab(in_body.size());
  std::vector<Eigen::Vector3d> sum(count, Eigen::Vector3d::Zero());
  std::vector<double> seen(count, 0.0);
  std::vector<std::optional<HeadingFrame>> frames;
  for (std::size_t t = 0; t < things_->instants(); ++t) {
    for (std::size_t k = 0; k < in_lab.size(); ++k) {
      const int thing = partial.thing_of[subject_->anchor[k]];
      in_lab[k] = thing < 0 ? Eigen::Vector3d::Constant(std::nan("")).eval()
                            : things_->At(t, static_cast<std::size_t>(thing)).cast<double>();
    }
    const auto frame = FitHeadingFrame(in_body, in_lab);
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
  Places places{std::vector<double>(subject_->markers.size() * count, 0.0), {}};
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

}  // namespace medius::reconstruct
