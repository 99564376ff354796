#pragma once

#include <string>
#include <vector>

#include "apps/command.hpp"
#include "core/trial.hpp"
#include "storage/keypoint_import.hpp"

namespace medius::apps {

/// The options of `medius import --keypoints`.
struct KeypointArguments {
  std::vector<std::string> keypoints;  ///< CAMERA=PATH
  std::string format;                  ///< empty: the content says
  std::string rig;                     ///< sizes of the images
  storage::ScoreRule rule;
};

void AddKeypointOptions(CLI::App& command, KeypointArguments* arguments);

/// Keypoints of several cameras -> a trial of labelled sightings.
/// @param rate_hz  of the cameras, > 0.
/// @throws InputError; CLI::ValidationError where an option is wrong.
void RunKeypointImport(const KeypointArguments& arguments, double rate_hz, TrialHeader header,
                       const std::string& output, CommandContext& context);

}  // namespace medius::apps
