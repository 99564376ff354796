#include "tests/analysis/recordings.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "analysis/butterworth.hpp"
#include "storage/marker_set_toml.hpp"
#include "storage/trajectory_import.hpp"

namespace medius::analysis::testing {
namespace {

double Number(const std::string& text) {
  return std::strtod(text.c_str(), nullptr);
}

TrajectoryBlock Part(const TrajectoryBlock& whole, FrameRange range) {
  const std::size_t markers = whole.marker_count();
  TrajectoryBlock part(range, markers);
  const auto copy = [&](const auto& from, auto& to, std::size_t width) {
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(range.first * markers * width);
    std::copy_n(begin, range.count * markers * width, to.begin());
  };
  copy(whole.position, part.position, 3);
  copy(whole.covariance, part.covariance, 6);
  copy(whole.residual, part.residual, 1);
  copy(whole.rays, part.rays, 1);
  copy(whole.source, part.source, 1);
  return part;
}

std::ifstream Open(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  return file;
}

}  // namespace

Recording InMemory(std::string where, std::vector<std::string> labels, double rate_hz,
                   TrajectoryBlock block, double start) {
  Recording recording;
  recording.where = std::move(where);
  recording.labels = std::move(labels);
  recording.time_base = TimeBase::Uniform(rate_hz, block.frames().count, start);
  auto whole = std::make_shared<TrajectoryBlock>(std::move(block));
  recording.read = [whole](FrameRange range) { return Part(*whole, range); };
  return recording;
}

std::optional<std::filesystem::path> RealData() {
  const std::filesystem::path folder = MEDIUS_REAL_DATA_DIR;
  if (!std::filesystem::exists(folder)) return std::nullopt;
  return folder;
}

Recording ReadReal(const std::filesystem::path& path, const MarkerSet& set,
                   std::optional<double> rate_hz, bool zeros_are_places) {
  storage::ImportOptions options;
  options.zeros_are_places = zeros_are_places;
  options.rate_hz = rate_hz;
  const auto source = storage::OpenTrajectories(path, options);
  const FrameRange all{0, source->frame_count()};
  const std::size_t markers = source->labels().size();
  std::vector<float> positions(all.count * markers * 3);
  source->ReadPositions(all, Parallelism(1), positions);
  const LabAxes axes = set.lab.value_or(LabAxes());
  TrajectoryBlock block(all, markers);
  for (std::size_t i = 0; i < all.count * markers; ++i) {
    MarkerSample sample = MarkerSample::Missing();
    sample.position =
        axes.lab_from_file * Eigen::Map<const Eigen::Vector3f>(&positions[3 * i]).cast<double>();
    if (!sample.position.allFinite()) continue;
    sample.source = SampleSource::kImported;
    block.Set(i / markers, MarkerId(i % markers), sample);
  }
  return InMemory(path.filename().string(), source->labels(), source->time_base().rate_hz,
                  std::move(block), source->time_base().time.front());
}

const std::vector<double>& Table::Column(const std::string& name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw std::runtime_error("no column " + name);
  return columns[static_cast<std::size_t>(found - names.begin())];
}

Table ReadTable(const std::filesystem::path& path, const std::string& heading) {
  std::ifstream file = Open(path);
  std::string line;
  Table table;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string word;
    std::vector<std::string> fields;
    while (words >> word) fields.push_back(word);
    if (fields.empty()) continue;
    if (table.names.empty()) {
      if (fields[0] == heading) table.names = fields;
      table.columns.resize(table.names.size());
      continue;
    }
    for (std::size_t i = 0; i < fields.size() && i < table.names.size(); ++i) {
      table.columns[i].push_back(Number(fields[i]));
    }
  }
  return table;
}

std::vector<PlateStance> PlateStances(std::vector<double> vertical_force, double rate_hz,
                                      double start) {
  constexpr double kThreshold = 50.0;
  if (rate_hz > 125.0) ZeroLagButterworth(50.0, rate_hz).Apply(vertical_force);
  std::vector<PlateStance> stances;
  double strike = std::nan("");
  for (std::size_t i = 1; i < vertical_force.size(); ++i) {
    const double before = vertical_force[i - 1] - kThreshold;
    const double after = vertical_force[i] - kThreshold;
    if ((before > 0.0) == (after > 0.0)) continue;
    const double time = start + (static_cast<double>(i - 1) + before / (before - after)) / rate_hz;
    if (after > 0.0) strike = time;
    if (after <= 0.0 && time - strike > 0.1) stances.push_back({strike, time});
  }
  return stances;
}

MarkerSet Preset(const std::string& name) {
  return storage::ReadMarkerSet(std::filesystem::path(MEDIUS_SOURCE_DIR) / "datasets" /
                                "marker_sets" / (name + ".toml"));
}

}  // namespace medius::analysis::testing
