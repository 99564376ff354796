// medius spm: curves against curves.

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/curve_test.hpp"
#include "analysis/mean_curves.hpp"
#include "apps/command.hpp"
#include "apps/json_number.hpp"
#include "apps/output_guard.hpp"
#include "apps/session_input.hpp"
#include "core/error.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/csv_export.hpp"

namespace medius::apps {
namespace {

using analysis::CurveSet;
using analysis::CurveTest;

struct SpmArguments {
  std::vector<std::string> trials;
  std::vector<std::string> against;
  std::string angle;
  std::string side = "right";
  bool paired = false;
  bool two_sample = false;
  double one_sample = 0.0;
  bool has_one_sample = false;
  std::string regression;
  double alpha = 0.05;
  std::string output;
};

// The curves of some trials: one a stride of a single trial, else one a trial, its mean.
struct Curves {
  QuantityDescription angle;
  CurveSet set;
  std::vector<double> covariate;  // of each, where a column was asked for
  bool of_trials = false;
  std::size_t left_out = 0;  // strides with a gap
};

const StrideCurves& CurvesOf(const StrideTable& strides, const std::string& angle,
                             const std::string& where) {
  std::string known;
  for (const StrideCurves& curves : strides.curves) {
    if (curves.description.name == angle) return curves;
    known += (known.empty() ? "" : ", ") + curves.description.name;
  }
  throw InputError(fmt::format("{}: has no curves of {}; it has: {}", where, angle, known));
}

const StrideColumn& ColumnOf(const StrideTable& strides, const std::string& name,
                             const std::string& where) {
  if (const StrideColumn* column = strides.FindMetric(name)) return *column;
  throw InputError(fmt::format("{}: has no column {} in its table of strides", where, name));
}

// Accepted strides of the side whose curve is whole.
void AppendStrides(const StrideTable& strides, const SpmArguments& arguments,
                   const std::string& where, Curves& curves) {
  const StrideCurves& of_angle = CurvesOf(strides, arguments.angle, where);
  const StrideColumn* column =
      arguments.regression.empty() ? nullptr : &ColumnOf(strides, arguments.regression, where);
  curves.angle = of_angle.description;
  for (std::size_t row = 0; row < strides.stride_count(); ++row) {
    if (ToString(strides.side[row]) != arguments.side || strides.accepted[row] == 0) continue;
    const float* const first = &of_angle.value[row * kCurvePoints];
    const bool whole =
        std::all_of(first, first + kCurvePoints, [](float v) { return std::isfinite(v); });
    if (!whole || (column != nullptr && !std::isfinite(column->value[row]))) {
      ++curves.left_out;
      continue;
    }
    curves.set.value.insert(curves.set.value.end(), first, first + kCurvePoints);
    if (column != nullptr) curves.covariate.push_back(column->value[row]);
  }
}

// Replaces the strides of one trial, from `begin` on, by their mean.
void TakeMean(std::size_t begin, const std::string& where, Curves& curves) {
  const std::size_t count = curves.set.count() - begin;
  if (count == 0) {
    throw InputError(fmt::format("{}: has no accepted stride with a whole curve", where));
  }
  std::vector<double> mean(kCurvePoints, 0.0);
  for (std::size_t i = begin; i < curves.set.count(); ++i) {
    for (std::size_t k = 0; k < kCurvePoints; ++k) {
      mean[k] += curves.set.Row(i)[k] / static_cast<double>(count);
    }
  }
  curves.set.value.resize(begin * kCurvePoints);
  curves.set.value.insert(curves.set.value.end(), mean.begin(), mean.end());
  if (curves.covariate.empty()) return;
  double x = 0.0;
  for (std::size_t i = begin; i < begin + count; ++i) x += curves.covariate[i];
  curves.covariate.resize(begin);
  curves.covariate.push_back(x / static_cast<double>(count));
}

Curves ReadCurves(const std::vector<std::string>& paths, const SpmArguments& arguments,
                  bool of_trials) {
  Curves curves;
  curves.set.nodes = kCurvePoints;
  curves.of_trials = of_trials;
  for (const std::string& path : paths) {
    const storage::TrialReader trial(path);
    const std::size_t begin = curves.set.count();
    AppendStrides(trial.ReadStrides(), arguments, path, curves);
    if (of_trials) TakeMean(begin, path, curves);
  }
  return curves;
}

void RequireOneTest(const SpmArguments& arguments) {
  const int tests = int{arguments.paired} + int{arguments.two_sample} +
                    int{arguments.has_one_sample} + int{!arguments.regression.empty()};
  if (tests > 1) {
    throw CLI::ValidationError("--paired, --two-sample, --one-sample, --regression",
                               "only one of them");
  }
  if (arguments.paired && arguments.trials.size() + arguments.against.size() <= 2) {
    throw CLI::ValidationError(
        "--paired", "needs several trials on either side: strides of two runs have no partners");
  }
  const bool of_two = arguments.paired || arguments.two_sample || tests == 0;
  if (of_two == arguments.against.empty()) {
    throw CLI::ValidationError("--against", of_two ? "names the trials to compare with"
                                                   : "goes with --paired or --two-sample");
  }
}

CurveTest Test(const SpmArguments& arguments, const Curves& first, const Curves& second) {
  if (arguments.paired) return analysis::TestPaired(first.set, second.set, arguments.alpha);
  if (arguments.has_one_sample) {
    const double mu = arguments.one_sample / storage::ForTable(first.angle).factor;
    return analysis::TestOneSample(first.set, std::vector<double>(kCurvePoints, mu),
                                   arguments.alpha);
  }
  if (!arguments.regression.empty()) {
    return analysis::TestRegression(first.set, first.covariate, arguments.alpha);
  }
  return analysis::TestTwoSample(first.set, second.set, arguments.alpha);
}

const char* TestName(const SpmArguments& arguments) {
  if (arguments.paired) return "paired";
  if (arguments.has_one_sample) return "one_sample";
  return arguments.regression.empty() ? "two_sample" : "regression";
}

std::string TestCsv(const CurveTest& test, const QuantityDescription& angle) {
  const storage::TableQuantity quantity = storage::ForTable(angle);
  std::string csv = fmt::format("percent,effect_{},t,threshold\n", quantity.column.name);
  for (std::size_t k = 0; k < test.t.size(); ++k) {
    const std::string t = std::isfinite(test.t[k]) ? fmt::format("{}", test.t[k]) : "";
    csv += fmt::format("{},{},{},{}\n", k, test.effect[k] * quantity.factor, t, test.threshold);
  }
  return csv;
}

nlohmann::json TestJson(const CurveTest& test, const SpmArguments& arguments, const Curves& first,
                        const Curves& second) {
  nlohmann::json clusters = nlohmann::json::array();
  for (const analysis::CurveCluster& c : test.clusters) {
    clusters.push_back({{"begin_percent", c.begin},
                        {"end_percent", c.end},
                        {"direction", c.positive ? "above" : "below"},
                        {"peak_t", c.peak},
                        {"peak_percent", c.peak_node},
                        {"p_value", c.p_value}});
  }
  const double factor = storage::ForTable(first.angle).factor;
  nlohmann::json effect = nlohmann::json::array();
  nlohmann::json t = nlohmann::json::array();
  for (std::size_t k = 0; k < test.t.size(); ++k) {
    effect.push_back(NumberOrNull(test.effect[k] * factor));
    t.push_back(NumberOrNull(test.t[k]));
  }
  return {{"test", TestName(arguments)},
          {"angle", storage::ForTable(first.angle).column.name},
          {"side", arguments.side},
          {"observations", first.of_trials ? "trials" : "strides"},
          {"n", first.set.count()},
          {"n_against", second.set.count()},
          {"degrees_of_freedom", test.degrees_of_freedom},
          {"fwhm_percent", NumberOrNull(test.fwhm)},
          {"resels", test.resels},
          {"alpha", test.alpha},
          {"threshold_t", test.threshold},
          {"p_maximum", test.p_maximum},
          {"p_set", test.p_set},
          {"clusters", clusters},
          {"effect", effect},
          {"t", t}};
}

std::string TestText(const CurveTest& test, const SpmArguments& arguments, const Curves& first,
                     const Curves& second) {
  const char* observations = first.of_trials ? "trials" : "strides";
  std::string text = fmt::format(
      "{} of {} ({}), {} {}{}: t({:g}), smooth over {:.1f} % of stride\n", TestName(arguments),
      first.angle.name, arguments.side, first.set.count(), observations,
      second.set.count() > 0 ? fmt::format(" against {}", second.set.count()) : std::string(),
      test.degrees_of_freedom, test.fwhm);
  text += fmt::format("threshold |t| {:.3f} (alpha {:g}); greatest |t|: p {:.4f}\n", test.threshold,
                      test.alpha, test.p_maximum);
  for (const analysis::CurveCluster& c : test.clusters) {
    text += fmt::format("{:.1f} to {:.1f} %: {} (t {:+.2f} at {} %), p {:.4f}\n", c.begin, c.end,
                        c.positive ? "above" : "below", c.peak, c.peak_node, c.p_value);
  }
  if (test.clusters.empty()) text += "nowhere beyond the threshold\n";
  if (!arguments.output.empty()) text += fmt::format("wrote {}\n", arguments.output);
  return text;
}

void RunSpm(const SpmArguments& arguments, CommandContext& context) {
  RequireOneTest(arguments);
  std::vector<std::string> all = arguments.trials;
  all.insert(all.end(), arguments.against.begin(), arguments.against.end());
  RequireFreeOutputs({arguments.output}, all);
  std::vector<AnalyzedTrial> trials;
  for (const std::string& path : all) trials.push_back(ReadAnalyzedTrial(path));
  RequireSameMethod(trials);
  // A mean a trial where several stand for their runners; strides where one trial is all there is.
  const bool of_trials = arguments.trials.size() > 1 || arguments.against.size() > 1;
  const Curves first = ReadCurves(arguments.trials, arguments, of_trials);
  const Curves second = ReadCurves(arguments.against, arguments, of_trials);
  if (!of_trials) {
    context.Warn(
        "the observations are strides of one run each: the test describes these runs and says "
        "nothing of a change in the runner, for which sessions differ more than strides do");
  }
  if (first.left_out + second.left_out > 0) {
    context.Warn(
        fmt::format("{} strides with gaps were left out", first.left_out + second.left_out));
  }
  const CurveTest test = Test(arguments, first, second);
  if (!arguments.output.empty()) {
    storage::WriteTextFile(arguments.output, TestCsv(test, first.angle));
  }
  nlohmann::json object = TestJson(test, arguments, first, second);
  object["warnings"] = context.warnings();
  context.Print(TestText(test, arguments, first, second), object);
}

}  // namespace

void AddSpmCommand(CommandLine& commands) {
  auto arguments = std::make_shared<SpmArguments>();
  CLI::App& command =
      commands.Add("spm", "Curves over the stride against curves: statistical parametric mapping",
                   [arguments](CommandContext& context) { RunSpm(*arguments, context); });
  command
      .add_option(
          "trials", arguments->trials,
          "Analyzed trials. One: its strides are the observations; several: each one's mean "
          "curve (TRIAL.h5 ...)")
      ->required()
      ->type_name("TRIAL.h5");
  command.add_option("--angle", arguments->angle, "Angle, as in the table of curves")->required();
  command.add_option("--side", arguments->side, "Strides of which foot")
      ->check(CLI::IsMember({"left", "right"}))
      ->capture_default_str();
  command.add_option("--against", arguments->against, "The other trials (OTHER.h5 ...)")
      ->type_name("OTHER.h5");
  command.add_flag("--paired", arguments->paired,
                   "The i-th of the trials against the i-th of the others");
  command.add_flag("--two-sample", arguments->two_sample,
                   "Two independent sets (default with --against)");
  command
      .add_option_function<double>(
          "--one-sample",
          [arguments](double value) {
            arguments->one_sample = value;
            arguments->has_one_sample = true;
          },
          "Against a constant, degrees")
      ->type_name("MU");
  command
      .add_option("--regression", arguments->regression,
                  "Slope over a column of the table of strides, such as belt_speed")
      ->type_name("COLUMN");
  command.add_option("--alpha", arguments->alpha, "Level of the test, both directions together")
      ->check(CLI::Range(1e-6, 0.4999))
      ->capture_default_str();
  command.add_option("-o,--output", arguments->output, "Also write effect, t and threshold as CSV")
      ->type_name("FILE.csv");
}

}  // namespace medius::apps
