#include <algorithm>
#include <array>

#include "small_picture.h"

namespace unhidra::cli::picture {
namespace {

constexpr std::array<std::uint8_t, 6> kExif{'E', 'x', 'i', 'f', 0, 0};
constexpr std::size_t kEntry = 12;  // bytes of a field in a directory
constexpr std::uint32_t kOrientation = 0x0112;
constexpr int kUpright = 1;

// Numbers of a TIFF file in its own byte order; zero behind its end.
struct TiffReader {
  ByteView bytes;
  bool little = false;

  std::uint32_t number(std::size_t at, std::size_t size) const {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < size && at + size <= bytes.size(); ++i) {
      out = out << 8 | bytes[at + (little ? size - 1 - i : i)];
    }
    return out;
  }
};

}  // namespace

int orientation_of(ByteView exif) {
  if (exif.size() < kExif.size() || !std::ranges::equal(exif.first(kExif.size()), kExif)) {
    return kUpright;
  }
  TiffReader tiff{.bytes = exif.subspan(kExif.size())};
  tiff.little = tiff.number(0, 2) == 0x4949;
  const std::size_t directory = tiff.number(4, 4);
  const auto fields = tiff.number(directory, 2);
  for (std::size_t i = 0; i < fields && directory + 2 + i * kEntry < tiff.bytes.size(); ++i) {
    const auto at = directory + 2 + i * kEntry;
    if (tiff.number(at, 2) == kOrientation) {
      const auto told = tiff.number(at + 8, 2);
      return told >= 1 && told <= 8 ? static_cast<int>(told) : kUpright;
    }
  }
  return kUpright;
}

Pixels upright(const Pixels& pixels, int orientation) {
  const bool on_its_side = orientation >= 5;
  const auto width = pixels.width;
  const auto height = pixels.height;
  Pixels out{.width = on_its_side ? height : width,
             .height = on_its_side ? width : height,
             .channels = pixels.channels,
             .samples = {}};
  out.samples.reserve(pixels.samples.size());
  // From the right and from the bottom, in the original's rows and columns.
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  for (std::uint32_t y = 0; y < out.height; ++y) {
    for (std::uint32_t x = 0; x < out.width; ++x) {
      const auto column = on_its_side ? y : x;
      const auto row = on_its_side ? x : y;
      const auto at = std::size_t{from_bottom ? height - 1 - row : row} * width +
                      (from_right ? width - 1 - column : column);
      const auto from = pixels.samples.begin() + static_cast<std::ptrdiff_t>(at * pixels.channels);
      out.samples.insert(out.samples.end(), from, from + pixels.channels);
    }
  }
  return out;
}

}  // namespace unhidra::cli::picture
