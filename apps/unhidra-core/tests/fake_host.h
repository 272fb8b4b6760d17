#pragma once
// The host's side of the interface, in memory: what a JavaScript host does, natively.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "unhidra/base/bytes.h"

namespace unhidra::core::fake {

struct Store {
  struct Entry {
    ByteArray<16> kind;
    Bytes content;
  };
  std::map<ByteArray<32>, Entry> entries;
  bool fails = false;  // every function answers a failure
};

struct Host {
  std::map<std::uint32_t, Store> stores;
  std::int64_t now = 1'795'382'120'000'000;
  std::int64_t steady = 1'000'000'000;
  // Called from within each host function, to try what must be refused.
  std::function<void()> on_call;
  Bytes pending;
};

Host& host();
// A host without records.
void reset();

}  // namespace unhidra::core::fake
