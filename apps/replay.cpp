// medius replay: a trial in the browser, from a loopback server or as one file.

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include "apps/command.hpp"
#include "apps/output_guard.hpp"
#include "core/error.hpp"
#include "replay/page_server.hpp"
#include "replay/single_file.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostTrials = 2;
constexpr double kMegabyte = 1e6;

struct ReplayArguments {
  std::vector<std::string> trials;
  std::string export_to;
  bool no_open = false;
  int port = 0;
};

// The built page: named by MEDIUS_REPLAY_SITE, beside the installed program, or in the build tree.
fs::path FindSite() {
  std::vector<fs::path> folders;
  const char* chosen = std::getenv("MEDIUS_REPLAY_SITE");  // NOLINT(concurrency-mt-unsafe): once
  if (chosen != nullptr && *chosen != '\0') folders.emplace_back(chosen);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) folders.push_back(program.parent_path().parent_path() / "share/medius/replay");
  folders.emplace_back(MEDIUS_REPLAY_SITE_DIR);
  for (const fs::path& folder : folders) {
    if (fs::is_regular_file(folder / "index.html", error)) return folder;
  }
  throw InputError(
      "the replay page is not there: this medius was built without it (MEDIUS_BUILD_REPLAY=OFF) or "
      "installed in part; build with Node.js (scripts/setup), or set MEDIUS_REPLAY_SITE to its "
      "folder");
}

// Runs a program without a shell, its output thrown away; whether it started and succeeded.
bool RunQuietly(const std::vector<std::string>& words) {
  std::vector<std::string> copy = words;
  std::vector<char*> arguments;
  arguments.reserve(copy.size() + 1);
  for (std::string& word : copy) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
  }
  pid_t process = 0;
  const int failed =
      posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return false;
  int status = 0;
  waitpid(process, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// What only the sightings of the cameras need is left out: they are most of a trial.
void WriteWithoutSightings(const std::string& trial, const fs::path& to) {
  using storage::TrialPart;
  const storage::TrialReader reader(trial);
  storage::TrialWriter writer(to);
  std::vector<TrialPart> kept;
  for (const TrialPart part : {TrialPart::kRig, TrialPart::kTrajectories, TrialPart::kEvents,
                               TrialPart::kKinematics, TrialPart::kStrides, TrialPart::kSummary}) {
    if (reader.Has(part)) kept.push_back(part);
  }
  writer.CopyFrom(reader, kept);
  writer.Commit();
}

// A folder beside the output, removed with what is in it.
class FolderBeside {
 public:
  explicit FolderBeside(const fs::path& output) {
    std::string name = (output.parent_path() / ".medius-replay-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw InputError(fmt::format("{}: nothing can be written beside it", output.string()));
    }
    path_ = name;
  }
  ~FolderBeside() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  FolderBeside(const FolderBeside&) = delete;
  FolderBeside& operator=(const FolderBeside&) = delete;
  FolderBeside(FolderBeside&&) = delete;
  FolderBeside& operator=(FolderBeside&&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string NameOf(const std::string& trial) {
  return fs::path(trial).filename().string();
}

void Export(const ReplayArguments& arguments, const fs::path& site, CommandContext& context) {
  RequireFreeOutputs({arguments.export_to}, arguments.trials);
  const FolderBeside folder(arguments.export_to);
  std::vector<replay::InlinedTrial> inlined;
  for (std::size_t i = 0; i < arguments.trials.size(); ++i) {
    inlined.push_back({NameOf(arguments.trials[i]), folder.path() / fmt::format("{}.trial.h5", i)});
    WriteWithoutSightings(arguments.trials[i], inlined.back().path);
  }
  const std::string page = replay::SinglePage(site / "single.html", inlined);
  storage::WriteTextFile(arguments.export_to, page);
  context.Print(fmt::format("wrote {} ({:.1f} MB): opens in a browser from any disk, without a "
                            "network; the sightings of the cameras are not in it\n",
                            arguments.export_to, static_cast<double>(page.size()) / kMegabyte),
                {{"output", arguments.export_to}, {"bytes", page.size()}});
}

void Serve(const ReplayArguments& arguments, const fs::path& site, CommandContext& context) {
  std::vector<replay::ServedTrial> served;
  for (const std::string& trial : arguments.trials) {
    // Refused here, with the reader's own word, rather than in the browser.
    const storage::TrialReader checked(trial);
    served.push_back({NameOf(trial), trial});
  }
  replay::PageServerOptions options;
  options.port = arguments.port;
  replay::PageServer server(site, served, options);
  context.Print(fmt::format("{}\nThis address is for this machine and you alone. Ctrl-C ends it.\n",
                            server.url()),
                {{"url", server.url()}, {"port", server.port()}});
  std::cout.flush();
  if (!arguments.no_open && !RunQuietly({"xdg-open", server.url()})) {
    context.Warn("no browser could be started; open the address above in one");
  }
  const WorkControl control = context.Work("serving", "requests");
  server.Serve([&control] { return control.cancellation->IsCancelled(); });
}

void RunReplay(const ReplayArguments& arguments, CommandContext& context) {
  const fs::path site = FindSite();
  if (arguments.export_to.empty()) {
    Serve(arguments, site, context);
  } else {
    Export(arguments, site, context);
  }
}

}  // namespace

void AddReplayCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ReplayArguments>();
  CLI::App& command = commands.Add(
      "replay",
      "Opens a trial in the browser: the run in 3D, the pelvis line and its angle, the "
      "curves, every stride; a second trial beside it or as its ghost",
      [arguments](CommandContext& context) { RunReplay(*arguments, context); });
  command.add_option("trials", arguments->trials, "One trial, or two to compare (TRIAL.h5)")
      ->required()
      ->expected(1, static_cast<int>(kMostTrials))
      ->type_name("TRIAL.h5");
  command
      .add_option(
          "--export", arguments->export_to,
          "Write the page with the trials inside as one file instead, for a mail or a disk: "
          "it needs no medius and no network")
      ->type_name("REPLAY.html");
  command.add_flag("--no-open", arguments->no_open, "Print the address, start no browser");
  command
      .add_option("--port", arguments->port, "Port on 127.0.0.1 to listen on; 0 takes a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command.footer(
      "The trial is read by this machine's browser alone: the server listens on 127.0.0.1, and "
      "its\n"
      "address holds a random word that nobody else has. Nothing but the trials named can be "
      "read.\n"
      "docs/replay.md has the keys and what the picture shows.");
}

}  // namespace medius::apps
