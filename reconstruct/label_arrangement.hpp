#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "core/subject_model.hpp"
#include "reconstruct/heading_frame.hpp"

namespace medius::reconstruct {

/// Things that moved together for a while, to be given the names of a subject's markers.
struct MovingThings {
  std::size_t count = 0;
  std::vector<Eigen::Vector3f> position;  ///< [instants * count] lab, metres; NaN missing

  [[nodiscard]] std::size_t instants() const { return count == 0 ? 0 : position.size() / count; }
  [[nodiscard]] const Eigen::Vector3f& At(std::size_t instant, std::size_t thing) const {
    return position[instant * count + thing];
  }
};

/// Which thing is which marker.
struct Arrangement {
  std::vector<std::optional<std::size_t>> thing_of;  ///< one a marker of the subject
  double score = 0.0;                                ///< log odds over "none of them is a marker"
};

/// What one exchange of names would cost.
struct Rival {
  double cost = 0.0;                  ///< log odds lost by the cheapest exchange
  std::optional<std::size_t> marker;  ///< whose name would do nearly as well
};

/// Scores how well names fit: distances between things (mean and spread over the instants) against
/// the subject's, and places in the body frame of the anchor's markers.
class ArrangementSearch {
 public:
  /// Keeps references to both.
  ArrangementSearch(const MovingThings& things, const SubjectModel& subject);

  /// The best arrangement found by a beam search that starts from the anchor; nullopt where no
  /// three things fit it.
  [[nodiscard]] std::optional<Arrangement> Find() const;

  /// Score of an arrangement; minus infinity where its anchor gives no body frame.
  [[nodiscard]] double Score(const Arrangement& arrangement) const;

  /// An arrangement with the exchanges and moves that better it, one at a time.
  [[nodiscard]] Arrangement Improved(const Arrangement& arrangement) const;

  /// For every marker of an arrangement, what the cheapest exchange with another marker costs.
  [[nodiscard]] std::vector<Rival> Rivals(const Arrangement& arrangement) const;

 private:
  // Log odds of a place that fits not at all.
  static constexpr double kPlaceFloor = -6.0;

  struct Spread {
    double mean = 0.0;
    double sd = 0.0;
    bool is_known = false;
  };
  struct Partial {
    std::vector<int> thing_of;  // -1: none
    double score = 0.0;
  };
  // What follows once the anchor gives a body frame.
  struct Places {
    std::vector<double> odds;  // [markers * things] log odds of each place
    std::vector<float> turns;  // [turnings * 2 * things * things], see TurnRow; may be left out
  };
  // How a vector between two markers of one segment can turn from standing to running.
  struct Turning {
    Eigen::Vector3d standing = Eigen::Vector3d::Zero();  // second less first, body frame
    Eigen::Matrix3d information = Eigen::Matrix3d::Zero();
    double log_peak = 0.0;
  };

  [[nodiscard]] Partial PartialOf(const Arrangement& arrangement) const;
  [[nodiscard]] Arrangement ArrangementOf(const Partial& partial) const;
  void MeasureThings();
  void ScorePairs();
  [[nodiscard]] double PairScore(const Spread& seen, const PairDistance& known,
                                 bool is_maybe_rigid) const;
  [[nodiscard]] std::size_t ThingPair(std::size_t i, std::size_t j) const;
  [[nodiscard]] std::size_t Slot(std::size_t a, std::size_t b) const {
    return a * subject_->markers.size() + b;
  }
  // Scores of each thing as marker a where thing j is marker b: one contiguous row.
  [[nodiscard]] const float* PairRow(std::size_t a, std::size_t b, std::size_t j) const {
    const std::size_t count = things_->count;
    return pair_scores_.data() + (subject_->PairSlot(a, b) * count + j) * count;
  }
  [[nodiscard]] const float* TurnRow(std::size_t a, std::size_t b, std::size_t j,
                                     const Places& places) const {
    const int turning = turning_of_[Slot(a, b)];
    if (turning < 0) return nullptr;
    const std::size_t count = things_->count;
    const std::size_t half = 2 * static_cast<std::size_t>(turning) + (a < b ? 0 : 1);
    return places.turns.data() + (half * count + j) * count;
  }
  void PrepareTurnings();
  [[nodiscard]] static double TurnScore(const Turning& turning, const Eigen::Vector3f& between);
  [[nodiscard]] std::vector<float> TurnTable(const std::vector<Eigen::Vector3f>& between) const;
  // Of every thing as the marker. @param places  nullptr while there is no body frame yet.
  void GainAll(const Partial& partial, std::size_t marker, const Places* places,
               std::vector<float>& gain) const;
  [[nodiscard]] double Gain(const Partial& partial, std::size_t marker, std::size_t thing,
                            const Places* places) const;
  [[nodiscard]] std::vector<Partial> AnchorCandidates() const;
  [[nodiscard]] std::vector<Eigen::Vector3f> MeanVectors(
      const std::vector<std::optional<HeadingFrame>>& frames) const;
  [[nodiscard]] std::optional<Places> PlacesFrom(const Partial& partial, bool with_turns) const;
  [[nodiscard]] double PlaceScore(std::size_t marker, const Eigen::Vector3d& in_body) const;
  void Extend(std::vector<Partial>& beam, std::size_t marker, const Places* places,
              std::size_t width) const;
  [[nodiscard]] double PriorOf(std::size_t marker) const;
  bool Rebuild(Partial& partial, const Places& places,
               const std::vector<std::size_t>& markers) const;
  [[nodiscard]] bool AreNear(const std::vector<std::size_t>& a,
                             const std::vector<std::size_t>& b) const;
  void RebuildSegments(Partial& partial, const Places& places) const;
  void Polish(Partial& partial, const Places& places) const;
  [[nodiscard]] double FullScore(const Partial& partial, const Places& places) const;
  [[nodiscard]] double ScoreOf(const Partial& partial, const Places& places, std::size_t marker,
                               int thing) const;
  [[nodiscard]] double ExchangeGain(Partial& partial, const Places& places, std::size_t a,
                                    std::size_t b) const;

  const MovingThings* things_;
  const SubjectModel* subject_;
  std::size_t thing_pairs_ = 0;
  std::vector<Spread> spreads_;     // [thing pairs]
  std::vector<float> pair_scores_;  // [marker pairs * things * things]
  std::vector<Turning> turnings_;   // of the pairs that have one
  std::vector<int> turning_of_;     // [markers * markers] index, -1 where there is none
  std::vector<char> is_seen_;       // [things] often enough to be anything
  std::vector<std::size_t> order_;  // of the markers, the anchor's first
};

}  // namespace medius::reconstruct
