// Corruption planted in a run: every stride that it touches is rejected, for the right reason, and
// hardly another one.

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/analyze.hpp"
#include "tests/analysis/recordings.hpp"
#include "tests/analysis/synthetic_body.hpp"

namespace medius::analysis {
namespace {

using testing::BodyAngles;
using ::testing::HasSubstr;
using testing::kDegree;
using testing::Record;
using testing::RunningAngles;
using testing::SyntheticSet;

constexpr double kRate = 200.0;
constexpr double kStride = 0.72;
constexpr double kSeconds = 60.0;

// A runner whose strides differ: every angle wanders by about a degree, each in its own way.
class Wandering {
 public:
  explicit Wandering(unsigned seed) : random_(seed) {
    for (auto& wave : waves_) wave = {rate_(random_), rate_(random_), phase_(random_)};
  }
  BodyAngles operator()(double time) const {
    BodyAngles a = RunningAngles(time, kStride);
    std::size_t next = 0;
    const auto move = [&](double& angle) { angle += Wave(next++, time); };
    move(a.obliquity);
    move(a.tilt);
    move(a.rotation);
    for (auto* joint : {&a.hip, &a.knee}) {
      for (auto& side : *joint) {
        for (Eigen::Index i = 0; i < 3; ++i) move(side[i]);
      }
    }
    return a;
  }

 private:
  [[nodiscard]] double Wave(std::size_t i, double time) const {
    const auto& [slow, fast, phase] = waves_[i];
    return 0.7 * kDegree * (std::sin(slow * time + phase) + std::sin(fast * time - phase));
  }
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> rate_{1.0, 6.0};
  std::uniform_real_distribution<double> phase_{0.0, 6.28};
  std::array<std::array<double, 3>, 15> waves_ = {};
};

// What happens to a recording between two instants.
struct Fault {
  double begin, end;
  std::vector<std::pair<std::string, std::string>> swapped;
  std::string flying;
  double offset = 0.0;  // metres, upwards and forwards
  std::string reason;
  std::vector<Side> sides;
};

Recording WithFaults(Recording recording, const std::vector<Fault>& faults) {
  recording.read = [read = recording.read, faults, labels = recording.labels](FrameRange range) {
    TrajectoryBlock block = read(range);
    const auto marker = [&labels](const std::string& name) {
      for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] == name) return MarkerId(i);
      }
      throw std::logic_error(name);
    };
    for (const Fault& fault : faults) {
      for (std::size_t t = 0; t < range.count; ++t) {
        const double time = static_cast<double>(range.first + t) / kRate;
        if (time < fault.begin || time > fault.end) continue;
        for (const auto& [a, b] : fault.swapped) {
          const MarkerSample one = block.Get(t, marker(a));
          const MarkerSample other = block.Get(t, marker(b));
          block.Set(t, marker(a), other);
          block.Set(t, marker(b), one);
        }
        if (fault.flying.empty()) continue;
        MarkerSample sample = block.Get(t, marker(fault.flying));
        sample.position += Eigen::Vector3d(fault.offset, 0.0, fault.offset);
        block.Set(t, marker(fault.flying), sample);
      }
    }
    return block;
  };
  return recording;
}

std::vector<std::pair<std::string, std::string>> Sides(const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& name : names) pairs.emplace_back("L" + name, "R" + name);
  return pairs;
}

std::vector<Fault> Faults() {
  const std::vector<std::string> thigh = {"TH1", "TH2", "TH3", "TH4"};
  std::vector<std::string> leg = thigh;
  for (const char* name : {"SH1", "SH2", "SH3", "SH4"}) leg.emplace_back(name);
  const std::vector<Side> both = {Side::kLeft, Side::kRight};
  const std::string mixed = "left and right mixed up";
  return {
      {10.0, 10.4, Sides(leg), "", 0.0, mixed, both},
      {15.0, 15.3, Sides(thigh), "", 0.0, mixed, both},
      {20.0, 20.3, Sides({"ASI", "PSI"}), "", 0.0, mixed, both},
      {25.0, 25.2, {}, "RASI", 0.3, "markers of the pelvis lose their shape", both},
      {30.0, 30.2, {}, "LTH2", 0.08, "markers of the left_thigh lose their shape", {Side::kLeft}},
      {35.0, 35.5, {}, "RSH3", 0.5, "markers of the right_shank lose their shape", {Side::kRight}}};
}

bool Touches(const StrideTable& table, std::size_t row, double begin, double end) {
  return table.start[row] < end && table.end[row] > begin;
}

TEST(StrideRejection, FindsEveryPlantedFaultAndItsReason) {
  const Recording standing = Record("static", kRate, 50, [](double) { return BodyAngles(); });
  const std::vector<Fault> faults = Faults();
  std::size_t good = 0, rejected_good = 0;
  for (const unsigned seed : {1U, 2U, 3U}) {
    const Recording run = WithFaults(
        Record("run", kRate, static_cast<std::size_t>(kSeconds * kRate), Wandering(seed), 0.0005),
        faults);
    const StrideTable table =
        Analyze(SyntheticSet(), run, &standing, {}, Parallelism(2), {}).strides;
    std::vector<std::size_t> found(faults.size(), 0);
    for (std::size_t row = 0; row < table.stride_count(); ++row) {
      bool touched = false;
      for (std::size_t f = 0; f < faults.size(); ++f) {
        const Fault& fault = faults[f];
        // The low-pass spreads what happens by some hundredths of a second.
        touched = touched || Touches(table, row, fault.begin - 0.15, fault.end + 0.15);
        const bool judged =
            std::find(fault.sides.begin(), fault.sides.end(), table.side[row]) != fault.sides.end();
        if (!judged || !Touches(table, row, fault.begin + 0.05, fault.end - 0.05)) continue;
        ++found[f];
        EXPECT_EQ(table.accepted[row], 0) << "fault at " << fault.begin;
        EXPECT_THAT(table.rejection_reason[row], HasSubstr(fault.reason)) << fault.begin;
      }
      if (touched) continue;
      ++good;
      rejected_good += table.accepted[row] == 0 ? 1 : 0;
      if (table.accepted[row] == 0) fmt::print("{}\n", table.rejection_reason[row]);
    }
    for (std::size_t f = 0; f < faults.size(); ++f) EXPECT_GE(found[f], 1U) << faults[f].begin;
  }
  EXPECT_GE(good, 350U);
  EXPECT_LT(static_cast<double>(rejected_good), 0.03 * static_cast<double>(good));
  fmt::print("{} of {} good strides rejected\n", rejected_good, good);
}

TEST(StrideRejection, FindsAWrappedAngle) {
  const Recording standing = Record("static", kRate, 50, [](double) { return BodyAngles(); });
  const Recording run =
      Record("run", kRate, static_cast<std::size_t>(30.0 * kRate), Wandering(4), 0.0005);
  AnalysisResult result = Analyze(SyntheticSet(), run, &standing, {}, Parallelism(2), {});
  for (AngleSeries& angle : result.kinematics.angles) {
    if (angle.description.name != "right_hip_flexion") continue;
    for (std::size_t i = 3000; i < 3040; ++i) angle.value[i] += 360.0 * kDegree;
  }
  const StrideTable table = TabulateStrides({result.kinematics, run.time_base, result.events}, {});
  std::size_t found = 0;
  for (std::size_t row = 0; row < table.stride_count(); ++row) {
    if (table.side[row] != Side::kRight || !Touches(table, row, 15.01, 15.18)) continue;
    ++found;
    EXPECT_THAT(
        table.rejection_reason[row],
        ::testing::AllOf(HasSubstr("right_hip_flexion jumps by 3"), HasSubstr("(wrapped)")));
  }
  EXPECT_GE(found, 1U);
}

}  // namespace
}  // namespace medius::analysis
