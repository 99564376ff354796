#include "apps/chromium_pdf.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <sys/wait.h>

#include "apps/command.hpp"
#include "core/error.hpp"
#include "storage/atomic_text_file.hpp"

namespace medius::apps {
namespace {

namespace fs = std::filesystem;

constexpr auto kLongestPrint = std::chrono::seconds(60);
constexpr const char* kBrowsers[] = {"chromium", "chromium-browser", "google-chrome",
                                     "google-chrome-stable", "chrome"};

// A folder for the page, the profile and the print, gone at the end.
class PrintFolder {
 public:
  PrintFolder() {
    std::string pattern = (fs::temp_directory_path() / "medius-print-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      throw InputError(fmt::format("{}: no folder could be made there to print in",
                                   fs::temp_directory_path().string()));
    }
    path_ = pattern;
  }
  ~PrintFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  PrintFolder(const PrintFolder&) = delete;
  PrintFolder& operator=(const PrintFolder&) = delete;
  [[nodiscard]] fs::path operator/(const char* name) const { return path_ / name; }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::vector<std::string> WordsOf(const std::string& browser, const PrintFolder& folder) {
  std::vector<std::string> words = {browser,
                                    "--headless=new",
                                    "--disable-gpu",
                                    "--no-first-run",
                                    "--disable-extensions",
                                    "--disable-background-networking",
                                    "--disable-dev-shm-usage",
                                    "--no-pdf-header-footer",
                                    "--user-data-dir=" + (folder / "profile").string(),
                                    "--print-to-pdf=" + (folder / "page.pdf").string(),
                                    "file://" + (folder / "page.html").string()};
  // The browser's sandbox refuses to start for root; the page has no script and loads nothing.
  if (geteuid() == 0) words.insert(words.begin() + 1, "--no-sandbox");
  return words;
}

// The environment with another home, so that nothing of the user's is read or written.
std::vector<std::string> EnvironmentIn(const PrintFolder& folder) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (!text.starts_with("HOME=") && !text.starts_with("XDG_")) variables.emplace_back(text);
  }
  variables.push_back("HOME=" + folder.path().string());
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In a process group of its own, so that all its helpers can be ended with it; silent.
pid_t StartBrowser(const std::string& browser, const PrintFolder& folder) {
  std::vector<std::string> words = WordsOf(browser, folder);
  std::vector<std::string> variables = EnvironmentIn(folder);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&files, stream, "/dev/null", O_RDWR, 0);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t process = -1;
  const int error = posix_spawn(&process, browser.c_str(), &files, &attributes,
                                Pointers(&words).data(), Pointers(&variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw NotComputed(fmt::format("{}: could not be started to print", browser));
  return process;
}

// Ends the browser however this scope is left.
class RunningBrowser {
 public:
  explicit RunningBrowser(pid_t process) : process_(process) {}
  ~RunningBrowser() {
    kill(-process_, SIGKILL);
    if (!ended_) waitpid(process_, nullptr, 0);
  }
  RunningBrowser(const RunningBrowser&) = delete;
  RunningBrowser& operator=(const RunningBrowser&) = delete;

  /// @return whether it ended by itself and says that all is well.
  bool WaitUntil(std::chrono::steady_clock::time_point end, const WorkControl& control) {
    int status = 0;
    while (std::chrono::steady_clock::now() < end) {
      if (waitpid(process_, &status, WNOHANG) == process_) {
        ended_ = true;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
      }
      control.ThrowIfCancelled();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

 private:
  pid_t process_;
  bool ended_ = false;
};

std::string BytesOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string FindChromium() {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody writes it
  if (path == nullptr) return "";
  for (const char* name : kBrowsers) {
    std::stringstream folders(path);
    for (std::string folder; std::getline(folders, folder, ':');) {
      const fs::path candidate = fs::path(folder.empty() ? "." : folder) / name;
      std::error_code error;
      if (fs::is_regular_file(candidate, error) && access(candidate.c_str(), X_OK) == 0) {
        return candidate.string();
      }
    }
  }
  return "";
}

void PrintToPdf(std::string_view html, const fs::path& pdf, const WorkControl& control) {
  const std::string browser = FindChromium();
  if (browser.empty()) {
    throw NotComputed(fmt::format(
        "{}: no Chromium or Chrome was found in the PATH to print with; install chromium, or open "
        "the HTML report and print it from any browser",
        pdf.string()));
  }
  const PrintFolder folder;
  storage::WriteTextFile(folder / "page.html", html);
  RunningBrowser running(StartBrowser(browser, folder));
  const bool ended_well =
      running.WaitUntil(std::chrono::steady_clock::now() + kLongestPrint, control);
  const std::string bytes = BytesOf(folder / "page.pdf");
  if (!ended_well || !bytes.starts_with("%PDF-")) {
    throw NotComputed(
        fmt::format("{}: {} did not print the page; open the HTML report and print it from any "
                    "browser",
                    pdf.string(), browser));
  }
  storage::WriteTextFile(pdf, bytes);
}

}  // namespace medius::apps
