// The rules on a fresh SQLite database, under a clock that moves when the test says so.
#include "enrolment/enrolment.h"

#include <future>

#include <gtest/gtest.h>

#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"
#include "unhidra/runtime/io_threads.h"

#include "devices/store_certificates.h"
#include "house.h"

namespace unhidra::automation {
namespace {

using storage::Transaction;

class Rules : public House {
 protected:
  pki::Certificate give(const std::optional<Bytes>& replaces = std::nullopt) {
    const auto key = pki::make_software_signer(pki::generate_signer_key()->expose()).value();
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
    const auto out =
        authority_
            .issue(key->public_key_der(), who_, {now, now + std::chrono::hours(24)}, {}, random_)
            .value();
    const auto stored = database_->write_sync([&](Transaction& tx) {
      return store::insert(tx,
                           {.serial_number = out.serial_number(),
                            .org_id = who_.org,
                            .device_id = who_.device,
                            .not_before = now,
                            .not_after = now + std::chrono::hours(24),
                            .replaces = replaces,
                            .first_seen_at = std::nullopt,
                            .revoked_at = std::nullopt,
                            .reason = std::nullopt,
                            .device_revoked_at = std::nullopt},
                           out.to_der());
    });
    EXPECT_TRUE(stored);
    return out;
  }
  Result<SeenDevice> admit(const pki::Certificate& certificate) {
    return database_->write_sync([&](Transaction& tx) {
      return admit_certificate(tx, certificate.to_der(), {&authority_.certificate(), 1},
                               clock_.now());
    });
  }

  pki::DeviceAuthority authority_ =
      pki::DeviceAuthority::create(
          "Test", {clock_.now(), clock_.now() + std::chrono::hours(24 * 3650)},
          pki::make_software_signer(pki::generate_signer_key()->expose()).value(), random_)
          .value();
};

TEST_F(Rules, ACertificateIsGoodFromItsFirstToItsLastMomentWhateverTheClockDoes) {
  const auto made = give();
  EXPECT_TRUE(admit(made));
  const auto start = clock_.now();
  clock_.set_now(start - std::chrono::hours(1));  // set back: not valid yet
  EXPECT_EQ(admit(made).error(), Errc::bad_credentials);
  clock_.set_now(start + std::chrono::hours(25));
  EXPECT_EQ(admit(made).error(), Errc::bad_credentials);
  clock_.set_now(start);
  EXPECT_TRUE(admit(made));
}

TEST_F(Rules, TheOldCertificateEndsOnceWhenTheNewOneIsFirstSeen) {
  const auto old = give();
  const auto fresh = give(old.serial_number());
  EXPECT_TRUE(admit(old));
  const auto first = admit(fresh);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->ended.size(), 1U);
  EXPECT_EQ(first->ended[0].serial_number, old.serial_number());
  EXPECT_TRUE(admit(fresh)->ended.empty());
  EXPECT_EQ(admit(old).error(), Errc::bad_credentials);
}

TEST_F(Rules, ACertificateThatNobodyStoredIsNotAdmitted) {
  const auto key = pki::make_software_signer(pki::generate_signer_key()->expose()).value();
  const auto made = authority_
                        .issue(key->public_key_der(), who_,
                               {clock_.now(), clock_.now() + std::chrono::hours(1)}, {}, random_)
                        .value();
  EXPECT_EQ(admit(made).error(), Errc::bad_credentials);
}

TEST_F(Rules, ARevocationReachesSubscribersWithinASecond) {
  runtime::IoThreads io{1};
  const auto bus = messaging::make_in_process_bus(io.at(0));
  std::promise<std::string> heard;
  auto listening = bus->subscribe(
      kRevokedSubject, io.at(0),
      [&](const messaging::Message& message) { heard.set_value(to_hex(message.payload.view())); });
  ASSERT_TRUE(listening);
  const Bytes serial{1, 2, 3};
  tell_revoked(*bus, {who_, serial});
  auto answer = heard.get_future();
  ASSERT_EQ(answer.wait_for(std::chrono::seconds(1)), std::future_status::ready);
  EXPECT_EQ(answer.get(), to_hex(who_.org.bytes()) + to_hex(who_.device.bytes()) + to_hex(serial));
  listening->reset();
  io.stop();
}

TEST(BasicCredentials, AreReadStrictly) {
  const auto good = parse_basic("Basic " + to_base64(as_bytes("user:pass:word")));
  ASSERT_TRUE(good);
  EXPECT_EQ(good->user, "user");
  EXPECT_EQ(as_text(good->password.expose()), "pass:word");
  for (const std::string bad : {"", "Basic", "Basic ", "Basic !!!!", "Bearer YTpi", "Basic YWI="}) {
    EXPECT_FALSE(parse_basic(bad)) << bad;
  }
  EXPECT_FALSE(parse_basic("Basic " + std::string(10'000, 'A')));
}

}  // namespace
}  // namespace unhidra::automation
