#include "storage/c3d_events.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "storage/marker_labels.hpp"

namespace medius::storage {
namespace {

struct RawEvent {
  double time = 0.0;
  std::string label;
  std::string context;
};

std::string LettersOf(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalpha(byte) != 0) letters += static_cast<char>(std::tolower(byte));
  }
  return letters;
}

std::optional<EventType> TypeFromLetters(std::string_view letters) {
  static constexpr std::string_view kStrikes[] = {"footstrike",  "heelstrike", "initialcontact",
                                                  "footcontact", "footon",     "hs",
                                                  "fs",          "ic",         "on"};
  static constexpr std::string_view kOffs[] = {"footoff", "toeoff", "to", "fo", "off"};
  if (std::find(std::begin(kStrikes), std::end(kStrikes), letters) != std::end(kStrikes)) {
    return EventType::kFootStrike;
  }
  if (std::find(std::begin(kOffs), std::end(kOffs), letters) != std::end(kOffs)) {
    return EventType::kToeOff;
  }
  return std::nullopt;
}

std::optional<Side> SideFromLetters(std::string_view letters) {
  if (letters == "left" || letters == "l") return Side::kLeft;
  if (letters == "right" || letters == "r") return Side::kRight;
  return std::nullopt;
}

// "Foot Strike" with context "Left", "Left Foot Strike", "LHS", "RTO", "RON".
std::optional<GaitEvent> Understand(const RawEvent& raw) {
  std::string letters = LettersOf(raw.label);
  std::optional<Side> side = SideFromLetters(LettersOf(raw.context));
  std::optional<EventType> type = TypeFromLetters(letters);
  if (!side || !type) {
    for (const std::string_view word : {"left", "right", "l", "r"}) {
      if (!letters.starts_with(word)) continue;
      const std::optional<EventType> rest = TypeFromLetters(letters.substr(word.size()));
      if (!rest) continue;
      side = SideFromLetters(word);
      type = rest;
      break;
    }
  }
  if (!side || !type || !std::isfinite(raw.time)) return std::nullopt;
  return GaitEvent{raw.time, *side, *type};
}

std::vector<RawEvent> EventsOfGroup(const C3dParameters& parameters) {
  std::vector<double> times = parameters.Numbers("EVENT", "TIMES");  // minutes, seconds
  const std::vector<std::string> labels = parameters.AllTexts("EVENT", "LABELS");
  const std::vector<std::string> contexts = parameters.AllTexts("EVENT", "CONTEXTS");
  double used = parameters.Number("EVENT", "USED").value_or(1e9);
  // More than 255 events, as Medius writes them: TIMES2, ... like LABELS2; USED is of the first.
  for (int number = 2;; ++number) {
    const std::vector<double> more = parameters.Numbers("EVENT", fmt::format("TIMES{}", number));
    if (more.empty()) break;
    times.insert(times.end(), more.begin(), more.end());
    used = 1e9;
  }
  std::vector<RawEvent> events;
  for (std::size_t i = 0; i < labels.size() && i * 2 + 1 < times.size(); ++i) {
    if (static_cast<double>(i) >= used) break;
    events.push_back({times[i * 2] * 60.0 + times[i * 2 + 1], labels[i],
                      i < contexts.size() ? contexts[i] : std::string()});
  }
  return events;
}

// https://www.c3d.org/HTML/eventsheader.htm: word 150 is 12345, then the count, a word to spare, 18
// times, 18 bytes of display flags, a word to spare and 18 labels of four letters.
std::vector<RawEvent> EventsOfHeader(const C3dHeader& header) {
  const char* bytes = header.bytes.data();
  if (C3dWord(header.processor, bytes + 149 * 2) != 12345) return {};
  const std::size_t count = std::min<std::size_t>(C3dWord(header.processor, bytes + 150 * 2), 18);
  std::vector<RawEvent> events;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view label(bytes + 198 * 2 + i * 4, 4);
    events.push_back(
        {C3dReal(header.processor, bytes + 152 * 2 + i * 4), std::string(Trimmed(label)), {}});
  }
  return events;
}

bool AllWithin(const GaitEvents& events, double low, double high) {
  return std::all_of(events.begin(), events.end(), [&](const GaitEvent& event) {
    return event.time >= low && event.time <= high;
  });
}

// Vendors count event times from frame 1 or from the file's first frame.
void PutIntoTrial(GaitEvents& events, double begin, double end,
                  std::vector<std::string>& warnings) {
  constexpr double kSlack = 0.05;  // an event may be set between frames, or at the very end
  if (AllWithin(events, begin - kSlack, end + kSlack)) return;
  if (AllWithin(events, -kSlack, end - begin + kSlack)) {
    for (GaitEvent& event : events) event.time += begin;
    warnings.push_back(fmt::format(
        "the times of its events count from the first frame; {:g} s added to each", begin));
    return;
  }
  const std::size_t before = events.size();
  std::erase_if(events, [&](const GaitEvent& event) {
    return event.time < begin - kSlack || event.time > end + kSlack;
  });
  warnings.push_back(fmt::format("{} of {} events lie outside the trial and are left out",
                                 before - events.size(), before));
}

}  // namespace

GaitEvents ReadC3dEvents(const C3dHeader& header, const C3dParameters& parameters, double begin,
                         double end, std::vector<std::string>& warnings) {
  std::vector<RawEvent> raw = EventsOfGroup(parameters);
  if (raw.empty()) raw = EventsOfHeader(header);
  GaitEvents events;
  std::size_t other = 0;
  std::set<std::string> other_names;
  for (const RawEvent& event : raw) {
    if (const std::optional<GaitEvent> gait = Understand(event)) {
      events.push_back(*gait);
    } else {
      ++other;
      if (other_names.size() < 5) other_names.insert(CleanText(event.label));
    }
  }
  if (other > 0) {
    warnings.push_back(
        fmt::format("{} of {} events are no foot strike or toe off of a side and are left out ({})",
                    other, raw.size(), fmt::join(other_names, ", ")));
  }
  PutIntoTrial(events, begin, end, warnings);
  std::stable_sort(events.begin(), events.end(),
                   [](const GaitEvent& a, const GaitEvent& b) { return a.time < b.time; });
  return events;
}

}  // namespace medius::storage
