#pragma once
// A member of the channel load that keeps its group: it joins by its Welcome and follows commits,
// so that what those cost a member can be measured.

#include "unhidra/mls/group.h"

#include "accounts.h"
#include "arrivals.h"
#include "device_link.h"
#include "lean_device.h"

namespace unhidra::bench {

// Lives on the thread of its loop.
class ChannelWitness {
 public:
  // `random` and `clock` outlive it; `loop` runs in nobody else's hands while a call lasts.
  ChannelWitness(const Account& account, RandomSource& random, const Clock& clock,
                 boost::asio::io_context& loop);

  // Connects and publishes its keys.
  Status publish(net::WebSocketClientSettings gateway);

  // CPU milliseconds of this thread: what waits for the server is no part of it.
  struct Work {
    double cpu_ms = 0;
    std::size_t bytes = 0;  // of what the server gave for it
  };
  // By the Welcome in its inbox, after it was brought in. The bytes are Welcome and tree.
  Result<Work> join(ConversationId channel);
  // Reads the log up to and with the commit of this number. The figures are of that commit alone.
  Result<Work> follow(std::uint64_t seq);

  std::uint64_t epoch() const { return group_->context().epoch; }
  // What came on its own connection. Not while the loop runs on another thread.
  const Arrivals& arrivals() const { return arrivals_; }

 private:
  Task<Result<wire::InboxEntry>> fetch_welcome();
  Task<Result<Bytes>> fetch_tree(std::uint64_t seq);
  mls::Environment environment() const;

  RandomSource& random_;
  const Clock& clock_;
  boost::asio::io_context& loop_;
  LeanDevice device_;
  std::shared_ptr<DeviceLink> link_;
  std::optional<mls::OwnKeyPackage> key_package_;
  ConversationId channel_;
  std::optional<mls::Group> group_;
  std::uint64_t cursor_ = 0;  // of the channel's log
  Arrivals arrivals_;
};

}  // namespace unhidra::bench
