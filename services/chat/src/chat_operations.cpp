#include "chat_operations.h"

#include "unhidra/access/frame_handlers.h"
#include "unhidra/access/profile_change.h"
#include "unhidra/base/text.h"
#include "unhidra/chat/errc.h"

#include "conversations.h"
#include "device_lists.h"
#include "key_directory.h"
#include "people.h"
#include "sending.h"
#include "telling.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;

// Devices that hear of a changed device list or name at once; the others learn of it with their
// next send or connection.
constexpr std::size_t kMaxDevicesTold = 1000;

// Whom to tell that the account has a device that waits to be approved: its others.
Result<OwnDevices> store_keys_and_list_own(Transaction& tx, const Asker& asker,
                                           const wire::PublishKeys& request, Timestamp now) {
  UNHIDRA_TRY(const bool first, store_keys(tx, asker, request, now));
  return first ? other_own_devices(tx, asker) : OwnDevices();
}

}  // namespace

Result<Asker> asker_of(const access::OperationContext& context) {
  const auto& principal = context.principal();
  if (!principal.device_id) {
    return fail(Errc::no_device, "this needs a session that is bound to a device");
  }
  const auto role = principal.roles.highest();
  return Asker{principal.org_id, principal.user_id, *principal.device_id,
               role ? static_cast<std::uint32_t>(*role) + 1 : 1};
}

void ChatOperations::bind(access::Handlers& handlers) {
  // Plain lambdas that hand over to member coroutines: a coroutine must not outlive the closure it
  // is made from.
  const auto on = [&]<class In, class Out>(
                      std::string_view name,
                      Task<Result<Out>> (ChatOperations::*member)(Context&, In)) {
    handlers.on_frame<In>(name, [this, member](Context& context, In request) {
      return (this->*member)(context, std::move(request));
    });
  };
  on("users.look_up", &ChatOperations::look_up_user);
  on("people.list", &ChatOperations::list_people);
  on("keys.publish", &ChatOperations::publish_keys);
  on("keys.count", &ChatOperations::count_pre_keys);
  on("keys.fetch_bundles", &ChatOperations::fetch_bundles);
  on("keys.fetch_digest", &ChatOperations::fetch_digest);
  on("device_lists.publish", &ChatOperations::publish_device_list);
  on("device_lists.fetch", &ChatOperations::fetch_device_lists);
  on("devices.list_pending", &ChatOperations::list_pending);
  on("conversations.open_direct", &ChatOperations::open_direct);
  on("conversations.list", &ChatOperations::list_conversations);
  on("messages.send", &ChatOperations::send_message);
  on("inbox.fetch", &ChatOperations::fetch_inbox);
  on("inbox.acknowledge", &ChatOperations::acknowledge_inbox);
  on("conversations.fetch_log", &ChatOperations::fetch_log);
}

Task<Result<wire::UserInfo>> ChatOperations::look_up_user(Context& context,
                                                          wire::LookUpUser request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return chat::look_up_user(tx, asker, request); });
}

Task<Result<wire::People>> ChatOperations::list_people(Context& context, wire::ListPeople request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return chat::list_people(tx, asker, request); });
}

Task<Result<Bytes>> ChatOperations::tell_profile(Bytes change) {
  UNHIDRA_CO_TRY(const auto of, access::ProfileChange::decode(change));
  const Asker he{of.org, of.user, {}};
  std::vector<DeviceId> devices;
  UNHIDRA_CO_TRY(auto user,
                 co_await deps_.database.read([&](Transaction& tx) -> Result<wire::UserInfo> {
                   UNHIDRA_TRY(devices, devices_to_tell(tx, he, kMaxDevicesTold));
                   return chat::look_up_user(tx, he, {of.user});
                 }));
  tell(deps_.bus, std::span<const DeviceId>(devices), wire::ProfileChanged{std::move(user)});
  co_return Bytes();
}

Task<Status> ChatOperations::tell_revoked(DeviceId device) {
  Asker he;
  he.device_id = device;
  UNHIDRA_CO_TRY(
      const auto others, co_await deps_.database.read([&](Transaction& tx) -> Result<OwnDevices> {
        UNHIDRA_TRY(const auto rows,
                    tx.query("SELECT org_id, user_id FROM devices WHERE device_id = $1", device));
        if (rows.empty()) {
          return OwnDevices();
        }
        he.org_id = rows.front().get<OrgId>(0);
        he.user_id = rows.front().get<UserId>(1);
        return other_own_devices(tx, he);
      }));
  tell(deps_.bus, std::span<const DeviceId>(others.devices),
       wire::DeviceListChanged{he.user_id, others.list_version});
  co_return Status();
}

Task<Result<void>> ChatOperations::publish_keys(Context& context, wire::PublishKeys request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = asker.device_id.to_string();
  context.audit().note("one_time_prekeys", std::to_string(request.one_time_pre_keys.size()));
  UNHIDRA_CO_TRY_VOID(check_upload(deps_.crypto, asker.device_id, request, now));
  UNHIDRA_CO_TRY(const auto others, co_await context.transact([&](Transaction& tx) {
    return store_keys_and_list_own(tx, asker, request, now);
  }));
  tell(deps_.bus, std::span<const DeviceId>(others.devices),
       wire::DeviceListChanged{asker.user_id, others.list_version});
  co_return Result<void>();
}

Task<Result<wire::PreKeyCount>> ChatOperations::count_pre_keys(Context& context,
                                                               wire::CountPreKeys) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  UNHIDRA_CO_TRY(const auto count, co_await context.read([&](Transaction& tx) {
    return count_prekeys(tx, asker.device_id);
  }));
  co_return wire::PreKeyCount{count};
}

Task<Result<wire::PreKeyBundles>> ChatOperations::fetch_bundles(Context& context,
                                                                wire::FetchPreKeyBundles request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.user_id.to_string();
  // Who asks for one target too often, from however many accounts, gets bundles that cost the
  // target nothing.
  const auto within_limit =
      co_await context.limit(access::LimitClass::prekey_fetch_target, request.user_id.bytes());
  const bool with_one_time = within_limit.has_value();
  UNHIDRA_CO_TRY(auto out,
                 co_await context.transact([&](Transaction& tx, access::AuditDraft& draft) {
                   auto handed_out = hand_out_bundles(tx, asker, request, with_one_time, now);
                   if (handed_out) {
                     draft.note("bundles", std::to_string(handed_out->bundles.bundles.size()));
                   }
                   return handed_out;
                 }));
  for (const auto& [device, left] : out.low) {
    tell(deps_.bus, device, wire::PreKeysLow{left});
  }
  co_return std::move(out.bundles);
}

Task<Result<wire::KeyDigest>> ChatOperations::fetch_digest(Context& context, wire::FetchKeyDigest) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return key_digest(deps_.crypto, tx, asker); });
}

Task<Result<void>> ChatOperations::publish_device_list(Context& context,
                                                       wire::PublishDeviceList request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  UNHIDRA_CO_TRY(const auto list, open_own_list(deps_.crypto, asker, request.document));
  const auto now = deps_.clock.now();
  context.audit().resource_id = asker.user_id.to_string();
  context.audit().note("version", std::to_string(list.version));
  context.audit().note("devices", std::to_string(list.devices.size()));
  UNHIDRA_CO_TRY(
      auto devices,
      co_await context.transact([&](Transaction& tx) -> Result<std::vector<DeviceId>> {
        UNHIDRA_TRY_VOID(store_device_list(deps_.crypto, tx, asker, list, request.document, now));
        return devices_to_tell(tx, asker, kMaxDevicesTold);
      }));
  std::erase(devices, asker.device_id);
  tell(deps_.bus, std::span<const DeviceId>(devices),
       wire::DeviceListChanged{asker.user_id, list.version});
  co_return Result<void>();
}

Task<Result<wire::DeviceLists>> ChatOperations::fetch_device_lists(Context& context,
                                                                   wire::FetchDeviceLists request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return chat::fetch_device_lists(tx, asker, request); });
}

Task<Result<wire::PendingDevices>> ChatOperations::list_pending(Context& context,
                                                                wire::ListPendingDevices) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read([&](Transaction& tx) { return pending_devices(tx, asker); });
}

Task<Result<wire::Conversation>> ChatOperations::open_direct(Context& context,
                                                             wire::OpenDirectConversation request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto fresh_id = ConversationId::make(deps_.clock, deps_.random);
  const auto now = deps_.clock.now();
  context.audit().note("with", request.user_id.to_string());
  co_return co_await context.transact([&](Transaction& tx, access::AuditDraft& draft) {
    auto opened = chat::open_direct(tx, asker, request.user_id, fresh_id, now);
    if (opened) {
      draft.resource_id = opened->conversation_id.to_string();
    }
    return opened;
  });
}

Task<Result<wire::Conversations>> ChatOperations::list_conversations(
    Context& context, wire::ListConversations request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return chat::list_conversations(tx, asker, request); });
}

Task<Result<wire::SendOutcome>> ChatOperations::send_message(Context& context,
                                                             wire::SendMessage request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.conversation_id.to_string();
  // A stale device set rolls the transaction back and is recorded as a failure; the sender gets the
  // difference.
  std::optional<wire::StaleDevices> stale;
  auto stored = co_await context.transact([&](Transaction& tx) -> Result<Stored> {
    stale.reset();
    UNHIDRA_TRY(auto outcome, store_message(tx, asker, request, now));
    if (auto* difference = std::get_if<wire::StaleDevices>(&outcome)) {
      stale = std::move(*difference);
      return fail(Errc::stale_devices, "the set of devices is not the present one");
    }
    return std::get<Stored>(std::move(outcome));
  });
  if (stale) {
    co_return wire::SendOutcome{std::move(*stale)};
  }
  if (!stored) {
    co_return fail(std::move(stored).error());
  }
  for (const auto& [device, entry] : stored->entries) {
    tell(deps_.bus, device, entry);
  }
  co_return wire::SendOutcome{stored->accepted};
}

Task<Result<wire::Inbox>> ChatOperations::fetch_inbox(Context& context, wire::FetchInbox request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return chat::fetch_inbox(tx, asker, request); });
}

Task<Result<void>> ChatOperations::acknowledge_inbox(Context& context,
                                                     wire::AcknowledgeInbox request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.transact(
      [&](Transaction& tx) { return chat::acknowledge_inbox(tx, asker, request.up_to); });
}

Task<Result<wire::Log>> ChatOperations::fetch_log(Context& context, wire::FetchLog request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.read(
      [&](Transaction& tx) { return chat::fetch_log(tx, asker, request); });
}

}  // namespace unhidra::chat
