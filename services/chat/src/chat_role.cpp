#include "unhidra/chat/chat_role.h"

#include "unhidra/access/operation.h"
#include "unhidra/access/profile_change.h"
#include "unhidra/access/revocation.h"
#include "unhidra/chat/errc.h"
#include "unhidra/runtime/log.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/internal.h"

#include "chat_operations.h"
#include "group_operations.h"
#include "group_removals.h"
#include "place_operations.h"
#include "receipt_operations.h"

namespace unhidra::chat {
namespace {

constexpr std::string_view kSubject = "chat.request";
constexpr std::string_view kExternalSender = "chat.external_sender";
constexpr std::chrono::milliseconds kTick{100};
constexpr int kTicksPerLook = 10;

Task<Result<Bytes>> answer_with(Bytes answer) {
  co_return answer;
}

Task<Result<Bytes>> serve(access::OperationRunner& runner, Bytes bytes) {
  UNHIDRA_CO_TRY(auto routed, wire::decode<wire::RoutedRequest>(bytes));
  const auto* operation = access::find_frame(routed.operation);
  if (operation == nullptr || operation->serving != access::Serving::chat || !routed.principal) {
    co_return fail(Errc::malformed, "not a request for the chat role");
  }
  access::OperationRequest request;
  UNHIDRA_CO_TRY(request.principal, access::from_wire(*routed.principal));
  request.peer = {.ip = std::move(routed.peer_address),
                  .user_agent = std::move(routed.user_agent),
                  .loopback = routed.from_loopback};
  request.request_id = std::move(routed.request_id);
  request.body = std::move(routed.body);
  request.connection_id = routed.connection_id;
  UNHIDRA_CO_TRY(auto reply, co_await runner.run(*operation, std::move(request)));
  co_return wire::encode(wire::RoutedReply{reply.field, std::move(reply.body)});
}

}  // namespace

struct ChatRole::Operations {
  explicit Operations(const ChatDependencies& dependencies)
      : chat(dependencies),
        groups(dependencies),
        places(dependencies, groups),
        receipts(dependencies) {}
  ChatOperations chat;
  GroupOperations groups;
  PlaceOperations places;
  ReceiptOperations receipts;
  std::unique_ptr<GroupRemovals> removals;
  bool revoked = false;  // on the scope's executor
};

ChatRole::ChatRole(ChatDependencies dependencies)
    : dependencies_(dependencies),
      operations_(std::make_unique<Operations>(dependencies)),
      scope_(dependencies.io.at(0), "chat") {
  operations_->chat.bind(dependencies.handlers);
  operations_->groups.bind(dependencies.handlers);
  operations_->places.bind(dependencies.handlers);
  operations_->receipts.bind(dependencies.handlers);
}

ChatRole::~ChatRole() {
  services_.clear();
  scope_.request_stop();
}

Status ChatRole::start() {
  auto& deps = dependencies_;
  UNHIDRA_TRY(auto sender,
              ExternalSender::load(deps.database, deps.keys, deps.random, deps.clock.now()));
  const auto public_key = to_bytes(sender.public_key().bytes());
  operations_->groups.propose_as(std::move(sender));
  operations_->removals = std::make_unique<GroupRemovals>(deps.database, deps.bus, deps.clock,
                                                          operations_->groups.service());
  for (std::size_t i = 0; i < deps.io.size(); ++i) {
    UNHIDRA_TRY(auto service,
                deps.bus.serve(kSubject, "chat", deps.io.at(i), [this](Bytes request) {
                  return serve(dependencies_.runner, std::move(request));
                }));
    services_.push_back(std::move(service));
    UNHIDRA_TRY(
        auto names,
        deps.bus.serve(access::kProfileChangedSubject, "chat", deps.io.at(i), [this](Bytes change) {
          return operations_->chat.tell_profile(std::move(change));
        }));
    services_.push_back(std::move(names));
  }
  UNHIDRA_TRY(auto telling,
              deps.bus.serve(kExternalSender, "chat", deps.io.at(0),
                             [public_key](Bytes) { return answer_with(public_key); }));
  services_.push_back(std::move(telling));
  // Who is revoked is told at once; the looks find the rest, and what the bus has lost.
  UNHIDRA_TRY(auto heard,
              deps.bus.subscribe(
                  std::string(access::kRevokedSubject), deps.io.at(0),
                  [this](const messaging::Message& message) {
                    operations_->revoked = true;
                    const auto what = access::Revocation::decode(message.payload.view());
                    if (what && what->kind == access::Revocation::Kind::device) {
                      scope_.spawn("revoked", operations_->chat.tell_revoked(DeviceId(what->id)));
                    }
                  }));
  services_.push_back(std::move(heard));
  scope_.spawn("removals", watch());
  return {};
}

Task<Status> ChatRole::watch() {
  int ticks = 0;
  for (;;) {
    if (std::exchange(operations_->revoked, false) || ticks % kTicksPerLook == 0) {
      if (auto status = co_await operations_->removals->look(); !status) {
        log::warn("group.removals_failed", {{"error", status.error()}});
      }
    }
    ++ticks;
    co_await runtime::sleep_for(kTick);
  }
}

Task<void> ChatRole::stop(std::chrono::milliseconds deadline) {
  services_.clear();
  scope_.request_stop();
  if (auto status = co_await scope_.join(deadline); !status) {
    log::warn("chat.stop_incomplete", {{"error", status.error()}});
  }
}

}  // namespace unhidra::chat
