// Files that are broken by accident or on purpose: each is refused with one line, or read whole.

#include <functional>
#include <random>

#include <sys/stat.h>

#include "storage/marker_set_toml.hpp"
#include "storage/rig_exchange.hpp"
#include "storage/rig_toml.hpp"
#include "tests/storage/c3d_builder.hpp"
#include "tests/storage/imported_file.hpp"

namespace medius::storage {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string MessageOf(const std::function<void()>& read) {
  try {
    read();
  } catch (const InputError& error) {
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return {};
}

TEST(HostileImports, RefuseWhatIsNoFile) {
  const TemporaryFolder folder;
  const auto empty = folder.Write("empty", "");
  const auto pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  struct Case {
    std::filesystem::path path;
    const char* what;
  };
  for (const Case& c : {Case{folder / "absent", "no such file"}, Case{folder.path(), "directory"},
                        Case{empty, "empty"}, Case{pipe, "no regular file"}}) {
    for (const std::function<void()>& read :
         {std::function<void()>([&] { (void)OpenTrajectories(c.path, {}); }),
          std::function<void()>([&] { (void)ReadRig(c.path); }),
          std::function<void()>([&] { (void)ReadMarkerSet(c.path); })}) {
      EXPECT_THAT(MessageOf(read), AllOf(HasSubstr(c.path.string()), HasSubstr(c.what)));
    }
  }
}

TEST(HostileImports, RefuseWhatIsOfAnotherKind) {
  EXPECT_THAT(RefusalOf("hello\n"), HasSubstr("neither a C3D"));
  EXPECT_THAT(RefusalOf(std::string("\x89HDF\r\n\x1a\n") + std::string(600, '\0')),
              HasSubstr("HDF5"));
  EXPECT_THAT(RefusalOf(std::string("\x02\x50", 2)), HasSubstr("header"));
  EXPECT_THAT(RefusalOf(std::string("\x02\x50", 2) + std::string(2000, '\0')),
              HasSubstr("processor"));
}

TEST(HostileImports, RefuseOptionsThatMakeNoSense) {
  ImportOptions options;
  options.rate_hz = -5.0;
  EXPECT_THAT(RefusalOf("Time\tAX\tAY\tAZ\n0\t1\t2\t3\n", options), HasSubstr("rate_hz"));
}

// ---- a small fuzzer: mutated files, always the same ones ----

using Reader = std::function<void(const std::filesystem::path&)>;

// Flips, overwrites, inserts, removes and repeats a few bytes.
std::string Mutate(std::string bytes, std::mt19937& random) {
  const auto below = [&](std::size_t count) { return random() % std::max<std::size_t>(count, 1); };
  const std::size_t changes = 1 + below(4);
  for (std::size_t i = 0; i < changes && !bytes.empty(); ++i) {
    // Headers steer the most: half of the changes go there.
    const std::size_t place =
        below(below(2) == 0 ? std::min<std::size_t>(bytes.size(), 1100) : bytes.size());
    switch (below(6)) {
      case 0:
        bytes[place] = static_cast<char>(bytes[place] ^ (1 << below(8)));
        break;
      case 1:
        bytes[place] = static_cast<char>(random());
        break;
      case 2:
        bytes[place] = static_cast<char>(below(2) == 0 ? 0x00 : 0xFF);
        break;
      case 3:
        bytes.insert(place, bytes.substr(below(bytes.size()), below(40)));
        break;
      case 4:
        bytes.erase(place, below(40));
        break;
      default:
        bytes.resize(place);
        break;
    }
  }
  return bytes;
}

void Fuzz(const std::string& seed_file, int rounds, const Reader& read) {
  std::mt19937 random(20260314);
  const TemporaryFolder folder;
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto path = folder.Write("fuzzed", Mutate(seed_file, random));
    try {
      read(path);
    } catch (const InputError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      ++refused;
    }  // whatever else is thrown fails the test
  }
  EXPECT_GT(refused, rounds / 20);
}

void ImportAll(const std::filesystem::path& path) {
  (void)ImportFile(path);
}

TEST(HostileImports, SurviveMutatedC3dFiles) {
  C3dBuilder builder;
  builder.labels = {"RASI", "LASI", "RHEE", "LHEE"};
  builder.frames = 12;
  builder.analog_per_frame = 3;
  builder.point = [](std::size_t frame, std::size_t i) -> C3dBuilder::Point {
    return {static_cast<double>(frame), static_cast<double>(i), 1, 0};
  };
  builder.extra = {builder.Texts("EVENT", "LABELS", {"RHS", "LTO"}, 4),
                   builder.Words("TRIAL", "ACTUAL_START_FIELD", {1, 0}),
                   builder.Words("TRIAL", "ACTUAL_END_FIELD", {12, 0}),
                   builder.Reals("EVENT", "TIMES", {0, 0.01, 0, 0.05})};
  for (const auto processor : {C3dBuilder::kIntel, C3dBuilder::kDec, C3dBuilder::kSgi}) {
    builder.processor = processor;
    builder.real = processor != C3dBuilder::kIntel;
    Fuzz(builder.Build(), 2000, ImportAll);
  }
}

TEST(HostileImports, SurviveMutatedTexts) {
  Fuzz(
      "PathFileType\t4\t(X/Y/Z)\tx.trc\nDataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\t"
      "OrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n100\t100\t3\t2\tmm\t100\t1\t3\n"
      "Frame#\tTime\tA\t\t\tB\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n\n"
      "1\t0.00\t1\t2\t3\t4\t5\t6\n2\t0.01\t1\t2\t3\t4\t5\t6\n3\t0.02\t1\t2\t3\t\t\t\n",
      3000, ImportAll);
  Fuzz(
      "time_s,\"A b_x_mm\",\"A b_y_mm\",\"A "
      "b_z_mm\",BX,BY,BZ\n0,1,2,3,4,5,6\n0.5,1,2,3,,,\n1,1,2,3,4,5,6\n",
      3000, ImportAll);
}

TEST(HostileImports, SurviveMutatedToml) {
  Fuzz(
      "format = \"medius-rig\"\nversion = 1\n[[camera]]\nname = \"c1\"\n"
      "model = \"kannala_brandt_4\"\nwidth = 640\nheight = 480\n"
      "intrinsics = [300.0, 300.0, 320.0, 240.0, 0.0, 0.0, 0.0, 0.0]\n"
      "camera_from_lab = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 2.0], "
      "[0.0, 0.0, 0.0, 1.0]]\ntime_offset = 0.0\n",
      1500, [](const std::filesystem::path& path) { (void)ImportRig(path, 1.0); });
  Fuzz(
      "[cam_0]\nname = \"c\"\nsize = [640, 480]\nmatrix = [[300, 0, 320], [0, 300, 240], [0, 0, "
      "1]]\n"
      "distortions = [0.0, 0.0, 0.0, 0.0, 0.0]\nrotation = [0.1, 0.2, 0.3]\n"
      "translation = [0.0, 0.0, 2.0]\n",
      1500, [](const std::filesystem::path& path) { (void)ImportRig(path, 1.0); });
  Fuzz(
      "name = \"x\"\n[roles]\nright_asis = \"RASI\"\n[clusters]\nright_thigh = [\"A\", \"B\"]\n"
      "[lab]\nforward = \"+x\"\nup = \"+y\"\n",
      1500, [](const std::filesystem::path& path) { (void)ReadMarkerSet(path); });
}

}  // namespace
}  // namespace medius::storage
