#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/camera_model.hpp"

namespace medius::test {

/// A camera model with the image it was calibrated for.
struct Lens {
  std::string name;
  CameraModel model;
  int width;
  int height;
};

/// How GoogleTest shows one.
inline void PrintTo(const Lens& lens, std::ostream* out) {
  *out << lens.name;
}

/// A pinhole without distortion.
inline Lens Pinhole() {
  return {"pinhole",
          CameraModel(CameraModelKind::kBrownConrady5, {1400, 1400, 959.5, 599.5, 0, 0, 0, 0, 0}),
          1920, 1200};
}

/// A machine-vision camera with a 12 mm lens: small distortion, visible decentring.
inline Lens MachineVision() {
  return {"machine vision",
          CameraModel(CameraModelKind::kBrownConrady5,
                      {2190, 2188, 958.2, 611.7, -0.11, 0.14, 0.0007, -0.0004, -0.03}),
          1920, 1200};
}

/// An action camera at its wide setting (about 110 degrees across): the corner is compressed to
/// less than half of the pinhole's scale.
inline Lens WideActionCamera() {
  return {"wide action camera",
          CameraModel(CameraModelKind::kBrownConrady5,
                      {880, 882, 957.3, 541.8, -0.265, 0.095, 0.0006, -0.0003, -0.0105}),
          1920, 1080};
}

/// Strong barrel, strongly decentred.
inline Lens StrongBarrel() {
  return {"strong barrel",
          CameraModel(CameraModelKind::kBrownConrady5,
                      {700, 690, 650, 470, -0.34, 0.16, 0.004, -0.003, -0.027}),
          1280, 960};
}

/// Pincushion of a telephoto lens.
inline Lens Pincushion() {
  return {"pincushion",
          CameraModel(CameraModelKind::kBrownConrady5,
                      {1500, 1500, 800, 600, 0.18, 0.09, 0.001, 0.002, 0.01}),
          1600, 1200};
}

/// The colour camera of a depth sensor with coefficients as its maker stores them: a large
/// numerator and a large denominator that nearly cancel.
inline Lens Rational() {
  return {"rational",
          CameraModel(CameraModelKind::kBrownConrady8,
                      {913, 912.6, 958.4, 545.3, 0.4758, -2.7378, 0.00065, -0.00008, 1.6058, 0.3539,
                       -2.5557, 1.5288}),
          1920, 1080};
}

/// A 180-degree fisheye whose image circle fills the width of the sensor.
inline Lens Fisheye180() {
  return {"fisheye 180 degrees",
          CameraModel(CameraModelKind::kKannalaBrandt4,
                      {641, 640, 1001.5, 998.2, -0.012, 0.0041, -0.0017, 0.00015}),
          2000, 2000};
}

inline std::vector<Lens> RealisticLenses() {
  return {Pinhole(),    MachineVision(), WideActionCamera(), StrongBarrel(),
          Pincushion(), Rational(),      Fisheye180()};
}

/// Its name as GoogleTest allows one.
inline std::string LensTestName(const testing::TestParamInfo<Lens>& lens) {
  std::string name = lens.param.name;
  for (char& c : name) c = c == ' ' ? '_' : c;
  return name;
}

}  // namespace medius::test
