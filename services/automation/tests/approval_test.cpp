// Enrolments that wait for a person.
#include "enrolment/approval.h"

#include "unhidra/automation/errc.h"

#include "devices/store_certificates.h"
#include "house.h"

namespace unhidra::automation {
namespace {

using storage::Transaction;

class Approval : public House {
 protected:
  void give_code(const ByteArray<32>& code) {
    change([&](Transaction& tx) {
      return store::replace_code(tx, {.hash = code,
                                      .sealed = {},
                                      .org_id = who_.org,
                                      .device_id = who_.device,
                                      .created_at = clock_.now(),
                                      .expires_at = clock_.now() + std::chrono::hours(1)});
    });
  }
  Result<Verdict> ask(const ByteArray<32>& code, const KeyFingerprint& key) {
    return database_->write_sync([&](Transaction& tx) {
      return judge(tx, {.identity = who_,
                        .device_name = {},
                        .code_hash = code,
                        .fingerprint = key,
                        .ip_address = "192.0.2.1",
                        .created_at = clock_.now(),
                        .expires_at = clock_.now() + std::chrono::hours(24),
                        .approved = {}});
    });
  }
  Status say(bool approved, const std::optional<KeyFingerprint>& key) {
    return database_->write_sync(
        [&](Transaction& tx) { return decide(tx, who_, approved, key, clock_.now()); });
  }
  std::vector<EnrolmentRequest> all() {
    return database_
        ->read_sync([&](Transaction& tx) { return waiting(tx, who_.org, {}, 10, clock_.now()); })
        .value();
  }

  const ByteArray<32> code_{1};
  const KeyFingerprint key_{2};
  const KeyFingerprint other_{3};
};

TEST_F(Approval, ARequestWaitsUntilItsKeyIsApprovedAndIsOverThen) {
  give_code(code_);
  EXPECT_EQ(ask(code_, key_), Verdict::waits);
  EXPECT_EQ(ask(code_, key_), Verdict::waits);
  ASSERT_EQ(all().size(), 1U);
  EXPECT_EQ(all()[0].fingerprint, key_);
  EXPECT_EQ(all()[0].device_name, "lamp");
  EXPECT_EQ(say(true, other_).error(), Errc::conflict);
  EXPECT_EQ(ask(code_, key_), Verdict::waits);
  ASSERT_TRUE(say(true, key_));
  EXPECT_TRUE(all().empty());
  EXPECT_EQ(say(true, key_).error(), Errc::not_found);
  EXPECT_EQ(ask(code_, other_).error(), Errc::bad_credentials);  // the code is bound to the key
  EXPECT_EQ(ask(code_, key_), Verdict::approved);
  EXPECT_EQ(ask(code_, key_).error(), Errc::bad_credentials);  // once
}

TEST_F(Approval, ADeniedRequestStaysDeniedUntilANewCode) {
  give_code(code_);
  EXPECT_EQ(ask(code_, key_), Verdict::waits);
  ASSERT_TRUE(say(false, {}));
  EXPECT_EQ(ask(code_, key_).error(), Errc::denied);
  EXPECT_EQ(say(true, key_).error(), Errc::not_found);
  const ByteArray<32> fresh{9};
  give_code(fresh);
  EXPECT_EQ(ask(fresh, key_), Verdict::waits);
  EXPECT_EQ(ask(code_, key_).error(), Errc::bad_credentials);
}

TEST_F(Approval, WithoutAGoodCodeNothingWaits) {
  EXPECT_EQ(ask(code_, key_).error(), Errc::bad_credentials);
  give_code(code_);
  clock_.set_now(clock_.now() + std::chrono::hours(2));
  EXPECT_EQ(ask(code_, key_).error(), Errc::bad_credentials);
  EXPECT_TRUE(all().empty());
}

TEST_F(Approval, AWaitingRequestRunsOut) {
  give_code(code_);
  EXPECT_EQ(ask(code_, key_), Verdict::waits);
  clock_.set_now(clock_.now() + std::chrono::hours(25));
  EXPECT_TRUE(all().empty());
  EXPECT_EQ(say(true, key_).error(), Errc::not_found);
  EXPECT_EQ(ask(code_, key_).error(), Errc::bad_credentials);
}

TEST_F(Approval, OtherOrganisationsSeeAndDecideNothing) {
  give_code(code_);
  EXPECT_EQ(ask(code_, key_), Verdict::waits);
  const auto other = OrgId::make(clock_, random_);
  EXPECT_TRUE(
      database_
          ->read_sync([&](Transaction& tx) { return waiting(tx, other, {}, 10, clock_.now()); })
          ->empty());
  EXPECT_EQ(database_
                ->write_sync([&](Transaction& tx) {
                  return decide(tx, {other, who_.device}, true, key_, clock_.now());
                })
                .error(),
            Errc::not_found);
}

}  // namespace
}  // namespace unhidra::automation
