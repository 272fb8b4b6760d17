#include "channel_figures.h"

#include <gtest/gtest.h>

#include "group_frames.h"

namespace unhidra::bench {
namespace {

using std::chrono::milliseconds;

void arrive(Arrivals& arrivals, Byte number, std::initializer_list<int> times) {
  for (const int time : times) {
    arrivals.note(event_frame(entry(number)), at(time));
  }
}

TEST(ChannelFigures, OnlyWhatReachedEverybodyHasALastArrival) {
  ChannelLog log;
  log.asked[message(1)] = {ChannelAct::message, at(10)};
  log.asked[message(2)] = {ChannelAct::message, at(10)};
  log.asked[message(3)] = {ChannelAct::reaction, at(10)};
  Arrivals arrivals;
  arrive(arrivals, 1, {12, 15, 13});
  arrive(arrivals, 2, {12, 900});
  arrive(arrivals, 3, {20, 21, 22});
  const auto messages = act_figures(ChannelAct::message, log, arrivals, 3);
  EXPECT_EQ(messages.sent, 2U);
  EXPECT_EQ(messages.complete, 1U);
  EXPECT_EQ(messages.to_first.largest(), milliseconds(2));
  EXPECT_EQ(messages.to_last.largest(), milliseconds(5));
  EXPECT_EQ(act_figures(ChannelAct::reaction, log, arrivals, 3).complete, 1U);
  EXPECT_EQ(act_figures(ChannelAct::reply, log, arrivals, 3).sent, 0U);
}

TEST(ChannelFigures, WhatNobodyAskedForSinceTheBeginningIsCounted) {
  ChannelLog log;
  log.asked[message(1)] = {ChannelAct::message, at(10)};
  Arrivals arrivals;
  arrive(arrivals, 1, {12, 13});
  arrive(arrivals, 2, {14, 15, 16});  // a receipt
  arrive(arrivals, 3, {5, 6});        // from before
  const auto more = unasked(log, arrivals, at(10));
  EXPECT_EQ(more.entries, 1U);
  EXPECT_EQ(more.arrivals, 3U);
}

}  // namespace
}  // namespace unhidra::bench
