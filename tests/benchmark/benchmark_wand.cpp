// dev
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include "calibration/calibrate_wand.hpp"
#include "tests/calibration/wand_scene.hpp"
using namespace medius; using namespace medius::calibration;
int main(int argc, char** argv) {
  std::uint64_t first = argc > 1 ? std::stoul(argv[1]) : 1; std::size_t n = argc > 2 ? std::stoul(argv[2]) : 3;
  int markers = argc > 3 ? std::stoi(argv[3]) : 3; int mode = argc > 4 ? std::stoi(argv[4]) : 0; double clutter = argc>5?std::stod(argv[5]):0;
  for (std::uint64_t s = first; s < first + n; ++s) {
    WandSceneOptions o; o.rig.seed = s; o.clutter = clutter;
    if (markers == 2) o.wand = TwoMarkerWand();
    if (markers == 5) o.wand = FiveMarkerWand();
    if (argc > 6) o.frames = std::stoul(argv[6]);
    const WandScene scene = MakeWandScene(o);
    std::size_t usable = 0; for (auto& v : UsableTruth(scene).views) usable += v.xy.size();
    WandOptions w; w.calibration.held_intrinsics = {8};
    if (mode == 1) w.calibration.focal_guess.assign(6, 1350.0 * 1.07);
    if (mode == 2) { w.calibration.initial = scene.rig; w.calibration.hold_intrinsics = true; for (auto& c : w.calibration.initial->cameras) c.camera_from_lab = {}; }
    const std::clock_t t = std::clock();
    const WandCalibration c = CalibrateWand(scene.dots, scene.wand, w);
    const double cpu = double(std::clock() - t) / CLOCKS_PER_SEC;
    fmt::print("seed {} status {} sigma {:.4f} cpu {:.2f} frames {} dots {} usable {}/{} used {} iter {} {}\n", s, int(c.result.status), c.result.sigma, cpu, c.frames, c.dots, c.usable, usable, c.used, c.result.iterations, c.result.degeneracy.sentence);
    for (auto& d : c.distances) fmt::print("   {}-{} {:.3f} sd {:.3f} mm n {}\n", d.marker_a, d.marker_b, 1e3*d.mean, 1e3*d.sd, d.frames);
    if (!c.result.rig.cameras.empty()) for (size_t k = 0; k < 2; ++k) { auto& cam = c.result.rig.cameras[k]; fmt::print("   f {:.2f} true {:.2f} sd {:.2f}\n", cam.model.intrinsics()[0], scene.rig.cameras[k].model.intrinsics()[0], c.result.cameras[k].focal_sd); }
  }
}
