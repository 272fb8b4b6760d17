#pragma once
// A small copy of a picture, as its preview in a conversation. Everything here may end the process
// when the picture is not what it says it is: it runs in the confined child of picture_process.h
// and nowhere else.

#include <cstdint>
#include <vector>

#include "unhidra/base/bytes.h"

namespace unhidra::cli::picture {

inline constexpr std::uint32_t kMostSide = 65'535;        // pixels; what a descriptor can say
inline constexpr std::uint64_t kMostPixels = 50'000'000;  // some 200 MB when unfolded
inline constexpr std::uint32_t kPreviewSide =
    480;  // pixels of the longer side, as in the web client
inline constexpr std::uint64_t kWorthAPreview =
    100'000;  // bytes; a smaller picture is its own preview

// Rows of red, green, blue, a byte each, from the top.
struct Pixels {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint8_t> rgb;
};

struct SmallPicture {
  std::uint32_t width = 0;  // of the whole picture, as it is looked at
  std::uint32_t height = 0;
  Pixels small;
};

// Averages what falls together; keeps one row of sums, whatever the picture's size.
class Shrinker {
 public:
  Shrinker(std::uint32_t width, std::uint32_t height);
  // The next row: three bytes a pixel.
  void add(const std::uint8_t* rgb);
  // After the last row.
  Pixels take();

 private:
  void finish_row();

  std::uint32_t width_;
  std::uint32_t height_;
  std::uint32_t row_ = 0;   // of the source
  std::uint32_t rows_ = 0;  // that the sums hold
  Pixels out_;
  std::vector<std::uint32_t> sums_;
  std::vector<std::uint32_t> columns_;  // of the source, under each column of the copy
};

// Ends the process when it is no whole JPEG (ITU-T T.81) or PNG (RFC 2083), or has too many pixels.
SmallPicture shrink(ByteView file);
SmallPicture shrink_jpeg(ByteView file);
SmallPicture shrink_png(ByteView file);
// As a JPEG, without anything that the original says beside its pixels.
Bytes jpeg_of(const Pixels& pixels);

// How a camera was held: 1 to 8 (Exif 2.32, section 4.6.4, tag 274); 1 where `exif`, an APP1
// segment, does not say.
int orientation_of(ByteView exif);
// Turned and mirrored to what is to be looked at.
Pixels upright(const Pixels& pixels, int orientation);

// This is no picture that can be shown.
[[noreturn]] void give_up();
// Ends the process unless a picture of this size may be unfolded.
void check_size(std::uint64_t width, std::uint64_t height);

}  // namespace unhidra::cli::picture
