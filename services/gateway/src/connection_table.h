#pragma once
// Every open connection of this process: who it is, since when, what went through. Safe from any
// thread.

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "unhidra/access/principal.h"
#include "unhidra/base/time.h"

namespace unhidra::gateway {

class ClientConnection;

// What an administrator sees of a connection.
struct ConnectionInfo {
  ConnectionId connection_id;
  OrgId org_id;
  UserId user_id;
  DeviceId device_id;
  SessionId session_id;
  std::string ip;
  std::string user_agent;
  Timestamp connected_at{};
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
};

class ConnectionTable {
 public:
  void insert(ConnectionId id, std::weak_ptr<ClientConnection> connection);
  void erase(ConnectionId id);
  std::shared_ptr<ClientConnection> find(ConnectionId id) const;
  std::size_t size() const;

  // The connections there are now; those that are opened meanwhile may be missing.
  std::vector<std::shared_ptr<ClientConnection>> snapshot() const;

 private:
  // Shards keep threads that open and close connections out of each other's way.
  static constexpr std::size_t kShards = 16;
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<ConnectionId, std::weak_ptr<ClientConnection>> connections;
  };
  const Shard& shard(ConnectionId id) const {
    return shards_[std::hash<ConnectionId>{}(id) % kShards];
  }
  Shard& shard(ConnectionId id) { return shards_[std::hash<ConnectionId>{}(id) % kShards]; }
  std::array<Shard, kShards> shards_;
};

}  // namespace unhidra::gateway
