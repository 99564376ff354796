#include "storage/trial_provenance.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/hdf5_attributes.hpp"
#include "storage/hdf5_column_writer.hpp"
#include "storage/trial_reader_impl.hpp"

namespace medius::storage {

namespace {

constexpr const char* kCommand = "command";
constexpr const char* kOptions = "options";
constexpr const char* kVersion = "version";
constexpr const char* kInputs = "inputs";
constexpr const char* kInputHashes = "inputs_sha256";
constexpr const char* kStarted = "started";
constexpr const char* kSeconds = "seconds";
constexpr const char* kWarnings = "warnings";
constexpr const char* kSummaryText = "summary";
constexpr const char* kMarkerSet = "marker_set";
constexpr const char* kSubject = "subject";

std::size_t PaddedBytes(const std::vector<std::string>& texts) {
  std::size_t longest = 1;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  return longest * texts.size();
}

void WriteAsDataset(hid_t group, const char* name, const std::vector<std::string>& texts,
                    const std::string& file) {
  std::size_t longest = 1;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  hdf5::ColumnSpec spec{name, hdf5::ElementType::kText,
                        "1",  "too long for an attribute of this group; see the others",
                        {},   schema::RowsPerChunk(texts.size(), longest),
                        0};
  hdf5::WriteTextColumn(group, std::move(spec), texts, file);
}

void WriteOne(hid_t group, const char* name, const std::string& text, const std::string& file) {
  if (text.size() <= hdf5::kLongestAttribute) return hdf5::WriteText(group, name, text, file);
  WriteAsDataset(group, name, {text}, file);
}

void WriteMany(hid_t group, const char* name, const std::vector<std::string>& texts,
               const std::string& file) {
  if (PaddedBytes(texts) <= hdf5::kLongestAttribute) {
    return hdf5::WriteTexts(group, name, texts, file);
  }
  WriteAsDataset(group, name, texts, file);
}

}  // namespace

void WriteStage(hid_t provenance, const StageProvenance& stage, const std::string& file) {
  const hdf5::Handle group = hdf5::CreateGroup(provenance, stage.stage, file);
  std::vector<std::string> names;
  std::vector<std::string> hashes;
  for (const ProvenanceInput& input : stage.inputs) {
    names.push_back(input.name);
    hashes.push_back(input.sha256);
  }
  WriteOne(group.get(), kCommand, stage.command, file);
  WriteOne(group.get(), kOptions, stage.options_json, file);
  WriteOne(group.get(), kVersion, stage.version, file);
  WriteMany(group.get(), kInputs, names, file);
  WriteMany(group.get(), kInputHashes, hashes, file);
  WriteOne(group.get(), kStarted, stage.started, file);
  hdf5::WriteNumber(group.get(), kSeconds, stage.seconds, file);
  WriteMany(group.get(), kWarnings, stage.warnings, file);
  const auto write_if_there = [&](const char* name, const std::string& text) {
    if (!text.empty()) WriteOne(group.get(), name, text, file);
  };
  write_if_there(kSummaryText, stage.summary_json);
  write_if_there(kMarkerSet, stage.marker_set_toml);
  write_if_there(kSubject, stage.subject_toml);
}

std::vector<StageProvenance> TrialReader::Impl::ReadProvenance() const {
  std::vector<StageProvenance> stages;
  if (!HasMember("", schema::kProvenance)) return stages;
  for (const hdf5::Member& member : MembersOf(schema::kProvenance)) {
    const std::string path = fmt::format("{}/{}", schema::kProvenance, member.name);
    const std::string where = Where(hdf5::Printable(path));
    const hdf5::Handle group = hdf5::OpenGroup(opened.file.get(), path, where);
    const auto many = [&](const char* name) {
      auto attribute = hdf5::ReadTexts(group.get(), name, where);
      if (attribute) return *std::move(attribute);
      auto column = OptionalColumn(path, name, hdf5::ElementType::kText);
      return column ? ReadTexts(*column) : std::vector<std::string>{};
    };
    const auto one = [&](const char* name) {
      auto attribute = hdf5::ReadText(group.get(), name, where);
      if (attribute) return *std::move(attribute);
      const std::vector<std::string> texts = many(name);
      return texts.empty() ? std::string() : texts.front();
    };
    StageProvenance stage;
    stage.stage = member.name;
    stage.command = one(kCommand);
    stage.options_json = one(kOptions);
    stage.version = one(kVersion);
    stage.started = one(kStarted);
    stage.warnings = many(kWarnings);
    stage.summary_json = one(kSummaryText);
    stage.marker_set_toml = one(kMarkerSet);
    stage.subject_toml = one(kSubject);
    const std::vector<std::string> names = many(kInputs);
    const std::vector<std::string> hashes = many(kInputHashes);
    if (names.size() != hashes.size()) {
      throw InputError(fmt::format("{}: names {} inputs but has {} hashes: the file is damaged",
                                   where, names.size(), hashes.size()));
    }
    for (std::size_t i = 0; i < names.size(); ++i) stage.inputs.push_back({names[i], hashes[i]});
    stage.seconds = hdf5::ReadNumber(group.get(), kSeconds, where).value_or(0.0);
    stages.push_back(std::move(stage));
  }
  return stages;
}

}  // namespace medius::storage
