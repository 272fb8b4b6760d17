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
// Pixels of the longer side, as in the web client.
inline constexpr std::uint32_t kPreviewSide = 480;
inline constexpr std::uint32_t kEmojiSide = 128;
inline constexpr std::uint64_t kWorthAPreview =
    100'000;  // bytes; a smaller picture is its own preview

// Rows of red, green, blue, a byte each, from the top; with four channels alpha too, by which the
// colours are multiplied already.
struct Pixels {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t channels = 3;
  std::vector<std::uint8_t> samples;
};

// What a copy is to be.
struct Copy {
  std::uint32_t side = kPreviewSide;  // pixels of its longer side, at most
  bool transparent = false;           // else on white, as on paper
};

struct SmallPicture {
  std::uint32_t width = 0;  // of the whole picture, as it is looked at
  std::uint32_t height = 0;
  Pixels small;
};

// Averages what falls together; keeps one row of sums, whatever the picture's size.
class Shrinker {
 public:
  Shrinker(std::uint32_t width, std::uint32_t height, std::uint32_t side = kPreviewSide,
           std::uint32_t channels = 3);
  // The next row: a byte for each channel of each pixel.
  void add(const std::uint8_t* samples);
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
SmallPicture shrink(ByteView file, Copy copy = {});
SmallPicture shrink_jpeg(ByteView file, Copy copy);
SmallPicture shrink_png(ByteView file, Copy copy);
// As a JPEG, without anything that the original says beside its pixels. Of three channels.
Bytes jpeg_of(const Pixels& pixels);
// As a PNG, likewise.
Bytes png_of(const Pixels& pixels);

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
