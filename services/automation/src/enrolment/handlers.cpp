#include "enrolment/handlers.h"

#include "unhidra/access/paging.h"
#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"
#include "unhidra/pki/ocsp.h"

#include "devices/registry.h"
#include "devices/store_certificates.h"
#include "enrolment/approval.h"

namespace unhidra::automation {
namespace {

using access::AuditDraft;
using access::Reply;
using storage::Transaction;
using Context = access::OperationContext;

constexpr std::chrono::hours kStatusLifetime{1};  // of a CRL and an OCSP response

namespace body {

struct EnrolmentCode {
  DeviceId device_id;
  std::string code;
  Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(EnrolmentCode, (), (device_id, code, expires_at))

struct DeviceCertificate {
  std::string serial_number;
  Timestamp not_before;
  Timestamp not_after;
  std::optional<Timestamp> first_seen_at;
  std::optional<Timestamp> revoked_at;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(DeviceCertificate, (),
                      (serial_number, not_before, not_after, first_seen_at, revoked_at, reason))

struct DeviceCertificates {
  std::vector<DeviceCertificate> items;
};
BOOST_DESCRIBE_STRUCT(DeviceCertificates, (), (items))

struct EnrolmentRequest {
  DeviceId device_id;
  std::string name;
  std::string fingerprint;  // of the key
  std::string ip_address;
  Timestamp created_at;
  Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(EnrolmentRequest, (),
                      (device_id, name, fingerprint, ip_address, created_at, expires_at))

struct EnrolmentRequests {
  std::vector<EnrolmentRequest> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(EnrolmentRequests, (), (items, next_cursor))

struct Approval {
  std::string fingerprint;  // of the key that was looked at
};
BOOST_DESCRIBE_STRUCT(Approval, (), (fingerprint))

}  // namespace body

Reply binary(std::string_view type, Bytes content) {
  return {.status = 200,
          .content_type = std::string(type),
          .headers = {},
          .field = 0,
          .body = std::move(content)};
}

Reply est(std::string_view type, ByteView der) {
  auto out = binary(type, to_bytes(pki::encode_est_body(der)));
  // RFC 8951 section 3.1 makes it meaningless; clients of RFC 7030 look for it.
  out.headers.emplace_back("Content-Transfer-Encoding", "base64");
  return out;
}

Result<Reply> certificates_reply(std::span<const pki::Certificate> certificates) {
  UNHIDRA_TRY(const auto der, pki::certs_only(certificates));
  return est("application/pkcs7-mime; smime-type=certs-only", der);
}

pki::CrlTimes times_at(Timestamp now) {
  return {.this_update = now, .next_update = now + kStatusLifetime};
}

// RFC 7030 section 4.2.3.
Reply ask_again(std::chrono::seconds after) {
  return {.status = 202,
          .content_type = {},
          .headers = {{"Retry-After", std::to_string(after.count())}},
          .field = 0,
          .body = {}};
}

struct Shared {
  const Enrolment& enrolment;
  messaging::Bus& bus;

  void tell(const std::vector<EndedCertificate>& ended) const {
    for (const auto& each : ended) {
      tell_revoked(bus, each);
    }
  }
};

// ---- EST ----

Task<Result<Reply>> ca_certificates(Shared shared, Context& /*context*/) {
  const auto authorities = shared.enrolment.authorities.now();
  auto certificates = authorities->trusted;  // RFC 7030 section 4.1.3: the links, too
  certificates.insert(certificates.end(), authorities->links.begin(), authorities->links.end());
  co_return certificates_reply(certificates);
}

Task<Result<Reply>> csr_attributes(Shared shared, Context& /*context*/) {
  co_return est("application/csrattrs", pki::csr_attributes(shared.enrolment.settings.binding ==
                                                            pki::BindingMode::required));
}

using Rule = Result<Issued> (*)(Transaction&, const Enrolment&, const access::OperationRequest&,
                                AuditDraft&);

Task<Result<Reply>> give_certificate(Shared shared, Context& context, Rule rule) {
  UNHIDRA_CO_TRY(const auto issued,
                 co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
                   return rule(tx, shared.enrolment, context.request(), draft);
                 }));
  shared.tell(issued.ended);
  if (!issued.certificate) {
    co_return ask_again(shared.enrolment.settings.ask_again);
  }
  co_return certificates_reply({&*issued.certificate, 1});
}

Task<Result<Reply>> give_key_and_certificate(Shared shared, Context& context) {
  UNHIDRA_CO_TRY(const auto key, pki::generate_device_key());
  UNHIDRA_CO_TRY(
      const auto issued, co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
        return enroll_with_key(tx, shared.enrolment, context.request(), draft, key.public_key_der);
      }));
  shared.tell(issued.ended);
  if (!issued.certificate) {
    co_return ask_again(shared.enrolment.settings.ask_again);
  }
  UNHIDRA_CO_TRY(const auto der, pki::certs_only({&*issued.certificate, 1}));
  co_return binary(pki::kKeyAndCertificateType,
                   pki::key_and_certificate(key.private_key_der.expose(), der));
}

// ---- status ----

Task<Result<Reply>> give_list(Context& context, const KnownAuthority& by) {
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(const auto revoked, co_await context.read([&](Transaction& tx) {
    return store::revoked(tx, by.generation, now);
  }));
  // Whole seconds since 1970 rise with every list that can differ from the one before.
  const auto number = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  UNHIDRA_CO_TRY(auto der, by.authority.make_crl(revoked, number, times_at(now)));
  co_return binary("application/pkix-crl", std::move(der));
}

// The address from when there was one authority: certificates of the oldest may have it in them.
Task<Result<Reply>> revocation_list(Shared shared, Context& context) {
  const auto authorities = shared.enrolment.authorities.now();
  co_return co_await give_list(context, authorities->known.front());
}

Task<Result<Reply>> revocation_list_of(Shared shared, Context& context) {
  const auto authorities = shared.enrolment.authorities.now();
  const auto path = "/pki/devices/" + std::string(context.path_text("list"));
  for (const auto& each : authorities->known) {
    if (path == crl_path(each.generation)) {
      co_return co_await give_list(context, each);
    }
  }
  co_return fail(Errc::not_found, "no authority that is believed has this list");
}

Result<std::map<Bytes, pki::StatusAnswer>> look_up(Transaction& tx,
                                                   const std::vector<Bytes>& serial_numbers) {
  std::map<Bytes, pki::StatusAnswer> out;
  for (const auto& serial : serial_numbers) {
    UNHIDRA_TRY(const auto row, store::find(tx, serial));
    if (!row) {
      continue;
    }
    pki::StatusAnswer answer{.status = pki::CertificateStatus::good, .revocation = std::nullopt};
    if (!row->good()) {
      answer = {.status = pki::CertificateStatus::revoked,
                .revocation = pki::Revocation{
                    .serial_number = serial,
                    .at = *row->ended_at(),
                    .reason = static_cast<pki::RevocationReason>(row->reason.value_or(0))}};
    }
    out.emplace(serial, std::move(answer));
  }
  return out;
}

// A response has one signer: what a request asks of others beside is answered "unknown".
const KnownAuthority& asked(const Authorities& authorities, const pki::OcspRequest& request,
                            Timestamp now) {
  for (const auto& each : authorities.known) {
    if (!request.serial_numbers(each.authority).empty()) {
      return each;
    }
  }
  return authorities.issuing(now);
}

Task<Result<Reply>> answer_ocsp(Shared shared, Context& context, ByteView question) {
  constexpr std::string_view kType = "application/ocsp-response";
  const auto request = pki::OcspRequest::from_der(question);
  if (!request) {
    co_return binary(kType, pki::ocsp_failure(pki::OcspFailure::malformed_request));
  }
  const auto authorities = shared.enrolment.authorities.now();
  const auto& by = asked(*authorities, *request, context.clock().now());
  const auto serial_numbers = request->serial_numbers(by.authority);
  const auto known =
      co_await context.read([&](Transaction& tx) { return look_up(tx, serial_numbers); });
  if (!known) {
    co_return binary(kType, pki::ocsp_failure(pki::OcspFailure::try_later));
  }
  const auto find = [&](const Bytes& serial) {
    const auto found = known->find(serial);
    return found == known->end() ? pki::StatusAnswer{} : found->second;
  };
  UNHIDRA_CO_TRY(auto der, request->answer(by.authority, find, times_at(context.clock().now())));
  co_return binary(kType, std::move(der));
}

Task<Result<Reply>> ocsp(Shared shared, Context& context) {
  co_return co_await answer_ocsp(shared, context, context.request().body);
}

// RFC 6960 appendix A.1: base64, percent-encoded. What is none is an empty, malformed question.
Task<Result<Reply>> ocsp_get(Shared shared, Context& context) {
  // Bytes of its own: g++ 12 evaluates both sides of a conditional within co_await.
  const auto question = from_base64(context.path_text("request")).value_or(Bytes());
  co_return co_await answer_ocsp(shared, context, question);
}

// ---- for administrators ----

Task<Result<body::EnrolmentCode>> create_code(Shared shared, Context& context) {
  const auto org = context.principal().org_id;
  const auto device = context.path_id<DeviceId>("device_id");
  UNHIDRA_CO_TRY(auto made, co_await context.transact([&](Transaction& tx) {
    return make_code(tx, shared.enrolment, org, device);
  }));
  co_return body::EnrolmentCode{
      .device_id = device, .code = std::move(made.code), .expires_at = made.expires_at};
}

Result<body::DeviceCertificates> certificates_of(Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY_VOID(find_device(tx, org, device));
  UNHIDRA_TRY(const auto rows, store::list(tx, org, device));
  body::DeviceCertificates out;
  for (const auto& row : rows) {
    std::optional<std::string> reason;
    if (row.revoked_at) {
      reason = pki::to_string(static_cast<pki::RevocationReason>(row.reason.value_or(0)));
    }
    out.items.push_back({.serial_number = to_hex(row.serial_number),
                         .not_before = row.not_before,
                         .not_after = row.not_after,
                         .first_seen_at = row.first_seen_at,
                         .revoked_at = row.revoked_at,
                         .reason = std::move(reason)});
  }
  return out;
}

Task<Result<body::DeviceCertificates>> list_certificates(Shared /*shared*/, Context& context) {
  const auto org = context.principal().org_id;
  const auto device = context.path_id<DeviceId>("device_id");
  co_return co_await context.read(
      [&](Transaction& tx) { return certificates_of(tx, org, device); });
}

Task<Result<void>> revoke_certificates(Shared shared, Context& context) {
  const pki::DeviceIdentity who{context.principal().org_id, context.path_id<DeviceId>("device_id")};
  UNHIDRA_CO_TRY(
      const auto ended,
      co_await context.transact(
          [&](Transaction& tx, AuditDraft& draft) -> Result<std::vector<EndedCertificate>> {
            UNHIDRA_TRY(auto out, revoke_all(tx, who, context.clock().now()));
            draft.note("certificates", std::to_string(out.size()));
            return out;
          }));
  shared.tell(ended);
  co_return Result<void>();
}

Task<Result<body::EnrolmentRequests>> list_requests(Shared /*shared*/, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  DeviceId after;
  if (!page.position.empty()) {
    UNHIDRA_CO_TRY(after, DeviceId::from_bytes(page.position));
  }
  const auto org = context.principal().org_id;
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(auto rows, co_await context.read([&](Transaction& tx) {
    return waiting(tx, org, after, page.limit + 1, now);
  }));
  body::EnrolmentRequests out;
  out.next_cursor = access::next_cursor(context.operation().name, page, rows, [](const auto& row) {
    return row.identity.device.bytes();
  });
  for (const auto& row : rows) {
    out.items.push_back({.device_id = row.identity.device,
                         .name = row.device_name,
                         .fingerprint = to_hex(row.fingerprint),
                         .ip_address = row.ip_address,
                         .created_at = row.created_at,
                         .expires_at = row.expires_at});
  }
  co_return out;
}

Task<Result<void>> decide_request(Context& context, bool approved,
                                  std::optional<KeyFingerprint> fingerprint) {
  const pki::DeviceIdentity who{context.principal().org_id, context.path_id<DeviceId>("device_id")};
  const auto now = context.clock().now();
  co_return co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Status {
    UNHIDRA_TRY_VOID(find_device(tx, who.org, who.device));
    if (fingerprint) {
      draft.note("fingerprint", to_hex(*fingerprint));
    }
    return decide(tx, who, approved, fingerprint, now);
  });
}

Task<Result<void>> approve_request(Context& context, body::Approval in) {
  const auto bytes = from_hex(in.fingerprint);
  const auto fingerprint =
      bytes ? to_array<32>(*bytes) : Result<KeyFingerprint>(std::unexpect, bytes.error());
  if (!fingerprint) {
    co_return fail(Errc::bad_request, "a fingerprint is 64 hexadecimal digits");
  }
  co_return co_await decide_request(context, true, *fingerprint);
}

}  // namespace

void bind_enrolment(access::Handlers& handlers, const Enrolment& enrolment, messaging::Bus& bus) {
  const Shared shared{enrolment, bus};
  const auto on = [&](std::string_view name, auto handler) {
    handlers.on_rest(name,
                     [shared, handler](Context& context) { return handler(shared, context); });
  };
  on("est.ca_certificates", ca_certificates);
  on("est.csr_attributes", csr_attributes);
  on("est.enroll",
     [](Shared all, Context& context) { return give_certificate(all, context, enroll); });
  on("est.enroll_with_key", give_key_and_certificate);
  on("est.reenroll",
     [](Shared all, Context& context) { return give_certificate(all, context, reenroll); });
  on("certificate_status.crl", revocation_list);
  on("certificate_status.crl_of", revocation_list_of);
  on("certificate_status.ocsp", ocsp);
  on("certificate_status.ocsp_get", ocsp_get);
  on("enrolment_codes.create", create_code);
  on("enrolment_requests.list", list_requests);
  handlers.on_json<body::Approval>("enrolment_requests.approve", approve_request);
  handlers.on_rest("enrolment_requests.deny",
                   [](Context& context) { return decide_request(context, false, std::nullopt); });
  on("device_certificates.list", list_certificates);
  on("device_certificates.revoke", revoke_certificates);
}

}  // namespace unhidra::automation
