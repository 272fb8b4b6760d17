#pragma once
// A user of a load that is a whole client: an engine with its store in memory, on one gateway
// connection that is made anew whenever it breaks.

#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "unhidra/client/engine.h"
#include "unhidra/net/websocket_client.h"

#include "accounts.h"
#include "tally.h"

namespace unhidra::bench {

// What all users share; everything in it is safe from any thread or set before they start.
struct EngineWorld {
  AccountService& accounts;
  std::shared_ptr<net::TlsClientContext> tls;
  const Clock& clock;
  RandomSource& random;
  std::string gateway;  // empty: as each account was told
};

// The subprotocols, address and encryption of a connection to the gateway.
Result<net::WebSocketClientSettings> gateway_settings(const std::string& gateway,
                                                      const std::string& access_token,
                                                      std::shared_ptr<net::TlsClientContext> tls);

// Lives on the thread of its loop.
class EngineUser : public std::enable_shared_from_this<EngineUser> {
 public:
  EngineUser(EngineWorld& world, boost::asio::io_context& loop, Tally& tally, Account account);
  virtual ~EngineUser() = default;
  EngineUser(const EngineUser&) = delete;
  EngineUser& operator=(const EngineUser&) = delete;

  Status start();
  void stop();
  void tick();
  UserId id() const { return account_.user; }
  // Approved, connected and nothing left to do.
  bool ready() const;

 protected:
  // What the engine tells, after its own part of the frame is done.
  virtual void see(const client::Event& event) = 0;
  // Each frame of the server, before the engine gets it.
  virtual void heard(ByteView /*frame*/) {}

  client::Engine& engine() { return *engine_; }
  const Account& account() const { return account_; }
  const Clock& clock() const { return world_.clock; }
  Tally& tally() { return tally_; }
  // Sends what the engine has to send; after every command.
  void take_actions();
  void count_error(const std::string& code) { ++tally_.errors[code]; }
  // Counts what should not happen in a load of honest peers; true when the event was such.
  bool count_trouble(const client::Event& event);

 private:
  struct Listener;
  void connect();
  void connect_with_token();
  void refresh_then(std::function<void()> next);
  void lost(const std::string& code);
  void give_up_connection(const std::string& code);
  void take_actions_once();
  void note(const Status& status);

  EngineWorld& world_;
  boost::asio::io_context& loop_;
  Tally& tally_;
  Account account_;
  client::MemoryStore store_;
  std::optional<client::Engine> engine_;
  boost::asio::steady_timer retry_;
  std::shared_ptr<Listener> listener_;
  std::shared_ptr<net::WebSocketConnection> connection_;
  std::optional<Timestamp> token_expires_at_;
  bool refreshing_ = false;
  bool stopped_ = false;
  bool taking_ = false;
  bool take_again_ = false;
};

}  // namespace unhidra::bench
