#include "storage/c3d_writer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/c3d_parameter_writer.hpp"

namespace medius::storage {
namespace {

constexpr double kDegreesPerRadian = 180.0 / std::numbers::pi;
constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMostInWord = 65535;
constexpr std::size_t kMostInParameter = 255;
constexpr std::size_t kFrameChunk = 1024;
constexpr float kScale = -0.1F;  // negative: real numbers

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

void PutWord(std::string& bytes, std::size_t word, std::uint64_t value) {
  const auto small = static_cast<std::uint16_t>(std::min(value, kMostInWord));
  std::memcpy(&bytes[2 * (word - 1)], &small, sizeof small);
}
void PutReal(std::string& bytes, std::size_t word, float value) {
  std::memcpy(&bytes[2 * (word - 1)], &value, sizeof value);
}
void AppendReals(std::string& bytes, std::initializer_list<float> values) {
  for (const float value : values) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes.append(raw, sizeof raw);
  }
}
void AppendPoint(std::string& bytes, float x, float y, float z) {
  if (std::isnan(x + y + z)) return AppendReals(bytes, {0.0F, 0.0F, 0.0F, -1.0F});
  AppendReals(bytes, {x, y, z, 0.0F});
}

// "_flexion" of "right_hip_flexion", where the other two of the joint stand behind it.
constexpr const char* kOfJoint[] = {"flexion", "adduction", "rotation"};

// LABELS, LABELS2, ... of 255 each.
void AddTexts(C3dParameterWriter& out, const std::string& name,
              const std::vector<std::string>& texts) {
  for (std::size_t first = 0, number = 1; first == 0 || first < texts.size();
       first += kMostInParameter, ++number) {
    const std::size_t end = std::min(texts.size(), first + kMostInParameter);
    const std::vector<std::string> part(texts.begin() + static_cast<std::ptrdiff_t>(first),
                                        texts.begin() + static_cast<std::ptrdiff_t>(end));
    out.Texts(number == 1 ? name : fmt::format("{}{}", name, number), part);
  }
}

void AddEvents(C3dParameterWriter& out, const GaitEvents& events) {
  std::vector<std::string> contexts, labels;
  for (const GaitEvent& event : events) {
    contexts.emplace_back(event.side == Side::kLeft ? "Left" : "Right");
    labels.emplace_back(event.type == EventType::kFootStrike ? "Foot Strike" : "Foot Off");
  }
  out.Group("EVENT");
  out.Words("USED", {static_cast<std::uint16_t>(std::min(events.size(), kMostInParameter))});
  AddTexts(out, "CONTEXTS", contexts);
  AddTexts(out, "LABELS", labels);
  for (std::size_t first = 0, number = 1; first < events.size();
       first += kMostInParameter, ++number) {
    std::vector<float> times;
    for (std::size_t i = first; i < std::min(events.size(), first + kMostInParameter); ++i) {
      const double minutes = std::floor(events[i].time / 60.0);
      times.push_back(static_cast<float>(minutes));
      times.push_back(static_cast<float>(events[i].time - 60.0 * minutes));
    }
    out.Reals(number == 1 ? "TIMES" : fmt::format("TIMES{}", number), times, 2);
  }
}

std::vector<std::uint16_t> TwoWords(std::uint64_t value) {
  return {static_cast<std::uint16_t>(value & 0xFFFFU), static_cast<std::uint16_t>(value >> 16U)};
}

}  // namespace

C3dWriter::C3dWriter(TextSink sink, const TimeBase& time_base, C3dContent content)
    : sink_(std::move(sink)),
      content_(std::move(content)),
      frame_count_(time_base.frame_count()),
      rate_hz_(time_base.rate_hz) {
  if (frame_count_ == 0) throw InputError("C3D: a trial without frames cannot be written");
  GroupAngles();
  const double first = time_base.time.front() * rate_hz_;
  first_frame_ = first > 0.5 ? static_cast<std::uint64_t>(std::llround(first)) + 1 : 1;
  const double expected = (static_cast<double>(first_frame_ - 1 + frame_count_ - 1)) / rate_hz_;
  if (std::abs(time_base.time.back() - expected) > 0.5 / rate_hz_) {
    warnings_.push_back(fmt::format(
        "C3D knows a frame rate and no times: its last frame stands at {:.4f} s, the trial's at "
        "{:.4f} s",
        expected, time_base.time.back()));
  }
  if (content_.events.size() > kMostInParameter) {
    warnings_.push_back(fmt::format(
        "C3D holds 255 events; the other {} stand in LABELS2, TIMES2, ..., which Medius reads and "
        "other programs may not",
        content_.events.size() - kMostInParameter));
  }
  const std::size_t points = content_.labels.size() + angles_.size();
  if (points > kMostInWord) throw InputError(fmt::format("C3D holds 65535 points, not {}", points));

  std::string parameters = Parameters(0);
  const std::size_t blocks = (parameters.size() + kBlock - 1) / kBlock;
  if (blocks > 255) {
    throw InputError(
        fmt::format("C3D: {} markers, angles and {} events need {} blocks of parameters and the "
                    "format has 255; "
                    "export a part of the run",
                    points, content_.events.size(), blocks));
  }
  const auto data_block = static_cast<std::uint16_t>(2 + blocks);
  parameters = Parameters(data_block);
  parameters.resize(blocks * kBlock, '\0');
  parameters[2] = static_cast<char>(blocks);
  std::string header(kBlock, '\0');
  header[0] = 2;
  header[1] = 0x50;
  const std::uint64_t last = first_frame_ + frame_count_ - 1;
  PutWord(header, 2, points);
  PutWord(header, 4, first_frame_);
  PutWord(header, 5, last);
  PutWord(header, 6, 10);
  PutReal(header, 7, kScale);
  PutWord(header, 9, data_block);
  PutReal(header, 11, static_cast<float>(rate_hz_));
  sink_(header);
  sink_(parameters);
}

void C3dWriter::GroupAngles() {
  std::vector<const AngleSeries*> taken;
  const std::vector<AngleSeries>& all = content_.kinematics.angles;
  for (const AngleSeries& angle : all) {
    MEDIUS_CHECK(angle.value.size() == frame_count_, "an angle of another length");
    if (std::find(taken.begin(), taken.end(), &angle) != taken.end()) continue;
    AnglePoint point{angle.description.name, angle.description.definition, {&angle}};
    const std::string first = std::string("_") + kOfJoint[0];
    if (point.label.ends_with(first)) {
      const std::string joint = point.label.substr(0, point.label.size() - first.size());
      std::vector<const AngleSeries*> three;
      for (const char* part : kOfJoint) {
        three.push_back(content_.kinematics.Find(joint + "_" + part));
      }
      if (std::count(three.begin(), three.end(), nullptr) == 0) {
        point = {joint, "flexion, adduction, internal rotation of " + joint, three};
      }
    }
    taken.insert(taken.end(), point.series.begin(), point.series.end());
    angles_.push_back(std::move(point));
  }
}

std::string C3dWriter::Parameters(std::uint16_t data_block) const {
  std::vector<std::string> labels = content_.labels;
  std::vector<std::string> descriptions(labels.size());
  std::vector<std::string> angles;
  for (const AnglePoint& point : angles_) {
    labels.push_back(point.label);
    descriptions.push_back(point.description.substr(0, 120));
    angles.push_back(point.label);
  }
  C3dParameterWriter out;
  out.Group("POINT");
  out.Words("USED", {static_cast<std::uint16_t>(labels.size())});
  out.Words("FRAMES",
            {static_cast<std::uint16_t>(std::min<std::uint64_t>(frame_count_, kMostInWord))});
  out.Reals("LONG_FRAMES", {static_cast<float>(frame_count_)});
  out.Words("DATA_START", {data_block});
  out.Reals("SCALE", {kScale});
  out.Reals("RATE", {static_cast<float>(rate_hz_)});
  out.Texts("UNITS", {"mm"});
  out.Texts("ANGLE_UNITS", {"deg"});
  out.Texts("X_SCREEN", {"+X"});
  out.Texts("Y_SCREEN", {"+Z"});
  AddTexts(out, "LABELS", labels);
  AddTexts(out, "DESCRIPTIONS", descriptions);
  if (!angles.empty()) AddTexts(out, "ANGLES", angles);
  out.Group("ANALOG");
  out.Words("USED", {0});
  out.Reals("GEN_SCALE", {1.0F});
  out.Reals("RATE", {static_cast<float>(rate_hz_)});
  out.Group("TRIAL");
  out.Words("ACTUAL_START_FIELD", TwoWords(first_frame_));
  out.Words("ACTUAL_END_FIELD", TwoWords(first_frame_ + frame_count_ - 1));
  out.Group("MANUFACTURER");
  out.Texts("SOFTWARE", {"Medius"});
  if (!content_.method.empty()) out.Texts("ANGLE_METHOD", {content_.method});
  if (!content_.events.empty()) AddEvents(out, content_.events);
  return out.Finish();
}

void C3dWriter::AppendAngles(std::size_t frame, std::string& bytes) const {
  for (const AnglePoint& point : angles_) {
    float degrees[3] = {0.0F, 0.0F, 0.0F};
    for (std::size_t i = 0; i < point.series.size(); ++i) {
      degrees[i] = static_cast<float>(kDegreesPerRadian * point.series[i]->value[frame]);
    }
    AppendPoint(bytes, degrees[0], degrees[1], degrees[2]);
  }
}

void C3dWriter::Append(const TrajectoryBlock& block) {
  MEDIUS_CHECK(block.marker_count() == content_.labels.size(), "the markers of the header");
  std::string bytes;
  for (std::size_t frame = 0; frame < block.frames().count; ++frame) {
    for (std::size_t marker = 0; marker < block.marker_count(); ++marker) {
      const float* const p = &block.position[(frame * block.marker_count() + marker) * 3];
      AppendPoint(bytes, 1000.0F * p[0], 1000.0F * p[1], 1000.0F * p[2]);
    }
    AppendAngles(next_frame_++, bytes);
    if (frame % kFrameChunk != kFrameChunk - 1) continue;
    sink_(bytes);
    bytes.clear();
  }
  sink_(bytes);
}

}  // namespace medius::storage
