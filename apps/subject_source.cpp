#include "apps/subject_source.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/provenance.hpp"
#include "core/error.hpp"
#include "reconstruct/subject_learning.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

// Seconds of motion that a subject is learned from at most: some eighty strides.
constexpr double kLongestStretch = 60.0;

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

FrameRange FramesOf(const TrialStretch& stretch, const storage::TrialReader& trial) {
  const std::vector<double>& time = trial.time_base().time;
  const double from = stretch.from.value_or(time.front());
  const double to = std::min(stretch.to.value_or(time.back()), from + kLongestStretch);
  const auto first = std::lower_bound(time.begin(), time.end(), from) - time.begin();
  const auto end = std::upper_bound(time.begin(), time.end(), to) - time.begin();
  if (end <= first) {
    throw InputError(fmt::format("{}: has no frame between {} and {} s (it lasts from {} to {} s)",
                                 stretch.file.string(), from, to, time.front(), time.back()));
  }
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(end - first)};
}

reconstruct::LabelledPositions ReadPositions(const TrialStretch& stretch, CommandContext& context) {
  const storage::TrialReader trial(stretch.file, context.parallelism());
  if (!trial.Has(storage::TrialPart::kTrajectories)) {
    throw InputError(fmt::format(
        "{}: has no /trajectories; a subject is learned from labelled positions (medius import, or "
        "reconstruct a trial whose sightings are labelled)",
        stretch.file.string()));
  }
  const TrajectoryBlock block = trial.ReadTrajectories(FramesOf(stretch, trial));
  reconstruct::LabelledPositions positions;
  positions.labels = trial.labels();
  positions.position.reserve(block.frames().count * block.marker_count());
  for (std::size_t k = 0; k < block.frames().count; ++k) {
    for (std::size_t m = 0; m < block.marker_count(); ++m) {
      positions.position.emplace_back(block.Position(k, MarkerId(m)).cast<float>());
    }
  }
  return positions;
}

void NameSource(const std::filesystem::path& file, SubjectModel* subject) {
  subject->source = file.filename().string();
  subject->source_sha256 = Sha256OfFile(file);
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

SubjectModel LearnSubjectFromStanding(const std::filesystem::path& trial, const MarkerSet& set,
                                      CommandContext& context) {
  SubjectModel subject =
      reconstruct::LearnFromStanding(ReadPositions({trial, {}, {}}, context), set, {});
  NameSource(trial, &subject);
  return subject;
}

SubjectModel LearnSubjectFromMotion(const TrialStretch& stretch, const MarkerSet& set,
                                    CommandContext& context) {
  SubjectModel subject = reconstruct::LearnFromMotion(ReadPositions(stretch, context), set);
  NameSource(stretch.file, &subject);
  return subject;
}

}  // namespace medius::apps
