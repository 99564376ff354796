// What gap filling leaves of the truth when gaps are cut into real runs, beside the goals and the
// best that was found elsewhere.
//
//   benchmark_gap_filling [RUN ...]      names of the runs below; all of them without

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "reconstruct/smoothing.hpp"
#include "tests/reconstruct/gap_scene.hpp"

namespace medius::reconstruct::testing {
namespace {

struct Goal {
  double gap_s;
  double one_mm;
  double three_mm;
  const char* one_elsewhere;
  const char* three_elsewhere;
};
constexpr std::array<Goal, 5> kGoals = {{{0.05, 0.8, 1.2, "0.6-1.3", "0.5-2.1"},
                                         {0.1, 1.5, 2.5, "1.7-4.7", "2.8-5.0"},
                                         {0.2, 2.0, 4.0, "1.7-5.0", "5.6-13.7"},
                                         {0.5, 3.5, 5.0, "3.5-9.7", "4.6-15.6"},
                                         {1.0, 4.0, 6.0, "2.2-9.4", "4.7-12.2"}}};

struct Measured {
  FillErrors errors;
  double cpu_s = 0.0;    // beyond that of the same stream without gaps
  std::size_t gaps = 0;  // of one marker each
};

Measured Measure(const LabelledRun& truth, std::size_t together, double gap_s,
                 const GapFillOptions& options, int rounds) {
  Measured measured;
  const double stream_s = FillRun(truth, options, 500, Parallelism(1)).cpu_s;
  for (int round = 0; round < rounds; ++round) {
    LabelledRun run = truth;
    const auto gaps = CutOneAtATime(run, together, gap_s, static_cast<std::uint64_t>(round + 1));
    const Filled filled = FillRun(run, options, 500, Parallelism(1));
    measured.cpu_s += filled.cpu_s - stream_s;
    measured.errors += Compare(filled.block, truth.block, gaps);
    measured.gaps += gaps.size() * together;
  }
  return measured;
}

void PrintTable(const LabelledRun& truth, std::size_t together, int rounds) {
  fmt::print("{}, {} marker{} of a segment hidden at a time\n", truth.name, together,
             together == 1 ? "" : "s");
  fmt::print("  gap ms   rms mm   goal  elsewhere   within 2 sigma   chi2/3    left   ms/gap\n");
  for (const Goal& goal : kGoals) {
    const Measured m = Measure(truth, together, goal.gap_s, {}, rounds);
    const double all = static_cast<double>(m.errors.filled + m.errors.left);
    fmt::print("  {:6.0f}   {:6.2f} {:6.1f}  {:>9}   {:12.1f} %   {:6.2f} {:5.1f} %   {:6.2f}\n",
               1000.0 * goal.gap_s, m.errors.RmsMm(), together == 1 ? goal.one_mm : goal.three_mm,
               together == 1 ? goal.one_elsewhere : goal.three_elsewhere,
               100.0 * m.errors.WithinTwo(),
               m.errors.chi_square / (3.0 * static_cast<double>(m.errors.filled)),
               100.0 * static_cast<double>(m.errors.left) / all,
               1000.0 * m.cpu_s / static_cast<double>(m.gaps));
    std::fflush(stdout);
  }
}

// Each method alone, nothing refused, so that all have the same samples to fill.
void PrintAblation(const LabelledRun& truth, std::size_t together, int rounds) {
  struct Variant {
    const char* name;
    GapFillOptions options;
  };
  std::vector<Variant> variants;
  const auto add = [&](const char* name) -> GapFillOptions& {
    variants.push_back({name, {}});
    variants.back().options.max_error_m = 1.0;
    return variants.back().options;
  };
  add("best by cross-validation");
  GapFillOptions& own = add("own path alone");
  own.use_neighbours = false;
  own.own_path_max_s = 1.0;
  add("neighbours alone").use_own_path = false;
  add("neighbours, no more of the body").body_neighbours = 1;
  GapFillOptions& few = add("three neighbours");
  few.neighbours = 3;
  few.body_neighbours = 1;
  add("ends not matched").match_ends = false;
  fmt::print("{}, {} hidden, rms mm by method\n  {:34}", truth.name, together, "");
  for (const Goal& goal : kGoals) fmt::print("{:7.0f} ms", 1000.0 * goal.gap_s);
  for (const Variant& variant : variants) {
    fmt::print("\n  {:34}", variant.name);
    for (const Goal& goal : kGoals) {
      fmt::print("{:10.2f}",
                 Measure(truth, together, goal.gap_s, variant.options, rounds).errors.RmsMm());
    }
    std::fflush(stdout);
  }
  fmt::print("\n");
}

void PrintEverywhere(const LabelledRun& truth) {
  for (const double share : {0.05, 0.2}) {
    LabelledRun run = truth;
    const auto gaps = CutEverywhere(run, share, 1);
    const Filled filled = FillRun(run, {}, 500, Parallelism(1));
    const double cpu = filled.cpu_s;
    const FillErrors errors = Compare(filled.block, truth.block, gaps);
    const MarkerGaps total = filled.statistics.Total();
    fmt::print(
        "{}, {:.0f} % of the marker-frames hidden for 20 ms to 1 s: rms {:.2f} mm, {:.1f} % within "
        "2 sigma, {:.1f} % left\n  {} gaps, {} too uncertain, {} not testable; CPU {:.4f} ms a "
        "frame (goal at 5 %: 0.02), {:.2f} ms a gap\n",
        truth.name, 100.0 * share, errors.RmsMm(), 100.0 * errors.WithinTwo(),
        100.0 * static_cast<double>(errors.left) / static_cast<double>(errors.filled + errors.left),
        total.gaps, total.too_uncertain, total.not_testable,
        1000.0 * cpu / static_cast<double>(truth.block.frames().count),
        1000.0 * cpu / static_cast<double>(total.gaps));
  }
}

// The run with a millimetre of noise on every coordinate, which is stated, smoothed.
void PrintSmoothing(const LabelledRun& truth) {
  constexpr double kNoise = 0.001;
  LabelledRun run = truth;
  std::mt19937_64 random(1);
  CutGap all{{}, truth.block.frames()};
  for (std::size_t m = 0; m < truth.labels.size(); ++m) {
    bool whole = true;
    for (std::size_t f = 0; f < truth.block.frames().count; ++f) {
      MarkerSample sample = run.block.Get(f, MarkerId(m));
      whole = whole && run.block.IsPresent(f, MarkerId(m));
      for (int i = 0; i < 3; ++i) sample.position[i] += kNoise * Normal(random);
      sample.covariance = kNoise * kNoise * Eigen::Matrix3d::Identity();
      run.block.Set(f, MarkerId(m), sample);
    }
    if (whole) all.markers.push_back(m);
  }
  TrajectorySmoother smoother(run.labels.size(), run.time_base, {});
  std::vector<TrajectoryBlock> parts;
  const std::vector<TrajectoryBlock> blocks = CutInBlocks(run.block, 500);
  const std::clock_t start = std::clock();
  for (const TrajectoryBlock& block : blocks) {
    parts.push_back(smoother.Push(block, Parallelism(1)));
  }
  parts.push_back(smoother.Finish(Parallelism(1)));
  const double cpu = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const FillErrors before = Compare(run.block, truth.block, {all});
  const FillErrors after = Compare(Joined(parts), truth.block, {all});
  fmt::print(
      "{}, 1 mm of noise: rms {:.2f} mm before smoothing, {:.2f} mm after, {:.1f} % within 2 "
      "sigma; "
      "CPU {:.4f} ms a frame\n",
      truth.name, before.RmsMm(), after.RmsMm(), 100.0 * after.WithinTwo(),
      1000.0 * cpu / static_cast<double>(truth.block.frames().count));
}

struct Source {
  const char* name;
  const char* path;
  const char* marker_set;
  int rounds;
};
// Every constant of the filling was chosen on the first three; the last one is the test.
constexpr std::array<Source, 4> kSources = {
    {{"rajagopal", "rajagopal-run/motion_capture_run.trc", "rajagopal", 12},
     {"hamner", "hamner-subject02-run/subject02_running.trc", "hamner", 8},
     {"rbds-T25", "rbds001-run/RBDS001runT25markers.txt", "rbds", 4},
     {"rbds-T35", "rbds001-run/RBDS001runT35_rot.c3d", "", 4}}};

int Main(const std::vector<std::string>& wanted) {
  const auto folder = RealRunFolder();
  if (!folder) {
    fmt::print("the real runs are not on this machine\n");
    return 0;
  }
  for (const Source& source : kSources) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), source.name) == wanted.end()) {
      continue;
    }
    const LabelledRun truth = ReadRun(source.name, *folder / source.path, source.marker_set);
    PrintSmoothing(truth);
    for (const std::size_t together : {std::size_t{1}, std::size_t{3}}) {
      PrintTable(truth, together, source.rounds);
      PrintAblation(truth, together, source.rounds);
    }
    PrintEverywhere(truth);
  }
  return 0;
}

}  // namespace
}  // namespace medius::reconstruct::testing

int main(int argc, char** argv) {
  return medius::reconstruct::testing::Main({argv + 1, argv + argc});
}
