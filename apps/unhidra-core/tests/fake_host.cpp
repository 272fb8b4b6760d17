#include "fake_host.h"

#include <algorithm>

#include "unhidra/base/codec.h"

#include "unhidra_core.h"

namespace unhidra::core::fake {

Host& host() {
  static Host instance;
  return instance;
}

void reset() {
  host() = {};
}

namespace {

Store* store_of(std::uint32_t number) {
  if (host().on_call) {
    host().on_call();
  }
  auto& store = host().stores[number];
  return store.fails ? nullptr : &store;
}

Status apply(Store& store, ByteView changes) {
  ByteReader reader(changes);
  while (!reader.failed() && reader.remaining() != 0) {
    const bool put = reader.u8() == 1;
    const auto name = reader.array<32>();
    if (!put) {
      store.entries.erase(name);
      continue;
    }
    const auto kind = reader.array<16>();
    store.entries[name] = {kind, to_bytes(reader.bytes(changes.size()))};
  }
  return reader.finish("changes");
}

}  // namespace
}  // namespace unhidra::core::fake

using unhidra::core::fake::host;
using unhidra::core::fake::store_of;

extern "C" {

int64_t unhidra_host_now(void) {
  return host().now;
}
int64_t unhidra_host_steady_now(void) {
  return host().steady;
}

int32_t unhidra_host_store_get(uint32_t number, const uint8_t* name) {
  const auto* store = store_of(number);
  if (store == nullptr) {
    return UNHIDRA_HOST_FAILED;
  }
  unhidra::ByteArray<32> key;
  std::copy_n(name, key.size(), key.begin());
  const auto found = store->entries.find(key);
  if (found == store->entries.end()) {
    return UNHIDRA_HOST_ABSENT;
  }
  host().pending = found->second.content;
  return static_cast<int32_t>(host().pending.size());
}

int32_t unhidra_host_store_load(uint32_t number, const uint8_t* kind) {
  const auto* store = store_of(number);
  if (store == nullptr) {
    return UNHIDRA_HOST_FAILED;
  }
  unhidra::ByteWriter out;
  for (const auto& [name, entry] : store->entries) {
    if (std::equal(entry.kind.begin(), entry.kind.end(), kind)) {
      out.raw(name).bytes(entry.content);
    }
  }
  host().pending = std::move(out).take();
  return static_cast<int32_t>(host().pending.size());
}

int32_t unhidra_host_store_take(uint32_t number, uint8_t* out, uint32_t size) {
  if (store_of(number) == nullptr || host().pending.size() != size) {
    return UNHIDRA_HOST_FAILED;
  }
  std::ranges::copy(host().pending, out);
  host().pending.clear();
  return 0;
}

int32_t unhidra_host_store_commit(uint32_t number, const uint8_t* changes, uint32_t size) {
  auto* store = store_of(number);
  return store != nullptr && unhidra::core::fake::apply(*store, {changes, size})
             ? 0
             : UNHIDRA_HOST_FAILED;
}

}  // extern "C"
