#include "storage/hdf5_write_target.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "core/check.hpp"

namespace medius::storage::hdf5 {

namespace {

constexpr haddr_t kMostAddress = std::numeric_limits<off_t>::max();

// What the access properties carry to Open: HDF5 copies it byte by byte.
struct DriverInfo {
  WriteTarget* target;
};

// The file as the library sees it: its own part first, then ours.
struct DriverFile {
  H5FD_t common;
  WriteTarget* target;
  haddr_t end_of_addresses;
};

// The library hands back the pointer that it was given in open; a cast is the only way.
DriverFile& Of(H5FD_t* file) {
  return *reinterpret_cast<DriverFile*>(file);
}
const DriverFile& Of(const H5FD_t* file) {
  return *reinterpret_cast<const DriverFile*>(file);
}

H5FD_t* Open(const char* /*name*/, unsigned /*flags*/, hid_t access, haddr_t /*most*/) {
  const auto* info = static_cast<const DriverInfo*>(H5Pget_driver_info(access));
  if (info == nullptr) return nullptr;
  auto* file = new DriverFile{};
  file->target = info->target;
  return &file->common;
}

herr_t Close(H5FD_t* file) {
  delete &Of(file);
  return 0;
}

int Compare(const H5FD_t* a, const H5FD_t* b) {
  const std::less<const WriteTarget*> less;
  if (less(Of(a).target, Of(b).target)) return -1;
  return less(Of(b).target, Of(a).target) ? 1 : 0;
}

herr_t Query(const H5FD_t* /*file*/, unsigned long* flags) {
  if (flags != nullptr) {
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  }
  return 0;
}

haddr_t GetEndOfAddresses(const H5FD_t* file, H5FD_mem_t /*type*/) {
  return Of(file).end_of_addresses;
}

herr_t SetEndOfAddresses(H5FD_t* file, H5FD_mem_t /*type*/, haddr_t address) {
  Of(file).end_of_addresses = address;
  return 0;
}

haddr_t GetEndOfFile(const H5FD_t* file, H5FD_mem_t /*type*/) {
  return Of(file).target->size();
}

herr_t Read(H5FD_t* file, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t address,
            std::size_t size, void* bytes) {
  return Of(file).target->Read(address, size, bytes) ? 0 : -1;
}

herr_t Write(H5FD_t* file, H5FD_mem_t type, hid_t /*transfer*/, haddr_t address, std::size_t size,
             const void* bytes) {
  Of(file).target->Write(address, size, bytes, type == H5FD_MEM_DRAW);
  return 0;
}

herr_t Truncate(H5FD_t* file, hid_t /*transfer*/, hbool_t /*closing*/) {
  Of(file).target->Truncate(Of(file).end_of_addresses);
  return 0;
}

H5FD_class_t MakeDriver() {
  H5FD_class_t driver = {};
  driver.name = "medius_write_target";
  driver.maxaddr = kMostAddress;
  driver.fc_degree = H5F_CLOSE_STRONG;
  driver.fapl_size = sizeof(DriverInfo);
  driver.open = Open;
  driver.close = Close;
  driver.cmp = Compare;
  driver.query = Query;
  driver.get_eoa = GetEndOfAddresses;
  driver.set_eoa = SetEndOfAddresses;
  driver.get_eof = GetEndOfFile;
  driver.read = Read;
  driver.write = Write;
  driver.truncate = Truncate;
  constexpr H5FD_mem_t kMap[] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(kMap), std::end(kMap), std::begin(driver.fl_map));
  return driver;
}

hid_t RegisteredDriver() {
  static const H5FD_class_t kDriver = MakeDriver();
  static const hid_t kId = H5FDregister(&kDriver);
  return kId;
}

}  // namespace

void WriteTarget::Write(std::uint64_t address, std::size_t size, const void* bytes, bool is_bulk) {
  const auto* next = static_cast<const std::uint8_t*>(bytes);
  size_ = std::max(size_, address + size);
  for (std::size_t done = 0; error_ == 0 && done < size;) {
    const ssize_t written =
        pwrite(descriptor_, next + done, size - done, static_cast<off_t>(address + done));
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  // Chunks are never read back by the library; metadata is.
  if (error_ != 0 && !is_bulk) lost_.push_back({address, {next, next + size}});
}

bool WriteTarget::Read(std::uint64_t address, std::size_t size, void* bytes) const {
  auto* const first = static_cast<std::uint8_t*>(bytes);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t found =
        pread(descriptor_, first + done, size - done, static_cast<off_t>(address + done));
    if (found == 0) break;
    if (found < 0 && errno != EINTR) return false;
    if (found > 0) done += static_cast<std::size_t>(found);
  }
  std::fill(first + done, first + size, std::uint8_t{0});
  Overlay(address, size, first);
  return true;
}

void WriteTarget::Overlay(std::uint64_t address, std::size_t size, std::uint8_t* bytes) const {
  for (const Lost& piece : lost_) {
    const std::uint64_t begin = std::max(address, piece.address);
    const std::uint64_t end = std::min(address + size, piece.address + piece.bytes.size());
    if (begin >= end) continue;
    std::memcpy(bytes + (begin - address), piece.bytes.data() + (begin - piece.address),
                end - begin);
  }
}

void WriteTarget::Truncate(std::uint64_t size) {
  size_ = size;
  if (error_ == 0 && ftruncate(descriptor_, static_cast<off_t>(size)) != 0) error_ = errno;
}

void UseWriteTarget(hid_t access_properties, WriteTarget& target) {
  const DriverInfo info{&target};
  MEDIUS_CHECK(H5Pset_driver(access_properties, RegisteredDriver(), &info) >= 0,
               "a driver of our own");
}

}  // namespace medius::storage::hdf5
