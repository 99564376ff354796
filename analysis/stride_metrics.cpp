#include "analysis/stride_metrics.hpp"

#include <algorithm>
#include <string_view>

namespace medius::analysis {
namespace {

constexpr double kHipPeakPart = 0.60;   // of stance; later the hip abducts to push off
constexpr double kKneePeakPart = 0.70;  // of stance; later the knee bends for swing
constexpr double kMidstance = 0.50;

constexpr const char* kRic = "Running Injury Clinic, 3D GAIT variables";
constexpr const char* kBramah = "Bramah 2018, doi 10.1177/0363546518793657";

MetricDefinition OfAngle(const char* name, const char* definition, const char* source,
                         Measure measure, const char* angle, AngleSign sign, double from = 0.0,
                         double to = 1.0) {
  const char* unit = measure == Measure::kPeakTime ? "%" : "rad";
  return {{name, unit, definition}, source, measure, angle, sign, from, to, false};
}

MetricDefinition OverStride(const char* name, const char* definition, Measure measure,
                            const char* angle) {
  return {{name, "rad", definition}, "", measure, angle, AngleSign::kAsIs, 0.0, 1.0, true};
}

MetricDefinition Plain(const char* name, const char* unit, const char* definition, Measure measure,
                       const char* source = "") {
  return {{name, unit, definition}, source, measure, "", AngleSign::kAsIs, 0.0, 1.0, false};
}

void AddPelvis(std::vector<MetricDefinition>& all) {
  constexpr const char* kObliquity = "pelvis_obliquity";
  constexpr AngleSign kDrop = AngleSign::kOwnSide;
  all.push_back(
      OfAngle("contralateral_pelvic_drop_peak",
              "Largest contralateral pelvic drop in stance: how far the swing side of the "
              "pelvis is below the stance side (> 0), line of the ASIS to the horizontal",
              kBramah, Measure::kPeak, kObliquity, kDrop));
  all.push_back(OfAngle("contralateral_pelvic_drop_relative",
                        "Largest contralateral pelvic drop in stance less that in the standing "
                        "trial (> 0: lower than in standing)",
                        kRic, Measure::kPeak, "pelvis_obliquity_relative", kDrop));
  all.push_back(OfAngle("contralateral_pelvic_drop_excursion",
                        "Largest contralateral pelvic drop in stance less that at foot strike",
                        kRic, Measure::kExcursion, kObliquity, kDrop));
  all.push_back(OfAngle("contralateral_pelvic_drop_midstance",
                        "Contralateral pelvic drop (> 0) at 50 % of stance", kBramah,
                        Measure::kValue, kObliquity, kDrop, kMidstance));
  all.push_back(OfAngle("contralateral_pelvic_drop_peak_time",
                        "When in stance the contralateral pelvic drop is largest: 0 at foot "
                        "strike, 100 at toe off",
                        "", Measure::kPeakTime, kObliquity, kDrop));
  all.push_back(OverStride("pelvis_tilt_mean", "Mean pelvis tilt over the stride, > 0 front up",
                           Measure::kMean, "pelvis_tilt"));
  all.push_back(OverStride("pelvis_rotation_range",
                           "Largest less least pelvis rotation over the stride", Measure::kRange,
                           "pelvis_rotation"));
}

void AddHip(std::vector<MetricDefinition>& all) {
  constexpr AngleSign kAsIs = AngleSign::kAsIs;
  constexpr const char* kAdduction = "<side>_hip_adduction";
  constexpr const char* kRotation = "<side>_hip_rotation";
  all.push_back(OfAngle("hip_adduction_peak",
                        "Largest hip adduction (> 0) of the stance leg in the first 60 % of stance",
                        kRic, Measure::kPeak, kAdduction, kAsIs, 0.0, kHipPeakPart));
  all.push_back(OfAngle("hip_adduction_excursion",
                        "hip_adduction_peak less hip adduction at foot strike", kRic,
                        Measure::kExcursion, kAdduction, kAsIs, 0.0, kHipPeakPart));
  all.push_back(OfAngle("hip_internal_rotation_peak",
                        "Largest internal rotation (> 0) of the stance hip in stance", kRic,
                        Measure::kPeak, kRotation, kAsIs));
  all.push_back(OfAngle("hip_internal_rotation_excursion",
                        "hip_internal_rotation_peak less internal rotation at foot strike", kRic,
                        Measure::kExcursion, kRotation, kAsIs));
}

void AddKnee(std::vector<MetricDefinition>& all) {
  constexpr const char* kFrontal = "<side>_knee_adduction";
  all.push_back(OfAngle("knee_abduction_peak",
                        "Largest abduction of the stance knee in stance (valgus > 0, the negative "
                        "of knee adduction)",
                        kRic, Measure::kPeak, kFrontal, AngleSign::kNegative));
  all.push_back(OfAngle("knee_abduction_excursion",
                        "knee_abduction_peak less knee abduction at foot strike", kRic,
                        Measure::kExcursion, kFrontal, AngleSign::kNegative));
  all.push_back(OfAngle("knee_adduction_peak",
                        "Largest adduction of the stance knee in stance (varus > 0)", kRic,
                        Measure::kPeak, kFrontal, AngleSign::kAsIs));
  all.push_back(OfAngle(
      "knee_flexion_peak", "Largest flexion (> 0) of the stance knee in the first 70 % of stance",
      kRic, Measure::kPeak, "<side>_knee_flexion", AngleSign::kAsIs, 0.0, kKneePeakPart));
  all.push_back(OfAngle("knee_frontal_projection_2d_midstance",
                        "Frontal-plane projection angle of the knee as a camera sees it (2-D, sign "
                        "of that angle) at 50 % of stance; it is not knee abduction",
                        "Dingenen 2018, doi 10.1016/j.ptsp.2018.06.009", Measure::kValue,
                        "<side>_knee_frontal_projection_2d", AngleSign::kAsIs, kMidstance));
}

void AddTrunkAndFoot(std::vector<MetricDefinition>& all) {
  all.push_back(OfAngle("trunk_ipsilateral_lean_peak",
                        "Largest lean of the trunk towards the stance side (> 0) in stance", "",
                        Measure::kPeak, "trunk_lateral_lean", AngleSign::kOwnSide));
  all.push_back(OfAngle("trunk_forward_lean_midstance",
                        "Forward lean of the trunk (> 0) at 50 % of stance", kBramah,
                        Measure::kValue, "trunk_forward_lean", AngleSign::kAsIs, kMidstance));
  all.push_back(OfAngle("foot_progression",
                        "Mean heading of the foot from 20 to 50 % of stance, toe out > 0", kRic,
                        Measure::kMean, "<side>_foot_progression", AngleSign::kAsIs, 0.2, 0.5));
}

void AddPositions(std::vector<MetricDefinition>& all) {
  all.push_back(Plain("step_width", "m",
                      "Lateral distance between the heels at their midstances, of this step and "
                      "the next of the other foot; < 0 where the feet land crossed",
                      Measure::kStepWidth, "Brindle 2014"));
  all.push_back(Plain("heel_to_midline", "m",
                      "How far the heel is to its own side (> 0) of the middle of the pelvis at "
                      "midstance",
                      Measure::kHeelToMidline));
  all.push_back(Plain("crossover", "",
                      "1 where heel_to_midline is below 0, else 0: its mean is the share of steps "
                      "that cross the midline",
                      Measure::kCrossover));
  all.push_back(Plain("vertical_oscillation", "m",
                      "Highest less lowest place of the middle of the pelvis over the stride",
                      Measure::kVerticalOscillation));
  all.push_back(Plain("belt_speed", "m/s",
                      "Speed of the ground against the runner: the backward speed of the foot in "
                      "stance that a tenth of its frames exceed, against the pelvis' mean motion",
                      Measure::kBeltSpeed));
}

void AddTiming(std::vector<MetricDefinition>& all) {
  all.push_back(Plain("stride_time", "s", "From foot strike to the next foot strike of that side",
                      Measure::kStrideTime));
  all.push_back(Plain("step_time", "s", "From foot strike to the next of the other foot",
                      Measure::kStepTime));
  all.push_back(Plain("contact_time", "s", "From foot strike to toe off", Measure::kContactTime));
  all.push_back(Plain("swing_time", "s", "From toe off to the next foot strike of that side",
                      Measure::kSwingTime));
  all.push_back(Plain("flight_time", "s",
                      "From toe off to the next foot strike of the other foot; < 0 where both are "
                      "on the ground",
                      Measure::kFlightTime));
  all.push_back(
      Plain("cadence", "1/min", "Steps per minute, 120 / stride time", Measure::kCadence));
  all.push_back(Plain("duty_factor", "", "Contact time over stride time", Measure::kDutyFactor));
}

}  // namespace

std::string MetricDefinition::AngleOf(Side side) const {
  constexpr std::string_view kPlace = "<side>";
  if (!angle.starts_with(kPlace)) return angle;
  return std::string(ToString(side)) + angle.substr(kPlace.size());
}

const std::vector<MetricDefinition>& StrideMetrics() {
  static const std::vector<MetricDefinition> kMetrics = [] {
    std::vector<MetricDefinition> all;
    AddPelvis(all);
    AddHip(all);
    AddKnee(all);
    AddTrunkAndFoot(all);
    AddPositions(all);
    AddTiming(all);
    return all;
  }();
  return kMetrics;
}

const MetricDefinition* FindStrideMetric(std::string_view name) {
  const std::vector<MetricDefinition>& all = StrideMetrics();
  const auto found = std::find_if(all.begin(), all.end(), [name](const MetricDefinition& metric) {
    return metric.description.name == name;
  });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace medius::analysis
