// Opening a trial file: what is checked before anybody reads a number of it.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/hdf5_attributes.hpp"
#include "storage/trial_reader_impl.hpp"

namespace medius::storage {

namespace {

struct PartName {
  TrialPart part;
  const char* group;
  const char* remedy;  ///< for a trial without it
};

constexpr PartName kParts[] = {
    {TrialPart::kRig, schema::kRig,
     "has no cameras (/rig); give a rig with --rig or run 'medius reconstruct' with one"},
    {TrialPart::kObservations, schema::kObservations,
     "has no sightings (/observations); make them with 'medius detect' or 'medius project'"},
    {TrialPart::kTrajectories, schema::kTrajectories,
     "has no marker positions (/trajectories/position); run 'medius reconstruct' or 'medius "
     "import'"},
    {TrialPart::kEvents, schema::kEvents, "has no gait events (/events); run 'medius analyze'"},
    {TrialPart::kKinematics, schema::kKinematics,
     "has no joint angles (/kinematics); run 'medius analyze'"},
    {TrialPart::kStrides, schema::kStrides, "has no strides (/strides); run 'medius analyze'"},
    {TrialPart::kSummary, schema::kSummary, "has no summary (/summary); run 'medius analyze'"},
};

std::string FrameReason(std::size_t frames) {
  return fmt::format("/timebase/time has {} frames", frames);
}

void CheckTimes(const TimeBase& time_base, const std::string& where) {
  if (!(time_base.rate_hz > 0.0) || !std::isfinite(time_base.rate_hz)) {
    throw InputError(
        fmt::format("{}: rate_hz is {}, expected a rate above 0", where, time_base.rate_hz));
  }
  for (std::size_t i = 0; i < time_base.time.size(); ++i) {
    const double time = time_base.time[i];
    if (!std::isfinite(time) || (i > 0 && time <= time_base.time[i - 1])) {
      throw InputError(fmt::format(
          "{}: the time of frame {} is {}, expected times that increase from frame to frame", where,
          i, time));
    }
  }
}

}  // namespace

TrialReader::Impl::Impl(std::filesystem::path path, std::string shown_name, Parallelism threads)
    : file_path(std::move(path)),
      shown(std::move(shown_name)),
      parallelism(threads),
      opened(hdf5::OpenForReading(file_path, shown)) {
  hdf5::RefuseForeignLinks(opened.file.get(), shown);
  CheckFormat();
  OpenHeader();
  OpenTimeBase();
  for (const PartName& part : kParts) {
    if (HasMember("", part.group)) parts.insert(part.part);
  }
  OpenLabels();
  OpenTrajectories();
  OpenObservations();
  CheckSmallParts();
}

void TrialReader::Impl::CheckFormat() const {
  const hdf5::Handle root = Group("");
  const std::string where = Where("");
  const auto format = hdf5::ReadText(root.get(), "format", where);
  if (format != schema::kFormat) {
    throw InputError(fmt::format(
        "{}: is HDF5 but not a trial of Medius (attribute format is {}, expected \"{}\")", shown,
        format ? fmt::format("\"{}\"", hdf5::Printable(*format)) : "missing", schema::kFormat));
  }
  const auto version = hdf5::ReadInteger(root.get(), "schema_version", where);
  if (!version) {
    throw InputError(
        fmt::format("{}: attribute schema_version is missing, expected {}", shown, kSchemaVersion));
  }
  if (*version > kSchemaVersion) {
    throw InputError(fmt::format(
        "{}: was made by a newer Medius: it has schema {}, this program reads {}; use that version",
        shown, *version, kSchemaVersion));
  }
  if (*version < 1) {
    throw InputError(
        fmt::format("{}: has schema {}, expected 1 to {}", shown, *version, kSchemaVersion));
  }
}

void TrialReader::Impl::OpenHeader() {
  const hdf5::Handle root = Group("");
  const auto text = [&](const char* name) {
    return hdf5::ReadText(root.get(), name, Where("")).value_or("");
  };
  header = {text("trial"), text("subject"), text("session"), text("activity"), text("created")};
}

void TrialReader::Impl::OpenTimeBase() {
  hdf5::ColumnReader time = Column(schema::kTimeBase, schema::kTime.name, schema::kTime.type);
  if (time.shape().size() != 1 || time.row_count() > schema::kMostFrames) {
    throw InputError(fmt::format("{}: is not one time a frame of at most {} frames", time.where(),
                                 schema::kMostFrames));
  }
  const auto rate = hdf5::ReadNumber(time.dataset(), "rate_hz", time.where());
  if (!rate) throw InputError(time.where() + ": attribute rate_hz is missing");
  time_base.rate_hz = *rate;
  time_base.time.resize(time.row_count());
  time.Read(0, time.row_count(), time_base.time.data());
  CheckTimes(time_base, time.where());
}

void TrialReader::Impl::OpenLabels() {
  if (!Has(TrialPart::kTrajectories)) return;
  hdf5::ColumnReader names =
      Column(schema::kTrajectories, schema::kLabels, schema::kLabelNames.type);
  if (names.shape().size() != 1 || names.row_count() > schema::kMostMarkers) {
    throw InputError(fmt::format("{}: is not one name a marker of at most {} markers",
                                 names.where(), schema::kMostMarkers));
  }
  labels = ReadTexts(names);
}

void TrialReader::Impl::OpenTrajectories() {
  if (!Has(TrialPart::kTrajectories)) return;
  if (!HasMember(schema::kTrajectories, schema::kPosition.name)) {
    parts.erase(TrialPart::kTrajectories);  // labels alone: a trial of labelled sightings
    return;
  }
  const std::string reason =
      fmt::format("{} frames in /timebase/time, {} markers in /trajectories/labels", frame_count(),
                  labels.size());
  const auto open = [&](const schema::Dataset& dataset, std::size_t values) {
    hdf5::ColumnReader column = Column(schema::kTrajectories, dataset.name, dataset.type);
    std::vector<std::size_t> shape{frame_count(), labels.size()};
    if (values > 1) shape.push_back(values);
    column.ExpectShape(shape, reason);
    return column;
  };
  trajectories.emplace(TrajectoryColumns{
      open(schema::kPosition, 3), open(schema::kPositionCovariance, 6), open(schema::kResidual, 1),
      open(schema::kRays, 1), open(schema::kSource, 1), std::nullopt, std::nullopt});
  if (!HasMember(schema::kTrajectories, schema::kSmoothedPosition.name)) return;
  trajectories->smoothed_position = open(schema::kSmoothedPosition, 3);
  trajectories->smoothed_covariance = open(schema::kSmoothedCovariance, 6);
}

void TrialReader::Impl::OpenObservations() {
  if (!Has(TrialPart::kObservations)) return;
  for (const hdf5::Member& member : MembersOf(schema::kObservations)) {
    if (member.kind != hdf5::MemberKind::kGroup) {
      throw InputError(fmt::format(
          "{}: is not a group, expected one group a camera",
          Where(fmt::format("{}/{}", schema::kObservations, hdf5::Printable(member.name)))));
    }
    sightings.push_back(OpenSightings(member.name));
    camera_names.push_back(member.name);
    image_sizes.push_back(ReadImageSize(member.name));
  }
}

std::optional<ImageSize> TrialReader::Impl::ReadImageSize(const std::string& camera) const {
  const std::string group = fmt::format("{}/{}", schema::kObservations, camera);
  const std::string where = Where(hdf5::Printable(group));
  const hdf5::Handle handle = hdf5::OpenGroup(opened.file.get(), group, where);
  const auto width = hdf5::ReadInteger(handle.get(), "width", where);
  const auto height = hdf5::ReadInteger(handle.get(), "height", where);
  if (!width && !height) return std::nullopt;
  if (!width || !height) {
    throw InputError(fmt::format("{}: attribute {} is missing beside {}", where,
                                 width ? "height" : "width", width ? "width" : "height"));
  }
  constexpr std::int64_t kMostPixels = 1 << 20;
  if (*width < 1 || *height < 1 || *width > kMostPixels || *height > kMostPixels) {
    throw InputError(fmt::format("{}: has width {} and height {}, expected pixels from 1 to {}",
                                 where, *width, *height, kMostPixels));
  }
  return ImageSize{static_cast<int>(*width), static_cast<int>(*height)};
}

SightingColumns TrialReader::Impl::OpenSightings(const std::string& camera) const {
  const std::string group = fmt::format("{}/{}", schema::kObservations, camera);
  hdf5::ColumnReader frame_start =
      Column(group, schema::kFrameStart.name, schema::kFrameStart.type);
  frame_start.ExpectShape({frame_count() + 1}, FrameReason(frame_count()) + ", and one more here");
  std::uint64_t rows = 0;
  frame_start.Read(frame_count(), 1, &rows);
  const std::string reason =
      fmt::format("the last value of {}/{} is {}", camera, schema::kFrameStart.name, rows);
  hdf5::ColumnReader xy = Column(group, schema::kXy.name, schema::kXy.type);
  xy.ExpectShape({rows, 2}, reason);
  const auto optional = [&](const schema::Dataset& dataset) {
    auto column = OptionalColumn(group, dataset.name, dataset.type);
    if (column) column->ExpectShape({rows}, reason);
    return column;
  };
  auto time_stamp = OptionalColumn(group, schema::kTimeStamp.name, schema::kTimeStamp.type);
  if (time_stamp) time_stamp->ExpectShape({frame_count()}, FrameReason(frame_count()));
  return {camera,
          std::move(frame_start),
          std::move(xy),
          optional(schema::kSigma),
          optional(schema::kRadius),
          optional(schema::kIntensity),
          optional(schema::kLabel),
          optional(schema::kInstance),
          std::move(time_stamp)};
}

// Shapes of the tables, and the values of what is a few numbers.
void TrialReader::Impl::CheckSmallParts() const {
  if (Has(TrialPart::kRig)) static_cast<void>(ReadRig());
  if (Has(TrialPart::kEvents)) static_cast<void>(ReadEvents());
  if (Has(TrialPart::kKinematics)) static_cast<void>(ReadKinematics(false));
  if (Has(TrialPart::kStrides)) static_cast<void>(ReadStrides(false));
  if (Has(TrialPart::kSummary)) static_cast<void>(ReadSummary());
  static_cast<void>(ReadRunStatistics());
}

void TrialReader::Impl::Require(TrialPart part) const {
  if (Has(part)) return;
  const auto* const name = std::find_if(std::begin(kParts), std::end(kParts),
                                        [part](const PartName& p) { return p.part == part; });
  throw InputError(fmt::format("{}: {}", shown, name->remedy));
}

hdf5::Handle TrialReader::Impl::Group(const std::string& group) const {
  return hdf5::OpenGroup(opened.file.get(), group.empty() ? "/" : group, Where(group));
}

bool TrialReader::Impl::HasMember(const std::string& group, const std::string& name) const {
  return hdf5::Exists(Group(group).get(), name, Where(group));
}

std::vector<hdf5::Member> TrialReader::Impl::MembersOf(const std::string& group) const {
  return hdf5::Members(Group(group).get(), Where(group));
}

hdf5::ColumnReader TrialReader::Impl::Column(const std::string& group, const std::string& name,
                                             hdf5::ElementType type) const {
  const std::string where =
      Where(hdf5::Printable(group.empty() ? name : fmt::format("{}/{}", group, name)));
  if (!HasMember("", group.substr(0, group.find('/'))) || !HasMember(group, name)) {
    throw InputError(where + ": is missing; the file was not made by Medius, or is damaged");
  }
  return {Group(group).get(), name, type, where, opened.size};
}

std::optional<hdf5::ColumnReader> TrialReader::Impl::OptionalColumn(const std::string& group,
                                                                    const std::string& name,
                                                                    hdf5::ElementType type) const {
  if (!HasMember(group, name)) return std::nullopt;
  return Column(group, name, type);
}

std::size_t TrialReader::Impl::TableRows(const hdf5::ColumnReader& first) const {
  if (first.shape().size() != 1 || first.row_count() > schema::kMostTableRows) {
    throw InputError(fmt::format("{}: is not a column of at most {} rows", first.where(),
                                 schema::kMostTableRows));
  }
  return first.row_count();
}

std::vector<std::string> TrialReader::Impl::ReadTexts(hdf5::ColumnReader& column) const {
  constexpr std::size_t kMostBytes = std::size_t{64} << 20U;
  const std::size_t rows = TableRows(column);
  if (rows > 0 && column.element_size() > kMostBytes / rows) {
    throw InputError(fmt::format("{}: claims {} texts of {} bytes: the file is damaged",
                                 column.where(), rows, column.element_size()));
  }
  std::vector<char> bytes(rows * column.element_size());
  column.Read(0, rows, bytes.data());
  return hdf5::UnpackTexts(bytes, column.element_size());
}

}  // namespace medius::storage
