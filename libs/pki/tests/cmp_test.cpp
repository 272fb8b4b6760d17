// OpenSSL's client against the transaction; `openssl cmp` as a program is tests/e2e's.
#include "unhidra/pki/cmp.h"

#include <openssl/cmp.h>

#include "der_walk.h"
#include "device_fixtures.h"
#include "x509_build.h"

namespace unhidra::pki {
namespace {

using namespace std::chrono_literals;

class Issuer final : public CmpIssuer {
 public:
  Issuer(const DeviceAuthority& authority, DeviceIdentity identity, Validity validity,
         RandomSource& random)
      : authority_(authority), identity_(identity), validity_(validity), random_(random) {}

  Result<std::optional<Certificate>> certify(const Request& request) override {
    last = request;
    if (refuse) {
      return fail(Errc::bad_request, "not today");
    }
    if (waits > 0) {
      --waits;
      return std::nullopt;
    }
    return authority_.issue(request.public_key_der, identity_, validity_, {}, random_);
  }
  Status revoke(const Bytes& serial_number, RevocationReason why) override {
    revoked = serial_number;
    reason = why;
    return {};
  }
  Status confirm(const Certificate&, bool accepted) override {
    confirmed = accepted;
    return {};
  }

  Request last;
  bool refuse = false;
  int waits = 0;
  Bytes revoked;
  std::optional<RevocationReason> reason;
  std::optional<bool> confirmed;

 private:
  const DeviceAuthority& authority_;
  DeviceIdentity identity_;
  Validity validity_;
  RandomSource& random_;
};

struct Link {
  CmpTransaction* transaction;
  Issuer* issuer;
  std::vector<Bytes> sent;
  std::function<void(Bytes&)> tamper;
};

OSSL_CMP_MSG* transfer(OSSL_CMP_CTX* context, const OSSL_CMP_MSG* request) {
  auto& link = *static_cast<Link*>(OSSL_CMP_CTX_get_transfer_cb_arg(context));
  unsigned char* der = nullptr;
  const int size = i2d_OSSL_CMP_MSG(request, &der);
  Bytes message(der, der + size);
  OPENSSL_free(der);
  if (link.tamper) {
    link.tamper(message);
  }
  link.sent.push_back(message);
  const auto answer = link.transaction->process(message, *link.issuer);
  if (!answer) {
    return nullptr;
  }
  const Byte* at = answer->data();
  return d2i_OSSL_CMP_MSG(nullptr, &at, static_cast<long>(answer->size()));
}

class Cmp : public DeviceAuthorityTest {
 protected:
  using OwnedClient = Owned<OSSL_CMP_CTX, OSSL_CMP_CTX_free>;

  OwnedClient client(Link& link) {
    OwnedClient out(OSSL_CMP_CTX_new(nullptr, nullptr));
    OSSL_CMP_CTX_set_transfer_cb(out.get(), transfer);
    OSSL_CMP_CTX_set_transfer_cb_arg(out.get(), &link);
    OSSL_CMP_CTX_set_option(out.get(), OSSL_CMP_OPT_LOG_VERBOSITY, 0);
    X509_STORE* store = X509_STORE_new();
    X509_STORE_add_cert(store, CertificateAccess::get(authority_.certificate()));
    X509_VERIFY_PARAM_set_flags(X509_STORE_get0_param(store), X509_V_FLAG_NO_CHECK_TIME);
    OSSL_CMP_CTX_set0_trustedStore(out.get(), store);
    const Owned<X509_NAME, X509_NAME_free> subject(X509_NAME_new());
    X509_NAME_add_entry_by_txt(subject.get(), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("device"), -1, -1, 0);
    OSSL_CMP_CTX_set1_subjectName(out.get(), subject.get());
    key_ = device_key();
    EVP_PKEY_up_ref(key_.get());
    OSSL_CMP_CTX_set0_newPkey(out.get(), 1, key_.get());
    return out;
  }
  OwnedClient client_with_secret(Link& link, std::string_view secret) {
    auto out = client(link);
    OSSL_CMP_CTX_set1_secretValue(out.get(), reinterpret_cast<const unsigned char*>(secret.data()),
                                  static_cast<int>(secret.size()));
    const auto reference = identity_.device.to_string();
    OSSL_CMP_CTX_set1_referenceValue(out.get(),
                                     reinterpret_cast<const unsigned char*>(reference.data()),
                                     static_cast<int>(reference.size()));
    OSSL_CMP_CTX_set1_recipient(
        out.get(), X509_get_subject_name(CertificateAccess::get(authority_.certificate())));
    return out;
  }
  CmpTransaction with_secret(std::string_view secret, std::chrono::seconds ask_again = 1s) {
    return CmpTransaction::begin(authority_, chain_,
                                 {.secret = SecretBytes::copy_of(as_bytes(secret)),
                                  .reference = identity_.device.to_string(),
                                  .certificate = std::nullopt},
                                 ask_again)
        .value();
  }

  std::vector<Certificate> chain_{authority_.certificate()};
  Issuer issuer_{authority_, identity_, days(90), random_};
  OwnedPkey key_;
};

TEST_F(Cmp, EnrolsWithASharedSecretAndIsConfirmed) {
  auto transaction = with_secret("a secret of the device");
  Link link{&transaction, &issuer_, {}, nullptr};
  const auto client = client_with_secret(link, "a secret of the device");
  const X509* made = OSSL_CMP_exec_IR_ses(client.get());
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(issuer_.last.body, CmpBody::initialization_request);
  EXPECT_EQ(issuer_.last.public_key_der, public_key_der_of(key_.get()));
  EXPECT_EQ(issuer_.confirmed, true);
  EXPECT_FALSE(transaction.awaits_confirmation());
  ASSERT_EQ(link.sent.size(), 2U);
  const auto envelope = read_cmp_envelope(link.sent[0]).value();
  EXPECT_TRUE(envelope.shared_secret);
  EXPECT_EQ(envelope.reference, identity_.device.to_string());
  EXPECT_EQ(envelope.transaction_id, read_cmp_envelope(link.sent[1])->transaction_id);
}

TEST_F(Cmp, AWrongSecretOrAChangedMessageReachesNobody) {
  auto transaction = with_secret("a secret of the device");
  Link link{&transaction, &issuer_, {}, nullptr};
  EXPECT_EQ(OSSL_CMP_exec_IR_ses(client_with_secret(link, "another secret").get()), nullptr);
  EXPECT_TRUE(issuer_.last.public_key_der.empty());
  const auto good = link.sent.front();
  for (std::size_t at = 0; at < good.size(); at += 3) {
    auto changed = good;
    changed[at] = static_cast<Byte>(changed[at] ^ 0x01);
    auto fresh = with_secret("another secret");
    issuer_.last = {};
    (void)fresh.process(changed, issuer_);
    // The count of unused bits of the MAC's BIT STRING is not covered; all else is.
    EXPECT_TRUE(issuer_.last.public_key_der.empty() ||
                issuer_.last.public_key_der == public_key_der_of(key_.get()))
        << at;
  }
}

TEST_F(Cmp, ARefusalIsToldAndNothingIsIssued) {
  auto transaction = with_secret("a secret of the device");
  issuer_.refuse = true;
  Link link{&transaction, &issuer_, {}, nullptr};
  const auto client = client_with_secret(link, "a secret of the device");
  EXPECT_EQ(OSSL_CMP_exec_IR_ses(client.get()), nullptr);
  EXPECT_EQ(OSSL_CMP_CTX_get_status(client.get()), OSSL_CMP_PKISTATUS_rejection);
  EXPECT_FALSE(transaction.awaits_confirmation());
}

TEST_F(Cmp, ADeviceThatWaitsAsksAgainUntilItIsDecided) {
  auto transaction = with_secret("a secret of the device", 1s);
  issuer_.waits = 2;
  Link link{&transaction, &issuer_, {}, nullptr};
  const auto waiting = client_with_secret(link, "a secret of the device");
  ASSERT_NE(OSSL_CMP_exec_IR_ses(waiting.get()), nullptr);
  EXPECT_EQ(issuer_.confirmed, true);
  EXPECT_FALSE(transaction.awaits_decision());
  ASSERT_EQ(link.sent.size(), 4U);  // the request, two questions, the confirmation
  EXPECT_EQ(read_cmp_envelope(link.sent[2])->body, CmpBody::poll_request);

  auto other = with_secret("a secret of the device", 1s);
  issuer_.waits = 1;
  Link second{&other, &issuer_, {}, nullptr};
  second.tamper = [&](Bytes&) { issuer_.refuse = issuer_.waits == 0; };
  const auto refused = client_with_secret(second, "a secret of the device");
  EXPECT_EQ(OSSL_CMP_exec_IR_ses(refused.get()), nullptr);
  EXPECT_EQ(OSSL_CMP_CTX_get_status(refused.get()), OSSL_CMP_PKISTATUS_rejection);
}

TEST_F(Cmp, UpdatesTheKeyAndRevokesUnderTheCertificateItself) {
  const auto old_key = device_key();
  const auto old = issue(request_der(old_key.get()), days(90));
  const auto begin = [&] {
    return CmpTransaction::begin(authority_, chain_,
                                 {.secret = std::nullopt, .reference = {}, .certificate = old})
        .value();
  };
  auto transaction = begin();
  Link link{&transaction, &issuer_, {}, nullptr};
  const auto updating = client(link);
  OSSL_CMP_CTX_set1_cert(updating.get(), CertificateAccess::get(old));
  OSSL_CMP_CTX_set1_pkey(updating.get(), old_key.get());
  OSSL_CMP_CTX_set1_oldCert(updating.get(), CertificateAccess::get(old));
  ASSERT_NE(OSSL_CMP_exec_KUR_ses(updating.get()), nullptr);
  EXPECT_EQ(issuer_.last.old_serial_number, old.serial_number());
  const auto envelope = read_cmp_envelope(link.sent[0]);
  ASSERT_TRUE(envelope) << envelope.error().message();
  EXPECT_EQ(envelope->signer->serial_number(), old.serial_number());

  auto second = begin();
  link.transaction = &second;
  const auto revoking = client(link);
  OSSL_CMP_CTX_set1_cert(revoking.get(), CertificateAccess::get(old));
  OSSL_CMP_CTX_set1_pkey(revoking.get(), old_key.get());
  OSSL_CMP_CTX_set1_oldCert(revoking.get(), CertificateAccess::get(old));
  OSSL_CMP_CTX_set_option(revoking.get(), OSSL_CMP_OPT_REVOCATION_REASON, 1);
  EXPECT_EQ(OSSL_CMP_exec_RR_ses(revoking.get()), 1);
  EXPECT_EQ(issuer_.reason, RevocationReason::key_compromise);
  EXPECT_EQ(issuer_.revoked, old.serial_number());
}

// RFC 9483 section 4.3.2: a device asks what follows the root that it has.
TEST_F(Cmp, TellsWhatFollowsARoot) {
  const auto next = authority_.successor(days(3650), fresh_signer(), random_).value();
  const auto last = next.successor(days(3650), fresh_signer(), random_).value();
  const auto link = [&](const DeviceAuthority& key, const DeviceAuthority& signer) {
    return signer.certify(key, random_).value();
  };
  const std::vector<Certificate> chain{authority_.certificate(), next.certificate(),
                                       last.certificate()};
  const std::vector<Certificate> links{link(next, authority_), link(authority_, next),
                                       link(last, next), link(next, last)};
  // The answer's certificates: the new root, the new one by the old, the old one by the new.
  const auto asked = [&](const Certificate* root) -> std::optional<std::vector<Bytes>> {
    auto transaction = CmpTransaction::begin(authority_, chain,
                                             {.secret = SecretBytes::copy_of(as_bytes("a secret")),
                                              .reference = identity_.device.to_string(),
                                              .certificate = std::nullopt},
                                             1s, links)
                           .value();
    Link to{&transaction, &issuer_, {}, nullptr};
    const auto client = client_with_secret(to, "a secret");
    ASN1_TYPE* value = nullptr;
    if (root != nullptr) {
      const auto der = root->to_der();
      const Byte* at = der.data();
      value = d2i_ASN1_TYPE(nullptr, &at, static_cast<long>(der.size()));
    }
    OSSL_CMP_CTX_push0_genm_ITAV(client.get(),
                                 OSSL_CMP_ITAV_create(OBJ_txt2obj("1.3.6.1.5.5.7.4.20", 1), value));
    auto* const items = OSSL_CMP_exec_GENM_ses(client.get());
    if (items == nullptr) {
      return std::nullopt;
    }
    EXPECT_EQ(sk_OSSL_CMP_ITAV_num(items), 1);
    auto* const answer = sk_OSSL_CMP_ITAV_value(items, 0);
    EXPECT_EQ(OBJ_obj2nid(OSSL_CMP_ITAV_get0_type(answer)), NID_id_it_rootCaKeyUpdate);
    std::vector<Bytes> out;
    if (const auto* found = OSSL_CMP_ITAV_get0_value(answer)) {
      unsigned char* der = nullptr;
      const int size = i2d_ASN1_TYPE(found, &der);
      const Bytes whole(der, der + size);
      OPENSSL_free(der);
      auto rest = *unwrap(whole, V_ASN1_SEQUENCE);
      for (int tag = 0; const auto one = next_element(rest); ++tag) {
        EXPECT_EQ(one->context, tag > 0);
        EXPECT_TRUE(tag == 0 || one->tag == tag - 1);
        out.push_back(to_bytes(tag == 0 ? one->whole : one->content));
      }
    }
    sk_OSSL_CMP_ITAV_pop_free(items, OSSL_CMP_ITAV_free);
    return out;
  };
  const std::vector<Bytes> first{next.certificate().to_der(), links[0].to_der(), links[1].to_der()};
  EXPECT_EQ(asked(&chain[0]), first);
  EXPECT_EQ(asked(nullptr), first);
  EXPECT_EQ(asked(&chain[1]), (std::vector<Bytes>{last.certificate().to_der(), links[2].to_der(),
                                                  links[3].to_der()}));
  // Nothing follows the youngest, nor what nobody here knows.
  const auto stranger = fresh_authority();
  EXPECT_EQ(asked(&chain[2]), std::vector<Bytes>());
  EXPECT_EQ(asked(&stranger.certificate()), std::vector<Bytes>());
}

TEST_F(Cmp, WhatIsNoProtectedMessageIsRefusedBeforeAnythingElse) {
  EXPECT_EQ(read_cmp_envelope({}).error(), Errc::bad_request);
  EXPECT_EQ(read_cmp_envelope(Bytes(64, 0x30)).error(), Errc::bad_request);
  EXPECT_EQ(read_cmp_envelope(Bytes(kMaxCmpMessage + 1, 0x30)).error(), Errc::bad_request);
  auto transaction = with_secret("a secret");
  EXPECT_FALSE(transaction.process(Bytes(64, 0x30), issuer_));
}

}  // namespace
}  // namespace unhidra::pki
