#pragma once
// The changes of one call to the engine, committed at once.

#include "unhidra/client/store.h"

namespace unhidra::client {

class Transaction {
 public:
  explicit Transaction(Store& store) : store_(&store) {}

  // Sees the changes that are not committed yet.
  Result<std::optional<SecretBytes>> get(Table table, ByteView key) const;
  Result<std::vector<Record>> load(Table table) const;
  void put(Table table, ByteView key, SecretBytes value);
  void remove(Table table, ByteView key);

  bool empty() const { return changes_.empty(); }
  // By table and key; without a value: removed.
  const auto& changes() const { return changes_; }
  // Forgets the changes afterwards, whether they could be committed or not.
  Status commit();
  void clear() { changes_.clear(); }

 private:
  Store* store_;
  std::map<std::pair<Table, Bytes>, std::optional<SecretBytes>> changes_;
};

}  // namespace unhidra::client
