#include "tests/storage/trial_samples.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

#include <Eigen/Geometry>

#include "core/error.hpp"

namespace medius::storage::test {

namespace {

Camera MakeCamera(const std::string& name, CameraModelKind kind, int index) {
  std::vector<double> intrinsics{1400.0 + index, 1399.5, 959.25, 539.75};
  intrinsics.resize(static_cast<std::size_t>(IntrinsicCount(kind)), 0.001 * (index + 1));
  const Eigen::Matrix3d rotation =
      Eigen::AngleAxisd(0.3 * index + 0.1, Eigen::Vector3d(1, 2, 3).normalized())
          .toRotationMatrix();
  Camera camera{name,
                1920,
                1080,
                CameraModel(kind, intrinsics),
                RigidTransform{rotation, Eigen::Vector3d(0.1 * index, -0.5, 3.0)},
                1e-4 * index,
                std::nullopt,
                index == 1 ? 1.7e-6 : 0.0,
                index == 2 ? -1e-5 / 3.0 : 0.0};
  if (index % 2 == 0) {
    const Eigen::Index P = IntrinsicCount(kind) + 6;
    Eigen::MatrixXd covariance(P, P);
    for (Eigen::Index i = 0; i < P * P; ++i) covariance(i) = 1e-6 * static_cast<double>(i + index);
    camera.covariance = covariance;
  }
  return camera;
}

ObservationBlock MakeObservations(std::size_t frames, std::size_t cameras, std::size_t markers,
                                  std::mt19937& random) {
  std::uniform_real_distribution<float> pixel(0.0F, 1900.0F);
  ObservationBlock block;
  block.frames = {0, frames};
  for (std::size_t c = 0; c < cameras; ++c) {
    CameraObservations camera;
    for (std::size_t t = 0; t < frames; ++t) {
      for (std::size_t m = 0; t != 7 && m < markers; ++m) {
        if (random() % 4 == 0) continue;
        camera.xy.emplace_back(pixel(random), pixel(random));
        camera.sigma.push_back(0.3F + 0.001F * static_cast<float>(m));
        camera.radius.push_back(pixel(random) / 400.0F);
        camera.intensity.push_back(pixel(random) / 2.0F);
        camera.label.push_back(random() % 9 == 0 ? kUnlabelled : static_cast<std::int16_t>(m));
        camera.instance.push_back(m % 5 == 4 ? kNoInstance : static_cast<std::int16_t>(m % 3));
      }
      camera.frame_start.push_back(camera.xy.size());
      camera.time_stamp.push_back(0.005 * static_cast<double>(t) + 1e-4 * pixel(random));
    }
    block.cameras.push_back(std::move(camera));
  }
  return block;
}

TrajectoryBlock MakeTrajectories(std::size_t frames, std::size_t markers, std::mt19937& random) {
  std::normal_distribution<double> noise(0.0, 1e-3);
  TrajectoryBlock block(FrameRange{0, frames}, markers);
  for (std::size_t t = 0; t < frames; ++t) {
    for (std::size_t m = 0; m < markers; ++m) {
      if (random() % 5 == 0) continue;
      MarkerSample sample = MarkerSample::Missing();
      sample.position = Eigen::Vector3d(0.01 * static_cast<double>(t), 0.1 * static_cast<double>(m),
                                        1.0 + noise(random));
      sample.covariance = Eigen::Matrix3d::Identity() * 1e-7 * static_cast<double>(m + 1);
      sample.residual_px = 0.2 + std::abs(noise(random));
      sample.rays = 2 + static_cast<int>(m % 5);
      sample.source = SampleSource::kMeasured;
      block.Set(t, MarkerId(m), sample);
    }
  }
  return block;
}

Kinematics MakeKinematics(std::size_t frames) {
  Kinematics kinematics;
  for (const char* name : {"pelvis_obliquity", "left_hip_adduction"}) {
    AngleSeries angle{{name, "rad", std::string(name) + ", up is positive"}, {}, {}};
    for (std::size_t t = 0; t < frames; ++t) {
      angle.value.push_back(t % 11 == 3 ? kNaN : std::sin(0.1 * static_cast<double>(t)));
      angle.sigma.push_back(0.002F);
    }
    kinematics.angles.push_back(std::move(angle));
  }
  kinematics.angles.back().sigma.clear();
  kinematics.method = "medius";
  SegmentRotations pelvis{"pelvis", {}, {}, {}};
  for (std::size_t t = 0; t < frames; ++t) {
    const float angle = 0.01F * static_cast<float>(t);
    for (const float part : {std::cos(angle), 0.0F, std::sin(angle), 0.0F}) {
      pelvis.rotation.push_back(part);
    }
    pelvis.residual.push_back(t % 7 == 2 ? std::nanf("") : 0.003F);
    pelvis.flagged.push_back(t % 5 == 0 ? 1 : 0);
  }
  kinematics.segments.push_back(std::move(pelvis));
  return kinematics;
}

StrideTable MakeStrides(std::size_t count) {
  StrideTable table;
  StrideColumn drop{{"drop_peak", "rad", "largest drop"}, {}};
  StrideColumn cadence{{"cadence", "1/min", "steps a minute"}, {}};
  StrideCurves curve{{"pelvis_obliquity", "rad", "over the stride"}, {}};
  for (std::size_t i = 0; i < count; ++i) {
    const double start = 0.35 * static_cast<double>(i);
    table.side.push_back(i % 2 == 0 ? Side::kLeft : Side::kRight);
    table.start.push_back(start);
    table.toe_off.push_back(start + 0.25);
    table.end.push_back(start + 0.7);
    table.accepted.push_back(i % 4 == 3 ? 0 : 1);
    table.rejection_reason.emplace_back(i % 4 == 3 ? "too long: 1.9 s, längste 1.5 s" : "");
    drop.value.push_back(i % 4 == 3 ? kNaN : 0.1 + 0.001 * static_cast<double>(i));
    cadence.value.push_back(170.0 + static_cast<double>(i));
    for (std::size_t p = 0; p < kCurvePoints; ++p) {
      curve.value.push_back(0.01F * static_cast<float>(p) - static_cast<float>(i));
    }
  }
  table.metrics = {drop, cadence};
  table.curves = {curve};
  return table;
}

Summary MakeSummary() {
  return {
      {{"drop_peak", "rad", "largest drop"}, Side::kLeft, 0.1, 0.01, 80, 0.09, 0.11, 0.001, 0.002},
      {{"symmetry", "", "left by right"}, Side::kRight, 0.98, 0.02, 79, kNaN, kNaN, -0.001, 0.003}};
}

std::vector<StageProvenance> MakeProvenance() {
  return {{"simulate",
           "medius simulate lab.toml",
           R"({"seed": 3})",
           "0.1.0",
           {},
           "2026-03-01",
           0.0,
           {},
           "",
           "",
           ""},
          {"analyze",
           "medius analyze run.trial.h5",
           R"({"filter_hz": 12})",
           "0.1.0",
           {{"run.trial.h5", std::string(64, 'a')}, {"lab.toml", std::string(64, 'b')}},
           "2026-03-01T10:00:00Z",
           12.5,
           {"12 strides were rejected", "the belt slipped"},
           R"({"strides": 12})",
           "name = \"lab\"\n",
           std::string(30'000, 's')}};
}

// Appends the bytes of numbers and texts.
class ByteSink {
 public:
  template <typename Number>
  void Add(const Number& number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  void Add(const std::string& text) {
    Add(text.size());
    bytes_ += text;
  }
  void Add(const QuantityDescription& quantity) {
    Add(quantity.name);
    Add(quantity.unit);
    Add(quantity.definition);
  }
  template <typename Value>
  void Add(const std::vector<Value>& values) {
    Add(values.size());
    for (const Value& value : values) Add(value);
  }
  [[nodiscard]] std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

void AddCamera(ByteSink& sink, const Camera& camera) {
  sink.Add(camera.name);
  sink.Add(camera.width);
  sink.Add(camera.height);
  sink.Add(camera.model.kind());
  sink.Add(camera.model.intrinsics());
  const Eigen::Matrix4d camera_from_lab = camera.camera_from_lab.ToMatrix();
  for (const double value : camera_from_lab.reshaped()) sink.Add(value);
  sink.Add(camera.time_offset);
  sink.Add(camera.time_drift);
  sink.Add(camera.line_time);
  sink.Add(camera.covariance.has_value());
  if (!camera.covariance) return;
  for (const double value : camera.covariance->reshaped()) sink.Add(value);
}

void AddFrames(ByteSink& sink, const Trial& trial) {
  for (const CameraObservations& camera : trial.observations.cameras) {
    sink.Add(camera.frame_start);
    for (const Eigen::Vector2f& xy : camera.xy) {
      sink.Add(xy.x());
      sink.Add(xy.y());
    }
    sink.Add(camera.sigma);
    sink.Add(camera.radius);
    sink.Add(camera.intensity);
    sink.Add(camera.label);
    sink.Add(camera.instance);
    sink.Add(camera.time_stamp);
  }
  sink.Add(trial.trajectories.position);
  sink.Add(trial.trajectories.covariance);
  sink.Add(trial.trajectories.residual);
  sink.Add(trial.trajectories.rays);
  sink.Add(trial.trajectories.source);
}

void AddStrides(ByteSink& sink, const StrideTable& strides) {
  sink.Add(strides.side);
  sink.Add(strides.start);
  sink.Add(strides.toe_off);
  sink.Add(strides.end);
  sink.Add(strides.accepted);
  sink.Add(strides.rejection_reason);
  for (const StrideColumn& metric : strides.metrics) {
    sink.Add(metric.description);
    sink.Add(metric.value);
  }
  for (const StrideCurves& curve : strides.curves) {
    sink.Add(curve.description);
    sink.Add(curve.value);
  }
}

void AddTables(ByteSink& sink, const Trial& trial) {
  for (const GaitEvent& event : trial.events) {
    sink.Add(event.time);
    sink.Add(event.side);
    sink.Add(event.type);
    sink.Add(event.detector);
  }
  for (const AngleSeries& angle : trial.kinematics.angles) {
    sink.Add(angle.description);
    sink.Add(angle.value);
    sink.Add(angle.sigma);
  }
  sink.Add(trial.kinematics.method);
  for (const SegmentRotations& segment : trial.kinematics.segments) {
    sink.Add(segment.segment);
    sink.Add(segment.rotation);
    sink.Add(segment.residual);
    sink.Add(segment.flagged);
  }
  AddStrides(sink, trial.strides);
  for (const SummaryRow& row : trial.summary) {
    sink.Add(row.metric);
    sink.Add(row.side);
    sink.Add(row.n);
    for (const double value :
         {row.mean, row.sd, row.ci_low, row.ci_high, row.trend_per_minute, row.measurement_sigma}) {
      sink.Add(value);
    }
  }
}

void AddProvenance(ByteSink& sink, const StageProvenance& stage) {
  for (const std::string* text :
       {&stage.stage, &stage.command, &stage.options_json, &stage.version, &stage.started}) {
    sink.Add(*text);
  }
  for (const ProvenanceInput& input : stage.inputs) {
    sink.Add(input.name);
    sink.Add(input.sha256);
  }
  sink.Add(stage.seconds);
  sink.Add(stage.warnings);
}

// Every number and text of a trial as bytes, NaN included.
std::string Fingerprint(const Trial& trial) {
  ByteSink sink;
  for (const std::string* text : {&trial.header.trial, &trial.header.subject, &trial.header.session,
                                  &trial.header.activity, &trial.header.created}) {
    sink.Add(*text);
  }
  sink.Add(trial.time_base.rate_hz);
  sink.Add(trial.time_base.time);
  sink.Add(trial.labels);
  for (const Camera& camera : trial.rig.cameras) AddCamera(sink, camera);
  sink.Add(trial.rig.lab_frame.size());
  sink.Add(trial.rig.joint_covariance.has_value());
  if (trial.rig.joint_covariance) {
    for (const double value : trial.rig.joint_covariance->reshaped()) sink.Add(value);
  }
  AddFrames(sink, trial);
  AddTables(sink, trial);
  for (const StageProvenance& stage : trial.provenance) AddProvenance(sink, stage);
  return sink.Take();
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "medius-trial-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

CameraRig MakeRig(std::size_t cameras) {
  constexpr CameraModelKind kKinds[] = {CameraModelKind::kBrownConrady5,
                                        CameraModelKind::kBrownConrady8,
                                        CameraModelKind::kKannalaBrandt4};
  CameraRig rig;
  for (std::size_t i = 0; i < cameras; ++i) {
    // Not in the order of the alphabet: the file must keep the order of the rig.
    const std::string name = "cam " + std::to_string(cameras - i);
    rig.cameras.push_back(MakeCamera(name, kKinds[i % 3], static_cast<int>(i)));
  }
  rig.lab_frame = "floor (L-frame)";
  const Eigen::Index P = JointParameterCount(rig);
  rig.joint_covariance.emplace(P, P);
  for (Eigen::Index i = 0; i < P * P; ++i) {
    // Not symmetric on purpose: rows taken for columns would show.
    (*rig.joint_covariance)(i) = 1.0 / (3.0 + static_cast<double>(i));
  }
  return rig;
}

Trial MakeTrial(std::size_t frames, std::size_t cameras, std::size_t markers) {
  std::mt19937 random(20260301);
  Trial trial;
  trial.time_base = TimeBase::Uniform(200.0, frames);
  for (std::size_t m = 0; m < markers; ++m) trial.labels.push_back("M" + std::to_string(m));
  if (markers > 1) trial.labels[1] = "Größe*12";
  trial.rig = MakeRig(cameras);
  trial.observations = MakeObservations(frames, cameras, markers, random);
  trial.trajectories = MakeTrajectories(frames, markers, random);
  trial.events = {{0.5, Side::kLeft, EventType::kFootStrike},
                  {0.75, Side::kLeft, EventType::kToeOff},
                  {0.9, Side::kRight, EventType::kFootStrike}};
  trial.events[0].detector = EventDetector::kForce;
  trial.kinematics = MakeKinematics(frames);
  trial.strides = MakeStrides(6);
  trial.summary = MakeSummary();
  trial.provenance = MakeProvenance();
  return trial;
}

std::vector<std::string> CameraNames(const CameraRig& rig) {
  std::vector<std::string> names;
  for (const Camera& camera : rig.cameras) names.push_back(camera.name);
  return names;
}

ObservationBlock Slice(const ObservationBlock& whole, FrameRange frames) {
  ObservationBlock block;
  block.frames = frames;
  for (const CameraObservations& camera : whole.cameras) {
    const std::uint64_t begin = camera.frame_start[frames.first];
    const std::uint64_t end = camera.frame_start[frames.end()];
    const auto cut = [&](const auto& values) {
      using Values = std::decay_t<decltype(values)>;
      if (values.empty()) return Values{};
      return Values(values.begin() + static_cast<std::ptrdiff_t>(begin),
                    values.begin() + static_cast<std::ptrdiff_t>(end));
    };
    CameraObservations part;
    part.frame_start.clear();
    for (std::size_t t = frames.first; t <= frames.end(); ++t) {
      part.frame_start.push_back(camera.frame_start[t] - begin);
    }
    part.xy = cut(camera.xy);
    part.sigma = cut(camera.sigma);
    part.radius = cut(camera.radius);
    part.intensity = cut(camera.intensity);
    part.label = cut(camera.label);
    part.instance = cut(camera.instance);
    if (!camera.time_stamp.empty()) {
      const auto first = camera.time_stamp.begin() + static_cast<std::ptrdiff_t>(frames.first);
      part.time_stamp.assign(first, first + static_cast<std::ptrdiff_t>(frames.count));
    }
    block.cameras.push_back(std::move(part));
  }
  return block;
}

TrajectoryBlock Slice(const TrajectoryBlock& whole, FrameRange frames) {
  TrajectoryBlock block(frames, whole.marker_count());
  for (std::size_t t = 0; t < frames.count; ++t) {
    for (std::size_t m = 0; m < whole.marker_count(); ++m) {
      block.Set(t, MarkerId(m), whole.Get(frames.first + t, MarkerId(m)));
    }
  }
  return block;
}

void WriteTrial(const std::filesystem::path& path, const Trial& trial, std::size_t step,
                Parallelism parallelism) {
  TrialWriter writer(path, parallelism);
  WriteParts(writer, trial, step);
  writer.Commit();
}

void WriteParts(TrialWriter& writer, const Trial& trial, std::size_t step) {
  writer.WriteHeader(trial.header);
  writer.WriteTimeBase(trial.time_base);
  writer.WriteRig(trial.rig);
  writer.BeginObservations(CameraNames(trial.rig), trial.columns);
  writer.BeginTrajectories(trial.labels);
  for (const FrameRange& frames : SplitFrames(trial.time_base.frame_count(), step)) {
    writer.AppendObservations(Slice(trial.observations, frames));
    writer.AppendTrajectories(Slice(trial.trajectories, frames));
  }
  writer.WriteEvents(trial.events);
  writer.WriteKinematics(trial.kinematics);
  writer.WriteStrides(trial.strides);
  writer.WriteSummary(trial.summary);
  for (const StageProvenance& stage : trial.provenance) writer.WriteProvenance(stage);
}

Trial ReadTrial(const std::filesystem::path& path, std::size_t step, Parallelism parallelism) {
  const TrialReader reader(path, parallelism);
  Trial trial;
  trial.header = reader.header();
  trial.time_base = reader.time_base();
  trial.labels = reader.labels();
  trial.rig = reader.ReadRig();
  const std::size_t frames = trial.time_base.frame_count();
  trial.trajectories = TrajectoryBlock(FrameRange{0, frames}, trial.labels.size());
  trial.observations.frames = {0, frames};
  trial.observations.cameras.resize(reader.observation_cameras().size());
  for (const FrameRange& part : SplitFrames(frames, step)) {
    const TrajectoryBlock block = reader.ReadTrajectories(part);
    for (std::size_t t = 0; t < part.count; ++t) {
      for (std::size_t m = 0; m < trial.labels.size(); ++m) {
        trial.trajectories.Set(part.first + t, MarkerId(m), block.Get(t, MarkerId(m)));
      }
    }
    const ObservationBlock seen = reader.ReadObservations(part, reader.observation_cameras());
    for (std::size_t c = 0; c < seen.cameras.size(); ++c) {
      const auto add = [](auto& all, const auto& more) {
        all.insert(all.end(), more.begin(), more.end());
      };
      CameraObservations& all = trial.observations.cameras[c];
      const std::uint64_t before = all.xy.size();
      for (std::size_t t = 1; t <= part.count; ++t) {
        all.frame_start.push_back(before + seen.cameras[c].frame_start[t]);
      }
      add(all.xy, seen.cameras[c].xy);
      add(all.sigma, seen.cameras[c].sigma);
      add(all.radius, seen.cameras[c].radius);
      add(all.intensity, seen.cameras[c].intensity);
      add(all.label, seen.cameras[c].label);
      add(all.instance, seen.cameras[c].instance);
      add(all.time_stamp, seen.cameras[c].time_stamp);
    }
  }
  trial.events = reader.ReadEvents();
  trial.kinematics = reader.ReadKinematics();
  trial.strides = reader.ReadStrides();
  trial.summary = reader.ReadSummary();
  trial.provenance = reader.ReadProvenance();
  return trial;
}

std::string FileBytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void WriteFileBytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::string> FilesIn(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool AreSame(const Trial& a, const Trial& b) {
  return Fingerprint(a) == Fingerprint(b);
}

std::string MessageOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "(no error)";
}

}  // namespace medius::storage::test
