// The ring log, with the power going at every byte.
#include <string>

#include "fake_flash.h"

extern "C" {
#include "uh/ring.h"
}

namespace unhidra::firmware {
namespace {

std::vector<std::uint8_t> message(std::uint32_t number) {
  std::vector<std::uint8_t> out(4 + number * 7 % 40, static_cast<std::uint8_t>(number));
  out[0] = static_cast<std::uint8_t>(number >> 8);
  return out;
}

uh_status append(uh_ring& ring, std::uint32_t number) {
  const auto bytes = message(number);
  return uh_ring_append(&ring, bytes.data(), bytes.size());
}

std::vector<std::uint8_t> read(uh_ring& ring, std::uint32_t number) {
  std::vector<std::uint8_t> out(256);
  std::size_t size = 0;
  const auto status = uh_ring_read(&ring, number, out.data(), out.size(), &size);
  EXPECT_EQ(status, UH_OK) << number;
  out.resize(status == UH_OK ? size : 0);
  return out;
}

// Messages have the numbers of the ring, so what is read tells whether it is the right one.
void expect_sound(uh_ring& ring) {
  for (std::uint32_t i = ring.first; i != ring.next; ++i) {
    ASSERT_EQ(read(ring, i), message(i)) << i;
  }
}

TEST(RingLog, KeepsMessagesInOrderUntilTheyAreDone) {
  FakeFlash flash(256, 6);
  uh_ring ring;
  ASSERT_EQ(uh_ring_open(&ring, flash.get(), 1, 4), UH_OK);
  EXPECT_EQ(uh_ring_waiting(&ring), 0U);
  for (std::uint32_t i = 0; i < 200; ++i) {
    ASSERT_EQ(append(ring, i), UH_OK);
    if (i % 3 == 2) {
      uh_ring_done(&ring, i - 1);
    }
    expect_sound(ring);
  }
  EXPECT_EQ(ring.lost, 0U);
  EXPECT_EQ(ring.next, 200U);
  ASSERT_EQ(uh_ring_open(&ring, flash.get(), 1, 4), UH_OK);
  EXPECT_EQ(ring.next, 200U);
  EXPECT_EQ(ring.first, 197U);
  expect_sound(ring);
  EXPECT_EQ(flash.bytes()[0], 0xff);
  EXPECT_EQ(flash.bytes().back(), 0xff);
}

TEST(RingLog, TheOldestMakeRoomAndAreCounted) {
  FakeFlash flash(256, 3);
  uh_ring ring;
  ASSERT_EQ(uh_ring_open(&ring, flash.get(), 0, 3), UH_OK);
  for (std::uint32_t i = 0; i < 100; ++i) {
    ASSERT_EQ(append(ring, i), UH_OK);
  }
  EXPECT_GT(ring.lost, 50U);
  EXPECT_EQ(ring.lost, ring.first);
  expect_sound(ring);
  const auto lost = ring.lost;
  ASSERT_EQ(uh_ring_open(&ring, flash.get(), 0, 3), UH_OK);
  EXPECT_EQ(ring.lost, lost);
  EXPECT_EQ(ring.first, lost);
  EXPECT_EQ(ring.next, 100U);
  std::size_t size = 0;
  std::uint8_t out[256];
  EXPECT_EQ(uh_ring_read(&ring, 0, out, sizeof out, &size), UH_STATE);
  EXPECT_EQ(uh_ring_read(&ring, 100, out, sizeof out, &size), UH_STATE);
  EXPECT_EQ(uh_ring_read(&ring, 99, out, 1, &size), UH_NO_SPACE);
}

TEST(RingLog, SaysWhatNeverFits) {
  FakeFlash flash(256, 2);
  uh_ring ring;
  EXPECT_EQ(uh_ring_open(&ring, flash.get(), 0, 1), UH_STORAGE);
  ASSERT_EQ(uh_ring_open(&ring, flash.get(), 0, 2), UH_OK);
  const std::vector<std::uint8_t> large(uh_ring_max_message(&ring) + 1, 9);
  EXPECT_EQ(uh_ring_append(&ring, large.data(), large.size()), UH_NO_SPACE);
  EXPECT_EQ(uh_ring_append(&ring, large.data(), large.size() - 1), UH_OK);
  EXPECT_EQ(uh_ring_append(&ring, large.data(), large.size() - 1), UH_OK);
  EXPECT_EQ(uh_ring_waiting(&ring), 2U);
}

// One life: what a device does until the power goes. Answers what it knows to be true.
struct Known {
  std::uint32_t appended = 0;  // messages that were answered for
  std::uint32_t done = 0;
};

void live(uh_ring& ring, Known& known, std::mt19937& random, unsigned steps) {
  for (unsigned i = 0; i < steps; ++i) {
    if (random() % 3 == 0 && uh_ring_waiting(&ring) > 0) {
      known.done = std::max(known.done, ring.first + 1);
      uh_ring_done(&ring, ring.first);
    } else if (append(ring, ring.next) != UH_OK) {
      return;
    } else {
      known.appended = ring.next;
    }
  }
}

void expect_nothing_forgotten(uh_ring& ring, const Known& known, std::uint64_t cut) {
  ASSERT_TRUE(ring.next == known.appended || ring.next == known.appended + 1)
      << "cut at " << cut << ": " << ring.next << " for " << known.appended;
  // What is gone was done, or is counted.
  if (ring.first > known.done) {
    ASSERT_GE(ring.lost, ring.first - known.done) << "cut at " << cut;
  }
  for (std::uint32_t i = ring.first; i != ring.next; ++i) {
    std::uint8_t out[256];
    std::size_t size = 0;
    const auto status = uh_ring_read(&ring, i, out, sizeof out, &size);
    // Bits of the sector that was being erased may have gone; nothing else may.
    if (status == UH_CORRUPT && i - ring.first < 8) {
      continue;
    }
    ASSERT_EQ(status, UH_OK) << "cut at " << cut << ", message " << i;
    ASSERT_EQ(std::vector(out, out + size), message(i)) << "cut at " << cut;
  }
}

TEST(RingLog, EveryWriteMayBeCutAtEveryByte) {
  constexpr unsigned kSteps = 60;
  FakeFlash whole(256, 3);
  uh_ring ring;
  ASSERT_EQ(uh_ring_open(&ring, whole.get(), 0, 3), UH_OK);
  Known known;
  std::mt19937 random(5);
  live(ring, known, random, kSteps);
  ASSERT_GT(ring.lost, 0U);
  for (std::uint64_t cut = 1; cut <= whole.work(); ++cut) {
    FakeFlash flash(256, 3, static_cast<std::uint32_t>(cut));
    ASSERT_EQ(uh_ring_open(&ring, flash.get(), 0, 3), UH_OK);
    flash.cut_after(cut);
    known = {};
    random.seed(5);
    live(ring, known, random, kSteps);
    flash.restart();
    ASSERT_EQ(uh_ring_open(&ring, flash.get(), 0, 3), UH_OK);
    expect_nothing_forgotten(ring, known, cut);
    if (HasFatalFailure()) {
      return;
    }
    for (int i = 0; i < 40; ++i) {
      ASSERT_EQ(append(ring, ring.next), UH_OK) << cut;
    }
    expect_sound(ring);
  }
}

TEST(RingLog, SurvivesTwoThousandLivesOnTheSameFlash) {
  FakeFlash flash(256, 4, 77);
  std::mt19937 random(77);
  Known known;
  for (int life = 0; life < 2'000; ++life) {
    flash.restart();
    uh_ring ring;
    ASSERT_EQ(uh_ring_open(&ring, flash.get(), 0, 4), UH_OK);
    expect_nothing_forgotten(ring, known, static_cast<std::uint64_t>(life));
    if (HasFatalFailure()) {
      return;
    }
    known.appended = ring.next;
    known.done = ring.first;
    flash.cut_after(1 + random() % 900);
    live(ring, known, random, 40);
  }
  EXPECT_GT(known.appended, 5'000U);
}

}  // namespace
}  // namespace unhidra::firmware
