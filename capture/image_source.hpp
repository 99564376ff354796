#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "capture/grey_image.hpp"

namespace medius::capture {

/// One image of a camera.
struct SourceImage {
  std::size_t index = 0;  ///< from 0, in the order of the source
  GreyImage image;
};

/// The images of one camera, read one after the other: memory holds one.
class ImageSource {
 public:
  ImageSource() = default;
  virtual ~ImageSource() = default;
  ImageSource(const ImageSource&) = delete;
  ImageSource& operator=(const ImageSource&) = delete;
  ImageSource(ImageSource&&) = delete;
  ImageSource& operator=(ImageSource&&) = delete;

  /// The next image, nullopt after the last.
  /// @throws InputError where it cannot be read.
  [[nodiscard]] virtual std::optional<SourceImage> Next() = 0;
  /// Starts again with the first image.
  virtual void Rewind() = 0;
  /// How many images there are, as far as can be told without reading them; a video that was cut
  /// short states more than it holds.
  [[nodiscard]] virtual std::size_t StatedCount() const = 0;
  /// Images per second; 0 where unknown (a folder).
  [[nodiscard]] virtual double rate_hz() const = 0;
  /// The path as messages name it.
  [[nodiscard]] virtual std::string name() const = 0;
};

/// Opens a video file, or a folder of images (PNG, JPEG, TIFF, BMP, PGM; by name, numbers in them
/// by value: img_2 before img_10).
/// @throws InputError where there is nothing, the folder holds no image, or the file is no video
///         that can be decoded.
[[nodiscard]] std::unique_ptr<ImageSource> OpenImages(const std::filesystem::path& path);

/// Reads the source to its end and rewinds: how many images it truly holds.
[[nodiscard]] std::size_t CountImages(ImageSource& source);

}  // namespace medius::capture
