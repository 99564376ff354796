#include "tests/pipeline/trial_comparison.hpp"

#include <cmath>
#include <stdexcept>

#include "storage/trial_file.hpp"

namespace medius::testing {
namespace {

template <typename Number>
void Append(std::string* bytes, const std::vector<Number>& values) {
  bytes->append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number));
}

void AppendTrajectories(std::string* bytes, const storage::TrialReader& reader) {
  const TrajectoryBlock block = reader.ReadTrajectories({0, reader.time_base().frame_count()});
  Append(bytes, block.position);
  Append(bytes, block.covariance);
  Append(bytes, block.residual);
  Append(bytes, block.rays);
  Append(bytes, block.source);
}

void AppendStrides(std::string* bytes, const storage::TrialReader& reader) {
  const StrideTable strides = reader.ReadStrides();
  Append(bytes, strides.start);
  Append(bytes, strides.toe_off);
  Append(bytes, strides.end);
  Append(bytes, strides.accepted);
  for (const StrideColumn& column : strides.metrics) Append(bytes, column.value);
  for (const StrideCurves& curves : strides.curves) Append(bytes, curves.value);
}

}  // namespace

MarkerDifference CompareMarkers(const std::filesystem::path& trial,
                                const std::filesystem::path& truth) {
  const storage::TrialReader a(trial);
  const storage::TrialReader b(truth);
  if (a.labels() != b.labels()) throw std::runtime_error("the labels differ");
  const FrameRange frames{0, b.time_base().frame_count()};
  const TrajectoryBlock mine = a.ReadTrajectories(frames);
  const TrajectoryBlock theirs = b.ReadTrajectories(frames);
  MarkerDifference difference;
  double sum = 0.0;
  for (std::size_t t = 0; t < frames.count; ++t) {
    for (std::size_t m = 0; m < b.labels().size(); ++m) {
      if (!theirs.IsPresent(t, MarkerId(m))) continue;
      ++difference.expected;
      if (!mine.IsPresent(t, MarkerId(m))) continue;
      ++difference.compared;
      sum += (mine.Position(t, MarkerId(m)) - theirs.Position(t, MarkerId(m))).squaredNorm();
    }
  }
  difference.rms = std::sqrt(sum / static_cast<double>(difference.compared));
  return difference;
}

AngleDifference CompareAngle(const std::filesystem::path& trial, const std::filesystem::path& truth,
                             const std::string& angle) {
  const Kinematics mine = storage::TrialReader(trial).ReadKinematics();
  const Kinematics theirs = storage::TrialReader(truth).ReadKinematics();
  const AngleSeries* a = mine.Find(angle);
  const AngleSeries* b = theirs.Find(angle);
  if (a == nullptr || b == nullptr) throw std::runtime_error("no angle " + angle);
  AngleDifference difference;
  double sum = 0.0;
  for (std::size_t t = 0; t < b->value.size(); ++t) {
    if (!std::isfinite(b->value[t])) continue;
    ++difference.expected;
    if (!std::isfinite(a->value.at(t))) continue;
    ++difference.compared;
    sum += std::pow(a->value[t] - b->value[t], 2);
  }
  difference.rms = std::sqrt(sum / static_cast<double>(difference.compared));
  return difference;
}

StrideDifference CompareStrides(const std::filesystem::path& trial,
                                const std::filesystem::path& truth) {
  constexpr double kSameStrike = 0.020;  // s
  const StrideTable mine = storage::TrialReader(trial).ReadStrides();
  const StrideTable theirs = storage::TrialReader(truth).ReadStrides();
  StrideDifference difference;
  for (std::size_t i = 0; i < theirs.stride_count(); ++i) {
    if (theirs.accepted[i] == 0) continue;
    ++difference.expected;
    for (std::size_t j = 0; j < mine.stride_count(); ++j) {
      if (mine.accepted[j] == 0 || mine.side[j] != theirs.side[i]) continue;
      if (std::abs(mine.start[j] - theirs.start[i]) > kSameStrike) continue;
      if (std::abs(mine.end[j] - theirs.end[i]) > kSameStrike) continue;
      ++difference.kept;
      break;
    }
  }
  return difference;
}

std::string ResultBytes(const std::filesystem::path& trial) {
  const storage::TrialReader reader(trial);
  std::string bytes;
  if (reader.Has(storage::TrialPart::kTrajectories)) AppendTrajectories(&bytes, reader);
  if (reader.Has(storage::TrialPart::kKinematics)) {
    for (const AngleSeries& series : reader.ReadKinematics().angles) {
      Append(&bytes, series.value);
      Append(&bytes, series.sigma);
    }
  }
  if (reader.Has(storage::TrialPart::kEvents)) {
    for (const GaitEvent& event : reader.ReadEvents()) {
      Append(&bytes, std::vector<double>{event.time});
    }
  }
  if (reader.Has(storage::TrialPart::kStrides)) AppendStrides(&bytes, reader);
  return bytes;
}

}  // namespace medius::testing
