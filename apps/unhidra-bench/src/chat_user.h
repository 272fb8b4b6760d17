#pragma once
// One user of the chat load: a client engine with its store in memory, on one gateway connection
// that is made anew whenever it breaks.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "unhidra/client/engine.h"
#include "unhidra/net/websocket_client.h"

#include "accounts.h"
#include "recorder.h"
#include "tally.h"

namespace unhidra::bench {

// What all users share; everything in it is safe from any thread or set before they start.
struct ChatWorld {
  AccountService& accounts;
  std::shared_ptr<net::TlsClientContext> tls;
  const Clock& clock;
  RandomSource& random;
  Recorder& recorder;
  std::string gateway;  // empty: as each account was told
  std::size_t message_bytes = 100;
  std::atomic<bool> load_on{false};
};

// Lives on the thread of its loop.
class ChatUser : public std::enable_shared_from_this<ChatUser> {
 public:
  ChatUser(ChatWorld& world, boost::asio::io_context& loop, Tally& tally, Account account);

  // Called when a measured message of this user to that peer was acknowledged or given up.
  std::function<void(UserId peer)> on_settled;

  Status start();
  void stop();
  void tick();
  UserId id() const { return account_.user; }
  // Approved, connected and nothing left to do.
  bool ready() const;
  // A message that only opens the session.
  void greet(UserId peer);
  // Greets everybody who has greeted this user.
  void answer_greetings();
  // A measured one, which was due at `due`.
  void send(UserId peer, SteadyTime due);

 private:
  struct Listener;
  void connect();
  void connect_with_token();
  void refresh_then(std::function<void()> next);
  void lost(const std::string& code);
  void give_up_connection(const std::string& code);
  void take_actions();
  void take_actions_once();
  void see(const client::Event& event);
  void see_state(const client::Message& message);
  void see_received(const client::Message& message);
  void note(const Status& status);
  void count_error(const std::string& code) { ++tally_.errors[code]; }
  void queue(UserId peer, SteadyTime due, SteadyTime now);

  ChatWorld& world_;
  boost::asio::io_context& loop_;
  Tally& tally_;
  Account account_;
  client::MemoryStore store_;
  std::optional<client::Engine> engine_;
  boost::asio::steady_timer retry_;
  std::shared_ptr<Listener> listener_;
  std::shared_ptr<net::WebSocketConnection> connection_;
  std::optional<Timestamp> token_expires_at_;
  std::unordered_map<MessageId, UserId> under_way_;
  std::vector<UserId> greeted_by_;
  bool refreshing_ = false;
  bool stopped_ = false;
  bool taking_ = false;
  bool take_again_ = false;
};

}  // namespace unhidra::bench
