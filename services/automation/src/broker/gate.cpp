#include "broker/gate.h"

#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"
#include "unhidra/mqtt/topic.h"
#include "unhidra/runtime/log.h"

namespace unhidra::automation {
namespace {

using mqtt::Admission;
using mqtt::ReasonCode;
using rego::Value;

constexpr std::size_t kIdText = 36;
constexpr std::string_view kDevicePrefix = "device:";
constexpr std::string_view kUserPrefix = "user:";

Value text(std::string_view value) {
  return Value::string(std::string(value));
}

struct DeviceFacts {
  std::string name;
  std::string type;
};

Result<DeviceFacts> device_facts(storage::Transaction& tx, OrgId org, DeviceId device) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT name, platform FROM devices WHERE org_id = $1 AND device_id = $2 AND "
               "kind = 'iot' AND revoked_at IS NULL",
               org, device));
  if (rows.empty()) {
    return fail(Errc::not_found, "no such device");
  }
  return DeviceFacts{rows[0].get<std::string>(0), rows[0].get<std::string>(1)};
}

std::shared_ptr<Subject> device_subject(OrgId org, DeviceId device, const Bytes& serial,
                                        const DeviceFacts& facts) {
  auto out = std::make_shared<Subject>();
  out->org = org;
  out->device = device;
  out->certificate_serial = serial;
  out->facts.emplace_back(
      text("device"),
      Value::object({{text("id"), text(device.to_string())},
                     {text("type"), text(facts.type)},
                     {text("name"), text(facts.name)},
                     {text("cert"), Value::object({{text("serial"), text(to_hex(serial))}})}}));
  return out;
}

std::shared_ptr<Subject> person_subject(const access::Principal& principal) {
  auto out = std::make_shared<Subject>();
  out->org = principal.org_id;
  out->user = principal.user_id;
  out->device = principal.device_id;
  out->session = principal.session_id;
  out->expires_at = principal.expires_at;
  std::vector<Value> roles;
  bool admin = false;
  for (const auto role : access::kRoles) {
    if (principal.roles.has(role)) {
      roles.push_back(text(access::to_string(role)));
      admin = admin || role >= access::Role::org_admin;
    }
  }
  out->facts.emplace_back(text("user"),
                          Value::object({{text("id"), text(principal.user_id.to_string())},
                                         {text("role"), text(admin ? "admin" : "member")},
                                         {text("roles"), Value::set(std::move(roles))}}));
  return out;
}

// Client identifiers that begin with an id belong to whoever has it.
bool begins_with(std::string_view client_id, const std::string& id) {
  return client_id.starts_with(id);
}
bool begins_with_foreign_id(std::string_view client_id, const std::string& own) {
  return !begins_with(client_id, own) && parse_uuid(client_id.substr(0, kIdText)).has_value();
}

std::shared_ptr<const mqtt::Principal> principal_of(std::shared_ptr<const Subject> subject) {
  auto identity = identity_of(*subject);
  auto space = subject->org.to_string();
  return std::make_shared<const mqtt::Principal>(
      mqtt::Principal{std::move(identity), std::move(space), std::move(subject)});
}

}  // namespace

std::string identity_of(const Subject& subject) {
  return subject.user ? std::string(kUserPrefix) + subject.user->to_string()
                      : std::string(kDevicePrefix) + subject.device->to_string();
}

Gate::Gate(GateDependencies dependencies, Answer answer)
    : deps_(std::move(dependencies)), answer_(std::move(answer)) {}

// ---- Connections -------------------------------------------------------------------------------

std::optional<Admission> Gate::connect(mqtt::ConnectionId connection, const mqtt::Peer& peer,
                                       const mqtt::Connect& packet) {
  if (packet.properties.find(mqtt::PropertyId::authentication_method)) {
    return Admission{.reason = ReasonCode::bad_authentication_method};
  }
  Arrival arrival{.connection = connection,
                  .client_id = std::string(packet.client_id),
                  .ip = peer.address,
                  .transport = std::string(to_string(peer.transport))};
  if (!peer.certificate.empty()) {
    deps_.scope.spawn("mqtt.admit", admit_device(std::move(arrival), peer.certificate));
    return std::nullopt;
  }
  if (packet.password && !packet.password->empty()) {
    std::string token(as_text(*packet.password));
    deps_.scope.spawn("mqtt.admit", admit_person(std::move(arrival), std::move(token)));
    return std::nullopt;
  }
  deps_.trail.note(nullptr, peer.address,
                   {.type = "mqtt.connection",
                    .action = "connect",
                    .resource = {},
                    .outcome = audit::Outcome::denied,
                    .reason = "neither certificate nor token"});
  return Admission{.reason = ReasonCode::not_authorized};
}

Task<Result<std::shared_ptr<Subject>>> Gate::look_up(const Bytes& certificate) {
  struct Found {
    SeenDevice seen;
    DeviceFacts facts;
  };
  const auto now = deps_.clock.now();
  auto found = co_await deps_.database.write([&](storage::Transaction& tx) -> Result<Found> {
    UNHIDRA_TRY(auto seen, admit_certificate(tx, certificate, deps_.trusted, now));
    UNHIDRA_TRY(auto facts, device_facts(tx, seen.identity.org, seen.identity.device));
    return Found{std::move(seen), std::move(facts)};
  });
  if (!found) {
    co_return fail(std::move(found).error());
  }
  for (const auto& one : found->seen.ended) {
    tell_revoked(deps_.bus, one);
  }
  const auto& [identity, read_certificate, ended] = found->seen;
  auto out =
      device_subject(identity.org, identity.device, read_certificate.serial_number(), found->facts);
  out->expires_at = read_certificate.validity().not_after;
  co_return out;
}

Task<void> Gate::admit_device(Arrival arrival, Bytes certificate) {
  auto subject = co_await look_up(certificate);
  if (!subject) {
    const bool ours = subject.error().kind() != ErrorKind::unauthenticated &&
                      subject.error().kind() != ErrorKind::not_found;
    if (ours) {
      log::warn("mqtt.admission_failed", {{"error", subject.error()}});
    }
    refuse(arrival, nullptr, ours ? ReasonCode::server_unavailable : ReasonCode::not_authorized,
           subject.error().message());
    co_return;
  }
  const auto id = (*subject)->device->to_string();
  settle(arrival, *std::move(subject), begins_with(arrival.client_id, id));
}

Task<void> Gate::admit_person(Arrival arrival, std::string token) {
  const auto principal = co_await deps_.verifier.verify(std::move(token));
  if (!principal || principal->kind != access::PrincipalKind::user) {
    refuse(arrival, nullptr, ReasonCode::bad_user_name_or_password, "the token is not accepted");
    co_return;
  }
  const bool own = !begins_with_foreign_id(arrival.client_id, principal->user_id.to_string());
  settle(arrival, person_subject(*principal), own);
}

// It is known who it is: now the identifier and the policy.
void Gate::settle(const Arrival& arrival, std::shared_ptr<Subject> subject, bool id_is_own) {
  if (revoked_.covers(*subject, deps_.clock.steady_now())) {
    return refuse(arrival, subject.get(), ReasonCode::not_authorized, "revoked meanwhile");
  }
  if (!id_is_own) {
    return refuse(arrival, subject.get(), ReasonCode::client_identifier_not_valid,
                  "the client identifier is another's");
  }
  subject->facts.emplace_back(text("client"),
                              Value::object({{text("ip"), text(arrival.ip)},
                                             {text("transport"), text(arrival.transport)},
                                             {text("id"), text(arrival.client_id)}}));
  if (!deps_.policy.allows(*subject, {.action = "connect"})) {
    return refuse(arrival, subject.get(), ReasonCode::not_authorized, "the policy");
  }
  deps_.trail.note(subject.get(), arrival.ip,
                   {.type = "mqtt.connection", .action = "connect", .resource = {}});
  answer_(arrival.connection, {.principal = principal_of(std::move(subject))});
}

void Gate::refuse(const Arrival& arrival, const Subject* subject, ReasonCode reason,
                  std::string_view why) {
  deps_.trail.note(subject, arrival.ip,
                   {.type = "mqtt.connection",
                    .action = "connect",
                    .resource = {},
                    .outcome = audit::Outcome::denied,
                    .reason = why});
  answer_(arrival.connection, {.reason = reason});
}

// ---- Topics ------------------------------------------------------------------------------------

ReasonCode Gate::publish(const mqtt::Principal& who, const mqtt::PublishRequest& request) {
  const auto& subject = subject_of(who);
  const auto reason = judge(subject, request);
  if (reason != ReasonCode::success) {
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
  if (deps_.sealed.covers(request.topic)) {
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
  deps_.trail.note(&subject, {},
                   {.type = "mqtt.subscription",
                    .action = "subscribe",
                    .resource = filter,
                    .outcome = audit::Outcome::denied,
                    .reason = {}});
  return ReasonCode::not_authorized;
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
    const auto facts = deps_.database.read_sync([&](storage::Transaction& tx) {
      return device_facts(tx, *org, device.value_or(DeviceId()));
    });
    return facts ? principal_of(device_subject(*org, *device, {}, *facts)) : nullptr;
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
