#include "reconstruct/jerk_smoother.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <Eigen/Core>

namespace medius::reconstruct {
namespace {

using Eigen::Matrix3d;
using Eigen::RowVector3d;
using Eigen::Vector3d;

// A marker of a runner is slower and less accelerated than this at its first sample: m/s, m/s^2.
constexpr double kFirstSpeed = 20.0;
constexpr double kFirstAcceleration = 500.0;
// The first samples find the state and say nothing about the jerk.
constexpr std::size_t kStateSize = 3;

// State: position, speed * unit, acceleration * unit^2 / 2; all metres and of like size.
struct Filter {
  Vector3d state;
  Matrix3d covariance;

  static Filter Start(const CoordinateSample& first, double unit_s, double variance_unit) {
    const double v = kFirstSpeed * unit_s;
    const double a = 0.5 * kFirstAcceleration * unit_s * unit_s;
    Filter filter{{first.value, 0.0, 0.0}, Matrix3d::Zero()};
    filter.covariance.diagonal() =
        Vector3d(100.0 * first.variance, v * v * variance_unit, a * a * variance_unit);
    return filter;
  }
};

// By h units of time.
Matrix3d Transition(double h) {
  Matrix3d f;
  f << 1.0, h, h * h, 0.0, 1.0, 2.0 * h, 0.0, 0.0, 1.0;
  return f;
}

Matrix3d JerkNoise(double h, double jerk_in_units) {
  const double h2 = h * h;
  const double h3 = h2 * h;
  Matrix3d q;
  q << h3 * h2 / 20.0, h2 * h2 / 8.0, h3 / 12.0, h2 * h2 / 8.0, h3 / 3.0, h2 / 4.0, h3 / 12.0,
      h2 / 4.0, h / 4.0;
  return jerk_in_units * q;
}

// What one step of the filter leaves for the way back.
struct Step {
  Vector3d predicted;
  Matrix3d covariance;  // predicted
  Matrix3d transition;  // to the sample from the one before
  Vector3d gain;
  double innovation = 0.0;
  double variance = 0.0;  // of the innovation
};

class JerkFilter {
 public:
  JerkFilter(const std::vector<CoordinateSample>& samples, double jerk, double unit_s,
             double variance_unit)
      : samples_(samples),
        filter_(Filter::Start(samples.front(), unit_s, variance_unit)),
        unit_s_(unit_s),
        jerk_(jerk * std::pow(unit_s, 5)) {}

  // To sample i, which must be the next one.
  Step Advance(std::size_t i) {
    Step step;
    step.transition.setIdentity();
    if (i > 0) {
      const double h = (samples_[i].time - samples_[i - 1].time) / unit_s_;
      step.transition = Transition(h);
      filter_.state = step.transition * filter_.state;
      const Matrix3d carried = step.transition * filter_.covariance;
      filter_.covariance.noalias() = carried * step.transition.transpose() + JerkNoise(h, jerk_);
    }
    step.predicted = filter_.state;
    step.covariance = filter_.covariance;
    step.innovation = samples_[i].value - filter_.state[0];
    step.variance = filter_.covariance(0, 0) + samples_[i].variance;
    step.gain = filter_.covariance.col(0) / step.variance;
    filter_.state += step.gain * step.innovation;
    filter_.covariance -= step.gain * step.covariance.row(0);
    filter_.covariance = (0.5 * (filter_.covariance + filter_.covariance.transpose())).eval();
    return step;
  }

 private:
  const std::vector<CoordinateSample>& samples_;
  Filter filter_;
  double unit_s_;
  double jerk_;
};

// How many times the variances' unit goes into a metre^2: one where they are in metres^2.
double VarianceUnit(bool known_scale, const std::vector<CoordinateSample>& samples) {
  constexpr double kPlausible = 1e-7;  // (0.3 mm)^2
  return known_scale ? 1.0 : samples.front().variance / kPlausible;
}

}  // namespace

JerkLikelihood LikelihoodOfJerk(const std::vector<CoordinateSample>& samples, double jerk,
                                bool known_scale, double unit_s) {
  JerkFilter filter(samples, jerk, unit_s, VarianceUnit(known_scale, samples));
  double squares = 0.0;
  double logs = 0.0;
  std::size_t n = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Step step = filter.Advance(i);
    if (i < kStateSize) continue;
    squares += step.innovation * step.innovation / step.variance;
    logs += std::log(step.variance);
    ++n;
  }
  JerkLikelihood likelihood;
  if (n == 0) return likelihood;
  const auto count = static_cast<double>(n);
  if (known_scale) {
    likelihood.log_likelihood = -0.5 * (logs + squares);
    return likelihood;
  }
  // The factor of greatest likelihood, put back into it.
  likelihood.scale = std::max(squares / count, std::numeric_limits<double>::min());
  likelihood.log_likelihood = -0.5 * (logs + count * std::log(likelihood.scale));
  return likelihood;
}

JerkEstimate EstimateJerk(const std::vector<CoordinateSample>& samples, bool known_scale,
                          double unit_s) {
  double mean = 0.0;
  for (const CoordinateSample& sample : samples) {
    mean += sample.variance / static_cast<double>(samples.size());
  }
  // The jerk within a unit of time, over the noise of a sample; decades.
  constexpr double kLow = -10.0;
  constexpr double kStep = 1.5;
  constexpr std::size_t kCount = 9;
  const double per_decade = mean / std::pow(unit_s, 5);
  const auto jerk_at = [&](double decade) { return per_decade * std::pow(10.0, decade); };
  std::array<double, kCount> value = {};
  for (std::size_t i = 0; i < kCount; ++i) {
    const double decade = kLow + kStep * static_cast<double>(i);
    value[i] = LikelihoodOfJerk(samples, jerk_at(decade), known_scale, unit_s).log_likelihood;
  }
  const auto best =
      static_cast<std::size_t>(std::max_element(value.begin(), value.end()) - value.begin());
  double decade = kLow + kStep * static_cast<double>(best);
  if (best > 0 && best + 1 < kCount) {
    // The top of the parabola through three, then through three that lie closer.
    double step = kStep;
    std::array<double, 3> near = {value[best - 1], value[best], value[best + 1]};
    for (int round = 0; round < 2; ++round) {
      const double bend = near[0] - 2.0 * near[1] + near[2];
      if (bend < 0.0) {
        decade += step * std::clamp(0.5 * (near[0] - near[2]) / bend, -0.7, 0.7);
      }
      step = 0.4;
      if (round == 1) break;
      for (int k = 0; k < 3; ++k) {
        near[static_cast<std::size_t>(k)] =
            LikelihoodOfJerk(samples, jerk_at(decade + step * (k - 1)), known_scale, unit_s)
                .log_likelihood;
      }
    }
  }
  const double jerk = jerk_at(decade);
  return {jerk, LikelihoodOfJerk(samples, jerk, known_scale, unit_s).scale};
}

std::vector<SmoothedCoordinate> SmoothCoordinate(const std::vector<CoordinateSample>& samples,
                                                 double jerk, double unit_s) {
  std::vector<SmoothedCoordinate> smoothed(samples.size());
  if (samples.empty()) return smoothed;
  JerkFilter filter(samples, jerk, unit_s, 1.0);
  std::vector<Step> steps;
  steps.reserve(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) steps.push_back(filter.Advance(i));
  Vector3d adjoint = Vector3d::Zero();
  Matrix3d information = Matrix3d::Zero();
  for (std::size_t i = samples.size(); i-- > 0;) {
    const Step& step = steps[i];
    // Bierman's equations 10.4: back over the sample ...
    Matrix3d keep = Matrix3d::Identity();
    keep.col(0) -= step.gain;
    adjoint = (keep.transpose() * adjoint).eval();
    adjoint[0] -= step.innovation / step.variance;
    information = (keep.transpose() * information * keep).eval();
    information(0, 0) += 1.0 / step.variance;
    const RowVector3d row = step.covariance.row(0);
    smoothed[i].value = step.predicted[0] - row * adjoint;
    smoothed[i].variance = step.covariance(0, 0) - row * information * row.transpose();
    // ... and over the time before it.
    adjoint = (step.transition.transpose() * adjoint).eval();
    information = (step.transition.transpose() * information * step.transition).eval();
  }
  return smoothed;
}

}  // namespace medius::reconstruct
