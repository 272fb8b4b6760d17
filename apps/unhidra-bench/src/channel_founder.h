#pragma once
// The member of the channel load that makes the channel and brings the others in.

#include <span>

#include "unhidra/mls/group.h"

#include "accounts.h"
#include "arrivals.h"
#include "device_link.h"
#include "lean_device.h"

namespace unhidra::bench {

// Lives on the thread of its loop.
class ChannelFounder {
 public:
  // `random` and `clock` outlive it; `loop` runs in nobody else's hands while a call lasts.
  ChannelFounder(const Account& account, RandomSource& random, const Clock& clock,
                 boost::asio::io_context& loop);

  // Connects, publishes its keys and makes a public channel of this device alone.
  Status found(net::WebSocketClientSettings gateway);
  // Everybody in `users`, so many with a commit; each has published a KeyPackage.
  Status bring_in(std::span<const UserId> users);

  ConversationId channel() const { return channel_; }
  std::uint32_t members() const;
  // What came on its own connection. Not while the loop runs on another thread.
  const Arrivals& arrivals() const { return arrivals_; }

 private:
  Task<Status> make_group();
  Task<Status> add(std::vector<mls::Proposal> additions);
  Task<Status> claim(UserId user, std::vector<mls::Proposal>& out);
  mls::Environment environment() const;

  RandomSource& random_;
  const Clock& clock_;
  boost::asio::io_context& loop_;
  LeanDevice device_;
  std::shared_ptr<DeviceLink> link_;
  ConversationId channel_;
  std::optional<mls::Group> group_;
  std::uint64_t log_head_ = 0;
  Arrivals arrivals_;
};

}  // namespace unhidra::bench
