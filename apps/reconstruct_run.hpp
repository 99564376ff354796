#pragma once

#include "apps/command.hpp"
#include "apps/reconstruct_arguments.hpp"

namespace medius::apps {

/// Runs `medius reconstruct`.
void RunReconstruct(const ReconstructArguments& arguments, CommandContext& context);

}  // namespace medius::apps
