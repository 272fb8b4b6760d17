#pragma once
// A whole client of the channel load: it writes, answers in threads, reacts and reads.

#include "channel_log.h"
#include "engine_user.h"

namespace unhidra::bench {

struct ChannelWorld {
  EngineWorld engines;
  std::size_t message_bytes = 100;
  bool reads = false;  // whoever receives something in the timeline reads it at once
};

// Lives on the thread of its loop.
class ChannelUser final : public EngineUser {
 public:
  ChannelUser(ChannelWorld& world, boost::asio::io_context& loop, ChannelLog& log, Account account);

  // It is in the channel and has nothing left to do.
  bool in_channel() const { return channel_ && ready(); }
  // A message that is not measured, so that there is something to answer and to react to.
  void greet();
  bool has_latest() const { return latest_.has_value(); }
  std::uint64_t epoch();  // of the channel; 0: not in it
  // Due at `due`. Nothing to answer or to react to yet: an error is counted.
  void act(ChannelAct act, SteadyTime due);

 private:
  void see(const client::Event& event) override;
  void heard(ByteView frame) override;
  void see_message(const client::Message& message);
  Result<MessageId> do_it(ChannelAct act);

  ChannelWorld& world_;
  ChannelLog& log_;
  std::optional<ConversationId> channel_;
  std::optional<client::MessageRef> latest_;  // of the timeline
  bool reacts_ = false;
};

}  // namespace unhidra::bench
