#pragma once
// Runs one engine over one gateway connection: moves frames, ticks, keeps the token fresh, connects
// again. Everything happens on the calling thread, inside run_until().

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/client/engine.h"

#include "profile.h"
#include "rest.h"

namespace boost::asio {
class io_context;
}

namespace unhidra::cli {

// Access tokens that are always good for a while: one refresh at a time, stored before it is used.
class TokenKeeper {
 public:
  TokenKeeper(Rest& rest, SealedStore& store, RandomSource& random, const Clock& clock,
              LoginState login);
  // Refreshes when less than `margin` is left, or always with `force`.
  Result<std::string> fresh(std::chrono::seconds margin, bool force = false);

 private:
  Rest* rest_;
  SealedStore* store_;
  RandomSource* random_;
  const Clock* clock_;
  LoginState login_;
};

struct DriverSettings {
  std::string gateway;  // wss://host:port/v1/ws
  net::TlsClientSettings tls;
  bool persistent = false;  // connect again after failures instead of reporting them
};

class Driver {
 public:
  Driver(client::Engine& engine, TokenKeeper& tokens, GenerationFile& generation,
         RandomSource& random, DriverSettings settings);
  ~Driver();

  // Called for every event, on the same thread.
  std::function<void(const client::Event&)> on_event;
  // Called when the connection comes and goes in persistent mode.
  std::function<void(bool connected)> on_connection;

  // Runs until `done` (asked after every event and tick), or for `timeout`: Errc::timed_out. The
  // first connection is made by the first call. Errc::unreachable, untrusted_server, session_ended.
  Status run_until(const std::function<bool()>& done,
                   std::optional<std::chrono::milliseconds> timeout);
  // Takes the engine's actions after a command.
  void flush();
  // The event loop, for whoever reads the terminal in it.
  boost::asio::io_context& context();
  // Ends the connection in an orderly way.
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace unhidra::cli
