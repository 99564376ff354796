#include "apps/command.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/progress_display.hpp"
#include "apps/version.hpp"
#include "core/error.hpp"

namespace medius::apps {
namespace {

CancellationToken& Interrupt() {
  static CancellationToken token;
  return token;
}

// The second Ctrl-C ends the program at once: the first one asked nicely.
extern "C" void OnInterrupt(int signal) {
  if (Interrupt().IsCancelled()) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  Interrupt().Cancel();
}

void InstallSignalHandlers() {
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
  // A reader that went away (`medius export | head`) is an error of write(), not a death.
  std::signal(SIGPIPE, SIG_IGN);
}

// Options that do not decide what a command computes, and whether a value follows them.
std::optional<bool> TakesValueWithoutMeaning(const std::string& word) {
  if (word == "--json") return false;
  for (const char* option : {"--threads", "--block-frames", "-o", "--output", "--report", "--save-sightings"}) {
    if (word == option) return true;
  }
  return std::nullopt;
}

bool IsValueWithoutMeaning(const std::string& word) {
  const std::size_t equals = word.find('=');
  return word.starts_with("--") && equals != std::string::npos &&
         TakesValueWithoutMeaning(word.substr(0, equals)).value_or(false);
}

std::string BaseName(const std::string& word) {
  // --option=PATH and CAM=PATH keep what stands before the sign.
  const std::size_t equals = word.find('=');
  if (equals != std::string::npos && equals < word.find('/')) {
    return word.substr(0, equals + 1) + BaseName(word.substr(equals + 1));
  }
  if (word.starts_with('-') || word.find('/') == std::string::npos) return word;
  return std::filesystem::path(word).filename().string();
}

// The command line reduced to what decides the result, so that the bytes of a result depend on
// neither the number of threads nor the folder.
std::string CanonicalCommand(int argc, char** argv) {
  std::string command = "medius";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (const std::optional<bool> takes_value = TakesValueWithoutMeaning(word)) {
      if (*takes_value) ++i;
      continue;
    }
    if (IsValueWithoutMeaning(word)) continue;
    if (word.starts_with("-o") && !word.starts_with("--") && word.size() > 2) continue;
    command += ' ' + BaseName(word);
  }
  return command;
}

// CLI11 takes "nan" and "inf" for numbers, and its ranges let NaN through.
void RequireFiniteNumbers(const CLI::App& command) {
  for (const CLI::App* chosen : command.get_subcommands()) RequireFiniteNumbers(*chosen);
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_type_name().starts_with("FLOAT")) continue;
    for (const std::string& word : option->results()) {
      double number = 0.0;
      if (!CLI::detail::lexical_cast(word, number) || std::isfinite(number)) continue;
      throw CLI::ValidationError(option->get_name(),
                                 fmt::format("\"{}\" is not a finite number", word));
    }
  }
}

std::string InterruptedText(const std::vector<std::string>& written) {
  if (written.empty()) return "interrupted; nothing was changed";
  return fmt::format("interrupted; written before: {}; nothing else was changed",
                     fmt::join(written, ", "));
}

// One line on standard error, whatever the message holds.
int Fail(int code, std::string message) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  fmt::print(stderr, "medius: {}\n", message);
  return code;
}

int RunGuarded(const CommandLine::Run& run, CommandContext& context) {
  try {
    run(context);
    std::cout.flush();
    if (!std::cout) return Fail(kExitBadInput, "standard output could not be written");
    return kExitDone;
  } catch (const Cancelled&) {
    return Fail(kExitInterrupted, InterruptedText(context.written()));
  } catch (const NotComputed& error) {
    return Fail(kExitNotComputed, error.what());
  } catch (const InputError& error) {
    return Fail(kExitBadInput, error.what());
  } catch (const CLI::Error& error) {  // an option that only the command itself can judge
    return Fail(kExitUsage, error.what());
  } catch (const std::bad_alloc&) {
    return Fail(kExitBadInput, "out of memory; close other programs or use fewer threads");
  } catch (const std::filesystem::filesystem_error& error) {
    return Fail(kExitBadInput, error.what());
  }
}

}  // namespace

CommandContext::CommandContext(Parallelism parallelism, bool json, std::string command)
    : parallelism_(parallelism), json_(json), command_(std::move(command)) {}

CommandContext::~CommandContext() = default;

WorkControl CommandContext::Work(std::string_view what, std::string_view unit) {
  display_.reset();
  display_ = std::make_shared<ProgressDisplay>(std::string(what), std::string(unit));
  WorkControl control;
  control.cancellation = &Interrupt();
  control.progress = [display = display_](std::size_t done, std::size_t total) {
    display->Update(done, total);
  };
  return control;
}

void CommandContext::Warn(const std::string& warning) {
  if (std::find(warnings_.begin(), warnings_.end(), warning) != warnings_.end()) return;
  warnings_.push_back(warning);
  if (display_) display_->Clear();
  fmt::print(stderr, "medius: warning: {}\n", warning);
}

void CommandContext::Print(const std::string& text, const nlohmann::json& object) const {
  if (display_) display_->Clear();
  if (json_) {
    // Names of files and markers may hold bytes that are not UTF-8: shown, never fatal.
    std::cout << object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  } else {
    std::cout << text;
  }
}

struct CommandLine::SharedOptions {
  bool json = false;
  int threads = 0;
  Run chosen;
};

CommandLine::CommandLine() : shared_(std::make_shared<SharedOptions>()) {
  app_.name("medius");
  app_.description(
      "Medius: from what several cameras saw of a runner to pelvis and hip kinematics.\n"
      "Exit codes: 0 done, 2 wrong usage, 3 bad input, 4 could not be computed, 130 interrupted.");
  app_.set_version_flag("--version", std::string("medius ") + kVersion);
  app_.require_subcommand(1);
  app_.failure_message(CLI::FailureMessage::simple);
}

void CommandLine::Attach(CLI::App& command, Run run) {
  command.add_flag("--json", shared_->json, "Print the summary as one JSON object");
  command
      .add_option("--threads", shared_->threads,
                  "Cores to use; 0 stands for all of them. The result is the same for any number")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.callback([shared = shared_, run = std::move(run)] { shared->chosen = run; });
}

CLI::App& CommandLine::Add(const std::string& name, const std::string& description, Run run) {
  CLI::App& command = *app_.add_subcommand(name, description);
  Attach(command, std::move(run));
  return command;
}

CLI::App& CommandLine::AddToGroup(const std::string& group, const std::string& group_description,
                                  const std::string& name, const std::string& description,
                                  Run run) {
  const std::vector<CLI::App*> same =
      app_.get_subcommands([&](const CLI::App* known) { return known->get_name() == group; });
  CLI::App* parent = same.empty() ? app_.add_subcommand(group, group_description) : same.front();
  parent->require_subcommand(1);
  CLI::App& command = *parent->add_subcommand(name, description);
  Attach(command, std::move(run));
  return command;
}

void CommandLine::RequireKnownCommand(int argc, char** argv) const {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* command : app_.get_subcommands(nullptr)) {
    if (command->check_name(argv[1])) return;
    names.push_back(command->get_name());
  }
  throw CLI::ParseError(
      fmt::format("there is no command \"{}\" (there are {})", argv[1], fmt::join(names, ", ")),
      CLI::ExitCodes::ExtrasError);
}

int CommandLine::Main(int argc, char** argv) {
  try {
    RequireKnownCommand(argc, argv);
    app_.parse(argc, argv);
    RequireFiniteNumbers(app_);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app_.help());
    return kExitDone;
  } catch (const CLI::CallForAllHelp&) {
    fmt::print("{}", app_.help("", CLI::AppFormatMode::All));
    return kExitDone;
  } catch (const CLI::CallForVersion&) {
    fmt::print("{}\n", app_.version());
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    return Fail(kExitUsage, std::string(error.what()) +
                                "; `medius --help` and `medius COMMAND "
                                "--help` explain the usage");
  }
  InstallSignalHandlers();
  CommandContext context(Parallelism(shared_->threads), shared_->json,
                         CanonicalCommand(argc, argv));
  return RunGuarded(shared_->chosen, context);
}

}  // namespace medius::apps
