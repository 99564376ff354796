#include <memory>

#include "apps/command.hpp"
#include "apps/reconstruct_arguments.hpp"
#include "apps/reconstruct_run.hpp"

namespace medius::apps {

void AddReconstructCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ReconstructArguments>();
  CLI::App& command = commands.Add(
      "reconstruct",
      "What the cameras saw -> marker positions in the lab. Labelled sightings are triangulated "
      "as\n"
      "they are named. Anonymous ones are tracked, and the tracks named over the whole run by the\n"
      "distances of a standing trial (--static, --markers) or by how the markers move in a "
      "labelled\n"
      "stretch (--learn-from); what cannot be told stays without a name and is counted. Each\n"
      "position is the maximum likelihood of all cameras that saw it, with covariance; a view "
      "that\n"
      "contradicts the others is rejected. Gaps are filled by what did best on the same gap\n"
      "elsewhere, each sample with its source and covariance, or left. Results of later stages in\n"
      "the input are left out, for they would no longer be true.",
      [arguments](CommandContext& context) { RunReconstruct(*arguments, context); });
  AddReconstructOptions(arguments, &command);
}

}  // namespace medius::apps
