#include "calibration/temporal_normal.hpp"

#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include "core/check.hpp"

namespace medius::calibration {
namespace {

// Information that each knot is given beside the data (rad^-2, m^-2): none to speak of, but what
// no sighting sees (a wand's turn about itself) does not make its block singular.
constexpr double kLeastPoseInformation = 1e-6;

// Columns of a view's numbers among the free ones.
std::vector<int> ColumnsOfView(const TemporalLayout& layout, std::size_t camera) {
  std::vector<int> columns = layout.cameras.ColumnsOf(camera);
  for (int i = 0; i < kTimingSize; ++i) columns.push_back(layout.timing_offset[camera] + i);
  for (int& column : columns) column = layout.column[static_cast<std::size_t>(column)];
  return columns;
}

void AddView(const TemporalLayout& layout, std::size_t camera, const TemporalViewNormal& view,
             ArrowNormal* normal) {
  const std::vector<int> columns = ColumnsOfView(layout, camera);
  const auto count = static_cast<Eigen::Index>(columns.size());
  const std::size_t k = view.place.knot;
  for (Eigen::Index i = 0; i < count; ++i) {
    const int column = columns[static_cast<std::size_t>(i)];
    if (column < 0) continue;
    for (Eigen::Index j = 0; j < count; ++j) {
      const int other = columns[static_cast<std::size_t>(j)];
      if (other >= 0) normal->cameras(column, other) += view.H(i, j);
    }
    normal->cameras_g[column] += view.g[i];
    normal->border[k].col(column) += view.H.block<kKnotSize, 1>(count, i);
    if (!view.place.is_pair) continue;
    normal->border[k + 1].col(column) += view.H.block<kKnotSize, 1>(count + kKnotSize, i);
  }
  normal->diagonal[k] += view.H.block<kKnotSize, kKnotSize>(count, count);
  normal->g[k] += view.g.segment<kKnotSize>(count);
  if (!view.place.is_pair) return;
  const Eigen::Index second = count + kKnotSize;
  normal->next[k] += view.H.block<kKnotSize, kKnotSize>(count, second);
  normal->diagonal[k + 1] += view.H.block<kKnotSize, kKnotSize>(second, second);
  normal->g[k + 1] += view.g.segment<kKnotSize>(second);
}

void AddMotion(const TemporalScales& scales, const MotionResidual& motion, std::size_t k,
               ArrowNormal* normal) {
  Eigen::Matrix<double, 12, 1> information;
  information.head<6>().setConstant(1.0 / scales.rotation_power);
  information.tail<6>().setConstant(1.0 / scales.translation_power);
  const Eigen::Matrix<double, 24, 12> weighted = motion.by.transpose() * information.asDiagonal();
  const PairCovariance H = weighted * motion.by;
  const Eigen::Matrix<double, 24, 1> g = weighted * motion.value;
  normal->diagonal[k] += H.topLeftCorner<kKnotSize, kKnotSize>();
  normal->next[k] += H.topRightCorner<kKnotSize, kKnotSize>();
  normal->diagonal[k + 1] += H.bottomRightCorner<kKnotSize, kKnotSize>();
  normal->g[k] += g.head<kKnotSize>();
  normal->g[k + 1] += g.tail<kKnotSize>();
}

void AddKnotPriors(const TemporalScales& scales, const MotionKnot& knot, std::size_t k,
                   ArrowNormal* normal) {
  Vector6 information;
  information.head<3>().setConstant(1.0 / (scales.angular_sd * scales.angular_sd));
  information.tail<3>().setConstant(1.0 / (scales.velocity_sd * scales.velocity_sd));
  normal->diagonal[k].diagonal().tail<6>() += information;
  normal->diagonal[k].diagonal().head<6>().array() += kLeastPoseInformation;
  normal->g[k].tail<6>() += information.cwiseProduct(knot.twist);
}

void AddKnown(const TemporalState& state, const TemporalLayout& layout,
              const std::vector<double>& known, ArrowNormal* normal) {
  TemporalState copy = state;
  for (int i = 0; i < layout.size; ++i) {
    const int column = layout.column[static_cast<std::size_t>(i)];
    const double information = known[static_cast<std::size_t>(i)];
    if (column < 0 || information <= 0.0) continue;
    normal->cameras(column, column) += information;
    normal->cameras_g[column] += information * *NumberAt(layout, i, &copy);
  }
}

}  // namespace

TemporalLayout MakeTemporalLayout(const RigState& rig) {
  TemporalLayout layout;
  layout.cameras = MakeLayout(rig);
  layout.size = layout.cameras.size;
  for (std::size_t c = 0; c < rig.group.size(); ++c) {
    layout.timing_offset.push_back(layout.size);
    layout.size += kTimingSize;
  }
  layout.column.assign(static_cast<std::size_t>(layout.size), -1);
  return layout;
}

void SetFree(const std::vector<std::uint8_t>& free, TemporalLayout* layout) {
  layout->free_count = 0;
  for (std::size_t i = 0; i < free.size(); ++i) {
    layout->column[i] = free[i] != 0 ? layout->free_count++ : -1;
  }
}

double* NumberAt(const TemporalLayout& layout, int index, TemporalState* state) {
  for (std::size_t c = 0; c < state->rig.group.size(); ++c) {
    const int intrinsic = index - layout.cameras.intrinsics_offset[c];
    if (intrinsic >= 0 && intrinsic < layout.cameras.intrinsics_count[c]) {
      return &state->rig.intrinsics[state->rig.group[c]][static_cast<std::size_t>(intrinsic)];
    }
    const int timing = index - layout.timing_offset[c];
    if (timing == 0) return &state->timing[c].offset;
    if (timing == 1) return &state->timing[c].drift;
    if (timing == 2) return &state->timing[c].line_time;
  }
  MEDIUS_CHECK(false, "the number is that of a pose");
  return nullptr;
}

std::vector<MotionResidual> MotionResiduals(const TemporalData& data, const TemporalState& state) {
  std::vector<MotionResidual> residuals(state.knots.size());
  for (std::size_t k = 0; k < state.knots.size(); ++k) {
    if (data.interval[k] <= 0.0) continue;
    residuals[k] = ResidualOfMotion(state.knots[k], state.knots[k + 1], data.interval[k]);
  }
  return residuals;
}

ArrowNormal BuildArrow(const TemporalData& data, const TemporalState& state,
                       const TemporalLayout& layout, const TemporalScales& scales,
                       const std::vector<double>& known,
                       const std::vector<TemporalViewNormal>& views,
                       const std::vector<MotionResidual>& motion) {
  const std::size_t knots = state.knots.size();
  ArrowNormal normal;
  normal.diagonal.assign(knots, KnotMatrix::Zero());
  normal.next.assign(knots, KnotMatrix::Zero());
  normal.border.assign(knots, Eigen::MatrixXd::Zero(kKnotSize, layout.free_count));
  normal.g.assign(knots, KnotVector::Zero());
  normal.cameras = Eigen::MatrixXd::Zero(layout.free_count, layout.free_count);
  normal.cameras_g = Eigen::VectorXd::Zero(layout.free_count);
  for (std::size_t v = 0; v < views.size(); ++v) {
    AddView(layout, data.bundle.views[v].camera, views[v], &normal);
  }
  for (std::size_t k = 0; k < knots; ++k) {
    if (data.interval[k] > 0.0) AddMotion(scales, motion[k], k, &normal);
    AddKnotPriors(scales, state.knots[k], k, &normal);
  }
  AddKnown(state, layout, known, &normal);
  return normal;
}

ArrowFactor EliminateKnots(const ArrowNormal& normal, double damping) {
  ArrowFactor factor;
  factor.next = normal.next;
  factor.border = normal.border;
  factor.g = normal.g;
  factor.cameras = normal.cameras;
  factor.cameras.diagonal() *= 1.0 + damping;
  factor.cameras_g = normal.cameras_g;
  const std::size_t knots = normal.diagonal.size();
  factor.inverse.resize(knots);
  KnotMatrix carried = KnotMatrix::Zero();
  for (std::size_t k = 0; k < knots; ++k) {
    KnotMatrix block = normal.diagonal[k];
    block.diagonal() *= 1.0 + damping;
    block -= carried;
    const KnotMatrix inverse = block.llt().solve(KnotMatrix::Identity());
    factor.inverse[k] = 0.5 * (inverse + inverse.transpose());
    const Eigen::MatrixXd weighted = factor.inverse[k] * factor.border[k];
    factor.cameras.noalias() -= weighted.transpose() * factor.border[k];
    factor.cameras_g.noalias() -= weighted.transpose() * factor.g[k];
    carried.setZero();
    if (k + 1 == knots) break;
    const KnotMatrix forward = factor.next[k].transpose() * factor.inverse[k];
    carried = forward * factor.next[k];
    factor.border[k + 1].noalias() -= forward * factor.border[k];
    factor.g[k + 1] -= forward * factor.g[k];
  }
  factor.cameras = (0.5 * (factor.cameras + factor.cameras.transpose())).eval();
  return factor;
}

ArrowStep SolveArrow(const ArrowFactor& factor) {
  ArrowStep step;
  step.cameras = Eigen::VectorXd::Zero(factor.cameras.rows());
  if (factor.cameras.rows() > 0) {
    const Eigen::VectorXd scale =
        factor.cameras.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
    const Eigen::LLT<Eigen::MatrixXd> llt(scale.asDiagonal() * factor.cameras *
                                          scale.asDiagonal());
    if (llt.info() != Eigen::Success) return step;
    step.cameras = -scale.cwiseProduct(llt.solve(scale.cwiseProduct(factor.cameras_g)));
  }
  step.knots.assign(factor.g.size(), KnotVector::Zero());
  KnotVector after = KnotVector::Zero();
  for (std::size_t k = factor.g.size(); k-- > 0;) {
    const KnotVector rhs = factor.g[k] + factor.border[k] * step.cameras + factor.next[k] * after;
    after = -factor.inverse[k] * rhs;
    step.knots[k] = after;
  }
  step.valid = step.cameras.allFinite();
  for (const KnotVector& knot : step.knots) step.valid = step.valid && knot.allFinite();
  return step;
}

std::vector<PairCovariance> KnotCovariances(const ArrowFactor& factor) {
  std::vector<PairCovariance> pairs(factor.inverse.size());
  KnotMatrix after = KnotMatrix::Zero();
  for (std::size_t k = factor.inverse.size(); k-- > 0;) {
    const KnotMatrix gain = factor.inverse[k] * factor.next[k];
    const KnotMatrix cross = -gain * after;
    const KnotMatrix own = factor.inverse[k] - cross * gain.transpose();
    pairs[k].topLeftCorner<kKnotSize, kKnotSize>() = own;
    pairs[k].topRightCorner<kKnotSize, kKnotSize>() = cross;
    pairs[k].bottomLeftCorner<kKnotSize, kKnotSize>() = cross.transpose();
    pairs[k].bottomRightCorner<kKnotSize, kKnotSize>() = after;
    after = own;
  }
  return pairs;
}

}  // namespace medius::calibration
