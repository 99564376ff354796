// medius note: what people want to remember beside a trial: exercises given, cues, remarks.

#include <algorithm>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "core/error.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

using storage::TrialPart;

struct NoteArguments {
  std::string trial;
  std::vector<std::string> exercises;
  std::vector<std::string> cues;
  std::vector<std::string> notes;
  std::string date;
  std::vector<std::size_t> removed;  // counted from 1, as they are listed
};

constexpr std::size_t kLongestText = 500;

std::string CheckDay(const std::string& text) {
  static const std::regex kPattern(R"(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))");
  return std::regex_match(text, kPattern) ? "" : "\"" + text + "\" is no day such as 2026-11-03";
}

std::string CheckText(const std::string& text) {
  if (text.empty()) return "the text is empty";
  if (text.size() > kLongestText) {
    return fmt::format("the text has {} bytes, expected {} at most", text.size(), kLongestText);
  }
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) return "the text is to be one line";
  }
  return "";
}

// The day of the recording, which a note is about where nothing else is said.
std::string DayOf(const TrialHeader& header) {
  const std::string day = header.created.substr(0, 10);
  return CheckDay(day).empty() ? day : "";
}

std::vector<TrialNote> Changed(std::vector<TrialNote> notes, const NoteArguments& arguments,
                               const std::string& day) {
  std::vector<TrialNote> kept;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const auto& removed = arguments.removed;
    if (std::find(removed.begin(), removed.end(), i + 1) == removed.end()) kept.push_back(notes[i]);
  }
  for (const std::size_t number : arguments.removed) {
    if (number >= 1 && number <= notes.size()) continue;
    throw InputError(fmt::format("{}: has {} notes, there is no number {} to remove",
                                 arguments.trial, notes.size(), number));
  }
  const std::string& date = arguments.date.empty() ? day : arguments.date;
  for (const std::string& text : arguments.exercises) kept.push_back({date, "exercise", text});
  for (const std::string& text : arguments.cues) kept.push_back({date, "cue", text});
  for (const std::string& text : arguments.notes) kept.push_back({date, "note", text});
  return kept;
}

void Rewrite(const storage::TrialReader& trial, const std::vector<TrialNote>& notes,
             CommandContext& context) {
  storage::TrialWriter writer(trial.path(), context.parallelism());
  writer.WriteNotes(notes);
  std::vector<TrialPart> parts;
  for (const TrialPart part :
       {TrialPart::kRig, TrialPart::kObservations, TrialPart::kTrajectories, TrialPart::kEvents,
        TrialPart::kKinematics, TrialPart::kStrides, TrialPart::kSummary}) {
    if (trial.Has(part)) parts.push_back(part);
  }
  writer.CopyFrom(trial, parts);
  writer.Commit();
}

// A file may hold what a terminal would obey.
std::string Plain(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return text;
}

void RunNote(const NoteArguments& arguments, CommandContext& context) {
  const storage::TrialReader trial(arguments.trial, context.parallelism());
  std::vector<TrialNote> notes = trial.ReadNotes();
  const std::vector<TrialNote> changed = Changed(notes, arguments, DayOf(trial.header()));
  if (changed != notes) Rewrite(trial, changed, context);
  std::string text;
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t i = 0; i < changed.size(); ++i) {
    const TrialNote& note = changed[i];
    text += fmt::format("{:2}  {:10}  {:8}  {}\n", i + 1, note.date, note.kind, Plain(note.text));
    list.push_back({{"date", note.date}, {"kind", note.kind}, {"text", note.text}});
  }
  if (changed.empty()) text = fmt::format("{}: no notes\n", arguments.trial);
  context.Print(text, {{"output", arguments.trial}, {"notes", list}});
}

}  // namespace

void AddNoteCommand(CommandLine& commands) {
  auto arguments = std::make_shared<NoteArguments>();
  CLI::App& command = commands.Add(
      "note",
      "Notes kept in a trial: exercises that were given, cues, remarks. They stand on the time "
      "line of `medius progress`.\nWithout an option the notes are listed. Nothing else of the "
      "trial changes.\n"
      "Example: medius note run.trial.h5 --exercise \"clamshell, 3 x 15\" --date 2026-11-03",
      [arguments](CommandContext& context) { RunNote(*arguments, context); });
  command.add_option("trial", arguments->trial, "The trial, which is rewritten in place")
      ->required()
      ->type_name("TRIAL.h5");
  command.add_option("--exercise", arguments->exercises, "An exercise; may be given several times")
      ->check(CheckText)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--cue", arguments->cues, "A cue to the runner, likewise")
      ->check(CheckText)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--note", arguments->notes, "A remark, likewise")
      ->check(CheckText)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--date", arguments->date,
                  "The day that it is about, e.g. 2026-11-03; default: that of the recording")
      ->check(CheckDay)
      ->type_name("DAY");
  command.add_option("--remove", arguments->removed, "Number of a note to take away, as listed")
      ->type_name("NUMBER")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace medius::apps
