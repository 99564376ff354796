#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/curve_test.hpp"
#include "analysis/distributions.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kNodes = 101;

// Curves of Gaussian noise of unit variance, as smooth as a Gaussian kernel of that width makes
// white noise; the ends have what lies beyond them too.
class SmoothNoise {
 public:
  SmoothNoise(double fwhm, unsigned seed) : random_(seed) {
    const double sd = fwhm / std::sqrt(8.0 * std::log(2.0));
    const auto reach = static_cast<int>(std::ceil(4.0 * sd));
    double square = 0.0;
    for (int i = -reach; i <= reach; ++i) {
      kernel_.push_back(std::exp(-0.5 * i * i / sd / sd));
      square += kernel_.back() * kernel_.back();
    }
    for (double& weight : kernel_) weight /= std::sqrt(square);
  }
  CurveSet Draw(std::size_t count) {
    CurveSet curves{kNodes, {}};
    std::vector<double> white(kNodes + kernel_.size() - 1);
    for (std::size_t c = 0; c < count; ++c) {
      for (double& v : white) v = normal_(random_);
      for (std::size_t k = 0; k < kNodes; ++k) {
        double sum = 0.0;
        for (std::size_t i = 0; i < kernel_.size(); ++i) sum += kernel_[i] * white[k + i];
        curves.value.push_back(sum);
      }
    }
    return curves;
  }

 private:
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::vector<double> kernel_;
};

// Thresholds that another program (spm1d, whose formulae are published, but not this code) printed
// for data of others: in its own guide (two samples of unequal variance, 9.894 degrees of freedom)
// and in an open report of nine athletes before and after.
TEST(RandomField, HasTheThresholdsOfAnotherProgram) {
  const RandomField simulated{9.894, 13.63026, kNodes};
  EXPECT_NEAR(simulated.resels(), 7.33662, 1e-5);
  EXPECT_NEAR(simulated.Threshold(0.025), 4.07916, 5e-5);
  const RandomField athletes{8.0, 4.15726, kNodes};
  EXPECT_NEAR(athletes.resels(), 24.05429, 3e-5);
  EXPECT_NEAR(athletes.Threshold(0.025), 5.56250, 5e-5);
  // Three tests together at 5 %: 1.7 % each by Sidak.
  const RandomField post_hoc{33.641, 4.82031, kNodes};
  EXPECT_NEAR(post_hoc.resels(), 20.74555, 3e-5);
  EXPECT_NEAR(post_hoc.Threshold(0.5 * (1.0 - std::cbrt(0.95))), 4.05216, 5e-5);
}

TEST(RandomField, OfNoLengthIsStudentsT) {
  const RandomField point{12.0, 1e12, 2};
  for (const double u : {1.0, 2.0, 4.0}) {
    // 1 - exp(-p) for a small p is p.
    EXPECT_NEAR(point.MaximumProbability(u), -std::expm1(-StudentUpperTail(u, 12.0)), 1e-9);
  }
}

TEST(EstimateFwhm, FindsTheSmoothnessThatWasMade) {
  for (const double fwhm : {10.0, 20.0, 35.0}) {
    const CurveSet curves = SmoothNoise(fwhm, 5).Draw(400);
    // 400 curves of some 3 to 10 resels: 2 % on the variance of the gradient; central differences
    // see a smooth curve as smoother by (1.18 / fwhm)^2.
    EXPECT_NEAR(EstimateFwhm(curves.value, kNodes) / fwhm, 1.0, 0.04) << fwhm;
  }
}

TEST(TestOneSample, RejectsNothingInNineteenOfTwenty) {
  constexpr int kCases = 2000;
  SmoothNoise noise(20.0, 2026);
  int alarms = 0, smallest_alarm = 0;
  for (int i = 0; i < kCases; ++i) {
    const CurveTest test = TestOneSample(noise.Draw(10), std::vector<double>(kNodes, 0.0));
    alarms += test.clusters.empty() ? 0 : 1;
    smallest_alarm += test.p_maximum < 0.05 ? 1 : 0;
  }
  fmt::print("one sample: {:.2f} % false positives\n", 100.0 * alarms / kCases);
  // The sd of a proportion of 2,000 is 0.5 %.
  EXPECT_NEAR(static_cast<double>(alarms) / kCases, 0.05, 0.01);
  EXPECT_EQ(alarms, smallest_alarm);
}

TEST(TestTwoSample, RejectsNothingInNineteenOfTwenty) {
  constexpr int kCases = 1000;
  SmoothNoise noise(15.0, 7);
  int alarms = 0;
  for (int i = 0; i < kCases; ++i) {
    alarms += TestTwoSample(noise.Draw(8), noise.Draw(12)).clusters.empty() ? 0 : 1;
  }
  fmt::print("two samples: {:.2f} % false positives\n", 100.0 * alarms / kCases);
  EXPECT_NEAR(static_cast<double>(alarms) / kCases, 0.05, 0.02);  // 3 sd of 1,000
}

TEST(TestRegression, RejectsNothingInNineteenOfTwenty) {
  constexpr int kCases = 1000;
  SmoothNoise noise(20.0, 9);
  std::vector<double> covariate;
  for (int i = 0; i < 12; ++i) covariate.push_back(std::sqrt(i));
  int alarms = 0;
  for (int i = 0; i < kCases; ++i) {
    alarms += TestRegression(noise.Draw(12), covariate).clusters.empty() ? 0 : 1;
  }
  EXPECT_NEAR(static_cast<double>(alarms) / kCases, 0.05, 0.02);
}

// P(a cluster at least so wide) as the theory has it and as often as it happens in noise, above a
// level that noise often passes.
TEST(RandomField, KnowsHowWideClustersOfNoiseAre) {
  constexpr int kCases = 4000;
  constexpr double kLevel = 2.5;
  constexpr std::size_t kCurves = 20;
  SmoothNoise noise(15.0, 31);
  int wide = 0;
  double stated = 0.0;
  const RandomField field{kCurves - 1.0, 15.0, kNodes};
  constexpr double kExtent = 0.4;  // resels: 6 nodes
  for (int i = 0; i < kCases; ++i) {
    const CurveTest test = TestOneSample(noise.Draw(kCurves), std::vector<double>(kNodes, 0.0));
    double widest = 0.0, run = 0.0;
    for (const double t : test.t) widest = std::max(widest, run = t > kLevel ? run + 1.0 : 0.0);
    wide += widest >= kExtent * field.fwhm ? 1 : 0;
  }
  stated = field.ClusterProbability(kLevel, kExtent);
  const double measured = static_cast<double>(wide) / kCases;
  fmt::print("clusters of {} resels above {}: {:.4f} stated, {:.4f} seen\n", kExtent, kLevel,
             stated, measured);
  // The law of extents is one for high levels: Friston's own simulations differ by a quarter.
  EXPECT_NEAR(measured / stated, 1.0, 0.3);
}

TEST(TestPaired, FindsAnEffectWhereItIs) {
  SmoothNoise noise(15.0, 12);
  const CurveSet before = noise.Draw(12);
  CurveSet after = noise.Draw(12);
  for (std::size_t i = 0; i < after.value.size(); ++i) {
    const double node = static_cast<double>(i % kNodes);
    after.value[i] = before.value[i] + 0.3 * after.value[i] -
                     std::exp(-0.5 * std::pow((node - 40.0) / 6.0, 2.0));
  }
  const CurveTest test = TestPaired(after, before);
  ASSERT_EQ(test.clusters.size(), 1U);
  EXPECT_FALSE(test.clusters[0].positive);
  EXPECT_NEAR(static_cast<double>(test.clusters[0].peak_node), 40.0, 4.0);
  EXPECT_LT(test.clusters[0].p_value, 0.001);
  EXPECT_LT(test.clusters[0].begin, 36.0);
  EXPECT_GT(test.clusters[0].end, 44.0);
  EXPECT_LT(test.p_set, 0.001);
  EXPECT_EQ(test.degrees_of_freedom, 11.0);
  // Where the curve crosses the threshold it has its value, by the straight line between nodes.
  const auto below = static_cast<std::size_t>(test.clusters[0].begin);
  const double u = test.clusters[0].begin - static_cast<double>(below);
  EXPECT_NEAR((1.0 - u) * test.t[below] + u * test.t[below + 1], -test.threshold, 1e-9);
}

TEST(CurveTests, AreStudentsTestAtEachNode) {
  // Three nodes of 4 and 3 observations by hand: first node 1 2 3 4 against 2 4 6.
  CurveSet first{3, {1, 0, 5, 2, 1, 6, 3, 0, 7, 4, 1, 9}};
  CurveSet second{3, {2, 3, 1, 4, 4, 0, 6, 2, 2}};
  const CurveTest two = TestTwoSample(first, second);
  // Squares 5 and 8: variance 13 / 5, of the difference x (1/4 + 1/3).
  EXPECT_NEAR(two.t[0], (2.5 - 4.0) / std::sqrt(2.6 * 7.0 / 12.0), 1e-12);
  EXPECT_EQ(two.degrees_of_freedom, 5.0);
  const CurveTest one = TestOneSample(first, std::vector<double>{2.0, 0.0, 0.0});
  EXPECT_NEAR(one.t[0], 0.5 / std::sqrt(5.0 / 3.0 / 4.0), 1e-12);
  // Slope over 0 1 2 3: exactly 1 at the first node, so t there is without bound; at the second
  // 0 1 0 1: slope 0.2, residual squares 0.8.
  const CurveTest slope = TestRegression(first, std::vector<double>{0, 1, 2, 3});
  EXPECT_NEAR(slope.effect[1], 0.2, 1e-12);
  EXPECT_NEAR(slope.t[1], 0.2 / std::sqrt(0.8 / 2.0 / 5.0), 1e-12);
}

TEST(CurveTests, SayWhatIsWrongWithTheirInput) {
  const auto message = [](const auto& test) {
    try {
      static_cast<void>(test());
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::vector<double> zero(kNodes, 0.0);
  SmoothNoise noise(15.0, 1);
  CurveSet curves = noise.Draw(5);
  EXPECT_THAT(message([&] { return TestOneSample(noise.Draw(2), zero); }),
              HasSubstr("2 curves: 3 or more are needed"));
  EXPECT_THAT(message([&] { return TestPaired(curves, noise.Draw(4)); }),
              HasSubstr("a paired test needs a partner for each"));
  EXPECT_THAT(message([&] { return TestOneSample(curves, zero, 0.7); }), HasSubstr("alpha 0.7"));
  EXPECT_THAT(message([&] { return TestRegression(curves, std::vector<double>(5, 1.0)); }),
              HasSubstr("the same for all curves"));
  curves.value[kNodes + 7] = std::nan("");
  EXPECT_THAT(message([&] { return TestOneSample(curves, zero); }),
              HasSubstr("curve 2 has no value at point 7"));
}

}  // namespace
}  // namespace medius::analysis
