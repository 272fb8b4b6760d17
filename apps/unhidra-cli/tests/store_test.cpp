// The profile on disk: what is sealed stays sealed, and every damage is noticed.

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "unhidra/testkit/seeded_random.h"
#include "unhidra/testkit/temp_dir.h"

#include "errc.h"
#include "profile.h"

namespace unhidra::cli {
namespace {

using client::Mutation;
using client::Table;

class StoreTest : public ::testing::Test {
 protected:
  testkit::TempDir folder;
  testkit::SeededRandom random{1};
  const crypto::Provider& crypto = crypto::native_provider();
  const std::string path = folder / "store.db";

  static StoreKey key(Byte fill) {
    StoreKey out;
    std::ranges::fill(out.expose_mutable(), fill);
    return out;
  }
  std::unique_ptr<SealedStore> open(Byte fill = 7) {
    auto store = SealedStore::open(path, key(fill), crypto, random);
    EXPECT_TRUE(store) << (store ? "" : store.error().message());
    return store ? std::move(*store) : nullptr;
  }
  static void put(SealedStore& store, Table table, std::string_view name, std::string_view value) {
    Mutation mutation{table, to_bytes(name), SecretBytes::copy_of(as_bytes(value))};
    ASSERT_TRUE(store.commit({&mutation, 1}));
  }
  static std::optional<std::string> get(SealedStore& store, Table table, std::string_view name) {
    auto value = store.get(table, as_bytes(name));
    EXPECT_TRUE(value) << (value ? "" : value.error().message());
    if (!value || !*value) {
      return std::nullopt;
    }
    return std::string(as_text((*value)->expose()));
  }
  // Every file of the folder as one string.
  std::string all_files() const {
    std::string out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      if (entry.is_regular_file()) {
        std::ifstream file(entry.path(), std::ios::binary);
        out.append(std::istreambuf_iterator<char>(file), {});
      }
    }
    return out;
  }
};

TEST_F(StoreTest, KeepsRecordsAcrossReopening) {
  {
    auto store = open();
    put(*store, Table::message, "one", "first");
    put(*store, Table::message, "two", "second");
    put(*store, Table::user, "one", "other table");
    put(*store, Table::message, "one", "changed");
    Mutation gone{Table::message, to_bytes("two"), std::nullopt};
    ASSERT_TRUE(store->commit({&gone, 1}));
  }
  auto store = open();
  EXPECT_EQ(get(*store, Table::message, "one"), "changed");
  EXPECT_EQ(get(*store, Table::message, "two"), std::nullopt);
  EXPECT_EQ(get(*store, Table::user, "one"), "other table");
  const auto users = store->load(Table::user);
  ASSERT_TRUE(users);
  ASSERT_EQ(users->size(), 1U);
  EXPECT_EQ(as_text(users->front().key), "one");
  EXPECT_TRUE(store->load(Table::outbox)->empty());
}

TEST_F(StoreTest, FilesHoldNeitherContentsNorNames) {
  auto store = open();
  put(*store, Table::message, "conversation-with-bob", "the vault code is 4711");
  ASSERT_TRUE(store->put_value("login", as_bytes("refresh-token-0123456789")));
  const auto files = all_files();
  ASSERT_GT(files.size(), 1000U);
  for (const auto* text :
       {"vault code", "conversation-with-bob", "refresh-token", "4711", "login"}) {
    EXPECT_EQ(files.find(text), std::string::npos) << text;
  }
}

TEST_F(StoreTest, IsReadableByItsOwnerAlone) {
  auto store = open();
  put(*store, Table::message, "a", "b");
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    struct stat info{};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 077, 0U) << entry.path();
  }
}

TEST_F(StoreTest, AnotherKeyIsRefused) {
  open(7);
  const auto other = SealedStore::open(path, key(8), crypto, random);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error(), Errc::wrong_passphrase);
}

TEST_F(StoreTest, AChangedRecordIsNoticed) {
  {
    auto store = open();
    put(*store, Table::message, "one", std::string(2000, 'x'));
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  // The longest run without a zero byte is in the sealed record.
  std::size_t best = 0;
  std::size_t best_size = 0;
  for (std::size_t at = 0, start = 0; at < bytes.size(); ++at) {
    if (bytes[at] == 0) {
      start = at + 1;
    } else if (at - start > best_size) {
      best_size = at - start;
      best = at - best_size / 2;
    }
  }
  ASSERT_GT(best_size, 200U);
  bytes[best] = static_cast<char>(bytes[best] ^ 1);
  file.clear();
  file.seekp(0);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  auto store = open();
  const auto read = store->get(Table::message, as_bytes("one"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), Errc::bad_profile);
}

VaultOptions with_passphrase(std::string_view passphrase) {
  VaultOptions out;
  out.passphrase_given = true;
  out.cost = {.memory_kib = 64, .passes = 1};
  out.ask = [passphrase](bool) -> Result<SecretBytes> {
    return SecretBytes::copy_of(as_bytes(passphrase));
  };
  return out;
}

TEST_F(StoreTest, TheVaultOpensWithItsPassphraseAlone) {
  const std::string vault = folder / "vault";
  const auto made = create_vault(vault, crypto, random, with_passphrase("correct horse"));
  ASSERT_TRUE(made);
  const auto again = open_vault(vault, crypto, with_passphrase("correct horse"));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *made);
  const auto wrong = open_vault(vault, crypto, with_passphrase("battery staple"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error(), Errc::wrong_passphrase);
  EXPECT_EQ(exit_code_of(wrong.error()), ExitCode::authentication);
  EXPECT_EQ(all_files().find(as_text(made->expose())), std::string::npos);
}

TEST_F(StoreTest, EveryChangedByteOfTheVaultIsNoticed) {
  const std::string vault = folder / "vault";
  ASSERT_TRUE(create_vault(vault, crypto, random, with_passphrase("p")));
  std::ifstream file(vault, std::ios::binary);
  const std::string good(std::istreambuf_iterator<char>(file), {});
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    std::ofstream(vault, std::ios::binary | std::ios::trunc) << bad;
    EXPECT_FALSE(open_vault(vault, crypto, with_passphrase("p"))) << at;
  }
}

class FakeKeychain final : public Keychain {
 public:
  Status put(const std::string& name, const StoreKey& key) override {
    keys.emplace(name, key.clone());
    return {};
  }
  Result<StoreKey> get(const std::string& name) override {
    const auto found = keys.find(name);
    if (found == keys.end()) {
      return fail(Errc::no_passphrase, "none");
    }
    return found->second.clone();
  }
  std::map<std::string, StoreKey> keys;
};

TEST_F(StoreTest, AKeychainNeedsNoPassphrase) {
  const std::string vault = folder / "vault";
  FakeKeychain keychain;
  VaultOptions options;
  options.keychain = &keychain;
  options.ask = [](bool) -> Result<SecretBytes> {
    ADD_FAILURE() << "asked for a passphrase";
    return fail(Errc::no_passphrase, "");
  };
  const auto made = create_vault(vault, crypto, random, options);
  ASSERT_TRUE(made);
  EXPECT_EQ(keychain.keys.size(), 1U);
  EXPECT_EQ(*open_vault(vault, crypto, options), *made);
  options.keychain = nullptr;
  EXPECT_EQ(open_vault(vault, crypto, options).error(), Errc::no_passphrase);
}

TEST_F(StoreTest, AProfileServesOneProcessAtATime) {
  const std::string directory = folder / "profile";
  {
    auto first = Profile::open(directory);
    ASSERT_TRUE(first);
    const auto second = Profile::open(directory);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), Errc::locked);
    EXPECT_NE(second.error().message().find(std::to_string(::getpid())), std::string::npos);
    first->settings = {"https://a:1", "wss://a:2/v1/ws", "ann", "PEM\n", "00ff"};
    ASSERT_TRUE(first->save_settings());
  }
  const auto again = Profile::open(directory);
  ASSERT_TRUE(again) << "the lock goes with its process";
  EXPECT_EQ(again->settings.gateway, "wss://a:2/v1/ws");
  EXPECT_EQ(again->settings.ca_pem, "PEM\n");
}

TEST_F(StoreTest, TheLoginAndTheGenerationAreRemembered) {
  auto store = open();
  EXPECT_FALSE(load_login(*store)->has_value());
  const LoginState login{"access", from_unix_micros(123), "refresh", "retry"};
  ASSERT_TRUE(save_login(*store, login));
  const auto loaded = load_login(*store);
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->refresh_token, "refresh");
  EXPECT_EQ((*loaded)->access_expires_at, from_unix_micros(123));
  const auto device = DeviceId(Uuid{1});
  {
    GenerationFile file(folder / "state", device);
    EXPECT_EQ(file.last(), 0U);
    file.remember(41);
    file.remember(40);
  }
  EXPECT_EQ(GenerationFile(folder / "state", device).last(), 41U);
  EXPECT_EQ(GenerationFile("", device).last(), 0U);
}

}  // namespace
}  // namespace unhidra::cli
