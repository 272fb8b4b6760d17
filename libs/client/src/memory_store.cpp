#include "unhidra/client/store.h"

namespace unhidra::client {

Result<std::optional<SecretBytes>> MemoryStore::get(Table table, ByteView key) {
  const auto found = records_.find({table, to_bytes(key)});
  if (found == records_.end()) {
    return std::optional<SecretBytes>();
  }
  return std::optional<SecretBytes>(found->second.clone());
}

Result<std::vector<Record>> MemoryStore::load(Table table) {
  std::vector<Record> out;
  for (const auto& [place, value] : records_) {
    if (place.first == table) {
      out.push_back({place.second, value.clone()});
    }
  }
  return out;
}

Status MemoryStore::commit(std::span<const Mutation> mutations) {
  for (const auto& mutation : mutations) {
    if (mutation.value) {
      records_.insert_or_assign({mutation.table, mutation.key}, mutation.value->clone());
    } else {
      records_.erase({mutation.table, mutation.key});
    }
  }
  return {};
}

}  // namespace unhidra::client
