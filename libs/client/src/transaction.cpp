#include "transaction.h"

namespace unhidra::client {

Result<std::optional<SecretBytes>> Transaction::get(Table table, ByteView key) const {
  const auto changed = changes_.find({table, to_bytes(key)});
  if (changed == changes_.end()) {
    return store_->get(table, key);
  }
  if (!changed->second) {
    return std::optional<SecretBytes>();
  }
  return std::optional<SecretBytes>(changed->second->clone());
}

Result<std::vector<Record>> Transaction::load(Table table) const {
  UNHIDRA_TRY(auto records, store_->load(table));
  std::erase_if(records,
                [&](const Record& record) { return changes_.contains({table, record.key}); });
  for (const auto& [key, value] : changes_) {
    if (key.first == table && value) {
      records.push_back({key.second, value->clone()});
    }
  }
  return records;
}

void Transaction::put(Table table, ByteView key, SecretBytes value) {
  changes_.insert_or_assign({table, to_bytes(key)}, std::optional(std::move(value)));
}

void Transaction::remove(Table table, ByteView key) {
  changes_.insert_or_assign({table, to_bytes(key)}, std::nullopt);
}

Status Transaction::commit() {
  if (changes_.empty()) {
    return {};
  }
  std::vector<Mutation> mutations;
  mutations.reserve(changes_.size());
  while (!changes_.empty()) {
    auto change = changes_.extract(changes_.begin());
    auto& [table, key] = change.key();
    mutations.push_back({table, std::move(key), std::move(change.mapped())});
  }
  return store_->commit(mutations);
}

}  // namespace unhidra::client
