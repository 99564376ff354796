// medius report: an analyzed trial as a page that a clinician reads, on a screen or on paper.

#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/chromium_pdf.hpp"
#include "apps/command.hpp"
#include "apps/output_guard.hpp"
#include "apps/preset_path.hpp"
#include "apps/trial_report.hpp"
#include "core/error.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/reference_values_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

struct ReportArguments {
  std::string trial;
  std::string output;
  std::string pdf;
  std::string reference;
  std::string repeatability = "published";
};

// Runners by the method ric, for trials analyzed by it.
constexpr const char* kUsualReference = "ric_2.5_m_s";

ReportReferences ReferencesOf(const ReportArguments& arguments) {
  const std::string reference = arguments.reference.empty() ? kUsualReference : arguments.reference;
  return {storage::ReadReferenceValues(FindPreset(Preset::kReferenceValues, reference)),
          storage::ReadRepeatability(FindPreset(Preset::kRepeatability, arguments.repeatability))};
}

// What somebody asked for is not left out in silence.
void RequireShown(const ReportArguments& arguments, const ReportReferences& references,
                  const TrialReport& report) {
  const auto refuse = [&](const std::string& word, const std::string& method) {
    throw InputError(fmt::format(
        "{}: its values were measured by the method {}, the trial {} by {}; two methods differ by "
        "degrees and are not compared",
        word, method, arguments.trial,
        report.method.empty() ? "one that is not known" : report.method));
  };
  const std::string& reference = references.reference.method;
  if (!arguments.reference.empty() && reference != report.method) {
    refuse(arguments.reference, reference);
  }
  const std::string& repeatability = references.repeatability.method;
  if (!repeatability.empty() && repeatability != report.method) {
    refuse(arguments.repeatability, repeatability);
  }
}

void RunReport(const ReportArguments& arguments, CommandContext& context) {
  RequireFreeOutputs({arguments.output, arguments.pdf}, {arguments.trial});
  const storage::TrialReader trial(arguments.trial, context.parallelism());
  const ReportReferences references = ReferencesOf(arguments);
  const TrialReport report = ReadTrialReport(trial, references, context.Work("reading", "frames"));
  RequireShown(arguments, references, report);
  const std::string html = FormatTrialReport(report);
  storage::WriteTextFile(arguments.output, html);
  context.Wrote(arguments.output);
  std::string text = fmt::format("wrote {}\n", arguments.output);
  nlohmann::json answer = {{"output", arguments.output}, {"pdf", nullptr}};
  if (!arguments.pdf.empty()) {
    PrintToPdf(html, arguments.pdf, context.Work("printing", "pages"));
    text += fmt::format("wrote {}\n", arguments.pdf);
    answer["pdf"] = arguments.pdf;
  }
  answer["warnings"] = context.warnings();
  context.Print(text, answer);
}

}  // namespace

void AddReportCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App& command = commands.Add(
      "report",
      "A page about one analyzed run, for a screen or two sheets of A4: quality of the "
      "data first, then\nthe frontal plane with its uncertainty. It needs no network "
      "and no other file.\n"
      "Exit codes: 0 done, 2 wrong usage, 3 the trial was never analyzed or is "
      "damaged, 4 no browser to print with (the page is written all the same).\n"
      "Example: medius report run.trial.h5 -o run.html --pdf run.pdf",
      [arguments](CommandContext& context) { RunReport(*arguments, context); });
  command.add_option("trial", arguments->trial, "The analyzed trial")
      ->required()
      ->type_name("TRIAL.h5");
  command.add_option("-o,--output", arguments->output, "The page to write")
      ->required()
      ->type_name("REPORT.html");
  command
      .add_option("--pdf", arguments->pdf,
                  "Print it too, by a Chromium or Chrome found in the PATH")
      ->type_name("REPORT.pdf");
  command
      .add_option("--reference", arguments->reference,
                  "Values of other runners to show beside, measured by the same method: a file or "
                  "the name of a preset; default: the preset of the trial's method, where there is "
                  "one")
      ->type_name("REFERENCE");
  command
      .add_option("--repeatability", arguments->repeatability,
                  "How well sessions repeat, for the detectable change: a file of your own visits "
                  "or the name of a preset")
      ->capture_default_str()
      ->type_name("REPEATABILITY");
}

}  // namespace medius::apps
