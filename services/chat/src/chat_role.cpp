#include "unhidra/chat/chat_role.h"

#include "unhidra/access/operation.h"
#include "unhidra/chat/errc.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/internal.h"

#include "chat_operations.h"
#include "group_operations.h"

namespace unhidra::chat {
namespace {

constexpr std::string_view kSubject = "chat.request";

Task<Result<Bytes>> serve(access::OperationRunner& runner, Bytes bytes) {
  UNHIDRA_CO_TRY(auto routed, wire::decode<wire::RoutedRequest>(bytes));
  const auto* operation = access::find_frame(routed.operation);
  if (operation == nullptr || operation->serving != access::Serving::chat || !routed.principal) {
    co_return fail(Errc::malformed, "not a request for the chat role");
  }
  access::OperationRequest request;
  UNHIDRA_CO_TRY(request.principal, access::from_wire(*routed.principal));
  request.peer = {.ip = std::move(routed.peer_address), .user_agent = std::move(routed.user_agent)};
  request.request_id = std::move(routed.request_id);
  request.body = std::move(routed.body);
  request.connection_id = routed.connection_id;
  UNHIDRA_CO_TRY(auto reply, co_await runner.run(*operation, std::move(request)));
  co_return wire::encode(wire::RoutedReply{reply.field, std::move(reply.body)});
}

}  // namespace

struct ChatRole::Operations {
  explicit Operations(const ChatDependencies& dependencies)
      : chat(dependencies), groups(dependencies) {}
  ChatOperations chat;
  GroupOperations groups;
};

ChatRole::ChatRole(ChatDependencies dependencies)
    : dependencies_(dependencies), operations_(std::make_unique<Operations>(dependencies)) {
  operations_->chat.bind(dependencies.handlers);
  operations_->groups.bind(dependencies.handlers);
}

ChatRole::~ChatRole() {
  stop();
}

Status ChatRole::start() {
  for (std::size_t i = 0; i < dependencies_.io.size(); ++i) {
    UNHIDRA_TRY(auto service, dependencies_.bus.serve(
                                  kSubject, "chat", dependencies_.io.at(i), [this](Bytes request) {
                                    return serve(dependencies_.runner, std::move(request));
                                  }));
    services_.push_back(std::move(service));
  }
  return {};
}

void ChatRole::stop() {
  services_.clear();
}

}  // namespace unhidra::chat
