#include "storage/keypoint_json.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/frame_number.hpp"
#include "storage/json_elements.hpp"
#include "storage/keypoint_formats.hpp"

namespace medius::storage {
namespace {

using nlohmann::json;

constexpr double kLargestNumber = 1e6;  // pixels and scores alike; beyond it nothing is an image
constexpr std::size_t kMostInstances = 32767;

const json& Member(const json& object, const char* key, const std::string& where) {
  if (!object.is_object() || !object.contains(key)) {
    throw InputError(fmt::format("{}: has no \"{}\"", where, key));
  }
  return object[key];
}

// [[x, y], ...] and their scores, each in a list of its own.
std::vector<Keypoint> KeypointsOfPairs(const json& instance, const std::string& where) {
  const json& pairs = instance["keypoints"];
  const json& scores = Member(instance, "keypoint_scores", where);
  if (!scores.is_array() || scores.size() != pairs.size()) {
    throw InputError(fmt::format("{}: has {} keypoints and {} keypoint_scores", where, pairs.size(),
                                 scores.size()));
  }
  std::vector<Keypoint> points(pairs.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!pairs[i].is_array() || pairs[i].size() < 2) {
      throw InputError(fmt::format("{}: keypoint {} is no pair of numbers", where, i));
    }
    points[i] = {NumberAt(pairs[i], 0, where), NumberAt(pairs[i], 1, where),
                 NumberAt(scores, i, where)};
  }
  return points;
}

std::vector<Keypoint> KeypointsOf(const json& instance, const std::string& where) {
  const json& keypoints = Member(instance, "keypoints", where);
  if (!keypoints.is_array() || keypoints.empty()) {
    throw InputError(fmt::format("{}: \"keypoints\" is no list of numbers", where));
  }
  return keypoints[0].is_array() ? KeypointsOfPairs(instance, where)
                                 : KeypointsOfTriples(keypoints, where);
}

// A frame's number where it stands for one: 12, "000012.jpg", "cam1_000012.png".
std::int64_t NumberOfImage(const json& id, const std::string& where) {
  std::optional<std::int64_t> number;
  if (id.is_number_integer()) number = id.get<std::int64_t>();
  if (id.is_string()) number = LastNumberIn(id.get<std::string>());
  if (!number || *number < 0) {
    throw InputError(
        fmt::format("{}: {} names no frame; a number, or an image's name that ends in "
                    "one, is expected",
                    where, id.dump(-1, ' ', false, json::error_handler_t::replace)));
  }
  return *number;
}

class KeypointJson : public KeypointSource {
 public:
  KeypointJson(InputFile file, std::string_view format, bool every_frame)
      : KeypointSource(format, every_frame), file_(std::move(file)), scanner_(file_) {
    FindArray();
  }

  bool Next(KeypointFrame* frame) override {
    while (!pending_ || !lists_every_frame()) {
      auto more = NextElement();
      if (!more) break;
      if (!pending_) {
        pending_ = std::move(more);
      } else if (more->number == pending_->number) {
        Append(std::move(*more));
      } else {
        std::swap(*pending_, *more);
        *frame = std::move(*more);
        return true;
      }
    }
    if (!pending_) return false;
    *frame = std::move(*pending_);
    pending_.reset();
    return true;
  }

 private:
  // The list itself, or the member of an object that is one; what stands behind it is not read.
  void FindArray() {
    if (scanner_.Accept('[')) return;
    scanner_.Expect('{');
    do {
      const json key = ParseJson(scanner_.TakeValue(), Where());
      scanner_.Expect(':');
      if (key == "instance_info") return scanner_.Expect('[');
      if (key == "meta_info") {
        ReadMeta(ParseJson(scanner_.TakeValue(), Where()));
      } else {
        scanner_.SkipValue();
      }
    } while (scanner_.Accept(','));
    throw InputError(fmt::format(
        "{}: is a JSON object without \"instance_info\"; a list of frames (MMPose) or of persons "
        "(COCO results) is expected; OpenPose's files are given as their folder",
        file_.name()));
  }

  void ReadMeta(const json& meta) {
    if (!meta.is_object() || !meta.contains("keypoint_id2name")) return;
    const json& names = meta["keypoint_id2name"];
    if (!names.is_object()) return;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto name = names.find(std::to_string(i));
      if (name == names.end() || !name->is_string()) return offered_names_.clear();
      offered_names_.push_back(name->get<std::string>());
    }
  }

  [[nodiscard]] std::string Where() const {
    return fmt::format("{}: element {}", file_.name(), element_);
  }

  std::optional<KeypointFrame> NextElement() {
    if (ended_ || scanner_.Accept(']')) {
      ended_ = true;
      return std::nullopt;
    }
    if (element_ > 0) scanner_.Expect(',');
    const json element = ParseJson(scanner_.TakeValue(), Where());
    KeypointFrame frame = lists_every_frame() ? FrameOf(element) : PersonOf(element);
    if (frame.number < last_ || (lists_every_frame() && frame.number == last_)) {
      throw InputError(
          fmt::format("{}: frame {} stands after frame {}; frames in rising order are "
                      "expected",
                      Where(), frame.number, last_));
    }
    last_ = frame.number;
    ++element_;
    return frame;
  }

  KeypointFrame FrameOf(const json& element) {
    const std::string where = Where();
    if (element.is_object() && element.contains("keypoints")) {
      throw InputError(
          fmt::format("{}: is a person without a frame: the result of one image; the "
                      "results of a video are expected",
                      where));
    }
    KeypointFrame frame{NumberOfImage(Member(element, "frame_id", where), where), {}};
    const json& instances = Member(element, "instances", where);
    if (!instances.is_array() || instances.size() > kMostInstances) {
      throw InputError(fmt::format("{}: \"instances\" is no list of persons", where));
    }
    for (const json& instance : instances) Add(instance, &frame);
    return frame;
  }

  KeypointFrame PersonOf(const json& element) {
    const std::string where = Where();
    KeypointFrame frame{NumberOfImage(Member(element, "image_id", where), where), {}};
    Add(element, &frame);
    return frame;
  }

  void Add(const json& instance, KeypointFrame* frame) {
    const std::string where = Where();
    std::vector<Keypoint> points = KeypointsOf(instance, where);
    RequireCount(points.size(), where);
    points.resize(labels().size());
    frame->instances.push_back(
        {static_cast<std::int16_t>(frame->instances.size()), std::move(points)});
  }

  void Append(KeypointFrame more) {
    for (KeypointInstance& instance : more.instances) {
      if (pending_->instances.size() >= kMostInstances) {
        throw InputError(fmt::format("{}: frame {} has more than {} persons", file_.name(),
                                     pending_->number, kMostInstances));
      }
      instance.number = static_cast<std::int16_t>(pending_->instances.size());
      pending_->instances.push_back(std::move(instance));
    }
  }

  InputFile file_;
  JsonScanner scanner_;
  std::size_t element_ = 0;
  bool ended_ = false;
  std::int64_t last_ = -1;
  std::optional<KeypointFrame> pending_;
};

}  // namespace

json ParseJson(const std::string& text, const std::string& where) {
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    std::string reason = error.what();
    for (char& c : reason) {
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    throw InputError(fmt::format("{}: is no JSON: {}", where, reason.substr(0, 160)));
  }
}

double NumberAt(const json& array, std::size_t index, const std::string& where) {
  const json& value = array[index];
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  const double number = value.is_number() ? value.get<double>() : HUGE_VAL;
  if (!(std::abs(number) <= kLargestNumber)) {
    throw InputError(
        fmt::format("{}: {} stands where a pixel or a score is expected", where,
                    value.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 40)));
  }
  return number;
}

std::vector<Keypoint> KeypointsOfTriples(const json& flat, const std::string& where) {
  if (!flat.is_array() || flat.size() % 3 != 0) {
    throw InputError(
        fmt::format("{}: has {} numbers of keypoints; x, y and score of each are "
                    "expected",
                    where, flat.size()));
  }
  std::vector<Keypoint> points(flat.size() / 3);
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = {NumberAt(flat, 3 * i, where), NumberAt(flat, 3 * i + 1, where),
                 NumberAt(flat, 3 * i + 2, where)};
    if (points[i].x == 0.0 && points[i].y == 0.0) points[i] = Keypoint{};
  }
  return points;
}

std::unique_ptr<KeypointSource> OpenKeypointJson(InputFile file) {
  // Persons of COCO's results name their image, frames of MMPose their frame.
  const std::string head = file.ReadHead(std::size_t{1} << 16U);
  const bool persons = head.find("\"image_id\"") != std::string::npos &&
                       head.find("\"frame_id\"") == std::string::npos &&
                       head.find("\"instance_info\"") == std::string::npos;
  return std::make_unique<KeypointJson>(std::move(file),
                                        persons ? "COCO results JSON" : "MMPose JSON", !persons);
}

}  // namespace medius::storage
