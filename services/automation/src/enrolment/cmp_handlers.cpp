#include "enrolment/cmp_handlers.h"

#include <algorithm>

#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"

#include "devices/store_certificates.h"
#include "enrolment/cmp_issuer.h"

namespace unhidra::automation {
namespace {

using access::AuditDraft;
using access::Reply;
using pki::CmpBody;
using storage::Transaction;
using Context = access::OperationContext;

constexpr std::array kRequests{CmpBody::initialization_request, CmpBody::certification_request,
                               CmpBody::pkcs10_request};
constexpr std::array kUpdate{CmpBody::key_update_request};
constexpr std::array kRevocation{CmpBody::revocation_request};
constexpr std::array kPoll{CmpBody::poll_request};
constexpr std::array kConfirmation{CmpBody::certificate_confirmation, CmpBody::error};
constexpr std::array kQuestion{CmpBody::general_message};

struct Office {
  const Enrolment& enrolment;
  messaging::Bus& bus;
  CmpDesk desk;
};
using SharedOffice = std::shared_ptr<Office>;

struct Answer {
  Bytes message;
  std::vector<EndedCertificate> ended;
};

std::unexpected<Error> refused() {
  return fail(Errc::bad_credentials, "a good enrolment code or certificate is needed");
}

Reply reply(Bytes message, std::optional<Error> failure = std::nullopt) {
  return {.status = 200,
          .content_type = "application/pkixcmp",
          .headers = {},
          .field = 0,
          .body = std::move(message),
          .failure = std::move(failure)};
}

Reply reply(const Office& office, Answer answer) {
  for (const auto& each : answer.ended) {
    tell_revoked(office.bus, each);
  }
  return reply(std::move(answer.message));
}

Result<pki::CmpEnvelope> read(const Context& context, std::span<const CmpBody> kinds) {
  UNHIDRA_TRY(auto out, pki::read_cmp_envelope(context.request().body));
  if (std::ranges::find(kinds, out.body) == kinds.end()) {
    return fail(Errc::bad_request, "another kind of CMP message belongs here");
  }
  return out;
}

// Whom the message claims to be of; that it is, its protection will show.
Result<CmpSender> claimed(Transaction& tx, const Enrolment& enrolment,
                          const pki::CmpEnvelope& envelope) {
  CmpSender out;
  if (!envelope.shared_secret) {
    if (!envelope.signer) {
      return refused();
    }
    out.certificate = envelope.signer;
    return out;
  }
  AuditDraft unused;
  UNHIDRA_TRY(out.who, find_by_id(tx, envelope.reference, unused));
  UNHIDRA_TRY(out.code, open_code(tx, enrolment, out.who));
  if (!out.code) {
    return refused();
  }
  return out;
}

Result<pki::CmpTransaction> begin(const Enrolment& enrolment, const CmpSender& sender) {
  pki::CmpPeer peer;
  if (sender.code) {
    peer.secret = SecretBytes::copy_of(sender.code->expose());
    peer.reference = sender.who.device.to_string();
  }
  peer.certificate = sender.certificate;
  const auto authorities = enrolment.authorities.now();
  return pki::CmpTransaction::begin(authorities->issuing(enrolment.clock.now()).authority,
                                    authorities->trusted, peer, enrolment.settings.ask_again,
                                    authorities->links);
}

// The rules' answer to one message, in the transaction in which it may change something.
Result<Answer> work(OpenTransaction& open, EnrolmentIssuer& issuer, ByteView message,
                    Bytes& rejection) {
  auto answer = open.transaction.process(message, issuer);
  if (!answer) {
    return refused();
  }
  if (issuer.failure || !issuer.asked) {
    rejection = std::move(*answer);
    return fail(issuer.failure ? std::move(*issuer.failure)
                               : Error(Errc::bad_request, "possession of the key is not proved"));
  }
  if (issuer.who) {
    open.sender.who = *issuer.who;
  }
  open.issued = issuer.issued;
  return Answer{.message = std::move(*answer), .ended = std::move(issuer.ended)};
}

// What the handler says when the rules did not agree: their own message, if there is one.
Result<Reply> rejected(Context& context, Bytes rejection, AuditDraft draft, Error why) {
  if (rejection.empty()) {
    return fail(std::move(why));
  }
  context.audit() = std::move(draft);
  return reply(std::move(rejection), std::move(why));
}

void keep(Office& office, const Bytes& id, std::unique_ptr<OpenTransaction> open, Timestamp now) {
  if (open->transaction.awaits_confirmation() || open->transaction.awaits_decision()) {
    office.desk.put(id, std::move(open), now);
  }
}

// The first message of a transaction: ir, cr, p10cr, kur, rr.
Task<Result<Reply>> first(SharedOffice office, Context& context, std::span<const CmpBody> kinds) {
  const auto& enrolment = office->enrolment;
  UNHIDRA_CO_TRY(const auto envelope, read(context, kinds));
  const auto now = context.clock().now();
  if (office->desk.knows(envelope.transaction_id, now)) {
    co_return fail(Errc::conflict, "the transaction id is in use");
  }
  std::unique_ptr<OpenTransaction> open;
  Bytes rejection;
  AuditDraft last;
  auto answer =
      co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Result<Answer> {
        rejection.clear();
        UNHIDRA_TRY(auto sender, claimed(tx, enrolment, envelope));
        UNHIDRA_TRY(auto transaction, begin(enrolment, sender));
        open = std::make_unique<OpenTransaction>(
            OpenTransaction{std::move(transaction), std::move(sender), std::nullopt});
        EnrolmentIssuer issuer(tx, enrolment, open->sender, context.peer().ip, draft);
        auto out = work(*open, issuer, context.request().body, rejection);
        last = draft;
        return out;
      });
  if (!answer) {
    co_return rejected(context, std::move(rejection), std::move(last), std::move(answer).error());
  }
  keep(*office, envelope.transaction_id, std::move(open), now);
  co_return reply(*office, std::move(*answer));
}

Task<Result<Reply>> give_certificate(SharedOffice office, Context& context) {
  return first(std::move(office), context, kRequests);
}

Task<Result<Reply>> renew_certificate(SharedOffice office, Context& context) {
  return first(std::move(office), context, kUpdate);
}

Task<Result<Reply>> revoke(SharedOffice office, Context& context) {
  return first(std::move(office), context, kRevocation);
}

Task<Result<Reply>> poll(SharedOffice office, Context& context) {
  UNHIDRA_CO_TRY(const auto envelope, read(context, kPoll));
  const auto now = context.clock().now();
  auto open = office->desk.take(envelope.transaction_id, now);
  if (!open) {
    co_return fail(Errc::not_found, "there is no such transaction; begin anew");
  }
  Bytes rejection;
  AuditDraft last;
  bool processed = false;
  bool proved = true;
  auto answer =
      co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Result<Answer> {
        // OpenSSL takes a message once. A transaction of the database that must be tried again is
        // told to the device as a failure: it begins anew.
        if (std::exchange(processed, true)) {
          return fail(unhidra::Errc::unavailable, "try again");
        }
        EnrolmentIssuer issuer(tx, office->enrolment, open->sender, context.peer().ip, draft);
        auto out = work(*open, issuer, context.request().body, rejection);
        proved = issuer.asked;
        last = draft;
        return out;
      });
  if (answer || !proved) {
    keep(*office, envelope.transaction_id, std::move(open), now);
  }
  if (!answer) {
    co_return rejected(context, std::move(rejection), std::move(last), std::move(answer).error());
  }
  co_return reply(*office, std::move(*answer));
}

Result<std::vector<EndedCertificate>> note_confirmation(Transaction& tx,
                                                        const OpenTransaction& open, bool accepted,
                                                        Timestamp now, AuditDraft& draft) {
  const auto& who = open.sender.who;
  draft.org_id = who.org;
  draft.set_actor(who.device);
  draft.resource_id = who.device.to_string();
  draft.note("accepted", accepted ? "true" : "false");
  if (!open.issued) {
    return std::vector<EndedCertificate>();
  }
  const auto serial = open.issued->serial_number();
  draft.note("serial_number", to_hex(serial));
  if (accepted) {
    return std::vector<EndedCertificate>();
  }
  UNHIDRA_TRY(const auto ended, store::revoke(tx, who.org, serial,
                                              pki::RevocationReason::cessation_of_operation, now));
  return ended ? std::vector<EndedCertificate>{{who, serial}} : std::vector<EndedCertificate>();
}

Task<Result<Reply>> confirm(SharedOffice office, Context& context) {
  UNHIDRA_CO_TRY(const auto envelope, read(context, kConfirmation));
  const auto now = context.clock().now();
  auto open = office->desk.take(envelope.transaction_id, now);
  if (!open) {
    co_return fail(Errc::not_found, "there is no such transaction");
  }
  ConfirmationListener listener;
  auto message = open->transaction.process(context.request().body, listener);
  if (!message) {
    keep(*office, envelope.transaction_id, std::move(open), now);
    co_return refused();
  }
  UNHIDRA_CO_TRY(auto ended, co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
    return note_confirmation(tx, *open, listener.accepted, now, draft);
  }));
  co_return reply(*office, {.message = std::move(*message), .ended = std::move(ended)});
}

// A question changes nothing; whoever has a code or a certificate may ask it.
Result<Bytes> answer_question(Transaction& tx, const Enrolment& enrolment,
                              const pki::CmpEnvelope& envelope, ByteView message) {
  UNHIDRA_TRY(const auto sender, claimed(tx, enrolment, envelope));
  if (sender.certificate) {
    const auto who = pki::verify_device_certificate(
        *sender.certificate, enrolment.authorities.now()->trusted, enrolment.clock.now());
    UNHIDRA_TRY(const auto row, store::find(tx, sender.certificate->serial_number()));
    if (!who || !row || !row->good()) {
      return refused();
    }
  }
  UNHIDRA_TRY(auto transaction, begin(enrolment, sender));
  ConfirmationListener nobody;
  auto out = transaction.process(message, nobody);
  return out ? std::move(out) : refused();
}

Task<Result<Reply>> ask(SharedOffice office, Context& context) {
  UNHIDRA_CO_TRY(const auto envelope, read(context, kQuestion));
  UNHIDRA_CO_TRY(auto message, co_await context.read([&](Transaction& tx) {
    return answer_question(tx, office->enrolment, envelope, context.request().body);
  }));
  co_return reply(std::move(message));
}

}  // namespace

void bind_cmp(access::Handlers& handlers, const Enrolment& enrolment, messaging::Bus& bus) {
  const auto office = std::make_shared<Office>(enrolment, bus);
  const auto on = [&](std::string_view name, auto handler) {
    handlers.on_rest(name,
                     [office, handler](Context& context) { return handler(office, context); });
  };
  on("cmp.enroll", give_certificate);
  on("cmp.renew", renew_certificate);
  on("cmp.poll", poll);
  on("cmp.confirm", confirm);
  on("cmp.revoke", revoke);
  on("cmp.ask", ask);
}

}  // namespace unhidra::automation
