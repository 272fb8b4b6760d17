// Device authorities in the database: who is believed, who issues, what is taken over from an
// earlier version.
#include <future>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "unhidra/automation/authority_administration.h"
#include "unhidra/automation/errc.h"
#include "unhidra/runtime/files.h"
#include "unhidra/runtime/io_threads.h"

#include "devices/certificate_gate.h"
#include "devices/store_certificates.h"
#include "enrolment/authority_book.h"
#include "enrolment/enrolment.h"
#include "house.h"

namespace unhidra::automation {
namespace {

using storage::Transaction;

class AuthorityBooks : public House {
 protected:
  AuthorityBook book() {
    return AuthorityBook({.database = *database_,
                          .settings = settings_,
                          .sealer = sealer_,
                          .clock = clock_,
                          .random = random_,
                          .directory = directory_.path()});
  }
  AuthorityAdministration administration() {
    return {*database_, settings_, sealer_, directory_.path(), clock_, random_};
  }
  Bytes fingerprint(const pki::Certificate& certificate) {
    return to_bytes(certificate.sha256_fingerprint());
  }
  // The files that an earlier version made.
  pki::Certificate put_files() {
    const auto pem = pki::generate_signer_key().value();
    const auto authority =
        pki::DeviceAuthority::create("Of before",
                                     {clock_.now(), clock_.now() + std::chrono::hours(24 * 3650)},
                                     pki::make_software_signer(pem.expose()).value(), random_)
            .value();
    const auto sealed = sealer_.seal("device-authority", pem.expose(), random_).value();
    EXPECT_TRUE(runtime::write_file_atomically(directory_.path() / "device-ca.key", sealed, 0600));
    EXPECT_TRUE(runtime::write_file_atomically(directory_.path() / "device-ca.pem",
                                               as_bytes(authority.certificate().to_pem()), 0644));
    return authority.certificate();
  }
  pki::Certificate give(const KnownAuthority& by) {
    const auto key = pki::make_software_signer(pki::generate_signer_key()->expose()).value();
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
    const auto out =
        by.authority
            .issue(key->public_key_der(), who_, {now, now + std::chrono::hours(24)}, {}, random_)
            .value();
    change([&](Transaction& tx) {
      return store::insert(tx,
                           {.serial_number = out.serial_number(),
                            .org_id = who_.org,
                            .device_id = who_.device,
                            .authority = by.generation,
                            .not_before = now,
                            .not_after = now + std::chrono::hours(24),
                            .replaces = std::nullopt,
                            .first_seen_at = std::nullopt,
                            .revoked_at = std::nullopt,
                            .reason = std::nullopt,
                            .device_revoked_at = std::nullopt},
                           out.to_der());
    });
    return out;
  }
  bool admitted(const pki::Certificate& certificate, const AuthorityBook& by) {
    return database_
        ->write_sync([&](Transaction& tx) {
          return admit_certificate(tx, certificate.to_der(), by.now()->trusted, clock_.now());
        })
        .has_value();
  }

  const AutomationSettings settings_{};
  pki::KeySealer sealer_{random_.secret_array<pki::KeySealer::kMasterKeySize>()};
};

TEST_F(AuthorityBooks, OfSeveralThatStartAtOnceOneMakesTheFirstAuthority) {
  auto one = book();
  auto other = book();
  ASSERT_TRUE(one.load());
  ASSERT_TRUE(other.load());
  ASSERT_EQ(one.now()->known.size(), 1U);
  EXPECT_EQ(fingerprint(one.now()->trusted.front()), fingerprint(other.now()->trusted.front()));
  EXPECT_TRUE(one.now()->links.empty());
}

TEST_F(AuthorityBooks, TheFilesOfAnEarlierVersionBecomeTheFirstAuthorityAndGoWithIt) {
  const auto certificate = put_files();
  auto known = book();
  ASSERT_TRUE(known.load());
  EXPECT_EQ(fingerprint(known.now()->trusted.front()), fingerprint(certificate));
  // A certificate from then has no authority written beside it.
  const auto old = give(known.now()->known.front());
  change([](Transaction& tx) -> Status {
    UNHIDRA_TRY_VOID(tx.execute("UPDATE certificates SET authority = NULL"));
    return {};
  });
  EXPECT_TRUE(admitted(old, known));
  EXPECT_EQ(administration().list()->front().live_certificates, 1);
  // The files need not be there any more.
  ASSERT_TRUE(std::filesystem::exists(directory_.path() / "device-ca.key"));
  ASSERT_TRUE(administration().rotate(true, ""));
  EXPECT_EQ(administration().retire(1, false).error(), Errc::conflict);
  const auto retired = administration().retire(1, true);
  ASSERT_TRUE(retired) << retired.error().message();
  EXPECT_EQ(retired->revoked, 1);
  EXPECT_TRUE(retired->files_removed);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "device-ca.key"));
  EXPECT_FALSE(admitted(old, known));
  const auto keys = database_->read_sync([](Transaction& tx) { return store::authorities(tx); });
  EXPECT_FALSE(keys->front().sealed_key);  // the key itself is forgotten
  EXPECT_TRUE(keys->back().sealed_key);
}

TEST_F(AuthorityBooks, WhatIsAskedForInTheSecondOfARotationIsOfTheNewOne) {
  clock_.set_now(std::chrono::floor<std::chrono::seconds>(clock_.now()) +
                 std::chrono::milliseconds(400));
  auto known = book();
  ASSERT_TRUE(known.load());
  ASSERT_TRUE(administration().rotate(true, ""));
  ASSERT_TRUE(known.load());
  const Enrolment enrolment{.settings = settings_,
                            .authorities = known,
                            .sealer = sealer_,
                            .clock = clock_,
                            .random = random_};
  const auto key = pki::make_software_signer(pki::generate_signer_key()->expose()).value();
  change([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto code, make_code(tx, enrolment, who_.org, who_.device));
    access::AuditDraft draft;
    const Wanted wanted{.public_key_der = key->public_key_der(), .subject = {}, .uris = {}};
    UNHIDRA_TRY_VOID(
        enroll_by_code(tx, enrolment, who_, as_bytes(code.code), "127.0.0.1", wanted, draft));
    return {};
  });
  const auto lines = administration().list();
  EXPECT_EQ(lines->front().live_certificates, 0);
  EXPECT_EQ(lines->back().live_certificates, 1);
}

TEST_F(AuthorityBooks, ASuccessorIsBelievedAtOnceAndIssuesWhenEverybodyKnowsIt) {
  auto before = book();
  ASSERT_TRUE(before.load());
  ASSERT_TRUE(administration().rotate(false, ""));
  auto known = book();
  ASSERT_TRUE(known.load());
  const auto now = known.now();
  ASSERT_EQ(now->known.size(), 2U);
  EXPECT_EQ(now->issuing(clock_.now()).generation, 1);
  EXPECT_EQ(now->issuing(clock_.now() + std::chrono::seconds(59)).generation, 1);
  EXPECT_EQ(now->issuing(clock_.now() + std::chrono::seconds(60)).generation, 2);
  // Of one name; NewWithOld is the successor's key by the old one, OldWithNew the other way round.
  ASSERT_EQ(now->links.size(), 2U);
  EXPECT_EQ(now->trusted[0].subject(), now->trusted[1].subject());
  EXPECT_EQ(now->links[0].public_key_der(), now->trusted[1].public_key_der());
  EXPECT_TRUE(now->links[0].check_issued_by(now->trusted[0]));
  EXPECT_EQ(now->links[1].public_key_der(), now->trusted[0].public_key_der());
  EXPECT_TRUE(now->links[1].check_issued_by(now->trusted[1]));
  // Who has not looked yet does not believe it, which is why it waits.
  EXPECT_FALSE(admitted(give(now->known[1]), before));
  EXPECT_TRUE(admitted(give(now->known[1]), known));
  EXPECT_TRUE(admitted(give(now->known[0]), known));
}

TEST_F(AuthorityBooks, ARunningServerFollowsAndHearsWhichOneHasEnded) {
  runtime::IoThreads io{1};
  auto known = book();
  ASSERT_TRUE(known.load());
  std::promise<std::int64_t> heard;
  known.follow(io.at(0), [&](std::int64_t generation) { heard.set_value(generation); });
  ASSERT_TRUE(administration().rotate(true, ""));
  ASSERT_TRUE(administration().retire(1, false));
  // Between two looks one may come and another go: what counts is what was believed.
  auto answer = heard.get_future();
  ASSERT_EQ(answer.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(answer.get(), 1);
  EXPECT_EQ(known.now()->known.front().generation, 2);
  boost::asio::co_spawn(io.at(0), known.stop(std::chrono::seconds(5)), boost::asio::use_future)
      .get();
  io.stop();
}

TEST_F(AuthorityBooks, TheIssuerAndWhatIsNotThereCannotBeRetiredNorAFifthBeMade) {
  EXPECT_EQ(administration().rotate(true, "").error(), Errc::conflict);  // there is none yet
  auto known = book();
  ASSERT_TRUE(known.load());
  EXPECT_EQ(administration().retire(1, true).error(), Errc::conflict);
  EXPECT_EQ(administration().retire(2, true).error(), Errc::not_found);
  ASSERT_TRUE(administration().rotate(false, ""));
  EXPECT_EQ(administration().retire(1, true).error(),
            Errc::conflict);  // it issues for a minute yet
  ASSERT_TRUE(administration().rotate(true, ""));
  ASSERT_TRUE(administration().rotate(true, ""));
  EXPECT_EQ(administration().rotate(true, "").error(), Errc::conflict);
  ASSERT_TRUE(administration().retire(1, false));
  EXPECT_EQ(administration().retire(1, false).error(), Errc::not_found);
  EXPECT_TRUE(administration().rotate(true, ""));
}

TEST_F(AuthorityBooks, AnotherMasterKeyOpensNothing) {
  auto known = book();
  ASSERT_TRUE(known.load());
  const pki::KeySealer other{random_.secret_array<pki::KeySealer::kMasterKeySize>()};
  AuthorityBook stranger({.database = *database_,
                          .settings = settings_,
                          .sealer = other,
                          .clock = clock_,
                          .random = random_,
                          .directory = directory_.path()});
  EXPECT_EQ(stranger.load().error(), pki::Errc::wrong_master_key);
}

}  // namespace
}  // namespace unhidra::automation
