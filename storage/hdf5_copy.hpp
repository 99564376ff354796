#pragma once

#include <hdf5.h>

#include <set>
#include <string>

namespace medius::storage::hdf5 {

// Copying between files. H5Ocopy would do it in one call, but version 1.10 of the library crashes
// in it when the disk is full.

/// Copies a group or dataset with all that it holds to the same name in another group; chunks stay
/// packed. References to other objects mean nothing in another file and are left out, and so are
/// named types.
/// @param from_where  file and group of the source, for messages. @param file  the target.
/// @throws InputError
void CopyObject(hid_t from, const std::string& name, hid_t to, const std::string& from_where,
                const std::string& file);

/// Copies every attribute that `to` does not have.
void CopyAttributes(hid_t from, hid_t to, const std::string& from_where, const std::string& file);

}  // namespace medius::storage::hdf5
