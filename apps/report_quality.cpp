// The part of a trial's report that comes first: can the recording be trusted?

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/html_page.hpp"
#include "apps/report_sections.hpp"
#include "apps/svg_drawing.hpp"

namespace medius::apps {
namespace {

enum class Verdict { kGood, kLook, kUnknown };

struct Check {
  Verdict verdict = Verdict::kUnknown;
  std::string what;
  std::string found;
  std::string remark;  // what to look at; empty where nothing is
};

// Usual values and limits; docs/report.md lists them with their reasons.
constexpr double kPoorFitMm = 6.0;
constexpr double kWorthSayingPercent = 1.0;  // of the frames
constexpr double kManyGapsPercent = 5.0;     // of the positions
constexpr double kSuspectNoiseOverSigma = 1.5;
constexpr std::size_t kFewStrides = 15;
constexpr std::size_t kMostReasons = 4;   // the page has room for
constexpr std::size_t kMostWarnings = 2;  // likewise
constexpr std::size_t kLongestText = 130;

double Percent(double part, double whole) {
  return whole > 0.0 ? 100.0 * part / whole : 0.0;
}

// So that a long text of a file cannot push the rest off the page; never within a character.
std::string Shortened(const std::string& text) {
  if (text.size() <= kLongestText) return text;
  std::size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "\u2026";
}

Check CameraCheck(const TrialReport& report) {
  Check check{Verdict::kUnknown, "Cameras", "", ""};
  if (report.cameras.empty()) {
    check.found = "the positions were imported: what the cameras saw is not in the file";
    return check;
  }
  check.found = fmt::format("{} cameras", report.cameras.size());
  if (std::isfinite(report.samples.mean_rays)) {
    check.found +=
        fmt::format(", each position from {:.1f} of them on average", report.samples.mean_rays);
  }
  check.verdict = Verdict::kGood;
  for (const CameraLine& camera : report.cameras) {
    if (camera.finding.empty()) continue;
    check.verdict = Verdict::kLook;
    check.remark += (check.remark.empty() ? "" : "; ") + camera.finding;
  }
  return check;
}

Check ResidualCheck(const TrialReport& report) {
  Check check{Verdict::kUnknown, "Residual", "", ""};
  if (!std::isfinite(report.samples.residual_rms_px)) {
    check.found = "not known";
    return check;
  }
  check.found = fmt::format("{:.2f} px between what the cameras saw and the positions",
                            report.samples.residual_rms_px);
  if (!std::isfinite(report.noise_over_sigma)) return check;
  const bool is_good = report.noise_over_sigma <= kSuspectNoiseOverSigma;
  check.verdict = is_good ? Verdict::kGood : Verdict::kLook;
  if (!is_good) {
    check.remark = fmt::format(
        "the sightings scatter {:.1f} times more than they say: is the calibration fresh?",
        report.noise_over_sigma);
  }
  return check;
}

Check GapCheck(const TrialReport& report) {
  const SampleTally& tally = report.samples;
  Check check{Verdict::kUnknown, "Marker positions", "", ""};
  if (tally.total == 0) {
    check.found = "none in the file";
    return check;
  }
  const auto share = [&tally](std::initializer_list<SampleSource> sources) {
    double count = 0.0;
    for (const SampleSource source : sources) {
      count += static_cast<double>(tally.by_source[static_cast<std::size_t>(source)]);
    }
    return Percent(count, static_cast<double>(tally.total));
  };
  const double measured = share({SampleSource::kMeasured});
  const double imported = share({SampleSource::kImported});
  const double missing = share({SampleSource::kMissing});
  const double filled = share({SampleSource::kFilledRigid, SampleSource::kFilledSkeleton,
                               SampleSource::kFilledInterpolated});
  if (measured > 0.0) check.found += fmt::format("{:.1f} % measured, ", measured);
  if (imported > 0.0) check.found += fmt::format("{:.1f} % imported, ", imported);
  check.found += fmt::format("{:.1f} % filled in, {:.1f} % missing", filled, missing);
  const bool is_good = filled + missing <= kManyGapsPercent;
  check.verdict = is_good ? Verdict::kGood : Verdict::kLook;
  if (!is_good) check.remark = "many gaps: look at the markers in `medius info`";
  return check;
}

std::string RejectionText(const TrialReport& report) {
  std::string text;
  for (std::size_t i = 0; i < report.rejections.size() && i < kMostReasons; ++i) {
    const RejectionLine& line = report.rejections[i];
    text += fmt::format("{}{} ({} left, {} right)", i == 0 ? "Left out: " : "; ", line.reason,
                        line.strides[0], line.strides[1]);
  }
  if (report.rejections.size() > kMostReasons) {
    text += fmt::format("; and {} more reasons", report.rejections.size() - kMostReasons);
  }
  return text;
}

Check StrideCheck(const TrialReport& report) {
  Check check{Verdict::kGood, "Strides that count", "", RejectionText(report)};
  check.found = fmt::format("left {} of {}, right {} of {}", report.accepted[0], report.found[0],
                            report.accepted[1], report.found[1]);
  for (const std::size_t side : {0U, 1U}) {
    const auto found = static_cast<double>(report.found[side]);
    const auto accepted = static_cast<double>(report.accepted[side]);
    if (report.accepted[side] >= kFewStrides && accepted >= 0.8 * found) continue;
    check.verdict = Verdict::kLook;
  }
  if (std::min(report.accepted[0], report.accepted[1]) < kFewStrides) {
    check.found +=
        fmt::format("; {} a side or more make a mean that can be relied on", kFewStrides);
  }
  return check;
}

bool IsPoor(const SegmentLine& segment, std::size_t frames) {
  const auto whole = static_cast<double>(frames);
  const auto fitted = static_cast<double>(segment.frames_fitted);
  return segment.residual_mm > kPoorFitMm || Percent(whole - fitted, whole) > kWorthSayingPercent ||
         Percent(static_cast<double>(segment.frames_flagged), whole) > kWorthSayingPercent;
}

Check SegmentCheck(const TrialReport& report) {
  Check check{Verdict::kUnknown, "Markers on their segments", "", ""};
  for (const SegmentLine& segment : report.segments) {
    if (segment.markers == 0) continue;
    if (check.verdict == Verdict::kUnknown) check.verdict = Verdict::kGood;
    if (IsPoor(segment, report.frames)) check.verdict = Verdict::kLook;
    std::string name = segment.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    check.found += check.found.empty() ? "keep their shape to " : ", ";
    check.found += std::isfinite(segment.residual_mm)
                       ? fmt::format("{} {:.1f} mm", name, segment.residual_mm)
                       : name + " not known";
  }
  if (check.found.empty()) check.found = "not known; analyze the trial again to have it";
  return check;
}

// Stages' warnings that the checks do not say already.
Check WarningCheck(const TrialReport& report, const std::vector<Check>& said) {
  Check check{Verdict::kLook, "Warnings", "", ""};
  std::vector<std::string> left;
  for (const std::string& warning : report.Warnings()) {
    const bool known = std::any_of(said.begin(), said.end(), [&](const Check& c) {
      return c.remark.find(warning) != std::string::npos;
    });
    if (!known) left.push_back(warning);
  }
  for (std::size_t i = 0; i < left.size() && i < kMostWarnings; ++i) {
    check.found += (i == 0 ? "" : "; ") + Shortened(left[i]);
  }
  if (left.size() > kMostWarnings) {
    check.found +=
        fmt::format("; and {} more (`medius info` lists them)", left.size() - kMostWarnings);
  }
  return check;
}

std::vector<Check> ChecksOf(const TrialReport& report) {
  std::vector<Check> checks = {CameraCheck(report), ResidualCheck(report), GapCheck(report),
                               SegmentCheck(report), StrideCheck(report)};
  const Check warnings = WarningCheck(report, checks);
  if (!warnings.found.empty()) checks.push_back(warnings);
  return checks;
}

std::string CheckRow(const Check& check) {
  const char* css = check.verdict == Verdict::kGood   ? "good"
                    : check.verdict == Verdict::kLook ? "look"
                                                      : "unknown";
  const char* word = check.verdict == Verdict::kGood   ? "\u2713 good"
                     : check.verdict == Verdict::kLook ? "! look"
                                                       : "? not known";
  std::string html = fmt::format(
      "<tr class=\"{}\"><td class=\"mark\">{}</td><th scope=\"row\">{}</th><td class=\"wrap\">{}",
      css, word, EscapeHtml(check.what), EscapeHtml(check.found));
  if (!check.remark.empty()) {
    html += fmt::format("<br/><span class=\"sub\">{}</span>", EscapeHtml(Shortened(check.remark)));
  }
  return html + "</td></tr>\n";
}

}  // namespace

std::string QualitySection(const TrialReport& report) {
  const std::vector<Check> checks = ChecksOf(report);
  const auto looks = std::count_if(checks.begin(), checks.end(), [](const Check& check) {
    return check.verdict == Verdict::kLook;
  });
  std::string html = "<section id=\"quality\"><h2>Can this recording be trusted?</h2>\n";
  html += looks == 0 ? "<p>Nothing was found that limits the numbers below.</p>\n"
                     : fmt::format(
                           "<p><b>{} {} to look at</b> before the numbers below are "
                           "used.</p>\n",
                           looks, looks == 1 ? "point" : "points");
  html += "<table class=\"checks\">\n";
  for (const Check& check : checks) html += CheckRow(check);
  return html + "</table></section>\n";
}

}  // namespace medius::apps
