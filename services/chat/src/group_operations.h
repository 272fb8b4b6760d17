#pragma once
// The handlers of KeyPackages and groups: the delivery service of MLS.

#include <deque>
#include <mutex>

#include "unhidra/chat/chat_role.h"
#include "unhidra/wire/frame_bodies.h"

#include "asker.h"
#include "group_changes.h"

namespace unhidra::chat {

// Trees that newcomers fetch piece by piece, so that each is encoded once. Safe from any thread.
class TreeCache {
 public:
  std::shared_ptr<const Bytes> find(ConversationId id, std::uint64_t seq);
  void put(ConversationId id, std::uint64_t seq, std::shared_ptr<const Bytes> tree);

 private:
  static constexpr std::size_t kMaxTrees = 8;
  struct Entry {
    ConversationId id;
    std::uint64_t seq;
    std::shared_ptr<const Bytes> tree;
  };
  std::mutex mutex_;
  std::deque<Entry> entries_;
};

class GroupOperations {
 public:
  explicit GroupOperations(ChatDependencies dependencies) : deps_(dependencies) {}
  void bind(access::Handlers& handlers);
  // Before the first request.
  void propose_as(ExternalSender sender) { sender_.emplace(std::move(sender)); }
  GroupService service() { return {deps_.crypto, *sender_, cache_, deps_.random}; }

 private:
  using Context = access::OperationContext;

  Task<Result<void>> publish_key_packages(Context& context, wire::PublishKeyPackages request);
  Task<Result<wire::KeyPackageCount>> count_key_packages(Context& context,
                                                         wire::CountKeyPackages request);
  Task<Result<wire::KeyPackages>> claim_key_packages(Context& context,
                                                     wire::ClaimKeyPackages request);
  Task<Result<wire::GroupOutcome>> create(Context& context, wire::CreateGroup request);
  Task<Result<wire::GroupOutcome>> commit(Context& context, wire::CommitGroup request);
  Task<Result<wire::GroupOutcome>> propose(Context& context, wire::ProposeToGroup request);
  Task<Result<wire::GroupOutcome>> send(Context& context, wire::SendGroupMessage request);
  Task<Result<wire::GroupOutcome>> reset(Context& context, wire::ResetGroup request);
  Task<Result<wire::GroupLog>> fetch_log(Context& context, wire::FetchGroupLog request);
  Task<Result<wire::GroupInfo>> fetch_info(Context& context, wire::FetchGroupInfo request);
  Task<Result<wire::RatchetTree>> fetch_tree(Context& context, wire::FetchRatchetTree request);

  // Changes the group with `store(tx)`, tells who is concerned, and answers.
  template <class Store>
  Task<Result<wire::GroupOutcome>> change(Context& context, const Asker& asker, ConversationId id,
                                          std::uint64_t after_seq, Store store);
  // The answer to who is behind; any other error as it is.
  Task<Result<wire::GroupOutcome>> refusal(Context& context, const Asker& asker, ConversationId id,
                                           std::uint64_t after_seq, Error why);

  ChatDependencies deps_;
  std::optional<ExternalSender> sender_;
  GroupCache cache_;
  TreeCache trees_;
};

}  // namespace unhidra::chat
