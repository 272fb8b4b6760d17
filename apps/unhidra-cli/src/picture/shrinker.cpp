#include <algorithm>
#include <unistd.h>

#include "small_picture.h"

namespace unhidra::cli::picture {
namespace {

std::uint32_t scaled(std::uint32_t side, std::uint32_t longer, std::uint32_t most) {
  const auto to = std::min(longer, most);
  return std::max<std::uint32_t>(
      1, static_cast<std::uint32_t>(std::uint64_t{side} * to / std::max(longer, 1U)));
}

}  // namespace

void give_up() {
  ::_exit(1);
}

void check_size(std::uint64_t width, std::uint64_t height) {
  if (width == 0 || height == 0 || width > kMostSide || height > kMostSide ||
      width * height > kMostPixels) {
    give_up();
  }
}

Shrinker::Shrinker(std::uint32_t width, std::uint32_t height, std::uint32_t side,
                   std::uint32_t channels)
    : width_(width), height_(height) {
  const auto longer = std::max(width, height);
  out_.width = scaled(width, longer, side);
  out_.height = scaled(height, longer, side);
  out_.channels = channels;
  out_.samples.reserve(std::size_t{out_.width} * out_.height * channels);
  sums_.resize(std::size_t{out_.width} * channels);
  columns_.resize(out_.width);
  for (std::uint32_t x = 0; x < width_; ++x) {
    ++columns_[std::uint64_t{x} * out_.width / width_];
  }
}

void Shrinker::add(const std::uint8_t* samples) {
  auto* sum = sums_.data();
  for (const auto columns : columns_) {
    for (std::uint32_t i = 0; i < columns; ++i) {
      for (std::size_t channel = 0; channel < out_.channels; ++channel) {
        sum[channel] += *samples++;
      }
    }
    sum += out_.channels;
  }
  ++rows_;
  const auto at = std::uint64_t{row_} * out_.height / height_;
  ++row_;
  if (row_ == height_ || std::uint64_t{row_} * out_.height / height_ != at) {
    finish_row();
  }
}

void Shrinker::finish_row() {
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    const auto pixels = columns_[i / out_.channels] * rows_;
    out_.samples.push_back(static_cast<std::uint8_t>((sums_[i] + pixels / 2) / pixels));
  }
  std::ranges::fill(sums_, 0);
  rows_ = 0;
}

Pixels Shrinker::take() {
  return std::move(out_);
}

}  // namespace unhidra::cli::picture
