#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>

#include "core/camera_rig.hpp"
#include "reconstruct/gap_options.hpp"
#include "reconstruct/label_fragments.hpp"
#include "reconstruct/reconstruct.hpp"
#include "reconstruct/tracker.hpp"

namespace medius::apps {

/// What `medius reconstruct` and `medius relabel` are told.
struct ReconstructArguments {
  std::string trial;
  std::string rig;
  std::string output;
  std::vector<std::string> cameras;
  double default_sigma_px = 0.3;
  double sigma_factor = 1.0;
  double min_angle_deg = 2.0;
  double reject_sigma = 5.0;
  bool ignore_labels = false;

  std::string markers;       ///< marker set: a file or a preset
  std::string static_trial;  ///< labelled standing trial of the subject
  std::string subject;       ///< file of `medius subject`
  std::string learn_from;    ///< labelled trial in motion, "FILE" or "FILE:FROM-TO" (seconds)
  double min_confidence = 0.9;
  std::string review;  ///< CSV of doubtful places to write

  double max_gap_s = 1.0;
  double max_fill_error_mm = 15.0;
  bool smooth = false;
  std::size_t block_frames = 0;  ///< read at a time; 0: by the number of cameras and markers
  std::size_t person = 1;  ///< of several in keypoints, 1 for who is seen most

  /// Corrections of a person to apply, and the models that the trial itself keeps (medius relabel).
  std::string corrections;
  std::string marker_set_toml;
  std::string subject_toml;

  /// Each @throws InputError that names what is out of range.
  [[nodiscard]] reconstruct::ReconstructOptions Triangulating() const;
  [[nodiscard]] reconstruct::TrackerOptions Tracking() const;
  [[nodiscard]] reconstruct::LabelOptions Labelling() const;
  [[nodiscard]] reconstruct::GapFillOptions Filling() const;
  /// Whether gaps are filled at all.
  [[nodiscard]] bool fills() const { return max_gap_s > 0.0; }
};

/// Adds the options of both commands.
void AddReconstructOptions(const std::shared_ptr<ReconstructArguments>& arguments,
                           CLI::App* command);

/// Every option that changes a number, for the provenance.
[[nodiscard]] nlohmann::json OptionsJson(const ReconstructArguments& arguments,
                                         const CameraRig& used);

}  // namespace medius::apps
