#include "broker/broker_trail.h"

#include "unhidra/audit/chain.h"
#include "unhidra/base/text.h"
#include "unhidra/runtime/log.h"

namespace unhidra::automation {
namespace {

constexpr std::chrono::minutes kOnceIn{1};
constexpr std::size_t kMaxSeen = 10'000;

}  // namespace

void BrokerTrail::note(const Subject* who, std::string_view ip, const TrailEvent& event) {
  audit::AuditEvent out;
  if (who != nullptr) {
    out.org_id = who->org;
    out.actor_type = who->user ? "user" : "device";
    const auto& id = who->user ? who->user->uuid() : who->device->uuid();
    out.actor_id = to_bytes(ByteView(id));
  } else {
    out.actor_type = "anonymous";
  }
  const auto now = clock_.steady_now();
  if (seen_.size() >= kMaxSeen) {
    std::erase_if(seen_, [now](const auto& entry) { return now - entry.second.at > kOnceIn; });
    if (seen_.size() >= kMaxSeen) {
      return log::warn("mqtt.trail_full");
    }
  }
  std::string key(event.type);
  key.append("\n").append(event.resource).append("\n").append(as_text(out.actor_id)).append(ip);
  key.append("\n").append(event.client_id);
  auto& seen = seen_[key];
  if (seen.times != 0 && now - seen.at < kOnceIn) {
    ++seen.times;
    return;
  }
  if (seen.times > 1) {
    out.metadata.emplace_back("repeated", std::to_string(seen.times - 1));
  }
  seen = {now, 1};
  out.event_id = EventId::make(clock_, random_);
  out.event_type = event.type;
  out.resource_type = event.resource.empty() ? "connection" : "topic";
  out.resource_id = event.resource;
  out.action = event.action;
  out.outcome = event.outcome;
  out.ip_address = ip;
  out.timestamp = clock_.now();
  if (!event.reason.empty()) {
    out.metadata.emplace_back("reason", std::string(event.reason));
  }
  if (!event.client_id.empty()) {
    out.metadata.emplace_back("client_id", printable(event.client_id));
  }
  scope_.spawn("mqtt.audit", write(std::move(out)));
}

Task<void> BrokerTrail::write(audit::AuditEvent event) {
  const auto org = event.org_id;
  const auto done = co_await database_.write(
      [&event](storage::Transaction& tx) -> Status {
        UNHIDRA_TRY_VOID(audit::append(tx, event));
        return {};
      },
      storage::LaneKey(org));
  if (!done) {
    log::error("mqtt.audit_failed", {{"error", done.error()}});
  }
}

}  // namespace unhidra::automation
