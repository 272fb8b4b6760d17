#include "key_packages.h"

#include <mutex>
#include <set>
#include <thread>

#include "unhidra/chat/errc.h"

#include "group_fixture.h"
#include "member_authority.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;

constexpr auto kSuite = static_cast<std::uint32_t>(mls_public::kDefaultCipherSuite);

// Alice asks for Bob's KeyPackages; Bob has two devices.
class KeyPackages : public GroupFixture {
 protected:
  void SetUp() override {
    ChatTest::SetUp();
    if (database_ == nullptr) {
      return;
    }
    org_ = make_org("acme");
    alice_ = make_user(org_, "alice");
    bob_ = make_user(org_, "bob");
    laptop_.emplace(ready_device(org_, alice_));
    desk_.emplace(ready_device(org_, bob_));
    phone_.emplace(ready_device(org_, bob_));
    ASSERT_TRUE(approve(alice_, {&*laptop_}));
    ASSERT_TRUE(approve(bob_, {&*desk_, &*phone_}));
  }
  Status publish(const TestDevice& device, std::vector<Bytes> key_packages) {
    return write([&](Transaction& tx) {
      return store_key_packages(provider_, tx, device.asker, {key_packages}, clock_.now());
    });
  }
  Status publish(const TestDevice& device, int count, bool last_resort = false) {
    std::vector<Bytes> out;
    for (int i = 0; i < count; ++i) {
      out.push_back(message_of(key_package(device, last_resort)));
    }
    return publish(device, std::move(out));
  }
  ClaimedKeyPackages claim(UserId user, bool one_time = true, std::uint32_t suite = kSuite) {
    return *write([&](Transaction& tx) {
      return claim_key_packages(tx, laptop_->asker, {user, suite}, one_time, clock_.now());
    });
  }
  wire::KeyPackageCount count(const TestDevice& device) {
    return *read([&](Transaction& tx) {
      return count_key_packages(tx, device.asker.device_id, kSuite, clock_.now());
    });
  }
  // Refused with this code, and nothing stored.
  void expect_refused(const TestDevice& device, Bytes key_package, Errc code) {
    const auto before = count(device);
    const auto status = publish(device, {message_of(this->key_package(device)), key_package});
    ASSERT_FALSE(status);
    EXPECT_TRUE(status.error() == code) << status.error().message();
    EXPECT_EQ(count(device), before);
  }

  OrgId org_;
  UserId alice_;
  UserId bob_;
  std::optional<TestDevice> laptop_;
  std::optional<TestDevice> desk_;
  std::optional<TestDevice> phone_;
};

TEST_P(KeyPackages, OneForEachDeviceOfTheUserAndEachOnce) {
  ASSERT_TRUE(publish(*desk_, 2));
  ASSERT_TRUE(publish(*phone_, 2));
  std::set<Bytes> seen;
  for (int i = 0; i < 2; ++i) {
    const auto out = claim(bob_).key_packages;
    ASSERT_EQ(out.key_packages.size(), 2U);
    for (const auto& one : out.key_packages) {
      EXPECT_TRUE(seen.insert(one.key_package).second);
      EXPECT_TRUE(mls_public::MlsMessage::parse(one.key_package));
    }
  }
  EXPECT_TRUE(claim(bob_).key_packages.key_packages.empty());
  EXPECT_EQ(count(*desk_).one_time, 0U);
}

TEST_P(KeyPackages, TheLastResortOneServesWhenNothingElseIsLeftAndStays) {
  ASSERT_TRUE(publish(*desk_, 1, true));
  ASSERT_TRUE(publish(*desk_, 1));
  const auto first = claim(bob_).key_packages.key_packages;
  const auto second = claim(bob_).key_packages.key_packages;
  const auto third = claim(bob_).key_packages.key_packages;
  ASSERT_EQ(first.size(), 1U);
  EXPECT_NE(first, second);
  EXPECT_EQ(second, third);
  EXPECT_TRUE(count(*desk_).last_resort);
}

TEST_P(KeyPackages, ANewerLastResortOneTakesThePlaceOfTheOneBefore) {
  ASSERT_TRUE(publish(*desk_, 1, true));
  const auto first = claim(bob_).key_packages.key_packages;
  ASSERT_TRUE(publish(*desk_, 1, true));
  const auto second = claim(bob_).key_packages.key_packages;
  ASSERT_EQ(second.size(), 1U);
  EXPECT_NE(first, second);
}

TEST_P(KeyPackages, OneThatWasHandedOutIsNotTakenAgain) {
  const auto bytes = message_of(key_package(*desk_));
  ASSERT_TRUE(publish(*desk_, {bytes}));
  ASSERT_TRUE(publish(*desk_, {bytes}));  // the answer was lost
  EXPECT_EQ(count(*desk_).one_time, 1U);
  ASSERT_EQ(claim(bob_).key_packages.key_packages.size(), 1U);
  ASSERT_TRUE(publish(*desk_, {bytes}));
  EXPECT_EQ(count(*desk_).one_time, 0U);
  EXPECT_TRUE(claim(bob_).key_packages.key_packages.empty());
}

TEST_P(KeyPackages, WhoAsksTooOftenGetsTheLastResortAlone) {
  ASSERT_TRUE(publish(*desk_, 1));
  EXPECT_TRUE(claim(bob_, false).key_packages.key_packages.empty());
  ASSERT_TRUE(publish(*desk_, 1, true));
  EXPECT_EQ(claim(bob_, false).key_packages.key_packages.size(), 1U);
  EXPECT_EQ(count(*desk_).one_time, 1U);
}

TEST_P(KeyPackages, ADeviceThatRunsLowIsToldSo) {
  ASSERT_TRUE(publish(*desk_, static_cast<int>(kLowKeyPackages) + 1));
  ASSERT_TRUE(publish(*phone_, 1));
  auto low = claim(bob_).low;
  ASSERT_EQ(low.size(), 1U);
  EXPECT_EQ(low[0].first, phone_->asker.device_id);
  EXPECT_EQ(low[0].second, (wire::KeyPackagesLow{kSuite, 0}));
  EXPECT_EQ(claim(bob_).low.size(), 2U);
}

TEST_P(KeyPackages, RevokedDisabledAndForeignDevicesHaveNone) {
  ASSERT_TRUE(publish(*desk_, 3));
  ASSERT_TRUE(publish(*phone_, 3));
  revoke(*phone_);
  EXPECT_EQ(claim(bob_).key_packages.key_packages.size(), 1U);
  const auto elsewhere = make_org("other");
  const auto eve = make_user(elsewhere, "eve");
  const auto hers = ready_device(elsewhere, eve);
  const auto seen = write([&](Transaction& tx) {
    return claim_key_packages(tx, hers.asker, {bob_, kSuite}, true, clock_.now());
  });
  EXPECT_TRUE(seen->key_packages.key_packages.empty());
  EXPECT_TRUE(write([&](Transaction& tx) {
    return tx.execute("UPDATE users SET disabled = 1 WHERE user_id = $1", bob_);
  }));
  EXPECT_TRUE(claim(bob_).key_packages.key_packages.empty());
}

TEST_P(KeyPackages, ExpiredOnesAreNotHandedOut) {
  ASSERT_TRUE(publish(*desk_, 2));
  clock_.advance(std::chrono::hours(24 * 85));
  EXPECT_TRUE(claim(bob_).key_packages.key_packages.empty());
  EXPECT_EQ(count(*desk_).one_time, 0U);
  EXPECT_TRUE(claim(bob_, true, 1).key_packages.key_packages.empty());
}

TEST_P(KeyPackages, WhatMayNotBeStored) {
  expect_refused(*desk_, message_of(key_package(*phone_)), Errc::bad_key_package);
  expect_refused(*desk_, to_bytes("no MLS message"), Errc::bad_key_package);
  expect_refused(*desk_, Bytes(kMaxKeyPackageBytes + 1), Errc::bad_key_package);
  // Another key than the registered one.
  auto stranger = identity_of(*desk_);
  stranger.signature_key = mls::SignatureKeyPair::generate(suite(), random_).value();
  expect_refused(*desk_,
                 message_of(mls::make_key_package(suite(), random_, stranger, lifetime()).value()),
                 Errc::bad_key_package);
  // Longer than any may live, and over.
  const auto with = [&](mls::Lifetime life) {
    return message_of(mls::make_key_package(suite(), random_, identity_of(*desk_), life).value());
  };
  expect_refused(*desk_, with(lifetime(kMaxKeyPackageLifetime)), Errc::bad_key_package);
  expect_refused(*desk_, with({seconds_now() - 100, seconds_now() - 1}), Errc::bad_key_package);
  expect_refused(*desk_, with({seconds_now() + 100, seconds_now() + 200}), Errc::bad_key_package);
  // A signature that was changed.
  auto forged = key_package(*desk_);
  forged.key_package.signature[0] ^= 1;
  expect_refused(*desk_, message_of(forged), Errc::bad_key_package);
  // A suite for which devices register no key.
  const auto p256 =
      mls::Suite::of(provider_, mls_public::CipherSuite::p256_aes128gcm_sha256_p256).value();
  auto other = identity_of(*desk_);
  other.signature_key = mls::SignatureKeyPair::generate(p256, random_).value();
  expect_refused(*desk_,
                 message_of(mls::make_key_package(p256, random_, other, lifetime()).value()),
                 Errc::unsupported_suite);
  ASSERT_FALSE(publish(*desk_, std::vector<Bytes>()));
}

TEST_P(KeyPackages, ADeviceKeepsNoMoreThanItMay) {
  for (std::uint32_t i = 0; i < kMaxStoredKeyPackages; i += 100) {
    ASSERT_TRUE(publish(*desk_, 100));
  }
  const auto status = publish(*desk_, 1);
  ASSERT_FALSE(status);
  EXPECT_TRUE(status.error() == Errc::too_many_key_packages);
  EXPECT_EQ(count(*desk_).one_time, kMaxStoredKeyPackages);
}

TEST_P(KeyPackages, ParallelClaimsNeverGetTheSameOne) {
  constexpr int kEach = 24;
  constexpr int kThreads = 4;
  ASSERT_TRUE(publish(*desk_, kEach * kThreads / 2));
  std::mutex mutex;
  std::multiset<Bytes> seen;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        // A lane each: on PostgreSQL they meet in the table.
        const auto out = database_->write_sync(
            [&](Transaction& tx) {
              return claim_key_packages(tx, laptop_->asker, {bob_, kSuite}, true, clock_.now());
            },
            storage::LaneKey(DeviceId(Uuid{static_cast<Byte>(t)})));
        ASSERT_TRUE(out) << out.error().message();
        const std::lock_guard lock(mutex);
        for (const auto& one : out->key_packages.key_packages) {
          seen.insert(one.key_package);
        }
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kEach * kThreads / 2));
  EXPECT_EQ(std::set<Bytes>(seen.begin(), seen.end()).size(), seen.size());
}

INSTANTIATE_TEST_SUITE_P(Databases, KeyPackages, testing::Values("sqlite", "postgres"),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace unhidra::chat
