#include <set>
#include <thread>

#include "unhidra/chat/errc.h"

#include "chat_fixture.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;

class KeyDirectory : public ChatTest {
 protected:
  Result<HandedOut> fetch(const TestDevice& asker, UserId user, bool with_one_time = true) {
    const wire::FetchPreKeyBundles request{.user_id = user, .device_ids = {}};
    return write([&](Transaction& tx) {
      return hand_out_bundles(tx, asker.asker, request, with_one_time, clock_.now());
    });
  }
};

TEST_P(KeyDirectory, HandsOutEachOneTimePrekeyOnceAndThenNone) {
  const auto org = make_org("acme");
  const auto alice = ready_device(org, make_user(org, "alice"));
  const auto bob = ready_device(org, make_user(org, "bob"));
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 10; ++i) {
    const auto out = fetch(alice, bob.asker.user_id);
    ASSERT_TRUE(out);
    ASSERT_EQ(out->bundles.bundles.size(), 1U);
    ASSERT_TRUE(out->bundles.bundles[0].one_time_pre_key);
    EXPECT_TRUE(seen.insert(out->bundles.bundles[0].one_time_pre_key->id).second);
  }
  const auto out = fetch(alice, bob.asker.user_id);
  ASSERT_TRUE(out);
  EXPECT_FALSE(out->bundles.bundles[0].one_time_pre_key);
  EXPECT_TRUE(out->bundles.bundles[0].signed_pre_key);
  ASSERT_EQ(out->low.size(), 1U);
  EXPECT_EQ(out->low[0].second, 0U);
}

TEST_P(KeyDirectory, ParallelFetchesShareNoOneTimePrekey) {
  constexpr int kFetches = 1000;
  constexpr std::uint32_t kKeys = 400;
  const auto org = make_org("acme");
  const auto alice = ready_device(org, make_user(org, "alice"));
  auto bob = make_device(org, make_user(org, "bob"));
  for (std::uint32_t first = 1; first <= kKeys; first += 100) {
    const auto upload = bob.upload(random_, clock_.now(), first, 100);
    ASSERT_TRUE(
        write([&](Transaction& tx) { return store_keys(tx, bob.asker, upload, clock_.now()); }));
  }
  std::mutex mutex;
  std::multiset<std::uint32_t> handed_out;
  int failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 20; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kFetches / 20; ++i) {
        const auto out = fetch(alice, bob.asker.user_id);
        const std::lock_guard lock(mutex);
        if (!out) {
          ++failures;
        } else if (const auto& key = out->bundles.bundles.at(0).one_time_pre_key) {
          handed_out.insert(key->id);
        }
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(handed_out.size(), kKeys);
  EXPECT_EQ(std::set<std::uint32_t>(handed_out.begin(), handed_out.end()).size(), kKeys);
}

TEST_P(KeyDirectory, OverAskedTargetsKeepTheirOneTimePrekeys) {
  const auto org = make_org("acme");
  const auto alice = ready_device(org, make_user(org, "alice"));
  const auto bob = ready_device(org, make_user(org, "bob"));
  const auto out = fetch(alice, bob.asker.user_id, false);
  ASSERT_TRUE(out);
  EXPECT_FALSE(out->bundles.bundles[0].one_time_pre_key);
  EXPECT_EQ(*read([&](Transaction& tx) { return count_prekeys(tx, bob.asker.device_id); }), 10U);
}

TEST_P(KeyDirectory, UsedPrekeyIdsNeverComeBack) {
  const auto org = make_org("acme");
  const auto device = ready_device(org, make_user(org, "alice"));
  const auto again = device.upload(random_, clock_.now(), 10, 1);
  const auto status =
      write([&](Transaction& tx) { return store_keys(tx, device.asker, again, clock_.now()); });
  ASSERT_FALSE(status);
  EXPECT_TRUE(status.error() == Errc::prekey_id_reused);
}

TEST_P(KeyDirectory, LongTermKeysOfADeviceAreFixed) {
  const auto org = make_org("acme");
  const auto device = ready_device(org, make_user(org, "alice"));
  auto other = make_device(org, device.asker.user_id);
  other.asker = device.asker;
  const auto upload = other.upload(random_, clock_.now(), 50, 1);
  const auto status =
      write([&](Transaction& tx) { return store_keys(tx, device.asker, upload, clock_.now()); });
  ASSERT_FALSE(status);
  EXPECT_TRUE(status.error() == Errc::keys_fixed);
}

TEST_P(KeyDirectory, RefusesUploadsThatMayNotBeStored) {
  const auto org = make_org("acme");
  const auto device = make_device(org, make_user(org, "alice"));
  const auto good = device.upload(random_, clock_.now(), 1, 3);
  const auto check = [&](const wire::PublishKeys& upload) {
    return check_upload(provider_, device.asker.device_id, upload, clock_.now());
  };
  ASSERT_TRUE(check(good));
  std::vector<std::pair<std::string, std::function<void(wire::PublishKeys&)>>> breaks = {
      {"all-zero identity key", [](auto& u) { u.identity_key.fill(0); }},
      {"low-order identity key", [](auto& u) { u.identity_key = {1}; }},
      {"low-order one-time prekey", [](auto& u) { u.one_time_pre_keys[0].public_key.fill(0); }},
      {"duplicate one-time id",
       [](auto& u) { u.one_time_pre_keys[1].id = u.one_time_pre_keys[0].id; }},
      {"broken signature", [](auto& u) { u.signed_pre_key->signature[5] ^= 1; }},
      {"signed prekey swapped",
       [](auto& u) { std::swap(u.signed_pre_key, u.last_resort_pre_key); }},
      {"signature over another id", [](auto& u) { u.signed_pre_key->id += 1; }},
      {"made in the far future",
       [](auto& u) { u.signed_pre_key->created_at += std::chrono::days(30); }},
  };
  for (const auto& [what, apply] : breaks) {
    auto broken = good;
    apply(broken);
    EXPECT_FALSE(check(broken)) << what;
  }
  auto too_many = device.upload(random_, clock_.now(), 1, 101);
  EXPECT_FALSE(check(too_many));
}

TEST_P(KeyDirectory, StaysWithinTheOrganisation) {
  const auto acme = make_org("acme");
  const auto other = make_org("other");
  const auto alice = ready_device(acme, make_user(acme, "alice"));
  const auto mallory = ready_device(other, make_user(other, "mallory"));
  const auto out = fetch(mallory, alice.asker.user_id);
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->bundles.bundles.empty());
  EXPECT_EQ(*read([&](Transaction& tx) { return count_prekeys(tx, alice.asker.device_id); }), 10U);
}

TEST_P(KeyDirectory, RevokedDevicesGetNoSessions) {
  const auto org = make_org("acme");
  const auto alice = ready_device(org, make_user(org, "alice"));
  const auto bob = ready_device(org, make_user(org, "bob"));
  revoke(bob);
  const auto out = fetch(alice, bob.asker.user_id);
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->bundles.bundles.empty());
}

TEST_P(KeyDirectory, DigestIsWhatTheClientComputes) {
  const auto org = make_org("acme");
  const auto device = make_device(org, make_user(org, "alice"));
  const auto upload = device.upload(random_, clock_.now(), 1, 1);
  ASSERT_TRUE(
      write([&](Transaction& tx) { return store_keys(tx, device.asker, upload, clock_.now()); }));
  identity::PublishedKeys mine;
  mine.device = {device.asker.device_id, device.identity.public_key(), device.signing.public_key()};
  mine.signed_prekey = {.id = upload.signed_pre_key->id,
                        .key = crypto::X25519PublicKey(upload.signed_pre_key->public_key)};
  mine.last_resort_prekey = {.id = upload.last_resort_pre_key->id,
                             .key = crypto::X25519PublicKey(upload.last_resort_pre_key->public_key),
                             .last_resort = true};
  const auto digest =
      read([&](Transaction& tx) { return key_digest(provider_, tx, device.asker); });
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->digest, identity::key_digest(provider_, mine));
}

INSTANTIATE_TEST_SUITE_P(Databases, KeyDirectory, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });

}  // namespace
}  // namespace unhidra::chat
