// The journal and the counters, with the power going at every byte.
#include <set>
#include <string>

#include "fake_flash.h"

extern "C" {
#include "uh/counters.h"
#include "uh/journal.h"
}

namespace unhidra::firmware {
namespace {

// A record that says which one it is, of a size of its own.
std::vector<std::uint8_t> record(unsigned number) {
  std::vector<std::uint8_t> out(4 + number * 37 % 90, static_cast<std::uint8_t>(number));
  out[0] = static_cast<std::uint8_t>(number >> 8);
  return out;
}

std::vector<std::uint8_t> read(const uh_journal& journal) {
  std::vector<std::uint8_t> out(512);
  std::size_t size = 0;
  out.resize(uh_journal_read(&journal, out.data(), out.size(), &size) == UH_OK ? size : 0);
  return out;
}

TEST(Journal, GivesBackTheLastRecordAfterAnyNumberOfThem) {
  FakeFlash flash(256, 5);
  uh_journal journal;
  ASSERT_EQ(uh_journal_open(&journal, flash.get(), 1, 2), UH_OK);
  std::size_t size = 0;
  std::uint8_t byte = 0;
  EXPECT_EQ(uh_journal_read(&journal, &byte, 1, &size), UH_STATE);
  for (unsigned i = 1; i < 300; ++i) {
    const auto wanted = record(i);
    ASSERT_EQ(uh_journal_write(&journal, wanted.data(), wanted.size()), UH_OK);
    EXPECT_EQ(read(journal), wanted);
    ASSERT_EQ(uh_journal_open(&journal, flash.get(), 1, 2), UH_OK);
    ASSERT_EQ(read(journal), wanted) << i;
  }
  EXPECT_EQ(flash.bytes()[0], 0xff);  // its neighbours' sectors
  EXPECT_LT(flash.erases(), 150U);    // several records share a sector
}

TEST(Journal, RefusesWhatNeverFitsAndKeepsWhatIsThere) {
  FakeFlash flash(256, 2);
  uh_journal journal;
  EXPECT_EQ(uh_journal_open(&journal, flash.get(), 1, 1), UH_STORAGE);
  ASSERT_EQ(uh_journal_open(&journal, flash.get(), 0, 1), UH_OK);
  const auto wanted = record(1);
  ASSERT_EQ(uh_journal_write(&journal, wanted.data(), wanted.size()), UH_OK);
  const std::vector<std::uint8_t> large(241);
  EXPECT_EQ(uh_journal_write(&journal, large.data(), large.size()), UH_NO_SPACE);
  EXPECT_EQ(read(journal), wanted);
  EXPECT_EQ(uh_journal_write(&journal, large.data(), 240), UH_OK);
}

TEST(Journal, EveryWriteMayBeCutAtEveryByte) {
  constexpr unsigned kRecords = 12;
  FakeFlash whole(256, 2);
  uh_journal journal;
  ASSERT_EQ(uh_journal_open(&journal, whole.get(), 0, 1), UH_OK);
  for (unsigned i = 1; i <= kRecords; ++i) {
    const auto one = record(i);
    ASSERT_EQ(uh_journal_write(&journal, one.data(), one.size()), UH_OK);
  }
  ASSERT_GT(whole.work(), 500U);
  for (std::uint64_t cut = 1; cut <= whole.work(); ++cut) {
    FakeFlash flash(256, 2, static_cast<std::uint32_t>(cut));
    ASSERT_EQ(uh_journal_open(&journal, flash.get(), 0, 1), UH_OK);
    flash.cut_after(cut);
    unsigned last = 0;
    while (last < kRecords) {
      const auto one = record(last + 1);
      if (uh_journal_write(&journal, one.data(), one.size()) != UH_OK) {
        break;
      }
      ++last;
    }
    flash.restart();
    ASSERT_EQ(uh_journal_open(&journal, flash.get(), 0, 1), UH_OK);
    const auto found = read(journal);
    const bool is_last = last == 0 ? found.empty() : found == record(last);
    ASSERT_TRUE(is_last || found == record(last + 1)) << "cut at " << cut << " after " << last;
    // And it goes on from there.
    for (unsigned i = 20; i < 30; ++i) {
      const auto next = record(i);
      ASSERT_EQ(uh_journal_write(&journal, next.data(), next.size()), UH_OK) << cut;
      ASSERT_EQ(uh_journal_open(&journal, flash.get(), 0, 1), UH_OK);
      ASSERT_EQ(read(journal), next) << cut;
    }
  }
}

TEST(Journal, FlashThatForgetsIsNotBelieved) {
  FakeFlash flash(256, 2);
  uh_journal journal;
  ASSERT_EQ(uh_journal_open(&journal, flash.get(), 0, 1), UH_OK);
  const auto first = record(1);
  const auto second = record(2);
  ASSERT_EQ(uh_journal_write(&journal, first.data(), first.size()), UH_OK);
  ASSERT_EQ(uh_journal_write(&journal, second.data(), second.size()), UH_OK);
  flash.bytes()[journal.record_at + UH_FLASH_UNIT + 1] ^= 1;
  ASSERT_EQ(uh_journal_open(&journal, flash.get(), 0, 1), UH_OK);
  EXPECT_EQ(read(journal), first);
}

uh_group a_group() {
  uh_group group{};
  group.id[0] = 7;
  group.current.number = 3;
  return group;
}

// Seals once and answers the counter that the payload names.
std::uint32_t seal(uh_group& group) {
  const std::uint8_t seed[32] = {};
  std::uint8_t out[128];
  std::size_t size = 0;
  const uh_content content{};
  const std::uint32_t counter = group.own.next;
  EXPECT_EQ(
      uh_group_seal(&group, seed, "t", 1, UH_TELEMETRY, false, &content, out, sizeof out, &size),
      UH_OK);
  return counter;
}

TEST(Counters, NoneIsUsedTwiceInTenThousandLossesOfPower) {
  FakeFlash flash(256, 2, 42);
  std::mt19937 random(42);
  std::set<std::uint32_t> used;
  uh_group stored = a_group();  // as flash has it: mostly older than the counters
  for (int life = 0; life < 10'000; ++life) {
    flash.restart();
    uh_counters counters;
    uh_group group = stored;
    ASSERT_EQ(uh_counters_open(&counters, flash.get(), 0, 1), UH_OK);
    ASSERT_EQ(uh_counters_resume(&counters, &group), UH_OK);
    if (life % 64 == 0) {
      stored = group;
    }
    flash.cut_after(1 + random() % 120);
    // Most lives are short; some need another block.
    const unsigned payloads = life % 400 == 0 ? UH_COUNTER_BLOCK + 6 : 2;
    for (unsigned i = 0; i < payloads; ++i) {
      if (uh_counters_ready(&counters, &group) != UH_OK) {
        ASSERT_TRUE(flash.is_dead());
        break;
      }
      ASSERT_TRUE(used.insert(seal(group)).second) << "twice, in life " << life;
    }
  }
  EXPECT_GT(used.size(), 10'000U);
}

TEST(Counters, OneRecordIsWrittenForABlock) {
  FakeFlash flash(256, 2);
  uh_counters counters;
  uh_group group = a_group();
  ASSERT_EQ(uh_counters_open(&counters, flash.get(), 0, 1), UH_OK);
  for (unsigned i = 0; i < 2 * UH_COUNTER_BLOCK; ++i) {
    ASSERT_EQ(uh_counters_ready(&counters, &group), UH_OK);
    seal(group);
  }
  EXPECT_LE(flash.work(), 2U * 48 + 2 * UH_FLASH_UNIT);
}

TEST(Counters, AGroupOfAnEarlierEpochIsNotGoneOnWith) {
  FakeFlash flash(256, 2);
  uh_counters counters;
  uh_group group = a_group();
  ASSERT_EQ(uh_counters_open(&counters, flash.get(), 0, 1), UH_OK);
  ASSERT_EQ(uh_counters_ready(&counters, &group), UH_OK);
  uh_group older = a_group();
  older.current.number = 2;
  EXPECT_EQ(uh_counters_resume(&counters, &older), UH_STALE);
  uh_group newer = a_group();
  newer.current.number = 4;
  EXPECT_EQ(uh_counters_resume(&counters, &newer), UH_OK);
  EXPECT_EQ(newer.own.next, 0U);
}

TEST(Counters, MoreGroupsThanThereIsRoomForAreRefused) {
  FakeFlash flash(256, 2);
  uh_counters counters;
  ASSERT_EQ(uh_counters_open(&counters, flash.get(), 0, 1), UH_OK);
  for (unsigned i = 0; i < UH_MAX_COUNTERS; ++i) {
    uh_group group = a_group();
    group.id[1] = static_cast<std::uint8_t>(i);
    ASSERT_EQ(uh_counters_ready(&counters, &group), UH_OK);
  }
  uh_group group = a_group();
  group.id[1] = 99;
  EXPECT_EQ(uh_counters_ready(&counters, &group), UH_NO_SPACE);
  EXPECT_EQ(uh_group_reserved(&group), 0U);
}

}  // namespace
}  // namespace unhidra::firmware
