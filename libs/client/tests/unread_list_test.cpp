#include "unread_list.h"

#include <gtest/gtest.h>

#include "unhidra/testkit/seeded_random.h"

namespace unhidra::client {
namespace {

// The counts as somebody would make them who looks at everything.
void expect_counted(const UnreadList& list) {
  std::uint64_t timeline = 0;
  std::uint64_t mentions = 0;
  std::map<std::uint64_t, UnreadCounts> threads;
  for (const auto& [seq, one] : list.entries()) {
    mentions += one.mention ? 1 : 0;
    if (one.root) {
      ++threads[*one.root].messages;
      threads[*one.root].mentions += one.mention ? 1 : 0;
    } else {
      ++timeline;
    }
  }
  EXPECT_EQ(list.in_timeline(), timeline);
  EXPECT_EQ(list.mentions(), mentions);
  ASSERT_EQ(list.threads().size(), threads.size());
  for (const auto& [root, counts] : threads) {
    EXPECT_EQ(list.in_thread(root).messages, counts.messages);
    EXPECT_EQ(list.in_thread(root).mentions, counts.mentions);
  }
}

TEST(UnreadList, IsTheSameFromItsBlocks) {
  testkit::SeededRandom random;
  UnreadList list;
  for (int i = 0; i < 200; ++i) {
    UnreadRecord record{random.below(2) == 0, std::nullopt};
    if (random.below(3) == 0) {
      record.root = random.below(1'000'000);
    }
    list.put(random.below(1000), record);
  }
  UnreadList again;
  for (std::uint64_t block = 0; block <= UnreadList::block_of(1000); ++block) {
    if (const auto record = list.encode_block(block)) {
      ASSERT_TRUE(again.take_block(block, record->expose()));
    }
  }
  expect_counted(again);
  ASSERT_EQ(again.size(), list.size());
  for (const auto& [seq, one] : list.entries()) {
    ASSERT_NE(again.find(seq), nullptr);
    EXPECT_EQ(again.find(seq)->mention, one.mention);
    EXPECT_EQ(again.find(seq)->root, one.root);
  }
  EXPECT_FALSE(list.encode_block(UnreadList::block_of(1000) + 1));
  for (const Bytes& damaged :
       {Bytes{}, Bytes{2}, Bytes{1, 128, 0}, Bytes{1, 0}, Bytes{1, 0, 4}, Bytes{1, 0, 2}}) {
    UnreadList none;
    EXPECT_FALSE(none.take_block(0, damaged));
  }
}

TEST(UnreadList, CountsWhatComesGoesAndChanges) {
  testkit::SeededRandom random;
  UnreadList list;
  for (int i = 0; i < 3000; ++i) {
    const auto seq = random.below(60);
    if (random.below(3) == 0) {
      list.erase(seq);
    } else {
      UnreadRecord record{random.below(2) == 0, std::nullopt};
      if (random.below(2) == 0) {
        record.root = random.below(5);
      }
      list.put(seq, record);
    }
    expect_counted(list);
  }
  for (std::uint64_t seq = 0; seq < 60; ++seq) {
    list.erase(seq);
  }
  EXPECT_TRUE(list.empty());
  EXPECT_TRUE(list.threads().empty());
  EXPECT_EQ(list.in_timeline() + list.mentions(), 0U);
}

}  // namespace
}  // namespace unhidra::client
