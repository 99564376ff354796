// Carrying parts of one trial over to another without unpacking them.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/hdf5_copy.hpp"
#include "storage/hdf5_tree.hpp"
#include "storage/trial_writer_impl.hpp"

namespace medius::storage {

namespace {

const char* GroupOf(TrialPart part) {
  switch (part) {
    case TrialPart::kRig:
      return schema::kRig;
    case TrialPart::kObservations:
      return schema::kObservations;
    case TrialPart::kTrajectories:
      return schema::kTrajectories;
    case TrialPart::kEvents:
      return schema::kEvents;
    case TrialPart::kKinematics:
      return schema::kKinematics;
    case TrialPart::kStrides:
      return schema::kStrides;
    case TrialPart::kSummary:
      return schema::kSummary;
  }
  MEDIUS_CHECK(false, "a part of a trial");
}

const std::set<std::string>& KnownGroups() {
  static const std::set<std::string> kGroups{
      schema::kTimeBase,     schema::kRig,     schema::kObservations,
      schema::kTrajectories, schema::kEvents,  schema::kKinematics,
      schema::kStrides,      schema::kSummary, schema::kProvenance};
  return kGroups;
}

}  // namespace

void TrialWriter::Impl::CopyProvenance(hid_t source, const std::string& where) {
  if (!hdf5::Exists(source, schema::kProvenance, shown)) return;
  if (!Has(schema::kProvenance)) {
    return hdf5::CopyObject(source, schema::kProvenance, file.get(), where, shown);
  }
  const hdf5::Handle from = hdf5::OpenGroup(source, schema::kProvenance, shown);
  const hdf5::Handle to = hdf5::OpenGroup(file.get(), schema::kProvenance, shown);
  for (const hdf5::Member& stage : hdf5::Members(from.get(), shown)) {
    if (hdf5::Exists(to.get(), stage.name, shown)) continue;
    hdf5::CopyObject(from.get(), stage.name, to.get(), where + "/" + schema::kProvenance, shown);
  }
}

void TrialWriter::Impl::CopyLabels(hid_t source, const std::string& where) {
  if (Has(schema::kTrajectories) || !hdf5::Exists(source, schema::kTrajectories, shown)) return;
  const hdf5::Handle from = hdf5::OpenGroup(source, schema::kTrajectories, shown);
  const hdf5::Handle to = hdf5::CreateGroup(file.get(), schema::kTrajectories, shown);
  const std::string group = where + "/" + schema::kTrajectories;
  hdf5::CopyAttributes(from.get(), to.get(), group, shown);
  hdf5::CopyObject(from.get(), schema::kLabels, to.get(), group, shown);
}

void TrialWriter::Impl::CopyFrom(const hdf5::Handle& source, const TrialReader& reader,
                                 const std::vector<TrialPart>& wanted) {
  const std::string where = reader.path().string() + ": ";
  for (const TrialPart part : wanted) {
    const std::string name = GroupOf(part);
    if (!hdf5::Exists(source.get(), name, shown)) continue;
    Remove(name);
    hdf5::CopyObject(source.get(), name, file.get(), where, shown);
  }
  if (!has_header) WriteHeader(reader.header());
  if (!frame_count) {
    hdf5::CopyObject(source.get(), schema::kTimeBase, file.get(), where, shown);
    frame_count = reader.time_base().frame_count();
  }
  CopyLabels(source.get(), where);
  if (!labels && Has(schema::kTrajectories)) labels = reader.labels();
  CopyProvenance(source.get(), where);
  for (const hdf5::Member& member : hdf5::Members(source.get(), shown)) {
    const bool known = KnownGroups().count(member.name) > 0;
    if (known || Has(member.name)) continue;
    hdf5::CopyObject(source.get(), member.name, file.get(), where, shown);
  }
  const hdf5::Handle from = hdf5::OpenGroup(source.get(), "/", shown);
  const hdf5::Handle to = hdf5::OpenGroup(file.get(), "/", shown);
  hdf5::CopyAttributes(from.get(), to.get(), where, shown);
}

}  // namespace medius::storage
