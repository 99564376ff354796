#include "apps/provenance.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <sys/stat.h>

#include "apps/version.hpp"
#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::apps {
namespace {

std::string Iso8601(std::time_t time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time));
}

// The convention of reproducible-builds.org: an instant that stands for now.
std::optional<std::time_t> SourceDateEpoch() {
  const char* text = std::getenv("SOURCE_DATE_EPOCH");  // NOLINT(concurrency-mt-unsafe): read once
  if (text == nullptr) return std::nullopt;
  const std::string_view view(text);
  std::time_t value = 0;
  const auto result = std::from_chars(view.data(), view.data() + view.size(), value);
  if (result.ec != std::errc() || result.ptr != view.data() + view.size()) return std::nullopt;
  return value;
}

using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Digest NewDigest() {
  Digest digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  MEDIUS_CHECK(EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1, "no SHA-256");
  return digest;
}

std::string HexOf(const Digest& context) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &length);
  std::string text;
  for (unsigned int i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

// Of the list that `sha256sum *` prints: names and contents count, the place does not.
std::string Sha256OfFolder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  const Digest digest = NewDigest();
  for (const std::filesystem::path& file : files) {
    const std::string line = fmt::format("{}  {}\n", Sha256OfFile(file), file.filename().string());
    EVP_DigestUpdate(digest.get(), line.data(), line.size());
  }
  return HexOf(digest);
}

}  // namespace

std::string Sha256OfFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(fmt::format("{}: cannot be read", path.string()));
  const Digest digest = NewDigest();
  std::vector<char> buffer(1 << 20);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), file.gcount() > 0) {
    EVP_DigestUpdate(digest.get(), buffer.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw InputError(fmt::format("{}: reading failed", path.string()));
  return HexOf(digest);
}

std::string NowIso8601() {
  return Iso8601(SourceDateEpoch().value_or(std::time(nullptr)));
}

std::string FileTimeIso8601(const std::filesystem::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return NowIso8601();
  return Iso8601(status.st_mtime);
}

ProvenanceRecorder::ProvenanceRecorder(std::string stage, const CommandContext& context)
    : context_(context), begin_(std::chrono::steady_clock::now()) {
  provenance_.stage = std::move(stage);
  provenance_.command = context.command();
  provenance_.options_json = "{}";
  provenance_.version = kVersion;
  provenance_.started = NowIso8601();
}

void ProvenanceRecorder::AddInput(const std::filesystem::path& path) {
  // "folder/" has no file name of its own.
  const std::filesystem::path named = path.has_filename() ? path : path.parent_path();
  provenance_.inputs.push_back({named.filename().string(), std::filesystem::is_directory(path)
                                                               ? Sha256OfFolder(path)
                                                               : Sha256OfFile(path)});
}

void ProvenanceRecorder::SetOptions(const nlohmann::json& options) {
  provenance_.options_json = options.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void ProvenanceRecorder::SetSummary(const nlohmann::json& summary) {
  provenance_.summary_json = summary.dump();
}

void ProvenanceRecorder::UseVirtualTime(const std::string& created) {
  virtual_time_ = true;
  provenance_.started = created;
}

StageProvenance ProvenanceRecorder::Finish() const {
  StageProvenance finished = provenance_;
  finished.warnings = context_.warnings();
  const bool timeless = virtual_time_ || SourceDateEpoch().has_value();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
  finished.seconds = timeless ? 0.0 : elapsed.count();
  return finished;
}

}  // namespace medius::apps
