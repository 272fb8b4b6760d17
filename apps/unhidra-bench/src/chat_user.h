#pragma once
// One user of the chat load.

#include <atomic>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine_user.h"
#include "recorder.h"

namespace unhidra::bench {

struct ChatWorld {
  EngineWorld engines;
  Recorder& recorder;
  std::size_t message_bytes = 100;
  std::atomic<bool> load_on{false};
};

// Lives on the thread of its loop.
class ChatUser final : public EngineUser {
 public:
  ChatUser(ChatWorld& world, boost::asio::io_context& loop, Tally& tally, Account account);

  // Called when a measured message of this user to that peer was acknowledged or given up.
  std::function<void(UserId peer)> on_settled;

  // A message that only opens the session.
  void greet(UserId peer);
  // Greets everybody who has greeted this user.
  void answer_greetings();
  // A measured one, which was due at `due`.
  void send(UserId peer, SteadyTime due);

 private:
  void see(const client::Event& event) override;
  void see_state(const client::Message& message);
  void see_received(const client::Message& message);
  void queue(UserId peer, SteadyTime due, SteadyTime now);

  ChatWorld& world_;
  std::unordered_map<MessageId, UserId> under_way_;
  std::vector<UserId> greeted_by_;
};

}  // namespace unhidra::bench
