// Correspondence and tracking alone, on a trial whose sightings bear true labels that the tracker
// does not see: benchmark_tracking TRIAL.h5 RIG.toml. Prints recall, ghosts and identity switches
// of the fragments, and CPU time a frame, tracked and cold.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "reconstruct/tracker.hpp"
#include "storage/rig_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius {
namespace {

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Score {
  std::size_t frames = 0;
  std::size_t rays3 = 0, rays3_found = 0;
  std::size_t rays2 = 0, rays2_found = 0;
  std::size_t points = 0, ghosts = 0, switches = 0;
  std::size_t sightings = 0, wrong_sightings = 0;
};

// The label that most rows of a track bear in a frame.
struct Votes {
  std::map<int, int> count;
  [[nodiscard]] std::pair<int, int> Best() const {
    std::pair<int, int> best{kUnlabelled, 0};
    for (const auto& [label, n] : count) {
      if (n > best.second) best = {label, n};
    }
    return best;
  }
};

void ScoreFrame(const std::vector<std::map<std::int32_t, Votes>>& frames,
                const std::vector<std::map<int, int>>& truth, Score* score) {
  std::map<std::int32_t, int> last;
  std::map<int, std::size_t> seen_at;  // label -> last frame found
  for (std::size_t k = 0; k < frames.size(); ++k) {
    std::map<int, bool> found;
    for (const auto& [track, votes] : frames[k]) {
      ++score->points;
      const auto [label, n] = votes.Best();
      int total = 0;
      for (const auto& [other, m] : votes.count) total += m;
      score->sightings += static_cast<std::size_t>(total);
      score->wrong_sightings += static_cast<std::size_t>(total - n);
      if (label == kUnlabelled || n < 2) {
        ++score->ghosts;
        continue;
      }
      found[label] = true;
      if (last.contains(track) && last[track] != label) ++score->switches;
      last[track] = label;
    }
    for (const auto& [label, rays] : truth[k]) {
      if (rays >= 3) {
        ++score->rays3;
        if (found.contains(label)) ++score->rays3_found;
      }
      const bool live = seen_at.contains(label) && seen_at[label] + 1 == k;
      if (rays == 2 && live) {
        ++score->rays2;
        if (found.contains(label)) ++score->rays2_found;
      }
    }
    for (const auto& [label, yes] : found) seen_at[label] = k;
  }
  score->frames += frames.size();
}

int Run(const std::string& path, const std::string& rig_path) {
  const storage::TrialReader trial(path);
  const CameraRig rig = storage::ReadRig(rig_path);
  std::vector<std::string> cameras;
  for (const Camera& camera : rig.cameras) cameras.push_back(camera.name);
  const std::size_t count = trial.time_base().frame_count();
  ObservationBlock all = trial.ReadObservations({0, count}, cameras);

  const double begin = CpuSeconds();
  reconstruct::Tracker tracker(rig, trial.time_base(), {});
  const double made = CpuSeconds();
  reconstruct::TrackedBlock first = tracker.Push(all);
  reconstruct::TrackedBlock rest = tracker.Finish();
  const double end = CpuSeconds();
  const std::vector<reconstruct::Fragment> fragments = tracker.TakeFragments();

  std::vector<std::map<std::int32_t, Votes>> frames(count);
  std::vector<std::map<int, int>> truth(count);
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    const CameraObservations& seen = all.cameras[c];
    std::vector<std::int32_t> track = first.track[c];
    track.insert(track.end(), rest.track[c].begin(), rest.track[c].end());
    for (std::size_t k = 0; k < count; ++k) {
      for (std::uint64_t row = seen.frame_start[k]; row < seen.frame_start[k + 1]; ++row) {
        if (seen.label[row] != kUnlabelled) ++truth[k][seen.label[row]];
        if (track[row] >= 0) ++frames[k][track[row]].count[seen.label[row]];
      }
    }
  }
  Score s;
  ScoreFrame(frames, truth, &s);
  const auto percent = [](std::size_t a, std::size_t b) {
    return b == 0 ? 100.0 : 100.0 * static_cast<double>(a) / static_cast<double>(b);
  };
  const auto per1e5 = [](std::size_t a, std::size_t b) {
    return b == 0 ? 0.0 : 1e5 * static_cast<double>(a) / static_cast<double>(b);
  };
  fmt::print("frames {}, fragments {}, points {}\n", count, fragments.size(), s.points);
  fmt::print("recall of points with three rays  {:8.3f} %   goal >= 99.9\n",
             percent(s.rays3_found, s.rays3));
  fmt::print("two rays on live tracks ({:6})   {:7.3f} %   goal >= 99.5\n", s.rays2,
             percent(s.rays2_found, s.rays2));
  fmt::print("ghosts per 1e5 points             {:8.2f}     goal <= 1\n",
             per1e5(s.ghosts, s.points));
  fmt::print("switches per 1e5 points           {:8.2f}\n", per1e5(s.switches, s.points));
  fmt::print("wrong sightings in points per 1e5 {:8.2f}\n", per1e5(s.wrong_sightings, s.sightings));
  fmt::print("CPU ms a frame                    {:8.4f}     goal <= 0.05 (set-up {:.3f} s)\n",
             1e3 * (end - made) / static_cast<double>(count), made - begin);

  // Every frame as if it were the first.
  const std::size_t cold_count = std::min<std::size_t>(count, 500);
  const reconstruct::ColdStart cold(rig, {}, {});
  std::vector<std::vector<reconstruct::CameraFrame>> loaded(cold_count);
  for (std::size_t k = 0; k < cold_count; ++k) {
    reconstruct::LoadFrame(rig, all, k, trial.time_base().time[k], {}, &loaded[k]);
  }
  const double cold_begin = CpuSeconds();
  std::size_t cold_points = 0;
  for (auto& frame : loaded) cold_points += cold.Find(rig, &frame).size();
  fmt::print("cold CPU ms a frame               {:8.4f}     goal <= 0.3 ({:.1f} points a frame)\n",
             1e3 * (CpuSeconds() - cold_begin) / static_cast<double>(cold_count),
             static_cast<double>(cold_points) / static_cast<double>(cold_count));
  return 0;
}

}  // namespace
}  // namespace medius

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("benchmark_tracking TRIAL.h5 RIG.toml\n", stderr);
    return 2;
  }
  return medius::Run(argv[1], argv[2]);
}
