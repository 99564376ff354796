// The tables in /summary: asymmetry, windows, trends.

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/trial_file.hpp"
#include "tests/storage/trial_samples.hpp"

namespace medius::storage {
namespace {

using test::kNaN;
using test::MakeTrial;
using test::ScratchFolder;
using test::WriteParts;

RunStatistics Sample() {
  const QuantityDescription drop{"contralateral_pelvic_drop_peak", "rad", "Drop"};
  const QuantityDescription contact{"contact_time", "s", "From foot strike to toe off"};
  RunStatistics run;
  run.asymmetry = {{drop, 0.01, 0.002, 0.003, -0.001, 0.021, kNaN, 41, 42},
                   {contact, -0.004, 0.001, 0.0, -0.006, -0.002, -1.8, 41, 42}};
  run.windows = {{drop, Side::kLeft, 0.5, 60.5, 85, 0.09, 0.01, 0.08, 0.1},
                 {drop, Side::kRight, 0.5, 60.5, 0, kNaN, kNaN, kNaN, kNaN}};
  run.trends = {
      {drop, Side::kRight, 1e-4, -1e-5, 2e-4, 0.09, 0.1, 0.01, 0.002, 0.018, 305.25, 1e-6, 0.009}};
  return run;
}

// Equal, or both missing.
void ExpectSame(double a, double b) {
  EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << a << " and " << b;
}

TEST(TrialStatistics, ComeBackAsTheyWere) {
  const ScratchFolder folder;
  const RunStatistics run = Sample();
  {
    TrialWriter writer(folder / "run.trial.h5");
    WriteParts(writer, MakeTrial(50));
    writer.WriteRunStatistics(run);
    writer.Commit();
  }
  const TrialReader reader(folder / "run.trial.h5");
  reader.VerifyAll();
  EXPECT_FALSE(reader.ReadSummary().empty());
  const RunStatistics back = reader.ReadRunStatistics();
  ASSERT_EQ(back.asymmetry.size(), 2U);
  EXPECT_EQ(back.asymmetry[1].metric.name, "contact_time");
  EXPECT_EQ(back.asymmetry[1].metric.unit, "s");
  EXPECT_EQ(back.asymmetry[1].metric.definition, "From foot strike to toe off");
  EXPECT_EQ(back.asymmetry[0].n_left, 41U);
  EXPECT_EQ(back.asymmetry[0].ci_high, 0.021);
  ExpectSame(back.asymmetry[0].symmetry_index, kNaN);
  EXPECT_EQ(back.asymmetry[1].symmetry_index, -1.8);
  ASSERT_EQ(back.windows.size(), 2U);
  EXPECT_EQ(back.windows[1].side, Side::kRight);
  EXPECT_EQ(back.windows[0].n, 85U);
  ExpectSame(back.windows[1].mean, kNaN);
  ASSERT_EQ(back.trends.size(), 1U);
  EXPECT_EQ(back.trends[0].change_point, 305.25);
  EXPECT_EQ(back.trends[0].change_point_shift, 0.009);
  EXPECT_EQ(back.trends[0].slope_per_minute, 1e-4);
}

TEST(TrialStatistics, GoWithTheSummaryAndNotBeyondIt) {
  const ScratchFolder folder;
  {
    TrialWriter writer(folder / "run.trial.h5");
    WriteParts(writer, MakeTrial(50));
    writer.WriteRunStatistics(Sample());
    writer.Commit();
  }
  const TrialReader source(folder / "run.trial.h5");
  {
    TrialWriter writer(folder / "kept.trial.h5");
    writer.CopyFrom(source, {TrialPart::kSummary});
    writer.Commit();
  }
  EXPECT_EQ(TrialReader(folder / "kept.trial.h5").ReadRunStatistics().trends.size(), 1U);
  {
    // A later stage makes the trajectories anew: what came of the old ones goes.
    TrialWriter writer(folder / "anew.trial.h5");
    writer.CopyFrom(source, {TrialPart::kRig});
    writer.Commit();
  }
  EXPECT_TRUE(TrialReader(folder / "anew.trial.h5").ReadRunStatistics().trends.empty());
}

}  // namespace
}  // namespace medius::storage
