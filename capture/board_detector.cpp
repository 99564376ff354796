#include "capture/board_detector.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <opencv2/core.hpp>

#include "capture/board_probe.hpp"
#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::capture {
namespace {

// core/parallel is the only owner of threads: OpenCV's own are off while boards are looked for.
class SingleThreadedOpenCv {
 public:
  SingleThreadedOpenCv() : before_(cv::getNumThreads()) { cv::setNumThreads(1); }
  ~SingleThreadedOpenCv() { cv::setNumThreads(before_); }
  SingleThreadedOpenCv(const SingleThreadedOpenCv&) = delete;
  SingleThreadedOpenCv& operator=(const SingleThreadedOpenCv&) = delete;
  SingleThreadedOpenCv(SingleThreadedOpenCv&&) = delete;
  SingleThreadedOpenCv& operator=(SingleThreadedOpenCv&&) = delete;

 private:
  int before_;
};

GreyImage Adapt(const GreyImage& image, bool mirrored, bool inverted) {
  GreyImage adapted = image;
  for (int y = 0; mirrored && y < adapted.height; ++y) {
    std::reverse(adapted.Row(y), adapted.Row(y) + adapted.width);
  }
  if (inverted) {
    for (std::uint8_t& pixel : adapted.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  }
  return adapted;
}

BoardSighting Dispatch(const GreyImage& image, const Board& board) {
  switch (board.kind) {
    case BoardKind::kChessboard:
      return DetectChessboard(image, board);
    case BoardKind::kCharuco:
    case BoardKind::kAprilTagGrid:
      return DetectMarkerBoard(image, board);
    case BoardKind::kAsymmetricCircles:
      break;
  }
  return DetectCircles(image, board);
}

// One image on its way through the pipeline.
struct Work {
  SourceImage image;
  std::optional<GroupedImage> instant;
  int width = 0;
  int height = 0;
  std::vector<BoardSighting> sightings;  // [board]
};

// What is gathered of one camera.
struct CameraPass {
  CameraBoards summary;
  std::vector<TargetView> views;
  std::vector<float> sigmas;
  std::vector<std::map<int, std::size_t>> markers;  // [board] number -> images that show it
};

// Numbers that some board of the same dictionary has.
std::set<int> OwnMarkers(const std::vector<Board>& boards, const std::string& dictionary) {
  std::set<int> own;
  const auto add = [&own](int first, int count) {
    for (int i = 0; i < count; ++i) own.insert(first + i);
  };
  for (const Board& board : boards) {
    if (board.dictionary != dictionary) continue;
    add(board.first_marker_id, MarkersOfSide(board));
    if (board.back) add(board.back->first_marker_id, MarkersOfSide(board));
  }
  return own;
}

TargetView MakeView(CameraId camera, std::size_t target, const GroupedImage& instant,
                    const BoardSighting& sighting) {
  TargetView view;
  view.camera = camera;
  view.frame = instant.frame;
  view.time = instant.time;
  view.target = target;
  for (const SightedPoint& point : sighting.points) {
    view.point.push_back(point.point);
    view.xy.push_back(point.xy);
    view.sigma.push_back(static_cast<float>(point.sigma));
  }
  return view;
}

class CameraReader {
 public:
  CameraReader(const std::vector<Board>& boards, const BoardDetectionOptions& options,
               Parallelism parallelism, std::size_t images, const WorkControl& control)
      : boards_(boards),
        options_(options),
        parallelism_(parallelism),
        images_(images),
        control_(control) {}

  CameraPass Read(CameraId id, const CameraImages& camera, const FrameGrouping& grouping,
                  bool mirrored) const {
    CameraPass pass;
    pass.summary.name = camera.name;
    pass.summary.mirrored = mirrored;
    pass.markers.resize(boards_.size());
    const std::function<std::optional<Work>()> source = [&]() -> std::optional<Work> {
      control_.ThrowIfCancelled();
      std::optional<SourceImage> image = camera.source->Next();
      if (!image) return std::nullopt;
      Work work;
      work.instant = grouping.Find(id.index(), image->index);
      work.width = image->image.width;
      work.height = image->image.height;
      work.image = *std::move(image);
      return work;
    };
    const std::function<void(Work&)> look = [&](Work& work) {
      if (work.instant) {
        for (const Board& board : boards_) {
          work.sightings.push_back(DetectBoard(work.image.image, board, mirrored));
        }
      }
      work.image.image = GreyImage();
    };
    const std::function<void(Work&)> gather = [&](Work& work) { Gather(id, work, pass); };
    const std::size_t in_flight = 2 * static_cast<std::size_t>(parallelism_.threads()) + 2;
    OrderedPipeline<Work>(parallelism_, in_flight, source, look, gather);
    return pass;
  }

 private:
  void Gather(CameraId id, const Work& work, CameraPass& pass) const {
    CameraBoards& summary = pass.summary;
    if (summary.images == 0) {
      summary.width = work.width;
      summary.height = work.height;
    } else if (summary.width != work.width || summary.height != work.height) {
      throw InputError(fmt::format(
          "camera {}: image {} is {} x {} pixels, those before it {} x {}: images of one camera "
          "must "
          "have one size",
          summary.name, work.image.index, work.width, work.height, summary.width, summary.height));
    }
    ++summary.images;
    // Videos may hold more than they state, and a mirrored camera is looked at twice.
    done_ = std::min(done_ + 1, images_);
    control_.Report(done_, images_);
    for (std::size_t target = 0; target < work.sightings.size(); ++target) {
      const BoardSighting& sighting = work.sightings[target];
      const std::set<int> unique(sighting.markers.begin(), sighting.markers.end());
      for (const int marker : unique) ++pass.markers[target][marker];
      if (sighting.points.empty()) continue;
      if (static_cast<int>(sighting.points.size()) < options_.min_points) {
        ++summary.dropped_views;
        continue;
      }
      pass.views.push_back(MakeView(id, target, *work.instant, sighting));
      const auto& sigma = pass.views.back().sigma;
      pass.sigmas.insert(pass.sigmas.end(), sigma.begin(), sigma.end());
      ++summary.views;
      summary.points += sighting.points.size();
    }
  }

  const std::vector<Board>& boards_;
  const BoardDetectionOptions& options_;
  Parallelism parallelism_;
  std::size_t images_;  // of all cameras, as far as they say
  mutable std::size_t done_ = 0;
  const WorkControl& control_;
};

double Median(std::vector<float> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return static_cast<double>(*middle);
}

std::vector<GreyImage> SpreadImages(ImageSource& source, std::size_t total, int most) {
  std::vector<GreyImage> images;
  const std::size_t step = std::max<std::size_t>(1, total / static_cast<std::size_t>(most));
  source.Rewind();
  while (auto next = source.Next()) {
    if (next->index % step == step / 2) images.push_back(std::move(next->image));
    if (images.size() == static_cast<std::size_t>(most)) break;
  }
  source.Rewind();
  return images;
}

// A camera that sees its boards in fewer than one image of fifty does not see them.
bool SeesNothing(const CameraPass& pass) {
  return pass.summary.views * 50 < pass.summary.images;
}

void WarnOfForeignMarkers(const std::vector<Board>& boards, CameraPass& pass) {
  for (std::size_t i = 0; i < boards.size(); ++i) {
    const std::set<int> own = OwnMarkers(boards, boards[i].dictionary);
    std::vector<int> foreign;
    for (const auto& [id, count] : pass.markers[i]) {
      // Chance readings are rare and of many numbers; a board's come again and again.
      if (own.count(id) == 0 && count >= 3 && count * 5 >= pass.summary.views)
        foreign.push_back(id);
    }
    if (foreign.size() < 2) continue;
    pass.summary.warnings.push_back(fmt::format(
        "markers {} of {} are seen beside those of board \"{}\" ({} to {}): another board is in "
        "the "
        "picture, or this one is larger than its file says",
        Ranges(foreign), boards[i].dictionary, boards[i].name, boards[i].first_marker_id,
        boards[i].first_marker_id + MarkersOfSide(boards[i]) - 1));
  }
}

void WarnOfCounts(const std::vector<CameraImages>& cameras, const FrameGrouping& grouping,
                  std::size_t camera, CameraBoards& summary) {
  const std::size_t stated = cameras[camera].source->StatedCount();
  if (stated > summary.images + 1) {
    summary.warnings.push_back(
        fmt::format("{} ends after {} images but states {}: it was cut short",
                    cameras[camera].source->name(), summary.images, stated));
  }
  if (grouping.rate_hz > 0.0) return;
  const std::size_t expected = grouping.images[camera].size();
  if (summary.images == expected) return;
  throw InputError(fmt::format(
      "camera {}: {} has {} images, but the time stamps have {} rows of it: which image belongs to "
      "which time is unknown; give the table that was recorded with this video",
      summary.name, cameras[camera].source->name(), summary.images, expected));
}

CameraPass ReadCamera(const CameraReader& reader, const std::vector<Board>& boards, CameraId id,
                      const CameraImages& camera, const FrameGrouping& grouping,
                      const BoardDetectionOptions& options) {
  const auto& known = options.mirrored_cameras;
  const bool is_mirrored = std::find(known.begin(), known.end(), camera.name) != known.end();
  CameraPass pass = reader.Read(id, camera, grouping, is_mirrored);
  if (pass.summary.images == 0) {
    throw InputError(fmt::format("camera {}: {} holds no image that can be decoded", camera.name,
                                 camera.source->name()));
  }
  if (!SeesNothing(pass)) {
    WarnOfForeignMarkers(boards, pass);
    return pass;
  }
  const std::vector<GreyImage> images =
      SpreadImages(*camera.source, pass.summary.images, options.probe_images);
  std::string findings;
  for (const Board& board : boards) {
    const ProbeResult probe = ProbeImages(images, board);
    if (probe.mirrored && !is_mirrored) {
      CameraPass mirrored = reader.Read(id, camera, grouping, true);
      mirrored.summary.warnings.emplace_back(
          "its images are mirrored; its points are those of the images turned back, x counted from "
          "the right");
      WarnOfForeignMarkers(boards, mirrored);
      return mirrored;
    }
    if (!probe.finding.empty()) findings += "; " + probe.finding;
  }
  pass.summary.warnings.push_back(
      fmt::format("{} in {} images{}",
                  pass.summary.views == 0 ? std::string("no view of a board")
                                          : fmt::format("only {} views", pass.summary.views),
                  pass.summary.images, findings));
  return pass;
}

void WarnOfUnequalCounts(std::vector<CameraBoards>& cameras) {
  std::size_t most = 0;
  for (const CameraBoards& camera : cameras) most = std::max(most, camera.images);
  for (CameraBoards& camera : cameras) {
    if (camera.images == most) continue;
    camera.warnings.push_back(fmt::format(
        "has {} images where another camera has {}: images are grouped by number, so a lost image "
        "shifts all that follow; group by time stamps if there are any",
        camera.images, most));
  }
}

void Check(const std::vector<Board>& boards, const std::vector<CameraImages>& cameras,
           const FrameGrouping& grouping, const BoardDetectionOptions& options) {
  if (boards.empty() || cameras.empty()) {
    throw InputError("boards are looked for with at least one board and one camera");
  }
  if (options.min_points < 4 || options.probe_images < 1) {
    throw InputError(fmt::format(
        "board detection: min_points is {} (4 or more is expected), probe_images {} (1 or more)",
        options.min_points, options.probe_images));
  }
  for (const Board& board : boards) ValidateBoard(board, "boards");
  for (const std::string& name : options.mirrored_cameras) {
    const auto is_it = [&](const CameraImages& camera) { return camera.name == name; };
    if (std::any_of(cameras.begin(), cameras.end(), is_it)) continue;
    throw InputError(
        fmt::format("camera {} is said to be mirrored, but there is no camera of that name", name));
  }
  MEDIUS_CHECK(grouping.rate_hz > 0.0 || grouping.images.size() == cameras.size(),
               "a grouping has a row for each camera");
}

}  // namespace

BoardSighting DetectBoard(const GreyImage& image, const Board& board, bool mirrored) {
  if (!mirrored && !board.inverted) return Dispatch(image, board);
  return Dispatch(Adapt(image, mirrored, board.inverted), board);
}

BoardDetection DetectBoards(const std::vector<Board>& boards,
                            const std::vector<CameraImages>& cameras, const FrameGrouping& grouping,
                            const BoardDetectionOptions& options, Parallelism parallelism,
                            const WorkControl& control) {
  Check(boards, cameras, grouping, options);
  const SingleThreadedOpenCv single_threaded;
  BoardDetection detection;
  for (const Board& board : boards) detection.observations.targets.push_back(MakeTarget(board));
  std::size_t images = 0;
  for (const CameraImages& camera : cameras) images += camera.source->StatedCount();
  const CameraReader reader(boards, options, parallelism, images, control);
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    CameraPass pass = ReadCamera(reader, boards, CameraId(i), cameras[i], grouping, options);
    WarnOfCounts(cameras, grouping, i, pass.summary);
    pass.summary.median_sigma = Median(pass.sigmas);
    detection.frames = std::max(
        {detection.frames, grouping.frames, grouping.rate_hz > 0.0 ? pass.summary.images : 0});
    detection.observations.cameras.push_back(
        {pass.summary.name, pass.summary.width, pass.summary.height});
    std::move(pass.views.begin(), pass.views.end(),
              std::back_inserter(detection.observations.views));
    detection.cameras.push_back(std::move(pass.summary));
  }
  if (grouping.rate_hz > 0.0) WarnOfUnequalCounts(detection.cameras);
  return detection;
}

}  // namespace medius::capture
