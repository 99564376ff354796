// C3D files that Medius writes, read by its own reader and word by word.

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/c3d_writer.hpp"
#include "tests/storage/imported_file.hpp"

namespace medius::storage {
namespace {

constexpr double kDegree = 0.017453292519943295;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Written {
  std::string bytes;
  std::vector<std::string> warnings;
};

// Markers that move by a millimetre a frame; the second one is missing in every third frame.
TrajectoryBlock Block(FrameRange frames, std::size_t markers) {
  TrajectoryBlock block(frames, markers);
  for (std::size_t t = 0; t < frames.count; ++t) {
    const auto frame = static_cast<float>(frames.first + t);
    for (std::size_t m = 0; m < markers; ++m) {
      const bool missing = m == 1 && (frames.first + t) % 3 == 0;
      float* const p = &block.position[(t * markers + m) * 3];
      p[0] = missing ? kNaN : 0.001F * frame;
      p[1] = missing ? kNaN : static_cast<float>(m);
      p[2] = missing ? kNaN : -1.5F;
    }
  }
  return block;
}

Written Write(std::size_t frames, double start, C3dContent content) {
  Written written;
  const std::size_t markers = content.labels.size();
  const TimeBase time_base = TimeBase::Uniform(200.0, frames, start);
  C3dWriter writer([&written](std::string_view part) { written.bytes += part; }, time_base,
                   std::move(content));
  for (const FrameRange& range : SplitFrames(frames, 700)) writer.Append(Block(range, markers));
  written.warnings = writer.warnings();
  return written;
}

C3dContent Markers(std::size_t count) {
  C3dContent content;
  for (std::size_t i = 0; i < count; ++i) content.labels.push_back("M" + std::to_string(i + 1));
  return content;
}

AngleSeries Series(const std::string& name, std::size_t frames, double degrees) {
  return {{name, "rad", "An angle"}, std::vector<double>(frames, degrees * kDegree), {}};
}

TEST(C3dWriter, ComesBackThroughTheReader) {
  C3dContent content = Markers(3);
  content.events = {{1.25, Side::kLeft, EventType::kFootStrike},
                    {1.4125, Side::kRight, EventType::kToeOff}};
  const Written written = Write(1000, 1.0, std::move(content));
  EXPECT_THAT(written.warnings, ::testing::IsEmpty());
  const ImportedFile file = ImportBytes(written.bytes);
  EXPECT_EQ(file.source->frame_count(), 1000U);
  EXPECT_EQ(file.source->labels(), (std::vector<std::string>{"M1", "M2", "M3"}));
  EXPECT_NEAR(file.source->time_base().time.front(), 1.0, 1e-9);
  EXPECT_EQ(file.source->time_base().rate_hz, 200.0);
  EXPECT_NEAR(file.At(500, 2)[0], 0.5F, 1e-6F);
  EXPECT_NEAR(file.At(500, 2)[1], 2.0F, 1e-6F);
  EXPECT_TRUE(std::isnan(file.At(3, 1)[0]));
  EXPECT_FALSE(std::isnan(file.At(4, 1)[0]));
  const GaitEvents events = file.source->events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_NEAR(events[0].time, 1.25, 1e-6);
  EXPECT_EQ(events[0].side, Side::kLeft);
  EXPECT_EQ(events[0].type, EventType::kFootStrike);
  EXPECT_NEAR(events[1].time, 1.4125, 1e-6);
  EXPECT_EQ(events[1].type, EventType::kToeOff);
}

TEST(C3dWriter, KeepsAnglesAsPointsThatAreNoMarkers) {
  C3dContent content = Markers(2);
  content.kinematics.angles = {
      Series("pelvis_obliquity", 10, 4.0), Series("left_hip_flexion", 10, 30.0),
      Series("left_hip_adduction", 10, 6.0), Series("left_hip_rotation", 10, -2.0)};
  content.kinematics.angles[0].value[7] = std::nan("");
  content.method = "medius";
  const Written written = Write(10, 0.0, std::move(content));
  const ImportedFile file = ImportBytes(written.bytes);
  EXPECT_EQ(file.source->labels(), (std::vector<std::string>{"M1", "M2"}));
  EXPECT_THAT(written.bytes, ::testing::HasSubstr("ANGLES"));
  EXPECT_THAT(written.bytes, ::testing::HasSubstr("left_hip"));
  EXPECT_THAT(written.bytes, ::testing::Not(::testing::HasSubstr("left_hip_adduction")));
  // Four points of 16 bytes a frame; the last two are the angles.
  const std::size_t data = written.bytes.size() - 10 * 4 * 16;
  EXPECT_EQ(data % 512, 0U);
  const auto real = [&](std::size_t frame, std::size_t point, std::size_t i) {
    float value = 0.0F;
    std::memcpy(&value, &written.bytes[data + (frame * 4 + point) * 16 + i * 4], sizeof value);
    return value;
  };
  EXPECT_FLOAT_EQ(real(0, 2, 0), 4.0F);
  EXPECT_FLOAT_EQ(real(0, 2, 1), 0.0F);
  EXPECT_FLOAT_EQ(real(0, 2, 3), 0.0F);
  EXPECT_FLOAT_EQ(real(7, 2, 3), -1.0F);  // missing
  EXPECT_FLOAT_EQ(real(9, 3, 0), 30.0F);
  EXPECT_FLOAT_EQ(real(9, 3, 1), 6.0F);
  EXPECT_FLOAT_EQ(real(9, 3, 2), -2.0F);
}

TEST(C3dWriter, HoldsMoreFramesLabelsAndEventsThanItsWords) {
  C3dContent content = Markers(300);
  for (int i = 0; i < 400; ++i) {
    content.events.push_back({0.5 * i, i % 2 == 0 ? Side::kLeft : Side::kRight,
                              i % 4 < 2 ? EventType::kFootStrike : EventType::kToeOff});
  }
  content.labels.resize(260);
  const Written few = Write(41000, 0.0, std::move(content));
  EXPECT_THAT(few.warnings, ::testing::ElementsAre(::testing::HasSubstr("255 events")));
  const ImportedFile file = ImportBytes(few.bytes);
  EXPECT_EQ(file.source->labels().size(), 260U);
  EXPECT_EQ(file.source->labels().back(), "M260");
  ASSERT_EQ(file.source->events().size(), 400U);
  EXPECT_NEAR(file.source->events().back().time, 199.5, 1e-5);

  const Written many = Write(70000, 0.0, Markers(1));
  EXPECT_EQ(ImportBytes(many.bytes).source->frame_count(), 70000U);
}

TEST(C3dWriter, SaysWhatDoesNotFit) {
  TimeBase uneven = TimeBase::Uniform(100.0, 100);
  for (std::size_t i = 50; i < 100; ++i) uneven.time[i] += 0.2;
  const C3dWriter writer([](std::string_view) {}, uneven, Markers(1));
  EXPECT_THAT(writer.warnings(), ::testing::ElementsAre(::testing::HasSubstr("no times")));
  C3dContent content = Markers(1);
  for (int i = 0; i < 20000; ++i) {
    content.events.push_back({0.01 * i, Side::kLeft, EventType::kFootStrike});
  }
  const auto write = [&] { Write(10, 0.0, std::move(content)); };
  EXPECT_THROW(write(), InputError);
  EXPECT_THROW(Write(0, 0.0, Markers(1)), InputError);
}

}  // namespace
}  // namespace medius::storage
