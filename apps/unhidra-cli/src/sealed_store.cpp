#include "sealed_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include "unhidra/base/codec.h"
#include "unhidra/storage/database.h"

#include "errc.h"

namespace unhidra::cli {

std::span<const storage::Migration> store_migrations();

namespace {

constexpr auto kAead = crypto::Aead::chacha20_poly1305;
constexpr std::size_t kRounding = 64;
constexpr std::uint8_t kHostTable = 0;
constexpr std::string_view kCheck = "check";

struct Change {
  ByteArray<32> name;
  ByteArray<16> kind;
  std::optional<Bytes> sealed;
};

Status write_all(storage::Database& database, const std::vector<Change>& changes) {
  return database.write_sync([&](storage::Transaction& tx) -> Status {
    for (const auto& change : changes) {
      const auto written = change.sealed
                               ? tx.execute(
                                     "INSERT INTO records (name, kind, value) VALUES ($1, $2, $3) "
                                     "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                                     change.name, change.kind, *change.sealed)
                               : tx.execute("DELETE FROM records WHERE name = $1", change.name);
      if (!written) {
        return fail(written.error());
      }
    }
    return {};
  });
}

Status make_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return fail(Errc::bad_profile, "the store cannot be opened: " + path);
  }
  ::fchmod(fd, 0600);
  ::close(fd);
  return {};
}

}  // namespace

SealedStore::SealedStore(std::unique_ptr<storage::Database> database, const StoreKey& key,
                         const crypto::Provider& crypto, RandomSource& random)
    : database_(std::move(database)), crypto_(&crypto), random_(&random) {
  name_key_ = crypto.hkdf_sha256<32>({}, key.expose(), as_bytes("unhidra cli store: names"));
  seal_key_ = crypto.hkdf_sha256<32>({}, key.expose(), as_bytes("unhidra cli store: contents"));
}
SealedStore::~SealedStore() = default;

Result<std::unique_ptr<SealedStore>> SealedStore::open(const std::string& path, const StoreKey& key,
                                                       const crypto::Provider& crypto,
                                                       RandomSource& random) {
  UNHIDRA_TRY_VOID(make_private_file(path));
  storage::Settings settings;
  settings.url = "sqlite:" + path;
  settings.migrations = store_migrations();
  settings.readers = 1;
  UNHIDRA_TRY(auto database, storage::Database::open(settings));
  std::unique_ptr<SealedStore> store(new SealedStore(std::move(database), key, crypto, random));
  UNHIDRA_TRY_VOID(store->check_key());
  return store;
}

Status SealedStore::check_key() {
  UNHIDRA_TRY(const auto check, get_value(kCheck));
  if (check) {
    return {};
  }
  // Names are blinded: under another key no record is found, though there are some.
  UNHIDRA_TRY(const auto count,
              database_->read_sync([](storage::Transaction& tx) -> Result<std::int64_t> {
                UNHIDRA_TRY(const auto rows, tx.query("SELECT count(*) AS n FROM records"));
                for (const auto row : rows) {
                  return row.get<std::int64_t>(0);
                }
                return 0;
              }));
  if (count != 0) {
    return fail(Errc::wrong_passphrase, "the store was sealed with another key");
  }
  return put_value(kCheck, as_bytes("unhidra"));
}

ByteArray<32> SealedStore::blind(std::uint8_t table, ByteView key) const {
  ByteWriter writer(key.size() + 2);
  writer.u8('r').u8(table).raw(key);
  const auto name = crypto_->hmac_sha256(name_key_.expose(), writer.view());
  ByteArray<32> out;
  std::copy(name.expose().begin(), name.expose().end(), out.begin());
  return out;
}

ByteArray<16> SealedStore::blind_kind(std::uint8_t table) const {
  const ByteArray<2> input{'t', table};
  const auto name = crypto_->hmac_sha256(name_key_.expose(), input);
  ByteArray<16> out;
  std::copy_n(name.expose().begin(), out.size(), out.begin());
  return out;
}

Result<Bytes> SealedStore::seal(const ByteArray<32>& name, ByteView key, ByteView value) {
  ByteWriter writer(key.size() + value.size() + 16 + kRounding);
  writer.bytes(key).bytes(value);
  auto plain = std::move(writer).take();
  plain.resize((plain.size() + kRounding - 1) / kRounding * kRounding);
  const auto record_key = crypto_->hmac_sha256(seal_key_.expose(), name);
  Bytes out(crypto::kAeadNonceSize + plain.size() + crypto::kAeadTagSize);
  const auto nonce = MutableByteView(out).first(crypto::kAeadNonceSize);
  random_->fill(nonce);
  const auto sealed = crypto_->aead_seal(kAead, record_key.expose(), nonce, name, plain,
                                         MutableByteView(out).subspan(crypto::kAeadNonceSize));
  wipe(plain);
  UNHIDRA_TRY_VOID(sealed);
  return out;
}

Result<client::Record> SealedStore::unseal(ByteView name, ByteView sealed) const {
  if (sealed.size() < crypto::kAeadNonceSize + crypto::kAeadTagSize) {
    return fail(Errc::bad_profile, "a record of the store is damaged");
  }
  const auto record_key = crypto_->hmac_sha256(seal_key_.expose(), name);
  SecretBytes plain(sealed.size() - crypto::kAeadNonceSize - crypto::kAeadTagSize);
  const auto opened =
      crypto_->aead_open(kAead, record_key.expose(), sealed.first(crypto::kAeadNonceSize), name,
                         sealed.subspan(crypto::kAeadNonceSize), plain.expose_mutable());
  if (!opened) {
    return fail(Errc::bad_profile, "a record of the store was changed from outside");
  }
  ByteReader reader(plain.expose());
  auto key = to_bytes(reader.bytes(plain.size()));
  auto value = SecretBytes::copy_of(reader.bytes(plain.size()));
  if (reader.failed()) {
    return fail(Errc::bad_profile, "a record of the store is damaged");
  }
  return client::Record{std::move(key), std::move(value)};
}

Result<std::optional<SecretBytes>> SealedStore::get(std::uint8_t table, ByteView key) {
  const auto name = blind(table, key);
  UNHIDRA_TRY(const auto sealed,
              database_->read_sync([&](storage::Transaction& tx) -> Result<std::optional<Bytes>> {
                UNHIDRA_TRY(const auto rows,
                            tx.query("SELECT value FROM records WHERE name = $1", name));
                for (const auto row : rows) {
                  return std::optional(row.get<Bytes>(0));
                }
                return std::optional<Bytes>();
              }));
  if (!sealed) {
    return std::optional<SecretBytes>();
  }
  UNHIDRA_TRY(auto record, unseal(name, *sealed));
  if (record.key != to_bytes(key)) {
    return fail(Errc::bad_profile, "a record of the store was changed from outside");
  }
  return std::optional(std::move(record.value));
}

Result<std::optional<SecretBytes>> SealedStore::get(client::Table table, ByteView key) {
  return get(static_cast<std::uint8_t>(table), key);
}

Result<std::vector<client::Record>> SealedStore::load(client::Table table) {
  using Sealed = std::vector<std::pair<Bytes, Bytes>>;
  const auto kind = blind_kind(static_cast<std::uint8_t>(table));
  UNHIDRA_TRY(const auto found,
              database_->read_sync([&](storage::Transaction& tx) -> Result<Sealed> {
                UNHIDRA_TRY(const auto rows,
                            tx.query("SELECT name, value FROM records WHERE kind = $1", kind));
                Sealed out;
                for (const auto row : rows) {
                  out.emplace_back(row.get<Bytes>(0), row.get<Bytes>(1));
                }
                return out;
              }));
  std::vector<client::Record> out;
  for (const auto& [name, sealed] : found) {
    UNHIDRA_TRY(auto record, unseal(name, sealed));
    out.push_back(std::move(record));
  }
  return out;
}

Status SealedStore::commit(std::span<const client::Mutation> mutations) {
  std::vector<Change> changes;
  changes.reserve(mutations.size());
  for (const auto& mutation : mutations) {
    const auto table = static_cast<std::uint8_t>(mutation.table);
    Change change{blind(table, mutation.key), blind_kind(table), std::nullopt};
    if (mutation.value) {
      UNHIDRA_TRY(change.sealed, seal(change.name, mutation.key, mutation.value->expose()));
    }
    changes.push_back(std::move(change));
  }
  return write_all(*database_, changes);
}

Result<std::optional<SecretBytes>> SealedStore::get_value(std::string_view name) {
  return get(kHostTable, as_bytes(name));
}

Status SealedStore::put_value(std::string_view name, ByteView value) {
  Change change{blind(kHostTable, as_bytes(name)), blind_kind(kHostTable), std::nullopt};
  UNHIDRA_TRY(change.sealed, seal(change.name, as_bytes(name), value));
  return write_all(*database_, {change});
}

Status SealedStore::remove_value(std::string_view name) {
  return write_all(*database_, {Change{blind(kHostTable, as_bytes(name)), {}, std::nullopt}});
}

}  // namespace unhidra::cli
