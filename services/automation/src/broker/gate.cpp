#include "broker/gate.h"

#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"
#include "unhidra/mqtt/topic.h"
#include "unhidra/runtime/log.h"

#include "broker/known_subject.h"

namespace unhidra::automation {
namespace {

using mqtt::Admission;
using mqtt::ReasonCode;

constexpr std::size_t kIdText = 36;
constexpr std::size_t kMaxAddresses = 100'000;  // whose failures are counted

Result<store::RegisteredDevice> registered(storage::Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY(auto found, store::find_registered(tx, org, device));
  if (!found || found->revoked_at) {
    return fail(Errc::not_found, "no such device");
  }
  return *std::move(found);
}

// Client identifiers that begin with an id belong to whoever has it.
bool begins_with(std::string_view client_id, const std::string& id) {
  return client_id.starts_with(id);
}
bool begins_with_foreign_id(std::string_view client_id, const std::string& own) {
  return !begins_with(client_id, own) && parse_uuid(client_id.substr(0, kIdText)).has_value();
}

}  // namespace

// What the connection adds to what is known of whoever it is.
void Gate::introduce(Subject& subject, const Arrival& arrival) {
  subject.facts.push_back(fact_of(
      ClientFacts{.ip = arrival.ip, .transport = arrival.transport, .id = arrival.client_id}));
}

Gate::Gate(GateDependencies dependencies, Answer answer)
    : deps_(std::move(dependencies)),
      answer_(std::move(answer)),
      passwords_(deps_.database, deps_.clock, deps_.random) {
  if (deps_.failures) {
    failures_.emplace(deps_.clock, kMaxAddresses);
    failed_ = failures_->define("mqtt_failures", *deps_.failures);
  }
}

// ---- Connections -------------------------------------------------------------------------------

bool Gate::too_many_failures(std::string_view ip) {
  return failures_ && failures_->take_now(failed_, as_bytes(ip), 0)->remaining == 0;
}

std::optional<Admission> Gate::connect(mqtt::ConnectionId connection, const mqtt::Peer& peer,
                                       const mqtt::Connect& packet) {
  Arrival arrival{.connection = connection,
                  .client_id = std::string(packet.client_id),
                  .ip = peer.address,
                  .transport = std::string(to_string(peer.transport))};
  if (too_many_failures(peer.address)) {
    return Admission{.reason = ReasonCode::connection_rate_exceeded};
  }
  if (const auto method = packet.properties.find(mqtt::PropertyId::authentication_method)) {
    if (!PasswordSignIn::knows(method->text())) {
      return Admission{.reason = ReasonCode::bad_authentication_method};
    }
    const auto data = packet.properties.find(mqtt::PropertyId::authentication_data);
    guests_.insert_or_assign(connection, Guest{.arrival = std::move(arrival),
                                               .method = std::string(method->text()),
                                               .binding = peer.binding,
                                               .busy = true});
    deps_.scope.spawn("mqtt.greet", greet(connection, data ? to_bytes(data->bytes) : Bytes()));
    return std::nullopt;
  }
  if (!peer.certificate.empty()) {
    deps_.scope.spawn("mqtt.admit", admit_device(std::move(arrival), peer.certificate));
    return std::nullopt;
  }
  if (packet.password && !packet.password->empty()) {
    std::string token(as_text(*packet.password));
    deps_.scope.spawn("mqtt.admit", admit_person(std::move(arrival), std::move(token)));
    return std::nullopt;
  }
  return refuse(arrival, nullptr, ReasonCode::not_authorized, "neither certificate nor token");
}

// ---- By password -------------------------------------------------------------------------------

Task<void> Gate::greet(mqtt::ConnectionId connection, Bytes message) {
  const auto guest = guests_.find(connection);
  if (guest == guests_.end()) {
    co_return;
  }
  auto challenge = co_await passwords_.begin(connection, guest->second.method, std::move(message),
                                             guest->second.binding);
  const auto still = guests_.find(connection);
  if (still == guests_.end()) {
    passwords_.forget(connection);
    co_return;
  }
  still->second.busy = false;
  if (!challenge) {
    const bool theirs = challenge.error().kind() == ErrorKind::unauthenticated;
    answer_(connection,
            refuse(still->second.arrival, nullptr,
                   theirs ? ReasonCode::bad_user_name_or_password : ReasonCode::server_unavailable,
                   challenge.error().message()));
    co_return;
  }
  answer_(connection, {.reason = ReasonCode::continue_authentication, .data = *challenge});
}

std::optional<Admission> Gate::authenticate(mqtt::ConnectionId connection, ByteView data,
                                            bool again) {
  const auto guest = guests_.find(connection);
  if (guest == guests_.end() || guest->second.busy) {
    return Admission{.reason = ReasonCode::protocol_error};
  }
  const auto& arrival = guest->second.arrival;
  if (again) {
    if (too_many_failures(arrival.ip)) {
      return Admission{.reason = ReasonCode::connection_rate_exceeded};
    }
    guest->second.busy = true;
    deps_.scope.spawn("mqtt.greet", greet(connection, to_bytes(data)));
    return std::nullopt;
  }
  auto done = passwords_.finish(connection, data);
  if (!done) {
    return refuse(arrival, nullptr, ReasonCode::bad_user_name_or_password, done.error().message());
  }
  const bool own = !begins_with_foreign_id(arrival.client_id, done->principal.user_id.to_string());
  auto subject = person_subject(done->principal);
  introduce(*subject, arrival);
  if (deps_.policy.is_elsewhere()) {
    deps_.scope.spawn("mqtt.admit", admit(arrival, std::move(subject), own, std::move(done->data)));
    return std::nullopt;
  }
  auto out = settle(arrival, std::move(subject), own);
  out.data = std::move(done->data);
  return out;
}

void Gate::left(mqtt::ConnectionId connection) {
  guests_.erase(connection);
  passwords_.forget(connection);
}

// ---- By certificate or token -------------------------------------------------------------------

Task<Result<std::shared_ptr<Subject>>> Gate::look_up(const Bytes& certificate) {
  struct Found {
    SeenDevice seen;
    store::RegisteredDevice device;
  };
  const auto now = deps_.clock.now();
  auto found = co_await deps_.database.write([&](storage::Transaction& tx) -> Result<Found> {
    UNHIDRA_TRY(auto seen,
                admit_certificate(tx, certificate, deps_.authorities.now()->trusted, now));
    UNHIDRA_TRY(auto device, registered(tx, seen.identity.org, seen.identity.device));
    return Found{std::move(seen), std::move(device)};
  });
  if (!found) {
    co_return fail(std::move(found).error());
  }
  for (const auto& one : found->seen.ended) {
    tell_revoked(deps_.bus, one);
  }
  const auto& shown = found->seen.certificate;
  auto out = device_subject(found->device, shown.serial_number());
  out->expires_at = shown.validity().not_after;
  out->authority = found->seen.authority;
  co_return out;
}

// What is told of a device while it is being admitted counts: it is looked up again.
Task<void> Gate::admit_device(Arrival arrival, Bytes certificate) {
  std::shared_ptr<Subject> subject;
  for (bool is_as_looked_up = false; !is_as_looked_up;) {
    const auto asked_at = deps_.clock.steady_now();
    auto found = co_await look_up(certificate);
    if (!found) {
      answer_(arrival.connection, unknown_device(arrival, found.error()));
      co_return;
    }
    subject = *std::move(found);
    introduce(*subject, arrival);
    co_await deps_.policy.fetch(subject, {.action = "connect"});
    is_as_looked_up = !changed_.since(*subject->device, asked_at);
  }
  const bool own = begins_with(arrival.client_id, subject->device->to_string());
  answer_(arrival.connection, settle(arrival, std::move(subject), own));
}

Admission Gate::unknown_device(const Arrival& arrival, const Error& why) {
  const bool ours = why.kind() != ErrorKind::unauthenticated && why.kind() != ErrorKind::not_found;
  if (ours) {
    log::warn("mqtt.admission_failed", {{"error", why}});
  }
  return refuse(arrival, nullptr,
                ours ? ReasonCode::server_unavailable : ReasonCode::not_authorized, why.message());
}

Task<void> Gate::admit_person(Arrival arrival, std::string token) {
  const auto principal = co_await deps_.verifier.verify(std::move(token));
  if (!principal || principal->kind != access::PrincipalKind::user) {
    answer_(arrival.connection, refuse(arrival, nullptr, ReasonCode::bad_user_name_or_password,
                                       "the token is not accepted"));
    co_return;
  }
  const bool own = !begins_with_foreign_id(arrival.client_id, principal->user_id.to_string());
  auto subject = person_subject(*principal);
  introduce(*subject, arrival);
  co_await admit(std::move(arrival), std::move(subject), own, {});
}

Task<void> Gate::admit(Arrival arrival, std::shared_ptr<Subject> subject, bool id_is_own,
                       Bytes data) {
  co_await deps_.policy.fetch(subject, {.action = "connect"});
  auto out = settle(arrival, std::move(subject), id_is_own);
  out.data = std::move(data);
  answer_(arrival.connection, std::move(out));
}

// It is known who it is: now the identifier and the policy.
Admission Gate::settle(const Arrival& arrival, std::shared_ptr<Subject> subject, bool id_is_own) {
  if (revoked_.covers(*subject, deps_.clock.steady_now())) {
    return refuse(arrival, subject.get(), ReasonCode::not_authorized, "revoked meanwhile");
  }
  if (!id_is_own) {
    return refuse(arrival, subject.get(), ReasonCode::client_identifier_not_valid,
                  "the client identifier is another's");
  }
  if (!deps_.policy.allows(*subject, {.action = "connect"})) {
    return refuse(arrival, subject.get(), ReasonCode::not_authorized, "the policy");
  }
  deps_.trail.note(subject.get(), arrival.ip,
                   {.type = "mqtt.connection", .action = "connect", .resource = {}});
  return {.principal = principal_of(std::move(subject))};
}

Admission Gate::refuse(const Arrival& arrival, const Subject* subject, ReasonCode reason,
                       std::string_view why) {
  deps_.trail.note(subject, arrival.ip,
                   {.type = "mqtt.connection",
                    .action = "connect",
                    .resource = {},
                    .outcome = audit::Outcome::denied,
                    .reason = why});
  if (failures_ && reason != ReasonCode::server_unavailable) {
    failures_->debit(failed_, as_bytes(arrival.ip), 1);
  }
  return {.reason = reason};
}

// ---- Topics ------------------------------------------------------------------------------------

ReasonCode Gate::publish(const mqtt::Principal& who, const mqtt::PublishRequest& request) {
  const auto& subject = subject_of(who);
  const auto reason = judge(subject, request);
  if (reason != ReasonCode::success && !rehearsing_) {
    deps_.trail.note(
        &subject, {},
        {.type = "mqtt.publication",
         .action = "publish",
         .resource = request.topic,
         .outcome = audit::Outcome::denied,
         .reason = reason == ReasonCode::payload_format_invalid ? std::string_view("not sealed")
                                                                : std::string_view()});
  }
  return reason;
}

ReasonCode Gate::judge(const Subject& subject, const mqtt::PublishRequest& request) {
  TopicQuestion question{
      .action = "publish", .topic = request.topic, .qos = request.qos, .retain = request.retain};
  if (deps_.sealed.must_be_sealed(subject, request.topic)) {
    const auto header = deps_.sealed.check(subject, request);
    if (!header) {
      return header.error();
    }
    question.sealed = *header;
  }
  return subject.expires_at > deps_.clock.now() && deps_.policy.allows(subject, question)
             ? ReasonCode::success
             : ReasonCode::not_authorized;
}

ReasonCode Gate::subscribe(const mqtt::Principal& who, std::string_view filter,
                           const mqtt::SubscriptionOptions& options) {
  const auto& subject = subject_of(who);
  const auto parsed = mqtt::parse_filter(filter);
  if (parsed && subject.expires_at > deps_.clock.now() &&
      deps_.policy.allows(subject, {.action = "subscribe",
                                    .topic = parsed->filter,
                                    .filter = parsed->filter,
                                    .share = parsed->group,
                                    .qos = options.qos})) {
    return ReasonCode::success;
  }
  if (rehearsing_) {
    return ReasonCode::not_authorized;
  }
  deps_.trail.note(&subject, {},
                   {.type = "mqtt.subscription",
                    .action = "subscribe",
                    .resource = filter,
                    .outcome = audit::Outcome::denied,
                    .reason = {}});
  return ReasonCode::not_authorized;
}

void Gate::rehearse(mqtt::ConnectionId connection) {
  rehearsing_ = true;
  deps_.policy.begin(connection);
}

bool Gate::must_wait() {
  rehearsing_ = false;
  return deps_.policy.is_missing();
}

bool Gate::deliver(const mqtt::Principal& who, std::string_view topic, const mqtt::Principal*) {
  return deps_.policy.allows(subject_of(who),
                             {.action = "subscribe", .topic = topic, .delivery = true});
}

std::shared_ptr<const mqtt::Principal> Gate::restore(std::string_view space,
                                                     std::string_view identity) {
  const auto org = OrgId::parse(space);
  if (!org) {
    return nullptr;
  }
  if (identity.starts_with(kDevicePrefix)) {
    const auto device = DeviceId::parse(identity.substr(kDevicePrefix.size()));
    const auto found = deps_.database.read_sync([&](storage::Transaction& tx) {
      return registered(tx, *org, device.value_or(DeviceId()));
    });
    return found ? principal_of(device_subject(*found, {})) : nullptr;
  }
  const auto user = UserId::parse(identity.substr(std::min(kUserPrefix.size(), identity.size())));
  if (!identity.starts_with(kUserPrefix) || !user) {
    return nullptr;
  }
  // What the person may do is known again when it connects; meanwhile it gets what a member gets.
  access::Principal principal;
  principal.kind = access::PrincipalKind::user;
  principal.org_id = *org;
  principal.user_id = *user;
  principal.expires_at = Timestamp::max();
  return principal_of(person_subject(principal));
}

}  // namespace unhidra::automation
