#include "host_store.h"

#include "unhidra/base/codec.h"
#include "unhidra/client/errc.h"

#include "unhidra_core.h"

namespace unhidra::core {

namespace {

constexpr std::uint8_t kHostTable = 0;
// A host that answers more is wrong, and its answer is not allocated.
constexpr std::int32_t kMaxFound = 256 * 1024 * 1024;

std::unexpected<Error> failed(std::string message) {
  return fail(client::Errc::store_failed, std::move(message));
}

}  // namespace

HostStore::HostStore(std::uint32_t store, std::span<const Byte, client::RecordSealer::kKeySize> key,
                     const crypto::Provider& crypto, RandomSource& random)
    : store_(store), sealer_(crypto, random, key, "unhidra core store") {}

Result<Bytes> HostStore::take(std::int32_t size) const {
  if (size < 0 || size > kMaxFound) {
    return failed("the host could not read its records");
  }
  Bytes out(static_cast<std::size_t>(size));
  if (unhidra_host_store_take(store_, out.data(), static_cast<std::uint32_t>(size)) != 0) {
    return failed("the host could not hand over a record");
  }
  return out;
}

Result<std::optional<SecretBytes>> HostStore::get(std::uint8_t table, ByteView key) {
  const auto name = sealer_.name_of(table, key);
  const auto size = unhidra_host_store_get(store_, name.data());
  if (size == UNHIDRA_HOST_ABSENT) {
    return std::optional<SecretBytes>();
  }
  UNHIDRA_TRY(const auto sealed, take(size));
  UNHIDRA_TRY(auto record, sealer_.open(name, sealed));
  if (record.key != to_bytes(key)) {
    return fail(client::Errc::corrupt_store, "a record of the store was changed from outside");
  }
  return std::optional(std::move(record.value));
}

Result<std::optional<SecretBytes>> HostStore::get(client::Table table, ByteView key) {
  return get(static_cast<std::uint8_t>(table), key);
}

Result<std::vector<client::Record>> HostStore::load(client::Table table) {
  const auto kind = sealer_.kind_of(static_cast<std::uint8_t>(table));
  UNHIDRA_TRY(const auto found, take(unhidra_host_store_load(store_, kind.data())));
  std::vector<client::Record> out;
  ByteReader reader(found);
  while (!reader.failed() && reader.remaining() != 0) {
    const auto name = reader.raw(client::RecordSealer::Name().size());
    const auto sealed = reader.bytes(found.size());
    if (reader.failed()) {
      return failed("the host's records are cut off");
    }
    UNHIDRA_TRY(auto record, sealer_.open(name, sealed));
    out.push_back(std::move(record));
  }
  return out;
}

Status HostStore::change(ByteWriter& out, std::uint8_t table, ByteView key, const ByteView* value) {
  const auto name = sealer_.name_of(table, key);
  out.u8(value != nullptr ? 1 : 0).raw(name);
  if (value != nullptr) {
    UNHIDRA_TRY(const auto sealed, sealer_.seal(name, key, *value));
    out.raw(sealer_.kind_of(table)).bytes(sealed);
  }
  return {};
}

Status HostStore::write(ByteView changes) const {
  const auto size = static_cast<std::uint32_t>(changes.size());
  if (size != changes.size() || unhidra_host_store_commit(store_, changes.data(), size) != 0) {
    return failed("the host could not keep the changes");
  }
  return {};
}

Status HostStore::commit(std::span<client::Mutation> mutations) {
  ByteWriter out;
  for (const auto& mutation : mutations) {
    const auto value = mutation.value ? mutation.value->expose() : ByteView();
    UNHIDRA_TRY_VOID(change(out, static_cast<std::uint8_t>(mutation.table), mutation.key,
                            mutation.value ? &value : nullptr));
  }
  return write(out.view());
}

Result<std::optional<SecretBytes>> HostStore::get_value(ByteView name) {
  return get(kHostTable, name);
}

Status HostStore::put_value(ByteView name, ByteView value) {
  ByteWriter out;
  UNHIDRA_TRY_VOID(change(out, kHostTable, name, &value));
  return write(out.view());
}

Status HostStore::remove_value(ByteView name) {
  ByteWriter out;
  UNHIDRA_TRY_VOID(change(out, kHostTable, name, nullptr));
  return write(out.view());
}

}  // namespace unhidra::core
