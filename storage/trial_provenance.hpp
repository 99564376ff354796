#pragma once

#include <hdf5.h>

#include <string>

#include "core/trial.hpp"

namespace medius::storage {

/// Writes one stage under /provenance. A text too long for an attribute becomes a dataset of the
/// same name, whose chunks have checksums.
/// @param provenance  the group /provenance. @param file  the target, for messages.
void WriteStage(hid_t provenance, const StageProvenance& stage, const std::string& file);

}  // namespace medius::storage
