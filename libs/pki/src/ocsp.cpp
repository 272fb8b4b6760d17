#include "unhidra/pki/ocsp.h"

#include <openssl/ocsp.h>

#include "signer_key.h"
#include "x509_build.h"

namespace unhidra::pki {
namespace {

using OwnedRequest = Owned<OCSP_REQUEST, OCSP_REQUEST_free>;
using OwnedResponse = Owned<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using OwnedBasic = Owned<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using OwnedCertId = Owned<OCSP_CERTID, OCSP_CERTID_free>;
using OwnedTime = Owned<ASN1_TIME, ASN1_TIME_free>;

constexpr int kMaxNonce = 32;  // RFC 8954 section 2.1

std::unexpected<Error> failed() {
  return fail(Errc::signer_failed, "the responder could not sign");
}

OCSP_CERTID* question(const OwnedRequest& request, int index) {
  return OCSP_onereq_get0_id(OCSP_request_onereq_get0(request.get(), index));
}

// The serial number when the question is about a certificate of this issuer.
std::optional<Bytes> serial_of(OCSP_CERTID* id, X509* issuer) {
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_INTEGER* serial = nullptr;
  if (OCSP_id_get0_info(nullptr, &algorithm, nullptr, &serial, id) != 1) {
    return std::nullopt;
  }
  const int nid = OBJ_obj2nid(algorithm);
  if (nid != NID_sha1 && nid != NID_sha256) {
    return std::nullopt;
  }
  const OwnedCertId ours(OCSP_cert_id_new(EVP_get_digestbynid(nid), X509_get_subject_name(issuer),
                                          X509_get0_pubkey_bitstr(issuer), serial));
  if (!ours || OCSP_id_issuer_cmp(ours.get(), id) != 0) {
    return std::nullopt;
  }
  return to_bytes(ByteView(ASN1_STRING_get0_data(serial),
                           static_cast<std::size_t>(ASN1_STRING_length(serial))));
}

Bytes der_of(OCSP_RESPONSE* response) {
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &der);
  Bytes out(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return out;
}

bool add_answer(OCSP_BASICRESP* basic, OCSP_CERTID* id, const StatusAnswer& answer, ASN1_TIME* from,
                ASN1_TIME* until) {
  int status = V_OCSP_CERTSTATUS_UNKNOWN;
  int reason = OCSP_REVOKED_STATUS_NOSTATUS;
  OwnedTime at;
  if (answer.status == CertificateStatus::good) {
    status = V_OCSP_CERTSTATUS_GOOD;
  } else if (answer.status == CertificateStatus::revoked && answer.revocation) {
    status = V_OCSP_CERTSTATUS_REVOKED;
    at.reset(ASN1_TIME_new());
    if (!at || !set_time(at.get(), answer.revocation->at)) {
      return false;
    }
    if (answer.revocation->reason != RevocationReason::unspecified) {
      reason = static_cast<int>(answer.revocation->reason);
    }
  }
  return OCSP_basic_add1_status(basic, id, status, reason, at.get(), from, until) != nullptr;
}

// producedAt is set by hand: OpenSSL would read the machine's clock.
bool sign(OCSP_BASICRESP* basic, const DeviceAuthority& authority, const CrlTimes& times) {
  const auto key = signing_pkey(*authority.signer());
  auto* produced = const_cast<ASN1_GENERALIZEDTIME*>(OCSP_resp_get0_produced_at(basic));
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(times.this_update).time_since_epoch().count();
  return key && produced != nullptr &&
         ASN1_GENERALIZEDTIME_set(produced, static_cast<time_t>(seconds)) != nullptr &&
         OCSP_basic_sign(basic, CertificateAccess::get(authority.certificate()), key.get(),
                         EVP_sha256(), nullptr, OCSP_NOTIME | OCSP_RESPID_KEY) == 1;
}

void copy_nonce(OCSP_BASICRESP* basic, OCSP_REQUEST* request) {
  const int at = OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1);
  X509_EXTENSION* nonce = at < 0 ? nullptr : OCSP_REQUEST_get_ext(request, at);
  // The extension's value is an OCTET STRING within an OCTET STRING: two bytes of header.
  if (nonce != nullptr && ASN1_STRING_length(X509_EXTENSION_get_data(nonce)) <= kMaxNonce + 2) {
    OCSP_copy_nonce(basic, request);
  }
}

}  // namespace

struct OcspRequest::Impl {
  OwnedRequest request;
};

OcspRequest::OcspRequest(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OcspRequest::~OcspRequest() = default;
OcspRequest::OcspRequest(OcspRequest&&) noexcept = default;
OcspRequest& OcspRequest::operator=(OcspRequest&&) noexcept = default;

Result<OcspRequest> OcspRequest::from_der(ByteView der) {
  const ErrorScope errors;
  if (der.empty() || der.size() > kMaxOcspRequest) {
    return fail(Errc::bad_request, "an OCSP request has 1 to 4096 bytes");
  }
  const Byte* at = der.data();
  OwnedRequest request(d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(der.size())));
  if (!request || at != der.data() + der.size()) {
    return fail(Errc::bad_request, "not one OCSP request in DER");
  }
  const int count = OCSP_request_onereq_count(request.get());
  if (count < 1 || count > static_cast<int>(kMaxOcspQuestions)) {
    return fail(Errc::bad_request, "an OCSP request asks 1 to 16 questions");
  }
  return OcspRequest(std::make_unique<Impl>(Impl{std::move(request)}));
}

std::vector<Bytes> OcspRequest::serial_numbers(const DeviceAuthority& authority) const {
  const ErrorScope errors;
  std::vector<Bytes> out;
  for (int i = 0; i < OCSP_request_onereq_count(impl_->request.get()); ++i) {
    if (auto serial = serial_of(question(impl_->request, i),
                                CertificateAccess::get(authority.certificate()))) {
      out.push_back(std::move(*serial));
    }
  }
  return out;
}

Result<Bytes> OcspRequest::answer(const DeviceAuthority& authority, const LookUp& look_up,
                                  const CrlTimes& times) const {
  const ErrorScope errors;
  const OwnedBasic basic(OCSP_BASICRESP_new());
  const OwnedTime from(ASN1_TIME_new());
  const OwnedTime until(ASN1_TIME_new());
  if (!basic || !from || !until || !set_time(from.get(), times.this_update) ||
      !set_time(until.get(), times.next_update)) {
    return failed();
  }
  for (int i = 0; i < OCSP_request_onereq_count(impl_->request.get()); ++i) {
    OCSP_CERTID* const id = question(impl_->request, i);
    const auto serial = serial_of(id, CertificateAccess::get(authority.certificate()));
    const auto status = serial ? look_up(*serial) : StatusAnswer{};
    if (!add_answer(basic.get(), id, status, from.get(), until.get())) {
      return failed();
    }
  }
  copy_nonce(basic.get(), impl_->request.get());
  if (!sign(basic.get(), authority, times)) {
    return failed();
  }
  const OwnedResponse response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  return response ? Result<Bytes>(der_of(response.get())) : failed();
}

Bytes ocsp_failure(OcspFailure failure) {
  const OwnedResponse response(OCSP_response_create(static_cast<int>(failure), nullptr));
  return response ? der_of(response.get()) : Bytes();
}

}  // namespace unhidra::pki
