// Is a trial file whole?

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/trial_reader_impl.hpp"

namespace medius::storage {

namespace {

constexpr std::size_t kFramesAtOnce = 1024;

// Checksums of the datasets of this group and those below it.
void VerifyTree(hid_t group, const std::string& where, std::uint64_t file_size) {
  for (const hdf5::Member& member : hdf5::Members(group, where)) {
    const std::string path = fmt::format("{}/{}", where, hdf5::Printable(member.name));
    if (member.kind == hdf5::MemberKind::kGroup) {
      VerifyTree(hdf5::OpenGroup(group, member.name, path).get(), path, file_size);
    } else if (member.kind == hdf5::MemberKind::kDataset) {
      hdf5::VerifyDataset(group, member.name, path, file_size);
    }
  }
}

}  // namespace

void TrialReader::Impl::VerifyChecksums() const {
  VerifyTree(Group("").get(), shown + ": ", opened.size);
}

void TrialReader::Impl::VerifyAll(const WorkControl& control) {
  VerifyChecksums();
  for (const FrameRange& frames : SplitFrames(frame_count(), kFramesAtOnce)) {
    if (Has(TrialPart::kObservations)) static_cast<void>(ReadObservations(frames, camera_names));
    if (Has(TrialPart::kTrajectories)) static_cast<void>(ReadTrajectories(frames));
    control.Report(frames.end(), frame_count());
  }
  static_cast<void>(ReadSharedCovariance());
  if (Has(TrialPart::kKinematics)) static_cast<void>(ReadKinematics(true));
  if (Has(TrialPart::kStrides)) static_cast<void>(ReadStrides(true));
  CheckSmallParts();
  static_cast<void>(ReadProvenance());
}

}  // namespace medius::storage
