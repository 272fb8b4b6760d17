#pragma once
// Flash in memory that is as unkind as the real one: units are written once between two erases, and
// the power can go at any byte. Then nothing works any more until restart().

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

extern "C" {
#include "uh/flash.h"
}

namespace unhidra::firmware {

class FakeFlash {
 public:
  static constexpr std::uint64_t kForever = std::numeric_limits<std::uint64_t>::max();

  FakeFlash(std::uint32_t sector_size, std::uint32_t sectors, std::uint32_t seed = 1)
      : random_(seed),
        bytes_(std::size_t{sector_size} * sectors, 0xff),
        written_(bytes_.size() / UH_FLASH_UNIT, false) {
    flash_ = {.context = this,
              .sector_size = sector_size,
              .sector_count = sectors,
              .read = read,
              .write = write,
              .erase = erase,
              .is_blank = is_blank};
  }
  FakeFlash(const FakeFlash&) = delete;
  FakeFlash& operator=(const FakeFlash&) = delete;

  const uh_flash* get() const { return &flash_; }
  // The power goes before the byte with this number, counted from now; an erase counts for as many
  // bytes as a unit has.
  void cut_after(std::uint64_t bytes) { left_ = bytes; }
  bool is_dead() const { return left_ == 0; }
  void restart() { left_ = kForever; }
  std::uint64_t work() const { return work_; }  // bytes that were written, and erases
  std::uint64_t erases() const { return erases_; }
  std::vector<std::uint8_t>& bytes() { return bytes_; }

 private:
  static FakeFlash& of(void* context) { return *static_cast<FakeFlash*>(context); }

  bool spend() {
    if (left_ == 0) {
      return false;
    }
    left_ -= left_ == kForever ? 0 : 1;
    ++work_;
    return left_ != 0;
  }

  static bool read(void* context, std::uint32_t at, void* out, std::uint32_t size) {
    auto& self = of(context);
    EXPECT_LE(std::size_t{at} + size, self.bytes_.size());
    if (self.is_dead()) {
      return false;
    }
    std::copy_n(self.bytes_.begin() + at, size, static_cast<std::uint8_t*>(out));
    return true;
  }

  static bool write(void* context, std::uint32_t at, const void* data, std::uint32_t size) {
    auto& self = of(context);
    EXPECT_EQ(at % UH_FLASH_UNIT, 0U);
    EXPECT_EQ(size % UH_FLASH_UNIT, 0U);
    EXPECT_LE(std::size_t{at} + size, self.bytes_.size());
    for (std::uint32_t i = 0; i < size; ++i) {
      if (i % UH_FLASH_UNIT == 0) {
        EXPECT_FALSE(self.is_dead() ? false : self.written_[(at + i) / UH_FLASH_UNIT])
            << "written twice at " << at + i;
      }
      if (!self.spend()) {
        if (i % UH_FLASH_UNIT != 0) {
          self.bytes_[at + i] = static_cast<std::uint8_t>(self.random_());  // half programmed
        }
        return false;
      }
      self.written_[(at + i) / UH_FLASH_UNIT] = true;
      self.bytes_[at + i] = static_cast<const std::uint8_t*>(data)[i];
    }
    return true;
  }

  static bool erase(void* context, std::uint32_t sector) {
    auto& self = of(context);
    const std::uint32_t size = self.flash_.sector_size;
    EXPECT_LT(sector, self.flash_.sector_count);
    const auto begin = std::next(self.bytes_.begin(), std::ptrdiff_t{sector} * size);
    for (std::uint32_t i = 0; i < UH_FLASH_UNIT; ++i) {
      if (!self.spend()) {
        self.erase_partly(begin, size, i);
        return false;
      }
    }
    ++self.erases_;
    std::fill_n(begin, size, 0xff);
    std::fill_n(self.written_.begin() + std::size_t{sector} * size / UH_FLASH_UNIT,
                size / UH_FLASH_UNIT, false);
    return true;
  }

  // What an erase leaves that was cut: first nothing happens, then bits here and there are gone.
  void erase_partly(std::vector<std::uint8_t>::iterator begin, std::uint32_t size,
                    std::uint32_t progress) {
    for (std::uint32_t i = 0; i < size; ++i) {
      if (random_() % UH_FLASH_UNIT < progress) {
        begin[i] = static_cast<std::uint8_t>(begin[i] | random_());
      }
    }
    const auto first = static_cast<std::size_t>(begin - bytes_.begin()) / UH_FLASH_UNIT;
    std::fill_n(written_.begin() + static_cast<std::ptrdiff_t>(first), size / UH_FLASH_UNIT, true);
  }

  static bool is_blank(void* context, std::uint32_t at, std::uint32_t size) {
    auto& self = of(context);
    if (self.is_dead()) {
      return false;
    }
    return std::all_of(self.bytes_.begin() + at, self.bytes_.begin() + at + size,
                       [](std::uint8_t byte) { return byte == 0xff; });
  }

  std::mt19937 random_;
  std::vector<std::uint8_t> bytes_;
  std::vector<bool> written_;
  std::uint64_t left_ = kForever;
  std::uint64_t work_ = 0;
  std::uint64_t erases_ = 0;
  uh_flash flash_{};
};

}  // namespace unhidra::firmware
