// Enrolment against the product's own authority: requests and certificates are real, the exchange
// over TLS is played.
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"
#include "unhidra/pki/device_authority.h"
#include "unhidra/pki/est.h"
#include "unhidra/pki/signer.h"
#include "unhidra/testkit/temp_dir.h"

#include "fake_flash.h"

extern "C" {
#include "uh/enrol.h"
}
#include "uh_enrol_openssl.h"

namespace unhidra::firmware {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kDay = 86'400'000;

class Enrolment : public testing::Test, public Clock {
 protected:
  Enrolment() { restart(); }
  Timestamp now() const override { return time_; }
  SteadyTime steady_now() const override { return SteadyTime(time_.time_since_epoch()); }

  // The power goes and comes back: only flash and the folder of keys are left.
  void restart() {
    flash_.restart();
    uptime_ = 0;
    clock_ = {};
    EXPECT_EQ(uh_journal_open(&journal_, flash_.get(), 0, 12), UH_OK);
    EXPECT_EQ(uh_enrol_open(&enrol_, &journal_, &port_, &clock_, work_), UH_OK);
  }
  void pass(std::chrono::milliseconds time) {
    uptime_ += static_cast<std::uint64_t>(time.count());
    time_ += time;
  }
  uh_enrol_exchange next(bool has_code = true) {
    uh_enrol_exchange exchange;
    status_ = uh_enrol_next(&enrol_, has_code, uptime_, &exchange);
    return exchange;
  }
  uh_status answer(std::uint16_t status, std::string_view body = {}, std::uint32_t after = 0) {
    std::vector<std::uint8_t> bytes(body.begin(), body.end());
    return uh_enrol_answer(&enrol_, status, after, bytes.data(), bytes.size(), uptime_);
  }
  // What is sent for the POST that is due.
  pki::CertificateRequest request(const std::uint8_t* binding = nullptr) {
    uh_enrol_body body{};
    EXPECT_EQ(uh_enrol_request(&enrol_, binding, &body), UH_OK);
    const auto der = pki::decode_est_body({body.text, body.size}, 4096).value();
    auto parsed = pki::CertificateRequest::from_der(der);
    EXPECT_TRUE(parsed);
    return *parsed;
  }
  pki::CertificateRequest request_of_next() {
    (void)next();
    return request();
  }
  std::string issue(const pki::CertificateRequest& request, std::chrono::hours life = 90 * 24h) {
    const auto certificate =
        authority_->issue(request, identity_, {time_, time_ + life}, {}, random_).value();
    return pki::encode_est_body(pki::certs_only({{certificate}}).value());
  }
  std::string cacerts() const {
    return pki::encode_est_body(pki::certs_only({{authority_->certificate()}}).value());
  }
  void enrol() {
    ASSERT_EQ(next().wish, UH_WISH_GET);
    ASSERT_EQ(answer(200, cacerts()), UH_OK);
    const auto exchange = next();
    ASSERT_EQ(exchange.wish, UH_WISH_POST);
    ASSERT_EQ(answer(200, issue(request())), UH_OK);
    ASSERT_TRUE(uh_enrol_has_certificate(&enrol_, uptime_));
  }
  static pki::DeviceAuthority make_authority(Timestamp now, RandomSource& random) {
    return pki::DeviceAuthority::create(
               "Test devices", {now - 1h, now + 3650 * 24h},
               pki::make_software_signer(pki::generate_signer_key()->expose()).value(), random)
        .value();
  }

  Timestamp time_ = parse_rfc3339("2026-11-22T12:00:00.000000Z").value();
  crypto::SystemRandom random_;
  std::optional<pki::DeviceAuthority> authority_ = make_authority(time_, random_);
  pki::DeviceIdentity identity_{OrgId::make(*this, random_), DeviceId::make(*this, random_)};
  testkit::TempDir folder_;
  std::string path_ = folder_.path().string();
  uh_openssl_keys keys_{path_.c_str(), "lamp"};
  uh_enrol_port port_ = uh_enrol_openssl(&keys_);
  FakeFlash flash_{256, 24};
  uh_journal journal_{};
  uh_clock clock_{};
  std::uint8_t work_[UH_ENROL_WORK];
  uh_enrol enrol_{};
  uh_status status_ = UH_OK;
  std::uint64_t uptime_ = 0;
};

TEST_F(Enrolment, ByCodeThenRenewedInTimeWithoutAClock) {
  enrol();
  const std::vector<std::uint8_t> first(enrol_.certificate.der,
                                        enrol_.certificate.der + enrol_.certificate.size);
  auto exchange = next();
  EXPECT_EQ(exchange.wish, UH_WISH_NOTHING);
  EXPECT_GE(exchange.at, uptime_ + 55 * kDay);
  EXPECT_LE(exchange.at, uptime_ + 60 * kDay);
  pass(std::chrono::milliseconds(exchange.at - uptime_));
  exchange = next();
  ASSERT_EQ(exchange.wish, UH_WISH_POST_WITH_CERTIFICATE);
  EXPECT_STREQ(exchange.path, "simplereenroll");
  EXPECT_TRUE(uh_enrol_has_certificate(&enrol_, uptime_));  // the old one, all the while
  const auto asked = request();
  EXPECT_EQ(asked.uris, std::vector{pki::device_uri(identity_)});
  EXPECT_EQ(asked.subject, "CN=" + identity_.device.to_string());
  ASSERT_EQ(answer(200, issue(asked)), UH_OK);
  EXPECT_EQ(enrol_.slot, 1);
  EXPECT_NE(first,
            std::vector(enrol_.certificate.der, enrol_.certificate.der + enrol_.certificate.size));
  EXPECT_EQ(next().wish, UH_WISH_NOTHING);
  restart();
  EXPECT_TRUE(uh_enrol_has_certificate(&enrol_, uptime_));
  EXPECT_EQ(enrol_.slot, 1);
}

TEST_F(Enrolment, DevicesOfOneDeliveryDoNotRenewAtTheSameTime) {
  std::set<std::uint64_t> times;
  for (int i = 0; i < 20; ++i) {
    FakeFlash flash(256, 24);
    ASSERT_EQ(uh_journal_open(&journal_, flash.get(), 0, 12), UH_OK);
    ASSERT_EQ(uh_enrol_open(&enrol_, &journal_, &port_, &clock_, work_), UH_OK);
    enrol();
    times.insert(enrol_.renew_at);
  }
  EXPECT_GT(times.size(), 15U);
}

TEST_F(Enrolment, WaitsForApprovalWithTheSameKey) {
  ASSERT_EQ(next().wish, UH_WISH_GET);
  ASSERT_EQ(answer(200, cacerts()), UH_OK);
  const auto first = request_of_next();
  ASSERT_EQ(answer(202, {}, 30), UH_OK);
  EXPECT_EQ(next().wish, UH_WISH_NOTHING);
  pass(29s);
  EXPECT_EQ(next().wish, UH_WISH_NOTHING);
  pass(3s);
  EXPECT_EQ(request_of_next().public_key_der, first.public_key_der);
  restart();
  const auto exchange = next();
  ASSERT_EQ(exchange.wish, UH_WISH_POST);
  EXPECT_EQ(request().public_key_der, first.public_key_der);
}

TEST_F(Enrolment, ARefusedCodeIsAskedForOnce) {
  EXPECT_EQ(next(false).wish, UH_WISH_GET);
  ASSERT_EQ(answer(200, cacerts()), UH_OK);
  EXPECT_EQ(next(false).wish, UH_WISH_CODE);
  ASSERT_EQ(next().wish, UH_WISH_POST);
  ASSERT_EQ(answer(401), UH_OK);
  EXPECT_EQ(next().wish, UH_WISH_CODE);
  restart();
  EXPECT_EQ(next().wish, UH_WISH_CODE);
  ASSERT_EQ(uh_enrol_new_code(&enrol_), UH_OK);
  EXPECT_EQ(next().wish, UH_WISH_POST);
}

TEST_F(Enrolment, BacksOffWhenTheServerIsAwayAndListensToRetryAfter) {
  std::uint64_t last = 0;
  for (int i = 0; i < 12; ++i) {
    ASSERT_EQ(next().wish, UH_WISH_GET);
    uh_enrol_failed(&enrol_, uptime_);
    last = enrol_.wait_until - uptime_;
    EXPECT_GE(last, 2'000U);
    EXPECT_LE(last, 600'000U);
    EXPECT_EQ(next().wish, UH_WISH_NOTHING);
    pass(std::chrono::milliseconds(last));
  }
  ASSERT_EQ(next().wish, UH_WISH_GET);
  ASSERT_EQ(answer(503, {}, 7200), UH_OK);
  EXPECT_GE(enrol_.wait_until - uptime_, 7'200'000U);
  pass(7202s);
  ASSERT_EQ(next().wish, UH_WISH_GET);
  ASSERT_EQ(answer(429, {}, 1), UH_OK);  // not more often than it makes sense
  EXPECT_GE(enrol_.wait_until - uptime_, 5'000U);
}

TEST_F(Enrolment, BelievesOnlyItsAuthorityAndItsOwnKey) {
  ASSERT_EQ(next().wish, UH_WISH_GET);
  EXPECT_EQ(answer(200, "not base64!"), UH_MALFORMED);
  pass(601s);
  EXPECT_EQ(answer(200, to_base64(as_bytes("neither is this DER"))), UH_MALFORMED);
  pass(601s);
  ASSERT_EQ(answer(200, cacerts()), UH_OK);
  const auto asked = request_of_next();
  const auto good = issue(asked);
  const auto honest = authority_;
  authority_ = make_authority(time_, random_);
  EXPECT_EQ(answer(200, issue(asked)), UH_WRONG_DEVICE);
  authority_ = honest;
  // Somebody else's key.
  const auto key = folder_.path() / "key.0.pem";
  const auto kept = folder_.path() / "kept";
  std::filesystem::rename(key, kept);
  ASSERT_TRUE(port_.make_key(port_.context, 0));
  const auto other = issue(request());
  std::filesystem::rename(kept, key);
  EXPECT_EQ(answer(200, other), UH_WRONG_DEVICE);
  EXPECT_FALSE(uh_enrol_has_certificate(&enrol_, uptime_));
  EXPECT_EQ(answer(200, good), UH_OK);
}

TEST_F(Enrolment, RequestsAreBoundToTheirConnection) {
  const Bytes one(UH_BINDING_SIZE, 0xfb);  // "+/v7..." in base64
  const Bytes other(UH_BINDING_SIZE, 0x5b);
  uh_enrol_body body;
  EXPECT_EQ(uh_enrol_request(&enrol_, one.data(), &body), UH_STATE);
  enrol();
  EXPECT_EQ(uh_enrol_request(&enrol_, one.data(), &body), UH_STATE);
  pass(61 * 24h);
  ASSERT_EQ(next().wish, UH_WISH_POST_WITH_CERTIFICATE);
  const auto required = pki::BindingMode::required;
  const auto bound = request(one.data());
  EXPECT_TRUE(pki::check_binding(bound, {.tls_exporter = one}, required));
  EXPECT_FALSE(pki::check_binding(bound, {.tls_exporter = other}, required));
  EXPECT_FALSE(pki::check_binding(request(), {.tls_exporter = one}, required));
  // Another connection, another request, for the same key and names.
  const auto again = request(other.data());
  EXPECT_TRUE(pki::check_binding(again, {.tls_exporter = other}, required));
  EXPECT_EQ(again.public_key_der, bound.public_key_der);
  EXPECT_EQ(again.uris, bound.uris);
  EXPECT_EQ(answer(200, issue(again)), UH_OK);
}

TEST_F(Enrolment, ANameThatIsTooLongIsNoRequest) {
  const std::string name(1'100, 'n');
  port_.subject = name.c_str();
  ASSERT_EQ(next().wish, UH_WISH_GET);
  ASSERT_EQ(answer(200, cacerts()), UH_OK);
  ASSERT_EQ(next().wish, UH_WISH_POST);
  uh_enrol_body body;
  EXPECT_EQ(uh_enrol_request(&enrol_, nullptr, &body), UH_NO_SPACE);
}

TEST_F(Enrolment, ACertificateThatRanOutOrIsWorthNothingIsGivenUp) {
  enrol();
  pass(91 * 24h);
  EXPECT_FALSE(uh_enrol_has_certificate(&enrol_, uptime_));
  EXPECT_EQ(next().wish, UH_WISH_CODE);
  ASSERT_EQ(uh_enrol_new_code(&enrol_), UH_OK);
  const auto exchange = next();
  ASSERT_EQ(exchange.wish, UH_WISH_POST);
  ASSERT_EQ(answer(200, issue(request())), UH_OK);
  ASSERT_EQ(uh_enrol_discard(&enrol_), UH_OK);
  EXPECT_EQ(next().wish, UH_WISH_CODE);
}

TEST_F(Enrolment, RenewalThatIsRefusedKeepsTheOldCertificateAndTriesAgain) {
  enrol();
  pass(61 * 24h);
  ASSERT_EQ(next().wish, UH_WISH_POST_WITH_CERTIFICATE);
  ASSERT_EQ(answer(500), UH_OK);
  EXPECT_TRUE(uh_enrol_has_certificate(&enrol_, uptime_));
  EXPECT_EQ(next().wish, UH_WISH_NOTHING);
  pass(601s);
  EXPECT_EQ(next().wish, UH_WISH_POST_WITH_CERTIFICATE);
}

// The whole way, with the power going at every byte that flash takes: it ends with a certificate
// for a key that is there, and needs one code, or a second one when the answer got lost.
TEST_F(Enrolment, EveryWriteMayBeCutAtEveryByte) {
  enrol();
  pass(61 * 24h);
  ASSERT_EQ(next().wish, UH_WISH_POST_WITH_CERTIFICATE);
  ASSERT_EQ(answer(200, issue(request())), UH_OK);
  const auto work = flash_.work();
  ASSERT_GT(work, 2'000U);
  const auto began = time_;
  for (std::uint64_t cut = 1; cut <= work; cut += 29) {
    FakeFlash flash(256, 24, static_cast<std::uint32_t>(cut));
    bool powered = true;
    int codes = 1;
    time_ = began;
    clock_ = {};
    ASSERT_EQ(uh_journal_open(&journal_, flash.get(), 0, 12), UH_OK);
    ASSERT_EQ(uh_enrol_open(&enrol_, &journal_, &port_, &clock_, work_), UH_OK);
    flash.cut_after(cut);
    uptime_ = 0;
    bool done = false;
    for (int step = 0; step < 60 && !done; ++step) {
      if (flash.is_dead() && powered) {
        powered = false;
        flash.restart();
        uptime_ = 0;
        clock_ = {};
        ASSERT_EQ(uh_journal_open(&journal_, flash.get(), 0, 12), UH_OK);
        ASSERT_EQ(uh_enrol_open(&enrol_, &journal_, &port_, &clock_, work_), UH_OK);
      }
      const auto exchange = next();
      if (exchange.wish == UH_WISH_GET) {
        (void)answer(200, cacerts());
      } else if (exchange.wish == UH_WISH_POST || exchange.wish == UH_WISH_POST_WITH_CERTIFICATE) {
        (void)answer(200, issue(request()));
      } else if (exchange.wish == UH_WISH_CODE) {
        ++codes;
        (void)uh_enrol_new_code(&enrol_);
      } else if (status_ == UH_OK && enrol_.phase == UH_ENROL_HOLDS && enrol_.slot == 1) {
        done = true;
      } else {
        pass(std::chrono::milliseconds(
            std::max<std::uint64_t>(exchange.at > uptime_ ? exchange.at - uptime_ : 1'000, 1'000)));
      }
    }
    ASSERT_TRUE(done) << "cut at " << cut;
    EXPECT_LE(codes, 2) << "cut at " << cut;
    const auto anchor = authority_->certificate().to_der();
    EXPECT_TRUE(port_.is_ours(port_.context, enrol_.slot, enrol_.certificate.der,
                              enrol_.certificate.size, anchor.data(), anchor.size()));
  }
}

TEST_F(Enrolment, KeysAreForTheirOwnerAlone) {
  enrol();
  char path[512];
  ASSERT_TRUE(uh_openssl_key_path(&keys_, 0, path, sizeof path));
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace unhidra::firmware
