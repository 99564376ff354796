#pragma once

#include <string>
#include <vector>

namespace medius::apps {

/// Checks, before any work is done, that results can go where they are to: no output may be an
/// input, two outputs may not be one file, and the folder of each must be there.
/// @param outputs  names as typed; empty ones are not asked for.
/// @param inputs   names as typed, of "CAM=PATH" the path; presets and empty ones are passed over.
/// @throws InputError that names the file.
void RequireFreeOutputs(const std::vector<std::string>& outputs,
                        const std::vector<std::string>& inputs);

}  // namespace medius::apps
