#include "connection_table.h"

#include "unhidra/base/codec.h"

#include "client_connection.h"

namespace unhidra::gateway {

bool Revocation::covers(const access::Principal& principal) const {
  switch (kind) {
    case Kind::session:
      return principal.session_id.uuid() == id;
    case Kind::device:
      return principal.device_id && principal.device_id->uuid() == id;
    case Kind::user:
    case Kind::roles:
      return principal.user_id.uuid() == id;
  }
  return false;
}

Result<Revocation> Revocation::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const auto kind = reader.u8();
  Revocation out{static_cast<Kind>(kind), reader.array<16>()};
  UNHIDRA_TRY_VOID(reader.finish("a revocation"));
  if (kind < 1 || kind > 4) {
    return fail(unhidra::Errc::invalid, "a revocation of an unknown kind");
  }
  return out;
}

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
