// Notes of people: the attribute "notes" of the root, one line each, so that any program can read
// and write them: "2026-11-03 exercise: clamshell, 3 x 15".

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/hdf5_attributes.hpp"
#include "storage/trial_reader_impl.hpp"
#include "storage/trial_writer_impl.hpp"

namespace medius::storage {
namespace {

constexpr const char* kNotes = "notes";
constexpr const char* kKinds[] = {"exercise", "cue", "note"};

bool StartsWithDay(const std::string& line) {
  constexpr std::string_view kPattern = "0000-00-00 ";
  if (line.size() < kPattern.size()) return false;
  for (std::size_t i = 0; i < kPattern.size(); ++i) {
    const bool is_digit = std::isdigit(static_cast<unsigned char>(line[i])) != 0;
    if (kPattern[i] == '0' ? !is_digit : line[i] != kPattern[i]) return false;
  }
  return true;
}

std::string LineOf(const TrialNote& note) {
  return fmt::format("{}{}{}: {}", note.date, note.date.empty() ? "" : " ", note.kind, note.text);
}

// A line that somebody wrote in another way is a note as a whole.
TrialNote NoteOf(const std::string& line) {
  TrialNote note{"", "note", line};
  if (StartsWithDay(line)) {
    note.date = line.substr(0, 10);
    note.text = line.substr(11);
  }
  for (const std::string kind : kKinds) {
    if (!note.text.starts_with(kind + ": ")) continue;
    note.kind = kind;
    note.text = note.text.substr(kind.size() + 2);
    break;
  }
  return note;
}

}  // namespace

std::vector<TrialNote> TrialReader::Impl::ReadNotes() const {
  const hdf5::Handle root = Group("");
  const auto lines = hdf5::ReadTexts(root.get(), kNotes, Where(""));
  std::vector<TrialNote> notes;
  if (!lines) return notes;
  for (const std::string& line : *lines) {
    if (!line.empty()) notes.push_back(NoteOf(line));
  }
  return notes;
}

void TrialWriter::Impl::WriteNotes(const std::vector<TrialNote>& notes) {
  std::vector<std::string> lines;
  std::size_t longest = 1;
  for (const TrialNote& note : notes) {
    lines.push_back(LineOf(note));
    longest = std::max(longest, lines.back().size());
  }
  if (longest * lines.size() > hdf5::kLongestAttribute) {
    throw InputError(fmt::format(
        "{}: {} notes of up to {} bytes are more than a trial holds ({} bytes); shorten them",
        shown, lines.size(), longest, hdf5::kLongestAttribute));
  }
  const hdf5::Handle root = hdf5::OpenGroup(file.get(), "/", shown);
  hdf5::WriteTexts(root.get(), kNotes, lines, shown);
}

}  // namespace medius::storage
