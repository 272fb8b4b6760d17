#pragma once
// What the whole clients of the channel load have done.

#include <array>
#include <map>
#include <string_view>

#include "arrivals.h"
#include "tally.h"

namespace unhidra::bench {

// What is done in the channel, each at a rate of its own.
enum class ChannelAct : std::uint8_t { message, reply, reaction };
inline constexpr std::array kChannelActs{ChannelAct::message, ChannelAct::reply,
                                         ChannelAct::reaction};
constexpr std::string_view to_string(ChannelAct act) {
  switch (act) {
    case ChannelAct::message:
      return "messages";
    case ChannelAct::reply:
      return "replies";
    case ChannelAct::reaction:
      return "reactions";
  }
  return "";
}

// What one thread of whole clients has done and seen. Not shared while the load runs.
struct ChannelLog {
  struct Asked {
    ChannelAct act;
    SteadyTime due;
  };
  Tally tally;
  std::map<MessageId, Asked> asked;
  Arrivals arrivals;
  std::uint64_t read = 0;  // cursors moved: each is a receipt where receipts are sent
};

}  // namespace unhidra::bench
