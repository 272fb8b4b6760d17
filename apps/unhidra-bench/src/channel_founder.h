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

  // A commit with a path: in a tree in which nobody has renewed his keys its secrets are sealed for
  // each of the others.
  struct PathCommit {
    std::uint64_t seq = 0;    // in the channel's log
    std::uint64_t epoch = 0;  // that it begins
    std::size_t sealed = 0;   // path secrets
    std::size_t bytes = 0;    // of the MLSMessage
    std::size_t request_bytes = 0;
    double make_cpu_ms = 0;
    std::chrono::nanoseconds answered{};  // from the request to the server's answer
    std::uint32_t attempts = 0;           // more than one when others wrote meanwhile
  };
  Result<PathCommit> renew_keys();

  ConversationId channel() const { return channel_; }
  std::uint32_t members() const;
  // What came on its own connection. Not while the loop runs on another thread.
  const Arrivals& arrivals() const { return arrivals_; }

 private:
  Task<Status> make_group();
  Task<Status> add(std::vector<mls::Proposal> additions);
  Task<Status> claim(UserId user, std::vector<mls::Proposal>& out);
  Status catch_up(const wire::StaleGroup& stale);
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
