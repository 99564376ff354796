#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "reconstruct/body_frame.hpp"
#include "reconstruct/gap_task.hpp"

namespace medius::reconstruct {

/// A marker as a linear function of others, in a frame that moves with those nearest to it in
/// rigidity, learned from the window round its gap.
///
/// The ridge is the noise of the predictors: that much is added to their moments by errors in
/// variables. The window is cut into folds; each has coefficients that were learned without it, so
/// that residuals anywhere in the window are of the kind that the gap will have.
class GapRegression {
 public:
  /// @param count  predictors at most; those known over the whole gap are taken, those whose
  ///               distance to the marker varies least first.
  /// @return nullopt where there are fewer than two, or too few instants to learn from.
  [[nodiscard]] static std::optional<GapRegression> Learn(const GapTask& task, int count);

  /// The predictors at one instant.
  struct Instant {
    BodyFrame frame;
    Eigen::VectorXd features;  ///< in the body frame, about their means; the last one is 1
  };

  [[nodiscard]] bool IsKnown(std::size_t frame) const;
  /// True beside an instant that was left out because the marker or a predictor was far off.
  [[nodiscard]] bool IsDoubtful(std::size_t frame) const;
  [[nodiscard]] Instant At(std::size_t frame) const;
  /// The same, without a new vector each time.
  void LookAt(std::size_t frame, Instant& instant) const;
  /// @param fold  the fold to be held out, or fold_count() for none.
  [[nodiscard]] Eigen::Vector3d PredictInBody(const Instant& instant, std::size_t fold) const;
  /// Seen minus predicted, body frame, metres.
  /// @param scratch  any instant; what it holds is lost.
  [[nodiscard]] Eigen::Vector3d Residual(std::size_t frame, std::size_t fold,
                                         Instant& scratch) const;

  [[nodiscard]] std::size_t fold_count() const { return folds_; }
  [[nodiscard]] std::size_t FoldOf(std::size_t frame) const;
  /// True where the predictors hold two markers of the marker's own segment.
  [[nodiscard]] bool rests_on_own_segment() const { return own_segment_ >= 2; }

  /// Instants of the window that were learned from: every step() frames from its first one.
  [[nodiscard]] std::size_t step() const { return step_; }
  /// [grid] residual of each with its own fold held out; NaN where not learned from.
  [[nodiscard]] const std::vector<Eigen::Vector3d>& held_out() const { return held_out_; }
  /// What worse predictors than usual add to the error at a frame; body frame, metres^2.
  [[nodiscard]] Eigen::Matrix3d ExcessCovariance(std::size_t frame) const;

 private:
  explicit GapRegression(const GapTask& task);
  struct Candidate;

  void ChoosePredictors(int count);
  [[nodiscard]] std::vector<std::size_t> HiddenInstants() const;
  [[nodiscard]] std::vector<Candidate> Candidates() const;
  [[nodiscard]] std::optional<Candidate> Judge(std::size_t marker) const;
  [[nodiscard]] double UsualVariance(std::size_t marker) const;
  void ChooseShape();
  [[nodiscard]] Eigen::MatrixXd Rows(const std::vector<std::size_t>& learned);
  bool Solve();
  bool DropOutliers();
  bool SolveFold(const Eigen::MatrixXd& moments, std::size_t fold);
  void HoldOut(const Eigen::MatrixXd& rows, const std::vector<std::size_t>& learned);
  [[nodiscard]] std::size_t GridFrame(std::size_t i) const {
    return task_->window.first + i * step_;
  }

  const GapTask* task_;
  std::size_t step_ = 1;
  std::size_t folds_ = 5;
  std::size_t own_segment_ = 0;
  std::vector<char> usable_;             ///< [grid] marker seen, predictors known
  std::vector<char> outlier_;            ///< [grid] or empty
  std::vector<std::size_t> predictors_;  ///< most rigid first
  std::vector<double> usual_variance_;   ///< [predictors] metres^2, 0 where unknown
  std::vector<Eigen::Vector3d> shape_;   ///< of the first few predictors, body frame
  Eigen::VectorXd feature_mean_;         ///< [3 predictors]
  Eigen::MatrixXd coefficients_;         ///< [3 predictors + 1, 3 (folds + 1)]
  std::vector<Eigen::Vector3d> held_out_;
};

}  // namespace medius::reconstruct
