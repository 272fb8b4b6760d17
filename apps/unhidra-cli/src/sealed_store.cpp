#include "sealed_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include "unhidra/storage/database.h"

#include "errc.h"

namespace unhidra::cli {

std::span<const storage::Migration> store_migrations();

namespace {

constexpr std::uint8_t kHostTable = 0;
constexpr std::string_view kCheck = "check";

struct Change {
  client::RecordSealer::Name name;
  client::RecordSealer::Kind kind;
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

// What the sealer finds damaged is this program's profile.
Result<client::Record> unseal(const client::RecordSealer& sealer, ByteView name, ByteView sealed) {
  auto record = sealer.open(name, sealed);
  if (!record) {
    return fail(Errc::bad_profile, record.error().message());
  }
  return record;
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
    : database_(std::move(database)), sealer_(crypto, random, key.expose(), "unhidra cli store") {}
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

Result<std::optional<SecretBytes>> SealedStore::get(std::uint8_t table, ByteView key) {
  const auto name = sealer_.name_of(table, key);
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
  UNHIDRA_TRY(auto record, unseal(sealer_, name, *sealed));
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
  const auto kind = sealer_.kind_of(static_cast<std::uint8_t>(table));
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
    UNHIDRA_TRY(auto record, unseal(sealer_, name, sealed));
    out.push_back(std::move(record));
  }
  return out;
}

Status SealedStore::commit(std::span<client::Mutation> mutations) {
  std::vector<Change> changes;
  changes.reserve(mutations.size());
  for (const auto& mutation : mutations) {
    const auto table = static_cast<std::uint8_t>(mutation.table);
    Change change{sealer_.name_of(table, mutation.key), sealer_.kind_of(table), std::nullopt};
    if (mutation.value) {
      UNHIDRA_TRY(change.sealed, sealer_.seal(change.name, mutation.key, mutation.value->expose()));
    }
    changes.push_back(std::move(change));
  }
  return write_all(*database_, changes);
}

Result<std::optional<SecretBytes>> SealedStore::get_value(std::string_view name) {
  return get(kHostTable, as_bytes(name));
}

Status SealedStore::put_value(std::string_view name, ByteView value) {
  Change change{sealer_.name_of(kHostTable, as_bytes(name)), sealer_.kind_of(kHostTable),
                std::nullopt};
  UNHIDRA_TRY(change.sealed, sealer_.seal(change.name, as_bytes(name), value));
  return write_all(*database_, {change});
}

Status SealedStore::remove_value(std::string_view name) {
  return write_all(*database_,
                   {Change{sealer_.name_of(kHostTable, as_bytes(name)), {}, std::nullopt}});
}

}  // namespace unhidra::cli
