#include "storage/subject_toml.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/nearest_name.hpp"
#include "storage/toml_table.hpp"

namespace medius::storage {
namespace {

constexpr std::string_view kFormatName = "medius-subject";
constexpr int kVersion = 1;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> LabelsOf(const SubjectModel& subject) {
  std::vector<std::string> labels;
  for (const SubjectMarker& marker : subject.markers) labels.push_back(marker.label);
  return labels;
}

std::size_t IndexOf(const SubjectModel& subject, const std::string& label, const TomlTable& table,
                    const toml::node& node) {
  for (std::size_t m = 0; m < subject.markers.size(); ++m) {
    if (subject.markers[m].label == label) return m;
  }
  table.Fail(node, fmt::format("there is no [[marker]] \"{}\"{}", label,
                               DidYouMean(label, LabelsOf(subject))));
}

SubjectMarker ReadMarker(const TomlTable& table) {
  table.AllowOnly({"label", "segment", "position", "covariance"});
  SubjectMarker marker{table.Text("label"), "", Eigen::Vector3d::Constant(kNaN),
                       Eigen::Matrix3d::Constant(kNaN)};
  if (marker.label.empty()) table.Fail(*table.table().get("label"), "the label is empty");
  if (table.Has("segment")) marker.segment = table.Text("segment");
  if (!table.Has("position")) return marker;
  const std::vector<double> p = table.Numbers("position", 3);
  const std::vector<double> c = table.Numbers("covariance", 6);
  marker.position = {p[0], p[1], p[2]};
  marker.covariance << c[0], c[1], c[2], c[1], c[3], c[4], c[2], c[4], c[5];
  if (c[0] < 0.0 || c[3] < 0.0 || c[5] < 0.0) {
    table.Fail(*table.table().get("covariance"), "a variance (1st, 4th, 6th) is below 0");
  }
  return marker;
}

void ReadMarkers(const toml::table& document, const TomlTable& top, const std::string& file,
                 SubjectModel& subject) {
  const toml::array* markers = document.get_as<toml::array>("marker");
  if (markers == nullptr) top.Fail("has no marker; [[marker]] tables are expected");
  for (const toml::node& node : *markers) {
    if (!node.is_table()) top.Fail(node, "marker: a table is expected");
    const TomlTable table(*node.as_table(), file,
                          fmt::format("marker {}", subject.markers.size() + 1));
    SubjectMarker marker = ReadMarker(table);
    for (const SubjectMarker& other : subject.markers) {
      if (other.label == marker.label) {
        table.Fail(node, fmt::format("\"{}\" is there twice", marker.label));
      }
    }
    subject.markers.push_back(std::move(marker));
  }
}

void ReadAnchor(const toml::table& document, const TomlTable& top, SubjectModel& subject) {
  const toml::array* anchor = document.get_as<toml::array>("anchor");
  if (anchor == nullptr) top.Fail("anchor: an array of labels is expected");
  for (const toml::node& node : *anchor) {
    const auto label = node.value_exact<std::string>();
    if (!label) top.Fail(node, "anchor: the label of a marker, in quotes, is expected");
    const std::size_t marker = IndexOf(subject, *label, top, node);
    if (std::count(subject.anchor.begin(), subject.anchor.end(), marker) > 0) {
      top.Fail(node, fmt::format("anchor: names \"{}\" twice", *label));
    }
    if (!subject.markers[marker].position.allFinite()) {
      top.Fail(node, fmt::format("anchor: marker \"{}\" has no position", *label));
    }
    subject.anchor.push_back(marker);
  }
  if (subject.anchor.size() < 3) {
    top.Fail(*anchor, fmt::format("anchor: has {} markers; three or more are expected",
                                  subject.anchor.size()));
  }
}

PairDistance ReadDistance(const TomlTable& table) {
  table.AllowOnly({"a", "b", "mean", "sd", "min", "max", "rigid"});
  const PairDistance pair{table.Number("mean"), table.Number("sd"),         table.Number("min"),
                          table.Number("max"),  table.Flag("rigid", false), true};
  if (!(pair.sd >= 0.0)) table.Fail(*table.table().get("sd"), "sd is below 0");
  if (!(pair.min >= 0.0 && pair.min <= pair.mean && pair.mean <= pair.max)) {
    table.Fail("0 <= min <= mean <= max is expected");
  }
  return pair;
}

void ReadDistances(const toml::table& document, const TomlTable& top, const std::string& file,
                   SubjectModel& subject) {
  subject.pairs.assign(subject.markers.size() * (subject.markers.size() - 1) / 2,
                       {kNaN, kNaN, kNaN, kNaN, false, false});
  const toml::array* distances = document.get_as<toml::array>("distances");
  if (distances == nullptr) top.Fail("distances: an array is expected");
  for (const toml::node& node : *distances) {
    if (!node.is_table()) top.Fail(node, "distances: { a = ..., b = ..., mean = ... } is expected");
    const TomlTable table(*node.as_table(), file, "distances");
    const std::size_t a = IndexOf(subject, table.Text("a"), table, node);
    const std::size_t b = IndexOf(subject, table.Text("b"), table, node);
    if (a == b) table.Fail(node, "a and b are one marker");
    PairDistance& pair = subject.pairs[subject.PairSlot(a, b)];
    if (pair.is_known) table.Fail(node, "the distance of these two is there already");
    pair = ReadDistance(table);
  }
}

std::string MarkerText(const SubjectMarker& marker) {
  std::string text = fmt::format("\n[[marker]]\nlabel = {}\n", TomlText(marker.label));
  if (!marker.segment.empty()) text += fmt::format("segment = {}\n", TomlText(marker.segment));
  if (!marker.position.allFinite()) return text;
  const Eigen::Matrix3d& c = marker.covariance;
  text += fmt::format("position = [{}, {}, {}]\n", TomlNumber(marker.position.x()),
                      TomlNumber(marker.position.y()), TomlNumber(marker.position.z()));
  return text + fmt::format("covariance = [{}, {}, {}, {}, {}, {}]\n", TomlNumber(c(0, 0)),
                            TomlNumber(c(0, 1)), TomlNumber(c(0, 2)), TomlNumber(c(1, 1)),
                            TomlNumber(c(1, 2)), TomlNumber(c(2, 2)));
}

std::string DistancesText(const SubjectModel& subject) {
  std::string text = "distances = [\n";
  for (std::size_t a = 0; a < subject.markers.size(); ++a) {
    for (std::size_t b = a + 1; b < subject.markers.size(); ++b) {
      const PairDistance& pair = subject.Pair(a, b);
      if (!pair.is_known) continue;
      text += fmt::format("  {{ a = {}, b = {}, mean = {}, sd = {}, min = {}, max = {}{} }},\n",
                          TomlText(subject.markers[a].label), TomlText(subject.markers[b].label),
                          TomlNumber(pair.mean), TomlNumber(pair.sd), TomlNumber(pair.min),
                          TomlNumber(pair.max), pair.is_rigid ? ", rigid = true" : "");
    }
  }
  return text + "]\n";
}

}  // namespace

SubjectModel ReadSubject(const std::filesystem::path& path) {
  const toml::table document = ParseTomlFile(path);
  const std::string file = path.string();
  const TomlTable top(document, file, "");
  if (top.Text("format") != kFormatName) {
    top.Fail(*document.get("format"), fmt::format("format \"{}\" is not known; \"{}\" is expected",
                                                  top.Text("format"), kFormatName));
  }
  if (top.Number("version") != kVersion) {
    top.Fail(*document.get("version"), fmt::format("version {} is not known; this program reads {}",
                                                   top.Number("version"), kVersion));
  }
  top.AllowOnly({"format", "version", "source", "source_sha256", "marker_set", "learned_from",
                 "anchor", "marker", "distances"});
  SubjectModel subject;
  subject.source = top.Text("source");
  subject.source_sha256 = top.Text("source_sha256");
  subject.marker_set = top.Text("marker_set");
  const std::string learned = top.Text("learned_from");
  if (learned != "standing" && learned != "motion") {
    top.Fail(*document.get("learned_from"),
             fmt::format("learned_from \"{}\"; \"standing\" or \"motion\" expected", learned));
  }
  subject.from_motion = learned == "motion";
  ReadMarkers(document, top, file, subject);
  ReadAnchor(document, top, subject);
  ReadDistances(document, top, file, subject);
  return subject;
}

std::string FormatSubject(const SubjectModel& subject) {
  std::string text = fmt::format(
      "# A subject's markers, metres. Body frame: x forward, y to the left, z up, origin in the\n"
      "# middle of the anchor's markers. covariance: xx xy xz yy yz zz, over a running stride.\n"
      "# A rigid distance lies within one segment; its sd is what skin adds while running.\n"
      "format = \"{}\"\nversion = {}\nsource = {}\nsource_sha256 = {}\nmarker_set = {}\n"
      "learned_from = \"{}\"\nanchor = [",
      kFormatName, kVersion, TomlText(subject.source), TomlText(subject.source_sha256),
      TomlText(subject.marker_set), subject.from_motion ? "motion" : "standing");
  for (std::size_t i = 0; i < subject.anchor.size(); ++i) {
    text += (i == 0 ? "" : ", ") + TomlText(subject.markers[subject.anchor[i]].label);
  }
  text += "]\n" + DistancesText(subject);
  for (const SubjectMarker& marker : subject.markers) text += MarkerText(marker);
  return text;
}

void WriteSubject(const std::filesystem::path& path, const SubjectModel& subject) {
  AtomicTextFile file(path);
  file.Append(FormatSubject(subject));
  file.Commit();
}

}  // namespace medius::storage
