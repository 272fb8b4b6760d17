#include "group_operations.h"

#include "unhidra/chat/errc.h"

#include "key_packages.h"
#include "telling.h"

namespace unhidra::chat {

using storage::Transaction;

void GroupOperations::bind(access::Handlers& handlers) {
  // Plain lambdas that hand over to member coroutines: a coroutine must not outlive the closure it
  // is made from.
  const auto on = [&]<class In, class Out>(
                      std::string_view name,
                      Task<Result<Out>> (GroupOperations::*member)(Context&, In)) {
    handlers.on_frame<In>(name, [this, member](Context& context, In request) {
      return (this->*member)(context, std::move(request));
    });
  };
  on("key_packages.publish", &GroupOperations::publish_key_packages);
  on("key_packages.count", &GroupOperations::count_key_packages);
  on("key_packages.claim", &GroupOperations::claim_key_packages);
  on("groups.create", &GroupOperations::not_served<wire::CreateGroup, wire::GroupOutcome>);
  on("groups.commit", &GroupOperations::not_served<wire::CommitGroup, wire::GroupOutcome>);
  on("groups.propose", &GroupOperations::not_served<wire::ProposeToGroup, wire::GroupOutcome>);
  on("groups.send", &GroupOperations::not_served<wire::SendGroupMessage, wire::GroupOutcome>);
  on("groups.fetch_log", &GroupOperations::not_served<wire::FetchGroupLog, wire::GroupLog>);
  on("groups.fetch_info", &GroupOperations::not_served<wire::FetchGroupInfo, wire::GroupInfo>);
  on("groups.fetch_tree", &GroupOperations::not_served<wire::FetchRatchetTree, wire::RatchetTree>);
}

template <class In, class Out>
Task<Result<Out>> GroupOperations::not_served(Context&, In) {
  co_return fail(unhidra::Errc::unavailable, "this server does not carry groups yet");
}

Task<Result<void>> GroupOperations::publish_key_packages(Context& context,
                                                         wire::PublishKeyPackages request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = asker.device_id.to_string();
  context.audit().note("key_packages", std::to_string(request.key_packages.size()));
  co_return co_await context.transact(
      [&](Transaction& tx) { return store_key_packages(deps_.crypto, tx, asker, request, now); });
}

Task<Result<wire::KeyPackageCount>> GroupOperations::count_key_packages(
    Context& context, wire::CountKeyPackages request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  co_return co_await context.read([&](Transaction& tx) {
    return chat::count_key_packages(tx, asker.device_id, request.cipher_suite, now);
  });
}

Task<Result<wire::KeyPackages>> GroupOperations::claim_key_packages(
    Context& context, wire::ClaimKeyPackages request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto now = deps_.clock.now();
  context.audit().resource_id = request.user_id.to_string();
  const auto within_limit =
      co_await context.limit(access::LimitClass::prekey_fetch_target, request.user_id.bytes());
  const bool one_time = within_limit.has_value();
  UNHIDRA_CO_TRY(
      auto claimed, co_await context.transact([&](Transaction& tx, access::AuditDraft& draft) {
        auto out = chat::claim_key_packages(tx, asker, request, one_time, now);
        if (out) {
          draft.note("key_packages", std::to_string(out->key_packages.key_packages.size()));
        }
        return out;
      }));
  for (const auto& [device, low] : claimed.low) {
    tell(deps_.bus, device, low);
  }
  co_return std::move(claimed.key_packages);
}

}  // namespace unhidra::chat
