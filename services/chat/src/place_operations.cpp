#include "place_operations.h"

#include "unhidra/access/frame_handlers.h"
#include "unhidra/chat/errc.h"
#include "unhidra/runtime/log.h"

#include "channels.h"
#include "conversations.h"
#include "group_telling.h"
#include "message_rules.h"
#include "places.h"
#include "spaces.h"

namespace unhidra::chat {

using storage::Row;
using storage::Transaction;

namespace {

// In larger groups nobody is told who types: it would multiply with the members.
constexpr std::size_t kMaxDevicesForTyping = 200;

// The devices of the other members of a pair or group that the asker is in.
Result<std::vector<DeviceId>> devices_of_others(Transaction& tx, const Asker& asker,
                                                ConversationId id) {
  UNHIDRA_TRY(const bool member, is_member(tx, asker, id));
  if (!member) {
    return fail(Errc::not_found, "no such conversation");
  }
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT l.device_id FROM conversation_members m JOIN device_list_members l "
                       "ON l.user_id = m.user_id JOIN devices d ON d.device_id = l.device_id WHERE "
                       "m.conversation_id = $1 AND m.left_at IS NULL AND m.user_id <> $2 AND "
                       "d.revoked_at IS NULL LIMIT $3",
                       id, asker.user_id, kMaxDevicesForTyping + 1));
  std::vector<DeviceId> out;
  for (const Row row : rows) {
    out.push_back(row.get<DeviceId>(0));
  }
  return out;
}

Result<std::vector<DeviceId>> devices_of_organization(Transaction& tx, OrgId org) {
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT device_id FROM devices WHERE org_id = $1 AND revoked_at IS NULL", org));
  std::vector<DeviceId> out;
  out.reserve(rows.size());
  for (const Row row : rows) {
    out.push_back(row.get<DeviceId>(0));
  }
  return out;
}

// A change that looks, inside its transaction, at what the asker's role is then.
template <class F>
auto as_he_is(const Asker& asker, F change) {
  return [asker, change = std::move(change)](
             Transaction& tx) mutable -> std::invoke_result_t<F&, Transaction&, const Asker&> {
    UNHIDRA_TRY(const auto present, as_of_now(tx, asker));
    return change(tx, present);
  };
}

}  // namespace

bool TypingGate::pass(DeviceId device, bool active, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (!active) {
    return true;
  }
  if (last_.size() >= kMaxDevices) {
    last_.clear();
  }
  const auto [at, fresh] = last_.try_emplace(device, now);
  if (!fresh && now - at->second < kInterval) {
    return false;
  }
  at->second = now;
  return true;
}

void PlaceOperations::bind(access::Handlers& handlers) {
  const auto on = [&]<class In, class Out>(
                      std::string_view name,
                      Task<Result<Out>> (PlaceOperations::*member)(Context&, In)) {
    handlers.on_frame<In>(name, [this, member](Context& context, In request) {
      return (this->*member)(context, std::move(request));
    });
  };
  on("typing.send", &PlaceOperations::send_typing);
  on("chat_policy.fetch", &PlaceOperations::fetch_policy);
  on("chat_policy.set", &PlaceOperations::set_policy);
  on("message_versions.fetch", &PlaceOperations::fetch_versions);
  on("spaces.create", &PlaceOperations::create_space);
  on("spaces.update", &PlaceOperations::update_space);
  on("spaces.delete", &PlaceOperations::delete_space);
  on("spaces.list", &PlaceOperations::list_spaces);
  on("places.set_role", &PlaceOperations::set_role);
  on("channels.create", &PlaceOperations::create_channel);
  on("channels.update", &PlaceOperations::update_channel);
  on("channels.delete", &PlaceOperations::delete_channel);
  on("channels.list", &PlaceOperations::list_channels);
  on("channels.join", &PlaceOperations::join_channel);
  on("channels.remove_member", &PlaceOperations::remove_member);
  on("channels.unban", &PlaceOperations::unban);
  on("channels.set_override", &PlaceOperations::set_override);
  on("channels.fetch", &PlaceOperations::fetch_channel);
}

Task<void> PlaceOperations::tell_changed(ConversationId id) {
  const auto devices =
      co_await deps_.database.read([&](Transaction& tx) { return group_devices(tx, id); });
  if (devices) {
    tell(deps_.bus, std::span<const DeviceId>(*devices), wire::ChannelChanged{id});
  }
}

// Whoever is not connected asks when he is.
Task<void> PlaceOperations::tell_policy(OrgId org, wire::ChatPolicy policy) {
  const auto devices = co_await deps_.database.read(
      [&](Transaction& tx) { return devices_of_organization(tx, org); });
  if (devices) {
    tell(deps_.bus, std::span<const DeviceId>(*devices), wire::ChatPolicyChanged{policy});
  }
}

// ---- typing, policy, versions ----

Task<Result<void>> PlaceOperations::send_typing(Context& context, wire::SendTyping request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  if (!gate_.pass(asker.device_id, request.active, deps_.clock.steady_now())) {
    co_return Result<void>();
  }
  UNHIDRA_CO_TRY(const auto devices, co_await context.read([&](Transaction& tx) {
    return devices_of_others(tx, asker, request.conversation_id);
  }));
  if (devices.size() <= kMaxDevicesForTyping) {
    tell(deps_.bus, std::span<const DeviceId>(devices),
         wire::Typing{request.conversation_id, asker.user_id, request.active});
  }
  co_return Result<void>();
}

Task<Result<wire::ChatPolicy>> PlaceOperations::fetch_policy(Context& context,
                                                             wire::FetchChatPolicy) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read([&](Transaction& tx) { return chat_policy(tx, asker.org_id); });
}

Task<Result<void>> PlaceOperations::set_policy(Context& context, wire::SetChatPolicy request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  if (!request.policy) {
    co_return fail(Errc::malformed, "which policy?");
  }
  const auto now = deps_.clock.now();
  context.audit().resource_id = asker.org_id.to_string();
  context.audit().note("after.edit_window_s", std::to_string(request.policy->edit_window_s));
  context.audit().note("after.receipts", request.policy->receipts ? "true" : "false");
  context.audit().note("after.hides_people", request.policy->hides_people ? "true" : "false");
  UNHIDRA_CO_TRY_VOID(
      co_await context.transact(as_he_is(asker, [&](Transaction& tx, const Asker& by) {
        return by.level < kOrgAdmin
                   ? Status(fail(Errc::not_allowed, "your role does not allow that"))
                   : store_chat_policy(tx, by.org_id, *request.policy, now);
      })));
  co_await tell_policy(asker.org_id, *request.policy);
  co_return Result<void>();
}

Task<Result<wire::MessageVersions>> PlaceOperations::fetch_versions(
    Context& context, wire::FetchMessageVersions request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  context.audit().resource_id = request.conversation_id.to_string();
  if (request.message) {
    context.audit().note("message", request.message->message_id.to_string());
  }
  co_return co_await context.read(
      [&](Transaction& tx) { return message_versions(tx, asker.org_id, request); });
}

// ---- spaces ----

Task<Result<void>> PlaceOperations::create_space(Context& context, wire::CreateSpace request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.space_id.to_string();
  co_return co_await context.transact(as_he_is(asker, [&](Transaction& tx, const Asker& by) {
    return chat::create_space(tx, by, request, now);
  }));
}

Task<Result<void>> PlaceOperations::update_space(Context& context, wire::UpdateSpace request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.space_id.to_string();
  co_return co_await context.transact(as_he_is(asker, [&](Transaction& tx, const Asker& by) {
    return chat::update_space(tx, by, request, now);
  }));
}

Task<Result<void>> PlaceOperations::delete_space(Context& context, wire::DeleteSpace request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  context.audit().resource_id = request.space_id.to_string();
  co_return co_await context.transact(as_he_is(asker, [&](Transaction& tx, const Asker& by) {
    return chat::delete_space(tx, by, request.space_id);
  }));
}

Task<Result<wire::Spaces>> PlaceOperations::list_spaces(Context& context,
                                                        wire::ListSpaces request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return chat::list_spaces(tx, asker, request); });
}

Task<Result<void>> PlaceOperations::set_role(Context& context, wire::SetPlaceRole request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.space_id     ? request.space_id->to_string()
                                : request.channel_id ? request.channel_id->to_string()
                                                     : std::string();
  context.audit().note("user", request.user_id.to_string());
  context.audit().note("after.role", std::to_string(request.role));
  co_return co_await context.transact(as_he_is(asker, [&](Transaction& tx, const Asker& by) {
    return set_place_role(tx, by, request, now);
  }));
}

// ---- channels ----

Task<Result<void>> PlaceOperations::create_channel(Context& context, wire::CreateChannel request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.channel_id.to_string();
  context.audit().note("public",
                       request.visibility == wire::ChannelVisibility::open ? "true" : "false");
  co_return co_await context.transact(as_he_is(asker, [&](Transaction& tx, const Asker& by) {
    return chat::create_channel(tx, by, request, now);
  }));
}

Task<Result<void>> PlaceOperations::update_channel(Context& context, wire::UpdateChannel request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.channel_id.to_string();
  context.audit().note("state", std::to_string(static_cast<unsigned>(request.state)));
  context.audit().note("posting", std::to_string(static_cast<unsigned>(request.posting)));
  UNHIDRA_CO_TRY_VOID(
      co_await context.transact(as_he_is(asker, [&](Transaction& tx, const Asker& by) {
        return chat::update_channel(tx, by, request, now);
      })));
  co_await tell_changed(request.channel_id);
  co_return Result<void>();
}

Task<Result<void>> PlaceOperations::delete_channel(Context& context, wire::DeleteChannel request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.channel_id.to_string();
  UNHIDRA_CO_TRY(const auto change,
                 co_await context.transact(as_he_is(asker, [&](Transaction& tx, const Asker& by) {
                   return chat::delete_channel(groups_.service(), tx, by, request.channel_id, now);
                 })));
  co_await announce(deps_.database, deps_.bus, request.channel_id, change);
  co_return Result<void>();
}

Task<Result<wire::Channels>> PlaceOperations::list_channels(Context& context,
                                                            wire::ListChannels request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return chat::list_channels(tx, asker, request); });
}

Task<Result<void>> PlaceOperations::join_channel(Context& context, wire::JoinChannel request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id =
      request.channel_id ? request.channel_id->to_string() : asker.user_id.to_string();
  UNHIDRA_CO_TRY_VOID(co_await context.transact([&](Transaction& tx, access::AuditDraft& draft) {
    auto joined = chat::join_channel(tx, asker, request, now);
    if (joined) {
      draft.note("joined", std::to_string(*joined));
    }
    return joined;
  }));
  co_return Result<void>();
}

Task<Result<void>> PlaceOperations::remove_member(Context& context,
                                                  wire::RemoveFromChannel request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.channel_id.to_string();
  context.audit().note("user", request.user_id.to_string());
  context.audit().note("ban", request.ban ? "true" : "false");
  UNHIDRA_CO_TRY(const auto change,
                 co_await context.transact(as_he_is(asker, [&](Transaction& tx, const Asker& by) {
                   return remove_from_channel(groups_.service(), tx, by, request, now);
                 })));
  co_await announce(deps_.database, deps_.bus, request.channel_id, change);
  co_return Result<void>();
}

Task<Result<void>> PlaceOperations::unban(Context& context, wire::UnbanFromChannel request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  context.audit().resource_id = request.channel_id.to_string();
  context.audit().note("user", request.user_id.to_string());
  co_return co_await context.transact(as_he_is(
      asker, [&](Transaction& tx, const Asker& by) { return chat::unban(tx, by, request); }));
}

Task<Result<void>> PlaceOperations::set_override(Context& context,
                                                 wire::SetChannelOverride request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  context.audit().resource_id = request.channel_id.to_string();
  context.audit().note("of_role", std::to_string(request.role));
  context.audit().note("after.allow", std::to_string(request.allow));
  context.audit().note("after.deny", std::to_string(request.deny));
  UNHIDRA_CO_TRY_VOID(
      co_await context.transact(as_he_is(asker, [&](Transaction& tx, const Asker& by) {
        return chat::set_override(tx, by, request);
      })));
  co_await tell_changed(request.channel_id);
  co_return Result<void>();
}

Task<Result<wire::ChannelDetails>> PlaceOperations::fetch_channel(Context& context,
                                                                  wire::FetchChannel request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return chat::fetch_channel(tx, asker, request.channel_id); });
}

}  // namespace unhidra::chat
