#include "unhidra/client/store.h"

namespace unhidra::client {

Result<std::optional<SecretBytes>> MemoryStore::get(Table table, ByteView key) {
  const auto& records = tables_[table];
  const auto found = records.find(key);
  if (found == records.end()) {
    return std::optional<SecretBytes>();
  }
  return std::optional<SecretBytes>(found->second.clone());
}

Result<std::vector<Record>> MemoryStore::load(Table table) {
  std::vector<Record> out;
  for (const auto& [key, value] : tables_[table]) {
    out.push_back({key, value.clone()});
  }
  std::ranges::sort(out, {}, &Record::key);
  return out;
}

Status MemoryStore::commit(std::span<Mutation> mutations) {
  for (auto& mutation : mutations) {
    auto& records = tables_[mutation.table];
    if (mutation.value) {
      records.insert_or_assign(std::move(mutation.key), *std::move(mutation.value));
    } else {
      records.erase(mutation.key);
    }
  }
  return {};
}

}  // namespace unhidra::client
