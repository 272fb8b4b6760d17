#include "unhidra/identity/prekeys.h"

#include <gtest/gtest.h>

#include "people.h"

namespace unhidra::identity {
namespace {

class PreKeys : public testing::Test {
 protected:
  PreKeyBundle bundle() {
    return {.device = device_.keys,
            .signed_prekey = device_.prekey(5, false),
            .one_time_prekey = OneTimePreKey{9, device_.new_key()}};
  }
  PublishedKeys upload() {
    return {.device = device_.keys,
            .signed_prekey = device_.prekey(5, false),
            .last_resort_prekey = device_.prekey(6, true)};
  }

  TestDevice device_{21};
  TestDevice other_{22};
};

TEST_F(PreKeys, ABundleSurvivesTheJourneyAndVerifies) {
  for (const bool last_resort : {false, true}) {
    for (const bool one_time : {false, true}) {
      auto sent = bundle();
      sent.signed_prekey = device_.prekey(7, last_resort);
      if (!one_time) {
        sent.one_time_prekey.reset();
      }
      const auto received = decode_prekey_bundle(encode(sent));
      ASSERT_TRUE(received) << received.error().message();
      EXPECT_EQ(*received, sent);
      EXPECT_TRUE(verify(provider(), device_.keys, *received));
    }
  }
}

TEST_F(PreKeys, AnyFlippedBitThatIsSignedIsRefused) {
  auto sent = bundle();
  sent.one_time_prekey.reset();  // a one-time prekey is not signed: X3DH notices a swapped one
  const auto bytes = encode(sent);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto changed = bytes;
    changed[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
    const auto received = decode_prekey_bundle(changed);
    EXPECT_FALSE(received && verify(provider(), device_.keys, *received)) << "bit " << bit;
  }
}

TEST_F(PreKeys, TruncatedAndProlongedBundlesAreRefused) {
  auto bytes = encode(bundle());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode_prekey_bundle(ByteView(bytes).first(size)).error(), Errc::malformed) << size;
  }
  bytes.push_back(0);
  EXPECT_EQ(decode_prekey_bundle(bytes).error(), Errc::malformed);
}

TEST_F(PreKeys, ABundleWithOtherKeysThanTheDeviceListIsRefused) {
  auto swapped = bundle();
  swapped.device.identity_key = other_.keys.identity_key;
  EXPECT_EQ(verify(provider(), device_.keys, swapped).error(), Errc::device_changed);
  auto foreign = bundle();
  foreign.signed_prekey = other_.prekey(5, false);
  EXPECT_EQ(verify(provider(), device_.keys, foreign).error(), Errc::bad_signature);
}

TEST_F(PreKeys, ASignatureCountsForOneDeviceOneIdAndOneRole) {
  const auto prekey = device_.prekey(5, false);
  auto changed = prekey;
  changed.id = 6;
  EXPECT_EQ(verify(provider(), device_.keys, changed).error(), Errc::bad_signature);
  changed = prekey;
  changed.last_resort = true;
  EXPECT_EQ(verify(provider(), device_.keys, changed).error(), Errc::bad_signature);
  changed = prekey;
  changed.created_at += std::chrono::hours(1);
  EXPECT_EQ(verify(provider(), device_.keys, changed).error(), Errc::bad_signature);
  auto same_keys_other_id = device_.keys;
  same_keys_other_id.device_id = other_.keys.device_id;
  EXPECT_EQ(verify(provider(), same_keys_other_id, prekey).error(), Errc::bad_signature);
}

TEST_F(PreKeys, AgeIsLimitedUnlessLastResort) {
  const auto max_age = std::chrono::hours(24 * 30);
  EXPECT_TRUE(check_age(device_.prekey(1, false), kNow + max_age, max_age));
  EXPECT_EQ(check_age(device_.prekey(1, false), kNow + max_age + std::chrono::seconds(1), max_age)
                .error(),
            Errc::out_of_date);
  EXPECT_TRUE(check_age(device_.prekey(1, true), kNow + 10 * max_age, max_age));
  for (const bool last_resort : {false, true}) {
    EXPECT_EQ(
        check_age(device_.prekey(1, last_resort), kNow - std::chrono::hours(25), max_age).error(),
        Errc::out_of_date);
  }
}

TEST_F(PreKeys, AnUploadIsCheckedWhole) {
  const auto good = upload();
  std::vector<OneTimePreKey> one_time;
  for (PreKeyId id = 0; id < kMaxOneTimePreKeysPerUpload; ++id) {
    one_time.push_back({id, device_.new_key()});
  }
  EXPECT_TRUE(verify_upload(provider(), good, one_time));

  auto bad = good;
  bad.signed_prekey.signature.mutable_bytes()[0] ^= 1;
  EXPECT_EQ(verify_upload(provider(), bad, {}).error(), Errc::bad_signature);
  bad = good;
  bad.last_resort_prekey.signature.mutable_bytes()[0] ^= 1;
  EXPECT_EQ(verify_upload(provider(), bad, {}).error(), Errc::bad_signature);
  bad = good;
  std::swap(bad.signed_prekey, bad.last_resort_prekey);
  EXPECT_EQ(verify_upload(provider(), bad, {}).error(), Errc::malformed);
  bad = good;
  bad.device.identity_key = {};
  EXPECT_EQ(verify_upload(provider(), bad, {}).error(), Errc::bad_key);
  bad = good;
  bad.signed_prekey =
      sign_prekey(provider(), device_.signing, device_.keys.device_id, 5, {}, kNow, false);
  EXPECT_EQ(verify_upload(provider(), bad, {}).error(), Errc::bad_key)
      << "a low-order key, though properly signed";

  one_time.push_back({1'000, device_.new_key()});
  EXPECT_EQ(verify_upload(provider(), good, one_time).error(), Errc::malformed);
  one_time.resize(3);
  one_time[2].id = one_time[0].id;
  EXPECT_EQ(verify_upload(provider(), good, one_time).error(), Errc::duplicate);
  one_time[2] = {2, one_time[0].key};
  EXPECT_EQ(check_one_time_prekeys(one_time).error(), Errc::duplicate);
  one_time[2].key = {};
  EXPECT_EQ(check_one_time_prekeys(one_time).error(), Errc::bad_key);
}

TEST_F(PreKeys, TheKeyDigestChangesWithEveryPart) {
  const auto keys = upload();
  const auto digest = key_digest(provider(), keys);
  EXPECT_EQ(key_digest(provider(), keys), digest);
  std::vector<PublishedKeys> others(6, keys);
  others[0].device.identity_key = other_.keys.identity_key;
  others[1].device.signing_key = other_.keys.signing_key;
  others[2].signed_prekey.id += 1;
  others[3].signed_prekey.key = device_.new_key();
  others[4].last_resort_prekey.id += 1;
  others[5].last_resort_prekey.key = device_.new_key();
  for (const auto& other : others) {
    EXPECT_NE(key_digest(provider(), other), digest);
  }
}

}  // namespace
}  // namespace unhidra::identity
