#include "apps/subject_source.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/provenance.hpp"
#include "core/error.hpp"
#include "reconstruct/subject_learning.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

// A minute of running shows every stride there is; more only takes memory.
constexpr std::size_t kMostFrames = 20'000;
// What moves less than this from its own middle, in the median, stands (m).
constexpr double kStands = 0.03;

double Seconds(const std::string& text, const std::string& word) {
  std::size_t used = 0;
  double value = 0.0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != text.size() || !std::isfinite(value)) {
    throw InputError(fmt::format(
        "{}: \"{}\" is not a time in seconds; a stretch is written FILE:FROM-TO", word, text));
  }
  return value;
}

FrameRange FramesOf(const TrialStretch& stretch, const storage::TrialReader& reader) {
  const std::vector<double>& time = reader.time_base().time;
  const double from = stretch.from.value_or(time.front());
  const double to = stretch.to.value_or(time.back());
  const auto first = std::lower_bound(time.begin(), time.end(), from);
  const auto end = std::upper_bound(time.begin(), time.end(), to);
  if (first >= end) {
    throw InputError(
        fmt::format("{}: has no frame from {:g} s to {:g} s; it goes from {:g} s to "
                    "{:g} s; change --from and --to",
                    stretch.file.string(), from, to, time.front(), time.back()));
  }
  return {static_cast<std::size_t>(first - time.begin()), static_cast<std::size_t>(end - first)};
}

reconstruct::LabelledPositions ReadPositions(const TrialStretch& stretch,
                                             const storage::TrialReader& reader,
                                             CommandContext& context) {
  const FrameRange frames = FramesOf(stretch, reader);
  const std::size_t step = (frames.count + kMostFrames - 1) / kMostFrames;
  reconstruct::LabelledPositions positions{reader.labels(), {}};
  const WorkControl control = context.Work("reading", "frames");
  constexpr std::size_t kChunk = 4096;
  for (const FrameRange& part : SplitFrames(frames.count, kChunk)) {
    const TrajectoryBlock block = reader.ReadTrajectories({frames.first + part.first, part.count});
    for (std::size_t t = 0; t < part.count; ++t) {
      if ((part.first + t) % step != 0) continue;
      for (std::size_t m = 0; m < positions.labels.size(); ++m) {
        positions.position.emplace_back(block.Position(t, MarkerId(m)).cast<float>());
      }
    }
    control.Report(part.end(), frames.count);
  }
  return positions;
}

// How far markers stray from their middles, the median over the markers, metres.
double Straying(const reconstruct::LabelledPositions& positions) {
  std::vector<double> strays;
  for (std::size_t m = 0; m < positions.labels.size(); ++m) {
    double count = 0.0;
    Eigen::Vector3d mean = Eigen::Vector3d::Zero();
    double squares = 0.0;
    for (std::size_t t = 0; t < positions.frame_count(); ++t) {
      const Eigen::Vector3d p = positions.At(t, m);
      if (!p.allFinite()) continue;
      count += 1.0;
      const Eigen::Vector3d delta = p - mean;
      mean += delta / count;
      squares += delta.dot(p - mean);
    }
    if (count > 0.0) strays.push_back(std::sqrt(squares / count));
  }
  if (strays.empty()) return 0.0;
  const auto middle = strays.begin() + static_cast<std::ptrdiff_t>(strays.size() / 2);
  std::nth_element(strays.begin(), middle, strays.end());
  return *middle;
}

}  // namespace

TrialStretch ParseStretch(const std::string& word) {
  if (std::filesystem::exists(word)) return {word, {}, {}};
  const std::size_t colon = word.rfind(':');
  if (colon == std::string::npos) return {word, {}, {}};
  const std::string times = word.substr(colon + 1);
  const std::size_t dash = times.find('-', 1);
  if (dash == std::string::npos) {
    throw InputError(
        fmt::format("{}: \"{}\" is no stretch of time; FROM-TO in seconds expected", word, times));
  }
  TrialStretch stretch{word.substr(0, colon), Seconds(times.substr(0, dash), word),
                       Seconds(times.substr(dash + 1), word)};
  if (!(*stretch.from < *stretch.to)) {
    throw InputError(fmt::format("{}: the stretch ends before it begins", word));
  }
  return stretch;
}

LearnedSubject LearnSubject(const TrialStretch& stretch, const MarkerSet& set, SubjectKind kind,
                            const reconstruct::SubjectOptions& options, CommandContext& context) {
  const storage::TrialReader reader(stretch.file, context.parallelism());
  if (!reader.Has(storage::TrialPart::kTrajectories)) {
    throw InputError(fmt::format("{}: has no trajectories; import or reconstruct it first",
                                 stretch.file.string()));
  }
  const reconstruct::LabelledPositions positions = ReadPositions(stretch, reader, context);
  const bool is_moving = kind == SubjectKind::kMotion ||
                         (kind == SubjectKind::kEither && Straying(positions) > kStands);
  LearnedSubject learned;
  learned.frames = positions.frame_count();
  try {
    learned.model = is_moving ? reconstruct::LearnFromMotion(positions, set)
                              : reconstruct::LearnFromStanding(positions, set, options);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", stretch.file.string(), error.what()));
  }
  learned.model.source = stretch.file.filename().string();
  learned.model.source_sha256 = Sha256OfFile(stretch.file);
  return learned;
}

}  // namespace medius::apps
