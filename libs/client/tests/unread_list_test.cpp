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
