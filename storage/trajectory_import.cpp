#include "storage/trajectory_import.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/c3d_file.hpp"
#include "storage/column_text.hpp"
#include "storage/input_file.hpp"
#include "storage/trc_file.hpp"

namespace medius::storage {
namespace {

constexpr std::size_t kHeadBytes = 65536;

// Every marker of a person at one instant lies within these, metres: from a toddler's legs to a
// sprinter's step with both arms out, with room for markers on the treadmill.
constexpr double kSmallestSpan = 0.25;
constexpr double kLargestSpan = 6.0;
// Fewer markers may well be a wand or a clapper.
constexpr std::size_t kMarkersOfAPerson = 8;

bool LooksLikeText(std::string_view head) {
  return std::none_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f';
  });
}

void RequirePositive(const char* field, const std::optional<double>& value) {
  if (value && !(std::isfinite(*value) && *value > 0.0)) {
    throw InputError(fmt::format("{} is {}; a positive number is expected", field, *value));
  }
}

// Diagonal of the box round the markers that are there, metres; NaN for fewer than a person has.
double Span(const float* position, std::size_t marker_count) {
  std::array<double, 3> low{};
  std::array<double, 3> high{};
  low.fill(std::numeric_limits<double>::infinity());
  high.fill(-std::numeric_limits<double>::infinity());
  std::size_t present = 0;
  for (std::size_t m = 0; m < marker_count; ++m, position += 3) {
    if (std::isnan(position[0])) continue;
    ++present;
    for (std::size_t i = 0; i < 3; ++i) {
      low[i] = std::min<double>(low[i], position[i]);
      high[i] = std::max<double>(high[i], position[i]);
    }
  }
  if (present < kMarkersOfAPerson) return std::numeric_limits<double>::quiet_NaN();
  return std::hypot(high[0] - low[0], high[1] - low[1], high[2] - low[2]);
}

std::vector<double> SampledSpans(const TrajectorySource& source) {
  constexpr std::size_t kSamples = 64;
  const std::size_t marker_count = source.labels().size();
  const std::size_t step = std::max<std::size_t>(1, source.frame_count() / kSamples);
  std::vector<float> position(marker_count * 3);
  std::vector<double> spans;
  for (std::size_t frame = 0; frame < source.frame_count(); frame += step) {
    source.ReadPositions({frame, 1}, Parallelism(1), position);
    const double span = Span(position.data(), marker_count);
    if (!std::isnan(span)) spans.push_back(span);
  }
  return spans;
}

}  // namespace

TrajectorySource::~TrajectorySource() = default;

void ImportOptions::Validate() const {
  RequirePositive("rate_hz", rate_hz);
  RequirePositive("metres_per_unit", metres_per_unit);
}

std::optional<double> MetresPerUnit(std::string_view word) {
  std::string key;
  for (const char c : word) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      key += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"mm", 1e-3},         {"millimeter", 1e-3}, {"millimetre", 1e-3}, {"cm", 1e-2},
      {"centimeter", 1e-2}, {"centimetre", 1e-2}, {"dm", 0.1},          {"m", 1.0},
      {"meter", 1.0},       {"metre", 1.0},       {"in", 0.0254},       {"inch", 0.0254},
      {"inches", 0.0254},   {"ft", 0.3048},       {"feet", 0.3048}};
  for (const auto& [name, metres] : kUnits) {
    if (key == name || key == std::string(name) + "s") return metres;
  }
  // C3D files with room for four characters hold the first four of a longer word.
  if (key == "mill") return 1e-3;
  if (key == "cent") return 1e-2;
  if (key == "mete" || key == "metr") return 1.0;
  return std::nullopt;
}

std::unique_ptr<TrajectorySource> OpenTrajectories(const std::filesystem::path& path,
                                                   const ImportOptions& options) {
  options.Validate();
  InputFile file(path);
  const std::string head = file.ReadHead(kHeadBytes);
  if (options.zeros_are_places && !LooksLikeC3d(head)) {
    throw InputError(fmt::format(
        "{}: only in a C3D file can three zeros be told from a missing marker", path.string()));
  }
  if (LooksLikeText(head)) {
    if (LooksLikeTrc(head)) return OpenTrc(std::move(file), options);
    if (LooksLikeColumnText(head)) return OpenColumnText(std::move(file), options);
  } else if (LooksLikeC3d(head)) {
    return OpenC3d(std::move(file), options);
  }
  if (head.starts_with("\x89HDF")) {
    throw InputError(fmt::format(
        "{}: is an HDF5 file; a trial of Medius needs no import, the other commands read it",
        path.string()));
  }
  throw InputError(
      fmt::format("{}: is neither a C3D file (second byte 80), a TRC file (first line "
                  "PathFileType) nor a table of text (first line: time and LABELX LABELY LABELZ "
                  "columns)",
                  path.string()));
}

std::optional<std::string> ImplausibleUnit(const TrajectorySource& source) {
  std::vector<double> spans = SampledSpans(source);
  if (spans.empty()) return std::nullopt;
  const auto middle = spans.begin() + static_cast<std::ptrdiff_t>(spans.size() / 2);
  std::nth_element(spans.begin(), middle, spans.end());
  if (*middle >= kSmallestSpan && *middle <= kLargestSpan) return std::nullopt;
  return fmt::format(
      "the markers span {:.3g} m with the unit taken as {:g} m, which is not the size of a "
      "person; if the unit is wrong, give it with --unit mm, cm or m",
      *middle, source.metres_per_unit());
}

}  // namespace medius::storage
