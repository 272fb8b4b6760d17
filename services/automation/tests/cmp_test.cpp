// Where CMP messages go, and how long their transactions are kept. The protocol itself is tested
// with the openssl program (tests/e2e/cmp_test.py).
#include <gtest/gtest.h>

#include "unhidra/crypto/random.h"
#include "unhidra/testkit/fake_clock.h"

#include "enrolment/cmp_desk.h"
#include "enrolment/cmp_face.h"

namespace unhidra::automation {
namespace {

// A message as far as its kind can be read: an empty header, an empty body.
Bytes message_of(pki::CmpBody body) {
  return {0x30, 0x04, 0x30, 0x00, static_cast<Byte>(0xa0 | static_cast<Byte>(body)), 0x00};
}

TEST(CmpPath, IsWhatTheMessageSaysUnderEveryNameOfTheStandard) {
  const auto update = message_of(pki::CmpBody::key_update_request);
  for (const std::string path :
       {"/.well-known/cmp", "/.well-known/cmp/", "/.well-known/cmp/p/devices",
        "/.well-known/cmp/p/devices/keyupdate", "/.well-known/cmp/initialization"}) {
    EXPECT_EQ(cmp_path(path, update), "/.well-known/cmp/keyupdate") << path;
    EXPECT_EQ(cmp_path(path, {}), "/.well-known/cmp/initialization") << path;
  }
  EXPECT_EQ(cmp_path("/.well-known/cmp", message_of(pki::CmpBody::poll_request)),
            "/.well-known/cmp/poll");
  for (const std::string path :
       {"/.well-known/cmp/p/others", "/.well-known/cmp/nothing", "/.well-known/cmpx", "/v1/cmp"}) {
    EXPECT_EQ(cmp_path(path, update), path);
  }
}

class Desk : public testing::Test {
 protected:
  std::unique_ptr<OpenTransaction> open() {
    pki::CmpPeer peer;
    peer.secret = SecretBytes::copy_of(as_bytes("secret"));
    auto transaction = pki::CmpTransaction::begin(authority_, {}, peer).value();
    return std::make_unique<OpenTransaction>(
        OpenTransaction{std::move(transaction), {}, std::nullopt});
  }

  testkit::FakeClock clock_;
  crypto::SystemRandom random_;
  pki::DeviceAuthority authority_ =
      pki::DeviceAuthority::create(
          "authority", {clock_.now(), clock_.now() + std::chrono::hours(1)},
          pki::make_software_signer(pki::generate_signer_key()->expose()).value(), random_)
          .value();
  CmpDesk desk_;
};

TEST_F(Desk, GivesATransactionToOneAlone) {
  const auto now = clock_.now();
  desk_.put({1}, open(), now);
  EXPECT_TRUE(desk_.knows({1}, now));
  EXPECT_FALSE(desk_.knows({2}, now));
  EXPECT_NE(desk_.take({1}, now), nullptr);
  EXPECT_EQ(desk_.take({1}, now), nullptr);
}

TEST_F(Desk, ForgetsWhatIsOverAndTheOldestWhenItIsFull) {
  const auto now = clock_.now();
  desk_.put({1}, open(), now);
  EXPECT_EQ(desk_.take({1}, now + CmpDesk::kLifetime), nullptr);
  for (std::size_t i = 0; i <= CmpDesk::kMaxOpen; ++i) {
    desk_.put({static_cast<Byte>(i), static_cast<Byte>(i >> 8U)}, open(), now);
  }
  EXPECT_FALSE(desk_.knows({0, 0}, now));
  EXPECT_TRUE(desk_.knows({1, 0}, now));
}

}  // namespace
}  // namespace unhidra::automation
