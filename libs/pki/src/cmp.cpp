#include "unhidra/pki/cmp.h"

#include <algorithm>

#include "cmp_general.h"
#include "cmp_request.h"
#include "der_walk.h"
#include "signer_key.h"
#include "x509_build.h"

namespace unhidra::pki {
namespace {

using OwnedServer = Owned<OSSL_CMP_SRV_CTX, OSSL_CMP_SRV_CTX_free>;
using OwnedMessage = Owned<OSSL_CMP_MSG, OSSL_CMP_MSG_free>;

void free_certificates(STACK_OF(X509) * certificates) {
  sk_X509_pop_free(certificates, X509_free);
}
using OwnedStack = Owned<STACK_OF(X509), free_certificates>;

OSSL_CMP_PKISI* rejection(int failure, const std::string& why) {
  return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection, 1 << failure, why.c_str());
}

OSSL_CMP_PKISI* accepted() {
  return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_accepted, 0, nullptr);
}

int failure_of(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::denied:
    case ErrorKind::unauthenticated:
      return OSSL_CMP_PKIFAILUREINFO_notAuthorized;
    case ErrorKind::not_found:
      return OSSL_CMP_PKIFAILUREINFO_badCertId;
    case ErrorKind::unavailable:
    case ErrorKind::internal:
      return OSSL_CMP_PKIFAILUREINFO_systemUnavail;
    default:
      return OSSL_CMP_PKIFAILUREINFO_badRequest;
  }
}

OwnedStack stack_of(std::span<const Certificate> certificates) {
  OwnedStack out(sk_X509_new_null());
  for (const auto& each : certificates) {
    X509* const x509 = CertificateAccess::get(each);
    if (!out || X509_up_ref(x509) != 1 || sk_X509_push(out.get(), x509) == 0) {
      return nullptr;
    }
  }
  return out;
}

}  // namespace

struct CmpTransaction::Impl {
  OwnedPkey key;
  std::shared_ptr<const Signer> signer;  // outlives `key`
  std::vector<Certificate> chain;
  std::vector<Certificate> links;
  OwnedServer server;
  std::chrono::seconds ask_again{};
  CmpIssuer* issuer = nullptr;  // during process()
  bool proved = false;          // within process(): the sender is who it says
  // A request that waits, and its message; what became of it, between the question and the answer.
  std::optional<CmpIssuer::Request> waiting;
  Bytes waiting_message;
  std::optional<Result<std::optional<Certificate>>> decided;
  std::optional<Certificate> issued;
  bool confirmed = false;
};

namespace {

CmpTransaction::Impl& state_of(OSSL_CMP_SRV_CTX* server) {
  return *static_cast<CmpTransaction::Impl*>(OSSL_CMP_SRV_CTX_get0_custom_ctx(server));
}

Result<std::optional<Certificate>> decide(CmpTransaction::Impl& state, const OSSL_CMP_MSG* message,
                                          const OSSL_CRMF_MSG* crmf, const X509_REQ* pkcs10) {
  if (auto decided = std::exchange(state.decided, std::nullopt)) {
    return std::move(*decided);
  }
  UNHIDRA_TRY(auto request, pkcs10 != nullptr ? read_pkcs10(pkcs10) : read_template(crmf));
  request.body = static_cast<CmpBody>(OSSL_CMP_MSG_get_bodytype(message));
  UNHIDRA_TRY(auto issued, state.issuer->certify(request));
  if (!issued) {
    state.waiting = std::move(request);
  }
  return issued;
}

OSSL_CMP_PKISI* on_certificate_request(OSSL_CMP_SRV_CTX* server, const OSSL_CMP_MSG* message, int,
                                       const OSSL_CRMF_MSG* crmf, const X509_REQ* pkcs10,
                                       X509** certificate, STACK_OF(X509) * *chain,
                                       STACK_OF(X509) * *authorities) {
  auto& state = state_of(server);
  state.proved = true;
  auto issued = decide(state, message, crmf, pkcs10);
  if (!issued) {
    return rejection(failure_of(issued.error()), issued.error().message());
  }
  if (!*issued) {
    return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_waiting, 0, nullptr);
  }
  auto own_chain = stack_of(state.chain);
  auto trusted = stack_of(state.chain);
  X509* const x509 = CertificateAccess::get(**issued);
  if (!own_chain || !trusted || X509_up_ref(x509) != 1) {
    return nullptr;
  }
  state.issued = std::move(**issued);
  *certificate = x509;
  *chain = own_chain.release();
  *authorities = trusted.release();
  return accepted();
}

// The request is put to the issuer again; when it is decided, OpenSSL answers it as if it had just
// come (RFC 4210 section 5.3.22).
int on_poll(OSSL_CMP_SRV_CTX* server, const OSSL_CMP_MSG*, int, OSSL_CMP_MSG** request,
            int64_t* check_after) {
  auto& state = state_of(server);
  state.proved = true;
  *request = nullptr;
  *check_after = state.ask_again.count();
  if (!state.waiting) {
    return 0;
  }
  auto decided = state.issuer->certify(*state.waiting);
  if (decided && !*decided) {
    return 1;
  }
  const Byte* at = state.waiting_message.data();
  *request = d2i_OSSL_CMP_MSG(nullptr, &at, static_cast<long>(state.waiting_message.size()));
  state.decided = std::move(decided);
  state.waiting.reset();
  return *request != nullptr ? 1 : 0;
}

OSSL_CMP_PKISI* on_revocation_request(OSSL_CMP_SRV_CTX* server, const OSSL_CMP_MSG* message,
                                      const X509_NAME*, const ASN1_INTEGER* serial) {
  auto& state = state_of(server);
  state.proved = true;
  auto status = state.issuer->revoke(serial_bytes(serial), revocation_reason(message));
  return status ? accepted() : rejection(failure_of(status.error()), status.error().message());
}

int on_general_message(OSSL_CMP_SRV_CTX* server, const OSSL_CMP_MSG*,
                       const STACK_OF(OSSL_CMP_ITAV) * in, STACK_OF(OSSL_CMP_ITAV) * *out) {
  auto& state = state_of(server);
  state.proved = true;
  *out = answers_to(in, {state.chain, state.links});
  return *out != nullptr ? 1 : 0;
}

void on_error(OSSL_CMP_SRV_CTX* server, const OSSL_CMP_MSG*, const OSSL_CMP_PKISI*,
              const ASN1_INTEGER*, const OSSL_CMP_PKIFREETEXT*) {
  state_of(server).proved = true;
}

// RFC 4210 section 5.3.18: the hash is that of the certificate's own signature algorithm.
int on_confirmation(OSSL_CMP_SRV_CTX* server, const OSSL_CMP_MSG*, int,
                    const ASN1_OCTET_STRING* hash, const OSSL_CMP_PKISI* status) {
  auto& state = state_of(server);
  state.proved = true;
  if (!state.issued || state.confirmed) {
    return 0;
  }
  const auto expected = state.issued->sha256_fingerprint();
  const bool same = constant_time_equal(
      ByteView(ASN1_STRING_get0_data(hash), static_cast<std::size_t>(ASN1_STRING_length(hash))),
      expected);
  // OpenSSL hands over the status only when there is one; without, the certificate is accepted.
  bool wanted = true;
  if (status != nullptr) {
    unsigned char* der = nullptr;
    const int size = i2d_OSSL_CMP_PKISI(const_cast<OSSL_CMP_PKISI*>(status), &der);
    const Bytes whole(der, der + std::max(size, 0));
    OPENSSL_free(der);
    auto rest = unwrap(whole, V_ASN1_SEQUENCE);
    const auto code = rest ? next_element(*rest) : std::nullopt;
    wanted = code && code->content.size() == 1 &&
             code->content.front() <= OSSL_CMP_PKISTATUS_grantedWithMods;
  }
  state.confirmed = true;
  const auto done = state.issuer->confirm(*state.issued, same && wanted);
  return same && done ? 1 : 0;
}

bool set_up(OSSL_CMP_CTX* context, const DeviceAuthority& authority, EVP_PKEY* key,
            const OwnedStack& chain, const CmpPeer& peer) {
  if (OSSL_CMP_CTX_set1_cert(context, CertificateAccess::get(authority.certificate())) != 1 ||
      OSSL_CMP_CTX_set1_pkey(context, key) != 1 ||
      OSSL_CMP_CTX_set1_extraCertsOut(context, chain.get()) != 1 ||
      OSSL_CMP_CTX_set_option(context, OSSL_CMP_OPT_LOG_VERBOSITY, 0) != 1) {
    return false;
  }
  if (peer.secret) {
    const auto secret = peer.secret->expose();
    return OSSL_CMP_CTX_set1_secretValue(context, secret.data(), static_cast<int>(secret.size())) ==
               1 &&
           OSSL_CMP_CTX_set1_referenceValue(
               context, reinterpret_cast<const unsigned char*>(peer.reference.data()),
               static_cast<int>(peer.reference.size())) == 1;
  }
  // Verified by the caller, so that every listener asks one verifier; here it alone is believed.
  return peer.certificate &&
         OSSL_CMP_CTX_set1_srvCert(context, CertificateAccess::get(*peer.certificate)) == 1;
}

}  // namespace

CmpTransaction::CmpTransaction(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CmpTransaction::~CmpTransaction() = default;
CmpTransaction::CmpTransaction(CmpTransaction&&) noexcept = default;
CmpTransaction& CmpTransaction::operator=(CmpTransaction&&) noexcept = default;

Result<CmpTransaction> CmpTransaction::begin(const DeviceAuthority& authority,
                                             std::span<const Certificate> chain,
                                             const CmpPeer& peer, std::chrono::seconds ask_again,
                                             std::span<const Certificate> links) {
  const ErrorScope errors;
  auto impl = std::make_unique<Impl>();
  impl->signer = authority.signer();
  impl->key = signing_pkey(*impl->signer);
  impl->chain.assign(chain.begin(), chain.end());
  impl->links.assign(links.begin(), links.end());
  impl->ask_again = ask_again;
  impl->server.reset(OSSL_CMP_SRV_CTX_new(nullptr, nullptr));
  std::vector<Certificate> sent(chain.begin(), chain.end());
  sent.insert(sent.end(), links.begin(), links.end());
  const auto extra = stack_of(sent);
  if (!impl->key || !impl->server || !extra ||
      OSSL_CMP_SRV_CTX_init(impl->server.get(), impl.get(), on_certificate_request,
                            on_revocation_request, on_general_message, on_error, on_confirmation,
                            on_poll) != 1 ||
      OSSL_CMP_SRV_CTX_set_grant_implicit_confirm(impl->server.get(), 1) != 1 ||
      !set_up(OSSL_CMP_SRV_CTX_get0_cmp_ctx(impl->server.get()), authority, impl->key.get(), extra,
              peer)) {
    return fail(unhidra::Errc::internal, "OpenSSL could not begin the transaction");
  }
  return CmpTransaction(std::move(impl));
}

Result<Bytes> CmpTransaction::process(ByteView message, CmpIssuer& issuer) {
  const ErrorScope errors;
  const Byte* at = message.data();
  const OwnedMessage request(d2i_OSSL_CMP_MSG(nullptr, &at, static_cast<long>(message.size())));
  if (!request || at != message.data() + message.size()) {
    return fail(Errc::bad_request, "not a CMP message");
  }
  const bool waited = impl_->waiting.has_value();
  impl_->issuer = &issuer;
  impl_->proved = false;
  const OwnedMessage answer(OSSL_CMP_SRV_process_request(impl_->server.get(), request.get()));
  impl_->issuer = nullptr;
  if (!waited && impl_->waiting) {
    impl_->waiting_message = to_bytes(message);
  }
  // A rejection of OpenSSL's own, for want of proof of possession, is no error message.
  const bool refused = !answer || (!impl_->proved && OSSL_CMP_MSG_get_bodytype(answer.get()) ==
                                                         static_cast<int>(CmpBody::error));
  if (refused) {
    return fail(Errc::bad_request, "the CMP message is not accepted");
  }
  unsigned char* der = nullptr;
  const int size = i2d_OSSL_CMP_MSG(answer.get(), &der);
  Bytes out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

bool CmpTransaction::awaits_decision() const {
  return impl_->waiting.has_value();
}

bool CmpTransaction::awaits_confirmation() const {
  return impl_->issued && !impl_->confirmed;
}

}  // namespace unhidra::pki
