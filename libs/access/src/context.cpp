#include "unhidra/access/context.h"

#include "unhidra/access/runner.h"
#include "unhidra/audit/chain.h"
#include "unhidra/runtime/log.h"
#include "unhidra/storage/errc.h"

#include "idempotency.h"

namespace unhidra::access {
namespace {

const std::string* find(const NamedValues& values, std::string_view name) {
  for (const auto& [key, value] : values) {
    if (key == name) {
      return &value;
    }
  }
  return nullptr;
}

// Who acts: the user, or the device where there is no user.
Bytes actor_of(const Principal& principal) {
  if (!principal.user_id.is_nil()) {
    return to_bytes(principal.user_id.bytes());
  }
  return principal.device_id ? to_bytes(principal.device_id->bytes()) : Bytes();
}

std::string last_id(const NamedValues& parameters) {
  for (auto i = parameters.rbegin(); i != parameters.rend(); ++i) {
    if (is_id_parameter(i->first)) {
      return i->second;
    }
  }
  return {};
}

}  // namespace

void AuditDraft::set_actor(UserId user) {
  actor_id = to_bytes(user.bytes());
  actor_type = to_string(PrincipalKind::user);
}

void AuditDraft::set_actor(DeviceId device) {
  actor_id = to_bytes(device.bytes());
  actor_type = to_string(PrincipalKind::iot_device);
}

OperationContext::OperationContext(OperationRunner& runner, const Operation& operation,
                                   OperationRequest request, Evidence evidence)
    : runner_(runner),
      operation_(operation),
      request_(std::move(request)),
      evidence_(std::move(evidence)),
      event_id_(EventId::make(runner.clock_, runner.random_)) {
  draft_.org_id = request_.principal.org_id;
  draft_.actor_id = actor_of(request_.principal);
  draft_.actor_type = to_string(request_.principal.kind);
  draft_.resource_id = last_id(request_.path_parameters);
}

const Clock& OperationContext::clock() const {
  return runner_.clock_;
}

RandomSource& OperationContext::random() const {
  return runner_.random_;
}

storage::Database& OperationContext::database() const {
  return runner_.database_;
}

storage::LaneKey OperationContext::lane() const {
  return storage::LaneKey(draft_.org_id);
}

std::string_view OperationContext::path_text(std::string_view name) const {
  const auto* value = find(request_.path_parameters, name);
  if (value == nullptr) {
    log::fatal("operation.no_such_parameter", {{"operation", operation_.name}, {"name", name}});
  }
  return *value;
}

std::optional<std::string_view> OperationContext::query(std::string_view name) const {
  const auto* value = find(request_.query, name);
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(*value);
}

Task<Status> OperationContext::limit(LimitClass limit, ByteView target) {
  LimitSubject subject;
  subject.target = target;
  return runner_.limits_.take(limit, subject);
}

audit::AuditEvent OperationContext::event(const AuditDraft& draft, audit::Outcome outcome) const {
  audit::AuditEvent out;
  out.event_id = event_id_;
  out.org_id = draft.org_id;
  out.event_type = operation_.event_type;
  out.actor_id = draft.actor_id;
  out.actor_type = draft.actor_type;
  out.resource_type = operation_.resource_type;
  out.resource_id = draft.resource_id;
  out.action = operation_.action;
  out.outcome = outcome;
  out.ip_address = request_.peer.ip;
  out.user_agent = request_.peer.user_agent;
  out.timestamp = clock().now();
  out.metadata = draft.metadata;
  out.metadata.emplace_back("operation", operation_.name);
  out.metadata.emplace_back("reason", to_string(evidence_.reason));
  out.metadata.emplace_back("request_id", request_.request_id);
  if (evidence_.permission) {
    out.metadata.emplace_back("permission", to_string(*evidence_.permission));
  }
  if (evidence_.role) {
    out.metadata.emplace_back("role", to_string(*evidence_.role));
  }
  if (!evidence_.policy.empty()) {
    out.metadata.emplace_back("policy", evidence_.policy);
  }
  if (!evidence_.ground.empty()) {
    out.metadata.emplace_back("policy_ground", evidence_.ground);
  }
  if (request_.principal.device_id) {
    out.metadata.emplace_back("device_id", request_.principal.device_id->to_string());
  }
  return out;
}

Status OperationContext::record_success(storage::Transaction& tx, const AuditDraft& draft) const {
  if (operation_.audit == AuditPolicy::never) {
    return {};
  }
  if (idempotency::applies(operation_, request_)) {
    UNHIDRA_TRY_VOID(idempotency::claim(tx, operation_, request_, clock().now()));
  }
  UNHIDRA_TRY_VOID(audit::append(tx, event(draft, audit::Outcome::success)));
  return {};
}

void OperationContext::note_outcome(const Error* error) {
  if (error == nullptr) {
    recorded_ = operation_.audit == AuditPolicy::always;
  } else if (*error == storage::Errc::unknown_outcome) {
    outcome_unknown_ = true;
  }
}

}  // namespace unhidra::access
