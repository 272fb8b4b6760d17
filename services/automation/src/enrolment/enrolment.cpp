#include "enrolment/enrolment.h"

#include <algorithm>

#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"
#include "unhidra/crypto/provider.h"

#include "devices/store_certificates.h"
#include "enrolment/approval.h"

namespace unhidra::automation {
namespace {

using access::AuditDraft;
using access::OperationRequest;
using storage::Transaction;

constexpr std::chrono::minutes kBackdated{5};  // devices whose clocks are slow
constexpr std::size_t kMaxBasic = 512;

std::unexpected<Error> refused() {
  return fail(Errc::bad_credentials, "a good enrolment code or certificate is needed");
}

ByteArray<32> hash_code(ByteView code) {
  return crypto::native_provider().sha256(code);
}

pki::ChannelBindings bindings_of(const OperationRequest& request) {
  const auto& peer = request.tls_peer;
  return peer ? pki::ChannelBindings{.tls_unique = peer->tls_unique,
                                     .tls_exporter = peer->tls_exporter}
              : pki::ChannelBindings{};
}

Result<pki::CertificateRequest> read_request(const Enrolment& enrolment,
                                             const OperationRequest& request) {
  UNHIDRA_TRY(const auto der,
              pki::decode_est_body(as_text(request.body), pki::kMaxCertificateRequest));
  UNHIDRA_TRY(auto out, pki::CertificateRequest::from_der(der));
  UNHIDRA_TRY_VOID(pki::check_binding(out, bindings_of(request), enrolment.settings.binding));
  return out;
}

Wanted wanted_of(pki::CertificateRequest request) {
  return {.public_key_der = std::move(request.public_key_der),
          .subject = std::move(request.subject),
          .uris = std::move(request.uris),
          .certified_key_der = {}};
}

// A request may leave its URI out; another's it may not ask for.
Status check_uris(const Wanted& request, const pki::DeviceIdentity& identity) {
  const auto own = pki::device_uri(identity);
  if (!std::ranges::all_of(request.uris, [&](const auto& uri) { return uri == own; })) {
    return fail(Errc::bad_request, "the request names another device");
  }
  return {};
}

void note_device(AuditDraft& draft, const pki::DeviceIdentity& identity) {
  draft.org_id = identity.org;
  draft.set_actor(identity.device);
  draft.resource_id = identity.device.to_string();
}

Result<pki::Certificate> issue(Transaction& tx, const Enrolment& enrolment, const Wanted& wanted,
                               const pki::DeviceIdentity& identity,
                               const std::optional<Bytes>& replaces, AuditDraft& draft) {
  const auto moment = enrolment.clock.now();
  const auto now = std::chrono::floor<std::chrono::seconds>(moment);
  const auto authorities = enrolment.authorities.now();
  const auto& [generation, authority, from] = authorities->issuing(moment);
  const auto end = authority.certificate().validity().not_after;
  const pki::Validity validity{
      now - kBackdated,
      std::min<Timestamp>(end, now + std::chrono::duration_cast<std::chrono::seconds>(
                                         enrolment.settings.certificate_lifetime))};
  pki::StatusUrls urls;
  if (const auto& base = enrolment.settings.status_url; !base.empty()) {
    urls = {.crl = {base + crl_path(generation)}, .ocsp = {base + "/pki/ocsp"}};
  }
  const auto& key =
      wanted.certified_key_der.empty() ? wanted.public_key_der : wanted.certified_key_der;
  UNHIDRA_TRY(auto out, authority.issue(key, identity, validity, urls, enrolment.random));
  const store::DeviceCertificate row{.serial_number = out.serial_number(),
                                     .org_id = identity.org,
                                     .device_id = identity.device,
                                     .authority = generation,
                                     .not_before = validity.not_before,
                                     .not_after = validity.not_after,
                                     .replaces = replaces,
                                     .first_seen_at = std::nullopt,
                                     .revoked_at = std::nullopt,
                                     .reason = std::nullopt,
                                     .device_revoked_at = std::nullopt};
  UNHIDRA_TRY_VOID(store::insert(tx, row, out.to_der()));
  draft.note("serial_number", to_hex(row.serial_number));
  draft.note("authority", std::to_string(generation));
  return out;
}

std::string code_label(const pki::DeviceIdentity& who) {
  return "enrolment-code/" + who.device.to_string();
}

// Whether the code is good, and lets the device have its certificate now.
Result<Verdict> use_code(Transaction& tx, const Enrolment& enrolment,
                         const pki::DeviceIdentity& who, ByteView code, std::string_view ip,
                         const Wanted& wanted, AuditDraft& draft) {
  draft.note("proof", "code");
  const auto now = enrolment.clock.now();
  const auto hash = hash_code(code);
  if (enrolment.settings.approval) {
    const auto fingerprint = crypto::native_provider().sha256(wanted.public_key_der);
    draft.note("fingerprint", to_hex(fingerprint));
    return judge(tx, {.identity = who,
                      .device_name = {},
                      .code_hash = hash,
                      .fingerprint = fingerprint,
                      .ip_address = std::string(ip),
                      .created_at = now,
                      .expires_at = now + enrolment.settings.approval_lifetime,
                      .approved = std::nullopt});
  }
  UNHIDRA_TRY(const auto used, store::use_code(tx, who.org, who.device, hash, now));
  if (!used) {
    return refused();
  }
  return Verdict::approved;
}

}  // namespace

std::string crl_path(std::int64_t generation) {
  return "/pki/devices/" + std::to_string(generation) + ".crl";
}

Result<pki::DeviceIdentity> find_by_id(Transaction& tx, std::string_view id, AuditDraft& draft) {
  const auto device = DeviceId::parse(id);
  if (!device) {
    return refused();
  }
  UNHIDRA_TRY(const auto org, store::organization_of(tx, *device));
  if (!org) {
    return refused();
  }
  const pki::DeviceIdentity out{*org, *device};
  note_device(draft, out);
  UNHIDRA_TRY(const auto lives, store::device_lives(tx, *org, *device));
  if (!lives) {
    return refused();
  }
  return out;
}

Result<std::optional<SecretBytes>> open_code(Transaction& tx, const Enrolment& enrolment,
                                             const pki::DeviceIdentity& who) {
  UNHIDRA_TRY(const auto sealed,
              store::sealed_code(tx, who.org, who.device, enrolment.clock.now()));
  if (sealed.empty()) {
    return std::nullopt;
  }
  UNHIDRA_TRY(auto code, enrolment.sealer.open(code_label(who), sealed));
  return code;
}

Result<SeenDevice> identify(Transaction& tx, const Enrolment& enrolment, ByteView certificate_der,
                            AuditDraft& draft) {
  UNHIDRA_TRY(auto seen,
              admit_certificate(tx, certificate_der, enrolment.authorities.now()->trusted,
                                enrolment.clock.now()));
  note_device(draft, seen.identity);
  draft.note("proof", "certificate");
  return seen;
}

Result<SeenDevice> identify_by_certificate(Transaction& tx, const Enrolment& enrolment,
                                           const OperationRequest& request, AuditDraft& draft) {
  if (!request.tls_peer || request.tls_peer->certificate.empty()) {
    return refused();
  }
  return identify(tx, enrolment, request.tls_peer->certificate, draft);
}

std::optional<BasicCredentials> parse_basic(std::string_view header) {
  constexpr std::string_view kScheme = "Basic ";
  if (!header.starts_with(kScheme) || header.size() > kMaxBasic) {
    return std::nullopt;
  }
  auto decoded = from_base64(header.substr(kScheme.size()));
  if (!decoded) {
    return std::nullopt;
  }
  const auto colon = std::ranges::find(*decoded, Byte{':'});
  if (colon == decoded->end()) {
    return std::nullopt;
  }
  const auto at = static_cast<std::size_t>(colon - decoded->begin());
  const ByteView bytes(*decoded);
  BasicCredentials out{.user = std::string(as_text(bytes.first(at))),
                       .password = SecretBytes::copy_of(bytes.subspan(at + 1))};
  wipe(*decoded);
  return out;
}

Result<NewCode> make_code(Transaction& tx, const Enrolment& enrolment, OrgId org, DeviceId device) {
  UNHIDRA_TRY(const auto lives, store::device_lives(tx, org, device));
  if (!lives) {
    return fail(Errc::not_found, "there is no such device");
  }
  const auto secret = enrolment.random.secret_array<16>();
  const auto now = enrolment.clock.now();
  NewCode out{.code = "uhe_" + to_base64url(secret.expose()),
              .expires_at = now + enrolment.settings.code_lifetime};
  UNHIDRA_TRY_VOID(drop_request(tx, {org, device}));
  UNHIDRA_TRY(const auto sealed, enrolment.sealer.seal(code_label({org, device}),
                                                       as_bytes(out.code), enrolment.random));
  UNHIDRA_TRY_VOID(store::replace_code(tx, {.hash = hash_code(as_bytes(out.code)),
                                            .sealed = sealed,
                                            .org_id = org,
                                            .device_id = device,
                                            .created_at = now,
                                            .expires_at = out.expires_at}));
  return out;
}

Result<Issued> enroll_by_code(Transaction& tx, const Enrolment& enrolment,
                              const pki::DeviceIdentity& who, ByteView code, std::string_view ip,
                              const Wanted& wanted, AuditDraft& draft) {
  UNHIDRA_TRY(const auto verdict, use_code(tx, enrolment, who, code, ip, wanted, draft));
  UNHIDRA_TRY_VOID(check_uris(wanted, who));
  Issued out;
  if (verdict == Verdict::waits) {
    draft.note("state", "waits for approval");
    return out;
  }
  UNHIDRA_TRY_VOID(store::forget_codes(tx, who.org, who.device));
  UNHIDRA_TRY(out.certificate, issue(tx, enrolment, wanted, who, std::nullopt, draft));
  return out;
}

Result<Issued> enroll_by_certificate(Transaction& tx, const Enrolment& enrolment, SeenDevice seen,
                                     const Wanted& wanted, AuditDraft& draft) {
  UNHIDRA_TRY_VOID(check_uris(wanted, seen.identity));
  UNHIDRA_TRY(auto made, issue(tx, enrolment, wanted, seen.identity, std::nullopt, draft));
  return Issued{.certificate = std::move(made), .ended = std::move(seen.ended)};
}

Result<Issued> renew(Transaction& tx, const Enrolment& enrolment, SeenDevice seen,
                     const Wanted& wanted, AuditDraft& draft) {
  // As text: a name may be written as another kind of ASN.1 string and be the same.
  if (wanted.subject != seen.certificate.subject() || wanted.uris != seen.certificate.uris()) {
    return fail(Errc::bad_request, "subject and URI must be those of the certificate");
  }
  const auto old = seen.certificate.serial_number();
  draft.note("replaces", to_hex(old));
  UNHIDRA_TRY(auto made, issue(tx, enrolment, wanted, seen.identity, old, draft));
  return Issued{.certificate = std::move(made), .ended = std::move(seen.ended)};
}

namespace {

Result<Issued> enroll_for(Transaction& tx, const Enrolment& enrolment,
                          const OperationRequest& request, const Wanted& wanted,
                          AuditDraft& draft) {
  if (const auto basic = parse_basic(request.authorization)) {
    UNHIDRA_TRY(const auto who, find_by_id(tx, basic->user, draft));
    return enroll_by_code(tx, enrolment, who, basic->password.expose(), request.peer.ip, wanted,
                          draft);
  }
  UNHIDRA_TRY(auto seen, identify_by_certificate(tx, enrolment, request, draft));
  return enroll_by_certificate(tx, enrolment, std::move(seen), wanted, draft);
}

}  // namespace

Result<Issued> enroll(Transaction& tx, const Enrolment& enrolment, const OperationRequest& request,
                      AuditDraft& draft) {
  UNHIDRA_TRY(auto read, read_request(enrolment, request));
  return enroll_for(tx, enrolment, request, wanted_of(std::move(read)), draft);
}

Result<Issued> enroll_with_key(Transaction& tx, const Enrolment& enrolment,
                               const OperationRequest& request, AuditDraft& draft,
                               ByteView public_key_der) {
  if (!enrolment.settings.server_keygen) {
    return fail(Errc::not_found, "this server makes no keys (automation.est_server_keygen)");
  }
  UNHIDRA_TRY(auto read, read_request(enrolment, request));
  if (read.wants_enveloped_key) {
    return fail(Errc::bad_request, "the key is protected by TLS alone, not by an envelope");
  }
  auto wanted = wanted_of(std::move(read));
  wanted.certified_key_der = to_bytes(public_key_der);
  draft.note("key", "made by the server");
  return enroll_for(tx, enrolment, request, wanted, draft);
}

// RFC 7030 section 4.2.2: subject and alternative names are identical to the certificate's.
Result<Issued> reenroll(Transaction& tx, const Enrolment& enrolment,
                        const OperationRequest& request, AuditDraft& draft) {
  UNHIDRA_TRY(auto seen, identify_by_certificate(tx, enrolment, request, draft));
  UNHIDRA_TRY(auto read, read_request(enrolment, request));
  return renew(tx, enrolment, std::move(seen), wanted_of(std::move(read)), draft);
}

}  // namespace unhidra::automation
