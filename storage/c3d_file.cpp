#include "storage/c3d_file.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/c3d_events.hpp"
#include "storage/c3d_frames.hpp"
#include "storage/c3d_layout.hpp"
#include "storage/c3d_parameters.hpp"
#include "storage/marker_labels.hpp"

namespace medius::storage {
namespace {

// Read at a time by one thread: fits its second-level cache.
constexpr std::uint64_t kBytesPerRead = 256 * 1024;

class C3dSource final : public TrajectorySource {
 public:
  C3dSource(InputFile file, const ImportOptions& options);

  std::string_view format() const override { return "C3D"; }
  void ReadPositions(FrameRange frames, Parallelism parallelism,
                     std::span<float> position) const override;

 private:
  void ChoosePoints(const C3dParameters& parameters);
  void SetUnit(const C3dParameters& parameters, const ImportOptions& options);
  void SetTime(const ImportOptions& options);

  InputFile file_;
  C3dLayout layout_;
  bool zeros_are_places_;
  std::vector<std::uint32_t> points_;  // places of the labels in the file
};

// Labels of points that are numbers of another kind: joint angles, forces, ...
std::set<std::string> LabelsOfOtherQuantities(const C3dParameters& parameters) {
  std::set<std::string> labels;
  for (const char* kind : {"ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS"}) {
    for (const std::string& label : parameters.AllTexts("POINT", kind)) labels.insert(label);
  }
  labels.erase("");
  return labels;
}

C3dSource::C3dSource(InputFile file, const ImportOptions& options)
    : file_(std::move(file)), zeros_are_places_(options.zeros_are_places) {
  const C3dHeader header = C3dHeader::Read(file_);
  const C3dParameters parameters = ReadC3dParameters(file_, header);
  if (parameters.broken_at()) {
    contents().warnings.push_back(
        fmt::format("the parameters make no sense from byte {}; those before it are used",
                    header.parameter_offset + *parameters.broken_at() + 1));
  }
  layout_ = C3dLayout::Derive(file_, header, parameters, contents().warnings);
  ChoosePoints(parameters);
  SetUnit(parameters, options);
  SetTime(options);
  contents().events = ReadC3dEvents(header, parameters, contents().time_base.time.front(),
                                    contents().time_base.time.back(), contents().warnings);
}

void C3dSource::ChoosePoints(const C3dParameters& parameters) {
  std::vector<std::string> in_file = parameters.AllTexts("POINT", "LABELS");
  in_file.resize(layout_.point_count);
  const std::set<std::string> other = LabelsOfOtherQuantities(parameters);
  std::vector<std::string> chosen;
  for (std::size_t i = 0; i < in_file.size(); ++i) {
    if (other.contains(in_file[i])) continue;
    points_.push_back(static_cast<std::uint32_t>(i));
    chosen.push_back(in_file[i]);
  }
  if (points_.empty()) {
    throw InputError(
        fmt::format("{}: all its {} points are angles, forces, moments, powers or "
                    "scalars; no marker positions",
                    file_.name(), layout_.point_count));
  }
  if (points_.size() < in_file.size()) {
    contents().warnings.push_back(fmt::format(
        "{} of {} points are angles, forces, moments, powers or scalars and are left out",
        in_file.size() - points_.size(), in_file.size()));
  }
  contents().labels = TidyLabels(chosen, contents().warnings);
}

void C3dSource::SetUnit(const C3dParameters& parameters, const ImportOptions& options) {
  if (options.metres_per_unit) {
    contents().metres_per_unit = *options.metres_per_unit;
    return;
  }
  const std::vector<std::string> units = parameters.Texts("POINT", "UNITS");
  const std::string unit = units.empty() ? std::string() : CleanText(units.front());
  if (unit.empty()) {
    contents().warnings.push_back(fmt::format(
        "POINT:UNITS is absent or empty; millimetres are assumed (--unit mm, cm or m says "
        "otherwise)"));
    return;
  }
  const std::optional<double> metres = MetresPerUnit(unit);
  if (!metres) {
    throw InputError(
        fmt::format("{}: POINT:UNITS is \"{}\"; mm, cm or m is expected: give the unit with --unit",
                    file_.name(), unit));
  }
  contents().metres_per_unit = *metres;
}

void C3dSource::SetTime(const ImportOptions& options) {
  const double rate = options.rate_hz.value_or(layout_.rate_hz);
  if (!(rate > 0.0)) {
    throw InputError(fmt::format(
        "{}: neither POINT:RATE nor the header gives a frame rate: give it with --rate HZ",
        file_.name()));
  }
  const double start = static_cast<double>(layout_.first_frame - 1) / rate;
  contents().time_base =
      TimeBase::Uniform(rate, static_cast<std::size_t>(layout_.frame_count), start);
}

void C3dSource::ReadPositions(FrameRange frames, Parallelism parallelism,
                              std::span<float> position) const {
  MEDIUS_CHECK(frames.end() <= frame_count(), "frames outside the file");
  MEDIUS_CHECK(position.size() == frames.count * points_.size() * 3,
               "wrong size for the positions");
  const auto grain =
      static_cast<std::size_t>(std::max<std::uint64_t>(1, kBytesPerRead / layout_.frame_bytes));
  ParallelFor(parallelism, frames.count, grain, [&](std::size_t begin, std::size_t end) {
    // Kept from call to call: a fresh buffer would be touched page by page each time.
    thread_local std::vector<char> buffer;
    const std::size_t bytes = (end - begin) * static_cast<std::size_t>(layout_.frame_bytes);
    if (buffer.size() < bytes) buffer.resize(bytes);
    file_.ReadAt(layout_.data_offset + (frames.first + begin) * layout_.frame_bytes, bytes,
                 buffer.data());
    DecodeC3dFrames(layout_, buffer.data(), end - begin, points_, metres_per_unit(),
                    zeros_are_places_, position.data() + begin * points_.size() * 3);
  });
}

}  // namespace

bool LooksLikeC3d(std::string_view head) {
  return head.size() >= 2 && head[0] != 0 && head[1] == 0x50;
}

std::unique_ptr<TrajectorySource> OpenC3d(InputFile file, const ImportOptions& options) {
  return std::make_unique<C3dSource>(std::move(file), options);
}

}  // namespace medius::storage
