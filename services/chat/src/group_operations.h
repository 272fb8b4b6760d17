#pragma once
// The handlers of KeyPackages and groups: the delivery service of MLS.

#include "unhidra/chat/chat_role.h"
#include "unhidra/wire/frames.h"

#include "asker.h"

namespace unhidra::chat {

class GroupOperations {
 public:
  explicit GroupOperations(ChatDependencies dependencies) : deps_(dependencies) {}
  void bind(access::Handlers& handlers);

 private:
  using Context = access::OperationContext;

  Task<Result<void>> publish_key_packages(Context& context, wire::PublishKeyPackages request);
  Task<Result<wire::KeyPackageCount>> count_key_packages(Context& context,
                                                         wire::CountKeyPackages request);
  Task<Result<wire::KeyPackages>> claim_key_packages(Context& context,
                                                     wire::ClaimKeyPackages request);
  // Operations of the contract that this role does not serve yet.
  template <class In, class Out>
  Task<Result<Out>> not_served(Context& context, In request);

  ChatDependencies deps_;
};

}  // namespace unhidra::chat
