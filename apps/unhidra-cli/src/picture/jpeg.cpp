#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <jerror.h>
#include <jpeglib.h>

#include "small_picture.h"

namespace unhidra::cli::picture {
namespace {

constexpr int kQuality = 80;
constexpr long kMostWarnings = 50;  // what cameras and cuts leave behind
constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr unsigned kMostExif = 0xffff;

// What ends early is no whole picture, though the library would paint the rest grey.
void heed_warning(j_common_ptr info, int level) {
  if (level < 0 &&
      (info->err->msg_code == JWRN_JPEG_EOF || ++info->err->num_warnings > kMostWarnings)) {
    give_up();
  }
}

jpeg_error_mgr* strict(jpeg_error_mgr& errors) {
  jpeg_std_error(&errors);
  errors.error_exit = [](j_common_ptr) { give_up(); };
  errors.emit_message = heed_warning;
  return &errors;
}

// The largest reduction that the decoder does by itself and that leaves enough.
unsigned reduction(std::uint32_t longer, std::uint32_t wanted) {
  unsigned out = 8;
  while (out > 1 && longer / out < wanted) {
    out /= 2;
  }
  return out;
}

// Printers' colours, which Adobe writes inverted, in place: four bytes become three.
void to_rgb(std::vector<std::uint8_t>& row, std::uint32_t width) {
  for (std::size_t x = 0; x < width; ++x) {
    const unsigned black = row[x * 4 + 3];
    for (std::size_t i = 0; i < 3; ++i) {
      row[x * 3 + i] = static_cast<std::uint8_t>(row[x * 4 + i] * black / 255);
    }
  }
}

}  // namespace

SmallPicture shrink_jpeg(ByteView file, Copy copy) {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  info.err = strict(errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file.data(), file.size());
  jpeg_save_markers(&info, kExifMarker, kMostExif);
  jpeg_read_header(&info, TRUE);
  check_size(info.image_width, info.image_height);
  int orientation = 1;
  for (const auto* marker = info.marker_list; marker != nullptr && orientation == 1;
       marker = marker->next) {
    orientation = orientation_of({marker->data, marker->data_length});
  }
  const bool printed = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  info.out_color_space = printed ? JCS_CMYK : JCS_RGB;
  info.scale_num = 1;
  info.scale_denom = reduction(std::max(info.image_width, info.image_height), copy.side);
  jpeg_start_decompress(&info);
  Shrinker shrinker(info.output_width, info.output_height, copy.side);
  std::vector<std::uint8_t> row(std::size_t{info.output_width} * 4);
  while (info.output_scanline < info.output_height) {
    auto* at = row.data();
    jpeg_read_scanlines(&info, &at, 1);
    if (printed) {
      to_rgb(row, info.output_width);
    }
    shrinker.add(row.data());
  }
  jpeg_finish_decompress(&info);
  SmallPicture out{.width = info.image_width, .height = info.image_height, .small = {}};
  if (orientation >= 5) {
    std::swap(out.width, out.height);
  }
  out.small = upright(shrinker.take(), orientation);
  jpeg_destroy_decompress(&info);
  return out;
}

Bytes jpeg_of(const Pixels& pixels) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = strict(errors);
  jpeg_create_compress(&info);
  unsigned char* made = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): the library's type
  jpeg_mem_dest(&info, &made, &size);
  info.image_width = pixels.width;
  info.image_height = pixels.height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, kQuality, TRUE);
  jpeg_start_compress(&info, TRUE);
  std::vector<std::uint8_t> row(std::size_t{pixels.width} * 3);
  while (info.next_scanline < info.image_height) {
    std::copy_n(
        pixels.samples.begin() + static_cast<std::ptrdiff_t>(info.next_scanline * row.size()),
        row.size(), row.begin());
    auto* at = row.data();
    jpeg_write_scanlines(&info, &at, 1);
  }
  jpeg_finish_compress(&info);
  Bytes out(made, made + size);
  jpeg_destroy_compress(&info);
  std::free(made);  // NOLINT(cppcoreguidelines-no-malloc): the library's
  return out;
}

}  // namespace unhidra::cli::picture
