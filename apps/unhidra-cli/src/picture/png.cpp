#include <algorithm>
#include <cstring>
#include <png.h>

#include "small_picture.h"

namespace unhidra::cli::picture {
namespace {

constexpr std::size_t kChannels = 4;              // red, green, blue, alpha
constexpr png_uint_32 kMostChunks = 1000;         // that the library keeps
constexpr std::size_t kMostOfAChunk = 8'000'000;  // bytes

void take_bytes(png_struct* reader, png_byte* to, std::size_t size) {
  auto& rest = *static_cast<ByteView*>(png_get_io_ptr(reader));
  if (size > rest.size()) {
    give_up();
  }
  std::memcpy(to, rest.data(), size);
  rest = rest.subspan(size);
}

// As on white paper, in place: four bytes become three.
void to_paper(std::uint8_t* row, std::uint32_t width) {
  for (std::size_t x = 0; x < width; ++x) {
    const unsigned alpha = row[x * 4 + 3];
    for (std::size_t i = 0; i < 3; ++i) {
      row[x * 3 + i] =
          static_cast<std::uint8_t>((row[x * 4 + i] * alpha + 255 * (255 - alpha)) / 255);
    }
  }
}

// As the sums of a smaller copy need it, in place.
void multiply_by_alpha(std::uint8_t* row, std::uint32_t width) {
  for (std::size_t x = 0; x < width; ++x) {
    const unsigned alpha = row[x * 4 + 3];
    for (std::size_t i = 0; i < 3; ++i) {
      row[x * 4 + i] = static_cast<std::uint8_t>((row[x * 4 + i] * alpha + 127) / 255);
    }
  }
}

// As a file keeps it, in place.
void divide_by_alpha(std::uint8_t* row, std::uint32_t width) {
  for (std::size_t x = 0; x < width; ++x) {
    const unsigned alpha = row[x * 4 + 3];
    for (std::size_t i = 0; alpha != 0 && i < 3; ++i) {
      row[x * 4 + i] =
          static_cast<std::uint8_t>(std::min(255U, (row[x * 4 + i] * 255U + alpha / 2) / alpha));
    }
  }
}

// Eight bits of each channel, whatever the file keeps. Answers how often it goes over the rows.
int unify(png_struct* reader, png_info* info) {
  png_set_expand(reader);
  png_set_scale_16(reader);
  png_set_gray_to_rgb(reader);
  png_set_add_alpha(reader, 0xff, PNG_FILLER_AFTER);
  const int passes = png_set_interlace_handling(reader);
  png_read_update_info(reader, info);
  return passes;
}

}  // namespace

SmallPicture shrink_png(ByteView file, Copy copy) {
  auto* reader = png_create_read_struct(
      PNG_LIBPNG_VER_STRING, nullptr, [](png_struct*, const char*) { give_up(); },
      [](png_struct*, const char*) {});
  auto* info = reader == nullptr ? nullptr : png_create_info_struct(reader);
  if (info == nullptr) {
    give_up();
  }
  png_set_user_limits(reader, kMostSide, kMostSide);
  png_set_chunk_cache_max(reader, kMostChunks);
  png_set_chunk_malloc_max(reader, kMostOfAChunk);
  png_set_read_fn(reader, &file, take_bytes);
  png_read_info(reader, info);
  const auto width = png_get_image_width(reader, info);
  const auto height = png_get_image_height(reader, info);
  check_size(width, height);
  const int passes = unify(reader, info);
  const auto row_size = std::size_t{width} * kChannels;
  if (png_get_rowbytes(reader, info) != row_size) {
    give_up();
  }
  // Of an interlaced picture no row is done before the last pass.
  std::vector<std::uint8_t> rows(passes == 1 ? row_size : row_size * height);
  Shrinker shrinker(width, height, copy.side, copy.transparent ? 4 : 3);
  for (int pass = 0; pass < passes; ++pass) {
    for (std::uint32_t y = 0; y < height; ++y) {
      auto* row = rows.data() + (passes == 1 ? 0 : y * row_size);
      png_read_row(reader, row, nullptr);
      if (pass + 1 == passes) {
        copy.transparent ? multiply_by_alpha(row, width) : to_paper(row, width);
        shrinker.add(row);
      }
    }
  }
  png_read_end(reader, nullptr);
  png_destroy_read_struct(&reader, &info, nullptr);
  return {.width = width, .height = height, .small = shrinker.take()};
}

Bytes png_of(const Pixels& pixels) {
  auto* writer = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, nullptr, [](png_struct*, const char*) { give_up(); },
      [](png_struct*, const char*) {});
  auto* info = writer == nullptr ? nullptr : png_create_info_struct(writer);
  if (info == nullptr) {
    give_up();
  }
  Bytes out;
  png_set_write_fn(
      writer, &out,
      [](png_struct* to, png_byte* bytes, std::size_t size) {
        auto& made = *static_cast<Bytes*>(png_get_io_ptr(to));
        made.insert(made.end(), bytes, bytes + size);
      },
      nullptr);
  const bool transparent = pixels.channels == 4;
  png_set_IHDR(writer, info, pixels.width, pixels.height, 8,
               transparent ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer, info);
  std::vector<std::uint8_t> row(std::size_t{pixels.width} * pixels.channels);
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    std::copy_n(pixels.samples.begin() + static_cast<std::ptrdiff_t>(y * row.size()), row.size(),
                row.begin());
    if (transparent) {
      divide_by_alpha(row.data(), pixels.width);
    }
    png_write_row(writer, row.data());
  }
  png_write_end(writer, nullptr);
  png_destroy_write_struct(&writer, &info);
  return out;
}

SmallPicture shrink(ByteView file, Copy copy) {
  const bool png = file.size() > 8 && png_sig_cmp(file.data(), 0, 8) == 0;
  return png ? shrink_png(file, copy) : shrink_jpeg(file, copy);
}

}  // namespace unhidra::cli::picture
