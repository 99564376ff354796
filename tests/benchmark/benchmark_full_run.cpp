// A full run as typed commands: frames per second, times real time and peak memory of each command.
//
//   benchmark_full_run [MINUTES] [FOLDER]     default 60 minutes; the folder is kept if it is given
//
// 8 cameras, about 40 markers, 200 Hz (datasets/scenarios/full_run.toml).

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace {

constexpr double kRateHz = 200.0;

struct Cost {
  double seconds = 0.0;
  double cpu_seconds = 0.0;
  double peak_mib = 0.0;
  int status = 0;
};

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

Cost Run(const std::vector<std::string>& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t process = fork();
  if (process == 0) {
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    std::vector<std::string> words = {MEDIUS_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(MEDIUS_PROGRAM, argv.data());
    _exit(127);
  }
  Cost cost;
  rusage usage{};
  wait4(process, &cost.status, 0, &usage);
  cost.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  cost.cpu_seconds = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
  cost.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024.0;
  return cost;
}

void Measure(const std::string& name, double frames, const std::vector<std::string>& arguments) {
  const Cost cost = Run(arguments);
  if (cost.status != 0) {
    fmt::print("{} failed (status {})\n", name, cost.status);
    std::exit(1);
  }
  fmt::print(
      "{:<14} {:>9.1f} s {:>9.1f} cpu s {:>10.0f} frames/s {:>8.1f} x real time {:>8.0f} MiB\n",
      name, cost.seconds, cost.cpu_seconds, frames / cost.seconds, frames / cost.seconds / kRateHz,
      cost.peak_mib);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string minutes = argc > 1 ? argv[1] : "60";
  const bool keep = argc > 2;
  const std::filesystem::path folder =
      keep ? std::filesystem::path(argv[2])
           : std::filesystem::temp_directory_path() / fmt::format("medius-full-run-{}", getpid());
  std::filesystem::create_directories(folder);
  const auto at = [&](const std::string& name) { return (folder / name).string(); };
  const double frames = std::stod(minutes) * 60.0 * kRateHz;
  fmt::print("{} minutes at {:.0f} Hz, {:.0f} frames\n", minutes, kRateHz, frames);
  Measure("simulate", frames,
          {"simulate", MEDIUS_SOURCE_DIR "/datasets/scenarios/full_run.toml", "--minutes", minutes,
           "-o", folder.string()});
  Measure(
      "static", frames,
      {"reconstruct", at("static.trial.h5"), "--rig", at("rig.toml"), "-o", at("static.trial.h5")});
  for (const std::string threads : {"1", "2"}) {
    Measure("reconstruct " + threads, frames,
            {"reconstruct", at("run.trial.h5"), "--rig", at("rig.toml"), "-o",
             at("reconstructed.trial.h5"), "--threads", threads});
    Measure("analyze " + threads, frames,
            {"analyze", at("reconstructed.trial.h5"), "--static", at("static.trial.h5"),
             "--markers", MEDIUS_SOURCE_DIR "/datasets/marker_sets/virtual_lab.toml", "-o",
             at("analyzed.trial.h5"), "--threads", threads});
  }
  if (!keep) std::filesystem::remove_all(folder);
  return 0;
}
