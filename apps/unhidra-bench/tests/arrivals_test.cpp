#include "arrivals.h"

#include <gtest/gtest.h>

#include "group_frames.h"

namespace unhidra::bench {
namespace {

Bytes frame(Byte number) {
  return event_frame(entry(number));
}

TEST(Arrivals, FirstAndLastOfEachMessageAreKeptInWhateverOrderTheyCome) {
  Arrivals arrivals;
  arrivals.note(frame(1), at(20));
  arrivals.note(frame(2), at(21));
  arrivals.note(frame(1), at(10));
  arrivals.note(frame(1), at(30));
  const auto* first = arrivals.find(message(1));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->devices, 3U);
  EXPECT_EQ(first->first, at(10));
  EXPECT_EQ(first->last, at(30));
  EXPECT_EQ(arrivals.find(message(2))->devices, 1U);
  EXPECT_EQ(arrivals.find(message(3)), nullptr);
}

TEST(Arrivals, WhatIsNoMessageOfAGroupIsNotCounted) {
  Arrivals arrivals;
  auto commit = entry(1);
  commit.kind = wire::GroupEntryKind::commit;
  commit.message_id.reset();
  arrivals.note(event_frame(commit), at(1));
  arrivals.note(event_frame(wire::DeviceListChanged{id_of<UserId>(1), 2}), at(1));
  arrivals.note(Bytes{0xFF, 0xFF}, at(1));
  arrivals.note({}, at(1));
  EXPECT_TRUE(arrivals.all().empty());
}

TEST(Arrivals, CountsOfTwoProcessesAddUp) {
  Arrivals one;
  Arrivals two;
  one.note(frame(1), at(10));
  two.note(frame(1), at(5));
  two.note(frame(1), at(7));
  two.note(frame(2), at(9));
  ByteWriter writer;
  two.encode(writer);
  ByteReader reader(writer.view());
  one.merge(Arrivals::decode(reader));
  ASSERT_TRUE(reader.finish("arrivals"));
  EXPECT_EQ(one.find(message(1))->devices, 3U);
  EXPECT_EQ(one.find(message(1))->first, at(5));
  EXPECT_EQ(one.find(message(1))->last, at(10));
  EXPECT_EQ(one.find(message(2))->devices, 1U);
}

}  // namespace
}  // namespace unhidra::bench
