#include "connection_table.h"

#include "client_connection.h"

namespace unhidra::gateway {

void ConnectionTable::insert(ConnectionId id, std::weak_ptr<ClientConnection> connection) {
  auto& target = shard(id);
  const std::lock_guard lock(target.mutex);
  target.connections.insert_or_assign(id, std::move(connection));
}

void ConnectionTable::erase(ConnectionId id) {
  auto& target = shard(id);
  const std::lock_guard lock(target.mutex);
  target.connections.erase(id);
}

std::shared_ptr<ClientConnection> ConnectionTable::find(ConnectionId id) const {
  const auto& source = shard(id);
  const std::lock_guard lock(source.mutex);
  const auto found = source.connections.find(id);
  return found == source.connections.end() ? nullptr : found->second.lock();
}

std::size_t ConnectionTable::size() const {
  std::size_t total = 0;
  for (const auto& one : shards_) {
    const std::lock_guard lock(one.mutex);
    total += one.connections.size();
  }
  return total;
}

std::vector<std::shared_ptr<ClientConnection>> ConnectionTable::snapshot() const {
  std::vector<std::shared_ptr<ClientConnection>> out;
  for (const auto& one : shards_) {
    const std::lock_guard lock(one.mutex);
    for (const auto& [id, weak] : one.connections) {
      if (auto connection = weak.lock()) {
        out.push_back(std::move(connection));
      }
    }
  }
  return out;
}

}  // namespace unhidra::gateway
