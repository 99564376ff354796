#include "recordings.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <toml++/toml.h>

#include "analysis/butterworth.hpp"

namespace medius::analysis::testing {
namespace {

std::vector<std::string> Split(const std::string& line, char separator) {
  std::vector<std::string> fields;
  std::string field;
  std::istringstream stream(line);
  while (std::getline(stream, field, separator)) {
    while (!field.empty() && (field.back() == '\r' || field.back() == ' ')) field.pop_back();
    while (!field.empty() && field.front() == ' ') field.erase(field.begin());
    fields.push_back(field);
  }
  return fields;
}

double Number(const std::string& text) {
  return text.empty() ? std::nan("") : std::strtod(text.c_str(), nullptr);
}

// Rows of coordinates in millimetres (X forward, Y up, Z right) to a block in the lab.
TrajectoryBlock ToBlock(const std::vector<std::vector<double>>& rows, std::size_t marker_count) {
  TrajectoryBlock block(FrameRange{0, rows.size()}, marker_count);
  for (std::size_t frame = 0; frame < rows.size(); ++frame) {
    for (std::size_t m = 0; m < marker_count; ++m) {
      if (rows[frame].size() < 3 * m + 3) continue;
      const Eigen::Vector3d mm(rows[frame][3 * m], rows[frame][3 * m + 1], rows[frame][3 * m + 2]);
      if (!mm.allFinite() || mm.isZero()) continue;
      MarkerSample sample = MarkerSample::Missing();
      sample.position = Eigen::Vector3d(mm.x(), -mm.z(), mm.y()) / 1000.0;
      sample.source = SampleSource::kImported;
      block.Set(frame, MarkerId(m), sample);
    }
  }
  return block;
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

Recording ReadRbdsText(const std::filesystem::path& path, double rate_hz) {
  std::ifstream file = Open(path);
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> heading = Split(line, '\t');
  std::vector<std::string> labels;
  for (std::size_t i = 1; i + 2 < heading.size(); i += 3) {
    labels.push_back(heading[i].substr(0, heading[i].size() - 1));
  }
  std::vector<std::vector<double>> rows;
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = Split(line, '\t');
    std::vector<double> row;
    for (std::size_t i = 1; i < fields.size(); ++i) row.push_back(Number(fields[i]));
    if (!row.empty()) rows.push_back(std::move(row));
  }
  const std::size_t markers = labels.size();
  return InMemory(path.filename().string(), labels, rate_hz, ToBlock(rows, markers));
}

Recording ReadTrc(const std::filesystem::path& path) {
  std::ifstream file = Open(path);
  std::string line;
  for (int i = 0; i < 3; ++i) std::getline(file, line);
  const double rate = Number(Split(line, '\t')[0]);
  std::getline(file, line);
  std::vector<std::string> labels;
  const std::vector<std::string> heading = Split(line, '\t');
  for (std::size_t i = 2; i < heading.size(); i += 3) {
    if (!heading[i].empty()) labels.push_back(heading[i]);
  }
  std::getline(file, line);
  std::vector<std::vector<double>> rows;
  double start = std::nan("");
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = Split(line, '\t');
    if (fields.size() < 3 || fields[0].empty()) continue;
    if (std::isnan(start)) start = Number(fields[1]);
    std::vector<double> row;
    for (std::size_t i = 2; i < fields.size(); ++i) row.push_back(Number(fields[i]));
    rows.push_back(std::move(row));
  }
  const std::size_t markers = labels.size();
  return InMemory(path.filename().string(), labels, rate, ToBlock(rows, markers), start);
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
    const double time =
        start + (static_cast<double>(i - 1) + before / (before - after)) / rate_hz;
    if (after > 0.0) strike = time;
    if (after <= 0.0 && time - strike > 0.1) stances.push_back({strike, time});
  }
  return stances;
}

MarkerSet Preset(const std::string& name) {
  const std::filesystem::path path =
      std::filesystem::path(MEDIUS_SOURCE_DIR) / "datasets" / "marker_sets" / (name + ".toml");
  const toml::table file = toml::parse_file(path.string());
  MarkerSet set;
  set.name = file["name"].value_or(std::string());
  for (const auto& [role, label] : *file["roles"].as_table()) {
    set.roles[std::string(role.str())] = label.value_or(std::string());
  }
  for (const auto& [segment, labels] : *file["clusters"].as_table()) {
    for (const auto& label : *labels.as_array()) {
      set.clusters[std::string(segment.str())].push_back(label.value_or(std::string()));
    }
  }
  return set;
}

}  // namespace medius::analysis::testing
